//! Any text is a matcher or a fault in words, never a panic; and a matcher's own text means the same again.

#![no_main]

use promote::promotion::matchers::Matcher;

libfuzzer_sys::fuzz_target!(|text: &str| match Matcher::of(text, "app", "dev") {
    Ok(matcher) => assert_eq!(Matcher::of(&matcher.to_string(), "app", "dev"), Ok(matcher)),
    Err(why) => assert!(!why.is_empty()),
});
