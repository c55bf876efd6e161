//! Whatever a server sends: it is read or refused, and nothing breaks.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::adapters::git::lazy::advert::Advert;
use crate::adapters::git::lazy::pack::Incoming;
use crate::adapters::git::lazy::pkt::Packets;
use crate::adapters::git::lazy::upload::Want;
use crate::adapters::git::lazy::{receive, upload};

/// Everything that reads what a server sends, on the same bytes.
fn read_all(bytes: &[u8]) {
    const MOST: u64 = 1 << 16;
    let packets = || Packets::new(bytes, MOST);
    if let Ok(advert) = Advert::read(&mut packets()) {
        assert!(advert.refs.keys().all(|name| name.starts_with("refs/")));
    }
    if let Ok(refs) = upload::list_answer(&mut packets(), &["refs/"]) {
        assert!(refs.keys().all(|name| name.starts_with("refs/")));
    }
    let advert = |two: bool| Advert { two, can: vec!["side-band-64k".to_owned()], refs: BTreeMap::new() };
    for (two, depth) in [(true, None), (false, None), (false, Some(1))] {
        let (mut out, want) = (Vec::new(), Want { depth, ..Want::default() });
        let _ = upload::fetch_answer(&advert(two), &want, &mut packets(), &mut out);
        assert!(out.len() <= bytes.len(), "nothing is made up");
    }
    for advert in [advert(false), Advert::default()] {
        let _ = receive::report(&advert, &mut packets());
    }
}

/// Pieces of real answers, so that chance gets far enough into the parsers.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    const REAL: [&str; 16] = [
        "0000",
        "0001",
        "0002",
        "0004",
        "000eversion 2\n",
        "001e# service=git-upload-pack\n",
        "000dpackfile\n",
        "0011shallow-info\n",
        "0008NAK\n",
        "000eunpack ok\n",
        "0014ok refs/heads/a\n",
        "0009\u{1}PACK",
        "0009\u{2}said",
        "0009\u{3}dead",
        "0009ERR x",
        "0043aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa refs/heads/main\0atomic",
    ];
    prop_oneof![
        8 => proptest::sample::select(&REAL[..]).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..40),
        1 => (0_usize..70_000).prop_map(|length| format!("{length:04x}").into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn any_pieces_of_answers_are_read_or_refused(pieces in vec(piece(), 0..12), cut in 0_usize..400) {
        let bytes = pieces.concat();
        read_all(&bytes[..bytes.len().min(cut)]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pack_is_stored_or_refused(tail in vec(any::<u8>(), 0..200), head in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let repository = git2::Repository::init(dir.path()).unwrap();
        let objects = repository.odb().unwrap();
        let mut incoming = Incoming::into(&objects);
        let start: &[u8] = if head { b"PACK\0\0\0\x02\0\0\0\x01" } else { b"" };
        let written = std::io::Write::write_all(&mut incoming, &[start, &tail].concat());
        // A pack ends with the SHA-1 of itself, which chance does not find.
        prop_assert!(written.is_err() || incoming.finish().is_err());
    }
}
