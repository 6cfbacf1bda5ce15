//! What opening one container may cost, all that is nested in it together.

use std::cell::Cell;
use std::io::{self, Read};

use crate::base::limits;

/// How much may come out of a container. Arguments, so that tests can make them small.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// See [`limits::CONTAINER_BYTES`].
    pub(super) bytes: u64,
    /// See [`limits::CONTAINER_RATIO`].
    pub(super) ratio: u64,
    /// See [`limits::CONTAINER_FREE`].
    pub(super) free: u64,
    /// See [`limits::CONTAINER_DEPTH`].
    pub(super) depth: usize,
    /// See [`limits::CONTAINER_ENTRIES`].
    pub(super) entries: u64,
    /// See [`limits::CONTAINER_MEMORY`].
    pub(super) memory: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            bytes: limits::CONTAINER_BYTES,
            ratio: limits::CONTAINER_RATIO,
            free: limits::CONTAINER_FREE,
            depth: limits::CONTAINER_DEPTH,
            entries: limits::CONTAINER_ENTRIES,
            memory: limits::CONTAINER_MEMORY,
        }
    }
}

/// What is left of it.
pub(super) struct Budget {
    pub(super) bounds: Bounds,
    /// Bytes of the container itself that were or can be read.
    packed: Cell<u64>,
    unpacked: Cell<u64>,
    entries: Cell<u64>,
    memory: Cell<usize>,
    over: Cell<Option<String>>,
    is_over: Cell<bool>,
}

impl Budget {
    /// For a container of `packed` bytes; of a stream they are counted as they come.
    pub(super) fn new(bounds: Bounds, packed: u64) -> Self {
        Self {
            bounds,
            packed: Cell::new(packed),
            unpacked: Cell::new(0),
            entries: Cell::new(0),
            memory: Cell::new(bounds.memory),
            over: Cell::new(None),
            is_over: Cell::new(false),
        }
    }

    /// Whether nothing more may be opened.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Which bound was met; told once.
    pub(super) fn take_over(&self) -> Option<String> {
        self.over.take()
    }

    fn exceed(&self, why: String) {
        if !self.is_over.replace(true) {
            self.over.set(Some(why));
        }
    }

    /// One more entry. Whether it may be opened.
    pub(super) fn entry(&self) -> bool {
        let count = self.entries.get() + 1;
        self.entries.set(count);
        if count > self.bounds.entries {
            let most = self.bounds.entries;
            self.exceed(format!("it has more than {most} entries"));
        }
        !self.is_over()
    }

    /// So many bytes came out.
    fn spend(&self, bytes: usize) -> io::Result<()> {
        let all = self.unpacked.get().saturating_add(bytes as u64);
        self.unpacked.set(all);
        let by_ratio = self.packed.get().saturating_mul(self.bounds.ratio);
        if all > self.bounds.bytes {
            let most = self.bounds.bytes >> 20;
            self.exceed(format!("more than {most} MiB are in it"));
        } else if all > self.bounds.free.saturating_add(by_ratio) {
            let ratio = self.bounds.ratio;
            self.exceed(format!(
                "it unpacks to more than {ratio} times its size: a bomb"
            ));
        }
        if self.is_over() {
            return Err(io::Error::other("over a bound"));
        }
        Ok(())
    }

    /// A whole content in memory, up to what is left of the bound; `None` if it is longer. What is
    /// taken is given back with [`release`](Self::release).
    pub(super) fn whole(&self, input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
        let most = self.memory.get();
        let mut all = Vec::new();
        let done = input.take(most as u64 + 1).read_to_end(&mut all);
        if all.len() > most {
            return Ok(None);
        }
        done?;
        self.memory.set(most - all.len());
        Ok(Some(all))
    }

    pub(super) fn release(&self, bytes: &[u8]) {
        self.memory.set(self.memory.get() + bytes.len());
    }
}

/// A stream that is unpacked as it is read: all that comes out is counted.
pub(super) struct Metered<'b, R> {
    inner: R,
    budget: &'b Budget,
    is_broken: bool,
}

impl<'b, R> Metered<'b, R> {
    pub(super) fn new(inner: R, budget: &'b Budget) -> Self {
        Self {
            inner,
            budget,
            is_broken: false,
        }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A decoder that failed is not asked again: some would never come back.
        if self.is_broken || self.budget.is_over() {
            return Err(io::Error::other("it is damaged before"));
        }
        let read = self.inner.read(out);
        self.is_broken = match &read {
            Err(error) => error.kind() != io::ErrorKind::Interrupted,
            Ok(_) => false,
        };
        let read = read?;
        self.budget.spend(read)?;
        Ok(read)
    }
}

/// A stream whose size is not known: what comes in is counted.
pub(super) struct Counted<'b, R> {
    pub(super) inner: R,
    pub(super) budget: &'b Budget,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        let packed = &self.budget.packed;
        packed.set(packed.get().saturating_add(read as u64));
        Ok(read)
    }
}
