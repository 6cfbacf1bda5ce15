//! The second look: what the hopeful blobs hold, at each of their paths.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Hit, Identity};
use crate::base::{Secret, Stop, limits};
use crate::detect::{Detector, Judged, Needles, Outcome, Scratch};
use crate::findings::{Accepted, Collector, Finding, Fingerprint};
use crate::sources::history::{Base, Commit, Object, ObjectKind, ObjectVisitor, Stores, Tag};
use crate::sources::{
    Chunk, Containers, ContentKind, Globs, Origin, Skip, SkipReason, Visitor, content,
    is_lfs_pointer,
};
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
    containers: Containers,
    /// Secrets by pattern and bytes.
    secrets: HashMap<(&'static str, Secret), u32>,
    hits: Vec<(Hit, Identity)>,
    /// See [`Found::bigs`].
    bigs: Vec<(u32, Option<u64>)>,
    /// How many blobs are pointers of Git LFS.
    pointers: u64,
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
    /// Blobs that were read in chunks, and how many bytes they have; `None` if each of their paths
    /// is left out.
    pub(super) bigs: Vec<(u32, Option<u64>)>,
    /// How many blobs are pointers of Git LFS.
    pub(super) pointers: u64,
    pub(super) skips: Vec<Skip>,
}

/// A blob in chunks, or what is inside of one, at one of its paths.
struct Big<'j, 'a> {
    judge: &'j mut Judge<'a>,
    blob: u32,
    path: u32,
    /// How many bytes it has, once it was read to its end.
    bytes: Option<u64>,
}

impl Visitor for Big<'_, '_> {
    fn wants(&mut self, origin: &Origin) -> bool {
        !self.judge.with.exclude.leave_out(&origin.place())
    }

    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        if chunk.offset == 0 && chunk.core_start == 0 {
            self.judge.collector.begin();
        }
        // What holds more than is collected was told.
        if !self.judge.collector.is_full() {
            self.judge.chunk(self.blob, self.path, origin, chunk);
        }
    }

    fn skip(&mut self, skip: Skip) {
        self.judge.skips.push(skip);
    }

    fn done(&mut self, _: &Origin, bytes: u64) {
        self.bytes = Some(bytes);
    }

    fn stop(&self) -> bool {
        self.judge.with.stop.is_over()
    }
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
            containers: Containers::default(),
            secrets: HashMap::new(),
            hits: Vec::new(),
            bigs: Vec::new(),
            pointers: 0,
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
        self.pointers += other.pointers;
        self.skips.extend(other.skips);
    }

    /// Judges a blob at each of its paths.
    pub(super) fn blob(&mut self, blob: u32, data: &[u8]) {
        let with = self.with;
        let (text, kind) = content(data);
        let mut is_seen = false;
        for path in with.placed.get(&blob).into_iter().flatten() {
            let shown = with.paths.path(*path, with.trees);
            if !with.exclude.leave_out(&shown) {
                self.text(blob, &text, kind, *path, shown.clone());
                self.inside(blob, data, *path, shown);
                is_seen = true;
            }
        }
        self.pointers += u64::from(is_seen && is_lfs_pointer(data));
    }

    /// Judges what is inside of a blob, if it is a container.
    fn inside(&mut self, blob: u32, data: &[u8], path: u32, shown: PathBuf) {
        if !Containers::is_one(data) {
            return;
        }
        let mut containers = std::mem::take(&mut self.containers);
        let mut one = Big {
            judge: self,
            blob,
            path,
            bytes: None,
        };
        containers.open(data, &Origin::new(shown), &mut one);
        self.containers = containers;
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
        let (chunk, origin) = (Chunk::whole(text, kind), Origin::new(shown));
        self.collector.begin();
        self.chunk(blob, path, &origin, &chunk);
    }

    /// Judges a chunk of a content. Chunks come in order; the first after a `begin`.
    fn chunk(&mut self, blob: u32, path: u32, origin: &Origin, chunk: &Chunk<'_>) {
        let with = self.with;
        let judged = match with.find {
            Some(needles) => needles.judged(chunk),
            None => with.detector.scan(chunk, &origin.path, &mut self.scratch),
        };
        self.collector.see(chunk, &judged, self.scratch.beyond());
        for j in judged.iter().filter(|j| is_match(j, with.today)) {
            let secret = j.identity(chunk.text);
            let fingerprint = Fingerprint::new(j.pattern, secret.expose(), &origin.path);
            let next = self.secrets.len() as u32;
            let secret = *self.secrets.entry((j.pattern.id, secret)).or_insert(next);
            let line = self.collector.position(chunk, j.secret.start).line;
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
        self.collector.take(origin, chunk, &judged, with.today);
        if self.collector.is_full() {
            self.skips.push(Skip {
                path: origin.path.clone(),
                reason: SkipReason::TooMany(limits::MATCHES),
            });
        }
    }

    /// Judges a blob that is not at hand whole at each of its paths. Whether there is such a blob.
    pub(super) fn big(&mut self, stores: &Stores, blob: u32) -> bool {
        let with = self.with;
        let (mut bytes, mut is_whole) = (None, true);
        for path in with.placed.get(&blob).into_iter().flatten() {
            let shown = with.paths.path(*path, with.trees);
            if with.exclude.leave_out(&shown) {
                continue;
            }
            let origin = Origin::new(shown);
            let mut one = Big {
                judge: self,
                blob,
                path: *path,
                bytes: None,
            };
            if !stores.stream(blob, &origin, &mut one) {
                return false;
            }
            is_whole &= one.bytes.is_some();
            bytes = one.bytes.or(bytes);
        }
        if is_whole {
            self.bigs.push((blob, bytes));
        }
        true
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
            bigs: self.bigs,
            pointers: self.pointers,
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
