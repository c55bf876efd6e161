//! Which images are promoted: the ones that the rules name; else the one named like the service; else the only one.

use crate::promotion::facts::Snapshot;
use crate::promotion::image::short_name;
use crate::promotion::pins::kustomize::Kustomization;
use crate::promotion::pins::{Candidate, Pin, PinFault, manifests, values};
use crate::promotion::rules::ImageRule;

/// One image in two environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Where it comes from; it pins a version.
    pub source: Pin,
    /// Where it goes to; it may pin none yet.
    pub target: Pin,
}

/// The images of one target: those that the rules name, in their order; else the one named like the service (whole, or
/// the last part of its name); else the only one.
pub fn read(snapshot: &Snapshot, service: &str, images: &[ImageRule]) -> Result<Vec<Pin>, PinFault> {
    let pool = Pool::of(snapshot);
    if !images.is_empty() {
        return images.iter().map(|rule| pool.by_rule(rule)).collect();
    }
    if let Some(candidate) = pool.named(service)? {
        return Ok(vec![candidate.pin.clone()?]);
    }
    match pool.first_tier()? {
        [only] => Ok(vec![only.pin.clone()?]),
        [] => Err(pool.none()),
        several => {
            let why = format!("{} pins {} images, and none is named like {service}", pool.place(), several.len());
            Err(pool.fault(why, name_it(&several[0].name)))
        }
    }
}

/// The images that go from one target to another, matched by name. Without rules: the one named like the service, else
/// the only one that both have.
pub fn pair(
    (source, source_images): (&Snapshot, &[ImageRule]),
    (target, target_images): (&Snapshot, &[ImageRule]),
    service: &str,
) -> Result<Vec<Pair>, PinFault> {
    let (from, to) = (Pool::of(source), Pool::of(target));
    let pairs = if source_images.is_empty() && target_images.is_empty() {
        vec![by_default(&from, &to, service)?]
    } else {
        by_rules((&from, source_images), (&to, target_images))?
    };
    for (at, pair) in pairs.iter().enumerate() {
        if pair.source.image.tag.is_none() && pair.source.image.digest.is_none() {
            let why = format!("{} pins no version of {}", from.place(), pair.source.image.name);
            return Err(PinFault::new(why, "write a tag or a digest there first"));
        }
        let twice = pairs.iter().skip(at + 1).find(|other| other.target.places == pair.target.places);
        if let Some(other) = twice {
            let why = format!(
                "`{}` and `{}` are the same image in {}",
                pair.target.image.name,
                other.target.image.name,
                to.place()
            );
            return Err(PinFault::new(why, "name it once under `images:`"));
        }
    }
    Ok(pairs)
}

fn by_default(from: &Pool<'_>, to: &Pool<'_>, service: &str) -> Result<Pair, PinFault> {
    let (source, target) = match (from.named(service)?, to.named(service)?) {
        (Some(source), Some(target)) => (source, target),
        (Some(source), None) => (source, to.must(&source.name)?),
        (None, Some(target)) => (from.must(&target.name)?, target),
        (None, None) => {
            let mut both = Vec::new();
            for source in from.first_tier()? {
                both.extend(to.named(&source.name)?.map(|target| (source, target)));
            }
            match both[..] {
                [only] => only,
                [] if from.first_tier()?.is_empty() => return Err(from.none()),
                [] if to.first_tier()?.is_empty() => return Err(to.none()),
                [] => {
                    let why = format!("{} and {} pin no image in common", from.place(), to.place());
                    let mut fault = from.fault(why, name_it(service));
                    fault.candidates.extend(to.names());
                    fault.candidates.sort();
                    return Err(fault);
                }
                [(first, _), ..] => {
                    let why = format!(
                        "{} and {} pin {} images in common, and none is named like {service}",
                        from.place(),
                        to.place(),
                        both.len()
                    );
                    let names = both.iter().map(|(source, _)| source.name.clone()).collect();
                    return Err(PinFault { why, hint: name_it(&first.name), candidates: names });
                }
            }
        }
    };
    Ok(Pair { source: source.pin.clone()?, target: target.pin.clone()? })
}

fn by_rules(
    (from, source_images): (&Pool<'_>, &[ImageRule]),
    (to, target_images): (&Pool<'_>, &[ImageRule]),
) -> Result<Vec<Pair>, PinFault> {
    let rule_of = |rules: &'_ [ImageRule], name: &str| rules.iter().find(|rule| rule.name == name).cloned();
    let leading = if target_images.is_empty() { source_images } else { target_images };
    if let Some(lone) = source_images.iter().find(|rule| rule_of(leading, &rule.name).is_none()) {
        let why = format!("the image `{}` is named for the source environment, and not for the target", lone.name);
        return Err(PinFault::new(why, "name the same images under both environments, or under the service"));
    }
    let side = |pool: &Pool<'_>, rules: &[ImageRule], name: &str| match rule_of(rules, name) {
        Some(rule) => pool.by_rule(&rule),
        None if rules.is_empty() => renamed(pool.must(name)?.pin.clone()?, name),
        None => {
            let why = format!("the image `{name}` is named for the target environment, and not for the source");
            Err(PinFault::new(why, "name the same images under both environments, or under the service"))
        }
    };
    let pairs = leading.iter().map(|rule| {
        let source = side(from, source_images, &rule.name)?;
        Ok(Pair { source, target: side(to, target_images, &rule.name)? })
    });
    pairs.collect()
}

fn renamed(mut pin: Pin, name: &str) -> Result<Pin, PinFault> {
    // Where the files give no repository, the name in the files is the repository.
    if pin.image.repository.is_none() && pin.image.name != name {
        pin.image.repository = Some(pin.image.name.clone());
    }
    name.clone_into(&mut pin.image.name);
    Ok(pin)
}

fn name_it(example: &str) -> String {
    format!("name the image in the rules, under the environment or the service: `images: [{example}]`")
}

/// What one target pins. A fault matters only to who looks there: a rule with a `file` looks at neither.
struct Pool<'a> {
    snapshot: &'a Snapshot,
    /// Kustomize's entries.
    entries: Result<Vec<Candidate>, PinFault>,
    /// The manifests' images that no entry sets.
    plain: Result<Vec<Candidate>, PinFault>,
}

impl<'a> Pool<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let kustomization = match Kustomization::of(snapshot) {
            Ok(kustomization) => kustomization,
            Err(fault) => return Self { snapshot, entries: Err(fault), plain: Ok(Vec::new()) },
        };
        let entries = kustomization.as_ref().map(Kustomization::candidates).unwrap_or_default();
        let plain = manifests::candidates(snapshot, kustomization.as_ref()).map(|mut plain| {
            plain.retain(|candidate| entries.iter().all(|entry| entry.name != candidate.name));
            plain
        });
        Self { snapshot, entries: Ok(entries), plain }
    }

    /// The target, for people.
    fn place(&self) -> &str {
        &self.snapshot.path
    }

    fn names(&self) -> Vec<String> {
        let all = self.entries.iter().chain(&self.plain).flatten();
        all.map(|candidate| candidate.name.clone()).collect()
    }

    fn fault(&self, why: impl Into<String>, hint: impl Into<String>) -> PinFault {
        let mut candidates = self.names();
        candidates.sort();
        PinFault { why: why.into(), hint: hint.into(), candidates }
    }

    fn none(&self) -> PinFault {
        let Snapshot { path, branch, repository, files, .. } = self.snapshot;
        if files.is_empty() {
            let why = format!("{path} has no YAML files on {branch} of {repository}");
            return PinFault::new(why, "correct `path:` of the environment in the rules");
        }
        let names: Vec<&str> = files.keys().map(|file| file.rsplit('/').next().unwrap_or(file)).collect();
        let why = format!("{path} pins no image: looked into {}", names.join(", "));
        let hint = "add the image to `images:` of the kustomization, or for a Helm values file name it in the rules: \
                    `images: [{ name: app, file: values.yaml, tag: image.tag }]`";
        PinFault::new(why, hint)
    }

    /// The candidates to choose the only one from.
    fn first_tier(&self) -> Result<&[Candidate], PinFault> {
        let entries = known(&self.entries)?;
        if entries.is_empty() { known(&self.plain) } else { Ok(entries) }
    }

    /// The image of this name, whole or last part; a whole one goes first.
    fn named(&self, name: &str) -> Result<Option<&Candidate>, PinFault> {
        for tier in [&self.entries, &self.plain] {
            let tier = known(tier)?;
            if let Some(whole) = tier.iter().find(|candidate| candidate.name.eq_ignore_ascii_case(name)) {
                return Ok(Some(whole));
            }
            let short = |candidate: &&Candidate| short_name(&candidate.name).eq_ignore_ascii_case(short_name(name));
            let found: Vec<&Candidate> = tier.iter().filter(short).collect();
            match found[..] {
                [] => {}
                [only] => return Ok(Some(only)),
                [first, second, ..] => {
                    let (place, first, second) = (self.place(), &first.name, &second.name);
                    let why = format!("{place} pins both {first} and {second}, and `{name}` may be either");
                    return Err(self.fault(why, name_it(first)));
                }
            }
        }
        Ok(None)
    }

    fn must(&self, name: &str) -> Result<&Candidate, PinFault> {
        if self.first_tier()?.is_empty() {
            return Err(self.none());
        }
        let why = || format!("{} pins no image named {name}", self.place());
        let hint = "add it there, or name another one under `images:` in the rules";
        self.named(name)?.ok_or_else(|| self.fault(why(), hint))
    }

    fn by_rule(&self, rule: &ImageRule) -> Result<Pin, PinFault> {
        match &rule.file {
            Some(file) => values::pin(self.snapshot, rule, file),
            None => renamed(self.must(&rule.name)?.pin.clone()?, &rule.name),
        }
    }
}

fn known(tier: &Result<Vec<Candidate>, PinFault>) -> Result<&[Candidate], PinFault> {
    tier.as_deref().map_err(Clone::clone)
}
