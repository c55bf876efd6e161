//! What stands in the files: the layout, the commits, and what a damaged or foreign file does.

use promote::ports::{FaultKind, Ledger};

use super::{BRANCH, Site, approved, id, rejected, requested, requested_for};

#[test]
fn files_are_where_the_layout_says_and_the_same_at_every_place() {
    let one = "H9GM3W4Z74RP86J39YE3ASF23B";
    let all = Site::each().map(|site| {
        site.records().append(&[requested(one), approved(one, 1)]).unwrap();
        site.files()
    });
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    let folder = format!("promotions/3/2/a/a/{one}");
    let names: Vec<&str> = all[0].keys().map(String::as_str).collect();
    let wanted =
        ["heads/app/staging.json", &format!("{folder}/0000-requested.json"), &format!("{folder}/0001-approved.json")];
    assert_eq!(names, wanted);
    for text in all[0].values() {
        assert!(text.starts_with("{\n") && text.ends_with("}\n"), "for people too: {text}");
    }
}

#[test]
fn commits_only_add_files_and_start_no_workflow() {
    for site in [Site::local(), Site::served()] {
        let (one, two) = (id(1), id(2));
        let records = site.records();
        records.append(&[requested(&one), approved(&one, 1)]).unwrap();
        records.append(&[requested_for(&two, "app", "canary")]).unwrap();
        site.records().append(&[rejected(&one, 2)]).unwrap();
        let bare = site.bare().unwrap();
        let log = bare.log(BRANCH);
        let subjects: Vec<_> = log.iter().map(|commit| commit.message.lines().next().unwrap().to_owned()).collect();
        let wanted = [format!("{one} rejected"), format!("{two} requested"), format!("{one} requested, approved")];
        assert_eq!(subjects, wanted.map(|subject| format!("promote: {subject}")));
        for commit in &log {
            assert_eq!(commit.message.lines().skip(1).collect::<Vec<_>>(), ["", "[skip ci]"]);
            assert_eq!(commit.author, "promote <promote@users.noreply.github.com>");
            assert_eq!(commit.committer, commit.author);
        }
        assert!(log[2].parents.is_empty(), "the branch begins with the first record");
        let changes = bare.git(&["log", "--name-status", "--format=", BRANCH, "--", "promotions", "orders"], &[]);
        assert!(changes.lines().all(|line| line.is_empty() || line.starts_with("A\t")), "{changes}");
        assert_eq!(bare.git(&["rev-list", "--count", "main"], &[]), "1", "no other branch was touched");
        bare.check();
    }
}

#[test]
fn a_damaged_entry_is_named_and_hides_no_other_promotion() {
    for site in Site::each() {
        let (one, two) = (id(1), id(2));
        let records = site.records();
        records.append(&[requested(&one)]).unwrap();
        records.append(&[requested_for(&two, "app", "canary"), approved(&two, 1)]).unwrap();
        let path = site.files().into_keys().find(|path| path.contains(&one)).unwrap();
        let other = path.replace("0000-requested", "0001-approved");
        for (file, text) in [(&path, "{\"schema\": 1,"), (&path, ""), (&other, &*site.files()[&path])] {
            let good = site.files()[&path].clone();
            site.put(file, text);
            for records in [&records, &site.records()] {
                let fault = records.entries(&one).unwrap_err();
                assert_eq!(fault.kind, FaultKind::Broken);
                assert!(fault.why.contains(file.as_str()) && fault.hint.is_some(), "{fault}");
                assert_eq!(records.entries(&two).unwrap().len(), 2);
                assert!(records.append(&[rejected(&one, 2)]).is_err());
                assert_eq!(records.matching("").unwrap().len(), 2);
                assert_eq!(records.head("app", "canary").unwrap().open.as_ref(), Some(&two));
                assert!(records.heads().unwrap().contains_key(&("app".to_owned(), "canary".to_owned())));
            }
            site.put(&path, &good);
        }
    }
}

#[test]
fn a_damaged_head_is_named_and_hides_no_other() {
    for site in Site::each() {
        let (one, two) = (id(1), id(2));
        let records = site.records();
        records.append(&[requested(&one)]).unwrap();
        records.append(&[requested_for(&two, "app", "canary")]).unwrap();
        site.put("heads/app/staging.json", "<<<<<<< HEAD");
        let heads = records.heads().unwrap();
        let read: Vec<_> = heads.iter().map(|((_, to), file)| (to.as_str(), file.is_ok())).collect();
        assert_eq!(read, [("canary", true), ("staging", false)]);
        let fault = records.head("app", "staging").unwrap_err();
        assert!(fault.why.contains("heads/app/staging.json"), "{fault}");
        let fault = records.append(&[rejected(&one, 1)]).unwrap_err();
        assert!(fault.why.contains("heads/app/staging.json"), "it is not written over: {fault}");
        assert_eq!(records.entries(&one).unwrap().len(), 1);
    }
}

#[test]
fn foreign_files_are_passed_over() {
    for site in Site::each() {
        let one = id(1);
        let records = site.records();
        records.append(&[requested(&one)]).unwrap();
        let folder = site.files().into_keys().find(|path| path.contains(&one)).unwrap();
        let folder = folder.rsplit_once('/').unwrap().0.to_owned();
        for path in ["README.md", "promotions/notes.txt", "promotions/0/x", "heads/notes.txt", "heads/app/notes.txt"] {
            site.put(path, "Hello.\n");
        }
        site.put(&format!("{folder}/0001-approved.json.orig"), "what?");
        site.put(&format!("{folder}/notes/0001-approved.json"), "what?");
        for records in [&records, &site.records()] {
            assert_eq!(records.entries(&one).unwrap(), [requested(&one)]);
            assert_eq!(records.heads().unwrap().len(), 1);
            assert_eq!(records.matching("").unwrap(), std::slice::from_ref(&one));
        }
        records.append(&[approved(&one, 1)]).unwrap();
        assert_eq!(site.records().entries(&one).unwrap().len(), 2);
    }
}
