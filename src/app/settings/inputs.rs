//! Every setting by all of its names, and every output.

/// One setting and the names that it goes by.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// The action's input: `INPUT_<NAME>` in capitals, hyphens kept.
    pub input: &'static str,
    /// The flag, without dashes; empty where a flag would show a secret in the list of processes.
    pub flag: &'static str,
    /// The environment variables, the first one that is set counts.
    pub variables: &'static [&'static str],
    /// What it means, in a line.
    pub meaning: &'static str,
}

const fn input(
    input: &'static str,
    flag: &'static str,
    variables: &'static [&'static str],
    meaning: &'static str,
) -> Input {
    Input { input, flag, variables, meaning }
}

/// Every setting, in the order of the README's table.
pub const INPUTS: &[Input] = &[
    input(
        "command",
        "",
        &[],
        "what to do: `validate`, `plan`, `run`, `run --auto`, `check-auto`, `adopt`, `rollback`, `show` or `rules check`",
    ),
    input("from", "from", &["FROM_ENV"], "the environment that has the version"),
    input("to", "to", &["TO_ENV"], "the environment that shall get it"),
    input("service", "service", &["SERVICE"], "the service, where the rules have several"),
    input("rules", "rules", &["PROMOTE_RULES"], "the rules file"),
    input("version", "version", &["PROMOTE_VERSION"], "only if the source pins this version: a tag or a digest"),
    input("reason", "reason", &["REASON"], "why, for the record"),
    input("role", "role", &["PROMOTE_ROLE"], "`approve`: the role that is spoken for"),
    input("dry-run", "dry-run", &["DRY_RUN"], "print the plan and write nothing: `run` becomes `plan`"),
    input("auto-approve", "auto-approve", &["AUTO_APPROVE"], "go on without approvals, where the rules allow it"),
    input("skip-validation", "skip-validation", &["SKIP_VALIDATION"], "go on without gates, where the rules allow it"),
    input("hotfix", "hotfix", &["PROMOTE_HOTFIX"], "take a hotfix of the rules; `skip` and `reason` say what and why"),
    input("skip", "skip", &["PROMOTE_SKIP"], "`hotfix`: every environment that it skips, each by name"),
    input(
        "replace",
        "replace",
        &["PROMOTE_REPLACE"],
        "go on although the target soaks another version that the rules protect; needs `reason`",
    ),
    input("commit", "commit", &["PROMOTE_COMMIT"], "the commit that the version was built from"),
    input(
        "wait-lock",
        "wait-lock",
        &["PROMOTE_WAIT_LOCK"],
        "how long to wait for an environment that another run holds: `10m`",
    ),
    input(
        "ledger",
        "ledger",
        &["PROMOTE_LEDGER"],
        "where the records are kept: `branch:<name>`, `<repository>#<branch>`, or a directory",
    ),
    input(
        "wait-evidence",
        "wait-evidence",
        &["PROMOTE_WAIT_EVIDENCE"],
        "how long to wait until the source runs this version and its evidence is complete: `30m`",
    ),
    input(
        "plan-dir",
        "plan-dir",
        &["PROMOTE_PLAN_DIR"],
        "a directory that gets the plan and the evidence files that it was made from",
    ),
    input(
        "plan-artifact",
        "plan-artifact",
        &["PROMOTE_PLAN_ARTIFACT"],
        "the artifact of this workflow run that holds such a directory: what was approved",
    ),
    input("ledger-token", "", &["LEDGER_TOKEN"], "the token for its repository, where it is another one"),
    input("bundle", "bundle", &["PROMOTE_BUNDLE"], "a directory that gets the evidence bundle of the promotion"),
    input("gitops-repo", "gitops-repo", &["GITOPS_REPO"], "the GitOps repository: owner/name, a URL, or a local path"),
    input("gitops-token", "", &["GITOPS_TOKEN"], "the token for it"),
    input("gitops-branch", "gitops-branch", &["GITOPS_BRANCH"], "its branch; else its default branch"),
    input("argocd-server", "argocd-server", &["ARGOCD_SERVER"], "the Argo CD server: host, host:port or a URL"),
    input("argocd-username", "argocd-username", &["ARGOCD_USERNAME"], "the name to log in with"),
    input("argocd-password", "", &["ARGOCD_PASSWORD"], "the password to log in with"),
    input("argocd-auth-token", "", &["ARGOCD_AUTH_TOKEN"], "a token, instead of name and password"),
    input("argocd-opts", "argocd-opts", &["ARGOCD_OPTS"], "options as the argocd command reads them"),
    input(
        "prometheus-url",
        "prometheus-url",
        &["PROMETHEUS_URL"],
        "the Prometheus server, or one that answers its API: a URL, with the path that the API is below",
    ),
    input("prometheus-token", "", &["PROMETHEUS_TOKEN"], "a token for it"),
    input("prometheus-username", "prometheus-username", &["PROMETHEUS_USERNAME"], "the name to log in with, instead"),
    input("prometheus-password", "", &["PROMETHEUS_PASSWORD"], "the password to log in with"),
    input(
        "prometheus-headers",
        "",
        &["PROMETHEUS_HEADERS"],
        "further headers for it, one in a line: `X-Scope-OrgID: acme`",
    ),
    input(
        "alertmanager-url",
        "alertmanager-url",
        &["ALERTMANAGER_URL"],
        "the Alertmanager whose alerts are read, with the path that its API is below",
    ),
    input("alertmanager-token", "", &["ALERTMANAGER_TOKEN"], "a token for it"),
    input(
        "alertmanager-username",
        "alertmanager-username",
        &["ALERTMANAGER_USERNAME"],
        "the name to log in to it with, instead",
    ),
    input("alertmanager-password", "", &["ALERTMANAGER_PASSWORD"], "the password to log in to it with"),
    input(
        "alertmanager-headers",
        "",
        &["ALERTMANAGER_HEADERS"],
        "further headers for it, one in a line: `X-Scope-OrgID: acme`",
    ),
    input("github-token", "", &["GITHUB_TOKEN", "GH_TOKEN"], "the token for GitHub's API: approvals, evidence, checks"),
    input("app-id", "app-id", &["PROMOTE_APP_ID"], "a GitHub App to log in as, instead of the token"),
    input("app-private-key", "", &["PROMOTE_APP_PRIVATE_KEY"], "its private key, PEM"),
    input(
        "pull-request",
        "pull-request",
        &["PROMOTE_PULL_REQUEST"],
        "the pull request (or issue) that shows the promotion, and whose comments and reviews may approve it",
    ),
    input(
        "publish",
        "publish",
        &["PROMOTE_PUBLISH"],
        "what GitHub is told: `check`, `status`, `comment`, `deployment`, or `none`",
    ),
    input(
        "ca-file",
        "ca-file",
        &["PROMOTE_CA_FILE", "SSL_CERT_FILE"],
        "certificates (PEM) to trust besides the public ones",
    ),
];

/// The outputs of the action, in the order of the README's table.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("outcome", "how the run ended, in a word"),
    ("report", "the path of the gate report, as JSON"),
    ("version", "the version that was promoted or would be"),
    ("commit", "the commit in the GitOps repository that holds it"),
    ("promotion-id", "the promotion's id: `promote show <id>`"),
    ("bundle", "the first directory that got the promotion's evidence bundle"),
    ("plan-digest", "the plan's digest: what an approval binds"),
    ("plan-digest-short", "its first twelve digits, as the approving jobs are named by"),
    ("approvals", "the approvals that are needed, as a matrix for the approving jobs: `role`, `leg`, `environment`"),
    ("needs-approval", "`true` if that matrix is not empty"),
];
