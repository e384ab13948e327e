//! Every bug of `cocli_model::planted` is caught by an auditor, in the worlds of `make sim`.

use cocli_sim::{CATCH_SEEDS_MAX, Hunt, MINUTE};

#[test]
fn d3_every_planted_bug_is_caught() {
    let hunt = Hunt { start: 1, seeds: CATCH_SEEDS_MAX, nodes: 5, span_us: 10 * MINUTE, jobs: 2 };
    let catches = hunt.run(&|_| {});
    let table: String = catches.iter().map(|catch| format!("{catch}\n")).collect();
    assert_eq!(catches.len(), 16, "sixteen bugs are planted:\n{table}");
    assert!(catches.iter().all(|catch| catch.broken.is_some()), "not all were caught:\n{table}");
}
