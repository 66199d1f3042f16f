//! A name or id as a part of a request's path.
//!
//! bollard puts what it is given into a URL as it is, and the URL's parser takes it apart: with `../volumes/prune?` for a name,
//! `POST /containers/NAME/restart` becomes `POST /volumes/prune`. The engine decodes `%2F` and `%2E` and cleans the path again.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::EngineError;

/// All but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How much of a name is quoted when it can't be used.
const QUOTED: usize = 80;

/// What is named in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// A container, by id or name.
    Container,
    /// A command in a container, by id.
    Exec,
    /// An image, by id or reference.
    Image,
    /// A network, by id or name.
    Network,
    /// A volume, by name.
    Volume,
}

impl Object {
    fn word(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Exec => "exec",
            Self::Image => "image",
            Self::Network => "network",
            Self::Volume => "volume",
        }
    }
}

/// One name or id, encoded so that it stays one. There is no other way to make one than [`Part::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part(String);

impl Part {
    /// Encodes `name`.
    ///
    /// # Errors
    /// Containers and execs have names and ids of letters, digits, `_`, `.` and `-`. Networks, and volumes of plugins, may have
    /// others, a `/` too; but control characters, and parts between `/` that an engine would clean away, can't be sent.
    pub fn of(object: Object, name: &str) -> Result<Self, EngineError> {
        let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let why = match object {
            Object::Container | Object::Exec
                if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(is_of_a_word) =>
            {
                "only letters, digits, `_`, `.` and `-` are allowed, starting with a letter or digit"
            }
            _ if name.chars().any(char::is_control) => "it contains control characters",
            _ if name.split('/').any(|part| matches!(part, "" | "." | "..")) => {
                "it is empty, or one of its parts between `/` is empty, `.` or `..`"
            }
            _ => return Ok(Self(utf8_percent_encode(name, RESERVED).to_string())),
        };
        Err(unusable(object, name, why))
    }

    /// As it stands in the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why no request can be made about an object of that name.
pub(super) fn unusable(object: Object, name: &str, why: &str) -> EngineError {
    let mut quoted: String = name.chars().take(QUOTED).flat_map(char::escape_debug).collect();
    if name.chars().nth(QUOTED).is_some() {
        quoted.push('…');
    }
    EngineError::Name {
        what: format!(
            "`{quoted}` is not a valid name or id for {}",
            match object {
                Object::Exec | Object::Image => format!("an {}", object.word()),
                _ => format!("a {}", object.word()),
            }
        ),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OBJECTS: [Object; 4] = [Object::Container, Object::Exec, Object::Network, Object::Volume];

    #[test]
    fn a_network_may_have_any_name_that_is_one_for_the_engine_too() {
        for (name, encoded) in [
            ("stack_default", "stack_default"),
            ("a b", "a%20b"),
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("a%2e%2e", "a%252e%252e"),
            ("..\\x", "..%5Cx"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(Part::of(Object::Network, name).unwrap().as_str(), encoded);
        }
        for name in [
            "", ".", "..", "../x", "a/../b", "a/./b", "a//b", "/a", "a/", "a\tb", "a\u{85}b",
        ] {
            assert!(Part::of(Object::Network, name).is_err(), "{name:?}");
            assert!(Part::of(Object::Container, name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_error_names_it_without_its_control_characters_and_not_at_any_length() {
        let failure = Part::of(Object::Container, &format!("\u{1b}]0;x\u{7}{}", "a".repeat(1000)));
        let text = failure.unwrap_err().failure().to_string();
        assert!(
            !text.contains(|c: char| c.is_control()) && text.contains("\\u{1b}]0;x\\u{7}"),
            "{text}"
        );
        assert!(text.chars().count() < 300, "{text}");
    }

    proptest! {
        #[test]
        fn a_part_stays_one(name in any::<String>(), object in prop::sample::select(&OBJECTS[..])) {
            if let Ok(part) = Part::of(object, &name) {
                let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
                prop_assert!(part.as_str().chars().all(plain));
                prop_assert!(!["", ".", ".."].contains(&part.as_str()));
                let decoded = percent_encoding::percent_decode_str(part.as_str()).decode_utf8().unwrap();
                prop_assert_eq!(decoded, name);
            }
        }
    }
}
