//! Failures of the data folder itself.

use cocli_crm::FolderError;
use cocli_crm::folder::InitError;
use cocli_crm::home::HomeError;
use cocli_crm::key::KeyError;
use cocli_crm::marker::MarkerError;
use cocli_crm::roster::RosterError;
use cocli_crm::scratch::ScratchError;
use cocli_journal::AppendError;
use cocli_store::StateError;
use cocli_store::files::FilesError;

use crate::failure::Failure;

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Failure {
        Failure::of("E0206", 2, &error).hint("name the folder with --data-home DIR")
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Failure {
        match &error {
            FolderError::Marker(marker) => marker_failure(marker),
            FolderError::Key(key) => key_failure(key),
            FolderError::Roster(roster) => roster_failure(roster),
            FolderError::JournalsGone { .. } => Failure::of("E0303", 4, &error)
                .hint("mount the disk or put the journals back; to begin anew with what is there: cocli fold"),
            FolderError::Writer(_)
            | FolderError::Scanning(_)
            | FolderError::Append(AppendError::Lock(_))
            | FolderError::Journal(_) => {
                Failure::of("E0301", 4, &error).hint("nothing was written; try again when it is done")
            }
            FolderError::Adopting => Failure::of("E0516", 4, &error)
                .hint("wait for the cocli init that is at work, or go on with it: cocli init"),
            FolderError::Append(AppendError::DiskFull { .. }) => {
                Failure::of("E0302", 1, &error).hint("nothing was written; make room and try again")
            }
            FolderError::Append(_) => Failure::of("E0305", 1, &error),
            FolderError::State(StateError::Busy)
            | FolderError::Views(FilesError::Busy { .. } | FilesError::State(StateError::Busy)) => {
                Failure::of("E0301", 4, &error).hint("try again when it is done")
            }
            FolderError::State(StateError::Full) => Failure::of("E0302", 1, &error).hint("make room and try again"),
            _ => Failure::of("E0304", 1, &error).hint("what is folded can be made again: cocli fold"),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Failure {
        FolderError::from(error).into()
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Failure {
        match &error {
            InitError::Exists { .. } => Failure::of("E0205", 4, &error).hint("use it as it is: cocli status"),
            InitError::Marker(marker) => marker_failure(marker),
            InitError::Key(key) => key_failure(key),
            InitError::Roster(roster) => roster_failure(roster),
            _ => Failure::of("E0205", 1, &error),
        }
    }
}

impl From<RosterError> for Failure {
    fn from(error: RosterError) -> Failure {
        roster_failure(&error)
    }
}

impl From<ScratchError> for Failure {
    fn from(error: ScratchError) -> Failure {
        match &error {
            ScratchError::NotEmpty { .. } => Failure::of("E0205", 4, &error)
                .hint("name an empty folder with --data-home, and the journals with --wal"),
            _ => Failure::of("E0304", 1, &error),
        }
    }
}

pub(super) fn marker_failure(error: &MarkerError) -> Failure {
    match error {
        MarkerError::NoFolder(_) => {
            Failure::of("E0201", 3, error).hint("create one with: cocli init   (or mount the disk it is on)")
        }
        MarkerError::NoMarker(_) => {
            Failure::of("E0202", 4, error).hint("mount its disk; or make it a data folder with: cocli init")
        }
        error => Failure::of("E0202", 4, error).hint("put .cocli/folder.toml back from a copy of the folder"),
    }
}

fn key_failure(error: &KeyError) -> Failure {
    match error {
        KeyError::Missing(_) => Failure::of("E0203", 4, error)
            .hint("a folder that came from another machine gets its own node with: cocli node init"),
        error => Failure::of("E0203", 4, error),
    }
}

fn roster_failure(error: &RosterError) -> Failure {
    Failure::of("E0204", 4, error).hint("correct .cocli/cluster.toml, or copy it from another node")
}
