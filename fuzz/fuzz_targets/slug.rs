#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cocli_model::slug::check(data));
