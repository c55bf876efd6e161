//! Any text can be looked at for an edit: it is made and undone to the byte, or refused, and never a panic. The first line is
//! the selector, the second the new value, the rest the text.

#![no_main]

use promote::promotion::edit::apply::apply;
use promote::promotion::edit::make::set;
use promote::promotion::edit::reverse;

libfuzzer_sys::fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, '\n');
    let (Some(selector), Some(value), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return };
    let Ok(edit) = set(text, 0, selector, value) else { return };
    let after = apply(text, std::slice::from_ref(&edit)).expect("an edit that was made applies");
    let back = apply(&after, &[reverse(&edit)]).expect("an edit that was applied is undone");
    assert_eq!(back, text);
});
