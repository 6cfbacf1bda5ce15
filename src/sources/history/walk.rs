//! Walks delta trees, each once, from its root, depth first.
//!
//! A worker inflates each entry once and rebuilds a text from its base, which is at hand; the
//! hungriest child comes last, and its base is freed before it is gone down into, so that what is
//! alive does not grow with the depth. If it grows over [`limits::SWEEP_BYTES`] all the same, the
//! oldest texts are let go and read anew when they are needed again. Parts of a giant tree are left
//! to workers that have nothing to do ([`share`](super::share)).

use std::sync::atomic::Ordering;

use super::super::{Skip, SkipReason, guard::guarded};
use super::inflate::Inflater;
use super::pack::{ELSEWHERE, Pack, Window};
use super::read::ObjectReader;
use super::share::{Part, Shared};
use super::sweep::{ENTRY_WORK, LOOSE_WORK, Task};
use super::{
    Base, Object, ObjectKind, ObjectVisitor, Segment, Stores, SweepOptions, corrupt, delta, loose,
};
use crate::base::limits;

/// Buffers that a worker keeps, and the biggest of them.
const POOL: usize = 16;
const POOL_BYTES: usize = 4 << 20;

/// Work that a part of a tree has at least that is left to another worker, in bytes.
const PART_WORK: u64 = 1 << 18;

/// A text on the way down a tree.
pub(super) struct Frame<H> {
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

pub(super) struct Worker<'s, V: ObjectVisitor> {
    stores: &'s Stores,
    options: SweepOptions<'s>,
    needed: Option<&'s [Vec<bool>]>,
    shared: &'s Shared<V::Held>,
    pub(super) visitor: V,
    inflater: Inflater,
    reader: ObjectReader<'s>,
    window: Window,
    delta: Vec<u8>,
    segments: Vec<Segment>,
    pool: Vec<Vec<u8>>,
}

impl<'s, V: ObjectVisitor> Worker<'s, V> {
    pub(super) fn new(
        stores: &'s Stores,
        options: SweepOptions<'s>,
        needed: Option<&'s [Vec<bool>]>,
        shared: &'s Shared<V::Held>,
        visitor: V,
    ) -> Self {
        Self {
            stores,
            options,
            needed,
            shared,
            visitor,
            inflater: Inflater::new(),
            reader: stores.reader(),
            window: Window::default(),
            delta: Vec::new(),
            segments: Vec::new(),
            pool: Vec::new(),
        }
    }

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

    /// What is to be done next.
    pub(super) fn task(&mut self, task: &Task) {
        let (place, list) = match task {
            Task::Trees(place, list) | Task::Loose(place, list) => (*place, list),
        };
        for one in list {
            match task {
                Task::Trees(..) => self.tree(place, *one),
                Task::Loose(..) => self.loose(place, *one),
            }
            if self.visitor.stop() {
                return;
            }
        }
    }

    /// One loose object.
    fn loose(&mut self, store: usize, number: u32) {
        self.worked(LOOSE_WORK);
        let loose = &self.stores.loose[store];
        let hex = self.stores.objects.hex(number);
        let mut text = self.buffer();
        let limit = self.stores.most();
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
                    Ok(e) if e.kind() == std::io::ErrorKind::NotFound => {
                        match self.stores.late(number) {
                            Ok((kind, data)) => {
                                if self.options.kinds.contains(&kind) {
                                    let data = &data;
                                    self.hand_out(Object { number, kind, data }, None);
                                }
                                return;
                            }
                            Err(reason) => reason,
                        }
                    }
                    _ if self.stores.is_streamed_loose(store, number) => return self.big(number),
                    Ok(error) => SkipReason::Unreadable(super::super::read::words(&error)),
                    Err(words) => SkipReason::Corrupt(words),
                };
                let path = loose::path(&loose.folder, &hex);
                self.visitor.skip(Skip { path, reason });
            }
        }
        self.give_back(text);
    }

    /// Tells of a blob that is too big to be at hand whole.
    fn big(&mut self, number: u32) {
        if self.options.kinds.contains(&ObjectKind::Blob) {
            self.visitor.big(number);
        }
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
            if !hash.is_id_of(id, object.kind, object.data) {
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
            && self.options.without.is_none_or(|w| !w.has(number))
    }

    fn is_needed(&self, place: usize, entry: u32) -> bool {
        self.needed.is_none_or(|n| n[place][entry as usize])
    }

    /// Inflates an entry: an object, or a delta.
    fn inflate(&mut self, place: usize, entry: u32, out: &mut Vec<u8>) -> Result<(), String> {
        let pack = &self.stores.packs[place];
        let size = pack.entries[entry as usize].size;
        let most = self.stores.most();
        if size > most {
            return Err(format!("it has {size} bytes; at most {most} are read"));
        }
        let stored = self.window.compressed((pack, place), entry);
        let stored = stored.map_err(|e| super::super::read::words(&e))?;
        self.inflater.exact(stored, size, out)
    }

    /// Rebuilds an entry's text from its base.
    fn rebuild(&mut self, place: usize, entry: u32, base: &[u8]) -> Result<Vec<u8>, String> {
        let mut bytes = std::mem::take(&mut self.delta);
        let mut text = self.buffer();
        let done = self.inflate(place, entry, &mut bytes).and_then(|()| {
            let limit = self.stores.most();
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
    fn root(&mut self, place: usize, root: u32) -> Result<(ObjectKind, Vec<u8>), String> {
        let pack = &self.stores.packs[place];
        let entry = pack.entries[root as usize];
        if entry.base == ELSEWHERE {
            let base = pack.base_elsewhere(root).ok_or("its base is in no store")?;
            let (kind, base) = self.reader.read(base)?;
            return Ok((kind, self.rebuild(place, root, &base)?));
        }
        let mut text = self.buffer();
        match self.inflate(place, root, &mut text) {
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
        let (kind, text) = match self.root(place, root) {
            Ok(root) => root,
            Err(_) if self.stores.is_streamed(pack, root) => {
                if self.is_told(pack, root) {
                    self.big(pack.entries[root as usize].number);
                }
                // Git builds nothing upon so big a blob, if it was not told to.
                let why = "what it is built upon is too big to be at hand whole";
                for child in pack.children(root) {
                    if self.is_needed(place, *child) {
                        self.lost(pack, *child, why);
                    }
                }
                return;
            }
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
        let each = pack.entries[root as usize].size + ENTRY_WORK;
        self.worked(each);
        self.part(Part {
            pack: place,
            kind,
            each,
            top: Frame {
                entry: root,
                text,
                alive: true,
                held,
                next: 0,
            },
        });
    }

    /// Walks all that is built upon an object.
    pub(super) fn part(&mut self, part: Part<V::Held>) {
        let (place, kind, each) = (part.pack, part.kind, part.each);
        let pack = &self.stores.packs[place];
        let mut alive = part.top.text.len();
        let mut stack = vec![part.top];
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
            let text = match self.rebuild(place, child, &frame.text) {
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
            let frame = Frame {
                entry: child,
                text,
                alive: true,
                held,
                next: 0,
            };
            let work = u64::from(pack.weights[child as usize]) * each;
            if work >= PART_WORK && !stack.is_empty() && self.shared.is_wanted() {
                self.shared.give(Part {
                    pack: place,
                    kind,
                    each,
                    top: frame,
                });
                continue;
            }
            alive += frame.text.len();
            stack.push(frame);
            let top = stack.len() - 1;
            alive = let_go(&mut stack[..top], alive);
        }
    }
}
