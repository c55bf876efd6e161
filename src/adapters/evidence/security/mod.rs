//! Reports of security scans: one parser for each format, and the findings that all of them pour into.

pub mod bandit;
pub mod cargo_audit;
pub mod checkov;
pub mod cyclonedx;
pub mod found;
pub mod gitleaks;
pub mod grype;
pub mod npm_audit;
pub mod osv;
mod parts;
pub mod pip_audit;
mod purl;
mod same;
pub mod sarif;
pub mod semgrep;
pub mod severity;
mod shown;
pub mod snyk;
pub mod trivy;

use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::security::found::Found;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, path: &str, found: &mut Found) -> Result<About, Defect> {
    match format {
        Format::Sarif => sarif::parse(input, path, found),
        Format::NpmAudit => npm_audit::parse(input, found),
        Format::PipAudit => pip_audit::parse(input, found),
        Format::CargoAudit => cargo_audit::parse(input, found),
        Format::Bandit => bandit::parse(input, found),
        Format::Semgrep => semgrep::parse(input, found),
        Format::Gitleaks => gitleaks::parse(input, found),
        Format::Checkov => checkov::parse(input, found),
        Format::Trivy => trivy::parse(input, found),
        Format::Grype => grype::parse(input, found),
        Format::Osv => osv::parse(input, found),
        Format::Snyk => snyk::parse(input, found),
        Format::Cyclonedx => cyclonedx::parse(input, path, found),
        other => Err(not_read(other)),
    }
}

#[cfg(test)]
mod tests;
