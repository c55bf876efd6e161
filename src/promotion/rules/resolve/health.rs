//! Health checks and smoke tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::health::{Health, Method, Smoke as Written, Step as WrittenStep};
use crate::promotion::rules::file::shape::{Keyed, Placed, Scalar, Span};
use crate::promotion::rules::health::{HealthCheck, Smoke, SmokeDoes, SmokeWorkflow, Step, TIMEOUT, Verb};
use crate::promotion::rules::resolve::names::unknown_words;
use crate::promotion::rules::resolve::spans::span;
use crate::promotion::time::Millis;

/// How long a workflow may take where the rules do not say.
const WORKFLOW_TIMEOUT: Millis = Millis::mins(10);
/// The most inputs that GitHub takes.
const INPUTS_MAX: usize = 25;
/// The longest time that a certificate can be asked to be valid for yet, in days.
const DAYS_MAX: u64 = 825;
/// Parts of a header's name that tell that its value logs in.
const SECRET_HEADERS: [&str; 6] = ["authorization", "cookie", "token", "secret", "password", "api-key"];

/// One health check.
pub fn health(written: &Placed<Health>, faults: &mut Vec<Wrong>) -> HealthCheck {
    let no_body = written.method.as_ref().filter(|method| method.value == Method::Head);
    let verb = if no_body.is_some() { Verb::Head } else { Verb::Get };
    let asked = written.contains.is_some() || written.not_contains.is_some() || written.json.is_some();
    if let Some(method) = no_body.filter(|_| asked && !written.faulty) {
        let wrong = Wrong::of(method, "the answer to HEAD has no body to look into");
        faults.push(wrong.help("write `method: get`, or remove `contains`, `not_contains` and `json`"));
    }
    let days = written.certificate_days_min.as_ref().and_then(|days| days_of(days, &written.url, faults));
    let answer = Answer {
        status: written.status.as_ref(),
        contains: written.contains.as_ref(),
        not_contains: written.not_contains.as_ref(),
        json: written.json.as_ref(),
        latency_max: written.latency_max.as_ref(),
        headers: written.headers.as_ref(),
        timeout: written.timeout.as_ref(),
    };
    let check = answer.check(verb, &written.url, &BTreeSet::new(), faults);
    HealthCheck { certificate_days_min: days, ..check }
}

fn days_of(days: &Placed<u64>, url: &Placed<String>, faults: &mut Vec<Wrong>) -> Option<u32> {
    if days.faulty {
        return None;
    }
    if !url.faulty && !url.starts_with("https://") {
        let wrong = Wrong::of(days, "without https:// there is no certificate");
        faults.push(wrong.help("write the address with https://, or remove `certificate_days_min`"));
    }
    if days.value == 0 || days.value > DAYS_MAX {
        let wrong = Wrong::of(days, format!("`{}` cannot be `certificate_days_min`", days.value));
        faults.push(wrong.help(format!("write 1 to {DAYS_MAX}, such as 14")));
    }
    u32::try_from(days.value).ok()
}

/// The smoke tests of a verification that ends after `within`.
pub fn smoke(written: &[Placed<Written>], within: Millis, faults: &mut Vec<Wrong>) -> Vec<Smoke> {
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for one in written.iter().filter(|one| !one.faulty) {
        let Some(smoke) = one_smoke(one, within, faults) else { continue };
        if !names.insert(smoke.name.clone()) {
            let wrong = Wrong::of(one, format!("two smoke tests are named `{}`", smoke.name));
            faults.push(wrong.help("give each a `name:` of its own"));
        }
        all.push(smoke);
    }
    all
}

fn one_smoke(written: &Placed<Written>, within: Millis, faults: &mut Vec<Wrong>) -> Option<Smoke> {
    let Written { name, steps, workflow, git_ref, inputs, timeout } = &written.value;
    match (steps, workflow) {
        (Some(steps), None) => {
            let of_workflow = [git_ref.as_ref().map(|_| "ref"), inputs.as_ref().map(|_| "inputs")];
            let of_workflow = of_workflow.into_iter().flatten().chain(timeout.as_ref().map(|_| "timeout"));
            for key in of_workflow {
                let wrong = Wrong::of(written, format!("`{key}` belongs to a workflow"));
                faults.push(wrong.help(format!("remove `{key}`, or write `workflow:` in place of `steps`")));
            }
            if steps.is_empty() {
                faults.push(
                    Wrong::of(steps, "a smoke test without steps tests nothing").help("write `- get: https://…`"),
                );
            }
            let mut saved = BTreeSet::new();
            let steps = steps.iter().map(|one| step(one, &mut saved, faults)).collect();
            let Some(name) = name else {
                faults.push(Wrong::of(written, "a smoke test with steps needs `name`").help("add `name:`"));
                return None;
            };
            Some(Smoke { name: name.value.clone(), does: SmokeDoes::Steps(steps) })
        }
        (None, Some(file)) => {
            let name = name.as_ref().unwrap_or(file).value.clone();
            let timeout = within_verification(timeout.as_ref(), within, faults);
            let workflow = workflow_file(file, faults);
            let git_ref = git_ref.as_ref().map(|git_ref| git_ref.value.clone());
            let inputs = inputs_of(inputs.as_ref(), faults);
            Some(Smoke { name, does: SmokeDoes::Workflow(SmokeWorkflow { workflow, git_ref, inputs, timeout }) })
        }
        (steps, _) => {
            let what = if steps.is_some() { "both `steps` and `workflow`" } else { "neither `steps` nor `workflow`" };
            let wrong = Wrong::of(written, format!("a smoke test has {what}"));
            faults.push(wrong.help("write `steps:` with requests, or `workflow: .github/workflows/smoke.yml`"));
            None
        }
    }
}

fn within_verification(timeout: Option<&Placed<Span>>, within: Millis, faults: &mut Vec<Wrong>) -> Millis {
    let Some(written) = timeout else { return WORKFLOW_TIMEOUT.min(within) };
    let span = positive("timeout", Some(written), faults).unwrap_or(WORKFLOW_TIMEOUT);
    if span > within {
        let wrong = Wrong::of(written, format!("`timeout` ({span}) does not fit into the verification's ({within})"));
        faults.push(wrong.help("make `verify.timeout` longer"));
    }
    span
}

fn workflow_file(file: &Placed<String>, faults: &mut Vec<Wrong>) -> String {
    let name = file.strip_prefix(".github/workflows/").filter(|name| !name.contains('/'));
    let is_file = name.is_some_and(|name| name.ends_with(".yml") || name.ends_with(".yaml"));
    if !is_file && !file.faulty {
        let wrong = Wrong::of(file, format!("`{}` is not the path of a workflow", file.value));
        faults.push(wrong.help("write .github/workflows/smoke.yml"));
    }
    file.value.clone()
}

fn inputs_of(inputs: Option<&Placed<Keyed<Scalar>>>, faults: &mut Vec<Wrong>) -> BTreeMap<String, String> {
    let Some(inputs) = inputs else { return BTreeMap::new() };
    if inputs.0.len() > INPUTS_MAX {
        let wrong = Wrong::of(inputs, format!("{} inputs are more than GitHub takes", inputs.0.len()));
        faults.push(wrong.help(format!("a workflow has {INPUTS_MAX} at most")));
    }
    for (_, value) in &inputs.0 {
        unknown_words(&value.map_text(|value| &value.0), &BTreeSet::new(), faults);
    }
    texts(Some(inputs))
}

/// One step; what it saves is known to those after it.
fn step(written: &Placed<WrittenStep>, saved: &mut BTreeSet<String>, faults: &mut Vec<Wrong>) -> Step {
    let WrittenStep { get, post, put, delete, .. } = &written.value;
    let verbs = [(Verb::Get, get), (Verb::Post, post), (Verb::Put, put), (Verb::Delete, delete)];
    let mut asked = verbs.into_iter().filter_map(|(verb, url)| Some((verb, url.as_ref()?)));
    let first = asked.next();
    if (first.is_none() || asked.next().is_some()) && !written.faulty {
        let wrong = Wrong::of(written, "a step is exactly one of `get`, `post`, `put` and `delete`");
        faults.push(wrong.help("write `- get: https://host/path`"));
    }
    let nowhere = Placed { at: written.at, width: written.width, faulty: true, value: String::new() };
    let (verb, url) = first.unwrap_or((Verb::Get, &nowhere));
    let answer = Answer {
        status: written.status.as_ref(),
        contains: written.contains.as_ref(),
        not_contains: written.not_contains.as_ref(),
        json: written.json.as_ref(),
        latency_max: written.latency_max.as_ref(),
        headers: written.headers.as_ref(),
        timeout: written.timeout.as_ref(),
    };
    let check = answer.check(verb, url, saved, faults);
    if let Some(body) = &written.body {
        unknown_words(body, saved, faults);
        if matches!(verb, Verb::Get | Verb::Delete) {
            faults.push(Wrong::of(body, format!("a {} carries no body", verb.word())).help("write `post:` or `put:`"));
        }
    }
    for (name, path) in written.save.iter().flat_map(|save| &save.0) {
        let first = |c: char| c.is_ascii_lowercase() || c == '_';
        let is_name =
            !name.is_empty() && name.chars().all(first) && !matches!(name.as_str(), "service" | "environment");
        if !is_name && !name.faulty {
            let wrong = Wrong::of(name, format!("`{}` cannot name what is saved", name.value));
            faults.push(wrong.help("a name has letters a-z and `_`, and is neither `service` nor `environment`"));
        }
        json_path(path, faults);
        saved.insert(name.value.clone());
    }
    let save = written.save.iter().flat_map(|save| &save.0);
    let save = save.map(|(name, path)| (name.value.clone(), path.value.clone())).collect();
    Step { check, body: written.body.as_ref().map(|body| body.value.clone()), save }
}

/// What is sent with a request, and what its answer must be, as written.
struct Answer<'a> {
    status: Option<&'a Placed<u64>>,
    contains: Option<&'a Placed<String>>,
    not_contains: Option<&'a Placed<String>>,
    json: Option<&'a Placed<Keyed<Scalar>>>,
    latency_max: Option<&'a Placed<Span>>,
    headers: Option<&'a Placed<Keyed<Scalar>>>,
    timeout: Option<&'a Placed<Span>>,
}

impl Answer<'_> {
    fn check(
        &self,
        verb: Verb,
        url: &Placed<String>,
        saved: &BTreeSet<String>,
        faults: &mut Vec<Wrong>,
    ) -> HealthCheck {
        address(url, faults);
        unknown_words(url, saved, faults);
        let status = self.status.and_then(|status| {
            let code = u16::try_from(status.value).ok().filter(|code| (100..600).contains(code));
            if code.is_none() {
                let wrong = Wrong::of(status, format!("`{}` is not an HTTP status", status.value));
                faults.push(wrong.help("write one from 100 to 599, such as 200"));
            }
            code
        });
        for text in [self.contains, self.not_contains].into_iter().flatten().filter(|text| text.value.is_empty()) {
            faults.push(Wrong::of(text, "every body contains an empty text").help("write a text, or remove it"));
        }
        self.json.iter().flat_map(|json| &json.0).for_each(|(path, _)| json_path(path, faults));
        for (name, value) in self.headers.iter().flat_map(|headers| &headers.0) {
            header(name, &value.map_text(|value| &value.0), saved, faults);
        }
        let timeout = positive("timeout", self.timeout, faults).unwrap_or(TIMEOUT);
        let latency_max = positive("latency_max", self.latency_max, faults);
        if let (Some(written), Some(most)) = (self.latency_max, latency_max)
            && most >= timeout
        {
            let wrong = Wrong::of(written, format!("`latency_max` ({most}) is not less than `timeout` ({timeout})"));
            faults.push(wrong.help("a slower answer is not waited for: make `timeout` longer"));
        }
        let text = |text: Option<&Placed<String>>| text.map(|text| text.value.clone());
        HealthCheck {
            url: url.value.clone(),
            verb,
            status,
            contains: text(self.contains),
            not_contains: text(self.not_contains),
            json: texts(self.json),
            latency_max,
            certificate_days_min: None,
            headers: texts(self.headers),
            timeout,
        }
    }
}

fn address(url: &Placed<String>, faults: &mut Vec<Wrong>) {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if !url.faulty && (host.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control())) {
        let wrong = Wrong::of(url, format!("`{}` is not a web address", url.value));
        faults.push(wrong.help("write https://host/path"));
    } else if host.contains('@') {
        let wrong = Wrong::of(url, "an address in the rules holds no user and password").hidden();
        faults.push(wrong.help("check a page that needs none"));
    }
}

fn header(name: &Placed<String>, value: &Placed<String>, saved: &BTreeSet<String>, faults: &mut Vec<Wrong>) {
    let lower = name.to_ascii_lowercase();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        faults.push(Wrong::of(name, format!("`{}` is not the name of a header", name.value)).help("such as Accept"));
    } else if SECRET_HEADERS.iter().any(|part| lower.contains(part)) {
        let wrong = Wrong::of(name, format!("`{}` logs in, and the rules hold no secret", name.value)).hidden();
        faults.push(wrong.help("check a page that needs no login"));
    }
    if value.chars().any(char::is_control) {
        faults.push(Wrong::of(value, "a header is one line").help("write it without line ends"));
    }
    unknown_words(value, saved, faults);
}

fn json_path(path: &Placed<String>, faults: &mut Vec<Wrong>) {
    if !path.faulty && path.split('.').any(str::is_empty) {
        let wrong = Wrong::of(path, format!("`{}` is not a path into JSON", path.value));
        faults.push(wrong.help("write names with dots between them, such as db.state or checks.0.status"));
    }
}

fn positive(name: &str, text: Option<&Placed<Span>>, faults: &mut Vec<Wrong>) -> Option<Millis> {
    span(name, text.map(|text| text.map_text(|span| &span.0)).as_ref(), faults)
}

fn texts(all: Option<&Placed<Keyed<Scalar>>>) -> BTreeMap<String, String> {
    let pairs = all.iter().flat_map(|all| &all.0);
    pairs.map(|(name, value)| (name.value.clone(), value.value.0.clone())).collect()
}
