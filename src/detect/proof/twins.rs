//! Twins of an example that are wrong in one way each, and must not be found.

use super::example::{Example, Oracle};
use crate::detect::patterns::{ByteSet, Checksum, Pattern, Sampler};

/// In what a twin is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Its checksum.
    Checksum,
    /// It is one character shorter than the shortest.
    Short,
    /// A character of it is not of the alphabet.
    Alphabet,
}

impl Wrong {
    pub(super) const ALL: [Self; 3] = [Self::Checksum, Self::Short, Self::Alphabet];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Checksum => "a twin with a wrong checksum",
            Self::Short => "a twin one character short",
            Self::Alphabet => "a twin with a character of another alphabet",
        }
    }
}

/// The twin of a shortest example. `None` if the shape says that there is none: no checksum to
/// be wrong, or whatever is changed gives another match of the same shape.
pub(super) fn twin(
    wrong: Wrong,
    pattern: &Pattern,
    oracle: &Oracle,
    example: &Example,
    sampler: &mut Sampler,
) -> Option<Example> {
    let (from, to) = (example.secret.start, example.secret.end);
    let is_twin = |whole: &[u8]| !oracle.accepts(pattern, whole);
    match wrong {
        Wrong::Checksum => {
            if pattern.checksum == Checksum::None {
                return None;
            }
            // One character becomes another of its kind.
            let changed = |at: usize, by: u8| {
                let mut whole = example.whole.clone();
                let kind = match whole[at] {
                    b'0'..=b'9' => b"0123456789".as_slice(),
                    b'a'..=b'f' => b"abcdef",
                    b'g'..=b'z' => b"ghjkmnpqrstuvwxyz",
                    _ => b"ABCDEF",
                };
                let place = kind.iter().position(|b| *b == whole[at]).unwrap_or(0);
                whole[at] = kind[(place + usize::from(by)) % kind.len()];
                whole
            };
            (from..to)
                .rev()
                .flat_map(|at| (1..4).map(move |by| (at, by)))
                .map(|(at, by)| changed(at, by))
                .find(|whole| {
                    oracle.is_whole(whole)
                        && !pattern.checksum.holds(&whole[from..to])
                        && is_twin(whole)
                })
                .map(|whole| example.with(whole))
        }
        Wrong::Short => {
            // From the end on, so that a prefix stays.
            (from..to)
                .rev()
                .map(|at| {
                    let mut whole = example.whole.clone();
                    whole.remove(at);
                    whole
                })
                .find(|whole| !oracle.is_whole(whole) && is_twin(whole))
                .map(|whole| example.with(whole))
        }
        Wrong::Alphabet => {
            let used = example
                .secret()
                .iter()
                .fold(ByteSet::EMPTY, |s, b| s.or(ByteSet::of(*b)));
            let mut others: Vec<u8> = b"zqkQZKJ059!~@-_".to_vec();
            others.retain(|b| !used.has(*b));
            let first = sampler.below(others.len().max(1));
            others.rotate_left(first);
            // In the middle of the part that is drawn: its end.
            let middle = to - (to - from).div_ceil(3);
            let places = (middle..to).chain((from..middle).rev());
            places
                .flat_map(|at| others.iter().map(move |b| (at, *b)))
                .map(|(at, b)| {
                    let mut whole = example.whole.clone();
                    whole[at] = b;
                    whole
                })
                .find(|whole| !oracle.is_whole(whole) && is_twin(whole))
                .map(|whole| example.with(whole))
        }
    }
}
