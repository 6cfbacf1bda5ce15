//! What must not be seen of a chunk: every candidate, and each of them where it stands once more.

use super::fingerprint::{Strength, strength};
use super::repeats::Repeats;
use crate::base::{Secret, Span, limits};
use crate::detect::patterns::Pattern;
use crate::detect::{Judged, Outcome};

/// The masked stretches of one chunk: sorted and disjoint.
#[derive(Debug, Default)]
pub(super) struct Cover {
    stretches: Vec<Stretch>,
}

/// A stretch that is masked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) span: Span,
    /// Whose mask it has; `None` if nothing of it may be seen.
    pub(super) pattern: Option<&'static Pattern>,
    /// Whether a weak secret is in it.
    weak: bool,
}

/// A candidate, before those that overlap are joined.
#[derive(Clone, Copy, Debug)]
struct Piece {
    span: Span,
    pattern: Option<&'static Pattern>,
    weak: bool,
    accepted: bool,
}

impl Cover {
    /// Covers what was judged in a chunk. Of `beyond`, which lies outside of the core, nothing is
    /// reported, but it may stand on the same lines.
    pub(super) fn new<'a>(text: &'a [u8], judged: &'a [Judged], beyond: &'a [Judged]) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        // What is looked for once more, and the piece that it is.
        let mut secrets: Vec<(&[u8], usize)> = Vec::new();
        for j in judged.iter().chain(beyond).filter(|j| !j.is_harmless()) {
            let strong = strength(j.pattern, j.value(text)) == Strength::Strong;
            let mut add = |piece: Piece, decoded: Option<&'a Secret>| {
                secrets.push((piece.span.of(text), pieces.len()));
                secrets.extend(decoded.map(|secret| (secret.expose(), pieces.len())));
                pieces.push(piece);
            };
            let piece = Piece {
                span: j.secret,
                // The mask of a kind is for what it looks like, not for what it is encoded as.
                pattern: (strong && j.decoded.is_none()).then_some(j.pattern),
                weak: !strong,
                accepted: !matches!(j.outcome, Outcome::Rejected(_)),
            };
            add(piece, j.decoded.as_ref().map(|d| &d.secret));
            // The pattern speaks of the strong part: of the others nothing is shown.
            for part in &j.parts {
                let piece = Piece {
                    span: part.span,
                    pattern: None,
                    weak: true,
                    accepted: false,
                };
                add(piece, part.value.as_ref());
            }
        }
        // The same secret may stand on a line once more, in no form that a pattern knows: encoded
        // here, as it is there.
        let repeats = Repeats::new(secrets.iter().map(|(secret, _)| *secret));
        for window in windows(text, judged) {
            repeats.find(text, window, |span, of| {
                let Piece { pattern, weak, .. } = pieces[secrets[of].1];
                pieces.push(Piece {
                    span,
                    pattern,
                    weak,
                    accepted: false,
                });
            });
        }
        Self {
            stretches: joined(pieces),
        }
    }

    /// The stretches that reach into `line`, in order.
    pub(super) fn on(&self, line: Span) -> &[Stretch] {
        let from = self.stretches.partition_point(|s| s.span.end <= line.start);
        let to = self.stretches.partition_point(|s| s.span.start < line.end);
        &self.stretches[from..to.max(from)]
    }

    /// The stretches with weak secrets in them, whose length nothing may tell; each within one
    /// line.
    pub(super) fn weak<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Span> + 'a {
        self.stretches
            .iter()
            .filter(|s| s.weak && memchr::memchr(b'\n', s.span.of(text)).is_none())
            .map(|s| s.span)
    }
}

/// The stretches of text that frames can show, joined: so far around what is reported, and so much
/// farther that nothing which is repeated is cut.
fn windows(text: &[u8], judged: &[Judged]) -> Vec<Span> {
    let mut all: Vec<Span> = judged
        .iter()
        .filter(|j| !matches!(j.outcome, Outcome::Rejected(_)))
        .flat_map(|j| std::iter::once(j.secret).chain(j.parts.iter().map(|p| p.span)))
        .map(|s| {
            Span::new(
                s.start.saturating_sub(2 * limits::FRAME_BYTES),
                text.len().min(s.start + 2 * limits::FRAME_BYTES),
            )
        })
        .collect();
    all.sort_unstable();
    let mut out: Vec<Span> = Vec::new();
    for span in all {
        match out.last_mut() {
            Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

/// Joins what overlaps. A stretch has a pattern's mask only if one strong candidate is all of it,
/// and either was accepted or shares it with no weak one.
fn joined(mut pieces: Vec<Piece>) -> Vec<Stretch> {
    pieces.sort_by_key(|p| {
        let id = p.pattern.map_or("", |p| p.id);
        (p.span.start, std::cmp::Reverse(p.span.end), !p.accepted, id)
    });
    let mut out: Vec<Stretch> = Vec::new();
    let mut sure = false;
    for piece in pieces {
        match out.last_mut() {
            Some(last) if last.span.end > piece.span.start => {
                if piece.span.end > last.span.end {
                    last.span.end = piece.span.end;
                    (last.pattern, last.weak, sure) = (None, last.weak || piece.weak, false);
                } else if piece.pattern.is_none() && !sure {
                    (last.pattern, last.weak) = (None, last.weak || piece.weak);
                }
            }
            _ => {
                out.push(Stretch {
                    span: piece.span,
                    pattern: piece.pattern,
                    weak: piece.weak,
                });
                sure = piece.accepted;
            }
        }
    }
    out
}
