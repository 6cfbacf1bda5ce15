//! Whether a pattern marks a span: a pure function of the pattern and of a bounded window.

use super::bytes::ByteSet;
use super::keyword::{keyword_at, keyword_places};
use super::{Found, GATE_BYTES, Gate, Lane, Pattern, RUN, Steps, is_token};
use crate::base::Span;

/// How far behind the match a keyword may stand, in bytes.
pub const NEAR_AFTER: usize = 24;

/// What is added to the distance of a keyword behind a match: more than any before it.
const BEHIND: usize = 1 << 10;

/// How many lines up a keyword may stand.
const NEAR_LINES: usize = 3;

impl Pattern {
    /// The mark that begins at `start`: its left edge, its shape with the right edge, and a
    /// keyword near if it needs one.
    #[inline]
    pub fn mark_at(&self, text: &[u8], start: usize, steps: &mut Steps) -> Option<Found> {
        if !self.program.first.has(text[start]) || !self.left_edge(text, start) {
            return None;
        }
        let found = self.program.at(text, start, steps)?;
        if !self.passes_gate(text, found) {
            return None;
        }
        (self.near.is_empty() || self.keyword_near(text, found)).then_some(found)
    }

    /// Whether a match may begin at `start`: after a byte that cannot belong to it, after an
    /// escape sequence, or at the text's start.
    #[inline]
    pub fn left_edge(&self, text: &[u8], start: usize) -> bool {
        let Some(left) = &self.left else { return true };
        let Some(before) = start.checked_sub(1).map(|i| text[i]) else {
            return true;
        };
        !left.has(before) || ends_escape(&text[..start])
    }

    /// Whether a match begins behind no letter or digit but those of an escape.
    pub fn is_edged(&self) -> bool {
        self.left.is_some_and(|left| ByteSet::ALNUM.within(left))
    }

    /// Whether a match looks random enough for its lane's gate: where its run of token bytes may
    /// begin, one begins that has 16 letters and digits in a row or as many changes of kind as the
    /// gate asks for. The share of random secrets that this loses was computed when the pattern was
    /// compiled, and is below one in 10,000.
    pub fn passes_gate(&self, text: &[u8], found: Found) -> bool {
        let (Lane::Prefix {
            lo,
            hi,
            gate: Gate::Changes(changes),
            least,
            ..
        }
        | Lane::Lead {
            lo,
            hi,
            gate: Gate::Changes(changes),
            least,
            ..
        }
        | Lane::Run {
            lo,
            hi,
            gate: Gate::Changes(changes),
            least,
            ..
        }) = self.lane
        else {
            return true;
        };
        let body = &text[found.span.start..found.span.end];
        let last = usize::from(hi).min(body.len());
        (usize::from(lo)..=last).any(|at| {
            // A prefix stands at one place; all else where a run begins.
            let may = lo == hi || at == 0 || !is_token(body[at - 1]);
            may && looks_random(&body[at..], usize::from(least), changes)
        })
    }

    /// Whether one of the pattern's keywords stands before the match, within its bound and three
    /// lines, or right behind it on the same line.
    pub fn keyword_near(&self, text: &[u8], found: Found) -> bool {
        self.any_near(text, found.span, |_| true)
    }

    /// Whether the provider itself is named near: by a keyword that begins as its id does.
    pub fn provider_near(&self, text: &[u8], span: Span) -> bool {
        self.naming_keywords().next().is_some() && self.any_near(text, span, |k| self.is_named(k))
    }

    /// Its keywords that name the provider itself: that begin as its id does.
    pub fn naming_keywords(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.near.iter().copied().filter(|k| self.is_named(k))
    }

    fn is_named(&self, keyword: &str) -> bool {
        let mut letters = keyword.bytes().filter(u8::is_ascii_alphanumeric);
        let id = self.provider.bytes().filter(u8::is_ascii_alphanumeric);
        id.take(4).all(|letter| letters.next() == Some(letter))
    }

    /// Whether one of the keywords that are `asked` stands near.
    fn any_near(&self, text: &[u8], span: Span, asked: impl Fn(&'static str) -> bool) -> bool {
        let (from, to) = self.keyword_window(text, span);
        let stands = |from: usize, to: usize| {
            self.near.iter().filter(|k| asked(k)).any(|keyword| {
                let keyword = keyword.as_bytes();
                keyword_places(&text[from..to], keyword)
                    .any(|at| keyword_at(text, from + at, keyword).is_some_and(|end| end <= to))
            })
        };
        stands(from, span.start) || stands(span.end, to)
    }

    /// How far the nearest of the pattern's keywords ends before the match, in bytes; one that
    /// stands behind it is farther than all before. 0 without keywords.
    pub fn keyword_distance(&self, text: &[u8], span: Span) -> usize {
        let (from, to) = self.keyword_window(text, span);
        let ends = |from: usize, to: usize| {
            let all = (from..to).flat_map(move |at| self.near.iter().map(move |k| (at, k)));
            all.filter_map(move |(at, k)| keyword_at(text, at, k.as_bytes()))
                .filter(move |end| *end <= to)
        };
        if self.near.is_empty() {
            return 0;
        }
        let before = ends(from, span.start).map(|end| span.start - end).min();
        let behind = || ends(span.end, to).map(|end| end - span.end + BEHIND).min();
        before.or_else(behind).unwrap_or(usize::MAX)
    }

    /// Where a keyword may begin before a match, and where one behind it must end.
    fn keyword_window(&self, text: &[u8], span: Span) -> (usize, usize) {
        let from = span.start.saturating_sub(usize::from(self.near_bytes));
        let before = &text[from..span.start];
        let from = before
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, b)| **b == b'\n')
            .nth(NEAR_LINES - 1)
            .map_or(from, |(i, _)| from + i + 1);
        let to = text.len().min(span.end + NEAR_AFTER);
        let behind = &text[span.end..to];
        let to = behind
            .iter()
            .position(|b| *b == b'\n')
            .map_or(to, |i| span.end + i);
        (from, to)
    }
}

/// Whether the run of token bytes that `text` begins with has at least `least` of them, and in its
/// first [`GATE_BYTES`] 16 letters and digits in a row or so many changes of kind.
fn looks_random(text: &[u8], least: usize, changes: u8) -> bool {
    let run = text.iter().take(GATE_BYTES).take_while(|b| is_token(**b));
    let (mut length, mut row, mut seen, mut last) = (0, 0, 0, 0);
    let mut random = false;
    for byte in run {
        let kind = match byte {
            b'0'..=b'9' => 1,
            b'a'..=b'z' => 2,
            b'A'..=b'Z' => 3,
            _ => 0,
        };
        length += 1;
        row = if kind == 0 { 0 } else { row + 1 };
        seen += u8::from(kind != 0 && last != 0 && kind != last);
        last = kind;
        random |= row == RUN || seen == changes;
        if random && length >= least {
            return true;
        }
    }
    false
}

/// Whether `text` ends in an escape sequence, so that what follows begins anew although a letter
/// or digit stands before it.
fn ends_escape(text: &[u8]) -> bool {
    let hex = |n: usize| text.len() > n && text[text.len() - n..].iter().all(u8::is_ascii_hexdigit);
    let back = |n: usize| text.len().checked_sub(n).map(|i| text[i]);
    matches!(back(1), Some(b'n' | b'r' | b't')) && back(2) == Some(b'\\')
        || hex(2) && (back(3) == Some(b'%') || back(3) == Some(b'x') && back(4) == Some(b'\\'))
        || hex(4) && back(5) == Some(b'u') && back(6) == Some(b'\\')
}

#[cfg(test)]
mod tests {
    use super::ends_escape;

    #[test]
    fn escapes_are_edges() {
        for text in ["\\n", "x\\t", "%3D", "=%22", "\\x3d", "\\u003d"] {
            assert!(ends_escape(text.as_bytes()), "{text}");
        }
        for text in ["n", "xn", "3D", "%3", "x3d", "u003d", "%zz", ""] {
            assert!(!ends_escape(text.as_bytes()), "{text}");
        }
    }
}
