//! What the README's scripts ask of promote, and what its workflows give to the action.

use serde_json::Value;

/// One command of promote, as a script has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promote {
    /// The names of the command: `rules`, `check`.
    pub names: Vec<String>,
    /// Its long flags.
    pub flags: Vec<String>,
}

/// Every command of promote in a script.
pub(crate) fn promotes(script: &str) -> Vec<Promote> {
    let joined = script.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap_or(""));
    lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(['|', ';', '&']))
        .filter_map(promote)
        .collect()
}

/// The command, if it is promote's: variables may stand before it.
fn promote(command: &str) -> Option<Promote> {
    let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
    words.next().filter(|word| *word == "promote")?;
    let words: Vec<&str> = words.collect();
    // `rules check` is one command of two names; what follows a name is an argument.
    let depth =
        if matches!(words.first(), Some(&"rules" | &"environments" | &"hold" | &"veto" | &"freeze")) { 2 } else { 1 };
    let names = words.iter().take_while(|word| !word.starts_with('-')).take(depth);
    let flags = words.iter().filter(|word| word.starts_with("--")).map(|word| word.split('=').next().unwrap_or(word));
    Some(Promote { names: names.map(|word| (*word).to_owned()).collect(), flags: flags.map(str::to_owned).collect() })
}

/// Every input that a workflow, or a part of one, gives to the action.
pub(crate) fn given(value: &Value) -> Vec<String> {
    let ours = value.get("uses").and_then(Value::as_str).is_some_and(|uses| uses.starts_with("org/promote-action@"));
    let with = value.get("with").and_then(Value::as_object).filter(|_| ours);
    let mut found: Vec<String> = with.into_iter().flat_map(|with| with.keys().cloned()).collect();
    match value {
        Value::Array(items) => found.extend(items.iter().flat_map(given)),
        Value::Object(map) => found.extend(map.values().flat_map(given)),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Promote, given, promotes};

    fn command(names: &[&str], flags: &[&str]) -> Promote {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Promote { names: owned(names), flags: owned(flags) }
    }

    #[test]
    fn commands_are_found_where_they_stand() {
        let script = "# promote nothing\nDRY_RUN=true FROM_ENV=dev promote run | tee x # --no\npromote plan \\\n  --from=dev --to staging && promote rules check --rules a.yaml\necho promote\npromote --version\npromote show 01JD --json";
        let wanted = [
            command(&["run"], &[]),
            command(&["plan"], &["--from", "--to"]),
            command(&["rules", "check"], &["--rules"]),
            command(&[], &["--version"]),
            command(&["show"], &["--json"]),
        ];
        assert_eq!(promotes(script), wanted);
    }

    #[test]
    fn inputs_are_found_where_the_action_is_used() {
        let workflow = serde_json::json!({ "jobs": { "a": { "steps": [
            { "uses": "actions/checkout@v4", "with": { "ref": "main" } },
            { "uses": "org/promote-action@v1", "with": { "from": "dev", "to": "staging" } },
        ] } } });
        assert_eq!(given(&workflow), ["from", "to"]);
    }
}
