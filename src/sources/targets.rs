//! What the user named, looked at once before anything is read.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::read::words;
use super::{Skip, SkipReason};

/// A file or folder to read.
#[derive(Debug)]
pub(super) struct Target {
    /// Where the walk begins.
    pub(super) walked: PathBuf,
    /// As reports show it. The folder one is in is the empty path.
    pub(super) shown: PathBuf,
    /// The same without links, `.` and `..`.
    pub(super) absolute: PathBuf,
    pub(super) is_folder: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) found: Vec<Target>,
    pub(super) stdin: bool,
    pub(super) skips: Vec<Skip>,
    absolute: HashSet<PathBuf>,
    /// Places in `found` by where the walk begins.
    walked: HashMap<PathBuf, usize>,
}

impl Targets {
    /// Looks at each name. Of names for the same thing the first counts.
    pub(super) fn resolve(names: &[PathBuf]) -> Self {
        let mut targets = Self::default();
        for name in names {
            if name.as_os_str() == "-" {
                targets.stdin = true;
            } else if let Err(reason) = targets.add(name) {
                let path = name.clone();
                targets.skips.push(Skip { path, reason });
            }
        }
        targets
    }

    fn add(&mut self, name: &Path) -> Result<(), SkipReason> {
        let refused = |error: std::io::Error| SkipReason::Unreadable(words(&error));
        let meta = name.metadata().map_err(refused)?;
        if !meta.is_dir() && !meta.is_file() {
            return Err(SkipReason::SpecialFile);
        }
        let absolute = name.canonicalize().map_err(refused)?;
        if !self.absolute.insert(absolute.clone()) {
            return Ok(());
        }
        // A walk takes a link for a link, wherever it begins.
        let is_link = name.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
        let tidy: PathBuf = name.components().collect();
        let walked = if is_link {
            absolute.clone()
        } else {
            tidy.clone()
        };
        self.walked.insert(walked.clone(), self.found.len());
        self.found.push(Target {
            walked,
            shown: tidy.strip_prefix(".").map_or(tidy.clone(), Path::to_owned),
            absolute,
            is_folder: meta.is_dir(),
        });
        Ok(())
    }

    /// Whether a path (canonical) was named itself.
    pub(super) fn names(&self, absolute: &Path) -> bool {
        self.absolute.contains(absolute)
    }

    /// Whether a path (canonical) is one of them, or below one.
    pub(super) fn cover(&self, absolute: &Path) -> bool {
        absolute.ancestors().any(|up| self.absolute.contains(up))
    }

    /// The target at which the walk begins with this path.
    pub(super) fn at(&self, walked: &Path) -> Option<&Target> {
        self.found.get(*self.walked.get(walked)?)
    }
}
