use super::*;
use crate::promotion::measures::Performance;

fn read(text: &str) -> Result<(Performance, About), Defect> {
    let mut runs = Runs::default();
    let about = parse(Window::new(text.as_bytes()), "r.jtl", &mut runs)?;
    Ok((runs.finish()?.0, about))
}

/// Requests, failed, the three percentiles, and the rate.
fn said(text: &str) -> String {
    let (said, _) = read(text).unwrap();
    let shown = |number: Option<crate::promotion::number::Decimal>| number.map_or("?".to_owned(), |n| n.to_string());
    let failed = said.failed.map_or("?".to_owned(), |failed| failed.to_string());
    let percentiles = [said.p50_ms, said.p95_ms, said.p99_ms].map(shown).join(" ");
    format!("{} {failed} {percentiles} {}", said.requests, shown(said.throughput))
}

#[test]
fn the_header_may_be_missing_and_stand_there_twice() {
    let header = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes\n";
    let rows =
        "1393227741000,1000,GET /a,200,OK,t 1-1,text,true,3478\n1393227742000,4000,GET /b,500,no,t 1-1,text,false,7";
    assert_eq!(said(&format!("{header}{rows}")), "2 1 1000 4000 4000 0.4");
    assert_eq!(said(rows), "2 1 1000 4000 4000 0.4");
    assert_eq!(said(&format!("{header}{rows}\n{header}{rows}\n")), "4 2 1000 4000 4000 0.8");
    let other = format!("{header}{rows}").replace(',', ";");
    assert_eq!(said(&other), "2 1 1000 4000 4000 0.4");
    assert_eq!(said("elapsed\tlabel\n5\ta,b\n"), "1 ? 5 5 5 ?", "neither time nor result");
}

#[test]
fn dates_are_times_without_a_zone() {
    let header = "timeStamp,elapsed,label,success\n";
    let rows = "2014-02-24 07:42:21.000,1000,a,true\n2014/02/24 07:42:22.500,500,a,true\n";
    let (said, about) = read(&format!("{header}{rows}")).unwrap();
    assert_eq!((said.throughput.unwrap().to_string().as_str(), about.taken), ("1", None));
    let (said, _) = read(&format!("{header}2001/20/20 12:05:05,9,a,true\n")).unwrap();
    assert_eq!(said.throughput, None, "no such day");
    let (_, about) = read(&format!("{header}1795168800000,9,a,true\n")).unwrap();
    assert_eq!(about.taken.unwrap().to_string(), "2026-11-20T10:00:00Z");
}

#[test]
fn transactions_count_only_where_nothing_else_does() {
    let header = "timeStamp,elapsed,label,responseMessage,success\n";
    let sum = "1000,30,all,\"Number of samples in transaction : 2, number of failing samples : 0\",true\n";
    let (parts, about) = read(&format!("{header}1000,10,a,OK,true\n{sum}1010,20,b,OK,true\n")).unwrap();
    assert_eq!((parts.requests, parts.p99_ms.unwrap().to_string().as_str()), (2, "20"));
    assert_eq!(about.notes[0], "1 samples of transactions are left out: they sum up other samples");
    assert_eq!(said(&format!("{header}{sum}")), "1 0 30 30 30 33.333");
    let xml = |inner: &str| format!("<testResults version=\"1.2\">{inner}</testResults>");
    let rm = "rm=\"Number of samples in transaction : 1\"";
    let nested =
        format!("<sample t='30' s='true' {rm}><httpSample t='20' s='true'/></sample><httpSample t='1' s='true'/>");
    assert_eq!(said(&xml(&nested)), "2 0 1 30 30 ?");
    let beside = format!("<httpSample t='20' s='false' ts='1000'/><sample t='20' s='false' {rm}></sample>");
    assert_eq!(said(&xml(&beside)), "1 1 20 20 20 50");
}

#[test]
fn only_outermost_elements_count() {
    let text = " \n<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n<httpSample t=\"645\" ts=\"1298457003722\" s=\"true\" lb=\"Home\">\n\
                <httpSample t=\"600\" ts=\"1298457003722\" s=\"false\"><httpSample t='1'/></httpSample><assertionResult><failure>false</failure></assertionResult>\n\
                </httpSample>\n<sample t=\"5\" ts=\"1298457004367\" s=\"false\"/></testResults>\n";
    assert_eq!(said(text), "2 1 5 645 645 3.076");
}

#[test]
fn says_what_is_wrong() {
    let header = "timeStamp,elapsed,label,success\n";
    for (text, why) in [
        (
            "a,b\n1,2\n".to_owned(),
            "it is not JMeter CSV: its first line is neither a header nor a sample of the default columns",
        ),
        (format!("{header}1,2,a\n"), "it is cut off or broken: line 2 has 3 cells, and the first has 4"),
        (format!("{header}1,-2,a,true\n"), "it is not JMeter CSV: `-2` is no time (line 2)"),
        (format!("{header}1,2,a,maybe\n"), "it is not JMeter CSV: `maybe` is no result (line 2)"),
        (format!("{header}1,2,\"a,true\n"), "it is cut off: it ends inside quotes (line 2)"),
        ("<testsuite/>".to_owned(), "it is not JMeter XML: its root is <testsuite>"),
        (
            "<testResults><sample s='true'/></testResults>".to_owned(),
            "it is not JMeter XML: a sample has no time `t` (line 1)",
        ),
        ("<testResults><sample t='1'/>".to_owned(), "it is cut off: it ends at line 1 inside <testResults>"),
    ] {
        assert_eq!(read(&text).err(), Some(Defect::Unreadable(why.to_owned())), "{text}");
    }
    for text in [header, "", "<testResults/>"] {
        assert!(matches!(read(text), Err(Defect::Missing(_))), "{text}");
    }
}
