//! `DEMO_BREAK`: bugs on purpose, so that the demonstration is seen to fail.
//!
//! Only builds with the feature `dev` heed it; in all others [`Broken::from_env`] is a
//! constant and the compiler removes what depends on it.

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "dev"), allow(dead_code, reason = "but for `Nothing` never made without the feature"))]
pub(crate) enum Broken {
    /// Nothing.
    Nothing,
    /// Nothing is pushed, asked for or answered.
    Push,
    /// Writes are answered before anything is on the disk.
    Fsync,
    /// Of values that differ the wrong one is kept.
    Merge,
    /// Of values that differ the losing ones are dropped.
    Conflict,
}

impl Broken {
    /// What the environment asks for.
    #[cfg(feature = "dev")]
    pub(crate) fn from_env() -> Broken {
        match std::env::var("DEMO_BREAK").as_deref() {
            Ok("push") => Broken::Push,
            Ok("fsync") => Broken::Fsync,
            Ok("merge") => Broken::Merge,
            Ok("conflict") => Broken::Conflict,
            _ => Broken::Nothing,
        }
    }

    /// Nothing is ever broken on purpose in this build.
    #[cfg(not(feature = "dev"))]
    pub(crate) const fn from_env() -> Broken {
        Broken::Nothing
    }
}
