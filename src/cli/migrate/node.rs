//! Foreign files as one sort of tree, whatever they are written in; each value knows its line.
//!
//! The files come with a repository and may be anything: depth and the number of values are bounded,
//! and an alias of YAML is refused (a few lines of them can stand for billions of values).

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle};
use toml::de::{DeTable, DeValue};

/// How deep values may lie in each other.
const DEPTH: usize = 32;
/// How many values one file may have.
const VALUES: usize = 1 << 20;

/// A value and the line it stands on.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// Text, a number, yes or no, as it is written.
    Scalar(String),
    /// Several values.
    List(Vec<Node>),
    /// Values with names, each with its own line.
    Table(Vec<(String, usize, Node)>),
}

/// What is wrong with a file, and on which line. Nothing of the file is quoted.
pub type Wrong = (usize, String);

impl Node {
    /// The text, if it is a single value.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The values; a single one counts as a list of one.
    pub fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The named values.
    pub fn table(&self) -> Option<&[(String, usize, Node)]> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let mut entries = self.table()?.iter();
        entries.find(|(key, _, _)| key == name).map(|(_, _, n)| n)
    }
}

/// The named values of a table, as they are asked for one by one: what is left was not understood.
#[derive(Debug)]
pub struct Fields<'a> {
    left: Vec<(&'a str, usize, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// Those of a table; of anything else none.
    pub fn of(node: &'a Node) -> Self {
        let entries = node.table().unwrap_or_default().iter();
        Self {
            left: entries.map(|(k, l, n)| (k.as_str(), *l, n)).collect(),
        }
    }

    /// Takes the value of a name; upper and lower case are the same.
    pub fn take(&mut self, name: &str) -> Option<&'a Node> {
        let at = self
            .left
            .iter()
            .position(|(key, _, _)| key.eq_ignore_ascii_case(name))?;
        Some(self.left.remove(at).2)
    }

    /// Takes a text.
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        self.take(name).and_then(Node::text)
    }

    /// Takes a list of texts, each with its line.
    pub fn texts(&mut self, name: &str) -> Vec<(&'a str, usize)> {
        let nodes = self.take(name).map(Node::list).unwrap_or_default().iter();
        nodes.filter_map(|n| Some((n.text()?, n.line))).collect()
    }

    /// What nobody asked for: names and lines.
    pub fn rest(self) -> impl Iterator<Item = (&'a str, usize)> {
        self.left.into_iter().map(|(key, line, _)| (key, line))
    }
}

/// Reads TOML.
///
/// # Errors
///
/// What is wrong with it.
pub fn toml(text: &str) -> Result<Node, Wrong> {
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.at(span.start));
        (
            line,
            straykey::base::quote_value(error.message()).into_owned(),
        )
    })?;
    let mut left = VALUES;
    from_table(table.get_ref(), 1, &lines, 0, &mut left)
}

fn from_table(
    table: &DeTable<'_>,
    line: usize,
    lines: &Lines,
    depth: usize,
    left: &mut usize,
) -> Result<Node, Wrong> {
    let mut entries = Vec::new();
    for (key, value) in table {
        let at = lines.at(key.span().start);
        let node = from_toml(value.get_ref(), value.span().start, lines, depth + 1, left)?;
        entries.push((key.get_ref().to_string(), at, node));
    }
    entries.sort_by_key(|(_, line, _)| *line);
    Ok(Node {
        line,
        value: Value::Table(entries),
    })
}

fn from_toml(
    value: &DeValue<'_>,
    offset: usize,
    lines: &Lines,
    depth: usize,
    left: &mut usize,
) -> Result<Node, Wrong> {
    let line = lines.at(offset);
    count(line, depth, left)?;
    let value = match value {
        DeValue::String(text) => Value::Scalar(text.to_string()),
        DeValue::Integer(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Value::Scalar(yes.to_string()),
        DeValue::Datetime(time) => Value::Scalar(time.to_string()),
        DeValue::Array(items) => {
            let items = items
                .iter()
                .map(|one| from_toml(one.get_ref(), one.span().start, lines, depth + 1, left));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => return from_table(table, line, lines, depth, left),
    };
    Ok(Node { line, value })
}

fn count(line: usize, depth: usize, left: &mut usize) -> Result<(), Wrong> {
    if depth > DEPTH {
        return Err((line, format!("values lie more than {DEPTH} deep")));
    }
    *left = left
        .checked_sub(1)
        .ok_or_else(|| (line, format!("more than {VALUES} values")))?;
    Ok(())
}

/// A table or list of YAML that is not at its end.
enum Open {
    List(usize, Vec<Node>),
    Table(usize, Vec<(String, usize, Node)>, Option<(String, usize)>),
}

/// Reads the first document of a YAML file.
///
/// # Errors
///
/// What is wrong with it; aliases are.
pub fn yaml(text: &str) -> Result<Node, Wrong> {
    let mut stack: Vec<Open> = Vec::new();
    let mut left = VALUES;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|e| (e.marker().line(), "this does not parse as YAML".to_owned()))?;
        let line = span.start.line();
        let done = match event {
            Event::Alias(_) => return Err((line, "aliases (*name) are not followed".to_owned())),
            Event::Scalar(text, style, _, _) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Scalar(text.into_owned())
                };
                Node { line, value }
            }
            Event::SequenceStart(..) => {
                count(line, stack.len(), &mut left)?;
                stack.push(Open::List(line, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                count(line, stack.len(), &mut left)?;
                stack.push(Open::Table(line, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(Open::List(line, nodes)) => Node {
                    line,
                    value: Value::List(nodes),
                },
                Some(Open::Table(line, entries, _)) => Node {
                    line,
                    value: Value::Table(entries),
                },
                None => continue,
            },
            Event::DocumentEnd => break,
            _ => continue,
        };
        count(line, stack.len(), &mut left)?;
        match stack.last_mut() {
            None => return Ok(done),
            Some(Open::List(_, nodes)) => nodes.push(done),
            Some(Open::Table(_, entries, key)) => match key.take() {
                Some((name, at)) => entries.push((name, at, done)),
                None => match done.value {
                    Value::Scalar(name) => *key = Some((name, line)),
                    Value::Null => *key = Some(("null".to_owned(), line)),
                    _ => return Err((line, "a key is a text".to_owned())),
                },
            },
        }
    }
    Ok(Node {
        line: 1,
        value: Value::Null,
    })
}

/// Reads JSON.
///
/// # Errors
///
/// What is wrong with it.
pub fn json(text: &str) -> Result<Node, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Json {
        text,
        at: 0,
        line: 1,
        left: VALUES,
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
    left: usize,
}

impl Json<'_> {
    fn wrong(&self, what: &str) -> Wrong {
        (self.line, what.to_owned())
    }

    fn blank(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            self.line += usize::from(bytes[self.at] == b'\n');
            self.at += 1;
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
        count(line, depth, &mut self.left)?;
        let value = match self.text.as_bytes().get(self.at) {
            Some(b'"') => Value::Scalar(self.string()?),
            Some(b'[') => {
                self.at += 1;
                let mut nodes = Vec::new();
                while !self.eat(b']') {
                    if !nodes.is_empty() && !self.eat(b',') {
                        return Err(self.wrong("a comma or ] is missing"));
                    }
                    nodes.push(self.value(depth + 1)?);
                }
                Value::List(nodes)
            }
            Some(b'{') => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.eat(b'}') {
                    if !entries.is_empty() && !self.eat(b',') {
                        return Err(self.wrong("a comma or } is missing"));
                    }
                    self.blank();
                    let at = self.line;
                    let key = self.string()?;
                    if !self.eat(b':') {
                        return Err(self.wrong("a colon is missing"));
                    }
                    entries.push((key, at, self.value(depth + 1)?));
                }
                Value::Table(entries)
            }
            Some(_) => self.word()?,
            None => return Err(self.wrong("the file ends too early")),
        };
        Ok(Node { line, value })
    }

    fn string(&mut self) -> Result<String, Wrong> {
        let rest = &self.text.as_bytes()[self.at..];
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
        let end = rest.find([',', ']', '}', ' ', '\t', '\r', '\n', ':', '"', '[', '{']);
        let word = &rest[..end.unwrap_or(rest.len())];
        let known = serde_json::from_str::<serde_json::Value>(word);
        if word.is_empty() || known.is_err() {
            return Err(self.wrong("this is no JSON value"));
        }
        self.at += word.len();
        Ok(match word {
            "null" => Value::Null,
            word => Value::Scalar(word.to_owned()),
        })
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(memchr_lines(text).collect())
    }

    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|end| *end < offset)
    }
}

fn memchr_lines(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.bytes()
        .enumerate()
        .filter(|(_, b)| *b == b'\n')
        .map(|(i, _)| i)
}

/// A text as TOML writes it: without escapes if that is possible.
pub fn toml_text(text: &str) -> String {
    let plain = |c: char| c != '\'' && (c == '\t' || !c.is_control());
    if text.chars().all(plain) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        let shown: Cow<'_, str> = match c {
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\t' => "\\t".into(),
            '\r' => "\\r".into(),
            c if c.is_control() => format!("\\u{:04x}", c as u32).into(),
            c => c.to_string().into(),
        };
        out.push_str(&shown);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(node: &Node) -> Vec<(String, usize)> {
        let entries = node.table().unwrap().iter();
        entries.map(|(key, line, _)| (key.clone(), *line)).collect()
    }

    #[test]
    fn every_value_knows_its_line() {
        let expected = [("a".to_owned(), 1), ("b".to_owned(), 3)];
        for node in [
            toml("a = 1\n\nb = ['x',\n 'y']\n").unwrap(),
            yaml("a: 1\n\nb:\n  - x\n  - \"y\"\n").unwrap(),
            json("{\"a\": 1,\n\n\"b\": [\"x\",\n \"y\"]}").unwrap(),
        ] {
            assert_eq!(lines(&node), expected);
            let list = node.get("b").unwrap().list();
            let texts: Vec<_> = list.iter().map(|n| n.text().unwrap()).collect();
            assert_eq!(texts, ["x", "y"]);
            assert!(list[1].line > list[0].line || list[0].line == 4);
        }
        let table = toml("[[r]]\nid = 'x'\n[[r]]\nid = 'y'\n").unwrap();
        let rules = table.get("r").unwrap().list();
        assert_eq!(rules.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(lines(&rules[1]), [("id".to_owned(), 4)]);
    }

    #[test]
    fn what_is_hostile_is_refused_with_its_line() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(json(&deep).unwrap_err().1.contains("deep"));
        assert!(yaml(&deep).is_err(), "the parser has a bound of its own");
        let less = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(yaml(&less).unwrap_err().1.contains("deep"));
        assert!(toml(&format!("a = {deep}")).is_err());
        let many = format!("[{}0]", "0,".repeat(VALUES));
        assert!(json(&many).unwrap_err().1.contains("more than"));
        let laughs = "a: &a [x]\nb: [*a, *a]\n";
        assert_eq!(yaml(laughs).unwrap_err().0, 2);
        for (text, line) in [
            ("{\n\"a\" 1}", 2),
            ("[1\n2]", 2),
            ("[1,]", 1),
            ("\"a", 1),
            ("{\"\\x\": 1}", 1),
            ("nul", 1),
            ("[1] x", 1),
            ("", 1),
            ("[", 1),
        ] {
            assert_eq!(json(text).unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn a_text_comes_back_from_toml() {
        for text in ["a", "it's", "\"\\d'\n\t\r\u{1}", "", "\u{e9}'"] {
            let written = format!("x = {}", toml_text(text));
            let read = toml(&written).unwrap();
            assert_eq!(read.get("x").unwrap().text(), Some(text));
        }
    }
}
