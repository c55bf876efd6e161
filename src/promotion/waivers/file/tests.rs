use super::*;

const WHOLE: &str = "\
# What we live with.
- id: CVE-2026-1
  package: lodash@4.17.20
  reason: >
    not reachable
    from outside
  approved_by: '@ana'
  expires: 2026-12-01

- { test: 'checkout*', reason: flaky, approved_by: acme/qa, expires: 2026-12-01T18:00:00+02:00 }
- gate: slo.latency_p95
  reason: load test host
  approved_by: bo
  expires: 2026-12-31
";

fn faults(text: &str) -> Vec<String> {
    let faults = read("w.yaml", text).unwrap_err();
    faults.iter().map(|fault| format!("{}:{} {}", fault.at.line, fault.at.column, fault.message)).collect()
}

#[test]
fn a_file_is_read_with_the_lines_of_each_waiver() {
    let file = read("w.yaml", WHOLE).unwrap();
    let lines: Vec<_> = file.waivers.iter().map(|waiver| (waiver.lines.first, waiver.lines.last)).collect();
    assert_eq!(lines, [(2, 8), (10, 10), (11, 14)]);
    let [finding, test, gate] = file.waivers.as_slice() else { panic!("{file:?}") };
    assert_eq!(finding.reason, "not reachable from outside");
    assert_eq!(finding.approved_by, "ana");
    assert_eq!(finding.waives.words(), "finding CVE-2026-1 in package lodash@4.17.20");
    assert_eq!((finding.expires.to_string().as_str(), finding.until.as_str()), ("2026-12-02T00:00:00Z", "2026-12-01"));
    assert_eq!((test.waives.words().as_str(), test.until.as_str()), ("test checkout*", "2026-12-01T16:00:00Z"));
    assert_eq!(gate.waives.gate.as_deref(), Some("slo.latency_p95"));
    assert_eq!(file.sha256, sha256(WHOLE));
}

#[test]
fn a_file_without_waivers_is_one_without_faults() {
    for text in ["", "# none now\n", "[]\n", "---\n"] {
        assert_eq!(read("w.yaml", text).unwrap().waivers, [], "{text:?}");
    }
}

#[test]
fn every_fault_is_found_where_it_stands() {
    let ends = "reason: r, approved_by: a, expires: 2026-12-01";
    let one = |named: &str| format!("- {{ {named}, {ends} }}\n");
    for (text, wanted) in [
        ("a: b\n".to_owned(), "1:1 the file must be a list, not a mapping"),
        ("- x\n".to_owned(), "1:3 an item of the file must be a mapping, not a single value"),
        (format!("- {{ {ends} }}\n"), "1:3 this waiver names nothing"),
        (one("idd: x"), "1:5 unknown key `idd`"),
        (one("id: x, rule: y"), "1:18 `id` and `rule` say the same"),
        (one("id: ''"), "1:9 `id` is empty"),
        (one("test: t, path: p"), "1:11 `test` stands alone, and `path` is named beside it"),
        (one("gate: g.h, test: t"), "1:22 `test` stands alone, and `gate` is named beside it"),
        (one("path: 'a/[b'"), "1:11 `a/[b` cannot be read as a glob of `path`"),
        (one("gate: order.dev"), "1:11 the order of environments is no gate, and cannot be waived"),
        ("- { id: x, approved_by: a, expires: 2026-12-01 }\n".to_owned(), "1:3 an item of the file needs `reason`"),
        ("- { id: x, reason: ' ', approved_by: a, expires: 2026-12-01 }\n".to_owned(), "1:20 `reason` is empty"),
        ("- { id: x, reason: r, approved_by: a, expires: 2026-02-30 }\n".to_owned(), "neither a date nor a time"),
        ("- { id: x, reason: r, approved_by: a, expires: tomorrow }\n".to_owned(), "neither a date nor a time"),
        ("- { id: x, reason: r, approved_by: a, expires: 2026-12-01T18:00 }\n".to_owned(), "neither a date nor a time"),
        (format!("- &a {{ id: x, {ends} }}\n- *a\n"), "2:3 `*a` stands for what is written elsewhere"),
        (format!("{}---\n{}", one("id: x"), one("id: y")), "a second document begins here"),
        ("- [\n".to_owned(), "this is not YAML"),
    ] {
        let found = faults(&text);
        assert!(found.iter().any(|fault| fault.contains(wanted)), "{text}{found:#?}");
    }
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = "\
- { idd: x, reason: r, approved_by: a, expires: 2026-12-01 }
- { id: x, reason: '', approved_by: '', expires: never }
- { gate: order, reason: r, approved_by: a, expires: 2026-12-01 }
- { id: y, reason: r, expires: 2026-12-01 }
";
    let found = faults(text);
    let lines: Vec<&str> = found.iter().map(|fault| &fault[..1]).collect();
    assert_eq!(lines, ["1", "2", "2", "2", "3", "4"], "{found:#?}");
}
