//! Reads a tree that fits the schema into the file's types, by serde.
//!
//! Three rules make the short forms: anything that is not a list reads as a list of one; anything that is not a mapping
//! reads as a mapping's first field; and a place whose fault was reported reads as empty.

use std::fmt;

use serde::de::value::{BoolDeserializer, StrDeserializer, U32Deserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::shape::PLACED;
use crate::promotion::rules::tree::{Kind, Tree};

/// Why a tree does not fit, and the innermost place that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    at: Option<At>,
    message: String,
}

impl From<Misfit> for Wrong {
    fn from(misfit: Misfit) -> Self {
        Self::new(misfit.at.unwrap_or_default(), 1, misfit.message)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { at: None, message: message.to_string() }
    }
}

/// Reads a value.
pub fn read<'de, T: de::Deserialize<'de>>(tree: &'de Tree) -> Result<T, Misfit> {
    T::deserialize(Reader(tree))
}

#[derive(Clone, Copy)]
struct Reader<'de>(&'de Tree);

impl<'de> Reader<'de> {
    fn placed<T>(self, result: Result<T, Misfit>) -> Result<T, Misfit> {
        result.map_err(|misfit| Misfit { at: misfit.at.or(Some(self.0.at)), ..misfit })
    }

    fn whole(self) -> Result<u64, Misfit> {
        match &self.0.kind {
            Kind::Bad => Ok(0),
            Kind::Scalar { text, .. } => {
                text.parse().map_err(|_| de::Error::custom(format!("`{text}` is not a whole number")))
            }
            _ => Err(de::Error::custom("a whole number is needed here")),
        }
    }

    fn text(self) -> Result<&'de str, Misfit> {
        match &self.0.kind {
            Kind::Scalar { text, .. } => Ok(text),
            Kind::Bad => Ok(""),
            _ => Err(de::Error::custom("a text is needed here")),
        }
    }

    fn pairs<V: Visitor<'de>>(self, visitor: V, first: Option<&'static str>) -> Result<V::Value, Misfit> {
        let result = match (&self.0.kind, first) {
            (Kind::Map(pairs), _) => visitor.visit_map(Pairs { pairs: pairs.iter(), value: None }),
            (Kind::Bad, _) => visitor.visit_map(Pairs { pairs: [].iter(), value: None }),
            (_, Some(name)) => visitor.visit_map(First { name: Some(name), value: self }),
            (_, None) => Err(de::Error::custom("a mapping is needed here")),
        };
        self.placed(result)
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.kind {
            Kind::Null | Kind::Bad => visitor.visit_unit(),
            Kind::Scalar { text, .. } => self.placed(visitor.visit_borrowed_str(text)),
            Kind::List(_) => self.deserialize_seq(visitor),
            Kind::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let text = self.placed(self.text())?;
        self.placed(visitor.visit_bool(text == "true"))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let number = self.placed(self.whole())?;
        self.placed(visitor.visit_u64(number))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let text = self.placed(self.text())?;
        self.placed(visitor.visit_borrowed_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if matches!(self.0.kind, Kind::Null | Kind::Bad) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let items = match &self.0.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Bad => &[],
            _ => std::slice::from_ref(self.0),
        };
        self.placed(visitor.visit_seq(Items(items.iter())))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.pairs(visitor, None)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if name == PLACED {
            return self.placed(visitor.visit_seq(Parts { of: self, next: 0 }));
        }
        self.pairs(visitor, fields.first().copied())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text: StrDeserializer<'de, Misfit> = self.placed(self.text())?.into_deserializer();
        self.placed(visitor.visit_enum(text))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Tree>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|item| seed.deserialize(Reader(item))).transpose()
    }
}

struct Pairs<'de> {
    pairs: std::slice::Iter<'de, (Tree, Tree)>,
    value: Option<&'de Tree>,
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.pairs.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Reader(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        let value = self.value.take().ok_or_else(|| de::Error::custom("a value was asked for before its key"))?;
        seed.deserialize(Reader(value))
    }
}

/// A mapping of one pair: the short form of a struct.
struct First<'de> {
    name: Option<&'static str>,
    value: Reader<'de>,
}

impl<'de> MapAccess<'de> for First<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(name) = self.name.take() else { return Ok(None) };
        let name: StrDeserializer<'_, Misfit> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.value)
    }
}

/// The parts of a [`Placed`](crate::promotion::rules::file::shape::Placed), in the order of its fields.
struct Parts<'de> {
    of: Reader<'de>,
    next: u8,
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Tree { at, width, faulty, .. } = self.of.0;
        self.next += 1;
        let number = |n: u32| -> U32Deserializer<Misfit> { n.into_deserializer() };
        let truth: BoolDeserializer<Misfit> = faulty.into_deserializer();
        let value = match self.next {
            1 => seed.deserialize(number(at.line)),
            2 => seed.deserialize(number(at.column)),
            3 => seed.deserialize(number(*width)),
            4 => seed.deserialize(truth),
            5 => seed.deserialize(self.of),
            _ => return Ok(None),
        };
        value.map(Some)
    }
}
