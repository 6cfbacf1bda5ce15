//! Values that are wrapped in calls and lists, stand beside their name's own name, or within JSON
//! that is itself a string.

use super::{Behind, Wrapper, blanks, element, peek, value};
use crate::base::Span;

/// How many calls and lists are gone through, and how long the name of each may be.
const WRAPPERS: usize = 3;
const WRAPPER: usize = 40;

/// Parts of the names of calls that make a value of a string.
const MAKERS: &[&str] = &[
    "some",
    "string",
    "byte",
    "decode",
    "b64",
    "base64",
    "from",
    "new",
    "just",
    "of",
    "secret",
    "credential",
    "key",
    "text",
    "char",
    "utf8",
    "encode",
    "hex",
    "bytes",
    "quote",
    "param",
];
/// Parts of the names of calls that fetch it from elsewhere, or that only speak of it.
const FETCHERS: &[&str] = &[
    "env",
    "get",
    "read",
    "find",
    "ask",
    "prompt",
    "input",
    "load",
    "fetch",
    "lookup",
    "query",
    "select",
    "require",
    "import",
    "open",
    "file",
    "path",
    "prop",
    "config",
    "t(",
    "tr(",
    "gettext",
    "translate",
    "i18n",
    "print",
    "log",
    "error",
    "fail",
    "throw",
    "assert",
    "expect",
    "format",
    "regex",
    "match",
    "compile",
    "label",
    "field",
    "title",
    "header",
    "attr",
    "cookie",
    "column",
    "_(",
    "equals",
    "contains",
    "starts",
    "replace",
    "split",
    "optional",
    "resource",
    "vault",
];

/// What a quoted value is wrapped in, and where its quote is.
pub(super) fn wrapped(text: &[u8], at: usize) -> Option<(Wrapper, usize)> {
    let mut wrapper = Wrapper::Known;
    let mut at = at;
    for _ in 0..WRAPPERS {
        let window = &text[at.min(text.len())..text.len().min(at + WRAPPER)];
        let inner = |b: &u8| {
            b.is_ascii_alphanumeric()
                || matches!(
                    b,
                    b'_' | b'.'
                        | b':'
                        | b'$'
                        | b'&'
                        | b'*'
                        | b'<'
                        | b'>'
                        | b'!'
                        | b'?'
                        | b'@'
                        | b' '
                )
        };
        let open = window.iter().position(|b| !inner(b))?;
        if !matches!(window[open], b'(' | b'[' | b'{') {
            return None;
        }
        let name = window[..=open].to_ascii_lowercase();
        let holds = |part: &&str| name.windows(part.len()).any(|w| w == part.as_bytes());
        if FETCHERS.iter().any(holds) {
            return None;
        }
        if name.len() > 1 && !MAKERS.iter().any(holds) {
            wrapper = Wrapper::Call;
        }
        at = blanks(text, at + open + 1);
        // `[]byte("...")`: the brackets are closed at once.
        if window[open] == b'[' && peek(text, at) == b']' {
            at += 1;
        }
        let prefix = usize::from(matches!(peek(text, at), b'b' | b'r' | b'u' | b'@'));
        for skip in [0, prefix] {
            if matches!(peek(text, at + skip), b'"' | b'\'' | b'`') {
                return Some((wrapper, at + skip));
            }
        }
    }
    None
}

/// A name that is itself a value, with what belongs to it beside: `<key>password</key>
/// <string>...</string>`, `name: PASSWORD` and on the next line `value: ...`.
pub(super) fn sibling(text: &[u8], name: Span, at: usize) -> Behind {
    let told = beside(text, name, at).or_else(|| object(text, name, at));
    told.unwrap_or(Behind::Other)
}

/// How far an object is read for its value, in bytes.
const OBJECT: usize = 400;

/// The value of an object that has the name: `"password": {"type": "string", "value": "..."}`, an
/// output of Terraform or a parameter of Azure, and `variable "password" { default = "..." }`.
fn object(text: &[u8], name: Span, at: usize) -> Option<Behind> {
    if name.start == 0 || text[name.start - 1] != b'"' {
        return None;
    }
    let is_variable = text[..name.start - 1]
        .trim_ascii_end()
        .ends_with(b"variable");
    let mut at = blanks(text, at);
    if !is_variable {
        if peek(text, at) != b':' {
            return None;
        }
        at = blanks(text, at + 1);
    }
    if peek(text, at) != b'{' {
        return None;
    }
    let high = text.len().min(at + OBJECT);
    let skip = |at: usize, is: fn(&u8) -> bool| {
        let rest = &text[at.min(high)..high];
        at + rest.iter().take_while(|b| is(b)).count()
    };
    at += 1;
    // What has keys and no value is no value itself.
    let mut told = None;
    while at < high {
        at = skip(at, |b| b.is_ascii_whitespace() || *b == b',');
        let quote = usize::from(peek(text, at) == b'"');
        let end = skip(at + quote, |b| b.is_ascii_alphanumeric() || *b == b'_');
        let key = &text[(at + quote).min(end)..end];
        let sign = blanks(text, end + quote);
        if key.is_empty() || !matches!(peek(text, sign), b':' | b'=') {
            return told;
        }
        told = Some(Behind::Nothing);
        at = blanks(text, sign + 1);
        let is_value = if is_variable {
            key == b"default"
        } else {
            matches!(key, b"value" | b"defaultValue")
        };
        if is_value {
            return Some(value(text, name, b':', at).into());
        }
        if peek(text, at) == b'"' {
            let rest = &text[(at + 1).min(high)..high];
            match rest.iter().position(|b| *b == b'"') {
                Some(length) => at += length + 2,
                None => return told,
            }
        } else {
            at = skip(at, |b| b.is_ascii_alphanumeric() || *b == b'_');
        }
    }
    told
}

/// What stands beside the name, behind a key or in an element of its own.
fn beside(text: &[u8], name: Span, at: usize) -> Option<Behind> {
    if text[at.min(text.len())..].starts_with(b"</") {
        let window = &text[at..text.len().min(at + 120)];
        let close = window.iter().position(|b| *b == b'>')? + 1;
        let gap = window[close..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        if window.get(close + gap) != Some(&b'<') || window.get(close + gap + 1) == Some(&b'/') {
            return None;
        }
        let begin = close + gap;
        let end = window[begin..].iter().position(|b| *b == b'>')?;
        let tag = &window[begin + 1..begin + end];
        let told = [b"string".as_slice(), b"value", b"Value"].contains(&tag);
        return told.then(|| element(text, name, at + begin + end + 1).into());
    }
    // The name's own key must be `name` or `key`.
    let before = &text[name.start.saturating_sub(16)..name.start];
    let before = before.trim_ascii_end();
    let before = before
        .strip_suffix(b"\"")
        .or(before.strip_suffix(b"'"))
        .unwrap_or(before);
    let before = before.trim_ascii_end().strip_suffix(b":")?;
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    if !before.ends_with(b"name") && !before.ends_with(b"key") && !before.ends_with(b"Name") {
        return None;
    }
    let window = &text[at.min(text.len())..text.len().min(at + 80)];
    let gap = window
        .iter()
        .take_while(|b| b.is_ascii_whitespace() || matches!(b, b',' | b'"' | b'\''))
        .count();
    let rest = &window[gap..];
    if gap == 0 || !rest.starts_with(b"value") && !rest.starts_with(b"\"value") {
        return None;
    }
    let colon = rest.iter().take(12).position(|b| *b == b':')?;
    Some(value(text, name, b':', blanks(text, at + gap + colon + 1)).into())
}

/// The fewest characters of a string within JSON that could be the secret of the whole.
const INNER: usize = 16;

/// Of JSON that is written into a string, the longest string within: `"{\\"id\\": \\"...\\"}"`.
pub(super) fn within_json(text: &[u8], value: Span) -> Option<Span> {
    let inner = value.of(text);
    if !inner.starts_with(b"{\\\"") {
        return None;
    }
    let mut best: Option<Span> = None;
    let mut start = 0;
    for at in 0..inner.len() {
        if !inner[at..].starts_with(b"\\\"") {
            continue;
        }
        let told = Span::new(value.start + start, value.start + at);
        let plain = inner[start..at].iter().all(u8::is_ascii_alphanumeric);
        if plain && told.len() >= INNER && best.is_none_or(|b| b.len() < told.len()) {
            best = Some(told);
        }
        start = at + 2;
    }
    best
}
