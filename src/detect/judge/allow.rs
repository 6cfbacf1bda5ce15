//! Comments that allow a secret: `straykey:allow`, and the tokens of other tools.
//!
//! A token counts on the lines of the match. `straykey:allow` and a few others also count on a
//! line of their own before it. A line is looked through for at most 4 KiB on each side, alike in
//! every mode, so that the answer does not depend on how the text was cut.
//!
//! The tokens near all matches of a text are found once, and each match asks for those on its
//! lines.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use crate::base::{Span, limits};
use crate::detect::{InlineAllow, Judged};

/// Tokens that count on the match's own lines; each is read as its tool reads it.
const SAME_LINE: &[&str] = &[
    "straykey:allow",
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "pragma: allowlist secret",
    "pragma: whitelist secret",
    "pragma:allowlist secret",
    "kingfisher:ignore",
    "ggignore",
    "secretlint-disable-line",
];

/// Tokens that count on the line before.
const LINE_BEFORE: &[&str] = &[
    "straykey:allow",
    "pragma: allowlist nextline secret",
    "kingfisher:ignore",
    "secretlint-disable-next-line",
];

/// What opens a comment that has a line of its own.
const OPENERS: &[&[u8]] = &[b"#", b"//", b"/*", b"--", b";", b"<!--", b"%", b"'", b"*"];

/// The longest reason that is told, in bytes.
const REASON: usize = 240;

/// All tokens, each once.
static TOKENS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut all = [SAME_LINE, LINE_BEFORE].concat();
    all.sort_unstable();
    all.dedup();
    all
});

static SEARCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(TOKENS.iter())
        .expect("a dozen short literals compile")
});

/// The tokens near the matches of one text.
pub(super) struct Comments<'a> {
    text: &'a [u8],
    /// Where each of [`TOKENS`] stands, in order.
    places: Vec<Vec<usize>>,
    /// Candidates that no reason may show, as begin and the farthest end so far; in order.
    hidden: Vec<Span>,
    /// The same, each as it stands.
    secrets: Vec<Span>,
}

impl<'a> Comments<'a> {
    /// Finds the tokens that may stand beside `spans`; none if there is none.
    pub(super) fn find(text: &'a [u8], spans: impl Iterator<Item = Span>) -> Option<Self> {
        let mut windows: Vec<Span> = spans
            .map(|s| {
                // The match's lines, and the one before.
                let low = s.start.saturating_sub(2 * limits::LINE_BYTES + 1);
                Span::new(low, text.len().min(s.end + limits::LINE_BYTES))
            })
            .collect();
        windows.sort_unstable();
        let mut places = vec![Vec::new(); TOKENS.len()];
        let (mut done, mut some) = (0, false);
        for window in windows {
            // No token begins with another one, so that one at most begins at each place.
            let mut at = window.start.max(done);
            while at < window.end
                && let Some(hit) = SEARCHER.find(Input::new(text).span(at..window.end))
            {
                places[hit.pattern().as_usize()].push(hit.start());
                at = hit.start() + 1;
                some = true;
            }
            // A token may be cut by the window's end.
            done = done.max(at).max(window.end.saturating_sub(LONGEST));
        }
        some.then_some(Self {
            text,
            places,
            hidden: Vec::new(),
            secrets: Vec::new(),
        })
    }

    /// Keeps candidates out of the reasons that are told.
    pub(super) fn without(mut self, judged: &[Judged]) -> Self {
        self.hidden = judged
            .iter()
            .filter(|j| !j.is_harmless())
            .flat_map(|j| std::iter::once(j.secret).chain(j.parts.iter().map(|p| p.span)))
            .collect();
        self.hidden.sort_unstable();
        self.secrets.clone_from(&self.hidden);
        let mut end = 0;
        for span in &mut self.hidden {
            end = end.max(span.end);
            span.end = end;
        }
        self
    }

    /// The comment that allows a match of pattern `id`, if there is one.
    pub(super) fn beside(&self, span: Span, secret: Span, id: &str) -> Option<InlineAllow> {
        let lines = lines_of(self.text, span);
        // The secret itself cannot allow itself.
        for piece in [
            Span::new(lines.start, span.start),
            Span::new(span.end, lines.end),
        ] {
            if let Some(found) = self.read(piece, SAME_LINE, secret, id) {
                let after_only = found.token == "trufflehog:ignore";
                if !after_only || piece.start == span.end {
                    return Some(found);
                }
            }
        }
        let end = lines.start.checked_sub(1);
        let end = end.filter(|i| self.text[*i] == b'\n')?;
        let before = lines_of(self.text, Span::new(end, end));
        let comment = before.of(self.text).trim_ascii_start();
        if !OPENERS.iter().any(|mark| comment.starts_with(mark)) {
            return None;
        }
        let start = before.end - comment.len();
        self.read(Span::new(start, before.end), LINE_BEFORE, secret, id)
    }

    fn read(
        &self,
        piece: Span,
        tokens: &[&'static str],
        secret: Span,
        id: &str,
    ) -> Option<InlineAllow> {
        for token in tokens {
            let Some(at) = self.first(token, piece) else {
                continue;
            };
            let rest = self.rest(Span::new(at + token.len(), piece.end), secret);
            let rest = String::from_utf8_lossy(rest);
            if *token != "straykey:allow" {
                return Some(InlineAllow {
                    token,
                    reason: foreign(&rest),
                    until: None,
                });
            }
            if let Some(allow) = own(token, &rest, id) {
                return Some(allow);
            }
        }
        None
    }

    /// The first place of a token in a piece.
    fn first(&self, token: &str, piece: Span) -> Option<usize> {
        let number = TOKENS.binary_search(&token).ok()?;
        let places = &self.places[number];
        let at = *places.get(places.partition_point(|p| *p < piece.start))?;
        (at + token.len() <= piece.end).then_some(at)
    }

    /// What our own token may tell: up to the end of its comment, and to the first candidate.
    fn rest(&self, piece: Span, secret: Span) -> &'a [u8] {
        let mut end = piece.end.min(piece.start + REASON);
        let next = self.hidden.partition_point(|h| h.end <= piece.start);
        if let Some(hidden) = self.hidden.get(next) {
            end = end.min(hidden.start.max(piece.start));
        }
        let rest = &self.text[piece.start..end];
        let closes = [b"*/".as_slice(), b"-->", b"#}"];
        // Whatever is secret near by may be named in the reason once more.
        let low = secret
            .start
            .min(piece.start)
            .saturating_sub(limits::LINE_BYTES);
        let high = secret.end.max(piece.end) + limits::LINE_BYTES;
        let from = self.secrets.partition_point(|s| s.start < low);
        let to = self.secrets.partition_point(|s| s.start < high);
        let near = self.secrets[from..to.max(from)].iter().chain([&secret]);
        let ends = near.map(|s| s.of(self.text)).filter(|s| s.len() >= 4);
        let ends = closes.iter().copied().chain(ends);
        let end = ends.filter_map(|e| memchr::memmem::find(rest, e)).min();
        &rest[..end.unwrap_or(rest.len())]
    }
}

/// The longest token, in bytes.
const LONGEST: usize = 40;

/// The lines that a span touches, without the last line break, at most 4 KiB beyond it.
fn lines_of(text: &[u8], span: Span) -> Span {
    let low = span.start.saturating_sub(limits::LINE_BYTES);
    let start = memchr::memrchr(b'\n', &text[low..span.start]).map_or(low, |i| low + i + 1);
    let high = text.len().min(span.end + limits::LINE_BYTES);
    let end = memchr::memchr(b'\n', &text[span.end..high]).map_or(high, |i| span.end + i);
    Span::new(start, end)
}

/// The reason that stands behind another tool's token, if it has a word at least.
fn foreign(rest: &str) -> Option<String> {
    let edge = |c: char| !c.is_alphanumeric();
    let reason = rest.trim_matches(edge);
    let mut words = reason.split(edge);
    // A quote, a comma or a bracket is no reason.
    words
        .any(|w| w.chars().filter(|c| c.is_alphabetic()).count() >= 3)
        .then(|| reason.to_owned())
}

/// Reads what stands behind our own token: `[ID] [until=YYYY-MM-DD] [reason]`.
fn own(token: &'static str, rest: &str, id: &str) -> Option<InlineAllow> {
    let mut allow = InlineAllow {
        token,
        reason: None,
        until: None,
    };
    let mut reason = Vec::new();
    for word in rest.split_whitespace() {
        if reason.is_empty() {
            if let Some(day) = word.strip_prefix("until=") {
                allow.until = Some(day.to_owned());
                continue;
            }
            if word.contains('.')
                && word.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'*')
                })
                && !word.ends_with('.')
            {
                if word != id && word.strip_suffix("*").is_none_or(|p| !id.starts_with(p)) {
                    return None;
                }
                continue;
            }
        }
        reason.push(word);
    }
    let closing = ["*/", "-->", "--", "#}"];
    while reason.last().is_some_and(|w| closing.contains(w)) {
        reason.pop();
    }
    while reason
        .first()
        .is_some_and(|w| matches!(*w, "--" | "-" | ":"))
    {
        reason.remove(0);
    }
    allow.reason = (!reason.is_empty()).then(|| reason.join(" "));
    Some(allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<InlineAllow> {
        let start = text.find("SECRET").unwrap();
        let span = Span::new(start, start + 6);
        Comments::find(text.as_bytes(), std::iter::once(span))?.beside(span, span, "a.b")
    }

    #[test]
    fn our_own_comment() {
        let allow = told("k = SECRET # straykey:allow a.b until=2027-01-31 a test key").unwrap();
        assert_eq!(allow.until.as_deref(), Some("2027-01-31"));
        assert_eq!(allow.reason.as_deref(), Some("a test key"));
        assert!(told("k = SECRET // straykey:allow").is_some());
        assert!(told("# straykey:allow a.* fixture\nk = SECRET").is_some());
        assert!(
            told("/* straykey:allow fixture */ k = SECRET")
                .unwrap()
                .reason
                .is_some()
        );
    }

    #[test]
    fn what_does_not_allow() {
        assert!(told("k = SECRET # straykey:allow c.d other").is_none());
        assert!(told("# straykey:allow\n\nk = SECRET").is_none());
        assert!(told("x = 1 # straykey:allow\nk = SECRET").is_none());
        assert!(told("# trufflehog:ignore k = SECRET").is_none());
        assert!(told(&format!("# straykey:allow{}SECRET", " ".repeat(5000))).is_none());
    }

    #[test]
    fn tokens_of_other_tools() {
        for comment in [
            "# pragma: allowlist secret",
            "// trufflehog:ignore",
            "# gitleaks:allow",
            "# ggignore",
            "// secretlint-disable-line",
        ] {
            assert!(
                told(&format!("k = SECRET {comment}")).is_some(),
                "{comment}"
            );
        }
        assert!(told("# pragma: allowlist nextline secret\nk = SECRET").is_some());
    }

    #[test]
    fn a_reason_ends_where_its_comment_does_or_something_secret_begins() {
        let reason = |text: &str| told(text).unwrap().reason;
        assert_eq!(
            reason("/* straykey:allow a.b fixture */ k = SECRET").as_deref(),
            Some("fixture")
        );
        assert_eq!(
            reason("k = SECRET # straykey:allow that SECRET is old").as_deref(),
            Some("that")
        );
        let long = format!("k = SECRET # straykey:allow {}", "reason ".repeat(200));
        assert!(reason(&long).is_some_and(|r| r.len() <= REASON));

        let text = b"k = SECRET # straykey:allow like OTHER one";
        let (span, other) = (Span::new(4, 10), Span::new(33, 38));
        let mut comments = Comments::find(text, std::iter::once(span)).unwrap();
        comments.hidden = vec![span, other];
        let told = comments.beside(span, span, "a.b").unwrap();
        assert_eq!(told.reason.as_deref(), Some("like"));
        comments.hidden = vec![span, Span::new(20, 38)];
        let told = comments.beside(span, span, "a.b").unwrap();
        assert_eq!(told.reason, None);
    }

    #[test]
    fn the_tokens_are_as_the_search_needs_them() {
        for a in TOKENS.iter() {
            assert!(a.len() <= LONGEST);
            let begun = TOKENS.iter().filter(|b| b.starts_with(*a)).count();
            assert_eq!(begun, 1, "another token begins with {a}");
        }
    }

    /// Every token at every place around a match, found once for many matches as for each alone.
    #[test]
    fn many_matches_are_told_what_each_is_told_alone() {
        use crate::detect::patterns::Sampler;
        let mut s = Sampler::new(3);
        for _ in 0..60 {
            let (mut text, mut spans) = (Vec::new(), Vec::new());
            for _ in 0..40 {
                match s.below(6) {
                    0 => text.extend(TOKENS[s.below(TOKENS.len())].bytes()),
                    1 => text.extend(b"\n# "),
                    2 => text.extend(vec![b' '; s.below(5000)]),
                    3 => text.extend(b" a.* until=2027-01-31 why "),
                    _ => {
                        spans.push(Span::new(text.len(), text.len() + 6));
                        text.extend(b"SECRET\n".iter().take(6 + s.below(2)));
                    }
                }
            }
            let all = Comments::find(&text, spans.iter().copied());
            for span in spans {
                let together = all.as_ref().and_then(|c| c.beside(span, span, "a.b"));
                let plain = plainly(&text, span);
                assert_eq!(together.map(|a| a.token), plain);
            }
        }
    }

    /// The token that allows a match, by a search of its own lines alone.
    fn plainly(text: &[u8], span: Span) -> Option<&'static str> {
        let read = |piece: &[u8], tokens: &[&'static str]| {
            tokens.iter().copied().find(|token| {
                piece
                    .windows(token.len())
                    .position(|w| w == token.as_bytes())
                    .is_some_and(|at| {
                        let rest = &piece[at + token.len()..];
                        *token != "straykey:allow"
                            || own(token, &String::from_utf8_lossy(rest), "a.b").is_some()
                    })
            })
        };
        let lines = lines_of(text, span);
        let before = read(&text[lines.start..span.start], SAME_LINE);
        if before.is_some_and(|t| t != "trufflehog:ignore") {
            return before;
        }
        if let Some(token) = read(&text[span.end..lines.end], SAME_LINE) {
            return Some(token);
        }
        let end = lines.start.checked_sub(1).filter(|i| text[*i] == b'\n')?;
        let comment = lines_of(text, Span::new(end, end))
            .of(text)
            .trim_ascii_start();
        OPENERS
            .iter()
            .any(|mark| comment.starts_with(mark))
            .then(|| read(comment, LINE_BEFORE))
            .flatten()
    }
}
