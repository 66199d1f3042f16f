//! The Compose file: parsed with source spans, interpolated, merged, validated, resolved into a [`Stack`].

mod at;
mod dotenv;
mod duration;
mod extends;
mod files;
mod flags;
mod interpolate;
mod load;
mod merge;
mod model;
mod print;
mod read;
mod select;
mod units;
mod validate;

pub(crate) use at::normal;
pub use duration::Nanos;
pub use files::check_project_name;
pub use flags::{env_file, mounts_of, ports_of};
pub use interpolate::{Origin, Variable};
pub use load::{Request, load};
pub use model::*;
pub use print::to_yaml;

#[cfg(test)]
mod tests;
