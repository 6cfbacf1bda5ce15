//! The engine: from a chunk to its marks, and from marks to judged matches.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::OnceLock;

use super::assignment::{Assignment, assignment_at};
use super::inherit::Reach;
use super::initials::Initials;
use super::judge::{self, LazyKnown, Scene};
use super::patterns::{Called, Found, Lane, Pattern, Steps, is_called, keyword_at, keyword_end};
use super::plain::Plain;
use super::prefilter::{self, Candidate, Prefilter};
use super::{Catalogue, Judged, decode};
use crate::base::Span;
use crate::sources::{Chunk, ContentKind};

/// Which engine looks for the patterns. Both find the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Prefilter, then marks at its hits.
    #[default]
    Fast,
    /// Every pattern as a regular expression over every byte: the reference.
    Plain,
}

/// A span that a pattern's shape accepts: a pure function of the pattern and a bounded window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// The pattern's number in the catalogue.
    pub(super) pattern: u16,
    /// The whole match.
    pub(super) span: Span,
    /// The secret inside.
    pub(super) secret: Span,
    /// The assignment, of a pattern with names.
    pub(super) assignment: Option<Assignment>,
}

/// A compiled catalogue. Immutable, shared by all workers.
#[derive(Debug)]
pub struct Detector {
    pub(super) patterns: Vec<&'static Pattern>,
    /// The patterns that are found by names.
    named: Named,
    /// Numbers of those that are looked for in files of some names only.
    filed: Vec<u16>,
    /// The names of the files in which they count.
    called: Called,
    pub(super) prefilter: Prefilter,
    /// How far each pattern looks, once that was asked for.
    pub(super) reach: OnceLock<Reach>,
    plain: Option<Plain>,
    /// What assignments are judged by.
    known: LazyKnown,
    pub(super) inline_allow: bool,
}

/// What a worker keeps between chunks, so that scanning allocates nothing.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) prefilter: prefilter::Scratch,
    pub(super) steps: Steps,
    pub(super) marks: Vec<Mark>,
    beyond: Vec<Judged>,
    pub(super) searched: u64,
    /// Bytes that were decoded.
    pub(super) decoded: u64,
    /// What decoded text is searched with.
    pub(super) inner: Option<Box<Scratch>>,
}

impl Scratch {
    /// What the last scan judged outside of its chunk's core: it belongs to the neighbours, and
    /// is known here only so that no line which reaches there shows it.
    pub fn beyond(&self) -> &[Judged] {
        &self.beyond
    }

    /// How many bytes were searched for marks since this was last asked.
    pub fn take_searched(&mut self) -> u64 {
        std::mem::take(&mut self.searched)
    }

    /// How many bytes were decoded, and searched beside those of the text, since this was last
    /// asked.
    pub fn take_decoded(&mut self) -> u64 {
        std::mem::take(&mut self.decoded)
    }
}

impl Detector {
    /// Compiles a catalogue.
    pub fn new(catalogue: &Catalogue, engine: Engine) -> Self {
        let patterns = catalogue.patterns().to_vec();
        let of_lane = |lane| -> Vec<u16> {
            let all = 0..patterns.len() as u16;
            all.filter(|n| patterns[usize::from(*n)].lane == lane)
                .collect()
        };
        let filed = of_lane(Lane::File);
        let files = filed.iter().map(|n| patterns[usize::from(*n)].files);
        let called = Called::new(files.flatten().copied());
        let prefilter = Prefilter::new(&patterns);
        let plain = (engine == Engine::Plain).then(|| Plain::new(&patterns));
        Self {
            reach: OnceLock::new(),
            named: Named::new(&patterns),
            patterns,
            filed,
            called,
            prefilter,
            plain,
            known: LazyKnown::new(),
            inline_allow: true,
        }
    }

    /// Whether comments such as `straykey:allow` count (they do by default).
    #[must_use]
    pub fn with_inline_allow(mut self, honoured: bool) -> Self {
        self.inline_allow = honoured;
        self
    }

    /// The patterns, by number.
    pub fn patterns(&self) -> &[&'static Pattern] {
        &self.patterns
    }

    /// Ids of patterns that the prefilter cannot help: each costs a look at every byte.
    pub fn slow(&self) -> Vec<&'static str> {
        self.prefilter
            .slow()
            .iter()
            .map(|n| self.patterns[usize::from(*n)].id)
            .collect()
    }

    /// What files are called in which patterns count that are looked for nowhere else. A text is
    /// judged for them by [`Self::scan`] alone, which knows its path.
    pub const fn called(&self) -> &Called {
        &self.called
    }

    /// Adds the marks of patterns that are looked for in files called like this one.
    fn file_marks(&self, text: &[u8], path: &Path, scratch: &mut Scratch) {
        let path = path.as_os_str().as_encoded_bytes();
        if !self.called.may_be(path) {
            return;
        }
        let Scratch { steps, marks, .. } = scratch;
        let before = marks.len();
        for number in &self.filed {
            let pattern = self.patterns[usize::from(*number)];
            if !is_called(pattern.files, path) {
                continue;
            }
            let may_begin = |at: &usize| pattern.program.first.has(text[*at]);
            for at in (0..text.len()).filter(may_begin) {
                let found = pattern.mark_at(text, at, steps);
                marks.extend(found.map(|found| mark(*number, found)));
            }
        }
        if marks.len() > before {
            settle(marks);
        }
    }

    /// Everything that begins in the chunk's core, judged, in order of place; rejected marks
    /// included.
    pub fn scan(&self, chunk: &Chunk<'_>, path: &Path, scratch: &mut Scratch) -> Vec<Judged> {
        scratch.beyond.clear();
        self.marks(chunk.text, scratch);
        self.file_marks(chunk.text, path, scratch);
        if scratch.marks.is_empty() {
            return Vec::new();
        }
        let judged = self.judged(chunk.text, (chunk.kind, path), 0, scratch);
        let core = chunk.core();
        if core == (0..chunk.text.len()) {
            return judged;
        }
        let (inside, beyond) = judged
            .into_iter()
            .partition(|j| core.contains(&j.span.start));
        scratch.beyond = beyond;
        inside
    }

    /// Judges the marks in the scratch, which are those of `text`, and what it holds encoded.
    pub(super) fn judged(
        &self,
        text: &[u8],
        (kind, path): (ContentKind, &Path),
        depth: usize,
        scratch: &mut Scratch,
    ) -> Vec<Judged> {
        let decoded = self.decoded(text, (kind, path), depth, scratch);
        let Scratch { marks, steps, .. } = scratch;
        marks.retain(|m| m.pattern != decode::ENCODED);
        if marks.is_empty() && decoded.is_empty() {
            return Vec::new();
        }
        let scene = Scene {
            text,
            kind,
            path,
            patterns: &self.patterns,
            known: &self.known,
            inline_allow: self.inline_allow,
            whereabouts: OnceCell::new(),
        };
        judge::judge(&scene, marks, decoded, steps)
    }

    /// Fills the scratch with the marks of `text`: a set, sorted.
    pub(super) fn marks(&self, text: &[u8], scratch: &mut Scratch) {
        let Scratch {
            prefilter,
            steps,
            marks,
            ..
        } = scratch;
        marks.clear();
        if let Some(plain) = &self.plain {
            plain.marks(&self.patterns, text, |pattern, found| {
                marks.push(mark(pattern, found));
            });
            for start in 0..text.len() {
                if prefilter::STEMS
                    .iter()
                    .any(|s| text[start..].starts_with(s.as_bytes()))
                {
                    self.named_marks(text, start, steps, marks);
                }
                if decode::is_hint(text, start) {
                    marks.push(decode::mark(start));
                }
            }
        } else {
            self.prefilter.candidates(
                &self.patterns,
                text,
                prefilter,
                |candidate| match candidate {
                    Candidate::At { pattern, start } => {
                        if start < text.len()
                            && let Some(found) =
                                self.patterns[usize::from(pattern)].mark_at(text, start, steps)
                        {
                            marks.push(mark(pattern, found));
                        }
                    }
                    Candidate::Name { start } => self.named_marks(text, start, steps, marks),
                    Candidate::Encoded { start } => {
                        if decode::is_hint(text, start) {
                            marks.push(decode::mark(start));
                        }
                    }
                },
            );
        }
        settle(marks);
    }

    /// Marks of patterns that are found by the name that a value is assigned to.
    pub(super) fn named_marks(
        &self,
        text: &[u8],
        stem: usize,
        steps: &mut Steps,
        marks: &mut Vec<Mark>,
    ) {
        let Some(assignment) = assignment_at(text, stem) else {
            return;
        };
        self.named.told(text, assignment.name, |number| {
            let program = &self.patterns[usize::from(number)].program;
            let value = &text[..assignment.value.end];
            if let Some(found) = program.at(value, assignment.value.start, steps)
                && found.span == assignment.value
            {
                marks.push(Mark {
                    assignment: Some(assignment),
                    ..mark(number, found)
                });
            }
        });
    }
}

/// The words of the patterns that are found by names, with their numbers.
#[derive(Debug)]
struct Named {
    /// Those that stand in the name itself.
    inside: Initials<u16>,
    /// Those of several words (`parsehub token`), which may begin before it.
    around: Initials<u16>,
}

/// How far before a name the words of a pattern's name may begin, in bytes.
const BEFORE_NAME: usize = 24;

impl Named {
    fn new(patterns: &[&'static Pattern]) -> Self {
        let named = patterns.iter().zip(0u16..);
        let named = named.filter(|(pattern, _)| pattern.lane == Lane::Name);
        let words = named.flat_map(|(p, number)| p.names.iter().map(move |w| (*w, number)));
        let (around, inside): (Vec<_>, Vec<_>) = words.partition(|(word, _)| word.contains(' '));
        Self {
            inside: Initials::new(inside.into_iter()),
            around: Initials::new(around.into_iter()),
        }
    }

    /// Tells the patterns that a name speaks of, some more than once.
    fn told(&self, text: &[u8], name: Span, mut tell: impl FnMut(u16)) {
        let before = &text[name.start.saturating_sub(BEFORE_NAME)..name.end];
        let line = before.iter().rposition(|b| *b == b'\n');
        let around = &before[line.map_or(0, |at| at + 1)..];
        let inside = name.of(text);
        for (words, text) in [(&self.inside, inside), (&self.around, around)] {
            for at in 0..text.len() {
                for (word, number) in words.at(text, at) {
                    if says(text, at, word.as_bytes()) {
                        tell(*number);
                    }
                }
            }
        }
    }
}

/// Whether a name says a word at a place, in any case, its separators free. Short words must be whole
/// ones: `pwd` is not in `pwdn`.
fn says(name: &[u8], at: usize, word: &[u8]) -> bool {
    let compare = if word.len() <= 4 {
        keyword_at
    } else {
        keyword_end
    };
    compare(name, at, word).is_some()
}

/// Sorts marks by place, and keeps each once. Two names may be assigned one value: what is compared is all
/// of a mark, or equal ones would stand apart.
pub(super) fn settle(marks: &mut Vec<Mark>) {
    marks.sort_unstable_by_key(|mark| (mark.span.start, *mark));
    marks.dedup();
}

pub(super) fn mark(pattern: u16, found: Found) -> Mark {
    Mark {
        pattern,
        span: found.span,
        secret: found.secret,
        assignment: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is looked up is what going through all words of all patterns finds.
    #[test]
    fn names_are_looked_up_as_they_are_gone_through() {
        let catalogue = Catalogue::embedded();
        let patterns = catalogue.patterns();
        let named = Named::new(patterns);
        let words = || patterns.iter().flat_map(|p| p.names.iter().copied());
        let (mut some, mut none) = (0, 0);
        for word in words() {
            for text in [
                word.to_owned(),
                word.to_ascii_uppercase().replace(['-', ' '], "_"),
                format!("x{}n = ", word.replace('-', "")),
                format!("my.{word}Value"),
                format!("{word}\n name"),
                word[..word.len() / 2].to_owned(),
            ] {
                // All of it is the name, or its last word.
                for start in [0, text.rfind([' ', '.']).map_or(0, |at| at + 1)] {
                    let name = Span::new(start, text.len());
                    let text = text.as_bytes();
                    let line = text.iter().rposition(|b| *b == b'\n');
                    let line = line.map_or(0, |at| at + 1).max(start.saturating_sub(24));
                    let by_hand: Vec<u16> = (0u16..)
                        .zip(patterns)
                        .filter(|(_, p)| {
                            p.names.iter().any(|word| {
                                let from = if word.contains(' ') { line } else { start };
                                let text = text.get(from..).unwrap_or(b"");
                                (0..text.len()).any(|at| says(text, at, word.as_bytes()))
                            })
                        })
                        .map(|(number, _)| number)
                        .collect();
                    let mut told = Vec::new();
                    named.told(text, name, |number| told.push(number));
                    told.sort_unstable();
                    told.dedup();
                    assert_eq!(told, by_hand, "{}", text.escape_ascii());
                    some += usize::from(!told.is_empty());
                    none += usize::from(told.is_empty());
                }
            }
        }
        assert!(some > 100 && none > 20, "{some} {none}");
    }
}
