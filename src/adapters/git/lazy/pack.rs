//! Packs (gitformat-pack): one that comes is stored as it is, one that goes holds exactly the objects that are named.

use std::io::{self, Write};

use git2::{Buf, Odb, OdbPackwriter, Oid, Repository};

/// How long a pack's head is: `PACK`, its version, the number of its objects.
const HEAD: usize = 12;
/// A pack without objects, as a server wants it where a ref is moved to what it has: the head, and its SHA-1.
const EMPTY: [u8; 32] = [
    b'P', b'A', b'C', b'K', 0, 0, 0, 2, 0, 0, 0, 0, 0x02, 0x9d, 0x08, 0x82, 0x3b, 0xd8, 0xa8, 0xea, 0xb5, 0x10, 0xad,
    0x6a, 0xc7, 0x5c, 0x82, 0x3c, 0xfd, 0x3e, 0xd3, 0x1e,
];

/// A pack on its way into the object database. Objects are named there by what they hold, whatever the server says.
pub(crate) struct Incoming<'o> {
    objects: &'o Odb<'o>,
    head: Vec<u8>,
    writer: Option<OdbPackwriter<'o>>,
}

impl<'o> Incoming<'o> {
    /// Nothing has come yet.
    pub(crate) fn into(objects: &'o Odb<'o>) -> Self {
        Self { objects, head: Vec::new(), writer: None }
    }

    /// Makes the objects known, now that all have come.
    pub(crate) fn finish(self) -> Result<(), git2::Error> {
        match self.writer {
            Some(mut writer) => writer.commit().map(drop),
            None if self.head == EMPTY => Ok(()),
            None => Err(git2::Error::from_str("the pack is cut off")),
        }
    }
}

impl Write for Incoming<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let store = |error: git2::Error| io::Error::other(format!("the pack cannot be stored: {}", error.message()));
        if let Some(writer) = &mut self.writer {
            let last = |_| store(git2::Error::last_error(-1));
            return writer.write_all(bytes).map_err(last).map(|()| bytes.len());
        }
        self.head.extend_from_slice(bytes);
        // libgit2 takes no pack without objects: it is looked at as a whole, and not stored.
        let empty = self.head.len() <= EMPTY.len() && EMPTY.starts_with(&self.head);
        if self.head.len() > HEAD && !empty {
            let mut writer = self.objects.packwriter().map_err(store)?;
            let begun = writer.write_all(&self.head).map_err(|_| store(git2::Error::last_error(-1)));
            self.writer = Some(writer);
            begun?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pack of exactly these objects.
pub(crate) fn outgoing(repository: &Repository, objects: &[Oid]) -> Result<Vec<u8>, git2::Error> {
    if objects.is_empty() {
        return Ok(EMPTY.to_vec());
    }
    let mut builder = repository.packbuilder()?;
    builder.set_threads(1);
    for id in objects {
        builder.insert_object(*id, None)?;
    }
    let mut pack = Buf::new();
    builder.write_buf(&mut pack)?;
    Ok(pack.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Repository) {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init(dir.path()).unwrap();
        (dir, repository)
    }

    fn take(repository: &Repository, pack: &[u8], piece: usize) -> Result<(), String> {
        let objects = repository.odb().unwrap();
        let mut incoming = Incoming::into(&objects);
        pack.chunks(piece).try_for_each(|piece| incoming.write_all(piece)).map_err(|error| error.to_string())?;
        incoming.finish().map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_pack_holds_what_is_named_and_nothing_else() {
        let (_one, from) = repository();
        let ids = [b"a".as_slice(), b"b", b"c"].map(|text| from.blob(text).unwrap());
        let pack = outgoing(&from, &ids[..2]).unwrap();
        assert_eq!(pack[..HEAD], [b"PACK".as_slice(), &[0, 0, 0, 2, 0, 0, 0, 2]].concat());
        for piece in [1, 5, 31, 1000] {
            let (_other, to) = repository();
            take(&to, &pack, piece).unwrap();
            assert_eq!(ids.map(|id| to.find_blob(id).is_ok()), [true, true, false]);
        }
        assert!(outgoing(&from, &[Oid::from_bytes(&[7; 20]).unwrap()]).is_err());
    }

    #[test]
    fn a_pack_may_be_empty_but_not_cut_off_or_altered() {
        let (_dir, repository) = repository();
        assert_eq!(outgoing(&repository, &[]).unwrap(), EMPTY);
        for piece in [1, 12, 13, 1000] {
            take(&repository, &EMPTY, piece).unwrap();
        }
        let id = repository.blob(b"a").unwrap();
        let pack = outgoing(&repository, &[id]).unwrap();
        for end in 0..pack.len() {
            assert!(take(&repository, &pack[..end], 7).is_err(), "{end}");
        }
        for at in 0..pack.len() {
            let mut altered = pack.clone();
            altered[at] ^= 0x10;
            assert!(take(&repository, &altered, 7).is_err(), "{at}");
        }
        assert!(take(&repository, &EMPTY[..20], 7).is_err());
    }
}
