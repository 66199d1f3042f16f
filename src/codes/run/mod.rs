//! `MC5xx`: what goes wrong while the stack is brought up or runs.

mod app;
mod engine;
mod services;

pub use app::*;
pub use engine::*;
pub use services::*;

use super::Code;

/// The parts, in order.
pub(super) const PARTS: [&[&Code]; 3] = [engine::ENGINE, app::APP, services::SERVICES];
