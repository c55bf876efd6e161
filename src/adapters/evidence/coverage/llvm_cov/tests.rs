use super::*;

fn read(files: &str) -> Result<([u64; 6], Vec<String>), Defect> {
    let text = format!("{{\"data\":[{{{files}}}],\"type\":\"llvm.coverage.json.export\",\"version\":\"2.0.1\"}}");
    let mut lines = Lines::default();
    let about = parse(Window::new(text.as_bytes()), &mut lines)?;
    let (c, _) = lines.finish()?;
    let lines = [c.lines_covered, c.lines_total];
    let rest = [c.branches_covered, c.branches_total, c.functions_covered, c.functions_total];
    Ok(([lines[0], lines[1], rest[0], rest[1], rest[2], rest[3]], about.notes))
}

/// The lines that the segments of one file make, as (line, hit).
fn lines_of(segments: &str) -> Vec<(u32, bool)> {
    let segments: Vec<Numbers<6>> = serde_json::from_str(segments).unwrap();
    let segments: Vec<Segment> = segments.iter().map(|numbers| Segment::of(numbers).unwrap()).collect();
    let (first, last) = (segments[0].line, segments.last().unwrap().line);
    let all = |line: u32| {
        let on: Vec<Segment> = segments.iter().filter(|one| one.line == line).copied().collect();
        let before = segments.iter().rfind(|one| one.line < line).copied();
        of_line(&on, before).map(|hit| (line, hit))
    };
    let wanted: Vec<(u32, bool)> = (first..=last).filter_map(all).collect();
    let mut file = FileLines::default();
    let counts = pour(&segments, &mut file, &mut Spans::default()).unwrap();
    let hit = wanted.iter().filter(|line| line.1).count() as u64;
    assert_eq!(counts, (hit, wanted.len() as u64));
    wanted
}

#[test]
fn segments_become_lines_as_llvm_cov_does_it() {
    // A function of three lines, and nothing behind it.
    assert_eq!(lines_of("[[2,1,5,true,true],[4,2,0,false,false]]"), [(2, true), (3, true), (4, true)]);
    // The end of one and the beginning of the next on one line; old versions write 0 and 1.
    assert_eq!(lines_of("[[1,1,0,1,1],[2,2,0,0,0],[2,5,1,1,1],[3,1,0,0,0]]"), [(1, false), (2, true), (3, true)]);
    // A branch that was not taken, with a gap before it: the line of the gap belongs to what goes on there.
    let gap = "[[1,1,1,true,true,false],[2,9,0,true,false,true],[3,5,0,true,true,false],[3,9,1,true,false,false],[4,2,0,false,false,false]]";
    assert_eq!(lines_of(gap), [(1, true), (2, true), (3, false), (4, true)]);
    // A skipped region (`#if 0`): no line of it can be hit.
    let skipped =
        "[[1,1,1,true,true,false],[2,1,0,false,true,false],[4,1,1,true,false,false],[5,2,0,false,false,false]]";
    assert_eq!(lines_of(skipped), [(1, true), (5, true)]);
}

#[test]
fn functions_are_told_by_their_place_and_only_of_listed_files() {
    let file = "\"files\":[{\"filename\":\"a.rs\",\"segments\":[[1,1,1,true,true,false],[3,2,0,false,false,false]],\
        \"branches\":[[1,5,1,9,1,0,0,0,4],[1,5,1,9,0,1,0,0,4]],\
        \"summary\":{\"lines\":{\"count\":6,\"covered\":4},\"functions\":{\"count\":1,\"covered\":1}}}]";
    let function = |name: &str, count: u32| {
        format!("{{\"name\":\"f\",\"count\":{count},\"filenames\":[\"{name}\"],\"regions\":[[1,1,3,2,{count},0,0,0]]}}")
    };
    let functions =
        format!("\"functions\":[{},{},{}]", function("a.rs", 0), function("a.rs", 3), function("std.rs", 1));
    let note = "lines are counted once, 3 of 3; the sums of llvm-cov count them for each function, 4 of 6";
    let wanted = Ok(([3, 3, 2, 2, 1, 1], vec![note.to_owned()]));
    assert_eq!(read(&format!("{file},{functions}")), wanted);
    assert_eq!(read(&format!("{functions},{file}")), wanted);
    assert_eq!(read(file), wanted, "without functions the summary counts them");
}

#[test]
fn summaries_are_sums() {
    let file = "{\"filename\":\"a.rs\",\"summary\":{\"lines\":{\"count\":6,\"covered\":4},\"branches\":{\"count\":2,\"covered\":1}}}";
    assert_eq!(read(&format!("\"files\":[{file}]")), Ok(([4, 6, 1, 2, 0, 0], Vec::new())));
    assert!(matches!(read(&format!("\"files\":[{file},{file}]")), Err(Defect::Unreadable(_))));
}

#[test]
fn says_what_is_wrong() {
    let file = |segments: &str| format!("\"files\":[{{\"filename\":\"a\",\"segments\":{segments}}}]");
    for (files, why) in [
        (file("[[1,1,1,true]]"), "a segment of `a` is none"),
        (file("[[0,1,1,true,true]]"), "a segment of `a` is none"),
        (file("[[9,1,1,true,true],[2,1,1,true,true]]"), "the segments are in no order in `a`"),
        (
            file("[[1,1,1,true,true],[4294967295,1,1,true,true]]"),
            "it has a range of more than 1000000 lines, 2 to 4294967294, in `a`",
        ),
        ("\"files\":[{\"filename\":\"a\"}]".to_owned(), "`a` has neither segments nor a summary"),
        (
            "\"files\":[{\"filename\":\"a\",\"segments\":[],\"summary\":{\"lines\":{\"count\":6,\"covered\":4}}}]"
                .to_owned(),
            "`a` has lines in its summary, and no segments",
        ),
        ("\"totals\":{}".to_owned(), "it is not llvm-cov JSON: `data` has no `files` at line 1"),
    ] {
        assert_eq!(read(&files).unwrap_err(), Defect::Unreadable(why.to_owned()));
    }
    let other = parse(Window::new("{\"data\":[]}".as_bytes()), &mut Lines::default());
    let why = "it is not llvm-cov JSON: its `type` is not llvm.coverage.json.export";
    assert_eq!(other, Err(Defect::Unreadable(why.to_owned())));
}
