//! Keys never reach an output: every key of the project's `keys_pool/` and `env/` is masked in all that is printed, as it is and as
//! JSON, addresses and base64 write it; so is what a command learns besides (values that are secret by their name), and whatever
//! looks like a provider's key or a bearer token.

mod forms;
mod known;
mod lookalike;
mod project;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::failure::Failure;

use known::KnownKeys;
use lookalike::Lookalikes;

/// What a key is printed as.
const MASK: &[u8] = b"********";

/// Masks keys. Made once a command; all that is printed goes through it, so it must be quick where there is no key.
#[derive(Debug, Default)]
pub struct Redactor {
    keys: Vec<String>,
    known: KnownKeys,
    lookalikes: Lookalikes,
}

impl Redactor {
    /// The keys in `keys_pool/` and `env/` of the project at `root`.
    ///
    /// # Errors
    /// There is more in them than can be masked: nothing of others should be printed then.
    pub fn keys_of(root: &std::path::Path) -> Result<Vec<String>, Failure> {
        project::keys(root)
    }

    /// Masks `keys`, beside what looks like one.
    pub fn of(keys: Vec<String>) -> Self {
        Self {
            known: KnownKeys::of(&keys),
            keys,
            lookalikes: Lookalikes::default(),
        }
    }

    /// Masks `more` as well; nothing when it masks them all already.
    pub fn with(&self, more: Vec<String>) -> Option<Self> {
        let known: BTreeSet<&String> = self.keys.iter().collect();
        let new: Vec<String> = more.into_iter().filter(|key| !known.contains(key)).collect();
        (!new.is_empty()).then(|| Self::of([self.keys.clone(), new].concat()))
    }

    /// `text` without keys.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.mask_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Keys and tokens begin and end at characters, so this is UTF-8 still.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The same of bytes that may be no text.
    pub fn mask_bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = Vec::with_capacity(text.len());
        let mut done = 0;
        for range in found {
            masked.extend_from_slice(&text[done..range.start]);
            masked.extend_from_slice(MASK);
            done = range.end;
        }
        masked.extend_from_slice(&text[done..]);
        Cow::Owned(masked)
    }

    /// Where keys are, in order and apart from each other.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.known.find(text, &mut found);
        self.lookalikes.find(text, &mut found);
        if found.len() > 1 {
            found.sort_by_key(|range| (range.start, range.end));
            let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
            for range in found {
                match apart.last_mut() {
                    Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                    _ => apart.push(range),
                }
            }
            return apart;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masks_lines_and_values_but_not_short_words() {
        let redactor = Redactor::of(project::keys_of(
            "\u{feff}# a comment with xk-comment-1\nxk-live-0123456789\nTAVILY_API_KEY=\"tvly-abcdef\"\r\nDEBUG=true\n",
        ));
        assert_eq!(
            redactor.mask("key xk-live-0123456789, tvly-abcdef; true; xk-comment-1"),
            "key ********, ********; true; xk-comment-1"
        );
    }

    #[test]
    fn what_is_learned_later_is_masked_too() {
        let redactor = Redactor::default().with(vec!["dotenv-pass-word-1".into()]).unwrap();
        assert_eq!(redactor.mask("dotenv-pass-word-1"), "********");
        assert!(redactor.with(vec!["dotenv-pass-word-1".into()]).is_none());
    }

    #[test]
    fn a_key_that_contains_another_is_masked_whole() {
        let redactor = Redactor::of(vec!["abcdefgh".into(), "abcdefgh-ijkl".into()]);
        assert_eq!(redactor.mask("<abcdefgh-ijkl>"), "<********>");
    }

    #[test]
    fn a_key_in_json_is_masked_as_it_is_written_there() {
        let key = "pa\"ss/wo\\rd-0123";
        let redactor = Redactor::of(vec![key.into()]);
        let json = serde_json::json!({ "message": format!("it is {key}!") }).to_string();
        assert_eq!(redactor.mask(&json), r#"{"message":"it is ********!"}"#);
        assert_eq!(redactor.mask(r#""pa\"ss\/wo\\rd-0123""#), r#""********""#);
        let redactor = Redactor::of(vec!["pä&ss-0123".into()]);
        assert_eq!(redactor.mask(r#""pä\u0026ss-0123""#), r#""********""#);
        assert_eq!(redactor.mask(r#""p\u00e4&ss-0123""#), r#""********""#);
    }

    proptest! {
        /// What many keys mask at once is what each alone masks.
        #[test]
        fn no_key_of_many_survives(
            keys in proptest::collection::vec("[a-d]{8,12}", 1..40),
            filler in proptest::collection::vec("[a-d ]{0,20}", 1..20),
            picks in proptest::collection::vec(any::<prop::sample::Index>(), 20),
        ) {
            let redactor = Redactor::of(keys.clone());
            let mut text = String::new();
            for (filler, pick) in filler.iter().zip(&picks) {
                text.push_str(filler);
                text.push_str(&keys[pick.index(keys.len())]);
            }
            let masked = redactor.mask(&text);
            for key in &keys {
                prop_assert!(!masked.contains(key.as_str()), "{key} is in {masked}, made of {text}");
            }
        }

        #[test]
        fn what_holds_no_key_stays(text in "[e-z ]{0,200}") {
            let redactor = Redactor::of(vec!["abcdabcd".into(), "dcbadcba-1".into()]);
            prop_assert_eq!(redactor.mask(&text), text.as_str());
        }
    }
}
