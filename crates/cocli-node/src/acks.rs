//! Clients that wait until records are as safe as they asked for.
//!
//! At most [`WAITING_MAX`] wait; one more is refused. A client is answered when it is so,
//! or when its time is over.

use cocli_model::Dot;
use tokio::sync::oneshot;

use crate::socket::{Answer, Code, Failure};

/// Clients that may wait; more than there are places at the socket.
pub(crate) const WAITING_MAX: usize = 1_024;

/// One client.
#[derive(Debug)]
struct Client {
    dots: Vec<Dot>,
    /// How many nodes must hold each.
    wanted: usize,
    deadline_ms: u64,
    reply: oneshot::Sender<Answer>,
}

/// All who wait.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    clients: Vec<Client>,
}

impl Acks {
    pub(crate) fn wait(&mut self, dots: Vec<Dot>, wanted: usize, deadline_ms: u64, reply: oneshot::Sender<Answer>) {
        if self.clients.len() >= WAITING_MAX {
            let failure = Failure::new(Code::Refused, format!("{WAITING_MAX} clients wait already"));
            // A client that went away needs no answer.
            let _ = reply.send(failure.into());
            return;
        }
        self.clients.push(Client { dots, wanted, deadline_ms, reply });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// When the first client's time is over.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        self.clients.iter().map(|client| client.deadline_ms).min()
    }

    /// Answers whom it can; `holders` tells how many nodes hold a record, durable.
    pub(crate) fn settle(&mut self, now_ms: u64, holders: impl Fn(&Dot) -> usize) {
        let mut index = 0;
        while index < self.clients.len() {
            let client = &self.clients[index];
            let least = client.dots.iter().map(&holders).min().unwrap_or(usize::MAX);
            let answer = if least >= client.wanted {
                Answer::of(serde_json::json!({ "holders": least, "wanted": client.wanted }))
            } else if now_ms >= client.deadline_ms || client.reply.is_closed() {
                let wanted = client.wanted;
                Failure::new(
                    Code::Timeout,
                    format!("{least} of {wanted} nodes hold it so far; it is safe here and will spread"),
                )
                .into()
            } else {
                index += 1;
                continue;
            };
            let client = self.clients.swap_remove(index);
            // A client that went away needs no answer.
            let _ = client.reply.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_answered_when_enough_hold_it_or_its_time_is_over() {
        let dot: Dot = "abcdefghijkl.abcdefgh.7".parse().unwrap();
        // name, holders, time, answered, well
        let cases = [
            ("too few, in time", 1, 5, false, false),
            ("enough", 2, 5, true, true),
            ("enough, late", 3, 11, true, true),
            ("too few, late", 1, 10, true, false),
        ];
        for (name, holders, now_ms, answered, well) in cases {
            let (reply, mut answer) = oneshot::channel();
            let mut acks = Acks::default();
            acks.wait(vec![dot], 2, 10, reply);
            acks.settle(now_ms, |_| holders);
            assert_eq!(acks.is_empty(), answered, "{name}");
            let got = answer.try_recv().ok();
            assert_eq!(got.is_some(), answered, "{name}");
            assert_eq!(got.is_some_and(|Answer(answer)| answer.is_ok()), well, "{name}");
        }
    }
}
