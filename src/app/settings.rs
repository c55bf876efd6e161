//! Settings: flags, inputs of the action and environment variables are one list. A flag beats an input, an input beats a
//! variable, a variable beats the rules file.

pub mod github;
pub mod inputs;
pub mod monitoring;
pub mod sources;

use std::path::PathBuf;

use crate::adapters::argocd::options::Options;
use crate::adapters::git::address::Address;
use crate::adapters::ledger::place::{Named, Place};
use crate::adapters::secret::Secret;
use crate::app::settings::github::GitHub;
use crate::app::settings::monitoring::Monitoring;
use crate::app::settings::sources::{SettingFault, Sources};
use crate::ports::Fault;
use crate::promotion::request::{Actor, ActorKnown};
use crate::promotion::time::Millis;

/// What a run is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `command` of the action.
    pub command: Option<String>,
    /// The source environment.
    pub from: Option<String>,
    /// The target environment.
    pub to: Option<String>,
    /// The service.
    pub service: Option<String>,
    /// The rules file.
    pub rules: PathBuf,
    /// The role that whoever approves speaks for.
    pub role: Option<String>,
    /// Only if the source pins this version.
    pub version: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Print the plan only.
    pub dry_run: bool,
    /// Go on without approvals.
    pub auto_approve: bool,
    /// Go on without gates.
    pub skip_validation: bool,
    /// Take a hotfix of the rules.
    pub hotfix: bool,
    /// The environments that it skips, as they are named.
    pub skip: Vec<String>,
    /// Go on although the target soaks another version.
    pub replace: bool,
    /// The commit that the version was built from.
    pub commit: Option<String>,
    /// How long to wait for an environment that another run holds.
    pub wait_lock: Millis,
    /// How long to wait until the source runs the version and its evidence is complete.
    pub wait_evidence: Millis,
    /// A directory that gets the plan and its evidence files.
    pub plan_dir: Option<PathBuf>,
    /// The artifact of this workflow run that holds such a directory.
    pub plan_artifact: Option<String>,
    /// The ledger, as it is written: see [`Place`].
    pub ledger: Option<String>,
    /// The token for its repository.
    pub ledger_token: Option<Secret>,
    /// A directory that gets the evidence bundle, with placeholders as in the rules.
    pub bundle: Option<String>,
    /// The GitOps repository.
    pub gitops_repo: Option<String>,
    /// The token for it.
    pub gitops_token: Option<Secret>,
    /// Its branch.
    pub gitops_branch: Option<String>,
    /// The Argo CD server.
    pub argocd_server: Option<String>,
    /// The name to log in with.
    pub argocd_username: Option<String>,
    /// The password to log in with.
    pub argocd_password: Option<Secret>,
    /// A token, instead.
    pub argocd_auth_token: Option<Secret>,
    /// Options as the argocd command reads them.
    pub argocd_opts: Option<String>,
    /// Prometheus, where its address is set.
    pub prometheus: Option<Monitoring>,
    /// The Alertmanager, where its address is set.
    pub alertmanager: Option<Monitoring>,
    /// GitHub's API, and the run that this is; absent where neither a repository nor a token is known.
    pub github: Option<GitHub>,
    /// Certificates to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Where GitHub Actions hears from us; absent elsewhere.
    pub actions: Option<Actions>,
    /// Who runs this, and whether GitHub says so.
    pub user: Option<String>,
    /// Where temporary files go.
    pub temp: PathBuf,
    /// The server that `owner/name` is a repository of.
    pub github_server: String,
    /// GitHub's API.
    pub github_api: String,
    /// Whether colour was ruled out (`NO_COLOR`).
    pub no_color: bool,
    /// Whether the mechanic's voice is wanted (`RUNNER_DEBUG=1`, `PROMOTE_LOG`).
    pub log: Option<String>,
}

/// Where GitHub Actions hears from us.
#[derive(Debug, Clone)]
pub struct Actions {
    /// The file for outputs.
    pub output: Option<PathBuf>,
    /// The file for the job summary.
    pub summary: Option<PathBuf>,
    /// The login of whoever started the run.
    pub actor: Option<String>,
    /// The run's page.
    pub run_url: Option<String>,
    /// The workspace.
    pub workspace: Option<PathBuf>,
}

impl Sources {
    /// Works out the settings.
    pub fn settings(&self) -> Result<Settings, SettingFault> {
        let actions = (self.variable("GITHUB_ACTIONS").as_deref() == Some("true")).then(|| self.actions());
        let debug = self.variable("RUNNER_DEBUG").filter(|value| value == "1").map(|_| "promote=debug".to_owned());
        let temp = self.variable("RUNNER_TEMP").or_else(|| self.variable("TMPDIR"));
        Ok(Settings {
            command: self.text("command"),
            from: self.text("from"),
            to: self.text("to"),
            service: self.text("service"),
            rules: self.path("rules").unwrap_or_else(|| PathBuf::from("promotion/promotion-rules.yaml")),
            role: self.text("role"),
            version: self.text("version"),
            reason: self.text("reason"),
            dry_run: self.switch("dry-run")?,
            auto_approve: self.switch("auto-approve")?,
            skip_validation: self.switch("skip-validation")?,
            hotfix: self.switch("hotfix")?,
            skip: self.list("skip"),
            replace: self.switch("replace")?,
            commit: self.text("commit"),
            wait_lock: self.span("wait-lock")?,
            wait_evidence: self.span("wait-evidence")?,
            plan_dir: self.path("plan-dir"),
            plan_artifact: self.text("plan-artifact"),
            ledger: self.text("ledger"),
            ledger_token: self.secret("ledger-token"),
            bundle: self.text("bundle"),
            gitops_repo: self.text("gitops-repo"),
            gitops_token: self.secret("gitops-token"),
            gitops_branch: self.text("gitops-branch"),
            argocd_server: self.text("argocd-server"),
            argocd_username: self.text("argocd-username"),
            argocd_password: self.secret("argocd-password"),
            argocd_auth_token: self.secret("argocd-auth-token"),
            argocd_opts: self.text("argocd-opts"),
            prometheus: self.monitoring("prometheus"),
            alertmanager: self.monitoring("alertmanager"),
            github: self.github()?,
            ca_file: self.path("ca-file"),
            user: self.variable("USER").or_else(|| self.variable("LOGNAME")),
            temp: temp.map_or_else(|| PathBuf::from("/tmp"), PathBuf::from),
            github_server: self.variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned()),
            github_api: self.variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
            no_color: self.variable("NO_COLOR").is_some(),
            log: self.variable("PROMOTE_LOG").or(debug),
            actions,
        })
    }

    fn actions(&self) -> Actions {
        let run_url = || {
            let server = self.variable("GITHUB_SERVER_URL")?;
            let (repository, run) = (self.variable("GITHUB_REPOSITORY")?, self.variable("GITHUB_RUN_ID")?);
            Some(format!("{server}/{repository}/actions/runs/{run}"))
        };
        Actions {
            output: self.variable("GITHUB_OUTPUT").map(PathBuf::from),
            summary: self.variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            actor: self.variable("GITHUB_ACTOR"),
            run_url: run_url(),
            workspace: self.variable("GITHUB_WORKSPACE").map(PathBuf::from),
        }
    }
}

impl Settings {
    /// Who acts: GitHub Actions says so, else the process's own environment claims it.
    pub fn actor(&self) -> Actor {
        match self.actions.as_ref().and_then(|actions| actions.actor.clone()) {
            Some(name) => Actor { name, known: ActorKnown::Github },
            None => {
                let name = self.user.clone().unwrap_or_else(|| "unknown".to_owned());
                Actor { name, known: ActorKnown::Claimed }
            }
        }
    }

    /// Every secret, by the name of its variable, or of where in a variable it stands.
    pub fn secrets(&self) -> Vec<(&'static str, Secret)> {
        let named = [
            ("GITOPS_TOKEN", self.gitops_token.clone()),
            ("ARGOCD_PASSWORD", self.argocd_password.clone()),
            ("ARGOCD_AUTH_TOKEN", self.argocd_auth_token.clone()),
            ("GITOPS_REPO_PASSWORD", self.password_in_address()),
            ("GITHUB_TOKEN", self.github.as_ref().and_then(|github| github.token.clone())),
            ("PROMOTE_APP_PRIVATE_KEY", self.github.as_ref().and_then(|github| github.app_private_key.clone())),
            ("LEDGER_TOKEN", self.ledger_token.clone()),
            ("LEDGER_PASSWORD", self.ledger.as_deref().and_then(|text| Place::password(text, &self.github_server))),
        ];
        let named = named.into_iter().filter_map(|(name, secret)| secret.map(|secret| (name, secret)));
        let headers = self.headers().into_iter().map(|secret| ("ARGOCD_OPTS_HEADER", secret));
        let prometheus = self.prometheus.iter().flat_map(|server| server.secrets(&monitoring::PROMETHEUS));
        let alertmanager = self.alertmanager.iter().flat_map(|server| server.secrets(&monitoring::ALERTMANAGER));
        named.chain(headers).chain(prometheus).chain(alertmanager).collect()
    }

    /// Where the ledger is.
    pub fn place(&self) -> Result<Place, Fault> {
        Place::of(&Named {
            ledger: self.ledger.as_deref(),
            ledger_token: self.ledger_token.as_ref(),
            gitops_repo: self.gitops_repo.as_deref(),
            gitops_token: self.gitops_token.as_ref(),
            server: &self.github_server,
        })
    }

    /// The password in the GitOps repository's address. What cannot be an address is refused later, without being shown.
    fn password_in_address(&self) -> Option<Secret> {
        match Address::parse(self.gitops_repo.as_deref()?, &self.github_server).ok()? {
            Address::Http { login, .. } => login?.password,
            Address::Local(_) | Address::Ssh { .. } => None,
        }
    }

    /// The values of the headers in `ARGOCD_OPTS`, which log in to a proxy. What is not understood is refused later.
    fn headers(&self) -> Vec<Secret> {
        let options = self.argocd_opts.as_deref().and_then(|text| Options::parse(text).ok());
        options.map(|options| options.headers.into_iter().map(|(_, value)| value).collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::app::settings::inputs::INPUTS;

    use super::*;

    fn sources(flags: &[(&str, &str)], environment: &[(&str, &str)]) -> Sources {
        let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Sources { flags: own(flags), environment: own(environment) }
    }

    #[test]
    fn a_flag_beats_an_input_beats_a_variable() {
        let all = [("INPUT_FROM", "input"), ("FROM_ENV", "variable")];
        assert_eq!(sources(&[("from", "flag")], &all).settings().unwrap().from.as_deref(), Some("flag"));
        assert_eq!(sources(&[], &all).settings().unwrap().from.as_deref(), Some("input"));
        assert_eq!(sources(&[], &all[1..]).settings().unwrap().from.as_deref(), Some("variable"));
        let empty = sources(&[], &[("INPUT_FROM", " "), ("FROM_ENV", "variable")]);
        assert_eq!(empty.settings().unwrap().from.as_deref(), Some("variable"), "empty is not given");
    }

    #[test]
    fn a_switch_is_true_or_false_and_nothing_else() {
        assert!(sources(&[], &[("DRY_RUN", "True")]).settings().unwrap().dry_run);
        assert!(!sources(&[], &[("INPUT_DRY-RUN", "false"), ("DRY_RUN", "true")]).settings().unwrap().dry_run);
        let fault = sources(&[], &[("INPUT_DRY-RUN", "maybe")]).settings().unwrap_err();
        assert_eq!(fault.to_string(), "INPUT_DRY-RUN: `maybe` is not `true` or `false`");
    }

    #[test]
    fn the_ledgers_secrets_are_among_them() {
        let ledger = ("PROMOTE_LEDGER", "https://me:hunter2-and-more@git.example.com/a.git#records");
        let settings = sources(&[], &[("LEDGER_TOKEN", "ledger-token-1"), ledger]).settings().unwrap();
        let names: Vec<&str> = settings.secrets().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["LEDGER_TOKEN", "LEDGER_PASSWORD"]);
    }

    #[test]
    fn no_secret_has_a_flag() {
        for input in INPUTS {
            let secret = ["token", "password", "headers"].iter().any(|word| input.input.contains(word));
            assert!(!secret || input.flag.is_empty(), "{} would show in the list of processes", input.input);
        }
    }
}
