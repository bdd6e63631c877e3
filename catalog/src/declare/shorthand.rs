//! Values that may be said in short: a text where that is enough, a table where there is more to say.
//!
//! By hand, because serde's `untagged` forgets where in the file a value stands and which of its keys is unknown.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value that can be said in short.
pub(super) trait Shorthand: Sized {
    /// All there is to say.
    type Full: DeserializeOwned + Into<Self>;

    /// What may stand there, for the message.
    const EXPECTED: &'static str;

    /// From a text.
    fn of_text(_text: &str) -> Option<Self> {
        None
    }

    /// From a list of texts.
    fn of_list(_list: Vec<String>) -> Option<Self> {
        None
    }

    /// From a number, true or false, as SQL writes it.
    fn of_literal(_literal: String) -> Option<Self> {
        None
    }
}

/// Reads one.
pub(super) fn read<'de, T: Shorthand, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Either(PhantomData))
}

struct Either<T>(PhantomData<T>);

impl<T: Shorthand> Either<T> {
    fn or_wrong<E: Error>(found: Option<T>, what: impl fmt::Display) -> Result<T, E> {
        found.ok_or_else(|| E::custom(format_args!("expected {}, not {what}", T::EXPECTED)))
    }
}

impl<'de, T: Shorthand> Visitor<'de> for Either<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Self::or_wrong(T::of_text(text), format_args!("the text {text:?}"))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Self::or_wrong(T::of_literal(value.to_string()), value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Self::or_wrong(T::of_literal(value.to_string()), value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Self::or_wrong(T::of_literal(value.to_string()), value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        let literal = value.is_finite().then(|| value.to_string());
        Self::or_wrong(literal.and_then(T::of_literal), value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Self::or_wrong(T::of_list(texts), "a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        serde::Deserialize::deserialize(MapAccessDeserializer::new(map)).map(|full: T::Full| full.into())
    }
}

/// Implements reading and the schema of a shorthand: `shorthand!(Type, "name", "string", "array")`.
macro_rules! shorthand {
    ($of:ty, $name:literal $(, $short:tt)+) => {
        impl<'de> serde::Deserialize<'de> for $of {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::declare::shorthand::read(deserializer)
            }
        }

        impl schemars::JsonSchema for $of {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let full = generator.subschema_for::<<$of as $crate::declare::shorthand::Shorthand>::Full>();
                schemars::json_schema!({ "anyOf": [$($short,)+ full] })
            }
        }
    };
}
pub(super) use shorthand;
