//! Pushes that are held on the server: they have arrived, and are carried out or refused when the test says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::stage::Stage;

/// Each push takes the next number, and waits for its word. It ends with the repository.
const HOOK: &str = "#!/bin/sh
cat > /dev/null
n=0
until mkdir HELD/$n 2> /dev/null; do
  [ -d HELD ] || exit 1
  n=$((n + 1))
done
while [ -d HELD ] && [ ! -e HELD/$n/land ]; do
  if [ -e HELD/$n/refuse ]; then
    echo 'it was held, and is refused' >&2
    exit 1
  fi
  sleep 0.01
done
[ -d HELD ]
";

/// The server holds every push from now on.
pub(crate) struct Held {
    hook: PathBuf,
    dir: PathBuf,
}

impl Held {
    pub(crate) fn on(stage: &Stage) -> Self {
        let hook = stage.bare.path().join("hooks/pre-receive");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        let dir = tempfile::Builder::new().prefix("held-").tempdir_in(stage.bare.path()).unwrap().keep();
        fs::write(&hook, HOOK.replace("HELD", dir.to_str().unwrap())).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        Self { hook, dir }
    }

    /// Waits until so many pushes have arrived.
    pub(crate) fn arrived(&self, pushes: usize) {
        exists(&self.dir.join((pushes - 1).to_string()));
    }

    /// The n-th push, from 0, is carried out.
    pub(crate) fn land(&self, n: usize) {
        fs::write(self.dir.join(n.to_string()).join("land"), "").unwrap();
    }

    /// The n-th push, from 0, is refused.
    pub(crate) fn refuse(&self, n: usize) {
        fs::write(self.dir.join(n.to_string()).join("refuse"), "").unwrap();
    }

    /// Later pushes are not held; those that are stay so.
    pub(crate) fn off(&self) {
        fs::remove_file(&self.hook).unwrap();
    }
}

fn exists(path: &Path) {
    let what = format!("{} appears", path.display());
    until(&what, || path.exists());
}

/// Waits until something is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
