//! Comments that allow a secret: `straykey:allow`, and the tokens of other tools.
//!
//! A token counts on the lines of the match. `straykey:allow` and a few others also count on a
//! line of their own before it. A line is looked through for at most 4 KiB on each side, alike in
//! every mode, so that the answer does not depend on how the text was cut.

use crate::base::{Span, limits};
use crate::detect::InlineAllow;

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

/// The comment that allows a match of pattern `id`, if there is one.
pub(super) fn beside(text: &[u8], span: Span, id: &str) -> Option<InlineAllow> {
    let lines = lines_of(text, span);
    // The secret itself cannot allow itself.
    for piece in [
        Span::new(lines.start, span.start),
        Span::new(span.end, lines.end),
    ] {
        if let Some(found) = read(piece.of(text), SAME_LINE, id) {
            let after_only = found.token == "trufflehog:ignore";
            if !after_only || piece.start == span.end {
                return Some(found);
            }
        }
    }
    let end = lines.start.checked_sub(1).filter(|i| text[*i] == b'\n')?;
    let before = lines_of(text, Span::new(end, end));
    let comment = before.of(text).trim_ascii_start();
    let own_line = [
        b"#".as_slice(),
        b"//",
        b"/*",
        b"--",
        b";",
        b"<!--",
        b"%",
        b"'",
        b"*",
    ]
    .iter()
    .any(|mark| comment.starts_with(mark));
    own_line.then(|| read(comment, LINE_BEFORE, id)).flatten()
}

/// The lines that a span touches, without the last line break, at most 4 KiB beyond it.
fn lines_of(text: &[u8], span: Span) -> Span {
    let low = span.start.saturating_sub(limits::LINE_BYTES);
    let start = text[low..span.start]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(low, |i| low + i + 1);
    let high = text.len().min(span.end + limits::LINE_BYTES);
    let end = text[span.end..high]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(high, |i| span.end + i);
    Span::new(start, end)
}

fn read(piece: &[u8], tokens: &[&'static str], id: &str) -> Option<InlineAllow> {
    for token in tokens {
        let Some(at) = piece
            .windows(token.len())
            .position(|w| w == token.as_bytes())
        else {
            continue;
        };
        if *token != "straykey:allow" {
            return Some(InlineAllow {
                token,
                reason: None,
                until: None,
            });
        }
        let rest = String::from_utf8_lossy(&piece[at + token.len()..]);
        if let Some(allow) = own(token, &rest, id) {
            return Some(allow);
        }
    }
    None
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
        beside(text.as_bytes(), Span::new(start, start + 6), "a.b")
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
}
