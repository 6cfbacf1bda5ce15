//! What kind of content a file has, told from its first bytes alone.

use super::ContentKind;
use super::utf16::Order;
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
    Utf16(Order),
    Binary,
}

impl Sniffed {
    pub(super) fn kind(self) -> ContentKind {
        match self {
            Self::Text => ContentKind::Text,
            Self::Utf16(_) => ContentKind::Utf16,
            Self::Binary => ContentKind::Binary,
        }
    }
}

/// Judges a content by its first [`SNIFF_BYTES`]; `head` may be longer.
pub(super) fn sniff(head: &[u8]) -> Sniffed {
    let head = &head[..head.len().min(SNIFF_BYTES)];
    match head {
        // UTF-32 looks like UTF-16 with a NUL; no text begins with one.
        [0xff, 0xfe, 0, 0, ..] => return Sniffed::Binary,
        [0xff, 0xfe, rest @ ..] if !is_ascii_text(rest) => return Sniffed::Utf16(Order::Little),
        [0xfe, 0xff, rest @ ..] if !is_ascii_text(rest) => return Sniffed::Utf16(Order::Big),
        _ => {}
    }
    if memchr::memchr(0, head).is_some() {
        return unmarked_utf16(head).map_or(Sniffed::Binary, Sniffed::Utf16);
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
        let cases: [(&[u8], Sniffed); 13] = [
            (b"", Sniffed::Text),
            (b"\n", Sniffed::Text),
            (b"key = value\r\n\tand more\x1b[0m", Sniffed::Text),
            (b"\xef\xbb\xbfkey", Sniffed::Text),
            (b"caf\xe9 latin-1", Sniffed::Text),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0", Sniffed::Binary),
            (b"a\0b", Sniffed::Binary),
            (b"\x01\x02\x03\x04\x05abcdefgh", Sniffed::Binary),
            (b"\xff\xfek\0", Sniffed::Utf16(Order::Little)),
            (b"\xfe\xff\0k", Sniffed::Utf16(Order::Big)),
            (b"\xff\xfe", Sniffed::Utf16(Order::Little)),
            (b"\xff\xfe\0\0k\0\0\0", Sniffed::Binary),
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
            assert_eq!(sniff(&text), Sniffed::Utf16(order));
        }
        let samples: Vec<u8> = (0u16..400).flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniff(&samples), Sniffed::Binary);
    }

    #[test]
    fn a_mark_before_ascii_hides_nothing() {
        let hidden = |mark: &[u8]| [mark, b"a line of text that is no UTF-16"].concat();
        assert_eq!(sniff(&hidden(b"\xff\xfe")), Sniffed::Text);
        assert_eq!(sniff(&hidden(b"\xfe\xff")), Sniffed::Text);
        let japanese = "\u{feff}\u{6f22}\u{5b57}\u{3068}\u{4eee}\u{540d}".repeat(9);
        for order in [Order::Little, Order::Big] {
            assert_eq!(sniff(&utf16(&japanese, order)), Sniffed::Utf16(order));
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
