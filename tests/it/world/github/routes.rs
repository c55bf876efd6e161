//! What the stand-in knows of the API: each path as GitHub's description names it, and the permission that it needs.
//!
//! A need is `permission=level`; `;` stands between others that do as well. `app` is the App's own JWT, `user` a person's
//! token, none is for everybody.

use super::answer::{Answered, Call};
use super::state::World;
use super::{
    admission, alerts, apps, artifacts, checks, comments, contents, deployments, environments, graphql, history,
    people, pulls, reviews, runs, statuses,
};

/// One method of one path.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// As GitHub's description has it.
    pub(crate) pattern: &'static str,
    pub(super) need: &'static str,
    pub(super) answer: fn(&mut World, &Call) -> Answered,
}

type Handler = fn(&mut World, &Call) -> Answered;

const fn route(method: &'static str, pattern: &'static str, need: &'static str, answer: Handler) -> Route {
    Route { method, pattern, need, answer }
}

/// All of them. The first that fits is taken.
pub(crate) const ROUTES: &[Route] = &[
    route("GET", "/rate_limit", "", admission::rate_limit),
    route("GET", "/user", "user", people::own),
    route("GET", "/users/{username}", "", people::user),
    route("GET", "/orgs/{org}/teams/{team_slug}", "members=read", people::team),
    route("GET", "/orgs/{org}/teams/{team_slug}/members", "members=read", people::members),
    route("GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}", "members=read", people::membership),
    route("POST", "/app/installations/{installation_id}/access_tokens", "app", apps::token),
    route("DELETE", "/installation/token", "", apps::revoke),
    route("GET", "/repos/{owner}/{repo}/installation", "app", apps::installation),
    route("GET", "/repos/{owner}/{repo}", "metadata=read", contents::repository),
    route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata=read", people::permission),
    route("GET", "/repos/{owner}/{repo}/environments", "actions=read", environments::list),
    route("GET", "/repos/{owner}/{repo}/environments/{environment_name}", "actions=read", environments::get),
    route("PUT", "/repos/{owner}/{repo}/environments/{environment_name}", "administration=write", environments::put),
    route(
        "GET",
        "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies",
        "actions=read",
        environments::policies,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies",
        "administration=write",
        environments::add_policy,
    ),
    route("GET", "/repos/{owner}/{repo}/actions/runs", "actions=read", runs::list),
    route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}", "actions=read", runs::get),
    route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", "actions=read", runs::jobs),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs",
        "actions=read",
        runs::attempt,
    ),
    route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/approvals", "actions=read", reviews::approvals),
    route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments", "actions=read", reviews::pending),
    route(
        "POST",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments",
        "deployments=write",
        reviews::post,
    ),
    route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", "actions=read", artifacts::list),
    route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}", "actions=read", runs::workflow),
    route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", "actions=read", runs::list),
    route("POST", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", "actions=write", runs::dispatch),
    route(
        "GET",
        "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}",
        "actions=read",
        artifacts::download,
    ),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks=read", checks::list),
    route("POST", "/repos/{owner}/{repo}/check-runs", "checks=write", checks::create),
    route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks=read", checks::get),
    route("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks=write", checks::update),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", "statuses=read", statuses::combined),
    route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses=write", statuses::status),
    route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", "pull_requests=read", pulls::of_commit),
    route("GET", "/repos/{owner}/{repo}/commits", "contents=read", history::list),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents=read", history::get),
    route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents=read", history::compare),
    route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests=read", pulls::get),
    route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests=read", pulls::reviews),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}",
        "pull_requests=read",
        pulls::one_review,
    ),
    route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests=write", pulls::review),
    route(
        "GET",
        "/repos/{owner}/{repo}/issues/{issue_number}/comments",
        "issues=read;pull_requests=read",
        comments::list,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/issues/{issue_number}/comments",
        "issues=write;pull_requests=write",
        comments::create,
    ),
    route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "issues=read;pull_requests=read", comments::get),
    route(
        "PATCH",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}",
        "issues=write;pull_requests=write",
        comments::update,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/issues/comments/{comment_id}",
        "issues=write;pull_requests=write",
        comments::delete,
    ),
    route("GET", "/repos/{owner}/{repo}/deployments", "deployments=read", deployments::list),
    route("POST", "/repos/{owner}/{repo}/deployments", "deployments=write", deployments::create),
    route(
        "GET",
        "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
        "deployments=read",
        deployments::statuses,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
        "deployments=write",
        deployments::set_status,
    ),
    route("GET", "/repos/{owner}/{repo}/contents/{path}", "contents=read", contents::file),
    route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents=read", contents::reference),
    route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents=read", contents::branch),
    route("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "metadata=read", contents::rules),
    route("GET", "/repos/{owner}/{repo}/code-scanning/analyses", "security_events=read", alerts::analyses),
    route("GET", "/repos/{owner}/{repo}/code-scanning/alerts", "security_events=read", alerts::code),
    route("GET", "/repos/{owner}/{repo}/dependabot/alerts", "vulnerability_alerts=read", alerts::dependabot),
    route("GET", "/repos/{owner}/{repo}/secret-scanning/alerts", "secret_scanning_alerts=read", alerts::secrets),
];

/// The one question of another API, which no description of this one has.
const GRAPHQL: &Route = &route("POST", "/graphql", "", graphql::ask);

type Arguments = Vec<(&'static str, String)>;

/// The route of a request, and what its path says.
pub(super) fn find(method: &str, path: &str) -> Option<(&'static Route, Arguments)> {
    let path: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    ROUTES.iter().chain([GRAPHQL]).filter(|route| route.method == method).find_map(|route| {
        let pattern: Vec<&str> = route.pattern.split('/').skip(1).collect();
        let mut arguments = Vec::new();
        fits(&pattern, &path, &mut arguments).then_some((route, arguments))
    })
}

/// The method and the pattern of what answers a request.
pub(crate) fn pattern(method: &str, path: &str) -> Option<(&'static str, &'static str)> {
    find(method, path).map(|(route, _)| (route.method, route.pattern))
}

/// A request's path as the description has it: with `%2F` where a name holds slashes.
pub(super) fn described(method: &str, path: &str) -> Option<String> {
    let (route, arguments) = find(method, path)?;
    let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        None => part.to_owned(),
        Some(name) => encoded(arguments.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)),
    };
    Some(route.pattern.split('/').map(part).collect::<Vec<_>>().join("/"))
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn fits(pattern: &[&'static str], path: &[&str], arguments: &mut Arguments) -> bool {
    let Some((part, rest)) = pattern.split_first() else { return path.is_empty() };
    let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
        return path.first() == Some(part) && fits(rest, &path[1..], arguments);
    };
    // A name of a branch, or a path, may hold slashes.
    let most = if matches!(name, "ref" | "path" | "branch" | "basehead") { path.len() } else { path.len().min(1) };
    (1..=most).any(|count| {
        arguments.push((name, decoded(&path[..count].join("/"))));
        let found = fits(rest, &path[count..], arguments);
        if !found {
            arguments.pop();
        }
        found
    })
}

/// Text without its percent signs: `production%2Fsre`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
