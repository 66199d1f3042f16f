//! Where text goes: results to stdout, progress and diagnostics to stderr, keys masked in both.

use std::io::{self, Write as _};
use std::sync::Arc;

use crate::redact::Redactor;

/// The two streams. A closed stream (`| head`) is the reader's choice, not an error: from then on nothing is written.
#[derive(Debug, Clone)]
pub struct Out {
    redactor: Arc<Redactor>,
}

impl Out {
    /// Masks what `redactor` knows.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor: Arc::new(redactor),
        }
    }

    /// A line of the result. False when nobody reads any more.
    pub fn line(&self, text: &str) -> bool {
        let masked = self.redactor.mask(text);
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(masked.as_bytes())
            .and_then(|()| stdout.write_all(b"\n"))
            .is_ok()
    }

    /// A line of progress or diagnostics.
    pub fn diagnostic(&self, text: &str) {
        let masked = self.redactor.mask(text);
        let mut stderr = io::stderr().lock();
        // A closed stderr has no reader to tell that it is closed.
        let _unread = stderr
            .write_all(masked.as_bytes())
            .and_then(|()| stderr.write_all(b"\n"));
    }

    /// What masks.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// `text` without keys.
    pub fn masked(&self, text: &str) -> String {
        self.redactor.mask(text).into_owned()
    }
}
