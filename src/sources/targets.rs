//! What the user named, looked at once before anything is read.

use std::collections::{HashMap, HashSet};
use std::io;
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
    /// The last folder that was asked for, and its canonical path.
    folder: Option<(PathBuf, PathBuf)>,
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
        let refused = |error: io::Error| SkipReason::Unreadable(words(&error));
        let mut meta = name.symlink_metadata().map_err(refused)?;
        let is_link = meta.is_symlink();
        if is_link {
            meta = name.metadata().map_err(refused)?;
        }
        if !meta.is_dir() && !meta.is_file() {
            // Of a tree that is a notice. What was named was asked for, and is not clean.
            let why = "it is a device, a socket or a FIFO; - is standard input";
            return Err(SkipReason::Unreadable(why.to_owned()));
        }
        let absolute = if is_link || meta.is_dir() {
            name.canonicalize()
        } else {
            self.beside_others(name)
        };
        let absolute = absolute.map_err(refused)?;
        if !self.absolute.insert(absolute.clone()) {
            return Ok(());
        }
        let tidy: PathBuf = name.components().collect();
        // A walk takes a link for a link, wherever it begins.
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

    /// The canonical path of a file that is no link. Hooks name thousands of them, and those of one
    /// folder often come together.
    fn beside_others(&mut self, file: &Path) -> io::Result<PathBuf> {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return file.canonicalize();
        };
        match &self.folder {
            Some((known, absolute)) if known.as_os_str() == folder.as_os_str() => {
                Ok(absolute.join(name))
            }
            _ => {
                let here = folder.as_os_str().is_empty();
                let absolute = if here { Path::new(".") } else { folder }.canonicalize()?;
                let file = absolute.join(name);
                self.folder = Some((folder.to_owned(), absolute));
                Ok(file)
            }
        }
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
