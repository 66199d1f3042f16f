//! Events as they are, one JSON object a line, on stdout.

use crate::event::Event;

use super::{Out, Reporter};

pub(super) struct Json {
    out: Out,
}

impl Json {
    pub(super) fn new(out: Out) -> Self {
        Self { out }
    }
}

impl Reporter for Json {
    fn event(&mut self, event: &Event) {
        self.out.answer(event);
    }
}
