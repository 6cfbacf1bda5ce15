//! Who takes what, as a graph in the language of Graphviz. <https://graphviz.org/doc/info/lang.html>

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::base::escape_controls;
use crate::inventory::references::{Listing, Thing, ThingKind};

/// Writes the graph.
///
/// # Errors
///
/// What `out` says.
pub fn dot(listing: &Listing, out: &mut dyn Write) -> io::Result<()> {
    let edges = &listing.found.edges;
    let mut numbers: BTreeMap<&Thing, usize> = BTreeMap::new();
    for edge in edges {
        for thing in [&edge.from, &edge.to] {
            let next = numbers.len();
            numbers.entry(thing).or_insert(next);
        }
    }
    writeln!(out, "digraph straykey {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(out, "  node [fontname=\"sans-serif\"];")?;
    let mut by_number: Vec<_> = numbers.iter().collect();
    by_number.sort_by_key(|(_, number)| **number);
    for (thing, number) in by_number {
        let shape = match thing.kind {
            ThingKind::Workload(_) => "box",
            ThingKind::Identity(_) => "ellipse",
            ThingKind::Secret(_) => "note",
            _ => "hexagon",
        };
        let label = format!("{}\\n{}", quoted(thing.kind.word()), quoted(&thing.name));
        writeln!(out, "  n{number} [shape={shape}, label=\"{label}\"];")?;
    }
    for edge in edges {
        let (from, to) = (numbers[&edge.from], numbers[&edge.to]);
        let place = format!("{}:{}", edge.place.path, edge.place.line);
        let (label, place) = (quoted(&edge.via), quoted(&place));
        writeln!(
            out,
            "  n{from} -> n{to} [label=\"{label}\", tooltip=\"{place}\"];"
        )?;
    }
    writeln!(out, "}}")
}

/// A text between quotes: nothing of it ends them, and nothing of it is a command of the language.
fn quoted(text: &str) -> String {
    escape_controls(text)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        assert_eq!(quoted("a\"]; b -> c [x=\"\\"), "a\\\"]; b -> c [x=\\\"\\\\");
        assert_eq!(quoted("a\nb"), "a\\\\nb");
    }
}
