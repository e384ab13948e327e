//! What is known of how all hang together, against computing it anew.

use super::*;
use cocli_model::datagram::Header;
use cocli_model::field::{Field, Operator};
use cocli_model::{Author, Cause, Draft, Environment, Epoch, NodeId, Origin, Rank, SigningKey, Stamp, Value};
use proptest::prelude::*;

/// A datagram of some rows behind another, or beyond a gap.
fn seal(before: Option<&Datagram>, rows: usize, salt: u8) -> Arc<Datagram> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let author = Author { name: "node".parse().unwrap(), id: NodeId::of_key(key.verifying_key().as_bytes()) };
    let draft = || Draft {
        campaign: "".into(),
        target: "companies/acme".parse().unwrap(),
        field: Field::new("phone", Operator::Set).unwrap(),
        value: Some(Value::string("1").unwrap()),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    };
    let first = before.map_or(5, |before| before.last() + 1);
    let prev = Some(before.map_or(Cid::from_digest([9; 32]), Datagram::cid));
    // One in eight claims a stamp that does not rise: it names one that it cannot follow.
    let stamp_us = before.map_or(1_000, |before| before.last_stamp().us() + i64::from(!salt.is_multiple_of(8)));
    let epoch = Epoch::from_random([1; 5]);
    let header = Header { author, environment: Environment::Test, epoch, first, prev };
    let commit = (Stamp::from_us(stamp_us).unwrap(), (0..rows).map(|_| draft()).collect());
    Arc::new(Datagram::seal(header, &[commit], [salt; 16], &key).unwrap())
}

proptest! {
    /// However they come and go, what is kept up is what is computed anew.
    #[test]
    fn how_they_hang_together_depends_on_no_order(
        tree in prop::collection::vec((any::<prop::sample::Index>(), 1..4usize), 1..24),
        order in prop::collection::vec(any::<prop::sample::Index>(), 40),
    ) {
        let mut all: Vec<Arc<Datagram>> = Vec::new();
        for (salt, (at, rows)) in tree.iter().enumerate() {
            let before = (!all.is_empty() && salt % 6 != 0).then(|| Arc::clone(at.get(&all)));
            all.push(seal(before.as_deref(), *rows, salt as u8));
        }
        let mut pending = Pending::default();
        pending.linked();
        for at in order {
            let datagram = at.get(&all);
            match pending.holds(datagram) {
                true => drop(pending.remove(datagram.first(), &datagram.cid())),
                false => pending.add(Arc::clone(datagram), Road::Push),
            }
            prop_assert_eq!(pending.linked(), &Linked::of(pending.iter()));
            for datagram in pending.iter() {
                let (last, cid) = (datagram.last(), datagram.cid());
                prop_assert_eq!(pending.marked(last, Mark::of(&cid)), Some(cid));
                let path = pending.path(last, cid);
                prop_assert_eq!(path.first().map(|first| first.first()), pending.linked().from(last, &cid));
                prop_assert!(path.windows(2).all(|pair| super::super::linked::follows(&pair[0], &pair[1])));
            }
        }
    }
}
