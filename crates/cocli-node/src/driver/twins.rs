//! Members of which a copy with their keys is alive: who, and when that was last seen.

use std::collections::BTreeMap;

use cocli_model::NodeId;

/// How long nothing may be seen of it before it counts as over: two that live push each other
/// aside several times as often.
const QUIET_MS: u64 = 300_000;

/// The members, and when each was seen twice, in milliseconds of the driver's clock.
#[derive(Debug, Default)]
pub(crate) struct Twins(BTreeMap<NodeId, u64>);

impl Twins {
    /// It was seen.
    pub(crate) fn hear(&mut self, id: NodeId, now_ms: u64) {
        self.0.insert(id, now_ms);
    }

    /// Those of which nothing was seen for a while; told once.
    pub(crate) fn over(&mut self, now_ms: u64) -> Vec<NodeId> {
        let quiet = |seen_ms: &u64| now_ms.saturating_sub(*seen_ms) >= QUIET_MS;
        let over: Vec<NodeId> = self.0.iter().filter(|(_, seen_ms)| quiet(seen_ms)).map(|(id, _)| *id).collect();
        self.0.retain(|_, seen_ms| !quiet(seen_ms));
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r34_a_copy_counts_as_gone_once_nothing_was_seen_of_it_for_a_while() {
        let (one, other) = (NodeId::of_key(&[1; 32]), NodeId::of_key(&[2; 32]));
        let mut twins = Twins::default();
        twins.hear(one, 0);
        twins.hear(other, 1_000);
        assert_eq!(twins.over(QUIET_MS - 1), []);
        twins.hear(other, QUIET_MS);
        assert_eq!(twins.over(QUIET_MS), [one]);
        assert_eq!(twins.over(QUIET_MS), [], "told once");
        assert_eq!(twins.over(2 * QUIET_MS), [other]);
    }
}
