//! A wire between two meshes that can be cut without a word: no reset, no
//! close, no answer ever again. What a pulled cable or a SIGKILL behind a dead
//! switch looks like from the other end.

use std::net::SocketAddr;

use cocli_mesh::Roads;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;

/// Forwards one address to another until it is cut.
pub struct Relay {
    /// Where to dial instead of the real address.
    pub address: SocketAddr,
    cut: watch::Sender<bool>,
}

impl Relay {
    /// A wire to `to` for one road.
    pub async fn start(to: SocketAddr, roads: Roads) -> Self {
        let (cut, is_cut) = watch::channel(false);
        let address = match roads {
            Roads::TcpOnly => {
                let listener = TcpListener::bind(super::loopback()).await.unwrap();
                let address = listener.local_addr().unwrap();
                tokio::spawn(forward_streams(listener, to, is_cut));
                address
            }
            Roads::QuicOnly | Roads::Both => {
                let front = UdpSocket::bind(super::loopback()).await.unwrap();
                let address = front.local_addr().unwrap();
                tokio::spawn(forward_packets(front, to, is_cut));
                address
            }
        };
        Self { address, cut }
    }

    /// Cuts the wire.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }
}

async fn forward_packets(front: UdpSocket, to: SocketAddr, is_cut: watch::Receiver<bool>) {
    let back = UdpSocket::bind(super::loopback()).await.unwrap();
    let (mut there, mut back_again) = ([0; 65_536], [0; 65_536]);
    let mut client = None;
    loop {
        tokio::select! {
            Ok((count, from)) = front.recv_from(&mut there) => {
                client = Some(from);
                let whole = !*is_cut.borrow();
                if whole {
                    back.send_to(&there[..count], to).await.unwrap();
                }
            }
            Ok((count, _)) = back.recv_from(&mut back_again) => {
                let whole = !*is_cut.borrow();
                if let (Some(client), true) = (client, whole) {
                    front.send_to(&back_again[..count], client).await.unwrap();
                }
            }
        }
    }
}

async fn forward_streams(listener: TcpListener, to: SocketAddr, is_cut: watch::Receiver<bool>) {
    while let Ok((mut front, _)) = listener.accept().await {
        let mut is_cut = is_cut.clone();
        tokio::spawn(async move {
            let mut back = TcpStream::connect(to).await.unwrap();
            tokio::select! {
                // An end that closes is passed on.
                _ = tokio::io::copy_bidirectional(&mut front, &mut back) => {}
                // Cut: both ends stay open and hear nothing more.
                () = cut_for_good(&mut is_cut) => std::future::pending().await,
            }
        });
    }
}

async fn cut_for_good(is_cut: &mut watch::Receiver<bool>) {
    // An error means that the test is over.
    let _ = is_cut.wait_for(|cut| *cut).await;
}
