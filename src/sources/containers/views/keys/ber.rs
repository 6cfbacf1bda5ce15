//! BER, as far as key stores need it. Lengths may be open, as some browsers write them; strings may
//! come in pieces. Nothing that it says of its lengths is believed beyond the bytes that are there.

use std::borrow::Cow;

/// How deep values are looked into for the end of one of open length.
const DEPTH: usize = 24;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, as a value that holds others.
pub(super) const ZERO: u8 = 0xa0;

/// Bit of a tag: it holds other values.
const HOLDS: u8 = 0x20;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
    /// With its tag and its length.
    pub(super) whole: &'a [u8],
}

impl<'a> Item<'a> {
    /// The first value of `bytes`, and what comes behind it.
    pub(super) fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::within(bytes, DEPTH)
    }

    fn within(bytes: &'a [u8], depth: usize) -> Option<(Self, &'a [u8])> {
        let (tag, length, start) = head(bytes)?;
        let Some(length) = length else {
            // Of open length: it ends with two zeros behind its last value.
            let mut rest = &bytes[start..];
            while rest.get(..2)? != [0, 0] {
                rest = Self::within(rest, depth.checked_sub(1)?)?.1;
            }
            let end = bytes.len() - rest.len();
            let whole = &bytes[..end + 2];
            let body = &bytes[start..end];
            return Some((Self { tag, body, whole }, &rest[2..]));
        };
        let end = start.checked_add(length)?;
        let body = bytes.get(start..end)?;
        let whole = &bytes[..end];
        Some((Self { tag, body, whole }, &bytes[end..]))
    }

    /// The values in it.
    pub(super) fn items(self) -> Items<'a> {
        Items(self.body)
    }

    /// Its bytes, if it is a string of them or is tagged as one, in one piece or in several.
    pub(super) fn octets(self) -> Option<Cow<'a, [u8]>> {
        if self.tag & HOLDS == 0 {
            return Some(Cow::Borrowed(self.body));
        }
        let mut all = Vec::new();
        for piece in self.items() {
            if piece.tag != OCTETS {
                return None;
            }
            all.extend_from_slice(piece.body);
        }
        Some(Cow::Owned(all))
    }

    /// A number that is not negative and not huge.
    pub(super) fn number(self) -> Option<u64> {
        let is_one = self.tag == INTEGER && !self.body.is_empty() && self.body.len() <= 8;
        let is_positive = self.body.first()? & 0x80 == 0;
        let value = self.body.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        (is_one && is_positive).then_some(value)
    }
}

/// The tag of the value that begins here, its length if that is told, and where its body begins.
pub(super) fn head(bytes: &[u8]) -> Option<(u8, Option<usize>, usize)> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    // Tags of several bytes stand in none of these.
    if tag & 0x1f == 0x1f {
        return None;
    }
    match length {
        0x80 if tag & HOLDS != 0 => Some((tag, None, 2)),
        0..0x80 => Some((tag, Some(usize::from(length)), 2)),
        0x81..=0x84 => {
            let count = usize::from(length & 0x7f);
            let digits = bytes.get(2..2 + count)?;
            let length = digits.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            Some((tag, Some(length), 2 + count))
        }
        _ => None,
    }
}

/// Values, one behind the other, up to the first that is none.
#[derive(Clone, Debug)]
pub(super) struct Items<'a>(pub(super) &'a [u8]);

impl<'a> Items<'a> {
    /// The next one, if it has this tag.
    pub(super) fn tagged(&mut self, tag: u8) -> Option<Item<'a>> {
        self.next().filter(|item| item.tag == tag)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let (item, rest) = Item::first(self.0)?;
        self.0 = rest;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_each_kind() {
        let short = Item::first(b"\x04\x02abc").unwrap();
        assert_eq!((short.0.body, short.1), (&b"ab"[..], &b"c"[..]));
        let long = Item::first(b"\x04\x81\x02ab").unwrap();
        assert_eq!((long.0.body, long.1), (&b"ab"[..], &b""[..]));
        let open = Item::first(b"\x24\x80\x04\x01a\x04\x01b\0\0c").unwrap();
        assert_eq!(open.0.octets().unwrap(), &b"ab"[..]);
        assert_eq!((open.0.whole.len(), open.1), (10, &b"c"[..]));
    }

    #[test]
    fn what_is_cut_or_wild_is_none() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x05ab",
            b"\x30\x84\xff\xff\xff\xffab",
            b"\x30\x85\0\0\0\0\x01a",
            b"\x04\x80a\0\0",
            b"\x30\x80\x04\x01a",
            b"\x1f\x81\x01",
        ] {
            assert_eq!(Item::first(bytes), None, "{bytes:?}");
        }
        // Open lengths in each other are followed so far only.
        let deep = b"\x30\x80".repeat(100_000);
        assert_eq!(Item::first(&deep), None);
    }

    #[test]
    fn numbers_are_small_and_positive() {
        let number = |bytes| Item::first(bytes).unwrap().0.number();
        assert_eq!(number(b"\x02\x02\x27\x10"), Some(10_000));
        assert_eq!(number(b"\x02\x01\xff"), None);
        assert_eq!(number(b"\x02\x09123456789"), None);
        assert_eq!(number(b"\x04\x01\x01"), None);
    }
}
