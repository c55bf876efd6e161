//! What each gate asks for.

use crate::promotion::explain::topic::Topic;

/// Every gate, those of the rules in the order of their table, then those that nobody has to ask for.
pub const GATES: &[Topic] = &[
    Topic {
        words: &["tests", "test"],
        title: "every named test report is there, and no case in it failed",
        text: &[
            "Each source under `required` must be there, with at least `count_min` cases that ran (1) and none that failed or errored. Sources under `optional` are judged if they are there; failing is then a warning. `skipped_max` and `flaky_max` limit the cases that were skipped, or that passed only after a failed attempt.",
            "Cases are counted, never the sums that a report declares. Attempts of one case count once: the last one decides. A test that two reports have counts once, with its worst result.",
            "    tests: { required: [unit, integration], optional: [e2e], flaky_max: 2 }",
        ],
    },
    Topic {
        words: &["coverage", "line_drop"],
        title: "at least this share of lines, branches or functions is covered",
        text: &[
            "The reports under `from` (else the evidence named `coverage`) are merged line by line: a line is covered if any report covers it, and counts once. `line_min`, `branch_min` and `function_min` are inclusive, and want their unit: `70%`. Branches and functions are unknown where no report has them. Reports that hold sums only (an Istanbul summary) cannot be merged with another report of the same file.",
            "`parts` asks for more of a part of the tree, by a glob over the paths of source files as the report writes them. A part that no file is in is unknown.",
            "`line_drop_max` compares the whole with the evidence that `base` names, such as the report of the default branch: so many percentage points of lines may be lost. The base may be about another version; where it cannot be read, the row is unknown.",
            "    coverage: { line_min: 80%, branch_min: 50%, parts: { 'src/core/**': { line_min: 90% } }, base: main, line_drop_max: 1% }",
        ],
    },
    Topic {
        words: &["security"],
        title: "scans have no more findings than this",
        text: &[
            "Findings that are neither suppressed nor waived are counted by their CVSS score, else by the tool's word for it: critical from 9.0, high from 7.0, medium from 4.0, low from 0.1. One without a severity counts as high. Each limit counts its own band only. The same finding in two reports counts once: a package by any advisory id in common, with name and version; code by rule or CWE, file and line. The worse severity stands.",
            "A scan that did not finish, or that looked at nothing, is no clean scan: the row is unknown. So it is if `tool` names a scanner that made none of them.",
            "    security: { tool: trivy, critical_max: 0, high_max: 5 }",
        ],
    },
    Topic {
        words: &["checks"],
        title: "every CI check of the commit is green",
        text: &[
            "Asked of GitHub for the commit that the version was built from, which the image's tag or --commit tells; where neither does, it is unknown. A check that failed is a no, and one that is still running is not green yet. `min` is the least number of checks that there must be (1); `ignore`, at the evidence, names those that do not count.",
            "    evidence: { checks: { github: { ask: checks, ignore: [nightly] } } }",
            "    checks: { min: 3 }",
        ],
    },
    Topic {
        words: &["review"],
        title: "people approved the commit in its pull request",
        text: &[
            "Asked of GitHub for the pull request that brought the commit which the version was built from. At least `min` people (1) must have approved it, and nobody may have asked for changes.",
            "    evidence: { review: { github: { ask: review } } }",
            "    review: { min: 2 }",
        ],
    },
    Topic {
        words: &["performance"],
        title: "a load test stayed within its limits: latency, errors, throughput",
        text: &[
            "The reports under `from` (else the evidence named `performance`) are those of k6, JMeter, Gatling, Locust, vegeta, oha, hey or Artillery. Each limit is a row, is inclusive, and wants its unit: `p95_max: 800ms`, `error_rate_max: 1%`, `throughput_min: 100/s`.",
            "What a report does not hold is unknown: a percentile is never worked out from a mean or from another one, and never averaged over reports. Raw samples (JMeter, k6's `--out json`, hey's CSV) of several files are joined exactly; summaries cannot be joined, so each needs an id of its own. Latencies are rounded up to a thousandth of a millisecond, rates are cut after three decimals.",
            "Thresholds that the load test judges itself (k6's `thresholds`, Gatling's assertions) count as test cases where its report stands under `tests`.",
            "A load test counts only if it was taken while the source ran this version. Where the report has no time, write down what it is about: `promote evidence stamp`.",
            "    performance: { from: [load], p95_max: 800ms, error_rate_max: 1%, throughput_min: 100/s }",
        ],
    },
    Topic {
        words: &["quality", "complexity"],
        title: "linters found no more than this, and a quality gate is met",
        text: &[
            "The reports under `from` (else the evidence named `quality`) are those of Checkstyle, ESLint, Code Climate, or the answer of SonarQube's quality gate. `errors_max` and `warnings_max` count what is neither suppressed nor waived; the same tool saying the same of the same place counts once. An unmet condition of a quality gate is an error, and one that was never evaluated is unknown.",
            "`complexity_max` limits the highest cyclomatic complexity of a function, where a linter tells it; else it is unknown. `tool` names linters, each of which must have made one of the reports.",
            "    quality: { tool: eslint, errors_max: 0, warnings_max: 20, complexity_max: 15 }",
        ],
    },
    Topic {
        words: &["soak", "stability"],
        title: "the source has run this version for so long without a break",
        text: &[
            "Known from the records of promotions into the source environment, so it is unknown where none was recorded, as in the first environment of all. Where only time is lacking the run ends `waiting` (13) and says when to come back.",
            "With `since: argocd` Argo CD's own history tells it where no record does: the deployment of the commit that brought the version. Either way the time since the applications turned Healthy counts, if it is shorter. A version that somebody pinned by hand and no record knows begins at zero.",
            "A promotion that would put another version in its place warns of that (`soak.<environment>`). With `protect: true` it holds until the soak is over (13); a person goes on by name, and the record says who and why:",
            "    soak: { min: 2h, since: record, protect: true }",
            "    promote run --from staging --to canary --replace --reason 'the other one leaks'",
        ],
    },
    Topic {
        words: &["conditions", "condition"],
        title: "a condition over any facts, in general form",
        text: &[
            "`all`, `any` and `not` join conditions; each part of an outermost `all` is a row of its own. A condition names a fact (`unit.failed` of one source, or `tests.pass_rate` of all that the gate `tests` reads), a comparison (`eq ne gt gte lt lte in exists`) and a value in the fact's unit. A fact that was not observed makes it unknown, not false.",
            "    conditions: { all: [{ field: unit.pass_rate, op: gte, value: 100 }] }",
        ],
    },
    Topic {
        words: &["slo", "metrics"],
        title: "service levels over a window: availability, error rate, latency",
        text: &[
            "Asked of Prometheus (or of what answers its API: Thanos, Mimir, Grafana Cloud) for the evidence under `from`, else the evidence named `slo`, over its `window` until now. Under `gates` it speaks of the source environment; under `verify.gates` of the target, over the time since the deployment alone. Each limit is a row, is inclusive, and wants its unit.",
            "No data, NaN, a series that ended, a part of the answer, several series where one was meant, a window that is older than what the server kept: each makes the row unknown, and is named. A service without requests has shown nothing.",
            "    evidence: { slo: { prometheus: { window: 30d, objective: 99.9%, selector: 'service=\"{service}\",env=\"{environment}\"' } } }",
            "    slo: { availability_min: 99.5%, error_rate_max: 0.5%, latency_p95_max: 800ms }",
        ],
    },
    Topic {
        words: &["error_budget", "burn_rate"],
        title: "what is left of the error budget",
        text: &[
            "The budget is what the `objective` leaves: 0.1 % of requests at 99.9 %. `consumption_max` is the share of it that the window's failed requests have used up, and can be more than 100 %. `burn_rate_max` is how many times faster than allowed it is used up now: over the last hour and over its last five minutes, and the smaller of both counts, so that a burn which is over, or has only begun, is none. After a promotion it is judged over the time since then alone.",
            "    error_budget: { from: [slo], consumption_max: 50%, burn_rate_max: 14.4 }",
        ],
    },
    Topic {
        words: &["alerts", "alert"],
        title: "alerts that are firing",
        text: &[
            "Asked of Alertmanager, which knows of silences and inhibitions, or of Prometheus itself (`prometheus_alerts`), for the evidence under `from`, else the evidence named `alerts`. Alerts that match all `matchers` are counted by their label `severity`; what is silenced or inhibited is shown and not counted. One without a severity counts as a warning.",
            "After a promotion only alerts count that did not fire before it.",
            "    evidence: { alerts: { alertmanager: { matchers: ['service=\"{service}\"', 'env=\"{environment}\"'] } } }",
            "    alerts: { critical_max: 0 }",
        ],
    },
    Topic {
        words: &["canary"],
        title: "the canary compared with what it is to replace",
        text: &[
            "The evidence under `from`, else the evidence named `canary`, is asked about both sides. Under `gates` they are the source and the target, over the time that the version has run in the source; under `verify.gates` the target since the deployment and the target before. `error_rate_increase_max` is in percentage points, latencies are relative.",
            "The judge asks for a sample first, and is inconclusive until it is there: the row is unknown, and says how many requests are lacking. With the sample, what is above the limit fails; before it, only what is far above. Looked at every 15 s, a canary that is no worse fails in less than 1 % of all cases, and one that is worse by the limit and a point is found in more than 99 %.",
            "Under `verify.gates` a broken limit leads to a `rollback`, a `pause` for a person, or a warning, as `actions` say.",
            "    canary: { from: [slo], traffic_min: 10%, duration_min: 24h, error_rate_increase_max: 1%, latency_p99_increase_max: 10% }",
        ],
    },
    Topic {
        words: &["order"],
        title: "the version has been through every environment before the target",
        text: &[
            "Nobody has to ask for it. The first environment of a way must pin the version, or have pinned it when the version went on. Every other one needs a completed promotion of this very version to it, and must pin it still; the newest record counts. If it has moved on to another version, this one must have stood there for the `soak` of the promotion that leads on from it.",
            "The source must also run what it pins, if it has an `argocd`: every application Healthy, with the version live.",
            "Where an environment ran something before it had records, a person can take that as given; it counts only for promotions with `trust_baseline: true`:",
            "    promote adopt --env staging --reason 'ran here before promote did'",
        ],
    },
    Topic {
        words: &["hotfix", "break-glass"],
        title: "a short cut that the rules name: it skips environments, and a review follows",
        text: &[
            "A promotion with `hotfix: { skips: [staging, canary] }` goes past environments that lie between on the ordinary way. Its gates and approvals are its own; at least two people must approve it, nobody stands twice, and approvals cannot be set aside. It is taken by name only, with everything that it skips and a reason, and never by `--auto`:",
            "    promote run --hotfix --from dev --to production --skip staging --skip canary --reason 'the login is down'",
            "The skipped environments are marked `skipped`; the source's own row still holds, and what was skipped stays open for ordinary promotions. `promote list` names the hotfix until somebody other than who asked for it has looked at it again:",
            "    promote review 01JD6K3V --reason 'cause found, test added'",
        ],
    },
    Topic {
        words: &["approvals", "approval"],
        title: "people of several roles say yes, and what they approved is what runs",
        text: &[
            "Each entry names a role, who fills it (`team` or `users`), and how many of them. Distinct people are needed for distinct roles, and nobody who started the promotion counts. An approval is bound to the plan's digest: if the plan changes, it is asked for again. A rejection is final for that plan (exit 12); what is still open is exit 13.",
            "    approvals: [{ role: sre, team: acme/sre-team, min: 2 }, { role: qa, users: [ana] }]",
        ],
    },
];
