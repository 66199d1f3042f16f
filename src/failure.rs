//! What can go wrong, in the one form that is printed: what failed, where, why, and what to do.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// The process's exit code. Scripts rely on these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// 1: the work was understood and failed.
    Failed,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: the engine can't be reached.
    NoEngine,
    /// 4: a file is invalid.
    InvalidFile,
    /// 130: interrupted by the user.
    Interrupted,
}

impl Exit {
    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoEngine => 3,
            Self::InvalidFile => 4,
            Self::Interrupted => 130,
        }
    }
}

/// A place in a text file, for the line with a caret under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as the user would name it (relative to where they are when possible).
    pub file: PathBuf,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// How many characters the caret underlines, at least 1.
    pub width: usize,
    /// The text of the line; absent when it may hold a secret.
    pub source: Option<String>,
}

/// An error as the user reads it. Layers make it; `main` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Which exit code it ends the process with.
    pub exit: Exit,
    /// What failed, lower case, no full stop.
    pub what: String,
    /// Where in a file, if anywhere.
    pub place: Option<Place>,
    /// Why, outermost cause first.
    pub why: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// An error that ends the process with `exit`.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            place: None,
            why: Vec::new(),
            hint: None,
        }
    }

    /// The work failed (exit 1).
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(Exit::Failed, what)
    }

    /// The command line makes no sense (exit 2).
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A file is invalid (exit 4).
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::new(Exit::InvalidFile, what)
    }

    /// Adds a cause.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says where.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

/// One line without the place and hint, for logs and for causes.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for why in &self.why {
            write!(f, ": {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
