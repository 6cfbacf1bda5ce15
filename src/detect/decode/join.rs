//! Strings that are split into literals: `"abc" + "def"`, or side by side.

use super::escapes::{loud_before, loud_behind};
use super::{AROUND, Region, Way};
use crate::base::{Span, limits};
use crate::detect::patterns::is_token;

/// The farthest that the literals of one string stand apart, in bytes.
const GAP: usize = 80;

/// The longest literal that is looked through for its begin, in bytes.
const LITERAL: usize = 512;

/// How far back a string's first literal is looked for, in bytes.
const STRING: usize = 4 << 10;

/// What joins literals in some language, the longer first.
const OPERATORS: &[&[u8]] = &[b"<>", b"++", b"..", b"||", b"+", b".", b"&"];

/// Whether a literal that ends at `at` goes on in another one, and one of them has a long piece of a
/// token there.
pub(super) fn begins(text: &[u8], at: usize) -> bool {
    if at == 0 || !is_token(text[at - 1]) {
        return false;
    }
    let Some(next) = joint(text, at) else {
        return false;
    };
    let goes_on = text.get(next + 1).is_some_and(|b| is_token(*b));
    goes_on && (loud_before(text, at) || loud_behind(text, next + 1))
}

/// The opening quote of the literal that goes on with what ends at `quote`.
fn joint(text: &[u8], quote: usize) -> Option<usize> {
    let high = text.len().min(quote + GAP);
    let blank = |mut at: usize| {
        while at < high {
            match text[at] {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                // A line that goes on, of a shell or of Basic.
                b'\\' | b'_' if matches!(text.get(at + 1), Some(b'\n' | b'\r')) => at += 1,
                _ => break,
            }
        }
        at
    };
    let first = blank(quote + 1);
    let operator = OPERATORS.iter().find(|o| text[first..].starts_with(o));
    let mut at = match operator {
        Some(operator) => blank(first + operator.len()),
        None if first > quote + 1 => first,
        None => return None,
    };
    // String prefixes of common languages.
    let prefix = text[at.min(high)..high].iter().take(2);
    at += prefix
        .take_while(|b| matches!(b, b'r' | b'b' | b'u' | b'f' | b'@' | b'L' | b'R' | b'B'))
        .count();
    (at < high && text[at] == text[quote]).then_some(at)
}

/// The closing quote of the literal before the one that begins at `open`.
pub(in crate::detect) fn joint_before(text: &[u8], open: usize) -> Option<usize> {
    let low = open.saturating_sub(GAP);
    let before = &text[low..open];
    let last = low + memchr::memrchr(text[open], before)?;
    (joint(text, last) == Some(open)).then_some(last)
}

/// The opening quote of the literal that ends at `close`.
fn opening(text: &[u8], close: usize) -> Option<usize> {
    let low = close.saturating_sub(LITERAL);
    let mut at = close;
    while at > low {
        at -= 1;
        let byte = text[at];
        if byte == b'\n' {
            return None;
        }
        if byte == text[close] && !is_escaped(text, at) {
            return Some(at);
        }
    }
    None
}

/// The closing quote of the literal that begins at `open`, within `limit`.
fn closing(text: &[u8], open: usize, limit: usize) -> Option<usize> {
    let mut at = open + 1;
    while at < limit {
        match text[at] {
            b'\n' => return None,
            b'\\' => at += 1,
            byte if byte == text[open] => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn is_escaped(text: &[u8], at: usize) -> bool {
    let signs = text[..at].iter().rev().take(8);
    signs.take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The first literal of the string that the joint at `at` is in.
fn first(text: &[u8], at: usize) -> Option<usize> {
    let mut first = opening(text, at)?;
    let low = at.saturating_sub(STRING);
    while first > low
        && let Some(close) = joint_before(text, first)
        && let Some(open) = opening(text, close)
    {
        first = open;
    }
    Some(first)
}

/// Joins the literals around some joints, as many as stand near to each other; what stands before,
/// between and behind the strings is kept as it is.
pub(super) fn decode(text: &[u8], hints: impl Iterator<Item = usize>) -> Region {
    let mut region = Region::new(Way::Joined);
    let mut limit = 0;
    for at in hints {
        if region.bytes.is_empty() {
            limit = text.len().min(at + limits::DECODE_BYTES);
        } else if at < region.end {
            continue;
        } else if at >= limit {
            break;
        }
        // A literal whose begin is too far away is taken from where it was looked for.
        let first = first(text, at).unwrap_or(at.saturating_sub(LITERAL));
        let start = first.max(region.end);
        if region.bytes.is_empty() {
            region.copy(text, Span::new(start.saturating_sub(AROUND), start));
            region.core.start = region.bytes.len();
        } else if start > region.end + AROUND {
            break;
        } else {
            region.copy(text, Span::new(region.end, start));
        }
        let mut from = start;
        let mut close = Some(at);
        if first == start && text[first] == text[at] {
            close = closing(text, first, limit);
        }
        while let Some(end) = close.filter(|end| *end < limit) {
            region.copy(text, Span::new(from, end));
            from = end;
            match joint(text, end) {
                Some(open) => {
                    from = open + 1;
                    close = closing(text, open, limit);
                }
                None => break,
            }
        }
        region.end = from.max(at + 1).min(text.len());
        if from <= at {
            region.copy(text, Span::new(from, region.end));
        }
        region.core.end = region.bytes.len();
    }
    region.cut = region.end + GAP >= limit && limit < text.len();
    let behind = text.len().min(region.end + AROUND / 2);
    region.copy(text, Span::new(region.end, behind));
    region
}
