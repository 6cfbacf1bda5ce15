//! What earlier sweeps told of the objects, and what the next one is to know.
//!
//! Only the first look is remembered: that an object was searched, and whether it may hold a match
//! at some path. That depends on its bytes, the patterns and the code, so it holds at every path,
//! on every base and in every repository. Judgement is never remembered.
//!
//! An object is remembered if its bytes are those that its id says, and if it was read whole: what
//! is damaged is tried again, and a repository that lies about its ids tells nothing of another.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use super::HistoryOptions;
use crate::scan::ScanError;
use crate::sources::history::{Object, ObjectKind, ObjectSet, Objects, Stores};
use crate::sources::{Skip, SkipReason};
use crate::store::{Key, Searched, StoreError, SweepStore, Told, filled};
use crate::story::HistoryResult;

/// Changes whenever the code does that decides what is hopeful: a hash of it, made by `build.rs`.
const ENGINE: &str = env!("STRAYKEY_SEARCH");

/// After so many objects, or bytes of them, a worker writes down what it knows.
const BATCH: usize = 8 << 10;
const BATCH_BYTES: u64 = 256 << 20;

/// What is known of a repository's objects.
pub(super) struct Memory<'a> {
    objects: &'a Objects,
    store: Option<SweepStore>,
    /// Objects that the store knows.
    stored: ObjectSet,
    /// Those of them that need not be searched.
    known: ObjectSet,
    /// Blobs among these: they need not even be read.
    blobs: ObjectSet,
    /// Those that may hold a match.
    hopeful: ObjectSet,
    /// How many bytes the blobs have.
    bytes: u64,
    /// Why nothing was known although the store is not empty.
    again: Option<String>,
    failed: Mutex<Option<StoreError>>,
}

impl<'a> Memory<'a> {
    /// Reads what the store knows, if there is one.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) fn read(
        options: &HistoryOptions,
        store: Option<SweepStore>,
        stores: &'a Stores,
    ) -> Result<Self, ScanError> {
        let objects = stores.objects();
        let none = || ObjectSet::new(objects.len());
        let mut memory = Self {
            objects,
            store: None,
            stored: none(),
            known: none(),
            blobs: none(),
            hopeful: none(),
            bytes: 0,
            again: None,
            failed: Mutex::default(),
        };
        let Some(store) = store else {
            return Ok(memory);
        };
        let sound = stores.sound();
        let why = match options {
            HistoryOptions {
                full_scan: true, ..
            } => Some("a full scan searches everything again"),
            HistoryOptions { verify: true, .. } => Some("every object is read to be verified"),
            _ => None,
        };
        let mut is_empty = true;
        let read = store.each(objects.hash().bytes(), |id, searched| {
            is_empty = false;
            let Some(number) = objects.find(id) else {
                return;
            };
            if searched.hopeful {
                memory.hopeful.insert(number);
            }
            let is_new = memory.stored.insert(number);
            // What is damaged here is tried again, and told.
            if is_new && why.is_none() && sound.has(number) {
                memory.known.insert(number);
                if searched.kind == ObjectKind::Blob {
                    memory.blobs.insert(number);
                    memory.bytes += searched.size;
                }
            }
        });
        read.map_err(|error| ScanError::Store(error.to_string()))?;
        let why = why.filter(|_| !is_empty);
        memory.again = why.or(store.again()).map(str::to_owned);
        memory.store = Some(store);
        Ok(memory)
    }

    /// Blobs that need not be read.
    pub(super) fn blobs(&self) -> &ObjectSet {
        &self.blobs
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether an object may hold a match, if that is known.
    pub(super) fn told(&self, number: u32) -> Option<bool> {
        self.known.has(number).then(|| self.hopeful.has(number))
    }

    /// Takes down what a search told; writes it if it is much.
    ///
    /// # Errors
    ///
    /// A skip, if the object's bytes are not those that its id says.
    pub(super) fn take(
        &self,
        object: &Object<'_>,
        hopeful: bool,
        batch: &mut Batch,
    ) -> Result<(), Skip> {
        let (number, kind) = (object.number, object.kind);
        if self.store.is_none() || self.stored.has(number) {
            return Ok(());
        }
        let (id, hash) = (self.objects.id(number), self.objects.hash());
        if !hash.is_id_of(id, kind, object.data) {
            return Err(Skip {
                path: format!("object {}", self.objects.hex(number)).into(),
                reason: SkipReason::Corrupt("its bytes are not those that its id says".into()),
            });
        }
        let size = object.data.len() as u64;
        batch.told.push((
            filled(id),
            Searched {
                kind,
                hopeful,
                size,
            },
        ));
        batch.bytes += size;
        if batch.told.len() >= BATCH || batch.bytes >= BATCH_BYTES {
            self.write(batch);
        }
        Ok(())
    }

    /// Writes what is left of all batches.
    pub(super) fn end(&self, rest: impl IntoIterator<Item = Batch>) {
        let mut all = Batch::default();
        for mut batch in rest {
            all.told.append(&mut batch.told);
        }
        self.write(&mut all);
        if let Some(store) = &self.store {
            self.note(store.settle());
        }
    }

    /// Tells what the store was good for, and what a person should know of it.
    pub(super) fn tell(&self, result: &mut HistoryResult) {
        result.read.searched_before = self.known.len() as u64;
        result.read.searched_again.clone_from(&self.again);
        result.store_failed = self.failed();
        if self
            .store
            .as_ref()
            .is_some_and(SweepStore::is_open_to_others)
        {
            result.scan.notices.push(
                "others can write to the store, and what it says was searched is not looked at \
                 again: chmod go-w it"
                    .to_owned(),
            );
        }
    }

    /// Why not all could be written.
    fn failed(&self) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().map(StoreError::to_string)
    }

    fn write(&self, batch: &mut Batch) {
        // What could not be written once is not tried again and again.
        if let Some(store) = &self.store
            && self.failed().is_none()
        {
            self.note(store.add(self.objects.hash().bytes(), &mut batch.told));
        }
        *batch = Batch::default();
    }

    fn note(&self, done: Result<(), StoreError>) {
        if let Err(error) = done {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert(error);
        }
    }
}

/// What one worker was told and has not yet written down.
#[derive(Debug, Default)]
pub(super) struct Batch {
    told: Vec<Told>,
    bytes: u64,
}

/// Opens the store that the options name. It knows nothing of a value that somebody looks for.
///
/// # Errors
///
/// If it cannot be used.
pub(super) fn open(options: &HistoryOptions) -> Result<Option<SweepStore>, ScanError> {
    let Some(path) = options
        .store
        .as_ref()
        .filter(|_| options.scan.find.is_none())
    else {
        return Ok(None);
    };
    let mut patterns = String::new();
    for pattern in options.scan.catalogue.patterns() {
        let _ = writeln!(patterns, "{pattern:?}");
    }
    let key = Key::new(env!("CARGO_PKG_VERSION"), ENGINE, &patterns);
    let opened = SweepStore::open(path, key);
    opened
        .map(Some)
        .map_err(|error| ScanError::Store(error.to_string()))
}
