//! Joins the floors for a git history: sweep, marks, paths, judgement, findings, stories.
//!
//! 1. every blob, commit and tag is searched, along deltas only what changed; blobs that may hold
//!    a match at some path are remembered, nothing else;
//! 2. trees are read as edits, which give those blobs their paths;
//! 3. those blobs are read once more and judged at each of their paths: by the very code that
//!    judges a file of a working tree;
//! 4. what commits did with each secret is found out, and what still reaches it.

mod judge;
mod memory;
mod narrow;
mod search;
mod tell;
mod told;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::{ScanError, ScanOptions, known, withhold};
use crate::detect::patterns::Called;
use crate::detect::{Detector, Engine};
use crate::findings::{Fingerprint, ScanResult};
use crate::sources::history::{
    HolderKind, Holders, ObjectKind, ObjectSet, Objects, OpenOptions, Places, PlacesOptions,
    Stores, SweepOptions,
};
use crate::sources::{Globs, Skip};
use crate::store::SweepStore;
use crate::story::{
    CommitFact, Commits, HistoryRead, HistoryResult, Paths, Person, State, TOP, Trees, expand,
};
use judge::Judge;
pub(super) use judge::is_match;
use memory::Memory;
pub use narrow::{Moment, Narrow};
use search::Searcher;
use told::{complain, interrupted, lost, notices, opened, what_was_read};

/// Which history to sweep, and how.
#[derive(Clone, Debug, Default)]
pub struct HistoryOptions {
    /// A folder of the repository, or its git folder.
    pub repository: PathBuf,
    /// What the environment says about object stores.
    pub places: PlacesOptions,
    /// Search every blob in full instead of what changed: slow, and finds the same.
    pub full_scan: bool,
    /// Hash each object, and hold it against its id.
    pub verify: bool,
    /// What is told of what is found.
    pub narrow: Narrow,
    /// The biggest object that is at hand whole, in bytes; if it is not given,
    /// [`OBJECT_BYTES`](crate::base::limits::OBJECT_BYTES). Bigger blobs are read in chunks.
    pub most: Option<u64>,
    /// Tell who works here, and when each last did ([`HistoryRead::people`]).
    pub people: bool,
    /// Where what was searched is remembered: a later sweep searches only what is new.
    pub store: Option<PathBuf>,
    /// What is looked for and what is left out. Targets are not used.
    pub scan: ScanOptions,
}

/// The path of blobs whose paths nobody has found out.
const UNKNOWN_PATH: &str = "blob:unknown";

/// Where a secret of a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Hit {
    blob: u32,
    path: u32,
    /// Number of the secret.
    secret: u32,
    line: u64,
}

/// What makes a finding.
type Identity = (&'static str, Fingerprint);

/// Sweeps a repository.
///
/// # Errors
///
/// If the options cannot be followed, or [`HistoryOptions::store`] cannot be used. A repository, an
/// object store or an object that cannot be read is a skip in the result.
pub fn history(options: &HistoryOptions) -> Result<HistoryResult, ScanError> {
    let began = Instant::now();
    known(&options.scan)?;
    let mut exclude = Globs::default();
    for one in &options.scan.exclude {
        exclude
            .add(&one.glob, one.base.as_deref())
            .map_err(|why| ScanError::Glob(one.source.clone(), why))?;
    }
    let paths = options.narrow.globs()?;
    let store = memory::open(options)?;
    let mut result = HistoryResult::default();
    result.read.repository.clone_from(&options.repository);
    match Places::find(&options.repository, &options.places) {
        Ok(places) => sweep(options, (&exclude, &paths), &places, store, &mut result)?,
        Err(skip) => result.scan.skips.push(skip),
    }
    result
        .scan
        .configuration
        .extend(super::effects(&options.scan.exclude, &exclude));
    result.scan.skips.sort();
    result.scan.skips.dedup();
    super::conceal::conceal_people(&mut result);
    if let Some(needles) = &options.scan.find {
        super::conceal::conceal_history(&mut result, needles);
    }
    result.scan.elapsed = began.elapsed();
    Ok(result)
}

/// How many threads are asked for.
fn threads(options: &HistoryOptions) -> usize {
    match options.scan.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        some => some,
    }
}

/// Sweeps what is at `places`. `globs` are those of paths that are left out, and that are told.
fn sweep(
    options: &HistoryOptions,
    (exclude, told): (&Globs, &Globs),
    places: &Places,
    store: Option<SweepStore>,
    result: &mut HistoryResult,
) -> Result<(), ScanError> {
    let (threads, stop) = (threads(options), &options.scan.stop);
    let detector = Detector::new(&options.scan.catalogue, options.scan.engine);
    let today = crate::base::today();
    let stores = Stores::open_with(places, opening(options, threads));
    let objects = stores.objects();
    let holders = Holders::read(places, objects);
    opened(options, places, &stores, &holders, &mut result.scan);

    // 1. What may hold a match.
    let memory = Memory::read(options, store, &stores)?;
    let seen = ObjectSet::new(objects.len());
    let hopeful = ObjectSet::new(objects.len());
    let sets = [&seen, &hopeful];
    let Searched {
        facts,
        tags,
        texts,
        bytes: searched,
        people,
    } = search(options, &detector, &stores, &memory, sets, &mut result.scan);

    // 2. Where it stands.
    let skips = &mut result.scan.skips;
    let (commits, mut trees) = rayon::join(
        || Commits::new(facts),
        || trees_of(options, &detector, &stores, &hopeful, &seen),
    );
    skips.append(&mut trees.skips);
    let placeless = stop.is_asked();
    if placeless {
        // Some of the trees alone would tell wrong paths: what was found has none.
        trees = Trees::none(objects.len());
    }
    let mut paths = Paths::default();
    let known_paths = if placeless {
        placeless_of(&hopeful, &mut paths)
    } else {
        places_of(&trees, &commits, &hopeful, &holders, objects, &mut paths)
    };
    let messages = messages(&stores, &texts, &mut paths, skips);
    let extra: Vec<(u32, u32)> = messages.iter().map(|m| (m.number, m.path)).collect();

    // 3. What it is.
    let judging = judge::Judging {
        detector: &detector,
        find: options.scan.find.as_deref(),
        exclude,
        today: &today,
        trees: &trees,
        paths: &paths,
        placed: &known_paths,
        stop,
    };
    let judged = judged(&judging, &stores, &hopeful, threads, &messages);
    result.scan.skips.extend(judged.skips);
    let searched = searched + in_chunks(&judged.bigs, &seen, &mut result.scan);
    result.scan.accepted = judged.accepted;
    result.scan.patterns = super::sought(&options.scan, &detector);
    withhold(
        &options.scan,
        &today,
        judged.findings,
        &mut result.scan,
        &mut [],
    );

    // 4. What happened.
    let telling = tell::Telling {
        stores: &stores,
        trees: &trees,
        commits: &commits,
        holders: &holders,
        tags: &tags,
        hits: &judged.hits,
        identities: &judged.identities,
        extra: &extra,
        placed: &known_paths,
    };
    let stories = telling.stories(&mut paths, &result.scan.findings);
    let is_whole = stories.is_some();
    result.stories = stories.unwrap_or_else(|| telling.unknown(&result.scan.findings));
    narrow::Narrowing {
        narrow: &options.narrow,
        globs: told,
        objects,
        commits: &commits,
        trees: &trees,
        holders: &holders,
        tags: &tags,
        states: &|| trees.states(&each(&hopeful)),
    }
    .apply(result);
    tell::narrow(&mut result.scan.findings, &result.stories);
    let narrowed = result.read.narrowed.take();
    result.read = HistoryRead {
        narrowed,
        people,
        searched_bytes: searched,
        lfs_pointers: judged.pointers,
        ..what_was_read(options, places, &telling, seen.len(), is_whole)
    };
    if is_whole {
        complain(options, places, &commits, &trees, objects, result);
    } else {
        interrupted(result);
    }
    notices(places, &holders, &detector, result);
    memory.tell(result);
    Ok(())
}

/// How stores are opened.
fn opening(options: &HistoryOptions, threads: usize) -> OpenOptions {
    let progress = options.scan.progress.as_ref();
    OpenOptions {
        threads,
        verify: options.verify,
        most: options.most,
        stop: options.scan.stop.clone(),
        progress: progress.map(|progress| Arc::clone(&progress.sweep)),
    }
}

/// Counts the blobs that were read in chunks; how many bytes they have.
fn in_chunks(bigs: &[(u32, Option<u64>)], seen: &ObjectSet, scan: &mut ScanResult) -> u64 {
    let mut all = 0;
    for (blob, bytes) in bigs {
        seen.insert(*blob);
        scan.files += u64::from(bytes.is_some());
        all += bytes.unwrap_or(0);
    }
    scan.bytes += all;
    all
}

/// What the first look told.
struct Searched {
    facts: Vec<CommitFact>,
    /// Annotated tags and what they point to.
    tags: HashMap<u32, u32>,
    /// Commits and tags whose text may hold a match; sorted.
    texts: Vec<u32>,
    /// Bytes of blobs that were searched.
    bytes: u64,
    /// Everybody, if that was asked for; sorted.
    people: Vec<Person>,
}

/// Looks at every blob, commit and tag that was not searched before; `seen` takes those that were
/// read now or then, `hopeful` the blobs that may hold a match.
fn search(
    options: &HistoryOptions,
    detector: &Detector,
    stores: &Stores,
    memory: &Memory<'_>,
    [seen, hopeful]: [&ObjectSet; 2],
    scan: &mut ScanResult,
) -> Searched {
    let counted = ObjectSet::new(stores.objects().len());
    for blob in memory.blobs().iter() {
        seen.insert(blob);
        if memory.told(blob) == Some(true) {
            hopeful.insert(blob);
        }
    }
    let sweeping = SweepOptions {
        threads: threads(options),
        kinds: &[ObjectKind::Blob, ObjectKind::Commit, ObjectKind::Tag],
        only: None,
        without: Some(memory.blobs()).filter(|blobs| !blobs.is_empty()),
        seen,
    };
    let full = options.full_scan || options.scan.engine == Engine::Plain;
    let progress = options.scan.progress.as_deref();
    let searchers = stores.sweep(sweeping, || {
        let sets = [hopeful, &counted];
        let watch = (progress, stores.stop());
        Searcher::new(detector, stores.objects(), sets, memory, full, watch)
            .finding(options.scan.find.as_deref())
            .noting(options.people)
    });
    let (mut facts, mut tags, mut texts) = (Vec::new(), HashMap::new(), Vec::new());
    let (mut rest, mut searched) = (Vec::new(), 0);
    let mut people: BTreeMap<String, i64> = BTreeMap::new();
    scan.files += memory.blobs().len() as u64;
    scan.bytes += memory.bytes();
    for searcher in searchers {
        scan.files += searcher.blobs;
        scan.bytes += searcher.bytes;
        searched += searcher.searched;
        scan.skips.extend(searcher.skips);
        for (mail, time) in searcher.people.into_iter().flatten() {
            let last = people.entry(mail).or_insert(time);
            *last = (*last).max(time);
        }
        facts.extend(searcher.commits);
        tags.extend(searcher.tags);
        texts.extend(searcher.texts);
        rest.push(searcher.batch);
    }
    memory.end(rest);
    texts.sort_unstable();
    texts.dedup();
    Searched {
        facts,
        tags,
        texts,
        bytes: searched,
        people: people
            .into_iter()
            .map(|(mail, last)| Person { mail, last })
            .collect(),
    }
}

/// A commit or tag whose text may hold a match.
struct Message {
    number: u32,
    kind: ObjectKind,
    data: Vec<u8>,
    /// The path that stands for it.
    path: u32,
}

fn messages(
    stores: &Stores,
    texts: &[u32],
    paths: &mut Paths,
    skips: &mut Vec<Skip>,
) -> Vec<Message> {
    let (objects, mut reader) = (stores.objects(), stores.reader());
    let mut messages = Vec::new();
    for number in texts.iter().copied() {
        if stores.stop().is_over() {
            break;
        }
        let hex = objects.hex(number);
        match reader.read(number) {
            Ok((kind, data)) => messages.push(Message {
                number,
                kind,
                data,
                path: paths.other(format!("{}:{hex}", kind.word()).into()),
            }),
            Err(why) => skips.push(lost(&hex, why)),
        }
    }
    messages
}

/// Reads all trees. What files are called in which some patterns count makes their blobs `hopeful`, too,
/// whatever is in them: the first look knows no names.
fn trees_of(
    options: &HistoryOptions,
    detector: &Detector,
    stores: &Stores,
    hopeful: &ObjectSet,
    seen: &ObjectSet,
) -> Trees {
    // A known value is looked for in every blob.
    let called = match &options.scan.find {
        None => detector.called().clone(),
        Some(_) => Called::new(std::iter::empty()),
    };
    let named = ObjectSet::new(stores.objects().len());
    let trees = Trees::read(stores, threads(options), hopeful, (&called, &named), seen);
    for blob in named.iter() {
        hopeful.insert(blob);
    }
    trees
}

/// The second look: what the hopeful blobs and the messages hold.
fn judged(
    judging: &judge::Judging<'_>,
    stores: &Stores,
    hopeful: &ObjectSet,
    threads: usize,
    messages: &[Message],
) -> judge::Found {
    let again = ObjectSet::new(stores.objects().len());
    let sweeping = SweepOptions {
        threads,
        kinds: &[ObjectKind::Blob],
        only: Some(hopeful),
        without: None,
        seen: &again,
    };
    let mut judge = Judge::new(judging);
    for one in stores.sweep(sweeping, || Judge::new(judging)) {
        judge.merge(one);
    }
    // A copy that is damaged may have a whole one beside it.
    let mut reader = stores.reader();
    for blob in hopeful.iter().filter(|blob| !again.has(*blob)) {
        if judging.stop.is_over() {
            break;
        }
        if judge.big(stores, blob) {
            continue;
        }
        match reader.read(blob) {
            Ok((_, data)) => judge.blob(blob, &data),
            Err(why) => judge.skips.push(lost(&stores.objects().hex(blob), why)),
        }
    }
    for message in messages {
        let shown = judging.paths.path(message.path, judging.trees);
        judge.message(
            message.kind,
            message.number,
            &message.data,
            message.path,
            &shown,
        );
    }
    judge.finish()
}

/// A state of its own for every hopeful blob.
fn each(hopeful: &ObjectSet) -> HashMap<u32, State> {
    hopeful.iter().map(|b| (b, State::from(b) + 1)).collect()
}

/// One path for every hopeful blob: versions of a file are not findings of their own.
fn placeless_of(hopeful: &ObjectSet, paths: &mut Paths) -> HashMap<u32, Vec<u32>> {
    let unknown = paths.other(UNKNOWN_PATH.into());
    hopeful.iter().map(|blob| (blob, vec![unknown])).collect()
}

/// The paths of every hopeful blob.
fn places_of(
    trees: &Trees,
    commits: &Commits,
    hopeful: &ObjectSet,
    holders: &Holders,
    objects: &Objects,
    paths: &mut Paths,
) -> HashMap<u32, Vec<u32>> {
    let states = trees.states(&each(hopeful));
    let mut placed: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut visited: HashSet<(u32, State)> = HashSet::new();
    for place in 0..commits.len() as u32 {
        let tree = commits.fact(place).tree;
        if states
            .get(tree as usize)
            .is_some_and(|s| *s != 0 && !visited.contains(&(TOP, *s)))
        {
            let tell = |blob, path| placed.entry(blob).or_default().push(path);
            expand(trees, &states, paths, tree, &mut visited, tell);
        }
    }
    // Trees that no commit has: those that are in no other tree are tops.
    let known: HashSet<State> = visited.iter().map(|v| v.1).collect();
    let alone = |tree: &&u32| {
        let state = states[**tree as usize];
        state != 0 && !known.contains(&state)
    };
    let alone: Vec<u32> = trees.numbers().iter().filter(alone).copied().collect();
    let inner: HashSet<u32> = alone
        .iter()
        .flat_map(|tree| trees.entries(*tree, &states))
        .filter(|entry| entry.is_tree)
        .map(|entry| entry.child)
        .collect();
    for tree in alone.iter().filter(|tree| !inner.contains(tree)) {
        let tell = |blob, path| placed.entry(blob).or_default().push(path);
        expand(trees, &states, paths, *tree, &mut visited, tell);
    }
    for holder in holders.all.iter().filter(|h| h.kind == HolderKind::Index) {
        if hopeful.has(holder.object) {
            let path = PathBuf::from(&holder.name);
            let list = placed.entry(holder.object).or_default();
            if !list.iter().any(|p| paths.path(*p, trees) == path) {
                list.push(paths.other(path));
            }
        }
    }
    for blob in hopeful.iter() {
        let list = placed.entry(blob).or_default();
        if list.is_empty() {
            list.push(paths.other(format!("blob:{}", objects.hex(blob)).into()));
        }
        list.sort_unstable();
        list.dedup();
    }
    placed
}
