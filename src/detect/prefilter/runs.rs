//! The run lane: 16 or more token bytes in a row, probed for prefixes, leads and keywords.

use super::masks::{Masks, begins_run, kinds, run_end};
use super::{Candidate, Prefilter, Reach, Scratch, masks};
use crate::detect::patterns::{GATE_CHANGES, Gate, Lane, Pattern, RUN};

/// How a run without 16 letters and digits in a row passes the gate
/// ([`Gate`](crate::detect::patterns::Gate)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Through {
    /// It has the dashes of a UUID.
    Dashes,
    /// It has enough changes between neighbouring digits, lower and upper case.
    Changes,
    /// It does not pass.
    Not,
}

fn gate(text: &[u8], run: (usize, usize), least: usize) -> Through {
    let (mut at, end) = run;
    let mut count = 0;
    while at < end {
        let len = (end - at).min(64);
        let keep = u64::MAX >> (64 - len);
        let k = kinds(text, at);
        let (digit, lower, upper) = (k.digit & keep, k.lower & keep, k.upper & keep);
        // Dashes as in a UUID: after 8, 13, 18 and 23.
        let dash = k.dash & keep;
        if dash & dash >> 5 & dash >> 10 & dash >> 15 != 0 {
            return Through::Dashes;
        }
        let changed = digit & (lower | upper) << 1
            | lower & (digit | upper) << 1
            | upper & (digit | lower) << 1;
        // Blocks overlap by 16 bytes, so that nothing is torn apart; each change counts once.
        count += (changed & (1 << 49) - 1).count_ones() as usize;
        at += 48;
    }
    if count >= least {
        Through::Changes
    } else {
        Through::Not
    }
}

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
        let mut before = 0u64;
        for word in 0..masks.token.len() - 1 {
            let begins = begins_run(&masks.token, word);
            if begins != 0 {
                self.prefixes(text, masks, word, begins, tell);
                let mut starts = begins & !(masks.token[word] << 1 | before);
                while starts != 0 {
                    let at = word * 64 + starts.trailing_zeros() as usize;
                    starts &= starts - 1;
                    self.run(patterns, text, masks, at, words, &mut searched, tell);
                }
            }
            before = masks.token[word] >> 63;
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
        let mut edges = begins & masks.edges(word);
        if edges != begins {
            edges |= begins & masks::behind_escapes(text, word * 64);
        }
        let three =
            |at: usize| u32::from_le_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]);
        while edges != 0 {
            let at = word * 64 + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            let bytes = three(at);
            if self.edged.may_have(bytes) {
                for number in self.edged.get(bytes) {
                    self.back(number, at, tell);
                }
            }
        }
        let mut inner = begins & self.inner_filter.bits(text, word * 64);
        while inner != 0 {
            let at = word * 64 + inner.trailing_zeros() as usize;
            inner &= inner - 1;
            let bytes = three(at);
            if self.inner.may_have(bytes) {
                for number in self.inner.get(bytes) {
                    self.back(number, at, tell);
                }
            }
        }
    }

    /// Tells the places from which pattern `number` can reach `at`.
    #[inline]
    pub(super) fn back(&self, number: u16, at: usize, tell: &mut impl FnMut(Candidate)) {
        let Reach { lo, hi, .. } = self.reach[usize::from(number)];
        let (lo, hi) = (usize::from(lo), usize::from(hi));
        if at < lo {
            return;
        }
        for start in at.saturating_sub(hi)..=at - lo {
            tell(Candidate::At {
                pattern: number,
                start,
            });
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
        if at >= 3 {
            let bytes = u32::from_le_bytes([text[at - 3], text[at - 2], text[at - 1], 0]);
            if self.leads.may_have(bytes) {
                for number in self.leads.get(bytes) {
                    self.back(number, at, tell);
                }
            }
        }
        if self.keywords.is_empty() && self.bare.is_empty() {
            return;
        }
        let end = run_end(&masks.token, at);
        let run = (at, end);
        let random = masks.has_row(run)
            || match gate(text, run, GATE_CHANGES) {
                Through::Dashes => true,
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
        self.keywords
            .find(text, start, to, |place, word| words.push((place, word)));
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
            self.back(reach.pattern, at, tell);
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
        let last = end - least;
        for word in at / 64..=last / 64 {
            let mut edges = masks.edges(word);
            if word == at / 64 {
                edges = edges >> (at % 64) << (at % 64);
            }
            while edges != 0 {
                let start = word * 64 + edges.trailing_zeros() as usize;
                edges &= edges - 1;
                if start > last {
                    break;
                }
                if reach.first.has(text[start]) {
                    tell(Candidate::At { pattern, start });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::literals::Literals;
    use super::*;

    #[test]
    fn the_gate_is_what_a_plain_loop_says() {
        fn plain(run: &[u8], least: usize) -> bool {
            let kind = |b: u8| match b {
                b'0'..=b'9' => 1,
                b'a'..=b'z' => 2,
                b'A'..=b'Z' => 3,
                _ => 0,
            };
            let changes = run
                .windows(2)
                .filter(|w| kind(w[0]) * kind(w[1]) != 0 && kind(w[0]) != kind(w[1]))
                .count();
            changes >= least
                || run
                    .windows(16)
                    .any(|w| w.iter().all(u8::is_ascii_alphanumeric))
        }
        let mut sampler = crate::detect::patterns::Sampler::new(3);
        for case in 0..4000 {
            let len = 1 + sampler.below(200);
            // Some dashes five apart; few alphanumerics in a row, so that both ways through the gate are tried.
            let text: Vec<u8> = (0..len)
                .map(|i| {
                    if i % (3 + case % 17) == 0 {
                        b'_'
                    } else {
                        sampler.pick(b"aaaaaaaaab1Z")
                    }
                })
                .collect();
            for least in [1, 3, 20] {
                assert_eq!(
                    {
                        let mut masks = Masks::default();
                        masks.read(&text, &Literals::new());
                        let run = (0, len);
                        masks.has_row(run) || gate(&text, run, least) != Through::Not
                    },
                    plain(&text, least),
                    "{least} {:?}",
                    text.escape_ascii().to_string()
                );
            }
        }
    }
}
