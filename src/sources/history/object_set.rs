//! A set of objects.

use std::sync::atomic::{AtomicU64, Ordering};

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
