//! What a world looks like, for whoever replays a seed that broke a law.

use crate::store::place;
use crate::world::World;

impl World {
    /// What every machine says it holds of the journals whose name contains `part`.
    #[must_use]
    pub fn describe(&self, part: &str) -> String {
        let mut text = String::new();
        for (m, machine) in self.machines.iter().enumerate() {
            let Some(process) = machine.process.as_ref() else { continue };
            let links: Vec<usize> = process.links.values().map(|(other, _)| *other).collect();
            text.push_str(&format!("machine {m} id {} life {} links {links:?}\n", machine.id(), machine.life));
            for entry in process.replica.frontier().iter().filter(|entry| entry.journal.to_string().contains(part)) {
                text.push_str(&format!("  {} {:?} {} {:?}\n", entry.journal, entry.leaf, entry.seq, entry.runs));
            }
            for (id, place, chain) in process.shelves.chains().filter(|(id, _, _)| id.to_string().contains(part)) {
                let spans: Vec<String> =
                    chain.values().map(|d| format!("{}-{}:{}", d.first(), d.last(), d.cid().short())).collect();
                text.push_str(&format!("    shelf {id}{place} {}\n", spans.join(" ")));
            }
            for datagram in
                process.shelves.waiting().filter(|d| cocli_replica::sync::JournalId::of(d).to_string().contains(part))
            {
                text.push_str(&format!(
                    "    waits {}-{}:{}\n",
                    datagram.first(),
                    datagram.last(),
                    datagram.cid().short()
                ));
            }
        }
        text
    }

    /// What machine `m` says of its frontier that machine `other` does not say.
    pub(crate) fn told_apart(&self, m: usize, other: usize) -> String {
        let frontier = |m: usize| self.machines[m].process.as_ref().map(|process| process.replica.frontier());
        let theirs = frontier(other).unwrap_or_default();
        let only = frontier(m).unwrap_or_default().into_iter().filter(|entry| !theirs.contains(entry));
        format!("machine {m}: {:?}", only.collect::<Vec<_>>())
    }

    /// The journal files of every machine whose name contains `part`.
    #[must_use]
    pub fn describe_files(&self, part: &str) -> String {
        let mut text = String::new();
        for (m, machine) in self.machines.iter().enumerate() {
            text.push_str(&format!("machine {m}\n"));
            let wal = place().wal();
            for name in cocli_journal::Disk::list(&machine.disk, &wal).unwrap_or_default() {
                if !name.contains(part) {
                    continue;
                }
                let bytes = machine.disk.get(&wal.join(&name)).unwrap_or_default();
                let mut spans = Vec::new();
                for piece in cocli_model::usv::scan(&bytes) {
                    match piece {
                        cocli_model::usv::Piece::Datagram { datagram: d, .. } => {
                            spans.push(format!("{}-{}:{}", d.first(), d.last(), d.cid().short()));
                        }
                        other => spans.push(format!("{other:?}")),
                    }
                }
                text.push_str(&format!("    {name}: {}\n", spans.join(" ")));
            }
        }
        text
    }
}
