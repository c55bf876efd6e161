//! What is linked into the binary: no OpenSSL, one TLS, and licences that its own licence allows.

use std::env;
use std::process::Command;

use serde_json::Value;

use crate::readme::read;

/// Libraries of C that would bring a second TLS, or need one on the machine.
const BANNED: [&str; 8] =
    ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "libssh2-sys", "curl-sys", "mbedtls"];

/// Licences that may be linked into a binary that is Apache-2.0 OR MIT.
const LICENCES: [&str; 13] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The names of the packages in a lock file.
fn locked(lock: &str) -> Vec<&str> {
    lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect()
}

fn banned(lock: &str) -> Vec<&str> {
    locked(lock).into_iter().filter(|name| BANNED.contains(name)).collect()
}

/// Whether an SPDX expression can be met with the licences above: one of each `OR`, all of each `AND`.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // Only flat expressions occur: what is joined by AND is split last, so an OR inside brackets reads as its own term.
    expression.split(" AND ").all(|all| all.split(" OR ").any(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn there_is_one_tls_and_no_openssl() {
    let lock = read("Cargo.lock");
    assert!(locked(&lock).contains(&"ring"), "rustls is meant to stand on ring");
    assert_eq!(banned(&lock), Vec::<&str>::new());
    assert_eq!(
        banned("[[package]]\nname = \"openssl-sys\"\nversion = \"0.9\"\n[[package]]\nname = \"openssl-probe\"\n"),
        ["openssl-sys"]
    );
}

/// The platform that the tests were built for: its packages are on this machine.
fn host() -> String {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn every_licence_may_be_linked() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} packages were found", packages.len());
    let refused = packages.iter().filter(|package| !allowed(package["license"].as_str().unwrap_or("none")));
    let refused: Vec<String> = refused.map(|package| format!("{} {}", package["name"], package["license"])).collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn licences_are_read_as_expressions() {
    for (expression, wanted) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("Apache-2.0/MIT", true),
        ("none", false),
    ] {
        assert_eq!(allowed(expression), wanted, "{expression}");
    }
}
