//! Why streams were broken off. bollard says only that they were.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Wrong;

/// More are not kept: each is taken by who reads the stream that it is about.
const KEPT: usize = 16;

/// Reasons that nobody has heard yet, the oldest first.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Complaints(Arc<Mutex<VecDeque<Wrong>>>);

impl Complaints {
    pub(super) fn add(&self, wrong: Wrong) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back(wrong);
    }

    /// The oldest.
    pub fn take(&self) -> Option<Wrong> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
