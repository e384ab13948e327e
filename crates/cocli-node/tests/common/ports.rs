//! Ports that a test has to itself until its process ends.
//!
//! - They lie below those that systems give to outgoing connections and to listeners that
//!   ask for any port, so nobody gets one by chance while its daemon is down.
//! - A locked file holds each, so no other test process takes it. A process that dies
//!   lets go of its locks.

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::Mutex;

/// Where ports are taken from: Linux gives from 32,768 on, other systems later.
const PORTS: Range<u16> = 10_240..32_768;

/// The locks of this process.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port on loopback that is free for TCP and UDP, and stays this process's.
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("cocli-test-ports");
    std::fs::create_dir_all(&folder).unwrap();
    let mut held = HELD.lock().unwrap();
    // Processes begin apart, so that few ask for the same port.
    let count = PORTS.len();
    let begin = (std::process::id() as usize).wrapping_mul(61) % count;
    for step in 0..count {
        let port = PORTS.start + u16::try_from((begin + step) % count).unwrap();
        let lock =
            File::options().create(true).truncate(false).write(true).open(folder.join(port.to_string())).unwrap();
        let address = ("127.0.0.1", port);
        if lock.try_lock().is_ok() && TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            held.push(lock);
            return port;
        }
    }
    panic!("all of {count} ports are in use");
}
