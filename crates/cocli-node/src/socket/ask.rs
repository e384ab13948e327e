//! The client: blocking, for commands that have nothing else to do.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use super::LINE_BYTES_MAX;
use super::path::ShortName;
use super::request::{Answer, Failure, Request};

/// How long an answer may take beyond what the request itself waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer, or not the one hoped for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nobody listens: no daemon runs on this folder.
    #[error("no daemon is running for this folder")]
    NoDaemon,
    /// The daemon refused.
    #[error("{}", .0.message)]
    Refused(Failure),
    /// The connection failed, or nobody answered in time.
    #[error("ask the daemon at {}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What came is no answer.
    #[error("the daemon at {} answers in words of another version", path.display())]
    Garbled {
        /// The socket.
        path: PathBuf,
    },
}

/// Asks the daemon behind the socket at `path` and waits for its answer.
///
/// # Errors
/// See [`AskError`].
pub fn ask(path: &Path, request: &Request) -> Result<Json, AskError> {
    let failed = |source| AskError::Io { path: path.to_owned(), source };
    let stream = match ShortName::of(path).and_then(|name| UnixStream::connect(&name.path)) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Err(AskError::NoDaemon);
        }
        stream => stream.map_err(failed)?,
    };
    let line = exchange(&stream, request).map_err(failed)?;
    match Answer::from_line(&line) {
        Some(Answer(answer)) => answer.map_err(AskError::Refused),
        None if line.is_empty() => Err(failed(io::ErrorKind::UnexpectedEof.into())),
        None => Err(AskError::Garbled { path: path.to_owned() }),
    }
}

fn exchange(mut stream: &UnixStream, request: &Request) -> io::Result<String> {
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(line.as_bytes())?;
    stream.set_read_timeout(Some(PATIENCE + wait_of(request)))?;
    let mut answer = String::new();
    BufReader::new(stream.take(LINE_BYTES_MAX as u64)).read_line(&mut answer)?;
    Ok(answer)
}

/// How long the request itself asks the daemon to wait.
fn wait_of(request: &Request) -> Duration {
    match request {
        Request::Write { timeout_ms, .. } | Request::AwaitAck { timeout_ms, .. } => Duration::from_millis(*timeout_ms),
        _ => Duration::ZERO,
    }
}
