//! The prefilter: where a pattern could begin, without trying it everywhere.
//!
//! Three lanes, after the lanes that each pattern's shape was proved for
//! ([`Lane`](super::patterns::Lane)):
//!
//! 1. *token runs*: every position that begins 16 token bytes is probed for prefixes, every begin
//!    of a run for leads; runs that look random and have a keyword near are tried for patterns
//!    without a prefix of their own;
//! 2. *anchors*: structural literals, by vector search;
//! 3. *names*: stems of the names that secrets are assigned to, in the same search.
//!
//! The prefilter tells candidates: a pattern and a place where it may begin. It may tell too
//! much, never too little; a property test holds it against the plain engine.

mod runs;
mod tables;

use aho_corasick::packed;

use super::patterns::{ANCHORS, ByteSet, GATE_CHANGES, Gate, Lane, Pattern, RUN};
use tables::{Keywords, Triples};

/// What finds the names that secrets are assigned to, in the ways that people write them. The
/// first letter is left out where that spares a second literal (`assw`: password, Password).
pub const STEMS: &[&str] = &[
    "assw",
    "ASSW",
    "pwd",
    "PWD",
    "Pwd",
    "assphrase",
    "ASSPHRASE",
    "ecret",
    "SECRET",
    "oken",
    "TOKEN",
    "pikey",
    "piKey",
    "pi_key",
    "pi-key",
    "APIKEY",
    "API_KEY",
    "API-KEY",
    "redential",
    "CREDENTIAL",
    "ccess_key",
    "ccess-key",
    "ccessKey",
    "ACCESS_KEY",
    "uth_key",
    "uthKey",
    "AUTH_KEY",
    "rivate_key",
    "rivateKey",
    "PRIVATE_KEY",
    "ncryption_key",
    "ncryptionKey",
    "ENCRYPTION_KEY",
    "ccount_key",
    "ccountKey",
    "ACCOUNT_KEY",
    "igning_key",
    "igningKey",
    "SIGNING_KEY",
];

/// A candidate, told by the prefilter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// This pattern may begin here.
    At {
        /// The pattern's number in the catalogue.
        pattern: u16,
        /// Where.
        start: usize,
    },
    /// A stem of a name stands here; what it is assigned may be a secret.
    Name {
        /// Where the stem begins.
        start: usize,
    },
}

/// Where a pattern can begin, counted back from what was found.
#[derive(Clone, Copy, Debug)]
struct Reach {
    pattern: u16,
    lo: u16,
    hi: u16,
    /// Token bytes in a row from the hit on, at least.
    least: u16,
    /// What it can begin with.
    first: ByteSet,
}

/// The compiled prefilter of one catalogue.
#[derive(Debug)]
pub struct Prefilter {
    prefixes: Triples,
    leads: Triples,
    reach: Vec<Reach>,
    keywords: Keywords,
    /// The farthest that a keyword may stand before a match.
    near_bytes: usize,
    /// Patterns of the run lane that need no keyword.
    bare: Vec<Reach>,
    /// Whether some pattern of the run lane cannot bear the gate.
    ungated: bool,
    anchors: Option<packed::Searcher>,
    /// What each literal of the vector search stands for.
    literals: Vec<Literal>,
    /// The patterns of each anchor.
    anchored: Vec<Vec<u16>>,
    slow: Vec<u16>,
}

#[derive(Clone, Copy, Debug)]
enum Literal {
    Anchor(u8),
    Stem,
}

/// What the prefilter keeps between texts: one a worker.
#[derive(Debug, Default)]
pub struct Scratch {
    mask: Vec<u64>,
    /// Keywords found so far, as place and number, in order of place.
    words: Vec<(usize, u16)>,
}

impl Prefilter {
    /// Compiles the lanes of `patterns`, whose numbers are their places in the slice.
    pub fn new(patterns: &[&'static Pattern]) -> Self {
        let (mut prefixes, mut leads, mut keywords) = (Vec::new(), Vec::new(), Vec::new());
        let (mut reach, mut bare, mut slow) = (Vec::new(), Vec::new(), Vec::new());
        let mut anchored = vec![Vec::new(); ANCHORS.len()];
        let (mut near_bytes, mut ungated, mut names) = (0, false, false);
        for (number, p) in patterns.iter().enumerate() {
            let number = number as u16;
            let mut least = RUN as u16;
            let (lo, hi) = match p.lane {
                Lane::Prefix { literals, lo, hi } => {
                    prefixes.extend(literals.iter().map(|l| (*l, number)));
                    (lo, hi)
                }
                Lane::Lead { literals, lo, hi } => {
                    leads.extend(literals.iter().map(|l| (*l, number)));
                    (lo, hi)
                }
                Lane::Run {
                    lo,
                    hi,
                    gate,
                    least: most,
                } => {
                    ungated |= gate == Gate::Open;
                    least = most;
                    if p.near.is_empty() {
                        bare.push(Reach {
                            pattern: number,
                            lo,
                            hi,
                            least,
                            first: p.program.first,
                        });
                    } else {
                        near_bytes = near_bytes.max(usize::from(p.near_bytes));
                        keywords.extend(p.near.iter().map(|word| (*word, number)));
                    }
                    (lo, hi)
                }
                Lane::Anchor { anchors, lo, hi } => {
                    for anchor in (0..ANCHORS.len()).filter(|a| anchors >> a & 1 == 1) {
                        anchored[anchor].push(number);
                    }
                    (lo, hi)
                }
                Lane::Name => {
                    names = true;
                    (0, 0)
                }
                Lane::Slow => {
                    slow.push(number);
                    (0, 0)
                }
            };
            reach.push(Reach {
                pattern: number,
                lo,
                hi,
                least,
                first: p.program.first,
            });
        }
        let mut literals = Vec::new();
        let mut texts: Vec<&[u8]> = Vec::new();
        for (anchor, text) in ANCHORS.iter().enumerate() {
            if !anchored[anchor].is_empty() {
                texts.push(text.as_bytes());
                literals.push(Literal::Anchor(anchor as u8));
            }
        }
        if names {
            for text in STEMS {
                texts.push(text.as_bytes());
                literals.push(Literal::Stem);
            }
        }
        let anchors = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(texts)
            .build();
        Self {
            prefixes: Triples::new(prefixes),
            leads: Triples::new(leads),
            reach,
            keywords: Keywords::new(keywords),
            near_bytes,
            bare,
            ungated,
            anchors,
            literals,
            anchored,
            slow,
        }
    }

    /// Numbers of the patterns that are tried at every byte.
    pub fn slow(&self) -> &[u16] {
        &self.slow
    }

    /// Tells every candidate of `text`, each at least once.
    pub fn candidates(
        &self,
        patterns: &[&'static Pattern],
        text: &[u8],
        scratch: &mut Scratch,
        mut tell: impl FnMut(Candidate),
    ) {
        self.run_lane(patterns, text, scratch, &mut tell);
        self.anchor_lane(text, &mut tell);
        for number in &self.slow {
            let first = patterns[usize::from(*number)].program.first;
            for (start, byte) in text.iter().enumerate() {
                if first.has(*byte) {
                    tell(Candidate::At {
                        pattern: *number,
                        start,
                    });
                }
            }
        }
    }

    fn run_lane(
        &self,
        patterns: &[&'static Pattern],
        text: &[u8],
        scratch: &mut Scratch,
        tell: &mut impl FnMut(Candidate),
    ) {
        if text.len() < RUN {
            return;
        }
        let Scratch { mask, words } = scratch;
        runs::token_mask(text, mask);
        words.clear();
        let mut searched = 0;
        let mut before = 0u64;
        for word in 0..mask.len() - 1 {
            let begins = runs::begins_run(mask, word);
            if begins != 0 {
                let mut left = begins;
                while left != 0 {
                    let at = word * 64 + left.trailing_zeros() as usize;
                    left &= left - 1;
                    let bytes =
                        u32::from_le_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]);
                    if self.prefixes.may_have(bytes) {
                        for number in self.prefixes.get(bytes) {
                            self.back(number, at, tell);
                        }
                    }
                }
                let mut starts = begins & !(mask[word] << 1 | before);
                while starts != 0 {
                    let at = word * 64 + starts.trailing_zeros() as usize;
                    starts &= starts - 1;
                    self.run(patterns, text, mask, at, words, &mut searched, tell);
                }
            }
            before = mask[word] >> 63;
        }
    }

    /// Tells the places from which pattern `number` can reach `at`.
    #[inline]
    fn back(&self, number: u16, at: usize, tell: &mut impl FnMut(Candidate)) {
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
        mask: &[u64],
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
        let end = runs::run_end(mask, at);
        let random = runs::passes_gate(text, (at, end), GATE_CHANGES);
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
                self.tell_run(*reach, text, (at, end), tell);
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
                self.tell_run(self.reach[usize::from(*number)], text, (at, end), tell);
            }
        }
    }

    /// Tells every place at which a pattern of the run lane may begin: so far before the run, or
    /// at the edges inside of it.
    fn tell_run(
        &self,
        reach: Reach,
        text: &[u8],
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
        for start in at..=end - least {
            if reach.first.has(text[start])
                && (start == at || !text[start - 1].is_ascii_alphanumeric())
            {
                tell(Candidate::At { pattern, start });
            }
        }
    }

    fn anchor_lane(&self, text: &[u8], tell: &mut impl FnMut(Candidate)) {
        let Some(searcher) = &self.anchors else {
            return;
        };
        let mut at = 0;
        while let Some(hit) = searcher.find_in(text, (at..text.len()).into()) {
            match self.literals[hit.pattern().as_usize()] {
                Literal::Anchor(anchor) => {
                    for number in &self.anchored[usize::from(anchor)] {
                        self.back(*number, hit.start(), tell);
                    }
                }
                Literal::Stem => tell(Candidate::Name { start: hit.start() }),
            }
            at = hit.start() + 1;
        }
    }
}
