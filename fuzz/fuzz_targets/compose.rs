#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| magicctl_fuzz::compose::check(input));
