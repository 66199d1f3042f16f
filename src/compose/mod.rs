//! The Compose file: parsed with source spans, interpolated, merged, checked and brought into Compose's canonical form,
//! which is printed by `config` and becomes a [`Stack`].
//!
//! The stages and their order are those of compose-go, the library that Compose v5 reads files with.

mod bind;
mod binds;
mod budget;
mod canonical;
mod cast;
mod consistency;
mod defaults;
mod distinct;
mod documents;
mod dotenv;
mod duration;
mod env_files;
mod extends;
mod features;
mod files;
mod flags;
mod hash;
mod images;
mod include;
mod interpolate;
mod load;
mod loader;
mod merge;
mod model;
mod mount_text;
mod natural;
mod normalize;
mod object_hash;
mod open;
mod paths;
mod port_text;
mod print;
mod project;
mod refused;
mod request;
mod resets;
mod resolve;
mod schema;
mod secrets;
mod select;
mod shape;
mod shell_words;
mod time;
mod tree;
mod typed;
mod unique;
mod units;
mod variables;

pub use documents::Documents;
pub use duration::Nanos;
pub use files::{asked_for, is_without_file};
pub use flags::{env_file, mounts_of, ports_of};
pub use load::{Identity, identity, load, project, template};
pub use model::*;
pub use object_hash::{network_hash, volume_hash};
pub use open::LARGEST_ENV;
pub(crate) use paths::normal;
pub use project::{Printed, Project};
pub use refused::Refused;
pub use request::Request;
pub use schema::{Key, keys};
pub use secrets::{secret_values, values_of_env_file};
pub use units::duration as parse_duration;
pub use variables::{Origin, Variable};

#[cfg(test)]
mod tests;
