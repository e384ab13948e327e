//! Making datagrams: from drafts under a key, from rows and a seal, and the rules that
//! span rows.

use data_encoding::BASE64URL_NOPAD;

use super::{DATAGRAM_BYTES_MAX, Datagram, DatagramError, Header, ROWS_MAX, StoredRow};
use crate::cid::Cid;
use crate::dot::SEQ_MAX;
use crate::key::SigningKey;
use crate::record::Draft;
use crate::row::Row;
use crate::seal::{RowKeys, Salt, Seal, commitment, sign};
use crate::stamp::Stamp;

/// What an erased row's text starts with.
pub const ERASED: &str = "#erased ";

pub(super) fn erased_text(commitment: &[u8; 32]) -> String {
    format!("{ERASED}{}", BASE64URL_NOPAD.encode(commitment))
}

fn shape(reason: impl Into<String>) -> DatagramError {
    DatagramError::Shape(reason.into())
}

impl Datagram {
    /// Seals commits, each with the stamp its rows share.
    ///
    /// `salt` comes from the system's random source and is never used twice. Refused
    /// is what breaks the format: no row or over [`ROWS_MAX`], over
    /// [`DATAGRAM_BYTES_MAX`], stamps that do not rise, two UTC dates, a user's `seal`.
    pub fn seal(
        header: Header,
        commits: &[(Stamp, Vec<Draft>)],
        salt: Salt,
        key: &SigningKey,
    ) -> Result<Datagram, DatagramError> {
        if let Some(pair) = commits.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(shape(format!("stamps do not rise at {}", pair[1].0)));
        }
        let Header { author, environment, epoch, first, .. } = &header;
        let mut rows = Vec::new();
        for (stamp, drafts) in commits {
            for draft in drafts {
                let (index, seq) = (rows.len(), first.saturating_add(rows.len() as u64));
                let row = Row::of_draft(draft.clone(), *stamp, author, *environment, *epoch, seq);
                rows.push(row.map_err(|source| DatagramError::Row { index, source })?);
            }
        }
        Datagram::seal_rows(header, rows, salt, key)
    }

    /// Seals rows that were made for this place, one after the other (see
    /// [`Row::of_draft`]). Refused is what [`Datagram::seal`] refuses; that no two commits
    /// share a stamp is the caller's to see to.
    pub fn seal_rows(header: Header, rows: Vec<Row>, salt: Salt, key: &SigningKey) -> Result<Datagram, DatagramError> {
        let last_stamp = rows.last().map_or(Stamp::EPOCH, Row::stamp);
        let rows = rows.into_iter().map(StoredRow::Row).collect();
        let mut datagram = Datagram::assemble(header, rows, last_stamp, RowKeys::Salt(salt))?;
        datagram.sig = sign(key, &datagram.cid);
        Ok(datagram)
    }

    /// A datagram from stored rows and their seal, as found in a file.
    pub(crate) fn from_seal(
        header: Header,
        rows: Vec<StoredRow>,
        last_stamp: Stamp,
        seal: Seal,
    ) -> Result<Datagram, DatagramError> {
        if seal.n != rows.len() {
            return Err(shape(format!("the seal counts {} rows, here are {}", seal.n, rows.len())));
        }
        let mut datagram = Datagram::assemble(header, rows, last_stamp, seal.keys)?;
        if datagram.cid != seal.cid {
            return Err(DatagramError::WrongCid { stored: seal.cid, computed: datagram.cid });
        }
        datagram.sig = seal.sig;
        Ok(datagram)
    }

    /// Checks the rules that span rows and computes commitments and CID; the
    /// signature is left empty.
    pub(super) fn assemble(
        header: Header,
        rows: Vec<StoredRow>,
        last_stamp: Stamp,
        keys: RowKeys,
    ) -> Result<Datagram, DatagramError> {
        check_rows(&header, &rows, last_stamp)?;
        let commitments = commitments(&rows, &keys)?;
        let cid = Cid::of_block(&header.block(&commitments));
        let datagram = Datagram { header, rows, commitments, last_stamp, keys, cid, sig: [0; 64] };
        match datagram.wire_bytes() {
            bytes if bytes > DATAGRAM_BYTES_MAX => Err(DatagramError::TooLarge(bytes)),
            _ => Ok(datagram),
        }
    }
}

fn commitments(rows: &[StoredRow], keys: &RowKeys) -> Result<Vec<[u8; 32]>, DatagramError> {
    if let RowKeys::Remaining(keys) = keys
        && keys.len() != rows.len()
    {
        return Err(shape(format!("{} keys for {} rows", keys.len(), rows.len())));
    }
    let of = |(index, row): (usize, &StoredRow)| match (row, keys.key(index)) {
        (StoredRow::Row(row), Some(key)) => Ok(commitment(&key, row.text())),
        (StoredRow::Erased(commitment), None) => Ok(*commitment),
        _ => Err(shape(format!("row {index} is erased and has a key, or the other way round"))),
    };
    rows.iter().enumerate().map(of).collect()
}

fn check_rows(header: &Header, rows: &[StoredRow], last_stamp: Stamp) -> Result<(), DatagramError> {
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return Err(shape(format!("{} rows where 1 to {ROWS_MAX} are allowed", rows.len())));
    }
    if header.first == 0 || header.first > SEQ_MAX - (rows.len() as u64 - 1) {
        return Err(shape(format!("first {} is out of range", header.first)));
    }
    if (header.first == 1) != header.prev.is_none() {
        return Err(shape("prev is missing, or stands in an epoch's first datagram"));
    }
    let mut before = Stamp::EPOCH;
    for (index, row) in rows.iter().enumerate() {
        let StoredRow::Row(row) = row else { continue };
        check_row(header, row, index)?;
        if row.stamp() < before || row.stamp().day() != last_stamp.day() {
            return Err(shape(format!("row {index}: stamps fall, or cross a UTC date")));
        }
        before = row.stamp();
    }
    let whole = matches!(rows.last(), Some(StoredRow::Row(_)));
    if before > last_stamp || (whole && before != last_stamp) {
        return Err(shape("the seal does not repeat the last row's stamp"));
    }
    Ok(())
}

fn check_row(header: &Header, row: &Row, index: usize) -> Result<(), DatagramError> {
    let fits = row.epoch() == header.epoch
        && row.seq() == header.first + index as u64
        && row.environment() == header.environment;
    if !fits {
        return Err(shape(format!("row {index} is not at {}.{}", header.epoch, header.first + index as u64)));
    }
    if row.is_seal() {
        return Err(shape(format!("row {index} is a seal among the rows")));
    }
    Ok(())
}
