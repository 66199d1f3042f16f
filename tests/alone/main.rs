//! What runs whole programs or takes seconds, and needs no engine, no root and no network.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

mod fuzz;
mod limits;
mod scripts;

#[path = "../it/support/done.rs"]
mod done;
#[path = "../it/support/machine.rs"]
mod machine;
