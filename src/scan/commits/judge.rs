//! One commit: what it brings in.

mod inside;
mod olds;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::conceal::hide;
use super::super::history::is_match;
use super::super::worker::explained;
use super::super::{Explained, Progress};
use super::count::{introduced, line_of};
use super::renames::Renames;
use super::{Comments, absent};
use crate::base::{Secret, Span, Stop, limits};
use crate::detect::patterns::{Confidence, Pattern};
use crate::detect::{Detector, Judged, Outcome, Scratch};
use crate::findings::{Accepted, Collector, Finding, Fingerprint};
use crate::sources::history::{
    Absence, Commit, Failed, Id, Lookup, LookupReader, RangeCommit, Touched, path_of, touched,
};
use crate::sources::{Chunk, Containers, ContentKind, Globs, Origin, Skip, SkipReason, content};
use crate::story::CommitInfo;
use inside::Inside;

/// How many parents a commit is compared with: git makes merges of some sixty at most.
const PARENTS: usize = 1 << 10;

/// How many versions of files are remembered that hold a match.
const REMEMBERED: usize = 1 << 12;

/// What all workers share.
pub(super) struct Judging<'a> {
    pub(super) detector: &'a Detector,
    pub(super) exclude: &'a Globs,
    pub(super) today: &'a str,
    pub(super) lookup: &'a Lookup,
    pub(super) is_partial: bool,
    pub(super) progress: Option<&'a Progress>,
    pub(super) comments: Comments,
    pub(super) stop: &'a Stop,
}

/// A secret of a pattern.
pub(super) type Key = (&'static str, Secret);

/// A finding of a touched file that was there before.
#[derive(Debug)]
pub(super) struct Older {
    pub(super) pattern: &'static Pattern,
    pub(super) secret: Secret,
    pub(super) path: PathBuf,
    pub(super) confidence: Confidence,
}

impl Older {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(self.pattern, self.secret.expose(), &self.path)
    }

    fn identity(&self) -> (&str, &Secret, &Path) {
        (self.pattern.id, &self.secret, &self.path)
    }
}

impl PartialEq for Older {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Older {}

impl Hash for Older {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// What one commit told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) info: CommitInfo,
    pub(super) findings: Vec<Finding>,
    pub(super) accepted: Vec<Accepted>,
    pub(super) older: Vec<Older>,
    pub(super) new: Vec<Key>,
    pub(super) skips: Vec<Skip>,
    /// Objects that no store has.
    pub(super) missing: Vec<Id>,
    /// Files whose content no parent has, judged or left out.
    pub(super) touched: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// New places beside a comment that does not count.
    pub(super) refused: u64,
}

/// The matches of a version of a file: the secret, whether a comment allows it, and a hash of the
/// line it begins on.
pub(super) type Matches = Arc<Vec<Counted>>;

/// One of them.
type Counted = ((Key, bool), u64);

/// One worker.
pub(super) struct Teller<'a> {
    pub(super) with: &'a Judging<'a>,
    pub(super) reader: LookupReader<'a>,
    scratch: Scratch,
    containers: Containers,
    /// By content and path.
    remembered: HashMap<(Id, Vec<u8>), Matches>,
    /// All candidates of the files that were judged, if they are to be explained.
    pub(super) explained: Option<Vec<Explained>>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(with: &'a Judging<'a>) -> Self {
        Self {
            with,
            reader: with.lookup.reader(),
            scratch: Scratch::default(),
            containers: Containers::default(),
            remembered: HashMap::new(),
            explained: None,
        }
    }

    /// Judges a commit.
    pub(super) fn commit(&mut self, commit: &RangeCommit) -> Told {
        let hex = self.with.lookup.hex(&commit.id);
        let mut told = Told::default();
        let mut collector = Collector::from_the_top();
        let mut failed: Vec<Failed> = Vec::new();
        match self.reader.read(&commit.id) {
            Ok((_, data)) => self.message(&hex, &data, &mut collector, &mut told),
            Err(why) => failed.push((commit.id, why)),
        }
        told.info.commit.clone_from(&hex);
        let what = format!("commit {hex}");
        let change = (commit.tree, &commit.parents[..]);
        self.brought_in(&what, change, collector, failed, told)
    }

    /// Judges a tree that nobody committed yet.
    pub(super) fn tree(&mut self, what: &str, tree: Id, parents: &[Id]) -> Told {
        let collector = Collector::from_the_top();
        self.brought_in(
            what,
            (tree, parents),
            collector,
            Vec::new(),
            Told::default(),
        )
    }

    /// Judges the files of a tree that are in none of its parents. `what` names it in messages.
    fn brought_in(
        &mut self,
        what: &str,
        (tree, parents): (Id, &[Id]),
        mut collector: Collector,
        mut failed: Vec<Failed>,
        mut told: Told,
    ) -> Told {
        let commits = parents;
        let mut parents = Vec::new();
        for parent in commits {
            let read = self.reader.read(parent);
            let tree = read.map(|(_, data)| {
                let tree = Commit::parse(&data).map(|c| c.tree.to_vec());
                tree.and_then(|hex| self.with.lookup.hash().parse(&hex))
            });
            match tree {
                Ok(tree) => parents.extend(tree),
                Err(why) => failed.push((*parent, why)),
            }
        }
        // One that comes twice, or two that have the same, are one.
        parents.sort_unstable();
        parents.dedup();
        if parents.len() > PARENTS {
            parents.truncate(PARENTS);
            told.skips.push(Skip {
                path: what.into(),
                reason: SkipReason::Unsupported(format!(
                    "it has more than {PARENTS} parents: it was compared with so many"
                )),
            });
        }
        let files = touched(&mut self.reader, &tree, &parents, &mut failed);
        told.touched = files.len() as u64;
        let mut moved = Renames::new(tree, &parents);
        for (judged, file) in files.iter().enumerate() {
            if self.with.stop.is_asked() {
                let why = format!("{judged} of {} files were judged", files.len());
                told.skips.push(Skip {
                    path: what.into(),
                    reason: SkipReason::Interrupted(why),
                });
                break;
            }
            let shown = path_of(&file.path);
            if self.with.exclude.leave_out(&shown) {
                continue;
            }
            self.file(
                file,
                &shown,
                &mut moved,
                &mut collector,
                &mut failed,
                &mut told,
            );
        }
        failed.sort_by_key(|f| f.0);
        failed.dedup();
        for (id, why) in &failed {
            if *why == Absence::Missing {
                told.missing.push(*id);
            }
            let object = self.with.lookup.hex(id);
            told.skips
                .push(absent(what, &object, why, self.with.is_partial));
        }
        (told.findings, told.accepted) = collector.finish();
        told
    }

    /// Who made a commit, and what its message holds.
    fn message(&mut self, hex: &str, data: &[u8], collector: &mut Collector, told: &mut Told) {
        let Some(commit) = Commit::parse(data) else {
            return;
        };
        let (author, committer) = (commit.author(), commit.committer());
        told.info = CommitInfo {
            commit: hex.to_owned(),
            author: author.name,
            author_mail: author.mail,
            author_time: author.time,
            committer: committer.name,
            time: committer.time,
        };
        let path = PathBuf::from(format!("commit:{hex}"));
        self.text(&path, data, commit.text, collector, told);
    }

    /// What people wrote into a commit or a tag.
    pub(super) fn text(
        &mut self,
        path: &Path,
        data: &[u8],
        ranges: Vec<Range<usize>>,
        collector: &mut Collector,
        told: &mut Told,
    ) {
        for range in ranges {
            let chunk = Chunk::whole(&data[range], ContentKind::Text);
            let (judged, refused) = self.judged(&chunk, path);
            told.refused += refused.len() as u64;
            self.take(path, &chunk, &judged, &judged, collector, told);
            // Somebody may be called like a secret.
            for j in judged.iter().filter(|j| !j.is_harmless()) {
                let secret = String::from_utf8_lossy(j.secret.of(chunk.text)).into_owned();
                let info = &mut told.info;
                for name in [&mut info.author, &mut info.author_mail, &mut info.committer] {
                    hide(name, &secret);
                }
            }
        }
    }

    /// Judges a file that a commit touches.
    pub(super) fn file(
        &mut self,
        file: &Touched,
        shown: &Path,
        moved: &mut Renames,
        collector: &mut Collector,
        failed: &mut Vec<Failed>,
        told: &mut Told,
    ) {
        let data = match self.reader.read(&file.blob) {
            Ok((_, data)) => data,
            Err(why) => return failed.push((file.blob, why)),
        };
        told.files += 1;
        told.bytes += data.len() as u64;
        if let Some(progress) = self.with.progress {
            progress.files.fetch_add(1, Ordering::Relaxed);
            let bytes = data.len() as u64;
            progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        if Containers::is_one(&data) {
            self.inside(file, (&data, shown), moved, collector, failed, told);
        }
        let (text, kind) = content(&data);
        let chunk = Chunk::whole(&text, kind);
        let (judged, refused) = self.judged(&chunk, shown);
        if judged.is_empty() {
            return;
        }
        let matches = self.matches(&text, &judged);
        self.remember((file.blob, file.path.clone()), &matches);
        let olds = self.olds(file, &matches, moved, failed, Self::old);
        let is_new = introduced(&matches, &olds);
        // Matches are in the order of what was judged.
        let counted = judged
            .iter()
            .filter(|j| !matches!(j.outcome, Outcome::Rejected(_)));
        let mut new = Vec::new();
        for (j, is_new) in counted.zip(is_new) {
            if is_new {
                new.push(j.clone());
            } else if is_match(j, self.with.today) {
                told.older.push(Older {
                    pattern: j.pattern,
                    secret: j.identity(&text),
                    path: shown.to_owned(),
                    confidence: j.confidence,
                });
            }
        }
        let beside = |j: &&Judged| refused.contains(&j.secret);
        told.refused += new.iter().filter(beside).count() as u64;
        self.take(shown, &chunk, &judged, &new, collector, told);
        if let Some(all) = &mut self.explained {
            let judged = judged.iter().take(limits::MATCHES);
            let one = |j| explained(j, &chunk, (shown, shown), collector);
            all.extend(judged.map(one));
        }
    }

    /// Judges what is inside of a container: all of it together, whatever moved from one entry to
    /// another. It is opened once to count, and once more if it brings something in.
    fn inside(
        &mut self,
        file: &Touched,
        (data, shown): (&[u8], &Path),
        moved: &mut Renames,
        collector: &mut Collector,
        failed: &mut Vec<Failed>,
        told: &mut Told,
    ) {
        let (matches, skips) = self.within((data, shown), true, Vec::new(), None);
        told.skips.extend(skips);
        if matches.is_empty() {
            return;
        }
        let matches = Arc::new(matches);
        let olds = self.olds(file, &matches, moved, failed, Self::old_inside);
        let is_new = introduced(&matches, &olds);
        self.within((data, shown), false, is_new, Some((collector, told)));
    }

    /// What is inside of a container: its matches, and what was not read. With a collector those
    /// that are new are collected; `is_new` says of each match in turn whether it is.
    fn within(
        &mut self,
        (data, shown): (&[u8], &Path),
        is_counted: bool,
        is_new: Vec<bool>,
        into: Option<(&mut Collector, &mut Told)>,
    ) -> (Vec<Counted>, Vec<Skip>) {
        let mut containers = std::mem::take(&mut self.containers);
        let mut inside = Inside {
            teller: self,
            is_new: is_new.into_iter(),
            into,
            matches: Vec::new(),
            skips: Vec::new(),
            is_counted,
        };
        let origin = Origin::new(shown.to_owned());
        containers.open(data, &origin, &mut inside);
        let told = (inside.matches, inside.skips);
        self.containers = containers;
        told
    }

    /// Judges a text; and where comments stand that do not count.
    fn judged(&mut self, chunk: &Chunk<'_>, path: &Path) -> (Vec<Judged>, Vec<Span>) {
        let mut judged = self.with.detector.scan(chunk, path, &mut self.scratch);
        let mut refused = Vec::new();
        for j in &mut judged {
            let counts = match (&j.outcome, self.with.comments) {
                (Outcome::Allowed(_), Comments::Refused) => false,
                (Outcome::Allowed(allow), Comments::WithReason) => allow.reason.is_some(),
                _ => true,
            };
            if !counts {
                j.outcome = Outcome::Match;
                refused.push(j.secret);
            }
        }
        (judged, refused)
    }

    /// Collects those of the judged that are new.
    fn take(
        &self,
        path: &Path,
        chunk: &Chunk<'_>,
        judged: &[Judged],
        new: &[Judged],
        collector: &mut Collector,
        told: &mut Told,
    ) {
        collector.begin();
        // All is hidden in the lines that are shown, old or new.
        collector.see(chunk, judged, &[]);
        let found = new.iter().filter(|j| is_match(j, self.with.today));
        let before = told.new.len();
        told.new
            .extend(found.map(|j| (j.pattern.id, j.identity(chunk.text))));
        if let Some(progress) = self.with.progress {
            let matches = (told.new.len() - before) as u64;
            progress.matches.fetch_add(matches, Ordering::Relaxed);
        }
        let origin = Origin::new(path.to_owned());
        collector.take(&origin, chunk, new, self.with.today);
        if collector.is_full() {
            told.skips.push(Skip {
                path: path.to_owned(),
                reason: SkipReason::TooMany(limits::MATCHES),
            });
        }
    }

    fn matches(&self, text: &[u8], judged: &[Judged]) -> Matches {
        Arc::new(self.counted(text, judged).collect())
    }

    fn counted<'j>(
        &'j self,
        text: &'j [u8],
        judged: &'j [Judged],
    ) -> impl Iterator<Item = Counted> + 'j {
        let counted = judged
            .iter()
            .filter(|j| !matches!(j.outcome, Outcome::Rejected(_)));
        counted.map(|j: &Judged| {
            let key = (j.pattern.id, j.identity(text));
            let allowed = !is_match(j, self.with.today);
            ((key, allowed), line_of(text, j.secret.start))
        })
    }
}
