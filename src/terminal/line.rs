//! A line for people: text of whoever's, and styles that are ours.

use std::borrow::Cow;
use std::fmt;

use console::Style;

use super::{clean_line, cut, with_colours};

/// One line, in pieces. Their text may come from anywhere; it is cleaned when the line is written out, and the styles come after.
#[derive(Debug, Clone, Default)]
pub struct Line(Vec<Piece>);

#[derive(Debug, Clone)]
struct Piece {
    text: String,
    look: Look,
}

#[derive(Debug, Clone)]
enum Look {
    /// No colours.
    Plain,
    /// A style of ours.
    Ours(Style),
    /// The colours that the text sets for itself, as far as they hide nothing.
    ItsOwn,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// This line with `text` at its end.
    pub fn text(mut self, text: impl fmt::Display) -> Self {
        self.push(text.to_string(), Look::Plain);
        self
    }

    /// This line with `text` at its end, in `style`.
    pub fn styled(mut self, style: Style, text: impl fmt::Display) -> Self {
        self.push(text.to_string(), Look::Ours(style));
        self
    }

    /// This line with `text` at its end, in its own colours.
    pub fn coloured(mut self, text: impl fmt::Display) -> Self {
        self.push(text.to_string(), Look::ItsOwn);
        self
    }

    /// This line with all of `other` at its end.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn push(&mut self, text: String, look: Look) {
        if !text.is_empty() {
            self.0.push(Piece { text, look });
        }
    }

    /// How many columns it takes on a terminal.
    pub fn width(&self) -> usize {
        let widths = self
            .0
            .iter()
            .map(|piece| console::measure_text_width(&clean_line(&piece.text)));
        widths.sum()
    }

    /// Filled with spaces up to `width` columns.
    pub fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.text(" ".repeat(missing))
    }

    /// Without spaces at its end.
    pub fn trimmed(mut self) -> Self {
        while let Some(last) = self.0.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.0.pop();
        }
        self
    }

    /// With a space for each tab, which would lead to another column wherever it stands.
    pub fn spaced(mut self) -> Self {
        for piece in &mut self.0 {
            piece.text = piece.text.replace('\t', " ");
        }
        self
    }

    /// In at most `columns` columns, with `…` in place of the end of what is longer. It has been masked (see [`Line::masked`]): of a
    /// key cut in two, half would be shown.
    pub fn cut(self, columns: usize) -> Self {
        let text: String = self.0.iter().map(|piece| clean_line(&piece.text)).collect();
        let Cow::Owned(short) = cut(&text, columns) else {
            return self;
        };
        let sign = '…';
        let mut left = short.strip_suffix(sign).unwrap_or(&short).chars();
        let mut line = Self::new();
        for piece in self.0 {
            let count = clean_line(&piece.text).chars().count();
            line.push(left.by_ref().take(count).collect(), piece.look);
        }
        line.text(sign)
    }

    /// Each piece changed by `mask`, cleaned, and masked again: a key that escape sequences take apart is whole without them.
    pub fn masked(self, mask: impl Fn(&str) -> Cow<'_, str>) -> Self {
        let pieces = self.0.into_iter().map(|piece| Piece {
            text: piece.masked(&mask).into_owned(),
            look: piece.look,
        });
        Self(pieces.collect())
    }

    /// The line as a terminal may have it: masked, cleaned, and with its styles if `coloured`.
    pub fn written(&self, coloured: bool, mask: impl Fn(&str) -> Cow<'_, str>) -> String {
        let mut written = String::new();
        for piece in &self.0 {
            let text = piece.masked(&mask);
            match &piece.look {
                Look::Ours(style) if coloured => {
                    written.push_str(&style.clone().force_styling(true).apply_to(text).to_string());
                }
                Look::ItsOwn if coloured => written.push_str(&text),
                _ => written.push_str(&clean_line(&text)),
            }
        }
        written
    }
}

impl Piece {
    fn masked(&self, mask: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
        let text = mask(&self.text);
        let Cow::Owned(clean) = clean_line(&text) else {
            return text;
        };
        let masked = mask(&clean);
        // Where there is no key in it, it may have its colours.
        if matches!(self.look, Look::ItsOwn) && masked == clean {
            return Cow::Owned(with_colours(&text).into_owned());
        }
        Cow::Owned(masked.into_owned())
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(text: T) -> Self {
        let mut line = Self::new();
        line.push(text.into(), Look::Plain);
        line
    }
}

/// Without styles.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(false, |text| Cow::Borrowed(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn as_it_is(text: &str) -> Cow<'_, str> {
        text.into()
    }

    #[test]
    fn the_text_is_cleaned_and_the_styles_are_ours() {
        let line = Line::new()
            .styled(Style::new().red(), "error:")
            .text(" a\u{1b}[2Jb\nc")
            .text("  ");
        assert_eq!(line.to_string(), "error: ab␊c  ");
        let line = line.trimmed();
        assert_eq!(line.to_string(), "error: ab␊c");
        assert_eq!(line.written(true, as_it_is), "\u{1b}[31merror:\u{1b}[0m ab␊c");
        assert_eq!(line.width(), 11);
        assert_eq!(Line::from("ab").padded(4).text("|").to_string(), "ab  |");
    }

    #[test]
    fn a_key_in_pieces_is_masked_when_it_is_whole() {
        fn mask(text: &str) -> Cow<'_, str> {
            text.replace("abcdefgh", "********").into()
        }
        let text = "key abcd\u{1b}[1mefgh!";
        assert_eq!(Line::from(text).written(true, mask), "key ********!");
        assert_eq!(Line::new().coloured(text).written(true, mask), "key ********!");
        let other = Line::new().coloured("a\u{1b}[1mb");
        assert_eq!(other.written(true, mask), "a\u{1b}[1mb\u{1b}[0m");
        assert_eq!(other.written(false, mask), "ab");
    }

    #[test]
    fn a_long_line_is_cut_where_its_pieces_are() {
        let line = || Line::new().text("ab").styled(Style::new().red(), "cde").text("fg");
        for (columns, wanted) in [(7, "abcdefg"), (6, "abcde…"), (4, "abc…"), (3, "ab…"), (1, "…")] {
            assert_eq!(line().cut(columns).to_string(), wanted);
        }
        let cut = line().cut(4).written(true, as_it_is);
        assert_eq!(cut, "ab\u{1b}[31mc\u{1b}[0m…");
    }

    proptest! {
        #[test]
        fn whatever_it_is_made_of_it_is_one_line_of_text_and_our_styles(
            texts in proptest::collection::vec("(\\PC|[\u{1b}\\[\\]0-9;m\r\n\t\u{7}\u{9b}\u{7f}]){0,20}", 0..4),
            columns in 1..30usize,
        ) {
            let line = texts.iter().fold(Line::new(), |line, text| {
                line.text(text).styled(Style::new().bold(), text).coloured(text)
            });
            let short = line.clone().cut(columns);
            prop_assert!(short.width() <= columns, "{short:?}");
            for line in [line, short] {
                let written = line.written(true, as_it_is);
                let plain = console::strip_ansi_codes(&written);
                prop_assert!(!plain.contains(|c: char| c.is_control() && c != '\t'), "{written:?}");
                prop_assert_eq!(&*plain, line.written(false, as_it_is));
            }
        }
    }
}
