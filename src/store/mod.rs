//! The one embedded database: what earlier sweeps of histories told, so that a later one searches
//! only what is new ([`SweepStore`]); what providers said ([`VerdictStore`]); what inventories were
//! made, to be held against each other ([`RunStore`]). All of it may be in one file.
//!
//! A [`SweepStore`] says of objects, by their ids, that they were searched, and whether they may
//! hold a match. That is a pure function of an object's bytes and of what was looked for, so it
//! holds in every repository that has the object; what it was a function *of* is its [`Key`], and
//! what another key told does not count. No finding is in it, no path and no text: judgement is
//! made again each time.
//!
//! It is one SQLite file, made for its owner alone. Each batch is one transaction: a run that is
//! killed loses the batch it was at. Runs at the same time add to it one after another. A file
//! that is no store is never written to.

mod chunk;
mod error;
mod file;
mod key;
mod runs;
mod verdicts;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior, params};

use crate::sources::history::ObjectKind;
use error::Failure;

pub use error::{StoreError, StoreErrorKind};
pub use key::Key;
pub use runs::{Run, RunStore};
pub use verdicts::VerdictStore;

/// What the first look at an object told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    /// What it is: a blob, a commit or a tag.
    pub kind: ObjectKind,
    /// Whether it may hold a match, at some path.
    pub hopeful: bool,
    /// How many bytes a blob has; of others this is not kept.
    pub size: u64,
}

/// An object's id, filled up with zeros, and what was told of it.
pub type Told = ([u8; 32], Searched);

/// Objects of the biggest chunk. A chunk is read and checked whole.
const CHUNK: usize = 1 << 16;
/// Chunks with less objects than this are small.
const SMALL: u32 = 1 << 14;
/// How many small chunks may stay before they are joined.
const SMALL_ONES: u32 = 16;

/// An opened store.
#[derive(Debug)]
pub struct SweepStore {
    path: PathBuf,
    key: Key,
    inner: Mutex<Inner>,
    again: Option<String>,
}

#[derive(Debug)]
struct Inner {
    connection: Connection,
    /// Whether what other keys told was taken away.
    cleared: bool,
}

impl SweepStore {
    /// Opens the store at `path`, or makes one where nothing is.
    ///
    /// # Errors
    ///
    /// If it is no store of ours, or one that cannot be read or written. Then nothing was changed.
    pub fn open(path: &Path, key: Key) -> Result<Self, StoreError> {
        let told = |failure: Failure| failure.at(path);
        let connection = file::open(path).map_err(told)?;
        let again = why_again(&connection, &key).map_err(told)?;
        Ok(Self {
            path: path.to_owned(),
            key,
            inner: Mutex::new(Inner {
                connection,
                cleared: false,
            }),
            again,
        })
    }

    /// Why nothing that is in it counts; `None` if it does, or if nothing is in it.
    pub fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }

    /// Whether others than the owner can write to it, and so hide findings.
    pub fn is_open_to_others(&self) -> bool {
        file::is_open_to_others(&self.path)
    }

    /// Tells all that is known of objects whose ids have `width` bytes. An object may come more
    /// than once.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is damaged.
    pub fn each(
        &self,
        width: usize,
        mut tell: impl FnMut(&[u8], Searched),
    ) -> Result<(), StoreError> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = || -> Result<(), Failure> {
            let sql = "SELECT objects, sum, data FROM chunk WHERE key = ? AND width = ?";
            let mut statement = inner.connection.prepare(sql)?;
            let mut rows = statement.query(params![&self.key.whole[..], width as i64])?;
            while let Some(row) = rows.next()? {
                let (objects, sum) = (row.get(0)?, row.get_ref(1)?.as_blob()?);
                let data = row.get_ref(2)?.as_blob()?;
                chunk::read(&self.key, width, objects, sum, data, &mut tell)?;
            }
            Ok(())
        };
        read().map_err(|failure| failure.at(&self.path))
    }

    /// Adds what was told of objects whose ids have `width` bytes, in one transaction. What other
    /// keys told is taken away with the first.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then nothing of it was added.
    pub fn add(&self, width: usize, told: &mut [Told]) -> Result<(), StoreError> {
        if told.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner {
            connection,
            cleared,
        } = &mut *inner;
        let whole = &self.key.whole[..];
        let mut write = || -> Result<(), Failure> {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if !*cleared {
                change.execute("DELETE FROM chunk WHERE key <> ?", params![whole])?;
                change.execute("DELETE FROM about WHERE key <> ?", params![whole])?;
            }
            change.execute(
                "INSERT OR IGNORE INTO about (key, program, engine, patterns) VALUES (?, ?, ?, ?)",
                params![
                    whole,
                    self.key.program,
                    &self.key.engine[..],
                    &self.key.patterns[..]
                ],
            )?;
            self.insert(&change, width, told)?;
            change.commit()?;
            *cleared = true;
            Ok(())
        };
        write().map_err(|failure| failure.at(&self.path))
    }

    /// Joins small chunks, if there are many.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then all is as it was.
    pub fn settle(&self) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = &mut inner.connection;
        let mut write = || -> Result<(), Failure> {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for width in [20usize, 32] {
                let which = params![&self.key.whole[..], width as i64, SMALL];
                let count: u32 = change.query_row(
                    "SELECT count(*) FROM chunk WHERE key = ? AND width = ? AND objects < ?",
                    which,
                    |row| row.get(0),
                )?;
                if count <= SMALL_ONES {
                    continue;
                }
                let mut all: Vec<Told> = Vec::new();
                {
                    let sql = "SELECT objects, sum, data FROM chunk \
                               WHERE key = ? AND width = ? AND objects < ?";
                    let mut statement = change.prepare(sql)?;
                    let mut rows = statement.query(which)?;
                    while let Some(row) = rows.next()? {
                        let (objects, sum) = (row.get(0)?, row.get_ref(1)?.as_blob()?);
                        let data = row.get_ref(2)?.as_blob()?;
                        let mut tell = |id: &[u8], searched| all.push((filled(id), searched));
                        chunk::read(&self.key, width, objects, sum, data, &mut tell)?;
                    }
                }
                change.execute(
                    "DELETE FROM chunk WHERE key = ? AND width = ? AND objects < ?",
                    which,
                )?;
                self.insert(&change, width, &mut all)?;
            }
            change.commit()?;
            Ok(())
        };
        write().map_err(|failure| failure.at(&self.path))
    }

    /// Writes chunks.
    fn insert(
        &self,
        connection: &Connection,
        width: usize,
        told: &mut [Told],
    ) -> Result<(), Failure> {
        told.sort_unstable_by_key(|(id, searched)| (*id, !searched.hopeful));
        let mut all = told.to_vec();
        // Of two that disagree the one with hope stays.
        all.dedup_by_key(|(id, _)| *id);
        for part in all.chunks(CHUNK) {
            let data = chunk::written(width, part);
            let sum = chunk::sum(&self.key, width, &data);
            connection.execute(
                "INSERT INTO chunk (key, width, objects, sum, data) VALUES (?, ?, ?, ?, ?)",
                params![
                    &self.key.whole[..],
                    width as i64,
                    part.len() as i64,
                    &sum[..],
                    data
                ],
            )?;
        }
        Ok(())
    }
}

/// An id filled up with zeros.
pub fn filled(id: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let len = id.len().min(32);
    out[..len].copy_from_slice(&id[..len]);
    out
}

/// Why nothing in a store counts under a key.
fn why_again(connection: &Connection, key: &Key) -> Result<Option<String>, Failure> {
    let sql = "SELECT EXISTS (SELECT 1 FROM chunk WHERE key = ?)";
    let whole = &key.whole[..];
    if connection.query_row(sql, params![whole], |row| row.get(0))? {
        return Ok(None);
    }
    let sql = "SELECT program, engine, patterns FROM about WHERE key <> ? ORDER BY key LIMIT 1";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![whole])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let program: String = row.get(0)?;
    let (engine, patterns) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
    Ok(Some(key.differs(&program, engine, patterns)))
}
