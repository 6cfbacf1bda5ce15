//! The first look at every object: may it hold a match at some path?

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::super::Progress;
use crate::base::Stop;
use crate::detect::{Detector, Judged, Marks, NeedleHit, Needles, Outcome, Rejection, Scratch};
use crate::sources::history::{
    Base, Commit, Object, ObjectKind, ObjectSet, ObjectVisitor, Objects, Tag,
};
use crate::sources::{Chunk, ContentKind, Skip, SkipReason, content};
use crate::story::{CommitFact, NONE};

/// What is kept of a blob for those that are built upon it.
pub(super) enum Kept {
    Marks(Marks),
    Hits(Vec<NeedleHit>),
}

/// One worker.
pub(super) struct Searcher<'a> {
    detector: &'a Detector,
    /// One known value, which is looked for instead.
    find: Option<&'a Needles>,
    objects: &'a Objects,
    /// Takes the blobs that may hold a match.
    hopeful: &'a ObjectSet,
    full: bool,
    progress: Option<&'a Progress>,
    stop: &'a Stop,
    scratch: Scratch,
    pub(super) blobs: u64,
    pub(super) bytes: u64,
    pub(super) commits: Vec<CommitFact>,
    /// Annotated tags and what they point to.
    pub(super) tags: Vec<(u32, u32)>,
    /// Commits and tags whose text may hold a match.
    pub(super) texts: Vec<u32>,
    pub(super) skips: Vec<Skip>,
}

impl<'a> Searcher<'a> {
    pub(super) fn new(
        detector: &'a Detector,
        objects: &'a Objects,
        hopeful: &'a ObjectSet,
        full: bool,
        progress: Option<&'a Progress>,
        stop: &'a Stop,
    ) -> Self {
        Self {
            detector,
            find: None,
            objects,
            hopeful,
            full,
            progress,
            stop,
            scratch: Scratch::default(),
            blobs: 0,
            bytes: 0,
            commits: Vec::new(),
            tags: Vec::new(),
            texts: Vec::new(),
            skips: Vec::new(),
        }
    }

    /// Looks for one known value instead of patterns.
    pub(super) fn finding(mut self, find: Option<&'a Needles>) -> Self {
        self.find = find;
        self
    }

    /// Whether a whole text may hold a match, without help from a base.
    fn may(&mut self, text: &[u8], kind: ContentKind) -> bool {
        if let Some(needles) = self.find {
            return needles.is_in(text);
        }
        let chunk = Chunk::whole(text, kind);
        let judged = self.detector.scan(&chunk, Path::new(""), &mut self.scratch);
        judged.iter().any(is_hope)
    }

    fn blob(&mut self, object: &Object<'_>, base: Option<Base<'_, Option<Kept>>>) -> Option<Kept> {
        self.blobs += 1;
        self.bytes += object.data.len() as u64;
        if let Some(progress) = self.progress {
            progress.files.fetch_add(1, Ordering::Relaxed);
            progress
                .bytes
                .fetch_add(object.data.len() as u64, Ordering::Relaxed);
        }
        let (text, kind) = content(object.data);
        if self.full || kind == ContentKind::Utf16 {
            if self.may(&text, kind) {
                self.hopeful.insert(object.number);
            }
            return None;
        }
        let held = base.and_then(|b| b.held.as_ref().map(|held| (held, b.segments)));
        if let Some(needles) = self.find {
            let hits = match held {
                Some((Kept::Hits(held), segments)) => needles.hits_upon(held, &text, segments),
                _ => needles.hits(&text),
            };
            // Of more hits than are kept no text inherits.
            if hits.as_ref().is_none_or(|hits| !hits.is_empty()) {
                self.hopeful.insert(object.number);
            }
            return hits.map(Kept::Hits);
        }
        let scratch = &mut self.scratch;
        let marks = match held {
            Some((Kept::Marks(held), segments)) => {
                self.detector.marks_upon(held, &text, segments, scratch)
            }
            _ => self.detector.marks_of(&text, scratch),
        };
        if self.detector.may_match(&text, kind, &marks, scratch) {
            self.hopeful.insert(object.number);
        }
        Some(Kept::Marks(marks))
    }

    fn commit(&mut self, object: &Object<'_>) {
        let Some(commit) = Commit::parse(object.data) else {
            return self.damaged(object);
        };
        let find = |hex: &[u8]| self.objects.find_hex(hex).unwrap_or(NONE);
        self.commits.push(CommitFact {
            number: object.number,
            tree: find(commit.tree),
            parents: commit.parents.iter().map(|p| find(p)).collect(),
            time: commit.committer().time,
        });
        self.text(object, &commit.text);
    }

    fn tag(&mut self, object: &Object<'_>) {
        let Some(tag) = Tag::parse(object.data) else {
            return self.damaged(object);
        };
        if let Some(target) = self.objects.find_hex(tag.object) {
            self.tags.push((object.number, target));
        }
        self.text(object, &tag.text);
    }

    fn text(&mut self, object: &Object<'_>, ranges: &[Range<usize>]) {
        let texts = ranges.iter().map(|range| &object.data[range.clone()]);
        if texts
            .into_iter()
            .any(|text| self.may(text, ContentKind::Text))
        {
            self.texts.push(object.number);
        }
    }

    /// What does not parse is searched as it is.
    fn damaged(&mut self, object: &Object<'_>) {
        let hex = self.objects.hex(object.number);
        let why = format!("the {} does not parse", object.kind.word());
        self.skips.push(Skip {
            path: format!("object {hex}").into(),
            reason: SkipReason::Corrupt(why),
        });
        self.text(object, std::slice::from_ref(&(0..object.data.len())));
    }
}

/// Whether a judged mark may be a match at some path ([`Detector::may_match`]).
fn is_hope(judged: &Judged) -> bool {
    !matches!(&judged.outcome, Outcome::Rejected(why) if !matches!(why, Rejection::Overlap(_)))
}

impl ObjectVisitor for Searcher<'_> {
    type Held = Option<Kept>;

    fn object(
        &mut self,
        object: &Object<'_>,
        base: Option<Base<'_, Option<Kept>>>,
    ) -> Option<Kept> {
        match object.kind {
            ObjectKind::Blob => return self.blob(object, base),
            ObjectKind::Commit => self.commit(object),
            ObjectKind::Tag => self.tag(object),
            ObjectKind::Tree => {}
        }
        None
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn stop(&self) -> bool {
        self.stop.is_asked()
    }
}
