//! Objects looked up one by one: for work whose cost must not grow with the repository.
//!
//! Opening a [`Lookup`] reads the first KiB of each pack's index and nothing of the packs; an object
//! is found by a binary search in the index as it lies. A pack is not checked as a whole
//! ([`Stores`](super::Stores) does that); instead each object that is read is hashed again, and must
//! have the id that it was asked for by.

use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::forest::{Base, HEADER, Header, PACK_HEADER, parse_header};
use super::inflate::{IN_ROOM, Inflater};
use super::pack::read_at;
use super::{HashKind, ObjectKind, Places, Segment, Skip, corrupt, delta, hex, loose, unreadable};
use crate::base::limits::OBJECT_BYTES;

/// An object's id; of SHA-1 the last twelve bytes are 0.
pub type Id = [u8; 32];

/// Bytes of texts that a reader keeps: bases of deltas, mostly.
const CACHE_BYTES: usize = 64 << 20;
/// A bigger text is not kept.
const CACHE_ONE: usize = 8 << 20;
/// How long a chain of deltas may be, in one pack and from pack to pack.
const CHAIN: usize = 1 << 16;
const CROSSINGS: usize = 64;
/// How many entries of an index are read at a time.
const ROWS: u32 = 64;
/// Said of an object that has another hash than its id.
const OTHER: &str = "its content is not what its id says";
/// How many ids that begin alike are told.
const ALIKE: usize = 64;

/// Why an object is not at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No store has it.
    Missing,
    /// A store has it, damaged or out of reach: words.
    Damaged(String),
}

impl std::fmt::Display for Absence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("no store has it"),
            Self::Damaged(why) => f.write_str(why),
        }
    }
}

/// The object stores of a repository, opened for single look-ups.
#[derive(Debug)]
pub struct Lookup {
    hash: HashKind,
    packs: Vec<Pack>,
    stores: Vec<PathBuf>,
    /// Objects that are in no store, perhaps.
    lent: HashMap<Id, Read>,
    skips: Vec<Skip>,
}

#[derive(Debug)]
struct Pack {
    file: File,
    index: File,
    /// Where the last entry ends, at most.
    end: u64,
    is_v2: bool,
    /// How many ids begin with each byte or less.
    fan: Vec<u32>,
}

impl Lookup {
    /// Opens the stores. A pack that cannot be opened is told as a skip.
    pub fn open(places: &Places) -> Self {
        Self::of(places.format.hash, &places.stores)
    }

    /// The same of the folders of stores.
    pub(super) fn of(hash: HashKind, stores: &[PathBuf]) -> Self {
        let (mut packs, mut skips) = (Vec::new(), Vec::new());
        for store in stores {
            let folder = store.join("pack");
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    if error.kind() != ErrorKind::NotFound {
                        skips.push(unreadable(folder, &error));
                    }
                    continue;
                }
            };
            let mut names: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
            names.retain(|p| p.extension().is_some_and(|e| e == "pack"));
            names.sort();
            for name in names {
                match Pack::open(&name, hash) {
                    Ok(pack) => packs.push(pack),
                    Err(skip) => skips.push(skip),
                }
            }
        }
        Self {
            hash,
            packs,
            stores: stores.to_vec(),
            lent: HashMap::new(),
            skips,
        }
    }

    /// Lends objects that may be in no store; each must have its id.
    pub fn lend(&mut self, objects: HashMap<Id, Read>) {
        self.lent.extend(objects);
    }

    /// How objects are named.
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// What of the stores could not be opened.
    pub fn skips(&self) -> &[Skip] {
        &self.skips
    }

    /// An id in hex.
    pub fn hex(&self, id: &Id) -> String {
        hex(&id[..self.hash.bytes()])
    }

    /// A reader; one a worker.
    pub fn reader(&self) -> LookupReader<'_> {
        LookupReader {
            lookup: self,
            inflater: Inflater::new(),
            stored: Vec::new(),
            segments: Vec::new(),
            cache: HashMap::new(),
            proved: HashMap::new(),
            cached: 0,
        }
    }

    /// Ids of objects that begin with these hex digits, sorted; some, if there are many.
    pub fn alike(&self, digits: &str) -> Vec<Id> {
        let mut ids = Vec::new();
        let low = padded(digits, '0').and_then(|d| self.parse(&d));
        let high = padded(digits, 'f').and_then(|d| self.parse(&d));
        let (Some(low), Some(high)) = (low, high) else {
            return ids;
        };
        for pack in &self.packs {
            let mut row = pack.lower_bound(self.hash, &low).unwrap_or(u32::MAX);
            while ids.len() < ALIKE
                && row < pack.count()
                && let Some(id) = pack.id(self.hash, row)
                && id <= high
            {
                ids.push(id);
                row += 1;
            }
        }
        for store in &self.stores {
            let entries = std::fs::read_dir(store.join(&digits[..2]));
            for entry in entries.into_iter().flatten().flatten() {
                let rest = entry.file_name().to_string_lossy().into_owned();
                let id = self.parse(&format!("{}{rest}", &digits[..2]));
                ids.extend(id.filter(|id| (low..=high).contains(id)));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(ALIKE);
        ids
    }

    fn parse(&self, digits: &str) -> Option<Id> {
        let whole: String = digits.chars().take(2 * self.hash.bytes()).collect();
        self.hash.parse(whole.as_bytes())
    }
}

/// Hex digits filled up to the longest id; `None` for too few or what is no digit.
fn padded(digits: &str, with: char) -> Option<String> {
    let good = digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| {
        let digits = digits.to_ascii_lowercase();
        let more = 64usize.saturating_sub(digits.len());
        digits + &with.to_string().repeat(more)
    })
}

impl Pack {
    fn open(path: &Path, hash: HashKind) -> Result<Self, Skip> {
        let shown = path.with_extension("idx");
        let file = File::open(path).map_err(|e| unreadable(path, &e))?;
        let index = File::open(&shown).map_err(|e| match e.kind() {
            ErrorKind::NotFound => corrupt(path, "it has no index"),
            _ => unreadable(&*shown, &e),
        })?;
        let length = |file: &File| file.metadata().map(|m| m.len());
        let size = length(&index).map_err(|e| unreadable(&*shown, &e))?;
        let end = length(&file).map_err(|e| unreadable(path, &e))?;
        let mut head = [0; 8 + 1024];
        let cut = |_| corrupt(&*shown, "the index ends too early");
        read_at(&index, &mut head[..1024], 0).map_err(cut)?;
        let is_v2 = head.starts_with(b"\xfftOc");
        if is_v2 {
            read_at(&index, &mut head, 0).map_err(cut)?;
            if head[4..8] != [0, 0, 0, 2] {
                return Err(corrupt(shown, "the index has a version that is not known"));
            }
        }
        let table = &head[if is_v2 { 8 } else { 0 }..][..1024];
        let fan: Vec<u32> = table
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| u32::from_be_bytes(*b))
            .collect();
        let row = hash.bytes() as u64 + if is_v2 { 8 } else { 4 };
        let least = 1024 + u64::from(fan[255]) * row + 2 * hash.bytes() as u64;
        if fan.windows(2).any(|w| w[0] > w[1]) || size < least {
            return Err(corrupt(shown, "the index does not hold together"));
        }
        Ok(Self {
            file,
            index,
            end: end.saturating_sub(hash.bytes() as u64),
            is_v2,
            fan,
        })
    }

    fn count(&self) -> u32 {
        self.fan[255]
    }

    /// The ids of some rows, as they lie.
    fn rows(&self, hash: HashKind, first: u32, count: u32) -> Option<Vec<Id>> {
        let (len, skip) = (hash.bytes(), if self.is_v2 { 0 } else { 4 });
        let row = len + skip;
        let start = if self.is_v2 { 8 + 1024 } else { 1024 };
        let mut bytes = vec![0; row * count as usize];
        let at = start + u64::from(first) * row as u64;
        read_at(&self.index, &mut bytes, at).ok()?;
        let ids = bytes.chunks_exact(row).map(|row| {
            let mut id = [0; 32];
            id[..len].copy_from_slice(&row[skip..]);
            id
        });
        Some(ids.collect())
    }

    fn id(&self, hash: HashKind, row: u32) -> Option<Id> {
        self.rows(hash, row, 1)?.first().copied()
    }

    /// The first row whose id is not before this one.
    fn lower_bound(&self, hash: HashKind, id: &Id) -> Option<u32> {
        let first = usize::from(id[0]);
        let mut high = self.fan[first];
        let mut low = first.checked_sub(1).map_or(0, |b| self.fan[b]);
        while high - low > ROWS {
            let middle = low.midpoint(high);
            if self.id(hash, middle)? < *id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let rows = self.rows(hash, low, high - low)?;
        Some(low + rows.partition_point(|row| row < id) as u32)
    }

    /// Where an object's entry begins.
    fn find(&self, hash: HashKind, id: &Id) -> Option<u64> {
        let row = self.lower_bound(hash, id)?;
        if row >= self.count() || self.id(hash, row)? != *id {
            return None;
        }
        let number = |at: u64| {
            let mut bytes = [0; 4];
            read_at(&self.index, &mut bytes, at).ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        let (row, count, len) = (u64::from(row), u64::from(self.count()), hash.bytes() as u64);
        if !self.is_v2 {
            return number(1024 + row * (len + 4)).map(u64::from);
        }
        let offsets = 8 + 1024 + count * (len + 4);
        let offset = number(offsets + 4 * row)?;
        if offset >> 31 == 0 {
            return Some(u64::from(offset));
        }
        let large = offsets + 4 * count + 8 * u64::from(offset & 0x7fff_ffff);
        let mut bytes = [0; 8];
        read_at(&self.index, &mut bytes, large).ok()?;
        Some(u64::from_be_bytes(bytes))
    }

    /// The header of the entry at a place.
    fn header(&self, offset: u64, hash: HashKind) -> Result<Header, Absence> {
        let bad = |why: &str| Absence::Damaged(why.to_owned());
        if offset < PACK_HEADER || offset >= self.end {
            return Err(bad("the index says a place where no object can be"));
        }
        let mut bytes = [0; HEADER];
        let len = (self.end - offset).min(HEADER as u64) as usize;
        read_at(&self.file, &mut bytes[..len], offset)
            .map_err(|e| Absence::Damaged(super::super::read::words(&e)))?;
        parse_header(&bytes[..len], hash).ok_or_else(|| bad("its header does not parse"))
    }
}

/// An object as it was read.
pub type Read = (ObjectKind, Arc<[u8]>);

/// Reads single objects, and keeps some.
pub struct LookupReader<'s> {
    lookup: &'s Lookup,
    inflater: Inflater,
    stored: Vec<u8>,
    segments: Vec<Segment>,
    /// Texts by pack and place.
    cache: HashMap<(usize, u64), Read>,
    /// Objects that have their ids.
    proved: HashMap<Id, Read>,
    /// Bytes of both.
    cached: usize,
}

impl<'s> LookupReader<'s> {
    /// The stores that are read.
    pub fn lookup(&self) -> &'s Lookup {
        self.lookup
    }

    /// Reads an object.
    ///
    /// # Errors
    ///
    /// If no store has it whole.
    pub fn read(&mut self, id: &Id) -> Result<Read, Absence> {
        let lent = || self.lookup.lent.get(id);
        if let Some((kind, text)) = self.proved.get(id).or_else(lent) {
            return Ok((*kind, Arc::clone(text)));
        }
        let (kind, text) = self.read_within(id, CROSSINGS, true)?;
        if self.has_room(&text) {
            self.proved.insert(*id, (kind, Arc::clone(&text)));
        }
        Ok((kind, text))
    }

    /// Whether an object is what its id says.
    fn is(&self, id: &Id, kind: ObjectKind, text: &[u8]) -> bool {
        let hash = self.lookup.hash;
        hash.is_id_of(&id[..hash.bytes()], kind, text)
    }

    /// Reads an object; if it is asked for and no base, it must have its id.
    fn read_within(&mut self, id: &Id, crossings: usize, prove: bool) -> Result<Read, Absence> {
        let lookup = self.lookup;
        let mut why = Absence::Missing;
        for (number, pack) in lookup.packs.iter().enumerate() {
            if let Some(offset) = pack.find(lookup.hash, id) {
                match self.packed(number, offset, crossings) {
                    Ok((kind, text)) if !prove || self.is(id, kind, &text) => {
                        return Ok((kind, text));
                    }
                    Ok(_) => why = Absence::Damaged(OTHER.to_owned()),
                    Err(words) => why = words,
                }
            }
        }
        let digits = lookup.hex(id);
        for store in &lookup.stores {
            let mut out = Vec::new();
            match loose::read(store, &digits, OBJECT_BYTES, &mut self.inflater, &mut out) {
                Ok(kind) if !prove || self.is(id, kind, &out) => return Ok((kind, out.into())),
                Ok(_) => why = Absence::Damaged(OTHER.to_owned()),
                Err(Ok(error)) if error.kind() == ErrorKind::NotFound => {}
                Err(Ok(error)) => why = Absence::Damaged(super::super::read::words(&error)),
                Err(Err(words)) => why = Absence::Damaged(words),
            }
        }
        Err(why)
    }

    fn packed(&mut self, number: usize, offset: u64, crossings: usize) -> Result<Read, Absence> {
        let (lookup, bad) = (self.lookup, |why: &str| Absence::Damaged(why.to_owned()));
        let pack = &lookup.packs[number];
        // Deltas from the object asked for down to what they are built upon.
        let mut chain: Vec<(u64, Header)> = Vec::new();
        let mut at = offset;
        let (kind, mut text) = loop {
            if let Some((kind, text)) = self.cache.get(&(number, at)) {
                break (*kind, Arc::clone(text));
            }
            let header = pack.header(at, lookup.hash)?;
            match header.base {
                Base::None => {
                    let kind = header.kind.ok_or_else(|| bad("it is damaged"))?;
                    let text: Arc<[u8]> = self.inflate(pack, at, header)?.into();
                    self.keep((number, at), kind, &text);
                    break (kind, text);
                }
                _ if chain.len() == CHAIN => return Err(bad("its chain of deltas is too long")),
                Base::Before(bytes) => {
                    chain.push((at, header));
                    at = at
                        .checked_sub(bytes)
                        .filter(|base| *base < at)
                        .ok_or_else(|| bad("its base is where no object can be"))?;
                }
                Base::Id(id) => {
                    chain.push((at, header));
                    if let Some(base) = pack.find(lookup.hash, &id) {
                        at = base;
                        continue;
                    }
                    let left = crossings.checked_sub(1);
                    let left = left.ok_or_else(|| bad("its chain of deltas is too long"))?;
                    break self.read_within(&id, left, false)?;
                }
            }
        };
        for (at, header) in chain.into_iter().rev() {
            let bytes = self.inflate(pack, at, header)?;
            let mut out = Vec::new();
            delta::apply(&bytes, &text, OBJECT_BYTES, &mut out, &mut self.segments)
                .map_err(Absence::Damaged)?;
            text = out.into();
            self.keep((number, at), kind, &text);
        }
        Ok((kind, text))
    }

    fn keep(&mut self, place: (usize, u64), kind: ObjectKind, text: &Arc<[u8]>) {
        if self.has_room(text) {
            self.cache.insert(place, (kind, Arc::clone(text)));
        }
    }

    /// Makes room for a text, unless it is too big to be kept.
    fn has_room(&mut self, text: &[u8]) -> bool {
        if text.len() > CACHE_ONE {
            return false;
        }
        if self.cached + text.len() > CACHE_BYTES {
            self.cache.clear();
            self.proved.clear();
            self.cached = 0;
        }
        self.cached += text.len() + size_of::<Id>();
        true
    }

    /// What an entry inflates to. How long its compressed data is no index says: as much is read as
    /// it can need, and more if that was not enough.
    fn inflate(&mut self, pack: &Pack, at: u64, header: Header) -> Result<Vec<u8>, Absence> {
        let size = header.size;
        if size > OBJECT_BYTES {
            let why = format!("it has {size} bytes; at most {OBJECT_BYTES} are read");
            return Err(Absence::Damaged(why));
        }
        let start = at + u64::from(header.len);
        let left = pack.end.saturating_sub(start);
        let mut wanted = size + size / 512 + 64;
        let mut out = Vec::new();
        loop {
            let stored = wanted.min(left) as usize;
            self.stored.resize(stored + IN_ROOM, 0);
            read_at(&pack.file, &mut self.stored[..stored], start)
                .map_err(|e| Absence::Damaged(super::super::read::words(&e)))?;
            match self.inflater.exact((&self.stored, stored), size, &mut out) {
                Ok(()) => return Ok(out),
                // A stream may be stored in more pieces than it needs.
                Err(_) if wanted < left && wanted < 2 * OBJECT_BYTES => {
                    wanted = wanted.saturating_mul(16).max(1 << 16);
                }
                Err(why) => return Err(Absence::Damaged(why)),
            }
        }
    }
}
