//! Logs: words for people on stderr, as much as `COCLI_LOG` asks for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// The variable that says how much is logged: `debug`, or `info,cocli_mesh=debug`.
pub const LOG: &str = "COCLI_LOG";
/// What is logged if nothing is said. The libraries below speak of their own affairs.
const DEFAULT: &str = "info,libp2p=warn,quinn=warn,yamux=warn";

/// Starts logging, once for a process; a second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let logs = logs.with_ansi(std::io::stderr().is_terminal());
    // Somebody who has set up logs before knows better.
    let _ = logs.try_init();
}
