//! Needles that line breaks may divide, as tools write base64: in lines of some length, indented or
//! not. A break stands within the first key of a needle, or within the second, or in neither.

/// How much of such a needle the first search looks for, in bytes: so many that begin it, and so
/// many behind them.
pub(super) const HALF: usize = 8;
/// The longest line break: with it the blanks by which the next line is indented.
pub(super) const BREAK: usize = 34;

/// How many bytes each key has of a needle that line breaks may divide.
pub(super) fn half(needle: &[u8]) -> usize {
    HALF.min(needle.len() / 2)
}

/// How many bytes of line breaks a needle of so many bytes may be divided by.
pub(super) const fn most_skipped(len: usize) -> usize {
    len + 2 * BREAK
}

/// Where a needle would begin whose second key is at `key`, if a line break divides its first.
pub(super) fn divided(text: &[u8], key: usize, needle: &[u8]) -> Option<usize> {
    let half = half(needle);
    if !text[key..].starts_with(&needle[half..2 * half]) {
        return None;
    }
    let (mut at, mut left, mut crossed) = (key, half, false);
    while left > 0 {
        let before = at.checked_sub(1)?;
        if text[before] == needle[left - 1] {
            (at, left) = (before, left - 1);
            continue;
        }
        // Of a break behind the first key that key tells.
        if crossed || left == half {
            return None;
        }
        // Back over what indents the line, and over the break.
        let low = at.saturating_sub(BREAK);
        let blanks = text[low..at].iter().rev();
        let blanks = blanks.take_while(|b| matches!(b, b' ' | b'\t')).count();
        let end = at - blanks;
        let broken = text[..end].strip_suffix(b"\n")?;
        at = broken.strip_suffix(b"\r").unwrap_or(broken).len();
        crossed = true;
    }
    crossed.then_some(at)
}

/// Where a needle ends that begins at `begin` and may be divided by line breaks.
pub(super) fn wrapped(text: &[u8], begin: usize, needle: &[u8]) -> Option<usize> {
    let (mut at, mut skipped) = (begin, 0);
    for byte in needle {
        if *text.get(at)? != *byte {
            let len = break_at(&text[at..])?;
            (at, skipped) = (at + len, skipped + len);
            if skipped > most_skipped(needle.len()) || *text.get(at)? != *byte {
                return None;
            }
        }
        at += 1;
    }
    Some(at)
}

/// The length of the line break that a text begins with, and of the blanks behind it.
fn break_at(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"\r").unwrap_or(text);
    let rest = rest.strip_prefix(b"\n")?;
    let rest = &rest[..rest.len().min(BREAK - 2)];
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t'));
    Some(usize::from(text[0] == b'\r') + 1 + blanks.count())
}
