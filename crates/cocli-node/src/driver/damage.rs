//! Damage: what rotted in journals here is put back from peers, and told until it is.

use std::sync::Arc;

use cocli_model::Datagram;
use cocli_replica::sync::{Branch, Hole, Input, JournalId};

use super::rests::Rested;
use super::{Driver, Ended};
use crate::keeper::Errand;
use crate::mailbox::Mended;
use crate::names::key_of;
use crate::scribe::Order;

impl Driver {
    /// Has datagrams put where they stood: in this node's own journal by its scribe, under
    /// the journal's lock, in others' by the keeper.
    pub(super) async fn mend(
        &mut self,
        chain: (JournalId, Branch),
        datagrams: Vec<Arc<Datagram>>,
    ) -> Result<(), Ended> {
        self.index.mend(chain, &datagrams);
        match self.own.filter(|own| key_of(chain.0, chain.1) == Some(*own)) {
            Some(own) => {
                let order = Order::Mend(own, datagrams);
                self.orders.send(order).await.map_err(|_| Ended::Lost("scribe"))
            }
            None => self.errand(Errand::Mend(chain.0, chain.1, datagrams)),
        }
    }

    /// Something was put back, or could not be.
    pub(super) async fn on_mended(&mut self, chain: (JournalId, Branch), mended: Mended) -> Result<(), Ended> {
        if !mended.done {
            self.rests.unmended(chain, mended.holes, self.clock.now_ms());
            return Ok(());
        }
        self.rests.over(chain);
        self.errand(Errand::FoldFound)?;
        self.tell_damage(chain, mended.holes).await
    }

    /// Tells the replica of chains that the disk refused, after their rest, and has tried
    /// again what it need not know of.
    pub(super) async fn tell_rested(&mut self) -> Result<(), Ended> {
        for (chain, Rested { cut, holes, split }) in self.rests.take(self.clock.now_ms()) {
            let (journal, place) = chain;
            if let Some(tip) = cut {
                self.index.forget(chain);
                self.handle(Input::Truncated { journal, place, tip }).await?;
            }
            if let Some(holes) = holes {
                self.tell_damage(chain, holes).await?;
            }
            for first in split {
                self.errand(Errand::Split(journal, place, first))?;
            }
        }
        Ok(())
    }

    async fn tell_damage(&mut self, chain: (JournalId, Branch), holes: Vec<Hole>) -> Result<(), Ended> {
        let (journal, place) = chain;
        self.index.mended(chain);
        if holes.is_empty() {
            self.damaged.remove(&chain);
            self.alarms.clear(&subject(journal));
        } else {
            self.damaged.insert(chain, holes.clone());
        }
        self.report_damage();
        self.handle(Input::Damaged { journal, place, holes }).await
    }

    /// Alarms a person for as long as something is damaged: nobody may hold it any more.
    pub(super) fn report_damage(&mut self) {
        for ((journal, _), holes) in &self.damaged {
            let rows: u64 = holes.iter().map(|hole| hole.to - hole.from + 1).sum();
            let (Some(first), Some(last)) = (holes.first(), holes.last()) else { continue };
            let words = format!(
                "{rows} records of journal {journal}, from {} to {}, are damaged here; peers are asked for them",
                first.from, last.to
            );
            self.alarms.raise(&subject(*journal), words);
        }
    }
}

fn subject(journal: JournalId) -> String {
    format!("damage of {journal}")
}
