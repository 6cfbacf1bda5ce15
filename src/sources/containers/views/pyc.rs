//! The strings of compiled Python: constants and names, one a line.
//!
//! The marshalled objects of each version differ; strings are written alike in all of them: a byte
//! that says what follows, a length, and the bytes. So they are looked for, and nothing else is read.

/// The shortest string that is told: shorter ones are mostly chance.
const LEAST: usize = 4;

/// Whether a content is compiled Python: its version, a line break, a few words, a code object.
pub(in super::super) fn is_one(head: &[u8]) -> bool {
    let is_code = |at: usize| head.get(at).is_some_and(|b| b & 0x7f == b'c');
    head.get(2..4) == Some(b"\r\n") && [8, 12, 16].into_iter().any(is_code)
}

/// The strings.
pub(in super::super) fn text(code: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 8;
    while at < code.len() {
        match string(code, at) {
            Some((start, end)) => {
                // Lines of a string stay lines, so that a key in several is whole.
                out.extend_from_slice(&code[start..end]);
                out.push(b'\n');
                at = end;
            }
            None => at += 1,
        }
    }
    out
}

/// The string that an object at `at` is, if it is one.
fn string(code: &[u8], at: usize) -> Option<(usize, usize)> {
    let (start, length) = match code[at] & 0x7f {
        // Short ASCII, interned or not.
        b'z' | b'Z' => (at + 2, usize::from(*code.get(at + 1)?)),
        // ASCII, Unicode, interned Unicode, bytes.
        b'a' | b'A' | b'u' | b't' | b's' => {
            let length = code.get(at + 1..at + 5)?.try_into().ok()?;
            (at + 5, u32::from_le_bytes(length) as usize)
        }
        _ => return None,
    };
    let end = start.checked_add(length)?;
    let text = code.get(start..end)?;
    let is_text = |b: &u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    let fits = length >= LEAST && text.iter().all(is_text) && std::str::from_utf8(text).is_ok();
    fits.then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_each_kind_are_told() {
        let mut code = b"\xf3\r\r\n\0\0\0\0\0\0\0\0\0\0\0\0\xe3".to_vec();
        code.extend(b"\0\0\0\0z\x05hello\xda\x04nameu\x08\0\0\0caf\xc3\xa9 au");
        code.extend(b"s\x04\0\0\0\x01\x02\x03\x04z\x02ab");
        assert!(is_one(&code));
        assert_eq!(text(&code), "hello\nname\ncaf\u{e9} au\n".as_bytes());
    }

    #[test]
    fn lengths_are_not_believed() {
        assert_eq!(text(b"12345678a\xff\xff\xff\xffabc"), b"");
        assert_eq!(text(b"12345678z"), b"");
        assert_eq!(text(b""), b"");
    }
}
