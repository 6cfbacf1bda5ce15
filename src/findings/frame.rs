//! Frames: the lines of source around a secret, every candidate on them masked.

use super::FrameLine;
use super::cover::{Cover, Stretch};
use super::mask::mask_line;
use crate::base::{Span, limits};
use crate::detect::Judged;
use crate::detect::patterns::Pattern;

/// The widest frame line, in code points.
const WIDTH: usize = 120;

/// Masks the lines of one chunk.
#[derive(Clone, Copy)]
pub(super) struct Frames<'a> {
    pub(super) text: &'a [u8],
    /// Everything that must not be shown.
    pub(super) cover: &'a Cover,
}

impl Frames<'_> {
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
        let spans: Vec<(Span, Option<&Pattern>)> = self
            .cover
            .on(bounds)
            .iter()
            .map(|s| inside(*s, bounds))
            .collect();
        let start = main.start - bounds.start;
        let at = spans
            .iter()
            .position(|(s, _)| s.start <= start && start < s.end.max(s.start + 1));
        let (text, places) = mask_line(bounds.of(self.text), &spans);
        let underline = at.map_or((0, 0), |i| places[i]);
        cut(&text, underline, number)
    }

    /// The line that holds byte `at`, within the bound on each side.
    fn bounds(&self, at: usize) -> Span {
        let low = at.saturating_sub(limits::FRAME_BYTES);
        let start = memchr::memrchr(b'\n', &self.text[low..at]).map_or(low, |i| low + i + 1);
        let high = self.text.len().min(at + limits::FRAME_BYTES);
        let end = memchr::memchr(b'\n', &self.text[at..high]).map_or(high, |i| at + i);
        let end = if end > start && self.text[end - 1] == b'\r' {
            end - 1
        } else {
            end
        };
        Span::new(start, end.max(start))
    }
}

/// A stretch in the coordinates of a line. What sticks out of it on either side is masked whole.
fn inside(stretch: Stretch, line: Span) -> (Span, Option<&'static Pattern>) {
    let start = stretch.span.start.max(line.start) - line.start;
    let end = stretch.span.end.min(line.end) - line.start;
    let whole = line.contains(stretch.span);
    (
        Span::new(start, end.max(start)),
        stretch.pattern.filter(|_| whole),
    )
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
