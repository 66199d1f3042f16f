//! Long lines: as they are, wrapped under their text, or cut.

use console::measure_text_width;

use crate::terminal::{LongWord, cut, wrapped};

/// What happens to lines that are longer than the screen is wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fit {
    /// Nothing: a terminal wraps by itself.
    #[default]
    Whole,
    /// They go on in the next line, under their own beginning.
    Wrap(usize),
    /// They end in `…`.
    Cut(usize),
}

/// Narrower than this nothing can be read: then the terminal's own wrapping does better.
const NARROWEST: usize = 8;

impl Fit {
    /// Appends `line` after `head` in as many lines as it takes.
    pub(super) fn line(self, head: &[u8], line: &[u8], to: &mut Vec<u8>) {
        let whole = |to: &mut Vec<u8>| {
            to.extend_from_slice(head);
            to.extend_from_slice(line);
            to.push(b'\n');
        };
        let (Self::Wrap(width) | Self::Cut(width)) = self else {
            return whole(to);
        };
        let head_width = measure_text_width(&String::from_utf8_lossy(head));
        let text = String::from_utf8_lossy(line).replace('\t', "    ");
        let room = width.saturating_sub(head_width);
        if room < NARROWEST || measure_text_width(&text) <= room {
            return whole(to);
        }
        match self {
            Self::Cut(_) => {
                to.extend_from_slice(head);
                to.extend_from_slice(cut(&text, room).as_bytes());
                to.push(b'\n');
            }
            _ => {
                for (index, part) in wrapped(&text, room, (0, 0), LongWord::Broken).iter().enumerate() {
                    if index == 0 {
                        to.extend_from_slice(head);
                    } else {
                        to.resize(to.len() + head_width, b' ');
                    }
                    to.extend_from_slice(part.trim_end_matches(' ').as_bytes());
                    to.push(b'\n');
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fitted(fit: Fit, line: &str) -> String {
        let mut to = Vec::new();
        fit.line(b"app | ", line.as_bytes(), &mut to);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn long_lines_are_wrapped_or_cut() {
        let text = "the quick brown fox jumps";
        assert_eq!(fitted(Fit::Whole, text), "app | the quick brown fox jumps\n");
        assert_eq!(fitted(Fit::Cut(20), text), "app | the quick bro…\n");
        assert_eq!(
            fitted(Fit::Wrap(20), text),
            "app | the quick\n      brown fox\n      jumps\n"
        );
        assert_eq!(
            fitted(Fit::Wrap(16), "日本語日本語日本語"),
            "app | 日本語日本\n      語日本語\n"
        );
        assert_eq!(fitted(Fit::Wrap(10), text), "app | the quick brown fox jumps\n");
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(text in "[a-z日 ]{0,80}", width in 16..40usize) {
            let wrapped = fitted(Fit::Wrap(width), &text);
            for line in wrapped.lines() {
                prop_assert!(measure_text_width(line) <= width, "{line}");
            }
            let letters = |text: &str| text.replace("app | ", "").replace([' ', '\n'], "");
            prop_assert_eq!(letters(&wrapped), letters(&text));
        }
    }
}
