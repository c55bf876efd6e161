use super::*;
use proptest::prelude::*;

#[test]
fn paths_of_one_file_are_one() {
    for path in ["src/a.rs", "./src/a.rs", "src\\a.rs", "src//a.rs", "src/b/../a.rs", " src/./a.rs"] {
        assert_eq!(normal(path), "src/a.rs", "{path}");
    }
    assert_eq!(normal("/w/../../src/a.rs"), "/../src/a.rs");
    assert_eq!(normal("C:\\w\\a.cs"), "C:/w/a.cs");
}

#[test]
fn hits_are_read_as_tools_write_them() {
    for (text, hit) in [("0", false), ("3", true), ("-3", false), ("1.0e+19", true), ("18446744073709551616", true)] {
        assert_eq!(is_hit(text), Some(hit), "{text}");
    }
    for text in ["", "-", "NaN", "x"] {
        assert_eq!(is_hit(text), None, "{text}");
    }
}

#[test]
fn branches_are_joined_by_name_or_taken_from_the_better_count() {
    let mut lines = Lines::default();
    let file = lines.file("a");
    file.line(1, true);
    file.named(1, "0", "0", true);
    file.named(1, "0", "1", false);
    file.named(1, "0", "0", false);
    file.counted(2, 1, 4);
    file.counted(2, 2, 4);
    let (coverage, _) = lines.finish().unwrap();
    assert_eq!((coverage.branches_covered, coverage.branches_total), (3, 6));
}

#[test]
fn functions_are_joined_by_name_or_taken_from_the_better_count() {
    let mut lines = Lines::default();
    let file = lines.file("a");
    file.line(1, true);
    file.function(1, "f", false);
    file.function(1, "f", true);
    file.counted_functions(1, 1);
    let file = lines.file("b");
    file.line(1, true);
    file.function(1, "f", false);
    file.counted_functions(2, 3);
    file.counted_functions(1, 3);
    let (coverage, _) = lines.finish().unwrap();
    assert_eq!((coverage.functions_covered, coverage.functions_total), (3, 4));
}

#[test]
fn sums_join_what_says_nothing_in_any_order() {
    let sums = Part { lines_covered: 1, lines_total: 2, ..Part::default() };
    let of = |with_line: bool, sums_first: bool| {
        let (mut first, mut then) = (Lines::default(), Lines::default());
        let file = first.file("a");
        if with_line {
            file.line(1, true);
        }
        first.file("b").line(1, true);
        then.sums("a", sums);
        let (mut all, more) = if sums_first { (then, first) } else { (first, then) };
        all.absorb(more);
        all.finish().map(|(coverage, _)| (coverage.lines_covered, coverage.lines_total))
    };
    assert_eq!(of(false, false), Ok((2, 3)));
    assert_eq!(of(false, true), Ok((2, 3)));
    assert!(of(true, false).is_err() && of(true, true).is_err());
}

#[test]
fn what_is_only_counted_is_taken_off_or_added() {
    let mut lines = Lines::default();
    let file = lines.file("a");
    (1..=3).for_each(|line| file.line(line, line < 3));
    file.surplus(1);
    let file = lines.file("b");
    file.line(1, true);
    file.unlisted(1, 2);
    file.unlisted(0, 2);
    let (coverage, _) = lines.finish().unwrap();
    assert_eq!((coverage.lines_covered, coverage.lines_total), (1 + 2, 2 + 3));
}

proptest! {
    #[test]
    fn lines_are_a_set(entries in prop::collection::vec((0u32..200, any::<bool>()), 1..100)) {
        let mut lines = Lines::default();
        for (number, hit) in &entries {
            lines.file("a").line(*number, *hit);
        }
        let all: std::collections::BTreeSet<u32> = entries.iter().map(|entry| entry.0).collect();
        let hit: std::collections::BTreeSet<u32> = entries.iter().filter(|entry| entry.1).map(|entry| entry.0).collect();
        let (coverage, _) = lines.finish().unwrap();
        prop_assert_eq!(coverage.lines_total, all.len() as u64);
        prop_assert_eq!(coverage.lines_covered, hit.len() as u64);
    }
}
