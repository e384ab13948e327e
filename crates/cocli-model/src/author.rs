//! Who writes a journal, and into which environment: columns 2 and 4 of every row.

use std::fmt;
use std::str::FromStr;

use crate::node::{NodeError, NodeId, NodeName};

/// Column 2: `name~id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Author {
    /// The node's label, fixed for an epoch.
    pub name: NodeName,
    /// The node.
    pub id: NodeId,
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.name, self.id)
    }
}

impl FromStr for Author {
    type Err = NodeError;
    fn from_str(text: &str) -> Result<Author, NodeError> {
        let (name, id) = text.split_once('~').unwrap_or((text, ""));
        Ok(Author { name: name.parse()?, id: id.parse()? })
    }
}

/// Column 4: which world a folder belongs to. One per folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// The real data.
    #[default]
    Prod,
    /// Development.
    Dev,
    /// Acceptance.
    Uat,
    /// Tests.
    Test,
}

impl Environment {
    const ALL: [Environment; 4] = [Environment::Prod, Environment::Dev, Environment::Uat, Environment::Test];

    /// The word in column 4.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Environment::Prod => "prod",
            Environment::Dev => "dev",
            Environment::Uat => "uat",
            Environment::Test => "test",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an environment: prod, dev, uat or test")]
pub struct EnvironmentError(String);

impl FromStr for Environment {
    type Err = EnvironmentError;
    fn from_str(text: &str) -> Result<Environment, EnvironmentError> {
        let found = Environment::ALL.into_iter().find(|environment| environment.word() == text);
        found.ok_or_else(|| EnvironmentError(text.chars().take(64).collect()))
    }
}
