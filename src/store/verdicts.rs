//! What providers said of credentials, by fingerprint.

use std::path::Path;

use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

use super::StoreError;
use super::file::Opened;

/// The part of a store that remembers verdicts. The file may be that of sweeps, too.
#[derive(Debug)]
pub struct VerdictStore(Opened);

impl VerdictStore {
    /// Opens the store at `path`, or makes one where nothing is.
    ///
    /// # Errors
    ///
    /// If it is no store of ours, or one that cannot be read or written. Then nothing was changed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Opened::open(path).map(Self)
    }

    /// Whether others than the owner can write to it, and so say that something is dead.
    pub fn is_open_to_others(&self) -> bool {
        self.0.is_open_to_others()
    }

    /// When something was said of a credential that was asked for in this way, in seconds since
    /// 1970-01-01 UTC, and what.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn get(&self, fingerprint: &str, how: &str) -> Result<Option<(i64, String)>, StoreError> {
        self.0.with(|connection| {
            let sql = "SELECT time, said FROM verdict WHERE fingerprint = ? AND how = ?";
            let row = connection.query_row(sql, params![fingerprint, how], |row| {
                Ok((row.get(0)?, row.get(1)?))
            });
            Ok(row.optional()?)
        })
    }

    /// Keeps what was said: fingerprint, how it was asked for, when, and what. All of it or nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put(&self, rows: &[(String, String, i64, String)]) -> Result<(), StoreError> {
        self.0.with(|connection| {
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
        })
    }
}
