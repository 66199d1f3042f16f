//! Where text goes: results to stdout, progress and diagnostics to stderr, keys masked in both, and nothing in it that a terminal
//! acts on but our own colours. All that magicctl prints goes through here; a test (`tests/layers.rs`) holds the rest of the program
//! to that.

use std::io::{self, StdoutLock, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use crate::document;
use crate::redact::Redactor;
use crate::terminal::{self, Line};

/// Names of services take at most this many columns.
const WIDEST_NAME: usize = 64;

/// The two streams. A closed stream (`| head`) is the reader's choice, not an error: from then on nothing is written.
#[derive(Debug, Clone)]
pub struct Out {
    /// Shared by all who print: what one of them learns, all mask.
    redactor: Arc<RwLock<Arc<Redactor>>>,
    columns: Option<usize>,
}

impl Out {
    /// Masks what `redactor` knows.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor: Arc::new(RwLock::new(Arc::new(redactor))),
            columns: None,
        }
    }

    /// Masks `keys` from now on, too.
    pub fn know(&self, keys: Vec<String>) {
        let more = self.redactor().with(keys);
        if let Some(redactor) = more {
            *self.redactor.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(redactor);
        }
    }

    /// As wide as `columns` where there is no terminal to ask.
    pub fn of_columns(self, columns: Option<usize>) -> Self {
        Self { columns, ..self }
    }

    /// A line of the result. False when nobody reads any more.
    pub fn line(&self, line: impl Into<Line>) -> bool {
        result(&self.written(line, console::colors_enabled()))
    }

    /// Lines of the result, as long as somebody reads them.
    pub fn lines<L: Into<Line>>(&self, lines: impl IntoIterator<Item = L>) -> bool {
        lines.into_iter().all(|line| self.line(line))
    }

    /// A result that is a text of several lines: a document of ours, in which nothing of others can look like a line of ours that it
    /// is not.
    pub fn document(&self, text: &str) -> bool {
        result(&self.shown(text))
    }

    /// A result for programs: an object in the one form that all of ours have ([`document`]), on one line.
    pub fn answer(&self, content: &impl Serialize) -> bool {
        self.json_text(&document::text(content))
    }

    /// A result for programs in the form that Docker Compose gives it, on one line.
    pub fn json(&self, value: &impl Serialize) -> bool {
        match serde_json::to_string(value) {
            Ok(text) => self.json_text(&text),
            // Only a map whose keys are no texts can't be written, and there is none.
            Err(error) => {
                self.diagnostic(format!("the result can't be printed as JSON: {error}"));
                true
            }
        }
    }

    /// The same of what is JSON already.
    pub fn json_text(&self, json: &str) -> bool {
        result(&terminal::escaped_json(&self.redactor().mask(json)))
    }

    /// A piece of a result that is bytes for another program, as they are: a tar stream. False when nobody reads any more.
    pub fn bytes(&self, bytes: &[u8]) -> bool {
        io::stdout().write_all(bytes).is_ok()
    }

    /// The stream of results for log lines, whose printer cleans and masks them itself: there are millions of them.
    pub fn logs(&self) -> StdoutLock<'static> {
        io::stdout().lock()
    }

    /// Empties the screen, if results go to one.
    pub fn clear_screen(&self) -> io::Result<()> {
        let term = console::Term::stdout();
        if term.is_term() { term.clear_screen() } else { Ok(()) }
    }

    /// A line of progress or diagnostics.
    pub fn diagnostic(&self, line: impl Into<Line>) {
        let written = self.for_stderr(line);
        let mut stderr = io::stderr().lock();
        // A closed stderr has no reader to tell that it is closed.
        let _unread = stderr
            .write_all(written.as_bytes())
            .and_then(|()| stderr.write_all(b"\n"));
    }

    /// Help and usage errors as the parser of the command line writes them, with its colours: to stderr if `is_error`. Errors repeat
    /// what was typed, and that may have been copied from anywhere.
    pub fn usage(&self, text: &str, is_error: bool) {
        for line in text.trim_end_matches('\n').split('\n') {
            let line = Line::new().coloured(line);
            if is_error {
                self.diagnostic(line);
            } else if !self.line(line) {
                break;
            }
        }
    }

    /// A line as stderr gets it, for what draws there by itself.
    pub(super) fn for_stderr(&self, line: impl Into<Line>) -> String {
        self.written(line, console::colors_enabled_stderr())
    }

    /// A text of several lines without keys and without what a terminal acts on. What breaks lines or cuts them begins with this.
    pub fn shown(&self, text: &str) -> String {
        // A key that escape sequences take apart is whole without them.
        let redactor = self.redactor();
        redactor.mask(&terminal::clean(&redactor.mask(text))).into_owned()
    }

    /// A line without them, to be measured and cut.
    pub fn shown_line(&self, line: impl Into<Line>) -> Line {
        let redactor = self.redactor();
        line.into().masked(|text| redactor.mask(text))
    }

    /// A service's name before what is said of it. A label may name it, and labels are anybody's.
    pub(super) fn name(&self, service: &str) -> Line {
        self.shown_line(service).cut(WIDEST_NAME)
    }

    /// How wide lines may be where stderr is not a terminal, if the environment says so.
    pub(super) fn stated_columns(&self) -> Option<usize> {
        self.columns
    }

    /// What masks, as far as keys are known by now.
    pub fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn written(&self, line: impl Into<Line>, coloured: bool) -> String {
        let redactor = self.redactor();
        line.into().written(coloured, |text| redactor.mask(text))
    }
}

fn result(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_escape_sequences_take_apart_is_masked() {
        let out = Out::new(Redactor::of(vec!["canary-0123456789".to_owned()]));
        assert_eq!(out.shown("a\nis canary-\u{1b}[0m0123456789\u{7}"), "a\nis ********␇");
        let line = out.shown_line("is canary-\u{1b}]0;x\u{7}0123456789");
        assert_eq!(line.to_string(), "is ********");
    }
}
