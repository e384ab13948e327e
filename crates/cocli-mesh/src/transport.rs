//! The libp2p stack with every size set, and its listeners.
//!
//! QUIC v1 with TLS 1.3; beside it TCP without Nagle, Noise and Yamux. What a peer
//! may make us hold unread is bounded by windows: nothing here relies on defaults.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::{NonZeroU8, NonZeroUsize};
use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::{Swarm, SwarmBuilder, TransportError, noise, quic, swarm, tcp, yamux};

use crate::address::multiaddr;
use crate::config::Roads;
use crate::error::MeshError;
use crate::event::Via;
use crate::limits::{ADDRESSES_MAX, Limits};
use crate::protocol::Protocol;

/// Unread bytes of one QUIC stream.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
/// Unread bytes of one QUIC connection: the three streams of a session at their
/// windows, and room, so that a lane nobody reads cannot hold up the others.
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// Streams a peer may have open at once on a QUIC connection.
const QUIC_STREAMS_MAX: u32 = 8;
/// Yamux lets a connection hold 1 GiB unread and reserves 256 KiB of it for each
/// of this many streams; only what is left over can be won by tuning, which a
/// peer can trick with late pings. 4,080 leave 4 MiB. How many streams are
/// really accepted is bounded by the handler.
const YAMUX_STREAMS_RESERVED: usize = 4_080;
/// Inbound streams whose name is being agreed on, per connection.
const NEGOTIATING_STREAMS_MAX: usize = 4;
/// Events between a connection's task and the driver, each way.
const TASK_BUFFER: usize = 8;
/// How often a free port is looked for that is free for both UDP and TCP.
const PORT_TRIES: usize = 16;
/// Our own pings keep a session alive, so QUIC's are out of the way.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
const LISTEN_BACKLOG: u32 = 128;

/// A swarm that neither listens nor dials yet. Needs a tokio runtime.
pub(crate) fn build(keypair: Keypair, limits: &Limits) -> Result<Swarm<Protocol>, MeshError> {
    let attempt = Duration::from_millis(limits.attempt_ms);
    let tcp = tcp::Config::new().nodelay(true).listen_backlog(LISTEN_BACKLOG);
    let built = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(tcp, noise::Config::new, yamux_config)
        .map_err(|error| MeshError::Transport { reason: error.to_string() })?
        .with_quic_config(|config| quic_config(config, limits))
        .with_behaviour(|_| Ok::<_, Infallible>(Protocol::default()).map_err(|never| match never {}))
        .map_err(|error| MeshError::Transport { reason: error.to_string() })?
        .with_swarm_config(swarm_config)
        .with_connection_timeout(attempt)
        .build();
    Ok(built)
}

fn yamux_config() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(YAMUX_STREAMS_RESERVED);
    config
}

fn quic_config(mut config: quic::Config, limits: &Limits) -> quic::Config {
    config.handshake_timeout = Duration::from_millis(limits.attempt_ms);
    config.max_idle_timeout = u32::try_from(limits.silence_ms).unwrap_or(u32::MAX);
    config.keep_alive_interval = NEVER;
    config.max_concurrent_stream_limit = QUIC_STREAMS_MAX;
    config.max_stream_data = STREAM_WINDOW_BYTES;
    config.max_connection_data = CONNECTION_WINDOW_BYTES;
    config
}

fn swarm_config(config: swarm::Config) -> swarm::Config {
    let addresses = u8::try_from(ADDRESSES_MAX).ok().and_then(NonZeroU8::new);
    config
        .with_idle_connection_timeout(NEVER)
        .with_max_negotiating_inbound_streams(NEGOTIATING_STREAMS_MAX)
        .with_per_connection_event_buffer_size(TASK_BUFFER)
        .with_notify_handler_buffer_size(NonZeroUsize::new(TASK_BUFFER).expect("8 is not zero"))
        .with_dial_concurrency_factor(addresses.expect("16 fits a byte and is not zero"))
}

/// Listens on all addresses over the given roads; the addresses with their ports.
pub(crate) fn listen(
    swarm: &mut Swarm<Protocol>,
    addresses: &[SocketAddr],
    roads: Roads,
) -> Result<Vec<SocketAddr>, MeshError> {
    let listen_one = |address: &SocketAddr| {
        let listened = match address.port() {
            0 => listen_anywhere(swarm, *address, roads),
            _ => listen_at(swarm, *address, roads),
        };
        listened.map_err(|source| MeshError::Listen { address: *address, source })
    };
    addresses.iter().map(listen_one).collect()
}

/// Finds a port that is free for every road.
fn listen_anywhere(swarm: &mut Swarm<Protocol>, address: SocketAddr, roads: Roads) -> io::Result<SocketAddr> {
    let mut outcome = Err(io::ErrorKind::AddrInUse.into());
    for _ in 0..PORT_TRIES {
        let free = TcpListener::bind(address)?.local_addr()?;
        outcome = listen_at(swarm, free, roads);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn listen_at(swarm: &mut Swarm<Protocol>, address: SocketAddr, roads: Roads) -> io::Result<SocketAddr> {
    let mut done = Vec::new();
    let wanted = [(Via::Quic, roads.quic()), (Via::Tcp, roads.tcp())];
    for (via, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
        match swarm.listen_on(multiaddr(address, via)) {
            Ok(listener) => done.push(listener),
            Err(error) => {
                // Half a listener helps nobody: members dial one address by both roads.
                for listener in done {
                    swarm.remove_listener(listener);
                }
                return Err(match error {
                    TransportError::Other(error) => error,
                    TransportError::MultiaddrNotSupported(_) => io::ErrorKind::Unsupported.into(),
                });
            }
        }
    }
    Ok(address)
}
