//! The vector search for anchors and stems: which four bytes of each literal it looks at.
//!
//! Every literal has a window of four bytes (three of a short one) that is rare in text. Windows
//! that are alike share one of eight groups; a group is two tables of nibbles a byte, as in the
//! Teddy algorithm, and tells a superset of its windows. The tables know no case, which halves
//! the number of windows; what they tell is compared with the literals as they are written.

use super::STEMS;
pub(super) use crate::detect::patterns::Nibbles;
use crate::detect::patterns::{ANCHORS, Triples, folded};

/// The bytes at each place of a window, by group; none means any. Small letters stand for both.
const GROUPS: [[&[u8]; 4]; 8] = [
    // pass, d(p.st.)
    [b"p", b"a.", b"s", b"st"],
    // pwd, pw:, pw=, (a)uth=
    [b"pu", b"wt", b"dh:=", b""],
    // (se)cret, rede(ntial), (ident)ifie(d)
    [b"cri", b"ref", b"edi", b"te"],
    // (o)ken, key, and what ends in it
    [b"k", b"e", b"yn", b""],
    // ://, 7Q~, 8Q~
    [b":78", b"/q", b"/~", b""],
    // -BEG(IN), sig=
    [b"-s", b"bi", b"eg", b"g="],
    // curl, ysql, (b)asic
    [b"cya", b"us", b"rqi", b"lc"],
    // xoxd, (a)pi_l(ive), (a)pi_s(andbox)
    [b"xp", b"oi", b"x_", b"dls"],
];

/// The group for literals that nobody gave one: it is widened for them.
const SPARE: usize = 7;

/// The groups of each ASCII byte, and of all others together.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    pub(super) table: [u8; 128],
    pub(super) beyond: u8,
}

#[cfg(target_arch = "x86_64")]
impl Spread {
    /// The same as tables of nibbles.
    pub(super) fn of(nibbles: Nibbles) -> Self {
        let beyond = (128..=255).fold(0, |all, byte| all | nibbles.groups(byte));
        Self {
            table: std::array::from_fn(|byte| nibbles.groups(byte as u8)),
            beyond,
        }
    }
}

/// What a literal of the search stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    /// One of [`ANCHORS`], by number.
    Anchor(u8),
    /// One of [`STEMS`].
    Stem,
}

/// The compiled search.
#[derive(Clone, Debug)]
pub(super) struct Literals {
    pub(super) places: [Nibbles; 4],
    /// The same places as tables of bytes, for AVX-512.
    #[cfg(target_arch = "x86_64")]
    pub(super) spreads: [Spread; 4],
    /// First three bytes of a window, without case, to the literals with such a window.
    windows: Triples,
    all: Vec<Sought>,
}

/// A literal, and where in it its window begins.
#[derive(Clone, Copy, Debug)]
struct Sought {
    text: &'static [u8],
    /// Its first eight bytes, and which bits of them count.
    head: u64,
    mask: u64,
    offset: u8,
    what: Literal,
}

impl Sought {
    fn new(text: &'static [u8], offset: usize, what: Literal) -> Self {
        let mut head = [0; 8];
        let len = text.len().min(8);
        head[..len].copy_from_slice(&text[..len]);
        Self {
            text,
            head: u64::from_le_bytes(head),
            mask: u64::MAX >> (64 - 8 * len),
            offset: offset as u8,
            what,
        }
    }

    /// Whether it begins at `start`.
    #[inline]
    fn is_at(&self, text: &[u8], start: usize) -> bool {
        match text[start..].first_chunk::<8>() {
            Some(eight) => {
                u64::from_le_bytes(*eight) & self.mask == self.head
                    && (self.text.len() <= 8 || text[start..].starts_with(self.text))
            }
            None => text[start..].starts_with(self.text),
        }
    }
}

impl Literals {
    /// A search for all stems and anchors.
    pub(super) fn new() -> Self {
        let anchors = ANCHORS.iter().enumerate();
        let anchors = anchors.map(|(i, text)| (text.as_bytes(), Literal::Anchor(i as u8)));
        let stems = STEMS.iter().map(|text| (text.as_bytes(), Literal::Stem));
        let mut places = [Nibbles::default(); 4];
        for (number, group) in GROUPS.iter().enumerate() {
            for (place, bytes) in places.iter_mut().zip(group) {
                if bytes.is_empty() {
                    place.let_any_in(number);
                }
                for byte in *bytes {
                    place.let_in(*byte, number);
                    place.let_in(byte.to_ascii_uppercase(), number);
                }
            }
        }
        let mut all = Vec::new();
        let mut windows = Vec::new();
        for (text, literal) in anchors.chain(stems) {
            let offset = window(text).unwrap_or_else(|| {
                for (i, place) in places.iter_mut().enumerate() {
                    match text.get(i) {
                        Some(byte) => place.let_in(*byte, SPARE),
                        None => place.let_any_in(SPARE),
                    }
                }
                0
            });
            let opening = [text[offset], text[offset + 1], text[offset + 2]];
            windows.push((opening.map(|b| b | 0x20), all.len() as u16));
            all.push(Sought::new(text, offset, literal));
        }
        Self {
            #[cfg(target_arch = "x86_64")]
            spreads: places.map(Spread::of),
            places,
            windows: Triples::new(windows),
            all,
        }
    }

    /// Whether a window that the tables told is one; tells each literal around it, and its begin.
    #[inline]
    pub(super) fn at(&self, text: &[u8], hit: usize, mut tell: impl FnMut(usize, Literal)) {
        let Some(opening) = text[hit..].first_chunk::<3>() else {
            return;
        };
        let key = folded(*opening);
        if !self.windows.may_have(key) {
            return;
        }
        for number in self.windows.get(key) {
            let sought = &self.all[usize::from(number)];
            if let Some(start) = hit.checked_sub(usize::from(sought.offset))
                && sought.is_at(text, start)
            {
                tell(start, sought.what);
            }
        }
    }
}

/// Where in a literal a window of some group begins.
fn window(text: &[u8]) -> Option<usize> {
    let fits = |group: &[&[u8]; 4], at: usize| {
        group.iter().enumerate().all(|(i, bytes)| {
            let byte = text.get(at + i).map(u8::to_ascii_lowercase);
            bytes.is_empty() || byte.is_some_and(|b| bytes.contains(&b))
        })
    };
    (0..text.len().saturating_sub(2)).find(|at| GROUPS.iter().any(|g| fits(g, *at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_literal_has_a_window_of_its_own_choice() {
        for text in ANCHORS.iter().chain(STEMS) {
            assert!(window(text.as_bytes()).is_some(), "no group for {text}");
        }
    }

    #[test]
    fn a_window_tells_its_literals_and_only_those() {
        let literals = Literals::new();
        let text = b"x-----BEGIN api_key API-KEY ApI_kEy ://";
        let mut told = Vec::new();
        for at in 0..text.len() {
            literals.at(text, at, |start, what| told.push((start, what)));
        }
        let begin = ANCHORS.iter().position(|a| *a == "-----BEGIN").unwrap() as u8;
        let url = ANCHORS.iter().position(|a| *a == "://").unwrap() as u8;
        assert_eq!(
            told,
            [
                (1, Literal::Anchor(begin)),
                (13, Literal::Stem),
                (20, Literal::Stem),
                (36, Literal::Anchor(url)),
            ]
        );
    }
}
