//! What would make `up` fail, found beforehand.

mod finding;

pub use finding::{Finding, Severity};
