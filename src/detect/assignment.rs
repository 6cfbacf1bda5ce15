//! The grammar of assignments: `password = "..."`, `api_key: ...`, `<secret>...</secret>`.
//!
//! From a stem of a name it reads the whole name, an operator, and a value, all within one line
//! (but for an element's text, which may stand on lines of its own) and 512 bytes. It says only
//! what stands there; what it means is judged later.

mod arguments;
mod commands;
mod nested;

use self::nested::{sibling, within_json, wrapped};
use crate::base::Span;

/// The longest name, and the longest value, in bytes.
const NAME: usize = 80;
const VALUE: usize = 512;

/// A name, and the value that stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    /// The whole name.
    pub name: Span,
    /// The value, without quotes.
    pub value: Span,
    /// The quote around it, 0 if there is none.
    pub quote: u8,
    /// What joins the two: `=`, `:`, `(`, `,`, `>`, a space; `~` if they are compared, `@` for the
    /// password of a URL.
    pub operator: u8,
    /// What stands between operator and quote.
    pub wrapper: Wrapper,
}

/// What a quoted value is wrapped in: `Some("...")`, `[]byte("...")`, `decode("...")`, `["..."`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrapper {
    /// Nothing.
    #[default]
    None,
    /// A list, or what makes a value of a string.
    Known,
    /// Another call.
    Call,
}

/// What a grammar of its own reads behind a name.
enum Behind {
    /// It is none of that grammar: others are asked.
    Other,
    /// There is no value.
    Nothing,
    /// There is one.
    Value(Assignment),
}

impl Behind {
    fn value(self) -> Option<Assignment> {
        match self {
            Self::Value(told) => Some(told),
            Self::Other | Self::Nothing => None,
        }
    }
}

impl From<Option<Assignment>> for Behind {
    fn from(told: Option<Assignment>) -> Self {
        told.map_or(Self::Nothing, Self::Value)
    }
}

/// Reads the assignment whose name holds the stem that begins at `stem`.
pub fn assignment_at(text: &[u8], stem: usize) -> Option<Assignment> {
    let name = name_around(text, stem)?;
    match commands::read(text, name) {
        Behind::Other => {}
        told => return told.value(),
    }
    let mut at = name.end;
    if text[at..].starts_with(ENTITY) {
        at += ENTITY.len();
    }
    let quoted_name = matches!(peek(text, at), b'"' | b'\'' | b'`');
    if quoted_name || peek(text, at) == b'\\' && matches!(peek(text, at + 1), b'"' | b'\'') {
        at += if quoted_name { 1 } else { 2 };
    }
    // `pwd` in back quotes is what a shell asks for its folder.
    if quoted_name && text[at - 1] == b'`' && name.of(text) == b"pwd" {
        return None;
    }
    if peek(text, at) == b']' {
        at += 1;
    }
    if peek(text, at) == b'>' && name.start > 0 && text[name.start - 1] == b'<' {
        return element(text, name, at + 1);
    }
    match sibling(text, name, at) {
        Behind::Other => {}
        told => return told.value(),
    }
    let gap = at;
    at = blanks(text, at);
    let (operator, at) = match peek(text, at) {
        b'=' if peek(text, at + 1) == b'~' => return None,
        b'=' | b'!' if peek(text, at + 1) == b'=' => return compared(text, name, at + 2),
        b'=' if peek(text, at + 1) == b'>' => (b'=', at + 2),
        b'=' => (b'=', at + 1),
        // `:=`, and make's `::=` and `:::=`; two colons alone are a path of names.
        b':' if colons(text, at).is_some() => (b'=', colons(text, at)?),
        b':' if peek(text, at + 1) == b':' => return None,
        b':' => typed(text, at + 1),
        // `?=`, `.=`, `+=`, `|=`, and `||=`
        b'?' | b'.' | b'+' | b'|' if peek(text, at + 1) == b'=' => (b'=', at + 2),
        b'|' if peek(text, at + 1) == b'|' && peek(text, at + 2) == b'=' => (b'=', at + 3),
        // `setenv("PASSWORD", "...")`, not a list that names it
        b',' if quoted_name && begins_call(text, name.start) => (b',', at + 1),
        b',' if quoted_name && arguments::of_build(text, name) => {
            return arguments::field(text, name, at + 1);
        }
        // `curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "...")`: a constant that says what follows
        b',' if is_constant(name.of(text)) && peek(text, blanks(text, at + 1)) == b'"' => {
            (b',', at + 1)
        }
        // `set(:secret, "...")`
        b',' if name.start > 0 && text[name.start - 1] == b':' => (b',', at + 1),
        // `["--password", "..."]`, also with the two on lines of their own
        b',' if quoted_name && text[..name.start].ends_with(b"--") => {
            let rest = &text[at + 1..text.len().min(at + 40)];
            let gap = rest.iter().take_while(|b| b.is_ascii_whitespace());
            (b',', at + 1 + gap.count())
        }
        b'(' if !quoted_name => (b'(', at + 1),
        b'"' | b'\'' if at > gap && !quoted_name => (b' ', at),
        // `the password is "..."`
        b'i' if at > gap && !quoted_name && text[at..].starts_with(b"is ") => {
            let quote = blanks(text, at + 3);
            matches!(peek(text, quote), b'"' | b'\'').then_some((b' ', quote))?
        }
        // `<add key="password" value="..."/>`, `name="password" value="..."`
        b'v' if quoted_name && text[at..].starts_with(b"value=") => (b'=', at + 6),
        // `--disabled-password --gecos ""`: another option follows.
        _ if text[at..].starts_with(b"--") && is_option(text, name.start) => return None,
        // `--password value`, `-Password value`, and RPM's `%define password value`
        _ if at > gap && (is_option(text, name.start) || is_macro(text, name.start)) => (b' ', at),
        // `#define password "..."` within a string
        b'\\' if text[at..].starts_with(b"\\t\\\"") => (b' ', at + 2),
        // `var password string = "..."`: a type between name and operator
        _ if at > gap && !quoted_name => (b'=', typed_before(text, at)?),
        _ => return None,
    };
    value(text, name, operator, blanks(text, at))
}

/// Whether a name is a constant of C: capitals and underscores.
fn is_constant(name: &[u8]) -> bool {
    name.contains(&b'_')
        && name
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

/// How far before a name what makes it a macro's may begin, in bytes.
const MACRO: usize = 24;

/// Whether a name is that of a macro in a file of RPM's.
fn is_macro(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(MACRO)..name];
    let word = before.trim_ascii_end();
    word.len() < before.len() && (word.ends_with(b"%define") || word.ends_with(b"%global"))
}

/// Whether dashes stand before a name, and a blank before them.
fn is_option(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(3)..name];
    before.ends_with(b"--")
        || before.ends_with(b"-") && matches!(before[..before.len() - 1].last(), Some(b' ' | b'\t'))
}

/// Whether a quoted name is the first of a call or of a pair in braces.
fn begins_call(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(18)..name.saturating_sub(1)];
    let last = before.iter().rfind(|b| !matches!(b, b' ' | b'\t' | b'\n'));
    matches!(last, Some(b'(' | b'{'))
}

fn peek(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(b'\n')
}

fn blanks(text: &[u8], at: usize) -> usize {
    let n = text[at.min(text.len())..]
        .iter()
        .take(16)
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    at + n
}

fn name_around(text: &[u8], stem: usize) -> Option<Span> {
    let belongs = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let low = stem.saturating_sub(NAME);
    let left = text[low..stem]
        .iter()
        .rev()
        .take_while(|b| belongs(b))
        .count();
    let mut start = stem - left;
    // `--password`, `-Dpassword`: the dashes are no part of the name.
    while start < stem && matches!(text[start], b'-' | b'.') {
        start += 1;
    }
    // `\nPASSWORD` within a string: the letter belongs to the backslash.
    if start > 0 && start < stem && text[start - 1] == b'\\' && b"nrt".contains(&text[start]) {
        start += 1;
    }
    let high = text.len().min(stem + NAME);
    let right = text[stem..high].iter().take_while(|b| belongs(b)).count();
    let mut end = stem + right;
    while end > stem && matches!(text[end - 1], b'-' | b'.') {
        end -= 1;
    }
    (end - start < NAME && left < NAME).then(|| Span::new(start, end))
}

/// Behind a colon: a type and `=` (`password: str = "..."`), or the value itself.
fn typed(text: &[u8], at: usize) -> (u8, usize) {
    let begin = blanks(text, at);
    let kind = |b: &&u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'&' | b'<' | b'>' | b'[' | b']' | b'.')
    };
    let length = text[begin.min(text.len())..]
        .iter()
        .take(40)
        .take_while(kind)
        .count();
    let behind = blanks(text, begin + length);
    // `=` at the line's end pads base64.
    let ends = matches!(peek(text, behind + 1), b'=' | b'>' | b'\n' | b'\r');
    if length > 0 && peek(text, behind) == b'=' && !ends {
        (b'=', behind + 1)
    } else {
        (b':', at)
    }
}

/// `password == "..."`: what a name is compared with, if that is quoted.
fn compared(text: &[u8], name: Span, at: usize) -> Option<Assignment> {
    let at = blanks(text, at + usize::from(peek(text, at) == b'='));
    let quote = peek(text, at);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    quoted(text, name, b'~', at, quote, false)
}

/// Behind `:=`, `::=` or `:::=`.
fn colons(text: &[u8], at: usize) -> Option<usize> {
    let end = (at..at + 3)
        .find(|i| peek(text, *i) != b':')
        .unwrap_or(at + 3);
    (end > at && peek(text, end) == b'=').then_some(end + 1)
}

/// Behind a type and `=`, when a quoted value follows (`password string = "..."`).
fn typed_before(text: &[u8], at: usize) -> Option<usize> {
    let kind = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'*' | b'[' | b']' | b'.');
    let length = text[at.min(text.len())..]
        .iter()
        .take(40)
        .take_while(kind)
        .count();
    let equals = blanks(text, at + length);
    let value = blanks(text, equals + 1);
    let found = length > 0
        && equals > at + length
        && peek(text, equals) == b'='
        && matches!(peek(text, value), b'"' | b'\'' | b'`');
    found.then_some(equals + 1)
}

/// The text of an element, less the white space around it.
fn element(text: &[u8], name: Span, at: usize) -> Option<Assignment> {
    let window = &text[at..text.len().min(at + VALUE)];
    let length = window.iter().position(|b| *b == b'<')?;
    let inner = &window[..length];
    // `<Password><Value>...</Value>`, of Windows' answer files.
    let below = &window[length..];
    if inner.trim_ascii().is_empty()
        && (below.starts_with(b"<Value>") || below.starts_with(b"<value>"))
    {
        return element(text, name, at + length + b"<Value>".len());
    }
    let start = at + (length - inner.trim_ascii_start().len());
    let end = start + inner.trim_ascii().len();
    (end > start && !text[start..end].contains(&b'\n')).then(|| Assignment {
        name,
        value: Span::new(start, end),
        quote: 0,
        operator: b'>',
        wrapper: Wrapper::None,
    })
}

fn value(text: &[u8], name: Span, operator: u8, at: usize) -> Option<Assignment> {
    // String prefixes of common languages: r"", b"", u"", f"", @"", L"".
    let prefix = text[at.min(text.len())..]
        .iter()
        .take(2)
        .take_while(|b| matches!(b, b'r' | b'b' | b'u' | b'f' | b'@' | b'L' | b'R' | b'B'))
        .count();
    for skip in [0, prefix] {
        let escaped = peek(text, at + skip) == b'\\';
        let open = at + skip + usize::from(escaped);
        let quote = peek(text, open);
        if matches!(quote, b'"' | b'\'' | b'`') {
            let first = quoted(text, name, operator, open, quote, escaped);
            return first.map(|first| arguments::secret_of(text, first));
        }
    }
    if text[at.min(text.len())..].starts_with(ENTITY) {
        return between_entities(text, name, operator, at + ENTITY.len());
    }
    if let Some((wrapper, open)) = wrapped(text, at) {
        let found = quoted(text, name, operator, open, text[open], false)?;
        return Some(Assignment { wrapper, ..found });
    }
    if matches!(operator, b'(' | b',') {
        return None;
    }
    let window = &text[at.min(text.len())..text.len().min(at + VALUE)];
    let ends = |b: &u8| {
        b.is_ascii_whitespace()
            || b.is_ascii_control()
            || matches!(b, b'"' | b'\'' | b'`' | b';' | b',')
    };
    let mut length = window.iter().position(ends).unwrap_or(window.len());
    // Within markup a tag ends it; in a form or a URL the next parameter does.
    if let Some(tag) = window[..length].iter().skip(1).position(|b| *b == b'<') {
        length = tag + 1;
    }
    if let Some(next) = parameter(text, name, &window[..length]) {
        length = next;
    }
    if let Some(quote) = memchr::memmem::find(&window[..window.len().min(length + 1)], ENTITY) {
        length = quote;
    }
    // `(pw:value)`
    if name.start > 0
        && text[name.start - 1] == b'('
        && let Some(close) = window[..length].iter().position(|b| *b == b')')
    {
        length = close;
    }
    // Inside a string a line ends, and a quote begins, with a backslash.
    let escape = |w: &[u8]| w[0] == b'\\' && matches!(w[1], b'n' | b'r' | b'"' | b'\'');
    if let Some(at) = window[..window.len().min(length + 1)]
        .windows(2)
        .position(escape)
    {
        length = at;
    }
    (length > 0 && length < VALUE).then(|| Assignment {
        name,
        value: Span::new(at, at + length),
        quote: 0,
        operator,
        wrapper: Wrapper::None,
    })
}

/// A quote as markup writes it.
const ENTITY: &[u8] = b"&quot;";

fn between_entities(text: &[u8], name: Span, operator: u8, start: usize) -> Option<Assignment> {
    let window = &text[start..text.len().min(start + VALUE)];
    let length = window.windows(ENTITY.len()).position(|w| w == ENTITY)?;
    (length > 0 && !window[..length].contains(&b'\n')).then(|| Assignment {
        name,
        value: Span::new(start, start + length),
        quote: b'"',
        operator,
        wrapper: Wrapper::None,
    })
}

/// Where the next parameter of a form begins, if `value` is one of several: `a=1&b=2`.
fn parameter(text: &[u8], name: Span, value: &[u8]) -> Option<usize> {
    let next = value.iter().position(|b| *b == b'&')?;
    let first = name.start > 0 && matches!(text[name.start - 1], b'?' | b'&');
    let letters = value[next + 1..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'['))
        .count();
    let more = letters > 0 && value.get(next + 1 + letters) == Some(&b'=');
    (first || more).then_some(next)
}

fn quoted(
    text: &[u8],
    name: Span,
    operator: u8,
    open: usize,
    quote: u8,
    escaped: bool,
) -> Option<Assignment> {
    let triple = text[open..].starts_with(&[quote; 3]);
    let start = open + if triple { 3 } else { 1 };
    let window = &text[start..text.len().min(start + VALUE)];
    let mut at = 0;
    while at < window.len() {
        match window[at] {
            b'\n' => return None,
            b'\\' if escaped && window.get(at + 1) == Some(&quote) => break,
            b'\\' if !escaped => at += 1,
            b if b == quote => break,
            _ => {}
        }
        at += 1;
    }
    let value = Span::new(start, start + at);
    (at > 0 && at < window.len()).then(|| Assignment {
        name,
        value: within_json(text, value).unwrap_or(value),
        quote,
        operator,
        wrapper: Wrapper::None,
    })
}

#[cfg(test)]
mod tests;
