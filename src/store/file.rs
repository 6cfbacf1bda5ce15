//! Opens the file of a store: makes it if nothing is there, and touches nothing that is not ours.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;
use super::error::Failure;

/// The file of a store that is open, for one user at a time.
#[derive(Debug)]
pub(super) struct Opened {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Opened {
    /// Opens the file at `path`, or makes one where nothing is.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open(path).map_err(|failure| failure.at(path))?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Whether others than the owner can write to it.
    pub(super) fn is_open_to_others(&self) -> bool {
        is_open_to_others(&self.path)
    }

    /// Reads or writes; a failure is told with the file's path.
    pub(super) fn with<T>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        run(&mut connection).map_err(|failure| failure.at(&self.path))
    }
}

/// What marks a SQLite file as a store of ours (`PRAGMA application_id`): `Stry`.
const APPLICATION: i64 = 0x5374_7279;
/// The form of the tables (`PRAGMA user_version`).
pub(super) const VERSION: i64 = 3;
/// How long another run is waited for. It holds the store for the moment of a batch.
pub(super) const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 30_000 });

/// The tables by name, as SQLite tells them back, each with the first form that has it: the first has
/// what sweeps told, the second what providers said, too, the third what inventories were made.
const TABLES: [(i64, &str, &str); 5] = [
    (
        1,
        "about",
        "CREATE TABLE about (key BLOB PRIMARY KEY, program TEXT NOT NULL, engine BLOB NOT NULL, \
         patterns BLOB NOT NULL) WITHOUT ROWID",
    ),
    (
        1,
        "chunk",
        "CREATE TABLE chunk (id INTEGER PRIMARY KEY, key BLOB NOT NULL, width INTEGER NOT NULL, \
         objects INTEGER NOT NULL, sum BLOB NOT NULL, data BLOB NOT NULL)",
    ),
    (
        3,
        "pack",
        "CREATE TABLE pack (run INTEGER NOT NULL, place INTEGER NOT NULL, data BLOB NOT NULL, \
         PRIMARY KEY (run, place)) WITHOUT ROWID",
    ),
    (
        3,
        "run",
        "CREATE TABLE run (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, as_of INTEGER NOT NULL, \
         taken INTEGER NOT NULL, program TEXT NOT NULL, how TEXT NOT NULL, \
         complete INTEGER NOT NULL, records INTEGER NOT NULL, sum BLOB NOT NULL)",
    ),
    (
        2,
        "verdict",
        "CREATE TABLE verdict (fingerprint TEXT NOT NULL, how TEXT NOT NULL, \
         time INTEGER NOT NULL, said TEXT NOT NULL, PRIMARY KEY (fingerprint, how)) WITHOUT ROWID",
    ),
];

/// Opens the store at `path`, or makes it.
pub(super) fn open(path: &Path) -> Result<Connection, Failure> {
    make(path)?;
    look(path)?;
    // A whole path is never taken for a URI.
    let whole = std::path::absolute(path).map_err(|e| Failure::of(&e))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&whole, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    prepare(&mut connection)?;
    // With a log beside the file readers do not wait. Where that cannot be had (another run is at
    // work in a new store, or a system without shared memory) the store works without.
    let _ = connection.pragma_update(None, "journal_mode", "wal");
    // A log is written through when it is taken over: power that fails costs batches, no more.
    connection.pragma_update(None, "synchronous", "normal")?;
    Ok(connection)
}

/// Makes an empty file for its owner alone, unless something is there.
fn make(path: &Path) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// Reads the head of the file, before SQLite does anything with it.
fn look(path: &Path) -> Result<(), Failure> {
    let meta = std::fs::metadata(path).map_err(|e| Failure::of(&e))?;
    if !meta.is_file() {
        return Err(Failure::Foreign);
    }
    let mut head = Vec::new();
    // For reading and writing: without leave to write nothing is begun.
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .and_then(|file| file.take(100).read_to_end(&mut head))
        .map_err(|e| Failure::of(&e))?;
    if head.is_empty() {
        return Ok(());
    }
    // Offsets are those of the SQLite file format: user version at 60, application id at 68.
    let number = |at: usize| {
        let bytes = head.get(at..at + 4)?;
        Some(i64::from(i32::from_be_bytes([
            bytes[0], bytes[1], bytes[2], bytes[3],
        ])))
    };
    if !head.starts_with(b"SQLite format 3\0") || number(68) != Some(APPLICATION) {
        return Err(Failure::Foreign);
    }
    match number(60) {
        Some(version) if version > VERSION => Err(Failure::Newer(version)),
        _ => Ok(()),
    }
}

/// Makes the tables, or sees that they are ours.
fn prepare(connection: &mut Connection) -> Result<(), Failure> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma = |name| change.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables = tables(&change)?;
    let empty = application == 0 && version == 0 && tables.is_empty();
    match (application, version) {
        _ if empty => change.pragma_update(None, "application_id", APPLICATION)?,
        (APPLICATION, 1..=VERSION) => {
            let theirs = TABLES.iter().filter(|(since, ..)| *since <= version);
            let theirs = theirs.map(|(_, name, sql)| ((*name).to_owned(), (*sql).to_owned()));
            if !theirs.eq(tables) {
                let why = "its tables are not those that straykey makes";
                return Err(Failure::Damaged(why.to_owned()));
            }
        }
        (APPLICATION, newer) if newer > VERSION => return Err(Failure::Newer(newer)),
        _ => return Err(Failure::Foreign),
    }
    if version < VERSION {
        for (since, _, sql) in TABLES {
            if since > version {
                change.execute_batch(sql)?;
            }
        }
        change.pragma_update(None, "user_version", VERSION)?;
    }
    change.commit()?;
    Ok(())
}

/// Everything that the schema holds, by name: tables, and whatever else somebody put there.
fn tables(connection: &Connection) -> Result<Vec<(String, String)>, Failure> {
    let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether others than the owner may write to a file.
pub(super) fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o022 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
