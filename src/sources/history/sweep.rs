//! Hands out every object: what is asked for, and who does what of it.
//!
//! Workers take heavy delta trees first, the heaviest before all; how one tree is walked is told in
//! [`walk`](super::walk).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::Skip;
use super::pack::{ELSEWHERE, NONE, Pack};
use super::share::Shared;
use super::walk::Worker;
use super::{ObjectKind, ObjectSet, Segment, Stores};

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
/// If it panics the sweep tells that as [`SkipReason::Failed`](crate::sources::SkipReason::Failed) and goes on with the next object
/// and the same visitor.
pub trait ObjectVisitor: Send {
    /// What is kept of an object while those that are built upon it are read.
    type Held: Send;

    /// An object, and what it is built upon if that was handed out before.
    fn object(&mut self, object: &Object<'_>, base: Option<Base<'_, Self::Held>>) -> Self::Held;

    /// Something that could not be read.
    fn skip(&mut self, skip: Skip);

    /// A blob that is too big to be at hand whole ([`OpenOptions::most`](super::OpenOptions)):
    /// [`Stores::stream`] hands it out in chunks.
    fn big(&mut self, number: u32) {
        let _ = number;
    }

    /// Whether to stop early.
    fn stop(&self) -> bool {
        false
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
    /// If given, all but these: they are not handed out, and only those of them are inflated that
    /// others are built upon.
    pub without: Option<&'a ObjectSet>,
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
pub(super) const ENTRY_WORK: u64 = 64;
pub(super) const LOOSE_WORK: u64 = 4 << 10;

/// What a worker does next.
pub(super) enum Task {
    /// Delta trees of a pack: their roots.
    Trees(usize, Vec<u32>),
    /// Loose objects of a store.
    Loose(usize, Vec<u32>),
}

/// Weight of the trees that a worker takes at a time, in bytes.
const TASK_BYTES: u64 = 1 << 20;
/// Loose objects that a worker takes at a time.
const TASK_LOOSE: usize = 64;
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
        let wanted = |number: u32| {
            options.without.is_none_or(|w| !w.has(number))
                && options
                    .only
                    .is_none_or(|o| o.has(number) && claimed.insert(number))
        };
        let is_part = options.only.is_some() || options.without.is_some();
        let needed: Option<Vec<Vec<bool>>> = is_part.then(|| {
            let packs = self.packs.iter();
            packs.map(|pack| needed(pack, wanted)).collect()
        });
        let (tasks, work) = self.tasks(options.kinds, needed.as_deref(), wanted);
        if let Some(progress) = &self.options.progress {
            progress.begin(work);
        }
        let next = AtomicUsize::new(0);
        let visitors = Mutex::new(Vec::new());
        let shared = Shared::new(options.threads.max(1));
        let work = || {
            let mut seat = shared.seat();
            let mut worker = Worker::new(self, options, needed.as_deref(), &shared, make());
            while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                worker.task(task);
                if worker.visitor.stop() {
                    break;
                }
            }
            while !worker.visitor.stop()
                && let Some(part) = seat.take()
            {
                worker.part(part);
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
        // Light trees in the order of their pack, so that what is read of it for one is there for the next.
        roots.sort_unstable_by_key(|(weight, pack, root)| {
            let heavy = Some(*weight).filter(|weight| *weight > TASK_BYTES);
            (std::cmp::Reverse(heavy), *pack, *root)
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

/// The entries that must be rebuilt to have all objects that are wanted.
fn needed(pack: &Pack, wanted: impl Fn(u32) -> bool) -> Vec<bool> {
    let mut needed = vec![false; pack.entries.len()];
    for (start, entry) in pack.entries.iter().enumerate() {
        if !wanted(entry.number) {
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
