//! A writer of datagrams: seals drafts one datagram behind the other.

use anyhow::Result;
use cocli_model::datagram::Header;
use cocli_model::{
    Author, Cause, Cid, Datagram, Draft, Environment, Epoch, Field, NodeId, Operator, Origin, Rank, SigningKey, Stamp,
    Target, Value,
};

/// The first stamp: a morning, so that no measurement crosses midnight.
const MORNING_US: i64 = 1_771_236_672_000_000;

/// One journal and the key that seals it.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    /// The node's key.
    pub(crate) key: SigningKey,
    author: Author,
    epoch: Epoch,
    next: u64,
    prev: Option<Cid>,
    stamp_us: i64,
}

impl Pen {
    /// The journal of node `number`.
    pub(crate) fn new(number: u8) -> Pen {
        let key = SigningKey::from_bytes(&[number; 32]);
        let id = NodeId::of_key(key.verifying_key().as_bytes());
        let name = format!("node-{number}").parse().expect("letters, a hyphen and digits are a name");
        let epoch = Epoch::from_random([number; 5]);
        Pen { key, author: Author { name, id }, epoch, next: 1, prev: None, stamp_us: MORNING_US }
    }

    /// Whose journal it is.
    pub(crate) fn id(&self) -> NodeId {
        self.author.id
    }

    /// Seals commits, each a list of rows, as one datagram.
    pub(crate) fn seal(&mut self, commits: Vec<Vec<Draft>>) -> Result<Datagram> {
        let mut stamped = Vec::with_capacity(commits.len());
        for rows in commits {
            self.stamp_us += 1;
            stamped.push((Stamp::from_us(self.stamp_us)?, rows));
        }
        let Pen { author, epoch, next: first, prev, .. } = self.clone();
        let header = Header { author, environment: Environment::Test, epoch, first, prev };
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&first.to_le_bytes());
        let datagram = Datagram::seal(header, &stamped, salt, &self.key)?;
        (self.next, self.prev) = (datagram.last() + 1, Some(datagram.cid()));
        Ok(datagram)
    }
}

/// The company of this number.
pub(crate) fn company(number: usize) -> Target {
    format!("companies/company-{number:06}").parse().expect("letters, a hyphen and digits are a slug")
}

/// A record that sets a field and replaces nothing.
pub(crate) fn set(target: &Target, field: &str, value: &str) -> Draft {
    let field = Field::new(field, Operator::Set).expect("our own field names are names");
    let value = Some(Value::string(value).expect("our own values are short"));
    let (campaign, origin) = ("".into(), Origin::of(Rank::Import));
    Draft { campaign, target: target.clone(), cause: Cause::nothing(&field.op), field, value, origin }
}

/// A value of about a hundred bytes, another for every number.
pub(crate) fn hundred_bytes(number: usize) -> String {
    format!("{number:010} Zürich, a value of some hundred bytes as those of real records are in the median, or so.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_a_chain_and_verifies() {
        let mut pen = Pen::new(1);
        let first = pen.seal(vec![vec![set(&company(1), "name", "a"), set(&company(1), "city", "b")]]).unwrap();
        let second = pen.seal(vec![vec![set(&company(2), "name", &hundred_bytes(7))]]).unwrap();
        assert_eq!((first.first(), first.last(), second.first()), (1, 2, 3));
        assert_eq!(second.prev(), Some(first.cid()));
        assert!(first.verify(&pen.key.verifying_key()).is_ok());
        assert_eq!(hundred_bytes(7).len(), 100);
    }
}
