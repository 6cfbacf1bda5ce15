//! Text as bit masks, one bit a byte, 64 bytes a word: what the lanes read instead of the text.
//!
//! One pass over the text fills the masks that every text needs and finds the windows of the
//! literals ([`Literals`]). What only some words need ([`behind_escapes`], [`word_begins`],
//! [`kinds`], [`Filter`]) is made for one word when it is asked for. Each has a vector form
//! ([`avx2`](super::avx2)) and a portable one, which are tested to be equal.

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::literals::{Literals, Nibbles};
use crate::detect::patterns::is_token;

/// The masks of one text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// Token bytes. One clear word follows the last.
    pub(super) token: Vec<u64>,
    /// Letters and digits. One clear word follows the last.
    pub(super) alnum: Vec<u64>,
    /// Where a window of a literal may begin, ascending.
    pub(super) hits: Vec<usize>,
}

/// Classes of 64 bytes, one bit a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) digit: u64,
    pub(super) lower: u64,
    pub(super) upper: u64,
    pub(super) dash: u64,
}

impl Masks {
    /// Reads a text.
    pub(super) fn read(&mut self, text: &[u8], literals: &Literals) {
        self.token.clear();
        self.alnum.clear();
        self.hits.clear();
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as was just asked.
            unsafe { avx2::read(text, &literals.places, self) };
            self.token.push(0);
            self.alnum.push(0);
            return;
        }
        self.read_portable(text, literals);
    }

    fn read_portable(&mut self, text: &[u8], literals: &Literals) {
        for block in text.chunks(64) {
            let bits = |is: fn(u8) -> bool| {
                let bytes = block.iter().rev();
                bytes.fold(0, |word, b| word << 1 | u64::from(is(*b)))
            };
            self.token.push(bits(is_token));
            self.alnum.push(bits(|b| b.is_ascii_alphanumeric()));
        }
        self.token.push(0);
        self.alnum.push(0);
        let [a, b, c, d] = &literals.places;
        for at in 0..text.len().saturating_sub(2) {
            let fourth = text.get(at + 3).copied().unwrap_or(0);
            let groups = a.groups(text[at]) & b.groups(text[at + 1]);
            if groups & c.groups(text[at + 2]) & d.groups(fourth) != 0 {
                self.hits.push(at);
            }
        }
    }

    /// Bits of word `word` whose byte is behind no letter or digit.
    #[inline]
    pub(super) fn edges(&self, word: usize) -> u64 {
        let before = word.checked_sub(1).map_or(0, |w| self.alnum[w] >> 63);
        !(self.alnum[word] << 1 | before)
    }

    /// Whether 16 letters and digits in a row stand in a run.
    #[inline]
    pub(super) fn has_row(&self, (at, end): (usize, usize)) -> bool {
        let (first, last) = (at / 64, (end - 1) / 64);
        (first..=last).any(|word| {
            let mut rows = begins_run(&self.alnum, word);
            if word == first {
                rows = rows >> (at % 64) << (at % 64);
            }
            if word == last {
                rows &= u64::MAX >> (63 - (end - 1) % 64);
            }
            rows != 0
        })
    }
}

/// Bits of `mask[word]` whose byte begins 16 set bits in a row.
#[inline]
pub(super) fn begins_run(mask: &[u64], word: usize) -> u64 {
    let this = mask[word];
    if this == 0 {
        return 0;
    }
    let x = u128::from(this) | u128::from(mask[word + 1]) << 64;
    let x = x & x >> 1;
    let x = x & x >> 2;
    let x = x & x >> 4;
    (x & x >> 8) as u64
}

/// The end of the run that holds byte `at`: the first byte that is no token byte.
#[inline]
pub(super) fn run_end(mask: &[u64], at: usize) -> usize {
    let (mut word, bit) = (at / 64, at % 64);
    let mut clear = !mask[word] >> bit << bit;
    while clear == 0 {
        word += 1;
        clear = !mask[word];
    }
    word * 64 + clear.trailing_zeros() as usize
}

/// The kinds of the 64 bytes from `at` on; bytes past the end are of no kind.
#[inline]
pub(super) fn kinds(text: &[u8], at: usize) -> Kinds {
    #[cfg(target_arch = "x86_64")]
    if text.len() - at >= 64 && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, and 64 bytes from `at` on are inside of `text`.
        return unsafe { avx2::kinds(text.as_ptr().add(at)) };
    }
    kinds_portable(&text[at..text.len().min(at + 64)])
}

fn kinds_portable(block: &[u8]) -> Kinds {
    let mut k = Kinds::default();
    for (i, byte) in block.iter().enumerate() {
        k.digit |= u64::from(byte.is_ascii_digit()) << i;
        k.lower |= u64::from(byte.is_ascii_lowercase()) << i;
        k.upper |= u64::from(byte.is_ascii_uppercase()) << i;
        k.dash |= u64::from(*byte == b'-') << i;
    }
    k
}

/// Which of the 64 bytes from `at` on may stand behind an escape: two (`\n`), four (`\x3d`) or six
/// bytes (`\u003d`) behind a backslash, three (`%3D`) behind a percent sign.
#[inline]
pub(super) fn behind_escapes(text: &[u8], at: usize) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if at >= 6 && text.len() - at >= 64 && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, and the bytes from `at - 6` to `at + 64` are inside of
        // `text`.
        return unsafe { avx2::behind_escapes(text.as_ptr().add(at)) };
    }
    behind_escapes_portable(text, at)
}

fn behind_escapes_portable(text: &[u8], at: usize) -> u64 {
    let mut bits = 0u128;
    let from = at.saturating_sub(6);
    for (i, byte) in text[from..text.len().min(at + 64)].iter().enumerate() {
        match byte {
            b'\\' => bits |= 0b101_0100 << i,
            b'%' => bits |= 0b1000 << i,
            _ => {}
        }
    }
    (bits >> (at - from)) as u64
}

/// Which of the 64 bytes from `at` on may begin a word: after no letter, at the hump of a camel,
/// or two bytes behind a backslash. Bits past the end mean nothing.
#[inline]
pub(super) fn word_begins(text: &[u8], at: usize) -> u64 {
    let k = kinds(text, at);
    let before = at.checked_sub(1).map_or(0, |i| text[i]);
    let lower = k.lower << 1 | u64::from(before.is_ascii_lowercase());
    let letter = (k.lower | k.upper) << 1 | u64::from(before.is_ascii_alphabetic());
    !letter | lower & k.upper | behind_escapes(text, at)
}

/// A filter on three bytes: a superset of the openings it was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) places: [Nibbles; 3],
    empty: bool,
}

impl Filter {
    /// Openings that begin alike share a group.
    pub(super) fn new(openings: &[[u8; 3]]) -> Self {
        let mut firsts: Vec<u8> = openings.iter().map(|o| o[0]).collect();
        firsts.sort_unstable();
        firsts.dedup();
        let mut places = [Nibbles::default(); 3];
        for opening in openings {
            let group = firsts.partition_point(|f| *f < opening[0]) % 8;
            for (place, byte) in places.iter_mut().zip(opening) {
                place.let_in(*byte, group);
            }
        }
        Self {
            places,
            empty: openings.is_empty(),
        }
    }

    /// Which of the 64 bytes from `at` on may begin an opening.
    #[inline]
    pub(super) fn bits(&self, text: &[u8], at: usize) -> u64 {
        if self.empty {
            return 0;
        }
        #[cfg(target_arch = "x86_64")]
        if text.len() - at >= 66 && std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, and 66 bytes from `at` on are inside of `text`.
            return unsafe { avx2::filter(text.as_ptr().add(at), &self.places) };
        }
        self.bits_portable(text, at)
    }

    fn bits_portable(&self, text: &[u8], at: usize) -> u64 {
        let [a, b, c] = &self.places;
        let windows = text[at..text.len().min(at + 66)].windows(3).enumerate();
        windows.fold(0, |bits, (i, w)| {
            let groups = a.groups(w[0]) & b.groups(w[1]) & c.groups(w[2]);
            bits | u64::from(groups != 0) << i
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::patterns::Sampler;

    /// All bytes, in blocks that begin and end everywhere; and text with much of what counts.
    fn texts() -> Vec<Vec<u8>> {
        let all: Vec<u8> = (0..=255u8).cycle().take(700).collect();
        let mut texts: Vec<Vec<u8>> = (0..70).map(|cut| all[cut..].to_vec()).collect();
        texts.extend((0..70).map(|len| all[..len].to_vec()));
        let mut s = Sampler::new(9);
        texts.extend((0..200).map(|_| {
            let len = s.below(300);
            (0..len)
                .map(|_| s.pick(b"aZ9-_\\%=/: \nkeypwdassoken\xe9\xffAPI_KEY://-BEGIN"))
                .collect()
        }));
        texts
    }

    #[test]
    fn the_vector_path_is_the_portable_path() {
        let literals = Literals::new();
        let filter = Filter::new(&[*b"-0a", *b"AAA", *b"eyJ", *b"-f9"]);
        for text in texts() {
            let (mut fast, mut slow) = (Masks::default(), Masks::default());
            fast.read(&text, &literals);
            slow.read_portable(&text, &literals);
            assert_eq!(fast, slow, "{text:?}");
            for at in 0..text.len() {
                let block = &text[at..text.len().min(at + 64)];
                assert_eq!(kinds(&text, at), kinds_portable(block), "{at} {text:?}");
                let keep = u64::MAX >> (64 - block.len());
                assert_eq!(
                    behind_escapes(&text, at) & keep,
                    behind_escapes_portable(&text, at) & keep,
                    "{at} {text:?}"
                );
                assert_eq!(
                    filter.bits(&text, at),
                    filter.bits_portable(&text, at),
                    "{at} {text:?}"
                );
            }
        }
    }

    #[test]
    fn runs_begin_and_end_where_a_plain_loop_says() {
        let mut text = vec![b' '; 70];
        text.extend(b"0123456789abcdef ");
        text.extend([b'x'; 150]);
        text.push(b'.');
        text.extend([b'y'; 15]);
        let mut masks = Masks::default();
        masks.read(&text, &Literals::new());
        for at in 0..text.len() {
            let run = text[at..].iter().take_while(|b| is_token(**b)).count();
            let told = begins_run(&masks.token, at / 64) >> (at % 64) & 1 == 1;
            assert_eq!(told, run >= 16, "at {at}");
            let edge = at == 0 || !text[at - 1].is_ascii_alphanumeric();
            assert_eq!(masks.edges(at / 64) >> (at % 64) & 1 == 1, edge, "at {at}");
            if run > 0 {
                assert_eq!(run_end(&masks.token, at), at + run);
                assert_eq!(masks.has_row((at, at + run)), run >= 16);
            }
        }
    }

    #[test]
    fn words_begin_where_a_plain_loop_says() {
        for text in texts() {
            for at in 0..text.len() {
                let bits = word_begins(&text, at);
                for place in at..text.len().min(at + 64) {
                    let back = |n: usize| place.checked_sub(n).map_or(0, |i| text[i]);
                    let hump = back(1).is_ascii_lowercase() && text[place].is_ascii_uppercase();
                    let must = !back(1).is_ascii_alphabetic() || hump || back(2) == b'\\';
                    assert!(!must || bits >> (place - at) & 1 == 1, "{at} {text:?}");
                }
            }
        }
    }
}
