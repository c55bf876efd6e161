//! SimpleCov JSON: `.resultset.json` (one object for each command) and `coverage.json` (its JSON formatter, with `meta`).
//!
//! - A file is an array of hits (before 0.18), or an object with `lines`, `branches` and `methods`. The n-th value is that of the n-th
//!   line: `null` is no code, the text `ignored` is left out.
//! - The commands of a result set (two test suites) cover the same files: a line is hit if one of them hit it.
//! - The two documents write branches and methods differently: by a name of numbers (`[:if, 0, 8, 2, 11, 10]`), or as objects.
//! - `total` and the sums beside the lines are left aside. A file without `lines` says nothing: that is refused, unless the
//!   report says that lines were not measured.
//! - `coverage.json` of 1.0 states the commit.

use serde::Deserialize;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::coverage::scalar::Scalar;
use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut report = Report {
        lines,
        about: About::default(),
        meta: None,
        formatted: false,
        strange: false,
        untimed: false,
        any: false,
    };
    Json::document(input, "SimpleCov JSON", |json| {
        json.object(|name, json| match (name, json.peek()?) {
            ("meta", Kind::Object) => {
                report.meta = Some(json.read()?);
                Ok(())
            }
            ("coverage", Kind::Object) => {
                report.formatted = true;
                report.files(json)
            }
            ("total" | "groups" | "errors", _) => json.skip(),
            (_, Kind::Object) => report.command(json),
            _ => json.skip(),
        })
    })?;
    report.finish()
}

struct Report<'a> {
    lines: &'a mut Lines,
    about: About,
    meta: Option<Meta>,
    /// Whether there is `coverage` at the top.
    formatted: bool,
    /// Whether there is something at the top that is no command.
    strange: bool,
    untimed: bool,
    any: bool,
}

#[derive(Deserialize)]
struct Meta {
    simplecov_version: Option<String>,
    timestamp: Option<String>,
    commit: Option<String>,
    line_coverage: Option<bool>,
}

/// A branch as the JSON formatter writes it.
#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "type")]
    kind: Option<String>,
    start_line: u32,
    end_line: Option<u32>,
    coverage: Scalar,
}

/// A method as the JSON formatter writes it.
#[derive(Deserialize)]
struct Method {
    name: String,
    start_line: Option<u32>,
    coverage: Scalar,
}

impl Report<'_> {
    /// One command of a result set.
    fn command(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        let (mut files, mut time) = (false, None);
        json.object(|name, json| {
            match (name, json.peek()?) {
                ("coverage", Kind::Object) => {
                    files = true;
                    self.files(json)?;
                }
                ("timestamp", _) => {
                    if let Scalar::Number(seconds) = json.read()? {
                        time = times::epoch(&format!("{seconds:.0}"));
                    }
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        self.strange |= !files;
        match time {
            Some(time) => self.about.older(time),
            None => self.untimed |= files,
        }
        Ok(())
    }

    fn files(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        json.object(|path, json| {
            let place = self.lines.place(path);
            if json.peek()? == Kind::Array {
                return self.hits(json, place);
            }
            let mut has_lines = false;
            json.object(|name, json| match (name, json.peek()?) {
                ("lines", Kind::Array) => {
                    has_lines = true;
                    self.hits(json, place)
                }
                ("branches", Kind::Object) => json.object(|block, json| {
                    json.object(|branch, json| {
                        if let Some(taken) = json.read::<Scalar>()?.hit() {
                            self.lines.at(place).named(begin(block), block, branch, taken);
                        }
                        Ok(())
                    })
                }),
                ("branches", Kind::Array) => self.branches(json, place),
                ("methods", Kind::Object) => json.object(|method, json| {
                    if let Some(entered) = json.read::<Scalar>()?.hit() {
                        self.lines.at(place).function(begin(method), method, entered);
                    }
                    Ok(())
                }),
                ("methods", Kind::Array) => json.each(|method: Method| {
                    if let Some(entered) = method.coverage.hit() {
                        self.lines.at(place).function(method.start_line.unwrap_or(0), &method.name, entered);
                    }
                }),
                _ => json.skip(),
            })?;
            let unmeasured = self.meta.as_ref().is_some_and(|meta| meta.line_coverage == Some(false));
            if has_lines || unmeasured { Ok(()) } else { Err(Error::Data(format!("`{path}` has no `lines`"))) }
        })
    }

    fn hits(&mut self, json: &mut Json<'_>, place: usize) -> Result<(), Error> {
        let file = self.lines.at(place);
        let mut number = 0_u32;
        json.array(|json| {
            number = number.saturating_add(1);
            if let Some(hit) = json.read::<Scalar>()?.hit() {
                file.line(number, hit);
                self.any = true;
            }
            Ok(())
        })
    }

    fn branches(&mut self, json: &mut Json<'_>, place: usize) -> Result<(), Error> {
        let file = self.lines.at(place);
        let mut number = 0_u64;
        json.each(|branch: Branch| {
            number += 1;
            if let Some(taken) = branch.coverage.hit() {
                let (kind, end) = (branch.kind.unwrap_or_default(), branch.end_line.unwrap_or(0));
                file.named(branch.start_line, &format!("{kind} {end}"), &number.to_string(), taken);
            }
        })
    }

    fn finish(mut self) -> Result<About, Defect> {
        let Some(meta) = &self.meta else {
            if self.formatted || self.strange {
                let why = "it is not SimpleCov JSON: it has no `meta`, and something in it has no `coverage`";
                return Err(Defect::Unreadable(why.to_owned()));
            }
            return Ok(self.about());
        };
        self.about.made_by("SimpleCov", meta.simplecov_version.as_deref());
        let commit = meta.commit.as_deref().map(str::trim);
        if let Some(commit) =
            commit.filter(|commit| commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            self.about.subjects.insert(commit.to_ascii_lowercase());
        }
        match meta.timestamp.as_deref().and_then(times::moment) {
            Some(moment) => self.about.older(moment.time),
            None => self.untimed = true,
        }
        Ok(self.about())
    }

    fn about(mut self) -> About {
        if self.untimed {
            self.about.taken = None;
        }
        if !self.any {
            self.about.notes.push("it holds no line that could be covered".to_owned());
        }
        self.about
    }
}

/// The line on which something begins by its name, `[:if, 0, 8, 2, 11, 10]`: the fourth number from the end.
fn begin(name: &str) -> u32 {
    name.rsplit(',').nth(3).and_then(|line| line.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<([u64; 6], About), Defect> {
        let mut lines = Lines::default();
        let about = parse(Window::new(text.as_bytes()), &mut lines)?;
        let (c, _) = lines.finish()?;
        let (lines, branches) = ([c.lines_covered, c.lines_total], [c.branches_covered, c.branches_total]);
        Ok(([lines[0], lines[1], branches[0], branches[1], c.functions_covered, c.functions_total], about))
    }

    #[test]
    fn commands_are_joined() {
        let text = "{\"one\":{\"coverage\":{\"/a.rb\":[1,null,0,0]},\"timestamp\":1795168800},\
            \"two\":{\"timestamp\":1795168700.5,\"coverage\":{\"/a.rb\":{\"lines\":[0,null,2,\"0\"],\
            \"branches\":{\"[:if, 0, 1, 2, 3, 4]\":{\"[:then, 1, 1, 2, 3, 4]\":1,\"[:else, 2, 1, 2, 3, 4]\":0}},\
            \"methods\":{\"[A, :f, 1, 2, 3, 4]\":1}}}}}";
        let (numbers, about) = read(text).unwrap();
        assert_eq!(numbers, [2, 3, 1, 2, 1, 1]);
        assert_eq!(about.taken.unwrap().as_second(), 1_795_168_700);
    }

    #[test]
    fn formatted_reports_say_who_and_what() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "{{\"meta\":{{\"simplecov_version\":\"1.0.1\",\"timestamp\":\"2026-11-20T10:00:00+00:00\",\"commit\":\"{commit}\"}},\
             \"total\":{{\"lines\":{{}}}},\"coverage\":{{\"a.rb\":{{\"lines\":[1,\"ignored\",0],\"source\":[\"x\"],\
             \"branches\":[{{\"type\":\"then\",\"start_line\":1,\"coverage\":0}},{{\"type\":\"else\",\"start_line\":1,\"coverage\":\"ignored\"}}],\
             \"methods\":[{{\"name\":\"A#f\",\"start_line\":1,\"coverage\":1}},{{\"name\":\"A#g\",\"coverage\":\"ignored\"}}]}}}},\
             \"groups\":{{\"coverage\":{{}}}}}}"
        );
        let (numbers, about) = read(&text).unwrap();
        assert_eq!(numbers, [1, 2, 0, 1, 1, 1]);
        assert_eq!(about.subjects.into_iter().collect::<Vec<_>>(), [commit]);
        assert_eq!(about.taken.unwrap().to_string(), "2026-11-20T10:00:00Z");
    }

    #[test]
    fn says_what_is_wrong() {
        let strange = "it is not SimpleCov JSON: it has no `meta`, and something in it has no `coverage`";
        for (text, why) in [
            ("{\"coverage\":{\"a\":[1]}}", strange),
            ("{\"a\":{\"b\":1}}", strange),
            (
                "{\"meta\":{},\"coverage\":{\"a\":{\"branches\":[]}}}",
                "it is not SimpleCov JSON: `a` has no `lines` at line 1",
            ),
            (
                "{\"meta\":{},\"coverage\":{\"a\":{\"lines\":[\"x\"]}}}",
                "it is not SimpleCov JSON: a text stands where a number should at line 1",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), Defect::Unreadable(why.to_owned()), "{text}");
        }
        assert!(matches!(read("{}"), Err(Defect::Missing(_))));
        assert_eq!([begin("[:if, 0, 8, 2, 11, 10]"), begin("[#<A, B>, :f, 4, 2, 6, 5]"), begin("x")], [8, 4, 0]);
    }
}
