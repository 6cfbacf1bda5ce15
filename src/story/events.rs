//! What commits did: which secret came in at which path, and which went out.
//!
//! Root states are compared first; only where they differ, the entries that lead to secrets are.
//! A secret *comes in* where a commit has it at a path and no parent does; it *goes out* where a
//! parent has it and the commit does not, and at a merge only if every other parent has it, too, or
//! never had it: a merge of a branch that forked before the secret was removed removes nothing.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::commits::Commits;
use super::paths::{Paths, TOP};
use super::trees::{Entry, NONE, State, Trees};
use crate::base::Stop;

/// A secret at a path: numbers of the caller's, and of [`Paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spot {
    /// The secret.
    pub secret: u32,
    /// The path.
    pub path: u32,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// The secret came in.
    In,
    /// It went out.
    Out,
}

/// One thing that one commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Happened {
    /// The commit's place.
    pub commit: u32,
    /// What it did.
    pub change: Change,
    /// The blob that it stands in: for what went out, the last that held it.
    pub blob: u32,
    /// The path from which it was moved, if the same commit took it away there.
    pub from: Option<u32>,
}

/// Everything that happened, by spot.
pub type Happenings = HashMap<Spot, Vec<Happened>>;

/// A blob in another's place at one path.
#[derive(Clone, Copy, Debug)]
struct Swap {
    path: u32,
    old: u32,
    new: u32,
}

/// A secret that a merge may have taken out: it depends on whether the parents ever had it.
struct Doubt {
    commit: u32,
    spot: Spot,
    blob: u32,
    /// Parents that do not have it.
    parents: Vec<u32>,
}

/// Finds out what commits did.
pub struct Historian<'a> {
    trees: &'a Trees,
    commits: &'a Commits,
    /// With blobs by the secrets they hold.
    states: &'a [State],
    paths: &'a mut Paths,
    /// The secrets of a blob at a path, sorted.
    holds: &'a HashMap<(u32, u32), Vec<u32>>,
    /// If it is asked, what is told is not whole.
    stop: &'a Stop,
    swaps: HashMap<(State, State), Rc<Vec<Swap>>>,
    entries: HashMap<u32, Rc<Vec<Entry>>>,
    /// Everything that happened, by spot.
    pub happened: HashMap<Spot, Vec<Happened>>,
    doubts: Vec<Doubt>,
}

/// How many answers are remembered of each kind.
const REMEMBERED: usize = 1 << 16;

impl<'a> Historian<'a> {
    /// A historian that has not looked at anything.
    pub fn new(
        trees: &'a Trees,
        commits: &'a Commits,
        states: &'a [State],
        paths: &'a mut Paths,
        holds: &'a HashMap<(u32, u32), Vec<u32>>,
        stop: &'a Stop,
    ) -> Self {
        Self {
            trees,
            commits,
            states,
            paths,
            holds,
            stop,
            swaps: HashMap::new(),
            entries: HashMap::new(),
            happened: HashMap::new(),
            doubts: Vec::new(),
        }
    }

    /// Looks at every commit. `extra` are secrets that stand in commits themselves.
    pub fn tell(mut self, extra: &[(u32, Spot)]) -> HashMap<Spot, Vec<Happened>> {
        for place in 0..self.commits.len() as u32 {
            if self.stop.is_asked() {
                break;
            }
            self.commit(place);
        }
        for (commit, spot) in extra {
            self.push(
                *spot,
                *commit,
                Change::In,
                self.commits.fact(*commit).number,
            );
        }
        self.settle_doubts();
        for list in self.happened.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        self.find_moves();
        self.happened
    }

    fn state(&self, tree: u32) -> State {
        self.states.get(tree as usize).copied().unwrap_or(0)
    }

    fn push(&mut self, spot: Spot, commit: u32, change: Change, blob: u32) {
        let happened = Happened {
            commit,
            change,
            blob,
            from: None,
        };
        self.happened.entry(spot).or_default().push(happened);
    }

    fn commit(&mut self, place: u32) {
        let commits = self.commits;
        let tree = commits.fact(place).tree;
        let parents = commits.parents(place);
        if parents.is_empty() {
            for (spot, blob) in self.spots(NONE, tree).1 {
                self.push(spot, place, Change::In, blob);
            }
            return;
        }
        let here = self.state(tree);
        let same = |p: &u32| self.state(commits.fact(*p).tree) == here;
        if parents.iter().all(same) {
            return;
        }
        // What each parent has that the commit has not, and the other way round.
        let mut gone: Vec<HashMap<Spot, u32>> = Vec::with_capacity(parents.len());
        let mut new: Option<HashMap<Spot, u32>> = None;
        for parent in parents {
            let (lost, gained) = self.spots(commits.fact(*parent).tree, tree);
            gone.push(lost);
            new = Some(match new {
                None => gained,
                Some(before) => before
                    .into_iter()
                    .filter(|(s, _)| gained.contains_key(s))
                    .collect(),
            });
        }
        for (spot, blob) in new.unwrap_or_default() {
            self.push(spot, place, Change::In, blob);
        }
        let all: BTreeSet<Spot> = gone.iter().flat_map(|g| g.keys().copied()).collect();
        for spot in all {
            let blob = gone
                .iter()
                .find_map(|g| g.get(&spot).copied())
                .unwrap_or(NONE);
            let without = parents
                .iter()
                .zip(&gone)
                .filter(|(_, g)| !g.contains_key(&spot));
            let without: Vec<u32> = without.map(|(p, _)| *p).collect();
            if without.is_empty() {
                self.push(spot, place, Change::Out, blob);
            } else {
                self.doubts.push(Doubt {
                    commit: place,
                    spot,
                    blob,
                    parents: without,
                });
            }
        }
    }

    /// What is in one tree and not in the other, each with the blob it is in.
    fn spots(&mut self, old: u32, new: u32) -> (HashMap<Spot, u32>, HashMap<Spot, u32>) {
        let (mut lost, mut gained) = (HashMap::new(), HashMap::new());
        let holds = self.holds;
        for swap in self.swaps(old, new).iter() {
            let of = |blob| holds.get(&(blob, swap.path)).map_or(&[][..], Vec::as_slice);
            let (before, after) = (of(swap.old), of(swap.new));
            let path = swap.path;
            for secret in before.iter().filter(|s| !after.contains(s)) {
                lost.insert(
                    Spot {
                        secret: *secret,
                        path,
                    },
                    swap.old,
                );
            }
            for secret in after.iter().filter(|s| !before.contains(s)) {
                gained.insert(
                    Spot {
                        secret: *secret,
                        path,
                    },
                    swap.new,
                );
            }
        }
        (lost, gained)
    }

    fn entries(&mut self, tree: u32) -> Rc<Vec<Entry>> {
        if tree == NONE {
            return Rc::default();
        }
        if let Some(known) = self.entries.get(&tree) {
            return Rc::clone(known);
        }
        let entries = Rc::new(self.trees.entries(tree, self.states));
        if self.entries.len() >= REMEMBERED {
            self.entries.clear();
        }
        self.entries.insert(tree, Rc::clone(&entries));
        entries
    }

    /// The blobs that differ between two trees, among those that hold secrets.
    fn swaps(&mut self, old: u32, new: u32) -> Rc<Vec<Swap>> {
        let key = (self.state(old), self.state(new));
        if let Some(known) = self.swaps.get(&key) {
            return Rc::clone(known);
        }
        let mut out = Vec::new();
        let mut stack = vec![(TOP, old, new)];
        while let Some((folder, old, new)) = stack.pop() {
            let (before, after) = (self.entries(old), self.entries(new));
            let (mut b, mut a) = (before.iter().peekable(), after.iter().peekable());
            // Both are sorted by name; of one name the blobs come before the trees.
            loop {
                let name = match (b.peek(), a.peek()) {
                    (None, None) => break,
                    (Some(x), None) | (None, Some(x)) => x.name,
                    (Some(x), Some(y)) => x.name.min(y.name),
                };
                let take = |list: &mut std::iter::Peekable<std::slice::Iter<'_, Entry>>| {
                    let (mut blob, mut tree) = (NONE, NONE);
                    while let Some(entry) = list.next_if(|e| e.name == name) {
                        *(if entry.is_tree { &mut tree } else { &mut blob }) = entry.child;
                    }
                    (blob, tree)
                };
                let ((old_blob, old_tree), (new_blob, new_tree)) = (take(&mut b), take(&mut a));
                let path = self.paths.below(folder, name);
                if old_blob != new_blob {
                    out.push(Swap {
                        path,
                        old: old_blob,
                        new: new_blob,
                    });
                }
                if self.state(old_tree) != self.state(new_tree) {
                    stack.push((path, old_tree, new_tree));
                }
            }
        }
        let out = Rc::new(out);
        if self.swaps.len() >= REMEMBERED {
            self.swaps.clear();
        }
        self.swaps.insert(key, Rc::clone(&out));
        out
    }

    /// A merge took a secret out only if the parents without it never had it.
    fn settle_doubts(&mut self) {
        let doubts = std::mem::take(&mut self.doubts);
        let mut spots: Vec<Spot> = doubts.iter().map(|d| d.spot).collect();
        spots.sort_unstable();
        spots.dedup();
        let mut by_spot: HashMap<Spot, Vec<&Doubt>> = HashMap::new();
        for doubt in &doubts {
            by_spot.entry(doubt.spot).or_default().push(doubt);
        }
        let mut out = Vec::new();
        for batch in spots.chunks(64) {
            let had = ever_had(self.commits, batch, &self.happened);
            for (bit, spot) in batch.iter().enumerate() {
                for doubt in &by_spot[spot] {
                    let never = |p: &u32| had[*p as usize] >> bit & 1 == 0;
                    if doubt.parents.iter().all(never) {
                        out.push((*spot, doubt.commit, doubt.blob));
                    }
                }
            }
        }
        for (spot, commit, blob) in out {
            self.push(spot, commit, Change::Out, blob);
        }
    }

    /// In one commit a new path of a secret and the old one's end: it was moved.
    fn find_moves(&mut self) {
        let mut gone: HashMap<(u32, u32), u32> = HashMap::new();
        for (spot, list) in &self.happened {
            for h in list.iter().filter(|h| h.change == Change::Out) {
                let path = gone.entry((h.commit, spot.secret)).or_insert(spot.path);
                // Of several the first by name; numbers depend on who read what.
                let name = |path| self.paths.path(path, self.trees);
                if *path != spot.path && name(spot.path) < name(*path) {
                    *path = spot.path;
                }
            }
        }
        for (spot, list) in &mut self.happened {
            for h in list.iter_mut().filter(|h| h.change == Change::In) {
                h.from = gone.get(&(h.commit, spot.secret)).copied();
            }
        }
    }
}

/// For each commit, which of up to 64 spots it or an ancestor of it ever had: a bit each.
pub fn ever_had(commits: &Commits, batch: &[Spot], happened: &Happenings) -> Vec<u64> {
    let mut had = vec![0u64; commits.len()];
    for (bit, spot) in batch.iter().enumerate() {
        for h in happened.get(spot).into_iter().flatten() {
            if h.change == Change::In {
                had[h.commit as usize] |= 1 << bit;
            }
        }
    }
    for place in 0..commits.len() as u32 {
        let inherited = commits
            .parents(place)
            .iter()
            .fold(0, |all, p| all | had[*p as usize]);
        had[place as usize] |= inherited;
    }
    had
}
