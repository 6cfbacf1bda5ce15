//! The last commit: whether a secret that was found in the working tree is in it.
//!
//! Objects are read by libgit2's object store alone; references are read here. Nothing of a
//! repository's configuration is opened, so no include, worktree or extension of it counts, and a
//! FIFO in place of one of git's files is not waited for. What is not understood (reftable,
//! SHA-256, damage) answers nothing: a report then says neither.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use git2::{Odb, Oid};

use super::names::top_of;
use super::read::{Links, small_file};
use super::repository::Repository;

/// The biggest object that is looked into, in bytes.
const MOST: usize = 64 << 20;

/// The biggest file of packed references that is read, in bytes.
const REFS_BYTES: u64 = 64 << 20;

/// The biggest of git's other small files, in bytes.
const SMALL_BYTES: u64 = 64 << 10;

/// How often one reference may lead to the next: git's own bound.
const REF_STEPS: usize = 5;

/// How many object stores one repository may borrow from. Git's own bound is on depth alone.
const STORES: usize = 64;

/// The last commits of the repositories that files belong to; each is opened once.
#[derive(Default)]
pub struct Heads {
    /// By folder; `None` for a folder that is in no repository.
    repositories: HashMap<PathBuf, Option<Rc<Commit>>>,
    /// By the top of the working tree.
    open: HashMap<PathBuf, Option<Rc<Commit>>>,
    /// The file that was last asked for, and its content in the commit: secrets often come many to
    /// a file.
    last: Option<(PathBuf, InCommit)>,
}

/// A file as the last commit has it.
enum InCommit {
    Content(Vec<u8>),
    Absent,
    Unknown,
}

impl Heads {
    /// Nothing opened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the last commit of `file`'s repository holds `secret` in that very file. `None`
    /// if there is no repository, no commit, or it cannot be told.
    pub fn holds(&mut self, file: &Path, secret: &[u8]) -> Option<bool> {
        let file = fs::canonicalize(file).ok()?;
        if self.last.as_ref().is_none_or(|(known, _)| *known != file) {
            let found = self.look(&file).unwrap_or(InCommit::Unknown);
            self.last = Some((file, found));
        }
        match &self.last {
            Some((_, InCommit::Content(text))) => {
                Some(memchr::memmem::find(text, secret).is_some())
            }
            Some((_, InCommit::Absent)) => Some(false),
            _ => None,
        }
    }

    fn look(&mut self, file: &Path) -> Option<InCommit> {
        let commit = self.commit(file.parent()?)?;
        let path = file.strip_prefix(&commit.root).ok()?;
        commit.file(path)
    }

    fn commit(&mut self, folder: &Path) -> Option<Rc<Commit>> {
        if let Some(known) = self.repositories.get(folder) {
            return known.clone();
        }
        let found = top_of(folder).and_then(|root| {
            let open = self.open.entry(root.to_owned());
            open.or_insert_with(|| Commit::open(root).map(Rc::new))
                .clone()
        });
        self.repositories.insert(folder.to_owned(), found.clone());
        found
    }
}

/// The last commit of one working tree.
struct Commit {
    /// The top of the working tree, canonical.
    root: PathBuf,
    /// Its tree.
    tree: Oid,
    stores: Vec<PathBuf>,
    objects: Odb<'static>,
}

impl Commit {
    fn open(root: &Path) -> Option<Self> {
        let repository = Repository::open(root, root, None)?;
        let (git_dir, common_dir) = repository.folders();
        let commit = head(git_dir, common_dir)?;
        let stores = stores(&common_dir.join("objects"))?;
        let objects = Odb::new().ok()?;
        for store in &stores {
            objects.add_disk_alternate(store.to_str()?).ok()?;
        }
        let mut this = Self {
            root: root.to_owned(),
            tree: commit,
            stores,
            objects,
        };
        let text = this.object(commit, git2::ObjectType::Commit)?;
        let tree = text.strip_prefix(b"tree ")?.get(..40)?;
        this.tree = std::str::from_utf8(tree).ok()?.parse().ok()?;
        Some(this)
    }

    /// The content of the file at `path`, from the top of the working tree.
    fn file(&self, path: &Path) -> Option<InCommit> {
        let mut names = path.components().peekable();
        let mut at = self.tree;
        while let Some(Component::Normal(name)) = names.next() {
            let tree = self.object(at, git2::ObjectType::Tree)?;
            let Some(id) = entry(&tree, name.as_encoded_bytes())? else {
                return Some(InCommit::Absent);
            };
            at = id;
            if names.peek().is_none() {
                let content = self.object(at, git2::ObjectType::Blob)?;
                return Some(InCommit::Content(content));
            }
        }
        None
    }

    fn object(&self, id: Oid, kind: git2::ObjectType) -> Option<Vec<u8>> {
        let hex = id.to_string();
        let (folder, name) = hex.split_at_checked(2)?;
        for store in &self.stores {
            // Opening a FIFO would wait for a writer.
            if !is_absent_or_file(&store.join(folder).join(name)) {
                return None;
            }
        }
        let (size, found) = self.objects.read_header(id).ok()?;
        if found != kind || size > MOST {
            return None;
        }
        Some(self.objects.read(id).ok()?.data().to_vec())
    }
}

/// The id of the entry `name` in the bytes of a tree. Nothing at all if they are damaged.
#[allow(clippy::option_option)] // Damaged, absent and found are three things.
fn entry(mut tree: &[u8], name: &[u8]) -> Option<Option<Oid>> {
    while !tree.is_empty() {
        let space = memchr::memchr(b' ', tree)?;
        let end = space + memchr::memchr(0, &tree[space..])?;
        let id = tree.get(end + 1..end + 21)?;
        if &tree[space + 1..end] == name {
            return Some(Some(Oid::from_bytes(id).ok()?));
        }
        tree = &tree[end + 21..];
    }
    Some(None)
}

/// The id of the commit that HEAD leads to.
fn head(git_dir: &Path, common_dir: &Path) -> Option<Oid> {
    let mut text = small_file(&git_dir.join("HEAD"), Links::Follow, SMALL_BYTES).ok()?;
    for _ in 0..=REF_STEPS {
        let line = text.trim_ascii_end();
        let Some(name) = line.strip_prefix(b"ref:") else {
            let hex = std::str::from_utf8(line).ok()?;
            return (hex.len() == 40).then(|| hex.parse().ok()).flatten();
        };
        let name = std::str::from_utf8(name.trim_ascii_start()).ok()?;
        let plain = |part| matches!(part, Component::Normal(_));
        if !name.starts_with("refs/") || !Path::new(name).components().all(plain) {
            return None;
        }
        let loose = |folder: &Path| small_file(&folder.join(name), Links::Follow, SMALL_BYTES);
        text = loose(git_dir)
            .or_else(|_| loose(common_dir))
            .ok()
            .or_else(|| packed(&common_dir.join("packed-refs"), name))?;
    }
    None
}

/// What a file of packed references says of one.
fn packed(file: &Path, name: &str) -> Option<Vec<u8>> {
    if !is_absent_or_file(file) {
        return None;
    }
    let text = small_file(file, Links::Follow, REFS_BYTES).ok()?;
    let mut lines = text.split(|b| *b == b'\n');
    lines.find_map(|line| {
        let (id, rest) = line.split_at_checked(40)?;
        (rest.strip_prefix(b" ")? == name.as_bytes()).then(|| id.to_vec())
    })
}

/// An object store and those it borrows from; nothing if one of them holds anything but files
/// where files belong.
fn stores(objects: &Path) -> Option<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> = vec![objects.to_owned()];
    let mut next = 0;
    while let Some(store) = all.get(next).cloned() {
        next += 1;
        if let Ok(packs) = fs::read_dir(store.join("pack")) {
            for pack in packs {
                if !is_absent_or_file(&pack.ok()?.path()) {
                    return None;
                }
            }
        }
        let alternates = store.join("info/alternates");
        if !is_absent_or_file(&alternates) {
            return None;
        }
        let Ok(text) = small_file(&alternates, Links::Follow, SMALL_BYTES) else {
            continue;
        };
        for line in text.split(|b| *b == b'\n') {
            let other = std::str::from_utf8(line).map_or("", str::trim_end);
            if other.is_empty() || other.starts_with('#') {
                continue;
            }
            let Ok(other) = store.join(other).canonicalize() else {
                continue;
            };
            if !other.is_dir() || other.parent().is_none() || all.contains(&other) {
                continue;
            }
            if all.len() == STORES {
                return None;
            }
            all.push(other);
        }
    }
    Some(all)
}

fn is_absent_or_file(path: &Path) -> bool {
    path.metadata().map_or(true, |meta| meta.is_file())
}

#[cfg(test)]
mod tests {
    use git2::Repository;

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
        // Each repository is looked at once.
        let mut heads = Heads::new();
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
