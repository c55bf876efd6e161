//! Where services live, and what is known of them: environments, targets, applications, images, credentials, evidence.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::promotion::rules::file::shape::{Entries, OneOrMany, Percent, Placed, Span, or_text, or_texts};
use crate::promotion::rules::format::Format;

/// One environment: in short form one path and its applications, in long form `targets`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The directory in the GitOps repository, relative to its root.
    #[serde(default)]
    pub path: Option<Placed<String>>,
    /// The Argo CD applications that deploy it: a name, a mapping, or a list. Without one, delivery ends at the pushed commit.
    #[serde(default)]
    pub argocd: Option<Placed<OneOrMany<App>>>,
    /// The repository's name under `repos`. Default: `default`, which `GITOPS_REPO` names.
    #[serde(default)]
    pub repo: Option<Placed<String>>,
    /// The branch. Default: `GITOPS_BRANCH`, else the repository's default branch.
    #[serde(default)]
    pub branch: Option<Placed<String>>,
    /// Which images are promoted here. Default: those of the service.
    #[serde(default)]
    pub images: Option<Vec<Placed<Image>>>,
    /// Several directories, each with its applications; then `path` and `argocd` stand in each.
    #[serde(default)]
    pub targets: Option<Placed<Vec<Placed<Target>>>>,
    /// Other sources for this environment, by the id of the evidence that they stand for.
    #[serde(default)]
    pub evidence: Option<Placed<Entries<Evidence>>>,
}

/// One directory of one repository, and the applications that run it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name.
    pub id: Placed<String>,
    /// The repository's name under `repos`. Default: `default`.
    #[serde(default)]
    pub repo: Option<Placed<String>>,
    /// The branch. Default: `GITOPS_BRANCH`, else the repository's default branch.
    #[serde(default)]
    pub branch: Option<Placed<String>>,
    /// The directory, relative to the repository's root.
    pub path: Placed<String>,
    /// The Argo CD applications that deploy it.
    #[serde(default)]
    pub apps: Option<Placed<OneOrMany<App>>>,
}

/// An Argo CD application: its name, or a mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = or_text)]
pub struct App {
    /// Its name.
    pub name: Placed<String>,
    /// Its Argo CD project.
    #[serde(default)]
    pub project: Option<Placed<String>>,
    /// Its namespace, if not the control plane's own.
    #[serde(default)]
    pub namespace: Option<Placed<String>>,
    /// The server's name under `servers`. Default: `default`, which `ARGOCD_SERVER` names.
    #[serde(default)]
    pub server: Option<Placed<String>>,
    /// What an application without auto-sync is synced to. Default: its branch.
    #[serde(default)]
    pub sync: Option<Sync>,
}

/// What an application without auto-sync is synced to.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sync {
    /// Its target revision.
    Branch,
    /// Exactly the commit of the promotion.
    Commit,
}

/// An image: its name, or a mapping that says where in a Helm values file it is pinned.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = or_text)]
pub struct Image {
    /// Its name in Kustomize's `images`, or its repository in plain manifests.
    pub name: Placed<String>,
    /// A Helm values file, relative to the environment's path.
    #[serde(default)]
    pub file: Option<Placed<String>>,
    /// Path of the tag in that file: `image.tag`, `images[name=app].tag`.
    #[serde(default)]
    pub tag: Option<Placed<String>>,
    /// Path of the digest.
    #[serde(default)]
    pub digest: Option<Placed<String>>,
    /// Path of the repository; without it the target's own repository stays.
    #[serde(default)]
    pub repository: Option<Placed<String>>,
}

/// Names of environment variables that hold how to reach an Argo CD server; never the values themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The variable that holds its address, as `ARGOCD_SERVER` does for `default`.
    #[serde(default)]
    pub server: Option<Placed<String>>,
    /// The variable that holds a token.
    #[serde(default)]
    pub auth_token: Option<Placed<String>>,
    /// The variable that holds a user's name.
    #[serde(default)]
    pub username: Option<Placed<String>>,
    /// The variable that holds the user's password.
    #[serde(default)]
    pub password: Option<Placed<String>>,
    /// The variable that holds options of the argocd CLI.
    #[serde(default)]
    pub opts: Option<Placed<String>>,
}

/// Names of environment variables that hold how to reach a GitOps repository; never the values themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repo {
    /// The variable that holds `owner/name`, a URL or a path, as `GITOPS_REPO` does for `default`.
    #[serde(default)]
    pub repo: Option<Placed<String>>,
    /// The variable that holds a token.
    #[serde(default)]
    pub token: Option<Placed<String>>,
    /// The variable that holds the branch.
    #[serde(default)]
    pub branch: Option<Placed<String>>,
}

/// A source of evidence: globs of files, or a mapping with exactly one of `files`, `github`, `prometheus`, `alertmanager`,
/// `prometheus_alerts`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = or_texts)]
pub struct Evidence {
    /// Globs of files, relative to the working directory. May hold `{service}` and `{environment}`.
    #[serde(default)]
    pub files: Option<OneOrMany<String>>,
    /// The format. Default: detected from the content.
    #[serde(default)]
    pub format: Option<Placed<Format>>,
    /// How old it may be, by its own time.
    #[serde(default)]
    pub max_age: Option<Placed<Span>>,
    /// What GitHub knows of the commit that the version was built from.
    #[serde(default)]
    pub github: Option<Placed<FromGitHub>>,
    /// Queries to Prometheus.
    #[serde(default)]
    pub prometheus: Option<Placed<Prometheus>>,
    /// Alerts of an Alertmanager.
    #[serde(default)]
    pub alertmanager: Option<Placed<Matchers>>,
    /// Alerts of Prometheus' own rules, where there is no Alertmanager: silences and inhibitions are not seen.
    #[serde(default)]
    pub prometheus_alerts: Option<Placed<Matchers>>,
}

/// What is asked of GitHub. Without `ask`: the reports in an artifact, and then `artifact` and `workflow` are named.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromGitHub {
    /// What is asked. Default: `artifact`.
    #[serde(default)]
    pub ask: Option<Placed<Ask>>,
    /// The repository that the version is built in, as `owner/name`. Default: the one that promote runs for.
    #[serde(default)]
    pub repository: Option<Placed<String>>,
    /// The artifact's name; may hold `*`, `{service}` and `{environment}`.
    #[serde(default)]
    pub artifact: Option<Placed<String>>,
    /// The workflow whose run made it, as a path: `.github/workflows/ci.yml`.
    #[serde(default)]
    pub workflow: Option<Placed<String>>,
    /// Globs of files in the artifact. Default: all of them.
    #[serde(default)]
    pub files: Option<OneOrMany<String>>,
    /// What must have started the run: `push`, `workflow_dispatch` or `schedule`. Default: `push`.
    #[serde(default)]
    pub event: Option<Placed<String>>,
    /// The branch of the run, or of the code scanning. Default: the repository's default branch.
    #[serde(default)]
    pub branch: Option<Placed<String>>,
    /// Checks that need not be green, by name; may hold `*`.
    #[serde(default)]
    pub ignore: Option<OneOrMany<String>>,
}

/// What is asked of GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Reports in an artifact of a workflow's newest completed run for the commit.
    Artifact,
    /// The commit's check runs and statuses.
    Checks,
    /// The reviews of the pull request that brought the commit.
    Review,
    /// Open alerts of code scanning.
    CodeScanning,
    /// Open alerts of Dependabot.
    Dependabot,
    /// Open alerts of secret scanning.
    SecretScanning,
}

/// What is asked of Prometheus: `window` and `selector`, or `slo`, or `window` and `queries`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prometheus {
    /// The time that is looked at. Default: that of `slo`.
    #[serde(default)]
    pub window: Option<Placed<Span>>,
    /// The share of good requests that is promised; the rest is the error budget. Default: that of `slo`, else there is no budget.
    #[serde(default)]
    pub objective: Option<Placed<Percent>>,
    /// Label matchers for the built-in queries. May hold `{service}` and `{environment}`.
    #[serde(default)]
    pub selector: Option<Placed<String>>,
    /// Queries in place of the built-in ones. May hold `{service}`, `{environment}`, `{selector}` and `{window}`.
    #[serde(default)]
    pub queries: Option<Placed<Queries>>,
    /// A file that defines the objective: OpenSLO, Sloth or Pyrra.
    #[serde(default)]
    pub slo: Option<Placed<SloFile>>,
}

/// PromQL, each for one figure; `requests` and `errors` are counts over the window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queries {
    /// Requests in the window.
    #[serde(default)]
    pub requests: Option<Placed<String>>,
    /// Those of them that failed.
    #[serde(default)]
    pub errors: Option<Placed<String>>,
    /// The share of good requests, from 0 to 1, in place of `requests` and `errors`.
    #[serde(default)]
    pub availability: Option<Placed<String>>,
    /// The latency in seconds that half of the requests stay under.
    #[serde(default)]
    pub latency_p50: Option<Placed<String>>,
    /// The latency in seconds that 95 of 100 requests stay under.
    #[serde(default)]
    pub latency_p95: Option<Placed<String>>,
    /// The latency in seconds that 99 of 100 requests stay under.
    #[serde(default)]
    pub latency_p99: Option<Placed<String>>,
    /// Requests per second.
    #[serde(default)]
    pub throughput: Option<Placed<String>>,
}

/// A file that defines service level objectives: its path, or a mapping.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = or_text)]
pub struct SloFile {
    /// Its path, relative to the working directory. May hold `{service}` and `{environment}`.
    pub path: Placed<String>,
    /// Which of several objectives. Default: the only one.
    #[serde(default)]
    pub name: Option<Placed<String>>,
}

/// Which alerts count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matchers {
    /// Label matchers, all of which must match: `severity!="none"`, `env=~"prod.*"`. May hold `{service}` and `{environment}`.
    pub matchers: Placed<OneOrMany<String>>,
}
