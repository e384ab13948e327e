//! The original's lost bursts: 5,000 records written in one go, with values beyond ASCII,
//! by a node whose local date is not that of UTC, while wires lose packets and go dead.

use std::time::{Duration, Instant};

use anyhow::Result;
use cocli_model::{Draft, FieldName};
use cocli_node::socket::Level;
use cocli_store::StateError;

use crate::bench::Bench;
use crate::figures::{count, time};
use crate::line::{Line, Wanted};
use crate::stage::cluster::{Cluster, Setting, free_addresses, now_ms};
use crate::stage::lossy::{Lossy, Weather};
use crate::stage::pen::{company, set};
use crate::stage::program::Program;

/// Records of the burst.
const RECORDS: usize = 5_000;
/// Rows of one commit: a datagram seals at most a thousand.
const ROWS: usize = 500;
/// Fourteen hours ahead of UTC, as on Kiritimati: another date from ten in the morning on.
const AHEAD: &str = "<+14>-14";
/// Eleven hours behind UTC, as on Pago Pago: another date until eleven in the morning.
const BEHIND: &str = "<-11>+11";
/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;
/// The wires: a tenth of all packets lost, dead for half a second in every one and a half.
const WEATHER: Weather =
    Weather { lost_percent: 10, up: Duration::from_millis(1_000), down: Duration::from_millis(500), seed: 1 };

/// Measures what arrives, and when.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let addresses = free_addresses(6)?;
    let (listens, detours) = addresses.split_at(3);
    let wires =
        detours.iter().zip(listens).map(|(at, to)| Lossy::lay(*at, *to, WEATHER)).collect::<Result<Vec<_>>>()?;
    let setting = Setting { env: vec![("TZ", zone(now_ms()))], roads: vec![detours.to_vec()] };
    let cluster = Cluster::start(bench, &program, listens, &setting)?;
    let before = cluster.wait_equal()?.sync.frontier_hash;
    let start = Instant::now();
    let commits: Vec<Vec<Draft>> = (0..RECORDS).collect::<Vec<_>>().chunks(ROWS).map(rows).collect();
    cluster.nodes[0].write(&commits, Level::Local)?;
    // A daemon may tell of its state before it has heard of what was just acknowledged.
    cluster.wait_news(&before)?;
    let seconds = start.elapsed().as_secs_f64();
    let delivered = cluster.nodes[1..].iter().map(delivered).collect::<Result<Vec<_>>>()?;
    let least = delivered.into_iter().min().unwrap_or_default();
    let (passed, lost) = wires.iter().map(Lossy::counts).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    Ok(vec![Line {
        name: "burst of 5,000 under loss".to_owned(),
        limit: format!("{} records on every node", count(RECORDS as f64)),
        ours: format!(
            "{} after {}, {} of {} packets lost",
            count(least as f64),
            time(seconds),
            count(lost as f64),
            count((passed + lost) as f64)
        ),
        ratio: least as f64 / RECORDS as f64,
        wanted: Wanted::all(),
    }])
}

fn rows(numbers: &[usize]) -> Vec<Draft> {
    numbers.iter().map(|number| set(&company(*number), "name", &name(*number))).collect()
}

fn name(number: usize) -> String {
    format!("Müller & Søn 東京 🦀 № {number}, Cañon City")
}

/// A zone in which it is another date now than in UTC.
fn zone(now_ms: i64) -> &'static str {
    if now_ms.div_euclid(HOUR_MS).rem_euclid(24) < 10 { BEHIND } else { AHEAD }
}

/// How many of the records a node shows, every value read and compared.
fn delivered(node: &crate::stage::cluster::Node) -> Result<usize> {
    let mut folder = node.folder()?;
    folder.catch_up()?;
    let field = FieldName::new("name")?;
    let mut shown = 0;
    folder.read(|tx| {
        for number in 0..RECORDS {
            let value = tx.entity(&company(number))?.and_then(|entity| entity.shown(&field));
            shown +=
                usize::from(value.as_ref().and_then(|value| value.as_str()).is_some_and(|text| text == name(number)));
        }
        Ok::<_, StateError>(())
    })?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_zone_of_the_burst_it_is_never_the_date_of_utc() {
        let date = |ms: i64| ms.div_euclid(24 * HOUR_MS);
        for hour in 0..24 {
            for minute in [0, 59] {
                let now_ms = 20_500 * 24 * HOUR_MS + hour * HOUR_MS + minute * 60_000;
                let ahead_ms = if zone(now_ms) == AHEAD { 14 * HOUR_MS } else { -11 * HOUR_MS };
                assert_ne!(date(now_ms), date(now_ms + ahead_ms), "at {hour}:{minute:02}");
            }
        }
    }
}
