//! Tests of [`markdown`](super).

use super::*;
use crate::promotion::time::Millis;
use crate::render::page::{CHECK_RUN, JOB_SUMMARY};
use crate::render::samples;

fn path_of_all() -> Vec<String> {
    ["dev", "staging", "canary", "production"].map(str::to_owned).to_vec()
}

/// The page of a report alone.
fn page(report: &GateReport, ending: Option<&Ending>, limit: usize) -> String {
    let (images, path) = ([samples::new()], path_of_all());
    let (heading, path) = (samples::heading(&images), &path[..]);
    summary(
        &Summary { heading, path, ending, report: Some(report), approvals: None, plan: None, diffs: &[], links: &[] },
        limit,
    )
}

#[test]
fn a_title_is_the_answer() {
    let title = title(&Ending::judged(Outcome::Held, &samples::report()));
    assert_eq!(title, "Held: 1 gate failed, 1 could not be evaluated, 1 lacks only time");
}

#[test]
fn a_held_promotion() {
    let report = samples::report();
    let shown = page(&report, Some(&Ending::judged(Outcome::Held, &report)), JOB_SUMMARY);
    insta::assert_snapshot!(shown, @r###"
        ### ❌ app 1.20: staging → canary

        **HELD: 1 gate failed, 1 could not be evaluated, 1 lacks only time.**

        ```mermaid
        flowchart LR
          e0["dev"]
          e1["staging<br/>📍 app 1.20"]
          e2["canary<br/>held"]
          e3["production"]
          e0 --- e1
          e2 --- e3
          e1 -.-> e2
          style e1 stroke-width:4px
        ```

        - image `registry.example.com/app:1.20@sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b`
        - built from commit `c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1`

        | | gate | wanted | found | evidence |
        |---|---|---|---|---|
        | ✓ pass | tests unit | all pass | 412 of 412 | 3 files, 2 min old |
        | ✓ pass | tests integration | all pass | 58 of 58, 1 flaky | artifacts/integration/junit/results.xml |
        | ✗ fail | tests e2e | all pass | 19 of 31 failed | artifacts/e2e/r.xml |
        | ✓ pass | coverage line | ≥ 80 % | 83.4 % | 9,120 of 10,934 lines |
        | ? unknown | security high | ≤ 0 | no report | nothing matches artifacts/scan/\*.sarif |
        | ✗ fail | soak min | ≥ 2 h | 40 min | record 01JD, since 11:25Z |
        | ~ waived | slo latency\_p95 | ≤ 800 ms | 912 ms | 30 d to 12:04:10Z |
        | ! warn | tests smoke | all pass | 1 of 3 failed | artifacts/smoke.xml |
        | - skipped | tests load | all pass | no report | nothing matches artifacts/load.xml |

        <details open><summary>✗ tests e2e: 19 of 31 test cases failed.</summary>

        - `checkout.spec › pays with a saved card`: `expected 200, got 504` at `artifacts/e2e/r.xml:118`
        - ``\x3a:error::<b>|`x` @acme/sre\x1b[2J\u{202e}``: `#\x23[group]a message that is so long that it does not fit on the line, with https://evil.example/x in it` at `artifacts/e2e/a-folder-with-a-long-name/and-another-one-below-it/report.xml:7`
        - `checkout.spec › refunds 3` at `artifacts/e2e/r.xml:362`
        - `checkout.spec › refunds 4` at `artifacts/e2e/r.xml:462`
        - `checkout.spec › refunds 5` at `artifacts/e2e/r.xml:562`
        - `checkout.spec › refunds 6` at `artifacts/e2e/r.xml:662`
        - `checkout.spec › refunds 7` at `artifacts/e2e/r.xml:762`
        - and 12 more, all in artifacts/e2e/r.xml
        - evidence `artifacts/e2e/r.xml`
        - rule `promotion/promotion-rules.yaml:41`

        </details>

        <details><summary>? security high: evidence `scan` is missing. A missing report is not a clean one.</summary>

        - → upload the scan as artifacts/scan/\*.sarif, or mark the gate optional
        - rule `promotion/promotion-rules.yaml:41`

        </details>

        <details open><summary>✗ soak min: The version has run in staging for 40 min.</summary>

        - not before 2026-11-22 13:25Z
        - rule `promotion/promotion-rules.yaml:41`

        </details>

        <details><summary>~ slo latency_p95: waived until 2026-12-01 by @&#8203;ana: load test host</summary>

        - rule `promotion/promotion-rules.yaml:41`

        </details>

        <details><summary>! tests smoke: optional</summary>

        - rule `promotion/promotion-rules.yaml:41`

        </details>

        <details><summary>- tests load: optional, and there is no evidence</summary>

        - rule `promotion/promotion-rules.yaml:41`

        </details>
    "###);
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
            approvals: None,
            plan: Some(&plan),
            diffs: &diffs,
            links: &links,
        },
        JOB_SUMMARY,
    );
    insta::assert_snapshot!(shown, @r###"
        ### ✅ app 1.20: dev → staging

        **PROMOTED: app 1.20 is live in staging**

        ```mermaid
        flowchart LR
          e0["dev"]
          e1["staging<br/>📍 app 1.20"]
          e2["canary"]
          e3["production"]
          e1 --- e2
          e2 --- e3
          e0 ==> e1
          style e1 stroke-width:4px
        ```

        - image `registry.example.com/app:1.20@sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b`
        - built from commit `c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1`

        #### Plan: app 1.10 → 1.20

        promotion `01JD5T0000000000000000000Z`, plan digest `7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a`

        - commit to acme/gitops main (tip 81ac0de)

        `k8s/overlays/staging/kustomization.yaml:12`

        ```diff
        -    newTag: "1.10"	# set by promote
        +    newTag: "1.20"	# set by promote
        ```

        `k8s/overlays/staging/values.yaml`

        ```diff
        image.tag: '1.10' → '1.20'
        ```

        - sync app-staging (an application that syncs by itself is watched), and wait ≤ 15 min: our commit, our image live, healthy for 5 min without a break
        - verify for 5 min: https\://staging.example.com/healthz answers 200 to 299 and contains "ok" within 5 s
        - on failure: restore app 1.10 (last verified by promotion 01JD4000000000000000000000)

        <details><summary>1 other commit ships along</summary>

        - `d00dfee` Raise memory limit \\x3a:warning::see &lt;b&gt;\#&#8203;12&lt;/b&gt; (dan, 2026-11-22 09:00Z)

        </details>

        [commit c0ffee1](https://github.com/acme/gitops/commit/c0ffee1)
    "###);
}

#[test]
fn a_page_that_is_too_long_is_cut_and_says_so() {
    let rows = (0..2000).map(|n| samples::row(&format!("tests.{n}"), Mark::Fail, "all pass", "1 failed", "x.xml"));
    let shown = page(&GateReport::of(rows.collect()), None, CHECK_RUN);
    assert!(shown.len() <= CHECK_RUN);
    assert!(shown.contains("HELD: 2,000 gates failed"));
    assert!(shown.contains(" lines did not fit here: the log of this run has them.\n"));
    assert_eq!(shown.matches("<details").count(), shown.matches("</details>").count());
}
