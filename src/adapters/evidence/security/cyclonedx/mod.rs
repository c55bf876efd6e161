//! CycloneDX JSON with vulnerabilities: a report of what was found (VDR), or of what was made of it (VEX). ECMA-424,
//! cyclonedx.org; Grype, Trivy, Dependency-Track and others write it.
//!
//! A finding is a vulnerability and a component that it affects. Traps: an inventory (SBOM) without `vulnerabilities` is no
//! scan; `analysis.state` closes a finding; of several ratings the worst counts; a score may stand without a word, and a
//! vector without its version; components may be nested, may follow behind, and a VEX names those of another document.

mod document;

use std::collections::HashMap;

use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::cyclonedx::document::{
    Affected, Component, Metadata, Package, Reference, Vulnerability,
};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts::{self, known_first};
use crate::adapters::evidence::security::purl::Purl;
use crate::adapters::evidence::window::Window;

/// Reads one document into the accumulator.
pub fn parse(input: Window<'_>, path: &str, found: &mut Found) -> Result<About, Defect> {
    let mut bom = Bom { path, found, about: About::default(), components: HashMap::new(), product: None, whole: false };
    let mut waiting: Vec<Vulnerability> = Vec::new();
    let (mut format, mut scanned, mut nameless) = (None::<String>, false, false);
    Json::document(input, "CycloneDX JSON", |json| {
        json.object(|name, json| {
            match name {
                "bomFormat" => format = json.read()?,
                "metadata" => {
                    let metadata: Option<Metadata> = json.read()?;
                    bom.metadata(&metadata.unwrap_or_default());
                }
                "components" => {
                    json.each(|component: Component| bom.component(&component))?;
                    bom.whole = true;
                }
                "vulnerabilities" if json.peek()? != Kind::Null => {
                    scanned = true;
                    json.each(|one: Vulnerability| {
                        nameless |= one.id.as_deref().is_none_or(|id| id.trim().is_empty());
                        if bom.whole { bom.add(&one) } else { waiting.push(one) }
                    })?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        match format.as_deref() {
            Some("CycloneDX") if nameless => Err(Error::Data("a vulnerability has no `id`".to_owned())),
            Some("CycloneDX") => Ok(()),
            _ => Err(Error::Data("it has no `bomFormat`".to_owned())),
        }
    })?;
    waiting.iter().for_each(|one| bom.add(one));
    if !scanned {
        return Err(Defect::Missing("it lists no vulnerabilities: an inventory is no scan".to_owned()));
    }
    Ok(bom.about)
}

/// A document on its way.
struct Bom<'a> {
    path: &'a str,
    found: &'a mut Found,
    about: About,
    /// The packages, by their references.
    components: HashMap<String, Package>,
    /// What the document is about.
    product: Option<Package>,
    /// Whether all components are known.
    whole: bool,
}

impl Bom<'_> {
    fn metadata(&mut self, metadata: &Metadata) {
        parts::taken(&mut self.about, metadata.timestamp.as_deref());
        if let Some(tools) = &metadata.tools {
            tools.note(&mut self.about);
        }
        if let Some(component) = &metadata.component {
            self.about.subjects.extend(component.image());
            self.component(component);
            self.product = Some(component.package());
        }
    }

    fn component(&mut self, component: &Component) {
        if let Some(reference) = &component.bom_ref {
            self.components.insert(reference.clone(), component.package());
        }
        component.components.iter().flatten().for_each(|inner| self.component(inner));
    }

    fn add(&mut self, one: &Vulnerability) {
        let id = one.id.as_deref().unwrap_or_default();
        let others = one.references.iter().flatten().filter_map(|Reference { id }| id.as_deref());
        let ids = known_first([id].into_iter().chain(others));
        let (severity, closed) = (one.severity(), one.is_closed());
        let message = one.description.as_deref().unwrap_or_default();
        let mut put = |package: &Package, suppressed: bool| {
            let Package { ecosystem, name, version } = package;
            let place = Place::Package { ecosystem, name, version, path: self.path };
            self.found.add(&Finding { ids: &ids, tool: "CycloneDX", severity, suppressed, place, message });
        };
        let affected = one.affects.as_deref().unwrap_or_default();
        if affected.is_empty() {
            // It does not say what it affects: what the document is about.
            put(&self.product.clone().unwrap_or_default(), closed);
        }
        for target in affected {
            put(&package(&self.components, target), closed || target.is_safe());
        }
    }
}

/// The package that a reference means: a component of the document, or of another one (`urn:cdx:…#reference`), or a package
/// URL; else the reference itself is all that is known.
fn package(components: &HashMap<String, Package>, affected: &Affected) -> Package {
    let reference = affected.target.as_str();
    if let Some(known) = components.get(reference) {
        return known.clone();
    }
    let name =
        reference.rsplit_once('#').filter(|_| reference.starts_with("urn:cdx:")).map_or(reference, |(_, name)| name);
    let (ecosystem, name, version) = match Purl::read(name) {
        Some(purl) => (purl.kind, purl.name, purl.version),
        None => (String::new(), name.to_owned(), String::new()),
    };
    let version = if version.is_empty() { affected.version().unwrap_or_default().to_owned() } else { version };
    Package { ecosystem, name, version }
}
