//! What is answered: bodies, GitHub's errors in its words, and pages.

use axum::body::Body;
use axum::http::{Response, header};
use serde_json::{Map, Value, json};

use super::state::{Repo, World};
use super::tokens::Caller;

/// An answer, or a refusal.
pub(super) type Answered = Result<Answer, Answer>;

/// An answer before the headers that all have.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

/// A request that was let in.
pub(super) struct Call {
    pub(super) method: String,
    /// Its path below the API's root, without the query.
    pub(super) path: String,
    pub(super) arguments: Vec<(&'static str, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Map<String, Value>,
    pub(super) caller: Caller,
    /// Where the API is for the one who asks: its pages are linked so.
    pub(super) base: String,
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// GitHub's usual error.
    pub(super) fn error(status: u16, message: &str) -> Self {
        let body = json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
        Self::new(status, body)
    }

    pub(super) fn not_found() -> Self {
        Self::error(404, "Not Found")
    }

    /// 422: one field of the body is not right.
    pub(super) fn invalid(resource: &str, field: &str, code: &str, message: &str) -> Self {
        let head = if code == "missing_field" {
            format!("Invalid request.\n\n\"{field}\" wasn't supplied.")
        } else {
            "Validation Failed".to_owned()
        };
        let mut answer = Self::error(422, &head);
        if let Some(body) = &mut answer.body {
            body["errors"] = json!([{"resource": resource, "field": field, "code": code, "message": message}]);
        }
        answer
    }

    pub(super) fn message(&self) -> &str {
        self.body.as_ref().and_then(|body| body["message"].as_str()).unwrap_or_default()
    }

    /// The whole response; the headers that all have are given.
    pub(super) fn response(self, common: Vec<(&'static str, String)>) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in common.into_iter().chain(self.headers) {
            response = response.header(name, value);
        }
        // A bare text is a page of whatever stands before the API.
        let (kind, body) = match self.body {
            None => return response.body(Body::empty()).expect("a response"),
            Some(Value::String(page)) => ("text/html", page),
            Some(value) => ("application/json; charset=utf-8", value.to_string()),
        };
        response.header(header::CONTENT_TYPE, kind).body(Body::from(body)).expect("a response")
    }
}

impl Call {
    /// A part of the path, decoded.
    pub(super) fn argument(&self, name: &str) -> &str {
        self.arguments.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A number in the path: what is no number is not found.
    pub(super) fn number(&self, name: &str) -> Result<u64, Answer> {
        self.argument(name).parse().map_err(|_| Answer::not_found())
    }

    /// A parameter of the query, decoded.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is absent, or this.
    pub(super) fn wants(&self, name: &str, value: &str) -> bool {
        self.query(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
    }

    /// A text of the body, if it is there.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }

    /// How many of a list go on a page: at most 100, whatever is asked for.
    pub(super) fn per_page(&self, usual: usize) -> usize {
        let asked = self.query("per_page").and_then(|text| text.parse().ok()).unwrap_or(usual);
        if asked == 0 { usual } else { asked.min(usual.max(100)) }
    }

    /// The page that was asked for, and the header that links the others.
    pub(super) fn page(&self, items: Vec<Value>, usual: usize) -> (Vec<Value>, Option<String>) {
        let size = self.per_page(usual);
        let page = self.query("page").and_then(|text| text.parse().ok()).unwrap_or(1_usize).max(1);
        let last = items.len().div_ceil(size).max(1);
        let link = |to: usize, rel: &str| format!("<{}>; rel=\"{rel}\"", self.link(&[("page", &to.to_string())]));
        let mut links = Vec::new();
        if page > 1 {
            links.extend([link(page - 1, "prev"), link(1, "first")]);
        }
        if page < last {
            links.extend([link(page + 1, "next"), link(last, "last")]);
        }
        let items = items.into_iter().skip((page - 1) * size).take(size).collect();
        (items, (!links.is_empty()).then(|| links.join(", ")))
    }

    /// This request's address with these parameters instead.
    pub(super) fn link(&self, with: &[(&str, &str)]) -> String {
        let kept = self.query.iter().filter(|(name, _)| !with.iter().any(|(other, _)| other == name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let address = format!("{}{}", self.base, self.path);
        reqwest::Url::parse_with_params(&address, kept.chain(with.iter().copied())).expect("an address").into()
    }

    /// A page of a list that is a list.
    pub(super) fn list(&self, items: Vec<Value>) -> Answer {
        let (items, link) = self.page(items, 30);
        linked(Answer::new(200, Value::Array(items)), link)
    }

    /// A page of a list with its count.
    pub(super) fn counted(&self, name: &str, items: Vec<Value>) -> Answer {
        let count = items.len();
        let (items, link) = self.page(items, 30);
        let mut body = json!({ "total_count": count });
        body[name] = Value::Array(items);
        linked(Answer::new(200, body), link)
    }
}

fn linked(answer: Answer, link: Option<String>) -> Answer {
    match link {
        Some(link) => answer.with("link", link),
        None => answer,
    }
}

impl World {
    /// The repository that a request names. It was let in, so it is there.
    pub(super) fn repo(&self, call: &Call) -> &Repo {
        &self.repos[&key(call)]
    }

    pub(super) fn repo_mut(&mut self, call: &Call) -> &mut Repo {
        self.repos.get_mut(&key(call)).expect("the repository that was let in")
    }
}

pub(super) fn key(call: &Call) -> String {
    format!("{}/{}", call.argument("owner"), call.argument("repo")).to_lowercase()
}
