//! Every decoder against hostile bytes, as properties: the bodies of the fuzz targets over
//! noise, over the seeds of `fuzz/seeds/`, and over seeds with a few bytes changed.

#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/bodies.rs"]
mod bodies;

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// A decoder's body, as the fuzz target of that name calls it.
type Body = fn(&[u8]);

const BODIES: [(&str, Body); 16] = [
    ("context", bodies::context),
    ("field", cocli_model::field::check),
    ("front", bodies::front),
    ("journal_name", bodies::journal_name),
    ("json", cocli_model::value::check::json),
    ("legacy", cocli_model::legacy::check),
    ("message", bodies::message),
    ("recovery", bodies::recovery),
    ("row", bodies::row),
    ("segment", bodies::segment),
    ("slug", cocli_model::slug::check),
    ("target", cocli_model::target::check),
    ("usv", bodies::usv),
    ("value", cocli_model::value::check::value),
    ("wire", bodies::wire),
    ("word", bodies::word),
];

/// Cases of each property for each decoder.
const CASES: u32 = 1_024;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs kept for a target; every target has some.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = fuzz_folder().join("seeds").join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds in {}", folder.display());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The same cases on every run: to search is the fuzzer's work, to guard is this one's.
fn runner() -> TestRunner {
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn every_fuzz_target_runs_here_too() {
    let entries = std::fs::read_dir(fuzz_folder().join("fuzz_targets")).unwrap();
    let mut targets: Vec<String> =
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    targets.sort();
    assert_eq!(targets, BODIES.map(|(target, _)| target.to_owned()));
}

#[test]
fn r11_r36_seeds_of_every_decoder_are_read_or_refused() {
    for (target, body) in BODIES {
        seeds(target).iter().for_each(|seed| body(seed));
    }
}

#[test]
fn r11_noise_is_read_or_refused_by_every_decoder() {
    let noise = prop_oneof![vec(any::<u8>(), 0..256), any::<String>().prop_map(String::into_bytes)];
    for (target, body) in BODIES {
        let done = runner().run(&noise, |bytes| {
            body(&bytes);
            Ok(())
        });
        done.unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}

/// A place in the input, what happens there, and a byte.
type Edit = (Index, u8, u8);

fn edited(seed: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, what, byte) in edits {
        let at = place.index(bytes.len() + 1);
        match what % 5 {
            0 => bytes.insert(at, *byte),
            1 => bytes.truncate(at),
            2 => bytes.extend_from_within(at..),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] = *byte,
            _ => {}
        }
    }
    bytes
}

#[test]
fn r09_r11_changed_seeds_are_read_or_refused_by_every_decoder() {
    let changes = (any::<Index>(), vec((any::<Index>(), any::<u8>(), any::<u8>()), 1..4));
    for (target, body) in BODIES {
        let seeds = seeds(target);
        let done = runner().run(&changes, |(seed, edits)| {
            body(&edited(seed.get::<Vec<u8>>(&seeds), &edits));
            Ok(())
        });
        done.unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}
