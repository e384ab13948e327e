//! Failures of the daemon, and of asking it.

use cocli_node::RunError;
use cocli_node::socket::{AskError, Code};

use super::folder::marker_failure;
use crate::failure::Failure;

impl From<AskError> for Failure {
    fn from(error: AskError) -> Failure {
        match &error {
            AskError::Refused(refused) if refused.code == Code::Timeout => Failure::of("E0602", 6, &error)
                .hint("it is safe on this machine and travels by itself; see: cocli sync status"),
            AskError::NoDaemon => Failure::of("E0601", 6, &error).hint("start it with: cocli node run"),
            _ => Failure::of("E0603", 6, &error),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Marker(error) => marker_failure(&error),
            RunError::Folder(error) => error.into(),
            RunError::Running(_) => Failure::of("E0604", 4, &error).hint("it is in use; see: cocli status"),
            error => Failure::of("E0605", 1, &error),
        }
    }
}
