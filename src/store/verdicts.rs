//! What providers said of credentials, by fingerprint.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::error::Failure;
use super::{StoreError, file};

/// The part of a store that remembers verdicts. The file may be that of sweeps, too.
#[derive(Debug)]
pub struct VerdictStore {
    path: PathBuf,
    inner: Mutex<Connection>,
}

impl VerdictStore {
    /// Opens the store at `path`, or makes one where nothing is.
    ///
    /// # Errors
    ///
    /// If it is no store of ours, or one that cannot be read or written. Then nothing was changed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = file::open(path).map_err(|failure| failure.at(path))?;
        Ok(Self {
            path: path.to_owned(),
            inner: Mutex::new(connection),
        })
    }

    /// Whether others than the owner can write to it, and so say that something is dead.
    pub fn is_open_to_others(&self) -> bool {
        file::is_open_to_others(&self.path)
    }

    /// When something was said of a credential that was asked for in this way, in seconds since
    /// 1970-01-01 UTC, and what.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn get(&self, fingerprint: &str, how: &str) -> Result<Option<(i64, String)>, StoreError> {
        let connection = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT time, said FROM verdict WHERE fingerprint = ? AND how = ?";
        let row = connection.query_row(sql, params![fingerprint, how], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        let row = row.optional().map_err(Failure::from);
        row.map_err(|failure| failure.at(&self.path))
    }

    /// Keeps what was said: fingerprint, how it was asked for, when, and what. All of it or nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put(&self, rows: &[(String, String, i64, String)]) -> Result<(), StoreError> {
        let mut connection = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut write = || -> Result<(), Failure> {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (fingerprint, how, time, said) in rows {
                change.execute(
                    "INSERT OR REPLACE INTO verdict (fingerprint, how, time, said) \
                     VALUES (?, ?, ?, ?)",
                    params![fingerprint, how, time, said],
                )?;
            }
            change.commit()?;
            Ok(())
        };
        write().map_err(|failure| failure.at(&self.path))
    }
}
