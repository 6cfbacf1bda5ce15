//! An expression becomes a small tree: literals, repeated byte sets, alternatives.
//!
//! The syntax is that of the `regex` crate, parsed by its own parser, over bytes. What has no
//! bound, looks around or captures is refused here, in words that say what to write instead.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::bytes::ByteSet;
use crate::base::limits;

/// One step of a shape. A shape is a sequence of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// These bytes.
    Bytes(Vec<u8>),
    /// `min` to `max` bytes of a set.
    Set {
        set: ByteSet,
        min: u16,
        max: u16,
        lazy: bool,
    },
    /// One of these sequences, tried in order. An optional group has an empty one.
    Either(Vec<Vec<Node>>),
}

/// Parses one expression.
pub(super) fn parse(expression: &str) -> Result<Vec<Node>, String> {
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(expression)
        .map_err(|e| match e {
            // The expression is not quoted: somebody may have pasted a secret for one.
            regex_syntax::Error::Parse(e) => e.kind().to_string(),
            regex_syntax::Error::Translate(e) => e.kind().to_string(),
            _ => "this is no regular expression".to_owned(),
        })?;
    if expression.contains("\\w") || expression.contains("\\d") || expression.contains("\\s") {
        return Err("write \\w, \\d and \\s as classes, such as [0-9]".to_owned());
    }
    let mut nodes = Vec::new();
    lower(&hir, &mut nodes, &mut 0)?;
    Ok(nodes)
}

fn lower(hir: &Hir, out: &mut Vec<Node>, count: &mut usize) -> Result<(), String> {
    *count += 1;
    if *count > 2048 {
        return Err("the expression is too large".into());
    }
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => push_bytes(out, &literal.0),
        HirKind::Class(class) => {
            let set = byte_set(class)?;
            out.push(Node::Set {
                set,
                min: 1,
                max: 1,
                lazy: false,
            });
        }
        HirKind::Look(_) => return Err("look-around and line anchors are not allowed".into()),
        HirKind::Capture(_) => return Err("write groups as (?:...), captures have no use".into()),
        HirKind::Concat(parts) => {
            for part in parts {
                lower(part, out, count)?;
            }
        }
        HirKind::Alternation(parts) => {
            let mut alternatives = Vec::new();
            for part in parts {
                let mut nodes = Vec::new();
                lower(part, &mut nodes, count)?;
                alternatives.push(nodes);
            }
            out.push(Node::Either(alternatives));
        }
        HirKind::Repetition(repetition) => {
            let Some(max) = repetition.max else {
                return Err("a repetition has no upper bound: write {m,n}".into());
            };
            if max as usize > limits::MATCH_BYTES {
                return Err(format!(
                    "a repetition of {max} is past {}",
                    limits::MATCH_BYTES
                ));
            }
            let (min, max, lazy) = (repetition.min as u16, max as u16, !repetition.greedy);
            let single = match repetition.sub.kind() {
                HirKind::Class(class) => Some(byte_set(class)?),
                HirKind::Literal(literal) if literal.0.len() == 1 => {
                    Some(ByteSet::of(literal.0[0]))
                }
                _ => None,
            };
            if let Some(set) = single {
                out.push(Node::Set {
                    set,
                    min,
                    max,
                    lazy,
                });
                return Ok(());
            }
            for _ in 0..min {
                lower(&repetition.sub, out, count)?;
            }
            // x{0,3} is (x(x(x)?)?)?
            let mut tail: Vec<Node> = Vec::new();
            for _ in min..max {
                let mut nodes = Vec::new();
                lower(&repetition.sub, &mut nodes, count)?;
                nodes.append(&mut tail);
                let alternatives = if lazy {
                    vec![vec![], nodes]
                } else {
                    vec![nodes, vec![]]
                };
                tail = vec![Node::Either(alternatives)];
            }
            out.append(&mut tail);
        }
    }
    Ok(())
}

fn push_bytes(out: &mut Vec<Node>, bytes: &[u8]) {
    if let Some(Node::Bytes(last)) = out.last_mut() {
        last.extend_from_slice(bytes);
    } else {
        out.push(Node::Bytes(bytes.to_vec()));
    }
}

fn byte_set(class: &Class) -> Result<ByteSet, String> {
    let mut set = ByteSet::EMPTY;
    match class {
        Class::Bytes(class) => {
            for range in class.iter() {
                set = set.or(ByteSet::from_ranges(&[(range.start(), range.end())]));
            }
        }
        Class::Unicode(class) => {
            for range in class.iter() {
                let (Ok(start), Ok(end)) = (u8::try_from(range.start()), u8::try_from(range.end()))
                else {
                    return Err("a class holds characters beyond one byte".into());
                };
                set = set.or(ByteSet::from_ranges(&[(start, end)]));
            }
        }
    }
    if set.is_empty() {
        Err("a class is empty".into())
    } else {
        Ok(set)
    }
}

/// Shortest and longest length of what a sequence accepts, in bytes.
pub(super) fn length(nodes: &[Node]) -> (usize, usize) {
    let (mut min, mut max) = (0, 0);
    for node in nodes {
        let (a, b) = match node {
            Node::Bytes(bytes) => (bytes.len(), bytes.len()),
            Node::Set { min, max, .. } => (usize::from(*min), usize::from(*max)),
            Node::Either(alternatives) => alternatives
                .iter()
                .map(|a| length(a))
                .fold((usize::MAX, 0), |(lo, hi), (a, b)| (lo.min(a), hi.max(b))),
        };
        min += a;
        max += b;
    }
    (min, max)
}

/// The bytes a sequence can begin with, and whether it can be empty.
pub(super) fn first(nodes: &[Node]) -> (ByteSet, bool) {
    let mut set = ByteSet::EMPTY;
    for node in nodes {
        match node {
            Node::Bytes(bytes) => return (set.or(ByteSet::of(bytes[0])), false),
            Node::Set {
                set: s, min, max, ..
            } => {
                if *max > 0 {
                    set = set.or(*s);
                }
                if *min > 0 {
                    return (set, false);
                }
            }
            Node::Either(alternatives) => {
                let mut empty = false;
                for alternative in alternatives {
                    let (s, e) = first(alternative);
                    set = set.or(s);
                    empty |= e;
                }
                if !empty {
                    return (set, false);
                }
            }
        }
    }
    (set, true)
}

/// The union of the sets that a sequence can begin with, when it begins with a set rather than a
/// literal: what must not stand before it. Literals add nothing.
pub(super) fn leading_sets(nodes: &[Node]) -> ByteSet {
    edge_sets(nodes.iter().collect::<Vec<_>>().as_slice(), false)
}

/// The same from the end.
pub(super) fn trailing_sets(nodes: &[Node]) -> ByteSet {
    edge_sets(nodes.iter().rev().collect::<Vec<_>>().as_slice(), true)
}

fn edge_sets(nodes: &[&Node], reverse: bool) -> ByteSet {
    let mut set = ByteSet::EMPTY;
    for node in nodes {
        match node {
            Node::Bytes(_) => return set,
            Node::Set {
                set: s, min, max, ..
            } => {
                // One byte of few is as good as a literal (`[Pp]`).
                if *max > 1 || s.len() > 2 {
                    set = set.or(*s);
                }
                if *min > 0 {
                    return set;
                }
            }
            Node::Either(alternatives) => {
                let mut empty = false;
                for alternative in alternatives {
                    let mut inner: Vec<&Node> = alternative.iter().collect();
                    if reverse {
                        inner.reverse();
                    }
                    set = set.or(edge_sets(&inner, reverse));
                    empty |= length(alternative).0 == 0;
                }
                if !empty {
                    return set;
                }
            }
        }
    }
    set
}

/// How many bytes of `of` every text of the sequence begins with, at least (capped at 64).
pub(super) fn leading_run(nodes: &[Node], of: ByteSet) -> usize {
    let mut run = 0;
    for (i, node) in nodes.iter().enumerate() {
        match node {
            Node::Bytes(bytes) => {
                let n = bytes.iter().take_while(|b| of.has(**b)).count();
                run += n;
                if n < bytes.len() {
                    return run;
                }
            }
            // What follows a set that may be empty could go on with the run, but need not.
            Node::Set { set, .. } if !set.within(of) => return run,
            Node::Set { min, .. } => run += usize::from(*min),
            Node::Either(alternatives) => {
                let rest = &nodes[i + 1..];
                return run
                    + alternatives
                        .iter()
                        .map(|a| leading_run(&[a.as_slice(), rest].concat(), of))
                        .min()
                        .unwrap_or(0);
            }
        }
        if run >= 64 {
            return 64;
        }
    }
    run
}

/// Every literal of `want` bytes that a text of the sequence can begin with, or `None` if there
/// are more than `most`, or a text can be shorter.
pub(super) fn openings(nodes: &[Node], want: usize, most: usize) -> Option<Vec<Vec<u8>>> {
    fn grow(
        nodes: &[Node],
        want: usize,
        most: usize,
        sofar: Vec<u8>,
        out: &mut Vec<Vec<u8>>,
    ) -> bool {
        if sofar.len() >= want {
            let opening = sofar[..want].to_vec();
            if !out.contains(&opening) {
                out.push(opening);
            }
            return out.len() <= most;
        }
        let Some((head, rest)) = nodes.split_first() else {
            return false;
        };
        match head {
            Node::Bytes(bytes) => {
                let mut next = sofar;
                next.extend_from_slice(bytes);
                grow(rest, want, most, next, out)
            }
            Node::Either(alternatives) => alternatives.iter().all(|a| {
                grow(
                    &[a.as_slice(), rest].concat(),
                    want,
                    most,
                    sofar.clone(),
                    out,
                )
            }),
            Node::Set {
                set,
                min,
                max,
                lazy,
            } => {
                if *min == 0 && !grow(rest, want, most, sofar.clone(), out) {
                    return false;
                }
                if *max == 0 {
                    return true;
                }
                if set.len() as usize > most {
                    return false;
                }
                let less = Node::Set {
                    set: *set,
                    min: min.saturating_sub(1),
                    max: max - 1,
                    lazy: *lazy,
                };
                let rest = [std::slice::from_ref(&less), rest].concat();
                set.iter().all(|b| {
                    let mut next = sofar.clone();
                    next.push(b);
                    grow(&rest, want, most, next, out)
                })
            }
        }
    }
    let mut out = Vec::new();
    grow(nodes, want, most, Vec::new(), &mut out).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::super::bytes::TOKEN;
    use super::*;

    #[test]
    fn what_has_no_bound_or_looks_around_is_refused_in_words() {
        for (expression, word) in [
            ("a+", "upper bound"),
            ("[a-z]{3,}", "upper bound"),
            ("^abc", "anchors"),
            ("(abc)", "(?:"),
            ("[0-9]{9999}", "past"),
            ("\\d{4}", "classes"),
            ("[", "unclosed"),
        ] {
            let told = parse(expression).unwrap_err();
            assert!(told.contains(word), "{expression}: {told}");
        }
    }

    #[test]
    fn openings_expand_alternatives_and_small_sets() {
        let nodes = parse("(?:gh[po]|x[12])_[A-Z]{20}").unwrap();
        let mut told = openings(&nodes, 3, 64).unwrap();
        told.sort();
        assert_eq!(told, [b"gho", b"ghp", b"x1_", b"x2_"].map(|s| s.to_vec()));
        assert_eq!(openings(&parse("[A-Za-z]{20}").unwrap(), 3, 64), None);
    }

    #[test]
    fn lengths_and_runs() {
        let nodes = parse("ab(?:c|de)?[0-9]{3,5}\\.[a-z]{2}").unwrap();
        assert_eq!(length(&nodes), (8, 12));
        assert_eq!(leading_run(&nodes, TOKEN), 5);
    }
}
