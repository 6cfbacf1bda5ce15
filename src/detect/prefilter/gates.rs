//! Which runs are tried for the patterns that keywords stand beside: by their length, by what they
//! look like, and by what stands at their ends.

use super::Reach;
use super::masks::{Masks, Word};
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
    pub(super) fn pass(&self, text: &[u8], masks: &Masks, run: Run) -> bool {
        let Run { at, end, look } = run;
        let length = end - at;
        if look.passes(self.any.of(length)) || look.passes(self.whole.of(length)) {
            return true;
        }
        let behind = || text.get(end).is_some_and(|b| self.ends.has(*b));
        if look.passes(self.ended.of(length)) && behind() {
            return true;
        }
        if look.passes(self.small.of(length)) && self.has_small(text, masks, run) {
            return true;
        }
        look.passes(self.rest)
            && (at > 0 && matches!(text[at - 1], b'\\' | b'%') || has_signs(text, masks, run))
    }

    /// Whether a run has enough bytes in a row that are no capital letters.
    fn has_small(&self, text: &[u8], masks: &Masks, Run { at, end, .. }: Run) -> bool {
        let least = usize::from(self.small_least);
        let Some(all) = few(at, end) else {
            let mut pieces = text[at..end].split(u8::is_ascii_uppercase);
            return pieces.any(|piece| piece.len() >= least);
        };
        if least > end - at {
            return false;
        }
        // Bits that begin so many in a row, doubled until they are enough.
        let mut rows = all & !masks.from(at, |word| word.high & word.letter);
        let mut length = 1;
        while length < least {
            let more = length.min(least - length);
            rows &= rows >> more;
            length += more;
        }
        rows != 0
    }
}

/// Whether a run has a byte that is no letter, digit, `_` or `-`.
fn has_signs(text: &[u8], masks: &Masks, Run { at, end, .. }: Run) -> bool {
    let Some(all) = few(at, end) else {
        return text[at..end].iter().any(|b| !NAME_BYTES.has(*b));
    };
    let mut signs = all & !masks.from(at, Word::alnum);
    while signs != 0 {
        if !NAME_BYTES.has(text[at + signs.trailing_zeros() as usize]) {
            return true;
        }
        signs &= signs - 1;
    }
    false
}

/// A bit for each byte of a run, if it has no more than a word has.
fn few(at: usize, end: usize) -> Option<u64> {
    (1..=64)
        .contains(&(end - at))
        .then(|| u64::MAX >> (64 - (end - at)))
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

#[cfg(test)]
mod tests {
    use super::super::masks::Sought;
    use super::*;
    use crate::detect::patterns::Nibbles;

    /// What the masks tell of a run is what a loop over its bytes tells.
    #[test]
    fn signs_and_small_rows_are_what_a_plain_loop_says() {
        let mut gates = Gates::new();
        let kinds: [&[u8]; 4] = [b"abcxyz019_-", b"aB3_-", b"ab+/=Z-", b"abcdefghijkl"];
        let (mut state, mut signs, mut rows) = (1u32, [0; 2], [0; 2]);
        for round in 0..4000 {
            let mut draw = |below: usize| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as usize % below
            };
            let (before, length) = (draw(70), 16 + draw(80));
            let kind = kinds[round % kinds.len()];
            let mut text = vec![b' '; before];
            text.extend((0..length).map(|_| kind[draw(kind.len())]));
            text.extend(b" more of the text");
            let mut masks = Masks::default();
            masks.read(&text, &Sought::of([Nibbles::default(); 3]));
            let (end, look) = masks.run(&text, before);
            assert_eq!(end, before + length);
            let run = Run {
                at: before,
                end,
                look,
            };
            let bytes = &text[before..end];
            let has = has_signs(&text, &masks, run);
            assert_eq!(has, bytes.iter().any(|b| b"+/=".contains(b)));
            signs[usize::from(has)] += 1;
            for least in [1, 2, 7, 16, 20, 33, 63, 64, 65] {
                gates.small_least = least;
                let mut longest = (0, 0);
                for byte in bytes {
                    longest.1 = if byte.is_ascii_uppercase() {
                        0
                    } else {
                        longest.1 + 1
                    };
                    longest.0 = longest.0.max(longest.1);
                }
                let has = gates.has_small(&text, &masks, run);
                assert_eq!(has, longest.0 >= usize::from(least), "{least}");
                rows[usize::from(has)] += 1;
            }
        }
        assert!(signs[0] > 500 && signs[1] > 500 && rows[0] > 500 && rows[1] > 500);
    }
}
