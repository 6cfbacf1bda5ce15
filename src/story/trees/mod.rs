//! All trees of a repository, as edits: what each adds to and takes from the tree that it is
//! stored against.
//!
//! Only entries that lead to an asked-for blob are kept, so a history of hundreds of thousands of
//! trees is a few edits each. A tree's *state* is the sum of keyed hashes of its entries' names
//! and states, taken along the edits: two trees that hold the same asked-for content at the same
//! paths have the same state, all others differ (but for a chance of 2^-128).

mod reader;

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::OnceLock;

use crate::detect::patterns::Called;
use crate::sources::Skip;
use crate::sources::history::{ObjectKind, ObjectSet, Stores, SweepOptions};
use reader::{Asked, Beginnings, Reader};

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
        let asked = Asked {
            objects,
            blobs,
            beginnings: &beginnings,
            called,
            named,
            claimed: &claimed,
            stop: stores.stop(),
        };
        let options = SweepOptions {
            threads,
            kinds: &[ObjectKind::Tree],
            only: None,
            without: None,
            seen,
        };
        let readers = stores.sweep(options, || Reader::new(asked));
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
