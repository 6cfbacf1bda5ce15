//! Marks of a text that is built upon another: only what changed is searched.
//!
//! Whether a candidate becomes a mark depends on so many bytes before it and from it on, as its
//! pattern says ([`Look`]); nearly always these are few. The candidates that look further are
//! remembered, mark or not ([`Far`]). So, in a text of which the segments are known:
//!
//! * candidates that a change is near to, by these bounds, are looked for anew;
//! * candidates that look far are tried anew if they can see a change;
//! * all others stand in one copied range with everything they depend on, the text's start and
//!   end included: what became of them in the base is what becomes of them here.
//!
//! The marks are those of a full search, which a property test holds them against. Judgement is
//! never inherited: it runs on the bytes.

mod reach;

use std::ops::Range;
use std::path::Path;

use super::assignment::Assignment;
use super::decode;
use super::engine::{Detector, Mark, Scratch};
use super::prefilter::Candidate;
use super::{Judged, Outcome, Rejection};
use crate::base::Span;
use crate::sources::ContentKind;
use crate::sources::history::Segment;
pub(super) use reach::Reach;
use reach::{BEHIND, BEHIND_RUN, EDGE_BACK, Look, OF_ENCODED, OF_NAMES, SLACK};

/// The longest run that is followed to its end so that the prefilter sees it whole.
const RUN_AHEAD: usize = crate::base::limits::MATCH_BYTES;

/// A candidate that became a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    /// Where the candidate is: the match's begin, or the stem of the name.
    at: usize,
    mark: Mark,
    /// Whether the candidate is one that looks far, and is remembered as such.
    is_far: bool,
}

/// A candidate that looks further than its [`Look::ahead`] or [`Look::back`].
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

    /// Where, and of which patterns, two lists have other marks, or places that look far.
    #[cfg(test)]
    pub(super) fn apart_from(&self, other: &Self, detector: &Detector) -> Vec<(usize, String)> {
        let id = |number: u16| match detector.patterns.get(usize::from(number)) {
            Some(pattern) => pattern.id.to_owned(),
            None => format!("({number})"),
        };
        let mut all = Vec::new();
        for (one, two) in [(self, other), (other, self)] {
            let kept = one.kept.iter().filter(|k| !two.kept.contains(k));
            all.extend(kept.map(|k| (k.at, format!("mark {}", id(k.mark.pattern)))));
            let far = one.far.iter().filter(|f| !two.far.contains(f));
            all.extend(far.map(|f| (f.at, format!("far {}", id(f.pattern)))));
        }
        all
    }

    /// None yet, of a text that is built upon one with so many.
    fn upon(base: &Self, length: usize) -> Self {
        Self {
            kept: Vec::with_capacity(base.kept.len() + 4),
            far: Vec::with_capacity(base.far.len() + 4),
            length,
        }
    }

    /// Sorts both lists, of which so many are in order already, and keeps each once.
    fn settle(&mut self, (kept, far): (usize, usize)) {
        settle(&mut self.kept, kept);
        settle(&mut self.far, far);
    }
}

/// Sorts a list of which the first `sorted` are in order, and keeps each once.
fn settle<T: Ord>(list: &mut Vec<T>, sorted: usize) {
    let (old, new) = list.split_at_mut(sorted);
    new.sort_unstable();
    if let Some(first) = new.first() {
        let before = old.partition_point(|one| one < first);
        // Two rows in order: this merges them.
        list[before..].sort();
        list.dedup();
    }
}

/// How far places are from the changes around them, asked for from the first to the last.
struct Distances<'c> {
    changes: &'c [Range<usize>],
    /// The first change that does not end before the last place.
    next: usize,
}

impl<'c> Distances<'c> {
    const fn new(changes: &'c [Range<usize>]) -> Self {
        Self { changes, next: 0 }
    }

    /// From the end of the change before, and to the begin of the next, in bytes: 0 within one.
    fn of(&mut self, at: usize) -> (usize, usize) {
        while self.changes.get(self.next).is_some_and(|c| c.end < at) {
            self.next += 1;
        }
        let before = self.next.checked_sub(1);
        (
            before.map_or(usize::MAX, |i| at - self.changes[i].end),
            self.changes
                .get(self.next)
                .map_or(usize::MAX, |c| c.start.saturating_sub(at)),
        )
    }
}

/// Changes of a text, as they are told from its begin to its end.
struct Changes<'t> {
    text: &'t [u8],
    /// What lies between two that are so near would be read for the prefilter's sake anyway, in bytes.
    apart: usize,
    /// How far the last one goes on is found out when it is certain to be complete.
    found: Vec<Range<usize>>,
    /// Where the run of token bytes ends that goes on from where the last one was told first.
    unbroken: usize,
}

impl Changes<'_> {
    fn add(&mut self, from: usize, to: usize) {
        if let Some(last) = self.found.last()
            && last.end + self.apart >= from
        {
            // Only a run that goes on from there makes this one begin before the last one.
            if from.saturating_sub(BEHIND_RUN) <= self.unbroken {
                self.join(self.begin(from), to);
            } else {
                self.join(from, to);
            }
            return;
        }
        self.end();
        let start = self.begin(from);
        match self.found.last() {
            Some(last) if last.end + self.apart >= start => self.join(start, to),
            _ => {
                self.found.push(start..to);
                self.unbroken = from + run_of(self.text[from..].iter());
            }
        }
    }

    /// Makes the last one reach so far, too.
    fn join(&mut self, start: usize, end: usize) {
        if let Some(last) = self.found.last_mut() {
            *last = last.start.min(start)..last.end.max(end);
        }
    }

    /// Where what is told anew for a change at `from` begins. What is told by a run is told by all of it, and by what
    /// stands behind its end. In a long row of digits a hint looks back further than all else does.
    fn begin(&self, from: usize) -> usize {
        let near = from.saturating_sub(BEHIND_RUN);
        let run = run_of(self.text[..near].iter().rev());
        if run > SLACK { near - run } else { from }
    }

    /// Ends the last one.
    fn end(&mut self) {
        if let Some(last) = self.found.last_mut() {
            last.end += decode::row(&self.text[last.end..]);
        }
    }
}

/// How many bytes of a run of token bytes a text begins with.
fn run_of<'b>(text: impl Iterator<Item = &'b u8>) -> usize {
    text.take(RUN_AHEAD)
        .take_while(|b| super::patterns::is_token(**b))
        .count()
}

impl Detector {
    /// How far its patterns look: only histories ask for that.
    fn reach(&self) -> &Reach {
        self.reach.get_or_init(|| Reach::new(&self.patterns))
    }

    /// The marks of a whole text.
    pub fn marks_of(&self, text: &[u8], scratch: &mut Scratch) -> Marks {
        let mut marks = Marks {
            length: text.len(),
            ..Marks::default()
        };
        self.search(text, 0..text.len(), scratch, &mut marks);
        marks.settle((0, 0));
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
        let mut marks = Marks::upon(base, text.len());
        let changes = self.changes(base.length, text, segments);
        let (mut of_kept, mut of_far) = (Distances::new(&changes), Distances::new(&changes));
        let (mut kept_in, mut far_in) = (Ranges::new(&base.kept), Ranges::new(&base.far));
        let mut again = Vec::new();
        let copied = match base.len() {
            0 => &[],
            _ => segments,
        };
        for s in copied {
            let Some(from) = s.from else { continue };
            let range = from..from + s.len;
            for kept in kept_in.within(&range, |k| k.at) {
                let at = kept.at - from + s.at;
                let (look, away) = (self.look(kept.mark.pattern), of_kept.of(at));
                if !(look.is_searched(away) || kept.is_far && look.sees(away)) {
                    let mark = moved(kept.mark, from, s.at);
                    marks.kept.push(Kept { at, mark, ..*kept });
                }
            }
            for far in far_in.within(&range, |f| f.at) {
                let at = far.at - from + s.at;
                let (look, away) = (self.look(far.pattern), of_far.of(at));
                if look.is_searched(away) {
                    continue;
                }
                if look.sees(away) {
                    again.push(candidate(far.pattern, at));
                } else {
                    marks.far.push(Far { at, ..*far });
                }
            }
        }
        // What is inherited is in order, as it was.
        let inherited = (marks.kept.len(), marks.far.len());
        for told in again {
            self.one(text, told, scratch, &mut marks);
        }
        for change in changes {
            self.search(text, change, scratch, &mut marks);
        }
        marks.settle(inherited);
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
        super::engine::settle(list);
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

    /// What changed, neighbours joined. Where nothing but bytes went away a change is empty.
    fn changes(&self, base: usize, text: &[u8], segments: &[Segment]) -> Vec<Range<usize>> {
        let reach = self.reach();
        let mut changes = Changes {
            text,
            apart: reach.before + reach.behind + SLACK,
            found: Vec::new(),
            unbroken: 0,
        };
        for (i, s) in segments.iter().enumerate() {
            match s.from {
                None => changes.add(s.at, s.end()),
                Some(0) if i == 0 => {}
                Some(_) => changes.add(s.at, s.at),
            }
        }
        if segments
            .last()
            .is_none_or(|s| s.from.is_none_or(|from| from + s.len != base))
        {
            changes.add(text.len(), text.len());
        }
        changes.end();
        changes.found
    }

    /// Looks for candidates that depend on a change, with all of the text at hand.
    fn search(&self, text: &[u8], change: Range<usize>, scratch: &mut Scratch, marks: &mut Marks) {
        // A run is told by all of it.
        let start = change.start.saturating_sub(self.reach().before + EDGE_BACK);
        let start = start - run_of(text[..start].iter().rev());
        let end = text.len().min(change.end + self.reach().behind + SLACK);
        let end = end + run_of(text[end..].iter());
        let end = text.len().min(end + SLACK);
        scratch.searched += (end - start) as u64;
        let mut prefilter = std::mem::take(&mut scratch.prefilter);
        self.prefilter
            .candidates(&self.patterns, &text[start..end], &mut prefilter, |told| {
                let (number, at) = match told {
                    Candidate::At { pattern, start } => (pattern, start),
                    Candidate::Name { start } => (NAME, start),
                    Candidate::Encoded { start } => (decode::ENCODED, start),
                };
                let (at, look) = (at + start, self.look(number));
                if at + look.ahead >= change.start && at <= change.end + look.back {
                    self.one(text, candidate(number, at), scratch, marks);
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
                let is_far = self.looks_far(text, number, at);
                if is_far {
                    let pattern = number;
                    marks.far.push(Far { at, pattern });
                }
                if let Some(found) = pattern.mark_at(text, at, &mut scratch.steps) {
                    let mark = super::engine::mark(number, found);
                    marks.kept.push(Kept { at, mark, is_far });
                }
            }
            Candidate::Encoded { start: at } => {
                if decode::is_hint(text, at) {
                    let (mark, is_far) = (decode::mark(at), false);
                    marks.kept.push(Kept { at, mark, is_far });
                }
            }
            Candidate::Name { start: at } => {
                marks.far.push(Far { at, pattern: NAME });
                let Scratch {
                    steps, marks: list, ..
                } = scratch;
                list.clear();
                self.named_marks(text, at, steps, list);
                marks.kept.extend(list.iter().map(|mark| Kept {
                    at,
                    mark: *mark,
                    is_far: true,
                }));
            }
        }
    }

    /// Whether a candidate is one that looks further than texts are searched around a change.
    fn looks_far(&self, text: &[u8], number: u16, at: usize) -> bool {
        let number = usize::from(number);
        let Some(alphabet) = &self.reach().long[number] else {
            return false;
        };
        let look = self.reach().looks[number];
        let rest = &text[at..text.len().min(at + look.ahead)];
        let run = || rest.iter().take_while(|b| alphabet.has(**b)).count();
        look.far_back > look.back || run() + BEHIND >= look.ahead
    }

    /// What a candidate depends on: of a pattern, of names or of encoded text.
    fn look(&self, number: u16) -> Look {
        match number {
            NAME => OF_NAMES,
            decode::ENCODED => OF_ENCODED,
            pattern => self.reach().looks[usize::from(pattern)],
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

fn candidate(number: u16, start: usize) -> Candidate {
    match number {
        NAME => Candidate::Name { start },
        decode::ENCODED => Candidate::Encoded { start },
        pattern => Candidate::At { pattern, start },
    }
}

/// Parts of a sorted list by ranges of places. A range nearly always begins behind the one that was asked for before it.
struct Ranges<'a, T> {
    list: &'a [T],
    /// The first behind the last range, which ended there.
    next: usize,
    end: usize,
}

impl<'a, T> Ranges<'a, T> {
    const fn new(list: &'a [T]) -> Self {
        Self {
            list,
            next: 0,
            end: 0,
        }
    }

    /// The part whose places are in a range.
    #[inline]
    fn within(&mut self, range: &Range<usize>, at: impl Fn(&T) -> usize) -> &'a [T] {
        if range.start < self.end {
            self.next = self.list.partition_point(|x| at(x) < range.start);
        }
        self.end = range.end;
        let rest = &self.list[self.next..];
        // Most ranges hold nothing.
        if rest.first().is_none_or(|x| at(x) >= range.end) {
            return &[];
        }
        let from = rest.iter().take_while(|x| at(x) < range.start).count();
        let count = rest[from..]
            .iter()
            .take_while(|x| at(x) < range.end)
            .count();
        self.next += from + count;
        &rest[from..from + count]
    }
}
