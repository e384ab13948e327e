//! Worlds in which nothing goes wrong, and the proof that a seed is a history.
#![allow(clippy::unwrap_used)]

use cocli_sim::{Faults, MINUTE, run_seed, run_world};

#[test]
fn a_calm_world_agrees_and_breaks_no_law() {
    for seed in 1..=4 {
        let outcome = run_world(seed, Faults::none(3, 2 * MINUTE));
        assert_eq!(outcome.broken, None, "SIM_SEED={seed}\n{:?}", outcome.tally);
        assert!(outcome.tally.of("commits") > 20, "{:?}", outcome.tally);
    }
}

#[test]
fn one_seed_is_one_history() {
    let mut traces = std::collections::BTreeSet::new();
    for seed in 1..=4 {
        let (first, second) = (run_seed(seed, 5, 3 * MINUTE), run_seed(seed, 5, 3 * MINUTE));
        assert_eq!(first.trace, second.trace, "SIM_SEED={seed}: two runs differ");
        assert_eq!(first.tally, second.tally, "SIM_SEED={seed}: two runs count differently");
        traces.insert(first.trace);
    }
    assert_eq!(traces.len(), 4, "two seeds have one history");
}
