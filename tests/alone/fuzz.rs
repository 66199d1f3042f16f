//! The fuzz targets' own checks, on a few random inputs each: that they still build, and hold.

use proptest::prelude::*;

#[path = "../../fuzz/src/compose.rs"]
mod compose;
#[path = "../../fuzz/src/input.rs"]
mod input;
#[path = "../../fuzz/src/log_files.rs"]
mod log_files;
#[path = "../../fuzz/src/merge.rs"]
mod merge;
#[path = "../../fuzz/src/readers.rs"]
mod readers;
#[path = "../../fuzz/src/records.rs"]
mod records;
#[path = "../../fuzz/src/redact.rs"]
mod redact;

/// What was once found.
#[test]
fn another_variable_may_follow_a_quoted_value_on_its_line() {
    readers::check(b"A=''=");
}

proptest! {
    #[test]
    fn whatever_is_fuzzed_holds(input in proptest::collection::vec(any::<u8>(), 0..600)) {
        records::check(&input);
        merge::check(&input);
        redact::check(&input);
        log_files::check(&input);
        compose::check(&input);
        readers::check(&input);
    }

    /// Bytes that mean something to them.
    #[test]
    fn whatever_looks_like_their_own_is_read(input in "([A-Za-z0-9_. \t]{0,4}[=:#$\"'\\\\{}/\n,-]{0,3}){0,40}") {
        compose::check(input.as_bytes());
        readers::check(input.as_bytes());
    }
}
