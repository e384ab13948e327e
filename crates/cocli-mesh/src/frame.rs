//! Frames on a lane: a length as a big-endian u32, then that many bytes.
//!
//! - A length beyond [`FRAME_BYTES_MAX`] is refused from its four bytes alone.
//! - The buffer grows with bytes that arrived, never with a length that was claimed.
//!
//! Pure: bytes in, frames out. Nothing here knows a stream or a clock.

use bytes::Bytes;

use crate::limits::FRAME_BYTES_MAX;

/// The length prefix, in bytes.
pub(crate) const PREFIX_BYTES: usize = 4;
/// What one read asks for, and the buffer an idle lane keeps.
const READ_BYTES: usize = 16 * 1024;

/// A frame that claims more than [`FRAME_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong {
    pub(crate) claimed_bytes: u64,
}

/// Appends one frame to what will be written in one go.
pub(crate) fn encode(frame: &Bytes, out: &mut Vec<u8>) {
    let length = u32::try_from(frame.len()).expect("send() refuses frames beyond FRAME_BYTES_MAX");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(frame);
}

/// Cuts a stream of bytes into frames.
pub(crate) struct Deframer {
    /// Bytes `start..end` arrived and were not yet handed out.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Deframer {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; READ_BYTES], start: 0, end: 0 }
    }

    /// Room for the next read; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let grown = (self.buffer.len() * 2).min(PREFIX_BYTES + FRAME_BYTES_MAX);
            self.buffer.resize(grown.max(self.end + 1), 0);
        } else if self.end == 0 && self.buffer.len() > READ_BYTES {
            self.buffer = vec![0; READ_BYTES];
        }
        &mut self.buffer[self.end..]
    }

    /// Says that `count` bytes were read into [`Self::room`].
    pub(crate) fn filled(&mut self, count: usize) {
        self.end += count;
        assert!(self.end <= self.buffer.len(), "a read stays inside the room it was given");
    }

    /// The next whole frame, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let waiting = &self.buffer[self.start..self.end];
        let Some((prefix, rest)) = waiting.split_first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*prefix) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(TooLong { claimed_bytes: length as u64 });
        }
        let Some(frame) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = frame.to_vec();
        self.start += PREFIX_BYTES + length;
        Ok(Some(frame))
    }

    /// Whether a frame has begun and not ended.
    pub(crate) fn is_partial(&self) -> bool {
        self.start < self.end
    }

    #[cfg(test)]
    fn held_bytes(&self) -> usize {
        self.buffer.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds bytes in pieces of the given sizes, as a network would cut them.
    fn feed(stream: &[u8], cuts: &[usize]) -> Result<(Vec<Vec<u8>>, Deframer), TooLong> {
        let (mut deframer, mut frames, mut rest) = (Deframer::new(), vec![], stream);
        let mut cuts = cuts.iter().copied().chain(std::iter::repeat(usize::MAX));
        while !rest.is_empty() {
            let room = deframer.room();
            let cut = cuts.next().unwrap_or(1).clamp(1, rest.len().min(room.len()));
            room[..cut].copy_from_slice(&rest[..cut]);
            rest = &rest[cut..];
            deframer.filled(cut);
            while let Some(frame) = deframer.next()? {
                frames.push(frame);
            }
        }
        Ok((frames, deframer))
    }

    fn encoded(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut out = vec![];
        for frame in frames {
            encode(&Bytes::from(frame.clone()), &mut out);
        }
        out
    }

    #[test]
    fn r42_a_length_is_judged_before_its_bytes_come() {
        let max = FRAME_BYTES_MAX as u32;
        let cases = [
            ("empty frame", vec![0, 0, 0, 0], Ok(1), false),
            ("half a prefix", vec![0, 0, 0], Ok(0), true),
            ("the limit, no body yet", max.to_be_bytes().to_vec(), Ok(0), true),
            ("one past the limit", (max + 1).to_be_bytes().to_vec(), Err(max + 1), false),
            ("a gigabyte", (1u32 << 30).to_be_bytes().to_vec(), Err(1 << 30), false),
            ("all ones", vec![255; 4], Err(u32::MAX), false),
        ];
        for (name, bytes, want, partial) in cases {
            match (feed(&bytes, &[]), want) {
                (Ok((frames, deframer)), Ok(count)) => {
                    assert_eq!(frames.len(), count, "{name}");
                    assert_eq!(deframer.is_partial(), partial, "{name}");
                    assert_eq!(deframer.held_bytes(), READ_BYTES, "{name}: memory follows bytes");
                }
                (Err(error), Err(claimed)) => {
                    assert_eq!(error.claimed_bytes, u64::from(claimed), "{name}");
                }
                (got, _) => panic!("{name}: {:?}", got.map(|(frames, _)| frames)),
            }
        }
    }

    #[test]
    fn the_longest_frame_passes_and_its_memory_is_given_back() {
        let longest = vec![7; FRAME_BYTES_MAX];
        let (frames, mut deframer) = feed(&encoded(std::slice::from_ref(&longest)), &[]).unwrap();
        assert!(frames == [longest]);
        deframer.room();
        assert_eq!(deframer.held_bytes(), READ_BYTES);
    }

    proptest! {
        /// However the network cuts the stream, the same frames come out.
        #[test]
        fn cuts_do_not_matter(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..80),
            cuts in prop::collection::vec(1usize..700, 0..200),
        ) {
            let (got, deframer) = feed(&encoded(&frames), &cuts).unwrap();
            prop_assert_eq!(got, frames);
            prop_assert!(!deframer.is_partial());
        }

        /// Bytes from outside never panic and never make the buffer outgrow one frame.
        #[test]
        fn r42_any_bytes_keep_memory_bounded(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            if let Ok((_, deframer)) = feed(&bytes, &[]) {
                prop_assert!(deframer.held_bytes() <= PREFIX_BYTES + FRAME_BYTES_MAX);
            }
        }
    }
}
