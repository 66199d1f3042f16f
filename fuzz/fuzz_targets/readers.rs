#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| magicctl_fuzz::readers::check(input));
