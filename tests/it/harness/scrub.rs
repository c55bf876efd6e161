//! Text without what differs from run to run: names stand for paths, ports, commits, runs, times and spans of time.

/// What is known by a name, in the order in which it is looked for.
pub(crate) struct Scrub<'a> {
    /// What, and its name.
    pub(crate) names: &'a [(String, String)],
}

/// Words that a span of time follows.
const BEFORE_SPANS: [&str; 4] = ["took ", "watched for ", "<clock> (", "stayed so for"];

impl Scrub<'_> {
    /// The text, scrubbed.
    pub(crate) fn text(&self, text: &str) -> String {
        let named = self.names.iter().fold(text.to_owned(), |text, (what, name)| text.replace(what.as_str(), name));
        let named: String = named.split_inclusive('\n').map(line_of).collect();
        BEFORE_SPANS.iter().fold(named, |text, word| without_spans(&text, word))
    }
}

fn line_of(line: &str) -> String {
    // An output by itself: the beginning of a plan's digest.
    let bare = line.trim_end_matches('\n');
    if bare.len() == 12 && bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        return format!("<digest>{}", &line[bare.len()..]);
    }
    let line = progress(line);
    let mut out = String::with_capacity(line.len());
    let mut token = String::new();
    for c in line.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_' | '+') {
            token.push(c);
            continue;
        }
        out.push_str(&named(&std::mem::take(&mut token), c == '…'));
        out.push(c);
    }
    out.push_str(&named(&token, false));
    out
}

/// ` 14.0 s  app-staging …`: when something happened. All else of the line stays.
fn progress(line: &str) -> String {
    let Some((time, rest)) = line.split_at_checked(7) else { return line.to_owned() };
    let digits = time.trim_start().chars().next().is_some_and(|c| c.is_ascii_digit());
    let seconds = time.ends_with(" s") && time.as_bytes()[3] == b'.';
    let minutes = (time.ends_with('s') || time.ends_with('m')) && matches!(time.as_bytes()[2], b'm' | b'h');
    if digits && (seconds || minutes) && rest.starts_with("  ") { format!("  <t>  {rest}") } else { line.to_owned() }
}

/// The text with a name for each span of time after a word: `took 6 min 2 s`, also where it is broken into two lines.
fn without_spans(text: &str, word: &str) -> String {
    let mut parts = text.split(word);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let left = after_span(part);
        out.push_str(word);
        if left.len() < part.len() {
            out.push_str(if word.ends_with([' ', '(']) { "<span>" } else { " <span>" });
        }
        out.push_str(left);
    }
    out
}

/// What follows amounts with their units.
fn after_span(text: &str) -> &str {
    let amount = |c: char| c.is_ascii_digit() || c.is_whitespace();
    let next = text.trim_start_matches(amount);
    let has_digits = text[..text.len() - next.len()].contains(|c: char| c.is_ascii_digit());
    let unit = ["ms", "min", "s", "h"].iter().find_map(|unit| next.strip_prefix(unit));
    unit.filter(|_| has_digits).map_or(text, after_span)
}

/// A word by its name, if it is one that differs.
fn named(word: &str, is_cut: bool) -> String {
    let (core, dots) = match word.strip_suffix('.') {
        Some(core) => (core, "."),
        None => (word, ""),
    };
    if let Some(rest) = core.strip_prefix("ghadelimiter_")
        && is_uuid(rest)
    {
        return "<delimiter>".to_owned();
    }
    let name = if is_uuid(core) {
        "<run>"
    } else if is_time(core) {
        "<time>"
    } else if is_date(core) {
        "<date>"
    } else if is_clock(core) {
        "<clock>"
    } else if (core.len() == 64 || is_cut && core.len() == 12) && core.bytes().all(|b| b.is_ascii_hexdigit()) {
        "<digest>"
    } else {
        return word.to_owned();
    };
    format!("{name}{dots}")
}

/// Whether a text has a form, where `0` stands for any digit, `x` for any hexadecimal one, and all else for itself.
fn is_like(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(b, form)| match form {
            b'0' => b.is_ascii_digit(),
            b'x' => b.is_ascii_hexdigit(),
            form => b == form,
        })
}

fn is_uuid(text: &str) -> bool {
    is_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn is_date(text: &str) -> bool {
    is_like(text, "0000-00-00")
}

fn is_clock(text: &str) -> bool {
    is_like(text, "00:00Z") || is_like(text, "00:00:00Z")
}

fn is_time(text: &str) -> bool {
    let Some((date, clock)) = text.split_once('T') else { return false };
    let clock = clock.split_once('.').map_or_else(|| clock.to_owned(), |(whole, _)| format!("{whole}Z"));
    text.ends_with('Z') && is_date(date) && is_like(&clock, "00:00:00Z")
}

#[test]
fn what_differs_gets_a_name_and_all_else_stays() {
    let scrub = Scrub { names: &[("/tmp/x1/work".to_owned(), "<workspace>".to_owned())] };
    for (text, scrubbed) in [
        ("  0.4 s  gates           1 pass\n", "  <t>    gates           1 pass\n"),
        (" 1m 02s  app    Healthy", "  <t>    app    Healthy"),
        ("  1.20 s is not a time of ours", "  1.20 s is not a time of ours"),
        ("exit 0   record 01JD   took 6 min 2 s\n", "exit 0   record 01JD   took <span>\n"),
        ("exit 0   took 76 ms", "exit 0   took <span>"),
        ("it took long", "it took long"),
        ("and stayed so for\n    606 ms\n  since", "and stayed so for <span>\n  since"),
        (
            "  time  2026-01-01 00:00Z to 2026-01-01 00:12Z (12 min 4 s)",
            "  time  <date> <clock> to <date> <clock> (<span>)",
        ),
        ("run 01a1fcd8-754a-72a2-a97e-76cd473c8c58, since 2026-11-21T06:43:26.694006751Z", "run <run>, since <time>"),
        ("not before 2026-11-21 08:43Z.", "not before <date> <clock>."),
        ("PLAN 663014b1ea8f…  dev", "PLAN <digest>…  dev"),
        ("sha256:663014b1ea8f… app", "sha256:663014b1ea8f… app"),
        ("in /tmp/x1/work/a.xml, CVE-2026-1234", "in <workspace>/a.xml, CVE-2026-1234"),
    ] {
        assert_eq!(scrub.text(text), scrubbed);
    }
}
