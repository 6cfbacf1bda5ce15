//! JSON, and what editors make of it: comments and a comma too many.

use super::{Count, Entry, Node, Value, Wrong};

/// Reads JSON.
///
/// # Errors
///
/// What is wrong with it.
pub(in super::super) fn json(text: &str) -> Result<Node, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Json {
        text,
        at: 0,
        line: 1,
        count: Count::new(),
    };
    let node = reader.value(0)?;
    reader.blank();
    if reader.at < text.len() {
        return Err(reader.wrong("something follows the end of the JSON text"));
    }
    Ok(node)
}

struct Json<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    count: Count,
}

impl Json<'_> {
    fn wrong(&self, what: &str) -> Wrong {
        Wrong::new(self.line, what)
    }

    /// Goes past blanks and comments.
    fn blank(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'/' if bytes.get(self.at + 1) == Some(&b'/') => {
                    let end = memchr::memchr(b'\n', &bytes[self.at..]);
                    self.at = end.map_or(bytes.len(), |end| self.at + end);
                }
                b'/' if bytes.get(self.at + 1) == Some(&b'*') => {
                    let end = memchr::memmem::find(&bytes[self.at + 2..], b"*/");
                    let end = end.map_or(bytes.len(), |end| self.at + end + 4);
                    self.line += memchr::memchr_iter(b'\n', &bytes[self.at..end]).count();
                    self.at = end;
                }
                _ => return,
            }
        }
    }

    /// Goes past blanks and this byte, if it is there.
    fn eat(&mut self, byte: u8) -> bool {
        self.blank();
        let there = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Node, Wrong> {
        self.blank();
        let line = self.line;
        self.count.one(line, depth)?;
        let value = match self.text.as_bytes().get(self.at) {
            Some(b'"') => Value::Text(self.string()?),
            Some(b'[') => {
                self.at += 1;
                let mut nodes = Vec::new();
                while !self.eat(b']') {
                    nodes.push(self.value(depth + 1)?);
                    if !self.eat(b',') {
                        if self.eat(b']') {
                            break;
                        }
                        return Err(self.wrong("a comma or ] is missing"));
                    }
                }
                Value::List(nodes)
            }
            Some(b'{') => {
                self.at += 1;
                Value::Table(self.table(depth)?)
            }
            Some(_) => self.word()?,
            None => return Err(self.wrong("the file ends too early")),
        };
        Ok(Node::new(line, value))
    }

    fn table(&mut self, depth: usize) -> Result<Vec<Entry>, Wrong> {
        let mut entries = Vec::new();
        while !self.eat(b'}') {
            let line = self.line as u64;
            let key = self.string()?;
            if !self.eat(b':') {
                return Err(self.wrong("a colon is missing"));
            }
            let node = self.value(depth + 1)?;
            entries.push(Entry { key, line, node });
            if !self.eat(b',') {
                if self.eat(b'}') {
                    break;
                }
                return Err(self.wrong("a comma or } is missing"));
            }
        }
        Ok(entries)
    }

    fn string(&mut self) -> Result<String, Wrong> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.first() != Some(&b'"') {
            return Err(self.wrong("a name in quotes is missing"));
        }
        let mut end = 1;
        while rest.get(end).is_some_and(|b| *b != b'"') {
            end += 1 + usize::from(rest[end] == b'\\');
        }
        let slice = self.text.get(self.at..self.at + end + 1);
        let text = slice.and_then(|s| serde_json::from_str(s).ok());
        self.at += end + 1;
        text.ok_or_else(|| self.wrong("this is no JSON string"))
    }

    fn word(&mut self) -> Result<Value, Wrong> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| ",]}:\"[{/".contains(c) || c.is_ascii_whitespace());
        let word = &rest[..end.unwrap_or(rest.len())];
        let known = serde_json::from_str::<serde_json::Value>(word);
        if word.is_empty() || known.is_err() {
            return Err(self.wrong("this is no JSON value"));
        }
        self.at += word.len();
        Ok(match word {
            "null" => Value::Null,
            word => Value::Text(word.to_owned()),
        })
    }
}
