//! What one command has read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use crate::yaml;

use super::variables::Variables;

/// Env files that were read together.
#[derive(Debug)]
pub(super) struct EnvFiles {
    /// In the order in which they were read; absolute.
    pub files: Vec<PathBuf>,
    /// What was known before.
    pub outer: Variables,
    /// The same with what they set.
    pub variables: Variables,
    /// All that is written in them, also what has no effect.
    pub written: Vec<(String, String)>,
}

/// The files that were read. The requests of one command share them, so that each file is read and parsed once.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// Compose files by their paths.
    pub(super) compose: Rc<RefCell<HashMap<PathBuf, Rc<[yaml::Node]>>>>,
    /// Env files with what they were read from.
    pub(super) env: Rc<RefCell<Vec<Rc<EnvFiles>>>>,
}
