//! Where the files of a ledger lie, and what a path is therefore the path of (DECISIONS E.2).

use crate::promotion::id::{is_id, sha256};

/// Levels of folders above a promotion's own, one hexadecimal digit each.
const LEVELS: usize = 4;

/// What a path of the ledger is the path of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelf {
    /// An entry of a promotion.
    Entry {
        /// The promotion's id.
        id: String,
        /// The number in the file's name.
        seq: u32,
        /// The word in the file's name.
        word: String,
    },
    /// The head of a service in an environment.
    Head {
        /// The service.
        service: String,
        /// The environment.
        environment: String,
    },
    /// An order.
    Order {
        /// The service; absent: every service.
        service: Option<String>,
        /// The environment; absent: every environment.
        environment: Option<String>,
        /// `<run>-<seq>`.
        name: String,
    },
    /// Nothing that promote writes: why, in words.
    Foreign(String),
}

/// What a path is the path of.
pub fn shelf(path: &str) -> Shelf {
    let parts: Vec<&str> = path.split('/').collect();
    let named = |part: &str| (part != "_").then(|| part.to_owned());
    match parts.as_slice() {
        ["promotions", levels @ .., id, name] if levels.len() == LEVELS && is_id(id) => entry(path, id, name),
        ["heads", service, name] => match name.strip_suffix(".json") {
            Some(environment) => Shelf::Head { service: (*service).to_owned(), environment: environment.to_owned() },
            None => foreign(),
        },
        ["orders", service, environment, name] => match name.strip_suffix(".json") {
            Some(name) => {
                Shelf::Order { service: named(service), environment: named(environment), name: name.to_owned() }
            }
            None => foreign(),
        },
        _ => foreign(),
    }
}

/// The folder of a promotion.
pub fn folder(id: &str) -> String {
    let hash = sha256(id);
    let levels: Vec<String> = hash.chars().take(LEVELS).map(String::from).collect();
    format!("promotions/{}/{id}", levels.join("/"))
}

fn entry(path: &str, id: &str, name: &str) -> Shelf {
    let folder = folder(id);
    if path.strip_prefix(&folder).is_none_or(|rest| !rest.starts_with('/')) {
        return Shelf::Foreign(format!("it lies in another folder than its promotion's, {folder}/"));
    }
    let numbered = name.strip_suffix(".json").and_then(|name| name.split_once('-'));
    let numbered = numbered.filter(|(number, word)| number.len() == 4 && !word.is_empty());
    match numbered.and_then(|(number, word)| Some((number.parse().ok()?, word))) {
        Some((seq, word)) => Shelf::Entry { id: id.to_owned(), seq, word: word.to_owned() },
        None => Shelf::Foreign("it is in a promotion's folder, and is no entry of it".to_owned()),
    }
}

fn foreign() -> Shelf {
    Shelf::Foreign("promote writes no such file".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_it_is_the_path_of() {
        let id = "0123456789ABCDEFGHJKMNPQRS";
        let folder = folder(id);
        let entry = Shelf::Entry { id: id.to_owned(), seq: 3, word: "rollback-planned".to_owned() };
        assert_eq!(shelf(&format!("{folder}/0003-rollback-planned.json")), entry);
        let head = Shelf::Head { service: "app".to_owned(), environment: "staging".to_owned() };
        assert_eq!(shelf("heads/app/staging.json"), head);
        let order = Shelf::Order { service: Some("app".to_owned()), environment: None, name: "run-0".to_owned() };
        assert_eq!(shelf("orders/app/_/run-0.json"), order);
        let elsewhere = format!("promotions/0/0/0/0/{id}/0000-requested.json");
        for path in
            ["README.md", "heads/x.json", &format!("{folder}/notes.txt"), &format!("{folder}/1-a.json"), &elsewhere]
        {
            assert!(matches!(shelf(path), Shelf::Foreign(_)), "{path}");
        }
    }
}
