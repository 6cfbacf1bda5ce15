//! What is known of how every match of a pattern begins: most candidates end here, before anything else of
//! their pattern is looked at.

use std::ops::RangeInclusive;

use super::bytes::ByteSet;
use super::program::Op;

/// How many bytes are looked at.
const BYTES: usize = 8;

/// The first bytes of every match, as far as they are known, bit by bit.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// What is known of the first eight bytes, the first one lowest.
    pub bytes: u64,
    /// Which of their bits are known.
    pub mask: u64,
    /// The rarest of them that is one byte, and its place.
    pub rarest: Option<(u8, u8)>,
}

/// A byte of a match, and which bits of it are known.
type Known = (u8, u8);

impl Head {
    /// Nothing is known.
    pub const NOTHING: Self = Self {
        bytes: 0,
        mask: 0,
        rarest: None,
    };

    /// What the instructions of a program tell.
    pub(super) fn new(ops: &[Op]) -> Self {
        let (known, _) = known(ops, 0, &mut 64);
        let word =
            |of: fn(&Known) -> u8| u64::from_le_bytes(std::array::from_fn(|i| of(&known[i])));
        let whole = known.iter().zip(0u8..).filter(|(k, _)| k.1 == 0xff);
        let rarest = whole.min_by_key(|(k, _)| frequency(k.0));
        Self {
            bytes: word(|(byte, mask)| byte & mask),
            mask: word(|(_, mask)| *mask),
            rarest: rarest.map(|(k, place)| (k.0, place)),
        }
    }

    /// Whether a match may begin at `start`. Near the text's end it may.
    #[inline]
    pub fn may_begin(self, text: &[u8], start: usize) -> bool {
        match text[start..].first_chunk::<BYTES>() {
            Some(eight) => u64::from_le_bytes(*eight) & self.mask == self.bytes,
            None => true,
        }
    }

    /// Tells where a match may begin, of a range of places.
    #[inline]
    pub fn places(self, text: &[u8], starts: RangeInclusive<usize>, mut tell: impl FnMut(usize)) {
        let (from, to) = starts.into_inner();
        match self.rarest {
            Some((byte, place)) if to - from >= WIDE && to + BYTES <= text.len() => {
                let place = usize::from(place);
                for at in memchr::memchr_iter(byte, &text[from + place..=to + place]) {
                    if self.may_begin(text, from + at) {
                        tell(from + at);
                    }
                }
            }
            _ => (from..=to)
                .filter(|start| self.may_begin(text, *start))
                .for_each(tell),
        }
    }
}

/// In how many places and more a byte is looked for before any is compared.
const WIDE: usize = 16;

/// What is known of the bytes from an instruction on, and of how many. `tries` bounds how many
/// alternatives are gone through.
fn known(ops: &[Op], mut op: usize, tries: &mut usize) -> ([Known; BYTES], usize) {
    let (mut all, mut count) = ([(0, 0); BYTES], 0);
    while count < BYTES
        && let Some(next) = ops.get(op)
    {
        op += 1;
        let rest = &mut all[count..];
        match next {
            Op::SecretStart | Op::SecretEnd => {}
            Op::Jump(to) => op = usize::from(*to),
            Op::Bytes(bytes) => {
                for (known, byte) in rest.iter_mut().zip(*bytes) {
                    *known = (*byte, 0xff);
                }
                count = BYTES.min(count + bytes.len());
            }
            Op::Set { set, min, max, .. } => {
                let sure = usize::from(*min).min(rest.len());
                rest[..sure].fill(common(*set));
                count += sure;
                if min != max {
                    break;
                }
            }
            Op::Split(first, second) => {
                *tries = tries.saturating_sub(1);
                if *tries == 0 {
                    break;
                }
                let (first, ends) = known(ops, usize::from(*first), tries);
                let (second, end) = known(ops, usize::from(*second), tries);
                for (known, (a, b)) in rest.iter_mut().zip(first.iter().zip(&second)) {
                    *known = (a.0, a.1 & b.1 & !(a.0 ^ b.0));
                }
                count = BYTES.min(count + ends.min(end));
                break;
            }
        }
    }
    (all, count)
}

/// A byte of a set, and the bits that all of its bytes have alike: all but one of a letter in any case.
fn common(set: ByteSet) -> Known {
    let first = set.iter().next().unwrap_or_default();
    (
        first,
        set.iter().fold(0xff, |mask, byte| mask & !(byte ^ first)),
    )
}

/// How often a byte stands in text and code, as an order: capitals and rare signs first, blanks last.
fn frequency(byte: u8) -> usize {
    const ORDER: &[u8] = b"zqjxkvbwygpfmhdculrnsiotae:\"/.-_=, ";
    match ORDER.iter().position(|b| *b == byte) {
        Some(place) => 1 + place,
        None if byte.is_ascii_digit() => 12,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;

    fn head(id: &str) -> Head {
        let catalogue = Catalogue::embedded();
        let mut patterns = catalogue.patterns().iter();
        patterns.find(|p| p.id == id).unwrap().program.head
    }

    /// What alternatives have alike is known, and nothing that one of them has not.
    #[test]
    fn alternatives_are_known_as_far_as_they_are_alike() {
        // `"(?:bearer|github-oauth|gitlab-oauth|gitlab-token|bitbucket-oauth)"`
        let composer = head("composer.auth-token");
        for text in [
            "\"bearer\": ",
            "\"github-oauth\"",
            "\"gitlab-token\"",
            "\"bitbucket",
        ] {
            assert!(composer.may_begin(text.as_bytes(), 0), "{text}");
        }
        for text in ["\"sha256\": ", "\"version\"", "\"auth\" : ", "'bearer': "] {
            assert!(!composer.may_begin(text.as_bytes(), 0), "{text}");
        }
    }

    /// Looking for the rarest byte tells what comparing every place tells.
    #[test]
    fn wide_ranges_are_searched_as_narrow_ones_are_compared() {
        let tink = head("google.tink-keyset");
        assert_eq!(tink.rarest, Some((b'y', 2)));
        let mut text = vec![b'y'; 200];
        for at in [3, 40, 41, 160] {
            text[at..at + 9].copy_from_slice(b"\"type.goo");
        }
        for (from, to) in [(0, 191), (3, 160), (4, 159), (0, 15), (30, 60), (150, 199)] {
            let mut told = Vec::new();
            tink.places(&text, from..=to, |start| told.push(start));
            let by_hand: Vec<usize> = (from..=to)
                .filter(|at| text.len() - at < 8 || text[*at..].starts_with(b"\"type.g"))
                .collect();
            assert_eq!(told, by_hand, "{from} {to}");
        }
    }
}
