//! What could not be found out: it promotes nothing, rolls nothing back, and the next run finishes.

use std::time::{Duration, Instant};

use super::SLO;
use super::shop::{Shop, Terms};
use super::weather::Outage;
use crate::order::ends;
use crate::world::argo::behaviour::Away;

#[test]
fn what_monitoring_cannot_say_rolls_nothing_back_and_the_next_run_finishes() {
    for outage in Outage::ALL {
        let shop = Shop::new("slo", SLO);
        shop.out_with("1.20", outage);
        let begun = Instant::now();
        let ran = shop.promote(&["run"]);
        let words = [
            "UNCONFIRMED",
            "not confirmed within 3 s: slo availability",
            "nothing was rolled back; run it again to go on",
        ];
        ends(&ran, 23, &words);
        // A question has 30 s otherwise.
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{outage:?} held the run beyond its deadline: {}",
            ran.all()
        );
        assert!(shop.pins("1.20"), "{outage:?}");
        shop.well();
        ends(&shop.promote(&["run"]), 0, &["PROMOTED"]);
        assert!(shop.pins("1.20") && shop.runs("1.20"), "{outage:?}");
        assert_eq!(shop.told(), ["sync"], "{outage:?}");
    }
}

#[test]
fn what_monitoring_cannot_say_of_the_source_promotes_nothing() {
    for outage in Outage::ALL {
        let gates = "slo: { availability_min: 99% }";
        let shop = Shop::of(&Terms { gates, rollback: "{ on: [deployment] }", ..Terms::default() });
        shop.out_with("1.10", outage);
        let stood = (shop.written().0, shop.told());
        let begun = Instant::now();
        let ran = shop.promote(&["run"]);
        ends(&ran, 11, &["UNKNOWN", "? slo availability ≥ 99 % unreadable"]);
        assert!(begun.elapsed() < Duration::from_secs(50), "{outage:?}: {}", ran.all());
        assert_eq!((shop.written().0, shop.told()), stood, "{outage:?}");
        assert!(shop.pins("1.10"), "{outage:?}");
        shop.well();
        ends(&shop.promote(&["run"]), 0, &["gates 3 pass, 0 fail, 0 unknown", "PROMOTED"]);
    }
}

#[test]
fn argo_cd_that_is_gone_after_the_push_rolls_nothing_back_and_the_next_run_finishes() {
    for away in [Away::Page, Away::Broken] {
        let shop = Shop::new("deployment", "");
        shop.argo_away_with("1.20", away);
        let ran = shop.promote(&["run"]);
        ends(&ran, 23, &["UNCONFIRMED", "not confirmed within 3 s: app-staging", "nothing was rolled back"]);
        assert!(shop.pins("1.20") && !shop.runs("1.20"), "{away:?}");
        assert_eq!(shop.told(), [""; 0], "{away:?}: nobody could be told to sync");
        let pushed = shop.written().0;
        shop.well();
        ends(&shop.promote(&["run"]), 0, &["PROMOTED"]);
        assert!(shop.runs("1.20"), "{away:?}");
        assert_eq!((shop.written().0, shop.told().len()), (pushed, 1), "{away:?}: one commit and one sync in all");
    }
}
