//! Readiness: a service is ready the moment that the engine's health event or our own run of its healthcheck
//! says so, whichever is first.

mod signs;
mod wait;

pub use signs::Signs;
pub use wait::{Wait, Waited};
