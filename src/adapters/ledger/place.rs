//! Where a ledger is: what people write for it, and what it means.

use std::path::PathBuf;

use crate::adapters::git::address::Address;
use crate::adapters::ledger::branch;
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// The branch of the GitOps repository where nothing else is said.
const BRANCH: &str = "promotions";
/// The directory where there is no server that a branch could be on.
const DIRECTORY: &str = ".promote";
/// What a branch of the GitOps repository is written with.
const OWN: &str = "branch:";

/// Where a ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A branch of a git repository.
    Branch {
        /// The repository.
        address: Address,
        /// The branch.
        branch: String,
        /// The token for it.
        token: Option<Secret>,
        /// The variable that the token comes from, for hints.
        token_name: &'static str,
    },
}

/// What the settings say of the ledger, and of what it may share with the GitOps repository.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// `branch:<name>`, `<repository>#<branch>`, or a directory; absent: what is usual.
    pub ledger: Option<&'a str>,
    /// The token for its repository.
    pub ledger_token: Option<&'a Secret>,
    /// The GitOps repository.
    pub gitops_repo: Option<&'a str>,
    /// The token for that.
    pub gitops_token: Option<&'a Secret>,
    /// The server that completes `owner/name`.
    pub server: &'a str,
}

impl Place {
    /// Reads what the settings say.
    pub fn of(named: &Named<'_>) -> Result<Self, Fault> {
        let Some(text) = named.ledger else {
            return match named.gitops()? {
                Some(address) if !matches!(address, Address::Local(_)) => named.branch(address, BRANCH),
                _ => Ok(Self::Directory(PathBuf::from(DIRECTORY))),
            };
        };
        if let Some(branch) = text.strip_prefix(OWN) {
            let address = named.gitops()?.ok_or_else(|| {
                let why = format!("`{text}` is a branch of the GitOps repository, and none is set");
                Fault::new(FaultKind::Settings, "find the ledger", why)
                    .hint("set GITOPS_REPO, or write <repository>#<branch>, or a directory")
            })?;
            return named.branch(address, branch);
        }
        match text.rsplit_once('#') {
            Some((repository, branch)) => named.branch(Address::parse(repository, named.server)?, branch),
            None => Ok(Self::Directory(PathBuf::from(text))),
        }
    }

    /// The password that stands in the text of a ledger's address, so that it can be masked.
    pub fn password(text: &str, server: &str) -> Option<Secret> {
        let (repository, _) = text.rsplit_once('#')?;
        match Address::parse(repository, server).ok()? {
            Address::Http { login, .. } => login?.password,
            Address::Local(_) | Address::Ssh { .. } => None,
        }
    }
}

impl Named<'_> {
    fn gitops(&self) -> Result<Option<Address>, Fault> {
        self.gitops_repo.map(|text| Address::parse(text, self.server)).transpose()
    }

    /// A branch, with the token for it. The GitOps repository's token goes to no other host.
    fn branch(&self, address: Address, name: &str) -> Result<Place, Fault> {
        branch::check_name(name)?;
        let shared = matches!(self.gitops(), Ok(Some(gitops)) if same_host(&gitops, &address));
        let (token, token_name) = match (self.ledger_token, self.gitops_token) {
            (Some(token), _) => (Some(token), "LEDGER_TOKEN"),
            (None, Some(token)) if shared => (Some(token), "GITOPS_TOKEN"),
            (None, _) => (None, if shared { "GITOPS_TOKEN" } else { "LEDGER_TOKEN" }),
        };
        Ok(Place::Branch { address, branch: name.to_owned(), token: token.cloned(), token_name })
    }
}

fn same_host(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Http { url: one, .. }, Address::Http { url: other, .. }) => one.origin() == other.origin(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "https://github.com";

    fn named<'a>(ledger: Option<&'a str>, gitops_repo: Option<&'a str>) -> Named<'a> {
        Named { ledger, gitops_repo, server: SERVER, ..Named::default() }
    }

    fn shown(place: &Place) -> String {
        match place {
            Place::Directory(path) => path.display().to_string(),
            Place::Branch { address, branch, .. } => format!("{branch} of {}", address.shown()),
        }
    }

    #[test]
    fn a_ledger_is_where_it_is_said_to_be_or_where_it_usually_is() {
        for (ledger, gitops, wanted) in [
            (None, None, ".promote"),
            (None, Some("../gitops.git"), ".promote"),
            (None, Some("acme/gitops"), "promotions of https://github.com/acme/gitops.git"),
            (Some("branch:audit/x"), Some("acme/gitops"), "audit/x of https://github.com/acme/gitops.git"),
            (Some("branch:promotions"), Some("../gitops.git"), "promotions of ../gitops.git"),
            (Some("acme/audit#records"), None, "records of https://github.com/acme/audit.git"),
            (Some("https://git.example.com/a.git#x"), Some("acme/gitops"), "x of https://git.example.com/a.git"),
            (Some("git@host:a.git#x"), None, "x of ssh://host/a.git"),
            (Some("/srv/a.git#x"), None, "x of /srv/a.git"),
            (Some("records"), Some("acme/gitops"), "records"),
            (Some("/srv/records"), None, "/srv/records"),
        ] {
            assert_eq!(shown(&Place::of(&named(ledger, gitops)).unwrap()), wanted, "{ledger:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_ledger_is_refused() {
        for (ledger, gitops) in [
            ("branch:promotions", None),
            ("branch:", Some("acme/gitops")),
            ("branch:a b", Some("acme/gitops")),
            ("acme/audit#", None),
            ("audit#x", None),
            ("https://me:hunter2@#x", None),
        ] {
            let fault = Place::of(&named(Some(ledger), gitops)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Settings, "{ledger}");
            assert!(fault.hint.is_some() && !format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }

    #[test]
    fn the_gitops_token_goes_to_its_own_host_only() {
        let (theirs, own) = (Secret::new("gitops-token-1"), Secret::new("ledger-token-1"));
        for (ledger, own, wanted) in [
            ("branch:promotions", None, ("GITOPS_TOKEN", theirs.clone())),
            ("branch:promotions", own.as_ref(), ("LEDGER_TOKEN", own.clone())),
            ("acme/audit#x", None, ("GITOPS_TOKEN", theirs.clone())),
            ("https://git.example.com/a.git#x", None, ("LEDGER_TOKEN", None)),
            ("https://git.example.com/a.git#x", own.as_ref(), ("LEDGER_TOKEN", own.clone())),
        ] {
            let named =
                Named { gitops_token: theirs.as_ref(), ledger_token: own, ..named(Some(ledger), Some("acme/gitops")) };
            let Place::Branch { token, token_name, .. } = Place::of(&named).unwrap() else { panic!("{ledger}") };
            assert_eq!((token_name, token), wanted, "{ledger}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_found() {
        let password = |text| Place::password(text, SERVER).map(|secret| secret.expose().to_owned());
        assert_eq!(password("https://me:hunter2@git.example.com/a.git#x").as_deref(), Some("hunter2"));
        assert_eq!(password("https://git.example.com/a.git#x"), None);
        assert_eq!(password("records"), None);
    }
}
