//! Failures of what a command wanted from the folder.

use cocli_crm::conflict::ConflictError;
use cocli_crm::dates::{self, DateError};
use cocli_crm::entity::EntityError;
use cocli_crm::fields::FieldRefused;
use cocli_crm::folder::{CommitError, Unplanned};
use cocli_crm::hand::HandError;
use cocli_crm::import::ImportError;
use cocli_crm::meeting::MeetingError;
use cocli_crm::note::NoteError;
use cocli_crm::resolve::{Noun, ResolveError};
use cocli_crm::restore::RestoreError;
use cocli_crm::undo::UndoError;
use cocli_replica::fold::WriteError;

use crate::failure::Failure;
use crate::words;

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
            ResolveError::NotFound { noun, .. } => {
                let listed = match noun {
                    Noun::Company => "cocli company ls",
                    Noun::Person => "cocli person ls",
                    Noun::Any => "cocli company ls, cocli person ls",
                };
                Failure::of("E0404", 3, &error).hint(format!("list them with: {listed}"))
            }
            ResolveError::Ambiguous { candidates, .. } => {
                let failure = Failure::of("E0405", 2, &error);
                candidates.iter().fold(failure, |failure, candidate| failure.hint(candidate))
            }
            ResolveError::Hidden { target } => Failure::of("E0413", 4, &error)
                .hint(format!("bring it back with: cocli restore {}", words::slug_of(target))),
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
            WriteError::EmptiesIdentity(field, target) => {
                let noun = Noun::of(target).unwrap_or(Noun::Company).one();
                Failure::new("E0409", 4, format!("{field} identifies a {noun} and cannot be emptied"))
            }
            WriteError::TooMuchToName { .. } => {
                Failure::of("E0412", 4, &error).hint("decide what is open first: cocli conflicts show")
            }
            _ => Failure::of("E0304", 1, &error),
        }
    }
}

impl From<EntityError> for Failure {
    fn from(error: EntityError) -> Failure {
        match error {
            EntityError::Duplicate { noun, ref slug, .. } => Failure::of("E0410", 4, &error)
                .hint(format!("use `cocli {} set {slug} ...` to change it, or --allow-duplicate", noun.one())),
            EntityError::SlugTaken { noun, ref slug } => Failure::of("E0411", 4, &error).hint(format!(
                "use `cocli {} set {slug} ...` to change it, or --slug NAME if it is another",
                noun.one()
            )),
            EntityError::Deleted { ref slug, .. } => Failure::of("E0413", 4, &error)
                .hint(format!("bring it back with: cocli restore {slug}   (or choose another --slug)")),
            EntityError::NotDeleted { .. } => Failure::of("E0414", 4, &error),
            EntityError::NoName(_) => Failure::of("E0409", 4, &error),
            EntityError::Resolve(error) => error.into(),
            EntityError::Field(error) => error.into(),
            EntityError::Write(error) => error.into(),
            EntityError::State(error) => error.into(),
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

impl From<DateError> for Failure {
    fn from(error: DateError) -> Failure {
        let examples = if error.is_duration() { dates::DURATIONS } else { dates::EXAMPLES };
        Failure::of("E0207", 2, &error).hint(format!("examples: {examples}"))
    }
}

impl From<MeetingError> for Failure {
    fn from(error: MeetingError) -> Failure {
        match error {
            MeetingError::NoTitle => Failure::of("E0416", 2, &error).hint("give it one with --title"),
            MeetingError::Time => Failure::of("E0207", 2, &error),
            MeetingError::Field(error) => error.into(),
            MeetingError::Resolve(error) => error.into(),
            MeetingError::State(error) => error.into(),
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

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Failure {
        match error {
            RestoreError::NotYet { ref target } => Failure::of("E0417", 4, &error)
                .hint(format!("see when what was said: cocli history {}", words::slug_of(target))),
            RestoreError::TooMuch { .. } => Failure::of("E0418", 4, &error).hint("name one with --field"),
            RestoreError::Resolve(error) => error.into(),
            RestoreError::Field(error) => error.into(),
            RestoreError::Write(error) => error.into(),
            RestoreError::State(error) => error.into(),
            error => Failure::of("E0900", 1, &error),
        }
    }
}

impl From<HandError> for Failure {
    fn from(error: HandError) -> Failure {
        match error {
            HandError::TooMuchToName(_) => {
                Failure::of("E0412", 4, &error).hint("decide what is open first: cocli conflicts show")
            }
            HandError::State(error) => error.into(),
            error => Failure::of("E0515", 1, &error).hint("nothing of it is lost; try again"),
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
