//! The file of packed refs, while refs are deleted (git's `files-backend.c`). git may write every loose ref into it at any
//! time; it must not write one that is just being deleted, or the ref comes back. So the file is locked as git locks it,
//! for as long as the deletion lasts. libgit2 does not.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use git2::{ErrorClass, ErrorCode, Repository};

/// The lock on the file; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Packed {
    dir: PathBuf,
}

impl Packed {
    /// Takes the lock; an error of the code `Locked` if another process has it.
    pub(crate) fn lock(repository: &Repository) -> Result<Self, git2::Error> {
        let dir = repository.commondir().to_owned();
        match OpenOptions::new().write(true).create_new(true).open(dir.join("packed-refs.lock")) {
            Ok(_) => Ok(Self { dir }),
            Err(error) => {
                let code =
                    if error.kind() == ErrorKind::AlreadyExists { ErrorCode::Locked } else { ErrorCode::GenericError };
                let text = format!("{}: {error}", dir.join("packed-refs.lock").display());
                Err(git2::Error::new(code, ErrorClass::Os, text))
            }
        }
    }

    /// Takes refs out of the file, if they are in it.
    pub(crate) fn remove(&self, names: &[&str]) -> Result<(), git2::Error> {
        self.rewrite(names).map_err(|error| {
            let text = format!("{}: {error}", self.dir.join("packed-refs").display());
            git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, text)
        })
    }

    fn rewrite(&self, names: &[&str]) -> io::Result<()> {
        let path = self.dir.join("packed-refs");
        let old = match fs::read(&path) {
            Ok(old) => old,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let new = without(&old, names);
        if new == old {
            return Ok(());
        }
        // Beside the lock, which stays: as git does.
        let beside = self.dir.join("packed-refs.new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(&new)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(beside, path)
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        // It was made by us. If it cannot be removed, whoever comes next is told of it by its name.
        let _ = fs::remove_file(self.dir.join("packed-refs.lock"));
    }
}

/// The file without some refs. A line that begins with `^` belongs to the ref before it.
fn without(file: &[u8], names: &[&str]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(file.len());
    let mut gone = false;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        if !line.starts_with(b"^") {
            let name = line.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default().trim_ascii_end();
            gone = !line.starts_with(b"#") && names.iter().any(|gone| gone.as_bytes() == name);
        }
        if !gone {
            kept.extend_from_slice(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_are_taken_out_and_nothing_else() {
        let file =
            b"# pack-refs with: peeled fully-peeled sorted \n1 refs/heads/a\n2 refs/tags/t\n^3\n4 refs/tags/t2\n^5\n";
        for (names, wanted) in [
            (&["refs/none"][..], file.as_slice()),
            (
                &["refs/heads/a"],
                b"# pack-refs with: peeled fully-peeled sorted \n2 refs/tags/t\n^3\n4 refs/tags/t2\n^5\n",
            ),
            (&["refs/tags/t", "refs/heads/a"], b"# pack-refs with: peeled fully-peeled sorted \n4 refs/tags/t2\n^5\n"),
        ] {
            assert_eq!(without(file, names), wanted, "{names:?}");
        }
        assert_eq!(without(b"", &["refs/heads/a"]), b"");
    }

    #[test]
    fn the_lock_is_one_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(dir.path()).unwrap();
        let lock = Packed::lock(&repository).unwrap();
        assert_eq!(Packed::lock(&repository).unwrap_err().code(), ErrorCode::Locked);
        lock.remove(&["refs/heads/a"]).unwrap();
        drop(lock);
        assert!(Packed::lock(&repository).is_ok());
    }
}
