//! The Compose file: parsed with source spans, interpolated, merged, validated, resolved into a [`Stack`].

mod duration;
mod model;

pub use duration::Nanos;
pub use model::*;
