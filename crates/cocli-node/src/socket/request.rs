//! What can be asked, and how answers look.

use cocli_model::author::{Author, Environment};
use cocli_model::record::Draft;
use cocli_model::row::{Row, row_text};
use cocli_model::{Epoch, Stamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::words::chain;

/// How safe a write is to be before it is answered (L1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It survives a power cut of this node.
    #[default]
    Local,
    /// A majority of the roster, at least one peer, holds it so.
    Cluster,
}

/// A record to be written: its row, without the place it will get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DraftText(String);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// How the daemon is: [`crate::status::Status`].
    Status,
    /// How far it and its peers are: [`crate::status::SyncStatus`].
    SyncStatus,
    /// Every member: [`crate::status::NodeList`].
    NodeLs,
    /// Appends commits; answers when they are as safe as asked for.
    Write {
        /// The commits, each of one or more records.
        commits: Vec<Vec<DraftText>>,
        /// How safe.
        #[serde(default)]
        level: Level,
        /// How long to wait for peers.
        #[serde(default)]
        timeout_ms: u64,
    },
    /// Waits until records of this node are as safe as asked for.
    AwaitAck {
        /// Their dots.
        dots: Vec<String>,
        /// How safe.
        level: Level,
        /// How long to wait.
        timeout_ms: u64,
    },
    /// Takes the roster from its file.
    ReloadRoster,
    /// Ends the daemon.
    Stop,
    /// Cuts a member off as if its cable were pulled, until it is let back or
    /// this daemon ends.
    BlockPeer {
        /// Its name or id.
        peer: String,
    },
    /// Lets it back.
    UnblockPeer {
        /// Its name or id.
        peer: String,
    },
}

/// Why a request was not fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// It is no request, or asks for what there is not.
    Invalid,
    /// The disk or the journal refused; nothing was written.
    Refused,
    /// Not within the time; what was written stays written.
    Timeout,
    /// The daemon is ending.
    Ending,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind.
    pub code: Code,
    /// For a person.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into() }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub Result<Json, Failure>);

impl Answer {
    /// What was asked for.
    pub fn of(value: impl Serialize) -> Answer {
        let json = serde_json::to_value(value);
        Answer(json.map_err(|error| Failure::new(Code::Refused, format!("no JSON: {error}"))))
    }

    /// The line that travels.
    #[must_use]
    pub fn to_line(&self) -> String {
        let json = match &self.0 {
            Ok(value) => serde_json::json!({ "ok": true, "answer": value }),
            Err(failure) => serde_json::json!({ "ok": false, "error": failure }),
        };
        format!("{json}\n")
    }

    /// Reads the line; `None` if it is no answer.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Answer> {
        let mut json: Json = serde_json::from_str(line).ok()?;
        if json["ok"] == Json::Bool(true) {
            return Some(Answer(Ok(json["answer"].take())));
        }
        serde_json::from_value(json["error"].take()).ok().map(|failure| Answer(Err(failure)))
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Answer {
        Answer(Err(failure))
    }
}

/// Whose row a draft travels in: nobody's, for its place is given by the journal.
fn nobody() -> (Author, Epoch) {
    let author = "draft~aaaaaaaaaaaa".parse().expect("a name and twelve base32 letters");
    (author, "aaaaaaaa".parse().expect("eight base32 letters"))
}

impl DraftText {
    /// A draft as text.
    #[must_use]
    pub fn of(draft: &Draft) -> DraftText {
        let (author, epoch) = nobody();
        DraftText(row_text(draft, Stamp::EPOCH, &author, Environment::Prod, epoch, 1))
    }

    /// The draft.
    ///
    /// # Errors
    /// The text is no row, or one of a later version.
    pub fn draft(&self) -> Result<Draft, String> {
        let row = Row::parse(&self.0, &nobody().0).map_err(|error| chain(&error))?;
        let record = row.record().map_err(ToString::to_string)?;
        Ok(record.draft.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cocli_model::field::{Field, Operator};
    use cocli_model::record::Cause;
    use cocli_model::{Context, Name, Origin, Rank, Target, Value};

    fn draft(value: &str, cause: Cause) -> Draft {
        Draft {
            campaign: "roadmap".into(),
            target: "companies/acme".parse::<Target>().unwrap(),
            field: Field::new("name", Operator::Set).unwrap(),
            value: Some(Value::string(value).unwrap()),
            cause,
            origin: Origin::of(Rank::Human),
        }
    }

    #[test]
    fn drafts_come_back() {
        let name: Name = "abcdefghijkl.abcdefgh.7.abcdef".parse().unwrap();
        let cases = [
            ("plain", draft("Acme", Cause::nothing(&Operator::Set))),
            ("beyond ASCII", draft("Müller 東京 🦀", Cause::nothing(&Operator::Set))),
            ("control characters", draft("a\u{1f}b\u{1e}c\nd", Cause::nothing(&Operator::Set))),
            ("with a context", draft("x", Cause::Names(Context::new(vec![name]).unwrap()))),
        ];
        for (what, draft) in cases {
            let line = serde_json::to_string(&DraftText::of(&draft)).unwrap();
            let read: DraftText = serde_json::from_str(&line).unwrap();
            assert_eq!(read.draft().unwrap(), draft, "{what}");
        }
        assert!(serde_json::from_str::<DraftText>("\"nonsense\"").unwrap().draft().is_err());
    }

    #[test]
    fn requests_are_read_as_written_and_nothing_else() {
        let ack = Request::AwaitAck { dots: vec!["a.b.1".to_owned()], level: Level::Cluster, timeout_ms: 5 };
        for request in [Request::Status, Request::Stop, ack, Request::BlockPeer { peer: "pi".to_owned() }] {
            let line = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request, "{line}");
        }
        for line in ["", "{}", "{\"do\":\"dance\"}", "[]", "{\"do\":\"write\"}", "{\"do\":\"await_ack\",\"dots\":1}"] {
            assert!(serde_json::from_str::<Request>(line).is_err(), "{line}");
        }
    }

    #[test]
    fn answers_are_read_as_written() {
        let failure = Failure::new(Code::Timeout, "too late");
        for answer in [Answer::of(serde_json::json!({"a": 1})), Answer(Err(failure))] {
            assert_eq!(Answer::from_line(&answer.to_line()), Some(answer));
        }
        assert_eq!(Answer::from_line("{}"), None);
    }
}
