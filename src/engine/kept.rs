//! What is kept of a text that may be of any length. A key that was cut in two would not be known for one when the text is shown, so
//! what is left out are whole lines: a key, or each line of one, is on one line.

/// The last sign of an output that the engine has cut, and what is before it at least.
const CUT_BY_ENGINE: (&str, usize) = ("...", 4096);

/// The whole lines at the beginning of a text.
#[derive(Debug)]
pub(super) struct Beginning {
    most: usize,
    bytes: Vec<u8>,
    /// More came.
    cut: bool,
}

impl Beginning {
    /// At most this many bytes.
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            bytes: Vec::new(),
            cut: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.most - self.bytes.len();
        self.cut |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// What there is of it.
    pub(super) fn text(mut self) -> String {
        if self.cut {
            let end = memchr::memrchr(b'\n', &self.bytes).map_or(0, |end| end + 1);
            self.bytes.truncate(end);
        }
        if self.cut && self.bytes.is_empty() {
            return left_out(self.most);
        }
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The whole lines at the end of a text.
#[derive(Debug)]
pub(super) struct End {
    most: usize,
    bytes: Vec<u8>,
    /// It begins in the middle of a line.
    cut: bool,
}

impl End {
    /// At least this many bytes, and at most twice as many.
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            bytes: Vec::new(),
            cut: false,
        }
    }

    /// It comes in pieces, which may end anywhere.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() <= 2 * self.most {
            return;
        }
        let from = self.bytes.len() - self.most;
        if let Some(end) = memchr::memchr(b'\n', &self.bytes[from..]) {
            self.bytes.drain(..=from + end);
            self.cut = false;
        } else {
            self.bytes.clear();
            self.cut = true;
        }
    }

    /// What there is of it.
    pub(super) fn text(&self) -> String {
        let begin = if self.cut {
            memchr::memchr(b'\n', &self.bytes).map_or(self.bytes.len(), |end| end + 1)
        } else {
            0
        };
        String::from_utf8_lossy(&self.bytes[begin..]).into_owned()
    }
}

/// What a healthcheck printed: the engine cuts it wherever it has enough.
pub(super) fn of_engine(output: String) -> String {
    let (sign, least) = CUT_BY_ENGINE;
    let Some(begin) = output
        .strip_suffix(sign)
        .filter(|begin| begin.len() + sign.len() >= least)
    else {
        return output;
    };
    match begin.rfind('\n') {
        Some(end) => begin[..=end].to_owned(),
        None => left_out(least),
    }
}

/// In the place of a line that is too long.
pub(super) fn left_out(most: usize) -> String {
    format!("(a line of more than {most} bytes)")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "xk-live-0123456789";

    #[test]
    fn half_a_key_is_not_kept() {
        let text = format!("a\nthe key is {KEY}");
        let mut beginning = Beginning::of(text.len() - 4);
        beginning.push(text.as_bytes());
        assert_eq!(beginning.text(), "a\n");

        let mut end = End::of(20);
        end.push("b\n".repeat(10).as_bytes());
        end.push(format!("{KEY}{}\nlast\n", "x".repeat(12)).as_bytes());
        assert_eq!(end.text(), "last\n");

        let cut = format!("first\n{}{}...", "x".repeat(4085), &KEY[..5]);
        assert_eq!(of_engine(cut), "first\n");
        let whole = "x".repeat(4000) + "...";
        assert_eq!(of_engine(whole.clone()), whole);
    }

    #[test]
    fn a_line_that_never_ends_is_said_and_not_shown() {
        let mut beginning = Beginning::of(30);
        for _ in 0..10 {
            beginning.push(KEY.as_bytes());
        }
        assert_eq!(beginning.text(), "(a line of more than 30 bytes)");
        assert_eq!(of_engine(KEY.repeat(400) + "..."), "(a line of more than 4096 bytes)");
        let mut end = End::of(30);
        for _ in 0..10 {
            end.push(KEY.as_bytes());
        }
        assert_eq!(end.text(), "");
        end.push(b"\nlast");
        assert_eq!(end.text(), "last");
    }

    proptest! {
        /// Whatever is shown are whole lines of what was printed.
        #[test]
        fn every_line_that_is_kept_is_a_line_that_was_printed(
            lines in proptest::collection::vec("[a-cé]{0,9}", 1..30),
            piece in 1..9usize,
            most in 1..40usize,
        ) {
            let text = lines.join("\n");
            let printed: HashSet<&str> = text.split('\n').collect();
            let mut beginning = Beginning::of(most);
            let mut end = End::of(most);
            let chars: Vec<char> = text.chars().collect();
            for piece in chars.chunks(piece) {
                let piece: String = piece.iter().collect();
                beginning.push(piece.as_bytes());
                end.push(piece.as_bytes());
                prop_assert!(end.text().len() <= 2 * most);
            }
            prop_assert!(text.ends_with(&end.text()));
            prop_assert!(end.text().lines().all(|line| printed.contains(line)));
            let beginning = beginning.text();
            if beginning != left_out(most) {
                prop_assert!(text.starts_with(&beginning));
                prop_assert!(beginning.lines().all(|line| printed.contains(line)));
            }
        }
    }
}
