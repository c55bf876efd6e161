//! The stand-in and the adapter against Argo CD's own API description: a checking proxy stands between them, and turns what
//! breaks the description into errors. The naive client must be fooled by what Argo CD might say, not by what it never says.
//!
//! Needs prism and the description (`assets/swagger.json` of argo-cd, without `format: byte`), so it runs only where
//! `PROMOTE_PRISM` and `PROMOTE_ARGOCD_SWAGGER` name them.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use promote::adapters::argocd::options::Options;
use promote::ports::Deployer;

use super::scenarios::{End, end, usual};
use super::scene::{NEW, Scene, snapshot};
use crate::world::argo::behaviour::Behaviour;

/// The proxy. It stops when it is dropped.
struct Prism(Child);

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the proxy before a server; returns its address.
fn before(prism: &str, description: &str, server: &str) -> (Prism, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = Command::new(std::path::Path::new(prism).join("node_modules/.bin/prism"));
    command.args(["proxy", "--errors", "-h", "127.0.0.1", "-p", &port, description, server]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (proxy, addr) = (Prism(child), format!("127.0.0.1:{port}"));
    for _ in 0..600 {
        if TcpStream::connect(&addr).is_ok() {
            return (proxy, format!("http://{addr}"));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the proxy does not start");
}

#[test]
fn nothing_that_is_said_breaks_argo_cds_own_description() {
    let (Ok(prism), Ok(description)) = (std::env::var("PROMOTE_PRISM"), std::env::var("PROMOTE_ARGOCD_SWAGGER")) else {
        return;
    };
    let bad = Some((":1.20".to_owned(), vec![(0, "Progressing"), (2000, "Degraded")]));
    for (auto, behaviour, expected) in [
        (false, usual(), End::Verified),
        (true, usual(), End::Verified),
        (false, Behaviour { bad, ..usual() }, End::Refuted),
        (false, Behaviour { first_try_fails: true, ..usual() }, End::Verified),
        (false, Behaviour { sync_fails: Some("immutable".to_owned()), ..usual() }, End::Refuted),
    ] {
        let mut scene = Scene::with(auto, &[behaviour], NEW, |argo| argo);
        let (_proxy, url) = before(&prism, &description, &scene.argo.url());
        scene.server = Some(url);
        let argocd = scene.argocd(&Options::default());
        argocd.preflight(&scene.apps[0], &snapshot("k8s/staging", "main")).unwrap();
        let settled = scene.ours();
        assert_eq!(end(&settled), expected, "{settled:?}");
    }
}
