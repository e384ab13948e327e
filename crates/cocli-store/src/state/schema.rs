//! The tables. Any change of them, or of what a column holds, is a new [`SCHEMA`]: the
//! file is then folded again from the journals, never migrated.

/// The version of everything in this file and of the encodings in [`super::encode`].
pub(super) const SCHEMA: i64 = 4;

/// Settings of a connection. `synchronous = NORMAL` may lose the last transactions in a
/// power cut, frontier and rows together, which only leaves the file behind. The log is
/// folded into the file at 48 MiB: pages that change again and again, as those of a campaign
/// do, are written back once for many transactions.
pub const PRAGMAS: &str = "
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -16384;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 12288;
PRAGMA journal_size_limit = 67108864;
";

/// Everything there is, in a file that has nothing yet.
pub(super) const TABLES: &str = "
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 0),
    hash BLOB NOT NULL,
    next_record INTEGER NOT NULL,
    next_target INTEGER NOT NULL,
    change INTEGER NOT NULL);

CREATE TABLE targets (
    no INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    hidden INTEGER NOT NULL,
    name TEXT,
    domain TEXT,
    flags INTEGER NOT NULL);
CREATE UNIQUE INDEX targets_by_text ON targets (kind, text);
CREATE INDEX targets_by_domain ON targets (domain) WHERE domain IS NOT NULL;
CREATE INDEX targets_hollow ON targets (kind, text) WHERE flags & 1;
CREATE INDEX targets_colliding ON targets (text) WHERE flags & 2;
CREATE INDEX targets_despite ON targets (text) WHERE flags & 4;

CREATE TABLE cells (
    target INTEGER NOT NULL,
    slot TEXT NOT NULL,
    shown TEXT,
    last INTEGER,
    sibling INTEGER,
    more TEXT,
    disputed INTEGER NOT NULL,
    PRIMARY KEY (target, slot)) WITHOUT ROWID;
CREATE INDEX cells_disputed ON cells (target) WHERE disputed;

-- The records of a cell are a chain, each told the one folded before it. `later_us` is the
-- greatest stamp from a record on down its chain, where that is not its own.
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    before INTEGER,
    later_us INTEGER,
    row_check TEXT NOT NULL,
    text TEXT NOT NULL);

CREATE TABLE journals (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    name TEXT NOT NULL,
    environment TEXT NOT NULL,
    forked INTEGER NOT NULL,
    UNIQUE (id, epoch));

CREATE TABLE datagrams (
    journal INTEGER NOT NULL,
    first INTEGER NOT NULL,
    base INTEGER NOT NULL,
    n INTEGER NOT NULL,
    cid BLOB,
    prev BLOB,
    PRIMARY KEY (journal, first, base)) WITHOUT ROWID;

CREATE TABLE commits (
    stamp_us INTEGER NOT NULL,
    journal INTEGER NOT NULL,
    base INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (stamp_us, journal, base)) WITHOUT ROWID;

CREATE TABLE ranges (
    journal INTEGER NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY (journal, target)) WITHOUT ROWID;

CREATE TABLE marks (
    id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    branch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    cid BLOB NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (id, epoch, branch)) WITHOUT ROWID;

CREATE TABLE counters (what TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE stale (target INTEGER PRIMARY KEY, change INTEGER NOT NULL);

CREATE TABLE views (
    no INTEGER PRIMARY KEY,
    written INTEGER NOT NULL,
    len INTEGER NOT NULL,
    hash BLOB NOT NULL,
    mtime_ns INTEGER,
    shown TEXT NOT NULL,
    styled INTEGER NOT NULL,
    older TEXT NOT NULL,
    unsettled INTEGER NOT NULL);

CREATE TABLE pages (target INTEGER PRIMARY KEY, last INTEGER NOT NULL);
";
