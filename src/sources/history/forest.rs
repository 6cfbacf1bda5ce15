//! Opens a pack: checks every entry as it is stored, and joins deltas to their bases.
//!
//! The pack is read once from front to back, in blocks, by several workers: each entry's header is
//! parsed and its CRC-32 is held against the index. Then the delta forest is followed from its
//! roots; what no root reaches is built upon itself.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use rayon::prelude::*;

use super::super::{Skip, SkipReason, guard::guarded};
use super::index::PackIndex;
use super::pack::{ELSEWHERE, Entry, NONE, Pack, read_at};
use super::{HashKind, ObjectKind, Objects, OpenOptions, corrupt, unreadable};
use crate::base::Stop;

/// Bytes of a pack that are read at a time.
const BLOCK: usize = 2 << 20;
/// The longest header of an entry: type and size, and an offset or an id.
pub(super) const HEADER: usize = 10 + 32;
/// Bytes before the first entry.
pub(super) const PACK_HEADER: u64 = 12;

/// What the header of an entry says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// `None` for a delta.
    pub(super) kind: Option<ObjectKind>,
    pub(super) size: u64,
    pub(super) base: Base,
    pub(super) len: u8,
}

/// What a delta is built upon, as its header says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    None,
    /// So many bytes before.
    Before(u64),
    Id([u8; 32]),
}

/// Opens a pack with its parsed index. `skips` takes what is wrong with it.
pub(super) fn open(
    shown: &Path,
    file: File,
    index: &PackIndex,
    objects: &Objects,
    options: &OpenOptions,
    skips: &mut Vec<Skip>,
) -> Result<Pack, Skip> {
    let hash = objects.hash();
    let bad = |why: &str| corrupt(shown, why);
    let count = index.offsets.len();
    let length = file.metadata().map_err(|e| unreadable(shown, &e))?.len();
    let mut head = [0; PACK_HEADER as usize];
    read_at(&file, &mut head, 0).map_err(|_| bad("it is too short for a pack"))?;
    if &head[..4] != b"PACK" || !matches!(head[4..8], [0, 0, 0, 2 | 3]) {
        return Err(bad("it is no pack of version 2 or 3"));
    }
    if head[8..12] != (count as u32).to_be_bytes() {
        return Err(bad("it and its index disagree about the number of objects"));
    }
    let end = length
        .checked_sub(hash.bytes() as u64)
        .filter(|end| *end >= PACK_HEADER)
        .ok_or_else(|| bad("it is too short for a pack"))?;

    let numbers = objects.numbers(&index.ids);
    let mut order: Vec<(u64, u32)> = index.offsets.iter().copied().zip(0..).collect();
    on(options.threads, || order.par_sort_unstable());
    let mut places = vec![0; count];
    for ((_, i), place) in order.iter().zip(0..) {
        places[*i as usize] = place;
    }
    let entries = order.iter().map(|(offset, i)| Entry {
        offset: *offset,
        size: 0,
        base: NONE,
        number: numbers[*i as usize],
        head: 0,
        kind: None,
    });
    let mut entries: Vec<Entry> = entries.collect();
    let mut pack = Pack {
        path: shown.to_owned(),
        file,
        entries: Vec::new(),
        end,
        starts: Vec::new(),
        children: Vec::new(),
        weights: Vec::new(),
        numbers,
        places,
        elsewhere: Vec::new(),
    };
    let checking = Checking {
        pack: &pack,
        order: &order,
        crcs: index.crcs.as_deref(),
        objects,
        stop: &options.stop,
    };
    let told = checking.all(&mut entries, options.threads);
    if options.stop.is_asked() {
        return Err(Skip {
            path: shown.to_owned(),
            reason: SkipReason::Interrupted("it was not opened".to_owned()),
        });
    }
    skips.extend(told.skips);
    (pack.entries, pack.elsewhere) = (entries, told.elsewhere);
    link(&mut pack, objects, skips);
    Ok(pack)
}

/// Works on so many threads; on as many as there are cores if they cannot be had.
fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// What it takes to read and check entries.
#[derive(Clone, Copy)]
struct Checking<'a> {
    /// Without its entries.
    pack: &'a Pack,
    /// Where entries begin, ascending, and their places in the index.
    order: &'a [(u64, u32)],
    crcs: Option<&'a [u32]>,
    objects: &'a Objects,
    stop: &'a Stop,
}

/// What is told of entries besides what their headers say.
#[derive(Default)]
struct Told {
    skips: Vec<Skip>,
    /// As in [`Pack`].
    elsewhere: Vec<(u32, u32)>,
}

impl Checking<'_> {
    /// Reads and checks every entry: what their headers say is written into them.
    fn all(self, entries: &mut [Entry], threads: usize) -> Told {
        let part = (entries.len() / (threads.max(1) * 8)).max(1024);
        let jobs = Mutex::new(entries.chunks_mut(part).zip((0..).step_by(part)));
        let told = Mutex::new(Told::default());
        let work = || {
            let (mut buffer, mut mine) = (Vec::new(), Told::default());
            loop {
                let job = jobs.lock().expect("no worker panics with the lock").next();
                let Some((entries, first)) = job else { break };
                if let Err(bug) = guarded(|| self.part(entries, first, &mut buffer, &mut mine)) {
                    mine.skips.push(corrupt(&*self.pack.path, bug));
                }
            }
            let mut told = told.lock().expect("no worker panics with the lock");
            told.skips.append(&mut mine.skips);
            told.elsewhere.append(&mut mine.elsewhere);
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
        let mut told = told.into_inner().expect("all workers are done");
        told.elsewhere.sort_unstable();
        told
    }

    /// One past the last byte of an entry.
    fn end(&self, entry: usize) -> u64 {
        self.order
            .get(entry + 1)
            .map_or(self.pack.end, |next| next.0)
    }

    /// Reads and checks the entries from `first` on.
    fn part(&self, entries: &mut [Entry], first: usize, buffer: &mut Vec<u8>, told: &mut Told) {
        let pack = self.pack;
        let bad = |entry: &Entry, why: &str| {
            let hex = self.objects.hex(entry.number);
            corrupt(&*pack.path, format!("object {hex}: {why}"))
        };
        // What of the pack is in the buffer.
        let (mut from, mut to) = (0u64, 0u64);
        let last = self.end(first + entries.len() - 1);
        for (number, entry) in (first..).zip(entries) {
            if self.stop.is_asked() {
                return;
            }
            let (start, end) = (entry.offset, self.end(number));
            if start < PACK_HEADER || end > pack.end || end <= start {
                let why = "the index says a place where no object can be";
                told.skips.push(bad(entry, why));
                continue;
            }
            let mut crc = libdeflater::Crc::new();
            let mut at = start;
            let mut header = None;
            let mut failed = None;
            // Most entries are in the buffer whole; a big one passes through it.
            while at < end {
                if at < from || at >= to || (end > to && at == start && end - start < BLOCK as u64)
                {
                    let len = (BLOCK as u64).min(last.max(end).min(pack.end) - at) as usize;
                    buffer.resize(len, 0);
                    if let Err(error) = read_at(&pack.file, buffer, at) {
                        failed = Some(super::super::read::words(&error));
                        break;
                    }
                    (from, to) = (at, at + len as u64);
                }
                let piece = &buffer[(at - from) as usize..(end.min(to) - from) as usize];
                if at == start {
                    let head = &piece[..piece.len().min(HEADER)];
                    header = parse_header(head, self.objects.hash());
                }
                crc.update(piece);
                at = end.min(to);
            }
            if let Some(why) = failed {
                told.skips.push(bad(entry, &why));
                (from, to) = (0, 0);
                continue;
            }
            let stored = self.crcs.map(|crcs| crcs[self.order[number].1 as usize]);
            if stored.is_some_and(|crc32| crc32 != crc.sum()) {
                let why = "its stored bytes do not have the checksum of the index";
                told.skips.push(bad(entry, why));
                continue;
            }
            let Some(header) = header.filter(|h| start + u64::from(h.len) <= end) else {
                told.skips.push(bad(entry, "its header does not parse"));
                continue;
            };
            // What fails before this is a root without a kind, which nothing is read from.
            (entry.size, entry.head, entry.kind) = (header.size, header.len, header.kind);
            match self.base(header.base, number) {
                Found::None => {}
                Found::Here(base) => entry.base = base,
                Found::Elsewhere(object) => {
                    entry.base = ELSEWHERE;
                    told.elsewhere.push((number as u32, object));
                }
                Found::Nowhere => {
                    let why = "the base of its delta is in no store";
                    told.skips.push(bad(entry, why));
                }
            }
        }
    }

    /// Where the base of an entry is.
    fn base(&self, base: Base, entry: usize) -> Found {
        match base {
            Base::None => Found::None,
            Base::Before(bytes) => {
                let before = &self.order[..entry];
                let found = self.order[entry].0.checked_sub(bytes).and_then(|place| {
                    // Most bases are near.
                    let mut near = 8;
                    while near < before.len() && before[before.len() - near].0 > place {
                        near *= 8;
                    }
                    let skipped = before.len().saturating_sub(near);
                    let found = before[skipped..].binary_search_by_key(&place, |o| o.0);
                    found.ok().map(|found| skipped + found)
                });
                found.map_or(Found::Nowhere, |entry| Found::Here(entry as u32))
            }
            Base::Id(id) => match self.objects.find(&id) {
                Some(number) => self
                    .pack
                    .entry_of(number)
                    .map_or(Found::Elsewhere(number), Found::Here),
                None => Found::Nowhere,
            },
        }
    }
}

/// Where the base of an entry is.
enum Found {
    /// It needs none.
    None,
    /// Another entry.
    Here(u32),
    /// An object that is in another store.
    Elsewhere(u32),
    Nowhere,
}

/// Parses the header of an entry.
pub(super) fn parse_header(bytes: &[u8], hash: HashKind) -> Option<Header> {
    let mut at = 0;
    let mut next = || {
        let byte = *bytes.get(at)?;
        at += 1;
        Some(byte)
    };
    let mut byte = next()?;
    let kind = byte >> 4 & 7;
    let mut size = u64::from(byte & 15);
    let mut shift = 4;
    while byte & 0x80 != 0 {
        byte = next()?;
        if shift > 57 {
            return None;
        }
        size |= u64::from(byte & 0x7f) << shift;
        shift += 7;
    }
    let (kind, base) = match kind {
        1 => (Some(ObjectKind::Commit), Base::None),
        2 => (Some(ObjectKind::Tree), Base::None),
        3 => (Some(ObjectKind::Blob), Base::None),
        4 => (Some(ObjectKind::Tag), Base::None),
        6 => {
            let mut byte = next()?;
            let mut before = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = next()?;
                before = before.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
            }
            (None, Base::Before(before))
        }
        7 => {
            let mut id = [0; 32];
            id[..hash.bytes()].copy_from_slice(bytes.get(at..at + hash.bytes())?);
            at += hash.bytes();
            (None, Base::Id(id))
        }
        _ => return None,
    };
    Some(Header {
        kind,
        size,
        base,
        len: at as u8,
    })
}

/// Follows the forest from its roots.
fn link(pack: &mut Pack, objects: &Objects, skips: &mut Vec<Skip>) {
    let count = pack.entries.len();
    let mut starts = vec![0u32; count + 1];
    for entry in &pack.entries {
        if (entry.base as usize) < count {
            starts[entry.base as usize + 1] += 1;
        }
    }
    for i in 0..count {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut children = vec![0; starts[count] as usize];
    for (i, entry) in pack.entries.iter().enumerate() {
        if (entry.base as usize) < count {
            let slot = &mut next[entry.base as usize];
            children[*slot as usize] = i as u32;
            *slot += 1;
        }
    }
    (pack.starts, pack.children) = (starts, children);

    // Kinds run from the roots outwards.
    let order = outwards(pack);
    for i in &order {
        let base = pack.entries[*i as usize].base;
        if let Some(base) = pack.entries.get(base as usize) {
            pack.entries[*i as usize].kind = base.kind;
        }
    }
    let mut weights = vec![0u32; count];
    for entry in order.iter().rev() {
        weights[*entry as usize] += 1;
        let base = pack.entries[*entry as usize].base as usize;
        if base < count {
            weights[base] += weights[*entry as usize];
        }
    }
    // The hungriest child comes last: its base can be freed before it is gone down into.
    for (start, end) in pack.starts.iter().zip(&pack.starts[1..]) {
        let children = &mut pack.children[*start as usize..*end as usize];
        if children.len() < 2 {
            continue;
        }
        let hungriest = (0..children.len()).max_by_key(|i| weights[children[*i] as usize]);
        if let Some(i) = hungriest {
            children[i..].rotate_left(1);
        }
    }
    for entry in (0..count).filter(|i| weights[*i] == 0) {
        let hex = objects.hex(pack.entries[entry].number);
        let why = format!("object {hex}: its chain of deltas runs in a circle");
        skips.push(corrupt(&*pack.path, why));
    }
    // What has no kind is damaged, and no tree is walked from it.
    for (i, entry) in pack.entries.iter().enumerate() {
        if entry.kind.is_none() && entry.base == NONE && weights[i] > 1 {
            let (hex, more) = (objects.hex(entry.number), weights[i] - 1);
            let why =
                format!("object {hex}: {more} objects that are built upon it are lost with it");
            skips.push(corrupt(&*pack.path, why));
        }
    }
    pack.weights = weights;
}

/// All entries that a root reaches, bases before what is built upon them. What is never reached is in a
/// circle, or hangs on one.
fn outwards(pack: &Pack) -> Vec<u32> {
    let entries = || pack.entries.iter().zip(0u32..);
    if entries().all(|(entry, i)| entry.base < i || entry.base >= ELSEWHERE) {
        return (0..pack.entries.len() as u32).collect();
    }
    let mut order: Vec<u32> = Vec::with_capacity(pack.entries.len());
    order.extend(entries().filter(|e| e.0.base >= ELSEWHERE).map(|e| e.1));
    let mut at = 0;
    while let Some(entry) = order.get(at).copied() {
        order.extend(pack.children(entry));
        at += 1;
    }
    order
}
