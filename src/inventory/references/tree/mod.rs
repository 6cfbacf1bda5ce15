//! Files of every kind as one sort of tree; each value knows its line.
//!
//! The files come with a repository and may be anything: depth, the number of values and the work that aliases
//! can make are bounded, and what is over a bound is refused with its line. Nothing of a file is quoted.

mod hcl;
mod json;
mod toml;
mod yaml;

#[cfg(test)]
mod tests;

pub(super) use hcl::{Block, hcl};
pub(super) use json::json;
pub(super) use toml::toml;
pub(super) use yaml::yaml;

/// How deep values may lie in each other.
const DEPTH: usize = 64;

/// How many values one file may have, those that aliases stand for included.
const VALUES: usize = 1 << 18;

/// What is wrong with a file, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: u64,
    pub(super) why: String,
}

impl Wrong {
    fn new(line: usize, why: impl Into<String>) -> Self {
        Self {
            line: line.max(1) as u64,
            why: why.into(),
        }
    }
}

/// A value and the line it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Its line, from 1.
    pub(super) line: u64,
    /// What it is.
    pub(super) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing.
    Null,
    /// Text, a number, yes or no, as it is written.
    Text(String),
    /// Several values.
    List(Vec<Node>),
    /// Values with names.
    Table(Vec<Entry>),
    /// HCL only: what another thing is called, such as `aws_iam_role.deploy.arn`.
    Path(String),
    /// HCL only: a function and what it is given.
    Call(String, Vec<Node>),
}

/// A value with a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the name stands.
    pub(super) line: u64,
    pub(super) node: Node,
}

impl Node {
    fn new(line: usize, value: Value) -> Self {
        Self {
            line: line.max(1) as u64,
            value,
        }
    }

    /// The text, if it is a single one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values; a single one counts as a list of one.
    pub(super) fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The values of a list, and none of anything else.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => &[],
        }
    }

    /// The named values.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it has named values.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }

    /// The value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        let entry = self.entries().iter().find(|e| e.key == name);
        entry.map(|e| &e.node)
    }

    /// The value at the end of several names.
    pub(super) fn at(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The text of this name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Node::text)
    }

    /// Calls `each` with every text in it and the name nearest above, in the order of the file.
    pub(super) fn texts<'a>(&'a self, each: &mut dyn FnMut(&'a str, &'a Node)) {
        self.texts_below("", each);
    }

    fn texts_below<'a>(&'a self, name: &'a str, each: &mut dyn FnMut(&'a str, &'a Node)) {
        match &self.value {
            Value::Text(_) => each(name, self),
            Value::List(nodes) | Value::Call(_, nodes) => {
                for node in nodes {
                    node.texts_below(name, each);
                }
            }
            Value::Table(entries) => {
                for entry in entries {
                    entry.node.texts_below(&entry.key, each);
                }
            }
            Value::Null | Value::Path(_) => {}
        }
    }
}

/// Counts values, and refuses what is over a bound.
struct Count {
    left: usize,
}

impl Count {
    const fn new() -> Self {
        Self { left: VALUES }
    }

    fn one(&mut self, line: usize, depth: usize) -> Result<(), Wrong> {
        if depth > DEPTH {
            let why = format!("values lie more than {DEPTH} deep in each other");
            return Err(Wrong::new(line, why));
        }
        self.several(line, 1)
    }

    fn several(&mut self, line: usize, values: usize) -> Result<(), Wrong> {
        let left = self.left.checked_sub(values);
        let why = || format!("more than {VALUES} values, those that aliases stand for included");
        self.left = left.ok_or_else(|| Wrong::new(line, why()))?;
        Ok(())
    }
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|end| *end < offset)
    }
}
