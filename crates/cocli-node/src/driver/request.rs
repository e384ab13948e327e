//! Answering the local socket. Nothing here waits: who has to wait is answered later.

use cocli_crm::roster::{self, Roster};
use cocli_journal::{Commit, Placed, RefusedCommit};
use cocli_model::Dot;
use cocli_replica::sync::Input;
use serde_json::{Value as Json, json};
use tokio::sync::{mpsc, oneshot};

use super::{Driver, Ended};
use crate::keeper::Errand;
use crate::roads::{mesh_roster, peer_keys};
use crate::scribe::{Order, WriteAnswer};
use crate::socket::{Answer, Asked, Code, DraftText, Failure, Level, Request};
use crate::words::chain;

/// Dots that one request may wait for: the rows of the largest command.
const DOTS_MAX: usize = 4_096;

type Reply = oneshot::Sender<Answer>;

impl Driver {
    pub(super) async fn answer(&mut self, Asked { request, reply }: Asked) -> Result<(), Ended> {
        let answer = match request {
            Request::Status => Answer::of(self.status()),
            Request::SyncStatus => Answer::of(self.sync_status()),
            Request::NodeLs => Answer::of(self.node_list()),
            Request::Write { commits, level, timeout_ms } => {
                self.write(&commits, level, timeout_ms, reply);
                return Ok(());
            }
            Request::AwaitAck { dots, level, timeout_ms } => {
                self.await_ack(&dots, level, timeout_ms, reply);
                return Ok(());
            }
            Request::ReloadRoster => self.reload_roster().await?,
            Request::Stop => {
                self.stopping = Some(reply);
                return Ok(());
            }
            Request::BlockPeer { peer } => self.block(&peer, true).await,
            Request::UnblockPeer { peer } => self.block(&peer, false).await,
        };
        // A client that went away needs no answer.
        let _ = reply.send(answer);
        Ok(())
    }

    fn write(&mut self, commits: &[Vec<DraftText>], level: Level, timeout_ms: u64, reply: Reply) {
        let commits: Result<Vec<Commit>, String> = commits.iter().map(|drafts| commit_of(drafts)).collect();
        let commits = match commits {
            Ok(commits) => commits,
            Err(reason) => {
                let _ = reply.send(Failure::new(Code::Invalid, reason).into());
                return;
            }
        };
        let (done, written) = oneshot::channel();
        if self.orders.try_send(Order::Write { commits, reply: done }).is_err() {
            let failure = Failure::new(Code::Refused, "too many writes wait already; nothing was written");
            let _ = reply.send(failure.into());
            return;
        }
        tokio::spawn(finish_write(written, level, timeout_ms, self.asking.clone(), reply));
    }

    fn await_ack(&mut self, dots: &[String], level: Level, timeout_ms: u64, reply: Reply) {
        let parsed: Result<Vec<Dot>, _> = dots.iter().map(|dot| dot.parse::<Dot>()).collect();
        let members = self.roster.members().len();
        let invalid = match &parsed {
            Err(error) => Some(error.to_string()),
            Ok(dots) if dots.len() > DOTS_MAX => Some(format!("{} dots where {DOTS_MAX} are allowed", dots.len())),
            Ok(dots) if dots.iter().any(|dot| dot.id != self.author.id) => {
                Some("these are not this node's records".to_owned())
            }
            Ok(_) if level == Level::Cluster && members < 2 => {
                Some("the roster has no other member to hold anything".to_owned())
            }
            Ok(_) => None,
        };
        match (parsed, invalid) {
            (Ok(dots), None) => {
                let wanted = if level == Level::Cluster { (members / 2 + 1).max(2) } else { 1 };
                let deadline_ms = self.clock.now_ms().saturating_add(timeout_ms);
                self.acks.wait(dots, wanted, deadline_ms, reply);
                // The records may have been appended a moment ago, by who is asking. If so
                // many orders wait that there is no room, one of them will see them.
                let _ = self.orders.try_send(Order::Look);
            }
            (_, reason) => {
                let _ = reply.send(Failure::new(Code::Invalid, reason.unwrap_or_default()).into());
            }
        }
    }

    async fn reload_roster(&mut self) -> Result<Answer, Ended> {
        let roster = match Roster::read(&roster::path(self.home.root())) {
            Ok(roster) => roster,
            Err(error) => return Ok(Failure::new(Code::Refused, chain(&error)).into()),
        };
        if roster.member(self.author.id).is_none() {
            return Ok(Failure::new(Code::Refused, "this node is not in that roster; the one before stays").into());
        }
        if let Err(error) = self.mesh.set_roster(mesh_roster(&roster)).await {
            return Ok(Failure::new(Code::Refused, chain(&error)).into());
        }
        let before = std::mem::replace(&mut self.keys, peer_keys(&roster, self.author.id));
        if self.doubted.is_some() && before.keys().any(|member| !self.keys.contains_key(member)) {
            // It may have been pushed more than those who stay hold, and is not asked.
            self.doubted = None;
        }
        let others: Vec<_> = self.keys.keys().copied().collect();
        self.peers.set_members(&others);
        let members = roster.members().iter().map(|member| (member.id(), member.key)).collect();
        tracing::info!(members = roster.members().len(), "the roster was read again");
        self.roster = roster;
        self.handle(Input::Roster(members)).await?;
        self.errand(Errand::Roster)?;
        Ok(Answer::of(
            json!({ "members": self.roster.members().len(), "hash": crate::peers::hex(&self.roster.hash()) }),
        ))
    }

    /// A cable that is pulled, or put back. Not remembered over a restart.
    async fn block(&mut self, peer: &str, on: bool) -> Answer {
        let found =
            self.roster.members().iter().find(|member| member.name.as_str() == peer || member.id().as_str() == peer);
        let Some(key) = found.and_then(|member| self.keys.get(&member.id()).copied()) else {
            return Failure::new(Code::Invalid, format!("no other member is called {peer:?}")).into();
        };
        match self.mesh.block(key, on).await {
            Ok(()) => Answer::of(json!({ "peer": peer, "blocked": on })),
            Err(error) => Failure::new(Code::Ending, error.to_string()).into(),
        }
    }
}

fn commit_of(drafts: &[DraftText]) -> Result<Commit, String> {
    let drafts: Result<Vec<_>, String> = drafts.iter().map(DraftText::draft).collect();
    drafts.map(Commit::new)
}

/// Answers a write once it is durable, or hands it on to wait for peers.
async fn finish_write(
    written: oneshot::Receiver<WriteAnswer>,
    level: Level,
    timeout_ms: u64,
    asking: mpsc::Sender<Asked>,
    reply: Reply,
) {
    let ending = || Failure::new(Code::Ending, "the daemon is ending; it is not known what was written");
    let answer = match written.await {
        Err(_) => ending().into(),
        Ok(Err(error)) => Failure::new(Code::Refused, chain(&*error)).into(),
        Ok(Ok(placed)) => {
            let dots = last_dots(&placed);
            let commits: Vec<Json> = placed.iter().map(place_json).collect();
            if level == Level::Cluster && !dots.is_empty() {
                match await_peers(dots, timeout_ms, asking).await {
                    Answer(Err(failure)) => failure.into(),
                    Answer(Ok(held)) => {
                        Answer::of(json!({ "commits": commits, "level": level, "holders": held["holders"] }))
                    }
                }
            } else {
                Answer::of(json!({ "commits": commits, "level": Level::Local }))
            }
        }
    };
    // A client that went away needs no answer.
    let _ = reply.send(answer);
}

async fn await_peers(dots: Vec<String>, timeout_ms: u64, asking: mpsc::Sender<Asked>) -> Answer {
    let ending = || Failure::new(Code::Ending, "the daemon is ending; the records are safe here").into();
    let (reply, answer) = oneshot::channel();
    let request = Request::AwaitAck { dots, level: Level::Cluster, timeout_ms };
    if asking.send(Asked { request, reply }).await.is_err() {
        return ending();
    }
    answer.await.unwrap_or_else(|_| ending())
}

/// The last dot of each epoch written to: who holds that holds all.
fn last_dots(placed: &[Result<Placed, RefusedCommit>]) -> Vec<String> {
    let mut last: std::collections::BTreeMap<_, Dot> = std::collections::BTreeMap::new();
    for placed in placed.iter().flatten() {
        let first = placed.first();
        last.insert(first.epoch, Dot { seq: first.seq + placed.rows as u64 - 1, ..first });
    }
    last.values().map(ToString::to_string).collect()
}

fn place_json(placed: &Result<Placed, RefusedCommit>) -> Json {
    match placed {
        Ok(placed) => {
            json!({ "first": placed.first().to_string(), "rows": placed.rows, "stamp": placed.stamp.to_string() })
        }
        Err(reason) => json!({ "refused": reason.to_string() }),
    }
}
