//! Any text in place of a kustomization or a manifest pins images or says why not, and never is a panic.

#![no_main]

use std::collections::BTreeMap;

use promote::promotion::facts::Snapshot;
use promote::promotion::pins::{kustomize, select};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = kustomize::local_bases("k8s/overlays/staging", text);
    for name in ["kustomization.yaml", "deployment.yaml"] {
        let snapshot = Snapshot {
            repository: "acme/gitops".to_owned(),
            branch: "main".to_owned(),
            commit: String::new(),
            path: "k8s/overlays/staging".to_owned(),
            files: BTreeMap::from([(format!("k8s/overlays/staging/{name}"), text.to_owned())]),
            trees: BTreeMap::new(),
            releases: None,
        };
        if let Err(fault) = select::read(&snapshot, "app", &[]) {
            assert!(!fault.why.is_empty());
        }
    }
});
