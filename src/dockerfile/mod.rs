//! What a Dockerfile says of the images that it takes from, without building it.

mod registries;
mod variables;

pub use registries::{Registries, registries};
pub use variables::{expand, global};
