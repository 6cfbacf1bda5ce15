//! Chains: from a job, over the identity that it takes, to whoever gets something of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Thing, ThingKind};

/// Edges of one chain.
const LONG: usize = 8;
/// Chains that are told.
const MANY: usize = 10_000;

/// Edges that follow each other.
pub type Chain<'a> = Vec<&'a Edge>;

/// All chains that begin where no other edge ends, longest possible; in order. At most ten thousand, of at most
/// eight edges each.
pub fn chains(edges: &[Edge]) -> Vec<Chain<'_>> {
    let mut from: BTreeMap<&Thing, Vec<&Edge>> = BTreeMap::new();
    let mut ends: BTreeSet<&Thing> = BTreeSet::new();
    for edge in edges {
        from.entry(&edge.from).or_default().push(edge);
        ends.insert(&edge.to);
    }
    let mut out = Vec::new();
    for (start, first) in &from {
        let is_start = !ends.contains(start) || matches!(start.kind, ThingKind::Issuer);
        if is_start {
            for edge in first {
                follow(edge, &from, &mut Vec::new(), &mut out);
            }
        }
    }
    out
}

fn follow<'a>(
    edge: &'a Edge,
    from: &BTreeMap<&'a Thing, Vec<&'a Edge>>,
    so_far: &mut Chain<'a>,
    out: &mut Vec<Chain<'a>>,
) {
    if out.len() >= MANY {
        return;
    }
    so_far.push(edge);
    let is_circle = so_far.iter().any(|e| e.from == edge.to);
    let next = from
        .get(&edge.to)
        .filter(|_| so_far.len() < LONG && !is_circle);
    match next {
        Some(next) => next.iter().for_each(|edge| follow(edge, from, so_far, out)),
        None => out.push(so_far.clone()),
    }
    so_far.pop();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::references::{Place, WorkloadKind};

    fn edge(from: &str, to: &str) -> Edge {
        let thing = |name: &str| Thing {
            kind: ThingKind::Workload(WorkloadKind::Job),
            name: name.into(),
        };
        Edge {
            place: Place {
                path: "x".into(),
                line: 1,
            },
            from: thing(from),
            to: thing(to),
            via: String::new(),
        }
    }

    fn told(edges: &[Edge]) -> Vec<String> {
        let chains = chains(edges).into_iter();
        chains
            .map(|c| {
                c.iter()
                    .map(|e| format!("{}{}", e.from.name, e.to.name))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    }

    #[test]
    fn edges_are_joined() {
        assert_eq!(
            told(&[
                edge("a", "b"),
                edge("b", "c"),
                edge("b", "d"),
                edge("e", "b")
            ]),
            ["ab bc", "ab bd", "eb bc", "eb bd"]
        );
        // A circle with a way in ends where it closes.
        assert_eq!(
            told(&[edge("a", "b"), edge("b", "c"), edge("c", "b")]),
            ["ab bc cb"]
        );
    }

    #[test]
    fn many_ways_are_bounded() {
        let mut edges = Vec::new();
        for step in 0..20 {
            for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
                edges.push(edge(&format!("{step}.{x}"), &format!("{}.{y}", step + 1)));
            }
        }
        let all = chains(&edges);
        assert!(all.len() <= MANY && all.iter().all(|c| c.len() <= LONG));
    }
}
