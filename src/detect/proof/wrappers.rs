//! What an example's text can be wrapped in, so that a decoder must see through.
//!
//! Here, and only here, a decoder is told to the proof: one line a way of writing. What a decoder
//! says of itself that it does not find (`docs/decoding.md`) is ruled out, and told.

use std::fmt::Write as _;

use crate::base::{Span, base64};

/// One way to wrap a text.
pub(super) struct Wrapper {
    /// For people.
    pub(super) name: &'static str,
    how: How,
}

enum How {
    /// All of a text.
    Whole(fn(&[u8]) -> String),
    /// A text around its value, if that is what the decoder takes; and what is told if it is not.
    Around(fn(&[u8], Span) -> Option<Vec<u8>>, &'static str),
}

impl Wrapper {
    /// Writes a text so, in which the value has a span.
    ///
    /// # Errors
    ///
    /// What rules it out.
    pub(super) fn wrap(&self, text: &[u8], value: Span) -> Result<Vec<u8>, &'static str> {
        match self.how {
            How::Whole(wrap) => Ok(wrap(text).into_bytes()),
            How::Around(wrap, why) => wrap(text, value).ok_or(why),
        }
    }
}

const fn whole(name: &'static str, wrap: fn(&[u8]) -> String) -> Wrapper {
    let how = How::Whole(wrap);
    Wrapper { name, how }
}

/// All of them.
pub(super) const WRAPPERS: &[Wrapper] = &[
    whole("base64", |text| format!("data: {}\n", base64(text))),
    whole("base64 in lines", |text| {
        let body = base64(text);
        let lines = body.as_bytes().chunks(76);
        lines.map(|l| String::from_utf8_lossy(l) + "\n").collect()
    }),
    whole("base64url", |text| {
        let body = base64(text).replace('+', "-").replace('/', "_");
        format!("?state={}&x=1\n", body.trim_end_matches('='))
    }),
    whole("base64 twice", |text| {
        format!("data: {}\n", base64(base64(text).as_bytes()))
    }),
    whole("base64 of UTF-16", |text| {
        let wide: Vec<u8> = text.iter().flat_map(|b| [*b, 0]).collect();
        format!("pwsh -enc {}\n", base64(&wide))
    }),
    whole("hex", |text| format!("data = \"{}\"\n", each(text, "", 2))),
    whole("percent-encoding", |text| {
        format!("?q={}\n", each(text, "%", 2))
    }),
    whole("unicode escapes", |text| {
        format!("x = \"{}\"\n", each(text, "\\u", 4))
    }),
    whole("byte escapes", |text| {
        format!("x = \"{}\"\n", each(text, "\\x", 2))
    }),
    whole("entities", |text| {
        let all = text.iter().map(|b| format!("&#{b};"));
        format!("<p>{}</p>\n", all.collect::<String>())
    }),
    Wrapper {
        name: "split literals",
        how: How::Around(
            split,
            "split literals: no 16 random characters stand at a joint",
        ),
    },
];

/// Each byte as a number in hex of so many digits.
fn each(text: &[u8], sign: &str, digits: usize) -> String {
    text.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{sign}{byte:0digits$x}");
        out
    })
}

/// The value in two literals, behind 16 characters of it that look random.
fn split(text: &[u8], value: Span) -> Option<Vec<u8>> {
    let quoted = value.start > 0 && text[value.start - 1] == b'"';
    if !quoted || text.get(value.end) != Some(&b'"') {
        return None;
    }
    let is_random = |piece: &[u8]| {
        let some = |is: fn(&u8) -> bool| piece.iter().any(is);
        piece.iter().all(u8::is_ascii_alphanumeric)
            && some(u8::is_ascii_digit)
            && some(u8::is_ascii_alphabetic)
    };
    let joint = (value.start + 16..value.end)
        .find(|at| is_random(&text[at - 16..*at]) && text[*at].is_ascii_alphanumeric())?;
    Some([&text[..joint], b"\" +\n    \"", &text[joint..]].concat())
}
