//! JaCoCo XML (`-//JACOCO//DTD Report 1.1//EN`), which JaCoCo, Kover, Pester and gcovr write.
//!
//! - Lines are those of `sourcefile/line`: covered with `ci` above 0, also if a part of the line was missed. The `counter`
//!   elements repeat the same at six levels, and those of methods share lines: they are never added.
//! - A file is told by group (a module), package and name: the same package may stand in two groups.
//! - Functions are the `METHOD` counters of methods, by class, name and descriptor. A class may lack `sourcefilename`: then it
//!   is that of the file which is called like the outermost class, or of the only one in the package.
//! - gcovr writes lines without `ci` and `mi`, which say nothing of hits: there the file's own counters are taken as sums.
//! - Classes without debug information have no lines: that is missing, and no 0 %.
//! - The time is that of the oldest session's `dump`.

use std::collections::HashMap;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::coverage::spans::at;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};
use crate::promotion::measures::Part;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut xml = Xml::new(input);
    let mut report = Report {
        lines,
        about: About::default(),
        groups: Vec::new(),
        package: Package::default(),
        class: None,
        method: None,
        source: None,
        seen: Seen::default(),
    };
    loop {
        match xml.read()? {
            Piece::Open(tag) => report.open(&tag)?,
            Piece::Close(end) => match end.local_name().into_inner() {
                "group" => drop(report.groups.pop()),
                "package" => report.close_package(),
                "class" => report.class = None,
                "method" => report.close_method(),
                "sourcefile" => report.close_source(),
                _ => {}
            },
            Piece::Text(_) | Piece::Aside => {}
            Piece::End => return Ok(report.about()),
        }
    }
}

/// One file on its way.
struct Report<'a> {
    lines: &'a mut Lines,
    about: About,
    groups: Vec<String>,
    package: Package,
    class: Option<Class>,
    method: Option<Method>,
    source: Option<Source>,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    sources: u64,
    /// Whether there is code at all.
    code: bool,
    homeless: u64,
}

#[derive(Default)]
struct Package {
    name: String,
    methods: Vec<Method>,
    /// The names of its source files.
    sources: Vec<String>,
}

struct Class {
    name: String,
    source: Option<String>,
}

struct Method {
    /// The file's name, or that of the outermost class.
    source: Result<String, String>,
    name: String,
    line: u32,
    entered: Option<bool>,
}

struct Source {
    name: String,
    lines: Vec<Line>,
    /// A line does not say whether it was hit.
    silent: bool,
    sums: Part,
}

struct Line {
    number: u32,
    hit: bool,
    branches: (u32, u32),
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        match tag.name() {
            "report" if tag.depth == 1 => {}
            name if tag.depth == 1 => {
                return Err(Defect::Unreadable(format!("it is not JaCoCo XML: it begins with <{name}>")));
            }
            name if tag.depth == 2 && !matches!(name, "sessioninfo" | "group" | "package" | "counter") => {
                return Err(Defect::Unreadable(format!("it is not JaCoCo XML: it has <{name}> in <report>")));
            }
            _ => self.part(tag)?,
        }
        Ok(())
    }

    fn part(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        match tag.name() {
            "line" => {
                if let Some(source) = &mut self.source {
                    source.line(tag)?;
                }
            }
            "counter" => self.counter(tag)?,
            "method" => self.method = Some(method(tag, self.class.as_ref())?),
            "class" => {
                let [name, source] = tag.values(["name", "sourcefilename"])?;
                let source = source.map(|source| source.into_owned()).filter(|source| !source.is_empty());
                self.class = Some(Class { name: name.unwrap_or_default().into_owned(), source });
            }
            "sourcefile" => {
                let [name] = tag.values(["name"])?;
                let name = name.ok_or_else(|| at(tag.line(), "it has a source file without `name`"))?.into_owned();
                self.source = Some(Source { name, lines: Vec::new(), silent: false, sums: Part::default() });
            }
            "package" => {
                let [name] = tag.values(["name"])?;
                self.package = Package { name: name.unwrap_or_default().into_owned(), ..Package::default() };
            }
            "group" => {
                let [name] = tag.values(["name"])?;
                self.groups.push(name.unwrap_or_default().into_owned());
            }
            "sessioninfo" => {
                let [dump] = tag.values(["dump"])?;
                if let Some(time) = dump.as_deref().and_then(times::epoch) {
                    self.about.older(time);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn counter(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [kind, missed, covered] = tag.values(["type", "missed", "covered"])?;
        let (missed, covered) = (number(tag, missed.as_deref())?, number(tag, covered.as_deref())?);
        let all = missed.saturating_add(covered);
        let kind = kind.as_deref().unwrap_or_default();
        self.seen.code |= all > 0;
        if let Some(method) = &mut self.method {
            if kind == "METHOD" {
                method.entered = Some(covered > 0);
            }
        } else if let Some(Source { sums, .. }) = &mut self.source {
            match kind {
                "LINE" => (sums.lines_covered, sums.lines_total) = (covered.into(), all.into()),
                "BRANCH" => (sums.branches_covered, sums.branches_total) = (covered.into(), all.into()),
                "METHOD" => (sums.functions_covered, sums.functions_total) = (covered.into(), all.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// The path of a source file of the open package.
    fn path(&self, name: &str) -> String {
        let mut path = String::new();
        for part in self.groups.iter().chain([&self.package.name]).filter(|part| !part.is_empty()) {
            path.push_str(part);
            path.push('/');
        }
        path + name
    }

    fn close_method(&mut self) {
        if let Some(method) = self.method.take().filter(|method| method.entered.is_some()) {
            self.package.methods.push(method);
        }
    }

    fn close_source(&mut self) {
        let Some(source) = self.source.take() else { return };
        let path = self.path(&source.name);
        self.package.sources.push(source.name);
        if source.silent || source.lines.is_empty() {
            if source.sums.lines_total > 0 {
                self.seen.sources += 1;
                self.lines.sums(&path, source.sums);
            }
            return;
        }
        self.seen.sources += 1;
        let file = self.lines.file(&path);
        for line in source.lines {
            file.line(line.number, line.hit);
            if line.branches.1 > 0 {
                file.counted(line.number, line.branches.0, line.branches.1);
            }
        }
    }

    /// The files of a package follow its classes: only now is it known to which of them a method belongs.
    fn close_package(&mut self) {
        let folder = self.path("");
        let Package { methods, sources, .. } = std::mem::take(&mut self.package);
        let stems: HashMap<&str, &String> = match methods.iter().any(|method| method.source.is_err()) {
            true => sources.iter().map(|source| (source.split('.').next().unwrap_or(source), source)).collect(),
            false => HashMap::new(),
        };
        for method in &methods {
            let source = match &method.source {
                Ok(source) => Some(source),
                Err(_) if sources.len() == 1 => sources.first(),
                Err(class) => stems.get(class.as_str()).copied(),
            };
            match source {
                Some(source) => {
                    let file = self.lines.file(&format!("{folder}{source}"));
                    file.function(method.line, &method.name, method.entered == Some(true));
                }
                None => self.seen.homeless += 1,
            }
        }
    }

    fn about(mut self) -> About {
        let notes = &mut self.about.notes;
        if self.seen.sources == 0 {
            notes.push(match self.seen.code {
                true => "it holds no lines: the classes have no debug information".to_owned(),
                false => "it holds no line that could be covered".to_owned(),
            });
        }
        if self.seen.homeless > 0 {
            notes.push(format!("methods that are of no source file in it are not counted: {}", self.seen.homeless));
        }
        self.about
    }
}

impl Source {
    fn line(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [nr, mi, ci, mb, cb] = tag.values(["nr", "mi", "ci", "mb", "cb"])?;
        let number_of_line = nr.as_deref().and_then(|nr| nr.trim().parse().ok());
        let number_of_line =
            number_of_line.ok_or_else(|| at(tag.line(), "it has a line without an `nr` that is a number"))?;
        self.silent |= mi.is_none() && ci.is_none();
        number(tag, mi.as_deref())?;
        let hit = number(tag, ci.as_deref())? > 0;
        let (missed, covered) = (number(tag, mb.as_deref())?, number(tag, cb.as_deref())?);
        let branches = (covered, missed.saturating_add(covered));
        self.lines.push(Line { number: number_of_line, hit, branches });
        Ok(())
    }
}

fn method(tag: &Tag<'_>, class: Option<&Class>) -> Result<Method, Defect> {
    let [name, desc, line] = tag.values(["name", "desc", "line"])?;
    let class = class.ok_or_else(|| at(tag.line(), "it has a method outside of a class"))?;
    let outermost = class.name.rsplit('/').next().unwrap_or_default();
    let outermost = outermost.split('$').next().unwrap_or_default();
    Ok(Method {
        source: class.source.clone().ok_or_else(|| outermost.to_owned()),
        name: format!("{} {} {}", class.name, name.unwrap_or_default(), desc.unwrap_or_default()),
        line: line.and_then(|line| line.trim().parse().ok()).unwrap_or(0),
        entered: None,
    })
}

/// A count; one that is not there is 0.
fn number(tag: &Tag<'_>, text: Option<&str>) -> Result<u32, Defect> {
    match text {
        None => Ok(0),
        Some(text) => text.trim().parse().map_err(|_| at(tag.line(), "it has a count that is no number")),
    }
}

#[cfg(test)]
mod tests;
