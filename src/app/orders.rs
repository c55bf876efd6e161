//! `promote hold`, `veto` and `freeze`: orders that a person gives, lifts and lists.

use anyhow::Result;

use crate::app::choose::environment;
use crate::app::life::{Counter, ended, one, usage};
use crate::app::{ends, rules_file, wiring};
use crate::pipeline::job::End;
use crate::pipeline::orders::{self, Place, Speak};
use crate::ports::{Approvals as _, Clock as _};
use crate::promotion::image::ImageRef;
use crate::promotion::order::{Lifted, Ordered, What};
use crate::promotion::rules::{Service, Trust, quantity};
use crate::promotion::time::Time;
use crate::render::ending::Ending;
use crate::render::json::orders as document;
use crate::render::orders as rendered;

/// What is done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is given.
    Set,
    /// It is lifted.
    Lift,
    /// Those that stand are listed.
    List,
}

/// An order as a person asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of which kind.
    pub what: What,
    /// What is done with it.
    pub act: Act,
    /// The version that a veto is on: `app@1.20`.
    pub version: Option<String>,
    /// The environment.
    pub env: Option<String>,
    /// For how long.
    pub span: Option<String>,
    /// Until when.
    pub until: Option<String>,
}

/// The service and the environment that an order names; absent: every one.
type Named = (Option<String>, Option<String>);

impl Asked {
    /// Whether it names what the rules know: a freeze of everything, and a list, need no rules, and so no fault of theirs is in
    /// their way.
    pub fn needs_rules(&self) -> bool {
        self.act != Act::List && (self.what != What::Freeze || self.env.is_some())
    }

    /// The command as it is written, without its reason.
    fn command(&self) -> String {
        let act = match (self.what, self.act) {
            (What::Veto, Act::Set) => "add",
            (_, Act::Set) => "set",
            (_, Act::Lift) => "lift",
            (_, Act::List) => "list",
        };
        let flag = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(" --{name} {value}"));
        let version = self.version.as_ref().map(|version| format!(" {version}"));
        let flags = [version, flag("env", &self.env), flag("for", &self.span), flag("until", &self.until)];
        format!("promote {} {act}{}", self.what.word(), flags.into_iter().flatten().collect::<String>())
    }
}

impl Counter<'_> {
    /// Gives or lifts an order, for a service of the rules where they are needed; the exit code.
    pub fn order(&self, asked: &Asked, service: Option<&Service>) -> Result<u8> {
        let (reason, place) = match self.named(asked, service) {
            Ok(named) => named,
            Err(ending) => return self.close(Err(ending)),
        };
        let event = match self.event(asked, reason) {
            Ok(event) => event,
            Err(ending) => return self.close(Err(ending)),
        };
        let place = Place { service: place.0.as_deref(), environment: place.1.as_deref() };
        if asked.act == Act::Lift {
            return self.close(self.lifted(place, event));
        }
        self.close(self.with_ledger(|desk, me| ended(orders::give(desk, me, place, event, None))))
    }

    /// Lifts an order. What a person lifts is said at GitHub, where a pull request is known; a workflow's run speaks for itself.
    fn lifted(&self, place: Place<'_>, event: Ordered) -> Result<End, Ending> {
        let in_run = self.settings.actions.as_ref().is_some_and(|actions| actions.run_url.is_some());
        let door = if in_run { Ok(None) } else { self.where_words_go() };
        let door = door.map_err(|fault| ends::faulted(&fault))?;
        let say = door.as_ref().map(|(number, door)| |body: &str| door.approvals.say(*number, body));
        let speak = say.as_ref().map(|say| say as Speak<'_>);
        let end = self.with_ledger(|desk, me| ended(orders::give(desk, me, place, event, speak)))?;
        // The rules need not be there, or be without fault, for a freeze to be lifted.
        let trust = rules_file::load(&self.settings.rules).map(|loaded| loaded.rules.trust);
        if in_run || speak.is_some() || !matches!(trust, Ok(Trust::Runs)) {
            return Ok(end);
        }
        Ok(end
            .seen("by `ledger: { trust: runs }` a lift counts only with a workflow run, or a comment at GitHub")
            .next("say it on a pull request or issue: the same again, with --pull-request, GITHUB_REPOSITORY and GITHUB_TOKEN"))
    }

    /// The reason and the place. A freeze is of every service, unless one is named; a hold and a veto are of one.
    fn named(&self, asked: &Asked, service: Option<&Service>) -> Result<(String, Named), Ending> {
        let Some(reason) = self.reason().filter(|reason| !reason.trim().is_empty()) else {
            let again = format!("{} --reason \"…\"", asked.command());
            return Err(usage("a reason is not given (--reason): the next person reads it", &again));
        };
        let known = service.map(|service| service.name.clone());
        if asked.what == What::Freeze {
            let of = self.settings.service.as_ref().map(|name| name.to_ascii_lowercase());
            let environment = match (service, &asked.env) {
                (Some(service), Some(env)) => Some(environment(service, Some(env), "--env")?.name.clone()),
                (_, env) => env.clone(),
            };
            return Ok((reason, (of, environment)));
        }
        let env = asked.env.as_deref().or(self.settings.to.as_deref());
        let environment = match service {
            Some(service) => environment(service, env, "--env")?.name.clone(),
            None => env.unwrap_or_default().to_owned(),
        };
        Ok((reason, (known, Some(environment))))
    }

    fn event(&self, asked: &Asked, reason: String) -> Result<Ordered, Ending> {
        if asked.act == Act::Lift {
            let version = asked.version.clone().map(|version| named(&version)).transpose()?;
            let version = version.map(|image| crate::promotion::orders::named(&image));
            return Ok(Ordered::Lifted(Lifted { what: asked.what, version, reason, word: None }));
        }
        Ok(match asked.what {
            What::Hold => Ordered::Held { until: self.end(asked)?, reason },
            What::Freeze => Ordered::Frozen { until: self.end(asked)?, reason },
            What::Veto => {
                let image = vetoed(asked.version.as_deref().unwrap_or_default())?;
                Ordered::Vetoed { images: vec![image], reason }
            }
        })
    }

    /// Until when it stands, if it has an end.
    fn end(&self, asked: &Asked) -> Result<Option<Time>, Ending> {
        let now = self.clock.now();
        let until = match (&asked.span, &asked.until) {
            (None, None) => return Ok(None),
            (Some(span), _) => quantity::span(span).ok().map(|span| span.after(now)),
            (None, Some(until)) => until.parse().or_else(|_| format!("{until}T00:00:00Z").parse()).ok(),
        };
        let Some(until) = until else {
            let what = match &asked.span {
                Some(span) => format!("--for: `{span}` is no span of time"),
                None => format!("--until: `{}` is no time", asked.until.as_deref().unwrap_or_default()),
            };
            return Err(usage(&what, "write --for 24h, or --until 2026-12-24T08:00:00Z"));
        };
        if until <= now {
            return Err(usage(
                "its end has passed already",
                "write a later one, or leave it out: it stands until it is lifted",
            ));
        }
        Ok(Some(until))
    }

    /// Takes back that a promotion verified its version; the exit code.
    pub fn revoke(&self, id: &str) -> Result<u8> {
        let Some(reason) = self.reason().filter(|reason| !reason.trim().is_empty()) else {
            let again = format!("promote verify --revoke {id} --reason \"…\"");
            return self.close(Err(usage("a reason is not given (--reason): the next person reads it", &again)));
        };
        self.close(self.with_ledger(|desk, me| ended(orders::revoke(desk, me, &one(desk.ledger, id)?, &reason))))
    }

    /// Lists the orders of a kind that stand; the exit code.
    pub fn orders(&self, asked: &Asked) -> u8 {
        let found = wiring::books(self.settings, self.stop).and_then(|books| orders::all(&books.ledger));
        let scopes = match found {
            Ok(scopes) => scopes,
            Err(fault) => return self.screen.end(&ends::faulted(&fault)),
        };
        let shown = rendered::of_kind(scopes, asked.what, asked.env.as_deref(), self.clock.now());
        if self.screen.json() {
            self.screen.document(&document::orders(&shown));
        } else {
            self.screen.say(&rendered::text(&shown, asked.what));
        }
        0
    }
}

/// The image that a veto is on: `app@1.20`, or `app@sha256:…` with the whole digest.
fn vetoed(text: &str) -> Result<ImageRef, Ending> {
    let image = named(text)?;
    let whole =
        |digest: &String| digest.len() == "sha256:".len() + 64 && digest[7..].bytes().all(|b| b.is_ascii_hexdigit());
    if image.digest.as_ref().is_some_and(|digest| !whole(digest)) {
        return Err(usage(&format!("`{text}`: a veto needs the whole digest"), "sha256: and 64 hexadecimal digits"));
    }
    Ok(image)
}

/// A version as it is named.
fn named(text: &str) -> Result<ImageRef, Ending> {
    let parts = text.split_once('@').filter(|(name, version)| !name.is_empty() && !version.is_empty());
    let fits = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let Some((name, version)) = parts.filter(|_| fits(text)) else {
        return Err(usage(
            &format!("`{text}` names no version"),
            "write app@1.20: the image, or the service, and its tag or digest",
        ));
    };
    let is_digest = version.starts_with("sha256:");
    let (tag, digest) = if is_digest { (None, Some(version.to_owned())) } else { (Some(version.to_owned()), None) };
    Ok(ImageRef { name: name.to_owned(), repository: None, tag, digest })
}
