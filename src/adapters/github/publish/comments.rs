//! The sticky comment: the one of ours that begins with the marker is changed in its place. Nobody else's ever is, whatever it
//! begins with.

use serde::{Deserialize, Serialize};

use crate::adapters::github::publish::{Anything, Published, Publisher};
use crate::ports::{Fault, FaultKind};
use crate::promotion::publication::{COMMENT_MAX, Comment};

/// A comment as it is found.
#[derive(Deserialize)]
struct Found {
    id: u64,
    body: Option<String>,
    /// Absent where the user is gone.
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Serialize)]
struct Body<'a> {
    body: &'a str,
}

impl Publisher<'_> {
    /// Writes the comment on a pull request or issue, or changes the one that an earlier run wrote.
    pub fn comment(&self, number: u64, comment: &Comment) -> Result<Published, Fault> {
        let most = comment.body.char_indices().nth(COMMENT_MAX).map_or(comment.body.len(), |(at, _)| at);
        let body = &comment.body[..most];
        let Some(known) = self.own(number, &comment.marker)? else { return self.write(number, &comment.marker, body) };
        if known.body.is_some_and(|text| text.trim_end() == body.trim_end()) {
            return Ok(Published::Same);
        }
        let doing = format!("update the comment on #{number}");
        let route = self.client.route(&["issues", "comments", &known.id.to_string()]);
        match self.client.patch::<Anything>(&doing, &route, &Body { body }) {
            Ok(_) => Ok(Published::Updated),
            // Somebody has just deleted it.
            Err(fault) if fault.kind == FaultKind::NotFound => self.write(number, &comment.marker, body),
            Err(fault) => Err(fault),
        }
    }

    fn write(&self, number: u64, marker: &str, body: &str) -> Result<Published, Fault> {
        let doing = format!("comment on #{number}");
        let route = self.client.route(&["issues", &number.to_string(), "comments"]);
        match self.client.post::<Anything>(&doing, &route, &Body { body }) {
            Ok(_) => Ok(Published::Made),
            Err(fault) if fault.kind == FaultKind::Uncertain => {
                self.own(number, marker)?.map(|_| Published::Made).ok_or(fault)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Our first comment that begins with the marker.
    fn own(&self, number: u64, marker: &str) -> Result<Option<Found>, Fault> {
        let doing = format!("read the comments on #{number}");
        let route = self.client.route(&["issues", &number.to_string(), "comments"]);
        let all: Vec<Found> = self.client.pages(&doing, &route, &[], None)?;
        let marked = all.into_iter().filter(|one| one.body.as_deref().is_some_and(|body| body.starts_with(marker)));
        let marked: Vec<Found> = marked.collect();
        if marked.is_empty() {
            return Ok(None);
        }
        // An App's token has no user of its own to ask for; what it writes is a bot's.
        let me =
            if self.client.is_app() { None } else { Some(self.client.get::<User>("ask who we are", "/user", &[])?) };
        let ours = |user: &User| me.as_ref().map_or(user.kind == "Bot", |me| me.id == user.id);
        Ok(marked.into_iter().find(|one| one.user.as_ref().is_some_and(ours)))
    }
}
