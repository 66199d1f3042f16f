//! What looks like a provider's key or a bearer token, though no file of the project holds it.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// How such keys begin, and how many characters of a key must follow at least.
const SHAPES: [(&str, usize); 16] = [
    ("sk-", 16),
    ("AIza", 30),
    ("tvly-", 12),
    ("gsk_", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("github_pat_", 20),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("hf_", 20),
    ("AKIA", 16),
    ("pplx-", 20),
    ("glpat-", 16),
    ("Bearer ", 12),
    ("bearer ", 12),
    ("BEARER ", 12),
];

/// The length of the longest prefix.
const LONGEST_BEGIN: usize = 11;

/// Finds them.
#[derive(Debug)]
pub(super) struct Lookalikes {
    begins: AhoCorasick,
}

impl Default for Lookalikes {
    #[expect(
        clippy::expect_used,
        reason = "constant patterns, built by every test of this module"
    )]
    fn default() -> Self {
        let begins = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(SHAPES.map(|(begin, _)| begin))
            .expect("constant patterns");
        Self { begins }
    }
}

/// Characters of keys and tokens.
fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

/// Whether what follows `before` goes on with a word.
fn in_a_word(before: &[u8]) -> bool {
    // A letter or digit may end what stands for something else: `\n`, `\x22`, `\u0022`, `%22`.
    let is_escape = matches!(
        before,
        [.., b'\\', _] | [.., b'\\', b'x', _, _] | [.., b'\\', b'u', _, _, _, _] | [.., b'%', _, _]
    );
    before.last().is_some_and(u8::is_ascii_alphanumeric) && !is_escape && !ends_in_a_colour(before)
}

/// `ESC[31m`, the escape itself written in whatever way.
fn ends_in_a_colour(text: &[u8]) -> bool {
    let parameters = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b';' | b':');
    text.strip_suffix(b"m").is_some_and(|inside| {
        let digits = inside.iter().rev().take_while(parameters).count();
        inside[..inside.len() - digits].ends_with(b"[")
    })
}

impl Lookalikes {
    /// Adds where they are; a token is masked without the word before it.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let mut from = 0;
        while let Some(hit) = self.begins.find(&text[from..]) {
            let (begin, end) = (from + hit.start(), from + hit.end());
            from = begin + 1;
            let (word, least) = SHAPES[hit.pattern().as_usize()];
            if in_a_word(&text[..begin]) {
                continue;
            }
            let length = text[end..].iter().take_while(|byte| is_of_a_key(**byte)).count();
            if length < least {
                continue;
            }
            // `sk-learn-is-a-library` is words; a key has digits.
            if text[end..end + length].iter().any(u8::is_ascii_digit) {
                found.push(if word.ends_with(' ') { end } else { begin }..end + length);
                from = end + length;
            } else {
                // Nor is any part of it a key, but for a last word that announces one (`Bearer …`); a long text is looked
                // at once only.
                from = from.max((end + length).saturating_sub(LONGEST_BEGIN));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redactor;

    #[test]
    fn keys_of_providers_are_masked_and_words_are_not() {
        let redactor = Redactor::default();
        for (text, wanted) in [
            ("key sk-proj-abcdefghijklmnop0123 end", "key ******** end"),
            ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "********"),
            ("\"tvly-dev-0123456789abc\"", "\"********\""),
            (
                "Authorization: Bearer eyJhbGciOi.J9abc_123-xyz, next",
                "Authorization: Bearer ********, next",
            ),
            ("task-force-0123456789abcdef", "task-force-0123456789abcdef"),
            ("sk-learn-is-a-library-of-python", "sk-learn-is-a-library-of-python"),
            ("the bearer of good news arrives", "the bearer of good news arrives"),
            ("sk-short1", "sk-short1"),
            (
                "words-sk-of-a-library-Bearer 0123456789abcdef",
                "words-sk-of-a-library-Bearer ********",
            ),
            (
                "sk-of-many-words-and-Bearer 0123456789abcdef",
                "sk-of-many-words-and-Bearer ********",
            ),
            (
                "\u{1b}[1;31msk-abcdefghijklmnop0123\u{1b}[0m",
                "\u{1b}[1;31m********\u{1b}[0m",
            ),
            (r#"{"a":"b\nsk-abcdefghijklmnop0123"}"#, r#"{"a":"b\n********"}"#),
            (r"\u0022sk-abcdefghijklmnop0123\u0022", r"\u0022********\u0022"),
            ("?key=%22sk-abcdefghijklmnop0123", "?key=%22********"),
        ] {
            assert_eq!(redactor.mask(text), wanted);
        }
        assert_eq!(SHAPES.iter().map(|(begin, _)| begin.len()).max(), Some(LONGEST_BEGIN));
    }

    #[test]
    fn a_long_text_without_a_key_is_looked_at_once() {
        // Were it looked at again from each of its beginnings, this would take minutes.
        let text = "sk-".repeat(1 << 20);
        assert_eq!(Redactor::default().mask(&text), text);
    }
}
