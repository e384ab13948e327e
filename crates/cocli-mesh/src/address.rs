//! Between socket addresses and keys, which this crate speaks, and libp2p's
//! multiaddresses and peer ids, which stay inside it.

use std::net::{IpAddr, SocketAddr};

use libp2p::identity::{PublicKey, ed25519};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::{PeerId, core::ConnectedPoint};

use crate::event::Via;
use crate::key::PeerKey;

/// The multihash code of a key that is not hashed but spelled out, as Ed25519
/// keys are in peer ids.
const IDENTITY_CODE: u64 = 0;

/// Where to listen or dial over one road.
pub(crate) fn multiaddr(address: SocketAddr, via: Via) -> Multiaddr {
    let start = Multiaddr::empty().with(match address.ip() {
        IpAddr::V4(ip) => Protocol::Ip4(ip),
        IpAddr::V6(ip) => Protocol::Ip6(ip),
    });
    match via {
        Via::Quic => start.with(Protocol::Udp(address.port())).with(Protocol::QuicV1),
        Via::Tcp => start.with(Protocol::Tcp(address.port())),
    }
}

/// The address and road of a multiaddress that starts as ours do.
pub(crate) fn socket_addr(multiaddr: &Multiaddr) -> Option<(SocketAddr, Via)> {
    let mut parts = multiaddr.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Udp(port) => Some((SocketAddr::new(ip, port), Via::Quic)),
        Protocol::Tcp(port) => Some((SocketAddr::new(ip, port), Via::Tcp)),
        _ => None,
    }
}

/// The other end of a connection.
pub(crate) fn remote(endpoint: &ConnectedPoint) -> Option<(SocketAddr, Via)> {
    socket_addr(endpoint.get_remote_address())
}

/// The peer id of a key; `None` if it is no Ed25519 key.
pub(crate) fn peer_id(key: &PeerKey) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&key.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// The Ed25519 key inside a peer id; other kinds of keys have none.
pub(crate) fn peer_key(id: &PeerId) -> Option<PeerKey> {
    let hash = id.as_ref();
    if hash.code() != IDENTITY_CODE {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(hash.digest()).ok()?;
    Some(PeerKey(key.try_into_ed25519().ok()?.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::public_key;

    #[test]
    fn addresses_and_keys_come_back() {
        for text in ["127.0.0.1:9", "[::1]:65535", "10.0.0.1:0"] {
            for via in [Via::Quic, Via::Tcp] {
                let address = text.parse().unwrap();
                assert_eq!(socket_addr(&multiaddr(address, via)), Some((address, via)), "{text}");
            }
        }
        assert_eq!(socket_addr(&Multiaddr::empty()), None);
        let key = public_key(&[3; 32]);
        assert_eq!(peer_key(&peer_id(&key).unwrap()), Some(key));
        assert_eq!(
            peer_key(&PeerId::from_bytes(&[0x12, 32].into_iter().chain([7; 32]).collect::<Vec<_>>()).unwrap()),
            None
        );
    }

    #[test]
    fn peer_ids_are_ordered_as_keys_are() {
        let mut keys: Vec<_> = (0..20).map(|seed| public_key(&[seed; 32])).collect();
        keys.sort();
        assert!(keys.is_sorted_by_key(|key| peer_id(key).unwrap()));
    }
}
