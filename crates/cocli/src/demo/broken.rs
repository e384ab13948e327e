//! `DEMO_BREAK`: a promise broken on purpose, so that the demo is seen to notice.

use crate::failure::Failure;

/// What can be broken, as `cocli-node` knows it.
const KNOWN: [&str; 4] = ["push", "fsync", "merge", "conflict"];

/// What the environment asks to break. Refused where this build cannot: a demo that
/// passes must not be taken for one that failed to notice.
pub(super) fn asked() -> Result<Option<String>, Failure> {
    let asked = std::env::var_os("DEMO_BREAK").filter(|asked| !asked.is_empty());
    let Some(asked) = asked else { return Ok(None) };
    let asked = asked.to_string_lossy().into_owned();
    if !cfg!(feature = "dev") {
        return Err(refused(format!("DEMO_BREAK={asked}: this program was built without what breaks on purpose"))
            .hint("unset DEMO_BREAK; or build with: cargo build -p cocli --features dev"));
    }
    if !KNOWN.contains(&asked.as_str()) {
        return Err(refused(format!("DEMO_BREAK={asked}: nothing of this name can be broken"))
            .hint(format!("one of: {}", KNOWN.join(", "))));
    }
    Ok(Some(asked))
}

fn refused(words: String) -> Failure {
    Failure::new("E0802", 2, words)
}
