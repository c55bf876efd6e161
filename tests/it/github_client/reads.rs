//! What is read, how often, and to which end.

use promote::ports::FaultKind;
use serde_json::{Value, json};

use super::{DATE, NOW, TOKEN, client, has_header, json as answer, lines};
use crate::world::canned::Canned;

#[test]
fn a_read_says_who_and_what_it_is() {
    let server = Canned::start(&[&answer("200 OK", "", r#"{"id":7}"#)]);
    let (client, _) = client(&server);
    let route = client.route(&["environments", "eu/production ü"]);
    let read: Value = client.get("read it", &route, &[("ref", "a&b")]).unwrap();
    assert_eq!(read, json!({ "id": 7 }));
    let heads = server.heads();
    assert_eq!(lines(&server), ["GET /api/v3/repos/acme/app/environments/eu%2Fproduction%20%C3%BC?ref=a%26b"]);
    for (name, value) in [
        ("authorization", format!("Bearer {TOKEN}").as_str()),
        ("x-github-api-version", "2022-11-28"),
        ("user-agent", concat!("promote/", env!("CARGO_PKG_VERSION"))),
        ("accept", "application/vnd.github+json"),
    ] {
        assert!(has_header(&heads[0], name, value), "{name}: {}", heads[0]);
    }
    assert_eq!(client.requests(), 1);
}

#[test]
fn a_read_is_tried_three_times_and_only_for_what_passes() {
    let good = answer("200 OK", "", "[1]");
    let bad = Canned::answer("503 No", "retry-after: 4\r\n", "");
    let server = Canned::start(&[&bad, b"", &good]);
    let (reader, clock) = client(&server);
    assert_eq!(reader.get::<Vec<u8>>("read it", "/x", &[]).unwrap(), [1]);
    assert_eq!((reader.requests(), clock.slept()), (3, vec![4, 0]));

    let server = Canned::start(&[b""]);
    let fault = client(&server).0.get::<Value>("read it", "/x", &[]).unwrap_err();
    assert_eq!((fault.kind, server.heads().len()), (FaultKind::Transient, 3));
    for (status, kind, tries) in [
        ("502 No", FaultKind::Transient, 3),
        ("504 No", FaultKind::Transient, 3),
        ("500 No", FaultKind::Transient, 1),
        ("404 No", FaultKind::NotFound, 1),
        ("403 No", FaultKind::Denied, 1),
        ("422 No", FaultKind::Broken, 1),
    ] {
        let server = Canned::start(&[&answer(status, "", r#"{"message":"no"}"#)]);
        let fault = client(&server).0.get::<Value>("read it", "/x", &[]).unwrap_err();
        assert_eq!((fault.kind, server.heads().len()), (kind, tries), "{status}: {fault}");
        assert_eq!(fault.doing, "read it");
    }
}

#[test]
fn what_may_be_missing_is_none_and_a_page_is_not() {
    let missing = answer("404 Not Found", "", r#"{"message":"Not Found"}"#);
    let server = Canned::start(&[&missing]);
    let (reader, _) = client(&server);
    assert_eq!(reader.get_optional::<Value>("read it", "/x", &[]).unwrap(), None);
    let page = Canned::answer("404 Not Found", "content-type: text/html\r\n", "<title>No such host</title>");
    let server = Canned::start(&[&page]);
    let fault = client(&server).0.get_optional::<Value>("read it", "/x", &[]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.why.contains("No such host"), "{fault}");
}

#[test]
fn an_answer_that_has_not_changed_is_not_sent_again() {
    let first = answer("200 OK", "etag: W/\"one\"\r\n", r#"{"id":1}"#);
    let same = Canned::answer("304 Not Modified", "etag: W/\"one\"\r\n", "");
    let next = answer("200 OK", "etag: W/\"two\"\r\n", r#"{"id":2}"#);
    let server = Canned::start(&[&first, &same, &next, &same]);
    let (client, _) = client(&server);
    let read = || client.get::<Value>("read it", "/x", &[("a", "b")]).unwrap()["id"].clone();
    assert_eq!([read(), read(), read(), read()], [1, 1, 2, 2]);
    let heads = server.heads();
    assert!(!heads[0].to_ascii_lowercase().contains("if-none-match"));
    for (at, tag) in [(1, "W/\"one\""), (2, "W/\"one\""), (3, "W/\"two\"")] {
        assert!(has_header(&heads[at], "if-none-match", tag), "{}", heads[at]);
    }
    // Another query is another answer, and one that nobody asked to compare with is none.
    let fault = client.get::<Value>("read it", "/x", &[]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken, "{fault}");
}

#[test]
fn a_list_is_read_to_its_end_by_addresses_of_our_own() {
    let entries = |from: u32| (from..from + 100).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    let page = |list: &str, next: bool| {
        // GitHub's own links point at another host here, as behind a proxy.
        let link = if next { "link: <http://elsewhere.invalid/x?page=2>; rel=\"next\"\r\n" } else { "" };
        answer("200 OK", link, &format!(r#"{{"total_count":201,"jobs":[{list}]}}"#))
    };
    let server = Canned::start(&[&page(&entries(0), true), &page(&entries(100), true), &page("200", false)]);
    let (reader, _) = client(&server);
    let all: Vec<u32> =
        reader.pages("list the jobs", &reader.route(&["jobs"]), &[("filter", "all")], Some("jobs")).unwrap();
    assert_eq!(all, (0..=200).collect::<Vec<_>>());
    let line = |page| format!("GET /api/v3/repos/acme/app/jobs?filter=all&per_page=100&page={page}");
    assert_eq!(lines(&server), [line(1), line(2), line(3)]);
    assert!(server.heads().iter().all(|head| has_header(head, "authorization", &format!("Bearer {TOKEN}"))));

    // A page that is not full may still be followed by another, and a full one be the last.
    let few = answer("200 OK", "link: <http://h/x?page=2>; rel=\"next\"\r\n", "[1]");
    let last = answer("200 OK", "link: <http://h/x?page=1>; rel=\"prev\"\r\n", &format!("[{}]", entries(2)));
    let server = Canned::start(&[&few, &last]);
    assert_eq!(client(&server).0.pages::<u32>("list", "/x", &[], None).unwrap().len(), 101);

    let server = Canned::start(&[&page(&entries(0), true)]);
    let fault = client(&server).0.pages::<u32>("list the jobs", "/x", &[], Some("jobs")).unwrap_err();
    assert!(fault.kind == FaultKind::Broken && fault.why.contains("more than the 30 pages"), "{fault}");

    for shape in ["[1]", r#"{"jobs":null}"#, "7", r#"{"jobs":[{}]}"#] {
        let server = Canned::start(&[&answer("200 OK", "", shape)]);
        let fault = client(&server).0.pages::<u32>("list the jobs", "/x", &[], Some("jobs")).unwrap_err();
        assert!(fault.kind == FaultKind::Broken && fault.why.contains("cannot be read"), "{shape}: {fault}");
    }
}

#[test]
fn a_limit_is_waited_for_while_patience_lasts() {
    let used = |reset: i64| {
        let headers =
            format!("{DATE}x-ratelimit-remaining: 0\r\nx-ratelimit-limit: 1000\r\nx-ratelimit-reset: {reset}\r\n");
        answer("403 Forbidden", &headers, r#"{"message":"API rate limit exceeded"}"#)
    };
    let good = answer("200 OK", "", "1");
    let secondary = answer("403 Forbidden", "", r#"{"message":"You have exceeded a secondary rate limit."}"#);
    let asked = answer("429 Too Many", "retry-after: 9\r\n", "{}");
    for (first, slept) in [(used(NOW + 30), 31), (secondary.clone(), 60), (asked, 9)] {
        let server = Canned::start(&[&first, &good]);
        let (reader, clock) = client(&server);
        assert_eq!(reader.get::<u8>("read it", "/x", &[]).unwrap(), 1);
        assert_eq!(clock.slept(), [slept]);
    }
    // Patience is for the whole request, not for each try.
    let server = Canned::start(&[&secondary, &secondary, &good]);
    let (reader, clock) = client(&server);
    let fault = reader.get::<u8>("read it", "/x", &[]).unwrap_err();
    assert_eq!((fault.kind, clock.slept(), reader.requests()), (FaultKind::Transient, vec![60], 2));
    assert!(fault.why.contains("a secondary limit"), "{fault}");

    let server = Canned::start(&[&used(NOW + 3599)]);
    let (reader, clock) = client(&server);
    let fault = reader.get::<u8>("read it", "/x", &[]).unwrap_err();
    assert_eq!((fault.kind, clock.slept(), reader.requests()), (FaultKind::Transient, vec![], 1));
    assert!(
        fault.why.contains("all 1000 requests of this hour")
            && fault.why.contains("ends at 1994-11-06T09:49:37Z, in 1 h")
    );
}
