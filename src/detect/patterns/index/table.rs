//! Small hash tables: three bytes to the patterns that begin (or lead) with them, and keywords.

use std::collections::HashMap;

use super::masks::Masks;
use crate::detect::patterns::keyword_end;

/// The first bytes of something (`N`: three or four) to values. A bitmap in front, of 16 Ki or 128
/// Ki bits, answers "no" with one load.
#[derive(Clone, Debug)]
pub(super) struct Table<const N: usize> {
    seen: Seen,
    /// By bucket.
    entries: Vec<(u32, u16)>,
    /// Where a bucket's entries begin; one more at the end.
    buckets: Vec<u16>,
}

/// A bit for each hash, of 17 bits at most.
#[derive(Clone, Debug)]
struct Seen(Box<[u64; 2048]>);

impl Seen {
    fn new() -> Self {
        Self(Box::new([0; 2048]))
    }

    fn add(&mut self, hash: usize) {
        self.0[hash / 64] |= 1 << (hash % 64);
    }

    #[inline]
    fn has(&self, hash: usize) -> bool {
        self.0[hash / 64] >> (hash % 64) & 1 != 0
    }
}

/// By three bytes.
pub(super) type Triples = Table<3>;

/// The key of three bytes, letters without case.
#[inline]
pub(super) fn folded(bytes: [u8; 3]) -> u32 {
    key(bytes) | 0x0020_2020
}

#[inline]
fn key<const N: usize>(bytes: [u8; N]) -> u32 {
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
    fn hash(key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b1) >> (32 - Self::BITS)) as usize
    }

    pub(super) fn new(pairs: impl IntoIterator<Item = ([u8; N], u16)>) -> Self {
        let mut seen = Seen::new();
        let pairs: Vec<(u32, u16)> = pairs.into_iter().map(|(b, v)| (key(b), v)).collect();
        // Where a bucket ends, counted; then each pair is put before that. The program waits for this
        // whenever it starts, so nothing is sorted.
        let mut buckets = vec![0u16; BUCKETS + 1];
        for (k, _) in &pairs {
            let h = Self::hash(*k);
            seen.add(h);
            buckets[h % BUCKETS] += 1;
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
            seen,
            entries,
            buckets,
        }
    }

    /// Whether the bytes may be in the table: no means no.
    #[inline]
    pub(super) fn may_have(&self, bytes: u32) -> bool {
        self.seen.has(Self::hash(bytes & Self::KEY))
    }

    /// The values of the bytes.
    #[inline]
    pub(super) fn get(&self, bytes: u32) -> impl Iterator<Item = u16> + '_ {
        let k = bytes & Self::KEY;
        let bucket = Self::hash(k) % BUCKETS;
        let range = usize::from(self.buckets[bucket])..usize::from(self.buckets[bucket + 1]);
        self.entries[range]
            .iter()
            .filter(move |(e, _)| *e == k)
            .map(|(_, v)| *v)
    }
}

/// Keywords, looked for without case near a run.
#[derive(Clone, Debug)]
pub(super) struct Keywords {
    /// Whether some keyword begins with four bytes, without case: asked first.
    seen: Seen,
    /// The same bytes to the short keywords that can begin with them.
    short: Table<4>,
    /// [`mixed`] of the first six, to all others: a word of English begins as many keywords do.
    long: Table<4>,
    words: Vec<Keyword>,
}

/// A keyword with the patterns that want it.
#[derive(Clone, Debug)]
struct Keyword {
    text: &'static str,
    /// Its first bytes, eight at most, up to the first that may be another: bit by bit what all that
    /// is this keyword has alike, without case.
    head: u64,
    mask: u64,
    patterns: Vec<u16>,
}

impl Keyword {
    fn new(text: &'static str, pattern: u16) -> Self {
        let fixed = text.bytes().take_while(|b| !is_separator(*b));
        let (mut head, mut mask) = ([0; 8], [0; 8]);
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(fixed) {
            (*head, *mask) = (byte | 0x20, 0xff);
        }
        Self {
            text,
            head: u64::from_le_bytes(head),
            mask: u64::from_le_bytes(mask),
            patterns: vec![pattern],
        }
    }

    /// Whether it may begin at `at`.
    #[inline]
    fn may_begin(&self, text: &[u8], at: usize) -> bool {
        match text[at..].first_chunk::<8>() {
            Some(eight) => {
                let folded = u64::from_le_bytes(*eight) | 0x2020_2020_2020_2020;
                folded & self.mask == self.head
            }
            None => true,
        }
    }
}

impl Keywords {
    pub(super) fn new(pairs: impl IntoIterator<Item = (&'static str, u16)>) -> Self {
        let mut words: Vec<Keyword> = Vec::new();
        let mut numbers = HashMap::with_capacity(2048);
        for (text, pattern) in pairs {
            let number = *numbers.entry(text).or_insert(words.len());
            match words.get_mut(number) {
                Some(word) if word.patterns.last() == Some(&pattern) => {}
                Some(word) => word.patterns.push(pattern),
                None => words.push(Keyword::new(text, pattern)),
            }
        }
        let mut seen = Seen::new();
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for (number, word) in (0u16..).zip(&words) {
            let word = word.text.as_bytes();
            openings(word, &mut |four: [u8; 4]| {
                seen.add(Table::<4>::hash(key(four)));
            });
            let letters = word.iter().filter(|b| !is_separator(**b)).count();
            if letters >= SIX {
                openings(word, &mut |six: [u8; SIX]| {
                    long.push((mixed(padded(&six)).to_le_bytes(), number));
                });
            } else {
                openings(word, &mut |four: [u8; 4]| short.push((four, number)));
            }
        }
        Self {
            seen,
            short: Table::new(short),
            long: Table::new(long),
            words,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The patterns that want the keyword with this number.
    pub(super) fn patterns(&self, word: u16) -> &[u16] {
        &self.words[usize::from(word)].patterns
    }

    /// Tells every keyword that begins in `text[from..to]` where a word may begin (what ends it is
    /// the mark's business), with its number.
    #[inline]
    pub(super) fn find(
        &self,
        text: &[u8],
        masks: &Masks,
        from: usize,
        to: usize,
        mut tell: impl FnMut(usize, u16),
    ) {
        let to = to.min(text.len().saturating_sub(2));
        if from >= to {
            return;
        }
        for word in from / 64..=(to - 1) / 64 {
            let mut begins = masks.word_begins(word) & masks.words[word].alnum();
            if word == from / 64 {
                begins = begins >> (from % 64) << (from % 64);
            }
            while begins != 0 {
                let at = word * 64 + begins.trailing_zeros() as usize;
                begins &= begins - 1;
                if at >= to {
                    return;
                }
                let eight = match text[at..].first_chunk::<8>() {
                    Some(eight) => u64::from_le_bytes(*eight),
                    None => padded(&text[at..]),
                };
                let folded = eight | 0x2020_2020_2020_2020;
                if !self.seen.has(Table::<4>::hash(folded as u32)) {
                    continue;
                }
                for (table, key) in [(&self.short, folded as u32), (&self.long, mixed(folded))] {
                    if table.may_have(key) {
                        self.compare(text, at, table.get(key), &mut tell);
                    }
                }
            }
        }
    }

    #[inline]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        words: impl Iterator<Item = u16>,
        tell: &mut impl FnMut(usize, u16),
    ) {
        for word in words {
            let keyword = &self.words[usize::from(word)];
            if keyword.may_begin(text, at)
                && keyword_end(text, at, keyword.text.as_bytes()).is_some()
            {
                tell(at, word);
            }
        }
    }
}

/// How many bytes of a keyword are looked up that has so many letters and digits.
const SIX: usize = 6;

/// A key of the first six of eight bytes. Others may have the same: what is found is compared.
#[inline]
fn mixed(eight: u64) -> u32 {
    ((eight << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// Fewer than eight bytes, and zeros behind them.
#[cold]
fn padded(text: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..text.len()].copy_from_slice(text);
    u64::from_le_bytes(eight)
}

/// Whether a byte of a keyword stands for any separator, or for none.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'_')
}

/// Tells the folded openings of a keyword: a separator stands for any, or for none. The byte
/// behind a keyword that is one too short may be any.
fn openings<const N: usize>(word: &[u8], tell: &mut impl FnMut([u8; N])) {
    fn go<const N: usize>(rest: &[u8], done: [u8; N], len: usize, tell: &mut impl FnMut([u8; N])) {
        let with = |byte: u8| {
            let mut more = done;
            more[len] = byte | 0x20;
            more
        };
        match rest.split_first() {
            _ if len == N => tell(done),
            None if len + 1 == N => (0..=255)
                .filter(|b| b & 0x20 != 0)
                .for_each(|b| tell(with(b))),
            None => {}
            Some((first, rest)) if is_separator(*first) => {
                go(rest, done, len, tell);
                for separator in *b" -_." {
                    go(rest, with(separator), len + 1, tell);
                }
            }
            Some((first, rest)) => go(rest, with(*first), len + 1, tell),
        }
    }
    go(word, [0; N], 0, tell);
}

#[cfg(test)]
mod tests {
    use super::super::masks::Sought;
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

    #[test]
    fn a_separator_may_be_any_or_none() {
        let words = Keywords::new([("gh-token", 1)]);
        for text in ["gh-token", "GH_TOKEN", "ghToken", "gh.token", "gh token"] {
            let mut told = Vec::new();
            let mut masks = Masks::default();
            masks.read(text.as_bytes(), &Sought::of(&[]));
            words.find(text.as_bytes(), &masks, 0, text.len(), |at, word| {
                told.push((at, word));
            });
            assert_eq!(told, [(0, 0)], "{text}");
        }
    }

    #[test]
    fn keywords_are_found_in_any_case() {
        let words = Keywords::new([("heroku", 1), ("api-key", 2), ("heroku", 3)]);
        let mut told = Vec::new();
        let text = b"x HeRoKu API_KEY apikey";
        let mut masks = Masks::default();
        masks.read(text, &Sought::of(&[]));
        words.find(text, &masks, 0, 23, |at, word| told.push((at, word)));
        assert_eq!(told, [(2, 0), (9, 1), (17, 1)]);
        assert_eq!(words.patterns(0), [1, 3]);
    }

    #[test]
    fn short_keywords_are_found_before_any_byte_and_at_the_end() {
        let words = Keywords::new([("dsn", 1), ("8x8", 2), ("dsnx", 3)]);
        for behind in (0..=255u8).filter(|b| !b.is_ascii_alphanumeric()) {
            let text = [b"-8X8", &[behind][..], b"=dsn"].concat();
            let mut masks = Masks::default();
            masks.read(&text, &Sought::of(&[]));
            let mut told = Vec::new();
            words.find(&text, &masks, 0, text.len(), |at, word| {
                told.push((at, words.patterns(word)[0]));
            });
            assert_eq!(told, [(1, 2), (6, 1)], "{behind}");
        }
    }
}
