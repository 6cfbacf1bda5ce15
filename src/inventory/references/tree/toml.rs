//! TOML.

use ::toml::de::{DeTable, DeValue};

use super::{Count, Entry, Lines, Node, Value, Wrong};

/// Reads TOML.
///
/// # Errors
///
/// What is wrong with it.
pub(in super::super) fn toml(text: &str) -> Result<Node, Wrong> {
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.at(span.start));
        Wrong::new(line, "this does not parse as TOML")
    })?;
    from_table(table.get_ref(), 1, &lines, 0, &mut Count::new())
}

fn from_table(
    table: &DeTable<'_>,
    line: usize,
    lines: &Lines,
    depth: usize,
    count: &mut Count,
) -> Result<Node, Wrong> {
    let mut entries = Vec::new();
    for (key, value) in table {
        let line = lines.at(key.span().start) as u64;
        let node = from_toml(value.get_ref(), value.span().start, lines, depth + 1, count)?;
        entries.push(Entry {
            key: key.get_ref().to_string(),
            line,
            node,
        });
    }
    entries.sort_by_key(|e| e.line);
    Ok(Node::new(line, Value::Table(entries)))
}

fn from_toml(
    value: &DeValue<'_>,
    offset: usize,
    lines: &Lines,
    depth: usize,
    count: &mut Count,
) -> Result<Node, Wrong> {
    let line = lines.at(offset);
    count.one(line, depth)?;
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Value::Text(yes.to_string()),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => {
            let items = items
                .iter()
                .map(|one| from_toml(one.get_ref(), one.span().start, lines, depth + 1, count));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => return from_table(table, line, lines, depth, count),
    };
    Ok(Node::new(line, value))
}
