//! Where text goes: results to stdout, progress and diagnostics to stderr, keys masked in both.

use std::io::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use crate::redact::Redactor;

/// The two streams. A closed stream (`| head`) is the reader's choice, not an error: from then on nothing is written.
#[derive(Debug, Clone)]
pub struct Out {
    /// Shared by all who print: what one of them learns, all mask.
    redactor: Arc<RwLock<Arc<Redactor>>>,
}

impl Out {
    /// Masks what `redactor` knows.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor: Arc::new(RwLock::new(Arc::new(redactor))),
        }
    }

    /// Masks `keys` from now on, too.
    pub fn know(&self, keys: Vec<String>) {
        let more = self.redactor().with(keys);
        if let Some(redactor) = more {
            *self.redactor.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(redactor);
        }
    }

    /// A line of the result. False when nobody reads any more.
    pub fn line(&self, text: &str) -> bool {
        let masked = self.masked(text);
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(masked.as_bytes())
            .and_then(|()| stdout.write_all(b"\n"))
            .is_ok()
    }

    /// A line of progress or diagnostics.
    pub fn diagnostic(&self, text: &str) {
        let masked = self.masked(text);
        let mut stderr = io::stderr().lock();
        // A closed stderr has no reader to tell that it is closed.
        let _unread = stderr
            .write_all(masked.as_bytes())
            .and_then(|()| stderr.write_all(b"\n"));
    }

    /// What masks, as far as keys are known by now.
    pub fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// `text` without keys.
    pub fn masked(&self, text: &str) -> String {
        self.redactor().mask(text).into_owned()
    }
}
