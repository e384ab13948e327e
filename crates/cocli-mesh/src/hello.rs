//! The first words on a connection, on a stream of their own, `/cocli/hello/1`.
//!
//! ```text
//! both sides   roster hash (32 bytes) · incarnation (u64, big-endian)
//! smaller key  0x01 = this connection is the session
//! then both    0x02 = ping · 0x03 = pong, for as long as the session lives
//! ```
//!
//! - Nobody sends a frame before it has seen the other's roster hash.
//! - Sides whose hashes differ both learn both, and wait for each other to have
//!   read before either closes.
//! - The incarnation is drawn when a process starts; it tells a peer that came
//!   back from one that dials twice.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// The session is this connection.
pub(crate) const CHOSEN: u8 = 1;
/// Are you there?
pub(crate) const PING: u8 = 2;
/// I am.
pub(crate) const PONG: u8 = 3;

/// How long to wait until the other side has read our hash before closing.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);
const HELLO_BYTES: usize = 40;

/// What each side says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) roster_hash: [u8; 32],
    pub(crate) incarnation: u64,
}

impl Hello {
    fn encode(self) -> [u8; HELLO_BYTES] {
        let mut out = [0; HELLO_BYTES];
        out[..32].copy_from_slice(&self.roster_hash);
        out[32..].copy_from_slice(&self.incarnation.to_be_bytes());
        out
    }

    fn decode(bytes: &[u8; HELLO_BYTES]) -> Self {
        let (hash, incarnation) = bytes.split_first_chunk().expect("40 bytes hold a hash");
        let incarnation = incarnation.try_into().expect("8 bytes are left");
        Self { roster_hash: *hash, incarnation: u64::from_be_bytes(incarnation) }
    }
}

/// Says ours and hears theirs.
pub(crate) async fn greet<S>(stream: &mut S, ours: Hello) -> io::Result<Hello>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&ours.encode()).await?;
    stream.flush().await?;
    let mut theirs = [0; HELLO_BYTES];
    stream.read_exact(&mut theirs).await?;
    Ok(Hello::decode(&theirs))
}

/// Waits until the deciding side says that this connection is the session.
pub(crate) async fn await_choice<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + Unpin,
{
    let mut word = [0];
    stream.read_exact(&mut word).await?;
    if word == [CHOSEN] { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Ends a stream so that the other side has read all before the connection goes.
pub(crate) async fn last_words<S>(mut stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let both_done = async {
        stream.close().await?;
        // Whatever still comes is not for us; the end is what matters.
        stream.read(&mut [0]).await
    };
    // Late or broken, the connection is closed next in any case.
    let _ = timeout(LAST_WORDS_MAX, both_done).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_comes_back() {
        let hello = Hello { roster_hash: [0xab; 32], incarnation: 0x0102_0304_0506_0708 };
        let bytes = hello.encode();
        assert_eq!(bytes[..33], [[0xab; 32].as_slice(), &[1]].concat()[..]);
        assert_eq!(Hello::decode(&bytes), hello);
    }
}
