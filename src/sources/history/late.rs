//! Loose objects that went away after they were listed: a gc packed them, or pruned them.
//!
//! Git writes the pack before it takes the loose object away, so what was packed is found by looking
//! at the packs that are there now.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::lookup::{Absence, Lookup, Read};
use super::{SkipReason, Stores};

/// How often the packs are opened anew for the sake of objects that none of them had.
const TRIES: usize = 8;

/// The packs as they were when an object was last missed.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// The folders of all stores.
    stores: Vec<PathBuf>,
    packs: Mutex<(usize, Option<Arc<Lookup>>)>,
}

impl Late {
    pub(super) fn new(stores: &[PathBuf]) -> Self {
        Self {
            stores: stores.to_vec(),
            packs: Mutex::default(),
        }
    }
}

impl Stores {
    /// Reads an object that is no longer where it was.
    pub(super) fn late(&self, number: u32) -> Result<Read, SkipReason> {
        let mut id = [0; 32];
        let known = self.objects.id(number);
        id[..known.len()].copy_from_slice(known);
        let mut missed = None;
        while let Some(lookup) = self.now(missed.as_ref()) {
            match lookup.reader().read(&id) {
                Ok(read) => return Ok(read),
                Err(Absence::Damaged(why)) => return Err(SkipReason::Corrupt(why)),
                Err(Absence::Missing) => missed = Some(lookup),
            }
        }
        let why = "it went away while the repository was read; run again";
        Err(SkipReason::Changed(why.to_owned()))
    }

    /// Packs that are newer than those that missed an object.
    fn now(&self, missed: Option<&Arc<Lookup>>) -> Option<Arc<Lookup>> {
        let mut packs = self
            .late
            .packs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (tries, known) = &mut *packs;
        let is_old = |known: &Arc<Lookup>| missed.is_some_and(|m| Arc::ptr_eq(m, known));
        if known.as_ref().is_none_or(is_old) {
            if *tries == TRIES {
                return None;
            }
            *tries += 1;
            let lookup = Lookup::of(self.objects.hash(), &self.late.stores);
            *known = Some(Arc::new(lookup));
        }
        known.clone()
    }
}
