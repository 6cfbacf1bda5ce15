//! YAML, all documents of a file. Aliases are followed: pipelines and compose files use them; what they stand
//! for counts as if it were written, so a few lines cannot stand for billions of values.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{Count, Entry, Node, Value, Wrong};

/// A table or list that is not at its end, and its anchor.
struct Open {
    line: usize,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Table(Vec<Entry>, Option<(String, u64)>),
}

/// The documents of a YAML file.
///
/// # Errors
///
/// What is wrong with it.
pub(in super::super) fn yaml(text: &str) -> Result<Vec<Node>, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut count = Count::new();
    let mut anchors: HashMap<usize, (Node, usize)> = HashMap::new();
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(text) {
        let wrong = |line| Wrong::new(line, "this does not parse as YAML");
        let (event, span) = event.map_err(|e| wrong(e.marker().line()))?;
        let line = span.start.line();
        let (done, anchor) = match event {
            Event::Alias(id) => {
                let Some((node, values)) = anchors.get(&id) else {
                    return Err(wrong(line));
                };
                count.several(line, *values)?;
                if stack.len() + depth(node) > super::DEPTH {
                    count.one(line, super::DEPTH + 1)?;
                }
                (node.clone(), 0)
            }
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Text(text.into_owned())
                };
                (Node::new(line, value), anchor)
            }
            Event::SequenceStart(anchor, _) => {
                count.one(line, stack.len())?;
                stack.push(Open {
                    line,
                    anchor,
                    kind: Kind::List(Vec::new()),
                });
                continue;
            }
            Event::MappingStart(anchor, _) => {
                count.one(line, stack.len())?;
                stack.push(Open {
                    line,
                    anchor,
                    kind: Kind::Table(Vec::new(), None),
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(open) => {
                    let value = match open.kind {
                        Kind::List(nodes) => Value::List(nodes),
                        Kind::Table(entries, _) => Value::Table(merged(entries, &mut count)?),
                    };
                    (Node::new(open.line, value), open.anchor)
                }
                None => continue,
            },
            Event::DocumentStart(_) => {
                anchors.clear();
                continue;
            }
            _ => continue,
        };
        count.one(line, stack.len())?;
        if anchor > 0 {
            let values = size(&done);
            count.several(line, values)?;
            anchors.insert(anchor, (done.clone(), values));
        }
        match stack.last_mut() {
            None => documents.push(done),
            Some(open) => put(open, done),
        }
    }
    Ok(documents)
}

fn put(open: &mut Open, done: Node) {
    match &mut open.kind {
        Kind::List(nodes) => nodes.push(done),
        Kind::Table(entries, key) => {
            if let Some((key, line)) = key.take() {
                let node = done;
                entries.push(Entry { key, line, node });
                return;
            }
            let line = done.line;
            let name = match done.value {
                Value::Text(name) => name,
                // A list or a table as a key: nothing that is read here has such.
                _ => String::new(),
            };
            *key = Some((name, line));
        }
    }
}

/// The entries with those of `<<` among them: what is written beside it wins.
fn merged(entries: Vec<Entry>, count: &mut Count) -> Result<Vec<Entry>, Wrong> {
    if !entries.iter().any(|e| e.key == "<<") {
        return Ok(entries);
    }
    let (from, mut out): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| e.key == "<<");
    let mut known: HashSet<String> = out.iter().map(|e| e.key.clone()).collect();
    for table in from.iter().flat_map(|e| e.node.list()) {
        for entry in table.entries() {
            if known.insert(entry.key.clone()) {
                count.several(entry.line as usize, size(&entry.node))?;
                out.push(entry.clone());
            }
        }
    }
    Ok(out)
}

/// How many values there are in it; long texts count as several.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Text(text) => 1 + text.len() / 256,
        Value::List(nodes) | Value::Call(_, nodes) => 1 + nodes.iter().map(size).sum::<usize>(),
        Value::Table(entries) => {
            let entries = entries.iter();
            1 + entries
                .map(|e| 1 + e.key.len() / 256 + size(&e.node))
                .sum::<usize>()
        }
        Value::Null | Value::Path(_) => 1,
    }
}

/// How deep values lie in it.
fn depth(node: &Node) -> usize {
    match &node.value {
        Value::List(nodes) | Value::Call(_, nodes) => {
            1 + nodes.iter().map(depth).max().unwrap_or(0)
        }
        Value::Table(entries) => 1 + entries.iter().map(|e| depth(&e.node)).max().unwrap_or(0),
        _ => 1,
    }
}
