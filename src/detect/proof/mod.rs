//! Proves patterns: that each finds its own, alone, however it is written; and not what is like it.
//!
//! Examples are drawn from the shape with a seed, so that a proof can be run again. What a shape
//! accepts is told by the `regex` crate, which shares nothing with the engine. A property that a
//! shape rules out (one character less is another valid length, say) is not asked for; how often
//! that was so is told with the proof.

mod example;
mod styles;
mod twins;

use std::path::Path;

use self::example::{Example, Oracle, draw};
use self::styles::{STYLES, Style};
use self::twins::{Wrong, twin};
use super::judge::filters;
use super::patterns::{ANCHORS, Class, Lane, Length, Pattern, Sampler, keyword_at, sample_text};
use super::{Catalogue, Detector, Engine, Judged, Outcome, Scratch};
use crate::base::Span;
use crate::sources::{Chunk, ContentKind};

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
        proof
    }
}

/// Every pattern has a seed of its own, so that it is proved alike alone and among others.
fn seed_of(seed: u64, id: &str) -> u64 {
    id.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The name of a value whose kind is told by its shape alone; and one that says what it is.
const NEUTRAL: [&str; 2] = ["value", "api_key"];

/// What people write behind a provider's name.
const KINDS: [&str; 3] = ["_key", "_token", "_secret"];

/// Draws for the floor of randomness, and how many may fall below it.
const DRAWS: usize = 200;
const BELOW: usize = 6;

/// The proof of one pattern, under way.
struct Trial<'a> {
    prover: &'a Prover,
    pattern: &'static Pattern,
    oracle: Oracle,
    sampler: Sampler,
    scratch: &'a mut Scratch,
    proof: &'a mut Proof,
}

impl Trial<'_> {
    /// The share of its own secrets that the pattern's floor loses.
    fn floor(&mut self) {
        if self.pattern.randomness <= 0.0 || !self.pattern.names.is_empty() {
            return;
        }
        let lost = (0..DRAWS)
            .map(|_| {
                let text = sample_text(
                    self.pattern.expression[1],
                    super::patterns::Draw::default(),
                    &mut self.sampler,
                );
                self.pattern.checksum.complete(text, &mut self.sampler)
            })
            .filter(|secret| filters::randomness(self.pattern, secret).is_err())
            .count();
        if lost > BELOW {
            let told = format!("its floor of randomness loses {lost} of {DRAWS} random secrets");
            self.proof.fault(Property::Examples, "", told);
        }
    }

    /// Examples, in every style.
    fn examples(&mut self) {
        for number in 0..self.prover.options.examples.max(1) {
            let Some(example) = self.draw(Length::Any) else {
                let told = "no example of its shape passes its own checks".to_owned();
                self.proof.fault(Property::Examples, "", told);
                return;
            };
            self.anchors(&example);
            let mut tried = 0;
            for (place, style) in STYLES.iter().enumerate() {
                let name = self.name(0, number + place);
                if self.try_in(style, &name, &example, Property::Found, false) {
                    tried += 1;
                }
            }
            if tried == 0 {
                let told = "no style is legal for its examples".to_owned();
                self.proof.fault(Property::Found, "", told);
            }
        }
    }

    fn draw(&mut self, length: Length) -> Option<Example> {
        draw(self.pattern, &self.oracle, length, &mut self.sampler)
    }

    /// What the value is called: the pattern's own keyword, or what says little.
    fn name(&self, keyword: usize, turn: usize) -> String {
        if let Some(name) = self.pattern.names.get(keyword) {
            return (*name).to_owned();
        }
        let Some(near) = self.pattern.near.get(keyword) else {
            return NEUTRAL[turn % NEUTRAL.len()].to_owned();
        };
        // A name that says what it is already says it once.
        let says = [
            "key", "token", "secret", "password", "pat", "id", "dsn", "url",
        ];
        let said = says.iter().any(|w| near.ends_with(w));
        let kind = if said || turn % 4 == 3 {
            ""
        } else {
            KINDS[turn % KINDS.len()]
        };
        format!("{near}{kind}")
    }

    /// Writes an example in a style and holds what is found to it; whether the style is legal.
    fn try_in(
        &mut self,
        style: &Style,
        name: &str,
        example: &Example,
        property: Property,
        kin: bool,
    ) -> bool {
        let (pattern, whole) = (self.pattern, &example.whole);
        if !style.is_legal(whole) || !pattern.names.is_empty() && !style.assigns {
            return false;
        }
        let (text, value) = self.text(style, name, example);
        if !self.is_near(&text, Span::new(value, value + whole.len())) {
            return false;
        }
        let judged = self.scan(&text, style);
        let secret = Span::new(value + example.secret.start, value + example.secret.end);
        let told = verdict(pattern, &judged, secret, kin);
        if let Some(told) = told {
            self.proof.fault(property, style.name, told);
        }
        true
    }

    /// The text, and where the match begins.
    fn text(&self, style: &Style, name: &str, example: &Example) -> (Vec<u8>, usize) {
        // What cannot be part of a name stands before it.
        let head = if name.contains('.') && !self.pattern.near.is_empty() {
            let host = self
                .pattern
                .near
                .iter()
                .find(|k| name.starts_with(**k))
                .unwrap_or(&"");
            format!("# {host}\n")
        } else {
            String::new()
        };
        let (text, at) = style.write(name, &example.whole);
        let tail = example.parts.clone();
        ([head.as_bytes(), &text, &tail].concat(), head.len() + at)
    }

    /// Whether a keyword stands within the pattern's bound: some frames are longer than it.
    fn is_near(&self, text: &[u8], span: Span) -> bool {
        let found = super::patterns::Found { span, secret: span };
        self.pattern.near.is_empty() || self.pattern.keyword_near(text, found)
    }

    fn scan(&mut self, text: &[u8], style: &Style) -> Vec<Judged> {
        self.proof.texts += 1;
        let chunk = Chunk::whole(text, ContentKind::Text);
        self.prover
            .detector
            .scan(&chunk, Path::new(style.path), self.scratch)
    }

    /// What the lane looks for is in the example, where it says.
    fn anchors(&mut self, example: &Example) {
        let whole = &example.whole;
        let any = |lo: u16, hi: u16, there: &dyn Fn(usize) -> bool| {
            (usize::from(lo)..=usize::from(hi)).any(|at| at <= whole.len() && there(at))
        };
        let there = match &self.pattern.lane {
            Lane::Prefix {
                literals, lo, hi, ..
            } => any(*lo, *hi, &|at| {
                literals.iter().any(|l| whole[at..].starts_with(l))
            }),
            Lane::Lead {
                literals, lo, hi, ..
            } => any(*lo, *hi, &|at| {
                literals.iter().any(|l| whole[..at].ends_with(l))
            }),
            Lane::Anchor { anchors, lo, hi } => any(*lo, *hi, &|at| {
                ANCHORS
                    .iter()
                    .enumerate()
                    .any(|(k, a)| anchors >> k & 1 == 1 && whole[at..].starts_with(a.as_bytes()))
            }),
            Lane::Run { .. } | Lane::Name | Lane::Slow => true,
        };
        if !there || !example.secret().starts_with(self.pattern.prefix.as_bytes()) {
            let told = "an example is without what its search begins with".to_owned();
            self.proof.fault(Property::Anchors, "", told);
        }
        let length = example.secret.end;
        let (min, max) = (self.pattern.program.min, self.pattern.program.max);
        let key = self.pattern.class == Class::PrivateKey;
        if !key && !(usize::from(min)..=usize::from(max)).contains(&example.whole.len()) {
            let told = format!("an example of {length} bytes is not within {min} to {max}");
            self.proof.fault(Property::Bounds, "", told);
        }
    }

    /// The shortest and the longest are found whole.
    fn lengths(&mut self) {
        for (length, told) in [
            (
                Length::Least,
                "a shortest example: its checksum sets its length",
            ),
            (
                Length::Most,
                "a longest example: its checksum sets its length",
            ),
        ] {
            let Some(example) = self.draw(length) else {
                self.proof.ruled_out.push(told);
                continue;
            };
            let mut legal = STYLES
                .iter()
                .enumerate()
                .filter(|(_, s)| s.is_legal(&example.whole));
            let found = legal.find_map(|(turn, style)| {
                let name = self.name(0, turn);
                self.try_in(style, &name, &example, Property::Bounds, false)
                    .then_some(())
            });
            if found.is_none() {
                self.proof
                    .ruled_out
                    .push("a longest example: no style holds it");
            }
        }
    }

    /// Every keyword lets it be found by it, or by another kind of the same provider; without one
    /// it is not found.
    fn keywords(&mut self) {
        let words = self.pattern.near.len().max(self.pattern.names.len());
        if words == 0 {
            return;
        }
        for keyword in 1..words {
            let Some(example) = self.draw(Length::Any) else {
                return;
            };
            let turn = keyword * 7;
            let name = self.name(keyword, 3);
            for step in 0..STYLES.len() {
                let style = &STYLES[(turn + step) % STYLES.len()];
                if self.try_in(style, &name, &example, Property::Keywords, true) {
                    break;
                }
            }
        }
        let Some(example) = self.draw(Length::Any) else {
            return;
        };
        let holds = |text: &[u8]| {
            let words = self.pattern.near.iter().chain(self.pattern.names);
            let mut all = words.flat_map(|k| (0..text.len()).map(move |at| (k, at)));
            all.any(|(k, at)| keyword_at(text, at, k.as_bytes()).is_some())
        };
        let style = STYLES.iter().find(|s| s.is_legal(&example.whole));
        let Some(style) = style else { return };
        let (text, value) = style.write("value", &example.whole);
        if holds(&text) {
            self.proof.ruled_out.push("no keyword: its shape holds one");
            return;
        }
        let secret = Span::new(value + example.secret.start, value + example.secret.end);
        let judged = self.scan(&text, style);
        if takes(self.pattern, &judged, secret) {
            let told = "it is found without any of its keywords".to_owned();
            self.proof.fault(Property::Keywords, style.name, told);
        }
    }

    /// Twins that are wrong in one way are not found.
    fn twins(&mut self) {
        // What is chosen by people, or read by judgement, has no twin that is wrong by its shape.
        if !self.pattern.names.is_empty() {
            self.proof
                .ruled_out
                .push("twins: any other value is one, too");
            return;
        }
        for wrong in Wrong::ALL {
            let example = self.draw(Length::Least).or_else(|| self.draw(Length::Any));
            let Some(example) = example else { return };
            let twin = twin(
                wrong,
                self.pattern,
                &self.oracle,
                &example,
                &mut self.sampler,
            );
            let Some(twin) = twin else {
                self.proof.ruled_out.push(wrong.words());
                continue;
            };
            let Some(style) = STYLES.iter().find(|s| s.is_legal(&twin.whole)) else {
                continue;
            };
            let name = self.name(0, 0);
            let (text, value) = self.text(style, &name, &twin);
            let secret = Span::new(value, value + twin.whole.len());
            let judged = self.scan(&text, style);
            if takes(self.pattern, &judged, secret) {
                let told = format!("it finds {}", wrong.words());
                self.proof.fault(Property::Twins, style.name, told);
            }
        }
    }
}

/// Whether the pattern's own match touches a span.
fn takes(pattern: &Pattern, judged: &[Judged], span: Span) -> bool {
    judged.iter().any(|j| {
        j.pattern.id == pattern.id && j.outcome == Outcome::Match && j.secret.overlaps(span)
    })
}

/// What is wrong with what was found, if anything. With `kin`, another kind of the same provider
/// may win.
fn verdict(pattern: &Pattern, judged: &[Judged], secret: Span, kin: bool) -> Option<String> {
    let accepted = || judged.iter().filter(|j| j.outcome == Outcome::Match);
    let own = accepted().find(|j| j.pattern.id == pattern.id && j.secret.overlaps(secret));
    let other = accepted().find(|j| j.pattern.id != pattern.id);
    if let Some(other) = other {
        if kin && other.pattern.provider == pattern.provider {
            return None;
        }
        let also = if own.is_some() { "also" } else { "instead" };
        return Some(format!("{} is found {also}", other.pattern.id));
    }
    match own {
        Some(own) if pattern.class != Class::PrivateKey && own.secret != secret => {
            Some("not all of the secret is found, or too much".to_owned())
        }
        Some(_) => None,
        None => Some(match judged.iter().find(|j| j.pattern.id == pattern.id) {
            Some(Judged {
                outcome: Outcome::Rejected(why),
                ..
            }) => format!("rejected: {why}"),
            Some(_) => "allowed by a comment".to_owned(),
            None => "it is not found".to_owned(),
        }),
    }
}
