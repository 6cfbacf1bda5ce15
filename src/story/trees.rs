//! All trees of a repository, as edits: what each adds to and takes from the tree that it is
//! stored against.
//!
//! Only entries that lead to an asked-for blob are kept, so a history of hundreds of thousands of
//! trees is a few edits each. A tree's *state* is the sum of keyed hashes of its entries' names
//! and states, taken along the edits: two trees that hold the same asked-for content at the same
//! paths have the same state, all others differ (but for a chance of 2^-128).

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::OnceLock;

use crate::base::Stop;
use crate::detect::patterns::Called;
use crate::sources::history::{
    Base, Object, ObjectKind, ObjectSet, ObjectVisitor, Objects, Segment, Stores, SweepOptions,
};
use crate::sources::{Skip, SkipReason};

/// "No object", "no base".
pub const NONE: u32 = u32::MAX;

/// What of an object leads to asked-for content; 0 if nothing does.
pub type State = u128;

/// A change of a tree against its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    name: u32,
    child: u32,
    is_tree: bool,
    removed: bool,
}

/// An entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// Its name, a number of [`Trees::name`].
    pub name: u32,
    /// The object it leads to.
    pub child: u32,
    /// Whether that is a tree.
    pub is_tree: bool,
}

/// All trees of a repository.
#[derive(Debug, Default)]
pub struct Trees {
    /// The tree that each tree is stored against.
    bases: Vec<u32>,
    /// The edits of tree `n` are `edits[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    edits: Vec<Edit>,
    names: Vec<Box<[u8]>>,
    /// All trees, ascending.
    numbers: Vec<u32>,
    /// All trees, each behind its base and behind what it holds.
    order: OnceLock<Vec<u32>>,
    /// Ids (in hex) of objects that trees name and that no store has; at most a thousand.
    pub missing: Vec<String>,
    /// How many there are.
    pub missing_count: usize,
    /// What could not be read.
    pub skips: Vec<Skip>,
}

/// How many objects are remembered that need no look-up.
const RECENT: usize = 1 << 15;

/// How many missing objects are named.
const MISSING: usize = 1000;

impl Trees {
    /// Reads all trees; of the blobs only entries for `blobs` are kept, and those that are `called` as
    /// some files are, whatever is in them: `named` takes these blobs.
    pub fn read(
        stores: &Stores,
        threads: usize,
        blobs: &ObjectSet,
        (called, named): (&Called, &ObjectSet),
        seen: &ObjectSet,
    ) -> Self {
        let objects = stores.objects();
        let claimed = ObjectSet::new(objects.len());
        let beginnings = Beginnings::of(blobs.iter().map(|blob| objects.id(blob)));
        let options = SweepOptions {
            threads,
            kinds: &[ObjectKind::Tree],
            only: None,
            without: None,
            seen,
        };
        let readers = stores.sweep(options, || Reader {
            objects,
            blobs,
            beginnings: &beginnings,
            called,
            named,
            claimed: &claimed,
            names: HashMap::new(),
            list: Vec::new(),
            edits: Vec::new(),
            trees: Vec::new(),
            missing: HashSet::new(),
            skips: Vec::new(),
            recent: vec![None; RECENT],
            kept: Vec::new(),
            stop: stores.stop(),
        });
        Self::joined(objects.len(), readers)
    }

    /// None of the trees, of so many objects.
    pub fn none(objects: usize) -> Self {
        Self::joined(objects, Vec::new())
    }

    fn joined(count: usize, readers: Vec<Reader<'_>>) -> Self {
        let mut trees = Self {
            bases: vec![NONE; count],
            starts: vec![0; count + 1],
            ..Self::default()
        };
        let mut known: HashMap<Box<[u8]>, u32> = HashMap::new();
        let mut missing: HashSet<Box<[u8]>> = HashSet::new();
        let mut parts = Vec::new();
        for reader in readers {
            let names: Vec<u32> = reader
                .list
                .into_iter()
                .map(|name| {
                    let next = known.len() as u32;
                    *known.entry(name).or_insert(next)
                })
                .collect();
            for (tree, base) in reader.trees {
                trees.bases[tree as usize] = base;
                trees.numbers.push(tree);
            }
            for (tree, _) in &reader.edits {
                trees.starts[*tree as usize + 1] += 1;
            }
            missing.extend(reader.missing);
            trees.skips.extend(reader.skips);
            parts.push((names, reader.edits));
        }
        for i in 0..count {
            trees.starts[i + 1] += trees.starts[i];
        }
        let empty = Edit {
            name: 0,
            child: 0,
            is_tree: false,
            removed: false,
        };
        trees.edits = vec![empty; trees.starts[count] as usize];
        let mut next = trees.starts.clone();
        for (names, edits) in parts {
            for (tree, edit) in edits {
                let slot = &mut next[tree as usize];
                trees.edits[*slot as usize] = Edit {
                    name: names[edit.name as usize],
                    ..edit
                };
                *slot += 1;
            }
        }
        let mut names: Vec<(Box<[u8]>, u32)> = known.into_iter().collect();
        names.sort_unstable_by_key(|(_, number)| *number);
        trees.names = names.into_iter().map(|(name, _)| name).collect();
        trees.numbers.sort_unstable();
        let mut missing: Vec<Box<[u8]>> = missing.into_iter().collect();
        missing.sort_unstable();
        trees.missing_count = missing.len();
        let few = missing.iter().take(MISSING);
        trees.missing = few.map(|id| crate::sources::history::hex(id)).collect();
        trees
    }

    /// All trees, ascending.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// The bytes of a name.
    pub fn name(&self, name: u32) -> &[u8] {
        &self.names[name as usize]
    }

    fn edits(&self, tree: u32) -> &[Edit] {
        let tree = tree as usize;
        &self.edits[self.starts[tree] as usize..self.starts[tree + 1] as usize]
    }

    /// The state of every object, blobs having that of `blobs`.
    pub fn states(&self, blobs: &HashMap<u32, State>) -> Vec<State> {
        let keys = [RandomState::new(), RandomState::new()];
        let mut states: Vec<State> = vec![0; self.bases.len()];
        for (blob, state) in blobs {
            states[*blob as usize] = *state;
        }
        for tree in self.order.get_or_init(|| self.ordered()) {
            let base = self.bases[*tree as usize];
            let mut state = if base == NONE {
                0
            } else {
                states[base as usize]
            };
            for edit in self.edits(*tree) {
                let child = states[edit.child as usize];
                if child == 0 {
                    continue;
                }
                let [a, b] = keys
                    .each_ref()
                    .map(|key| u128::from(key.hash_one((edit.name, edit.is_tree, child))));
                let sum = a << 64 | b;
                state = if edit.removed {
                    state.wrapping_sub(sum)
                } else {
                    state.wrapping_add(sum)
                };
            }
            states[*tree as usize] = state;
        }
        states
    }

    /// All trees, each behind its base and behind what it holds.
    fn ordered(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.numbers.len());
        // 0: not looked at, 1: waits for others, 2: done. What is no tree is waited for by nobody.
        let mut progress = vec![2u8; self.bases.len()];
        for tree in &self.numbers {
            progress[*tree as usize] = 0;
        }
        let mut stack: Vec<u32> = Vec::new();
        for tree in &self.numbers {
            stack.push(*tree);
            while let Some(tree) = stack.last().copied() {
                let at = tree as usize;
                if progress[at] == 2 {
                    stack.pop();
                    continue;
                }
                let waiting = stack.len();
                if progress[at] == 0 {
                    progress[at] = 1;
                    let trees = self.edits(tree).iter().filter(|e| e.is_tree);
                    let others = trees.map(|e| e.child).chain([self.bases[at]]);
                    // What waits already is its own ancestor: damage, which counts for nothing.
                    stack.extend(others.filter(|o| *o != NONE && progress[*o as usize] == 0));
                }
                if stack.len() == waiting {
                    progress[at] = 2;
                    order.push(tree);
                    stack.pop();
                }
            }
        }
        order
    }

    /// The entries of a tree that lead to something, by name.
    pub fn entries(&self, tree: u32, states: &[State]) -> Vec<Entry> {
        let mut chain = vec![tree];
        while let Some(base) = self.bases.get(chain[chain.len() - 1] as usize)
            && *base != NONE
            && chain.len() <= self.numbers.len()
        {
            chain.push(*base);
        }
        let mut counts: HashMap<Entry, i32> = HashMap::new();
        for tree in chain.into_iter().rev() {
            for edit in self
                .edits(tree)
                .iter()
                .filter(|e| states[e.child as usize] != 0)
            {
                let Edit {
                    name,
                    child,
                    is_tree,
                    removed,
                } = *edit;
                *counts
                    .entry(Entry {
                        name,
                        child,
                        is_tree,
                    })
                    .or_default() += if removed { -1 } else { 1 };
            }
        }
        let mut entries: Vec<Entry> = counts
            .into_iter()
            .filter(|c| c.1 > 0)
            .map(|c| c.0)
            .collect();
        entries.sort_unstable();
        entries
    }
}

/// How some ids begin: what begins otherwise is none of them.
struct Beginnings(Vec<u64>);

impl Beginnings {
    fn of<'a>(ids: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut bits = vec![0; 1 << 10];
        for id in ids {
            let (word, bit) = Self::place(id);
            bits[word] |= bit;
        }
        Self(bits)
    }

    fn has(&self, id: &[u8]) -> bool {
        let (word, bit) = Self::place(id);
        self.0[word] & bit != 0
    }

    fn place(id: &[u8]) -> (usize, u64) {
        let start = u16::from_be_bytes([id[0], id[1]]);
        (usize::from(start >> 6), 1 << (start & 63))
    }
}

/// An object that was looked up.
#[derive(Clone, Copy)]
struct Recent {
    /// Its id, behind which are zeros.
    id: [u8; 32],
    /// Its number; `None` of a blob that is in a store and not asked for.
    number: Option<u32>,
}

/// Where the entries of a tree begin, kept for the trees that are stored against it.
struct Entries {
    number: u32,
    /// `None` if it does not parse.
    starts: Option<Vec<u32>>,
}

struct Reader<'a> {
    objects: &'a Objects,
    blobs: &'a ObjectSet,
    /// How their ids begin.
    beginnings: &'a Beginnings,
    /// What files are called that are kept whatever is in them, and what takes them.
    called: &'a Called,
    named: &'a ObjectSet,
    /// Trees that somebody has told of already: the same may lie in several packs.
    claimed: &'a ObjectSet,
    names: HashMap<Box<[u8]>, u32>,
    list: Vec<Box<[u8]>>,
    edits: Vec<(u32, Edit)>,
    /// Trees and their bases.
    trees: Vec<(u32, u32)>,
    missing: HashSet<Box<[u8]>>,
    skips: Vec<Skip>,
    /// What was looked up last, by the first bytes of its id.
    recent: Vec<Option<Recent>>,
    /// Ranges of base entries that a tree keeps; used again for each.
    kept: Vec<(u32, u32)>,
    stop: &'a Stop,
}

impl ObjectVisitor for Reader<'_> {
    type Held = Entries;

    fn object(&mut self, object: &Object<'_>, base: Option<Base<'_, Entries>>) -> Entries {
        let number = object.number;
        let first = self.claimed.insert(number);
        let before = self.edits.len();
        let based = base.and_then(|base| {
            let starts = base.held.starts.as_deref()?;
            let told = self.upon(number, object.data, base.data, starts, base.segments)?;
            Some((base.held.number, told))
        });
        let (base, starts) = if let Some((base, starts)) = based {
            (base, Some(starts))
        } else {
            self.edits.truncate(before);
            (NONE, self.whole(number, object.data))
        };
        if starts.is_none() {
            self.edits.truncate(before);
            if first {
                let reason = SkipReason::Corrupt("a tree does not parse".to_owned());
                let path = format!("object {}", self.objects.hex(number)).into();
                self.skips.push(Skip { path, reason });
            }
        }
        if first {
            self.trees.push((number, base));
        } else {
            self.edits.truncate(before);
        }
        Entries { number, starts }
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn stop(&self) -> bool {
        self.stop.is_asked()
    }
}

impl Reader<'_> {
    /// Reads a tree whole.
    fn whole(&mut self, number: u32, data: &[u8]) -> Option<Vec<u32>> {
        let mut starts = Vec::new();
        let mut at = 0;
        while at < data.len() {
            starts.push(at as u32);
            let end = self.entry_end(data, at)?;
            self.tell(number, &data[at..end], false)?;
            at = end;
        }
        Some(starts)
    }

    /// Reads what a tree changes of its base. `None` if it does not parse.
    fn upon(
        &mut self,
        number: u32,
        data: &[u8],
        base: &[u8],
        base_starts: &[u32],
        segments: &[Segment],
    ) -> Option<Vec<u32>> {
        let mut starts: Vec<u32> = Vec::with_capacity(base_starts.len() + 2);
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        let end_of = |entry: usize| base_starts.get(entry).map_or(base.len(), |s| *s as usize);
        let (mut at, mut segment) = (0, 0);
        while at < data.len() {
            while segments.get(segment).is_some_and(|s| s.end() <= at) {
                segment += 1;
            }
            if let Some(s) = segments.get(segment)
                && let Some(from) = s.from
                && let place = from + (at - s.at)
                && let Ok(first) = base_starts.binary_search(&(place as u32))
            {
                // Entries that lie in the copied range whole.
                let limit = from + s.len;
                let rest = &base_starts[first..];
                let begun = rest.partition_point(|start| (*start as usize) < limit);
                let mut last = first + begun;
                if last > first && end_of(last) > limit {
                    last -= 1;
                }
                if last > first {
                    starts.extend(
                        base_starts[first..last]
                            .iter()
                            .map(|b| (*b as usize + at - place) as u32),
                    );
                    kept.push((first as u32, last as u32));
                    at += end_of(last) - place;
                    continue;
                }
            }
            starts.push(at as u32);
            let end = self.entry_end(data, at)?;
            self.tell(number, &data[at..end], false)?;
            at = end;
        }
        kept.sort_unstable();
        let mut next = 0u32;
        for (first, last) in kept
            .iter()
            .copied()
            .chain([(base_starts.len() as u32, base_starts.len() as u32)])
        {
            for gone in next..first {
                let range = base_starts[gone as usize] as usize..end_of(gone as usize + 1);
                self.tell(number, &base[range], true)?;
            }
            // No tree of git's names an entry twice; one that does is told as it is.
            for again in first..last.min(next.max(first)) {
                let range = base_starts[again as usize] as usize..end_of(again as usize + 1);
                self.tell(number, &base[range], false)?;
            }
            next = next.max(last);
        }
        self.kept = kept;
        Some(starts)
    }

    /// One past the end of the entry at `at`.
    fn entry_end(&self, data: &[u8], at: usize) -> Option<usize> {
        let end = at + memchr::memchr(0, &data[at..])? + 1 + self.objects.hash().bytes();
        (end <= data.len()).then_some(end)
    }

    /// Tells of an entry (`mode name NUL id`) if it may lead to something.
    fn tell(&mut self, tree: u32, entry: &[u8], removed: bool) -> Option<()> {
        let (head, id) = entry.split_at(entry.len() - self.objects.hash().bytes());
        let blank = memchr::memchr(b' ', head)?;
        let (mode, name) = (&head[..blank], &head[blank + 1..head.len() - 1]);
        let is_tree = matches!(mode, b"40000" | b"040000");
        if mode == b"160000" {
            // A submodule's commit is in another repository.
            return Some(());
        }
        let is_called = !is_tree && self.called.may_be(name);
        if removed && !is_tree && !is_called && !self.beginnings.has(id) {
            // Whether a store has it was asked where it was added.
            return Some(());
        }
        // Trees of one folder name the same objects again and again.
        let mut key = [0; 32];
        key[..id.len()].copy_from_slice(id);
        let slot = usize::from(u16::from_le_bytes([id[0], id[1]])) % RECENT;
        let known = self.recent[slot].filter(|recent| recent.id == key);
        if known.is_some_and(|k| k.number.is_none()) && !is_tree && !is_called {
            return Some(());
        }
        let known = known.and_then(|recent| recent.number);
        let Some(child) = known.or_else(|| self.objects.find(id)) else {
            if !removed && !self.missing.contains(id) {
                self.missing.insert(id.into());
            }
            return Some(());
        };
        let leads = is_tree || is_called || self.blobs.has(child);
        self.recent[slot] = Some(Recent {
            id: key,
            number: leads.then_some(child),
        });
        if is_called {
            self.named.insert(child);
        }
        if leads {
            let name = if let Some(known) = self.names.get(name) {
                *known
            } else {
                let next = self.list.len() as u32;
                self.list.push(name.into());
                self.names.insert(name.into(), next);
                next
            };
            self.edits.push((
                tree,
                Edit {
                    name,
                    child,
                    is_tree,
                    removed,
                },
            ));
        }
        Some(())
    }
}
