#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cocli_model::legacy::check(data));
