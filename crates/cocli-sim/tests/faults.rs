//! Faults one by one: small worlds in which just one thing goes wrong, through the same
//! auditors as the great ones. Each asserts that its fault was really met.

use cocli_sim::{Attack, Dice, Faults, Lossy, MINUTE, MS, Mishap, Rare, Report, SECOND, run_world, seeds};

/// Seeds of each fault.
const SEEDS: u64 = 12;

/// A busy world of four machines and three minutes in which nothing goes wrong yet.
fn busy() -> Faults {
    Faults { pause_us: 500 * MS, ..Faults::none(4, 3 * MINUTE) }
}

/// Runs worlds whose faults are drawn by `draw`; no law breaks in any. What happened.
fn hold(draw: impl Fn(&mut Dice) -> Faults) -> Report {
    let mut report = Report::default();
    for seed in seeds(SEEDS) {
        let outcome = run_world(seed, draw(&mut Dice::new(seed)));
        assert_eq!(outcome.broken, None, "SIM_SEED={seed}");
        report.add(seed, outcome.trace, &outcome.tally);
    }
    report
}

/// How often `what` was counted in all worlds.
fn count(report: &Report, what: &str) -> u64 {
    report.counts.get(what).copied().unwrap_or(0)
}

/// A moment within the first `per_cent` of a world's time.
fn within(dice: &mut Dice, per_cent: u64) -> u64 {
    dice.below(3 * MINUTE / 100 * per_cent)
}

#[test]
fn r01_power_cuts_at_any_operation_lose_nothing_acknowledged() {
    let report = hold(|dice| {
        let mut faults = busy();
        for _ in 0..6 {
            let (when_us, m, down_us) = (within(dice, 90), dice.index(4), SECOND + dice.below(10 * SECOND));
            let mishap = match dice.below(3) {
                0 => Mishap::PowerCut(m, down_us),
                1 => Mishap::PowerCutAfterWrite(m, down_us),
                _ => Mishap::PowerCutAt(m, dice.below(40)),
            };
            faults.mishaps.push((when_us, mishap));
        }
        faults
    });
    assert!(count(&report, "power cuts in mid-operation") > 0, "{report}");
    assert!(report.per_thousand(Rare::TailLost) > 0, "no node lost its unsynced tail\n{report}");
}

#[test]
fn r15_a_day_that_ends_in_a_flood_of_commits_loses_and_doubles_nothing() {
    let report = hold(|dice| {
        let mut faults = Faults { near_midnight: true, span_us: 6 * MINUTE, pause_us: SECOND, ..busy() };
        for _ in 0..3 {
            let when_us = 5 * MINUTE - 10 * SECOND + dice.below(30 * SECOND);
            faults.mishaps.push((when_us, Mishap::PowerCut(dice.index(4), SECOND)));
        }
        faults
    });
    assert!(count(&report, "floods") > 0 && count(&report, "power cuts") > 0, "{report}");
}

#[test]
fn r15_a_flood_that_the_power_cuts_off_at_midnight_stands_as_far_as_it_came() {
    let report = hold(|dice| {
        let mut faults = Faults { near_midnight: true, span_us: 6 * MINUTE, pause_us: SECOND, ..busy() };
        for m in 0..4 {
            faults.mishaps.push((5 * MINUTE - 5 * MS, Mishap::PowerCutAt(m, dice.below(10))));
        }
        faults
    });
    assert!(count(&report, "power cuts in mid-operation") > 0, "{report}");
    assert!(count(&report, "datagrams found of appends that were cut off") > 0, "{report}");
}

#[test]
fn r19_disks_that_sync_for_seconds_slow_everybody_down_and_lose_nothing() {
    // Every acknowledged record is delivered, and the bounded queues of the replicas hold,
    // while each sync of each disk takes up to eight seconds.
    let report = hold(|_| Faults { slow_disk_us: 8 * SECOND, ..busy() });
    let quiet = hold(|_| busy());
    let commits = |report: &Report| count(report, "commits");
    assert!(commits(&report) > 0, "{report}");
    assert!(commits(&report) < commits(&quiet), "writers are held back by their disks\n{report}\n{quiet}");
}

#[test]
fn r20_clocks_within_an_hour_lose_no_later_write_and_list_every_conflict() {
    let report = hold(|_| Faults { skew_ms: 3_600_000, ..busy() });
    assert_eq!(report.per_thousand(Rare::TrueConflict), 1_000, "{report}");
}

#[test]
fn r21_r22_clocks_that_jump_by_up_to_a_year_poison_nothing() {
    let report = hold(|dice| {
        let mut faults = busy();
        for _ in 0..5 {
            let by_ms = i64::try_from(dice.below(31_536_000_000)).unwrap_or(0);
            let (when_us, m) = (within(dice, 90), dice.index(4));
            let mishap = match dice.below(3) {
                0 => Mishap::ClockStep(m, by_ms),
                1 => Mishap::ClockStep(m, -by_ms),
                _ => Mishap::BootBack(m, by_ms),
            };
            faults.mishaps.push((when_us, mishap));
        }
        faults
    });
    assert!(report.per_thousand(Rare::ClockOverDay) > 500, "{report}");
}

#[test]
fn r32_a_node_restored_from_an_old_backup_goes_on_in_a_new_epoch() {
    let report = hold(|dice| {
        let mut faults = busy();
        let (m, whole) = (dice.index(4), dice.chance(500));
        faults.mishaps.push((within(dice, 40), Mishap::Backup(m)));
        faults.mishaps.push((80 * SECOND + within(dice, 30), Mishap::Restore(m, whole)));
        faults
    });
    assert_eq!(count(&report, "backups restored"), SEEDS, "{report}");
}

#[test]
fn r33_a_node_restored_while_nobody_hears_it_keeps_both_histories() {
    let report = hold(|dice| {
        let mut faults = busy();
        let (m, whole) = (dice.index(4), dice.chance(500));
        let restored_us = 80 * SECOND + within(dice, 20);
        faults.mishaps.push((within(dice, 40), Mishap::Backup(m)));
        faults.mishaps.push((restored_us - SECOND, Mishap::Partition(1 << m, MINUTE)));
        faults.mishaps.push((restored_us, Mishap::Restore(m, whole)));
        faults
    });
    assert_eq!(count(&report, "backups restored"), SEEDS, "{report}");
    assert_eq!(count(&report, "partitions"), SEEDS, "{report}");
}

#[test]
fn r34_a_cloned_machine_is_met_and_both_branches_stay() {
    let report = hold(|dice| {
        let mut faults = busy();
        faults.mishaps.push((10 * SECOND + within(dice, 60), Mishap::Clone(dice.index(4))));
        faults
    });
    assert_eq!(count(&report, "machines cloned"), SEEDS, "{report}");
    assert!(report.per_thousand(Rare::CloneMet) > 0, "no clone was met\n{report}");
    assert!(report.per_thousand(Rare::ForkProven) > 0, "no fork was proven\n{report}");
}

#[test]
fn r48_half_of_all_pushes_may_be_lost_and_traffic_stays_bounded() {
    let calm = hold(|_| busy());
    let report = hold(|dice| {
        let (lose, double, overtake) = (1 + dice.below(500), dice.below(100), dice.below(200));
        Faults { lossy: Lossy { lose: lose as u32, double: double as u32, overtake: overtake as u32 }, ..busy() }
    });
    assert!(report.per_thousand(Rare::GapFilledLate) > 500, "{report}");
    let (sent, calm) = (count(&report, "bytes sent"), count(&calm, "bytes sent"));
    assert!(sent < 3 * calm, "{sent} bytes under loss, {calm} without");
}

#[test]
fn r50_two_sides_that_were_apart_for_minutes_agree_after() {
    let report = hold(|dice| {
        let mut faults = busy();
        let side = 1 + dice.below(14) as u32;
        faults.mishaps.push((5 * SECOND, Mishap::Partition(side, 150 * SECOND)));
        faults
    });
    assert_eq!(count(&report, "partitions"), SEEDS, "{report}");
    assert_eq!(report.per_thousand(Rare::TrueConflict), 1_000, "{report}");
}

#[test]
fn r96_a_hole_nobody_can_fill_is_closed_alike_everywhere() {
    let report = hold(|dice| {
        let mut faults = Faults { lossy: Lossy { lose: 300, double: 0, overtake: 200 }, ..busy() };
        for _ in 0..4 {
            let (when_us, m, down_us) = (within(dice, 90), dice.index(3), SECOND + dice.below(5 * SECOND));
            faults.mishaps.push((when_us, Mishap::PowerCutAfterWrite(m, down_us)));
        }
        (faults.malicious, faults.attacks) = (Some(3), vec![Attack::Hole]);
        faults
    });
    assert!(count(&report, "attacks") > 0, "{report}");
    assert!(report.per_thousand(Rare::PushedThenLost) > 0, "nothing was pushed and then lost\n{report}");
}
