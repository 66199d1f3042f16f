//! Names of images, as the distribution project's grammar has them and Docker and Compose read them:
//! `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, or an image's id.
//!
//! The rules are those of `ParseNormalizedNamed` in <https://github.com/distribution/reference>, which the engine and
//! Compose use. The crates that read references let through other names than these (docs/dependencies.md).

use std::fmt;

use serde::{Serialize, Serializer};

/// How an image is written, for hints.
pub const ALLOWED: &str = "write an image as [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], with a lower-case name";

/// The registry of a name that names none.
pub const HUB: &str = "docker.io";

/// Docker Hub's older name, which means the same.
const OLD_HUB: &str = "index.docker.io";

/// Where Docker Hub keeps images whose name has one part.
const OFFICIAL: &str = "library/";

/// Bytes of the longest path, without the registry's host.
const LONGEST_PATH: usize = 255;

/// Bytes of the longest tag.
const LONGEST_TAG: usize = 128;

/// Digests that the engine knows, with their number of hexadecimal digits.
const DIGESTS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// An image's name that follows the grammar. It has no character that a URL gives a meaning to but `/`, `:`, `@`, `[` and `]`, and
/// none of its parts is `.` or `..`: put into a path it stays where it is put.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    text: String,
    /// The end of the name: host and path.
    name: usize,
    /// The end of the tag; that of the name when there is none.
    tag: usize,
}

/// Why a text names no image. It quotes nothing of the text, which may be a variable's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    /// There is no name.
    #[error("the name is empty")]
    Empty,
    /// Before the first `/` stands what looks like a host and can't be one.
    #[error("the part before the first `/` is neither a valid host nor part of a valid name")]
    Host,
    /// The path has capital letters.
    #[error("the name contains upper-case letters")]
    Capitals,
    /// A part of the path has other characters, or none.
    #[error("a name may contain only lower-case letters and digits, separated by `.`, `_`, `__` or any number of `-`")]
    Path,
    /// The path is too long.
    #[error("the name is longer than 255 characters")]
    Long,
    /// The tag.
    #[error("a tag has 1 to 128 letters, digits, `_`, `.` and `-`, and doesn't start with `.` or `-`")]
    Tag,
    /// The digest.
    #[error("the digest is not valid: it must be `sha256:` and 64 lower-case hexadecimal digits")]
    Digest,
}

impl ImageRef {
    /// Reads a name. 64 hexadecimal digits alone are an image's id, which no registry has.
    ///
    /// # Errors
    /// What the engine and Compose call an invalid reference.
    pub fn parse(text: &str) -> Result<Self, BadImage> {
        if text.is_empty() {
            return Err(BadImage::Empty);
        }
        let whole = |name: usize, tag: usize| Self {
            text: text.to_owned(),
            name,
            tag,
        };
        if is_hexadecimal(text, 64) {
            return Ok(whole(text.len(), text.len()));
        }
        let (before, digest) = match text.split_once('@') {
            Some((before, digest)) => (before, Some(digest)),
            None => (text, None),
        };
        // A host may have a `:` of its own.
        let path_at = host_of(before).map_or(0, |host| host.len() + 1);
        let (name, tag) = match before[path_at..].find(':') {
            Some(colon) => (&before[..path_at + colon], Some(&before[path_at + colon + 1..])),
            None => (before, None),
        };
        check_name(name)?;
        if !tag.is_none_or(is_tag) {
            return Err(BadImage::Tag);
        }
        if !digest.is_none_or(is_digest) {
            return Err(BadImage::Digest);
        }
        Ok(whole(name.len(), before.len()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and path, without tag and digest.
    pub fn name(&self) -> &str {
        &self.text[..self.name]
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.text[self.name..self.tag].strip_prefix(':')
    }

    /// The digest, `sha256:…`.
    pub fn digest(&self) -> Option<&str> {
        self.text[self.tag..].strip_prefix('@')
    }

    /// The registry's host, with its port where one is named; [`HUB`] when the name has none.
    pub fn registry(&self) -> &str {
        host_of(self.name()).filter(|host| *host != OLD_HUB).unwrap_or(HUB)
    }

    /// The path at that registry: the name without its host.
    pub fn path(&self) -> &str {
        let name = self.name();
        host_of(name).map_or(name, |host| &name[host.len() + 1..])
    }

    /// Whether it is an image's id alone, without the `sha256:`.
    pub fn is_id(&self) -> bool {
        is_hexadecimal(&self.text, 64)
    }

    /// With the tag `latest` when it has neither tag nor digest: what the name means.
    pub fn with_tag(&self) -> String {
        if self.name == self.text.len() && !self.is_id() {
            format!("{}:latest", self.text)
        } else {
            self.text.clone()
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for ImageRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// What stands before the first `/`, if it is meant as a host: it has a dot, a port or a capital letter, or is `localhost`.
fn host_of(name: &str) -> Option<&str> {
    let (first, _) = name.split_once('/')?;
    let is_host = first == "localhost" || first.contains(['.', ':']) || first.chars().any(char::is_uppercase);
    is_host.then_some(first)
}

fn check_name(name: &str) -> Result<(), BadImage> {
    let host = host_of(name);
    // `my_host.example/x` is a path of two parts, and taken for one by the registry that gets it.
    let host = host.filter(|host| is_host(host) || !is_path_part(host));
    let path = match host {
        Some(host) if !is_host(host) => return Err(BadImage::Host),
        Some(host) => &name[host.len() + 1..],
        None => name,
    };
    if path.is_empty() {
        return Err(BadImage::Empty);
    }
    if !path.split('/').all(is_path_part) {
        return Err(if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            BadImage::Capitals
        } else {
            BadImage::Path
        });
    }
    let on_hub = host.is_none_or(|host| [HUB, OLD_HUB].contains(&host));
    let official = if on_hub && !path.contains('/') {
        OFFICIAL.len()
    } else {
        0
    };
    if path.len() + official > LONGEST_PATH {
        return Err(BadImage::Long);
    }
    Ok(())
}

/// `domain-and-port`: a name or address, an IPv6 address in brackets, and a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            let is_address = |c: u8| c.is_ascii_hexdigit() || c == b':';
            let is_address = !address.is_empty() && address.bytes().all(is_address);
            match (is_address, rest.strip_prefix(':')) {
                (true, Some(port)) => (None, Some(port)),
                (true, None) if rest.is_empty() => (None, None),
                _ => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.is_none_or(|host| host.split('.').all(is_label))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `path-component`: runs of small letters and digits, with `.`, `_`, `__` or any number of `-` between them.
fn is_path_part(part: &str) -> bool {
    let is_of_a_run = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends_in_runs = part.starts_with(is_of_a_run) && part.ends_with(is_of_a_run);
    let mut separators = part.split(is_of_a_run).filter(|between| !between.is_empty());
    ends_in_runs && separators.all(|between| matches!(between, "." | "_" | "__") || between.bytes().all(|c| c == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= LONGEST_TAG
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let mut known = DIGESTS.iter();
    known.any(|(algorithm, digits)| {
        let rest = digest.strip_prefix(algorithm).and_then(|rest| rest.strip_prefix(':'));
        rest.is_some_and(|rest| is_hexadecimal(rest, *digits))
    })
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// The grammar as the distribution project writes it: `reference/regexp.go`, v0.6.
    static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
        let label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
        let host = format!(r"(?:{label}(?:\.{label})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?");
        let part = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
        let name = format!("(?:{host}/)?{part}(?:/{part})*");
        let tag = r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}";
        let digest = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
        Regex::new(&format!("^({name})(?::({tag}))?(?:@({digest}))?$")).unwrap()
    });

    /// `ParseNormalizedNamed` in the words of `reference/normalize.go`, and an id besides.
    fn by_the_book(text: &str) -> bool {
        if Regex::new("^[a-f0-9]{64}$").unwrap().is_match(text) {
            return true;
        }
        let (mut host, mut rest) = match text.split_once('/') {
            Some((first, rest))
                if first == "localhost" || first.contains(['.', ':']) || first.to_lowercase() != first =>
            {
                (first, rest.to_owned())
            }
            _ => ("docker.io", text.to_owned()),
        };
        if host == "index.docker.io" {
            host = "docker.io";
        }
        if host == "docker.io" && !rest.contains('/') {
            rest = format!("library/{rest}");
        }
        let remote = rest.split(':').next().unwrap();
        if remote.to_lowercase() != remote {
            return false;
        }
        let whole = format!("{host}/{rest}");
        let Some(found) = GRAMMAR.captures(&whole) else {
            return false;
        };
        let name = &found[1];
        let is_host = |first: &str| {
            GRAMMAR
                .captures(&format!("{first}/a"))
                .is_some_and(|found| found[1].len() == first.len() + 2)
                && Regex::new("^[^_]*$").unwrap().is_match(first)
        };
        let path = match name.split_once('/') {
            Some((first, path)) if is_host(first) => path,
            _ => name,
        };
        let digest = found.get(3).is_none_or(|digest| {
            let (algorithm, hexadecimal) = digest.as_str().split_once(':').unwrap();
            let digits = match algorithm {
                "sha256" => 64,
                "sha384" => 96,
                "sha512" => 128,
                _ => return false,
            };
            hexadecimal.len() == digits && hexadecimal.to_lowercase() == hexadecimal
        });
        path.len() <= 255 && digest
    }

    /// Texts that come near to a reference: its pieces in any order, with what does not belong among them.
    fn near_references() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            6 => "[a-z0-9]{1,3}",
            1 => "[A-Z]{1,2}",
            3 => prop::sample::select(vec![".", "_", "__", "-", "--", "/", ":", "@"]).prop_map(ToOwned::to_owned),
            1 => prop::sample::select(vec![
                "..", "/../", "%2e", "?", "#", "\\", " ", "\n", "\t", "é", "[", "]", "[::1]", "localhost", "docker.io/",
                "index.docker.io/", ":5000/", "library/", "@sha256:", "+"
            ])
            .prop_map(ToOwned::to_owned),
            1 => prop::sample::select(vec![31_usize, 63, 64, 65, 96, 128, 129, 247, 248, 255, 256])
                .prop_map(|length| "a".repeat(length)),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn follows_the_grammar(text in prop_oneof![9 => near_references(), 1 => any::<String>()]) {
            prop_assert_eq!(ImageRef::parse(&text).is_ok(), by_the_book(&text), "{:?}", text);
        }

        #[test]
        fn stays_where_it_is_put_in_a_path(text in near_references()) {
            if let Ok(image) = ImageRef::parse(&text) {
                prop_assert!(!image.as_str().contains(['?', '#', '%', '\\', ' ']));
                prop_assert!(!image.as_str().contains(|c: char| c.is_control() || !c.is_ascii()));
                prop_assert!(image.as_str().split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
        }

        #[test]
        fn its_parts_make_the_whole(text in near_references()) {
            if let Ok(image) = ImageRef::parse(&text) {
                let tag = image.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
                let digest = image.digest().map(|digest| format!("@{digest}")).unwrap_or_default();
                prop_assert_eq!(format!("{}{tag}{digest}", image.name()), text);
            }
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("", BadImage::Empty),
            ("localhost/", BadImage::Empty),
            ("Redis", BadImage::Capitals),
            ("localhost:5000/Redis:8", BadImage::Capitals),
            ("../volumes/prune?", BadImage::Host),
            ("a b", BadImage::Path),
            ("a//b", BadImage::Path),
            ("redis:", BadImage::Tag),
            ("redis:a b", BadImage::Tag),
            ("redis@sha256:12", BadImage::Digest),
            ("host:port/x", BadImage::Host),
        ] {
            assert_eq!(ImageRef::parse(text), Err(why), "{text}");
        }
        assert_eq!(ImageRef::parse(&"x".repeat(300)), Err(BadImage::Long));
    }

    #[test]
    fn the_registry_is_the_first_part_if_it_looks_like_a_host() {
        for (image, registry) in [
            ("redis:8", HUB),
            ("a/b:3", HUB),
            ("docker.io/library/redis", HUB),
            ("index.docker.io/redis", HUB),
            ("localhost/x", "localhost"),
            ("localhost:5000", HUB),
            ("127.0.0.1:5000/x:1", "127.0.0.1:5000"),
            ("[::1]:5000/x:1", "[::1]:5000"),
            ("UPPER/x", "UPPER"),
            ("r.example/a/b", "r.example"),
        ] {
            assert_eq!(ImageRef::parse(image).unwrap().registry(), registry, "{image}");
        }
    }

    #[test]
    fn a_name_without_a_tag_means_latest() {
        let id = "a".repeat(64);
        for (image, wanted) in [
            ("redis", "redis:latest".to_owned()),
            ("redis:8", "redis:8".to_owned()),
            ("127.0.0.1:5000/x", "127.0.0.1:5000/x:latest".to_owned()),
            (&format!("x@sha256:{id}"), format!("x@sha256:{id}")),
            (&id, id.clone()),
        ] {
            assert_eq!(ImageRef::parse(image).unwrap().with_tag(), wanted);
        }
    }
}
