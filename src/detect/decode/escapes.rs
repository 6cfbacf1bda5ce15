//! Escapes: percent-encoding, backslashes, entities.

use super::{AHEAD, AROUND, Region, Way};
use crate::base::{Span, limits};
use crate::detect::patterns::is_token;

/// Escapes that are decoded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Percent,
    Backslash,
    Entity,
}

/// How many in a row are encoded text whatever stands around them.
const ROW: usize = 4;

/// How far before a hint the word begins that it stands in, at most, in bytes.
const WORD: usize = 512;

/// Of a row that goes on regions also begin in the middle, at one in so many places.
const INSIDE: usize = 64;

/// The value of a hex digit.
pub(in crate::detect) const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// An escape: how long it is, the character it stands for, and whether it is written as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    len: usize,
    /// A byte, or a character if it is more than one.
    code: u32,
    is_byte: bool,
    number: bool,
}

impl Unit {
    /// Whether it stands for something that a secret may hold.
    fn is_graphic(self) -> bool {
        (0x21..0x7f).contains(&self.code) && !matches!(self.code, 0x22 | 0x27 | 0x60)
    }
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0u32, |all, digit| {
        let digit = u32::from(hex_digit(*digit)?);
        (digit < base).then(|| all.checked_mul(base)?.checked_add(digit))?
    })
}

/// The escape that begins at `at`.
fn unit(text: &[u8], at: usize) -> Option<Unit> {
    let rest = text.get(at..)?;
    let hex = |from: usize, count: usize| number(rest.get(from..from + count)?, 16);
    let told = |len, code, is_byte, number| {
        Some(Unit {
            len,
            code,
            is_byte,
            number,
        })
    };
    match rest.first()? {
        b'%' => told(3, hex(1, 2)?, true, true),
        b'&' => entity(rest),
        b'\\' => match rest.get(1)? {
            b'x' => match hex(2, 2) {
                Some(code) => told(4, code, true, true),
                None => told(2, u32::from(b'x'), true, false),
            },
            b'u' if rest.get(2) == Some(&b'{') => {
                let end = rest.iter().take(11).position(|b| *b == b'}')?;
                told(end + 1, number(&rest[3..end], 16)?, false, true)
            }
            b'u' => {
                let high = hex(2, 4)?;
                if (0xd800..0xdc00).contains(&high)
                    && rest.get(6..8) == Some(b"\\u")
                    && let Some(low @ 0xdc00..0xe000) = hex(8, 4)
                {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    return told(12, code, false, true);
                }
                told(6, high, false, true)
            }
            b'U' => told(10, hex(2, 8)?, false, true),
            b'0'..=b'3' if rest.get(2..4).is_some_and(|d| number(d, 8).is_some()) => {
                told(4, number(&rest[1..4], 8)?, true, true)
            }
            b'0' => told(2, 0, true, false),
            b'n' => told(2, 0x0a, true, false),
            b'r' => told(2, 0x0d, true, false),
            b't' => told(2, 0x09, true, false),
            b'a' | b'b' | b'f' | b'v' | b'e' => told(2, 0x20, true, false),
            byte if byte.is_ascii_graphic() => told(2, u32::from(*byte), true, false),
            _ => None,
        },
        _ => None,
    }
}

/// Entities by name, of characters that secrets and the text around them hold.
const NAMED: &[(&[u8], u8)] = &[
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"sol", b'/'),
    (b"bsol", b'\\'),
    (b"plus", b'+'),
    (b"equals", b'='),
    (b"colon", b':'),
    (b"semi", b';'),
    (b"comma", b','),
    (b"period", b'.'),
    (b"commat", b'@'),
    (b"lowbar", b'_'),
    (b"hyphen", b'-'),
    (b"dash", b'-'),
    (b"num", b'#'),
    (b"percnt", b'%'),
    (b"dollar", b'$'),
    (b"excl", b'!'),
    (b"quest", b'?'),
    (b"ast", b'*'),
    (b"lpar", b'('),
    (b"rpar", b')'),
    (b"nbsp", b' '),
];

fn entity(rest: &[u8]) -> Option<Unit> {
    let end = rest.iter().take(10).position(|b| *b == b';')?;
    let inner = &rest[1..end];
    let (code, number) = match inner {
        [b'#', b'x' | b'X', digits @ ..] => (number(digits, 16)?, true),
        [b'#', digits @ ..] => (number(digits, 10)?, true),
        name => {
            let (_, byte) = NAMED.iter().find(|(n, _)| *n == name)?;
            (u32::from(*byte), false)
        }
    };
    Some(Unit {
        len: end + 1,
        code,
        is_byte: code < 0x80,
        number,
    })
}

/// Whether a text in escapes begins at `at`, or an escape in the middle of a token.
pub(super) fn begins(text: &[u8], at: usize) -> Option<Family> {
    let family = match text[at] {
        b'%' => Family::Percent,
        b'&' => Family::Entity,
        _ => Family::Backslash,
    };
    let first = unit(text, at)?;
    if !first.is_graphic() || at > 0 && text[at] == b'\\' && text[at - 1] == b'\\' {
        return None;
    }
    let told = in_row(text, at, first) || in_token(text, at, first) || in_url(text, at);
    told.then_some(family)
}

/// Whether a row of numbers begins here, all of one length.
fn in_row(text: &[u8], at: usize, first: Unit) -> bool {
    // Entities are of five or six bytes, all others of one length.
    let fits = |len: usize| match text[at] {
        b'&' => matches!(len, 5 | 6),
        _ => len == first.len && matches!(len, 3 | 4 | 6),
    };
    let graphic = |at: usize| {
        let unit = unit(text, at).filter(|u| u.number && u.is_graphic());
        unit.map(|u| u.len).filter(|len| fits(*len))
    };
    if graphic(at).is_none() {
        return false;
    }
    let before = [3, 4, 5, 6].into_iter().any(|len| {
        let before = at.checked_sub(len);
        before.is_some_and(|b| text[b] == text[at] && graphic(b) == Some(len))
    });
    if before && !sync(text, at) {
        return false;
    }
    let mut next = at;
    for _ in 0..ROW {
        match graphic(next) {
            Some(len) if text[next] == text[at] => next += len,
            _ => return false,
        }
    }
    true
}

/// Whether a place is one of those at which a region may begin in the middle of a row.
fn sync(text: &[u8], at: usize) -> bool {
    let bytes = &text[at..text.len().min(at + 24)];
    let hash = bytes
        .iter()
        .fold(0u32, |all, b| all.wrapping_mul(0x0100_0193) ^ u32::from(*b));
    ((hash >> 8) as usize).is_multiple_of(INSIDE)
}

/// Whether an escape stands between a long piece of a token and more of it.
fn in_token(text: &[u8], at: usize, first: Unit) -> bool {
    let code = first.code as u8;
    if !is_token(code) && !matches!(code, b'.' | b':' | b'@' | b'~' | b'&' | b'!' | b'$') {
        return false;
    }
    let behind = at + first.len;
    let before = at > 0 && is_token(text[at - 1]);
    let after = text.get(behind).is_some_and(|b| is_token(*b));
    before && loud_before(text, at) || after && loud_behind(text, behind)
}

/// How much of a token is looked at.
const PIECE: usize = 40;

/// Whether a long piece of a token ends at `at`.
pub(super) fn loud_before(text: &[u8], at: usize) -> bool {
    let piece = &text[at.saturating_sub(PIECE)..at];
    let count = piece.iter().rev().take_while(|b| is_token(**b)).count();
    is_loud(&piece[piece.len() - count..])
}

/// Whether a long piece of a token begins at `at`.
pub(super) fn loud_behind(text: &[u8], at: usize) -> bool {
    let piece = &text[at..text.len().min(at + PIECE)];
    let count = piece.iter().take_while(|b| is_token(**b)).count();
    is_loud(&piece[..count])
}

/// Whether token bytes look random: 16 letters and digits in a row, with some of each, or four changes
/// of kind.
fn is_loud(piece: &[u8]) -> bool {
    if piece.len() < 16 {
        return false;
    }
    let (mut row, mut longest, mut changes, mut last) = (0, 0, 0, 0);
    for byte in piece {
        let kind = match byte {
            b'0'..=b'9' => 1,
            b'a'..=b'z' => 2,
            b'A'..=b'Z' => 3,
            _ => 0,
        };
        row = if kind == 0 { 0 } else { row + 1 };
        longest = longest.max(row);
        changes += usize::from(kind != 0 && last != 0 && kind != last);
        last = kind;
    }
    longest >= 16 || changes >= 4
}

/// Whether the slashes of a URL with a password in it are escaped: `:\/\/`, `%3A%2F%2F`.
fn in_url(text: &[u8], at: usize) -> bool {
    let rest = &text[at..];
    let slashes = rest.starts_with(b"\\/\\/") && at > 0 && text[at - 1] == b':'
        || rest.len() > 9 && rest[..9].eq_ignore_ascii_case(b"%3a%2f%2f");
    if !slashes {
        return false;
    }
    let word = &rest[4..rest.len().min(AHEAD)];
    let end = word
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<'));
    let word = &word[..end.unwrap_or(word.len())];
    let written = word.windows(3).any(|w| w.eq_ignore_ascii_case(b"%40"));
    written || word.contains(&b'@')
}

/// Whether a word of a family ends before a byte.
fn ends(family: Family, text: &[u8], at: usize) -> bool {
    let byte = text[at];
    match family {
        Family::Backslash => {
            byte == b'\n'
                || matches!(byte, b'"' | b'\'' | b'`')
                    && text[..at]
                        .iter()
                        .rev()
                        .take(8)
                        .take_while(|b| **b == b'\\')
                        .count()
                        % 2
                        == 0
        }
        Family::Percent | Family::Entity => {
            byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>')
        }
    }
}

/// The word that an escape stands in, as far as one piece goes.
fn word(text: &[u8], at: usize, family: Family, limit: usize) -> Span {
    let low = at.saturating_sub(WORD);
    let start = (low..at).rev().find(|i| ends(family, text, *i));
    let end = (at..limit).find(|i| ends(family, text, *i));
    Span::new(start.map_or(low, |i| i + 1), end.unwrap_or(limit))
}

/// Decodes the words around some hints, as many as stand near to each other; what stands before,
/// between and behind them is kept as it is.
pub(super) fn decode(text: &[u8], hints: impl Iterator<Item = usize>, family: Family) -> Region {
    let (way, sign) = match family {
        Family::Percent => (Way::Percent, b'%'),
        Family::Backslash => (Way::Escapes, b'\\'),
        Family::Entity => (Way::Entities, b'&'),
    };
    let mut region = Region::new(way);
    let mut limit = 0;
    for at in hints {
        if region.bytes.is_empty() {
            limit = text.len().min(at + limits::DECODE_BYTES);
        } else if at < region.end {
            continue;
        } else if at >= limit {
            break;
        }
        let word = word(text, at, family, limit);
        let mut start = word.start.max(region.end);
        if region.bytes.is_empty() {
            region.copy(text, Span::new(start.saturating_sub(AROUND), start));
            region.core.start = region.bytes.len();
        } else if start > region.end + AROUND {
            break;
        } else {
            region.copy(text, Span::new(region.end, start));
        }
        while start < word.end {
            let found = (text[start] == sign).then(|| unit(text, start)).flatten();
            match found {
                Some(unit) if start + unit.len <= word.end => {
                    region.escape(unit, start);
                    start += unit.len;
                }
                _ => {
                    region.push(text[start], start, start + 1);
                    start += 1;
                }
            }
        }
        region.end = word.end;
        region.core.end = region.bytes.len();
    }
    region.cut = region.end == limit && limit < text.len();
    let behind = text.len().min(region.end + AROUND / 2);
    region.copy(text, Span::new(region.end, behind));
    region
}

impl Region {
    fn escape(&mut self, unit: Unit, at: usize) {
        let end = at + unit.len;
        if unit.is_byte {
            self.push(unit.code as u8, at, end);
            return;
        }
        let c = char::from_u32(unit.code).unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut utf8 = [0; 4];
        for byte in c.encode_utf8(&mut utf8).bytes() {
            self.push(byte, at, end);
        }
    }
}
