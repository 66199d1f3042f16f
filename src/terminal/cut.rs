//! Long text, cut to the room that there is.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";
/// Characters a column, at most: an emoji of a family has eight on two columns, and marks without a width of their own could
/// be piled up without end.
const PILED: usize = 8;
/// As far as a tab may lead.
const TAB: usize = 8;

/// `text` in at most `columns` columns, with `…` in place of its end where it is longer. Its colours take no room and are not
/// cut apart. It has been masked and cleaned: of a key cut in two, half would be shown.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    // As many bytes have no more columns than that.
    if text.len() <= columns && !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let columns = columns.max(1);
    let mut width = 0;
    let mut letters = 0;
    // Where the sign goes if the text turns out to be too long.
    let mut end = None;
    let mut in_colour = false;
    let mut coloured = false;
    for (at, c) in text.char_indices() {
        if in_colour {
            in_colour = c != 'm';
            continue;
        }
        if c == ESCAPE {
            (in_colour, coloured) = (true, true);
            continue;
        }
        let wide = columns_of(c);
        if end.is_none() && width + wide >= columns {
            end = Some(at);
        }
        width += wide;
        letters += 1;
        if width > columns || letters > PILED * columns {
            let reset = if coloured { RESET } else { "" };
            return Cow::Owned(format!("{}…{reset}", &text[..end.unwrap_or(at)]));
        }
    }
    Cow::Borrowed(text)
}

fn columns_of(c: char) -> usize {
    match c {
        '\t' => TAB,
        ' '..='~' => 1,
        c => console::measure_text_width(c.encode_utf8(&mut [0; 4])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_text_ends_in_a_sign() {
        for (text, columns, wanted) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 4, "abc…"),
            ("abcdef", 1, "…"),
            ("abcdef", 0, "…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("\u{1b}[31mabcdef\u{1b}[0m", 4, "\u{1b}[31mabc…\u{1b}[0m"),
            ("\u{1b}[31mabc\u{1b}[0m", 3, "\u{1b}[31mabc\u{1b}[0m"),
        ] {
            assert_eq!(cut(text, columns), wanted, "{text:?}");
        }
    }

    #[test]
    fn marks_without_a_width_are_not_piled_up_without_end() {
        for mark in ["\u{200b}", "\u{301}", "\u{200d}", "\u{fe0f}"] {
            let cut = cut(&mark.repeat(100_000), 10).into_owned();
            assert!(
                cut.chars().count() <= 10 * PILED + 1,
                "{mark:?}: {}",
                cut.chars().count()
            );
        }
    }

    proptest! {
        #[test]
        fn it_fits_and_is_the_beginning(text in "[a-z日e\u{301}\u{200b} ]{0,60}", columns in 1..40usize) {
            let cut = cut(&text, columns);
            prop_assert!(console::measure_text_width(&cut) <= columns, "{cut}");
            if let Some(begin) = cut.strip_suffix('…') {
                prop_assert!(text.starts_with(begin) && begin.len() < text.len());
            } else {
                prop_assert_eq!(&*cut, text.as_str());
            }
        }
    }
}
