//! The ways in which a value is written.

use crate::base::Secret;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// Base64 (RFC 4648, section 4).
    Base64,
    /// Base64 for URLs (section 5), where it differs.
    Base64Url,
    /// Hex digits, lower or upper.
    Hex,
    /// Percent-encoded (RFC 3986), whichever characters are.
    Percent,
    /// With the escapes of JSON and of source code, where it differs.
    Escaped,
    /// UTF-16 of either order.
    Utf16,
}

impl Encoding {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Plain,
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Percent,
        Self::Escaped,
        Self::Utf16,
    ];

    /// Whether tools write it in lines of some length, whatever it holds.
    pub(super) fn is_wrapped(self) -> bool {
        matches!(self, Self::Base64 | Self::Base64Url)
    }
}

/// The value in each encoding; what two encodings write alike comes once, under the first.
pub(super) fn all(value: &[u8]) -> Vec<(Secret, Encoding)> {
    let mut out: Vec<(Secret, Encoding)> = Vec::new();
    let mut add = |bytes: Vec<u8>, encoding| {
        let bytes = Secret::new(&bytes);
        if !out.iter().any(|(known, _)| *known == bytes) {
            out.push((bytes, encoding));
        }
    };
    add(value.to_vec(), Encoding::Plain);
    for (alphabet, encoding) in [(BASE64, Encoding::Base64), (BASE64URL, Encoding::Base64Url)] {
        for before in 0..3 {
            add(base64(value, before, alphabet), encoding);
        }
    }
    for digits in [LOWER, UPPER] {
        add(each(value, |b, out| hex(b, digits, out)), Encoding::Hex);
    }
    for digits in [LOWER, UPPER] {
        // Every byte, all that RFC 3986 reserves, all that JavaScript encodes, as a form does.
        for kept in [&b""[..], b"-._~", b"-._~!'()*", b"-._*"] {
            for plus in [false, true] {
                let one = |b: u8, out: &mut Vec<u8>| {
                    if !kept.is_empty() && (b.is_ascii_alphanumeric() || kept.contains(&b)) {
                        out.push(b);
                    } else if plus && b == b' ' {
                        out.push(b'+');
                    } else {
                        out.push(b'%');
                        hex(b, digits, out);
                    }
                };
                add(each(value, one), Encoding::Percent);
            }
        }
        let bytes = |b: u8, out: &mut Vec<u8>| {
            out.extend_from_slice(b"\\x");
            hex(b, digits, out);
        };
        add(each(value, bytes), Encoding::Escaped);
    }
    match std::str::from_utf8(value) {
        Ok(text) => {
            for escapes in ESCAPES {
                for digits in [LOWER, UPPER] {
                    for slash in [false, true] {
                        let escaped = escaped(text, *escapes, slash, digits);
                        add(escaped, Encoding::Escaped);
                    }
                }
            }
            let units = || text.encode_utf16();
            add(
                units().flat_map(u16::to_le_bytes).collect(),
                Encoding::Utf16,
            );
            add(
                units().flat_map(u16::to_be_bytes).collect(),
                Encoding::Utf16,
            );
            // As shells on Windows take commands.
            let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
            for before in 0..3 {
                add(base64(&little, before, BASE64), Encoding::Base64);
            }
        }
        Err(_) => add(each(value, short), Encoding::Escaped),
    }
    out
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";
pub(super) const BASE64: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn each(value: &[u8], one: impl Fn(u8, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in value {
        one(*byte, &mut out);
    }
    out
}

fn hex(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    out.push(digits[usize::from(byte >> 4)]);
    out.push(digits[usize::from(byte & 15)]);
}

/// What is the same of the base64 of every text that has the value at a place that leaves `before`
/// when it is divided by three.
pub(super) fn base64(value: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bit = |at: usize| {
        let byte = (at / 8).checked_sub(before).map_or(0, |i| value[i]);
        byte >> (7 - at % 8) & 1
    };
    let bits = 8 * (before + value.len());
    // A digit has six bits, and all of them must be the value's.
    let digits = (8 * before).div_ceil(6)..bits / 6;
    let digit = |at: usize| (6 * at..6 * at + 6).fold(0, |n, at| n << 1 | bit(at));
    digits.map(|at| alphabet[usize::from(digit(at))]).collect()
}

/// Which characters become `\uXXXX` besides control characters.
#[derive(Clone, Copy)]
enum Escapes {
    /// None.
    Few,
    /// Those that are not ASCII.
    NotAscii,
    /// `<`, `>` and `&`: safe in a page.
    Page,
    /// Both.
    PageAndNotAscii,
    /// These and all quotes, `+` and the backtick.
    Most,
    /// Every character.
    All,
}

const ESCAPES: &[Escapes] = &[
    Escapes::Few,
    Escapes::NotAscii,
    Escapes::Page,
    Escapes::PageAndNotAscii,
    Escapes::Most,
    Escapes::All,
];

impl Escapes {
    fn has(self, c: char) -> bool {
        let page = matches!(c, '<' | '>' | '&');
        match self {
            Self::Few => false,
            Self::NotAscii => !c.is_ascii(),
            Self::Page => page || matches!(c, '\u{2028}' | '\u{2029}'),
            Self::PageAndNotAscii => page || !c.is_ascii(),
            Self::Most => page || !c.is_ascii() || matches!(c, '\'' | '"' | '+' | '`'),
            Self::All => true,
        }
    }
}

fn escaped(text: &str, escapes: Escapes, slash: bool, digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::new();
    for c in text.chars() {
        let mut units = [0; 2];
        let mut bytes = [0; 4];
        let is_named = matches!(c, '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' | '"' | '\\');
        if escapes.has(c) || c < ' ' && !is_named {
            for unit in c.encode_utf16(&mut units) {
                out.extend_from_slice(b"\\u");
                unit.to_be_bytes()
                    .iter()
                    .for_each(|b| hex(*b, digits, &mut out));
            }
        } else if slash && c == '/' {
            out.extend_from_slice(b"\\/");
        } else {
            c.encode_utf8(&mut bytes)
                .bytes()
                .for_each(|b| short(b, &mut out));
        }
    }
    out
}

/// The short escapes of JSON.
fn short(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        8 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        12 => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        _ => return out.push(byte),
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &[u8]) -> Vec<(String, Encoding)> {
        let text = |s: &Secret| String::from_utf8_lossy(s.expose()).into_owned();
        all(value).iter().map(|(n, e)| (text(n), *e)).collect()
    }

    fn has(value: &str, needle: &str, encoding: Encoding) {
        let all = told(value.as_bytes());
        assert!(
            all.contains(&(needle.to_owned(), encoding)),
            "{needle} in {all:?}"
        );
    }

    #[test]
    fn a_plain_value_as_coreutils_and_others_write_it() {
        // `printf open-sesame | base64`, and with one and two bytes before it.
        has("open-sesame", "b3Blbi1zZXNhbW", Encoding::Base64);
        has("open-sesame", "9wZW4tc2VzYW1l", Encoding::Base64);
        has("open-sesame", "vcGVuLXNlc2FtZ", Encoding::Base64);
        // `printf open-sesame | iconv -t UTF-16LE | base64`
        has(
            "open-sesame",
            "bwBwAGUAbgAtAHMAZQBzAGEAbQBlA",
            Encoding::Base64,
        );
        has("open-sesame", "6f70656e2d736573616d65", Encoding::Hex);
        has("open-sesame", "6F70656E2D736573616D65", Encoding::Hex);
        has(
            "open-sesame",
            "o\0p\0e\0n\0-\0s\0e\0s\0a\0m\0e\0",
            Encoding::Utf16,
        );
        has(
            "open-sesame",
            "\0o\0p\0e\0n\0-\0s\0e\0s\0a\0m\0e",
            Encoding::Utf16,
        );
        has(
            "open-sesame",
            "%6f%70%65%6e%2d%73%65%73%61%6d%65",
            Encoding::Percent,
        );
        let all = told(b"opensesame");
        let escaped = all.iter().filter(|(_, e)| *e == Encoding::Base64Url);
        assert_eq!(escaped.count(), 0, "where it is the same it is base64");
    }

    #[test]
    fn what_is_special_is_written_in_many_ways() {
        let value = "a/b+\"c\\d <\u{e9}>&";
        has(
            value,
            "a%2Fb%2B%22c%5Cd%20%3C%C3%A9%3E%26",
            Encoding::Percent,
        );
        has(value, "a%2fb%2b%22c%5cd+%3c%c3%a9%3e%26", Encoding::Percent);
        has(value, "a/b+\\\"c\\\\d <\u{e9}>&", Encoding::Escaped);
        has(value, "a\\/b+\\\"c\\\\d <\\u00e9>&", Encoding::Escaped);
        has(
            value,
            "a/b+\\\"c\\\\d \\u003c\u{e9}\\u003e\\u0026",
            Encoding::Escaped,
        );
        has(
            value,
            "a/b\\u002B\\u0022c\\\\d \\u003C\\u00E9\\u003E\\u0026",
            Encoding::Escaped,
        );
        has("k~y(1)!*'x", "k~y(1)!*'x", Encoding::Plain);
        has("k~y(1)!*'x", "k~y%281%29%21%2A%27x", Encoding::Percent);
        has(
            "\u{1f600}\u{1}\ttt",
            "\u{1f600}\\u0001\\ttt",
            Encoding::Escaped,
        );
        has(
            "\u{1f600}\u{1}\ttt",
            "\\ud83d\\ude00\\u0001\\ttt",
            Encoding::Escaped,
        );
        // Bytes 0xfb 0xff are `-_8` and `+/8` to the two alphabets.
        let binary = told(b"\xfb\xff\xfb\xff\xfb\xff\xfb\xff");
        assert!(
            binary.contains(&("+//7//v/+/".to_owned(), Encoding::Base64)),
            "{binary:?}"
        );
        assert!(
            binary.contains(&("-__7__v_-_".to_owned(), Encoding::Base64Url)),
            "{binary:?}"
        );
        assert!(
            !binary.iter().any(|b| b.1 == Encoding::Utf16),
            "it is no text"
        );
    }
}
