//! Plain manifests: `image:` of the containers of workloads, in files of several documents and in lists.

use std::collections::BTreeMap;

use crate::promotion::edit::EditFault;
use crate::promotion::edit::read::scalar_text;
use crate::promotion::facts::Snapshot;
use crate::promotion::image::ImageRef;
use crate::promotion::pins::kustomize::Kustomization;
use crate::promotion::pins::{Candidate, Form, Pin, PinFault, PinPlace, named_files};
use crate::promotion::place::find;
use crate::promotion::selector::{Segment, Selector};
use crate::promotion::yaml::{Document, Node, NodeKind, parse};

/// One `image:`.
struct Mention {
    place: PinPlace,
    image: ImageRef,
    line: u32,
}

/// Every image of the manifests, by repository. Where there is a kustomization, only files that it names count. An image
/// that cannot be read is a fault of all: it may be any of them.
pub(super) fn candidates(
    snapshot: &Snapshot,
    kustomization: Option<&Kustomization<'_>>,
) -> Result<Vec<Candidate>, PinFault> {
    let mut mentions: BTreeMap<String, Vec<Mention>> = BTreeMap::new();
    for (path, name, text) in named_files(snapshot) {
        if kustomization.is_some_and(|kustomization| !kustomization.uses(name)) {
            continue;
        }
        let documents = parse(text).map_err(|fault| EditFault::from(fault).of(path))?;
        for (at, document) in documents.iter().enumerate() {
            for selector in images(&document.root, &Selector::default()) {
                let mention = read(path, &documents, at, &selector)?;
                mentions.entry(mention.image.name.clone()).or_default().push(mention);
            }
        }
    }
    Ok(mentions.into_iter().map(|(name, found)| Candidate { name, pin: agree(found) }).collect())
}

/// All places of an image must say the same version, else there is no telling which one runs.
fn agree(mentions: Vec<Mention>) -> Result<Pin, PinFault> {
    let mut mentions = mentions.into_iter();
    let Some(first) = mentions.next() else { return Err(PinFault::new("no manifest has this image", "")) };
    let from = format!("{}:{}", first.place.path, first.line);
    let mut pin = Pin { image: first.image, places: vec![first.place] };
    for Mention { place, image, line } in mentions {
        if (&image.tag, &image.digest) != (&pin.image.tag, &pin.image.digest) {
            let why = format!("{}:{line} pins {image}, but {from} pins {}", place.path, pin.image);
            return Err(PinFault::new(why, "make both the same version first: they are promoted together"));
        }
        pin.places.push(place);
    }
    Ok(pin)
}

fn read(path: &str, documents: &[Document], document: usize, selector: &Selector) -> Result<Mention, PinFault> {
    let place = find(documents, document, selector).map_err(|fault| EditFault::from(fault).of(path))?;
    let place =
        place.ok_or_else(|| PinFault::new(format!("{path}: there is no `{selector}`"), "check the manifest"))?;
    let (node, line) = (place.node, place.node.line);
    let text = scalar_text(node).map_err(|fault| fault.of(path))?.unwrap_or_default();
    let Some(image) = ImageRef::parse(&text) else {
        let why = format!("{path}:{line}:{}: `{text}` is not an image", node.column);
        return Err(PinFault::new(why, "write repository:tag, or repository@digest"));
    };
    let form = Form::Whole(selector.clone());
    Ok(Mention { place: PinPlace { path: path.to_owned(), document, form }, image, line })
}

/// The places of `image:` in a manifest, at a selector. A container without one (a patch, say) pins nothing.
fn images(manifest: &Node, at: &Selector) -> Vec<Selector> {
    let kind = manifest.get("kind").and_then(Node::as_str).unwrap_or_default();
    let spec: &[&str] = match kind {
        "Pod" => &["spec"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "Rollout" => &["spec", "template", "spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "List" | "DeploymentList" | "PodList" => {
            let items = manifest.get("items").map_or(&[][..], Node::items);
            let list = at.key("items");
            // A list in a list is nothing that Kubernetes knows; so no depth to fear.
            let inner =
                |item: &Node| item.get("kind").and_then(Node::as_str).is_none_or(|kind| !kind.ends_with("List"));
            return items
                .iter()
                .enumerate()
                .filter(|(_, item)| inner(item))
                .flat_map(|(n, item)| images(item, &list.index(n)))
                .collect();
        }
        _ => return Vec::new(),
    };
    let mut pod = manifest;
    let mut at = at.clone();
    for key in spec {
        let Some(next) = pod.get(key) else { return Vec::new() };
        (pod, at) = (next, at.key(key));
        if is_alias(pod) {
            // Nothing is read behind an alias; whoever looks there is told so.
            return vec![at.key("containers")];
        }
    }
    let mut found = Vec::new();
    for list in ["initContainers", "containers"] {
        let Some(containers) = pod.get(list) else { continue };
        if is_alias(containers) {
            found.push(at.key(list).index(0));
        }
        for (n, container) in containers.items().iter().enumerate() {
            if is_alias(container) || container.get("image").is_some() || container.get("<<").is_some() {
                found.push(at.key(list).with(segment_of(containers.items(), n, container)).key("image"));
            }
        }
    }
    found
}

fn is_alias(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Alias { .. })
}

/// `[name=app]` where that says which; else `[0]`.
fn segment_of(containers: &[Node], n: usize, container: &Node) -> Segment {
    let name_of = |container: &Node| container.get("name").and_then(Node::as_str).map(str::to_owned);
    match name_of(container) {
        Some(name) if containers.iter().filter(|other| name_of(other).as_ref() == Some(&name)).count() == 1 => {
            Segment::Match { key: "name".to_owned(), value: name }
        }
        _ => Segment::Index(n),
    }
}
