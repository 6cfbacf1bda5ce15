//! Which runs are tried for the patterns that keywords stand beside: by their length, by what they
//! look like, and by what stands at their ends.

use super::Reach;
use super::runs::Run;
use crate::detect::patterns::{ByteSet, GATE_MOST, NAME_BYTES, Op, Pattern};

/// Lengths of runs that are told apart; none of a pattern's bounds is longer.
const LENGTHS: usize = 65;

const DASHES: ByteSet = NAME_BYTES.and(ByteSet::ALNUM.not());
const CAPITALS: ByteSet = ByteSet::from_ranges(&[(b'A', b'Z')]);

/// By length of a run, the longest for all that are longer: how many changes open the gate of some
/// pattern to it.
#[derive(Clone, Debug)]
pub(super) struct Gate([u8; LENGTHS]);

impl Gate {
    pub(super) const fn new() -> Self {
        Self([u8::MAX; LENGTHS])
    }

    /// Lets runs of these lengths pass if they have so many changes.
    pub(super) fn open(&mut self, least: u16, most: u16, changes: u8) {
        let at = |length: u16| usize::from(length).min(LENGTHS - 1);
        for least in &mut self.0[at(least)..=at(most)] {
            *least = changes.min(*least);
        }
    }

    /// How many changes a run of this length must have.
    #[inline]
    pub(super) fn of(&self, length: usize) -> u8 {
        self.0[length.min(LENGTHS - 1)]
    }
}

/// The gates of all patterns of the run lane. A run with a row or with dashes passes all of them.
#[derive(Clone, Debug)]
pub(super) struct Gates {
    /// Of patterns that any run may hold.
    any: Gate,
    /// Of those that only a run of this very length can be, if all its bytes are letters, digits,
    /// `_` and `-`, and it is behind no escape.
    whole: Gate,
    /// Of those that are behind no other byte than `ends`.
    ended: Gate,
    ends: ByteSet,
    /// Of those that have no capital letter.
    small: Gate,
    /// The length of the shortest run among them.
    small_least: u16,
    /// The fewest changes of those that any run may hold that has `+`, `/` or `=`, or is behind an
    /// escape: without, a row is all that they can be.
    rest: u8,
}

impl Gates {
    pub(super) const fn new() -> Self {
        Self {
            any: Gate::new(),
            whole: Gate::new(),
            ended: Gate::new(),
            ends: ByteSet::EMPTY,
            small: Gate::new(),
            small_least: u16::MAX,
            rest: u8::MAX,
        }
    }

    /// Lets the runs of one more pattern pass.
    pub(super) fn open(&mut self, pattern: &Pattern, reach: Reach, behind: ByteSet) {
        let Reach { least, changes, .. } = reach;
        if changes >= GATE_MOST {
            self.any.open(least, u16::MAX, changes);
        } else if let Some(most) = most_of_a_piece(pattern, reach) {
            self.whole.open(least, most, changes);
            self.rest = self.rest.min(changes);
        } else if !has_any(pattern, DASHES) {
            self.rest = self.rest.min(changes);
        } else if !has_any(pattern, CAPITALS) {
            self.small.open(least, u16::MAX, changes);
            self.small_least = self.small_least.min(least);
        } else if behind == ByteSet::ALL {
            self.any.open(least, u16::MAX, changes);
        } else {
            self.ended.open(least, u16::MAX, changes);
            self.ends = self.ends.or(behind);
        }
    }

    /// Whether a run passes the gate of some pattern.
    #[inline]
    pub(super) fn pass(&self, text: &[u8], Run { at, end, look }: Run) -> bool {
        let length = end - at;
        if look.passes(self.any.of(length)) || look.passes(self.whole.of(length)) {
            return true;
        }
        let behind = || text.get(end).is_some_and(|b| self.ends.has(*b));
        if look.passes(self.ended.of(length)) && behind() {
            return true;
        }
        if look.passes(self.small.of(length)) && self.has_small(&text[at..end]) {
            return true;
        }
        look.passes(self.rest)
            && (at > 0 && matches!(text[at - 1], b'\\' | b'%')
                || text[at..end].iter().any(|b| !NAME_BYTES.has(*b)))
    }

    /// Whether a run has enough bytes in a row that are no capital letters.
    fn has_small(&self, run: &[u8]) -> bool {
        let mut pieces = run.split(u8::is_ascii_uppercase);
        pieces.any(|piece| piece.len() >= usize::from(self.small_least))
    }
}

/// The length of the longest match, if a match is all of a piece of letters, digits, `_` and `-`.
fn most_of_a_piece(pattern: &Pattern, reach: Reach) -> Option<u16> {
    let edged = |set: ByteSet| NAME_BYTES.within(set);
    let program = &pattern.program;
    let whole = reach.hi == 0
        && pattern.left.is_some_and(edged)
        && edged(program.right)
        && program.min == reach.least
        && usize::from(program.max) < LENGTHS - 1;
    whole.then_some(program.max)
}

/// Whether one of these bytes may stand in a match.
fn has_any(pattern: &Pattern, bytes: ByteSet) -> bool {
    pattern.program.ops.iter().any(|op| match op {
        Op::Bytes(given) => given.iter().any(|b| bytes.has(*b)),
        Op::Set { set, .. } => !set.and(bytes).is_empty(),
        _ => false,
    })
}
