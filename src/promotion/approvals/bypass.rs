//! Who may go past gates or approvals.

use std::collections::BTreeMap;

use crate::promotion::approvals::facts::{Member, Person};

/// Whether everybody who started it may, by the rules: `by` holds logins, and teams as `org/team`. A bot is allowed by its name only.
///
/// # Errors
/// In a sentence: who may not, or of whom it could not be found out.
pub fn may_bypass(
    by: &[String],
    initiators: &[Person],
    members: &BTreeMap<String, BTreeMap<String, Member>>,
) -> Result<(), String> {
    if by.is_empty() {
        return Err("the rules let nobody do that".to_owned());
    }
    if initiators.is_empty() {
        return Err("who started this is not known".to_owned());
    }
    initiators.iter().try_for_each(|person| may(by, person, members))
}

fn may(by: &[String], person: &Person, members: &BTreeMap<String, BTreeMap<String, Member>>) -> Result<(), String> {
    let login = person.login.to_ascii_lowercase();
    if login.is_empty() {
        return Err("one of those who started this is gone from GitHub".to_owned());
    }
    let (teams, users): (Vec<&String>, Vec<&String>) = by.iter().partition(|name| name.contains('/'));
    if users.iter().any(|name| name.trim_start_matches('@').eq_ignore_ascii_case(&login)) {
        return Ok(());
    }
    let all = by.join(", ");
    if person.is_bot() {
        return Err(format!("@{login} is a bot, and the rules let only {all}: a bot is to be named itself"));
    }
    let mut unknown = None;
    for team in teams {
        let known = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case(team));
        let found = known.filter_map(|(_, of)| of.get(&login)).next();
        match found {
            Some(Member::Yes) => return Ok(()),
            Some(Member::No) => {}
            Some(Member::Unknown { why }) => {
                unknown = Some(format!("whether @{login} is in {team} could not be found out: {why}"))
            }
            None => unknown = Some(format!("whether @{login} is in {team} was not looked up")),
        }
    }
    Err(unknown.unwrap_or_else(|| format!("the rules let {all}, and @{login} is none of them")))
}
