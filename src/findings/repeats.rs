//! Finds secrets that are known again, wherever they stand: many of them, in one pass.
//!
//! The secrets are sorted. At each place of a text the last one that is not greater than what
//! stands there is looked up; either it stands there, or one that it begins with does, or none
//! does. Most places are passed at once: no secret begins with their four bytes.

use crate::base::{Span, limits};

/// Shorter texts stand everywhere.
const LEAST: usize = 4;

/// No secret.
const NONE: u32 = u32::MAX;

/// Secrets to be found again.
#[derive(Debug)]
pub(super) struct Repeats<'a> {
    /// Sorted, distinct; each with the number it was first given.
    secrets: Vec<(&'a [u8], usize)>,
    /// For each secret the longest other one that it begins with.
    shorter: Vec<u32>,
    /// One bit for each hash that the first four bytes of some secret have.
    heads: Vec<u64>,
}

impl<'a> Repeats<'a> {
    /// Takes the secrets. What is longer than a frame is wide or has a line break in it cannot stand
    /// on a line.
    pub(super) fn new(secrets: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut secrets: Vec<(&[u8], usize)> = secrets
            .enumerate()
            .filter(|(_, s)| {
                (LEAST..=limits::FRAME_BYTES).contains(&s.len())
                    && memchr::memchr(b'\n', s).is_none()
            })
            .map(|(number, secret)| (secret, number))
            .collect();
        secrets.sort_unstable();
        secrets.dedup_by_key(|(secret, _)| *secret);
        let mut shorter = Vec::with_capacity(secrets.len());
        let mut open: Vec<u32> = Vec::new();
        for (i, (secret, _)) in secrets.iter().enumerate() {
            while open
                .last()
                .is_some_and(|o| !secret.starts_with(secrets[*o as usize].0))
            {
                open.pop();
            }
            shorter.push(open.last().copied().unwrap_or(NONE));
            open.push(i as u32);
        }
        let words = (secrets.len() / 4).next_power_of_two().max(64);
        let mut heads = vec![0u64; words];
        for (secret, _) in &secrets {
            let (word, bit) = slot(secret, words);
            heads[word] |= bit;
        }
        Self {
            secrets,
            shorter,
            heads,
        }
    }

    /// Tells for each place in `window` the longest secret that stands there, and its number.
    pub(super) fn find(&self, text: &[u8], window: Span, mut tell: impl FnMut(Span, usize)) {
        if self.secrets.is_empty() {
            return;
        }
        let piece = window.of(text);
        for (at, head) in piece.windows(LEAST).enumerate() {
            let (word, bit) = slot(head, self.heads.len());
            if self.heads[word] & bit != 0
                && let Some((length, number)) = self.longest(&piece[at..])
            {
                let start = window.start + at;
                tell(Span::new(start, start + length), number);
            }
        }
    }

    /// The longest secret that `text` begins with: its length and number.
    fn longest(&self, text: &[u8]) -> Option<(usize, usize)> {
        let text = &text[..text.len().min(limits::FRAME_BYTES)];
        let mut at = self
            .secrets
            .partition_point(|(s, _)| *s <= text)
            .checked_sub(1)? as u32;
        while at != NONE {
            let (secret, number) = self.secrets[at as usize];
            if text.starts_with(secret) {
                return Some((secret.len(), number));
            }
            at = self.shorter[at as usize];
        }
        None
    }
}

/// Where the bit of a text's first four bytes is.
#[inline]
fn slot(text: &[u8], words: usize) -> (usize, u64) {
    let head = u32::from_le_bytes([text[0], text[1], text[2], text[3]]);
    let hash = head.wrapping_mul(0x9e37_79b1) as usize;
    (hash >> 6 & (words - 1), 1 << (hash >> 26 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::patterns::Sampler;

    #[test]
    fn tells_what_a_plain_loop_tells() {
        let mut s = Sampler::new(11);
        for case in 0..300 {
            // Few letters, so that secrets begin with, overlap and hold each other.
            let text: Vec<u8> = (0..200).map(|_| s.pick(b"aab\n")).collect();
            let spans: Vec<Span> = (0..case % 40)
                .map(|_| {
                    let start = s.below(190);
                    Span::new(start, start + s.below(10))
                })
                .collect();
            let mut want = Vec::new();
            for at in 0..text.len() {
                let longest = spans
                    .iter()
                    .map(|span| span.of(&text))
                    .filter(|t| t.len() >= 4 && !t.contains(&b'\n'))
                    .filter(|t| text[at..].starts_with(t))
                    .max_by_key(|t| t.len());
                want.extend(longest.map(|t| Span::new(at, at + t.len())));
            }
            let mut told = Vec::new();
            let repeats = Repeats::new(spans.iter().map(|span| span.of(&text)));
            repeats.find(&text, Span::new(0, text.len()), |span, number| {
                assert_eq!(span.of(&text), spans[number].of(&text));
                told.push(span);
            });
            assert_eq!(told, want, "case {case}");
        }
    }
}
