//! Small hash tables: three bytes to the patterns that begin (or lead) with them, and keywords.

use super::masks::Masks;
use crate::detect::patterns::keyword_end;

/// Three bytes to values. A bitmap of 64 Ki bits in front answers "no" with one load.
#[derive(Clone, Debug)]
pub(super) struct Triples {
    seen: Box<[u64; 1024]>,
    /// Sorted by key.
    entries: Vec<(u32, u16)>,
    /// Where a hash's entries begin; one more at the end.
    buckets: Vec<u16>,
}

#[inline]
fn hash(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

/// The key of three bytes, letters without case.
#[inline]
pub(super) fn folded(bytes: [u8; 3]) -> u32 {
    key(bytes) | 0x0020_2020
}

#[inline]
fn key(bytes: [u8; 3]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

const BUCKETS: usize = 1024;

impl Triples {
    pub(super) fn new(pairs: impl IntoIterator<Item = ([u8; 3], u16)>) -> Self {
        let mut seen = Box::new([0; 1024]);
        let mut entries: Vec<(u32, u16)> = pairs.into_iter().map(|(b, v)| (key(b), v)).collect();
        entries.sort_unstable_by_key(|(k, v)| (hash(*k) % BUCKETS, *k, *v));
        entries.dedup();
        for (k, _) in &entries {
            let h = hash(*k);
            seen[h / 64] |= 1 << (h % 64);
        }
        let mut buckets = Vec::with_capacity(BUCKETS + 1);
        let mut at = 0;
        for bucket in 0..BUCKETS {
            buckets.push(at as u16);
            while at < entries.len() && hash(entries[at].0) % BUCKETS == bucket {
                at += 1;
            }
        }
        buckets.push(at as u16);
        Self {
            seen,
            entries,
            buckets,
        }
    }

    /// Whether the three bytes may be in the table: no means no.
    #[inline]
    pub(super) fn may_have(&self, bytes: u32) -> bool {
        let h = hash(bytes & 0x00ff_ffff);
        self.seen[h / 64] >> (h % 64) & 1 != 0
    }

    /// The values of three bytes.
    #[inline]
    pub(super) fn get(&self, bytes: u32) -> impl Iterator<Item = u16> + '_ {
        let k = bytes & 0x00ff_ffff;
        let bucket = hash(k) % BUCKETS;
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
    /// First three bytes, without case, to the openings that begin with them.
    triples: Triples,
    openings: Vec<Opening>,
    /// Keywords with the patterns that want them.
    words: Vec<(&'static str, Vec<u16>)>,
    /// Whether some keyword begins with something else than a letter.
    odd: bool,
}

/// How a keyword can begin.
#[derive(Clone, Copy, Debug)]
struct Opening {
    /// The fourth byte, without case; 0 for any.
    fourth: u8,
    word: u16,
}

impl Keywords {
    pub(super) fn new(pairs: impl IntoIterator<Item = (&'static str, u16)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut words: Vec<(&'static str, Vec<u16>)> = Vec::new();
        for (word, pattern) in pairs {
            match words.last_mut() {
                Some((last, patterns)) if *last == word => patterns.push(pattern),
                _ => words.push((word, vec![pattern])),
            }
        }
        let (mut pairs, mut all) = (Vec::new(), Vec::new());
        for (number, (word, _)) in words.iter().enumerate() {
            openings(word.as_bytes(), &mut |[a, b, c, fourth]| {
                pairs.push(([a, b, c], all.len() as u16));
                all.push(Opening {
                    fourth,
                    word: number as u16,
                });
            });
        }
        let triples = Triples::new(pairs);
        let odd = words
            .iter()
            .any(|(word, _)| !word.starts_with(|c: char| c.is_ascii_alphabetic()));
        Self {
            triples,
            openings: all,
            words,
            odd,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The patterns that want the keyword with this number.
    pub(super) fn patterns(&self, word: u16) -> &[u16] {
        &self.words[usize::from(word)].1
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
            let mut begins = masks.word_begins(word);
            if !self.odd {
                begins &= masks.letters(word);
            }
            if word == from / 64 {
                begins = begins >> (from % 64) << (from % 64);
            }
            while begins != 0 {
                let at = word * 64 + begins.trailing_zeros() as usize;
                begins &= begins - 1;
                if at >= to {
                    return;
                }
                let key = folded([text[at], text[at + 1], text[at + 2]]);
                if self.triples.may_have(key) {
                    self.compare(text, at, key, &mut tell);
                }
            }
        }
    }

    #[inline]
    fn compare(&self, text: &[u8], at: usize, key: u32, tell: &mut impl FnMut(usize, u16)) {
        let behind = text.get(at + 3).map_or(0, |b| b | 0x20);
        for opening in self.triples.get(key) {
            let Opening { fourth, word } = self.openings[usize::from(opening)];
            if (fourth == 0 || fourth == behind)
                && keyword_end(text, at, self.words[usize::from(word)].0.as_bytes()).is_some()
            {
                tell(at, word);
            }
        }
    }
}

/// Tells the folded four-byte openings of a keyword: a separator stands for any, or for none. Of a
/// keyword of three bytes the fourth is 0.
fn openings(word: &[u8], tell: &mut impl FnMut([u8; 4])) {
    fn go(rest: &[u8], done: [u8; 4], len: usize, tell: &mut impl FnMut([u8; 4])) {
        let Some((first, rest)) = rest.split_first().filter(|_| len < 4) else {
            if len >= 3 {
                tell(done.map(|b| if b == 0 { 0 } else { b | 0x20 }));
            }
            return;
        };
        let with = |byte: u8| {
            let mut more = done;
            more[len] = byte;
            more
        };
        if matches!(first, b' ' | b'-' | b'_') {
            go(rest, done, len, tell);
            for separator in *b" -_." {
                go(rest, with(separator), len + 1, tell);
            }
        } else {
            go(rest, with(*first), len + 1, tell);
        }
    }
    go(word, [0; 4], 0, tell);
}

#[cfg(test)]
mod tests {
    use super::super::literals::Literals;
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
            masks.read(text.as_bytes(), &Literals::new());
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
        masks.read(text, &Literals::new());
        words.find(text, &masks, 0, 23, |at, word| told.push((at, word)));
        assert_eq!(told, [(2, 1), (9, 0), (17, 0)]);
        assert_eq!(words.patterns(1), [1, 3]);
    }
}
