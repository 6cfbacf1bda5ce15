//! Parts of delta trees that one worker leaves to the others.
//!
//! A file with a long history is one giant tree, and whoever walks it last would walk it alone. So
//! a worker with nothing left to do waits here, and whoever comes to a large part of a tree
//! meanwhile leaves it to the one that waits, with all that it takes to go on from there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::ObjectKind;
use super::walk::Frame;

/// A part of a delta tree: all that is built upon an object which was handed out already.
pub(super) struct Part<H> {
    /// The pack's place.
    pub(super) pack: usize,
    pub(super) kind: ObjectKind,
    /// Work that each of its entries counts for.
    pub(super) each: u64,
    pub(super) top: Frame<H>,
}

/// Where workers meet.
pub(super) struct Shared<H> {
    workers: usize,
    state: Mutex<State<H>>,
    came: Condvar,
    /// How many wait for whom there is no part yet.
    hungry: AtomicUsize,
}

struct State<H> {
    parts: Vec<Part<H>>,
    /// Workers that have nothing to do, those among them that left for good.
    idle: usize,
}

impl<H> Shared<H> {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers,
            state: Mutex::new(State {
                parts: Vec::new(),
                idle: 0,
            }),
            came: Condvar::new(),
            hungry: AtomicUsize::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, state: &State<H>) {
        let hungry = state.idle.saturating_sub(state.parts.len());
        self.hungry.store(hungry, Ordering::Relaxed);
    }

    /// Whether a worker waits for a part.
    pub(super) fn is_wanted(&self) -> bool {
        self.hungry.load(Ordering::Relaxed) > 0
    }

    /// Leaves a part to another worker.
    pub(super) fn give(&self, part: Part<H>) {
        let mut state = self.state();
        state.parts.push(part);
        self.count(&state);
        self.came.notify_one();
    }

    /// A worker's seat; each takes one before any of them can be done.
    pub(super) fn seat(&self) -> Seat<'_, H> {
        Seat {
            shared: self,
            left: false,
        }
    }
}

/// A worker, as the others see it. One that goes, even by a panic, is waited for no longer.
pub(super) struct Seat<'a, H> {
    shared: &'a Shared<H>,
    left: bool,
}

impl<H> Seat<'_, H> {
    /// Waits for a part; `None` once no worker is left that could give one.
    pub(super) fn take(&mut self) -> Option<Part<H>> {
        let shared = self.shared;
        let mut state = shared.state();
        state.idle += 1;
        loop {
            if let Some(part) = state.parts.pop() {
                state.idle -= 1;
                shared.count(&state);
                return Some(part);
            }
            if state.idle >= shared.workers {
                self.left = true;
                shared.came.notify_all();
                return None;
            }
            shared.count(&state);
            state = shared
                .came
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<H> Drop for Seat<'_, H> {
    fn drop(&mut self) {
        if !self.left {
            // It takes no part any more, so it is not hungry; but nobody need wait for it.
            let mut state = self.shared.state();
            state.idle += 1;
            self.shared.came.notify_all();
        }
    }
}
