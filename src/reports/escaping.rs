//! JSON fit for a terminal, where it often ends up: JSON leaves DEL, C1 controls and characters
//! that reorder text as they are. They stand in strings only, so they can be escaped in the
//! finished text.

use std::io::{self, Write};

use serde::Serialize;

use crate::base::is_unsafe_to_show;

/// Writes a value as a document, on lines of its own.
///
/// # Errors
///
/// What `out` says.
pub(super) fn to_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(&mut *out), value)?;
    out.write_all(b"\n")
}

/// Escapes what passes through. Whoever writes here writes whole characters, as serde does.
pub(super) struct Escaping<'a>(pub(super) &'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.iter().all(|b| b.is_ascii() && *b != 0x7f) {
            return self.0.write_all(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let mut rest = 0;
        // Line ends between values are no part of a string, and those in strings are escaped.
        let unsafe_here = |c: char| is_unsafe_to_show(c) && !c.is_ascii_whitespace();
        for (at, c) in text.char_indices().filter(|(_, c)| unsafe_here(*c)) {
            self.0.write_all(&bytes[rest..at])?;
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(self.0, "\\u{unit:04x}")?;
            }
            rest = at + c.len_utf8();
        }
        self.0.write_all(&bytes[rest..])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_as_it_was() {
        let hard = "na\u{ef}ve \u{9b}31m \u{7f} \u{202e} \u{e0041} \x1b \n \u{1f511}";
        let mut out = Vec::new();
        serde_json::to_writer_pretty(Escaping(&mut out), &[hard]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("na\u{ef}ve") && text.contains("\\u009b31m"));
        assert!(!text.chars().any(|c| c != '\n' && is_unsafe_to_show(c)));
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, [hard]);
    }
}
