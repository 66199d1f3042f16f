//! For tests: documentation that is written from code is what the code would write.

use std::path::Path;

/// Fails unless the file at `path` of the repository holds `text`. With `MAGICCTL_WRITE_DOCS` set the text is written first; `tests`
/// are the words with which `cargo test` runs the test that asks.
#[track_caller]
pub(crate) fn is_current(path: &str, text: &str, tests: &str) {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("MAGICCTL_WRITE_DOCS").is_some() {
        std::fs::write(&full, text).unwrap();
    }
    let there = std::fs::read_to_string(&full).unwrap_or_default();
    assert!(
        there == text,
        "{path} is stale: MAGICCTL_WRITE_DOCS=1 cargo test {tests}"
    );
}
