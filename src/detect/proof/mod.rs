//! Proves patterns: that each finds its own, alone, however it is written; and not what is like it.
//!
//! Examples are drawn from the shape with a seed, so that a proof can be run again. What a shape
//! accepts is told by the `regex` crate, which shares nothing with the engine. A property that a
//! shape rules out (one character less is another valid length, say) is not asked for; how often
//! that was so is told with the proof.

mod example;
mod styles;
mod trial;
mod twins;
mod wrappers;

use self::example::Oracle;
use self::trial::Trial;
use super::patterns::{Pattern, Sampler};
use super::{Catalogue, Detector, Engine, Scratch};

/// How patterns are proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofOptions {
    /// The generator's seed: the same seed gives the same examples.
    pub seed: u64,
    /// Examples of each pattern, each tried in every style.
    pub examples: usize,
}

impl Default for ProofOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            examples: 4,
        }
    }
}

/// What is proved of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// Examples can be drawn of its shape, with right checksums, and its own floor of randomness
    /// lets nearly all of them pass.
    Examples,
    /// An example is found, as it is, by this pattern and by no other.
    Found,
    /// What it lets begin a search is in every example.
    Anchors,
    /// Matches are as long as the shape says: the shortest and the longest are found whole.
    Bounds,
    /// Each of its keywords lets it be found, and none of them: not.
    Keywords,
    /// What is wrong in one character is not found.
    Twins,
    /// It is found inside of what is decoded.
    Decoded,
}

impl Property {
    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Examples => "examples",
            Self::Found => "found",
            Self::Anchors => "anchors",
            Self::Bounds => "bounds",
            Self::Keywords => "keywords",
            Self::Twins => "twins",
            Self::Decoded => "decoded",
        }
    }
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub property: Property,
    /// The styles in which it failed; empty if it was none.
    pub styles: Vec<&'static str>,
    /// What happened, in words; it holds no part of an example.
    pub told: String,
}

/// What was found out about a pattern.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Its id.
    pub id: &'static str,
    /// How many texts were searched.
    pub texts: usize,
    /// Properties that its shape rules out, in words.
    pub ruled_out: Vec<&'static str>,
    /// What does not hold; empty if it is proved.
    pub faults: Vec<Fault>,
}

impl Proof {
    /// Whether all holds.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, property: Property, style: &'static str, told: String) {
        let known = self
            .faults
            .iter_mut()
            .find(|f| f.property == property && f.told == told);
        let styles = (!style.is_empty()).then_some(style);
        match known {
            Some(known) => {
                known
                    .styles
                    .extend(styles.filter(|s| !known.styles.contains(s)));
            }
            None => self.faults.push(Fault {
                property,
                styles: styles.into_iter().collect(),
                told,
            }),
        }
    }
}

/// Proves the patterns of a catalogue, each against all of them.
#[derive(Debug)]
pub struct Prover {
    detector: Detector,
    options: ProofOptions,
}

impl Prover {
    /// Compiles a catalogue.
    pub fn new(catalogue: &Catalogue, options: ProofOptions) -> Self {
        Self {
            detector: Detector::new(catalogue, Engine::Fast),
            options,
        }
    }

    /// Proves one pattern.
    pub fn prove(&self, pattern: &'static Pattern, scratch: &mut Scratch) -> Proof {
        let mut proof = Proof {
            id: pattern.id,
            texts: 0,
            ruled_out: Vec::new(),
            faults: Vec::new(),
        };
        let Some(oracle) = Oracle::new(pattern) else {
            let told = "its shape is too large for a regular expression".to_owned();
            proof.fault(Property::Examples, "", told);
            return proof;
        };
        let mut trial = Trial {
            prover: self,
            pattern,
            oracle,
            sampler: Sampler::new(seed_of(self.options.seed, pattern.id)),
            scratch,
            proof: &mut proof,
        };
        trial.floor();
        trial.examples();
        trial.lengths();
        trial.keywords();
        trial.twins();
        trial.wrapped();
        proof
    }
}

/// Every pattern has a seed of its own, so that it is proved alike alone and among others.
fn seed_of(seed: u64, id: &str) -> u64 {
    id.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}
