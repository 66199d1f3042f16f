//! Readiness: a service is ready the moment that the engine's health event or our own run of its healthcheck
//! says so, whichever is first. One without a healthcheck may name a page that says it.

mod budget;
mod engine_events;
mod never;
mod pace;
mod page;
mod ports;
mod wait;

pub use engine_events::EngineEvents;
pub use page::{Answer, ask};
pub use wait::{Wait, Waited};
