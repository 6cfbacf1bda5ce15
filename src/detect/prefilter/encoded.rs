//! Where encoded text may begin: at runs that look random, and at rows of escapes.
//!
//! What is told here is asked once more ([`decode::is_hint`](crate::detect::decode)); it may be too
//! much, never too little.

use super::Candidate;
use super::masks::Masks;
use super::runs::Run;
use crate::detect::decode::{INSIDE, is_sync, joint_before};

/// How many changes a run must have, if it has not 16 letters and digits in a row.
const CHANGES: u8 = 3;

/// Tells where encoded text may begin in or at a run.
#[inline]
pub(super) fn run(text: &[u8], run: Run, tell: &mut impl FnMut(Candidate)) {
    if run.look.passes(CHANGES) {
        random(text, run, tell);
    }
}

fn random(text: &[u8], run: Run, tell: &mut impl FnMut(Candidate)) {
    let Run { at, end, .. } = run;
    let mut tell = |start| tell(Candidate::Encoded { start });
    let before = at.checked_sub(1).map_or(b' ', |i| text[i]);
    match before {
        // Behind an escape digits begin inside of the run.
        b'\\' | b'%' => {
            tell(at - 1);
            for skip in [1, 2, 3, 5] {
                tell(at + skip);
            }
        }
        b';' => {
            let low = at.saturating_sub(10);
            if let Some(sign) = memchr::memrchr(b'&', &text[low..at]) {
                tell(low + sign);
            }
        }
        b'"' | b'\'' | b'`' => {
            if let Some(quote) = joint_before(text, at - 1) {
                tell(quote);
            }
        }
        b'}' => {
            let low = at.saturating_sub(12);
            if let Some(sign) = memchr::memrchr(b'\\', &text[low..at]) {
                tell(low + sign);
            }
        }
        _ if at >= 2 && text[at - 2] == b'\\' => tell(at - 2),
        _ => {}
    }
    if matches!(
        text.get(end),
        Some(b'\\' | b'%' | b'&' | b'"' | b'\'' | b'`')
    ) {
        tell(end);
    }
    let mut digits = |start: usize| {
        tell(start);
        if text.get(start) == Some(&b'0') && matches!(text.get(start + 1), Some(b'x' | b'X')) {
            tell(start + 2);
        }
    };
    digits(at);
    for equals in memchr::memchr_iter(b'=', &text[at..end]) {
        digits(at + equals + 1);
    }
    if end - at >= 2 * INSIDE {
        for start in at + INSIDE..=end - INSIDE {
            if is_sync(text, start) {
                tell(start);
            }
        }
    }
}

/// Tells where rows of escapes may begin in a word.
#[inline]
pub(super) fn escapes(text: &[u8], masks: &Masks, word: usize, tell: &mut impl FnMut(Candidate)) {
    let mut rows = masks.escape_rows(word);
    while rows != 0 {
        let start = word * 64 + rows.trailing_zeros() as usize;
        rows &= rows - 1;
        // Most are line breaks and tabs.
        if !matches!(text.get(start + 1), Some(b'n' | b't' | b'r') | None) {
            tell(Candidate::Encoded { start });
        }
    }
}
