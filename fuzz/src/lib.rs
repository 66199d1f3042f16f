//! What must hold for any input, a module a target. Each `check` panics where it does not. `tests/alone/fuzz.rs` runs the same
//! modules on a few random inputs, so that they stay true to the code.

mod input;
pub mod compose;
pub mod log_files;
pub mod merge;
pub mod readers;
pub mod records;
pub mod redact;
