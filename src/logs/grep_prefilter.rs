//! A quick look at a line as it lies in a file: whether `--grep` may match in it at all. Most lines are done with that, without
//! being unescaped.

use aho_corasick::AhoCorasick;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Literal};

/// Shorter texts are in too many lines to be worth looking for.
const SHORTEST: usize = 3;

/// Texts of which one is in every match.
#[derive(Debug, Clone)]
pub struct GrepPrefilter {
    texts: AhoCorasick,
}

impl GrepPrefilter {
    /// Of a pattern; `None`: any line may match it.
    pub fn of(pattern: &str, ignore_case: bool) -> Option<Self> {
        let parsed = regex_syntax::ParserBuilder::new()
            .case_insensitive(ignore_case)
            .multi_line(true)
            .utf8(false)
            .build()
            .parse(pattern)
            .ok()?;
        let mut begins = Extractor::new().kind(ExtractKind::Prefix).extract(&parsed);
        begins.optimize_for_prefix_by_preference();
        let begins = begins.literals()?;
        let usable = |text: &[u8]| text.len() >= SHORTEST && text.iter().all(|byte| is_as_written(*byte));
        if begins.is_empty() || !begins.iter().all(|begin| usable(begin.as_bytes())) {
            return None;
        }
        let texts = AhoCorasick::new(begins.iter().map(Literal::as_bytes)).ok()?;
        Some(Self { texts })
    }

    /// Whether the pattern may match in `line`, whose special characters are escaped.
    pub fn may_be_in(&self, line: &[u8]) -> bool {
        self.texts.is_match(line)
    }
}

/// Whether a character stands in the engine's files as it is, however they escape others.
fn is_as_written(byte: u8) -> bool {
    (b' '..0x7F).contains(&byte) && !matches!(byte, b'"' | b'\\' | b'/' | b'<' | b'>' | b'&')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_every_match_has_is_looked_for() {
        for (pattern, ignore_case, line, wanted) in [
            ("request 7 ", false, "a request 7 b", Some(true)),
            ("request 7 ", false, "a request 8 b", Some(false)),
            ("time.?out|refused", false, "connection refused", Some(true)),
            ("time.?out|refused", false, "fine", Some(false)),
            ("ABC", true, "xabcx", Some(true)),
            (".*", false, "x", None),
            ("a?bcd", false, "x", Some(false)),
            ("a?bcd", false, "xbcd", Some(true)),
            ("said \"no", false, r#"said \"yes"#, None),
            ("<html", false, "x", None),
            ("(", false, "x", None),
        ] {
            let got = GrepPrefilter::of(pattern, ignore_case).map(|prefilter| prefilter.may_be_in(line.as_bytes()));
            assert_eq!(got, wanted, "{pattern}");
        }
    }
}
