//! Failures of what a command wanted from the folder.

use cocli_crm::company::CompanyError;
use cocli_crm::conflict::ConflictError;
use cocli_crm::fields::FieldRefused;
use cocli_crm::folder::{CommitError, Unplanned};
use cocli_crm::import::ImportError;
use cocli_crm::note::NoteError;
use cocli_crm::resolve::ResolveError;
use cocli_crm::undo::UndoError;
use cocli_replica::fold::WriteError;

use crate::failure::Failure;

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
