//! What belongs to a credential: looked for within five lines and 1 KiB of its strong part.

use crate::base::{Span, limits};
use crate::detect::patterns::{Class, Confidence, Part, Steps, keyword_at};
use crate::detect::{Judged, PartHit, Rejection, entropy};

/// Finds the parts of a match, the nearest of each kind.
pub(super) fn find(text: &[u8], judged: &mut Judged, steps: &mut Steps) -> Result<(), Rejection> {
    let window = window(text, judged.span);
    let mut taken = vec![judged.span];
    for part in judged.pattern.parts {
        let nearest = spots(text, window, part, &taken, steps)
            .min_by_key(|s| (distance(*s, judged.span), s.start));
        if let Some(span) = nearest {
            taken.push(span);
            judged.parts.push(PartHit { part, span });
        } else if part.required {
            return Err(Rejection::PartMissing(part.name));
        }
    }
    if judged.pattern.class == Class::Identifier
        && !judged.pattern.parts.is_empty()
        && judged.parts.is_empty()
    {
        judged.confidence = Confidence::Low;
    }
    Ok(())
}

fn distance(a: Span, b: Span) -> usize {
    if a.start >= b.end {
        a.start - b.end
    } else {
        b.start.saturating_sub(a.end)
    }
}

/// The bytes within the bounds of a match.
fn window(text: &[u8], span: Span) -> Span {
    let low = span.start.saturating_sub(limits::PART_BYTES);
    let start = text[low..span.start]
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, b)| **b == b'\n')
        .nth(limits::PART_LINES)
        .map_or(low, |(i, _)| low + i + 1);
    let high = text.len().min(span.end + limits::PART_BYTES);
    let end = text[span.end..high]
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .nth(limits::PART_LINES)
        .map_or(high, |(i, _)| span.end + i);
    Span::new(start, end)
}

/// Every place in the window where the part's shape stands at edges, with its keyword, and is
/// random enough.
fn spots<'a>(
    text: &'a [u8],
    window: Span,
    part: &'a Part,
    taken: &'a [Span],
    steps: &'a mut Steps,
) -> impl Iterator<Item = Span> + 'a {
    (window.start..window.end).filter_map(move |start| {
        if !part.program.first.has(text[start]) || start > 0 && part.left.has(text[start - 1]) {
            return None;
        }
        let found = part.program.at(text, start, steps)?.span;
        let free = found.end <= window.end && !taken.iter().any(|t| t.overlaps(found));
        let random = entropy(found.of(text)) >= part.randomness;
        (free && random && (part.near.is_empty() || named(text, found, part))).then_some(found)
    })
}

/// Whether a keyword of the part stands on its line, or in the 80 bytes before it.
fn named(text: &[u8], found: Span, part: &Part) -> bool {
    let low = found.start.saturating_sub(80);
    let high = text.len().min(found.end + 80);
    let line = text[found.end..high]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(high, |i| found.end + i);
    let stands = |from: usize, to: usize| {
        (from..to).any(|at| {
            part.near
                .iter()
                .any(|k| keyword_at(text, at, k.as_bytes()).is_some_and(|end| end <= to))
        })
    };
    stands(low, found.start) || stands(found.end, line)
}
