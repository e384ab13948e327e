#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cocli_model::value::check::value(data));
