//! What the file's types are made of: values that know their place, maps in the order of the file, and texts with units.
//!
//! Texts with units stay texts here. They are judged when the rules are resolved, so that one bad value does not hide the
//! next.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::promotion::rules::at::At;

/// The name by which [`Placed`] asks its deserializer for a place as well as a value.
pub const PLACED: &str = "$promote::Placed";
/// What a [`Placed`] is read from, in this order.
pub const PLACED_FIELDS: &[&str] = &["line", "column", "width", "faulty", "value"];

/// A value, and where it stands. A mapping or list under a key stands where its key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// Where it begins.
    pub at: At,
    /// How many characters a caret line under it has.
    pub width: u32,
    /// Whether a fault inside it was already found and taken out, so that nothing must be concluded from what is absent.
    pub faulty: bool,
    /// What stands there.
    pub value: T,
}

impl<T> Placed<T> {
    /// The text of a value with a unit, at the same place.
    pub fn map_text(&self, text: impl Fn(&T) -> &str) -> Placed<String> {
        let Self { at, width, faulty, value } = self;
        Placed { at: *at, width: *width, faulty: *faulty, value: text(value).to_owned() }
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Placed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Placed<T>, A::Error> {
                let short = || A::Error::custom("a place has five parts");
                let line = parts.next_element()?.ok_or_else(short)?;
                let column = parts.next_element()?.ok_or_else(short)?;
                let width = parts.next_element()?.ok_or_else(short)?;
                let faulty = parts.next_element()?.ok_or_else(short)?;
                let value = parts.next_element()?.ok_or_else(short)?;
                Ok(Placed { at: At { line, column }, width, faulty, value })
            }
        }
        deserializer.deserialize_struct(PLACED, PLACED_FIELDS, Parts(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A mapping from names to values, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries<T>(pub Vec<(Placed<String>, Placed<T>)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Entries(pairs))
            }
        }
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Entries_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let name = "^[a-z0-9][a-z0-9._-]{0,62}$";
        json_schema!({ "type": "object", "propertyNames": { "pattern": name }, "additionalProperties": value })
    }
}

/// A mapping from texts of any kind to values, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed<T>(pub Vec<(Placed<String>, Placed<T>)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(|entries| Self(entries.0))
    }
}

impl<T: JsonSchema> JsonSchema for Keyed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Keyed_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<Placed<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The tree's deserializer reads anything that is not a list as a list of one.
        Vec::deserialize(deserializer).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("One_or_many_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// Lets a text stand for a whole mapping: it is the value of the mapping's first field.
pub fn or_text(schema: &mut Schema) {
    or_first(schema, &[json_schema!({ "type": "string" })]);
}

/// Lets a text or a list of texts stand for a whole mapping: it is the value of the mapping's first field.
pub fn or_texts(schema: &mut Schema) {
    let text = json_schema!({ "type": "string" });
    let texts = json_schema!({ "type": "array", "items": { "type": "string" } });
    or_first(schema, &[text, texts]);
}

fn or_first(schema: &mut Schema, short: &[Schema]) {
    let description = schema.remove("description");
    let whole = std::mem::take(schema);
    let mut forms: Vec<serde_json::Value> = short.iter().map(|form| form.clone().to_value()).collect();
    forms.push(whole.to_value());
    schema.insert("anyOf".to_owned(), forms.into());
    if let Some(description) = description {
        schema.insert("description".to_owned(), description);
    }
}

/// A share in per cent, with its sign: `70%`, `99.95%`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^[0-9]+(\\.[0-9]+)? ?%$"))]
pub struct Percent(pub String);

/// A span of time with its unit: `800ms`, `30s`, `15m`, `2h`, `1h30m`, `30d`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^([0-9]+(\\.[0-9]+)? ?[a-z]+ ?)+$"))]
pub struct Span(pub String);

/// A rate per second: `100/s`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^[0-9]+(\\.[0-9]+)? ?/ ?s$"))]
pub struct Rate(pub String);

/// A number without a unit: `14.4`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Number(pub String);

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "description": "A number without a unit: `14.4`." })
    }
}

/// What a fact is compared with: a number, with a unit where the field has one, a text, or `true` or `false`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub String);

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "string", "boolean"],
            "description": "What a fact is compared with: a number, with a unit where the field has one, a text, or `true` or `false`."
        })
    }
}
