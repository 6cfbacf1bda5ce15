//! A range of commits, as git reckons it: reachable from some and not from others; and what each
//! commit touches.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::lookup::{Absence, Id, LookupReader};
use super::{Commit, ObjectKind};

/// How many commits are looked at beyond the last one in doubt: clocks differ, and what is younger
/// may be an ancestor of what is older.
const SLOP: usize = 128;

/// How many files of one commit are looked at. A tree of a few KiB may name more files than there
/// are atoms. Tests have fewer.
const FILES: usize = if cfg!(test) { 1_000 } else { 1_000_000 };

/// A commit of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeCommit {
    /// Its id.
    pub id: Id,
    /// Its tree.
    pub tree: Id,
    /// Its parents.
    pub parents: Vec<Id>,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
}

/// The commits of a range.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// In no order.
    pub commits: Vec<RangeCommit>,
    /// Ids of commits of the range whose parents are not here.
    pub cut: Vec<Id>,
    /// Whether the ancestors that are left out are known in part only, and the range reaches a first
    /// commit: some of it may be theirs.
    pub is_doubtful: bool,
}

struct Node {
    commit: RangeCommit,
    /// An ancestor of what is left out, or that itself.
    out: bool,
}

/// The commits that `from` reaches and `without` does not. `is_cut` says whose parents were not
/// fetched.
///
/// If clocks were wrong by more than a hundred commits, some that `without` reaches may be told;
/// none is left out that should be told.
///
/// # Errors
///
/// A commit that cannot be read, and why.
pub fn range(
    reader: &mut LookupReader<'_>,
    from: &[Id],
    without: &[Id],
    is_cut: impl Fn(&Id) -> bool,
) -> Result<Range, (Id, Absence)> {
    let mut nodes: HashMap<Id, Node> = HashMap::new();
    // The youngest first.
    let mut queue: BinaryHeap<(i64, Id)> = BinaryHeap::new();
    let mut waiting_in = 0usize;
    let mut result = Range::default();
    let mut cut_out = false;
    for (ids, out) in [(without, true), (from, false)] {
        for id in ids {
            if !nodes.contains_key(id) {
                let commit = read(reader, id).map_err(|why| (*id, why))?;
                queue.push((commit.time, *id));
                waiting_in += usize::from(!out);
                nodes.insert(*id, Node { commit, out });
            }
        }
    }
    let mut slop = SLOP;
    let mut oldest_in = i64::MAX;
    while let Some((time, id)) = queue.pop() {
        let node = &nodes[&id];
        let (out, parents) = (node.out, node.commit.parents.clone());
        if out {
            // Nothing is left that may be of the range, and all that is left is older than it.
            if waiting_in == 0 && time < oldest_in {
                slop -= 1;
                if slop == 0 {
                    break;
                }
            }
        } else {
            waiting_in -= 1;
            oldest_in = oldest_in.min(time);
        }
        if is_cut(&id) {
            if out {
                cut_out = true;
            } else {
                result.cut.push(id);
            }
            continue;
        }
        for parent in parents {
            match nodes.get(&parent) {
                None => {
                    let commit = match read(reader, &parent) {
                        Ok(commit) => commit,
                        // What is left out need not be here.
                        Err(_) if out => {
                            cut_out = true;
                            continue;
                        }
                        Err(why) => return Err((parent, why)),
                    };
                    queue.push((commit.time, parent));
                    waiting_in += usize::from(!out);
                    nodes.insert(parent, Node { commit, out });
                }
                Some(known) if out && !known.out => {
                    // It was taken for one of the range, and so were its ancestors.
                    waiting_in -= spread(&mut nodes, parent, &queue);
                }
                Some(_) => {}
            }
        }
    }
    let all = nodes.into_values().filter(|n| !n.out).map(|n| n.commit);
    result.commits = all.collect();
    let first = result.commits.iter().any(|c| c.parents.is_empty());
    result.is_doubtful = cut_out && first;
    let is_in: HashSet<Id> = result.commits.iter().map(|c| c.id).collect();
    result.cut.retain(|id| is_in.contains(id));
    result.cut.sort_unstable();
    Ok(result)
}

/// Marks a commit and its known ancestors as left out; how many of them wait in the queue.
fn spread(nodes: &mut HashMap<Id, Node>, start: Id, queue: &BinaryHeap<(i64, Id)>) -> usize {
    let mut changed = HashSet::new();
    let mut stack = vec![start];
    while let Some(id) = stack.pop() {
        if let Some(node) = nodes.get_mut(&id)
            && !node.out
        {
            node.out = true;
            changed.insert(id);
            stack.extend(node.commit.parents.iter().copied());
        }
    }
    queue.iter().filter(|(_, id)| changed.contains(id)).count()
}

fn read(reader: &mut LookupReader<'_>, id: &Id) -> Result<RangeCommit, Absence> {
    let bad = |why: &str| Absence::Damaged(why.to_owned());
    let (kind, data) = reader.read(id)?;
    if kind != ObjectKind::Commit {
        return Err(bad(&format!("it is a {}, no commit", kind.word())));
    }
    let hash = reader.lookup().hash();
    let commit = Commit::parse(&data).ok_or_else(|| bad("the commit does not parse"))?;
    let id_of = |hex: &[u8]| {
        hash.parse(hex)
            .ok_or_else(|| bad("the commit does not parse"))
    };
    Ok(RangeCommit {
        id: *id,
        tree: id_of(commit.tree)?,
        parents: commit
            .parents
            .iter()
            .map(|p| id_of(p))
            .collect::<Result<_, _>>()?,
        time: commit.committer().time,
    })
}

/// A file that a commit touches: its content is at this path in no parent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// From the top, as git has it.
    pub path: Vec<u8>,
    /// Its content.
    pub blob: Id,
    /// Whether it is a symbolic link: its content is a path.
    pub is_link: bool,
    /// What each parent has at the path; `None` if it has no file there.
    pub old: Vec<Option<Id>>,
}

/// An entry of a tree.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: Id,
    sort: Sort,
    is_link: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Tree,
    /// A file, or the target of a symbolic link.
    Blob,
    /// A commit of another repository.
    Submodule,
}

type Entries = HashMap<Box<[u8]>, Entry>;

/// Why the trees of a commit cannot be told apart.
pub type Failed = (Id, Absence);

fn entries(reader: &mut LookupReader<'_>, tree: &Id) -> Result<Entries, Failed> {
    let failed = |why: &str| (*tree, Absence::Damaged(why.to_owned()));
    let (kind, data) = reader.read(tree).map_err(|why| (*tree, why))?;
    if kind != ObjectKind::Tree {
        return Err(failed(&format!("it is a {}, no tree", kind.word())));
    }
    let len = reader.lookup().hash().bytes();
    let mut out = Entries::new();
    let mut rest = &data[..];
    while !rest.is_empty() {
        let parsed = (|| {
            let nul = memchr::memchr(0, rest)?;
            let blank = memchr::memchr(b' ', &rest[..nul])?;
            let mode = u32::from_str_radix(std::str::from_utf8(&rest[..blank]).ok()?, 8).ok()?;
            let mut id = [0; 32];
            id[..len].copy_from_slice(rest.get(nul + 1..nul + 1 + len)?);
            Some((mode, &rest[blank + 1..nul], id, nul + 1 + len))
        })();
        let Some((mode, name, id, used)) = parsed else {
            return Err(failed("the tree does not parse"));
        };
        rest = &rest[used..];
        let sort = match mode & 0o170_000 {
            0o040_000 => Sort::Tree,
            0o160_000 => Sort::Submodule,
            _ => Sort::Blob,
        };
        let is_link = mode & 0o170_000 == 0o120_000;
        out.insert(name.into(), Entry { id, sort, is_link });
    }
    Ok(out)
}

/// The file at `path` (with `/`) below a tree; `None` if there is none.
///
/// # Errors
///
/// A tree on the way that cannot be read, and why.
pub fn entry_at(
    reader: &mut LookupReader<'_>,
    tree: Id,
    path: &[u8],
) -> Result<Option<Id>, Failed> {
    let mut at = (tree, Sort::Tree);
    for name in path.split(|b| *b == b'/') {
        if at.1 != Sort::Tree {
            return Ok(None);
        }
        match entries(reader, &at.0)?.get(name) {
            Some(entry) => at = (entry.id, entry.sort),
            None => return Ok(None),
        }
    }
    Ok((at.1 == Sort::Blob).then_some(at.0))
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() {
        return name.to_vec();
    }
    [folder, b"/", name].concat()
}

/// Reads trees, and remembers those that it could not read.
struct Reading<'r, 's> {
    reader: &'r mut LookupReader<'s>,
    failed: &'r mut Vec<Failed>,
    seen: usize,
}

impl Reading<'_, '_> {
    fn entries(&mut self, tree: Option<Id>) -> Entries {
        let read = tree.map(|tree| entries(self.reader, &tree));
        match read {
            None => Entries::new(),
            Some(Ok(entries)) => entries,
            Some(Err(failed)) => {
                self.failed.push(failed);
                Entries::new()
            }
        }
    }

    /// Counts an entry; whether there are too many.
    fn is_over(&mut self, tree: &Id) -> bool {
        self.seen += 1;
        if self.seen == FILES {
            let why = format!("the commit touches more than {FILES} files: the rest was not read");
            self.failed.push((*tree, Absence::Damaged(why)));
        }
        self.seen >= FILES
    }
}

/// The files of `tree` that are in none of the trees of `parents`, by path and content; sorted.
/// `failed` takes the trees that could not be read: of a parent's all counts as touched then.
pub fn touched(
    reader: &mut LookupReader<'_>,
    tree: &Id,
    parents: &[Id],
    failed: &mut Vec<Failed>,
) -> Vec<Touched> {
    let mut reading = Reading {
        reader,
        failed,
        seen: 0,
    };
    let mut out = Vec::new();
    let parents = parents.iter().copied().map(Some).collect::<Vec<_>>();
    let mut stack = vec![(Vec::new(), *tree, parents)];
    'all: while let Some((folder, tree, olds)) = stack.pop() {
        if olds.contains(&Some(tree)) {
            continue;
        }
        let olds: Vec<Entries> = olds.iter().map(|old| reading.entries(*old)).collect();
        for (name, entry) in reading.entries(Some(tree)) {
            let path = joined(&folder, &name);
            let of = |sort: Sort| {
                let same = |e: &&Entry| e.sort == sort;
                let olds = olds.iter().map(|old| old.get(&name).filter(same));
                olds.map(|e| e.map(|e| e.id)).collect::<Vec<_>>()
            };
            match entry.sort {
                Sort::Submodule => {}
                Sort::Tree => stack.push((path, entry.id, of(Sort::Tree))),
                Sort::Blob => {
                    let old = of(Sort::Blob);
                    if !old.contains(&Some(entry.id)) {
                        let blob = entry.id;
                        out.push(Touched {
                            path,
                            blob,
                            is_link: entry.is_link,
                            old,
                        });
                    }
                }
            }
            if reading.is_over(&tree) {
                break 'all;
            }
        }
    }
    out.sort();
    out
}

/// The files of one tree at whose paths another has none: path and content, sorted. Trees that
/// cannot be read are taken for empty ones, and `failed` takes them.
pub fn only_in(
    reader: &mut LookupReader<'_>,
    tree: &Id,
    other: &Id,
    failed: &mut Vec<Failed>,
) -> Vec<(Vec<u8>, Id)> {
    let mut reading = Reading {
        reader,
        failed,
        seen: 0,
    };
    let mut out = Vec::new();
    let mut stack = vec![(Vec::new(), *tree, Some(*other))];
    'all: while let Some((folder, tree, other)) = stack.pop() {
        if other == Some(tree) {
            continue;
        }
        let others = reading.entries(other);
        for (name, entry) in reading.entries(Some(tree)) {
            let path = joined(&folder, &name);
            let there = others.get(&name);
            match entry.sort {
                Sort::Submodule => {}
                Sort::Tree => {
                    let other = there.filter(|e| e.sort == Sort::Tree).map(|e| e.id);
                    stack.push((path, entry.id, other));
                }
                Sort::Blob if there.is_some_and(|e| e.sort == Sort::Blob) => {}
                Sort::Blob => out.push((path, entry.id)),
            }
            if reading.is_over(&tree) {
                break 'all;
            }
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Lookup, Places, PlacesOptions};
    use super::*;

    /// A tree that has the same folder many times, and that folder the same file.
    #[test]
    fn more_files_than_are_looked_at_are_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = git2::Repository::init(dir.path()).expect("a repository");
        let many = |child, mode, count: usize| {
            let mut builder = repository.treebuilder(None).expect("a builder");
            for n in 0..count {
                builder
                    .insert(format!("{n:04}"), child, mode)
                    .expect("inserted");
            }
            builder.write().expect("written")
        };
        let blob = repository.blob(b"text").expect("written");
        let folder = many(blob, 0o100_644, 30);
        // 29 and 40 times 30 files, and the folders themselves.
        let (few, hostile) = (many(folder, 0o040_000, 29), many(folder, 0o040_000, 40));
        let deep = (0..3).fold(hostile, |tree, _| many(tree, 0o040_000, 1_000));
        let places = Places::find(dir.path(), &PlacesOptions::default()).expect("found");
        let lookup = Lookup::open(&places);
        let id = |oid: git2::Oid| {
            let hex = oid.to_string();
            lookup.hash().parse(hex.as_bytes()).expect("an id")
        };
        let of = |tree| {
            let mut failed = Vec::new();
            let found = touched(&mut lookup.reader(), &id(tree), &[], &mut failed);
            (found.len(), failed.len())
        };
        assert_eq!(of(few), (29 * 30, 0));
        for tree in [hostile, deep] {
            let (found, failed) = of(tree);
            assert_eq!(failed, 1, "it is told");
            assert!(found < FILES, "{found}");
        }
        let mut failed = Vec::new();
        let found = only_in(&mut lookup.reader(), &id(hostile), &id(few), &mut failed);
        assert_eq!((found.len(), failed.len()), (11 * 30, 0));
        let found = only_in(&mut lookup.reader(), &id(hostile), &id(folder), &mut failed);
        assert!(found.len() < FILES && failed.len() == 1);
    }
}
