//! What is wrong with an answer.

use std::io;
use std::time::Duration;

use bollard::errors::Error;

/// Something that no engine answers, or not in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::engine) enum Wrong {
    /// Nothing came, or not all of it.
    #[error("it did not answer within {}", seconds(*.0))]
    Silent(Duration),
    /// More came than is read.
    #[error("{what} is longer than {most} bytes")]
    Long {
        /// What.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// It would take more memory than it may.
    #[error("{what} would take more than {most} bytes of memory")]
    Heavy {
        /// What.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// The connection ended too early.
    #[error("{0}")]
    Broken(String),
    /// It should be JSON, and isn't.
    #[error("its answer is not valid JSON: {0}")]
    Garbled(String),
    /// It is not what the API has.
    #[error("{0}")]
    Strange(String),
}

impl Wrong {
    /// The same in an error of bollard's, which an I/O error is the only one of that holds another.
    pub(super) fn into_error(self) -> Error {
        Error::IOError { err: self.into() }
    }

    /// What an error of bollard's holds, however deep.
    pub(in crate::engine) fn of(error: &Error) -> Option<&Self> {
        let mut error: Option<&(dyn std::error::Error + 'static)> = match error {
            Error::IOError { err } => Some(err),
            Error::HyperResponseError { err } => Some(err),
            _ => None,
        };
        while let Some(this) = error {
            let held = this.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(wrong) = held.and_then(|held| held.downcast_ref()) {
                return Some(wrong);
            }
            error = this.source();
        }
        None
    }
}

impl From<Wrong> for io::Error {
    fn from(wrong: Wrong) -> Self {
        Self::other(wrong)
    }
}

/// `1.5 s`, for messages.
fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
