//! Where to look: the run, the commit in the GitOps repository, the pull request, the applications.

use crate::promotion::plan::Plan;

/// What addresses are made of; what is not known makes none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places<'a> {
    /// The CI run's page.
    pub run_url: Option<&'a str>,
    /// GitHub: `https://github.com`.
    pub github: &'a str,
    /// The repository that promote runs for: `acme/app`.
    pub repository: Option<&'a str>,
    /// The pull request that shows the promotion.
    pub pull_request: Option<u64>,
    /// Argo CD's pages: `https://argocd.example.com`.
    pub argocd: Option<&'a str>,
    /// The plan, which names the GitOps repository and the applications.
    pub plan: Option<&'a Plan>,
    /// The commit that holds the version now.
    pub commit: Option<&'a str>,
}

/// A name and an address each.
pub fn links(places: &Places<'_>) -> Vec<(String, String)> {
    let github = places.github.trim_end_matches('/');
    let mut links: Vec<(String, String)> = Vec::new();
    links.extend(places.run_url.map(|url| ("run".to_owned(), url.to_owned())));
    if let (Some(repository), Some(number)) = (places.repository, places.pull_request) {
        links.push((format!("pull request {number}"), format!("{github}/{repository}/pull/{number}")));
    }
    let Some(plan) = places.plan else { return links };
    let written = plan.commits.first().and_then(|commit| hosted(&commit.repository, github));
    if let (Some(page), Some(commit)) = (written, places.commit.filter(|commit| is_id(commit))) {
        links.push((format!("commit {}", &commit[..7]), format!("{page}/commit/{commit}")));
    }
    if let Some(argocd) = places.argocd {
        let argocd = argocd.trim_end_matches('/');
        links.extend(plan.apps.iter().filter(|app| app.server == "default").map(|app| {
            let namespace = app.namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
            (app.name.clone(), format!("{argocd}/applications/{namespace}{}", app.name))
        }));
    }
    links
}

fn is_id(commit: &str) -> bool {
    commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The page of a repository that GitHub has: `acme/gitops`, or its address there.
fn hosted(repository: &str, github: &str) -> Option<String> {
    let rest = match repository.strip_prefix(github) {
        Some(rest) if !github.is_empty() => rest.strip_prefix('/')?,
        _ => repository,
    };
    let rest = rest.strip_suffix(".git").unwrap_or(rest);
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let (owner, name) = rest.split_once('/')?;
    let is_name = plain(owner) && plain(name) && !owner.starts_with('.') && !name.starts_with('.');
    is_name.then(|| format!("{github}/{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn what_is_known_has_a_link() {
        let plan = samples::plan();
        let links = links(&Places {
            run_url: Some("https://github.com/acme/app/actions/runs/1"),
            github: "https://github.com/",
            repository: Some("acme/app"),
            pull_request: Some(7),
            argocd: Some("https://argocd.example.com/"),
            plan: Some(&plan),
            commit: Some(samples::COMMIT),
        });
        let shown: Vec<String> = links.iter().map(|(name, url)| format!("{name}: {url}")).collect();
        assert_eq!(
            shown,
            [
                "run: https://github.com/acme/app/actions/runs/1".to_owned(),
                "pull request 7: https://github.com/acme/app/pull/7".to_owned(),
                format!("commit c0ffee1: https://github.com/acme/gitops/commit/{}", samples::COMMIT),
                "app-staging: https://argocd.example.com/applications/app-staging".to_owned(),
            ]
        );
        assert_eq!(super::links(&Places::default()), []);
    }

    #[test]
    fn only_what_github_has_is_a_page_of_it() {
        let github = "https://github.com";
        for (repository, page) in [
            ("acme/gitops", Some("https://github.com/acme/gitops")),
            ("https://github.com/acme/gitops.git", Some("https://github.com/acme/gitops")),
            ("https://gitlab.example.com/acme/gitops", None),
            ("git@github.com:acme/gitops", None),
            ("/srv/git/gitops", None),
            ("../gitops", None),
            ("acme/gitops/x", None),
        ] {
            assert_eq!(hosted(repository, github).as_deref(), page, "{repository}");
        }
    }
}
