//! What the rules of a run say of a kind of result: how bad it is, and by which names it goes.

use std::collections::HashMap;

use crate::adapters::evidence::security::found::Found;
use crate::adapters::evidence::security::sarif::document::{Component, Descriptor, Invocation, Rule, Tool};
use crate::adapters::evidence::security::severity::Severity;
use crate::promotion::waivers::{Named, Waivers};

/// All that the severity of a result depends on, before its rule is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Class {
    pub(super) rule: Descriptor,
    pub(super) level: Option<String>,
    /// Whether its kind says that it is no failure.
    pub(super) harmless: bool,
    pub(super) score: Option<String>,
}

/// The rules of a run, found by component and id.
#[derive(Debug, Default)]
pub(super) struct Rules {
    tool: Tool,
    /// The place of a rule in its component, which is a number: 0 is the driver, and the extensions follow.
    by_id: HashMap<(usize, String), usize>,
}

impl Rules {
    pub(super) fn new(tool: Tool) -> Self {
        let mut rules = Self { tool, by_id: HashMap::new() };
        for number in 0..=rules.extensions().len() {
            let ids = rules.component(number).and_then(|component| component.rules.as_deref()).unwrap_or_default();
            let ids: Vec<Option<String>> = ids.iter().map(|rule| rule.id.clone()).collect();
            for (place, id) in ids.into_iter().enumerate() {
                if let Some(id) = id {
                    rules.by_id.entry((number, id)).or_insert(place);
                }
            }
        }
        rules
    }

    /// The program itself.
    pub(super) fn driver(&self) -> Option<&Component> {
        self.tool.driver.as_ref()
    }

    fn extensions(&self) -> &[Component] {
        self.tool.extensions.as_deref().unwrap_or_default()
    }

    fn component(&self, number: usize) -> Option<&Component> {
        match number.checked_sub(1) {
            None => self.driver(),
            Some(extension) => self.extensions().get(extension),
        }
    }

    fn rule(&self, component: usize, place: usize) -> Option<&Rule> {
        self.component(component)?.rules.as_ref()?.get(place)
    }

    /// The rule of a result: by index in its component, else by id, else by the parent of a hierarchical id (`CA5350/md5`).
    pub(super) fn of(&self, wanted: &Descriptor) -> Option<&Rule> {
        let component = self.meant(wanted);
        let by_index = || self.rule(component?, usize::try_from(wanted.index?).ok()?);
        by_index().or_else(|| {
            let mut id = wanted.id.clone()?;
            loop {
                for number in component.into_iter().chain(0..=self.extensions().len()) {
                    let key = (number, id);
                    if let Some(place) = self.by_id.get(&key) {
                        return self.rule(number, *place);
                    }
                    id = key.1;
                }
                id.truncate(id.rfind('/')?);
            }
        })
    }

    /// The number of the component that a reference means; without one it is the driver.
    fn meant(&self, wanted: &Descriptor) -> Option<usize> {
        let Some(reference) = &wanted.tool_component else { return Some(0) };
        let named = |component: &Component| {
            (component.guid.is_some() && component.guid == reference.guid)
                || (component.name.is_some() && component.name == reference.name)
        };
        match reference.index {
            Some(index) => usize::try_from(index).ok()?.checked_add(1),
            None => {
                let extension = self.extensions().iter().position(named).map(|at| at + 1);
                extension.or_else(|| self.driver().filter(|driver| named(driver)).map(|_| 0))
            }
        }
    }

    /// Kind, then score, then level: of the result, of the invocation, of the rule, else `warning` (§3.27.10).
    pub(super) fn severity(&self, class: &Class, invocations: &[Invocation]) -> Severity {
        if class.harmless {
            return Severity::Info;
        }
        let rule = self.of(&class.rule);
        let score = class.score.clone().or_else(|| rule?.properties.as_ref()?.of_results.score());
        if let Some(score) = score {
            return Severity::of_score(&score);
        }
        let overridden = || {
            let all = invocations.iter().filter_map(|one| one.rule_configuration_overrides.as_ref()).flatten();
            let ours = all.filter(|one| one.descriptor.as_ref().is_some_and(|other| class.is_meant(other, rule)));
            ours.filter_map(|one| one.configuration.as_ref()?.level.as_deref()).next()
        };
        let default = || rule?.default_configuration.as_ref()?.level.as_deref();
        Severity::of_level(class.level.as_deref().or_else(overridden).or_else(default).unwrap_or("warning"))
    }

    /// The names that a result goes by: its rule's, as it says it and as the rule has it; and the weaknesses behind.
    pub(super) fn names(&self, class: &Class) -> Names {
        let (own, rule) = (class.rule.id.clone(), self.of(&class.rule));
        let id = rule.and_then(|rule| rule.id.clone());
        let other = id.clone().filter(|id| own.as_ref().is_some_and(|own| own != id));
        let mut all: Vec<String> = [own.or(id).unwrap_or_default()].into_iter().chain(other).collect();
        let numbers = rule.and_then(|rule| rule.properties.as_ref()).map(|properties| properties.weaknesses());
        let mut weaknesses: Vec<String> = numbers.into_iter().flatten().map(|number| format!("CWE-{number}")).collect();
        weaknesses.sort();
        weaknesses.dedup();
        let rules = all.len();
        all.append(&mut weaknesses);
        Names { all, rules }
    }
}

impl Class {
    /// Whether an override's descriptor means our rule.
    fn is_meant(&self, other: &Descriptor, rule: Option<&Rule>) -> bool {
        let id = rule.and_then(|rule| rule.id.as_ref()).or(self.rule.id.as_ref());
        match (&other.id, other.index) {
            (Some(other), _) => Some(other) == id,
            (None, Some(index)) => Some(index) == self.rule.index && other.tool_component == self.rule.tool_component,
            (None, None) => false,
        }
    }
}

/// The names that a result goes by.
#[derive(Debug)]
pub(super) struct Names {
    /// Those of its rule, then the weaknesses.
    all: Vec<String>,
    rules: usize,
}

impl Names {
    /// The one that is shown.
    pub(super) fn first(&self) -> &str {
        self.all.first().map_or("", String::as_str)
    }

    /// All of them; without the weaknesses where the place is none in code: scanners of packages report all that they find
    /// on the first line of one file, where two weaknesses of one kind are still two.
    pub(super) fn all(&self, in_code: bool) -> &[String] {
        if in_code { &self.all } else { self.all.get(..self.rules).unwrap_or_default() }
    }

    /// Whether a waiver names a result at this path.
    pub(super) fn is_waived(&self, in_code: bool, path: &str, waivers: &Waivers) -> bool {
        let ids: Vec<&str> = self.all(in_code).iter().map(String::as_str).collect();
        waivers.finding(&Named { ids: &ids, path, package: ("", "") }).is_some()
    }

    /// The key of the waiver that names a result at this path; 0 for none.
    pub(super) fn waiver(&self, in_code: bool, path: &str, found: &mut Found) -> u32 {
        if found.waivers().is_empty() {
            return 0;
        }
        let ids: Vec<&str> = self.all(in_code).iter().map(String::as_str).collect();
        found.waiver(&Named { ids: &ids, path, package: ("", "") })
    }
}
