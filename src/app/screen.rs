//! What a person or a log sees while a run works: one line for each thing that happened, and no secret in any of them.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal as _, Write as _};

use crate::app::mask::Mask;
use crate::promotion::event::Event;
use crate::promotion::time::{Millis, Time};
use crate::render::ending::{self, Ending};
use crate::render::style::COLUMNS;
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
    /// Whether somebody looks at standard error, and sees a line that changes.
    live: bool,
    /// Whether such a line stands there.
    on_line: Cell<bool>,
    /// Whether the lines themselves go to a log that nobody looks at while it grows.
    is_log: bool,
    /// When the last line was written.
    said: Cell<Option<Time>>,
}

/// How often a log says that the run still waits.
const BEAT: Millis = Millis::mins(1);
/// Back to the beginning of the line, and away with what stands there.
const CLEAR: &str = "\r\u{1b}[2K";

impl Screen {
    /// A screen that began at this moment.
    pub fn new(mask: Mask, json: bool, no_color: bool, groups: bool, started: Time) -> Self {
        let terminal = if json { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
        let style = Style { color: !no_color && (terminal || groups) };
        let live = std::io::stderr().is_terminal() && !groups;
        Self {
            mask: RefCell::new(mask),
            style,
            json,
            groups,
            in_group: Cell::new(false),
            started,
            live,
            on_line: Cell::new(false),
            is_log: !terminal,
            said: Cell::new(None),
        }
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
        self.clear();
        if self.json {
            write_to(&mut anstream::stderr(), &text);
        } else {
            write_to(&mut anstream::stdout(), &text);
        }
    }

    /// A document for programs.
    pub fn document(&self, text: &str) {
        self.clear();
        write_to(&mut std::io::stdout(), &self.hide(text));
    }

    /// Takes the line that changes away, where one stands.
    fn clear(&self) {
        if self.on_line.replace(false) {
            write_to(&mut std::io::stderr(), CLEAR);
        }
    }

    /// Says what is waited for: as a line that changes where somebody looks, and once a minute in a log.
    fn wait(&self, event: &Event, now: Time) {
        let since = Millis::between(self.started, now);
        if self.live
            && let Some(line) = progress::live(event, since, COLUMNS)
        {
            write_to(&mut std::io::stderr(), &format!("{CLEAR}{}", self.hide(&line)));
            self.on_line.set(true);
        }
        if is_time(self.is_log, self.said.get(), now) {
            self.line(event, now);
        }
    }

    fn line(&self, event: &Event, now: Time) {
        if let Some(line) = progress::line(event, Millis::between(self.started, now)) {
            self.say(&format!("{line}\n"));
            self.said.set(Some(now));
        }
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
        match event {
            Event::Waiting { .. } => self.wait(event, now),
            _ => self.line(event, now),
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

/// Whether a log is to say again that the run waits: where it has said nothing yet, or nothing for a minute.
fn is_time(is_log: bool, said: Option<Time>, now: Time) -> bool {
    is_log && said.is_none_or(|said| Millis::between(said, now) >= BEAT)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_says_once_a_minute_that_it_waits_and_a_terminal_never_scrolls_for_it() {
        let at = |secs: i64| Millis::secs(secs).after(Time::UNIX_EPOCH);
        for (is_log, said, now, expected) in [
            (true, None, 0, true),
            (true, Some(0), 59, false),
            (true, Some(0), 60, true),
            (true, Some(60), 61, false),
            (false, None, 600, false),
            (false, Some(0), 600, false),
        ] {
            assert_eq!(is_time(is_log, said.map(at), at(now)), expected, "{is_log} {said:?} {now}");
        }
    }
}
