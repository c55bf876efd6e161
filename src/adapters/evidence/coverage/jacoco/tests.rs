use super::*;

fn read(inside: &str) -> Result<(crate::promotion::measures::Coverage, Vec<String>), Defect> {
    let text = format!("<report name='r'><group name='m'><package name='p'>{inside}</package></group></report>");
    let mut lines = Lines::new(&["m/p/A.java".to_owned()]);
    let about = parse(Window::new(text.as_bytes()), &mut lines)?;
    lines.finish().map(|(coverage, _)| (coverage, about.notes))
}

#[test]
fn counts_lines_and_not_counters() {
    let class = |source: &str| {
        format!(
            "<class name='p/A$B'{source}><method name='f' desc='()V' line='1'><counter type='LINE' missed='9' covered='9'/>\
             <counter type='METHOD' missed='0' covered='1'/></method></class>"
        )
    };
    let file = "<sourcefile name='A.java'><line nr='1' mi='3' ci='1' mb='1' cb='2'/><line nr='2' mi='1' ci='0' mb='0' cb='0'/>\
                <counter type='LINE' missed='7' covered='7'/></sourcefile>";
    for source in [" sourcefilename='A.java'", ""] {
        let (coverage, notes) = read(&format!("{}{file}", class(source))).unwrap();
        let part = coverage.parts["m/p/A.java"];
        assert_eq!((part.lines_covered, part.lines_total), (1, 2));
        assert_eq!((coverage.branches_covered, coverage.branches_total), (2, 3));
        assert_eq!((coverage.functions_covered, coverage.functions_total), (1, 1));
        assert!(notes.is_empty(), "{notes:?}");
    }
    let other = file.replace("A.java", "C.java");
    assert_eq!(read(&format!("{}{other}", class(""))).unwrap().0.functions_total, 1, "the only file");
    let two = format!("{}{other}{}", class(""), file.replace("A.java", "D.java"));
    let (coverage, notes) = read(&two).unwrap();
    assert_eq!(coverage.functions_total, 0);
    assert_eq!(notes, ["methods that are of no source file in it are not counted: 1"]);
}

#[test]
fn lines_that_say_nothing_of_hits_leave_the_sums() {
    let file = "<sourcefile name='A.java'><line nr='1' mb='1' cb='2'/><counter type='LINE' missed='7' covered='3'/></sourcefile>";
    let (coverage, _) = read(file).unwrap();
    assert_eq!((coverage.lines_covered, coverage.lines_total), (3, 10));
    assert!(matches!(read(&format!("{file}{file}")), Err(Defect::Unreadable(_))), "sums cannot be merged");
}

#[test]
fn a_line_that_is_none_is_refused() {
    for (line, why) in [
        ("<line mi='0' ci='1'/>", "it has a line without an `nr` that is a number at line 1"),
        ("<line nr='-3' mi='0' ci='1'/>", "it has a line without an `nr` that is a number at line 1"),
        ("<line nr='3' mi='0' ci='x'/>", "it has a count that is no number at line 1"),
    ] {
        let seen = read(&format!("<sourcefile name='A.java'>{line}</sourcefile>"));
        assert_eq!(seen, Err(Defect::Unreadable(why.to_owned())));
    }
    assert!(matches!(read("<class name='p/A'/>"), Err(Defect::Missing(_))));
}
