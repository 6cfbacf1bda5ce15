//! Lines and columns, counted only where something was found.
//!
//! A chunk is counted once, in blocks; every place is then told from the block it is in, so that
//! a hundred thousand places cost no more than one pass over the chunk.
//!
//! Columns behind a weak secret go on as if it were as wide as its mask: where the next thing on
//! its line stands would tell its length otherwise.

use std::cell::OnceCell;

use super::mask::WEAK_MASK;
use crate::base::{Position, Span};
use crate::sources::Chunk;

/// Bytes counted in one piece.
const BLOCK: usize = 512;

/// How far the lines of a content have been counted: to the begin of the next chunk's core.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    /// Line breaks before the core.
    breaks: u64,
    /// Code points between the last line break and the core.
    column: u64,
    /// What stands before each block of the chunk at hand, once somebody asks.
    blocks: OnceCell<Vec<Local>>,
    /// Weak secrets of the chunk at hand.
    narrowed: Vec<Narrowed>,
}

/// A place, counted from the begin of the chunk's text.
#[derive(Clone, Copy, Debug, Default)]
struct Local {
    /// Line breaks before it.
    breaks: u64,
    /// Where its line begins: behind a line break, or where the text does.
    line: usize,
    /// Code points from there on.
    column: u64,
}

#[derive(Clone, Copy, Debug)]
struct Narrowed {
    span: Span,
    /// What is to be added to columns behind this one and all before it.
    total: i64,
}

impl Lines {
    /// Tells the weak secrets of the chunk at hand: sorted, disjoint, each within one line.
    pub(super) fn narrow(&mut self, text: &[u8], weak: impl Iterator<Item = Span>) {
        self.narrowed.clear();
        let mut total = 0;
        self.narrowed.extend(weak.map(|span| {
            total += WEAK_MASK.len().cast_signed() as i64 - points(span.of(text)).cast_signed();
            Narrowed { span, total }
        }));
    }

    /// The place of byte `at` of the chunk's text.
    pub(super) fn position(&self, chunk: &Chunk<'_>, at: usize) -> Position {
        let core = self.local(chunk.text, chunk.core_start);
        let here = self.local(chunk.text, at);
        let line = (self.breaks + here.breaks).saturating_sub(core.breaks);
        let column = if here.breaks > 0 || chunk.first {
            here.column
        } else if core.breaks == 0 {
            (self.column + here.column).saturating_sub(core.column)
        } else {
            // The line begins before the text and ends before the core.
            self.column
                .saturating_sub(points(&chunk.text[at..chunk.core_start]))
        };
        Position {
            line: line + 1,
            column: column + 1,
        }
    }

    /// Counts on, over the chunk's core.
    pub(super) fn advance(&mut self, chunk: &Chunk<'_>) {
        if self.narrowed.is_empty() {
            let core = &chunk.text[chunk.core()];
            self.breaks += breaks(core);
            self.column = match memchr::memrchr(b'\n', core) {
                Some(i) => points(&core[i + 1..]),
                None => self.column + points(core),
            };
        } else {
            let end = self.position(chunk, chunk.core_end);
            (self.breaks, self.column) = (end.line - 1, end.column - 1);
            self.narrowed.clear();
        }
        self.blocks.take();
    }

    /// Where `at` is in the text, weak secrets before it as wide as their mask.
    fn local(&self, text: &[u8], at: usize) -> Local {
        // Inside of a weak secret every place is where it begins.
        let behind = self.narrowed.partition_point(|n| n.span.end <= at);
        let at = match self.narrowed.get(behind) {
            Some(n) if n.span.start < at => n.span.start,
            _ => at,
        };
        let blocks = self.blocks.get_or_init(|| blocks(text));
        let mut here = counted(text, blocks[at / BLOCK], at / BLOCK * BLOCK, at);
        let total = |upto: usize| upto.checked_sub(1).map_or(0, |i| self.narrowed[i].total);
        let before = self.narrowed.partition_point(|n| n.span.start < here.line);
        here.column = here
            .column
            .saturating_add_signed(total(behind) - total(before.min(behind)));
        here
    }
}

/// What stands before each block of a text, and before its end if that begins a block.
fn blocks(text: &[u8]) -> Vec<Local> {
    let mut out = Vec::with_capacity(text.len() / BLOCK + 1);
    let mut here = Local::default();
    out.push(here);
    for start in (0..text.len() / BLOCK * BLOCK).step_by(BLOCK) {
        here = counted(text, here, start, start + BLOCK);
        out.push(here);
    }
    out
}

/// Counts on from `from`, which is `here`, to `to`.
fn counted(text: &[u8], here: Local, from: usize, to: usize) -> Local {
    let piece = &text[from..to];
    match memchr::memrchr(b'\n', piece) {
        Some(i) => Local {
            breaks: here.breaks + breaks(piece),
            line: from + i + 1,
            column: points(&piece[i + 1..]),
        },
        None => Local {
            column: here.column + points(piece),
            ..here
        },
    }
}

fn breaks(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Code points: bytes that do not continue a UTF-8 sequence.
fn points(text: &[u8]) -> u64 {
    text.iter().filter(|b| b.cast_signed() >= -64).count() as u64
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

    /// A plain count from the begin, for texts of more than one block.
    #[test]
    fn blocks_tell_what_a_plain_count_tells() {
        let mut text = Vec::new();
        for i in 0..700usize {
            text.extend("x\u{e9}\u{1f511}".repeat(i % 7).bytes());
            // Lines of up to three blocks, and some that end where a block does.
            if i % 90 == 0 || text.len() % BLOCK == 0 {
                text.push(b'\n');
            }
        }
        assert!(text.len() > 8 * BLOCK);
        let chunk = Chunk::whole(&text, ContentKind::Text);
        let lines = Lines::default();
        let (mut line, mut column) = (1, 1);
        for at in 0..=text.len() {
            assert_eq!(
                lines.position(&chunk, at),
                Position { line, column },
                "{at}"
            );
            match text.get(at) {
                Some(b'\n') => (line, column) = (line + 1, 1),
                Some(0x80..=0xbf) | None => {}
                Some(_) if text.get(at + 1).is_some_and(|b| (0x80..=0xbf).contains(b)) => {
                    column += 1;
                }
                Some(_) => column += 1,
            }
        }
    }

    #[test]
    fn behind_a_weak_secret_columns_tell_nothing_of_its_length() {
        let told = |word: &str| -> Vec<Position> {
            let text = format!("p='{word}', q='{word}' end\nnext");
            let one = 3..3 + word.len();
            let two = one.end + 6..one.end + 6 + word.len();
            let chunk = Chunk::whole(text.as_bytes(), ContentKind::Text);
            let mut lines = Lines::default();
            let spans = [&one, &two].map(|r| Span::new(r.start, r.end));
            lines.narrow(text.as_bytes(), spans.into_iter());
            [
                one.start,
                one.end - 1,
                one.end,
                two.start,
                two.end,
                text.len() - 4,
            ]
            .map(|at| lines.position(&chunk, at))
            .to_vec()
        };
        // p=' takes three columns, the mask eight, and `', q='` six.
        let want = [(1, 4), (1, 4), (1, 12), (1, 18), (1, 26), (2, 1)];
        let want: Vec<Position> = want
            .map(|(line, column)| Position { line, column })
            .to_vec();
        for word in ["ab", "tr0ub4dor", "p\u{e4}sswort-und-mehr-davon"] {
            assert_eq!(told(word), want, "{} bytes", word.len());
        }
    }

    #[test]
    fn narrowed_columns_do_not_depend_on_the_cut() {
        let text = b"ab tr0ub4dor cd hunter2 ef";
        let weak = [Span::new(3, 12), Span::new(16, 23)];
        let whole = Chunk::whole(text, ContentKind::Text);
        let mut plain = Lines::default();
        plain.narrow(text, weak.into_iter());
        for cut in 1..text.len() {
            let first = Chunk {
                core_end: cut,
                last: false,
                ..whole
            };
            let second = Chunk {
                core_start: cut,
                first: false,
                ..whole
            };
            let mut lines = Lines::default();
            lines.narrow(text, weak.into_iter());
            lines.advance(&first);
            lines.narrow(text, weak.into_iter());
            for at in cut..=text.len() {
                assert_eq!(lines.position(&second, at), plain.position(&whole, at));
            }
        }
    }
}
