use super::*;

#[test]
fn the_cursor_alone_is_taken_from_a_link() {
    for (link, wanted) in [
        (r#"<https://h/a?per_page=100&after=Y3Vyc29y%3D>; rel="next""#, Some("Y3Vyc29y%3D")),
        (r#"<https://h/a?before=x>; rel="prev", <https://other/b?after=abc&x=1>; rel="next""#, Some("abc")),
        (r#"<https://h/a?before=x>; rel="prev""#, None),
        (r#"<https://h/a?after=>; rel="next""#, None),
        (r#"<https://h/a?after=a b>; rel="next""#, None),
        ("", None),
    ] {
        assert_eq!(cursor(link), wanted, "{link}");
    }
}

#[test]
fn alerts_are_counted_by_severity_and_the_worst_come_first() {
    let alert = |severity: &str| Alert {
        severity: severity.into(),
        name: severity.into(),
        message: String::new(),
        at: String::new(),
    };
    let found = counted(["low", "what", "critical", "medium", "high", "info", "critical"].map(alert).into());
    assert_eq!((found.critical, found.high, found.medium, found.low), (2, 1, 1, 1));
    assert_eq!((found.info, found.unknown), (1, 1));
    let names: Vec<&str> = found.worst.iter().map(|detail| detail.name.as_str()).collect();
    assert_eq!(names, ["critical", "critical", "high", "what", "medium", "low", "info"]);
}

#[test]
fn what_is_off_is_missing_and_what_is_refused_is_not() {
    for (kind, why, is_off) in [
        (FaultKind::Denied, "GET u → 403: Dependabot alerts are disabled for this repository.", true),
        (
            FaultKind::Denied,
            "GET u → 403: Advanced Security must be enabled for this repository to use code scanning.",
            true,
        ),
        (FaultKind::NotFound, "GET u → 404: no analysis found", true),
        (FaultKind::Denied, "GET u → 403: Resource not accessible by integration", false),
        (FaultKind::Transient, "GET u → 503", false),
    ] {
        let no = switched_off(Fault::new(kind, "list", why).hint("ask for it"), "x", "turn it on");
        assert_eq!(matches!(&no, No::Missing(why) if why.contains("turn it on")), is_off, "{why}: {no:?}");
        assert_eq!(matches!(&no, No::Unreadable(why) if why.contains("ask for it")), !is_off, "{why}: {no:?}");
    }
}
