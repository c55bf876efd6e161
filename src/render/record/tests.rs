//! Tests of [`record`](super).

use super::*;
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Milestone;
use crate::render::samples;

#[test]
fn a_promotion_that_went_well() {
    insta::assert_snapshot!(text(&samples::promoted(), Style::PLAIN), @r###"
        PROMOTION 01JD5T0000000000000000000Z   dev → staging
          state      completed: promoted
          service    app
          image      1.10 → registry.example.com/app:1.20
            @sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b
          asked      2026-11-22 12:10:00Z by bo (GitHub says so)
          rules      promotion/promotion-rules.yaml (promote 0.1.0)
          gates      READY: 2 gates pass.
          plan       7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a
          on failure restore app 1.10 (last verified by promotion
                     01JD4000000000000000000000)
          commit     c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1 on main of acme/gitops
          verified   since 2026-11-22 12:11:02Z, watched for 5 min
                     app-staging at c0ffee1, live: registry.example.com/app:1.20
                     @sha256:9f2b9f2b9f2b…
                     https://staging.example.com/healthz is healthy
          time       2026-11-22 12:10:00Z to 2026-11-22 12:16:02Z (6 min 2 s)
          run        0193-run wrote 0000 to 0004

          0000  2026-11-22 12:10:00Z  requested           bo
          0001  2026-11-22 12:10:01Z  planned             bo
          0002  2026-11-22 12:10:02Z  committed           bo
          0003  2026-11-22 12:16:02Z  verified            bo
          0004  2026-11-22 12:16:02Z  closed              bo

        PROMOTED: app 1.20 is live in staging.
    "###);
}

#[test]
fn a_promotion_that_was_taken_back() {
    insta::assert_snapshot!(text(&samples::rolled_back(), Style::PLAIN), @r###"
        PROMOTION 01JD5T0000000000000000000Z   dev → staging
          state      rolled back
          service    app
          image      1.10 → registry.example.com/app:1.20
            @sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b
          asked      2026-11-22 12:10:00Z by bo (GitHub says so)
          rules      promotion/promotion-rules.yaml (promote 0.1.0)
          gates      READY: 2 gates pass.
          plan       7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a
          on failure restore app 1.10 (last verified by promotion
                     01JD4000000000000000000000)
          commit     c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1 on main of acme/gitops
          failed     deployment: app-staging turned Degraded 48 s after the sync and
                     stayed so for 60 s
                     Pod app-6d CrashLoopBackOff:
                     #\x23[error]DATABASE_URL is not set
          rollback   app 1.20 → 1.10
          commit     81ac0de81ac0de81ac0de81ac0de81ac0de81ac0de on main of acme/gitops
          restored   since 2026-11-22 12:13:02Z, watched for 5 min
                     app-staging at 81ac0de, live: registry.example.com/app:1.10
                     https://staging.example.com/healthz is healthy
          time       2026-11-22 12:10:00Z to 2026-11-22 12:18:03Z (8 min 3 s)
          run        0193-run wrote 0000 to 0007

          0000  2026-11-22 12:10:00Z  requested           bo
          0001  2026-11-22 12:10:01Z  planned             bo
          0002  2026-11-22 12:10:02Z  committed           bo
          0003  2026-11-22 12:12:00Z  refuted             bo
          0004  2026-11-22 12:12:01Z  rollback-planned    bo
          0005  2026-11-22 12:12:02Z  rollback-committed  bo
          0006  2026-11-22 12:18:02Z  rollback-verified   bo
          0007  2026-11-22 12:18:03Z  closed              bo

        ROLLED BACK: staging is back on app 1.10.
    "###);
}

#[test]
fn a_killed_run_leaves_the_promotion_open() {
    let entries = samples::killed();
    let story = fold(&entries).unwrap();
    assert_eq!((story.state, story.outcome), (State::Executing, None));
    assert!(text(&entries, Style::PLAIN).contains("executing; a run is at work, or was stopped"));
}

#[test]
fn a_new_run_opens_what_an_old_one_ended() {
    let mut entries = samples::promoted();
    assert_eq!(fold(&entries).unwrap().outcome, Some(Outcome::Promoted));
    let Milestone::Closed(closed) = &mut entries[4].event else { panic!("the last entry closes") };
    closed.outcome = Outcome::Unconfirmed;
    assert_eq!(fold(&entries).unwrap().state, State::Executing);
    let again = entries[2].clone();
    entries.push(again);
    assert_eq!(fold(&entries).unwrap().outcome, None);
}

#[test]
fn no_record_is_said_to_be_none() {
    assert_eq!(text(&[], Style::PLAIN), "There is no such record.\n");
}

#[test]
fn a_record_says_who_approved_it() {
    let judged = samples::approvals::judged(samples::approvals::waiting());
    let shown = text(&samples::approvals::kept(&judged), Style::PLAIN);
    let from = shown.find("  approvals").unwrap();
    let to = shown.find("  plan ").unwrap();
    insta::assert_snapshot!(&shown[from..to], @r###"
        approvals  approvals of owner cannot stand, of plan 7f3a7f3a7f3a
                   ✓ sre    @bo (production-approval-sre)
                   · qa     @dan (deputy, said on #5); open: acme/qa-team in
                       production-approval-qa, production-approval-qa-2
                       @zoe started this or wrote what it brings, and somebody else is
                         to approve
                   ✗ owner  cannot be given: @po @deputy in production-approval-owner
                       the environment production-approval-owner has no required
                         reviewers
                       → promote environments sync creates or updates it from the
                         rules
    "###);
    let story = fold(&samples::approvals::kept(&judged)).unwrap();
    assert_eq!(story.approvals.as_deref(), Some(&judged));
}
