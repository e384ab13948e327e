//! One seed is one history, in whatever process it is replayed.
#![allow(clippy::unwrap_used)]

use std::process::Command;

/// The hash of the history that the program prints for a seed.
fn history(seed: u64) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cocli-sim"));
    command.env_remove("SIM_SEED").args(["--seeds", "1", "--minutes", "3", "--start", &seed.to_string()]);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "SIM_SEED={seed}: {text}");
    let line = text.lines().find_map(|line| line.strip_prefix("history ")).unwrap_or_default();
    assert_eq!(line.len(), 64, "no hash of the history: {text}");
    line.to_owned()
}

#[test]
fn d3_one_seed_is_one_history_in_two_processes() {
    let (first, second, other) = (history(7), history(7), history(8));
    assert_eq!(first, second, "the seed 7 has two histories");
    assert_ne!(first, other, "two seeds have one history");
}
