//! The prefilter: where a pattern could begin, without trying it everywhere.
//!
//! Three lanes, after the lanes that each pattern's shape was proved for
//! ([`Lane`]):
//!
//! 1. *token runs*: a run that looks random is probed at its edges for prefixes, at its begin for
//!    leads, and tried for patterns without a prefix of their own if a keyword is near; the few
//!    prefixes that say too little of their run are probed in all of them;
//! 2. *anchors*: structural literals, by vector search;
//! 3. *names*: stems of the names that secrets are assigned to, in the same search.
//!
//! The prefilter tells candidates: a pattern and a place where it may begin. It may tell too
//! much, never too little; a property test holds it against the plain engine.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
mod blocks;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
mod classes;
mod encoded;
mod gates;
mod literals;
mod masks;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod runs;

use super::catalogue::index_of;
use super::patterns::{ANCHORS, ByteSet, Head, Index, Lane, Pattern, Shelf};
use gates::{Gate, Gates};
use literals::Literal;
use masks::{Masks, Sought};

/// What finds the names that secrets are assigned to, in the ways that people write them. The
/// first letter is left out where that spares a second literal (`ecret`: secret, Secret). Short words
/// count only where an assignment goes on behind them.
pub const STEMS: &[&str] = &[
    "pass",
    "PASS",
    "Pass",
    "pwd",
    "PWD",
    "Pwd",
    "pw:",
    "PW:",
    "Pw:",
    "pw=",
    "PW=",
    "Pw=",
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
    "key=",
    "key :",
    "key(",
    "key:",
    "key\"",
    "key'",
    "key =",
    "key  ",
    "key\\",
    "Key=",
    "Key :",
    "Key(",
    "Key:",
    "Key\"",
    "Key'",
    "Key =",
    "Key  ",
    "Key\\",
    "KEY=",
    "KEY :",
    "KEY:",
    "KEY\"",
    "KEY'",
    "KEY =",
    "KEY  ",
    "KEY\\",
    "auth=",
    "auth :",
    "auth:",
    "auth\"",
    "auth'",
    "auth =",
    "auth  ",
    "auth\\",
    "Auth=",
    "Auth :",
    "Auth:",
    "Auth\"",
    "Auth'",
    "Auth =",
    "Auth  ",
    "Auth\\",
    "AUTH=",
    "AUTH :",
    "AUTH:",
    "AUTH\"",
    "AUTH'",
    "AUTH =",
    "AUTH  ",
    "AUTH\\",
    "uthorization:",
    "uthorization\"",
    "uthorization'",
    "uthorization =",
    "UTHORIZATION:",
    "asic ",
    "ASIC ",
    "curl ",
    "ysql ",
    "ysqldump ",
    "ysqladmin ",
    "dentified",
    "IDENTIFIED",
    "asterauth ",
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
    /// Encoded text may begin here.
    Encoded {
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
    /// How many changes open its gate.
    changes: u8,
    /// How far before its begin a keyword may begin.
    near: u16,
    /// What it can begin with.
    first: ByteSet,
    /// It begins behind no letter or digit but those of an escape.
    edged: bool,
    /// The length of every match if it is always the same and no letter or digit may follow; else
    /// 0.
    exact: u16,
}

impl Reach {
    fn new(number: u16, p: &Pattern) -> Self {
        let (lo, hi, least, changes) = match p.lane {
            Lane::Prefix {
                lo,
                hi,
                gate,
                least,
                ..
            }
            | Lane::Lead {
                lo,
                hi,
                gate,
                least,
                ..
            }
            | Lane::Run {
                lo,
                hi,
                gate,
                least,
                ..
            } => (lo, hi, least, gate.changes()),
            Lane::Anchor { lo, hi, .. } => (lo, hi, 0, 0),
            Lane::Name | Lane::File | Lane::Slow => (0, 0, 0, 0),
        };
        let edged_right = ByteSet::ALNUM.within(p.program.right);
        let fixed = p.program.min == p.program.max && edged_right && p.program.max <= EXACT;
        Self {
            pattern: number,
            lo,
            hi,
            least,
            changes,
            near: p.near_bytes,
            first: p.program.first,
            edged: p.is_edged(),
            exact: if fixed { p.program.max } else { 0 },
        }
    }
}

/// The compiled prefilter of one catalogue.
#[derive(Debug)]
pub struct Prefilter {
    /// Where prefixes, leads and keywords are looked up.
    index: Index,
    reach: Vec<Reach>,
    /// By pattern, as `reach` is.
    heads: Vec<Head>,
    /// The gate of the patterns that want keywords which may stand far before a match.
    far_gate: Gate,
    /// Patterns of the run lane that need no keyword, those with the shortest runs first.
    bare: Vec<Bare>,
    /// Their gate.
    bare_gate: Gate,
    /// The gate of the prefixes at edges.
    edged_gate: Gate,
    /// The gates of the patterns with keywords.
    gates: Gates,
    /// What every text is searched for in one pass: literals, and the openings of `inner`.
    sought: Sought,
    /// The patterns of each anchor.
    anchored: Vec<Vec<u16>>,
    /// Whether some pattern is found by names.
    names: bool,
    slow: Vec<u16>,
}

/// The longest match of which the byte behind it is looked at. What is told depends on no more bytes than
/// texts that are built upon others are searched around a change (`inherit`).
const EXACT: u16 = 96;

/// A pattern of the run lane that needs no keyword.
#[derive(Clone, Copy, Debug)]
struct Bare {
    reach: Reach,
    /// What may stand right before its run.
    before: ByteSet,
}

/// What the prefilter keeps between texts: one a worker.
#[derive(Debug, Default)]
pub struct Scratch {
    masks: Masks,
    close: Heard,
    far: Heard,
}

/// The keywords of a text that were found so far.
#[derive(Debug, Default)]
struct Heard {
    /// Place and number, in order of place.
    words: Vec<(usize, u16)>,
    /// Up to where they were looked for.
    searched: usize,
}

impl Prefilter {
    /// Compiles the lanes of `patterns`, whose numbers are their places in the slice.
    pub fn new(patterns: &[&'static Pattern]) -> Self {
        let (mut reach, mut bare, mut slow) = (Vec::new(), Vec::new(), Vec::new());
        let mut anchored = vec![Vec::new(); ANCHORS.len()];
        let mut names = false;
        let (mut edged_gate, mut bare_gate, mut far_gate) = (Gate::new(), Gate::new(), Gate::new());
        let mut gates = Gates::new();
        for (number, p) in patterns.iter().enumerate() {
            let number = number as u16;
            let here = Reach::new(number, p);
            match p.lane {
                Lane::Prefix { .. } if Shelf::of(p) == Shelf::Edged => {
                    edged_gate.open(here.least, u16::MAX, here.changes);
                }
                Lane::Run { before, behind, .. } => {
                    if p.near.is_empty() {
                        let reach = here;
                        bare.push(Bare { reach, before });
                        bare_gate.open(here.least, u16::MAX, here.changes);
                    } else {
                        gates.open(p, here, behind);
                        if Shelf::of(p) == Shelf::Far {
                            far_gate.open(here.least, u16::MAX, here.changes);
                        }
                    }
                }
                Lane::Anchor { anchors, .. } => {
                    for anchor in (0..ANCHORS.len()).filter(|a| anchors >> a & 1 == 1) {
                        anchored[anchor].push(number);
                    }
                }
                Lane::Name => names = true,
                // Other prefixes and leads are bound to no gate.
                Lane::Prefix { .. } | Lane::Lead { .. } | Lane::File => {}
                Lane::Slow => slow.push(number),
            }
            reach.push(here);
        }
        bare.sort_by_key(|bare: &Bare| bare.reach.least);
        let index = index_of(patterns);
        Self {
            sought: Sought::of(index.filter),
            index,
            reach,
            heads: patterns.iter().map(|p| p.program.head).collect(),
            far_gate,
            bare,
            bare_gate,
            edged_gate,
            gates,
            anchored,
            names,
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
        scratch.masks.read(text, &self.sought);
        self.run_lane(text, scratch, &mut tell);
        self.literal_lane(text, &scratch.masks, &mut tell);
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

    /// Anchors and stems, at the windows that the masks told.
    fn literal_lane(&self, text: &[u8], masks: &Masks, tell: &mut impl FnMut(Candidate)) {
        for hit in &masks.hits {
            self.sought
                .literals
                .at(text, *hit, |start, literal| match literal {
                    Literal::Anchor(anchor) => {
                        for number in &self.anchored[usize::from(anchor)] {
                            self.back(text, masks, *number, start, tell);
                        }
                    }
                    Literal::Stem if self.names => tell(Candidate::Name { start }),
                    Literal::Stem => {}
                });
        }
    }
}
