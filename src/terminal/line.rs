//! A line for people: text of whoever's, and styles that are ours.

use std::fmt;

use console::Style;

use super::clean_line;

/// One line, in pieces. Their text may come from anywhere; it is cleaned when the line is written out, and the styles come after.
#[derive(Debug, Clone, Default)]
pub struct Line(Vec<Piece>);

#[derive(Debug, Clone)]
struct Piece {
    text: String,
    style: Option<Style>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// This line with `text` at its end.
    pub fn text(mut self, text: impl fmt::Display) -> Self {
        self.push(text.to_string(), None);
        self
    }

    /// This line with `text` at its end, in `style`.
    pub fn styled(mut self, style: Style, text: impl fmt::Display) -> Self {
        self.push(text.to_string(), Some(style));
        self
    }

    /// This line with all of `other` at its end.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn push(&mut self, text: String, style: Option<Style>) {
        if !text.is_empty() {
            self.0.push(Piece { text, style });
        }
    }

    /// How many columns it takes on a terminal.
    pub fn width(&self) -> usize {
        self.0
            .iter()
            .map(|piece| console::measure_text_width(&clean_line(&piece.text)))
            .sum()
    }

    /// Filled with spaces up to `width` columns.
    pub fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.text(" ".repeat(missing))
    }

    /// The line as a terminal may have it: each piece changed by `masked`, cleaned, and masked again, since a key that was taken apart by
    /// escape sequences is whole without them. Without spaces at its end.
    pub fn written(&self, coloured: bool, masked: impl Fn(&str) -> String) -> String {
        let mut written = String::new();
        let end = self.0.iter().rposition(|piece| !piece.text.trim_end().is_empty());
        for piece in &self.0[..end.map_or(0, |end| end + 1)] {
            let text = masked(&clean_line(&masked(&piece.text)));
            match &piece.style {
                Some(style) if coloured => {
                    written.push_str(&style.clone().force_styling(true).apply_to(text).to_string());
                }
                _ => written.push_str(&text),
            }
        }
        written.truncate(written.trim_end().len());
        written
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(text: T) -> Self {
        let mut line = Self::new();
        line.push(text.into(), None);
        line
    }
}

/// Without styles.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(false, ToOwned::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_cleaned_and_the_styles_are_ours() {
        let line = Line::new()
            .styled(Style::new().red(), "error:")
            .text(" a\u{1b}[2Jb\nc")
            .text("  ");
        assert_eq!(line.to_string(), "error: ab␊c");
        let coloured = line.written(true, ToOwned::to_owned);
        assert_eq!(coloured, "\u{1b}[31merror:\u{1b}[0m ab␊c");
        assert_eq!(line.width(), 13);
        assert_eq!(Line::from("ab").padded(4).text("|").to_string(), "ab  |");
    }

    #[test]
    fn a_key_in_pieces_is_masked_when_it_is_whole() {
        let line = Line::from("key abcd\u{1b}[0mefgh!");
        let masked = line.written(false, |text| text.replace("abcdefgh", "********"));
        assert_eq!(masked, "key ********!");
    }
}
