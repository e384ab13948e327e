//! Asking this folder's daemon, if one runs. Nothing but what needs it fails without it.

use cocli_crm::Folder;
use cocli_model::Dot;
use cocli_node::socket::{AskError, Level, Request, ask as ask_socket, socket_path};
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The daemon's answer; `None` if no daemon runs.
pub(crate) fn ask<T: DeserializeOwned>(folder: &Folder, request: &Request) -> Result<Option<T>, Failure> {
    match ask_socket(&socket_path(folder.place().state()), request) {
        Ok(answer) => serde_json::from_value(answer).map(Some).map_err(|error| {
            Failure::new("E0603", 6, format!("the daemon answers in words of another version: {error}"))
        }),
        Err(AskError::NoDaemon) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Refuses what `what` needs a daemon for, if none runs.
pub(crate) fn require(folder: &Folder, what: &str) -> Result<(), Failure> {
    match ask::<serde_json::Value>(folder, &Request::SyncStatus)? {
        Some(_) => Ok(()),
        None => Err(Failure::new("E0601", 6, format!("{what} needs the daemon, and none is running"))
            .hint("start it with: cocli node run")),
    }
}

/// Waits until a majority of the cluster holds everything up to `last`.
pub(crate) fn await_cluster(folder: &Folder, last: Dot, seconds: u64) -> Result<(), Failure> {
    let request = Request::AwaitAck {
        dots: vec![last.to_string()],
        level: Level::Cluster,
        timeout_ms: seconds.saturating_mul(1000),
    };
    match ask::<serde_json::Value>(folder, &request)? {
        Some(_) => Ok(()),
        None => Err(AskError::NoDaemon.into()),
    }
}
