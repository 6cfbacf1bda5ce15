//! How much a value looks like language: what its letters cost, and which of them words cover.
//!
//! Both tables come from counts over source code and documentation (`benches/generic/language.py`).

use std::sync::LazyLock;

/// Words of 3 to 14 letters, sorted, one a line.
const WORDS: &str = include_str!("words.txt");
/// Tenths of bits that a letter costs behind another; the last row and column are a word's ends.
const BIGRAMS: &str = include_str!("bigrams.txt");

static KNOWN: LazyLock<Table> = LazyLock::new(Table::new);

/// The words, each as one number, where its hash says or behind it; 0 is no word. Asked some hundred
/// times for each value that is weighed.
struct Table(Vec<u128>);

impl Table {
    /// More than half of the places stay free.
    const SLOTS: usize = 1 << 15;

    fn new() -> Self {
        let mut slots = vec![0; Self::SLOTS];
        for word in WORDS.lines().map(|w| key(w.as_bytes())) {
            let mut at = Self::slot(word);
            while slots[at] != 0 {
                at = (at + 1) % Self::SLOTS;
            }
            slots[at] = word;
        }
        Self(slots)
    }

    fn slot(key: u128) -> usize {
        let folded = (key >> 64) as u64 ^ key as u64;
        (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49) as usize % Self::SLOTS
    }

    fn has(&self, key: u128) -> bool {
        let mut at = Self::slot(key);
        while self.0[at] != 0 {
            if self.0[at] == key {
                return true;
            }
            at = (at + 1) % Self::SLOTS;
        }
        false
    }
}

/// A word as a number: different of different words of 16 bytes at most.
fn key(word: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[..word.len()].copy_from_slice(word);
    u128::from_le_bytes(bytes)
}

static COSTS: LazyLock<[[u8; 27]; 27]> = LazyLock::new(|| {
    let mut costs = [[99; 27]; 27];
    for (row, line) in costs.iter_mut().zip(BIGRAMS.lines()) {
        for (cost, told) in row.iter_mut().zip(line.split_whitespace()) {
            *cost = told.parse().unwrap_or(99);
        }
    }
    costs
});

/// The most letters in a row that are looked at: what is longer is no word.
const MOST: usize = 64;
/// The longest word of the list.
const LONGEST: usize = 14;

/// What a letter of the value costs behind the one before it, on average, in bits. Words cost
/// about 3.5, random letters about 5.5. `None` with fewer than three pairs of letters.
pub(super) fn cost(value: &[u8]) -> Option<f32> {
    let (mut sum, mut pairs) = (0u32, 0u32);
    for pair in value.windows(2) {
        if let (Some(a), Some(b)) = (letter(pair[0]), letter(pair[1])) {
            sum += u32::from(COSTS[a][b]);
            pairs += 1;
        }
    }
    (pairs >= 3).then(|| sum as f32 / pairs as f32 / 10.0)
}

fn letter(byte: u8) -> Option<usize> {
    byte.is_ascii_alphabetic()
        .then(|| usize::from(byte.to_ascii_lowercase() - b'a'))
}

/// How many of a value's letters words cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) letters: usize,
    pub(super) covered: usize,
    /// How many words it takes.
    pub(super) words: usize,
}

impl Cover {
    /// The share that words cover, 0 to 1; 0 of no letters.
    pub(super) fn share(self) -> f32 {
        self.covered as f32 / self.letters.max(1) as f32
    }
}

/// Covers the letters of a value with words, as many letters as possible, then by as few words as
/// possible. Stretches of letters are covered each on its own.
pub(super) fn cover(value: &[u8]) -> Cover {
    let mut all = Cover::default();
    for stretch in value.split(|b| !b.is_ascii_alphabetic()) {
        if stretch.is_empty() {
            continue;
        }
        all.letters += stretch.len();
        if stretch.len() <= MOST {
            let (covered, words) = best(&stretch.to_ascii_lowercase());
            all.covered += covered;
            all.words += words;
        }
    }
    all
}

/// The most letters of a stretch that words cover, and how few words do.
fn best(stretch: &[u8]) -> (usize, usize) {
    let mut reached = [(0usize, 0usize); MOST + 1];
    for end in 1..=stretch.len() {
        reached[end] = reached[end - 1];
        for length in 3..=LONGEST.min(end) {
            let (covered, words) = reached[end - length];
            let here = (covered + length, words + 1);
            let better =
                here.0 > reached[end].0 || here.0 == reached[end].0 && here.1 < reached[end].1;
            if better && is_word(&stretch[end - length..end]) {
                reached[end] = here;
            }
        }
    }
    reached[stretch.len()]
}

/// Whether this, in small letters, is a word of the list.
pub(super) fn is_word(text: &[u8]) -> bool {
    (3..=LONGEST).contains(&text.len()) && KNOWN.has(key(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        assert!(
            WORDS
                .lines()
                .all(|w| (3..=LONGEST).contains(&w.len())
                    && w.bytes().all(|b| b.is_ascii_lowercase()))
        );
        assert!(WORDS.lines().all(|w| is_word(w.as_bytes())));
        assert!(WORDS.lines().count() * 2 < Table::SLOTS);
        for none in ["", "ab", "xqzvk", "passworda", "averyveryverylongword"] {
            assert!(!is_word(none.as_bytes()), "{none}");
        }
        assert_eq!(BIGRAMS.lines().count(), 27);
        assert!(COSTS.iter().flatten().all(|c| (1..=99).contains(c)));
    }

    #[test]
    fn words_cost_less_than_random_letters() {
        let words = cost(b"connection").unwrap();
        let random = cost(b"xqzvkjwfpt").unwrap();
        assert!(words < 4.0 && random > 6.0, "{words} {random}");
        assert_eq!(cost(b"a1b2c3"), None);
    }

    #[test]
    fn words_cover_what_is_made_of_them() {
        let told = cover(b"user_name2");
        assert_eq!((told.letters, told.covered, told.words), (8, 8, 2));
        assert_eq!(cover(b"username").covered, 8);
        assert_eq!(cover(b"xqzvk").covered, 0);
        assert_eq!(cover(b"1234"), Cover::default());
    }
}
