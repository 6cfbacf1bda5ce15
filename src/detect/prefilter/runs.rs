//! The run lane: 16 or more token bytes in a row, probed for prefixes, leads and keywords.

use std::ops::Range;

use super::masks::{Begins, Look, Masks};
use super::{Bare, Candidate, Heard, Prefilter, Reach, Scratch, encoded};
use crate::detect::patterns::{Keywords, Near, RUN};

/// A run of token bytes.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) look: Look,
}

impl Heard {
    /// Begins a text.
    fn forget(&mut self) {
        self.words.clear();
        self.searched = 0;
    }
}

impl Prefilter {
    pub(super) fn run_lane(
        &self,
        text: &[u8],
        scratch: &mut Scratch,
        tell: &mut impl FnMut(Candidate),
    ) {
        let Scratch { masks, close, far } = scratch;
        close.forget();
        far.forget();
        for word in &masks.escaped {
            encoded::escapes(text, masks, *word, tell);
        }
        for Begins { word, runs, inner } in masks.begins.iter().copied() {
            self.inner_prefixes(text, masks, word, inner, tell);
            let mut starts = runs & masks.starts(word);
            while starts != 0 {
                let at = word * 64 + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                let (end, look) = masks.run(text, at);
                let run = Run { at, end, look };
                self.leads(text, masks, run, tell);
                encoded::run(text, run, tell);
                if look.passes(self.edged_gate.of(end - at)) {
                    self.prefixes(text, masks, run, tell);
                }
                if look.passes(self.bare_gate.of(end - at)) {
                    self.bare(text, masks, run, tell);
                }
                if self.gates.pass(text, masks, run) {
                    self.near(text, masks, run, (&self.index.close, close), tell);
                    if look.passes(self.far_gate.of(end - at)) {
                        self.near(text, masks, run, (&self.index.far, far), tell);
                    }
                }
            }
        }
    }

    /// Probes places of a word for prefixes that are bound to no gate or no edge: few, and rare.
    #[inline]
    fn inner_prefixes(
        &self,
        text: &[u8],
        masks: &Masks,
        word: usize,
        mut inner: u64,
        tell: &mut impl FnMut(Candidate),
    ) {
        while inner != 0 {
            let at = word * 64 + inner.trailing_zeros() as usize;
            inner &= inner - 1;
            let bytes = opening(text, at);
            if self.index.inner.may_have(bytes) {
                for number in self.index.inner.get(bytes) {
                    self.back(text, masks, number, at, tell);
                }
            }
        }
    }

    /// Probes what leads to a run.
    #[inline]
    fn leads(&self, text: &[u8], masks: &Masks, run: Run, tell: &mut impl FnMut(Candidate)) {
        let at = run.at;
        if at < 3 {
            return;
        }
        let bytes = u32::from_le_bytes([text[at - 3], text[at - 2], text[at - 1], 0]);
        if self.index.leads.may_have(bytes) {
            for number in self.index.leads.get(bytes) {
                if self.may_be(number, at, run) {
                    self.back(text, masks, number, at, tell);
                }
            }
        }
    }

    /// Probes the edges of a run for prefixes.
    #[inline]
    fn prefixes(&self, text: &[u8], masks: &Masks, run: Run, tell: &mut impl FnMut(Candidate)) {
        let last = run.end - RUN;
        for word in run.at / 64..=last / 64 {
            let mut edges = masks.edges(word) | masks.behind_escapes(word);
            if word == run.at / 64 {
                edges = edges >> (run.at % 64) << (run.at % 64);
            }
            if word == last / 64 {
                edges &= u64::MAX >> (63 - last % 64);
            }
            while edges != 0 {
                let at = word * 64 + edges.trailing_zeros() as usize;
                edges &= edges - 1;
                let bytes = opening(text, at);
                if self.index.edged.may_have(bytes) {
                    for number in self.index.edged.get(bytes) {
                        if self.may_be(number, at, run) {
                            self.back(text, masks, number, at, tell);
                        }
                    }
                }
            }
        }
    }

    /// Whether a run from `at` on may be what a pattern asks for.
    #[inline]
    fn may_be(&self, number: u16, at: usize, run: Run) -> bool {
        let Reach { least, changes, .. } = self.reach[usize::from(number)];
        run.end - at >= usize::from(least) && run.look.passes(changes)
    }

    /// Tells the places from which pattern `number` can reach `at`.
    #[inline]
    pub(super) fn back(
        &self,
        text: &[u8],
        masks: &Masks,
        number: u16,
        at: usize,
        tell: &mut impl FnMut(Candidate),
    ) {
        let head = self.heads[usize::from(number)];
        let Reach {
            lo,
            hi,
            first,
            edged,
            ..
        } = self.reach[usize::from(number)];
        let (lo, hi) = (usize::from(lo), usize::from(hi));
        if at < lo {
            return;
        }
        head.places(text, at.saturating_sub(hi)..=at - lo, |start| {
            let here = text.get(start).is_some_and(|b| first.has(*b));
            if here && (!edged || masks.may_begin(start)) {
                tell(Candidate::At {
                    pattern: number,
                    start,
                });
            }
        });
    }

    /// Tells what needs no keyword.
    #[inline]
    fn bare(&self, text: &[u8], masks: &Masks, run: Run, tell: &mut impl FnMut(Candidate)) {
        let length = run.end - run.at;
        for Bare { reach, before } in &self.bare {
            if length < usize::from(reach.least) {
                return;
            }
            let follows = |at: usize| before.has(text[at]);
            if run.look.passes(reach.changes) && run.at.checked_sub(1).is_none_or(follows) {
                self.tell_run(*reach, text, masks, (run, text.len()), tell);
            }
        }
    }

    /// Looks for keywords near a run that passes a gate.
    #[inline]
    fn near(
        &self,
        text: &[u8],
        masks: &Masks,
        run: Run,
        (near, heard): (&Near, &mut Heard),
        tell: &mut impl FnMut(Candidate),
    ) {
        let Run { at, end, look } = run;
        if near.keywords.is_empty() {
            return;
        }
        let Heard { words, searched } = heard;
        // A keyword may stand before the match, inside of the run, or right behind it.
        let from = at.saturating_sub(near.bytes + 16);
        let to = (end + 32).min(text.len());
        let start = (*searched).max(from);
        find(&near.keywords, text, masks, start..to, |place, word| {
            words.push((place, word));
        });
        *searched = (*searched).max(to);
        let mut told: [u16; 16] = [u16::MAX; 16];
        let mut count = 0;
        for (place, word) in words.iter().rev() {
            if *place < from {
                break;
            }
            for number in near.keywords.patterns(*word) {
                let reach = self.reach[usize::from(*number)];
                if told[..count.min(16)].contains(number) || !look.passes(reach.changes) {
                    continue;
                }
                if count < 16 {
                    told[count] = *number;
                    count += 1;
                }
                // Latest first: where the first keyword tells it, all others would, too.
                let most = place + usize::from(reach.near);
                self.tell_run(reach, text, masks, (run, most), tell);
            }
        }
    }

    /// Tells every place up to `most` at which a pattern of the run lane may begin: so far before the
    /// run, or at the edges inside of it.
    fn tell_run(
        &self,
        reach: Reach,
        text: &[u8],
        masks: &Masks,
        (run, most): (Run, usize),
        tell: &mut impl FnMut(Candidate),
    ) {
        let Run { at, end, .. } = run;
        let least = usize::from(reach.least);
        if end - at < least {
            return;
        }
        let tell = &mut |pattern, start| {
            if start <= most {
                tell(Candidate::At { pattern, start });
            }
        };
        if reach.hi > 0 {
            self.back(text, masks, reach.pattern, at, &mut |told| {
                if let Candidate::At { pattern, start } = told {
                    tell(pattern, start);
                }
            });
            // What stands before its run may be nothing: then it begins inside, as others do.
            if reach.lo > 0 {
                return;
            }
        }
        let pattern = reach.pattern;
        // Behind an escape the match begins inside of the run: `\n`, `%3D`, `\x3d`, `\u003d`.
        if at > 0 && matches!(text[at - 1], b'\\' | b'%') {
            for skip in [1, 2, 3, 5] {
                tell(pattern, at + skip);
            }
        }
        let final_start = most.min(end - least);
        if final_start < at {
            return;
        }
        for word in at / 64..=final_start / 64 {
            let mut edges = masks.edges(word);
            if word == at / 64 {
                edges = edges >> (at % 64) << (at % 64);
            }
            while edges != 0 {
                let start = word * 64 + edges.trailing_zeros() as usize;
                edges &= edges - 1;
                if start > final_start {
                    break;
                }
                let behind = text.get(start + usize::from(reach.exact));
                let goes_on = reach.exact > 0 && behind.is_some_and(u8::is_ascii_alphanumeric);
                if !goes_on && reach.first.has(text[start]) {
                    tell(pattern, start);
                }
            }
        }
    }
}

/// Tells every keyword that begins in a range of a text where a word may begin, with its number.
#[inline]
fn find(
    keywords: &Keywords,
    text: &[u8],
    masks: &Masks,
    range: Range<usize>,
    mut tell: impl FnMut(usize, u16),
) {
    let (from, to) = (range.start, range.end.min(text.len().saturating_sub(2)));
    if from >= to {
        return;
    }
    for word in from / 64..=(to - 1) / 64 {
        let mut begins = masks.word_begins(word) & masks.words[word].alnum();
        if word == from / 64 {
            begins = begins >> (from % 64) << (from % 64);
        }
        while begins != 0 {
            let at = word * 64 + begins.trailing_zeros() as usize;
            begins &= begins - 1;
            if at >= to {
                return;
            }
            keywords.at(text, at, |word| tell(at, word));
        }
    }
}

/// The four bytes at a place that begins 16 token bytes.
#[inline]
fn opening(text: &[u8], at: usize) -> u32 {
    let four = text[at..].first_chunk::<4>();
    u32::from_le_bytes(*four.expect("a run has 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::*;
    use crate::detect::Catalogue;
    use crate::detect::patterns::{Lane, Sampler, Steps, sample_secret};

    /// A keyword that stands as far away as its pattern lets it is heard, before and behind.
    #[test]
    fn keywords_are_heard_from_as_far_as_they_count() {
        let catalogue = Catalogue::embedded();
        let patterns = catalogue.patterns();
        let prefilter = Prefilter::new(patterns);
        let (mut scratch, mut steps) = (Scratch::default(), Steps::default());
        let (mut close, mut far) = (0, 0);
        for (p, number) in patterns.iter().zip(0u16..) {
            if !matches!(p.lane, Lane::Run { .. }) || p.near.is_empty() {
                continue;
            }
            let mut sampler = Sampler::new(u64::from(number));
            for seed in 0..8 {
                let mut found = Vec::new();
                for part in p.expression {
                    found.extend(sample_secret(part, p.checksum, &mut sampler));
                }
                let keyword = p.near[seed % p.near.len()];
                let blank = " ".repeat(usize::from(p.near_bytes) - keyword.len());
                let text = [keyword.as_bytes(), blank.as_bytes(), &found, b"\n"].concat();
                let start = usize::from(p.near_bytes);
                if p.mark_at(&text, start, &mut steps).is_none() {
                    continue;
                }
                let mut told = false;
                prefilter.candidates(patterns, &text, &mut scratch, |candidate| {
                    let pattern = number;
                    told |= candidate == Candidate::At { pattern, start };
                });
                assert!(told, "{}", p.id);
                close += usize::from(p.near_bytes <= 96);
                far += usize::from(p.near_bytes > 96);
            }
        }
        assert!(close > 3000 && far > 20, "{close} {far}");
    }
}
