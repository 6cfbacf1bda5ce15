//! How the patterns of a catalogue are looked up: the tables of the prefilter.
//!
//! Those of the embedded catalogue are made by the build, and those of a user's own when the program begins.

mod filter;
mod keywords;
mod table;

pub use filter::Nibbles;
pub use keywords::{Keyword, Keywords};
pub use table::{Row, Seen, Table, Triples, folded};

use super::Pattern;
use super::gate::GATE_MOST;
use super::lane::Lane;

/// The tables of one catalogue; patterns are told by their numbers in it.
#[derive(Clone, Debug)]
pub struct Index {
    /// Prefixes of matches that begin with them at an edge, in a run that looks random.
    pub edged: Triples,
    /// All other prefixes: anywhere in any run.
    pub inner: Triples,
    /// What those begin with, as a filter.
    pub filter: [Nibbles; 3],
    /// What leads to a run.
    pub leads: Triples,
    /// Keywords that stand close to a match, as nearly all do.
    pub close: Near,
    /// Those that may stand far before one.
    pub far: Near,
}

/// Keywords, and where they are looked for.
#[derive(Clone, Debug)]
pub struct Near {
    /// The keywords.
    pub keywords: Keywords,
    /// The farthest that one may stand before the run of a match, in bytes.
    pub bytes: usize,
}

/// A keyword that stands no farther before a run is close, in bytes.
const CLOSE: usize = 96;

/// In which table a pattern is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// [`Index::edged`].
    Edged,
    /// [`Index::inner`].
    Inner,
    /// [`Index::leads`].
    Leads,
    /// [`Index::close`].
    Close,
    /// [`Index::far`].
    Far,
    /// In none: it is told in another way.
    None,
}

impl Shelf {
    /// That of a pattern.
    pub fn of(pattern: &Pattern) -> Self {
        match pattern.lane {
            Lane::Prefix { hi, gate, .. } => {
                if hi == 0 && pattern.is_edged() && gate.changes() >= GATE_MOST {
                    Self::Edged
                } else {
                    Self::Inner
                }
            }
            Lane::Lead { .. } => Self::Leads,
            Lane::Run { .. } if pattern.near.is_empty() => Self::None,
            Lane::Run { .. } if reach(pattern) <= CLOSE => Self::Close,
            Lane::Run { .. } => Self::Far,
            Lane::Anchor { .. } | Lane::Name | Lane::File | Lane::Slow => Self::None,
        }
    }
}

/// How far before its run a keyword of a pattern may stand, in bytes: it is counted from the match, which
/// may begin before the run.
fn reach(pattern: &Pattern) -> usize {
    let before = match pattern.lane {
        Lane::Run { hi, .. } => hi,
        _ => 0,
    };
    usize::from(pattern.near_bytes + before)
}

impl Near {
    /// Words, the patterns that want them, and how far they may stand.
    fn new(words: &[(&'static str, u16, usize)]) -> Self {
        Self {
            keywords: Keywords::new(words.iter().map(|word| (word.0, word.1))),
            bytes: words.iter().map(|word| word.2).max().unwrap_or(0),
        }
    }
}

impl Index {
    /// The tables of patterns whose numbers are their places.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Self {
        let (mut edged, mut inner, mut leads) = (Vec::new(), Vec::new(), Vec::new());
        let (mut close, mut far) = (Vec::new(), Vec::new());
        for (number, p) in (0u16..).zip(patterns) {
            let pairs = match p.lane {
                Lane::Prefix { literals, .. } | Lane::Lead { literals, .. } => literals,
                _ => &[],
            };
            let pairs = pairs.iter().map(|l| (*l, number));
            let words = p.near.iter().map(|word| (*word, number, reach(p)));
            match Shelf::of(p) {
                Shelf::Edged => edged.extend(pairs),
                Shelf::Inner => inner.extend(pairs),
                Shelf::Leads => leads.extend(pairs),
                Shelf::Close => close.extend(words),
                Shelf::Far => far.extend(words),
                Shelf::None => {}
            }
        }
        let openings: Vec<[u8; 3]> = inner.iter().map(|(l, _)| *l).collect();
        Self {
            edged: Triples::new(edged),
            inner: Triples::new(inner),
            filter: Nibbles::filter(&openings),
            leads: Triples::new(leads),
            close: Near::new(&close),
            far: Near::new(&far),
        }
    }
}
