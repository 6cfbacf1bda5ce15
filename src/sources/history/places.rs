//! Where a repository keeps what: its folder, its object stores, the three facts of its format.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::read::{Links, small_file};
use super::super::repository::{native, pointer};
use super::super::{Skip, SkipReason};
use super::{HashKind, unreadable};

/// The longest `config`, `alternates` or `shallow` that is read, in bytes.
const SMALL: u64 = 16 << 20;

/// How many object stores may be chained by alternates.
const STORES: usize = 64;

/// What the environment says about object stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesOptions {
    /// `GIT_OBJECT_DIRECTORY`: instead of the repository's own store.
    pub object_directory: Option<PathBuf>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`: besides it.
    pub alternates: Vec<PathBuf>,
}

/// The facts of a repository's format that its `config` states. Nothing else is read from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// How objects are named.
    pub hash: HashKind,
    /// References are kept as a reftable, not as files.
    pub reftable: bool,
    /// References are kept in a folder of their own, which the configuration names.
    pub refs_elsewhere: bool,
    /// Objects may be missing that a promisor remote has.
    pub partial: bool,
}

/// Where a repository keeps what.
#[derive(Clone, Debug)]
pub struct Places {
    /// As the user named it.
    pub shown: PathBuf,
    /// The folder with `HEAD`; of a linked worktree its own.
    pub git_dir: PathBuf,
    /// The folder with `objects` and `refs`, shared by all worktrees.
    pub common_dir: PathBuf,
    /// All object stores, the repository's own first.
    pub stores: Vec<PathBuf>,
    /// Its format.
    pub format: Format,
    /// Commits (in hex) whose parents were not fetched.
    pub shallow: Vec<String>,
    /// What could not be read.
    pub skips: Vec<Skip>,
}

impl Places {
    /// Finds the repository at `path` or in a folder above it.
    ///
    /// # Errors
    ///
    /// A skip that says why there is none.
    pub fn find(path: &Path, options: &PlacesOptions) -> Result<Self, Skip> {
        let start = path.canonicalize().map_err(|e| unreadable(path, &e))?;
        let git_dir = start.ancestors().find_map(at).ok_or_else(|| Skip {
            path: path.to_owned(),
            reason: SkipReason::Unreadable("no git repository here or in a folder above".into()),
        })?;
        let common_dir = common_dir(&git_dir);
        let mut places = Self {
            shown: path.to_owned(),
            git_dir,
            common_dir,
            stores: Vec::new(),
            format: Format::default(),
            shallow: Vec::new(),
            skips: Vec::new(),
        };
        if let Some(config) = places.small("config") {
            places.format = format(&config);
        }
        if let Some(shallow) = places.small("shallow") {
            let lines = String::from_utf8_lossy(&shallow).into_owned();
            places.shallow = lines.lines().map(str::to_owned).collect();
        }
        let own = match &options.object_directory {
            Some(folder) => folder.clone(),
            None => places.common_dir.join("objects"),
        };
        let mut seen = HashSet::new();
        places.add_store(own, &mut seen);
        for folder in &options.alternates {
            places.add_store(folder.clone(), &mut seen);
        }
        places.format.partial |= places.stores.iter().any(|store| has_promises(store));
        Ok(places)
    }

    /// The content of a small file of the repository; `None` if there is none.
    pub(in super::super) fn small(&mut self, name: &str) -> Option<Vec<u8>> {
        let path = self.common_dir.join(name);
        match small_file(&path, Links::Follow, SMALL) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                self.skips.push(unreadable(path, &error));
                None
            }
        }
    }

    /// What a small file of a worktree's own git folder holds; `None` if there is none.
    ///
    /// # Errors
    ///
    /// The file, and why it cannot be read.
    pub fn git_file(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        match small_file(&self.git_dir.join(name), Links::Follow, SMALL) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{name}: {}", super::super::read::words(&error))),
        }
    }

    /// Adds a store and what its `alternates` name.
    fn add_store(&mut self, folder: PathBuf, seen: &mut HashSet<PathBuf>) {
        let mut left = vec![folder];
        while let Some(folder) = left.pop() {
            let real = match folder.canonicalize() {
                Ok(real) => real,
                Err(error) => {
                    self.skips.push(unreadable(folder, &error));
                    continue;
                }
            };
            if !seen.insert(real) {
                continue;
            }
            if self.stores.len() == STORES {
                self.skips.push(Skip {
                    path: folder,
                    reason: SkipReason::Unsupported(format!(
                        "more than {STORES} object stores are chained"
                    )),
                });
                return;
            }
            let list = folder.join("info/alternates");
            match small_file(&list, Links::Follow, SMALL) {
                Ok(content) => {
                    let named = content
                        .split(|b| *b == b'\n')
                        .filter(|line| !line.is_empty() && line[0] != b'#')
                        .filter_map(|line| native(unquoted(line)));
                    left.extend(named.map(|path| folder.join(path)));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => self.skips.push(unreadable(list, &error)),
            }
            self.stores.push(folder);
        }
    }
}

/// Whether a store has packs of a promisor remote: what they name may be missing.
fn has_promises(store: &Path) -> bool {
    std::fs::read_dir(store.join("pack")).is_ok_and(|mut entries| {
        entries
            .any(|entry| entry.is_ok_and(|e| e.path().extension().is_some_and(|x| x == "promisor")))
    })
}

/// The folder that all worktrees share, of the git folder of one.
pub(super) fn common_dir(git_dir: &Path) -> PathBuf {
    match pointer(&git_dir.join("commondir"), "") {
        Some(common) => git_dir.join(common),
        None => git_dir.to_owned(),
    }
}

/// The git folder of `folder`, if it is a working tree or a git folder itself.
pub(super) fn at(folder: &Path) -> Option<PathBuf> {
    let dot_git = folder.join(".git");
    if is_git_dir(&dot_git) {
        return Some(dot_git);
    }
    if dot_git.is_file() {
        let named = folder.join(pointer(&dot_git, "gitdir:")?);
        return is_git_dir(&named).then_some(named);
    }
    is_git_dir(folder).then(|| folder.to_owned())
}

/// Whether git would take a folder for its own: `HEAD`, and objects here or in the common folder.
fn is_git_dir(folder: &Path) -> bool {
    folder.join("HEAD").symlink_metadata().is_ok()
        && (folder.join("objects").is_dir() || folder.join("commondir").is_file())
}

/// A path of `alternates` without the quotes that git puts around unusual ones.
fn unquoted(line: &[u8]) -> Vec<u8> {
    let Some(inner) = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")) else {
        return line.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((kind, after)) = rest.split_first() else {
            break;
        };
        rest = after;
        out.push(match kind {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'0'..=b'3' if after.len() >= 2 => {
                rest = &after[2..];
                (kind - b'0') << 6 | (after[0] & 7) << 3 | after[1] & 7
            }
            other => *other,
        });
    }
    out
}

/// Reads the facts of the format from a `config`; section headers and plain `key = value` lines.
pub(in super::super) fn format(config: &[u8]) -> Format {
    let mut format = Format::default();
    let mut section = String::new();
    for line in String::from_utf8_lossy(config).lines() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').to_ascii_lowercase();
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, "true"));
        let key = key.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        match (section.as_str(), key.as_str()) {
            ("extensions", "objectformat") if value == "sha256" => format.hash = HashKind::Sha256,
            ("extensions", "refstorage") => {
                format.reftable = value.starts_with("reftable");
                format.refs_elsewhere = value.contains("://");
            }
            ("extensions", "partialclone") => format.partial = true,
            (remote, "promisor") if remote.starts_with("remote") => {
                format.partial |= value == "true";
            }
            _ => {}
        }
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_facts_are_read_from_a_config() {
        assert_eq!(format(b"[core]\n\tbare = true\n"), Format::default());
        let all = b"[core]\n repositoryformatversion = 1\n[Extensions]\n\tobjectFormat = sha256\n\
            \trefStorage=reftable\n[remote \"origin\"]\n promisor = true\n";
        let told = format(all);
        assert!(told.hash == HashKind::Sha256 && told.reftable && told.partial);
        assert!(!told.refs_elsewhere);
        assert!(!format(b"[core]\nobjectformat = sha256").reftable);
        let told = format(b"[extensions]\nrefstorage = reftable:///some/where\n");
        assert!(told.reftable && told.refs_elsewhere);
        assert_eq!(
            format(b"[other]\nobjectformat = sha256").hash,
            HashKind::Sha1
        );
    }

    #[test]
    fn alternates_may_be_quoted() {
        assert_eq!(unquoted(b"../x y"), b"../x y");
        assert_eq!(unquoted(b"\"a\\tb\\303\\251\\\"\""), b"a\tb\xc3\xa9\"");
    }

    #[test]
    fn stores_are_chained_and_cycles_end() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = |name: &str| dir.path().join(name).join("objects");
        for (name, other) in [
            ("a", "../../b/objects"),
            ("b", "../../a/objects\n# x\n/no/where\n"),
        ] {
            std::fs::create_dir_all(store(name).join("info")).expect("made");
            std::fs::write(store(name).join("info/alternates"), other).expect("written");
            std::fs::write(dir.path().join(name).join("HEAD"), "ref: refs/heads/x\n")
                .expect("written");
        }
        let places =
            Places::find(&store("a"), &PlacesOptions::default()).expect("found from below");
        assert_eq!(places.stores.len(), 2);
        assert_eq!(
            places.skips.len(),
            1,
            "the store that is nowhere: {:?}",
            places.skips
        );
        assert!(Places::find(&dir.path().join("gone"), &PlacesOptions::default()).is_err());
    }
}
