//! Text in lines of a maximal width in columns, broken between words where there are some.

use console::measure_text_width;

/// What becomes of a word that is longer than a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongWord {
    /// It stays whole, so that it can be copied, and begins no line where half of one is free still.
    Whole,
    /// It goes on in the next line.
    Broken,
}

/// `text` in lines of at most `width` columns. Before the first stand `first` spaces, before the others `further`. Colours take no
/// room. Where a line ends the spaces between two words are left out; elsewhere they stay.
pub fn wrapped(text: &str, width: usize, (first, further): (usize, usize), long: LongWord) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(first);
    let mut is_empty = true;
    for word in text.split(' ') {
        let (room, so_far) = (measure_text_width(word), measure_text_width(&line));
        let stays = long == LongWord::Whole && room > width && so_far < width / 2;
        if !is_empty && so_far + 1 + room > width && !stays {
            lines.push(std::mem::replace(&mut line, " ".repeat(further)));
            is_empty = true;
        }
        if is_empty && word.is_empty() && !lines.is_empty() {
            continue;
        }
        if !is_empty {
            line.push(' ');
        }
        if long == LongWord::Broken && room > width {
            broken(word, width, further, &mut line, &mut lines);
        } else {
            line.push_str(word);
        }
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// Appends `word` to `line` letter by letter; what is full goes to `lines`.
fn broken(word: &str, width: usize, further: usize, line: &mut String, lines: &mut Vec<String>) {
    let mut taken = measure_text_width(line);
    let mut in_escape = false;
    for c in word.chars() {
        let colours = in_escape || c == '\u{1b}';
        in_escape = colours && c != 'm';
        let mut letter = [0; 4];
        let wide = if colours {
            0
        } else {
            measure_text_width(c.encode_utf8(&mut letter))
        };
        if taken + wide > width {
            lines.push(std::mem::replace(line, " ".repeat(further)));
            taken = further;
        }
        line.push(c);
        taken += wide;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_spaces_stay_inside_a_line() {
        let broken = |text: &str, width| wrapped(text, width, (0, 0), LongWord::Broken);
        assert_eq!(broken("a bc def", 5), ["a bc", "def"]);
        assert_eq!(broken("  a  b", 9), ["  a  b"]);
        assert_eq!(broken("one    two", 5), ["one  ", "two"]);
        assert_eq!(broken("", 5), [""]);
        assert_eq!(broken("an abcdefghijkl z", 5), ["an", "abcde", "fghij", "kl z"]);
        let red = "\u{1b}[31mabc\u{1b}[0m";
        assert_eq!(broken(&format!("{red} def"), 7), [format!("{red} def")]);
        assert_eq!(broken(red, 2), ["\u{1b}[31mab", "c\u{1b}[0m"]);
        let whole = |text: &str, width| wrapped(text, width, (1, 2), LongWord::Whole);
        assert_eq!(whole("a bc def", 5), [" a bc", "  def"]);
        assert_eq!(whole("ab /a/very/long/path now", 8), [" ab /a/very/long/path", "  now"]);
    }
}
