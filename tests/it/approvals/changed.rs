//! Rules of the default branch that change while an approved run is under way.

use super::stage::Stage;
use crate::harness::RULES;

#[test]
fn what_the_default_branch_no_longer_allows_is_not_pushed() {
    let (mut judged, mut stopped, mut landed) = (0, 0, 0);
    for n in 1.. {
        let mut stage = Stage::new();
        stage.approved();
        let before = stage.github.requests().len();
        let strict = stage.rules.replace("required: [unit]", "required: [unit], count_min: 9");
        stage.github.repository("acme/app").change_on_request(before + n, "main", "eve", (RULES, Some(&strict)));
        let ran = stage.promote();
        let requests = stage.github.requests().split_off(before);
        if requests.len() < n {
            break;
        }
        let reads = |path: &str| path.contains("/contents/") && path.contains("promotion-rules");
        let looks: Vec<usize> = (1..).zip(&requests).filter(|(_, one)| reads(&one.path)).map(|(at, _)| at).collect();
        match ran.exit {
            Some(0) => {
                stage.ends(&ran, 0, &[]);
                assert!(looks.iter().all(|look| n > *look), "changed at {n}, looked at {looks:?}");
                landed += 1;
            }
            // It was judged by the new rules.
            Some(10) => {
                stage.ends(&ran, 10, &["✗ tests unit"]);
                assert!(n <= looks[0], "changed at {n}, looked at {looks:?}");
                judged += 1;
            }
            _ => {
                let place = "promotion/promotion-rules.yaml at the head of main is not what it was planned by";
                stage.ends(&ran, 13, &["the rules changed after the plan for staging was made", place]);
                stopped += 1;
            }
        }
    }
    assert!(judged > 0 && stopped > 0 && landed > 0, "{judged} {stopped} {landed}");
}

#[test]
fn rules_that_cannot_be_read_again_let_nothing_through() {
    let mut stage = Stage::new();
    stage.approved();
    let before = stage.github.requests().len();
    stage.github.repository("acme/app").change_on_request(before + 4, "main", "eve", (RULES, None));
    let ran = stage.promote();
    stage.ends(&ran, 13, &["the file is gone"]);
}
