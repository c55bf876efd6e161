use super::*;
use crate::promotion::time::Millis;
use crate::render::page::{CHECK_RUN, JOB_SUMMARY};
use crate::render::samples;

fn path_of_all() -> Vec<String> {
    ["dev", "staging", "canary", "production"].map(str::to_owned).to_vec()
}

#[test]
fn a_held_promotion() {
    let (images, path, report) = ([samples::new()], path_of_all(), samples::report());
    let ending = Ending::of(Outcome::Held, "1 gate failed, 1 could not be evaluated.");
    let shown = summary(
        &Summary {
            heading: samples::heading(&images),
            path: &path,
            ending: Some(&ending),
            report: Some(&report),
            plan: None,
            diffs: &[],
            links: &[],
        },
        JOB_SUMMARY,
    );
    insta::assert_snapshot!(shown, @"");
    assert_eq!(title(&ending), "Held: 1 gate failed, 1 could not be evaluated");
}

#[test]
fn a_promotion_with_its_plan_and_links() {
    let (images, path, plan, diffs) = ([samples::new()], path_of_all(), samples::plan(), samples::diffs());
    let ending =
        Ending { took: Some(Millis::secs(362)), ..Ending::of(Outcome::Promoted, "app 1.20 is live in staging") };
    let links = [
        ("commit c0ffee1".to_owned(), "https://github.com/acme/gitops/commit/c0ffee1".to_owned()),
        ("bad".to_owned(), "javascript:alert(1)".to_owned()),
    ];
    let shown = summary(
        &Summary {
            heading: Heading { from: "dev", to: "staging", ..samples::heading(&images) },
            path: &path,
            ending: Some(&ending),
            report: None,
            plan: Some(&plan),
            diffs: &diffs,
            links: &links,
        },
        JOB_SUMMARY,
    );
    insta::assert_snapshot!(shown, @"");
}

#[test]
fn a_page_that_is_too_long_is_cut_and_says_so() {
    let (images, path) = ([samples::new()], path_of_all());
    let rows = (0..2000).map(|n| samples::row(&format!("tests.{n}"), Mark::Fail, "all pass", "1 failed", "x.xml"));
    let report = GateReport::of(rows.collect());
    let shown = summary(
        &Summary {
            heading: samples::heading(&images),
            path: &path,
            ending: None,
            report: Some(&report),
            plan: None,
            diffs: &[],
            links: &[],
        },
        CHECK_RUN,
    );
    assert!(shown.len() <= CHECK_RUN);
    assert!(shown.contains(" lines did not fit here: the log of this run has them.\n"));
    assert!(shown.contains("HELD: 2,000 gates failed") || shown.contains("HELD\\: 2,000 gates failed"));
    assert_eq!(shown.matches("<details").count(), shown.matches("</details>").count());
}
