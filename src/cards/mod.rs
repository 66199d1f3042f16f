//! Failure cards: what went wrong with a service, in plain words, what that is known by, the likely cause, and the fix as a
//! command to copy.
//!
//! [`look`] gathers the [`Symptoms`] of a container from the engine; everything after it is pure. The table in [`rules`] says
//! which words mean what; [`card`] writes the [`Failure`](crate::failure::Failure) from the first rule that fits.

mod card;
mod conditions;
mod derived;
mod dockerfile;
mod edits;
mod fill;
mod folder;
mod healthcheck;
mod image;
mod look;
mod mounts;
mod python;
mod reach;
mod recipes;
mod rules;
mod surroundings;
mod symptoms;
mod template;
#[cfg(test)]
mod tests;
mod traceback;
mod values;
mod variables;

pub use card::{card, knows};
pub use look::{SeenOfContainer, command_of_image, look};
pub use surroundings::Surroundings;
pub use symptoms::{Ended, HealthReport, Stage, Symptoms};
