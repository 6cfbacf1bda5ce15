//! The second look: what the hopeful blobs hold, at each of their paths.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Hit, Identity};
use crate::base::{Secret, Stop, limits};
use crate::detect::{Detector, Judged, Needles, Outcome, Scratch};
use crate::findings::{Accepted, Collector, Finding, Fingerprint};
use crate::sources::history::{Base, Commit, Object, ObjectKind, ObjectVisitor, Tag};
use crate::sources::{Chunk, ContentKind, Globs, Origin, Skip, SkipReason, content};
use crate::story::{Paths, Trees};

/// What all workers share.
pub(super) struct Judging<'a> {
    pub(super) detector: &'a Detector,
    /// One known value, which is looked for instead.
    pub(super) find: Option<&'a Needles>,
    pub(super) exclude: &'a Globs,
    pub(super) today: &'a str,
    pub(super) trees: &'a Trees,
    pub(super) paths: &'a Paths,
    /// The paths of each blob.
    pub(super) placed: &'a HashMap<u32, Vec<u32>>,
    pub(super) stop: &'a Stop,
}

/// One worker, and what it found.
pub(super) struct Judge<'a> {
    with: &'a Judging<'a>,
    collector: Collector,
    scratch: Scratch,
    /// Secrets by pattern and bytes.
    secrets: HashMap<(&'static str, Secret), u32>,
    hits: Vec<(Hit, Identity)>,
    pub(super) skips: Vec<Skip>,
}

/// What all workers found.
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) accepted: Vec<Accepted>,
    /// Sorted.
    pub(super) hits: Vec<Hit>,
    /// Where the hits of each finding are: secret and path.
    pub(super) identities: HashMap<Identity, Vec<(u32, u32)>>,
    pub(super) skips: Vec<Skip>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(with: &'a Judging<'a>) -> Self {
        Self {
            with,
            collector: match with.find {
                Some(_) => Collector::from_the_top().without_frames(),
                None => Collector::from_the_top(),
            },
            scratch: Scratch::default(),
            secrets: HashMap::new(),
            hits: Vec::new(),
            skips: Vec::new(),
        }
    }

    /// Takes over what another worker found.
    pub(super) fn merge(&mut self, other: Self) {
        self.collector.merge(other.collector);
        let mut numbers = vec![0; other.secrets.len()];
        for (secret, theirs) in other.secrets {
            let next = self.secrets.len() as u32;
            numbers[theirs as usize] = *self.secrets.entry(secret).or_insert(next);
        }
        for (hit, identity) in other.hits {
            let secret = numbers[hit.secret as usize];
            self.hits.push((Hit { secret, ..hit }, identity));
        }
        self.skips.extend(other.skips);
    }

    /// Judges a blob at each of its paths.
    pub(super) fn blob(&mut self, blob: u32, data: &[u8]) {
        let with = self.with;
        let (text, kind) = content(data);
        for path in with.placed.get(&blob).into_iter().flatten() {
            let shown = with.paths.path(*path, with.trees);
            if !with.exclude.leave_out(&shown) {
                self.text(blob, &text, kind, *path, shown);
            }
        }
    }

    /// Judges the text of a commit or a tag.
    pub(super) fn message(
        &mut self,
        kind: ObjectKind,
        number: u32,
        data: &[u8],
        path: u32,
        shown: &Path,
    ) {
        let ranges = match kind {
            ObjectKind::Commit => Commit::parse(data).map(|c| c.text),
            _ => Tag::parse(data).map(|t| t.text),
        };
        // What does not parse is text as a whole.
        for range in ranges.unwrap_or_else(|| std::iter::once(0..data.len()).collect()) {
            self.text(
                number,
                &data[range],
                ContentKind::Text,
                path,
                shown.to_owned(),
            );
        }
    }

    fn text(&mut self, blob: u32, text: &[u8], kind: ContentKind, path: u32, shown: PathBuf) {
        let with = self.with;
        let chunk = Chunk::whole(text, kind);
        let judged = match with.find {
            Some(needles) => needles.judged(&chunk),
            None => with.detector.scan(&chunk, &shown, &mut self.scratch),
        };
        self.collector.begin();
        self.collector.see(&chunk, &judged, &[]);
        for j in judged.iter().filter(|j| is_match(j, with.today)) {
            let bytes = j.secret.of(text);
            let secret = j.canonical.clone().unwrap_or_else(|| Secret::new(bytes));
            let fingerprint = Fingerprint::new(j.pattern, secret.expose(), &shown);
            let next = self.secrets.len() as u32;
            let secret = *self.secrets.entry((j.pattern.id, secret)).or_insert(next);
            let line = self.collector.position(&chunk, j.secret.start).line;
            self.hits.push((
                Hit {
                    blob,
                    path,
                    secret,
                    line,
                },
                (j.pattern.id, fingerprint),
            ));
        }
        let origin = Origin { path: shown };
        self.collector.take(&origin, &chunk, &judged, with.today);
        if self.collector.is_full() {
            self.skips.push(Skip {
                path: origin.path,
                reason: SkipReason::TooMany(limits::MATCHES),
            });
        }
    }

    /// Everything, sorted.
    pub(super) fn finish(self) -> Found {
        let (findings, accepted) = self.collector.finish();
        let mut identities: HashMap<Identity, Vec<(u32, u32)>> = HashMap::new();
        for (hit, identity) in &self.hits {
            identities
                .entry(*identity)
                .or_default()
                .push((hit.secret, hit.path));
        }
        for list in identities.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        let mut hits: Vec<Hit> = self.hits.into_iter().map(|(hit, _)| hit).collect();
        hits.sort_unstable();
        hits.dedup();
        Found {
            findings,
            accepted,
            hits,
            identities,
            skips: self.skips,
        }
    }
}

/// Whether a judged mark becomes a finding: a match, or one whose allowance ended.
pub(in super::super) fn is_match(judged: &Judged, today: &str) -> bool {
    match &judged.outcome {
        Outcome::Match => true,
        Outcome::Allowed(allow) => allow.until.as_deref().is_some_and(|until| until < today),
        Outcome::Rejected(_) => false,
    }
}

impl ObjectVisitor for Judge<'_> {
    type Held = ();

    fn object(&mut self, object: &Object<'_>, _: Option<Base<'_, ()>>) {
        self.blob(object.number, object.data);
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    /// What was found is judged for a while, even after an interruption.
    fn stop(&self) -> bool {
        self.with.stop.is_over()
    }
}
