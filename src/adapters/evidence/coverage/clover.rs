//! Clover XML, as OpenClover, PHPUnit, Istanbul and gcovr write it (`clover.xsd` of OpenClover).
//!
//! - Lines are those of `file/line` with type `stmt` and `cond`; a `method` line is a function. `metrics` repeat at each level,
//!   count statements, and are never added; where a file has no method lines, its own metrics say how many methods there are.
//! - `cond`: OpenClover writes how often the condition was true and false, without `count`; Istanbul (and what imitates it)
//!   writes `count`, the number of branches that were taken as `truecount`, and of those that were not as `falsecount`, and
//!   leaves out those on lines where no statement begins. The file's own metrics have all: where they have no fewer, they count.
//! - PHPUnit writes a statement on the first line of a method (a method in one line) as the method only: its metrics, which count
//!   lines, say how many such lines there are. It is known by `crap`, which no other writes.
//! - `testproject` is the code of the tests, and is left aside.
//! - A file is told by `path`; without one by `name`, which is a path (PHPUnit) or is below its package.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::adapters::evidence::coverage::lines::{Lines, is_hit};
use crate::adapters::evidence::coverage::spans::at;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut xml = Xml::new(input);
    let mut report = Report {
        lines,
        about: About::default(),
        package: String::new(),
        file: None,
        aside: false,
        seen: Seen::default(),
    };
    loop {
        match xml.read()? {
            Piece::Open(tag) => report.open(&tag)?,
            Piece::Close(end) => match end.local_name().into_inner() {
                "package" => report.package.clear(),
                "testproject" => report.aside = false,
                "file" => report.close_file(),
                _ => {}
            },
            Piece::Text(_) | Piece::Aside => {}
            Piece::End => return report.finish(),
        }
    }
}

struct Report<'a> {
    lines: &'a mut Lines,
    about: About,
    package: String,
    file: Option<File>,
    /// Whether this is the code of the tests.
    aside: bool,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    /// Whether something shows that it is Clover's.
    clover: bool,
    lines: u64,
    statements: u32,
}

#[derive(Default)]
struct File {
    place: usize,
    depth: usize,
    /// By line: branches that were taken, and all. A line may hold several conditions.
    conditions: BTreeMap<u32, (u32, u32)>,
    /// Lines with a statement that were hit, and all of them.
    statements: (u32, u32),
    /// Method lines that PHPUnit wrote.
    php_methods: u32,
    metrics: Metrics,
}

/// What a file's own metrics say: (covered, all).
#[derive(Default)]
struct Metrics {
    statements: (u32, u32),
    conditions: (u32, u32),
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        match tag.name() {
            "coverage" if tag.depth == 1 => {
                let [generated, version] = tag.values(["generated", "clover"])?;
                self.seen.clover |= version.is_some();
                self.about.taken = generated.as_deref().and_then(times::epoch);
            }
            name if tag.depth == 1 => {
                return Err(Defect::Unreadable(format!("it is not Clover XML: it begins with <{name}>")));
            }
            "project" => self.seen.clover = true,
            "testproject" => self.aside = true,
            _ if self.aside => {}
            "line" => self.line(tag)?,
            "metrics" => self.metrics(tag)?,
            "package" => {
                let [name] = tag.values(["name"])?;
                self.package = name.unwrap_or_default().into_owned();
            }
            "file" => {
                let [path, name] = tag.values(["path", "name"])?;
                let path = path.filter(|path| !path.is_empty()).map(|path| path.into_owned());
                let path = path.or_else(|| name.map(|name| self.below_package(&name)));
                let path = path.ok_or_else(|| at(tag.line(), "it has a file without `path` and `name`"))?;
                let place = self.lines.place(&path);
                self.file = Some(File { place, depth: tag.depth, ..File::default() });
            }
            _ => {}
        }
        Ok(())
    }

    /// The path of a file that has only a name.
    fn below_package(&self, name: &str) -> String {
        if self.package.is_empty() || name.contains(['/', '\\']) {
            return name.to_owned();
        }
        format!("{}/{name}", self.package.replace('.', "/"))
    }

    fn line(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let [num, kind, count, truly, falsely] = tag.values(["num", "type", "count", "truecount", "falsecount"])?;
        let num = num.as_deref().and_then(|num| num.trim().parse::<u32>().ok());
        let num = num.ok_or_else(|| at(tag.line(), "it has a line without a `num` that is one"))?;
        let hit = |count: Option<&str>| {
            let hit = count.and_then(is_hit);
            hit.ok_or_else(|| at(tag.line(), "it has a line without a count that is a number"))
        };
        let lines = self.lines.at(file.place);
        match (kind.as_deref(), count.as_deref()) {
            (Some("method"), count) => {
                let [name, signature, crap] = tag.values(["name", "signature", "crap"])?;
                file.php_methods = file.php_methods.saturating_add(u32::from(crap.is_some()));
                let name = name.or(signature).unwrap_or_default();
                return hit(count).map(|entered| lines.function(num, &name, entered));
            }
            (Some("cond"), None) => {
                let both = [hit(truly.as_deref())?, hit(falsely.as_deref())?];
                lines.line(num, both.contains(&true));
                file.condition(num, both.iter().map(|hit| u32::from(*hit)).sum(), 2);
            }
            (Some("cond"), count) => {
                lines.line(num, hit(count)?);
                let branches =
                    |count: Option<&str>| count.and_then(|count| count.trim().parse::<u32>().ok()).unwrap_or(0);
                let (taken, not) = (branches(truly.as_deref()), branches(falsely.as_deref()));
                file.condition(num, taken, taken.saturating_add(not));
            }
            (_, count) => {
                let hit = hit(count)?;
                lines.line(num, hit);
                file.statements.0 = file.statements.0.saturating_add(u32::from(hit));
                file.statements.1 = file.statements.1.saturating_add(1);
            }
        }
        self.seen.lines += 1;
        Ok(())
    }

    fn metrics(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let names =
            ["methods", "coveredmethods", "statements", "coveredstatements", "conditionals", "coveredconditionals"];
        let number = |text: Option<Cow<'_, str>>| text.and_then(|text| text.trim().parse::<u32>().ok()).unwrap_or(0);
        let [methods, entered, statements, hit, conditions, taken] = tag.values(names)?.map(number);
        self.seen.statements = self.seen.statements.max(statements);
        if let Some(file) = self.file.as_mut().filter(|file| tag.depth == file.depth + 1) {
            file.metrics = Metrics { statements: (hit, statements), conditions: (taken, conditions) };
            self.lines.at(file.place).counted_functions(entered, methods);
        }
        Ok(())
    }

    fn close_file(&mut self) {
        let Some(file) = self.file.take() else { return };
        let lines = self.lines.at(file.place);
        let listed = file.conditions.values().fold(0_u32, |sum, (_, all)| sum.saturating_add(*all));
        let (taken, counted) = file.metrics.conditions;
        if counted > 0 && counted >= listed {
            // All of the file's, as those of a line that there is not.
            lines.counted(0, taken, counted);
        } else {
            file.conditions.into_iter().for_each(|(line, (taken, all))| lines.counted(line, taken, all));
        }
        let (hit, all) = file.metrics.statements;
        let (hit, all) = (hit.saturating_sub(file.statements.0), all.saturating_sub(file.statements.1));
        if all <= file.php_methods {
            lines.unlisted(hit, all);
        }
    }

    fn finish(mut self) -> Result<About, Defect> {
        if !self.seen.clover {
            return Err(Defect::Unreadable("it is not Clover XML: it has no <project>".to_owned()));
        }
        if self.seen.lines == 0 {
            self.about.notes.push(match self.seen.statements {
                0 => "it holds no line that could be covered".to_owned(),
                _ => "it holds sums of statements only, and no line".to_owned(),
            });
        }
        Ok(self.about)
    }
}

impl File {
    fn condition(&mut self, line: u32, taken: u32, all: u32) {
        let at = self.conditions.entry(line).or_default();
        *at = (at.0.saturating_add(taken), at.1.saturating_add(all));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::measures::Coverage;

    fn read(inside: &str) -> Result<(Coverage, Vec<String>), Defect> {
        let text = format!("<coverage generated='1795168800'><project>{inside}</project></coverage>");
        let mut lines = Lines::new(&["p/q/A.java".to_owned()]);
        let about = parse(Window::new(text.as_bytes()), &mut lines)?;
        lines.finish().map(|(coverage, _)| (coverage, about.notes))
    }

    fn numbers(coverage: &Coverage) -> [u64; 6] {
        let c = coverage;
        [c.lines_covered, c.lines_total, c.branches_covered, c.branches_total, c.functions_covered, c.functions_total]
    }

    #[test]
    fn conditions_are_read_as_their_writer_means_them() {
        let open_clover = "<package name='p.q'><file name='A.java'><metrics methods='2' coveredmethods='1'/>\
            <class><metrics methods='9' coveredmethods='9'/></class>\
            <line num='1' type='method' signature='f()' count='3'/><line num='5' type='method' signature='g()' count='0'/>\
            <line num='2' type='stmt' count='3'/><line num='2' type='cond' truecount='7' falsecount='0'/>\
            <line num='2' type='cond' truecount='1' falsecount='1'/><line num='3' type='cond' truecount='0' falsecount='0'/>\
            </file></package>";
        let (coverage, _) = read(open_clover).unwrap();
        assert_eq!(numbers(&coverage), [1, 2, 3, 6, 1, 2]);
        assert_eq!(coverage.parts["p/q/A.java"].lines_total, 2);
        let istanbul = "<file name='a.js' path='/w/a.js'><metrics methods='5' coveredmethods='2' conditionals='6' coveredconditionals='2'/>\
            <line num='1' count='1' type='cond' truecount='1' falsecount='3'/><line num='2' count='0' type='stmt'/></file>";
        assert_eq!(numbers(&read(istanbul).unwrap().0), [1, 2, 2, 6, 2, 5]);
    }

    #[test]
    fn a_method_in_one_line_is_a_line_too() {
        let file = |crap: &str| {
            format!(
                "<file name='/w/a.php'><line num='1' type='method' name='f' {crap} count='1'/><line num='2' type='stmt' count='1'/>\
                 <line num='9' type='method' name='g' {crap} count='0'/><metrics statements='2' coveredstatements='1' methods='2'/></file>"
            )
        };
        assert_eq!(numbers(&read(&file("crap='1'")).unwrap().0), [1, 2, 0, 0, 1, 2]);
        assert_eq!(numbers(&read(&file("complexity='1'")).unwrap().0), [1, 1, 0, 0, 1, 2]);
        let many = file("crap='1'").replace("statements='2'", "statements='9'");
        assert_eq!(numbers(&read(&many).unwrap().0), [1, 1, 0, 0, 1, 2], "so many do not hide behind two methods");
    }

    #[test]
    fn the_code_of_tests_is_left_aside() {
        let file = "<file name='a'><line num='1' type='stmt' count='1'/></file>";
        let text = format!("<coverage><testproject>{file}</testproject><project/></coverage>");
        let mut lines = Lines::default();
        let about = parse(Window::new(text.as_bytes()), &mut lines).unwrap();
        assert_eq!(about.notes, ["it holds no line that could be covered"]);
        assert!(matches!(lines.finish(), Err(Defect::Missing(_))));
    }

    #[test]
    fn says_what_is_wrong() {
        for (line, why) in [
            ("<line type='stmt' count='1'/>", "it has a line without a `num` that is one at line 1"),
            ("<line num='1' type='stmt'/>", "it has a line without a count that is a number at line 1"),
            ("<line num='1' type='cond' truecount='1'/>", "it has a line without a count that is a number at line 1"),
        ] {
            assert_eq!(read(&format!("<file name='a'>{line}</file>")), Err(Defect::Unreadable(why.to_owned())));
        }
        let text = "<coverage line-rate='1'><packages/></coverage>";
        let other = parse(Window::new(text.as_bytes()), &mut Lines::default());
        assert_eq!(other, Err(Defect::Unreadable("it is not Clover XML: it has no <project>".to_owned())));
    }
}
