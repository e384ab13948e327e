//! Records a second and core through the state machine of a replica: frames of a peer in,
//! decoded, checked along their chain and under the last signature, folded into cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, ensure};
use cocli_model::Datagram;
use cocli_replica::fold::{MemoryCells, fold_record};

use crate::bench::Bench;
use crate::figures::rate;
use crate::line::{Line, Wanted, worst_first};
use crate::rounds::{median, on_core};
use crate::stage::pair::{Side, heal};
use crate::stage::pen::{Pen, company, set};

use super::state_db;

/// What is aimed at.
const RECORDS_PER_SECOND: f64 = 500_000.0;

/// Measures, with `state.db` and without.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let records = bench.pick(40_000, 200_000);
    let bulk = measure(bench, "apply in the state machine, 500 records a datagram", records, 500)?;
    let mut single = measure(bench, "apply in the state machine, 1 record a datagram", records / 4, 1)?;
    single.wanted = Wanted::share(None, None);
    let mut lines = vec![bulk, single];
    lines.extend(state_db::run(bench)?);
    Ok(worst_first("apply", lines))
}

fn measure(bench: &Bench, name: &str, records: usize, each: usize) -> Result<Line> {
    let mut pen = Pen::new(3);
    let members = [1, 2, 3].map(Pen::new).map(|pen| (pen.id(), pen.key.verifying_key()));
    let members: BTreeMap<_, _> = members.into_iter().collect();
    let row =
        |n: usize| set(&company(n / 5), ["name", "phone", "city", "email", "domain"][n % 5], &format!("value {n}"));
    let numbers: Vec<usize> = (0..records).collect();
    let seal = |some: &[usize]| {
        Ok(Arc::new(pen.seal(some.chunks(5).map(|some| some.iter().map(|n| row(*n)).collect()).collect())?))
    };
    let all: Vec<Arc<Datagram>> = numbers.chunks(each).map(seal).collect::<Result<_>>()?;
    let mut rates = Vec::new();
    for _ in 0..bench.rounds() {
        let mut full = Side::new(Pen::new(1).id(), &members, &[&all], &[]);
        let mut empty = Side::new(Pen::new(2).id(), &members, &[], &[]);
        let (mut cells, mut seconds, mut folded) = (MemoryCells::new(), 0.0, 0);
        heal(&mut full, &mut empty, |side, input| {
            let (rows, took) = on_core(|| {
                side.take(input)?;
                Ok(fold(&mut cells, &std::mem::take(&mut side.folded)))
            })?;
            seconds += took;
            folded += rows;
            Ok(())
        })?;
        ensure!(folded == records, "{folded} of {records} records were folded");
        rates.push(records as f64 / seconds);
    }
    let ours = median(rates);
    Ok(Line {
        name: name.to_owned(),
        limit: rate(RECORDS_PER_SECOND, 1.0, "records"),
        ours: rate(ours, 1.0, "records"),
        ratio: ours / RECORDS_PER_SECOND,
        wanted: Wanted::aims_above(),
    })
}

fn fold(cells: &mut MemoryCells, datagrams: &[Arc<Datagram>]) -> usize {
    let rows = datagrams.iter().flat_map(|datagram| datagram.named_rows());
    let records = rows.filter_map(|(name, row)| row.record().ok().map(|record| (name, record)));
    let fold = |(name, record)| {
        let Ok(_) = fold_record(cells, name, record);
    };
    records.map(fold).count()
}
