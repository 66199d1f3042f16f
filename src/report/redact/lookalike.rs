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
pub(super) fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

impl Lookalikes {
    /// Adds where they are; a token is masked without the word before it.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let mut from = 0;
        while let Some(hit) = self.begins.find(&text[from..]) {
            let (begin, end) = (from + hit.start(), from + hit.end());
            from = begin + 1;
            let (word, least) = SHAPES[hit.pattern().as_usize()];
            let in_a_word = begin > 0 && text[begin - 1].is_ascii_alphanumeric();
            if in_a_word {
                continue;
            }
            let length = text[end..].iter().take_while(|byte| is_of_a_key(**byte)).count();
            let key = &text[end..end + length];
            // `sk-learn-is-a-library` is words; a key has digits.
            if length >= least && key.iter().any(u8::is_ascii_digit) {
                found.push(if word.ends_with(' ') { end } else { begin }..end + length);
                from = end + length;
            }
        }
    }

    /// The longest beginning of a key's shape.
    pub(super) fn longest_begin() -> usize {
        SHAPES.iter().map(|(begin, _)| begin.len()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::report::Redactor;

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
        ] {
            assert_eq!(redactor.mask(text), wanted);
        }
    }
}
