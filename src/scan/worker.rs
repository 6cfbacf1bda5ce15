//! One worker: takes chunks, detects, collects. Owns all it needs, shares only what is immutable.

use std::sync::atomic::Ordering;

use super::{Explained, Progress};
use crate::base::Secret;
use crate::detect::{Detector, Outcome, Scratch};
use crate::findings::{Collector, Fingerprint, mask};
use crate::sources::{Chunk, Globs, Names, Origin, Skip, Visitor};

pub(super) struct Worker<'a> {
    detector: &'a Detector,
    exclude: &'a Globs,
    progress: Option<&'a Progress>,
    explaining: bool,
    today: &'a str,
    scratch: Scratch,
    names: Names,
    pub(super) collector: Collector,
    pub(super) explained: Vec<Explained>,
    pub(super) skips: Vec<Skip>,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        detector: &'a Detector,
        exclude: &'a Globs,
        progress: Option<&'a Progress>,
        explaining: bool,
        today: &'a str,
    ) -> Self {
        Self {
            detector,
            exclude,
            progress,
            explaining,
            today,
            scratch: Scratch::default(),
            names: Names::default(),
            collector: Collector::new(),
            explained: Vec::new(),
            skips: Vec::new(),
            files: 0,
            bytes: 0,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.collector.merge(other.collector);
        self.explained.extend(other.explained);
        self.skips.extend(other.skips);
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl Visitor for Worker<'_> {
    fn wants(&mut self, origin: &Origin) -> bool {
        !self.exclude.leave_out(&origin.path)
    }

    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        if chunk.offset == 0 && chunk.core_start == 0 {
            self.collector.begin();
        }
        let judged = self.detector.scan(chunk, &origin.path, &mut self.scratch);
        if judged.is_empty() && chunk.first && chunk.last {
            return;
        }
        if self.explaining {
            let name = self.names.of(&origin.path);
            for j in &judged {
                let bytes = j.secret.of(chunk.text);
                let identity = j.canonical.clone().unwrap_or_else(|| Secret::new(bytes));
                self.explained.push(Explained {
                    path: origin.path.clone(),
                    start: self.collector.position(chunk, j.secret.start),
                    end_line: self.collector.position(chunk, j.secret.end).line,
                    masked: mask(j.pattern, bytes),
                    fingerprint: Fingerprint::new(j.pattern, identity.expose(), &name),
                    judged: j.clone(),
                    withheld: None,
                });
            }
        }
        if let Some(progress) = self.progress {
            let matches = judged
                .iter()
                .filter(|j| j.outcome == Outcome::Match)
                .count();
            progress
                .matches
                .fetch_add(matches as u64, Ordering::Relaxed);
        }
        self.collector.take(origin, chunk, &judged, self.today);
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn done(&mut self, _origin: &Origin, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
        if let Some(progress) = self.progress {
            progress.files.fetch_add(1, Ordering::Relaxed);
            progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}
