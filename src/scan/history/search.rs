//! The first look at every object: may it hold a match at some path?

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::super::Progress;
use super::memory::{Batch, Memory};
use crate::base::Stop;
use crate::detect::{Detector, Judged, Marks, NeedleHit, Needles, Outcome, Rejection, Scratch};
use crate::sources::history::{
    Base, Commit, Object, ObjectKind, ObjectSet, ObjectVisitor, Objects, Tag,
};
use crate::sources::{
    Chunk, Containers, ContentKind, Origin, Skip, SkipReason, Visitor, content, is_lfs_pointer,
};
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
    /// Takes the blobs that were counted: one that is stored twice counts once.
    counted: &'a ObjectSet,
    /// What is known already.
    memory: &'a Memory<'a>,
    full: bool,
    progress: Option<&'a Progress>,
    stop: &'a Stop,
    scratch: Scratch,
    containers: Containers,
    pub(super) blobs: u64,
    pub(super) bytes: u64,
    /// Bytes of blobs that were searched.
    pub(super) searched: u64,
    pub(super) commits: Vec<CommitFact>,
    /// When everybody last wrote or committed anything, if that is asked for.
    pub(super) people: Option<HashMap<String, i64>>,
    /// Annotated tags and what they point to.
    pub(super) tags: Vec<(u32, u32)>,
    /// Commits and tags whose text may hold a match.
    pub(super) texts: Vec<u32>,
    /// What is to be remembered.
    pub(super) batch: Batch,
    pub(super) skips: Vec<Skip>,
}

impl<'a> Searcher<'a> {
    pub(super) fn new(
        detector: &'a Detector,
        objects: &'a Objects,
        [hopeful, counted]: [&'a ObjectSet; 2],
        memory: &'a Memory<'a>,
        full: bool,
        (progress, stop): (Option<&'a Progress>, &'a Stop),
    ) -> Self {
        Self {
            detector,
            find: None,
            objects,
            hopeful,
            counted,
            memory,
            full,
            progress,
            stop,
            scratch: Scratch::default(),
            containers: Containers::default(),
            blobs: 0,
            bytes: 0,
            searched: 0,
            commits: Vec::new(),
            people: None,
            tags: Vec::new(),
            texts: Vec::new(),
            batch: Batch::default(),
            skips: Vec::new(),
        }
    }

    /// Looks for one known value instead of patterns.
    pub(super) fn finding(mut self, find: Option<&'a Needles>) -> Self {
        self.find = find;
        self
    }

    /// Notes who works here.
    pub(super) fn noting(mut self, people: bool) -> Self {
        self.people = people.then(HashMap::new);
        self
    }

    /// Whether a whole text may hold a match, without help from a base.
    fn may(&mut self, text: &[u8], kind: ContentKind) -> bool {
        self.may_chunk(&Chunk::whole(text, kind))
    }

    fn may_chunk(&mut self, chunk: &Chunk<'_>) -> bool {
        if let Some(needles) = self.find {
            return needles.is_in(chunk.text);
        }
        let judged = self.detector.scan(chunk, Path::new(""), &mut self.scratch);
        judged.iter().any(is_hope)
    }

    /// Whether a blob may hold a match, and what texts that are built upon it inherit.
    fn blob(
        &mut self,
        object: &Object<'_>,
        base: Option<Base<'_, Option<Kept>>>,
    ) -> (bool, Option<Kept>) {
        if self.counted.insert(object.number) {
            self.blobs += 1;
            self.bytes += object.data.len() as u64;
        }
        if let Some(progress) = self.progress {
            progress.files.fetch_add(1, Ordering::Relaxed);
            progress
                .bytes
                .fetch_add(object.data.len() as u64, Ordering::Relaxed);
        }
        let (text, kind) = content(object.data);
        // What the marks of commits and tags took is none of it.
        self.scratch.take_searched();
        let (hope, kept) = self.look(&text, kind, base);
        let hope = hope || self.inside(object.data);
        self.searched += self.scratch.take_searched();
        // A pointer is looked at once more, to be counted.
        let hope = hope || is_lfs_pointer(object.data);
        if hope {
            self.hopeful.insert(object.number);
        }
        (hope, kept)
    }

    /// Whether what is inside of a blob may hold a match, or cannot all be read: that is told when it
    /// is judged, where its paths are known. What is inside is searched in full: texts inherit from
    /// the bytes that are stored.
    fn inside(&mut self, data: &[u8]) -> bool {
        if !Containers::is_one(data) {
            return false;
        }
        let mut containers = std::mem::take(&mut self.containers);
        let mut hope = Hope {
            searcher: self,
            is_there: false,
        };
        let origin = Origin::new("");
        containers.open(data, &origin, &mut hope);
        let is_there = hope.is_there;
        self.containers = containers;
        is_there
    }

    /// The same of a text.
    fn look(
        &mut self,
        text: &[u8],
        kind: ContentKind,
        base: Option<Base<'_, Option<Kept>>>,
    ) -> (bool, Option<Kept>) {
        if self.full || kind == ContentKind::Utf16 {
            self.searched += text.len() as u64;
            return (self.may(text, kind), None);
        }
        let held = base.and_then(|b| b.held.as_ref().map(|held| (held, b.segments)));
        if let Some(needles) = self.find {
            let hits = if let Some((Kept::Hits(held), segments)) = held {
                self.searched += needles.searched_upon(segments);
                needles.hits_upon(held, text, segments)
            } else {
                self.searched += text.len() as u64;
                needles.hits(text)
            };
            // Of more hits than are kept no text inherits.
            let hope = hits.as_ref().is_none_or(|hits| !hits.is_empty());
            return (hope, hits.map(Kept::Hits));
        }
        let scratch = &mut self.scratch;
        let marks = match held {
            Some((Kept::Marks(held), segments)) => {
                self.detector.marks_upon(held, text, segments, scratch)
            }
            _ => self.detector.marks_of(text, scratch),
        };
        let hope = self.detector.may_match(text, kind, &marks, scratch);
        (hope, Some(Kept::Marks(marks)))
    }

    /// Whether a commit's text may hold a match; `None` if it is damaged.
    fn commit(&mut self, object: &Object<'_>) -> Option<bool> {
        let Some(commit) = Commit::parse(object.data) else {
            self.damaged(object);
            return None;
        };
        let find = |hex: &[u8]| self.objects.find_hex(hex).unwrap_or(NONE);
        self.commits.push(CommitFact {
            number: object.number,
            tree: find(commit.tree),
            parents: commit.parents.iter().map(|p| find(p)).collect(),
            time: commit.committer().time,
        });
        if let Some(people) = &mut self.people {
            for who in [commit.author(), commit.committer()] {
                let last = people.entry(who.mail).or_insert(who.time);
                *last = (*last).max(who.time);
            }
        }
        Some(self.text(object, &commit.text))
    }

    /// Whether a tag's text may hold a match; `None` if it is damaged.
    fn tag(&mut self, object: &Object<'_>) -> Option<bool> {
        let Some(tag) = Tag::parse(object.data) else {
            self.damaged(object);
            return None;
        };
        if let Some(target) = self.objects.find_hex(tag.object) {
            self.tags.push((object.number, target));
        }
        Some(self.text(object, &tag.text))
    }

    /// Whether a text may hold a match: what an earlier sweep told, or a search.
    fn text(&mut self, object: &Object<'_>, ranges: &[Range<usize>]) -> bool {
        let hope = self.memory.told(object.number).unwrap_or_else(|| {
            let mut texts = ranges.iter().map(|range| &object.data[range.clone()]);
            texts.any(|text| self.may(text, ContentKind::Text))
        });
        if hope {
            self.texts.push(object.number);
        }
        hope
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

/// Looks for the first match in a container.
struct Hope<'s, 'a> {
    searcher: &'s mut Searcher<'a>,
    is_there: bool,
}

impl Visitor for Hope<'_, '_> {
    fn chunk(&mut self, _: &Origin, chunk: &Chunk<'_>) {
        self.is_there = self.is_there || self.searcher.may_chunk(chunk);
    }

    fn skip(&mut self, _: Skip) {
        self.is_there = true;
    }

    fn done(&mut self, _: &Origin, _: u64) {}

    fn stop(&self) -> bool {
        self.is_there || self.searcher.stop.is_asked()
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
        let (hope, kept) = match object.kind {
            ObjectKind::Blob => {
                let (hope, kept) = self.blob(object, base);
                (Some(hope), kept)
            }
            ObjectKind::Commit => (self.commit(object), None),
            ObjectKind::Tag => (self.tag(object), None),
            ObjectKind::Tree => (None, None),
        };
        if let Some(hope) = hope
            && let Err(skip) = self.memory.take(object, hope, &mut self.batch)
        {
            self.skips.push(skip);
        }
        kept
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    /// One that is not at hand whole is read when it is judged, and only then.
    fn big(&mut self, number: u32) {
        self.hopeful.insert(number);
    }

    fn stop(&self) -> bool {
        self.stop.is_asked()
    }
}
