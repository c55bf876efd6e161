//! The waivers of a run: which of them count, and who merged them.

use crate::pipeline::job::Job;
use crate::ports::World;
use crate::promotion::event::Event;
use crate::promotion::waivers::facts::WaiversFacts;

/// The waivers as they count now, and who merged each, where GitHub says so: what it does not say holds nothing.
pub fn read(world: &World<'_>, job: &Job<'_>) -> Option<WaiversFacts> {
    let file = job.waivers?;
    let mut facts = WaiversFacts::of(file, world.clock.now());
    if let Some(github) = world.approvals.filter(|_| !facts.list.is_empty()) {
        match github.blame(&file.path) {
            Ok(Some(blame)) => facts.blamed(file, &blame),
            Ok(None) => facts.unknown_merges = Some("the default branch has no such file".to_owned()),
            Err(fault) => {
                let hint = fault.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                facts.unknown_merges = Some(format!("{fault}{hint}"));
            }
        }
    }
    if let Some(why) = &facts.unknown_merges {
        (world.tell)(&Event::Warning(format!("who merged the waivers is not known: {why}")));
    }
    Some(facts)
}
