//! Orders with the real binary: holds, vetoes, freezes, freeze windows and revocations, and rollbacks that stay.

mod changed;

use std::fs;

use promote::adapters::ledger::Records;

use crate::harness::{RULES, Ran, Sandbox};
use crate::order::{by_hand, ends, pinned, rules, stage};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::{AppSpec, Behaviour};

/// Where the records are kept.
const LEDGERS: [&str; 2] = [".promote", "branch:promotions"];
const AUTO: &str = "    auto_promote: true\n";
const REASON: [&str; 2] = ["--reason", "incident 7"];

fn two(ledger: &str) -> Sandbox {
    let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], AUTO);
    sandbox.set("PROMOTE_LEDGER", ledger);
    sandbox
}

fn run(sandbox: &Sandbox) -> Ran {
    sandbox.promote(&["run", "--from", "dev", "--to", "staging"])
}

fn say(sandbox: &Sandbox, words: &[&str]) -> Ran {
    sandbox.promote(&[words, &REASON].concat())
}

#[test]
fn a_freeze_stops_everybody_until_it_is_lifted() {
    for ledger in LEDGERS {
        let sandbox = two(ledger);
        let without = sandbox.promote(&["freeze", "set", "--for", "2h"]);
        ends(&without, 2, &["A reason is not given", "promote freeze set --for 2h --reason \"…\""]);
        // What is frozen first is frozen whatever the rules are.
        let text = rules(&["dev", "staging"], AUTO);
        sandbox.write(RULES, "nothing: [");
        ends(&say(&sandbox, &["freeze", "set"]), 0, &["RECORDED: everything is frozen", "by dana (claimed)"]);
        sandbox.write(RULES, text);
        let held = ["✗ freeze staging", "everything is frozen by dana (claimed)", "→ promote freeze lift --reason"];
        ends(&run(&sandbox), 10, &held);
        ends(&sandbox.promote(&["validate", "--from", "dev", "--to", "staging"]), 10, &["✗ freeze staging"]);
        let kept = [
            "HELD: a freeze stands against it",
            "✗ freeze staging",
            "HELD: 0 of 1 promotion carried out, 1 kept back by order",
        ];
        ends(&sandbox.promote(&["run", "--auto"]), 10, &kept);
        ends(&sandbox.promote(&["list"]), 0, &["everything is frozen by dana (claimed)", "incident 7"]);
        let elsewhere = say(&sandbox, &["freeze", "lift", "--env", "staging"]);
        ends(&elsewhere, 0, &["UNCHANGED: there is no freeze to lift for staging", "→ promote freeze lift --reason"]);
        ends(&say(&sandbox, &["freeze", "set", "--env", "stagin"]), 2, &["No such environment"]);
        ends(&say(&sandbox, &["freeze", "lift"]), 0, &["the freeze of everything is lifted"]);
        ends(&sandbox.promote(&["freeze", "list"]), 0, &["Nothing is frozen."]);
        ends(&run(&sandbox), 0, &["DELIVERED"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
    }
}

#[test]
fn a_freeze_of_one_environment_is_of_no_other_and_has_an_end() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], "");
    ends(&say(&sandbox, &["freeze", "set", "--env", "production", "--for", "2h"]), 0, &["production is frozen until"]);
    ends(&run(&sandbox), 0, &["DELIVERED"]);
    let to_production = ["run", "--from", "staging", "--to", "production"];
    ends(&sandbox.promote(&to_production), 10, &["✗ freeze production", "frozen until"]);
    ends(&say(&sandbox, &["freeze", "lift", "--env", "production"]), 0, &["lifted"]);
    ends(&say(&sandbox, &["freeze", "set", "--env", "production", "--for", "1ms"]), 0, &[]);
    ends(&sandbox.promote(&to_production), 0, &["DELIVERED"]);
    ends(&say(&sandbox, &["freeze", "set", "--until", "2020-01-01"]), 2, &["Its end has passed already"]);
    ends(&say(&sandbox, &["freeze", "set", "--for", "soon"]), 2, &["`soon` is no span of time"]);
}

#[test]
fn a_hold_keeps_what_goes_by_itself_and_a_person_goes_past_it() {
    for ledger in LEDGERS {
        let sandbox = two(ledger);
        ends(&say(&sandbox, &["hold", "set", "--env", "staging"]), 0, &["staging is on hold", "promote hold lift"]);
        let held = ["HELD", "✗ hold staging", "nothing goes there by itself", "promote hold lift --env staging"];
        ends(&sandbox.promote(&["run", "--auto"]), 10, &held);
        ends(&sandbox.promote(&["check-auto"]), 10, &held);
        assert!(pinned(&sandbox, "staging", "1.10"));
        ends(&sandbox.promote(&["hold", "list"]), 0, &["staging (app) is on hold by dana (claimed)", "incident 7"]);
        let judged = sandbox.promote(&["validate", "--from", "dev", "--to", "staging"]);
        ends(&judged, 0, &["! hold staging", "a person's run goes past it"]);
        ends(&run(&sandbox), 0, &["DELIVERED"]);
        let nothing = ["staging has app 1.20 already", "UNCHANGED"];
        ends(&sandbox.promote(&["run", "--auto"]), 0, &nothing);
        by_hand(&sandbox, "dev", "1.21");
        ends(&say(&sandbox, &["hold", "lift", "--env", "staging"]), 0, &["the hold of staging is lifted"]);
        ends(&sandbox.promote(&["run", "--auto"]), 0, &["DELIVERED: app 1.21"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
    }
}

#[test]
fn a_vetoed_version_is_promoted_by_nobody_and_another_is() {
    for ledger in LEDGERS {
        let sandbox = two(ledger);
        ends(&say(&sandbox, &["veto", "add", "1.20", "--env", "staging"]), 2, &["`1.20` names no version"]);
        let short = ["veto", "add", "app@sha256:9f2b", "--env", "staging"];
        ends(&say(&sandbox, &short), 2, &["a veto needs the whole digest"]);
        ends(&say(&sandbox, &["veto", "add", "app@1.20", "--env", "staging"]), 0, &["app@1.20 is vetoed for staging"]);
        let held = ["✗ veto staging", "promote veto lift app@1.20 --env staging --reason"];
        ends(&run(&sandbox), 10, &held);
        ends(&sandbox.promote(&["run", "--auto"]), 10, &held);
        ends(&sandbox.promote(&["veto", "list"]), 0, &["app@1.20 is vetoed for staging (app) by dana"]);
        let other = say(&sandbox, &["veto", "lift", "app@1.19", "--env", "staging"]);
        ends(&other, 0, &["there is no veto on app@1.19", "promote veto lift app@1.20 --env staging"]);
        by_hand(&sandbox, "dev", "1.21");
        ends(&run(&sandbox), 0, &["DELIVERED: app 1.21"]);
        by_hand(&sandbox, "dev", "1.20");
        ends(&run(&sandbox), 10, &["✗ veto staging"]);
        ends(
            &say(&sandbox, &["veto", "lift", "app@1.20", "--env", "staging"]),
            0,
            &["the veto on app@1.20 of staging"],
        );
        ends(&run(&sandbox), 0, &["DELIVERED: app 1.20"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
    }
}

#[test]
fn a_freeze_window_is_waited_for_and_whom_it_names_goes_on() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    let window = |who: &str| {
        format!(
            "freeze:\n  - name: always\n    environments: [staging]\n    zone: Europe/Berlin\n    from: '2020-01-01'\n    to: '2090-01-01 08:00'\n    except: [{{ by: [{who}], reason: required }}]\n"
        )
    };
    let text = rules(&["dev", "staging"], "");
    sandbox.write(RULES, format!("{text}{}", window("erin")));
    let waits = ["WAITING", "✗ freeze always", "not before 2090-01-01", "Europe/Berlin", "erin may go on"];
    ends(&run(&sandbox), 13, &waits);
    ends(&say(&sandbox, &["run", "--from", "dev", "--to", "staging"]), 13, &waits[..2]);
    sandbox.write(RULES, format!("{text}{}", window("dana")));
    ends(&run(&sandbox), 13, &["dana may go on: start it with --reason"]);
    let planned = say(&sandbox, &["plan", "--from", "dev", "--to", "staging"]);
    ends(&planned, 0, &["~ freeze always", "@dana goes on in it: incident 7"]);
    ends(&say(&sandbox, &["run", "--from", "dev", "--to", "staging"]), 0, &["DELIVERED"]);
    ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &[]);
    assert!(pinned(&sandbox, "staging", "1.10"), "a rollback is never frozen");
}

#[test]
fn windows_that_cannot_be_are_named() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    let wrong = "freeze:\n  - { name: a, environments: [stagin], zone: Berlin, weekly: { from: fri, to: mon 08:00 } }\n  - { name: a, environments: [staging], zone: UTC, from: '2026-01-02', to: '2026-01-01' }\n  - { name: b, environments: [staging], zone: UTC }\n  - { name: c, environments: [staging], zone: UTC, weekly: { from: fri 8:00, to: fri 08:00 } }\n";
    sandbox.write(RULES, format!("{}{wrong}", rules(&["dev", "staging"], "")));
    let said = [
        "there is no time zone `Berlin`",
        "`fri` is no moment of a week",
        "did you mean `staging`?",
        "the window ends before it begins",
        "a window is either every week, or from one date to another",
        "the window would freeze for good",
    ];
    ends(&sandbox.promote(&["rules", "check"]), 3, &said);
}

/// A freeze that comes at any moment of a run: what is not pushed by then is not pushed.
#[test]
fn a_freeze_between_planning_and_pushing_stops_the_push() {
    let order = r#"{"schema":1,"run":"0196-oncall","seq":0,"at":"2026-11-01T00:00:00Z","actor":{"name":"erin","known":"claimed"},"event":{"kind":"frozen","reason":"incident"}}"#;
    let (mut before, mut between, mut landed) = (0, 0, 0);
    for n in 1..200 {
        let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
        sandbox.set("PROMOTE_LEDGER", ".promote");
        let file = sandbox.work().join(".promote/orders/_/_/0196-oncall-0.json");
        let server = sandbox.serve();
        server.after(n, move || {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, order).unwrap();
        });
        let (tip, ran) = (sandbox.gitops.tip("main"), run(&sandbox));
        let came = sandbox.work().join(".promote/orders").exists();
        let planned = sandbox.files().keys().any(|path| path.to_string_lossy().ends_with("-planned.json"));
        match ran.exit {
            Some(10) => {
                ends(&ran, 10, &["✗ freeze staging", "everything is frozen by erin"]);
                assert_eq!(sandbox.gitops.tip("main"), tip, "it was frozen by then");
                if planned {
                    between += 1
                } else {
                    before += 1
                }
                if planned {
                    ends(&say(&sandbox, &["freeze", "lift"]), 0, &[]);
                    ends(&run(&sandbox), 0, &["DELIVERED"]);
                }
            }
            _ => {
                ends(&ran, 0, &["DELIVERED"]);
                landed += 1;
            }
        }
        if !came {
            break;
        }
    }
    assert!(before > 0 && between > 0 && landed > 0, "{before} {between} {landed}");
}

const WATCHED: &str = "    verify: { settle: 200ms, grace: 300ms, timeout: 60s }\n";

/// `staging` is deployed by an application in which images that hold `bad` turn Degraded.
fn watched(bad: Option<&str>, options: &str) -> Sandbox {
    let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    let text = rules(&["dev", "staging"], &format!("{WATCHED}{options}"));
    sandbox.write(RULES, text.replace("overlays/staging }", "overlays/staging, argocd: app-staging }"));
    let mut spec = AppSpec::deploying("app-staging", &sandbox.gitops.path(), "main", "k8s/overlays/staging");
    let bad = bad.map(|bad| (bad.to_owned(), vec![(0, "Progressing"), (2000, "Degraded")]));
    spec.behaviour = Behaviour { bad, ..Behaviour::default() };
    sandbox.argo(ArgoBuilder::new().step(1500).app(spec));
    sandbox
}

#[test]
fn a_rollback_stays_until_its_veto_is_lifted_by_name() {
    for ledger in LEDGERS {
        let rollback = "    rollback: { hold: 2h, per_day: 2 }\n";
        let mut sandbox = watched(Some(":1.20"), &format!("{AUTO}{rollback}"));
        sandbox.set("PROMOTE_LEDGER", ledger);
        let words = [
            "ROLLED BACK: staging is back on app 1.10",
            "auto-promotion to staging is on hold until",
            "app 1.20 is vetoed for staging",
            "→ to lift: promote veto lift app@1.20 --env staging --reason",
        ];
        ends(&sandbox.promote(&["run", "--auto"]), 21, &words);
        assert!(pinned(&sandbox, "staging", "1.10"));
        let refused = ["✗ veto staging", "✗ hold staging", "did not verify, and was rolled back"];
        ends(&sandbox.promote(&["run", "--auto"]), 10, &refused);
        ends(&run(&sandbox), 10, &["✗ veto staging", "! hold staging"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
        ends(&say(&sandbox, &["veto", "lift", "app@1.20", "--env", "staging"]), 0, &[]);
        ends(&sandbox.promote(&["run", "--auto"]), 10, &["✗ hold staging"]);
        ends(&say(&sandbox, &["hold", "lift", "--env", "staging"]), 0, &[]);
        ends(&sandbox.promote(&["run", "--auto"]), 21, &words[..1]);
        // A third time within a day a person decides.
        ends(&say(&sandbox, &["veto", "lift", "app@1.20", "--env", "staging"]), 0, &[]);
        let stuck =
            ["STUCK", "rolled back 2 times in 24 hours already", "promote rollback --service app --env staging"];
        ends(&run(&sandbox), 22, &stuck);
        assert!(pinned(&sandbox, "staging", "1.20"));
        ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &["✓ app: 1.10 (healthy)"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
    }
}

#[test]
fn two_rollbacks_need_time_between_them() {
    let sandbox = watched(Some(":1.2"), "    rollback: { cooldown: 1h }\n");
    ends(&run(&sandbox), 21, &[]);
    by_hand(&sandbox, "dev", "1.21");
    ends(&run(&sandbox), 22, &["and the rules want 1 h between two (`rollback.cooldown`)"]);
}

/// 1.20, 1.21 and 1.22 are verified in staging.
fn history(options: &str) -> Sandbox {
    let sandbox = watched(None, options);
    for version in ["1.20", "1.21", "1.22"] {
        by_hand(&sandbox, "dev", version);
        ends(&run(&sandbox), 0, &["PROMOTED"]);
    }
    sandbox
}

#[test]
fn a_version_is_restored_by_its_name() {
    let sandbox = history("");
    let back = |version| say(&sandbox, &["rollback", "--env", "staging", "--to-version", version]);
    ends(&back("1.22"), 0, &["UNCHANGED: staging pins app 1.22 already"]);
    ends(&back("1.19"), 20, &["no promotion of 1.19 to staging is recorded that was verified"]);
    ends(&back("1.20"), 0, &["staging is back on app 1.20", "✓ app: 1.20 (healthy)"]);
    assert!(pinned(&sandbox, "staging", "1.20"));
    ends(&say(&sandbox, &["veto", "add", "app@1.21", "--env", "staging"]), 0, &[]);
    ends(&back("1.21"), 10, &["app 1.21 is nothing to go back to in staging", "it is vetoed by dana"]);
    ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
}

#[test]
fn another_version_than_the_last_needs_approvals_or_somebody_who_may_go_past_them() {
    let sandbox = history("");
    let text = fs::read_to_string(sandbox.work().join(RULES)).unwrap();
    let approvals =
        "    approvals: [{ role: sre, users: [ana] }]\n    bypass: { approvals: { by: [dana], reason: required } }\n";
    sandbox.write(RULES, format!("{text}{approvals}"));
    let back = ["rollback", "--env", "staging", "--to-version", "1.20"];
    let asked = say(&sandbox, &back);
    assert!(matches!(asked.exit, Some(11 | 13)), "{}", asked.all());
    assert!(pinned(&sandbox, "staging", "1.22"));
    let set_aside = say(&sandbox, &[&back[..], &["--auto-approve"]].concat());
    ends(&set_aside, 0, &["staging is back on app 1.20"]);
    by_hand(&sandbox, "staging", "1.22");
    // The last verified one needs none.
    ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &["staging is back on app 1.20"]);
}

#[test]
fn what_somebody_pinned_by_hand_is_undone_too() {
    let sandbox = history("");
    by_hand(&sandbox, "staging", "1.99");
    ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &["staging is back on app 1.22", "(healthy)"]);
    ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &[]);
}

#[test]
fn a_rollback_passes_over_what_is_vetoed() {
    let sandbox = history("");
    ends(&say(&sandbox, &["veto", "add", "app@1.21", "--env", "staging"]), 0, &[]);
    ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &["staging is back on app 1.20"]);
}

#[test]
fn a_revoked_promotion_is_no_target_and_satisfies_no_order() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], "");
    ends(&run(&sandbox), 0, &["DELIVERED"]);
    let validate = ["validate", "--from", "staging", "--to", "production"];
    ends(&sandbox.promote(&validate), 0, &["✓ order staging"]);
    let ledger = Records::directory(sandbox.work().join(".promote"));
    let id = promote::ports::Ledger::head(&ledger, "app", "staging").unwrap().current.unwrap();
    let without = sandbox.promote(&["verify", "--revoke", &id]);
    ends(&without, 2, &[&format!("promote verify --revoke {id} --reason")]);
    ends(&say(&sandbox, &["verify", "--revoke", &id]), 0, &["is revoked: app 1.20 counts no more as verified"]);
    ends(&say(&sandbox, &["verify", "--revoke", &id]), 0, &["is revoked already"]);
    let refused = ["✗ order staging", "that was revoked by dana (claimed)", "incident 7"];
    ends(&sandbox.promote(&validate), 10, &refused);
    ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
    ends(&run(&sandbox), 0, &["UNCHANGED"]);
    ends(&sandbox.promote(&validate), 0, &["✓ order staging"]);
}
