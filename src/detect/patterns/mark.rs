//! Whether a pattern marks a span: a pure function of the pattern and of a bounded window.

use super::keyword::keyword_at;
use super::{Found, GATE_CHANGES, Gate, Lane, Pattern, Steps, is_token};

/// How far behind the match a keyword may stand, in bytes.
const NEAR_AFTER: usize = 24;

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

    /// Whether a match of the run lane looks random enough for the gate: its first run of token bytes
    /// has [`GATE_CHANGES`] changes of kind. The share of random secrets that this loses was
    /// computed when the pattern was compiled, and is below one in 10,000.
    pub fn passes_gate(&self, text: &[u8], found: Found) -> bool {
        let Lane::Run {
            hi,
            gate: Gate::Changes,
            ..
        } = self.lane
        else {
            return true;
        };
        let body = &text[found.span.start..found.span.end];
        // The run begins so far into the match; where that varies, behind its last other byte.
        let skip = if hi == 0 {
            0
        } else {
            let upto = usize::from(hi).min(body.len());
            body[..upto]
                .iter()
                .rposition(|b| !is_token(*b))
                .map_or(0, |i| i + 1)
        };
        let run = body[skip..].iter().take_while(|b| is_token(**b)).count();
        let kind = |b: u8| match b {
            b'0'..=b'9' => 1,
            b'a'..=b'z' => 2,
            b'A'..=b'Z' => 3,
            _ => 0,
        };
        body[skip..skip + run]
            .windows(2)
            .filter(|w| kind(w[0]) != 0 && kind(w[1]) != 0 && kind(w[0]) != kind(w[1]))
            .count()
            >= GATE_CHANGES
    }

    /// Whether one of the pattern's keywords stands before the match, within its bound and three
    /// lines, or right behind it on the same line.
    pub fn keyword_near(&self, text: &[u8], found: Found) -> bool {
        let from = found
            .span
            .start
            .saturating_sub(usize::from(self.near_bytes));
        let before = &text[from..found.span.start];
        let from = before
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, b)| **b == b'\n')
            .nth(NEAR_LINES - 1)
            .map_or(from, |(i, _)| from + i + 1);
        let to = text.len().min(found.span.end + NEAR_AFTER);
        let behind = &text[found.span.end..to];
        let to = behind
            .iter()
            .position(|b| *b == b'\n')
            .map_or(to, |i| found.span.end + i);
        let stands = |from: usize, to: usize| {
            (from..to).any(|at| {
                self.near.iter().any(|k| {
                    text[at].eq_ignore_ascii_case(&k.as_bytes()[0])
                        && keyword_at(text, at, k.as_bytes()).is_some_and(|end| end <= to)
                })
            })
        };
        stands(from, found.span.start) || stands(found.span.end, to)
    }
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
