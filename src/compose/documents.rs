//! The parsed files of one command.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use crate::yaml;

/// The documents of the files that were read. The requests of one command share them, so that each file is read and parsed once.
#[derive(Debug, Clone, Default)]
pub struct Documents(pub(super) Rc<RefCell<HashMap<PathBuf, Rc<[yaml::Node]>>>>);
