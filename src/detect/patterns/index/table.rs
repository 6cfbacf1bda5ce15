//! Small hash tables: the first bytes of something to numbers.

use std::ops::Deref;

/// A list: one that the build made, or one that was made when the program began.
#[derive(Clone, Debug)]
pub enum Row<T: 'static> {
    /// By the build.
    Made(&'static [T]),
    /// When the program began.
    Grown(Box<[T]>),
}

impl<T> Deref for Row<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Made(list) => list,
            Self::Grown(list) => list,
        }
    }
}

impl<T> From<Vec<T>> for Row<T> {
    fn from(list: Vec<T>) -> Self {
        Self::Grown(list.into())
    }
}

/// How many words a bitmap has.
pub const WORDS: usize = 2048;

/// A bit for each hash, of 17 bits at most.
#[derive(Clone, Debug)]
pub enum Seen {
    /// By the build.
    Made(&'static [u64; WORDS]),
    /// When the program began.
    Grown(Box<[u64; WORDS]>),
}

impl Seen {
    /// The bits of these hashes.
    pub(super) fn new(hashes: impl IntoIterator<Item = usize>) -> Self {
        let mut words = Box::new([0; WORDS]);
        for hash in hashes {
            words[hash / 64] |= 1 << (hash % 64);
        }
        Self::Grown(words)
    }

    /// All of its words.
    pub fn words(&self) -> &[u64; WORDS] {
        match self {
            Self::Made(words) => words,
            Self::Grown(words) => words,
        }
    }

    /// Whether a hash was seen.
    #[inline]
    pub fn has(&self, hash: usize) -> bool {
        self.words()[hash / 64] >> (hash % 64) & 1 != 0
    }
}

/// The first bytes of something (`N`: three or four) to values. A bitmap in front, of 16 Ki or 128
/// Ki bits, answers "no" with one load.
#[derive(Clone, Debug)]
pub struct Table<const N: usize> {
    /// Which keys there may be.
    pub seen: Seen,
    /// Keys and values, by bucket.
    pub entries: Row<(u32, u16)>,
    /// Where a bucket's entries begin; one more at the end.
    pub buckets: Row<u16>,
}

/// By three bytes.
pub type Triples = Table<3>;

/// The key of three bytes, letters without case.
#[inline]
pub fn folded(bytes: [u8; 3]) -> u32 {
    key(bytes) | 0x0020_2020
}

/// The key of so many bytes.
#[inline]
pub(super) fn key<const N: usize>(bytes: [u8; N]) -> u32 {
    let mut four = [0; 4];
    four[..N].copy_from_slice(&bytes);
    u32::from_le_bytes(four)
}

const BUCKETS: usize = 4096;

impl<const N: usize> Table<N> {
    /// What of four bytes belongs to a key.
    const KEY: u32 = u32::MAX >> (8 * (4 - N));

    /// How many bits tell a place in the bitmap: there are a few hundred openings of three bytes, and
    /// ten times as many of four.
    const BITS: u32 = if N == 4 { 17 } else { 14 };

    /// A place in the bitmap.
    #[inline]
    pub(super) fn hash(key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b1) >> (32 - Self::BITS)) as usize
    }

    /// A table of pairs.
    pub fn new(pairs: impl IntoIterator<Item = ([u8; N], u16)>) -> Self {
        let pairs: Vec<(u32, u16)> = pairs.into_iter().map(|(b, v)| (key(b), v)).collect();
        // Where a bucket ends, counted; then each pair is put before that.
        let mut buckets = vec![0u16; BUCKETS + 1];
        for (k, _) in &pairs {
            buckets[Self::hash(*k) % BUCKETS] += 1;
        }
        let mut end = 0;
        for bucket in &mut buckets {
            end += *bucket;
            *bucket = end;
        }
        let mut entries = vec![(0, 0); pairs.len()];
        for pair in pairs.iter().rev() {
            let bucket = &mut buckets[Self::hash(pair.0) % BUCKETS];
            *bucket -= 1;
            entries[usize::from(*bucket)] = *pair;
        }
        Self {
            seen: Seen::new(pairs.iter().map(|(k, _)| Self::hash(*k))),
            entries: entries.into(),
            buckets: buckets.into(),
        }
    }

    /// Whether the bytes may be in the table: no means no.
    #[inline]
    pub fn may_have(&self, bytes: u32) -> bool {
        self.seen.has(Self::hash(bytes & Self::KEY))
    }

    /// The values of the bytes.
    #[inline]
    pub fn get(&self, bytes: u32) -> impl Iterator<Item = u16> + '_ {
        let k = bytes & Self::KEY;
        let bucket = Self::hash(k) % BUCKETS;
        let range = usize::from(self.buckets[bucket])..usize::from(self.buckets[bucket + 1]);
        self.entries[range]
            .iter()
            .filter(move |(e, _)| *e == k)
            .map(|(_, v)| *v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_triple_is_found_and_no_other() {
        let pairs: Vec<([u8; 3], u16)> = (0..400u16)
            .map(|i| ([b'a' + (i % 26) as u8, (i / 26) as u8, b'x'], i))
            .collect();
        let table = Triples::new(pairs.iter().copied());
        for (bytes, value) in &pairs {
            let told: Vec<u16> = table.get(key(*bytes) | 0xff00_0000).collect();
            assert_eq!(told, [*value]);
            assert!(table.may_have(key(*bytes) | 0xab00_0000));
        }
        assert_eq!(table.get(key(*b"zzz")).count(), 0);
    }
}
