//! `--hotfix --skip …`: which hotfix of the rules is meant, and that whoever asks says aloud what it skips.

use crate::app::settings::Settings;
use crate::promotion::folded::Folded;
use crate::promotion::rules::{Promotion, Rules};
use crate::promotion::words;
use crate::render::ending::{Ending, USAGE};

/// Whether the settings ask for a hotfix, or for a part of one.
pub fn is_asked(settings: &Settings) -> bool {
    settings.hotfix || !settings.skip.is_empty()
}

/// The hotfix whose `skips` are exactly those that are named.
///
/// # Errors
/// An ending that prints the whole command, for each hotfix that could be meant.
pub fn chosen<'a>(rules: &'a Rules, settings: &Settings, verb: &str) -> Result<&'a Promotion, Ending> {
    let is = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(is));
    let ours = |promotion: &&Promotion| {
        is(settings.from.as_deref(), &promotion.from) && is(settings.to.as_deref(), &promotion.to)
    };
    let hotfixes = || rules.promotions.iter().filter(|promotion| !promotion.is_ordinary());
    let candidates: Vec<&Promotion> = hotfixes().filter(ours).collect();
    if candidates.is_empty() {
        let all: Vec<&Promotion> = hotfixes().collect();
        let mut ending = refused("the rules have no such hotfix", &all, verb);
        if all.is_empty() {
            ending.next.push("a hotfix is a promotion that says `hotfix: { skips: […] }`".to_owned());
        }
        return Err(ending);
    }
    if !settings.hotfix {
        return Err(refused("--skip is given without --hotfix", &candidates, verb));
    }
    let fits =
        |promotion: &&Promotion| promotion.hotfix.as_ref().is_some_and(|hotfix| hotfix.skips_exactly(&settings.skip));
    let fitting: Vec<&Promotion> = candidates.iter().copied().filter(fits).collect();
    let [only] = fitting.as_slice() else {
        if fitting.len() > 1 {
            return Err(refused("several hotfixes skip that", &fitting, verb));
        }
        let named = if settings.skip.is_empty() { "nothing".to_owned() } else { words::list(&settings.skip) };
        let mut ending = refused("a hotfix names all that it skips, and nothing else", &candidates, verb);
        ending.seen.push(format!("what is named: {named}"));
        return Err(ending);
    };
    if settings.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(refused("a hotfix needs its reason (--reason)", &[*only], verb));
    }
    Ok(only)
}

/// That a promotion is asked for as an ordinary one, and is a hotfix.
pub fn not_said(promotion: &Promotion, verb: &str) -> Ending {
    let what = format!("{} → {} is a hotfix, and is taken as one only", promotion.from, promotion.to);
    refused(&what, &[promotion], verb)
}

/// Holds a promotion that the ledger knows to what it was asked for as: the rules may have changed meanwhile, and whoever goes on
/// may have named something else.
pub fn of_record(story: &Folded, promotion: &Promotion, settings: &Settings) -> Result<(), Ending> {
    let (was, is) = (story.requested.hotfix.as_ref(), promotion.hotfix.as_ref());
    let named = is_asked(settings).then_some(&settings.skip);
    let said = match (was, named) {
        (Some(was), Some(named)) => was.skips_exactly(named),
        (None, Some(_)) => false,
        (_, None) => true,
    };
    let skips = |hotfix: Option<&crate::promotion::rules::hotfix::Hotfix>| match hotfix {
        Some(hotfix) => format!("a hotfix that skips {}", words::list(&hotfix.skips)),
        None => "no hotfix".to_owned(),
    };
    if was == is && said {
        return Ok(());
    }
    let id = &story.id;
    let mut ending = Ending::refused(USAGE, format!("promotion {id} was asked for as {}", skips(was)));
    if was != is {
        ending.seen.push(format!("by the rules of now it is {}; nothing was read or written", skips(is)));
        ending.next.push(format!("take it back, and ask again: promote cancel {id} --reason \"…\""));
    } else {
        ending.seen.push("something else is named; nothing was read or written".to_owned());
        ending.next.push(format!("leave --hotfix and --skip out: promote execute {id}"));
    }
    Err(ending)
}

/// A refusal with the whole command, for each promotion that could be meant.
fn refused(what: &str, promotions: &[&Promotion], verb: &str) -> Ending {
    let mut ending = Ending::refused(USAGE, what);
    for promotion in promotions {
        let skips = promotion.hotfix.iter().flat_map(|hotfix| &hotfix.skips).cloned().collect::<Vec<_>>();
        let (from, to) = (&promotion.from, &promotion.to);
        ending.seen.push(format!("{from} → {to} skips {}; nothing was read or written", words::list(&skips)));
        let skip: String = skips.iter().map(|name| format!(" --skip {name}")).collect();
        ending.next.push(format!("promote {verb} --hotfix --from {from} --to {to}{skip} --reason \"…\""));
    }
    ending
}
