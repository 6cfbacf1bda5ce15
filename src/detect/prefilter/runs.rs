//! The run lane: 16 or more token bytes in a row, probed for prefixes, leads and keywords.

use super::masks::{Masks, Through};
use super::{Candidate, Prefilter, Reach, Scratch};
use crate::detect::patterns::{GATE_CHANGES, Gate, Lane, Pattern, RUN};

impl Prefilter {
    pub(super) fn run_lane(
        &self,
        patterns: &[&'static Pattern],
        text: &[u8],
        scratch: &mut Scratch,
        tell: &mut impl FnMut(Candidate),
    ) {
        if text.len() < RUN {
            return;
        }
        let Scratch { masks, words } = scratch;
        words.clear();
        let mut searched = 0;
        for word in 0..masks.len() {
            let begins = masks.begins_run(word);
            if begins == 0 {
                continue;
            }
            self.prefixes(text, masks, word, begins, tell);
            let mut starts = begins & masks.starts(word);
            while starts != 0 {
                let at = word * 64 + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                self.run(patterns, text, masks, at, words, &mut searched, tell);
            }
        }
    }

    /// Probes a word's places that begin 16 token bytes (`begins`): those at an edge for what
    /// must begin at one, and all for the few prefixes that need none.
    #[inline]
    fn prefixes(
        &self,
        text: &[u8],
        masks: &Masks,
        word: usize,
        begins: u64,
        tell: &mut impl FnMut(Candidate),
    ) {
        let mut edges = begins & (masks.edges(word) | masks.behind_escapes(word));
        let opening = |at: usize| {
            let four = text[at..].first_chunk::<4>();
            u32::from_le_bytes(*four.expect("a run has 16 bytes"))
        };
        while edges != 0 {
            let at = word * 64 + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            let bytes = opening(at);
            if self.edged.may_have(bytes) {
                for number in self.edged.get(bytes) {
                    self.back(text, number, at, tell);
                }
            }
        }
        let mut inner = begins & self.inner_filter.bits(text, word * 64);
        while inner != 0 {
            let at = word * 64 + inner.trailing_zeros() as usize;
            inner &= inner - 1;
            let bytes = opening(at);
            if self.inner.may_have(bytes) {
                for number in self.inner.get(bytes) {
                    self.back(text, number, at, tell);
                }
            }
        }
    }

    /// Tells the places from which pattern `number` can reach `at`.
    #[inline]
    pub(super) fn back(
        &self,
        text: &[u8],
        number: u16,
        at: usize,
        tell: &mut impl FnMut(Candidate),
    ) {
        let head = self.heads[usize::from(number)];
        let Reach { lo, hi, first, .. } = self.reach[usize::from(number)];
        let (lo, hi) = (usize::from(lo), usize::from(hi));
        if at < lo {
            return;
        }
        for start in at.saturating_sub(hi)..=at - lo {
            if head.may_begin(text, start) && text.get(start).is_some_and(|b| first.has(*b)) {
                tell(Candidate::At {
                    pattern: number,
                    start,
                });
            }
        }
    }

    /// One run, at its begin.
    #[allow(clippy::too_many_arguments)] // the run's world, taken apart for the borrow checker
    #[inline]
    fn run(
        &self,
        patterns: &[&'static Pattern],
        text: &[u8],
        masks: &Masks,
        at: usize,
        words: &mut Vec<(usize, u16)>,
        searched: &mut usize,
        tell: &mut impl FnMut(Candidate),
    ) {
        let end = masks.run_end(at);
        if at >= 3 {
            let bytes = u32::from_le_bytes([text[at - 3], text[at - 2], text[at - 1], 0]);
            if self.leads.may_have(bytes) {
                for number in self.leads.get(bytes) {
                    if end - at >= usize::from(self.reach[usize::from(number)].least) {
                        self.back(text, number, at, tell);
                    }
                }
            }
        }
        if self.keywords.is_empty() && self.bare.is_empty() {
            return;
        }
        let run = (at, end);
        let random = match masks.gate(text, run, GATE_CHANGES) {
            Through::Row | Through::Dashes => true,
            // What the gate is sure of has a row or dashes; the others are longer than this.
            Through::Changes => end - at >= self.least_changes,
            Through::Not => false,
        };
        if !random && !self.ungated {
            return;
        }
        let may = |number: u16| {
            random
                || matches!(
                    patterns[usize::from(number)].lane,
                    Lane::Run {
                        gate: Gate::Open,
                        ..
                    }
                )
        };
        for reach in &self.bare {
            if may(reach.pattern) {
                self.tell_run(*reach, text, masks, run, tell);
            }
        }
        // A keyword may stand before the match, inside of the run, or right behind it.
        let from = at.saturating_sub(self.near_bytes + 16);
        let to = (end + 32).min(text.len());
        let start = (*searched).max(from);
        self.keywords.find(text, masks, start, to, |place, word| {
            words.push((place, word));
        });
        *searched = (*searched).max(to);
        let mut told: [u16; 16] = [u16::MAX; 16];
        let mut count = 0;
        for (place, word) in words.iter().rev() {
            if *place < from {
                break;
            }
            for number in self.keywords.patterns(*word) {
                if told[..count.min(16)].contains(number) || !may(*number) {
                    continue;
                }
                if count < 16 {
                    told[count] = *number;
                    count += 1;
                }
                self.tell_run(self.reach[usize::from(*number)], text, masks, run, tell);
            }
        }
    }

    /// Tells every place at which a pattern of the run lane may begin: so far before the run, or
    /// at the edges inside of it.
    fn tell_run(
        &self,
        reach: Reach,
        text: &[u8],
        masks: &Masks,
        run: (usize, usize),
        tell: &mut impl FnMut(Candidate),
    ) {
        let (at, end) = run;
        let least = usize::from(reach.least);
        if end - at < least {
            return;
        }
        if reach.hi > 0 {
            self.back(text, reach.pattern, at, tell);
            return;
        }
        let pattern = reach.pattern;
        // Behind an escape the match begins inside of the run: `\n`, `%3D`, `\x3d`, `\u003d`.
        if at > 0 && matches!(text[at - 1], b'\\' | b'%') {
            for skip in [1, 2, 3, 5] {
                tell(Candidate::At {
                    pattern,
                    start: at + skip,
                });
            }
        }
        let final_start = end - least;
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
                    tell(Candidate::At { pattern, start });
                }
            }
        }
    }
}
