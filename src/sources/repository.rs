//! What git tracks: a repository's index, read when first asked for and never believed blindly.
//!
//! Nothing of a repository's configuration is read. A repository that somebody else owns is as good
//! as one's own here: its ignore rules and its index are all that is looked at.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gix_index::State;

use super::history::{HashKind, format_of};
use super::index::{Check, read_index};
use super::read::{Links, small_file};
use super::{Skip, SkipReason};

/// The files `.git` and `commondir` hold one path.
const POINTER_BYTES: u64 = 64 << 10;

/// A longer `config` is not read, in bytes.
const CONFIG_BYTES: u64 = 16 << 20;

/// A repository with a working tree.
pub(super) struct Repository {
    /// The top of the working tree, canonical.
    root: PathBuf,
    /// The same, as reports show it.
    shown: PathBuf,
    /// Where the index is; of a linked worktree its own folder.
    git_dir: PathBuf,
    /// Where `info/exclude` is; of a linked worktree the main folder.
    common_dir: PathBuf,
    /// The repository whose working tree this one lies in. It may track files below, too.
    outer: Option<Arc<Repository>>,
    index: OnceLock<Option<State>>,
}

/// What git tracks of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracked {
    /// Nothing.
    No,
    /// The path, or something below it.
    Yes,
    /// The path as a submodule.
    Submodule,
}

impl Repository {
    /// The repository whose working tree begins at `root`, if there is one.
    ///
    /// A `.git` that git would not take for a repository is none: it must not hide what the
    /// repository around it tracks.
    pub(super) fn open(
        root: &Path,
        shown: &Path,
        outer: Option<&Arc<Repository>>,
    ) -> Option<Arc<Self>> {
        let dot_git = root.join(".git");
        let meta = dot_git.metadata().ok()?;
        let git_dir = if meta.is_dir() {
            dot_git
        } else if meta.is_file() {
            root.join(pointer(&dot_git, "gitdir:")?)
        } else {
            return None;
        };
        git_dir.join("HEAD").symlink_metadata().ok()?;
        let common_dir = match pointer(&git_dir.join("commondir"), "") {
            Some(path) => git_dir.join(path),
            None => git_dir.clone(),
        };
        common_dir.join("objects").metadata().ok()?;
        Some(Arc::new(Self {
            root: root.to_owned(),
            shown: shown.to_owned(),
            git_dir,
            common_dir,
            outer: outer.cloned(),
            index: OnceLock::new(),
        }))
    }

    /// Git's own folder, and the one that linked worktrees share.
    pub(super) fn folders(&self) -> (&Path, &Path) {
        (&self.git_dir, &self.common_dir)
    }

    /// The ignore rules that are nobody else's business.
    pub(super) fn exclude_file(&self) -> PathBuf {
        self.common_dir.join("info/exclude")
    }

    /// What git tracks of `path` (canonical), here or in a repository around this one.
    ///
    /// An index that cannot be read is told to `skip`, once.
    pub(super) fn tracks(&self, path: &Path, skip: &mut dyn FnMut(Skip)) -> Tracked {
        let here = self
            .index(skip)
            .zip(relative(&self.root, path))
            .map_or(Tracked::No, |(index, path)| find(index, &path));
        match (here, &self.outer) {
            (Tracked::No, Some(outer)) => outer.tracks(path, skip),
            _ => here,
        }
    }

    /// The submodules at or below `target` (canonical) that are not checked out: canonical, and as
    /// reports show them. Without a `.gitmodules` the index is not looked at.
    pub(super) fn empty_submodules(
        &self,
        target: &Path,
        skip: &mut dyn FnMut(Skip),
    ) -> Vec<(PathBuf, PathBuf)> {
        let mut empty = Vec::new();
        if self.root.join(".gitmodules").symlink_metadata().is_ok()
            && let Some(index) = self.index(skip)
        {
            for entry in index.entries().iter().filter(|e| e.mode.is_submodule()) {
                if let Some(path) = native(entry.path(index).to_vec()) {
                    let absolute = self.root.join(&path);
                    if absolute.starts_with(target) && is_empty(&absolute) {
                        empty.push((absolute, self.shown.join(path)));
                    }
                }
            }
        }
        empty
    }

    /// Whether `folder` (canonical) is the top of its working tree.
    pub(super) fn is_at(&self, folder: &Path) -> bool {
        self.root == folder
    }

    fn index(&self, skip: &mut dyn FnMut(Skip)) -> Option<&State> {
        let load = || match self.load() {
            Ok(index) => index,
            Err(reason) => {
                let path = self.shown.join(".git/index");
                skip(Skip { path, reason });
                None
            }
        };
        self.index.get_or_init(load).as_ref()
    }

    fn load(&self) -> Result<Option<State>, SkipReason> {
        let config = small_file(&self.common_dir.join("config"), Links::Follow, CONFIG_BYTES);
        let hash = config.map_or(HashKind::Sha1, |config| format_of(&config).hash);
        // If it is not there, nothing was ever added.
        let read = read_index(&self.git_dir.join("index"), hash, Check::Nothing);
        read.map_err(|reason| match reason {
            SkipReason::Corrupt(why) => SkipReason::Corrupt(format!(
                "{why}; files that are ignored though git tracks them were not read"
            )),
            other => other,
        })
    }
}

/// Looks `path` up: an entry itself, a folder of entries, or below a folder that a sparse index
/// keeps as one entry.
fn find(index: &State, path: &[u8]) -> Tracked {
    let entries = index.entries();
    let path_of = |at: usize| -> &[u8] { entries[at].path(index) };
    let before =
        |wanted: &[u8]| entries.partition_point(|entry| <[u8]>::lt(entry.path(index), wanted));
    let first = before(path);
    if first < entries.len() && path_of(first) == path {
        return if entries[first].mode.is_submodule() {
            Tracked::Submodule
        } else {
            Tracked::Yes
        };
    }
    // `a-b` sorts between `a` and `a/b`.
    let folder = [path, b"/"].concat();
    let below = before(&folder);
    if below < entries.len() && path_of(below).starts_with(&folder) {
        return Tracked::Yes;
    }
    let sparse = |at: &usize| entries[*at].mode.is_sparse() && path.starts_with(path_of(*at));
    match first.checked_sub(1).filter(sparse) {
        Some(_) => Tracked::Yes,
        None => Tracked::No,
    }
}

/// The path that a small file of git's holds after `prefix`.
pub(super) fn pointer(file: &Path, prefix: &str) -> Option<PathBuf> {
    let content = small_file(file, Links::Follow, POINTER_BYTES).ok()?;
    let content = content.strip_prefix(prefix.as_bytes())?.trim_ascii();
    native(content.to_vec())
}

/// Whether a folder holds nothing, or is not there.
fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// A path below `root` as git writes it.
fn relative(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let bytes = path.strip_prefix(root).ok()?.as_os_str().as_encoded_bytes();
    let mut bytes = bytes.to_vec();
    if cfg!(windows) {
        for byte in &mut bytes {
            if *byte == b'\\' {
                *byte = b'/';
            }
        }
    }
    Some(bytes)
}

/// A path as the system writes it, of git's bytes.
pub(super) fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    #[cfg(unix)]
    let path = {
        use std::os::unix::ffi::OsStringExt as _;
        Some(OsString::from_vec(bytes))
    };
    #[cfg(not(unix))]
    let path = String::from_utf8(bytes).ok().map(OsString::from);
    path.filter(|path| !path.is_empty()).map(PathBuf::from)
}
