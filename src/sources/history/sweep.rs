//! Walks every delta tree once, from its root, depth first, and hands out each object.
//!
//! A worker takes trees by weight, the heaviest first. It inflates each entry once and rebuilds a
//! text from its base, which is at hand; the hungriest child comes last, and its base is freed
//! before it is gone down into, so that what is alive does not grow with the depth. If it grows
//! over [`limits::SWEEP_BYTES`] all the same, the oldest texts are let go and read anew when they
//! are needed again.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::{Skip, SkipReason, guard::guarded};
use super::inflate::Inflater;
use super::pack::{ELSEWHERE, NONE, Pack};
use super::read::ObjectReader;
use super::{ObjectKind, Segment, Stores, corrupt, delta, loose, verify};
use crate::base::limits;

/// An object, at hand for as long as the visitor looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its number.
    pub number: u32,
    /// What it is.
    pub kind: ObjectKind,
    /// Its bytes.
    pub data: &'a [u8],
}

/// What an object is built upon, and how.
#[derive(Debug)]
pub struct Base<'a, H> {
    /// The base's bytes.
    pub data: &'a [u8],
    /// What the visitor kept of it.
    pub held: &'a H,
    /// What of it became of the object.
    pub segments: &'a [Segment],
}

/// One worker's end of a sweep.
///
/// If it panics the sweep tells that as [`SkipReason::Failed`] and goes on with the next object
/// and the same visitor.
pub trait ObjectVisitor: Send {
    /// What is kept of an object while those that are built upon it are read.
    type Held: Send;

    /// An object, and what it is built upon if that was handed out before.
    fn object(&mut self, object: &Object<'_>, base: Option<Base<'_, Self::Held>>) -> Self::Held;

    /// Something that could not be read.
    fn skip(&mut self, skip: Skip);

    /// Whether to stop early.
    fn stop(&self) -> bool {
        false
    }
}

/// A set of objects that workers can add to.
#[derive(Debug, Default)]
pub struct ObjectSet(Vec<AtomicU64>);

impl ObjectSet {
    /// An empty set for so many objects.
    pub fn new(objects: usize) -> Self {
        Self(
            (0..objects.div_ceil(64))
                .map(|_| AtomicU64::new(0))
                .collect(),
        )
    }

    /// Adds an object; whether it is new.
    pub fn insert(&self, number: u32) -> bool {
        let bit = 1 << (number % 64);
        self.0[number as usize / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    /// Whether an object is in it.
    pub fn has(&self, number: u32) -> bool {
        let word = self.0.get(number as usize / 64);
        word.is_some_and(|w| w.load(Ordering::Relaxed) >> (number % 64) & 1 == 1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let ones = |w: &AtomicU64| w.load(Ordering::Relaxed).count_ones() as usize;
        self.0.iter().map(ones).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(i, w)| {
            let w = w.load(Ordering::Relaxed);
            (0..64)
                .filter(move |b| w >> b & 1 == 1)
                .map(move |b| i as u32 * 64 + b)
        })
    }
}

/// What a sweep hands out.
#[derive(Clone, Copy, Debug)]
pub struct SweepOptions<'a> {
    /// Worker threads; at least 1.
    pub threads: usize,
    /// Kinds of objects.
    pub kinds: &'a [ObjectKind],
    /// If given, only these: what else has to be rebuilt for their sake is not handed out, and
    /// each is handed out once.
    pub only: Option<&'a ObjectSet>,
    /// Takes the objects that were handed out.
    pub seen: &'a ObjectSet,
}

/// How far sweeps are. A display may read it meanwhile.
#[derive(Debug, Default)]
pub struct SweepProgress {
    /// Objects that were handed out by all sweeps.
    pub objects: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// Sweeps that were begun.
    pub sweeps: AtomicU64,
    /// What the last of them has to do, in about the bytes that it has to rebuild.
    pub work: AtomicU64,
    /// What of that is done.
    pub done: AtomicU64,
}

impl SweepProgress {
    fn begin(&self, work: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.work.store(work, Ordering::Relaxed);
        self.sweeps.fetch_add(1, Ordering::Relaxed);
    }
}

/// Work that an entry counts for besides the bytes of its tree's root, and work of a loose object.
const ENTRY_WORK: u64 = 64;
const LOOSE_WORK: u64 = 4 << 10;

/// What a worker does next.
enum Task {
    /// Delta trees of a pack: their roots.
    Trees(usize, Vec<u32>),
    /// Loose objects of a store.
    Loose(usize, Vec<u32>),
}

/// Weight of the trees that a worker takes at a time, in bytes.
const TASK_BYTES: u64 = 1 << 20;
/// Loose objects that a worker takes at a time.
const TASK_LOOSE: usize = 64;
/// Buffers that a worker keeps, and the biggest of them.
const POOL: usize = 16;
const POOL_BYTES: usize = 4 << 20;

impl Stores {
    /// Hands every object of the given kinds to visitors, one a worker; gives back the visitors.
    ///
    /// An object that is stored twice is handed out twice.
    pub fn sweep<V: ObjectVisitor>(
        &self,
        options: SweepOptions<'_>,
        make: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        // Which entries are needed, a bit each, if not all.
        let claimed = ObjectSet::new(self.objects.len());
        let needed: Option<Vec<Vec<bool>>> = options.only.map(|only| {
            let packs = self.packs.iter();
            packs.map(|pack| needed(pack, only, &claimed)).collect()
        });
        let loose = |number: u32| {
            options
                .only
                .is_none_or(|o| o.has(number) && claimed.insert(number))
        };
        let (tasks, work) = self.tasks(options.kinds, needed.as_deref(), loose);
        if let Some(progress) = &self.options.progress {
            progress.begin(work);
        }
        let next = AtomicUsize::new(0);
        let visitors = Mutex::new(Vec::new());
        let work = || {
            let mut worker = Worker {
                stores: self,
                options,
                needed: needed.as_deref(),
                visitor: make(),
                inflater: Inflater::new(),
                reader: self.reader(),
                stored: Vec::new(),
                delta: Vec::new(),
                segments: Vec::new(),
                pool: Vec::new(),
            };
            while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                match task {
                    Task::Trees(pack, roots) => {
                        for root in roots {
                            worker.tree(*pack, *root);
                            if worker.visitor.stop() {
                                break;
                            }
                        }
                    }
                    Task::Loose(store, numbers) => {
                        for number in numbers {
                            worker.loose(*store, *number);
                            if worker.visitor.stop() {
                                break;
                            }
                        }
                    }
                }
                if worker.visitor.stop() {
                    break;
                }
            }
            let visitor = worker.visitor;
            let mut done = visitors.lock().unwrap_or_else(PoisonError::into_inner);
            done.push(visitor);
        };
        std::thread::scope(|scope| {
            for _ in 1..options.threads {
                scope.spawn(work);
            }
            work();
        });
        visitors
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done, the heaviest first; and how much it is.
    fn tasks(
        &self,
        kinds: &[ObjectKind],
        needed: Option<&[Vec<bool>]>,
        wanted: impl Fn(u32) -> bool,
    ) -> (Vec<Task>, u64) {
        let mut roots: Vec<(u64, usize, u32)> = Vec::new();
        for (number, pack) in self.packs.iter().enumerate() {
            for (root, entry) in pack.entries.iter().enumerate() {
                let is_root = match entry.base {
                    NONE => entry.kind.is_some_and(|kind| kinds.contains(&kind)),
                    ELSEWHERE => true,
                    _ => false,
                };
                if is_root && needed.is_none_or(|n| n[number][root]) {
                    let nodes = u64::from(pack.weights[root]);
                    roots.push((nodes * (entry.size + ENTRY_WORK), number, root as u32));
                }
            }
        }
        roots.sort_unstable_by_key(|(weight, pack, root)| {
            (std::cmp::Reverse(*weight), *pack, *root)
        });
        let mut work: u64 = roots.iter().map(|r| r.0).sum();
        let mut tasks: Vec<Task> = Vec::new();
        let mut weight = 0;
        for (more, pack, root) in roots {
            match tasks.last_mut() {
                Some(Task::Trees(of, roots)) if *of == pack && weight + more <= TASK_BYTES => {
                    roots.push(root);
                    weight += more;
                }
                _ => {
                    tasks.push(Task::Trees(pack, vec![root]));
                    weight = more;
                }
            }
        }
        for (store, loose) in self.loose.iter().enumerate() {
            let numbers: Vec<u32> = loose
                .numbers
                .iter()
                .copied()
                .filter(|n| wanted(*n))
                .collect();
            work += LOOSE_WORK * numbers.len() as u64;
            let chunks = numbers.chunks(TASK_LOOSE);
            tasks.extend(chunks.map(|numbers| Task::Loose(store, numbers.to_vec())));
        }
        (tasks, work)
    }
}

/// The entries that must be rebuilt to have all of `only` that nobody has claimed yet.
fn needed(pack: &Pack, only: &ObjectSet, claimed: &ObjectSet) -> Vec<bool> {
    let mut needed = vec![false; pack.entries.len()];
    for (start, entry) in pack.entries.iter().enumerate() {
        if !only.has(entry.number) || !claimed.insert(entry.number) {
            continue;
        }
        let mut at = start as u32;
        while let Some(flag) = needed.get_mut(at as usize)
            && !*flag
        {
            *flag = true;
            at = pack.entries[at as usize].base;
        }
    }
    needed
}

/// A text on the way down a tree.
struct Frame<H> {
    entry: u32,
    /// Empty if it was let go.
    text: Vec<u8>,
    alive: bool,
    held: Option<H>,
    /// Which of its children comes next.
    next: usize,
}

/// Lets texts go, the oldest first, until not too much is alive; how much is.
fn let_go<H>(frames: &mut [Frame<H>], mut alive: usize) -> usize {
    for frame in frames {
        if alive <= limits::SWEEP_BYTES {
            break;
        }
        alive -= frame.text.len();
        (frame.text, frame.alive) = (Vec::new(), false);
    }
    alive
}

struct Worker<'s, V: ObjectVisitor> {
    stores: &'s Stores,
    options: SweepOptions<'s>,
    needed: Option<&'s [Vec<bool>]>,
    visitor: V,
    inflater: Inflater,
    reader: ObjectReader<'s>,
    stored: Vec<u8>,
    delta: Vec<u8>,
    segments: Vec<Segment>,
    pool: Vec<Vec<u8>>,
}

impl<V: ObjectVisitor> Worker<'_, V> {
    fn buffer(&mut self) -> Vec<u8> {
        self.pool.pop().unwrap_or_default()
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        if self.pool.len() < POOL && buffer.capacity() <= POOL_BYTES {
            self.pool.push(buffer);
        }
    }

    /// Tells that an entry and all that is built upon it is lost.
    fn lost(&mut self, pack: &Pack, entry: u32, why: &str) {
        let hex = self.stores.objects.hex(pack.entries[entry as usize].number);
        let more = match pack.weights[entry as usize] {
            0 | 1 => String::new(),
            n => format!(
                "; {} objects that are built upon it are lost with it",
                n - 1
            ),
        };
        self.visitor
            .skip(corrupt(&*pack.path, format!("object {hex}: {why}{more}")));
    }

    fn loose(&mut self, store: usize, number: u32) {
        self.worked(LOOSE_WORK);
        let loose = &self.stores.loose[store];
        let hex = self.stores.objects.hex(number);
        let mut text = self.buffer();
        let limit = limits::OBJECT_BYTES;
        match loose::read(&loose.folder, &hex, limit, &mut self.inflater, &mut text) {
            Ok(kind) if self.options.kinds.contains(&kind) => {
                self.hand_out(
                    Object {
                        number,
                        kind,
                        data: &text,
                    },
                    None,
                );
            }
            Ok(_) => {}
            Err(why) => {
                let reason = match why {
                    Ok(e) if e.kind() == std::io::ErrorKind::NotFound => SkipReason::Changed(
                        "it went away while the repository was read; run again".to_owned(),
                    ),
                    Ok(error) => SkipReason::Unreadable(super::super::read::words(&error)),
                    Err(words) => SkipReason::Corrupt(words),
                };
                let path = loose::path(&loose.folder, &hex);
                self.visitor.skip(Skip { path, reason });
            }
        }
        self.give_back(text);
    }

    /// Hands an object to the visitor; what it keeps of it, unless it failed.
    fn hand_out(&mut self, object: Object<'_>, base: Option<(&[u8], &V::Held)>) -> Option<V::Held> {
        let stores = self.stores;
        if let Some(progress) = &stores.options.progress {
            progress.objects.fetch_add(1, Ordering::Relaxed);
            let bytes = object.data.len() as u64;
            progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        // What is asked for by number was handed out, and hashed, before.
        if stores.options.verify && self.options.only.is_none() {
            let (hash, id) = (stores.objects.hash(), stores.objects.id(object.number));
            if !verify::has_id(hash, id, object.kind, object.data) {
                let hex = stores.objects.hex(object.number);
                let why = "its bytes do not have its id".to_owned();
                self.visitor.skip(corrupt(format!("object {hex}"), why));
            }
        }
        let segments = &self.segments;
        let base = base.map(|(data, held)| Base {
            data,
            held,
            segments,
        });
        let visitor = &mut self.visitor;
        let done = guarded(|| visitor.object(&object, base));
        match done {
            Ok(held) => {
                self.options.seen.insert(object.number);
                Some(held)
            }
            Err(bug) => {
                let hex = self.stores.objects.hex(object.number);
                let reason = SkipReason::Failed(bug);
                self.visitor.skip(Skip {
                    path: format!("object {hex}").into(),
                    reason,
                });
                None
            }
        }
    }

    /// Counts work that is done.
    fn worked(&self, work: u64) {
        if let Some(progress) = &self.stores.options.progress {
            progress.done.fetch_add(work, Ordering::Relaxed);
        }
    }

    fn is_told(&self, pack: &Pack, entry: u32) -> bool {
        let number = pack.entries[entry as usize].number;
        self.options.only.is_none_or(|only| only.has(number))
    }

    fn is_needed(&self, place: usize, entry: u32) -> bool {
        self.needed.is_none_or(|n| n[place][entry as usize])
    }

    /// Inflates an entry: an object, or a delta.
    fn inflate(&mut self, pack: &Pack, entry: u32, out: &mut Vec<u8>) -> Result<(), String> {
        let size = pack.entries[entry as usize].size;
        if size > limits::OBJECT_BYTES {
            let most = limits::OBJECT_BYTES;
            return Err(format!("it has {size} bytes; at most {most} are read"));
        }
        pack.compressed(entry, &mut self.stored)
            .map_err(|e| super::super::read::words(&e))?;
        self.inflater.exact(&self.stored, size, out)
    }

    /// Rebuilds an entry's text from its base.
    fn rebuild(&mut self, pack: &Pack, entry: u32, base: &[u8]) -> Result<Vec<u8>, String> {
        let mut bytes = std::mem::take(&mut self.delta);
        let mut text = self.buffer();
        let done = self.inflate(pack, entry, &mut bytes).and_then(|()| {
            let limit = limits::OBJECT_BYTES;
            delta::apply(&bytes, base, limit, &mut text, &mut self.segments)
        });
        self.delta = bytes;
        match done {
            Ok(()) => Ok(text),
            Err(why) => {
                self.give_back(text);
                Err(why)
            }
        }
    }

    /// The text of a root.
    fn root(&mut self, pack: &Pack, root: u32) -> Result<(ObjectKind, Vec<u8>), String> {
        let entry = pack.entries[root as usize];
        if entry.base == ELSEWHERE {
            let base = pack.base_elsewhere(root).ok_or("its base is in no store")?;
            let (kind, base) = self.reader.read(base)?;
            return Ok((kind, self.rebuild(pack, root, &base)?));
        }
        let mut text = self.buffer();
        match self.inflate(pack, root, &mut text) {
            Ok(()) => Ok((entry.kind.ok_or("it is damaged")?, text)),
            Err(why) => {
                self.give_back(text);
                Err(why)
            }
        }
    }

    /// Walks a tree from its root.
    fn tree(&mut self, place: usize, root: u32) {
        let pack = &self.stores.packs[place];
        let (kind, text) = match self.root(pack, root) {
            Ok(root) => root,
            Err(why) => return self.lost(pack, root, &why),
        };
        if !self.options.kinds.contains(&kind) {
            return self.give_back(text);
        }
        let number = pack.entries[root as usize].number;
        let mut held = None;
        if self.is_told(pack, root) {
            held = self.hand_out(
                Object {
                    number,
                    kind,
                    data: &text,
                },
                None,
            );
        }
        let mut alive = text.len();
        let mut stack = vec![Frame {
            entry: root,
            text,
            alive: true,
            held,
            next: 0,
        }];
        let each = pack.entries[root as usize].size + ENTRY_WORK;
        self.worked(each);
        while let Some(frame) = stack.last_mut() {
            if self.visitor.stop() {
                return;
            }
            let children = pack.children(frame.entry);
            let Some(child) = children.get(frame.next).copied() else {
                let frame = stack.pop().expect("it was there");
                alive -= frame.text.len();
                self.give_back(frame.text);
                continue;
            };
            frame.next += 1;
            if !self.is_needed(place, child) {
                continue;
            }
            if !frame.alive {
                // It was let go: the slow way.
                let number = pack.entries[frame.entry as usize].number;
                match self.reader.read(number) {
                    Ok((_, text)) => {
                        alive += text.len();
                        (frame.text, frame.alive) = (text, true);
                    }
                    Err(why) => {
                        self.lost(pack, child, &why);
                        continue;
                    }
                }
            }
            self.worked(each);
            let text = match self.rebuild(pack, child, &frame.text) {
                Ok(text) => text,
                Err(why) => {
                    self.lost(pack, child, &why);
                    continue;
                }
            };
            let mut held = None;
            if self.is_told(pack, child) {
                let number = pack.entries[child as usize].number;
                let base = frame.held.as_ref().map(|held| (&frame.text[..], held));
                held = self.hand_out(
                    Object {
                        number,
                        kind,
                        data: &text,
                    },
                    base,
                );
            }
            if frame.next == children.len() {
                let done = stack.pop().expect("it was there");
                alive -= done.text.len();
                self.give_back(done.text);
            }
            if pack.children(child).is_empty() {
                self.give_back(text);
                continue;
            }
            alive += text.len();
            stack.push(Frame {
                entry: child,
                text,
                alive: true,
                held,
                next: 0,
            });
            let top = stack.len() - 1;
            alive = let_go(&mut stack[..top], alive);
        }
    }
}
