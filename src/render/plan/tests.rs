use super::*;
use crate::render::samples;

#[test]
fn a_plan_shows_every_write_and_what_a_failure_leads_to() {
    insta::assert_snapshot!(text(&samples::plan(), &samples::diffs(), Style::PLAIN), @"");
}

#[test]
fn a_plan_without_anything_to_write_or_watch() {
    let mut plan = samples::plan();
    plan.commits[0].files.clear();
    plan.apps.clear();
    plan.verify.health.clear();
    plan.also_ships.clear();
    insta::assert_snapshot!(text(&plan, &[], Style::PLAIN), @"");
}

#[test]
fn a_diff_line_is_what_git_shows() {
    for (text, shown) in [
        ("\tkey: \"1.10\"  # ünï", "-\tkey: \"1.10\"  # ünï"),
        ("key: 1\r", "-key: 1\\r"),
        ("key: \u{202e}1", "-key: \\u{202e}1"),
    ] {
        assert_eq!(DiffLine { sign: Sign::Removed, text: text.to_owned() }.shown(), shown);
    }
}

#[test]
fn color_only_adds() {
    let plain = text(&samples::plan(), &samples::diffs(), Style::PLAIN);
    let colored = text(&samples::plan(), &samples::diffs(), Style { color: true });
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain.replace('\t', "\t"));
    assert_ne!(colored, plain);
}

#[test]
fn who_decides_after_a_failure_is_said() {
    let mut on = samples::plan().on_failure;
    on.when = RollbackWhen::Ask;
    on.verified_by = None;
    let said = "a person decides whether to restore app 1.10 (never verified here); the run ends stuck";
    assert_eq!(on_failure(&on), said);
    on.when = RollbackWhen::Never;
    assert_eq!(on_failure(&on), "nothing is restored; the run ends stuck on the new version (app 1.10 before)");
    on.restore.clear();
    assert_eq!(on_failure(&on), "nothing to restore; the run ends stuck, and a person decides");
}
