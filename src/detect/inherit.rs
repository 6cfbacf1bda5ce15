//! Marks of a text that is built upon another: only what changed is searched.
//!
//! Whether a candidate becomes a mark depends on the bytes from so many before it ([`Reach::back`])
//! to as many behind it as its pattern can look at. Nearly always that is less than [`AHEAD`]; the
//! candidates that look further are remembered, mark or not ([`Far`]). So, in a text of which the
//! segments are known:
//!
//! * candidates near to a change, by these bounds, are looked for anew;
//! * candidates that look far are tried anew if they can see the next change;
//! * all others stand in one copied range with everything they depend on, the text's start and
//!   end included: what became of them in the base is what becomes of them here.
//!
//! The marks are those of a full search, which a property test holds them against. Judgement is
//! never inherited: it runs on the bytes.

use std::ops::Range;
use std::path::Path;

use super::assignment::Assignment;
use super::decode;
use super::engine::{Detector, Mark, Scratch};
use super::patterns::{ByteSet, Lane, Op, Pattern};
use super::prefilter::Candidate;
use super::{Judged, Outcome, Rejection};
use crate::base::Span;
use crate::sources::ContentKind;
use crate::sources::history::Segment;

/// Bytes from its place on that a candidate may depend on before it is kept as one that looks far.
const AHEAD: usize = 256;

const _: () = assert!(decode::AHEAD <= AHEAD);

/// How far behind a match its edge and a keyword are looked for, in bytes.
const BEHIND: usize = 28;

/// How far before a stem its name is read, and how far behind it an assignment, in bytes.
const NAME_BACK: usize = 104;
const NAME_AHEAD: usize = 1024;

/// How far back an edge looks (an escape such as `\u003d`), and a keyword's begin beyond its bound.
const EDGE_BACK: usize = 8;

/// The longest keyword or stem or anchor, and the run that a prefilter needs: bytes around a
/// candidate that the prefilter must see to tell it.
const SLACK: usize = 64;

/// The longest run that is followed to its end so that the prefilter sees it whole.
const RUN_AHEAD: usize = crate::base::limits::MATCH_BYTES;

/// A candidate that became a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    /// Where the candidate is: the match's begin, or the stem of the name.
    at: usize,
    mark: Mark,
}

/// A candidate that looks further than [`AHEAD`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Far {
    at: usize,
    /// The pattern, or [`NAME`].
    pattern: u16,
}

/// Stands for all patterns that are found by name.
const NAME: u16 = u16::MAX;

/// The marks of one text, and what it takes to tell those of a text built upon it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Sorted.
    kept: Vec<Kept>,
    /// Sorted.
    far: Vec<Far>,
    /// How long the text is.
    length: usize,
}

impl Marks {
    /// Whether the text has no mark.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many places are remembered.
    pub fn len(&self) -> usize {
        self.kept.len() + self.far.len()
    }

    fn settle(&mut self) {
        self.kept.sort_unstable();
        self.kept.dedup();
        self.far.sort_unstable();
        self.far.dedup();
    }
}

/// How far the patterns of a catalogue look; computed once.
#[derive(Debug)]
pub(super) struct Reach {
    /// Bytes before a candidate that it may depend on, at most.
    back: usize,
    /// Bytes from a candidate to what the prefilter finds it by, at most.
    hit: usize,
    /// For each pattern that can look further than [`AHEAD`]: every byte that can be in a match.
    long: Vec<Option<ByteSet>>,
}

impl Reach {
    pub(super) fn new(patterns: &[&'static Pattern]) -> Self {
        let near = patterns.iter().filter(|p| !p.near.is_empty());
        let near = near.map(|p| usize::from(p.near_bytes)).max().unwrap_or(0);
        let hit = |p: &&Pattern| match p.lane {
            Lane::Prefix { hi, .. }
            | Lane::Lead { hi, .. }
            | Lane::Run { hi, .. }
            | Lane::Anchor { hi, .. } => usize::from(hi),
            Lane::Name | Lane::File | Lane::Slow => 0,
        };
        let long = patterns
            .iter()
            .map(|p| (usize::from(p.program.max) + BEHIND > AHEAD).then(|| alphabet(p)));
        Self {
            back: NAME_BACK.max(near + EDGE_BACK).max(decode::BACK),
            hit: patterns.iter().copied().map(|p| hit(&p)).max().unwrap_or(0),
            long: long.collect(),
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

impl Detector {
    /// The marks of a whole text.
    pub fn marks_of(&self, text: &[u8], scratch: &mut Scratch) -> Marks {
        let mut marks = Marks {
            length: text.len(),
            ..Marks::default()
        };
        self.search(text, 0..text.len(), scratch, &mut marks);
        marks.settle();
        marks
    }

    /// The marks of a text that is made of `segments` of another whose marks are `base`: the same
    /// as [`Self::marks_of`], and less work.
    pub fn marks_upon(
        &self,
        base: &Marks,
        text: &[u8],
        segments: &[Segment],
        scratch: &mut Scratch,
    ) -> Marks {
        let mut marks = Marks {
            length: text.len(),
            ..Marks::default()
        };
        let windows = self.windows(base.length, text.len(), segments);
        let searched = |at: usize| {
            let after = windows.partition_point(|w| w.end <= at);
            windows.get(after).is_some_and(|w| w.start <= at)
        };
        // A window begins so far before a change.
        let sees = |far: &Far, at: usize| {
            let next = windows.partition_point(|w| w.start < at);
            let next = windows.get(next).map_or(usize::MAX, |w| w.start + AHEAD);
            at + self.look(far.pattern) > next
        };
        if !base.kept.is_empty() || !base.far.is_empty() {
            for s in segments {
                let Some(from) = s.from else { continue };
                let range = from..from + s.len;
                for kept in within(&base.kept, &range, |k| k.at) {
                    let at = kept.at - from + s.at;
                    let tried =
                        searched(at) || self.far_of(kept, base).is_some_and(|far| sees(&far, at));
                    if !tried {
                        let mark = moved(kept.mark, from, s.at);
                        marks.kept.push(Kept { at, mark });
                    }
                }
                for far in within(&base.far, &range, |f| f.at) {
                    let at = far.at - from + s.at;
                    if searched(at) {
                        continue;
                    }
                    if sees(far, at) {
                        self.one(text, candidate(far.pattern, at), scratch, &mut marks);
                    } else {
                        marks.far.push(Far { at, ..*far });
                    }
                }
            }
        }
        for window in windows {
            self.search(text, window, scratch, &mut marks);
        }
        marks.settle();
        marks
    }

    /// Judges the marks of a text: as [`Self::scan`] does with those it finds itself.
    pub fn judge(
        &self,
        text: &[u8],
        kind: ContentKind,
        path: &Path,
        marks: &Marks,
        scratch: &mut Scratch,
    ) -> Vec<Judged> {
        let list = &mut scratch.marks;
        list.clear();
        list.extend(marks.kept.iter().map(|k| k.mark));
        list.sort_unstable_by_key(|m| (m.span.start, m.pattern, m.span.end));
        list.dedup();
        self.judged(text, (kind, path), 0, scratch)
    }

    /// Whether the marks may hold a match at some path. An empty path is the most lenient one: what
    /// is rejected there for a reason of its own is rejected everywhere.
    pub fn may_match(
        &self,
        text: &[u8],
        kind: ContentKind,
        marks: &Marks,
        scratch: &mut Scratch,
    ) -> bool {
        if marks.is_empty() {
            return false;
        }
        let judged = self.judge(text, kind, Path::new(""), marks, scratch);
        judged.iter().any(|j| {
            !matches!(&j.outcome, Outcome::Rejected(why) if !matches!(why, Rejection::Overlap(_)))
        })
    }

    /// Where candidates are looked for anew: around every change, neighbours joined.
    fn windows(&self, base: usize, length: usize, segments: &[Segment]) -> Vec<Range<usize>> {
        let mut windows: Vec<Range<usize>> = Vec::new();
        let mut add = |from: usize, to: usize| {
            let (from, to) = (
                from.saturating_sub(AHEAD),
                (to + self.reach.back + 1).min(length),
            );
            match windows.last_mut() {
                // What lies between two windows would be read for the prefilter's sake anyway.
                Some(last) if last.end + self.reach.back + SLACK >= from => {
                    last.end = last.end.max(to);
                }
                _ if from < to => windows.push(from..to),
                _ => {}
            }
        };
        for (i, s) in segments.iter().enumerate() {
            match s.from {
                None => add(s.at, s.end()),
                Some(0) if i == 0 => {}
                Some(_) => add(s.at, s.at),
            }
        }
        if segments
            .last()
            .is_none_or(|s| s.from.is_none_or(|from| from + s.len != base))
        {
            add(length, length);
        }
        windows
    }

    /// Looks for candidates that begin in `window`, with all of the text at hand.
    fn search(&self, text: &[u8], window: Range<usize>, scratch: &mut Scratch, marks: &mut Marks) {
        let start = window.start.saturating_sub(self.reach.back + SLACK);
        let mut end = window.end + self.reach.hit + SLACK;
        if end < text.len() {
            // A run is told by its end, too.
            let rest = &text[end..text.len().min(end + RUN_AHEAD)];
            end += rest
                .iter()
                .take_while(|b| super::patterns::is_token(**b))
                .count();
        }
        let end = text.len().min(end + SLACK);
        scratch.searched += (end - start) as u64;
        let mut prefilter = std::mem::take(&mut scratch.prefilter);
        self.prefilter
            .candidates(&self.patterns, &text[start..end], &mut prefilter, |told| {
                let told = match told {
                    Candidate::At { pattern, start: at } => Candidate::At {
                        pattern,
                        start: at + start,
                    },
                    Candidate::Name { start: at } => Candidate::Name { start: at + start },
                    Candidate::Encoded { start: at } => Candidate::Encoded { start: at + start },
                };
                let (Candidate::At { start: at, .. }
                | Candidate::Name { start: at }
                | Candidate::Encoded { start: at }) = told;
                if window.contains(&at) {
                    self.one(text, told, scratch, marks);
                }
            });
        scratch.prefilter = prefilter;
    }

    /// Tries one candidate.
    fn one(&self, text: &[u8], told: Candidate, scratch: &mut Scratch, marks: &mut Marks) {
        match told {
            Candidate::At {
                pattern: number,
                start: at,
            } => {
                let pattern = self.patterns[usize::from(number)];
                if !pattern.program.first.has(text[at]) || !pattern.left_edge(text, at) {
                    return;
                }
                if let Some(alphabet) = &self.reach.long[usize::from(number)] {
                    let rest = &text[at..text.len().min(at + AHEAD)];
                    let run = rest.iter().take_while(|b| alphabet.has(**b)).count();
                    if run + BEHIND >= AHEAD {
                        marks.far.push(Far {
                            at,
                            pattern: number,
                        });
                    }
                }
                if let Some(found) = pattern.mark_at(text, at, &mut scratch.steps) {
                    let mark = super::engine::mark(number, found);
                    marks.kept.push(Kept { at, mark });
                }
            }
            Candidate::Encoded { start: at } => {
                if decode::is_hint(text, at) {
                    let mark = decode::mark(at);
                    marks.kept.push(Kept { at, mark });
                }
            }
            Candidate::Name { start: at } => {
                marks.far.push(Far { at, pattern: NAME });
                let Scratch {
                    steps, marks: list, ..
                } = scratch;
                list.clear();
                self.named_marks(text, at, steps, list);
                marks
                    .kept
                    .extend(list.iter().map(|mark| Kept { at, mark: *mark }));
            }
        }
    }

    /// The candidate of a mark, if it looks far.
    fn far_of(&self, kept: &Kept, base: &Marks) -> Option<Far> {
        let pattern = self.patterns.get(usize::from(kept.mark.pattern))?;
        let named = pattern.lane == Lane::Name;
        let pattern = if named { NAME } else { kept.mark.pattern };
        let far = Far {
            at: kept.at,
            pattern,
        };
        base.far.binary_search(&far).is_ok().then_some(far)
    }

    /// How many bytes from its place on a candidate that looks far may depend on.
    fn look(&self, pattern: u16) -> usize {
        if pattern == NAME {
            NAME_AHEAD
        } else {
            usize::from(self.patterns[usize::from(pattern)].program.max) + BEHIND
        }
    }
}

/// A mark of a text that was copied from one place to another.
fn moved(mark: Mark, from: usize, to: usize) -> Mark {
    let span = |span: Span| Span::new(span.start + to - from, span.end + to - from);
    Mark {
        span: span(mark.span),
        secret: span(mark.secret),
        assignment: mark.assignment.map(|a| Assignment {
            name: span(a.name),
            value: span(a.value),
            ..a
        }),
        ..mark
    }
}

fn candidate(pattern: u16, start: usize) -> Candidate {
    if pattern == NAME {
        Candidate::Name { start }
    } else {
        Candidate::At { pattern, start }
    }
}

/// The part of a sorted list whose places are in a range.
fn within<'a, T>(list: &'a [T], range: &Range<usize>, at: impl Fn(&T) -> usize) -> &'a [T] {
    let from = list.partition_point(|x| at(x) < range.start);
    let rest = &list[from..];
    &rest[..rest.partition_point(|x| at(x) < range.end)]
}
