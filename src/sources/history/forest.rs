//! Opens a pack: checks every entry as it is stored, and joins deltas to their bases.
//!
//! The pack is read once from front to back, in blocks, by several workers: each entry's header is
//! parsed and its CRC-32 is held against the index. Then the delta forest is followed from its
//! roots; what no root reaches is built upon itself.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    let mut by_offset: Vec<(u64, u32)> = index.offsets.iter().copied().zip(0..).collect();
    on(options.threads, || by_offset.par_sort_unstable());
    let order: Vec<u32> = by_offset.into_iter().map(|(_, i)| i).collect();
    let mut places = vec![0; count];
    for (place, i) in order.iter().enumerate() {
        places[*i as usize] = place as u32;
    }
    let mut pack = Pack {
        path: shown.to_owned(),
        file,
        entries: order
            .iter()
            .map(|i| Entry {
                offset: index.offsets[*i as usize],
                size: 0,
                base: NONE,
                number: numbers[*i as usize],
                head: 0,
                kind: None,
            })
            .collect(),
        end,
        starts: Vec::new(),
        children: Vec::new(),
        weights: Vec::new(),
        numbers,
        places,
        elsewhere: Vec::new(),
    };
    let bases = check(&mut pack, index, &order, hash, objects, options, skips);
    if options.stop.is_asked() {
        return Err(Skip {
            path: shown.to_owned(),
            reason: SkipReason::Interrupted("it was not opened".to_owned()),
        });
    }
    let bases = on(options.threads, || {
        let based = bases.par_iter().zip(0u32..count as u32);
        based
            .map(|(base, i)| found(&pack, *base, i, objects))
            .collect()
    });
    link(&mut pack, bases, objects, skips);
    Ok(pack)
}

/// Works on so many threads; on as many as there are cores if they cannot be had.
fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
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

fn found(pack: &Pack, base: Base, entry: u32, objects: &Objects) -> Found {
    match base {
        Base::None => Found::None,
        Base::Before(before) => {
            let place = pack.entries[entry as usize].offset.checked_sub(before);
            let found = place.and_then(|place| {
                let found = pack.entries.binary_search_by_key(&place, |e| e.offset);
                found.ok()
            });
            found.map_or(Found::Nowhere, |entry| Found::Here(entry as u32))
        }
        Base::Id(id) => match objects.find(&id) {
            Some(number) => pack
                .entry_of(number)
                .map_or(Found::Elsewhere(number), Found::Here),
            None => Found::Nowhere,
        },
    }
}

/// Reads and checks every entry; gives the bases of the deltas.
fn check(
    pack: &mut Pack,
    index: &PackIndex,
    order: &[u32],
    hash: HashKind,
    objects: &Objects,
    options: &OpenOptions,
    skips: &mut Vec<Skip>,
) -> Vec<Base> {
    let threads = options.threads;
    let count = pack.entries.len();
    let mut headers: Vec<Option<Header>> = vec![None; count];
    let told = Mutex::new(Vec::new());
    let part = (count / (threads.max(1) * 8)).max(1024);
    {
        let jobs = Mutex::new(headers.chunks_mut(part).enumerate());
        let failed = AtomicUsize::new(0);
        let work = || {
            let mut buffer = Vec::new();
            loop {
                let job = jobs.lock().expect("no worker panics with the lock").next();
                let Some((job, out)) = job else { return };
                let first = job * part;
                let mut mine = Vec::new();
                let done = guarded(|| {
                    part_of(
                        pack,
                        index,
                        order,
                        hash,
                        first,
                        out,
                        &mut buffer,
                        &options.stop,
                        &mut |entry, why| {
                            let hex = objects.hex(pack.entries[entry].number);
                            mine.push(corrupt(&*pack.path, format!("object {hex}: {why}")));
                        },
                    );
                });
                if let Err(bug) = done {
                    failed.fetch_add(1, Ordering::Relaxed);
                    mine.push(corrupt(&*pack.path, bug));
                }
                told.lock()
                    .expect("no worker panics with the lock")
                    .extend(mine);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
    }
    skips.extend(told.into_inner().expect("all workers are done"));
    let mut bases = vec![Base::None; count];
    for (i, header) in headers.into_iter().enumerate() {
        let entry = &mut pack.entries[i];
        if let Some(header) = header {
            (entry.size, entry.head, entry.kind) = (header.size, header.len, header.kind);
            bases[i] = header.base;
        }
        // No header and no base: a root without a kind, which nothing is read from.
    }
    bases
}

/// Checks the entries from `first` on, as many as `out` takes.
#[allow(clippy::too_many_arguments)] // a worker's world
fn part_of(
    pack: &Pack,
    index: &PackIndex,
    order: &[u32],
    hash: HashKind,
    first: usize,
    out: &mut [Option<Header>],
    buffer: &mut Vec<u8>,
    stop: &Stop,
    tell: &mut dyn FnMut(usize, String),
) {
    // What of the pack is in the buffer.
    let (mut from, mut to) = (0u64, 0u64);
    let last = pack.entry_end((first + out.len() - 1) as u32);
    for (i, slot) in out.iter_mut().enumerate() {
        if stop.is_asked() {
            return;
        }
        let number = first + i;
        let start = pack.entries[number].offset;
        let end = pack.entry_end(number as u32);
        if start < PACK_HEADER || end > pack.end || end <= start {
            tell(
                number,
                "the index says a place where no object can be".to_owned(),
            );
            continue;
        }
        let mut crc = libdeflater::Crc::new();
        let mut at = start;
        let mut header = None;
        let mut failed = None;
        // Most entries are in the buffer whole; a big one passes through it.
        while at < end {
            if at < from || at >= to || (end > to && at == start && end - start < BLOCK as u64) {
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
                header = parse_header(&piece[..piece.len().min(HEADER)], hash);
            }
            crc.update(piece);
            at = end.min(to);
        }
        if let Some(why) = failed {
            tell(number, why);
            (from, to) = (0, 0);
            continue;
        }
        let stored = index.crcs.as_ref().map(|crcs| crcs[order[number] as usize]);
        if stored.is_some_and(|crc32| crc32 != crc.sum()) {
            tell(
                number,
                "its stored bytes do not have the checksum of the index".to_owned(),
            );
        } else if header.is_none_or(|h| start + u64::from(h.len) > end) {
            tell(number, "its header does not parse".to_owned());
        } else {
            *slot = header;
        }
    }
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

/// Joins entries to their bases, and follows the forest from its roots.
fn link(pack: &mut Pack, bases: Vec<Found>, objects: &Objects, skips: &mut Vec<Skip>) {
    let count = pack.entries.len();
    for (i, base) in bases.into_iter().enumerate() {
        match base {
            Found::None => {}
            Found::Here(base) => pack.entries[i].base = base,
            Found::Elsewhere(number) => {
                pack.elsewhere.push((i as u32, number));
                pack.entries[i].base = ELSEWHERE;
            }
            Found::Nowhere => {
                let hex = objects.hex(pack.entries[i].number);
                let why = format!("object {hex}: the base of its delta is in no store");
                skips.push(corrupt(&*pack.path, why));
            }
        }
    }
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

    // Kinds run from the roots outwards. What is never reached is in a circle, or hangs on one.
    let mut order: Vec<u32> = Vec::with_capacity(count);
    order.extend((0..count as u32).filter(|i| pack.entries[*i as usize].base == NONE));
    // A base elsewhere tells its kind when it is read.
    order.extend(pack.elsewhere.iter().map(|e| e.0));
    let mut at = 0;
    while let Some(entry) = order.get(at).copied() {
        at += 1;
        let kind = pack.entries[entry as usize].kind;
        for place in pack.starts[entry as usize]..pack.starts[entry as usize + 1] {
            let child = pack.children[place as usize];
            pack.entries[child as usize].kind = kind;
            order.push(child);
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
    for entry in 0..count {
        let (start, end) = (pack.starts[entry] as usize, pack.starts[entry + 1] as usize);
        let children = &mut pack.children[start..end];
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
