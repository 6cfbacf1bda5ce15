//! Base64, base64url and hex: rows of digits, over several lines or not.

use super::escapes::hex_digit;
use super::unicode::{begins_text, is_plain, narrow};
use super::{Region, Way};
use crate::base::{Span, limits};

/// What the digits are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Base64,
    Hex,
}

/// The fewest digits that are decoded: of base64 without those that are only padding.
const LEAST: usize = 14;
const LEAST_HEX: usize = 32;

/// How many bytes at the begin of a region must be text: of other bytes one row in a hundred
/// thousand looks so by chance.
const TOLD: usize = 12;

/// How many changes between digits, small and capital letters the first digits must have: nearly
/// all base64 has more, names have fewer.
const CHANGES: usize = 3;

/// In a row that goes on so far on both sides regions also begin in the middle.
pub(in crate::detect) const INSIDE: usize = 200;

/// One place in so many is asked whether a region begins in the middle of a row there.
const SYNC: u32 = 128;

/// The value of a digit of base64 in either alphabet.
const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// No digit's value.
const NONE: u8 = 0xff;

/// The value of every byte as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = value(byte as u8) {
            values[byte] = value;
        }
        byte += 1;
    }
    values
};

fn is_digit(byte: u8) -> bool {
    VALUES[usize::from(byte)] != NONE
}

/// How many digits a text begins with.
pub(super) fn row(text: &[u8]) -> usize {
    text.iter().take_while(|b| is_digit(**b)).count()
}

/// Whether a place is one of those that are asked: by the bytes there alone.
#[inline]
pub(in crate::detect) fn is_sync(text: &[u8], at: usize) -> bool {
    let Some(bytes) = text[at..].first_chunk::<8>() else {
        return false;
    };
    let hash = u64::from_le_bytes(*bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((hash >> 40) as u32).is_multiple_of(SYNC)
}

/// How many times the kind of character changes.
fn changes(text: &[u8]) -> usize {
    let kind = |b: u8| match b {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let apart = |w: &&[u8]| kind(w[0]) != 0 && kind(w[1]) != 0 && kind(w[0]) != kind(w[1]);
    text.windows(2).filter(apart).count()
}

/// Whether rows of digits may begin behind `before`: an escape, or a byte that is no digit.
fn is_edge(before: &[u8]) -> bool {
    let back = |n: usize| before.len().checked_sub(n).map(|i| before[i]);
    let hex = |n: usize| (1..=n).all(|i| back(i).is_some_and(|b| b.is_ascii_hexdigit()));
    back(1).is_none_or(|b| !is_digit(b))
        || matches!(back(1), Some(b'n' | b'r' | b't')) && back(2) == Some(b'\\')
        || hex(2) && (back(3) == Some(b'%') || back(3) == Some(b'x') && back(4) == Some(b'\\'))
        || hex(4) && back(5) == Some(b'u') && back(6) == Some(b'\\')
        || matches!(back(1), Some(b'x' | b'X'))
            && back(2) == Some(b'0')
            && back(3).is_none_or(|b| !is_digit(b))
}

/// Whether digits of a text begin at `at`; and whether that is in the middle of a row.
#[inline]
pub(super) fn begins(text: &[u8], at: usize) -> Option<(Kind, bool)> {
    // Fewer digits than these are none; nearly every name ends here.
    let digits = text[at..].first_chunk::<12>()?;
    let ([head, rest @ ..], _) = digits.as_chunks::<4>() else {
        return None;
    };
    if may_be_text(*head) && rest.iter().all(|four| may_go_on(*four))
        || digits.iter().all(u8::is_ascii_hexdigit)
    {
        begins_row(text, at, *head)
    } else {
        None
    }
}

/// The same where the first digits let it be.
fn begins_row(text: &[u8], at: usize, head: [u8; 4]) -> Option<(Kind, bool)> {
    let edge = is_edge(&text[at.saturating_sub(8)..at]);
    if !edge {
        let low = at.checked_sub(INSIDE)?;
        let row = text.get(low..at + INSIDE)?;
        if !is_sync(text, at) || !row.iter().all(|b| is_digit(*b)) {
            return None;
        }
    }
    let row = &text[at..text.len().min(at + LEAST_HEX)];
    let length = row.iter().take_while(|b| is_digit(**b)).count();
    let row = &row[..length];
    if length == LEAST_HEX && row.iter().all(u8::is_ascii_hexdigit) {
        let mut bytes = [0; TOLD];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = pair(row[2 * i], row[2 * i + 1]);
        }
        return begins_text(&bytes).then_some((Kind::Hex, !edge));
    }
    let padded = |n: usize| text.get(at + n) == Some(&b'=');
    if length < LEAST || length < LEAST + 2 && !padded(length) {
        return None;
    }
    // Capitals in UTF-16 have hardly any.
    if changes(row) < CHANGES && !begins_wide(head) {
        return None;
    }
    let row = &row[..length.min(16)];
    let mut bytes = [0; TOLD];
    let count = base64(row, &mut bytes);
    begins_text(&bytes[..count]).then_some((Kind::Base64, !edge))
}

/// Whether base64 that begins so can begin a text in UTF-16.
fn begins_wide(head: [u8; 4]) -> bool {
    let mut bytes = [0; 2];
    base64(&head, &mut bytes);
    bytes.contains(&0) || bytes[0] >= 0xfe
}

/// What four digits stand for.
#[inline]
fn decoded(four: [u8; 4]) -> Option<[u8; 3]> {
    let values = four.map(|b| VALUES[usize::from(b)]);
    if values.contains(&NONE) {
        return None;
    }
    let bits = values
        .iter()
        .fold(0u32, |bits, v| bits << 6 | u32::from(*v));
    let [_, first, second, third] = bits.to_be_bytes();
    Some([first, second, third])
}

/// Whether digits stand for what may stand in a text, in UTF-8 or in UTF-16.
#[inline]
fn may_go_on(four: [u8; 4]) -> bool {
    decoded(four).is_some_and(|bytes| bytes.iter().all(|b| is_plain(*b) || *b == 0 || *b >= 0x80))
}

/// Whether base64 that begins so can begin a text: the first bytes decide of nearly all names that
/// they are none.
#[inline]
fn may_be_text(head: [u8; 4]) -> bool {
    let Some([first, second, third]) = decoded(head) else {
        return false;
    };
    if is_plain(first) && is_plain(second) && is_plain(third) {
        return true;
    }
    let may_be = |b: u8| is_plain(b) || b >= 0x80;
    first == 0
        || second == 0
        || first >= 0xfe
        || may_be(first)
            && may_be(second)
            && may_be(third)
            && std::str::from_utf8(&[first, second, third])
                .err()
                .is_none_or(|e| e.error_len().is_none())
}

fn pair(high: u8, low: u8) -> u8 {
    hex_digit(high).unwrap_or(0) << 4 | hex_digit(low).unwrap_or(0)
}

/// Decodes digits of base64 into `out`; how many bytes that are.
fn base64(row: &[u8], out: &mut [u8]) -> usize {
    let (mut bits, mut held, mut count) = (0u32, 0, 0);
    for byte in row {
        bits = bits << 6 | u32::from(VALUES[usize::from(*byte)] & 63);
        held += 6;
        if held >= 8 && count < out.len() {
            held -= 8;
            out[count] = (bits >> held) as u8;
            count += 1;
        }
    }
    count
}

/// The rows of a region, one a line, and what ends it.
struct Rows {
    spans: Vec<Span>,
    end: usize,
    cut: bool,
    /// Whether it has digits that only base64url has.
    url: bool,
}

/// Reads the rows of a region that begins at `at`.
fn rows(text: &[u8], at: usize, kind: Kind) -> Rows {
    let limit = text.len().min(at + limits::DECODE_BYTES);
    let (mut special, mut rows, mut start) = (0u8, Vec::new(), at);
    loop {
        let mut end = start;
        while end < limit {
            let byte = text[end];
            let fits = match kind {
                Kind::Hex => byte.is_ascii_hexdigit(),
                Kind::Base64 => {
                    let own = match byte {
                        b'+' | b'/' => 1,
                        b'-' | b'_' => 2,
                        _ => 0,
                    };
                    let fits = is_digit(byte) && (own == 0 || special == 0 || own == special);
                    special |= if fits { own } else { 0 };
                    fits
                }
            };
            if !fits {
                break;
            }
            end += 1;
        }
        rows.push(Span::new(start, end));
        let mut done = Rows {
            spans: Vec::new(),
            end,
            cut: end == limit && limit < text.len(),
            url: special == 2,
        };
        let lengths = |i: usize| rows.get(i).map_or(0, |r| r.len());
        let first = lengths(0);
        let last = lengths(rows.len() - 1);
        // Only the last line is shorter.
        let next = (!done.cut && text.get(end) != Some(&b'=') && last == first && first >= LEAST)
            .then(|| next_row(text, end, first, kind))
            .flatten();
        let Some(next) = next.filter(|next| *next < limit) else {
            // A line that does not fit into this piece belongs to the next one.
            done.cut |= next.is_some();
            done.spans = rows;
            return done;
        };
        start = next;
    }
}

/// Where the next line of a region begins, if one does: behind a line break, written or real, are at
/// most as many digits as on the first line, and nothing else.
fn next_row(text: &[u8], end: usize, first: usize, kind: Kind) -> Option<usize> {
    let starts = |at: usize, what: &[u8]| text[at..].starts_with(what);
    let mut at = end;
    // A line of a shell or of a properties file goes on behind a backslash.
    if starts(at, b"\\\n") || starts(at, b"\\\r\n") {
        at += 1;
    }
    let written = [&b"\\r\\n"[..], b"\\n", b"\\\\n"];
    if starts(at, b"\r\n") {
        at += 2;
    } else if starts(at, b"\n") {
        at += 1;
    } else {
        at += written.iter().find(|w| starts(at, w))?.len();
    }
    let blanks = text[at..].iter().take(64);
    at += blanks.take_while(|b| matches!(b, b' ' | b'\t')).count();
    let row = &text[at..text.len().min(at + first + 1)];
    let fits = |b: &&u8| match kind {
        Kind::Hex => b.is_ascii_hexdigit(),
        Kind::Base64 => is_digit(**b),
    };
    let length = row.iter().take_while(fits).count();
    if length < 2 || length > first {
        return None;
    }
    let behind = text[at + length..].iter().find(|b| **b != b'=');
    let ends =
        behind.is_none_or(|b| matches!(b, b'\n' | b'\r' | b'\\' | b'"' | b'\'' | b'`' | b'<'));
    ends.then_some(at)
}

/// Decodes the region that begins at `at`.
pub(super) fn decode(text: &[u8], at: usize, kind: Kind) -> Region {
    let rows = rows(text, at, kind);
    let way = match kind {
        Kind::Hex => Way::Hex,
        Kind::Base64 if rows.url => Way::Base64Url,
        Kind::Base64 => Way::Base64,
    };
    let mut region = Region::new(way);
    (region.end, region.cut) = (rows.end, rows.cut);
    let name = (rows.spans.len() == 1)
        .then(|| name_before(text, at))
        .flatten();
    let digits = rows.spans.iter().flat_map(|r| r.start..r.end);
    match kind {
        Kind::Hex => {
            let mut high = None;
            for place in digits {
                match high.take() {
                    None => high = Some(place),
                    Some(first) => {
                        region.push(pair(text[first], text[place]), first, place + 1);
                    }
                }
            }
        }
        Kind::Base64 => {
            let (mut bits, mut held, mut from) = (0u32, 0, 0);
            for place in digits {
                if held == 0 {
                    from = place;
                }
                bits = bits << 6 | u32::from(value(text[place]).unwrap_or(0));
                held += 6;
                if held >= 8 {
                    held -= 8;
                    region.push((bits >> held) as u8, from, place + 1);
                    from = place;
                }
            }
        }
    }
    // Padding belongs to the last byte: it would tell how long a password is.
    let padding = text[rows.end..].iter().take(2);
    let padding = padding.take_while(|b| **b == b'=').count();
    if let Some(last) = region.places.last_mut()
        && kind == Kind::Base64
    {
        last.1 = last.1.max((rows.end + padding) as u32);
    }
    narrow(&mut region);
    if let Some(name) = name {
        assign(&mut region, name.of(text));
    }
    region.core = 0..region.bytes.len();
    region
}

/// The longest value that is judged with the name it is assigned to, in bytes.
const VALUE: usize = 256;

/// Puts a decoded value behind the name that it is assigned to, as if it were written there.
fn assign(region: &mut Region, name: &[u8]) {
    let line = region.bytes.strip_suffix(b"\n").unwrap_or(&region.bytes);
    let plain = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
    if line.is_empty() || line.len() > VALUE || !line.iter().all(plain) {
        return;
    }
    let before = [name, b": \""].concat();
    let length = line.len();
    region.bytes.truncate(length);
    region.places.truncate(length);
    region.bytes.splice(0..0, before.iter().copied());
    region.places.splice(0..0, before.iter().map(|_| (0, 0)));
    region.bytes.push(b'"');
    region.places.push((0, 0));
}

/// The name that a value is assigned to, on the same line: `name: value`, `"name": "value"`,
/// `name=value`, `name: !!binary value`.
fn name_before(text: &[u8], value: usize) -> Option<Span> {
    let low = value.saturating_sub(128);
    let mut before = &text[low..value];
    let quoted = |text: &mut &[u8]| {
        if let Some((last, rest)) = text.split_last()
            && matches!(last, b'"' | b'\'' | b'`')
        {
            *text = rest.strip_suffix(b"\\").unwrap_or(rest);
        }
    };
    let blanks = |text: &mut &[u8]| {
        let count = text.iter().rev().take_while(|b| matches!(b, b' ' | b'\t'));
        *text = &text[..text.len() - count.count()];
    };
    quoted(&mut before);
    blanks(&mut before);
    if let Some(rest) = before.strip_suffix(b"!!binary") {
        before = rest;
        blanks(&mut before);
    }
    let operators = [&b":="[..], b"=>", b"=", b":"];
    before = operators.iter().find_map(|o| before.strip_suffix(*o))?;
    blanks(&mut before);
    before = before.strip_suffix(b"]").unwrap_or(before);
    quoted(&mut before);
    let belongs = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let length = before.iter().rev().take_while(belongs).count();
    let end = low + before.len();
    (1..=80)
        .contains(&length)
        .then(|| Span::new(end - length, end))
}
