//! Two definitions of one piece of evidence, compared.

use crate::promotion::rules::SourceKind;
use crate::promotion::rules::compare::{Changes, Effect};
use crate::promotion::rules::github::{GitHubAsks, GitHubSource};
use crate::promotion::time::Millis;

impl Changes {
    pub(super) fn source(&mut self, part: &str, old: &SourceKind, new: &SourceKind) {
        match (old, new) {
            (
                SourceKind::Files { globs, format, max_age },
                SourceKind::Files { globs: now_globs, format: now_format, max_age: now_age },
            ) => {
                if globs != now_globs {
                    self.add(Effect::Changed, part, format!("{} → {}", globs.join(", "), now_globs.join(", ")));
                }
                if format != now_format {
                    self.add(Effect::Changed, part, "another format");
                }
                self.max_age(part, *max_age, *now_age);
            }
            (SourceKind::GitHub(old), SourceKind::GitHub(new)) => self.github(part, old, new),
            _ if old != new => self.add(Effect::Changed, part, "is another kind of evidence"),
            _ => {}
        }
    }

    fn max_age(&mut self, part: &str, old: Option<Millis>, new: Option<Millis>) {
        match (old, new) {
            (Some(was), None) => self.add(Effect::Loosened, part, format!("max_age {was} → any age")),
            (None, Some(is)) => self.add(Effect::Tightened, part, format!("max_age any age → {is}")),
            // Older is less strict.
            (Some(was), Some(is)) if was != is => {
                let effect = if is > was { Effect::Loosened } else { Effect::Tightened };
                self.add(effect, part, format!("max_age {was} → {is}"));
            }
            _ => {}
        }
    }

    fn github(&mut self, part: &str, old: &GitHubSource, new: &GitHubSource) {
        let name = |repository: &Option<String>| repository.clone().unwrap_or_else(|| "this repository".to_owned());
        if old.repository != new.repository {
            let what = format!("{} → {}", name(&old.repository), name(&new.repository));
            self.add(Effect::Changed, part, what);
        }
        self.max_age(part, old.max_age, new.max_age);
        match (&old.asks, &new.asks) {
            (GitHubAsks::Checks { ignore: was }, GitHubAsks::Checks { ignore: is }) => {
                for added in is.iter().filter(|name| !was.contains(name)) {
                    self.add(Effect::Loosened, part, format!("ignores {added}"));
                }
                for gone in was.iter().filter(|name| !is.contains(name)) {
                    self.add(Effect::Tightened, part, format!("no longer ignores {gone}"));
                }
            }
            (was, is) if was != is => self.add(Effect::Changed, part, format!("{} → {}", asked(was), asked(is))),
            _ => {}
        }
    }
}

/// What is asked, with everything that decides which answer counts.
fn asked(asks: &GitHubAsks) -> String {
    let branch = |branch: &Option<String>| branch.clone().unwrap_or_else(|| "the default branch".to_owned());
    match asks {
        GitHubAsks::Artifact { workflow, artifact, files, event, branch: of, .. } => {
            let files = if files.is_empty() { "all files".to_owned() } else { files.join(", ") };
            format!("artifact {artifact} ({files}) of {workflow} on {event} of {}", branch(of))
        }
        GitHubAsks::CodeScanning { branch: of } => format!("code_scanning of {}", branch(of)),
        other => other.word().to_owned(),
    }
}
