//! One worker: takes chunks, detects, collects. Owns all it needs, shares only what is immutable.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Explained, Progress};
use crate::base::{Stop, limits};
use crate::detect::{Detector, Judged, Needles, Outcome, Scratch};
use crate::findings::{Collector, Fingerprint, mask};
use crate::sources::{Chunk, Globs, Names, Origin, Skip, SkipReason, Visitor};

pub(super) struct Worker<'a> {
    detector: &'a Detector,
    /// One known value, which is looked for instead.
    find: Option<&'a Needles>,
    exclude: &'a Globs,
    progress: Option<&'a Progress>,
    explaining: bool,
    today: &'a str,
    stop: &'a Stop,
    scratch: Scratch,
    names: Names,
    pub(super) collector: Collector,
    pub(super) explained: Vec<Explained>,
    pub(super) skips: Vec<Skip>,
    /// Whether the content at hand holds more than is collected: the rest of it is passed over.
    full: bool,
    /// How many candidates of the content at hand are explained.
    told: usize,
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Whether it was told to stop when there was more to read.
    stopped: AtomicBool,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        detector: &'a Detector,
        find: Option<&'a Needles>,
        exclude: &'a Globs,
        progress: Option<&'a Progress>,
        explaining: bool,
        today: &'a str,
        stop: &'a Stop,
    ) -> Self {
        Self {
            detector,
            find,
            exclude,
            progress,
            explaining,
            today,
            stop,
            scratch: Scratch::default(),
            names: Names::default(),
            collector: match find {
                Some(_) => Collector::new().without_frames(),
                None => Collector::new(),
            },
            explained: Vec::new(),
            skips: Vec::new(),
            full: false,
            told: 0,
            files: 0,
            bytes: 0,
            stopped: AtomicBool::new(false),
        }
    }

    pub(super) fn was_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn merge(&mut self, other: Self) {
        *self.stopped.get_mut() |= other.was_stopped();
        self.collector.merge(other.collector);
        self.explained.extend(other.explained);
        self.skips.extend(other.skips);
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// What is told of a candidate of the chunk that the collector saw last. Of the two paths the first
/// is shown, the second is what fingerprints are made of.
pub(super) fn explained(
    j: &Judged,
    chunk: &Chunk<'_>,
    (path, name): (&Path, &Path),
    collector: &Collector,
) -> Explained {
    let identity = j.identity(chunk.text);
    Explained {
        path: path.to_owned(),
        start: collector.position(chunk, j.secret.start),
        end_line: collector.position(chunk, j.secret.end).line,
        masked: mask(j.pattern, j.value(chunk.text)),
        fingerprint: Fingerprint::new(j.pattern, identity.expose(), name),
        judged: j.clone(),
        withheld: None,
    }
}

impl Visitor for Worker<'_> {
    fn wants(&mut self, origin: &Origin) -> bool {
        !self.exclude.leave_out(&origin.place())
    }

    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        if chunk.offset == 0 && chunk.core_start == 0 {
            self.collector.begin();
            self.full = false;
            self.told = 0;
        }
        if self.full {
            return;
        }
        let judged = match self.find {
            Some(needles) => needles.judged(chunk),
            None => self.detector.scan(chunk, &origin.path, &mut self.scratch),
        };
        let is_whole = chunk.first && chunk.last && chunk.core_end == chunk.text.len();
        if judged.is_empty() && is_whole {
            return;
        }
        let beyond = self.scratch.beyond();
        self.collector.see(chunk, &judged, beyond);
        if self.explaining {
            let name = self.names.of(&origin.path);
            let room = limits::MATCHES - self.told;
            self.full = judged.len() > room;
            self.told += judged.len().min(room);
            for j in judged.iter().take(room) {
                let one = explained(j, chunk, (&origin.path, &name), &self.collector);
                self.explained.push(one);
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
        self.full |= self.collector.is_full();
        if self.full {
            self.skips.push(Skip {
                path: origin.path.clone(),
                reason: SkipReason::TooMany(limits::MATCHES),
            });
        }
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn stop(&self) -> bool {
        let asked = self.stop.is_asked();
        if asked {
            self.stopped.store(true, Ordering::Relaxed);
        }
        asked
    }

    fn done(&mut self, _origin: &Origin, bytes: u64) {
        self.files += u64::from(!self.full);
        self.bytes += bytes;
        if let Some(progress) = self.progress {
            progress.files.fetch_add(1, Ordering::Relaxed);
            progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}
