//! Reads trees, one worker: what each adds to and takes from the tree that it is stored against.

use std::collections::{HashMap, HashSet};

use super::{Edit, NONE};
use crate::base::Stop;
use crate::detect::patterns::Called;
use crate::sources::history::{Base, Object, ObjectSet, ObjectVisitor, Objects, Segment};
use crate::sources::{Skip, SkipReason};

/// How many objects are remembered that need no look-up.
const RECENT: usize = 1 << 15;

/// How some ids begin: what begins otherwise is none of them.
pub(super) struct Beginnings(Vec<u64>);

impl Beginnings {
    pub(super) fn of<'a>(ids: impl Iterator<Item = &'a [u8]>) -> Self {
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
pub(super) struct Entries {
    number: u32,
    /// `None` if it does not parse.
    starts: Option<Vec<u32>>,
}

/// What is asked of all trees; workers share it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) objects: &'a Objects,
    pub(super) blobs: &'a ObjectSet,
    /// How their ids begin.
    pub(super) beginnings: &'a Beginnings,
    /// What files are called that are kept whatever is in them, and what takes them.
    pub(super) called: &'a Called,
    pub(super) named: &'a ObjectSet,
    /// Trees that somebody has told of already: the same may lie in several packs.
    pub(super) claimed: &'a ObjectSet,
    pub(super) stop: &'a Stop,
}

/// One worker.
pub(super) struct Reader<'a> {
    asked: Asked<'a>,
    names: HashMap<Box<[u8]>, u32>,
    /// Names by number.
    pub(super) list: Vec<Box<[u8]>>,
    /// Trees and what they change; names are numbers of `list`.
    pub(super) edits: Vec<(u32, Edit)>,
    /// Trees and their bases.
    pub(super) trees: Vec<(u32, u32)>,
    /// Ids of objects that no store has.
    pub(super) missing: HashSet<Box<[u8]>>,
    pub(super) skips: Vec<Skip>,
    /// What was looked up last, by the first bytes of its id.
    recent: Vec<Option<Recent>>,
    /// Ranges of base entries that a tree keeps; used again for each.
    kept: Vec<(u32, u32)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(asked: Asked<'a>) -> Self {
        Self {
            asked,
            names: HashMap::new(),
            list: Vec::new(),
            edits: Vec::new(),
            trees: Vec::new(),
            missing: HashSet::new(),
            skips: Vec::new(),
            recent: vec![None; RECENT],
            kept: Vec::new(),
        }
    }
}

impl ObjectVisitor for Reader<'_> {
    type Held = Entries;

    fn object(&mut self, object: &Object<'_>, base: Option<Base<'_, Entries>>) -> Entries {
        let number = object.number;
        let first = self.asked.claimed.insert(number);
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
                let path = format!("object {}", self.asked.objects.hex(number)).into();
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
        self.asked.stop.is_asked()
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
        let end = at + memchr::memchr(0, &data[at..])? + 1 + self.asked.objects.hash().bytes();
        (end <= data.len()).then_some(end)
    }

    /// Tells of an entry (`mode name NUL id`) if it may lead to something.
    fn tell(&mut self, tree: u32, entry: &[u8], removed: bool) -> Option<()> {
        let (head, id) = entry.split_at(entry.len() - self.asked.objects.hash().bytes());
        let blank = memchr::memchr(b' ', head)?;
        let (mode, name) = (&head[..blank], &head[blank + 1..head.len() - 1]);
        let is_tree = matches!(mode, b"40000" | b"040000");
        if mode == b"160000" {
            // A submodule's commit is in another repository.
            return Some(());
        }
        let is_called = !is_tree && self.asked.called.may_be(name);
        if removed && !is_tree && !is_called && !self.asked.beginnings.has(id) {
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
        let Some(child) = known.or_else(|| self.asked.objects.find(id)) else {
            if !removed && !self.missing.contains(id) {
                self.missing.insert(id.into());
            }
            return Some(());
        };
        let leads = is_tree || is_called || self.asked.blobs.has(child);
        self.recent[slot] = Some(Recent {
            id: key,
            number: leads.then_some(child),
        });
        if is_called {
            self.asked.named.insert(child);
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
