//! What two replicas say to each other after a partition, beside the datagrams that were
//! missing: bytes of frontiers and asks for each journal that differs and each gap.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use cocli_model::Datagram;

use crate::bench::Bench;
use crate::figures::{count, percent};
use crate::line::{Line, Wanted};
use crate::stage::pair::{Side, heal};
use crate::stage::pen::{Pen, company, hundred_bytes, set};

/// Bytes allowed for a journal that differs.
const JOURNAL_BYTES: usize = 64;
/// Bytes allowed for a run beyond a gap.
const RUN_BYTES: usize = 32;
/// What payload may cost besides itself.
const AROUND_SHARE: f64 = 0.02;
/// Journals both sides hold; each of them differs.
const JOURNALS: u8 = 40;
/// Of those, how many have a run beyond a gap on one side.
const WITH_RUN: u8 = 10;
/// Datagrams of each journal before the partition.
const COMMON: usize = 20;
/// Datagrams of each journal that one side lacks.
const MISSING: usize = 20;

/// Measures.
pub(crate) fn run(_: &Bench) -> Result<Vec<Line>> {
    let pens: Vec<Pen> = (1..=JOURNALS + 2).map(Pen::new).collect();
    let members: BTreeMap<_, _> = pens.iter().map(|pen| (pen.id(), pen.key.verifying_key())).collect();
    let (left, right) = (pens[0].id(), pens[1].id());
    let journals: Vec<Vec<Arc<Datagram>>> = pens.into_iter().skip(2).map(journal).collect::<Result<_>>()?;
    // Half of the journals went on here, half there.
    let here = |index: usize| index.is_multiple_of(2);
    let held = |whole: bool, journal: &[Arc<Datagram>]| if whole { journal.len() } else { journal.len() - MISSING };
    let chains = |side: &dyn Fn(usize) -> bool| -> Vec<&[Arc<Datagram>]> {
        journals.iter().enumerate().map(|(index, journal)| &journal[..held(side(index), journal)]).collect()
    };
    let pending: Vec<Arc<Datagram>> = (0..usize::from(WITH_RUN)).map(|n| journals[2 * n][COMMON + 9].clone()).collect();
    let mut a = Side::new(left, &members, &chains(&here), &[]);
    let mut b = Side::new(right, &members, &chains(&|index| !here(index)), &pending);
    let traffic = heal(&mut a, &mut b, Side::take)?;
    let allowed = usize::from(JOURNALS) * JOURNAL_BYTES + usize::from(WITH_RUN) * RUN_BYTES;
    let around = traffic.around as f64 / traffic.payload as f64;
    Ok(vec![
        Line {
            name: "heal, control bytes".to_owned(),
            limit: format!("{} B: 64 B a journal that differs, 32 B a run", count(allowed as f64)),
            ours: format!("{} B, {} journals, {} runs", count(traffic.control as f64), JOURNALS, WITH_RUN),
            ratio: traffic.control as f64 / allowed as f64,
            wanted: Wanted::multiple(None, Some(1.0)),
        },
        Line {
            name: "heal, bytes around the payload".to_owned(),
            limit: percent(AROUND_SHARE),
            ours: format!(
                "{:.1} % of {} B, in {} volleys",
                around * 100.0,
                count(traffic.payload as f64),
                traffic.volleys
            ),
            ratio: around / AROUND_SHARE,
            wanted: Wanted::multiple(None, Some(1.0)),
        },
    ])
}

fn journal(mut pen: Pen) -> Result<Vec<Arc<Datagram>>> {
    let seal = |n| Ok(Arc::new(pen.seal(vec![vec![set(&company(n), "phone", &hundred_bytes(n))]])?));
    (0..COMMON + MISSING).map(seal).collect()
}
