//! A shape as a flat program, and the matcher that runs it at one start.
//!
//! The matcher tries alternatives in order and repetitions greedily, as the `regex` crate's
//! leftmost-first search does; a property test holds the two against each other. It keeps its
//! choices on an explicit stack and its work is bounded when the program is compiled.

use super::bytes::ByteSet;
use super::head::Head;
use super::shape::{self, Node};
use crate::base::{Span, limits};

/// Bytes of a set that says nearly as much as a literal.
const FEW: u32 = 4;

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// These bytes.
    Bytes(&'static [u8]),
    /// `min` to `max` bytes of a set, as many as there are.
    Set {
        /// The set.
        set: ByteSet,
        /// At least so many.
        min: u16,
        /// At most so many.
        max: u16,
        /// As few as will do.
        lazy: bool,
        /// Fewer than all that are there can never do: no choice to come back to.
        all: bool,
    },
    /// Go on at `.0`; if that fails, at `.1`.
    Split(u16, u16),
    /// Go on there.
    Jump(u16),
    /// The secret begins.
    SecretStart,
    /// The secret ends.
    SecretEnd,
}

/// A compiled shape.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its instructions; a match is to run off their end.
    pub ops: &'static [Op],
    /// Bytes that must not follow the match.
    pub right: ByteSet,
    /// The bytes it can begin with.
    pub first: ByteSet,
    /// What is known of its first bytes.
    pub head: Head,
    /// Shortest match, in bytes.
    pub min: u16,
    /// Longest match, in bytes.
    pub max: u16,
}

/// What a program found at one start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The whole match.
    pub span: Span,
    /// The secret inside.
    pub secret: Span,
}

/// The matcher's choices, kept by the caller so that they are allocated once a worker.
#[derive(Debug, Default)]
pub struct Steps(Vec<Choice>);

#[derive(Debug, Clone, Copy)]
struct Choice {
    op: usize,
    /// Ends still to be tried: from `hi` down to `lo`, or up if lazy.
    lo: usize,
    hi: usize,
    lazy: bool,
    secret: (usize, usize),
}

impl Program {
    /// How many bytes the secret begins with that are given: literals, and bytes of few.
    pub fn opening(&self) -> usize {
        let start = |op: &Op| matches!(op, Op::SecretStart);
        let start = self.ops.iter().position(start);
        self.opening_from(start.unwrap_or(0), 0)
    }

    fn opening_from(&self, mut op: usize, depth: usize) -> usize {
        let mut given = 0;
        while let Some(next) = self.ops.get(op) {
            op += 1;
            match next {
                Op::Bytes(bytes) => given += bytes.len(),
                Op::Set { set, min, max, .. } if min == max && set.len() <= FEW => {
                    given += usize::from(*min);
                }
                Op::Split(first, second) if depth < 4 => {
                    let ends = [*first, *second];
                    let ends = ends.map(|op| self.opening_from(usize::from(op), depth + 1));
                    return given + ends[0].min(ends[1]);
                }
                Op::Jump(to) => op = usize::from(*to),
                Op::SecretStart | Op::SecretEnd => {}
                Op::Set { .. } | Op::Split(..) => break,
            }
        }
        given
    }

    /// How wide its alphabet is: choices a byte as a binary logarithm, in hundredths, on average.
    pub fn alphabet(&self) -> u32 {
        let (mut bits, mut bytes) = (0.0, 0.0);
        for op in self.ops {
            match op {
                Op::Bytes(given) => bytes += given.len() as f32,
                Op::Set { set, min, .. } => {
                    let count = f32::from(*min).max(1.0);
                    bits += count * (set.len() as f32).log2();
                    bytes += count;
                }
                _ => {}
            }
        }
        (100.0 * bits / f32::max(bytes, 1.0)).round() as u32
    }

    /// Tries the program at `start`. The text's end counts as an edge.
    pub fn at(&self, text: &[u8], start: usize, steps: &mut Steps) -> Option<Found> {
        if text.len() - start < usize::from(self.min) || !self.first.has(text[start]) {
            return None;
        }
        let stack = &mut steps.0;
        stack.clear();
        let (mut op, mut at, mut secret) = (0, start, (start, start));
        loop {
            let alive = match self.ops.get(op) {
                None => {
                    if text.get(at).is_none_or(|b| !self.right.has(*b)) {
                        return Some(Found {
                            span: Span::new(start, at),
                            secret: Span::new(secret.0, secret.1),
                        });
                    }
                    false
                }
                Some(Op::Bytes(bytes)) => {
                    op += 1;
                    let there = text[at..].starts_with(bytes);
                    at += bytes.len();
                    there
                }
                Some(Op::Set {
                    set,
                    min,
                    max,
                    lazy,
                    all,
                }) => {
                    op += 1;
                    let window = &text[at..text.len().min(at + usize::from(*max))];
                    let there = window.iter().take_while(|b| set.has(**b)).count();
                    let (lo, hi) = (at + usize::from(*min), at + there);
                    if hi < lo {
                        false
                    } else {
                        at = if *lazy { lo } else { hi };
                        if hi > lo && !*all {
                            let (lo, hi) = if *lazy { (lo + 1, hi) } else { (lo, hi - 1) };
                            stack.push(Choice {
                                op,
                                lo,
                                hi,
                                lazy: *lazy,
                                secret,
                            });
                        }
                        true
                    }
                }
                Some(Op::Split(first, second)) => {
                    stack.push(Choice {
                        op: usize::from(*second),
                        lo: at,
                        hi: at,
                        lazy: false,
                        secret,
                    });
                    op = usize::from(*first);
                    true
                }
                Some(Op::Jump(to)) => {
                    op = usize::from(*to);
                    true
                }
                Some(Op::SecretStart) => {
                    secret = (at, at);
                    op += 1;
                    true
                }
                Some(Op::SecretEnd) => {
                    secret.1 = at;
                    op += 1;
                    true
                }
            };
            if alive {
                continue;
            }
            let choice = stack.last_mut()?;
            (op, secret) = (choice.op, choice.secret);
            at = if choice.lazy { choice.lo } else { choice.hi };
            if choice.lo == choice.hi {
                stack.pop();
            } else if choice.lazy {
                choice.lo += 1;
            } else {
                choice.hi -= 1;
            }
        }
    }
}

/// Compiles `before(secret)after`. `right` are the bytes that must not follow.
pub(super) fn compile(
    before: &[Node],
    secret: &[Node],
    after: &[Node],
    right: ByteSet,
) -> Result<Program, String> {
    let all = [before, secret, after].concat();
    let (min, max) = shape::length(&all);
    if min == 0 || shape::length(secret).0 == 0 {
        return Err("the shape accepts an empty text".into());
    }
    if max > limits::MATCH_BYTES {
        return Err(format!(
            "the longest match has {max} bytes; at most {} are allowed",
            limits::MATCH_BYTES
        ));
    }
    let mut ops = Vec::new();
    let rest = [secret, after].concat();
    emit(before, &rest, right, &mut ops);
    ops.push(Op::SecretStart);
    emit(secret, after, right, &mut ops);
    ops.push(Op::SecretEnd);
    emit(after, &[], right, &mut ops);
    if ops.len() > 1024 {
        return Err(format!(
            "the shape needs {} instructions; at most 1024 are allowed",
            ops.len()
        ));
    }
    let steps = worst_case(&ops);
    if steps > limits::MATCH_STEPS {
        return Err(format!(
            "the shape could take {steps} steps at one place ({} are allowed): \
             make neighbouring repetitions disjoint or their bounds smaller",
            limits::MATCH_STEPS
        ));
    }
    Ok(Program {
        head: Head::new(&ops),
        ops: ops.leak(),
        right,
        first: shape::first(&all).0,
        min: min as u16,
        max: max as u16,
    })
}

/// Emits `nodes`; `follow` is what comes after them.
fn emit(nodes: &[Node], follow: &[Node], right: ByteSet, out: &mut Vec<Op>) {
    for (i, node) in nodes.iter().enumerate() {
        let rest = [&nodes[i + 1..], follow].concat();
        match node {
            Node::Bytes(bytes) => out.push(Op::Bytes(bytes.clone().leak())),
            Node::Set {
                set,
                min,
                max,
                lazy,
            } => {
                let (next, may_end) = shape::first(&rest);
                let all = set.and(next).is_empty() && (!may_end || set.within(right));
                // `all` is about taking fewer than are there; with the bound reached, the next
                // byte may be of the set as well, and then fewer could not help either.
                out.push(Op::Set {
                    set: *set,
                    min: *min,
                    max: *max,
                    lazy: *lazy && !all,
                    all,
                });
            }
            Node::Either(alternatives) => {
                let mut jumps = Vec::new();
                for (k, alternative) in alternatives.iter().enumerate() {
                    let last = k + 1 == alternatives.len();
                    let split = out.len();
                    if !last {
                        out.push(Op::Split(0, 0));
                    }
                    emit(alternative, &rest, right, out);
                    if !last {
                        jumps.push(out.len());
                        out.push(Op::Jump(0));
                        let here = out.len() as u16;
                        out[split] = Op::Split(split as u16 + 1, here);
                    }
                }
                let here = out.len() as u16;
                for jump in jumps {
                    out[jump] = Op::Jump(here);
                }
            }
        }
    }
}

/// An upper bound of the steps at one start.
fn worst_case(ops: &[Op]) -> u64 {
    let mut cost = vec![1u64; ops.len() + 1];
    for (i, op) in ops.iter().enumerate().rev() {
        cost[i] = match op {
            Op::Set { min, max, all, .. } => {
                let choices = if *all { 1 } else { u64::from(max - min) + 1 };
                // Sixteen bytes of a set cost about what one instruction does.
                (u64::from(*max) / 16 + 1).saturating_add(choices.saturating_mul(cost[i + 1]))
            }
            Op::Split(a, b) => cost[usize::from(*a)]
                .saturating_add(cost[usize::from(*b)])
                .saturating_add(1),
            Op::Jump(to) => cost[usize::from(*to)],
            _ => cost[i + 1].saturating_add(1),
        };
    }
    cost[0]
}
