//! From the typed errors of the crates below to codes, exits and hints.

use std::io;

use cocli_crm::FolderError;
use cocli_crm::company::CompanyError;
use cocli_crm::conflict::ConflictError;
use cocli_crm::fields::FieldRefused;
use cocli_crm::folder::{CommitError, InitError, Unplanned};
use cocli_crm::home::HomeError;
use cocli_crm::import::ImportError;
use cocli_crm::key::KeyError;
use cocli_crm::marker::MarkerError;
use cocli_crm::note::NoteError;
use cocli_crm::resolve::ResolveError;
use cocli_crm::roster::RosterError;
use cocli_crm::scratch::ScratchError;
use cocli_crm::undo::UndoError;
use cocli_journal::AppendError;
use cocli_node::RunError;
use cocli_node::socket::{AskError, Code};
use cocli_replica::fold::WriteError;
use cocli_store::StateError;

use super::{BROKEN_PIPE, Failure};

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
            FolderError::Writer(_) | FolderError::Append(AppendError::Lock(_)) | FolderError::Journal(_) => {
                Failure::of("E0301", 4, &error).hint("nothing was written; try again when it is done")
            }
            FolderError::Append(AppendError::DiskFull { .. }) => {
                Failure::of("E0302", 1, &error).hint("nothing was written; make room and try again")
            }
            FolderError::Append(_) => Failure::of("E0305", 1, &error),
            FolderError::State(StateError::Busy) => Failure::of("E0301", 4, &error).hint("try again when it is done"),
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

fn marker_failure(error: &MarkerError) -> Failure {
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

impl From<RosterError> for Failure {
    fn from(error: RosterError) -> Failure {
        roster_failure(&error)
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

impl<E: Into<Failure>> From<CommitError<E>> for Failure {
    fn from(error: CommitError<E>) -> Failure {
        match error {
            CommitError::Plan(error) => error.into(),
            CommitError::Folder(error) => error.into(),
            CommitError::Refused(reason) => Failure::of("E0306", 1, &reason).hint("write less in one command"),
            error => Failure::new("E0306", 1, error.to_string_or_unknown()),
        }
    }
}

/// Words for a kind of failure that this version does not know.
trait OrUnknown {
    fn to_string_or_unknown(&self) -> String;
}

impl<E> OrUnknown for CommitError<E> {
    fn to_string_or_unknown(&self) -> String {
        "the records cannot be written".to_owned()
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Failure {
        match &error {
            ResolveError::NotFound { .. } => Failure::of("E0404", 3, &error).hint("list them with: cocli company ls"),
            ResolveError::Ambiguous { candidates, .. } => {
                let failure = Failure::of("E0405", 2, &error);
                candidates.iter().fold(failure, |failure, candidate| failure.hint(candidate))
            }
            ResolveError::Hidden { slug } => {
                Failure::of("E0413", 4, &error).hint(format!("bring it back with: cocli restore {slug}"))
            }
            _ => Failure::of("E0304", 1, &error),
        }
    }
}

impl From<FieldRefused> for Failure {
    fn from(error: FieldRefused) -> Failure {
        let code = if matches!(error, FieldRefused::TooLarge { .. }) { "E0407" } else { "E0408" };
        Failure::of(code, 2, &error)
    }
}

impl From<Unplanned> for Failure {
    fn from(error: Unplanned) -> Failure {
        match &error {
            WriteError::EmptiesIdentity(field, _) => {
                Failure::new("E0409", 4, format!("{field} identifies a company and cannot be emptied"))
            }
            WriteError::TooMuchToName { .. } => {
                Failure::of("E0412", 4, &error).hint("decide what is open first: cocli conflicts show")
            }
            _ => Failure::of("E0304", 1, &error),
        }
    }
}

impl From<CompanyError> for Failure {
    fn from(error: CompanyError) -> Failure {
        match error {
            CompanyError::DuplicateDomain { ref slug, .. } => Failure::of("E0410", 4, &error)
                .hint(format!("use `cocli company set {slug} ...` to change it, or --allow-duplicate")),
            CompanyError::SlugTaken { ref slug } => Failure::of("E0411", 4, &error)
                .hint(format!("use `cocli company set {slug} ...` to change it, or --slug NAME if it is another firm")),
            CompanyError::Deleted { ref slug } => Failure::of("E0413", 4, &error)
                .hint(format!("bring it back with: cocli restore {slug}   (or choose another --slug)")),
            CompanyError::NotDeleted { .. } => Failure::of("E0414", 4, &error),
            CompanyError::NoName => Failure::of("E0409", 4, &error),
            CompanyError::Resolve(error) => error.into(),
            CompanyError::Field(error) => error.into(),
            CompanyError::Write(error) => error.into(),
            CompanyError::State(error) => error.into(),
            error => Failure::of("E0900", 1, &error),
        }
    }
}

impl From<NoteError> for Failure {
    fn from(error: NoteError) -> Failure {
        match error {
            NoteError::Empty => Failure::of("E0416", 2, &error),
            NoteError::TooLarge { .. } => Failure::of("E0407", 2, &error),
            NoteError::Resolve(error) => error.into(),
            NoteError::State(error) => error.into(),
            error => Failure::of("E0408", 2, &error),
        }
    }
}

impl From<ConflictError> for Failure {
    fn from(error: ConflictError) -> Failure {
        match error {
            ConflictError::None { .. } => Failure::of("E0415", 3, &error).hint("list them with: cocli conflicts ls"),
            ConflictError::NoVersion { .. } => {
                Failure::of("E0405", 2, &error).hint("see them with: cocli conflicts show")
            }
            ConflictError::Resolve(error) => error.into(),
            ConflictError::Field(error) => error.into(),
            ConflictError::Write(error) => error.into(),
            ConflictError::State(error) => error.into(),
            error => Failure::of("E0900", 1, &error),
        }
    }
}

impl From<UndoError> for Failure {
    fn from(error: UndoError) -> Failure {
        match error {
            UndoError::Nothing => Failure::of("E0406", 3, &error),
            UndoError::NotFound(_) => Failure::of("E0406", 3, &error).hint("list commits with: cocli log"),
            UndoError::Ambiguous(ref names) => {
                let failure = Failure::of("E0405", 2, &error);
                names.iter().fold(failure, |failure, name| failure.hint(name.to_string()))
            }
            UndoError::Write(error) => error.into(),
            UndoError::State(error) => error.into(),
            error => Failure::of("E0900", 1, &error),
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Failure {
        match error {
            ImportError::Columns(error) => Failure::of("E0420", 2, &error)
                .hint("the first line names the columns: name,domain,website,phone,city,state,country"),
            ImportError::State(error) => error.into(),
            error => Failure::of("E0420", 1, &error),
        }
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

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let code = if error.kind() == io::ErrorKind::BrokenPipe { BROKEN_PIPE } else { "E0900" };
        Failure::of(code, 1, &error)
    }
}
