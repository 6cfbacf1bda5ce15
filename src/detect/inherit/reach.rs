//! How far each pattern looks: the bounds by which marks are inherited.

use crate::detect::decode;
use crate::detect::patterns::{ByteSet, Lane, Op, Pattern};

/// Bytes from its place on that a candidate may depend on before it is kept as one that looks far.
const AHEAD: usize = 160;

/// The same of one that a keyword may stand far before: what is read before a change is the sum.
const AHEAD_OF_NEAR: usize = 112;

/// The farthest that a keyword may stand before a candidate that is looked for anew, in bytes; if it
/// may stand further, the candidate is kept as one that looks far, if something tells it without
/// the keyword.
const NEAR: usize = 128;

/// How far behind a match its edge and a keyword are looked for, in bytes.
pub(super) const BEHIND: usize = 28;

/// How far behind a run a keyword tells it, in bytes.
pub(super) const BEHIND_RUN: usize = 40;

const _: () = assert!(BEHIND_RUN + SLACK <= AHEAD_OF_NEAR);

/// How far before a stem its name is read, and how far behind it an assignment, in bytes.
const NAME_BACK: usize = 104;
const NAME_AHEAD: usize = 1024;

/// How far back an edge looks (an escape such as `\u003d`), and a keyword's begin beyond its bound.
pub(super) const EDGE_BACK: usize = 8;

/// The longest keyword or stem or anchor, and the run that a prefilter needs: bytes around a
/// candidate that the prefilter must see to tell it.
pub(super) const SLACK: usize = 64;

/// What a candidate depends on, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Before its place, and from it on: a change there, and it is looked for anew.
    pub(super) back: usize,
    pub(super) ahead: usize,
    /// Before its place, of one that looks far: a change there, and it is tried anew.
    pub(super) far_back: usize,
    /// From its place on, of one that looks far.
    pub(super) far: usize,
}

/// What stems of names depend on.
pub(super) const OF_NAMES: Look = Look {
    back: NAME_BACK,
    ahead: SLACK,
    far_back: NAME_BACK,
    far: NAME_AHEAD,
};

/// What hints of encoded text depend on: none is kept as one that looks far.
pub(super) const OF_ENCODED: Look = Look {
    back: decode::BACK,
    ahead: decode::AHEAD,
    far_back: 0,
    far: 0,
};

impl Look {
    /// Whether a candidate that is so far from the changes around it is looked for anew.
    pub(super) const fn is_searched(self, (before, behind): (usize, usize)) -> bool {
        before <= self.back || behind <= self.ahead
    }

    /// Whether one that looks far sees a change.
    pub(super) const fn sees(self, (before, behind): (usize, usize)) -> bool {
        before <= self.far_back || behind <= self.far
    }

    fn of(pattern: &Pattern) -> Self {
        if pattern.lane == Lane::Name {
            return OF_NAMES;
        }
        let near = usize::from(pattern.near_bytes);
        let near = if pattern.near.is_empty() { 0 } else { near };
        let far = usize::from(pattern.program.max) + BEHIND;
        let told_by_keyword = matches!(pattern.lane, Lane::Run { .. });
        let is_near = near > 0 && (near <= NEAR || told_by_keyword);
        Self {
            back: EDGE_BACK + if is_near { near } else { 0 },
            ahead: far
                .min(if is_near { AHEAD_OF_NEAR } else { AHEAD })
                .max(hit(pattern) + SLACK),
            far_back: EDGE_BACK + near,
            far,
        }
    }
}

/// How far from a candidate on what it is told by may begin, in bytes.
fn hit(pattern: &Pattern) -> usize {
    match pattern.lane {
        Lane::Prefix { hi, .. }
        | Lane::Lead { hi, .. }
        | Lane::Run { hi, .. }
        | Lane::Anchor { hi, .. } => usize::from(hi),
        Lane::Name | Lane::File | Lane::Slow => 0,
    }
}

/// How far the patterns of a catalogue look; computed once.
#[derive(Debug)]
pub(in crate::detect) struct Reach {
    /// By pattern.
    pub(super) looks: Vec<Look>,
    /// Bytes before a change that must be read to find every candidate that depends on it, and
    /// bytes behind it.
    pub(super) before: usize,
    pub(super) behind: usize,
    /// For each pattern that can look further than its [`Look::ahead`]: every byte that can be in a
    /// match.
    pub(super) long: Vec<Option<ByteSet>>,
}

impl Reach {
    pub(super) fn new(patterns: &[&'static Pattern]) -> Self {
        let looks: Vec<Look> = patterns.iter().copied().map(Look::of).collect();
        let all = || looks.iter().chain([&OF_NAMES, &OF_ENCODED]);
        let behind = looks.iter().zip(patterns).map(|(l, p)| l.back + hit(p));
        let behind = behind.chain([OF_NAMES.back, OF_ENCODED.back]).max();
        let long = |(look, p): (&Look, &&'static Pattern)| {
            let is_long = look.far > look.ahead || look.far_back > look.back;
            (is_long && p.lane != Lane::Name).then(|| alphabet(p))
        };
        Self {
            before: all().map(|l| l.back + l.ahead).max().unwrap_or(0),
            behind: behind.unwrap_or(0),
            long: looks.iter().zip(patterns).map(long).collect(),
            looks,
        }
    }
}

/// Every byte that can be in a match of a pattern.
fn alphabet(pattern: &Pattern) -> ByteSet {
    let mut all = ByteSet::EMPTY;
    for op in pattern.program.ops {
        match op {
            Op::Bytes(bytes) => bytes.iter().for_each(|b| all = all.or(ByteSet::of(*b))),
            Op::Set { set, .. } => all = all.or(*set),
            _ => {}
        }
    }
    all
}
