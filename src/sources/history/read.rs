//! Reads single objects, from whichever store has them.

use std::io::ErrorKind;

use super::inflate::Inflater;
use super::pack::{ELSEWHERE, NONE, Window};
use super::{ObjectKind, Segment, Stores, delta, loose};

/// How long a chain of deltas may be that crosses packs.
const CROSSINGS: usize = 64;

/// What reading single objects needs; one a worker.
pub struct ObjectReader<'s> {
    stores: &'s Stores,
    inflater: Inflater,
    window: Window,
    delta: Vec<u8>,
    segments: Vec<Segment>,
}

impl Stores {
    /// A reader of single objects.
    pub fn reader(&self) -> ObjectReader<'_> {
        ObjectReader {
            stores: self,
            inflater: Inflater::new(),
            window: Window::default(),
            delta: Vec::new(),
            segments: Vec::new(),
        }
    }
}

impl ObjectReader<'_> {
    /// Reads an object whole.
    ///
    /// # Errors
    ///
    /// Words, if no store has it in a form that can be read.
    pub fn read(&mut self, number: u32) -> Result<(ObjectKind, Vec<u8>), String> {
        self.read_within(number, CROSSINGS)
    }

    fn read_within(
        &mut self,
        number: u32,
        crossings: usize,
    ) -> Result<(ObjectKind, Vec<u8>), String> {
        let stores = self.stores;
        let mut why = "no store has it".to_owned();
        for (place, pack) in stores.packs.iter().enumerate() {
            if let Some(entry) = pack.entry_of(number) {
                match self.packed(place, entry, crossings) {
                    Ok(object) => return Ok(object),
                    Err(words) => why = words,
                }
            }
        }
        for store in &stores.loose {
            if store.numbers.binary_search(&number).is_ok() {
                let mut out = Vec::new();
                let hex = stores.objects.hex(number);
                match loose::read(
                    &store.folder,
                    &hex,
                    stores.most(),
                    &mut self.inflater,
                    &mut out,
                ) {
                    Ok(kind) => return Ok((kind, out)),
                    Err(Ok(error)) if error.kind() == ErrorKind::NotFound => {
                        match stores.late(number) {
                            Ok((kind, data)) => return Ok((kind, data.to_vec())),
                            Err(reason) => why = reason.to_string(),
                        }
                    }
                    Err(Ok(error)) => why = super::super::read::words(&error),
                    Err(Err(words)) => why = words,
                }
            }
        }
        Err(why)
    }

    fn packed(
        &mut self,
        place: usize,
        entry: u32,
        crossings: usize,
    ) -> Result<(ObjectKind, Vec<u8>), String> {
        let pack = &self.stores.packs[place];
        let mut chain = vec![entry];
        let (kind, mut text) = loop {
            let last = chain[chain.len() - 1];
            match pack.entries[last as usize].base {
                NONE => {
                    let kind = pack.entries[last as usize].kind.ok_or("it is damaged")?;
                    let mut text = Vec::new();
                    self.inflate(place, last, &mut text)?;
                    chain.pop();
                    break (kind, text);
                }
                ELSEWHERE => {
                    let base = pack.base_elsewhere(last).ok_or("its base is in no store")?;
                    let left = crossings
                        .checked_sub(1)
                        .ok_or("its chain of deltas is too long")?;
                    break self.read_within(base, left)?;
                }
                base if chain.len() > pack.entries.len() => {
                    return Err(format!("its chain of deltas runs in a circle at {base}"));
                }
                base => chain.push(base),
            }
        };
        let (mut out, mut delta) = (Vec::new(), std::mem::take(&mut self.delta));
        for entry in chain.into_iter().rev() {
            self.inflate(place, entry, &mut delta)?;
            delta::apply(
                &delta,
                &text,
                self.stores.most(),
                &mut out,
                &mut self.segments,
            )?;
            std::mem::swap(&mut text, &mut out);
        }
        self.delta = delta;
        Ok((kind, text))
    }

    /// The bytes that an entry inflates to: an object's, or a delta's.
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
}
