//! Frames: the lines of source around a secret, every candidate on them masked.

use super::FrameLine;
use super::mask::mask_line;
use crate::base::{Span, limits};
use crate::detect::patterns::Pattern;
use crate::detect::{Judged, Outcome, Rejection};

/// The widest frame line, in code points.
const WIDTH: usize = 120;

/// Masks the lines of one chunk.
pub(super) struct Frames<'a> {
    text: &'a [u8],
    /// Everything that must not be shown, sorted.
    hidden: Vec<(Span, &'static Pattern)>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(text: &'a [u8], judged: &[Judged]) -> Self {
        let mut hidden: Vec<(Span, &'static Pattern)> = Vec::new();
        for j in judged {
            // What is certainly no secret may be read; all else is hidden, reported or not.
            let harmless = matches!(
                &j.outcome,
                Outcome::Rejected(
                    Rejection::Reference(_) | Rejection::Words | Rejection::Overlap(_)
                )
            );
            if !harmless {
                hidden.push((j.secret, j.pattern));
                hidden.extend(j.parts.iter().map(|p| (p.span, j.pattern)));
            }
        }
        hidden.sort_by_key(|(s, p)| (s.start, std::cmp::Reverse(s.end), p.id));
        Self { text, hidden }
    }

    /// The lines of a match: the one `main` begins on, which is line `line`, and those of its
    /// other parts.
    pub(super) fn around(
        &self,
        main: Span,
        line: u64,
        judged: &Judged,
        line_of: impl Fn(usize) -> u64,
    ) -> Vec<FrameLine> {
        let mut out = vec![self.line(main, line)];
        for span in std::iter::once(judged.secret).chain(judged.parts.iter().map(|p| p.span)) {
            if span != main {
                let number = line_of(span.start);
                if out.iter().all(|l| l.line != number) {
                    let mut line = self.line(span, number);
                    line.underline = (0, 0);
                    out.push(line);
                }
            }
        }
        out.sort_by_key(|l| l.line);
        out.truncate(4);
        out
    }

    fn line(&self, main: Span, number: u64) -> FrameLine {
        let bounds = self.bounds(main.start);
        let line = bounds.of(self.text);
        let mut spans: Vec<(Span, &'static Pattern)> = self
            .hidden
            .iter()
            .filter(|(s, _)| s.overlaps(bounds))
            .map(|(s, p)| (inside(*s, bounds), *p))
            .collect();
        // The same secret may stand on the line once more, in no form that a pattern knows.
        for (secret, pattern) in &self.hidden {
            let bytes = secret.of(self.text);
            if bytes.len() >= 4 && bytes.len() <= line.len() {
                let found = memchr::memmem::find_iter(line, bytes);
                spans.extend(found.map(|at| (Span::new(at, at + bytes.len()), *pattern)));
            }
        }
        spans.sort_by_key(|(s, p)| (s.start, std::cmp::Reverse(s.end), p.id));
        let mut disjoint: Vec<(Span, &Pattern)> = Vec::new();
        for (span, pattern) in spans {
            match disjoint.last_mut() {
                Some((last, _)) if last.end > span.start => last.end = last.end.max(span.end),
                _ => disjoint.push((span, pattern)),
            }
        }
        let at = disjoint.iter().position(|(s, _)| {
            let start = main.start - bounds.start;
            s.start <= start && start < s.end.max(s.start + 1)
        });
        let (text, places) = mask_line(line, &disjoint);
        let underline = at.map_or((0, 0), |i| places[i]);
        cut(&text, underline, number)
    }

    /// The line that holds byte `at`, within the bound on each side.
    fn bounds(&self, at: usize) -> Span {
        let low = at.saturating_sub(limits::LINE_BYTES);
        let start = memchr::memrchr(b'\n', &self.text[low..at]).map_or(low, |i| low + i + 1);
        let high = self.text.len().min(at + limits::LINE_BYTES);
        let end = memchr::memchr(b'\n', &self.text[at..high]).map_or(high, |i| at + i);
        let end = if end > start && self.text[end - 1] == b'\r' {
            end - 1
        } else {
            end
        };
        Span::new(start, end.max(start))
    }
}

/// A span in the coordinates of a line. What sticks out of it on either side is kept one byte
/// long beyond the line, so that a cut secret is masked whole.
fn inside(span: Span, line: Span) -> Span {
    let start = span.start.saturating_sub(line.start);
    Span::new(start, (span.end - line.start).max(start))
}

/// Cuts a masked line to a window around what is underlined.
fn cut(text: &str, underline: (usize, usize), number: u64) -> FrameLine {
    let length = text.chars().count();
    let indent = text
        .chars()
        .take_while(|c| c.is_whitespace())
        .count()
        .min(underline.0);
    let from = if underline.1.saturating_sub(indent) <= WIDTH {
        indent.saturating_sub(4)
    } else {
        underline.0.saturating_sub(40)
    };
    let to = length.min(from + WIDTH);
    let mut out = String::new();
    let mut shift = 0;
    if from > indent {
        out.push('\u{2026}');
        shift = 1;
    }
    out.extend(
        text.chars()
            .skip(from)
            .take(to - from)
            .map(|c| if c == '\t' { ' ' } else { c }),
    );
    if to < length {
        out.push('\u{2026}');
    }
    let place = |at: usize| at.clamp(from, to) - from + shift;
    FrameLine {
        line: number,
        text: out,
        underline: (place(underline.0), place(underline.1)),
    }
}
