//! Why a store cannot be used, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::file::{PATIENCE, VERSION};
use crate::base::path_text;

/// Why a store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    path: PathBuf,
    kind: StoreErrorKind,
}

/// What is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The file is something else.
    Foreign,
    /// A newer program wrote it: the version of its form.
    Newer(i64),
    /// It is damaged; how.
    Damaged(String),
    /// It cannot be written.
    ReadOnly,
    /// There is no room.
    Full,
    /// Another program holds it.
    Busy,
    /// What the system said.
    System(String),
}

/// An error that does not yet know of which store.
pub(super) type Failure = StoreErrorKind;

impl StoreErrorKind {
    pub(super) fn at(self, path: &Path) -> StoreError {
        StoreError {
            path: path.to_owned(),
            kind: self,
        }
    }

    /// What the system said about a file.
    pub(super) fn of(error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{
            PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        match error.kind() {
            PermissionDenied | ReadOnlyFilesystem => Self::ReadOnly,
            StorageFull | QuotaExceeded => Self::Full,
            _ => Self::System(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreErrorKind {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // It was looked at before: its head is that of a store.
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged("SQLite cannot read it".to_owned())
            }
            // What it cannot open is the log, which stands beside the file.
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(_) => Self::System(error.to_string()),
            // A value of another type than was written.
            None => Self::Damaged("a value in it is of another type".to_owned()),
        }
    }
}

impl From<rusqlite::types::FromSqlError> for StoreErrorKind {
    fn from(_: rusqlite::types::FromSqlError) -> Self {
        Self::Damaged("a value in it is of another type".to_owned())
    }
}

impl StoreError {
    /// What is wrong.
    pub fn kind(&self) -> &StoreErrorKind {
        &self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = path_text(&self.path);
        write!(f, "the store {path} ")?;
        match &self.kind {
            StoreErrorKind::Foreign => {
                f.write_str("is no store of straykey's, and is left as it is; choose another path")
            }
            StoreErrorKind::Newer(theirs) => write!(
                f,
                "was written by a newer straykey (form {theirs}, this one knows {VERSION}), and is \
                 left as it is; update straykey, or choose another path"
            ),
            StoreErrorKind::Damaged(how) => write!(
                f,
                "is damaged: {how}; delete it, and the next sweep searches everything again (what it \
                 kept of inventories and verdicts goes with it)"
            ),
            StoreErrorKind::ReadOnly => f.write_str(
                "cannot be written; make the file and its folder writable, or choose another path",
            ),
            StoreErrorKind::Full => {
                f.write_str("cannot be written: no room is left; make room, or choose another path")
            }
            StoreErrorKind::Busy => write!(
                f,
                "is held by another program for more than {} s; run again when that has ended, or \
                 choose another path",
                PATIENCE.as_secs()
            ),
            StoreErrorKind::System(why) => {
                write!(
                    f,
                    "cannot be used: {why}; mend that, or choose another path"
                )
            }
        }
    }
}

impl std::error::Error for StoreError {}
