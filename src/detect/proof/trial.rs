//! The proof of one pattern, property by property.

use std::path::Path;

use super::example::{Example, Oracle, draw};
use super::styles::{FRAME, STYLES, Style};
use super::twins::{Wrong, twin};
use super::wrappers::{WRAPPERS, Wrapper};
use super::{Proof, Property, Prover};
use crate::base::Span;
use crate::detect::judge::filters;
use crate::detect::patterns::{
    ANCHORS, Class, Draw, Found, Lane, Length, Pattern, Sampler, keyword_at, sample_text,
};
use crate::detect::{Judged, Outcome, Scratch};
use crate::sources::{Chunk, ContentKind};

/// The name of a value whose kind is told by its shape alone; and one that says what it is.
const NEUTRAL: [&str; 2] = ["value", "api_key"];

/// What people write behind a provider's name.
const KINDS: [&str; 3] = ["_key", "_token", "_secret"];

/// Draws for the floor of randomness, and how many may fall below it.
const DRAWS: usize = 200;
const BELOW: usize = 6;

/// What a value is called.
struct Called {
    /// A host that stands before, if that is what tells the kind.
    host: &'static str,
    name: String,
}

/// The proof of one pattern, under way.
pub(super) struct Trial<'a> {
    pub(super) prover: &'a Prover,
    pub(super) pattern: &'static Pattern,
    pub(super) oracle: Oracle,
    pub(super) sampler: Sampler,
    pub(super) scratch: &'a mut Scratch,
    pub(super) proof: &'a mut Proof,
}

impl Trial<'_> {
    /// The share of its own secrets that the pattern's floor loses.
    pub(super) fn floor(&mut self) {
        if self.pattern.randomness <= 0.0 || !self.pattern.names.is_empty() {
            return;
        }
        let lost = (0..DRAWS)
            .map(|_| {
                let text = sample_text(
                    self.pattern.expression[1],
                    Draw::default(),
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
    pub(super) fn examples(&mut self) {
        for number in 0..self.prover.options.examples.max(1) {
            let Some(example) = self.draw(Length::Any) else {
                let told = "no example of its shape passes its own checks".to_owned();
                self.proof.fault(Property::Examples, "", told);
                return;
            };
            self.anchors(&example);
            let mut tried = 0;
            let frame = Style::of_frame(self.pattern.example);
            for (place, style) in STYLES.iter().chain(&frame).enumerate() {
                let name = self.name(0, number + place);
                if self.try_in(
                    style,
                    &name,
                    &example,
                    Length::Any,
                    (Property::Found, false),
                ) {
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
    fn name(&self, keyword: usize, turn: usize) -> Called {
        let plain = |name: &str| Called {
            host: "",
            name: name.to_owned(),
        };
        let neutral = plain(NEUTRAL[turn % NEUTRAL.len()]);
        if let Some(first) = self.pattern.names.first() {
            return plain(assigned_in(self.pattern.example).unwrap_or(first));
        }
        let Some(near) = self.pattern.near.get(keyword) else {
            return neutral;
        };
        if near.contains('.') {
            return Called {
                host: near,
                ..neutral
            };
        }
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
        plain(&format!("{near}{kind}"))
    }

    /// Writes an example in a style and holds what is found to it: the pattern alone, or with `kin`
    /// another kind of its provider. Says whether the style is legal for it.
    fn try_in(
        &mut self,
        style: &Style,
        name: &Called,
        example: &Example,
        length: Length,
        asked: (Property, bool),
    ) -> bool {
        // The property, and whether another kind of the provider will do.
        let (property, kin) = asked;
        let (pattern, whole) = (self.pattern, &example.whole);
        if !self.may_stand(style, example) {
            return false;
        }
        let (text, value) = Self::text(style, name, example);
        if !self.is_near(&text, Span::new(value, value + whole.len())) {
            return false;
        }
        let judged = self.scan(&text, style);
        let secret = Span::new(value + example.secret.start, value + example.secret.end);
        let Some(told) = verdict(pattern, &judged, secret, kin) else {
            return true;
        };
        // One example in some thousands begins as another kind does: that is no fault of this one.
        let again = self.draw(length).is_some_and(|other| {
            let (text, value) = Self::text(style, name, &other);
            let judged = self.scan(&text, style);
            let secret = Span::new(value + other.secret.start, value + other.secret.end);
            style.is_legal(&other.whole) && verdict(pattern, &judged, secret, kin).is_none()
        });
        if !again {
            self.proof.fault(property, style.name, told);
        }
        true
    }

    /// The text, and where the match begins.
    fn text(style: &Style, name: &Called, example: &Example) -> (Vec<u8>, usize) {
        // A host cannot be part of a name: it stands before.
        let head = match name.host {
            "" => String::new(),
            host => format!("# {host}\n"),
        };
        let (mut text, at) = style.write(&name.name, &example.whole);
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let tail = example.parts.clone();
        ([head.as_bytes(), &text, &tail].concat(), head.len() + at)
    }

    /// Whether a keyword stands within the pattern's bound: some frames are longer than it.
    fn is_near(&self, text: &[u8], span: Span) -> bool {
        let found = Found { span, secret: span };
        self.pattern.near.is_empty() || self.pattern.keyword_near(text, found)
    }

    fn scan(&mut self, text: &[u8], style: &Style) -> Vec<Judged> {
        self.proof.texts += 1;
        let chunk = Chunk::whole(text, ContentKind::Text);
        // What counts in files of some names only is proved in one of them.
        let own = self
            .pattern
            .files
            .first()
            .map(|form| form.replace('*', "a"));
        let path = own.as_deref().unwrap_or(style.path);
        self.prover
            .detector
            .scan(&chunk, Path::new(path), self.scratch)
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
            Lane::Run { .. } | Lane::Name | Lane::File | Lane::Slow => true,
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
    pub(super) fn lengths(&mut self) {
        if !self.pattern.names.is_empty() {
            self.proof
                .ruled_out
                .push("lengths: what is assigned to a name is weighed");
            return;
        }
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
                self.try_in(style, &name, &example, length, (Property::Bounds, false))
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
    pub(super) fn keywords(&mut self) {
        // Names are words of several grammars, of commands among them.
        if self.pattern.near.is_empty() {
            return;
        }
        for keyword in 1..self.pattern.near.len() {
            let Some(example) = self.draw(Length::Any) else {
                return;
            };
            let turn = keyword * 7;
            let name = self.name(keyword, 3);
            for step in 0..STYLES.len() {
                let style = &STYLES[(turn + step) % STYLES.len()];
                if self.try_in(
                    style,
                    &name,
                    &example,
                    Length::Any,
                    (Property::Keywords, true),
                ) {
                    break;
                }
            }
        }
        let Some(example) = self.draw(Length::Any) else {
            return;
        };
        let holds = |text: &[u8]| {
            let words = self.pattern.near.iter();
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
    pub(super) fn twins(&mut self) {
        // What is chosen by people, or read by judgement, has no twin that is wrong by its shape.
        if !self.pattern.names.is_empty() || self.is_filed() {
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
            let (text, value) = Self::text(style, &name, &twin);
            let secret = Span::new(value, value + twin.whole.len());
            let judged = self.scan(&text, style);
            if takes(self.pattern, &judged, secret) {
                let told = format!("it finds {}", wrong.words());
                self.proof.fault(Property::Twins, style.name, told);
            }
        }
    }
}

/// The name that a frame such as `api_key = "{}"` assigns its value to.
fn assigned_in(frame: &'static str) -> Option<&'static str> {
    let name = frame.strip_suffix(" = \"{}\"")?;
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        .then_some(name)
}

/// What became of an example in a wrapper.
enum Wrapped {
    Found,
    /// It is not found, in this style.
    Missed(&'static str),
    RuledOut(&'static str),
}

impl Trial<'_> {
    /// A wrapped text is found through its decoder, whatever span stands for it.
    pub(super) fn wrapped(&mut self) {
        if self.is_filed() {
            self.proof
                .ruled_out
                .push("decoded: it is read in files of a name, as they stand");
            return;
        }
        for wrapper in WRAPPERS {
            // One example in some thousands looks like something else in it.
            let told = match self.in_wrapper(wrapper) {
                Wrapped::Missed(_) => self.in_wrapper(wrapper),
                told => told,
            };
            match told {
                Wrapped::Found => {}
                Wrapped::RuledOut(why) => self.proof.ruled_out.push(why),
                Wrapped::Missed(style) => {
                    let told = format!("it is not found in {}", wrapper.name);
                    self.proof.fault(Property::Decoded, style, told);
                }
            }
        }
    }

    /// Wraps an example, in the first style in which it may stand and be wrapped.
    fn in_wrapper(&mut self, wrapper: &Wrapper) -> Wrapped {
        let mut ruled_out = "decoded: no style holds its examples";
        let Some(example) = self.draw(Length::Any) else {
            return Wrapped::RuledOut(ruled_out);
        };
        let name = self.name(0, 0);
        let frame = Style::of_frame(self.pattern.example);
        for style in STYLES.iter().chain(&frame) {
            if !self.may_stand(style, &example) {
                continue;
            }
            let (text, at) = Self::text(style, &name, &example);
            let value = Span::new(at, at + example.whole.len());
            if !self.is_near(&text, value) {
                continue;
            }
            match wrapper.wrap(&text, value) {
                Err(why) => ruled_out = why,
                Ok(wrapped) => {
                    let judged = self.scan(&wrapped, style);
                    let all = Span::new(0, wrapped.len());
                    return if takes(self.pattern, &judged, all) {
                        Wrapped::Found
                    } else {
                        Wrapped::Missed(style.name)
                    };
                }
            }
        }
        Wrapped::RuledOut(ruled_out)
    }

    /// Whether the pattern is read in files of some names only, by their grammar.
    fn is_filed(&self) -> bool {
        self.pattern.lane == Lane::File
    }

    /// Whether an example may stand in a style, and is to be found there.
    fn may_stand(&self, style: &Style, example: &Example) -> bool {
        // What is found by the name of an assignment stands in one, or in its own frame.
        let named = !self.pattern.names.is_empty();
        // What is read in files of a name stands there as they have it.
        let framed = self.is_filed() || named && assigned_in(self.pattern.example).is_none();
        style.is_legal(&example.whole)
            && (!framed || style.name == FRAME)
            && (!named || style.assigns)
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
