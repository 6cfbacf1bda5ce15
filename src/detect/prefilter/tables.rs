//! Small hash tables: three bytes to the patterns that begin (or lead) with them, and keywords.

use super::masks::Masks;
use crate::detect::patterns::keyword_end;

/// The first bytes of something (`N`: three or four) to values. A bitmap in front, of 16 Ki or 128
/// Ki bits, answers "no" with one load.
#[derive(Clone, Debug)]
pub(super) struct Table<const N: usize> {
    seen: Box<[u64; 2048]>,
    /// Sorted by bucket and key.
    entries: Vec<(u32, u16)>,
    /// Where a bucket's entries begin; one more at the end.
    buckets: Vec<u16>,
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
        let mut seen = Box::new([0; 2048]);
        let mut entries: Vec<(u32, u16)> = pairs.into_iter().map(|(b, v)| (key(b), v)).collect();
        entries.sort_unstable_by_key(|(k, v)| (Self::hash(*k) % BUCKETS, *k, *v));
        entries.dedup();
        for (k, _) in &entries {
            let h = Self::hash(*k);
            seen[h / 64] |= 1 << (h % 64);
        }
        let mut buckets = Vec::with_capacity(BUCKETS + 1);
        let mut at = 0;
        for bucket in 0..BUCKETS {
            buckets.push(at as u16);
            while at < entries.len() && Self::hash(entries[at].0) % BUCKETS == bucket {
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

    /// Whether the bytes may be in the table: no means no.
    #[inline]
    pub(super) fn may_have(&self, bytes: u32) -> bool {
        let h = Self::hash(bytes & Self::KEY);
        self.seen[h / 64] >> (h % 64) & 1 != 0
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
    /// First four bytes, without case, to the keywords that can begin with them.
    openings: Table<4>,
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
        let fixed = text
            .bytes()
            .take_while(|b| !matches!(b, b' ' | b'-' | b'_'));
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
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut words: Vec<Keyword> = Vec::new();
        for (text, pattern) in pairs {
            match words.last_mut() {
                Some(last) if last.text == text => last.patterns.push(pattern),
                _ => words.push(Keyword::new(text, pattern)),
            }
        }
        let mut pairs = Vec::new();
        for (number, word) in words.iter().enumerate() {
            openings(word.text.as_bytes(), &mut |opening| {
                pairs.push((opening, number as u16));
            });
        }
        Self {
            openings: Table::new(pairs),
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
                let key = match text[at..].first_chunk::<4>() {
                    Some(four) => u32::from_le_bytes(*four),
                    None => key([text[at], text[at + 1], text[at + 2]]),
                };
                let key = key | 0x2020_2020;
                if self.openings.may_have(key) {
                    self.compare(text, at, key, &mut tell);
                }
            }
        }
    }

    #[inline]
    fn compare(&self, text: &[u8], at: usize, key: u32, tell: &mut impl FnMut(usize, u16)) {
        for word in self.openings.get(key) {
            let keyword = &self.words[usize::from(word)];
            if keyword.may_begin(text, at)
                && keyword_end(text, at, keyword.text.as_bytes()).is_some()
            {
                tell(at, word);
            }
        }
    }
}

/// Tells the folded four-byte openings of a keyword: a separator stands for any, or for none. The
/// fourth byte of a keyword of three may be any.
fn openings(word: &[u8], tell: &mut impl FnMut([u8; 4])) {
    fn go(rest: &[u8], done: [u8; 4], len: usize, tell: &mut impl FnMut([u8; 4])) {
        let with = |byte: u8| {
            let mut more = done;
            more[len] = byte | 0x20;
            more
        };
        match rest.split_first() {
            _ if len == 4 => tell(done),
            None if len == 3 => (0..=255)
                .filter(|b| b & 0x20 != 0)
                .for_each(|b| tell(with(b))),
            None => {}
            Some((b' ' | b'-' | b'_', rest)) => {
                go(rest, done, len, tell);
                for separator in *b" -_." {
                    go(rest, with(separator), len + 1, tell);
                }
            }
            Some((first, rest)) => go(rest, with(*first), len + 1, tell),
        }
    }
    go(word, [0; 4], 0, tell);
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
        assert_eq!(told, [(2, 1), (9, 0), (17, 0)]);
        assert_eq!(words.patterns(1), [1, 3]);
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
