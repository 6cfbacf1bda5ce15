//! Turns judged matches into findings: one a secret, with all its places.
//!
//! Each worker owns a collector; they are merged and sorted at the end, so that the result does
//! not depend on which worker saw what.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::cover::Cover;
use super::fingerprint::{Fingerprint, Strength, strength};
use super::frame::Frames;
use super::lines::Lines;
use super::mask::{WEAK_MASK, mask};
use super::{Accepted, Credential, Finding, Occurrence, PartPlace};
use crate::base::{Position, Secret, Span, limits};
use crate::detect::patterns::{Class, Confidence, Pattern};
use crate::detect::{InlineAllow, Judged, Outcome, PartHit, is_known};
use crate::sources::{Chunk, Names, Origin};

/// What makes two matches the same finding: pattern, the secret, and for a weak one the path; and
/// whether a comment allows it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    pattern: &'static str,
    secret: Secret,
    path: Option<PathBuf>,
    allowed: Option<(&'static str, Option<String>)>,
}

#[derive(Debug)]
struct Held {
    pattern: &'static Pattern,
    fingerprint: Fingerprint,
    masked: String,
    shown: Secret,
    credential: Credential,
    /// What `credential` is taken by: how many parts it lacks, and where it stands.
    rank: (usize, PathBuf, Position),
    confidence: Confidence,
    occurrences: Vec<Occurrence>,
    /// The containers that places lie in.
    around: HashSet<PathBuf>,
    /// The content that gave the last occurrence, and how many of its places have a frame.
    framed: (u64, usize),
}

/// Findings in the making.
#[derive(Debug, Default)]
pub struct Collector {
    held: HashMap<Key, Held>,
    /// What is counted and hidden of the chunk at hand.
    lines: Lines,
    names: Names,
    cover: Cover,
    /// Whether no lines of source are kept.
    bare: bool,
    /// Contents begun so far.
    content: u64,
    /// Matches that the content at hand has given.
    matches: usize,
    full: bool,
}

impl Collector {
    /// A collector that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A collector for paths that begin at the top of their repository, and need not be files.
    pub fn from_the_top() -> Self {
        Self {
            names: Names::from_the_top(),
            ..Self::default()
        }
    }

    /// Keeps no lines of source: where only one value is looked for, nothing else on its line is
    /// known to be no secret.
    #[must_use]
    pub fn without_frames(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Tells that a new content begins.
    pub fn begin(&mut self) {
        self.lines = Lines::default();
        self.cover = Cover::default();
        self.content += 1;
        self.matches = 0;
        self.full = false;
    }

    /// Looks at a chunk: what was judged of it, and `beyond` its core, where its lines go on.
    /// Comes before [`Self::position`] and [`Self::take`]; chunks of one content come in order.
    pub fn see(&mut self, chunk: &Chunk<'_>, judged: &[Judged], beyond: &[Judged]) {
        self.cover = Cover::new(chunk.text, judged, beyond);
        self.lines.narrow(chunk.text, self.cover.weak(chunk.text));
    }

    /// The place of byte `at` of the chunk that was seen last. Behind a weak secret columns go on
    /// as if it were as wide as its mask.
    pub fn position(&self, chunk: &Chunk<'_>, at: usize) -> Position {
        self.lines.position(chunk, at)
    }

    /// Whether the content at hand has more matches than are collected of one
    /// ([`limits::MATCHES`]).
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Takes the matches of the chunk that was seen last. `today` is `YYYY-MM-DD`: a comment's
    /// allowance that ended before it does not count.
    pub fn take(&mut self, origin: &Origin, chunk: &Chunk<'_>, judged: &[Judged], today: &str) {
        for j in judged {
            let allowed = match &j.outcome {
                Outcome::Rejected(_) => continue,
                Outcome::Match => None,
                Outcome::Allowed(allow) if ended(allow, today) => None,
                Outcome::Allowed(allow) => Some((allow.token, allow.reason.clone())),
            };
            if self.matches == limits::MATCHES {
                self.full = true;
                break;
            }
            self.matches += 1;
            self.one(origin, chunk, j, allowed);
        }
        // The last text may end past the core: then what is left of it comes once more.
        if !chunk.last || chunk.core_end < chunk.text.len() {
            self.lines.advance(chunk);
        }
    }

    fn one(
        &mut self,
        origin: &Origin,
        chunk: &Chunk<'_>,
        j: &Judged,
        allowed: Option<(&'static str, Option<String>)>,
    ) {
        let strong = j.identity(chunk.text);
        let name = self.names.of(&origin.path);
        let fingerprint = Fingerprint::new(j.pattern, strong.expose(), &name);
        let place = |span: Span, weak: bool| {
            let start = self.lines.position(chunk, span.start);
            let end = if weak {
                Position {
                    line: start.line,
                    column: start.column + WEAK_MASK.len() as u64,
                }
            } else {
                self.lines.position(chunk, span.end)
            };
            (start, end)
        };
        // Of an id with its secret, the secret is what leaked: it is shown first.
        let secret_part = (j.pattern.class == Class::Identifier)
            .then(|| j.parts.first())
            .flatten();
        let weak = strength(j.pattern, strong.expose()) == Strength::Weak;
        let main = secret_part.map_or(j.secret, |p| p.span);
        let (start, end) = place(main, weak || secret_part.is_some());
        let mut parts = Vec::new();
        if secret_part.is_some() {
            let (start, end) = place(j.secret, false);
            let masked = mask(j.pattern, j.value(chunk.text));
            parts.push(PartPlace {
                name: "id".into(),
                start,
                end,
                masked,
            });
        }
        for part in j.parts.iter().skip(usize::from(secret_part.is_some())) {
            let (start, end) = place(part.span, true);
            parts.push(PartPlace {
                name: part.part.name.into(),
                start,
                end,
                masked: WEAK_MASK.into(),
            });
        }
        let masked = mask(j.pattern, j.value(chunk.text));
        let shown = match secret_part {
            Some(part) => part.value.clone(),
            None => j.decoded.as_ref().map(|d| d.secret.clone()),
        };
        let shown = shown.unwrap_or_else(|| Secret::new(main.of(chunk.text)));
        let credential = credential(j, chunk.text);
        let lacks = j.pattern.parts.len() - j.parts.len().min(j.pattern.parts.len());
        let rank = (lacks, origin.path.clone(), start);
        let decoded = j.decoded.as_ref().map(|d| d.ways.clone());
        let path = (fingerprint.is_weak() && !is_known(j.pattern)).then_some(name);
        let key = Key {
            pattern: j.pattern.id,
            secret: strong,
            path,
            allowed,
        };
        let held = self.held.entry(key).or_insert_with(|| Held {
            pattern: j.pattern,
            fingerprint,
            masked,
            shown,
            credential: credential.clone(),
            rank: rank.clone(),
            confidence: j.confidence,
            occurrences: Vec::new(),
            around: HashSet::new(),
            framed: (0, 0),
        });
        if (&rank, &credential.parts) < (&held.rank, &held.credential.parts) {
            (held.rank, held.credential) = (rank, credential);
        }
        held.confidence = held.confidence.max(j.confidence);
        held.around.extend(origin.around());
        if held.framed.0 != self.content {
            held.framed = (self.content, 0);
        }
        let mut frame = Vec::new();
        if !self.bare && held.framed.1 < limits::FRAMES {
            held.framed.1 += 1;
            let frames = Frames {
                text: chunk.text,
                cover: &self.cover,
            };
            frame = frames.around(main, start.line, j, |at| {
                self.lines.position(chunk, at).line
            });
        }
        held.occurrences.push(Occurrence {
            frame,
            path: origin.path.clone(),
            start,
            end,
            parts,
            decoded: decoded.unwrap_or_default(),
            committed: None,
        });
    }

    /// Takes over what another collector holds.
    pub fn merge(&mut self, other: Self) {
        for (key, theirs) in other.held {
            match self.held.entry(key) {
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(theirs);
                }
                std::collections::hash_map::Entry::Occupied(mut ours) => {
                    let ours = ours.get_mut();
                    ours.confidence = ours.confidence.max(theirs.confidence);
                    ours.shown = ours.shown.clone().min(theirs.shown);
                    if (&theirs.rank, &theirs.credential.parts)
                        < (&ours.rank, &ours.credential.parts)
                    {
                        (ours.rank, ours.credential) = (theirs.rank, theirs.credential);
                    }
                    ours.occurrences.extend(theirs.occurrences);
                    ours.around.extend(theirs.around);
                }
            }
        }
    }

    /// The findings, and those that comments allow; sorted.
    pub fn finish(self) -> (Vec<Finding>, Vec<Accepted>) {
        let (mut findings, mut accepted) = (Vec::new(), Vec::new());
        for (key, held) in self.held {
            let mut occurrences = held.occurrences;
            occurrences.sort_unstable();
            // One place is told once, with its lines of source if it has them.
            occurrences.dedup_by(|later, kept| {
                let same = (&later.path, later.start, later.end, &later.parts)
                    == (&kept.path, kept.start, kept.end, &kept.parts);
                if same && kept.frame.is_empty() {
                    kept.frame = std::mem::take(&mut later.frame);
                }
                same
            });
            // What is told inside of a container is not told of the container's own bytes, too.
            if !held.around.is_empty() {
                occurrences.retain(|o| !held.around.contains(&o.path));
            }
            let finding = Finding {
                pattern: held.pattern,
                fingerprint: held.fingerprint,
                secret: held.shown,
                credential: held.credential,
                masked: held.masked,
                confidence: held.confidence,
                occurrences,
            };
            match key.allowed {
                None => findings.push(finding),
                Some((by, reason)) => accepted.push(Accepted {
                    finding,
                    by: by.to_owned(),
                    reason,
                }),
            }
        }
        sort(&mut findings);
        accepted
            .sort_by(|a, b| order(&a.finding, &b.finding).then_with(|| a.reason.cmp(&b.reason)));
        (findings, accepted)
    }
}

/// What somebody needs to use what was found.
fn credential(j: &Judged, text: &[u8]) -> Credential {
    let part = |hit: &PartHit| {
        let value = hit.value.clone();
        let value = value.unwrap_or_else(|| Secret::new(hit.span.of(text)));
        (hit.part.name, value)
    };
    let mut parts: Vec<(&'static str, Secret)> = j.parts.iter().map(part).collect();
    // What was decoded has nothing of the text beside it.
    if j.decoded.is_none() {
        let has = |name: &str| parts.iter().any(|(n, _)| *n == name);
        parts.extend(super::beside::beside(j.pattern, text, j.secret, has));
    }
    parts.extend(super::beside::by_itself(j.pattern, j.value(text)));
    Credential {
        secret: Secret::new(j.value(text)),
        parts,
    }
}

/// Sorts worst first, then by place.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(order);
}

fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    (b.pattern.severity, b.confidence)
        .cmp(&(a.pattern.severity, a.confidence))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| {
            (a.pattern.id, a.fingerprint, &a.secret).cmp(&(b.pattern.id, b.fingerprint, &b.secret))
        })
}

fn place(finding: &Finding) -> Option<(&Path, Position)> {
    let first = finding.occurrences.first()?;
    Some((&first.path, first.start))
}

fn ended(allow: &InlineAllow, today: &str) -> bool {
    allow.until.as_deref().is_some_and(|until| until < today)
}
