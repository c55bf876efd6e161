//! GraphQL, as far as it is needed: whether a review's text was edited, and who brought which lines (in [`super::blame`]), which the
//! REST API does not tell.

use serde_json::{Value, json};

use super::answer::{Answer, Answered, Call};
use super::blame;
use super::routes::Route;
use super::shapes::when;
use super::state::{Repo, World};
use super::tokens::Caller;

/// Whether the query asks what can be told here.
fn is_known(query: &str) -> bool {
    let query = without_spaces(query);
    query.contains("nodes(ids:$ids)") && query.contains("...onPullRequestReview{idlastEditedAt}")
}

/// A query without what GraphQL passes over.
pub(super) fn without_spaces(query: &str) -> String {
    query.chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// Whether a caller may see this of a repository.
pub(super) fn admitted(world: &World, call: &Call, repo: &Repo, need: &'static str) -> Result<(), Answer> {
    let needed = Route { method: "GET", pattern: "/graphql", need, answer: ask };
    let asked = Call {
        method: "GET".to_owned(),
        path: call.path.clone(),
        arguments: vec![("owner", repo.owner().to_owned()), ("repo", repo.name().to_owned())],
        query: Vec::new(),
        body: serde_json::Map::new(),
        caller: call.caller.clone(),
        base: call.base.clone(),
    };
    world.admit(&needed, &asked)
}

/// `POST /graphql`: errors come with 200, and a node that may not be seen is `null`.
pub(super) fn ask(world: &mut World, call: &Call) -> Answered {
    if matches!(call.caller, Caller::Nobody) {
        return Err(Answer::error(401, "This endpoint requires you to be authenticated."));
    }
    if blame::is_known(call.text("query").unwrap_or_default()) {
        return blame::ask(world, call);
    }
    if !is_known(call.text("query").unwrap_or_default()) {
        return Ok(Answer::new(200, json!({"errors": [{"message": "The stand-in does not know this question."}]})));
    }
    let ids = call.body.get("variables").and_then(|variables| variables["ids"].as_array()).cloned().unwrap_or_default();
    if ids.len() > 100 {
        let why = "You may not provide more than 100 node ids; you provided more.";
        return Ok(Answer::new(200, json!({"data": null, "errors": [{"type": "ARGUMENT_LIMIT", "message": why}]})));
    }
    let (mut nodes, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match world.seen(call, id.as_str().unwrap_or_default()) {
            Ok(node) => nodes.push(node),
            Err(error) => {
                nodes.push(Value::Null);
                errors.push(error);
            }
        }
    }
    let mut body = json!({"data": {"nodes": nodes}});
    if !errors.is_empty() {
        body["errors"] = Value::Array(errors);
    }
    Ok(Answer::new(200, body))
}

impl World {
    fn seen(&self, call: &Call, id: &str) -> Result<Value, Value> {
        let found = self.repos.values().find_map(|repo| Some((repo, repo.review_edited(id)?)));
        let Some((repo, edited)) = found else {
            let why = format!("Could not resolve to a node with the global id of '{id}'");
            return Err(json!({"type": "NOT_FOUND", "message": why}));
        };
        match admitted(self, call, repo, "pull_requests=read") {
            Ok(()) => Ok(json!({"id": id, "lastEditedAt": when(edited)})),
            Err(refusal) => Err(json!({"type": "FORBIDDEN", "message": refusal.message()})),
        }
    }
}
