//! What kind of content a file has, told from its first bytes alone.

use super::ContentKind;
use super::utf16::{Order, Width};
use crate::base::limits::SNIFF_BYTES;

/// How far control characters are counted. Of longer contents that are not text nearly all have a
/// NUL within [`SNIFF_BYTES`] (random bytes: all but one in 10^14), and that test is much cheaper.
const CONTROL_BYTES: usize = 512;

/// What the first line of a Git LFS pointer says, by the specification of Git LFS.
const LFS_VERSION: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// The size below which a file may be a Git LFS pointer, by the same specification.
const LFS_BYTES: usize = 1024;

/// What is read as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniffed {
    Text,
    /// UTF-16 or UTF-32.
    Wide(Order, Width),
    Binary,
}

impl Sniffed {
    pub(super) fn kind(self) -> ContentKind {
        match self {
            Self::Text => ContentKind::Text,
            Self::Wide(..) => ContentKind::Utf16,
            Self::Binary => ContentKind::Binary,
        }
    }
}

/// Judges a content by its first [`SNIFF_BYTES`]; `head` may be longer.
pub(super) fn sniff(head: &[u8]) -> Sniffed {
    let head = &head[..head.len().min(SNIFF_BYTES)];
    match head {
        // UTF-32 looks like UTF-16 with a NUL; no text begins with one.
        [0xff, 0xfe, 0, 0, rest @ ..] => return marked_utf32(rest, Order::Little),
        [0, 0, 0xfe, 0xff, rest @ ..] => return marked_utf32(rest, Order::Big),
        [0xff, 0xfe, rest @ ..] if !is_ascii_text(rest) => {
            return Sniffed::Wide(Order::Little, Width::Two);
        }
        [0xfe, 0xff, rest @ ..] if !is_ascii_text(rest) => {
            return Sniffed::Wide(Order::Big, Width::Two);
        }
        _ => {}
    }
    if memchr::memchr(0, head).is_some() {
        if let Some(order) = unmarked_utf32(head) {
            return Sniffed::Wide(order, Width::Four);
        }
        let order = unmarked_utf16(head);
        return order.map_or(Sniffed::Binary, |order| Sniffed::Wide(order, Width::Two));
    }
    let start = &head[..head.len().min(CONTROL_BYTES)];
    // Sums of bytes, so that the compiler can count many at once.
    let count = |piece: &[u8]| piece.iter().map(|b| u8::from(is_control(*b))).sum::<u8>();
    let controls: usize = start
        .chunks(128)
        .map(|piece| usize::from(count(piece)))
        .sum();
    if controls >= 4 && controls * 16 > start.len() {
        return Sniffed::Binary;
    }
    Sniffed::Text
}

/// Whether a whole content is a Git LFS pointer.
pub fn is_lfs_pointer(content: &[u8]) -> bool {
    content.len() < LFS_BYTES && content.starts_with(LFS_VERSION)
}

/// Control characters that text does not have: not white space, not backspace, not escape.
fn is_control(byte: u8) -> bool {
    // One bit a control character, none for 0x20. Without branches: this is asked of every file's
    // first bytes.
    const CONTROLS: u64 = ((1 << 0x20) - 1) & !(0x3f << 0x08) & !(1 << 0x1b);
    CONTROLS >> byte.min(0x20) & 1 != 0
}

/// Whether a text is ASCII whatever mark stands before it: read as UTF-16 it would be hidden. Of
/// the letters of UTF-16 that have two bytes of ASCII, all of them East Asian, some text has many,
/// none has little else for long.
fn is_ascii_text(rest: &[u8]) -> bool {
    let ascii = rest
        .iter()
        .filter(|b| matches!(b, 0x08..=0x0d | 0x1b | 0x20..=0x7e));
    rest.len() >= 16 && ascii.count() * 16 >= rest.len() * 15
}

/// UTF-16 without a byte-order mark: in most units one byte is NUL and the other ASCII text, and
/// it is always the same one.
fn unmarked_utf16(head: &[u8]) -> Option<Order> {
    let units = head.as_chunks::<2>().0;
    let (mut little, mut big, mut odd) = (0, 0, 0);
    for unit in units {
        match *unit {
            [0x08..=0x0d | 0x1b | 0x20..=0x7e, 0] => little += 1,
            [0, 0x08..=0x0d | 0x1b | 0x20..=0x7e] => big += 1,
            // Latin-1 letters say nothing; control characters and U+0000 speak against text.
            [byte, 0] | [0, byte] if byte < 0xa0 => odd += 1,
            _ => {}
        }
    }
    let (order, most, least) = if little >= big {
        (Order::Little, little, big)
    } else {
        (Order::Big, big, little)
    };
    // U+0A00 and its like put a NUL at the other place now and then.
    let is_text = most >= 4 && most * 10 >= units.len() * 7 && (least + odd) * 50 <= most;
    is_text.then_some(order)
}

/// UTF-32 behind its byte-order mark: every unit is a character, and no control character but white
/// space.
fn marked_utf32(rest: &[u8], order: Order) -> Sniffed {
    let is_text = rest.as_chunks::<4>().0.iter().all(|unit| {
        let code = match order {
            Order::Little => u32::from_le_bytes(*unit),
            Order::Big => u32::from_be_bytes(*unit),
        };
        let control = code < 0x20 && !matches!(code, 0x08..=0x0d | 0x1b);
        !control && char::from_u32(code).is_some()
    });
    if is_text {
        Sniffed::Wide(order, Width::Four)
    } else {
        Sniffed::Binary
    }
}

/// UTF-32 without a byte-order mark: nearly every unit is three NULs and ASCII text, in the same
/// order. Tables of numbers have others, too.
fn unmarked_utf32(head: &[u8]) -> Option<Order> {
    let units = head.as_chunks::<4>().0;
    let (mut little, mut big) = (0, 0);
    for unit in units {
        match *unit {
            [0x08..=0x0d | 0x1b | 0x20..=0x7e, 0, 0, 0] => little += 1,
            [0, 0, 0, 0x08..=0x0d | 0x1b | 0x20..=0x7e] => big += 1,
            _ => {}
        }
    }
    let least = 8.max(units.len() * 9 / 10);
    if little >= least {
        Some(Order::Little)
    } else if big >= least {
        Some(Order::Big)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: Order) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| match order {
                Order::Little => unit.to_le_bytes(),
                Order::Big => unit.to_be_bytes(),
            })
            .collect()
    }

    #[test]
    fn kinds_are_told_apart() {
        let cases: [(&[u8], Sniffed); 16] = [
            (b"", Sniffed::Text),
            (b"\n", Sniffed::Text),
            (b"key = value\r\n\tand more\x1b[0m", Sniffed::Text),
            (b"\xef\xbb\xbfkey", Sniffed::Text),
            (b"caf\xe9 latin-1", Sniffed::Text),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0", Sniffed::Binary),
            (b"a\0b", Sniffed::Binary),
            (b"\x01\x02\x03\x04\x05abcdefgh", Sniffed::Binary),
            (b"\xff\xfek\0", Sniffed::Wide(Order::Little, Width::Two)),
            (b"\xfe\xff\0k", Sniffed::Wide(Order::Big, Width::Two)),
            (b"\xff\xfe", Sniffed::Wide(Order::Little, Width::Two)),
            (
                b"\xff\xfe\0\0k\0\0\0",
                Sniffed::Wide(Order::Little, Width::Four),
            ),
            (
                b"\0\0\xfe\xff\0\0\0k",
                Sniffed::Wide(Order::Big, Width::Four),
            ),
            (b"\xff\xfe\0\0\x01\0\0\0", Sniffed::Binary),
            (b"\xff\xfe\0\0\0\0\x11\0", Sniffed::Binary),
            (b"k\0\0\0e\0\0\0y\0\0\0=\0\0\0v\0\0\0", Sniffed::Binary),
        ];
        for (head, expected) in cases {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }

    #[test]
    fn utf16_without_a_mark_is_text() {
        for order in [Order::Little, Order::Big] {
            let text = utf16("password = \"na\u{ef}ve \u{1f511}\"\r\n", order);
            assert_eq!(sniff(&text), Sniffed::Wide(order, Width::Two));
        }
        let samples: Vec<u8> = (0u16..400).flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniff(&samples), Sniffed::Binary);
    }

    #[test]
    fn utf32_without_a_mark_is_text() {
        let text = "password = \"na\u{ef}ve, \u{1f511}\" # and some words more\r\n";
        let wide = |to: fn(u32) -> [u8; 4]| text.chars().map(u32::from).flat_map(to);
        let little: Vec<u8> = wide(u32::to_le_bytes).collect();
        let big: Vec<u8> = wide(u32::to_be_bytes).collect();
        assert_eq!(sniff(&little), Sniffed::Wide(Order::Little, Width::Four));
        assert_eq!(sniff(&big), Sniffed::Wide(Order::Big, Width::Four));
        let counts: Vec<u8> = (0u32..400).flat_map(u32::to_le_bytes).collect();
        assert_eq!(sniff(&counts), Sniffed::Binary);
    }

    #[test]
    fn a_mark_before_ascii_hides_nothing() {
        let hidden = |mark: &[u8]| [mark, b"a line of text that is no UTF-16"].concat();
        assert_eq!(sniff(&hidden(b"\xff\xfe")), Sniffed::Text);
        assert_eq!(sniff(&hidden(b"\xfe\xff")), Sniffed::Text);
        let japanese = "\u{feff}\u{6f22}\u{5b57}\u{3068}\u{4eee}\u{540d}".repeat(9);
        for order in [Order::Little, Order::Big] {
            assert_eq!(
                sniff(&utf16(&japanese, order)),
                Sniffed::Wide(order, Width::Two)
            );
        }
    }

    #[test]
    fn only_the_first_bytes_count() {
        let mut long = vec![b'a'; SNIFF_BYTES];
        long.push(0);
        assert_eq!(sniff(&long), Sniffed::Text);
        long[SNIFF_BYTES - 1] = 0;
        assert_eq!(sniff(&long), Sniffed::Binary);
    }

    #[test]
    fn lfs_pointers_are_known() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
        assert!(is_lfs_pointer(pointer));
        assert!(!is_lfs_pointer(
            b"version https://git-lfs.github.com/spec/v10\n"
        ));
        let mut long = pointer.to_vec();
        long.resize(LFS_BYTES, b'\n');
        assert!(!is_lfs_pointer(&long));
    }
}
