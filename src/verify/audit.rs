//! The audit log: JSON lines, for its owner alone, written before the call that they are about.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::base::second_of;

/// One line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    /// `call`, before it is made, or `answer`; `revoked` is the proof of a revocation.
    pub(super) event: &'a str,
    /// When, in UTC.
    pub(super) time: String,
    /// Which call of this run it is about, from 1.
    pub(super) number: u64,
    pub(super) provider: &'a str,
    pub(super) pattern: &'a str,
    /// Of the credential; of a made-up one, that of the credential that it stands for.
    pub(super) fingerprint: &'a str,
    /// Whether what was sent is made up.
    pub(super) made_up: bool,
    /// The call without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<&'a str>,
    pub(super) host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// What a check said after a revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<&'a str>,
}

/// A time as it stands in the log.
pub(super) fn time(seconds: i64) -> String {
    format!("{}Z", second_of(seconds))
}

/// An open log. Lines are added to what is there.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    file: Mutex<File>,
}

impl Audit {
    /// Opens the log at `path`, or makes it, and its folder, for its owner alone.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or others can read or write it.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            make(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
        }
        let file = options.open(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let meta = file.metadata()?;
            if !meta.is_file() {
                return Err(io::Error::other("it is no file"));
            }
            if meta.mode() & 0o077 != 0 {
                return Err(io::Error::other(
                    "others may read it: chmod 600, or name another with --audit",
                ));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(file),
        })
    }

    /// Over any file, for tests.
    #[cfg(test)]
    pub(super) fn over(file: File) -> Self {
        Self {
            path: PathBuf::new(),
            file: Mutex::new(file),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line, whole.
    pub(super) fn write(&self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text)
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
