//! Where a data folder and what belongs to it outside of it are (FORMATS A1).
//!
//! | what | where |
//! | --- | --- |
//! | data folder | `--data-home`, `COCLI_DATA_HOME`, else the platform's data folder |
//! | state of one folder | `<platform state>/cocli/<folder id>/`: key, last-seen mark, socket |
//! | cache of one folder | `<platform cache>/cocli/<folder id>/`: `state.db` |
//!
//! The platform's folders follow `XDG_DATA_HOME`, `XDG_STATE_HOME` and `XDG_CACHE_HOME`.
//! Nothing is made here, and nothing is read but the environment.

use std::env;
use std::path::{Path, PathBuf};

use cocli_journal::Place;
use cocli_model::Environment;
use cocli_store::FolderId;
use etcetera::BaseStrategy;

/// The variable that names the data folder.
pub const DATA_HOME: &str = "COCLI_DATA_HOME";
/// The variable that names the environment of a new folder.
pub const ENVIRONMENT: &str = "COCLI_ENV";

/// One data folder's place, and the platform's folders beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    state: PathBuf,
    cache: PathBuf,
}

/// Why no place was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// Neither a home folder nor the variables that stand in for it.
    #[error("this user has no home folder, and neither XDG_DATA_HOME nor {DATA_HOME} is set")]
    NoHome,
    /// `COCLI_ENV` holds another word.
    #[error("{ENVIRONMENT} is {0:?}; it takes prod, dev, uat or test")]
    Environment(String),
}

impl Home {
    /// A place whose folders are given, for tests and for whoever knows better.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>, state: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Home {
        Home { root: root.into(), state: state.into(), cache: cache.into() }
    }

    /// The place that the command line (`data_home`) and the environment name.
    ///
    /// # Errors
    /// [`HomeError::NoHome`], if a platform folder is needed and there is none.
    pub fn locate(data_home: Option<&Path>) -> Result<Home, HomeError> {
        let base = etcetera::choose_base_strategy().map_err(|_| HomeError::NoHome)?;
        let named = data_home.map(Path::to_owned).or_else(|| env::var_os(DATA_HOME).map(PathBuf::from));
        let root = match named.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => expanded(&path, base.home_dir()),
            None => base.data_dir().join("cocli").join(platform_name(environment_from_env()?)),
        };
        let state = base.state_dir().unwrap_or_else(|| base.data_dir().join("cocli-state"));
        Ok(Home { root, state: state.join("cocli"), cache: base.cache_dir().join("cocli") })
    }

    /// The data folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The two folders of a journal: the data folder, and the state folder of `id`.
    #[must_use]
    pub fn place(&self, id: FolderId) -> Place {
        Place::new(&self.root, self.state_of(id))
    }

    /// The state folder of a data folder: its key, its marks, its daemon's socket.
    #[must_use]
    pub fn state_of(&self, id: FolderId) -> PathBuf {
        self.state.join(id.to_string())
    }

    /// The folded state of a data folder.
    #[must_use]
    pub fn state_db(&self, id: FolderId) -> PathBuf {
        self.cache.join(id.to_string()).join("state.db")
    }
}

/// The environment that a new folder is made for: `COCLI_ENV`, else `prod`.
///
/// # Errors
/// [`HomeError::Environment`], if the variable holds another word.
pub fn environment_from_env() -> Result<Environment, HomeError> {
    match env::var(ENVIRONMENT) {
        Ok(word) if !word.is_empty() => word.parse().map_err(|_| HomeError::Environment(word)),
        _ => Ok(Environment::default()),
    }
}

/// `~/x` in the user's home, a relative path in the working folder. Links are followed
/// as far as the path exists, so that one folder has one name.
fn expanded(path: &Path, home: &Path) -> PathBuf {
    let path = path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest));
    path.canonicalize().or_else(|_| std::path::absolute(&path)).unwrap_or(path)
}

fn platform_name(environment: Environment) -> &'static str {
    match environment {
        Environment::Prod => "data",
        Environment::Dev => "data_dev",
        Environment::Uat => "data_uat",
        Environment::Test => "data_test",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_and_other_paths_are_made_absolute() {
        let home = Path::new("/home/kim");
        assert_eq!(expanded(Path::new("~/crm"), home), Path::new("/home/kim/crm"));
        assert_eq!(expanded(Path::new("/no/such/place"), home), Path::new("/no/such/place"));
        assert!(expanded(Path::new("no-such-place"), home).is_absolute());
    }

    #[test]
    fn each_folder_has_its_own_state_and_cache_outside_the_data_folder() {
        let home = Home::at("/data", "/state", "/cache");
        let id = FolderId::from_random([7; 16]);
        assert_eq!(home.place(id).state(), Path::new("/state").join(id.to_string()));
        assert!(home.state_db(id).starts_with("/cache"));
        assert_eq!(home.place(id).root(), Path::new("/data"));
    }
}
