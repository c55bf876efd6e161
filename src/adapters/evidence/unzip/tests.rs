use std::io::Write as _;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, deflated()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Puts other bytes of the same length in the place of some, everywhere.
fn forged(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "nothing to forge");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    unzip(bytes, &|_| true).unwrap_err()
}

#[test]
fn only_what_is_wanted_is_unpacked_and_all_is_named() {
    let bytes = archive(&[("b/two.xml", b"2"), ("a/one.xml", b"1"), ("log.txt", b"x")]);
    let (files, paths) = unzip(&bytes, &|path| path.ends_with(".xml")).unwrap();
    let files: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.bytes.as_slice())).collect();
    assert_eq!(files, [("a/one.xml", b"1".as_slice()), ("b/two.xml", b"2")]);
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["a/one.xml", "b/two.xml", "log.txt"]);
    assert_eq!(unzip(&archive(&[]), &|_| true), Ok((Vec::new(), BTreeSet::new())));
}

#[test]
fn names_that_lead_out_are_refused() {
    for (name, why) in [
        ("../x.xml", "is not a plain path"),
        ("a/../x.xml", "is not a plain path"),
        ("./a.xml", "is not a plain path"),
        ("a//b.xml", "is not a plain path"),
        ("/etc/a.xml", "is an absolute path"),
        ("C:/a.xml", "is an absolute path"),
        ("c:a.xml", "is an absolute path"),
        ("a\\b.xml", "holds a backslash"),
        ("a\n::set-output name=x::y", "holds a control character"),
    ] {
        // The writer corrects some names, so the archive is forged.
        let plain = "n".repeat(name.len());
        let bytes = forged(archive(&[(&plain, b"x")]), plain.as_bytes(), name.as_bytes());
        let refused = refusal(&bytes);
        assert!(refused.contains(why) && !refused.contains('\n'), "{name}: {refused}");
    }
    let bytes = forged(archive(&[("nnnn.xml", b"x")]), b"nnnn", b"n\xff\xfen");
    assert!(refusal(&bytes).contains("not UTF-8"), "{}", refusal(&bytes));
}

#[test]
fn links_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("a.xml", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(refusal(&bytes), "`a.xml` is a link or a device, not a file");
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let bytes = forged(archive(&[("a.xml", b"good"), ("b.xml", b"evil")]), b"b.xml", b"a.xml");
    assert_eq!(refusal(&bytes), "two of its entries have the same name");
}

#[test]
fn what_is_encrypted_is_refused() {
    // Bit 0 of the flags, which stand after the version that is needed.
    let mut bytes = archive(&[("a.xml", b"x")]);
    for (signature, at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let start = bytes.windows(4).position(|window| window == signature).unwrap();
        bytes[start + at] |= 1;
    }
    assert_eq!(refusal(&bytes), "`a.xml` is encrypted");
}

#[test]
fn too_many_entries_are_refused_before_they_are_listed() {
    // A million headers, as a list would hold them: no writer is needed for what is never read.
    let mut bytes = LISTED.repeat(1_000_000);
    bytes.extend_from_slice(&archive(&[("a.xml", b"x")]));
    assert_eq!(refusal(&bytes), "it has more than 10000 entries, the most that are read");
    let names: Vec<String> = (0..ENTRIES_MAX).map(|n| format!("{n}.xml")).collect();
    let most: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_eq!(unzip(&archive(&most), &|_| false).unwrap().1.len(), ENTRIES_MAX);
    let more: Vec<_> = most.iter().copied().chain([("more.xml", b"".as_slice())]).collect();
    assert!(refusal(&archive(&more)).contains("10000 entries"));
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 8 << 20];
    assert_eq!(refusal(&archive(&[("a.xml", &zeros)])), "`a.xml` is packed more than 200 times, as a bomb is");
    // One megabyte of anything is let through: small things pack well.
    assert!(unzip(&archive(&[("a.xml", &zeros[..1 << 20])]), &|_| true).is_ok());
    // What it says of its own size changes nothing: the size is counted.
    let bytes = archive(&[("a.xml", &zeros)]);
    let lie = forged(bytes, &(8u32 << 20).to_le_bytes(), &16u32.to_le_bytes());
    assert!(unzip(&lie, &|_| true).is_err());
}

#[test]
fn sizes_are_limited() {
    let mut total = 0;
    let much = || std::io::repeat(b'x');
    let one = unpack(much().take(FILE_MAX + 1), FILE_MAX, &mut total);
    assert_eq!(one.unwrap_err(), "is larger than 64 MiB unpacked, the most for one file");
    let mut total = TOTAL_MAX - 10;
    assert_eq!(unpack(much().take(10), 10, &mut total).unwrap().len(), 10);
    let one_more = unpack(much().take(1), 1, &mut total);
    assert_eq!(one_more.unwrap_err(), "makes the archive larger than 256 MiB unpacked, the most that is read");
}

#[test]
fn damage_is_noticed() {
    let text: Vec<u8> = (0..200_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let bytes = archive(&[("a.xml", &text)]);
    assert!(unzip(&bytes, &|_| true).is_ok());
    for at in [60, bytes.len() / 2] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        assert!(unzip(&damaged, &|_| true).is_err(), "{at}");
    }
    for length in [0, 3, 30, bytes.len() / 2, bytes.len() - 1] {
        assert!(refusal(&bytes[..length]).contains("not a whole zip archive"), "{length}");
    }
    assert!(refusal(b"<testsuites/>").contains("not a whole zip archive"));
}

#[test]
fn the_fuzz_corpus_is_survived() {
    let files: Vec<_> = std::fs::read_dir("fuzz/corpus/artifact").unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let _ = unzip(&std::fs::read(file).unwrap(), &|_| true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_damage_is_survived(
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        put in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = archive(&[("a/b.xml", b"<testsuite/>"), ("c.txt", &[b'z'; 500])]);
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put);
        if let Ok((files, paths)) = unzip(&bytes, &|_| true) {
            prop_assert!(files.len() <= paths.len());
            prop_assert!(paths.iter().all(|path| !path.starts_with('/') && !path.contains("..")  && !path.contains('\\')));
        }
    }
}
