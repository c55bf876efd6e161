//! What a person or a log sees while a run works: one line for each thing that happened, and no secret in any of them.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal as _, Write as _};

use crate::app::mask::Mask;
use crate::promotion::event::Event;
use crate::promotion::time::{Millis, Time};
use crate::render::ending::{self, Ending};
use crate::render::style::Style;
use crate::render::{actions, json, progress};

/// Where words go.
pub struct Screen {
    mask: RefCell<Mask>,
    style: Style,
    /// Documents for programs go to standard output; then people's words go to standard error.
    json: bool,
    /// Whether a CI log wants groups.
    groups: bool,
    in_group: Cell<bool>,
    started: Time,
}

impl Screen {
    /// A screen that began at this moment.
    pub fn new(mask: Mask, json: bool, no_color: bool, groups: bool, started: Time) -> Self {
        let terminal = if json { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
        let style = Style { color: !no_color && (terminal || groups) };
        Self { mask: RefCell::new(mask), style, json, groups, in_group: Cell::new(false), started }
    }

    /// How text looks here.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Whether documents are wanted.
    pub fn json(&self) -> bool {
        self.json
    }

    /// The text without secrets.
    pub fn hide(&self, text: &str) -> String {
        self.mask.borrow().hide(text)
    }

    /// Words for people.
    pub fn say(&self, text: &str) {
        let text = self.hide(text);
        if self.json {
            write_to(&mut anstream::stderr(), &text);
        } else {
            write_to(&mut anstream::stdout(), &text);
        }
    }

    /// A document for programs.
    pub fn document(&self, text: &str) {
        write_to(&mut std::io::stdout(), &self.hide(text));
    }

    /// An end before or without a run: in words, and as a document where one is wanted. The exit code.
    pub fn end(&self, ending: &Ending) -> u8 {
        if self.json {
            self.document(&json::ending(ending));
        }
        self.say(&ending::text(ending, self.style));
        ending.exit.code()
    }

    /// A line for the runner that must reach it as it is: a mask.
    pub fn unmasked(&self, text: &str) {
        if self.json {
            write_to(&mut std::io::stderr(), text);
        } else {
            write_to(&mut std::io::stdout(), text);
        }
    }

    /// Something happened.
    pub fn tell(&self, event: &Event, now: Time) {
        if let Event::Phase(phase) = event
            && self.groups
        {
            self.end_group();
            self.say(&actions::group(progress::phase(*phase)));
            self.in_group.set(true);
        }
        if let Some(line) = progress::line(event, Millis::between(self.started, now)) {
            self.say(&format!("{line}\n"));
        }
    }

    /// Closes the log's group, if one is open.
    pub fn end_group(&self) {
        if self.in_group.replace(false) {
            self.say(actions::end_group());
        }
    }

    /// How long it has been since the start.
    pub fn took(&self, now: Time) -> Millis {
        Millis::between(self.started, now)
    }
}

/// Writes, and does not mind a reader that has gone: `promote show | head` is no failure.
fn write_to(out: &mut impl std::io::Write, text: &str) {
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Says that promote itself is at fault.
pub fn bug(what: &str) {
    let mut err = std::io::stderr();
    let _ = writeln!(err, "promote stopped by a bug of its own: {what}");
    let _ = writeln!(
        err,
        "Please report it with what was run. If the run had begun to write, `promote show` says how far it got."
    );
}
