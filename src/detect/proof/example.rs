//! Examples of a pattern, drawn from its shape, and an account of its shape that shares no code
//! with the engine.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

use crate::base::Span;
use crate::detect::entropy;
use crate::detect::judge::filters;
use crate::detect::patterns::{
    Checksum, Class, Draw, Length, Pattern, Sampler, sample_secret, sample_text,
};

/// How often an example is drawn before it is given up.
const TRIES: usize = 40;

/// The least length of what is assigned to a name.
const NAMED: usize = 24;

/// A drawn match.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// The whole match, and what must follow it.
    pub(super) whole: Vec<u8>,
    /// The secret, in it.
    pub(super) secret: Span,
    /// Lines that hold what belongs to it.
    pub(super) parts: Vec<u8>,
}

impl Example {
    /// The secret's bytes.
    pub(super) fn secret(&self) -> &[u8] {
        self.secret.of(&self.whole)
    }

    /// The same with another match: a twin.
    pub(super) fn with(&self, whole: Vec<u8>) -> Self {
        let end = self.secret.end.min(whole.len());
        Self {
            secret: Span::new(self.secret.start.min(end), end),
            whole,
            parts: self.parts.clone(),
        }
    }
}

/// The shape as the `regex` crate reads it.
pub(super) struct Oracle {
    whole: Regex,
    edged: Regex,
}

impl Oracle {
    /// Compiles the expressions of a pattern; `None` if they are too large for that.
    pub(super) fn new(pattern: &Pattern) -> Option<Self> {
        let [before, secret, after] = pattern.expression;
        let mut right = String::new();
        for byte in pattern.program.right.iter() {
            let _ = write!(right, "\\x{byte:02x}");
        }
        let right = if right.is_empty() {
            String::new()
        } else {
            format!("(?:[^{right}]|\\z)")
        };
        let build = |text: &str| {
            let mut builder = RegexBuilder::new(text);
            builder
                .unicode(false)
                .dot_matches_new_line(true)
                .size_limit(64 << 20);
            builder.build().ok()
        };
        Some(Self {
            whole: build(&format!("\\A(?:{before})(?:{secret})(?:{after})\\z"))?,
            edged: build(&format!("\\A(?:{before})({secret})(?:{after}){right}"))?,
        })
    }

    /// Whether all of a text is a match.
    pub(super) fn is_whole(&self, text: &[u8]) -> bool {
        self.whole.is_match(text)
    }

    /// Whether a match, with a right checksum, begins anywhere in a text that stands alone.
    pub(super) fn accepts(&self, pattern: &Pattern, text: &[u8]) -> bool {
        (0..text.len()).any(|at| {
            let left = pattern
                .left
                .is_none_or(|left| at == 0 || !left.has(text[at - 1]));
            let groups = left.then(|| self.edged.captures(&text[at..])).flatten();
            let secret = groups.and_then(|g| g.get(1));
            secret.is_some_and(|s| pattern.checksum.holds(s.as_bytes()))
        })
    }
}

/// Whether the pattern's own filters take a drawn secret for a placeholder or for words: a few
/// random ones look so.
pub(super) fn is_unlucky(pattern: &Pattern, secret: &[u8]) -> bool {
    let digits = secret.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = secret.iter().filter(|b| b.is_ascii_alphabetic()).count();
    filters::randomness(pattern, secret).is_err()
        || filters::placeholder(pattern, secret).is_err()
        || is_chosen(pattern) && (digits < 2 || letters < 2)
}

/// Whether people choose such a secret: then letters and digits are drawn, since a random sign
/// means something to some grammar.
fn is_chosen(pattern: &Pattern) -> bool {
    matches!(pattern.class, Class::Password | Class::ConnectionString) || !pattern.names.is_empty()
}

/// Draws an example that the pattern's own filters let pass. `None` if the shape has none of that
/// length (a checksum may ask for one of its own), or if none passes.
pub(super) fn draw(
    pattern: &Pattern,
    oracle: &Oracle,
    length: Length,
    sampler: &mut Sampler,
) -> Option<Example> {
    // What is assigned to a name is weighed: short values are left to people.
    let least = if pattern.names.is_empty() { 0 } else { NAMED };
    let how = Draw {
        length,
        least,
        plain: is_chosen(pattern),
    };
    let [before, secret, after] = pattern.expression;
    for _ in 0..TRIES {
        let mut whole = sample_text(
            before,
            Draw {
                length,
                plain: true,
                ..Draw::default()
            },
            sampler,
        );
        let drawn = sample_text(secret, how, sampler);
        let wanted = drawn.len();
        let drawn = pattern.checksum.complete(drawn, sampler);
        if drawn.len() != wanted && length != Length::Any {
            return None;
        }
        let span = Span::new(whole.len(), whole.len() + drawn.len());
        whole.extend_from_slice(&drawn);
        whole.extend(sample_text(
            after,
            Draw {
                length,
                plain: true,
                ..Draw::default()
            },
            sampler,
        ));
        if !oracle.is_whole(&whole) || is_unlucky(pattern, &drawn) {
            continue;
        }
        if pattern.class == Class::PrivateKey {
            whole.extend(body(&drawn, sampler));
        }
        return Some(Example {
            whole,
            secret: span,
            parts: parts(pattern, sampler),
        });
    }
    None
}

/// The lines that hold a pattern's parts.
fn parts(pattern: &Pattern, sampler: &mut Sampler) -> Vec<u8> {
    let mut out = Vec::new();
    for part in pattern.parts {
        let drawn = (0..TRIES)
            .map(|_| sample_secret(part.expression, Checksum::None, sampler))
            .find(|text| entropy(text) >= part.randomness);
        let name = part
            .near
            .first()
            .unwrap_or(&"other")
            .replace([' ', '-'], "_");
        out.extend_from_slice(format!("{name} = \"").as_bytes());
        out.extend(drawn.unwrap_or_default());
        out.extend_from_slice(b"\"\n");
    }
    out
}

/// What follows the first line of a private key.
fn body(title: &[u8], sampler: &mut Sampler) -> Vec<u8> {
    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rows = |opening: &str, count: usize| -> String {
        let mut text = opening.to_owned();
        for _ in 0..count {
            while text.len() % 65 < 64 {
                text.push(char::from(sampler.pick(BASE64)));
            }
            text.push('\n');
        }
        text
    };
    if title.starts_with(b"PuTTY") {
        let body = rows("", 6);
        format!(
            "\nEncryption: none\nComment: made\nPrivate-Lines: 6\n{body}Private-MAC: {}\n",
            "0".repeat(40)
        )
        .into_bytes()
    } else if title.starts_with(b"-----BEGIN") {
        let opening = if title.windows(3).any(|w| w == b"PGP") {
            "\n\nl"
        } else {
            "\nMI"
        };
        let (breaks, letters) = opening.split_at(opening.len() - opening.trim_start().len());
        let body = rows(letters, 8);
        let title = String::from_utf8_lossy(title).replace("BEGIN", "END");
        format!("{breaks}{body}{title}\n").into_bytes()
    } else {
        Vec::new()
    }
}
