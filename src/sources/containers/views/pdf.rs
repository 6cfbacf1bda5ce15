//! The text of PDF: what the strings of its streams say.
//!
//! No page is laid out and no object is looked up: every stream that can be unpacked is, and the
//! strings that are drawn in it are told in their order. Fonts that number their glyphs come with
//! tables of what those mean; each table gives a text of its own, as which font uses which is not
//! looked up.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// How far before a stream its dictionary is looked for.
const DICTIONARY: usize = 2 << 10;

/// Bytes of one stream that are unpacked.
const STREAM: usize = 16 << 20;

/// Tables of glyphs that are used.
const TABLES: usize = 16;

/// The character of each glyph; 0 for none.
type Glyphs = Vec<u32>;

/// What is read of one file.
#[derive(Debug, Default)]
pub(in super::super) struct Pdf {
    /// The streams that may be drawn.
    streams: Vec<Vec<u8>>,
    tables: Vec<Glyphs>,
    /// Whether its strings are encrypted.
    pub(in super::super) is_encrypted: bool,
    /// Whether streams were left out, as there were too many.
    pub(in super::super) is_cut: bool,
}

impl Pdf {
    /// Reads the streams of a file, up to `most` bytes of them.
    pub(in super::super) fn read(file: &[u8], most: usize) -> Self {
        let mut pdf = Self {
            is_encrypted: has(file, b"/Encrypt ") || has(file, b"/Encrypt<<"),
            ..Self::default()
        };
        if pdf.is_encrypted {
            return pdf;
        }
        let mut left = most;
        let mut end = 0;
        for at in memchr::memmem::find_iter(file, b"stream") {
            if at < end || file[..at].ends_with(b"end") {
                continue;
            }
            let dictionary = &file[at.saturating_sub(DICTIONARY).max(end)..at];
            let last = memchr::memmem::rfind(dictionary, b" obj").unwrap_or(0);
            let dictionary = &dictionary[last..];
            if has(dictionary, b"/Image") || has(dictionary, b"DCTDecode") {
                continue;
            }
            let start = at + b"stream".len();
            let start = start + usize::from(file[start..].starts_with(b"\r"));
            let start = start + usize::from(file[start..].starts_with(b"\n"));
            let length = memchr::memmem::find(&file[start..], b"endstream");
            end = start + length.unwrap_or(file.len() - start);
            let bound = STREAM.min(left);
            let content = &file[start..end];
            let text = if has(dictionary, b"FlateDecode") || has(dictionary, b"/Fl ") {
                let mut out = Vec::new();
                // What came before damage is read.
                let _ = ZlibDecoder::new(content)
                    .take(bound as u64)
                    .read_to_end(&mut out);
                pdf.is_cut |= out.len() == bound;
                out
            } else if has(dictionary, b"/Filter") {
                continue;
            } else {
                content[..content.len().min(bound)].to_vec()
            };
            left -= text.len();
            if has(&text, b"beginbfchar") || has(&text, b"beginbfrange") {
                if pdf.tables.len() < TABLES {
                    pdf.tables.push(table(&text));
                }
            } else {
                pdf.streams.push(text);
            }
        }
        pdf
    }

    /// The texts: of strings as they are, then by each table of glyphs.
    pub(in super::super) fn texts(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let by_glyphs = self.tables.iter().map(|table| {
            let mut out = Vec::new();
            for stream in self.streams.iter().filter(|s| has(s, b"BT")) {
                drawn(stream, Some(table), &mut out);
            }
            out
        });
        let mut plain = Vec::new();
        for stream in &self.streams {
            drawn(stream, None, &mut plain);
        }
        std::iter::once(plain).chain(by_glyphs)
    }
}

fn has(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}

/// The strings of a stream. Operators that move to another line end one.
fn drawn(stream: &[u8], table: Option<&Glyphs>, out: &mut Vec<u8>) {
    let mut at = 0;
    let mut string = Vec::new();
    while at < stream.len() {
        match stream[at] {
            b'(' => {
                string.clear();
                at = literal(stream, at + 1, &mut string);
                told(&string, table, out);
            }
            b'<' if stream.get(at + 1) == Some(&b'<') => at += 2,
            b'<' => {
                string.clear();
                at = hex(stream, at + 1, &mut string);
                told(&string, table, out);
            }
            b'\'' | b'"' => {
                broken(out);
                at += 1;
            }
            byte if byte.is_ascii_alphabetic() || byte == b'/' => {
                let is_word = |b: &u8| b.is_ascii_alphanumeric() || b"*_-/".contains(b);
                let word = &stream[at..];
                let length = word.iter().position(|b| !is_word(b)).unwrap_or(word.len());
                match &word[..length] {
                    b"Td" | b"TD" | b"Tm" | b"T*" | b"ET" | b"endobj" => broken(out),
                    _ => {}
                }
                at += length.max(1);
            }
            _ => at += 1,
        }
    }
    broken(out);
}

fn broken(out: &mut Vec<u8>) {
    if out.last().is_some_and(|b| *b != b'\n') {
        out.push(b'\n');
    }
}

/// Adds a string, if it says something.
fn told(string: &[u8], table: Option<&Glyphs>, out: &mut Vec<u8>) {
    if let Some(table) = table {
        for code in string.as_chunks::<2>().0 {
            let c = table.get(usize::from(u16::from_be_bytes(*code)));
            if let Some(c) = c.and_then(|c| char::from_u32(*c)).filter(|c| *c != '\0') {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    } else if let Some(units) = string.strip_prefix(b"\xfe\xff") {
        let units = units
            .as_chunks::<2>()
            .0
            .iter()
            .map(|u| u16::from_be_bytes(*u));
        let text = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}'));
        out.extend_from_slice(text.collect::<String>().as_bytes());
    } else if string
        .iter()
        .all(|b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0xa0..))
    {
        out.extend_from_slice(string);
    }
}

/// A string in parentheses, up to its end.
fn literal(stream: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    let mut depth = 1;
    while let Some(byte) = stream.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                let Some(next) = stream.get(at) else { break };
                at += 1;
                match next {
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'\n' => {}
                    b'0'..=b'7' => {
                        let digits = stream[at - 1..].iter().take(3);
                        let digits = digits.take_while(|b| matches!(b, b'0'..=b'7'));
                        let digits: Vec<u8> = digits.map(|b| b - b'0').collect();
                        at += digits.len() - 1;
                        let value = digits.iter().fold(0u32, |n, d| n * 8 + u32::from(*d));
                        out.push(value as u8);
                    }
                    other => out.push(*other),
                }
            }
            b'(' => {
                depth += 1;
                out.push(b'(');
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
                out.push(b')');
            }
            other => out.push(*other),
        }
    }
    at
}

/// A string in hex, up to its end.
fn hex(stream: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    let mut half = None;
    while let Some(byte) = stream.get(at) {
        at += 1;
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'>' => break,
            b if b.is_ascii_whitespace() => continue,
            _ => return at,
        };
        match half.take() {
            Some(high) => out.push(high << 4 | digit),
            None => half = Some(digit),
        }
    }
    out.extend(half.map(|high| high << 4));
    at
}

/// What glyphs mean, from ranges of codes and the character of the first of each.
fn table(text: &[u8]) -> Glyphs {
    let mut all = vec![0; 1 << 16];
    let mut left = 1usize << 20;
    for (begin, end, step) in [
        (&b"beginbfchar"[..], &b"endbfchar"[..], 2),
        (&b"beginbfrange"[..], &b"endbfrange"[..], 3),
    ] {
        for at in memchr::memmem::find_iter(text, begin) {
            let part = &text[at + begin.len()..];
            let part = &part[..memchr::memmem::find(part, end).unwrap_or(part.len())];
            let mut numbers: Vec<u32> = Vec::new();
            let mut string = Vec::new();
            let mut i = 0;
            while let Some(open) = memchr::memchr(b'<', part.get(i..).unwrap_or_default()) {
                string.clear();
                i = hex(part, i + open + 1, &mut string);
                let value = string.iter().take(2);
                numbers.push(value.fold(0, |n, b| n << 8 | u32::from(*b)));
            }
            for entry in numbers.chunks_exact(step) {
                let (low, high, to) = match *entry {
                    [low, high, to] => (low as usize, high as usize, to),
                    [code, to] => (code as usize, code as usize, to),
                    _ => continue,
                };
                // Many that cover all are no table.
                left = left.saturating_sub(high.saturating_sub(low) + 1);
                if left == 0 {
                    return all;
                }
                for (glyph, c) in (low..=high).zip(to..) {
                    all[glyph] = c;
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stream: &str) -> String {
        let mut out = Vec::new();
        drawn(stream.as_bytes(), None, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_as_they_are_drawn() {
        assert_eq!(
            of("BT (pass) Tj 0 -12 Td (a\\(b\\)\\101) Tj ET"),
            "pass\na(b)A\n"
        );
        assert_eq!(
            of("BT [(pa) -20 (ss) 3 <776f7264>] TJ T* (x) Tj ET"),
            "password\nx\n"
        );
        assert_eq!(of("(open"), "open\n");
        assert_eq!(of("<<</A <41"), "A\n");
    }

    #[test]
    fn glyphs_by_a_table() {
        let map =
            b"1 beginbfchar <0003> <0041> endbfchar 1 beginbfrange <0010> <0012> <0061> endbfrange";
        let table = table(map);
        let mut out = Vec::new();
        drawn(b"BT [<0003> 5 <00100012>] TJ ET", Some(&table), &mut out);
        assert_eq!(out, b"Aac\n");
    }
}
