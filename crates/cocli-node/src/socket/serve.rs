//! The daemon's side: reads requests, hands them on, writes answers.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::path::ShortName;
use super::request::{Answer, Code, Failure, Request};
use super::{CLIENTS_MAX, LINE_BYTES_MAX};

/// How long a client may take to say what it wants, and to read the answer.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);

/// A request, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Clients that are being served, each with a place.
pub(crate) struct Clients(Arc<Semaphore>);

impl Clients {
    /// Waits until everybody has an answer, or has taken too long to read it. Nobody new is
    /// served once requests go nowhere.
    pub(crate) async fn answered(self) {
        // The places are never closed, so what fails is time.
        if timeout(CLIENT_PATIENCE, self.0.acquire_many(CLIENTS_MAX)).await.is_err() {
            tracing::debug!("some local clients did not read their answers");
        }
    }
}

/// Opens the socket in place of one that a dead daemon left; `daemon.lock` is held.
/// Requests go to `asked` until it is closed. Must run within a tokio runtime.
pub(crate) fn listen(path: &Path, asked: mpsc::Sender<Asked>) -> io::Result<Clients> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let name = ShortName::of(path)?;
    let listener = UnixListener::bind(&name.path)?;
    // The folder is the owner's alone; this keeps it so where it is not.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    let places = Arc::new(Semaphore::new(CLIENTS_MAX as usize));
    tokio::spawn(accept(listener, asked, Arc::clone(&places)));
    Ok(Clients(places))
}

async fn accept(listener: UnixListener, asked: mpsc::Sender<Asked>, places: Arc<Semaphore>) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = asked.closed() => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let asked = asked.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, asked).await {
                tracing::debug!(%error, "a local client went away");
            }
            drop(place);
        });
    }
}

async fn serve(mut stream: UnixStream, asked: mpsc::Sender<Asked>) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(LINE_BYTES_MAX as u64));
    timeout(CLIENT_PATIENCE, reader.read_line(&mut line)).await??;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => hand_on(request, asked).await,
        Err(error) => Failure::new(Code::Invalid, format!("not a request: {error}")).into(),
    };
    timeout(CLIENT_PATIENCE, write.write_all(answer.to_line().as_bytes())).await?
}

async fn hand_on(request: Request, asked: mpsc::Sender<Asked>) -> Answer {
    let ending = || Failure::new(Code::Ending, "the daemon is ending").into();
    let (reply, answer) = oneshot::channel();
    if asked.send(Asked { request, reply }).await.is_err() {
        return ending();
    }
    answer.await.unwrap_or_else(|_| ending())
}
