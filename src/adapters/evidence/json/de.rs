//! Types that serde can make, out of the stream. Texts and names are lent, and copied only by what keeps them.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};

impl<'de> Deserializer<'de> for &mut Json<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tokens.kind()? {
            Kind::Object => {
                self.tokens.pass();
                self.enter()?;
                let mut fields = Fields { json: self, first: true, done: false };
                let value = visitor.visit_map(&mut fields)?;
                let (json, done) = (fields.json, fields.done);
                if !done {
                    return Err(Error::Data("an object has more fields than are expected".to_owned()));
                }
                json.depth -= 1;
                Ok(value)
            }
            Kind::Array => {
                self.tokens.pass();
                self.enter()?;
                let mut elements = Elements { json: self, first: true, done: false };
                let value = visitor.visit_seq(&mut elements)?;
                let (json, mut done) = (elements.json, elements.done);
                if !done {
                    done = !json.tokens.next_element(elements.first)?;
                }
                if !done {
                    return Err(Error::Data("an array has more elements than are expected".to_owned()));
                }
                json.depth -= 1;
                Ok(value)
            }
            Kind::String => {
                self.tokens.string(true)?;
                visitor.visit_str(self.tokens.text()?)
            }
            Kind::Number => {
                self.tokens.number()?;
                number(self.tokens.text()?, visitor)
            }
            Kind::Bool | Kind::Null => match self.tokens.word()? {
                Some(word) => visitor.visit_bool(word),
                None => visitor.visit_unit(),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.tokens.kind()? == Kind::Null {
            self.tokens.word()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Enums are those whose variants are plain words.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let kind = self.tokens.kind()?;
        if kind != Kind::String {
            return Err(Error::Data(format!("{} stands where a word should", kind.name())));
        }
        self.tokens.string(true)?;
        visitor.visit_enum(self.tokens.text()?.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// A whole number that fits stays whole; any other one is the nearest double.
fn number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Error> {
    if let Ok(whole) = text.parse::<u64>() {
        return visitor.visit_u64(whole);
    }
    if let Ok(whole) = text.parse::<i64>() {
        return visitor.visit_i64(whole);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => visitor.visit_f64(number),
        _ => Err(Error::Data("a number is out of range".to_owned())),
    }
}

struct Fields<'j, 'a> {
    json: &'j mut Json<'a>,
    first: bool,
    done: bool,
}

impl<'de> MapAccess<'de> for &mut Fields<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if !self.json.tokens.next_key(self.first)? {
            self.done = true;
            return Ok(None);
        }
        self.first = false;
        let name: StrDeserializer<'_, Error> = self.json.tokens.text()?.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.json.tokens.colon()?;
        seed.deserialize(&mut *self.json)
    }
}

struct Elements<'j, 'a> {
    json: &'j mut Json<'a>,
    first: bool,
    done: bool,
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if !self.json.tokens.next_element(self.first)? {
            self.done = true;
            return Ok(None);
        }
        self.first = false;
        seed.deserialize(&mut *self.json).map(Some)
    }
}
