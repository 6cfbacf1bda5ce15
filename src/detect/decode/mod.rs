//! Encoded text, decoded: what stands in base64, hex, escapes and split strings is found there.
//!
//! Two steps, as with everything that is found. A **hint** is a place at which encoded text begins:
//! a pure function of [`BACK`] bytes before it and [`AHEAD`] bytes from it on, so that it is
//! inherited along deltas as marks are. Judgement decodes the region that a hint begins, at most
//! [`limits::DECODE_BYTES`] in one piece, searches what comes out as it would search a file, and
//! says of each match where its bytes stand in the outer text. What is decoded may hold hints
//! again, to a depth of [`limits::DECODE_DEPTH`].
//!
//! A longer region is decoded in pieces that overlap. Pieces begin at hints, so where they begin
//! depends on what of the text is at hand; what is too near to a border that is not the region's own
//! is left to the neighbour, so what is found does not.
//!
//! Absent on purpose: binary data in base64 (images, archives, certificates), of which no text can be
//! made; ciphers, compression, and bytes written as numbers.

mod digits;
mod escapes;
mod join;
mod unicode;

#[cfg(test)]
pub(super) mod tests;

pub(super) use digits::{INSIDE, is_sync};
pub(super) use join::joint_before;

use std::ops::Range;
use std::path::Path;

use super::engine::{Detector, Mark, Scratch};
use super::{Judged, Outcome, PartHit};
use crate::base::{Secret, Span, limits};
use crate::sources::ContentKind;

use escapes::Family;

/// The number that stands for all decoders where a mark has its pattern's.
pub(super) const ENCODED: u16 = u16::MAX - 1;

/// How far before its place a hint looks, and how far from it on, in bytes. Before a place in the
/// middle of a row of digits it looks further, as far as [`row`] tells.
pub(super) const BACK: usize = 48;
pub(super) const AHEAD: usize = 224;

/// How much of the text around escapes and split strings is searched with them, unchanged: names and
/// keywords stand there.
const AROUND: usize = 256;

/// How a text is written inside of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Base64 (RFC 4648, section 4).
    Base64,
    /// Base64 for URLs (section 5).
    Base64Url,
    /// Two hex digits a byte.
    Hex,
    /// Percent-encoded (RFC 3986).
    Percent,
    /// The escapes of JSON, of source code and of shells.
    Escapes,
    /// The entities of HTML and XML.
    Entities,
    /// UTF-16, inside of another encoding.
    Utf16,
    /// A string that is split into literals.
    Joined,
}

impl Way {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Percent,
        Self::Escapes,
        Self::Entities,
        Self::Utf16,
        Self::Joined,
    ];

    /// A stable word for machines and people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
            Self::Percent => "percent-encoding",
            Self::Escapes => "escapes",
            Self::Entities => "entities",
            Self::Utf16 => "utf-16",
            Self::Joined => "split-string",
        }
    }
}

/// Ways as people say them: `base64`, `hex, then base64`; nothing if there are none.
pub fn decoded_from(ways: &[Way]) -> Option<String> {
    let words: Vec<&str> = ways.iter().map(|w| w.word()).collect();
    (!words.is_empty()).then(|| format!("decoded from {}", words.join(", then ")))
}

/// How a secret was decoded, and what came out.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Outermost first; never empty.
    pub ways: Vec<Way>,
    /// The secret as it is when it is decoded.
    pub secret: Secret,
}

/// A region of a text that was decoded.
struct Region {
    /// How, outermost first.
    ways: Vec<Way>,
    /// What came out, with text around it that counts as context.
    bytes: Vec<u8>,
    /// Of each of these bytes, from where to where it stands in the outer text. Bytes that stand
    /// nowhere are empty there.
    places: Vec<(u32, u32)>,
    /// Which of them are no context: hints count only there.
    core: Range<usize>,
    /// Where it ends in the outer text.
    end: usize,
    /// Whether it goes on behind its end.
    cut: bool,
}

impl Region {
    fn new(way: Way) -> Self {
        Self {
            ways: vec![way],
            bytes: Vec::new(),
            places: Vec::new(),
            core: 0..0,
            end: 0,
            cut: false,
        }
    }

    fn push(&mut self, byte: u8, from: usize, to: usize) {
        self.bytes.push(byte);
        self.places.push((from as u32, to as u32));
    }

    /// Takes over text as it stands.
    fn copy(&mut self, text: &[u8], span: Span) {
        for (byte, at) in span.of(text).iter().zip(span.start..) {
            self.push(*byte, at, at + 1);
        }
    }

    /// Where a span of the decoded bytes stands in the outer text, as far as it stands there.
    fn outer(&self, span: Span) -> Option<Span> {
        let places = self.places.get(span.start..span.end)?;
        let mut there = places.iter().filter(|p| p.0 < p.1);
        let first = there.next()?;
        let last = there.next_back().unwrap_or(first);
        Some(Span::new(first.0 as usize, last.1 as usize))
    }

    /// The same of a span that stands there whole.
    fn whole(&self, span: Span) -> Option<Span> {
        let places = self.places.get(span.start..span.end)?;
        places.iter().all(|p| p.0 < p.1).then(|| self.outer(span))?
    }
}

/// What begins at a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// Base64 or hex, in the middle of a row of digits if so.
    Digits(digits::Kind, bool),
    Escapes(escapes::Family),
    Join,
}

/// Families of hints that are decoded apart.
const FAMILIES: usize = 5;

impl Hint {
    fn family(self) -> usize {
        match self {
            Self::Digits(..) => 0,
            Self::Join => 1,
            Self::Escapes(Family::Percent) => 2,
            Self::Escapes(Family::Backslash) => 3,
            Self::Escapes(Family::Entity) => 4,
        }
    }
}

/// Whether encoded text begins at `at`.
pub(super) fn is_hint(text: &[u8], at: usize) -> bool {
    hint(text, at).is_some()
}

fn hint(text: &[u8], at: usize) -> Option<Hint> {
    match text.get(at)? {
        b'%' | b'\\' | b'&' => escapes::begins(text, at).map(Hint::Escapes),
        b'"' | b'\'' | b'`' => join::begins(text, at).then_some(Hint::Join),
        _ => digits::begins(text, at).map(|(kind, inside)| Hint::Digits(kind, inside)),
    }
}

/// How many bytes of a text are the rest of a row of digits in which a hint may stand, at most.
pub(super) fn row(text: &[u8]) -> usize {
    digits::row(&text[..text.len().min(INSIDE)])
}

/// The mark that stands for a hint.
pub(super) fn mark(at: usize) -> Mark {
    let nothing = Span::new(at, at);
    Mark {
        pattern: ENCODED,
        span: nothing,
        secret: nothing,
        assignment: None,
    }
}

/// How far a kind of region was decoded.
#[derive(Clone, Copy, Default)]
struct Done {
    end: usize,
    cut: bool,
}

impl Done {
    /// Whether a region that begins at `at` was decoded with an earlier one.
    fn has(self, at: usize) -> bool {
        let overlap = if self.cut { limits::DECODE_OVERLAP } else { 0 };
        at + overlap < self.end
    }
}

impl Detector {
    /// What stands in the regions that the hints of a text begin; places are those of the text.
    pub(super) fn decoded(
        &self,
        text: &[u8],
        (kind, path): (ContentKind, &Path),
        depth: usize,
        scratch: &mut Scratch,
    ) -> Vec<Judged> {
        if depth == limits::DECODE_DEPTH {
            return Vec::new();
        }
        let mut hints: [Vec<(usize, Hint)>; FAMILIES] = Default::default();
        for mark in scratch.marks.iter().filter(|m| m.pattern == ENCODED) {
            let at = mark.span.start;
            if let Some(hint) = hint(text, at) {
                hints[hint.family()].push((at, hint));
            }
        }
        if hints.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let mut inner = scratch.inner.take().unwrap_or_default();
        let mut out = Vec::new();
        for hints in hints {
            let mut done = Done::default();
            for (i, (at, hint)) in hints.iter().enumerate() {
                if done.has(*at) {
                    continue;
                }
                let places = || hints[i..].iter().map(|(at, _)| *at);
                let region = match hint {
                    Hint::Digits(kind, _) => digits::decode(text, *at, *kind),
                    Hint::Escapes(family) => escapes::decode(text, places(), *family),
                    Hint::Join => join::decode(text, places()),
                };
                let begins = *at >= done.end && !matches!(hint, Hint::Digits(_, true));
                done = Done {
                    end: region.end,
                    cut: region.cut,
                };
                scratch.decoded += region.bytes.len() as u64;
                let edge = |near: bool| if near { limits::DECODE_MARGIN } else { 0 };
                let from = edge(!begins);
                let to = region.bytes.len().saturating_sub(edge(region.cut));
                for j in self.region(&region, (kind, path), depth + 1, &mut inner) {
                    if j.span.start >= from && j.span.end <= to {
                        out.extend(outward(&region, j));
                    }
                }
            }
        }
        scratch.decoded += std::mem::take(&mut inner.decoded);
        scratch.inner = Some(inner);
        let rejected = |j: &Judged| matches!(j.outcome, Outcome::Rejected(_));
        out.sort_by_key(|j| (j.span.start, j.span.end, j.pattern.id, rejected(j)));
        out.dedup_by(|b, a| a.span == b.span && a.pattern.id == b.pattern.id);
        out
    }

    /// Searches a decoded region and judges what is in it.
    fn region(
        &self,
        region: &Region,
        (kind, path): (ContentKind, &Path),
        depth: usize,
        scratch: &mut Scratch,
    ) -> Vec<Judged> {
        self.marks(&region.bytes, scratch);
        let core = |m: &Mark| m.pattern != ENCODED || region.core.contains(&m.span.start);
        scratch.marks.retain(core);
        if scratch.marks.is_empty() {
            return Vec::new();
        }
        self.judged(&region.bytes, (kind, path), depth, scratch)
    }
}

/// A judged match of decoded text as one of the outer text; nothing if it is no secret, or stands
/// there unchanged.
fn outward(region: &Region, judged: Judged) -> Option<Judged> {
    if judged.is_harmless() {
        return None;
    }
    let secret = region.whole(judged.secret)?;
    let span = region.outer(judged.span)?;
    if span.len() == judged.span.len() {
        return None;
    }
    let mut parts = Vec::with_capacity(judged.parts.len());
    for part in judged.parts {
        let value = part
            .value
            .unwrap_or_else(|| Secret::new(part.span.of(&region.bytes)));
        parts.push(PartHit {
            part: part.part,
            span: region.whole(part.span)?,
            value: Some(value),
        });
    }
    let mut ways = region.ways.clone();
    let plain = match judged.decoded {
        Some(inner) => {
            ways.extend(inner.ways);
            inner.secret
        }
        None => Secret::new(judged.secret.of(&region.bytes)),
    };
    Some(Judged {
        span,
        secret,
        parts,
        canonical: Some(judged.canonical.unwrap_or_else(|| plain.clone())),
        decoded: Some(Decoded {
            ways,
            secret: plain,
        }),
        outcome: judged.outcome,
        ..judged
    })
}
