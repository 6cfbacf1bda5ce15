//! What the next commit would hold: an index as the tree that git would make of it.
//!
//! The trees are made in memory and lent to a [`Lookup`](super::Lookup), so that an index is compared with commits as
//! commits are. A folder whose tree the index remembers (its cache of trees, which git itself makes
//! commits of) is taken as it is; of any other the tree is hashed from the entries. No folder that
//! did not change is looked at, in the index or in a store.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use gix_index::{Entry, State, entry::Flags, entry::Mode, extension::Tree};

use super::super::index::{Check, read_index};
use super::lookup::Read;
use super::{HashKind, Id, ObjectKind, SkipReason};

/// An index, read.
pub struct Index {
    state: State,
    hash: HashKind,
}

/// The tree of an index.
#[derive(Debug, Default)]
pub struct Staged {
    /// Its id; that of the empty tree if nothing is in the index.
    pub tree: Id,
    /// Trees that may be in no store.
    pub made: HashMap<Id, Read>,
    /// Trees that were taken from the index's cache.
    pub cached: HashSet<Id>,
    /// Paths that are in conflict: a commit of them is not possible. Sorted.
    pub conflicts: Vec<Vec<u8>>,
    /// How many files are only announced (`git add --intent-to-add`): a commit has none of them.
    pub announced: u64,
}

/// A folder that is being read.
struct Folder<'i> {
    /// How many bytes of an entry's path lead here, with the slash.
    depth: usize,
    cache: Option<&'i Tree>,
    /// Mode, name, id.
    entries: Vec<(u32, &'i [u8], Id)>,
}

impl Index {
    /// Reads an index; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn read(path: &Path, hash: HashKind) -> Result<Option<Self>, SkipReason> {
        let state = read_index(path, hash, Check::Sum)?;
        Ok(state.map(|state| Self { state, hash }))
    }

    /// The tree that a commit of it would have. The cache is not believed of trees that are
    /// `missing`.
    ///
    /// # Errors
    ///
    /// If git would make no tree of it.
    pub fn tree(&self, missing: &HashSet<Id>) -> Result<Staged, SkipReason> {
        let corrupt = |why: &str| SkipReason::Corrupt(format!("git's index: {why}"));
        let entries = self.state.entries();
        let path_of = |at: usize| -> &[u8] { entries[at].path(&self.state) };
        let mut out = Staged::default();
        let mut stack: Vec<Folder<'_>> = vec![Folder {
            depth: 0,
            cache: self.state.tree(),
            entries: Vec::new(),
        }];
        // No believed tree hides an order that git would refuse.
        for at in 1..entries.len() {
            let (before, here) = (path_of(at - 1), path_of(at));
            let twice = before == here && entries[at].stage_raw() <= entries[at - 1].stage_raw();
            if before > here || twice {
                return Err(corrupt("its entries are not in order"));
            }
        }
        let (mut at, mut last): (usize, &[u8]) = (0, b"");
        if let Some(id) = self.believed(self.state.tree(), entries.len(), missing)? {
            out.cached.insert(id);
            out.tree = id;
            return Ok(out);
        }
        while at < entries.len() {
            let (entry, path) = (&entries[at], path_of(at));
            let same = last.iter().zip(path).take_while(|(a, b)| a == b).count();
            while stack.last().is_some_and(|folder| folder.depth > same) {
                self.close(&mut stack, last, &mut out)?;
            }
            last = path;
            let Some(folder) = stack.last_mut() else {
                return Err(corrupt("a bug"));
            };
            let rest = &path[folder.depth..];
            let slash = memchr::memchr(b'/', rest);
            let is_sparse = entry.mode.is_sparse() && slash == Some(rest.len().wrapping_sub(1));
            match slash {
                Some(len) if !is_sparse => {
                    let name = &rest[..len];
                    let depth = folder.depth + len + 1;
                    let cache = folder.cache.and_then(|tree| child(tree, name));
                    let inside = &path[..depth];
                    let count = entries[at..]
                        .partition_point(|e| <[u8]>::starts_with(e.path(&self.state), inside));
                    match self.believed(cache, count, missing)? {
                        Some(id) => {
                            out.cached.insert(id);
                            folder.entries.push((Mode::DIR.bits(), name, id));
                            at += count;
                        }
                        None => stack.push(Folder {
                            depth,
                            cache,
                            entries: Vec::new(),
                        }),
                    }
                }
                _ => {
                    let name = if is_sparse {
                        &rest[..rest.len() - 1]
                    } else {
                        rest
                    };
                    self.file(entry, path, name, folder, &mut out)?;
                    at += 1;
                }
            }
        }
        while stack.len() > 1 {
            self.close(&mut stack, last, &mut out)?;
        }
        let root = stack.pop().map(|folder| folder.entries);
        out.tree = self.make(root.unwrap_or_default(), &mut out)?;
        out.conflicts.dedup();
        Ok(out)
    }

    /// Whether a folder's tree is in the cache.
    fn believed(
        &self,
        cache: Option<&Tree>,
        count: usize,
        missing: &HashSet<Id>,
    ) -> Result<Option<Id>, SkipReason> {
        let Some((cache, counted)) = cache.and_then(|c| Some((c, c.num_entries?))) else {
            return Ok(None);
        };
        if counted as usize != count {
            let why = "git's index: its cache of trees does not fit its entries";
            return Err(SkipReason::Corrupt(why.to_owned()));
        }
        let id = self.id(cache.id.as_slice());
        Ok(Some(id).filter(|id| !missing.contains(id)))
    }

    fn id(&self, bytes: &[u8]) -> Id {
        let mut id = [0; 32];
        let len = self.hash.bytes().min(bytes.len());
        id[..len].copy_from_slice(&bytes[..len]);
        id
    }

    /// Adds what is no folder.
    fn file<'i>(
        &self,
        entry: &Entry,
        path: &[u8],
        name: &'i [u8],
        folder: &mut Folder<'i>,
        out: &mut Staged,
    ) -> Result<(), SkipReason> {
        if entry.stage_raw() != 0 {
            out.conflicts.push(path.to_vec());
            return Ok(());
        }
        if entry.flags.contains(Flags::INTENT_TO_ADD) {
            out.announced += 1;
            return Ok(());
        }
        if name.is_empty() {
            let why = "git's index: an entry has no name";
            return Err(SkipReason::Corrupt(why.to_owned()));
        }
        let id = self.id(entry.id.as_slice());
        folder.entries.push((entry.mode.bits(), name, id));
        Ok(())
    }

    /// Makes the tree of the innermost folder; one without files is in no tree. `path` is of an
    /// entry in it.
    fn close<'i>(
        &self,
        stack: &mut Vec<Folder<'i>>,
        path: &'i [u8],
        out: &mut Staged,
    ) -> Result<(), SkipReason> {
        let Some(folder) = stack.pop() else {
            return Ok(());
        };
        if let Some(outer) = stack.last_mut()
            && !folder.entries.is_empty()
        {
            let name = &path[outer.depth..folder.depth - 1];
            let id = self.make(folder.entries, out)?;
            outer.entries.push((Mode::DIR.bits(), name, id));
        }
        Ok(())
    }

    fn make(&self, mut entries: Vec<(u32, &[u8], Id)>, out: &mut Staged) -> Result<Id, SkipReason> {
        let len = self.hash.bytes();
        let mut bytes = Vec::with_capacity(entries.len() * (len + 32));
        for (mode, name, id) in &entries {
            bytes.extend_from_slice(format!("{mode:o} ").as_bytes());
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(&id[..len]);
        }
        // A file and a folder of one name need not be neighbours.
        entries.sort_unstable_by_key(|(_, name, _)| *name);
        if entries.windows(2).any(|two| two[0].1 == two[1].1) {
            let why = "git's index: a file and a folder have one name";
            return Err(SkipReason::Corrupt(why.to_owned()));
        }
        let id = self.hash.id_of(ObjectKind::Tree, &bytes);
        let read: Read = (ObjectKind::Tree, Arc::from(bytes));
        out.made.insert(id, read);
        Ok(id)
    }
}

fn child<'i>(tree: &'i Tree, name: &[u8]) -> Option<&'i Tree> {
    let found = tree.children.binary_search_by(|c| c.name[..].cmp(name));
    tree.children.get(found.ok()?)
}
