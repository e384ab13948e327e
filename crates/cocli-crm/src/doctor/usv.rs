//! Bulk tables whose rows differ in width, and setting the odd rows aside.
//!
//! A row ends with RS, LF or both; a table's width is that of most of its rows. Journals in
//! `wal/` are no tables: three forms of rows are normal there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::DoctorError;

const US: u8 = 0x1f;
const RS: u8 = 0x1e;
/// Folders below one another at most.
const DEPTH_MAX: usize = 12;
/// Bytes of a row at most; what is longer is cut into rows and shows as odd ones.
const ROW_BYTES_MAX: u64 = 16 << 20;

/// A table with rows of different width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ragged {
    /// Where, relative to the folder.
    pub path: PathBuf,
    /// The width of most rows.
    pub width: usize,
    /// How many rows are of another.
    pub odd: u64,
}

/// The tables of a folder that are ragged, sorted.
///
/// # Errors
/// The disk refused.
pub fn ragged(root: &Path) -> Result<Vec<Ragged>, DoctorError> {
    let mut found = Vec::new();
    for name in ["companies", "campaigns", "indexes", "queues", "cache", "exports"] {
        walk(root, &root.join(name), DEPTH_MAX, &mut found)?;
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(root: &Path, folder: &Path, depth: usize, found: &mut Vec<Ragged>) -> Result<(), DoctorError> {
    let failed = |source| DoctorError::Io { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed(source)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() && depth > 1 {
            walk(root, &path, depth - 1, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "usv") {
            let widths = widths(&path).map_err(|source| DoctorError::Io { path: path.clone(), source })?;
            if let Some((width, odd)) = odd(&widths) {
                found.push(Ragged { path: path.strip_prefix(root).unwrap_or(&path).to_owned(), width, odd });
            }
        }
    }
    Ok(())
}

/// How many rows have which width.
fn widths(path: &Path) -> io::Result<BTreeMap<usize, u64>> {
    let mut widths = BTreeMap::new();
    each_row(path, &mut |row| {
        *widths.entry(width(row)).or_default() += 1;
        Ok(())
    })?;
    Ok(widths)
}

/// The width of most rows (of equals the greater), and how many are of another, if any is.
fn odd(widths: &BTreeMap<usize, u64>) -> Option<(usize, u64)> {
    let (width, rows) = widths.iter().max_by_key(|(width, rows)| (**rows, **width))?;
    let all: u64 = widths.values().sum();
    (all > *rows).then_some((*width, all - rows))
}

/// Columns of a row; dialects that end each column with US count none more.
fn width(row: &[u8]) -> usize {
    let row = content(row);
    row.iter().filter(|byte| **byte == US).count() + 1
}

fn content(row: &[u8]) -> &[u8] {
    let end = row.iter().rposition(|byte| !matches!(*byte, b'\n' | b'\r' | RS)).map_or(0, |at| at + 1);
    &row[..end]
}

/// Hands on each row that holds something, with its end.
fn each_row(path: &Path, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut row = Vec::new();
    loop {
        row.clear();
        if io::Read::take(&mut reader, ROW_BYTES_MAX).read_until(b'\n', &mut row)? == 0 {
            return Ok(());
        }
        // Rows that end in RS alone stand on one line.
        let mut rest = row.as_slice();
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(row_end(rest));
            if !content(part).is_empty() {
                take(part)?;
            }
            rest = behind;
        }
    }
}

/// Where the first row of a line ends: behind its RS, and the line end if that follows.
fn row_end(line: &[u8]) -> usize {
    let Some(end) = line.iter().position(|byte| *byte == RS) else { return line.len() };
    let ends = line[end..].iter().take_while(|byte| matches!(**byte, RS | b'\n' | b'\r')).count();
    end + ends
}

/// Sets the odd rows of a table aside: they go to `aside`, the others stay, in order. The
/// table is replaced whole, once both are durable. How many went.
///
/// # Errors
/// The disk refused; the table is as it was.
pub fn mend(root: &Path, ragged: &Ragged, aside: &Path) -> io::Result<u64> {
    let path = root.join(&ragged.path);
    let temporary = path.with_extension("usv.tmp");
    if let Some(folder) = aside.parent() {
        fs::create_dir_all(folder)?;
    }
    let (mut kept, mut gone) =
        (io::BufWriter::new(File::create(&temporary)?), io::BufWriter::new(File::create(aside)?));
    let mut count = 0;
    each_row(&path, &mut |row| {
        if width(row) == ragged.width {
            return kept.write_all(row);
        }
        count += 1;
        gone.write_all(row)
    })?;
    for file in [gone, kept] {
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    }
    fs::rename(&temporary, &path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ragged_tables_are_found_in_every_dialect_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let table = |name: &str, bytes: &[u8]| {
            fs::create_dir_all(root.join("indexes/x")).unwrap();
            fs::write(root.join("indexes/x").join(name), bytes).unwrap();
        };
        table("lf.usv", b"a\x1fb\nc\x1fd\ne\n");
        table("rs-lf.usv", b"a\x1fb\x1e\nc\x1fd\x1e\n");
        table("rs-lf-odd.usv", b"a\x1fb\x1e\nc\x1e\r\nd\x1fe\x1e\n");
        table("rs.usv", b"a\x1fb\x1ec\x1fd\x1fe\x1ef\x1fg\x1e");
        table("empty.usv", b"");
        fs::create_dir_all(root.join("wal")).unwrap();
        fs::write(root.join("wal/remote_x.usv"), b"a\x1eb\x1fc\x1e").unwrap();

        let found = ragged(root).unwrap();
        let told: Vec<_> = found.iter().map(|r| (r.path.display().to_string(), r.width, r.odd)).collect();
        let names = ["lf", "rs-lf-odd", "rs"].map(|name| (format!("indexes/x/{name}.usv"), 2, 1));
        assert_eq!(told, names);
        for ragged in &found {
            let aside = root.join("aside").join(ragged.path.file_name().unwrap());
            assert_eq!(mend(root, ragged, &aside).unwrap(), 1);
        }
        assert_eq!(fs::read(root.join("indexes/x/lf.usv")).unwrap(), b"a\x1fb\nc\x1fd\n");
        let mended = fs::read(root.join("indexes/x/rs-lf-odd.usv")).unwrap();
        assert_eq!(mended, b"a\x1fb\x1e\nd\x1fe\x1e\n", "rows keep their ends");
        assert_eq!(fs::read(root.join("aside/rs-lf-odd.usv")).unwrap(), b"c\x1e\r\n");
        assert_eq!(fs::read(root.join("indexes/x/rs.usv")).unwrap(), b"a\x1fb\x1ef\x1fg\x1e");
        assert_eq!(fs::read(root.join("aside/rs.usv")).unwrap(), b"c\x1fd\x1fe\x1e");
        assert!(ragged(root).unwrap().is_empty());
    }
}
