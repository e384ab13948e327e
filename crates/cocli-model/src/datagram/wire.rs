//! The wire form of a datagram: `{"b": header, "g": signature, "r": rows, "s": salt}`
//! in deterministic CBOR, every column as text (FORMATS A6, 24).
//!
//! A datagram whose last row is erased carries that row's stamp as `"t"`, because
//! nothing else on the wire would tell it.

mod decode;
mod encode;
mod size;

use super::{DATAGRAM_BYTES_MAX, Datagram, DatagramError};

impl Datagram {
    /// Reads a wire form. Refused is what is too large, breaks a rule of the format,
    /// or is not exactly what [`Datagram::to_wire`] writes. The signature is *not*
    /// checked here: see [`Datagram::verify`].
    pub fn from_wire(bytes: &[u8]) -> Result<Datagram, DatagramError> {
        if bytes.len() > DATAGRAM_BYTES_MAX {
            return Err(DatagramError::TooLarge(bytes.len()));
        }
        let datagram = decode::datagram(bytes)?;
        // Every part was read in its place and prints back as it was read, and the
        // canonical form is the one with the shortest heads: equal length, equal bytes.
        if datagram.wire_bytes() != bytes.len() {
            return Err(DatagramError::Wire("not the canonical form".to_owned()));
        }
        Ok(datagram)
    }
}
