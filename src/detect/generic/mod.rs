//! Generic secrets: what the name promises, what the value looks like, and where they stand, made
//! into one score.
//!
//! An assignment is asked some hundred questions ([`features`]); each yes has a published weight
//! ([`weights`]), and their sum is the logarithm of the odds that the value is a secret. The
//! weights come from labelled files, `benches/generic/train.py` tells how. There are two columns:
//! passwords, which people make, and keys, which machines make.

mod features;
mod language;
mod name;
pub(super) mod place;
mod value;
mod weights;

pub(super) use self::features::is_uuid;
pub(super) use self::name::means_run;
pub(super) use self::value::longest;

use self::features::{Answers, FEATURES};
use self::place::Whereabouts;
use self::weights::{BIAS, WEIGHTS};
use super::assignment::Assignment;
use super::patterns::Confidence;

/// Of findings with at least this probability more than three of four are right. None is said to be
/// of high confidence: that is for what has a form of its own.
const MEDIUM: f32 = 0.36;
/// What is less likely is told only when asked for.
const LOW: f32 = 0.2;
/// From here on a value is of medium confidence that has the form of the keys of the provider that
/// its name names: the form and the name speak for it, which the weights do not know.
const NAMED: f32 = 0.05;

/// What an assignment was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighed {
    answers: Answers,
    column: usize,
}

/// Weighs an assignment, as a password's or as a key's.
pub(super) fn weigh(
    text: &[u8],
    place: Whereabouts,
    assignment: &Assignment,
    password: bool,
) -> Weighed {
    Weighed {
        answers: features::answers(text, place, assignment),
        column: usize::from(!password),
    }
}

/// Whether a text has hardly a digit, and words cover nine tenths of its letters.
pub(super) fn is_worded(text: &[u8]) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    digits * 10 <= text.len() && language::cover(text).share() >= 0.9
}

/// Whether a value is its name once more.
pub(super) fn same_letters(name: &[u8], value: &[u8]) -> bool {
    name::letters(name) == name::letters(value)
}

/// Whether a text, in small letters, is an ordinary word.
pub(super) fn is_word(text: &str) -> bool {
    language::is_word(text.as_bytes())
}

/// Whether all words of a text stand in for a secret.
pub(super) fn is_standin(text: &[u8]) -> bool {
    value::all_standin(text)
}

impl Weighed {
    /// The same, with one more answer: whether a provider is named whose keys have another form.
    pub(super) fn of_known_form(self, yes: bool) -> Self {
        Self {
            answers: self.answers.of_known_form(yes),
            ..self
        }
    }

    /// The logarithm of the odds.
    fn score(self) -> f32 {
        let sum: f32 = self
            .answers
            .numbers()
            .map(|n| WEIGHTS[n][self.column])
            .sum();
        BIAS[self.column] + sum
    }

    /// How likely it is a secret, 0 to 1.
    pub fn probability(self) -> f32 {
        1.0 / (1.0 + (-self.score()).exp())
    }

    /// How sure that makes; `None` if it is too unlikely to be told. `named`: it has the form of
    /// the keys of the provider that its name names.
    pub fn confidence(self, named: bool) -> Option<Confidence> {
        match self.probability() {
            NAMED.. if named => Some(Confidence::Medium),
            MEDIUM.. => Some(Confidence::Medium),
            LOW.. => Some(Confidence::Low),
            _ => None,
        }
    }

    /// The answers that weigh most, heaviest first: what each tells, and its weight.
    pub fn reasons(self) -> Vec<(&'static str, f32)> {
        let mut all: Vec<_> = self
            .answers
            .numbers()
            .map(|n| (FEATURES[n].1, WEIGHTS[n][self.column]))
            .filter(|(_, weight)| *weight != 0.0)
            .collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        all
    }

    /// The two answers that speak most against it, in words.
    pub fn against(self) -> String {
        let told = self
            .reasons()
            .into_iter()
            .filter(|(_, weight)| *weight < 0.0);
        told.take(2)
            .map(|(tells, _)| tells)
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// The names of the questions that are answered yes; training reads them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.answers.numbers().map(|n| FEATURES[n].0)
    }

    /// Whether it was weighed as a password.
    pub fn is_password(self) -> bool {
        self.column == 0
    }
}
