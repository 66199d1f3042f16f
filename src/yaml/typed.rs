//! Values of the caller's own types from a tree, through serde. What is wrong keeps the place where it was written.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer as _, Visitor};
use serde::de::{MapAccess, SeqAccess};
use serde::forward_to_deserialize_any;

use super::{Key, Node, Span, Value};

/// Why a tree is not of the type that was asked for.
#[derive(Debug)]
pub struct Mismatch {
    /// What is wrong.
    pub kind: MismatchKind,
    /// The keys that lead there, outermost first.
    pub path: Vec<String>,
    /// Where it was written; `None` before the tree was left.
    span: Option<Span>,
}

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq)]
pub enum MismatchKind {
    /// A key that the type doesn't have.
    Unknown {
        /// The key.
        key: String,
        /// Those that it has.
        known: &'static [&'static str],
    },
    /// Anything else, as a sentence.
    Wrong(String),
}

impl Node {
    /// The tree as a `T`. Types of scalars are those that `T` wants, whether they are in quotes or not.
    ///
    /// # Errors
    /// The first value that is not as `T` wants it, and where.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, (Mismatch, Span)> {
        T::deserialize(self).map_err(|mut mismatch| {
            let span = mismatch.span.take().unwrap_or_else(|| self.span.clone());
            (mismatch, span)
        })
    }

    fn wrong<T>(&self, what: impl fmt::Display) -> Result<T, Mismatch> {
        Err(Mismatch::custom(what).at(&self.span))
    }

    fn string(&self) -> Result<&str, Mismatch> {
        self.text().map_or_else(|| self.wrong("must be a string"), Ok)
    }

    fn map<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.value {
            Value::Map(_) => visitor.visit_map(Entries(self.entries().iter(), None)),
            _ if self.is_null() => visitor.visit_map(Entries([].iter(), None)),
            _ => self.wrong("must be a mapping"),
        }
    }
}

impl Mismatch {
    /// With a place, if it has none yet.
    fn at(mut self, span: &Span) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }
}

impl serde::de::Error for Mismatch {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self {
            kind: MismatchKind::Wrong(what.to_string()),
            path: Vec::new(),
            span: None,
        }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        let key = key.to_owned();
        Self {
            kind: MismatchKind::Unknown { key, known },
            ..Self::custom("")
        }
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            MismatchKind::Unknown { key, .. } => write!(f, "{key}: there is no such key"),
            MismatchKind::Wrong(what) => f.write_str(what),
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.value {
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.map(visitor),
            Value::Scalar { .. } if self.is_null() => visitor.visit_unit(),
            Value::Scalar { text, .. } => visitor.visit_str(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.string()? {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            other => self.wrong(format_args!("`{other}` is not true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_str(self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.value {
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            _ => self.wrong("must be a list"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.string()? {
            word if words.contains(&word) => {
                let word: StrDeserializer<'_, Mismatch> = word.into_deserializer();
                visitor.visit_enum(word)
            }
            other => self.wrong(format_args!("`{other}` is no {name}")),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        identifier ignored_any
    }
}

/// The items of a list.
struct Items<'n>(std::slice::Iter<'n, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let read = self
            .0
            .next()
            .map(|item| seed.deserialize(item).map_err(|wrong| wrong.at(&item.span)));
        read.transpose()
    }
}

/// The entries of a mapping, and the one whose value comes next.
struct Entries<'n>(std::slice::Iter<'n, (Key, Node)>, Option<&'n (Key, Node)>);

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        self.1 = self.0.next();
        let read = self.1.map(|(key, _)| {
            let name: StrDeserializer<'_, Mismatch> = key.name.as_str().into_deserializer();
            seed.deserialize(name).map_err(|wrong| wrong.at(&key.span))
        });
        read.transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let Some((key, node)) = self.1.take() else {
            return Err(Mismatch::custom("a value without its key"));
        };
        seed.deserialize(node).map_err(|wrong| {
            let mut wrong = wrong.at(&node.span);
            wrong.path.insert(0, key.name.clone());
            wrong
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use serde::Deserialize;

    use super::super::{Source, parse};
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        word: Option<Word>,
        on: Option<bool>,
        list: Option<Vec<String>>,
        by_name: Option<BTreeMap<String, Part>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "colour", rename_all = "snake_case")]
    enum Word {
        Red,
        DarkBlue,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        text: String,
    }

    fn read(text: &str) -> Result<Whole, (Mismatch, Span)> {
        parse(&Source::new(Path::new("f.yml"), text.to_owned())).unwrap().read()
    }

    #[test]
    fn a_tree_becomes_what_is_asked_for() {
        let whole = read("word: dark_blue\non: 'true'\nlist: [1, b]\nby_name: {a: {text: 5}}\n").unwrap();
        assert_eq!(whole.word, Some(Word::DarkBlue));
        assert_eq!(
            (whole.on, whole.list),
            (Some(true), Some(vec!["1".to_owned(), "b".to_owned()]))
        );
        assert_eq!(whole.by_name.unwrap()["a"], Part { text: "5".to_owned() });
        let empty = read("word: ~\nby_name:\n").unwrap();
        assert_eq!((empty.word, empty.by_name), (None, None));
        assert_eq!(read("").unwrap().list, None);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place_with_the_way_to_it() {
        for (text, line, column, path, what) in [
            ("word: green\n", 1, 7, "word", "`green` is no colour"),
            ("word: [red]\n", 1, 7, "word", "must be a string"),
            ("on: maybe\n", 1, 5, "on", "`maybe` is not true or false"),
            ("list: a\n", 1, 7, "list", "must be a list"),
            ("list: [a, {}]\n", 1, 11, "list", "must be a string"),
            ("by_name:\n  a: 5\n", 2, 6, "by_name a", "must be a mapping"),
            ("by_name:\n  a: {}\n", 2, 6, "by_name a", "missing field `text`"),
            (
                "by_name:\n  a: {txt: 5}\n",
                2,
                7,
                "by_name a",
                "txt: there is no such key",
            ),
            ("\nwrod: red\n", 2, 1, "", "wrod: there is no such key"),
            ("- a\n", 1, 1, "", "must be a mapping"),
        ] {
            let (mismatch, span) = read(text).unwrap_err();
            assert_eq!((span.line, span.column), (line, column), "{text}: {mismatch:?}");
            assert_eq!(
                (mismatch.path.join(" ").as_str(), mismatch.to_string().as_str()),
                (path, what),
                "{text}"
            );
        }
        let (mismatch, _) = read("wrod: red\n").unwrap_err();
        let known = &["word", "on", "list", "by_name"];
        let key = "wrod".to_owned();
        assert_eq!(mismatch.kind, MismatchKind::Unknown { key, known });
    }
}
