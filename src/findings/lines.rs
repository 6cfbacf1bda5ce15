//! Lines and columns, counted only where something was found.

use crate::base::Position;
use crate::sources::Chunk;

/// How far the lines of a content have been counted: to the begin of the next chunk's core.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines {
    /// Line breaks before the core.
    breaks: u64,
    /// Code points between the last line break and the core.
    column: u64,
}

impl Lines {
    /// The place of byte `at` of the chunk's text.
    pub(super) fn position(&self, chunk: &Chunk<'_>, at: usize) -> Position {
        let (text, core) = (chunk.text, chunk.core_start);
        let line = if at >= core {
            self.breaks + breaks(&text[core..at])
        } else {
            self.breaks.saturating_sub(breaks(&text[at..core]))
        };
        let column = match memchr::memrchr(b'\n', &text[..at]) {
            Some(i) => points(&text[i + 1..at]),
            None if chunk.first => points(&text[..at]),
            None if at >= core => self.column + points(&text[core..at]),
            None => self.column.saturating_sub(points(&text[at..core])),
        };
        Position {
            line: line + 1,
            column: column + 1,
        }
    }

    /// Counts on, over the chunk's core.
    pub(super) fn advance(&mut self, chunk: &Chunk<'_>) {
        let core = &chunk.text[chunk.core()];
        self.breaks += breaks(core);
        self.column = match memchr::memrchr(b'\n', core) {
            Some(i) => points(&core[i + 1..]),
            None => self.column + points(core),
        };
    }
}

fn breaks(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Code points: bytes that do not continue a UTF-8 sequence.
fn points(text: &[u8]) -> u64 {
    text.iter().filter(|b| (**b as i8) >= -64).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::ContentKind;

    #[test]
    fn places_do_not_depend_on_the_cut() {
        let text = "eins\nzw\u{f6}lf\n\ndrei \u{1f511}x\nende".as_bytes();
        let whole = Chunk::whole(text, ContentKind::Text);
        let want: Vec<Position> = (0..=text.len())
            .map(|at| Lines::default().position(&whole, at))
            .collect();
        assert_eq!(want[5 + 4], Position { line: 2, column: 4 });
        for cut in 1..text.len() {
            for context in [0, 3, 40] {
                let first = Chunk {
                    core_end: cut,
                    last: false,
                    ..whole
                };
                let from = cut.saturating_sub(context);
                let second = Chunk {
                    text: &text[from..],
                    core_start: cut - from,
                    core_end: text.len() - from,
                    offset: from as u64,
                    first: from == 0,
                    ..whole
                };
                let mut lines = Lines::default();
                lines.advance(&first);
                for (at, want) in want.iter().enumerate().skip(cut) {
                    assert_eq!(lines.position(&second, at - from), *want, "{cut} {at}");
                }
            }
        }
    }
}
