//! Words of reports and messages that want more than a line.

use crate::promotion::explain::topic::Topic;

/// Every such word.
pub const TROUBLES: &[Topic] = &[
    Topic {
        words: &["no report", "missing", "missing report", "nothing matches"],
        title: "there is no file where the evidence is looked for",
        text: &[
            "Nothing matches a glob of the source (each of several globs must match), or the file is empty, or it is a report without a case that ran. A missing report is not a good one: the row is unknown, and holds the promotion (exit 11).",
            "Put the report where the row says, relative to the working directory; in a workflow, download the artifact there first. Or correct the glob under `evidence:`, or name the source under `optional`.",
        ],
    },
    Topic {
        words: &["stale", "too old", "max_age", "age"],
        title: "the evidence is older than the rules allow, or its age is not known",
        text: &[
            "Age counts from the time that stands in the report, else from its stamp's, never from the file's. `max_age` on a report without a time is unknown, since nobody can say how old it is.",
            "Run the check again, and promote with its new report.",
        ],
    },
    Topic {
        words: &["unreadable", "cannot be read"],
        title: "there is a file, and it cannot be believed",
        text: &[
            "It is cut short, neither UTF-8 nor UTF-16, a symbolic link, more than 1 GiB, in no format that is read, a scan that did not finish, or a report that declares failures and holds none; or its stamp was made for other bytes. It is never counted as far as it goes.",
            "The row names the file and what is wrong with it. `promote evidence` shows every file, as what it is read, and what it lacks to be something else. A gzipped file is unpacked, a zip archive is not.",
        ],
    },
    Topic {
        words: &["waived", "waiver", "waivers", "waivers.yaml"],
        title: "people have decided to accept it for a time",
        text: &[
            "`promotion/waivers.yaml`, beside the rules, lists what is accepted: a finding by its id, rule, path or package, a test, or a gate by the id of its row. Each says why, by whom, and until when; where GitHub can be asked, whoever merged the lines answers for them. What is waived stays in the report.",
            "An expired waiver counts as none, and one that covers nothing is told. A file with a fault is refused (exit 3), and never read as one without waivers: `promote rules check` names each fault.",
            "    - { id: CVE-2026-1234, package: lodash, reason: not reachable, approved_by: ana, expires: 2026-12-31 }",
        ],
    },
    Topic {
        words: &["format", "no format", "format not told", "name its format"],
        title: "the file is of no format that is read, or of several",
        text: &[
            "A format is told by the content. `promote evidence --why <file>` says what it lacks to be of each one. `[]`, `{}` and `null` are what several tools write for nothing found, and tell nothing: there the rules must name it.",
            "    evidence: { leaks: { files: artifacts/leaks.json, format: gitleaks } }",
        ],
    },
    Topic {
        words: &["not bound to a version", "require_subject", "unbound", "subject", "stamp"],
        title: "the evidence does not say which version it is about",
        text: &[
            "With `require_subject` a report counts only if it says itself which commit it is about, or the CI run that made it does. Someone's word for it (--commit) is a claim, and is not enough then. SARIF has a place for the commit (`versionControlProvenance`), Trivy and Grype name the image, and most formats have no place for either: whoever makes such a report can write it down beside it.",
            "    promote evidence stamp --image registry/app@sha256:… artifacts/k6.json",
        ],
    },
    Topic {
        words: &["another version", "other version", "wrong version", "another commit"],
        title: "the evidence is about another commit than the version",
        text: &[
            "Evidence that names another commit counts for nothing, always: a gate that was met by another commit's report is not met. Which commit the version was built from is told by --commit, or by a tag that is a commit id.",
            "Bring the report of this version's own CI run, or correct --commit.",
        ],
    },
    Topic {
        words: &["mutable", "mutable tag", "require_digest"],
        title: "the image is pinned by a tag only, which can be moved",
        text: &[
            "What was tested and what runs may then differ without a trace. With `require_digest` such a promotion is refused. Pin the digest in the source environment: `digest: sha256:…` beside `newTag` in a kustomization.",
        ],
    },
    Topic {
        words: &["not built yet", "not built"],
        title: "the rules ask for something that this version of promote cannot do",
        text: &[
            "The rules may name it already, and nothing is parsed and ignored: a promotion that uses it ends with exit 3 and names the place, and the file's other promotions run. The README lists what is not built yet.",
        ],
    },
    Topic {
        words: &["lock", "locked", "held by another run"],
        title: "another run writes to this service and environment",
        text: &[
            "One run at a time does. Its lock is renewed while it works and given back at its end; one that was not renewed for five minutes is taken over by whoever waits for it: `--wait-lock 10m`. To take it from a run that hangs:",
            "    promote unlock --env staging --reason 'the runner is gone'",
        ],
    },
    Topic {
        words: &["checked out", "checkout"],
        title: "the branch is checked out in the repository that would be written to",
        text: &[
            "A commit that appears under a working directory makes its files look changed. `plan` reads such a repository all the same; `run` wants a bare repository or the server's address in GITOPS_REPO: owner/name, or a URL.",
        ],
    },
];
