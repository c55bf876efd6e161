use crate::promotion::approvals::report::{ApprovalReport, Given, RoleRow, Standing};
use crate::promotion::approvals::words::said;
use crate::promotion::image::ImageRef;
use crate::promotion::outcome::Outcome;
use crate::promotion::publication::{
    CHECK_TEXT_MAX, COMMENT_MAX, Conclusion, DESCRIPTION_MAX, DeploymentState, StatusState,
};
use crate::promotion::report::{GateReport, Mark};
use crate::render::ending::Ending;
use crate::render::escape::is_unsafe;
use crate::render::github::annotations::{ANNOTATIONS, annotations};
use crate::render::github::check::check;
use crate::render::github::comment::{comment, marker};
use crate::render::github::deployment::deployment;
use crate::render::github::shown::Shown;
use crate::render::github::status::status;
use crate::render::github::title::title;
use crate::render::markdown::Summary;
use crate::render::report::Heading;
use crate::render::samples;

const RUN: &str = "https://github.com/acme/app/actions/runs/8412";
const SHA: &str = samples::COMMIT;

/// Texts that want to be something else on one of GitHub's pages.
const HOSTILE: [&str; 9] = [
    "::set-output name=x::y",
    "##[error]x",
    "<!-- promote:app:staging:canary -->",
    "--> <img src=x onerror=alert(1)>",
    "@everyone @acme/sre #1",
    "](javascript:alert(1)) [x](http://evil.example/)",
    "\n\npromote: approve 7f3a7f3a7f3a as sre\n",
    "```\n%%{init: {}}%%\nclick e0 href \"http://evil.example/\"\"] | end",
    "\u{202e}\u{1b}[2J\u{0}",
];

fn role(name: &str, standing: Standing, login: Option<&str>) -> RoleRow {
    let given = login.map(|login| Given {
        login: login.to_owned(),
        environment: Some(format!("canary-approval-{name}")),
        word: None,
        comment: String::new(),
        deputy: false,
    });
    RoleRow {
        role: name.to_owned(),
        needed: 1,
        people: format!("acme/{name}-team"),
        environments: vec![format!("canary-approval-{name}")],
        given: given.into_iter().collect(),
        standing,
        because: Vec::new(),
        hints: Vec::new(),
    }
}

fn approvals() -> ApprovalReport {
    let mut qa = role("qa", Standing::Open, None);
    qa.because = vec!["@bo stands for sre already: one person counts once".to_owned()];
    let roles = vec![role("sre", Standing::Approved, Some("bo")), qa, role("product-owner", Standing::Open, None)];
    ApprovalReport::of(roles, Vec::new(), vec!["ask somebody of acme/qa-team".to_owned()])
}

/// What is shown, with the parts that a test has a say in.
fn shown<'a>(heading: Heading<'a>, ending: Option<&'a Ending>, report: Option<&'a GateReport>) -> Shown<'a> {
    let summary = Summary { heading, path: &[], ending, report, approvals: None, plan: None, diffs: &[], links: &[] };
    Shown { summary, id: Some(samples::ID), run_url: Some(RUN), at: samples::at("12:10:00") }
}

fn titled(outcome: Outcome, what: &str, report: Option<&GateReport>, approvals: Option<&ApprovalReport>) -> String {
    let (images, ending) = ([samples::new()], Ending::of(outcome, what));
    let mut shown = shown(samples::heading(&images), Some(&ending), report);
    shown.summary.approvals = approvals;
    title(&shown)
}

#[test]
fn titles() {
    let (held, ready, open) = (samples::report(), samples::ready(), approvals());
    let many: Vec<_> = (0..9).map(|n| samples::row(&format!("tests.t{n}"), Mark::Fail, "all", "1", "x")).collect();
    for (shown, expected) in [
        (
            titled(Outcome::Held, "", Some(&held), None),
            "Held: tests e2e failed, security high unknown, not before 2026-11-22 13:25Z",
        ),
        (
            titled(Outcome::Held, "", Some(&GateReport::of(many)), None),
            "Held: tests t0, tests t1, tests t2, 6 more failed",
        ),
        (titled(Outcome::Ready, "", Some(&ready), Some(&open)), "Ready: 2 gates pass, waiting for qa, product-owner"),
        (titled(Outcome::Planned, "", Some(&ready), None), "Ready: 2 gates pass"),
        (titled(Outcome::Waiting, "", Some(&ready), Some(&open)), "Waiting for qa, product-owner"),
        (titled(Outcome::Promoted, "", None, None), "Promoted 1.20 to canary"),
        (titled(Outcome::Delivered, "", Some(&ready), None), "Delivered 1.20 to canary"),
        (
            titled(Outcome::RolledBack, "canary is back on app 1.10.", None, None),
            "Rolled back: canary is back on app 1.10",
        ),
        (titled(Outcome::Rejected, "@bo said no.", Some(&ready), Some(&open)), "Rejected: @bo said no"),
    ] {
        assert_eq!(shown, expected);
    }
    let refused = Ending::refused(3, "there is no environment `canary`.");
    assert_eq!(title(&shown(samples::heading(&[]), Some(&refused), None)), "There is no environment `canary`.");
}

#[test]
fn a_check_run_of_a_held_promotion() {
    let (images, report) = ([samples::new()], samples::report());
    let ending = Ending::judged(Outcome::Held, &report);
    let check = check(&shown(samples::heading(&images), Some(&ending), Some(&report)), SHA, &|_| false);
    assert_eq!(check.name, "promote / app staging → canary");
    assert_eq!((check.head_sha.as_str(), check.external_id.as_str()), (SHA, samples::ID));
    assert_eq!((check.details_url.as_deref(), check.conclusion), (Some(RUN), Conclusion::Failure));
    assert!(check.annotations.is_empty(), "no file is in the repository");
    for part in [
        "**HELD: 1 gate failed, 1 could not be evaluated, 1 lacks only time.**",
        "```mermaid\nflowchart LR\n  e0[\"staging<br/>📍 app 1.20\"]\n  e1[\"canary<br/>held\"]\n",
        "| ✗ fail | tests e2e | all pass | 19 of 31 failed | artifacts/e2e/r.xml |\n",
    ] {
        assert!(check.summary.contains(part), "{part} in {}", check.summary);
    }
    assert!(check.text.contains("<details open><summary>✗ tests e2e: 19 of 31 test cases failed.</summary>"));
}

#[test]
fn a_comment_says_who_must_approve_and_how() {
    let (images, report, open, plan) = ([samples::new()], samples::ready(), approvals(), samples::plan());
    let ending = Ending::of(Outcome::Waiting, "qa and product-owner have still to approve.");
    let mut shown = shown(samples::heading(&images), Some(&ending), Some(&report));
    shown.summary.approvals = Some(&open);
    shown.summary.plan = Some(&plan);
    let shown = comment(&shown);
    assert_eq!(shown.marker, "<!-- promote:app:staging:canary -->");
    insta::assert_snapshot!(shown.body, @r###"
        <!-- promote:app:staging:canary -->
        ### ⏳ app 1.20: staging → canary

        **WAITING: qa and product-owner have still to approve.**

        READY: 2 gates pass.

        ```mermaid
        flowchart LR
          e0["staging<br/>📍 app 1.20"]
          e1["canary<br/>waiting"]
          e0 -.-> e1
          style e0 stroke-width:4px
        ```

        #### Approvals of plan `7f3a7f3a7f3a`

        - ✓ approved **sre** by \@&#8203;bo
        - · open **qa**, 1 of acme/qa-team: review `canary-approval-qa` in [the run](https://github.com/acme/app/actions/runs/8412), or comment `promote: approve 7f3a7f3a7f3a as qa` here
        - · open **product-owner**, 1 of acme/product-owner-team: review `canary-approval-product-owner` in [the run](https://github.com/acme/app/actions/runs/8412), or comment `promote: approve 7f3a7f3a7f3a as product-owner` here
        - qa: \@&#8203;bo stands for sre already: one person counts once
        - → ask somebody of acme/qa-team

        [all of it: the run's summary](https://github.com/acme/app/actions/runs/8412)
    "###);
}

#[test]
fn a_marker_is_one_whatever_the_names_are() {
    assert_eq!(marker("App", "DEV", "Staging"), "<!-- promote:app:dev:staging -->");
    assert_eq!(marker("a:b", "c", "d"), "<!-- promote:a%3ab:c:d -->");
    assert_ne!(marker("a", "b:c", "d"), marker("a:b", "c", "d"));
    let hostile = marker("--> <b>", "\n", "ü");
    assert_eq!(hostile.matches("-->").count(), 1, "{hostile}");
    assert_eq!(hostile.lines().count(), 1);
}

#[test]
fn a_status_fits_and_is_pending_while_it_waits() {
    let (images, open) = ([samples::new()], approvals());
    for (outcome, state) in [
        (Outcome::Waiting, StatusState::Pending),
        (Outcome::Unknown, StatusState::Error),
        (Outcome::Promoted, StatusState::Success),
    ] {
        let ending = Ending::of(outcome, "é".repeat(400));
        let mut shown = shown(samples::heading(&images), Some(&ending), None);
        shown.summary.approvals = Some(&open);
        let status = status(&shown, SHA);
        assert_eq!((status.context.as_str(), status.state), ("promote/app/canary", state));
        assert!(status.description.chars().count() <= DESCRIPTION_MAX, "{}", status.description);
        assert_eq!(status.target_url.as_deref(), Some(RUN));
    }
}

#[test]
fn only_what_went_live_is_a_deployment() {
    let images = [samples::new()];
    let of = |outcome| {
        let ending = Ending::of(outcome, "x.");
        deployment(&shown(samples::heading(&images), Some(&ending), None), SHA)
    };
    assert_eq!(of(Outcome::Waiting), None);
    let live = of(Outcome::Promoted).unwrap();
    assert_eq!((live.environment.as_str(), live.promotion.as_str()), ("canary", samples::ID));
    assert_eq!(live.state, DeploymentState::Success);
    let undone = live.undoing("01JD0000000000000000000000").unwrap();
    assert_eq!((undone.state, undone.promotion.as_str()), (DeploymentState::Inactive, "01JD0000000000000000000000"));
    assert_eq!(of(Outcome::RolledBack).unwrap().undoing("x"), None, "what did not go live undid nothing");
}

#[test]
fn annotations_stand_at_the_evidence_else_at_the_rule_and_only_for_failures() {
    let report = samples::report();
    let all = annotations(&report, &|file| file == "artifacts/e2e/r.xml");
    let places: Vec<(&str, u32)> = all.iter().map(|one| (one.path.as_str(), one.line)).collect();
    assert_eq!(places[..2], [("artifacts/e2e/r.xml", 118), ("artifacts/e2e/r.xml", 362)]);
    assert_eq!(all.len(), 6, "one detail is in another file; the soak only lacks time");
    assert_eq!(all[0].title, "tests e2e: wanted all pass, found 19 of 31 failed");
    assert_eq!(
        all[0].message,
        "checkout.spec › pays with a saved card\nexpected 200, got 504\nrule promotion/promotion-rules.yaml:41"
    );
    let at_rule = annotations(&report, &|file| file == "promotion/promotion-rules.yaml");
    assert_eq!(at_rule.len(), 1);
    assert_eq!((at_rule[0].path.as_str(), at_rule[0].line), ("promotion/promotion-rules.yaml", 41));
    assert!(at_rule[0].message.starts_with("19 of 31 test cases failed.\nand 12 more, all in artifacts/e2e/r.xml\n"));
    assert!(annotations(&report, &|_| false).is_empty());
}

#[test]
fn a_place_outside_the_repository_has_no_annotation_and_too_many_are_counted() {
    let mut row = samples::row("tests.e2e", Mark::Fail, "all pass", "3 failed", "x");
    row.details = samples::report().rows[2].details.clone();
    for (detail, at) in row.details.iter_mut().zip(["/etc/passwd:1", "a/../../b:2", "..:3", "a\\b:4", "", "./a.xml:7"])
    {
        at.clone_into(&mut detail.at);
    }
    row.details.truncate(6);
    let all = annotations(&GateReport::of(vec![row.clone()]), &|_| true);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].path.as_str(), all[0].line), ("a.xml", 7));
    let many = GateReport::of(vec![row; ANNOTATIONS + 5]);
    let all = annotations(&many, &|_| true);
    assert_eq!(all.len(), ANNOTATIONS);
    assert!(all[ANNOTATIONS - 1].message.ends_with("and 5 more places: the job summary has more"));
}

/// Without what a backslash makes plain.
fn unescaped(markdown: &str) -> String {
    let mut out = String::new();
    let mut chars = markdown.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        } else {
            out.push(c);
        }
    }
    out
}

/// Nothing on the page is acted on by GitHub, the runner or promote itself.
fn assert_harmless(page: &str, marker: &str) {
    let page = page.strip_prefix(marker).unwrap_or(page);
    let mut in_fence = false;
    for line in page.lines() {
        let is_fence = line.starts_with("```");
        in_fence ^= is_fence;
        assert!(!line.contains("##["), "{line}");
        assert!(!line.trim_start().starts_with("::"), "{line}");
        assert_eq!(line.chars().find(|c| is_unsafe(*c)), None, "{line:?}");
        if in_fence {
            let acts = ["%%", "click ", "href", "{"].iter().any(|word| line.trim_start().starts_with(word));
            assert!(!acts && !line.contains("\"\""), "Mermaid acts on it: {line}");
            continue;
        }
        // What stands in a code span is shown as it is.
        let outside: String = line.split('`').step_by(2).collect();
        let outside = unescaped(&outside);
        // A line that begins with a tag is no Markdown.
        let links: &[&str] = if line.starts_with("<details") { &[] } else { &["](javascript", "](http://evil"] };
        for sign in ["<!--", "<img", "@everyone", "@acme"].iter().chain(links) {
            assert!(!outside.contains(*sign), "{sign} in {line}");
        }
    }
    assert!(!in_fence, "a fence is left open in {page}");
    let count = |text: &str| page.matches(text).count();
    assert_eq!(count("<details"), count("</details>"), "{page}");
}

fn hostile(text: &str) -> (GateReport, ApprovalReport) {
    let mut row = samples::row(text, Mark::Fail, text, text, text);
    row.because = Some(text.to_owned());
    row.hint = Some(text.to_owned());
    row.files = vec![text.to_owned()];
    row.details = samples::report().rows[2].details.clone();
    for detail in &mut row.details {
        (detail.name, detail.message, detail.at) = (text.to_owned(), text.to_owned(), text.to_owned());
    }
    row.rule = text.to_owned();
    let mut open = role(text, Standing::Open, Some(text));
    open.people = text.to_owned();
    open.environments = vec![text.to_owned()];
    open.because = vec![text.to_owned()];
    open.hints = vec![text.to_owned()];
    let report = ApprovalReport::of(vec![open], vec![text.to_owned()], vec![text.to_owned()]);
    (GateReport::of(vec![row, samples::ready().rows[0].clone()]), report)
}

#[test]
fn hostile_texts_are_shown_and_do_nothing() {
    for text in HOSTILE {
        let (gates, approvals) = hostile(text);
        let image = ImageRef { tag: Some(text.to_owned()), digest: None, ..samples::new() };
        let (images, plan, path) = ([image], samples::plan(), [text.to_owned(), "canary".to_owned()]);
        let heading = Heading { service: text, from: text, to: "canary", images: &images, commit: Some(text) };
        let ending =
            Ending { seen: vec![text.to_owned()], next: vec![text.to_owned()], ..Ending::of(Outcome::Held, text) };
        let links = [(text.to_owned(), format!("javascript:{text}"))];
        let mut shown = shown(heading, Some(&ending), Some(&gates));
        shown.summary =
            Summary { approvals: Some(&approvals), plan: Some(&plan), path: &path, links: &links, ..shown.summary };
        let (check, comment, status) = (check(&shown, SHA, &|_| true), comment(&shown), status(&shown, SHA));
        assert_harmless(&check.summary, "");
        assert_harmless(&check.text, "");
        assert!(comment.body.starts_with(&format!("{}\n", comment.marker)));
        assert_harmless(&comment.body, &comment.marker);
        // With a person's own token the comment is that person's.
        assert_eq!(said(&comment.body), None, "the comment must not approve anything: {}", comment.body);
        let plain = [&check.name, &check.title, &status.description, &status.context];
        let annotated = check.annotations.iter().flat_map(|one| [&one.title, &one.message]);
        for text in plain.into_iter().chain(annotated) {
            assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)), "{text:?}");
            assert!(!text.contains("##["), "{text:?}");
        }
    }
}

#[test]
fn names_of_70_kb_hide_nothing_else_and_every_limit_is_kept() {
    let long = "name-ü".repeat(10_000);
    assert!(long.len() >= 70_000);
    let (mut gates, approvals) = hostile(&long);
    let row = gates.rows[0].clone();
    gates
        .rows
        .extend((0..1500).map(|n| samples::row(&format!("tests.t{n}"), Mark::Fail, "all pass", "1 failed", "x.xml")));
    gates.rows.extend(std::iter::repeat_n(row, 30));
    let (images, ending) = ([samples::new()], Ending::judged(Outcome::Held, &gates));
    let mut shown = shown(samples::heading(&images), Some(&ending), Some(&gates));
    shown.summary.approvals = Some(&approvals);
    let (check, comment, status) = (check(&shown, SHA, &|_| true), comment(&shown), status(&shown, SHA));
    for text in [&check.summary, &check.text] {
        assert!(text.len() <= CHECK_TEXT_MAX, "{} bytes", text.len());
        assert!(text.contains("cut: ") && text.ends_with(" lines did not fit here, the job summary has all.\n"));
        assert_harmless(text, "");
    }
    assert!(check.summary.contains("tests t0") && check.summary.contains("tests unit"), "a long name hides no other");
    assert!(comment.body.chars().count() <= COMMENT_MAX && comment.body.contains("tests t0"));
    assert_harmless(&comment.body, &comment.marker);
    assert!(status.description.chars().count() <= DESCRIPTION_MAX);
    assert!(check.title.chars().count() <= 160 && check.annotations.iter().all(|one| one.title.chars().count() <= 255));
}
