//! Secrets as they may be shown.

use super::fingerprint::{Strength, strength};
use crate::base::Span;
use crate::detect::patterns::{Class, Pattern};

/// How a weak secret is shown, whatever its length.
pub const WEAK_MASK: &str = "........";

/// The secret as it may be shown: its pattern's prefix, four dots, and its last four characters if
/// 64 bits stay hidden between. Passwords show nothing, not even their length.
pub fn mask(pattern: &Pattern, secret: &[u8]) -> String {
    if strength(pattern, secret) == Strength::Weak || pattern.class == Class::PrivateKey {
        return WEAK_MASK.to_owned();
    }
    let (head, tail) = shown(pattern, secret);
    format!("{head}....{tail}")
}

/// The same, of the secret's own length: for frames, where columns count.
fn mask_in_place(pattern: &Pattern, secret: &[u8]) -> String {
    if strength(pattern, secret) == Strength::Weak || pattern.class == Class::PrivateKey {
        return WEAK_MASK.to_owned();
    }
    let (head, tail) = shown(pattern, secret);
    let dots = secret.len() - head.len() - tail.len();
    format!("{head}{}{tail}", ".".repeat(dots.min(48)))
}

/// What of a strong secret is shown: head and tail.
fn shown<'a>(pattern: &Pattern, secret: &'a [u8]) -> (&'a str, &'a str) {
    let text = std::str::from_utf8(secret).unwrap_or("");
    // What does not begin with the prefix is not wholly the secret: it shows nothing of its head.
    let head = if text.starts_with(pattern.prefix) {
        &text[..pattern.prefix.len()]
    } else {
        ""
    };
    let body = &text[head.len()..];
    let alphabet: f32 = if body.bytes().all(|b| b.is_ascii_hexdigit()) {
        4.0
    } else {
        5.0
    };
    let hidden = (body.len() as f32 - 4.0) * alphabet;
    let tail_fits = hidden >= 64.0 || pattern.class == Class::Identifier && body.len() >= 12;
    let tail = body.len().saturating_sub(4);
    if tail_fits && body.is_char_boundary(tail) {
        (head, &body[tail..])
    } else {
        (head, "")
    }
}

/// A line with every candidate on it masked. `spans` are candidates in the coordinates of
/// `line`, sorted, disjoint and inside of it; one without a pattern shows nothing, not even its
/// length. Returns the masked text and where each candidate stands in it, in code points.
pub fn mask_line(line: &[u8], spans: &[(Span, Option<&Pattern>)]) -> (String, Vec<(usize, usize)>) {
    let mut out = String::with_capacity(line.len());
    let mut places = Vec::with_capacity(spans.len());
    let mut column = 0;
    let mut push = |told: &str| {
        out.push_str(told);
        column += told.chars().count();
        column
    };
    let mut at = 0;
    for (span, pattern) in spans {
        let from = push(&String::from_utf8_lossy(&line[at..span.start]));
        let to = push(&match pattern {
            Some(pattern) => mask_in_place(pattern, span.of(line)),
            None => WEAK_MASK.to_owned(),
        });
        places.push((from, to));
        at = span.end;
    }
    push(&String::from_utf8_lossy(&line[at..]));
    (out, places)
}
