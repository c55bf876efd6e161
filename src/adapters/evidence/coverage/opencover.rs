//! OpenCover XML, as OpenCover, coverlet and AltCover write it (`CoverageSession`).
//!
//! - Lines are those from `sl` to `el` of a `SequencePoint`, in the file of its `fileid`; older versions name the file at the method
//!   only (`FileRef`). `Summary` elements repeat at each level, count points, and are left aside.
//! - Files are numbered within one report: they are told by path.
//! - Line 0xFEEFEE is the compiler's mark for code that has no line; file 0 is none, and points in no file are left aside.
//! - Branches are the `BranchPoint` elements, told by method, offset and path; functions are the methods that have a line.
//! - Modules that were skipped (`skippedDueTo`) are empty, and nothing is said of them.

use std::collections::HashMap;

use crate::adapters::evidence::coverage::lines::{Lines, is_hit};
use crate::adapters::evidence::coverage::spans::{Spans, at};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};

/// Code without a line.
const HIDDEN: u32 = 0x00fe_efee;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut xml = Xml::new(input);
    let mut report = Report {
        lines,
        about: About::default(),
        files: HashMap::new(),
        method: None,
        in_name: false,
        spans: Spans::default(),
        any: false,
    };
    loop {
        match xml.read()? {
            Piece::Open(tag) => report.open(&tag)?,
            Piece::Text(text) => {
                if let (true, Some(method)) = (report.in_name, &mut report.method) {
                    method.name.push_str(&text);
                }
            }
            Piece::Close(end) => {
                report.in_name = false;
                if end.local_name().into_inner() == "Method" {
                    report.close_method();
                }
            }
            Piece::Aside => {}
            Piece::End => return Ok(report.about()),
        }
    }
}

struct Report<'a> {
    lines: &'a mut Lines,
    about: About,
    /// The place of each file, by its number.
    files: HashMap<String, usize>,
    method: Option<Method>,
    in_name: bool,
    spans: Spans,
    any: bool,
}

struct Method {
    depth: usize,
    name: String,
    /// The file that it names.
    file: Option<usize>,
    /// Its first line, and the file that it is in.
    begins: Option<(u32, usize)>,
    entered: bool,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        match (tag.name(), &mut self.method) {
            ("CoverageSession", _) if tag.depth == 1 => {
                let [version] = tag.values(["Version"])?;
                if let Some(version) = version {
                    self.about.made_by("OpenCover", Some(&version));
                }
            }
            (name, _) if tag.depth == 1 => {
                return Err(Defect::Unreadable(format!("it is not OpenCover XML: it begins with <{name}>")));
            }
            ("SequencePoint", Some(_)) => self.sequence_point(tag)?,
            ("BranchPoint", Some(_)) => self.branch_point(tag)?,
            ("File", None) => {
                let [uid, path] = tag.values(["uid", "fullPath"])?;
                let uid = uid.ok_or_else(|| at(tag.line(), "it has a file without `uid`"))?.into_owned();
                let path = path.ok_or_else(|| at(tag.line(), "it has a file without `fullPath`"))?;
                self.files.insert(uid, self.lines.place(&path));
            }
            ("Method", None) => {
                let [visited] = tag.values(["visited"])?;
                let entered = visited.is_some_and(|visited| visited.eq_ignore_ascii_case("true"));
                let name = String::new();
                self.method = Some(Method { depth: tag.depth, name, file: None, begins: None, entered });
            }
            ("Name", Some(method)) => self.in_name = tag.depth == method.depth + 1,
            ("FileRef", Some(_)) => {
                let [uid] = tag.values(["uid"])?;
                let file = self.file(tag, uid.as_deref(), None)?;
                if let Some(method) = &mut self.method {
                    method.file = file;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The place of a file by its number; without a number it is the other one.
    fn file(&self, tag: &Tag<'_>, uid: Option<&str>, other: Option<usize>) -> Result<Option<usize>, Defect> {
        match uid {
            None => Ok(other),
            Some("0") => Ok(None),
            Some(uid) => match self.files.get(uid) {
                Some(place) => Ok(Some(*place)),
                None => Err(at(tag.line(), &format!("it names the file {uid}, which is not in it,"))),
            },
        }
    }

    fn sequence_point(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [vc, sl, el, uid] = tag.values(["vc", "sl", "el", "fileid"])?;
        let hit = vc.as_deref().and_then(is_hit).ok_or_else(|| at(tag.line(), "it has a point without a `vc`"))?;
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let first = sl.as_deref().and_then(number);
        let first = first.ok_or_else(|| at(tag.line(), "it has a point without an `sl` that is a line"))?;
        let own = self.method.as_ref().and_then(|method| method.file);
        let file = self.file(tag, uid.as_deref(), own)?;
        if first == 0 || first == HIDDEN {
            return Ok(());
        }
        let Some(place) = file else { return Ok(()) };
        let last = el.as_deref().and_then(number).filter(|last| *last >= first && *last != HIDDEN).unwrap_or(first);
        let lines = self.spans.lines(first, last).map_err(|why| at(tag.line(), &why))?;
        let file = self.lines.at(place);
        lines.for_each(|line| file.line(line, hit));
        if let Some(method) = &mut self.method {
            method.begins.get_or_insert((first, place));
            method.entered |= hit;
        }
        self.any = true;
        Ok(())
    }

    fn branch_point(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [vc, sl, uid, offset, path, ordinal] = tag.values(["vc", "sl", "fileid", "offset", "path", "ordinal"])?;
        let taken = vc.as_deref().and_then(is_hit).ok_or_else(|| at(tag.line(), "it has a branch without a `vc`"))?;
        let Some(method) = &self.method else { return Ok(()) };
        // Branches of code that the compiler made are in no file, or in one that is not listed.
        let place = uid.as_deref().and_then(|uid| self.files.get(uid)).copied();
        let Some(place) = place.or(method.file).or(method.begins.map(|begins| begins.1)) else { return Ok(()) };
        let line = sl.and_then(|sl| sl.trim().parse().ok()).filter(|line| *line != HIDDEN).unwrap_or(0);
        let [offset, path, ordinal] = [offset, path, ordinal].map(Option::unwrap_or_default);
        let (block, branch) = (format!("{} {offset}", method.name), format!("{path} {ordinal}"));
        self.lines.at(place).named(line, &block, &branch, taken);
        Ok(())
    }

    fn close_method(&mut self) {
        let Some(method) = self.method.take() else { return };
        if let Some((line, place)) = method.begins {
            self.lines.at(place).function(line, &method.name, method.entered);
        }
    }

    fn about(mut self) -> About {
        if !self.any {
            self.about.notes.push("it holds no line that could be covered".to_owned());
        }
        self.about
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str) -> Result<[u64; 6], Defect> {
        let text = format!(
            "<CoverageSession><Summary numSequencePoints='99'/><Modules><Module><Files><File uid='1' fullPath='C:\\a.cs'/></Files>\
             <Classes><Class><FullName>A</FullName><Methods><Method visited='false'><Name>f()</Name>{method}</Method></Methods></Class>\
             </Classes></Module></Modules></CoverageSession>"
        );
        let mut lines = Lines::default();
        parse(Window::new(text.as_bytes()), &mut lines)?;
        let (c, _) = lines.finish()?;
        let (lines, branches) = ([c.lines_covered, c.lines_total], [c.branches_covered, c.branches_total]);
        Ok([lines[0], lines[1], branches[0], branches[1], c.functions_covered, c.functions_total])
    }

    #[test]
    fn points_are_lines_of_their_file() {
        let points = "<FileRef uid='1'/><SequencePoint vc='3' sl='4' el='5'/><SequencePoint vc='0' sl='5' el='6' fileid='1'/>\
            <SequencePoint vc='0' sl='16707566' el='16707566' fileid='1'/><SequencePoint vc='0' sl='9' fileid='0'/>\
            <BranchPoint vc='1' sl='4' offset='1' path='0'/><BranchPoint vc='0' sl='4' offset='1' path='1' fileid='1'/>\
            <MethodPoint vc='0' sl='77' fileid='1'/>";
        assert_eq!(read(points), Ok([2, 3, 1, 2, 1, 1]));
        for nowhere in [
            "<BranchPoint vc='1'/>",
            "<FileRef uid='0'/><SequencePoint vc='1' sl='1'/>",
            "<SequencePoint vc='1' sl='1'/>",
        ] {
            assert!(matches!(read(nowhere), Err(Defect::Missing(_))), "{nowhere}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (point, why) in [
            ("<SequencePoint sl='1'/>", "it has a point without a `vc` at line 1"),
            ("<SequencePoint vc='1'/>", "it has a point without an `sl` that is a line at line 1"),
            ("<SequencePoint vc='1' sl='-1'/>", "it has a point without an `sl` that is a line at line 1"),
            ("<SequencePoint vc='1' sl='1' fileid='7'/>", "it names the file 7, which is not in it, at line 1"),
            (
                "<FileRef uid='1'/><SequencePoint vc='1' sl='1' el='4294967295'/>",
                "it has a range of more than 1000000 lines, 1 to 4294967295, at line 1",
            ),
        ] {
            assert_eq!(read(point), Err(Defect::Unreadable(why.to_owned())), "{point}");
        }
    }
}
