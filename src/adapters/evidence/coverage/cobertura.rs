//! Cobertura XML. Only `line` elements count: the attributes (`line-rate`, `lines-valid`) are rounded, missing, or sums over
//! lines that stand in the report several times.
//!
//! A class repeats its lines under its methods, so the methods' lines are read only where the class has none of its own.
//! A method is a function; it was entered if one of its lines was hit, or, without lines, if its `line-rate` is above 0.

use crate::adapters::evidence::coverage::lines::{Lines, is_hit};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};

/// One line as the report has it.
struct Line {
    number: u32,
    hit: bool,
    branches: Option<(u32, u32)>,
}

/// The class that is being read.
struct Class {
    file: String,
    name: String,
    depth: usize,
    own: Vec<Line>,
    of_methods: Vec<Line>,
    methods: Vec<Method>,
}

/// A function, as its class has it.
struct Method {
    name: String,
    /// Its first line.
    line: Option<u32>,
    entered: bool,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut xml = Xml::new(input);
    let mut report = Report { lines, about: About::default(), sources: Vec::new(), in_source: false, class: None };
    loop {
        match xml.read()? {
            Piece::Open(tag) => report.open(&tag)?,
            Piece::Text(text) => {
                if let (true, Some(source)) = (report.in_source, report.sources.last_mut()) {
                    source.push_str(&text);
                }
            }
            Piece::Close(_) => {
                report.in_source = false;
                let depth = xml.depth();
                if let Some(class) = report.class.take_if(|class| depth < class.depth) {
                    report.close(class);
                }
            }
            Piece::Aside => {}
            Piece::End => return Ok(report.about),
        }
    }
}

struct Report<'a> {
    lines: &'a mut Lines,
    about: About,
    sources: Vec<String>,
    in_source: bool,
    class: Option<Class>,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        match (tag.depth, tag.name(), &mut self.class) {
            (1, "coverage", _) => {
                let [timestamp] = tag.values(["timestamp"])?;
                self.about.taken = timestamp.as_deref().and_then(times::epoch);
            }
            (1, name, _) => {
                return Err(Defect::Unreadable(format!("it is not Cobertura XML: it begins with <{name}>")));
            }
            (_, "source", None) => {
                self.sources.push(String::new());
                self.in_source = true;
            }
            (depth, "class", None) => {
                let [file, name] = tag.values(["filename", "name"])?;
                let file = file.ok_or_else(|| at(tag.line(), "a class without `filename`"))?;
                let (file, name) = (self.place(&file), name.unwrap_or_default().into_owned());
                let (own, of_methods, methods) = (Vec::new(), Vec::new(), Vec::new());
                self.class = Some(Class { file, name, depth, own, of_methods, methods });
            }
            (depth, "line", Some(class)) => {
                let line = line(tag)?;
                // <class><lines><line> lies two below the class, <class><methods><method><lines><line> four.
                if depth == class.depth + 2 { class.own.push(line) } else { class.of_method(line) }
            }
            (_, "method", Some(class)) => {
                let [name, signature, rate] = tag.values(["name", "signature", "line-rate"])?;
                let name = format!("{} {} {}", class.name, name.unwrap_or_default(), signature.unwrap_or_default());
                let entered = rate.as_deref().and_then(is_hit).unwrap_or(false);
                class.methods.push(Method { name, line: None, entered });
            }
            _ => {}
        }
        Ok(())
    }

    /// The file's path, below the report's source root if it has exactly one. With several nobody says which; then the
    /// path stands as it is.
    fn place(&self, file: &str) -> String {
        let absolute = file.starts_with(['/', '\\']) || file.as_bytes().get(1) == Some(&b':');
        match self.sources.as_slice() {
            [source] if !absolute && !source.trim().is_empty() => format!("{}/{file}", source.trim()),
            _ => file.to_owned(),
        }
    }

    fn close(&mut self, class: Class) {
        let file = self.lines.file(&class.file);
        for method in class.methods {
            file.function(method.line.unwrap_or(0), &method.name, method.entered);
        }
        for line in if class.own.is_empty() { class.of_methods } else { class.own } {
            file.line(line.number, line.hit);
            if let Some((taken, all)) = line.branches {
                file.counted(line.number, taken, all);
            }
        }
    }
}

impl Class {
    fn of_method(&mut self, line: Line) {
        if let Some(method) = self.methods.last_mut() {
            // The rate serves only until there is a line.
            method.entered = line.hit || (method.line.is_some() && method.entered);
            method.line.get_or_insert(line.number);
        }
        self.of_methods.push(line);
    }
}

fn line(tag: &Tag<'_>) -> Result<Line, Defect> {
    let [number, hits, conditions] = tag.values(["number", "hits", "condition-coverage"])?;
    let number = number.and_then(|number| number.trim().parse().ok());
    let hit = hits.as_deref().and_then(is_hit);
    match (number, hit) {
        (Some(number), Some(hit)) => Ok(Line { number, hit, branches: conditions.as_deref().and_then(counts) }),
        (None, _) => Err(at(tag.line(), "a line without a `number` that is one")),
        (_, None) => Err(at(tag.line(), "a line without `hits` that are a number")),
    }
}

/// Reads `50% (2/4)`.
fn counts(text: &str) -> Option<(u32, u32)> {
    let (_, inside) = text.split_once('(')?;
    let (taken, all) = inside.strip_suffix(')')?.split_once('/')?;
    Some((taken.trim().parse().ok()?, all.trim().parse().ok()?))
}

fn at(line: u64, what: &str) -> Defect {
    Defect::Unreadable(format!("it has {what} at line {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(class: &str) -> Result<crate::promotion::measures::Coverage, Defect> {
        let text = format!("<coverage><packages><package><classes>{class}</classes></package></packages></coverage>");
        let mut lines = Lines::default();
        parse(Window::new(text.as_bytes()), &mut lines)?;
        lines.finish().map(|(coverage, _)| coverage)
    }

    #[test]
    fn methods_count_only_where_the_class_has_no_lines() {
        let method =
            "<methods><method><lines><line number='7' hits='1'/><line number='8' hits='0'/></lines></method></methods>";
        let class =
            |own: &str| coverage(&format!("<class filename='a.py'>{method}<lines>{own}</lines></class>")).unwrap();
        let both = class("<line number='8' hits='1'/>");
        assert_eq!((both.lines_covered, both.lines_total), (1, 1));
        let methods_only = class("");
        assert_eq!((methods_only.lines_covered, methods_only.lines_total), (1, 2));
    }

    #[test]
    fn methods_are_functions() {
        let line = |number: u32, hits: u32| format!("<line number='{number}' hits='{hits}'/>");
        let method = |name: &str, lines: &str| {
            format!("<method name='{name}' signature='()' line-rate='0.5'><lines>{lines}</lines></method>")
        };
        let methods = [
            method("f", &format!("{}{}", line(1, 0), line(2, 1))),
            method("g", &format!("{}{}", line(4, 0), line(5, 0))),
            method("no_lines", ""),
        ];
        let class = format!(
            "<class name='A' filename='a.py'><methods>{}</methods><lines>{}</lines></class>",
            methods.concat(),
            line(1, 0)
        );
        let seen = coverage(&format!("{class}{class}")).unwrap();
        assert_eq!((seen.functions_covered, seen.functions_total), (2, 3));
        assert_eq!((seen.lines_covered, seen.lines_total), (0, 1));
    }

    #[test]
    fn conditions_are_counted_as_they_are_written() {
        for (text, wanted) in
            [("50% (2/4)", Some((2, 4))), ("100% (1/1)", Some((1, 1))), ("50%", None), ("(a/b)", None)]
        {
            assert_eq!(counts(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_refused() {
        for (line, why) in [
            ("<line hits='1'/>", "a line without a `number` that is one"),
            ("<line number='-1' hits='1'/>", "a line without a `number` that is one"),
            ("<line number='1'/>", "a line without `hits` that are a number"),
            ("<line number='1' hits='many'/>", "a line without `hits` that are a number"),
        ] {
            let seen = coverage(&format!("<class filename='a'><lines>{line}</lines></class>"));
            assert_eq!(seen, Err(Defect::Unreadable(format!("it has {why} at line 1"))));
        }
    }
}
