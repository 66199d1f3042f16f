//! What can go wrong, in the one form that is printed: what failed, where, why, and what to do.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::codes::Code;
use crate::ids::ServiceName;
use crate::shell::ShellCommand;

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

/// What a failure is known by: what was seen, in the order of its weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// What the engine or the registry answered.
    Said {
        /// Its words.
        text: String,
    },
    /// How the process ended.
    Exit {
        /// The exit code.
        code: i64,
        /// What it means.
        meaning: String,
        /// How often the engine has started the container, when more than once.
        starts: Option<u32>,
    },
    /// What the healthcheck last said.
    Healthcheck {
        /// Its command.
        command: String,
        /// Its exit code; `None` when it did not end in time.
        code: Option<i64>,
        /// What it printed.
        output: String,
    },
    /// The step of the Dockerfile that failed.
    BuildStep {
        /// The step's text.
        step: String,
        /// What it printed last.
        output: Vec<String>,
    },
    /// The log record that decides.
    Error {
        /// Its lines.
        lines: Vec<String>,
    },
    /// The last records of the log, oldest first, but for the one that decides.
    Log {
        /// Each record's lines.
        records: Vec<Vec<String>>,
    },
}

impl Evidence {
    fn masked(&self, mask: impl Fn(&str) -> String) -> Self {
        let all = |texts: &[String]| texts.iter().map(|text| mask(text)).collect::<Vec<_>>();
        let mut masked = self.clone();
        match &mut masked {
            Self::Said { text } => *text = mask(text),
            Self::Exit { .. } => {}
            Self::Healthcheck { command, output, .. } => {
                *command = mask(command);
                *output = mask(output);
            }
            Self::BuildStep { step, output } => {
                *step = mask(step);
                *output = all(output);
            }
            Self::Error { lines } => *lines = all(lines),
            Self::Log { records } => {
                for record in records {
                    *record = all(record);
                }
            }
        }
        masked
    }
}

/// An error as the user reads it. Layers make it; `main` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Which exit code it ends the process with.
    pub exit: Exit,
    /// What `explain` knows it by: `MC550`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static Code>,
    /// The service that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// What failed, lower case, no full stop.
    pub what: String,
    /// Where in a file, if anywhere.
    pub place: Option<Place>,
    /// Why, outermost cause first.
    pub why: Vec<String>,
    /// What it is known by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The same as commands to copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub run: Vec<ShellCommand>,
    /// Other services of the stack whose failure would explain this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blames: Vec<ServiceName>,
}

impl Failure {
    /// An error that ends the process with `exit`.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            code: None,
            service: None,
            what: what.into(),
            place: None,
            why: Vec::new(),
            evidence: Vec::new(),
            hint: None,
            run: Vec::new(),
            blames: Vec::new(),
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

    /// Says what was meant, if that is known.
    pub fn meant(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// Says what it is known by.
    pub fn coded(mut self, code: &'static Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Says whom it is about.
    pub fn of(mut self, service: &ServiceName) -> Self {
        self.service = Some(service.clone());
        self
    }

    /// The same with every text passed through `mask`: what the user must not see is taken out before lines are broken.
    pub fn masked(&self, mask: impl Fn(&str) -> String) -> Self {
        let all = |texts: &[String]| texts.iter().map(|text| mask(text)).collect::<Vec<_>>();
        Self {
            what: mask(&self.what),
            place: self.place.clone().map(|place| Place {
                source: place.source.as_deref().map(&mask),
                ..place
            }),
            why: all(&self.why),
            evidence: self.evidence.iter().map(|evidence| evidence.masked(&mask)).collect(),
            hint: self.hint.as_deref().map(&mask),
            run: self.run.iter().map(|command| command.masked(&mask)).collect(),
            ..self.clone()
        }
    }

    /// Adds a command to copy.
    pub fn run(mut self, command: impl Into<ShellCommand>) -> Self {
        self.run.push(command.into());
        self
    }

    /// Says where.
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
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
