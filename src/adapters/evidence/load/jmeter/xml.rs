//! JMeter's XML: `testResults` of `sample` and `httpSample`.

use crate::adapters::evidence::load::jmeter::kept::{Kept, Sample, TRANSACTION};
use crate::adapters::evidence::load::number::{In, Number};
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};

/// How deep an outermost sample lies.
const OUTERMOST: usize = 2;

/// Reads all samples.
pub(super) fn read(input: Window<'_>, kept: &mut Kept) -> Result<(), Defect> {
    let mut xml = Xml::new(input);
    let mut open: Option<Sample> = None;
    loop {
        match xml.read()? {
            Piece::Open(tag) if tag.depth == 1 && tag.name() != "testResults" => {
                let name: String = tag.name().chars().take(40).collect();
                return Err(Defect::Unreadable(format!("it is not JMeter XML: its root is <{name}>")));
            }
            Piece::Open(tag) if matches!(tag.name(), "sample" | "httpSample") => match &mut open {
                // The parts of a transaction are in it, and nowhere else.
                Some(outer) => outer.transaction = false,
                None if tag.depth == OUTERMOST => open = Some(sample(&tag, kept)?),
                None => {}
            },
            Piece::Close(_) => {
                if xml.depth() + 1 == OUTERMOST
                    && let Some(sample) = open.take()
                {
                    kept.add(&sample)?;
                }
            }
            Piece::End => return Ok(()),
            Piece::Open(_) | Piece::Text(_) | Piece::Aside => {}
        }
    }
}

fn sample(tag: &Tag<'_>, kept: &mut Kept) -> Result<Sample, Defect> {
    let line = tag.line();
    let [elapsed, success, start, message] = tag.values(["t", "s", "ts", "rm"])?;
    let nanos = elapsed.as_deref().and_then(Number::parse).and_then(|ms| ms.nanos(In::Millis));
    let nanos = nanos
        .ok_or_else(|| Defect::Unreadable(format!("it is not JMeter XML: a sample has no time `t` (line {line})")))?;
    let start = start.and_then(|text| kept.time(&text));
    let transaction = message.is_some_and(|message| message.starts_with(TRANSACTION));
    Ok(Sample { nanos, start, failed: success.map(|success| success != "true"), transaction })
}
