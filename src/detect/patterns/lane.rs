//! How the prefilter finds a pattern, and the proof that it does.
//!
//! A lane is derived from the shape's tree, so it is complete by construction: `Prefix` only if
//! every text of the language has one of the listed literals at the offset, followed by enough
//! token bytes; and so on down to `Slow`, which tries every place and says so.

use super::bytes::{ByteSet, TOKEN};
use super::gate::{Gate, behind, gate};
use super::shape::{self, Node};

/// The least length of a token run. Nearly every machine credential has this many token bytes in
/// a row.
pub const RUN: usize = 16;

/// The structural literals that the anchor lane looks for.
pub const ANCHORS: &[&str] = &[
    "-----BEGIN",
    "://",
    "7Q~",
    "8Q~",
    "sig=",
    "xoxd-",
    "dp.st.",
    "api_live",
    "api_sandbox",
];

/// How a pattern is found. Offsets count back from the hit to where the match begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lane {
    /// One of these literals begins [`RUN`] or more token bytes.
    Prefix {
        /// Their first three bytes.
        literals: &'static [[u8; 3]],
        /// The match begins at least so many bytes before the literal.
        lo: u16,
        /// And at most so many.
        hi: u16,
        /// Which runs are passed over.
        gate: Gate,
        /// The run has at least so many bytes from the literal on.
        least: u16,
    },
    /// One of these literals ends where a token run begins.
    Lead {
        /// Their last three bytes.
        literals: &'static [[u8; 3]],
        /// The match begins at least so many bytes before the run.
        lo: u16,
        /// And at most so many.
        hi: u16,
        /// Which runs are passed over.
        gate: Gate,
        /// The run has at least so many bytes.
        least: u16,
    },
    /// The match begins at an edge inside a run (`hi` 0), or so many bytes before a run.
    Run {
        /// The match begins at least so many bytes before the run.
        lo: u16,
        /// And at most so many.
        hi: u16,
        /// Which runs are passed over.
        gate: Gate,
        /// The match has at least so many token bytes in a row from there.
        least: u16,
        /// What may stand right before the run.
        before: ByteSet,
        /// What may stand right behind it, if it has neither 16 letters and digits in a row nor the
        /// dashes of a UUID.
        behind: ByteSet,
    },
    /// One of [`ANCHORS`] is in it.
    Anchor {
        /// Which: one bit each.
        anchors: u16,
        /// The match begins at least so many bytes before the anchor.
        lo: u16,
        /// And at most so many.
        hi: u16,
    },
    /// Found by the name that a value is assigned to.
    Name,
    /// Tried at every byte it can begin with, in files that are called as the pattern says, and nowhere
    /// else.
    File,
    /// Tried at every byte it can begin with: slow, and told.
    Slow,
}

/// Derives the lane of a shape. `edged` says whether the match must begin at an edge.
///
/// `near` says whether it has keywords: without them an anchor is worth more than a run.
pub(super) fn derive(nodes: &[Node], edged: bool, near: bool) -> Lane {
    let nodes = split_at_leads(nodes);
    if shape::leading_run(&nodes, TOKEN) >= RUN
        && let Some(literals) = literals(&nodes)
    {
        return Lane::Prefix {
            literals,
            lo: 0,
            hi: 0,
            gate: gate(&nodes),
            least: least(&nodes),
        };
    }
    let (mut lead, mut prefix, mut run, mut anchor) = (None, None, None, None);
    for i in 0..nodes.len() {
        let (lo, hi) = shape::length(&nodes[..i]);
        if hi > 512 {
            break;
        }
        let (lo, hi) = (lo as u16, hi as u16);
        let narrower = |old: &Option<Lane>| match old {
            Some(Lane::Lead { lo: l, hi: h, .. } | Lane::Prefix { lo: l, hi: h, .. }) => {
                hi - lo < h - l
            }
            _ => true,
        };
        if anchor.is_none()
            && let Some((anchors, at)) = anchors_at(&nodes[i..])
        {
            anchor = Some(Lane::Anchor {
                anchors,
                lo: lo + at,
                hi: hi + at,
            });
        }
        if shape::leading_run(&nodes[i..], TOKEN) < RUN {
            continue;
        }
        if i > 0
            && hi - lo <= 64
            && let Some(found) = literals(&nodes[i..])
            && narrower(&prefix)
        {
            prefix = Some(Lane::Prefix {
                literals: found,
                lo,
                hi,
                gate: gate_at(&nodes[i..], lo, hi),
                least: least(&nodes[i..]),
            });
        }
        if i == 0 {
            if edged && run.is_none() {
                run = Some(run_lane(&nodes, 0, (0, 0)));
            }
            continue;
        }
        let (last, _) = shape::first(&reversed(&nodes[..i]));
        if !last.and(TOKEN).is_empty() {
            continue;
        }
        if let Some(endings) = shape::openings(&reversed(&nodes[..i]), 3, 128)
            && narrower(&lead)
        {
            let literals: Vec<[u8; 3]> = endings.iter().map(|e| [e[2], e[1], e[0]]).collect();
            lead = Some(Lane::Lead {
                literals: literals.leak(),
                lo,
                hi,
                gate: gate(&nodes[i..]),
                least: least(&nodes[i..]),
            });
        }
        if run.is_none() {
            run = Some(run_lane(&nodes, i, (lo, hi)));
        }
    }
    // A run that begins far behind the match, or that any run could be, is worth less than an
    // anchor.
    let good = |lane: &Lane| {
        near && matches!(lane, Lane::Run { lo, hi, gate, .. } if hi - lo <= 8 && *gate != Gate::Open)
    };
    let good_run = run.filter(good);
    if is_rarer(run, prefix) {
        prefix = None;
    }
    lead.or(prefix)
        .or(good_run)
        .or(anchor)
        .or(run)
        .unwrap_or(Lane::Slow)
}

/// The gate of a run that begins with a literal. If that may stand at many places, there is none:
/// which run is meant is not known.
fn gate_at(nodes: &[Node], lo: u16, hi: u16) -> Gate {
    if lo == hi { gate(nodes) } else { Gate::Open }
}

/// Whether a run is rarer than a prefix: one that must have a row or dashes, than any of many.
fn is_rarer(run: Option<Lane>, prefix: Option<Lane>) -> bool {
    let many = |lane: &Lane| matches!(lane, Lane::Prefix { literals, .. } if literals.len() > 16);
    let sure = |lane: &Lane| {
        matches!(
            lane,
            Lane::Run {
                hi: 0,
                gate: Gate::Sure,
                ..
            }
        )
    };
    prefix.as_ref().is_some_and(many) && run.as_ref().is_some_and(sure)
}

/// The anchors of which every text has one, as bits, and how far into it.
fn anchors_at(nodes: &[Node]) -> Option<(u16, u16)> {
    if let Some(Node::Bytes(bytes)) = nodes.first() {
        for (k, text) in ANCHORS.iter().enumerate() {
            if let Some(at) = position(bytes, text.as_bytes()) {
                return Some((1 << k, at as u16));
            }
        }
    }
    let mut anchors = 0;
    for opening in shape::openings(nodes, 3, 4)? {
        anchors |= 1 << ANCHORS.iter().position(|a| a.as_bytes() == opening)?;
    }
    Some((anchors, 0))
}

/// The run lane of a shape whose run begins with node `at`, so many bytes behind the match's begin.
fn run_lane(nodes: &[Node], at: usize, (lo, hi): (u16, u16)) -> Lane {
    let (nodes_before, run) = nodes.split_at(at);
    let (before, may_be_first) = shape::first(&reversed(nodes_before));
    Lane::Run {
        lo,
        hi,
        gate: gate(run),
        least: least(run),
        before: if may_be_first { ByteSet::ALL } else { before },
        behind: behind(run),
    }
}

/// How many token bytes every text begins with.
fn least(nodes: &[Node]) -> u16 {
    shape::leading_run(nodes, TOKEN) as u16
}

/// The three-byte openings of a shape that begins with a literal run of token bytes.
fn literals(nodes: &[Node]) -> Option<&'static [[u8; 3]]> {
    // Wide classes say nothing: an opening must be spelled, or nearly.
    let wide = |node: &Node| matches!(node, Node::Set { set, .. } if set.len() > 4);
    if nodes.first().is_none_or(wide) {
        return None;
    }
    let openings = shape::openings(nodes, 3, 256)?;
    let literals: Vec<[u8; 3]> = openings.iter().map(|o| [o[0], o[1], o[2]]).collect();
    Some(literals.leak())
}

/// Splits literals after bytes that end a run, so that every run begins at a node.
fn split_at_leads(nodes: &[Node]) -> Vec<Node> {
    let mut out = Vec::new();
    for node in nodes {
        let Node::Bytes(bytes) = node else {
            out.push(node.clone());
            continue;
        };
        let mut start = 0;
        for i in 1..bytes.len() {
            if TOKEN.has(bytes[i]) && !TOKEN.has(bytes[i - 1]) {
                // An anchor stays whole, whatever is in it.
                let cuts_anchor = ANCHORS.iter().any(|a| {
                    position(&bytes[start..], a.as_bytes())
                        .is_some_and(|p| start + p < i && i < start + p + a.len())
                });
                if !cuts_anchor {
                    out.push(Node::Bytes(bytes[start..i].to_vec()));
                    start = i;
                }
            }
        }
        out.push(Node::Bytes(bytes[start..].to_vec()));
    }
    out
}

fn reversed(nodes: &[Node]) -> Vec<Node> {
    nodes
        .iter()
        .rev()
        .map(|node| match node {
            Node::Bytes(bytes) => Node::Bytes(bytes.iter().rev().copied().collect()),
            Node::Either(alternatives) => {
                Node::Either(alternatives.iter().map(|a| reversed(a)).collect())
            }
            set @ Node::Set { .. } => set.clone(),
        })
        .collect()
}

fn position(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

#[cfg(test)]
mod tests {
    use super::super::gate::GATE_MOST;
    use super::*;

    fn lane(expression: &str) -> Lane {
        derive(&shape::parse(expression).unwrap(), true, true)
    }

    #[test]
    fn each_shape_goes_to_the_lane_that_can_prove_it() {
        assert_eq!(
            lane("abp_[A-Za-z0-9]{36}"),
            Lane::Prefix {
                literals: &[[b'a', b'b', b'p']],
                lo: 0,
                hi: 0,
                gate: Gate::Sure,
                least: 40
            }
        );
        assert_eq!(
            lane("SG\\.[A-Za-z0-9]{22}\\.[a-z]{43}"),
            // "SG." has three bytes, and none before them is needed.
            Lane::Lead {
                literals: &[[b'S', b'G', b'.']],
                lo: 3,
                hi: 3,
                gate: Gate::Sure,
                least: 22
            }
        );
        assert_eq!(
            lane("[a-z0-9]{14}\\.v1\\.[A-Za-z0-9]{60}"),
            Lane::Lead {
                literals: &[[b'v', b'1', b'.']],
                lo: 18,
                hi: 18,
                gate: Gate::Sure,
                least: 60
            }
        );
        assert_eq!(
            lane("[0-9a-f]{32}"),
            Lane::Run {
                lo: 0,
                hi: 0,
                gate: Gate::Sure,
                least: 32,
                before: ByteSet::ALL,
                behind: ByteSet::EMPTY
            }
        );
        assert_eq!(
            lane("[a-z]{16}"),
            Lane::Run {
                lo: 0,
                hi: 0,
                gate: Gate::Sure,
                least: 16,
                before: ByteSet::ALL,
                behind: ByteSet::EMPTY
            }
        );
        assert_eq!(
            lane("[0-9a-z]{8,10}:[A-Za-z0-9_-]{35}"),
            Lane::Run {
                lo: 9,
                hi: 11,
                gate: Gate::Changes(GATE_MOST),
                least: 35,
                before: ByteSet::of(b':'),
                behind: ByteSet::ALL
            }
        );
        // Either part of it ends where a dot stands, or is a row.
        assert_eq!(
            lane("(?:[0-9A-Za-z_-]{20,40}\\.[a-z]{9,60}|[0-9A-Za-z]{155})"),
            Lane::Run {
                lo: 0,
                hi: 0,
                gate: Gate::Changes(3),
                least: 20,
                before: ByteSet::ALL,
                behind: ByteSet::of(b'.')
            }
        );
        assert_eq!(
            lane("https://[a-z]{2,9}:[!-~]{3,9}@"),
            Lane::Anchor {
                anchors: 2,
                lo: 5,
                hi: 5
            }
        );
        assert_eq!(lane("[a-z]{3}\\.[a-z]{3}"), Lane::Slow);
        assert_eq!(
            derive(&shape::parse("[0-9a-f]{32}").unwrap(), false, true),
            Lane::Slow
        );
    }
}
