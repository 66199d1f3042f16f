//! Tests that can't run where they are.

use std::io::Write as _;
use std::panic::Location;
use std::path::Path;

/// Says that the calling test does not run, and why. `make test` counts those at its end. With `CI=true`, where everything that a test
/// needs has to be there, the test fails.
///
/// # Panics
/// With `CI=true`.
#[track_caller]
pub fn not_run(why: &str) {
    let line = format!("{}: {why}\n", Location::caller());
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "not run, which is a failure with CI=true: {line}"
    );
    // Not `eprint!`, which the test harness keeps to itself when a test passes.
    write!(std::io::stderr(), "not run: {line}").expect("stderr");
    let told = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tests-not-run");
    let file = std::fs::File::options().append(true).create(true).open(told);
    // Another user's clone: it has been said.
    if let Ok(mut file) = file {
        file.write_all(line.as_bytes()).expect("a line of target/tests-not-run");
    }
}
