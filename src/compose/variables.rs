//! The values that a file's variables have.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a variable's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The caller's environment.
    Environment,
    /// A file: `.env` or `--env-file`.
    File(Arc<Path>),
    /// The default in the Compose file.
    Default,
    /// Nowhere.
    Unset,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
            Self::Unset => f.write_str("unset"),
        }
    }
}

/// A variable that the file uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The default at its first use.
    pub default: Option<String>,
    /// Its value; none when unset.
    pub value: Option<String>,
    /// Where that came from.
    pub origin: Origin,
}

/// Where values are looked up.
pub(super) trait Values {
    /// The value of `name`; none when unset.
    fn get(&self, name: &str) -> Option<&str>;
    /// Where that came from.
    fn origin(&self, name: &str) -> Option<Origin>;
}

/// Values by name, and where each came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Variables {
    values: BTreeMap<String, (String, Origin)>,
}

impl Variables {
    /// The first value set for a name stays.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<String>, origin: Origin) {
        self.values.entry(name.into()).or_insert_with(|| (value.into(), origin));
    }

    /// The last value set for a name stays.
    pub fn set(&mut self, name: &str, value: &str, origin: Origin) {
        self.values.insert(name.to_owned(), (value.to_owned(), origin));
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, (value, _))| (name.as_str(), value.as_str()))
    }
}

impl Values for Variables {
    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str())
    }

    fn origin(&self, name: &str) -> Option<Origin> {
        self.values.get(name).map(|(_, origin)| origin.clone())
    }
}
