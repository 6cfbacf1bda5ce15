//! Where a file that a commit adds was moved from: a file that the same commit takes away, with the
//! same content, or with at least half of its bytes in common. It is found as git's `diff -M` does:
//! the same content first, then a name that stays the same, then the likest.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::sources::history::{Failed, Id, LookupReader, only_in};

/// How many pairs are compared: git's own bound. Beyond it only the same content is a move.
const PAIRS: usize = 1_000_000;
/// A bigger file is moved only if its content stays the same.
const BYTES: usize = 8 << 20;
/// Bytes of files whose pieces are held at a time; of more only the same content is a move.
const HELD: u64 = 128 << 20;
/// What two files have in common, in thousandths of the bigger one, and if they have the one name
/// that is alike.
const LEAST: u64 = 500;
const LEAST_NAMED: u64 = 750;
/// The longest piece of a line that is compared.
const PIECE: usize = 64;

type File = (Vec<u8>, Id);
/// Files by where they came to.
type Moves = HashMap<Vec<u8>, File>;

/// The moves of a commit, from each parent; found when they are first asked for.
pub(super) struct Renames {
    tree: Id,
    parents: Vec<(Id, Option<Moves>)>,
}

impl Renames {
    pub(super) fn new(tree: Id, parents: &[Id]) -> Self {
        Self {
            tree,
            parents: parents.iter().map(|p| (*p, None)).collect(),
        }
    }

    /// Where a file was in a parent: path and content.
    pub(super) fn source(
        &mut self,
        reader: &mut LookupReader<'_>,
        parent: usize,
        path: &[u8],
        failed: &mut Vec<Failed>,
    ) -> Option<File> {
        let (tree, known) = self.parents.get_mut(parent)?;
        let own = self.tree;
        let moves = known.get_or_insert_with(|| {
            let gone = only_in(reader, tree, &own, failed);
            let come = only_in(reader, &own, tree, failed);
            moves(reader, &gone, &come)
        });
        moves.get(path).cloned()
    }
}

/// A file's pieces: how many bytes it has of each.
struct Pieces {
    counts: HashMap<u64, u64>,
    len: u64,
}

impl Pieces {
    fn of(text: &[u8]) -> Self {
        let mut counts = HashMap::new();
        let mut rest = text;
        while !rest.is_empty() {
            let most = &rest[..rest.len().min(PIECE)];
            let end = memchr::memchr(b'\n', most).map_or(most.len(), |i| i + 1);
            let mut hasher = DefaultHasher::new();
            rest[..end].hash(&mut hasher);
            *counts.entry(hasher.finish()).or_default() += end as u64;
            rest = &rest[end..];
        }
        Self {
            counts,
            len: text.len() as u64,
        }
    }

    /// What two files have in common, in thousandths of the bigger one.
    fn likeness(&self, other: &Self) -> u64 {
        let (few, many) = if self.counts.len() <= other.counts.len() {
            (self, other)
        } else {
            (other, self)
        };
        let both = few.counts.iter();
        let both = both.map(|(piece, bytes)| bytes.min(many.counts.get(piece).unwrap_or(&0)));
        let longest = self.len.max(other.len).max(1);
        both.sum::<u64>() * 1000 / longest
    }
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

/// For each file that came, the one that it was; each is the source of one.
fn moves(reader: &mut LookupReader<'_>, gone: &[File], come: &[File]) -> Moves {
    let mut found = HashMap::new();
    let mut used = vec![false; gone.len()];
    let mut placed = vec![false; come.len()];
    let mut by_content: HashMap<Id, Vec<usize>> = HashMap::new();
    for (place, (_, id)) in gone.iter().enumerate() {
        by_content.entry(*id).or_default().push(place);
    }
    for (place, (path, id)) in come.iter().enumerate() {
        let alike = by_content.get(id).into_iter().flatten();
        let free = alike.copied().filter(|g| !used[*g]);
        // The first of those that are best.
        let best = free.min_by_key(|g| name(&gone[*g].0) != name(path));
        if let Some(source) = best {
            (used[source], placed[place]) = (true, true);
            found.insert(path.clone(), gone[source].clone());
        }
    }
    let left = |flags: &[bool]| flags.iter().filter(|f| !**f).count();
    if left(&used).saturating_mul(left(&placed)) > PAIRS {
        return found;
    }
    let mut pieces = |(_, id): &File, done: bool| {
        let (_, data) = reader.read(id).ok().filter(|_| !done)?;
        (!data.is_empty() && data.len() <= BYTES).then(|| Pieces::of(&data))
    };
    // The pieces of the fewer files are held; the others pass by.
    let held_are_gone = left(&used) <= left(&placed);
    let (held, passing) = if held_are_gone {
        ((gone, &used), (come, &placed))
    } else {
        ((come, &placed), (gone, &used))
    };
    let mut room = HELD;
    let mut kept: Vec<(usize, Pieces)> = Vec::new();
    for (place, (file, done)) in held.0.iter().zip(held.1).enumerate() {
        if let Some(pieces) = pieces(file, *done)
            && let Some(rest) = room.checked_sub(pieces.len)
        {
            room = rest;
            kept.push((place, pieces));
        }
    }
    let (gone_names, come_names) = (names(gone, &used), names(come, &placed));
    // Not sure, unlikeness, another name, target, source: the best pair is the least.
    let mut pairs = Vec::new();
    for (place, (file, done)) in passing.0.iter().zip(passing.1).enumerate() {
        let Some(pieces) = pieces(file, *done) else {
            continue;
        };
        for (other, held) in &kept {
            let likeness = pieces.likeness(held);
            if likeness < LEAST {
                continue;
            }
            let (t, s) = if held_are_gone {
                (place, *other)
            } else {
                (*other, place)
            };
            let (to, from) = (name(&come[t].0), name(&gone[s].0));
            let alone = to == from && gone_names.get(from) == Some(&1);
            let alone = alone && come_names.get(to) == Some(&1);
            let sure = alone && likeness >= LEAST_NAMED;
            pairs.push((!sure, std::cmp::Reverse(likeness), to != from, t, s));
        }
    }
    pairs.sort_unstable();
    for (_, _, _, t, s) in pairs {
        if !used[s] && !placed[t] {
            (used[s], placed[t]) = (true, true);
            found.insert(come[t].0.clone(), gone[s].clone());
        }
    }
    found
}

/// How many of the files that are not placed yet have each name.
fn names<'f>(files: &'f [File], done: &[bool]) -> HashMap<&'f [u8], usize> {
    let mut count = HashMap::new();
    for ((path, _), done) in files.iter().zip(done) {
        *count.entry(name(path)).or_default() += usize::from(!done);
    }
    count
}
