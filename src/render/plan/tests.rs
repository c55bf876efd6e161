//! Tests of [`plan`](super).

use super::*;
use crate::render::samples;

#[test]
fn a_plan_shows_every_write_and_what_a_failure_leads_to() {
    insta::assert_snapshot!(text(&samples::plan(), &samples::diffs(), None, Style::PLAIN), @r###"
        PLAN 7f3a7f3a7f3a…  dev → staging   app 1.10 → 1.20
          digest     7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a
          promotion  01JD5T0000000000000000000Z
          image      registry.example.com/app:1.20@sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b

        1 commit to acme/gitops main (tip 81ac0de)
            k8s/overlays/staging/kustomization.yaml:12
            -    newTag: "1.10"	# set by promote
            +    newTag: "1.20"	# set by promote
            k8s/overlays/staging/values.yaml
            image.tag: '1.10' → '1.20'
        2 sync app-staging (an application that syncs by itself is watched), and wait ≤
            15 min: our commit, our image live, healthy for 5 min without a break
        3 verify for 5 min: https://staging.example.com/healthz answers 200 to 299 and
            contains "ok" within 5 s
          on failure: restore app 1.10 (last verified by promotion
            01JD4000000000000000000000)

        also ships, since this commit waits in the target's path:
            d00dfee  Raise memory limit \x3a:warning::see <b>#12</b> (dan, 2026-11-22
                     09:00Z)
    "###);
}

#[test]
fn a_plan_without_anything_to_write_or_watch() {
    let mut plan = samples::plan();
    plan.commits[0].files.clear();
    plan.apps.clear();
    plan.verify.health.clear();
    plan.also_ships.clear();
    insta::assert_snapshot!(text(&plan, &[], None, Style::PLAIN), @r###"
        PLAN 7f3a7f3a7f3a…  dev → staging   app 1.10 → 1.20
          digest     7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a
          promotion  01JD5T0000000000000000000Z
          image      registry.example.com/app:1.20@sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b

        1 no commit to acme/gitops main: k8s/overlays/staging pins this version already
            (tip 81ac0de)
        2 no Argo CD application is named: the delivery ends at the pushed commit
    "###);
}

#[test]
fn color_only_adds() {
    let plain = text(&samples::plan(), &samples::diffs(), None, Style::PLAIN);
    let colored = text(&samples::plan(), &samples::diffs(), None, Style { color: true });
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
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

#[test]
fn a_plan_ends_with_who_must_approve_it() {
    let plain = text(&samples::plan(), &[], None, Style::PLAIN);
    let asked = text(&samples::plan(), &[], Some(&samples::approvals::waiting()), Style::PLAIN);
    let below = asked.strip_prefix(plain.as_str()).unwrap();
    assert!(below.starts_with("\napprovals still needed: qa (acme/qa-team), owner (any of @po @deputy)\n"), "{below}");
}
