//! What belongs to a credential: looked for within five lines of its strong part, and 1 KiB or what
//! the pattern says.

use crate::base::{Span, limits};
use crate::detect::patterns::{Class, Confidence, Part, Steps, keyword_at};
use crate::detect::{Judged, PartHit, Rejection, entropy};

/// Where the parts of one text stand, as far as it was looked through. Matches that stand close
/// share what is near them: each byte is tried once a part.
#[derive(Default)]
pub(super) struct Spots<'a> {
    known: Vec<Known<'a>>,
}

/// The spots of one part.
struct Known<'a> {
    part: &'static Part,
    text: &'a [u8],
    /// What was looked through.
    seen: Span,
    /// What stands there, in order.
    spots: Vec<Spot>,
}

/// A place where a part may stand.
#[derive(Clone, Copy)]
struct Spot {
    span: Span,
    /// Whether its keyword is on its own line. Of ids of one form, each below the next one's name, that
    /// tells which is which.
    named: bool,
}

/// Finds the parts of a match, the nearest of each kind.
pub(super) fn find<'a>(
    text: &'a [u8],
    judged: &mut Judged,
    steps: &mut Steps,
    spots: &mut Spots<'a>,
) -> Result<(), Rejection> {
    if judged.pattern.parts.is_empty() {
        return Ok(());
    }
    let mut taken = vec![judged.span];
    for part in judged.pattern.parts {
        let window = window(text, judged.span, part.within);
        // Where digits may stand, a spot without one may be a name.
        let digits = part.expression.contains("0-9");
        let wordy = |s: Span| digits && !s.of(text).iter().any(u8::is_ascii_digit);
        let order = |s: &&Spot| {
            let away = distance(s.span, judged.span);
            (wordy(s.span), !s.named, away, s.span.start)
        };
        let nearest = spots
            .of(text, part, window, steps)
            .iter()
            .filter(|s| s.span.end <= window.end && !taken.iter().any(|t| t.overlaps(s.span)))
            .min_by_key(order)
            .map(|s| s.span);
        if let Some(span) = nearest {
            taken.push(span);
            judged.parts.push(PartHit {
                part,
                span,
                value: None,
            });
        } else if part.required {
            return Err(Rejection::PartMissing(part.name));
        }
    }
    if judged.pattern.class == Class::Identifier
        && !judged.pattern.parts.is_empty()
        && judged.parts.is_empty()
    {
        // Who writes the id down has the other half somewhere: worth a look, one step lower.
        judged.confidence = match judged.confidence {
            Confidence::High => Confidence::Medium,
            Confidence::Medium | Confidence::Low => Confidence::Low,
        };
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
fn window(text: &[u8], span: Span, within: usize) -> Span {
    let low = span.start.saturating_sub(within);
    let start = memchr::memrchr_iter(b'\n', &text[low..span.start])
        .nth(limits::PART_LINES)
        .map_or(low, |i| low + i + 1);
    let high = text.len().min(span.end + within);
    let end = memchr::memchr_iter(b'\n', &text[span.end..high])
        .nth(limits::PART_LINES)
        .map_or(high, |i| span.end + i);
    Span::new(start, end)
}

impl<'a> Spots<'a> {
    /// Every spot that begins in the window.
    fn of(
        &mut self,
        text: &'a [u8],
        part: &'static Part,
        window: Span,
        steps: &mut Steps,
    ) -> &[Spot] {
        let at = self.known.iter().position(|k| std::ptr::eq(k.part, part));
        let at = at.unwrap_or_else(|| {
            self.known.push(Known {
                part,
                text,
                seen: Span::new(window.start, window.start),
                spots: Vec::new(),
            });
            self.known.len() - 1
        });
        let known = &mut self.known[at];
        known.look(window, steps);
        let from = known.spots.partition_point(|s| s.span.start < window.start);
        let to = known.spots.partition_point(|s| s.span.start < window.end);
        &known.spots[from..to]
    }
}

impl Known<'_> {
    /// Looks through what of the window was not yet looked through. Windows come in the order of
    /// their begins: what lies before this one is not asked for again.
    fn look(&mut self, window: Span, steps: &mut Steps) {
        if window.start < self.seen.start || window.start > self.seen.end {
            self.seen = Span::new(window.start, window.start);
            self.spots.clear();
        }
        for start in self.seen.end..window.end {
            self.spots.extend(self.at(start, steps));
        }
        self.seen.end = self.seen.end.max(window.end);
    }

    /// The spot that begins at `start`: the part's shape at edges, with its keyword, and random
    /// enough.
    fn at(&self, start: usize, steps: &mut Steps) -> Option<Spot> {
        let (text, part) = (self.text, self.part);
        if !part.program.first.has(text[start]) || start > 0 && part.left.has(text[start - 1]) {
            return None;
        }
        let found = part.program.at(text, start, steps)?.span;
        let random = entropy(found.of(text)) >= part.randomness;
        if !random {
            return None;
        }
        let named = if part.near.is_empty() {
            true
        } else {
            named(text, found, part)?
        };
        Some(Spot { span: found, named })
    }
}

/// Whether a keyword of the part stands on its line (true), or in the 80 bytes before it (false).
fn named(text: &[u8], found: Span, part: &Part) -> Option<bool> {
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
    let own = memchr::memrchr(b'\n', &text[low..found.start]).map_or(low, |i| low + i + 1);
    if stands(own, found.start) || stands(found.end, line) {
        return Some(true);
    }
    stands(low, found.start).then_some(false)
}
