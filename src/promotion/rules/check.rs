//! Walks a tree against the schema and reports every unknown key, wrong kind, missing field and bad word. What is wrong is
//! taken out of the tree, so that the rest can be read and judged in the same run.

use serde_json::Value;

use crate::promotion::number::Decimal;
use crate::promotion::rules::fault::{Wrong, advice};
use crate::promotion::rules::tree::{Kind, Tree};

/// Checks the whole tree; afterwards it can be read into the types that the schema was generated from. `false`: it is not
/// even a mapping.
pub fn check(tree: &mut Tree, schema: &Value, faults: &mut Vec<Wrong>) -> bool {
    Walk { schema, faults }.value(tree, schema, "the file")
}

struct Walk<'a> {
    schema: &'a Value,
    faults: &'a mut Vec<Wrong>,
}

impl<'a> Walk<'a> {
    /// Checks one value. `false`: it was reported, and cannot be read as what the schema wants.
    fn value(&mut self, tree: &mut Tree, schema: &'a Value, name: &str) -> bool {
        let forms = self.forms(schema);
        let form = |kind: &str| forms.iter().copied().find(|form| types(form).any(|name| name == kind));
        match &mut tree.kind {
            Kind::Bad => true,
            Kind::Null => {
                let help = format!("write {}, or remove the key", wanted(&forms));
                self.faults.push(Wrong::new(tree.at, tree.width, format!("{} has no value", quoted(name))).help(help));
                false
            }
            Kind::Map(_) => match form("object") {
                Some(form) => self.mapping(tree, form, name),
                None => self.wrong_kind(tree, &forms, name, "a mapping"),
            },
            Kind::List(items) => match form("array") {
                Some(form) => {
                    let count = items.len();
                    items.retain_mut(|item| self.value(item, &form["items"], &format!("an item of {}", quoted(name))));
                    tree.faulty |= items.len() != count || items.iter().any(|item| item.faulty);
                    true
                }
                None => self.wrong_kind(tree, &forms, name, "a list"),
            },
            Kind::Scalar { text, plain } => {
                let (text, plain) = (text.clone(), *plain);
                self.scalar(tree, &forms, name, &text, plain)
            }
        }
    }

    fn mapping(&mut self, tree: &mut Tree, form: &'a Value, name: &str) -> bool {
        let Kind::Map(pairs) = &mut tree.kind else { return false };
        let known = form["properties"].as_object();
        let required: Vec<&str> = form["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let open = Some(&form["additionalProperties"]).filter(|schema| schema.is_object());
        let count = pairs.len();
        pairs.retain_mut(|(key, value)| {
            let key_text = key.text().unwrap_or_default().to_owned();
            let field = known.and_then(|known| known.get(&key_text));
            let Some(schema) = field.or(open) else {
                self.unknown_key(key, name, known.into_iter().flatten().map(|(name, _)| name.as_str()));
                return false;
            };
            if self.value(value, schema, &key_text) {
                return true;
            }
            let kept = field.is_none() || required.contains(&key_text.as_str());
            if kept {
                *value = Tree::bad(value.at, value.width);
            }
            kept
        });
        tree.faulty |= pairs.len() != count || pairs.iter().any(|(_, value)| value.faulty);
        for field in required {
            if !pairs.iter().any(|(key, _)| key.text() == Some(field)) {
                let of = if name == "the file" { "the file".to_owned() } else { quoted(name) };
                let wrong = Wrong::new(tree.at, tree.width, format!("{of} needs `{field}`"));
                self.faults.push(wrong.help(format!("add `{field}:`")));
                let key = Kind::Scalar { text: field.to_owned(), plain: false };
                let key = Tree { at: tree.at, width: tree.width, faulty: true, kind: key };
                pairs.push((key, Tree::bad(tree.at, tree.width)));
                tree.faulty = true;
            }
        }
        true
    }

    fn unknown_key<'k>(&mut self, key: &Tree, parent: &str, known: impl Iterator<Item = &'k str> + Clone) {
        let noun = if parent == "gates" { "gate" } else { "key" };
        let text = key.text().unwrap_or_default();
        let mut wrong = Wrong::new(key.at, key.width, format!("unknown {noun} `{text}`"));
        wrong.help = advice(text, known);
        self.faults.push(wrong);
    }

    fn wrong_kind(&mut self, tree: &Tree, forms: &[&Value], name: &str, found: &str) -> bool {
        let message = format!("{} must be {}, not {found}", quoted(name), wanted(forms));
        let mut wrong = Wrong::new(tree.at, tree.width, message);
        let keys: Vec<String> = forms
            .iter()
            .filter_map(|form| form["properties"].as_object())
            .flat_map(|known| known.keys().map(|key| format!("`{key}`")))
            .collect();
        if !keys.is_empty() {
            wrong.help = Some(format!("its keys are {}", keys.join(", ")));
        }
        self.faults.push(wrong);
        false
    }

    fn scalar(&mut self, tree: &Tree, forms: &[&Value], name: &str, text: &str, plain: bool) -> bool {
        let mut help = None;
        for form in forms {
            if let Some(words) = words(form) {
                if words.contains(&text) {
                    return true;
                }
                help = advice(text, words.iter().copied());
                continue;
            }
            for kind in types(form) {
                match kind {
                    "string" => return true,
                    "integer" if plain && is_whole(text) => return true,
                    "number" if plain && text.parse::<Decimal>().is_ok_and(|number| !number.is_negative()) => {
                        return true;
                    }
                    "boolean" if plain && matches!(text, "true" | "false") => return true,
                    "integer" => help = Some("write a whole number without unit or quotes, such as 0".to_owned()),
                    "number" => help = Some("write a number without unit or quotes, such as 14.4".to_owned()),
                    "boolean" => help = Some("write true or false".to_owned()),
                    _ => {}
                }
            }
        }
        let Some(help) = help else { return self.wrong_kind(tree, forms, name, "a single value") };
        self.faults.push(Wrong::new(tree.at, tree.width, format!("`{text}` cannot be {}", quoted(name))).help(help));
        false
    }

    /// The alternatives of a schema, references followed.
    fn forms(&self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            return self.forms(&self.schema["$defs"][name]);
        }
        match schema["anyOf"].as_array() {
            Some(forms) => forms.iter().flat_map(|form| self.forms(form)).collect(),
            None => vec![schema],
        }
    }
}

/// The JSON types that a form allows.
fn types(form: &Value) -> impl Iterator<Item = &str> {
    let one = form["type"].as_str();
    let many = form["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

/// The words that a form allows, if it is a choice of words.
fn words(form: &Value) -> Option<Vec<&str>> {
    if let Some(words) = form["enum"].as_array() {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    if let Some(word) = form["const"].as_str() {
        return Some(vec![word]);
    }
    let choices = form["oneOf"].as_array()?;
    Some(choices.iter().filter_map(words).flatten().collect())
}

/// Whether a text is a whole number to every reader: `010` is eight to some, and `+5` is not written here.
fn is_whole(text: &str) -> bool {
    let leads = text.len() > 1 && text.starts_with('0');
    !leads && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

/// What may stand there, in words.
fn wanted(forms: &[&Value]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for form in forms {
        let kinds: Vec<&str> = if words(form).is_some() { vec!["word"] } else { types(form).collect() };
        for kind in kinds {
            let name = match kind {
                "object" => "a mapping",
                "array" => "a list",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "true or false",
                "word" => "a word",
                _ => "a text",
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.join(" or ")
}

/// A key in backquotes; a description as it is.
fn quoted(name: &str) -> String {
    if name.contains(' ') { name.to_owned() } else { format!("`{name}`") }
}
