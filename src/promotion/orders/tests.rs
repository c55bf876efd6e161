use super::*;
use crate::promotion::order::Adopted;
use crate::promotion::request::ActorKnown;

fn at(hour: i64) -> Time {
    Time::from_second(1_700_000_000 + hour * 3600).unwrap()
}

fn order(hour: i64, event: Ordered) -> Order {
    Order {
        schema: 1,
        run: format!("run-{hour}"),
        seq: 0,
        at: at(hour),
        actor: Actor { name: "dana".to_owned(), known: ActorKnown::Claimed },
        ci_run: None,
        service: Some("app".to_owned()),
        environment: Some("staging".to_owned()),
        event,
    }
}

fn image(name: &str, tag: &str, digest: Option<char>) -> ImageRef {
    let digest = digest.map(|c| format!("sha256:{}", String::from(c).repeat(64)));
    ImageRef { name: name.to_owned(), repository: None, tag: Some(tag.to_owned()), digest }
}

fn held(until: Option<i64>) -> Ordered {
    Ordered::Held { until: until.map(at), reason: "load test".to_owned() }
}

fn vetoed(images: Vec<ImageRef>) -> Ordered {
    Ordered::Vetoed { images, reason: "it leaks".to_owned() }
}

fn lifted(what: What, version: Option<&str>) -> Ordered {
    Ordered::Lifted(Lifted { what, version: version.map(str::to_owned), reason: "done".to_owned(), word: None })
}

#[test]
fn a_hold_ends_at_its_end_and_not_before() {
    let orders = Orders::of(&[order(0, held(Some(10)))]);
    let at_ms = |ms| Time::from_millisecond(at(10).as_millisecond() + ms).unwrap();
    for (now, stands) in [(at(0), 1), (at_ms(-1), 1), (at_ms(0), 0), (at(11), 0)] {
        assert_eq!(orders.held(now).count(), stands, "{now}");
    }
    assert_eq!(Orders::of(&[order(0, held(None))]).held(at(100_000)).count(), 1);
}

#[test]
fn a_shorter_hold_does_not_take_the_place_of_a_longer_one() {
    let orders = Orders::of(&[order(0, held(Some(100))), order(1, held(Some(5)))]);
    assert_eq!((orders.held(at(4)).count(), orders.held(at(6)).count()), (2, 1));
    let lifted = Orders::of(&[order(0, held(Some(100))), order(1, held(Some(5))), order(2, lifted(What::Hold, None))]);
    assert_eq!(lifted.held(at(4)).count(), 0, "a lift lifts both");
}

#[test]
fn a_lift_lifts_what_is_of_the_same_place_and_kind() {
    let everywhere = |mut order: Order| {
        (order.service, order.environment) = (None, None);
        order
    };
    let frozen = || Ordered::Frozen { until: None, reason: "incident".to_owned() };
    let both = [everywhere(order(0, frozen())), order(1, frozen()), order(1, held(None))];
    let after = |last: Order| {
        let orders = Orders::of(both.iter().chain([&last]));
        (orders.freezes(at(9)).count(), orders.held(at(9)).count())
    };
    assert_eq!(after(order(2, Ordered::Unfamiliar)), (2, 1));
    assert_eq!(after(order(2, lifted(What::Freeze, None))), (1, 1));
    assert_eq!(after(everywhere(order(2, lifted(What::Freeze, None)))), (1, 1));
    assert_eq!(after(order(2, lifted(What::Hold, None))), (2, 0));
    assert_eq!(after(everywhere(order(2, lifted(What::Hold, None)))), (2, 1));
}

#[test]
fn a_veto_is_on_a_version_and_on_no_other() {
    let (a, b) = (image("app", "1.20", Some('a')), image("worker", "3.1", None));
    let on = |images: Vec<ImageRef>, version: &[ImageRef]| {
        Orders::of(&[order(0, vetoed(images))]).vetoes_on(version).count() == 1
    };
    let tag = || image("app", "1.20", None);
    for (vetoed, version, meant) in [
        (vec![tag()], vec![a.clone(), b.clone()], true),
        (vec![a.clone()], vec![tag()], true),
        (vec![a.clone()], vec![image("registry.example.com/app", "1.20", Some('a'))], true),
        (vec![a.clone()], vec![image("app", "1.20", Some('b'))], false),
        (vec![a.clone()], vec![image("app", "retagged", Some('a'))], true),
        (vec![tag()], vec![image("app", "1.21", None)], false),
        (vec![tag()], vec![image("app", "1.21", None), image("other", "1.20", None)], false),
        (vec![image("worker", "1.20", None)], vec![image("other", "1.20", None)], false),
        // By the service's own name any of its images is meant.
        (vec![tag()], vec![image("app-api", "1.20", None)], true),
        (vec![image("worker", "3.1", None)], vec![image("app", "3.1", None)], false),
        (vec![a.clone(), b.clone()], vec![a.clone(), image("worker", "3.2", None)], false),
        (vec![], vec![a.clone()], false),
    ] {
        assert_eq!(on(vetoed.clone(), &version), meant, "{vetoed:?} {version:?}");
    }
}

#[test]
fn a_veto_is_lifted_by_its_name() {
    let digest = format!("app@sha256:{}", "a".repeat(12));
    for (name, gone) in [
        ("app@1.20", true),
        ("registry.example.com/app@1.20", true),
        (digest.as_str(), true),
        ("app@1.2", false),
        ("app", false),
        ("worker@1.20", false),
        ("app@sha256:aaaa", false),
    ] {
        let orders = Orders::of(&[
            order(0, vetoed(vec![image("app", "1.20", Some('a'))])),
            order(1, lifted(What::Veto, Some(name))),
        ]);
        assert_eq!(orders.vetoes.is_empty(), gone, "{name}");
        let version = [image("app", "1.20", Some('a'))];
        assert_eq!(orders.cleared_since(&version, at(0)), gone, "{name}");
        assert!(!orders.cleared_since(&version, at(1)), "{name}: not after itself");
    }
}

#[test]
fn a_lift_that_is_not_believed_lifts_nothing_and_is_told() {
    let (mut orders, lift) = (Orders::of(&[order(0, held(None))]), lifted(What::Hold, None));
    let order = order(1, lift.clone());
    let Ordered::Lifted(what) = &lift else { panic!("it lifts") };
    orders.doubt(&order, what, "no run");
    let stop = orders.held(at(2)).next().unwrap();
    assert_eq!(stop.signed.not_lifted.as_deref(), Some("no run"));
}

#[test]
fn what_was_revoked_is_refused_until_it_is_verified_again() {
    let version = vec![image("app", "1.20", None)];
    let event =
        Ordered::Revoked { promotion: "P1".to_owned(), images: version.clone(), reason: "it lost orders".to_owned() };
    let orders = Orders::of(&[order(5, event)]);
    assert!(orders.refuse("P1", &version, at(9)));
    assert!(orders.refuse("P0", &version, at(4)), "an older record of the same version");
    assert!(!orders.refuse("P2", &version, at(6)), "it was verified anew");
    assert!(!orders.refuse("P0", &[image("app", "1.10", None)], at(4)));
}

#[test]
fn orders_are_kept_as_they_were_given() {
    let adopted = Adopted { images: vec![], commit: "c".to_owned(), reason: "r".to_owned() };
    for event in [
        held(Some(1)),
        held(None),
        vetoed(vec![image("app", "1", None)]),
        lifted(What::Veto, Some("app@1")),
        Ordered::Frozen { until: None, reason: "r".to_owned() },
        Ordered::Revoked { promotion: "P".to_owned(), images: vec![], reason: "r".to_owned() },
        Ordered::Adopted(adopted),
    ] {
        let order = order(1, event);
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order, "{text}");
        assert!(order.event.reason().is_some());
    }
    let strange = r#"{"kind":"blessed","reason":"x"}"#;
    assert_eq!(serde_json::from_str::<Ordered>(strange).unwrap(), Ordered::Unfamiliar);
}
