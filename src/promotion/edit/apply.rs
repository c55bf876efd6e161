//! Making edits, and checking each by parsing again.

use std::ops::Range;

use crate::promotion::edit::line::{is_one_line, removal, start_below};
use crate::promotion::edit::read::{place_at, scalar_at, selector_of};
use crate::promotion::edit::{Change, Edit, EditFault, EditFaultKind};
use crate::promotion::place::{Place, find};
use crate::promotion::selector::Selector;
use crate::promotion::yaml::flat::{Part, What, flatten};
use crate::promotion::yaml::{Document, Node, Style, parse};

/// Makes the edits of one file, in order. [`EditFaultKind::Overtaken`] if other bytes stand there than an edit was made
/// for.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditFault> {
    apply_each(text, edits, &mut |_, _| {})
}

/// A replacement of bytes.
pub(super) struct Splice {
    /// Which bytes.
    pub(super) range: Range<usize>,
    /// What they become.
    pub(super) with: String,
}

/// Makes the edits in order, and tells each replacement with the text that it is made in.
pub(super) fn apply_each(text: &str, edits: &[Edit], tell: &mut dyn FnMut(&str, &Splice)) -> Result<String, EditFault> {
    let mut text = text.to_owned();
    let mut documents = if edits.is_empty() { Vec::new() } else { parse(&text)? };
    for edit in edits {
        let splice = splice(&text, &documents, edit)?;
        tell(&text, &splice);
        let mut after = text.clone();
        after.replace_range(splice.range.clone(), &splice.with);
        let parsed = parse(&after).map_err(|fault| broken(edit, &fault.to_string()))?;
        verify(&documents, &parsed, &splice, edit)?;
        (text, documents) = (after, parsed);
    }
    Ok(text)
}

fn broken(edit: &Edit, why: &str) -> EditFault {
    let why = format!("changing `{}` would change more than that: {why}", edit.selector);
    EditFault::new(EditFaultKind::Refused, why, "make this change by hand, and promote again")
}

/// The bytes to replace; refuses unless the edit's old bytes stand there.
fn splice(text: &str, documents: &[Document], edit: &Edit) -> Result<Splice, EditFault> {
    let selector = selector_of(&edit.selector)?;
    match &edit.change {
        Change::Set { old, new } => {
            let node = scalar_at(text, documents, edit.document, &selector)?.node;
            let range = node.span.start.saturating_sub(lead(old))..node.span.end;
            let seen = text.get(range.clone()).unwrap_or_default();
            if seen != old {
                return Err(EditFault::overtaken(node, format!("expected `{old}`, found `{seen}`")));
            }
            Ok(Splice { range, with: new.clone() })
        }
        Change::InsertKey { after, below, line } => {
            let parent = selector.split_last().map(|(parent, _)| parent).unwrap_or_default();
            if let Some(place) = find(documents, edit.document, &selector)? {
                return Err(EditFault::overtaken(place.node, format!("`{selector}` is there already")));
            }
            let sibling = place_at(documents, edit.document, &parent.key(after))?;
            let key = sibling.key.unwrap_or(sibling.node);
            let Some((at, ended)) = start_below(text, key.span.start, *below) else {
                return Err(EditFault::overtaken(key, format!("expected {below} more lines below this")));
            };
            if !is_one_line(line, ended) {
                return Err(broken(edit, "the new line does not fit the line ends around it"));
            }
            Ok(Splice { range: at..at, with: line.clone() })
        }
        Change::RemoveKey { line, .. } => {
            let place = scalar_at(text, documents, edit.document, &selector)?;
            let made = removal(text, &place)?;
            if made.change != edit.change {
                let why = format!("expected the line `{}`, below the sibling that it was below", line.trim());
                return Err(EditFault::overtaken(place.node, why));
            }
            Ok(Splice { range: made.range, with: String::new() })
        }
    }
}

/// The space before the first value of a key that had none.
fn lead(source: &str) -> usize {
    source.len() - source.trim_start_matches(' ').len()
}

/// Checks that the two texts have the same parts but for the edited ones, and that the new bytes are those of the scalar.
fn verify(before: &[Document], after: &[Document], splice: &Splice, edit: &Edit) -> Result<(), EditFault> {
    let selector = selector_of(&edit.selector)?;
    let (old, new) = (flatten(before), flatten(after));
    let differ = || broken(edit, "other values would not stay the same");
    let at = |documents, parts: &[_]| spot(documents, edit.document, &selector, parts).ok_or_else(differ);
    let whole = splice.range.start..splice.range.start + splice.with.len();
    let same = match &edit.change {
        Change::Set { new: source, .. } => {
            let (i, node) = at(before, &old).map(|(i, place)| (i, place.node))?;
            let (j, changed) = at(after, &new).map(|(j, place)| (j, place.node))?;
            let scalar = matches!(new[j].0.what, What::Scalar(style) if style != Style::Block);
            let filled = whole.start + lead(source)..whole.end;
            i == j
                && scalar
                && changed.span == filled
                && (&node.anchor, &node.tag) == (&changed.anchor, &changed.tag)
                && same_around(&old, i..i + 1, &new, j..j + 1)
        }
        Change::InsertKey { .. } => {
            let (j, place) = at(after, &new)?;
            is_bare_pair(&place, &whole) && j > 0 && same_around(&old, j - 1..j - 1, &new, j - 1..j + 1)
        }
        Change::RemoveKey { .. } => {
            let (i, place) = at(before, &old)?;
            is_bare_pair(&place, &splice.range) && i > 0 && same_around(&old, i - 1..i + 1, &new, i - 1..i - 1)
        }
    };
    if same { Ok(()) } else { Err(differ()) }
}

type Parts<'a> = [(Part<'a>, Option<&'a Node>)];

/// Where a value is among the parts of its text.
fn spot<'a>(
    documents: &'a [Document],
    document: usize,
    selector: &Selector,
    parts: &Parts<'a>,
) -> Option<(usize, Place<'a>)> {
    let place = find(documents, document, selector).ok()??;
    let at = parts.iter().position(|(_, node)| node.is_some_and(|node| std::ptr::eq(node, place.node)))?;
    Some((at, place))
}

/// Whether all parts outside the two ranges are the same.
fn same_around(old: &Parts<'_>, skip_old: Range<usize>, new: &Parts<'_>, skip_new: Range<usize>) -> bool {
    let same = |a: Option<&Parts<'_>>, b: Option<&Parts<'_>>| match (a, b) {
        (Some(a), Some(b)) => a.iter().map(|(part, _)| part).eq(b.iter().map(|(part, _)| part)),
        _ => false,
    };
    same(old.get(..skip_old.start), new.get(..skip_new.start)) && same(old.get(skip_old.end..), new.get(skip_new.end..))
}

/// Whether key and value are scalars inside these bytes, without tags, and without anchors that an alias may refer to.
fn is_bare_pair(place: &Place<'_>, bytes: &Range<usize>) -> bool {
    let bare = |node: &Node| node.as_str().is_some() && node.anchor.is_none() && node.tag.is_none();
    let inside = |node: &Node| bytes.start <= node.span.start && node.span.end <= bytes.end;
    place.key.into_iter().chain([place.node]).all(|node| bare(node) && inside(node)) && place.key.is_some()
}
