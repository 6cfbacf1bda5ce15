//! The last commit: whether a secret that was found in the working tree is in it.
//!
//! Read by libgit2, which runs no hooks and no filters. A repository that it cannot open (another
//! owner's, an unknown format) answers nothing: a report then says neither.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use git2::{Repository, RepositoryOpenFlags};

/// The biggest blob that is looked into, in bytes.
const MOST: usize = 64 << 20;

/// The last commits of the repositories that files belong to; each is opened once.
#[derive(Default)]
pub struct Heads {
    /// By folder; `None` for a folder that is in no repository.
    repositories: HashMap<PathBuf, Option<usize>>,
    open: Vec<Repository>,
}

impl Heads {
    /// Nothing opened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the last commit of `file`'s repository holds `secret` in that very file. `None`
    /// if there is no repository, no commit, or it cannot be told.
    pub fn holds(&mut self, file: &Path, secret: &[u8]) -> Option<bool> {
        let file = std::fs::canonicalize(file).ok()?;
        let number = self.repository(file.parent()?)?;
        let repository = &self.open[number];
        let root = std::fs::canonicalize(repository.workdir()?).ok()?;
        let path = file.strip_prefix(&root).ok()?;
        let tree = repository.head().ok()?.peel_to_tree().ok()?;
        let Ok(entry) = tree.get_path(path) else {
            return Some(false);
        };
        let (size, _) = repository.odb().ok()?.read_header(entry.id()).ok()?;
        if size > MOST {
            return None;
        }
        let blob = repository.find_blob(entry.id()).ok()?;
        Some(memchr::memmem::find(blob.content(), secret).is_some())
    }

    fn repository(&mut self, folder: &Path) -> Option<usize> {
        if let Some(known) = self.repositories.get(folder) {
            return *known;
        }
        let flags = RepositoryOpenFlags::empty();
        let none: [&std::ffi::OsStr; 0] = [];
        let found = Repository::open_ext(folder, flags, none)
            .ok()
            .map(|repository| {
                let same = |r: &Repository| r.path() == repository.path();
                self.open.iter().position(same).unwrap_or_else(|| {
                    self.open.push(repository);
                    self.open.len() - 1
                })
            });
        self.repositories.insert(folder.to_owned(), found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_changed_new_and_outside() {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = Repository::init(dir.path()).expect("a repository");
        let file = dir.path().join("a.env");
        std::fs::write(&file, "KEY=first").expect("written");
        let mut heads = Heads::new();
        assert_eq!(heads.holds(&file, b"first"), None, "there is no commit yet");

        let mut index = repository.index().expect("an index");
        index.add_path(Path::new("a.env")).expect("added");
        let tree = repository
            .find_tree(index.write_tree().expect("a tree"))
            .expect("found");
        let who = git2::Signature::new("A", "a@b.invalid", &git2::Time::new(0, 0)).expect("who");
        repository
            .commit(Some("HEAD"), &who, &who, "c", &tree, &[])
            .expect("committed");
        assert_eq!(heads.holds(&file, b"first"), Some(true));

        std::fs::write(&file, "KEY=second").expect("written");
        assert_eq!(heads.holds(&file, b"second"), Some(false), "changed since");
        let new = dir.path().join("new.env");
        std::fs::write(&new, "x").expect("written");
        assert_eq!(heads.holds(&new, b"x"), Some(false), "not in the commit");

        let outside = tempfile::tempdir().expect("a folder");
        let file = outside.path().join("b");
        std::fs::write(&file, "x").expect("written");
        assert_eq!(heads.holds(&file, b"x"), None);
    }
}
