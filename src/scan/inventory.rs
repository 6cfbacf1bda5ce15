//! Joins the floors for the inventory: sweeps histories, and answers what records ask of single files
//! of their repositories.

use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::{HistoryOptions, ScanError, histories, history};
use crate::base::{Secret, path_text};
use crate::findings::ScanResult;
use crate::inventory::references::Listing;
use crate::inventory::{
    Declarations, Found, Ground, ObservedTold, Options, Record, Stamp, records,
};
use crate::sources::Mailmap;
use crate::sources::history::{
    Commit, Discovery, Id, Lookup, LookupReader, Places, PlacesOptions, Revisions, entry_at,
    touched,
};
use crate::story::{HistoriesResult, HistoryResult, RepositoryRead, Standing, StoryIn};

/// Where people declare what they know of credentials.
const DECLARED: &str = ".straykey/inventory.toml";
/// How many commits are looked at to find out who last changed a file.
const COMMITS: usize = 2_000;
/// How many files they are looked for.
const FILES: usize = 10_000;

/// What to make an inventory of.
#[derive(Clone, Debug)]
pub struct InventoryOptions {
    /// How to sweep.
    pub history: HistoryOptions,
    /// What to make of it. Without declarations those of each last commit count.
    pub records: Options,
    /// Whether declarations were given.
    pub is_declared: bool,
}

/// An inventory.
#[derive(Clone, Debug, Default)]
pub struct InventoryResult {
    /// Records, in the order in which to act.
    pub records: Vec<Record>,
    /// The time that was asked for.
    pub as_of: Option<Stamp>,
    /// Credentials that came after it.
    pub later: usize,
    /// What was swept. Its findings are taken out: records tell them.
    pub scan: ScanResult,
    /// The secrets, by the fingerprints of their findings; sorted.
    secrets: Vec<(String, Secret)>,
    /// The repositories.
    pub repositories: Vec<RepositoryRead>,
    /// Why not all that was searched could be remembered.
    pub store_failed: Option<String>,
    /// What exports of providers say beside records, if any were given.
    pub observed: Option<ObservedTold>,
}

impl InventoryResult {
    /// The secret of a record, to be compared with one that a person has. No report shows it.
    pub fn key_of(&self, id: &str) -> Option<&Secret> {
        let place = self
            .secrets
            .binary_search_by(|(known, _)| (**known).cmp(id));
        place.ok().map(|place| &self.secrets[place].1)
    }
}

/// Makes an inventory of one repository, or of `several`.
///
/// # Errors
///
/// As [`history`](fn@history).
pub fn inventory(
    options: &InventoryOptions,
    several: Option<&Discovery>,
) -> Result<InventoryResult, ScanError> {
    let began = Instant::now();
    let swept = match several {
        Some(found) => histories(&options.history, found)?,
        None => alone(history(&options.history)?),
    };
    let mut result = InventoryResult {
        as_of: Some(options.records.as_of),
        repositories: swept.repositories.clone(),
        store_failed: swept.store_failed.clone(),
        ..InventoryResult::default()
    };
    let mut notices = Vec::new();
    let lookups: Vec<Option<(Places, Lookup)>> = swept
        .repositories
        .iter()
        .map(|one| {
            let places = Places::find(&one.read.repository, &options.history.places).ok()?;
            let lookup = Lookup::open(&places);
            Some((places, lookup))
        })
        .collect();
    let wanted = wanted(&swept);
    let mut repositories: Vec<Repository<'_>> = Vec::new();
    for (number, (one, opened)) in swept.repositories.iter().zip(&lookups).enumerate() {
        let name = several.map(|_| path_text(&one.read.repository).into_owned());
        let mut repository = Repository::new(name, one, options.records.as_of);
        if let Some((places, lookup)) = opened {
            repository.open(places, lookup, &wanted[number]);
        }
        repositories.push(repository);
    }
    let mut records_options = options.records.clone();
    if !options.is_declared {
        records_options.declared = declared(&mut repositories, &mut notices);
    }
    let mut grounds: Vec<Box<dyn Ground + '_>> = Vec::new();
    for repository in repositories {
        grounds.push(Box::new(repository));
    }
    let incomplete: Vec<bool> = swept.repositories.iter().map(|r| !r.complete).collect();
    let made = records(&found(&swept), &mut grounds, &incomplete, &records_options);
    result.secrets = swept
        .scan
        .findings
        .iter()
        .map(|f| (f.fingerprint.to_string(), f.secret.clone()))
        .collect();
    result.secrets.sort();
    result.secrets.dedup_by(|a, b| a.0 == b.0);
    result.records = made.all;
    result.later = made.later;
    result.observed = made.observed;
    let unused = made.unused.into_iter();
    notices.extend(made.unread);
    notices.extend(unused.map(|place| format!("{place}: no credential has this id here")));
    result.scan = ScanResult {
        findings: Vec::new(),
        ..swept.scan
    };
    result.scan.notices.extend(notices);
    result.scan.elapsed = began.elapsed();
    Ok(result)
}

/// The text of a file of a commit; `None` if the commit has no such file.
///
/// # Errors
///
/// If there is no such commit, or it cannot be read.
pub fn file_of(
    repository: &Path,
    places: &PlacesOptions,
    revision: &str,
    path: &str,
) -> Result<Option<String>, String> {
    let found = Places::find(repository, places);
    let found = found.map_err(|skip| format!("{}: {}", path_text(&skip.path), skip.reason))?;
    let lookup = Lookup::open(&found);
    let mut reader = lookup.reader();
    let commit = Revisions::new(&found, &mut reader).commit(revision);
    let commit = commit.map_err(|e| e.to_string())?;
    let tree = parsed(&mut reader, &commit)
        .ok_or("the commit cannot be read")?
        .tree;
    let entry = entry_at(&mut reader, tree, path.as_bytes());
    let Some(entry) = entry.map_err(|(_, why)| why.to_string())? else {
        return Ok(None);
    };
    let (_, data) = reader.read(&entry).map_err(|why| why.to_string())?;
    let text = String::from_utf8(data.to_vec());
    text.map(Some).map_err(|_| format!("{path} is no UTF-8"))
}

/// One repository in the form of several.
fn alone(swept: HistoryResult) -> HistoriesResult {
    let HistoryResult {
        scan,
        stories,
        read,
        store_failed,
    } = swept;
    let stories = scan.findings.iter().zip(stories);
    let stories = stories.map(|(finding, story)| {
        vec![StoryIn {
            repository: 0,
            occurrences: 0..finding.occurrences.len(),
            story,
        }]
    });
    HistoriesResult {
        stories: stories.collect(),
        repositories: vec![RepositoryRead {
            read,
            also: Vec::new(),
            complete: !scan.is_incomplete(),
        }],
        scan,
        store_failed,
    }
}

/// Each finding in each repository.
fn found(swept: &HistoriesResult) -> Vec<Found<'_>> {
    let mut out = Vec::new();
    for (finding, stories) in swept.scan.findings.iter().zip(&swept.stories) {
        for told in stories {
            out.push(Found {
                ground: told.repository,
                finding,
                places: (told.occurrences.start, told.occurrences.end),
                story: &told.story,
            });
        }
    }
    out
}

/// The files of each repository that hold a credential in its last commit.
fn wanted(swept: &HistoriesResult) -> Vec<BTreeSet<String>> {
    let mut out = vec![BTreeSet::new(); swept.repositories.len()];
    for told in swept.stories.iter().flatten() {
        if told.story.standing == Standing::AtHead
            && let Some(files) = out.get_mut(told.repository)
        {
            let paths = told.story.events.iter().map(|e| path_text(&e.path));
            files.extend(paths.map(std::borrow::Cow::into_owned).take(FILES));
        }
    }
    out
}

/// What the last commits declare.
fn declared(repositories: &mut [Repository<'_>], notices: &mut Vec<String>) -> Declarations {
    let mut all = Declarations::default();
    for repository in repositories {
        let Some(text) = repository.file(DECLARED) else {
            continue;
        };
        let file = match &repository.name {
            Some(name) => format!("{name}: {DECLARED}"),
            None => DECLARED.to_owned(),
        };
        match Declarations::parse(&file, &String::from_utf8_lossy(&text)) {
            Ok(more) => all.join(more),
            Err(errors) => notices.extend(
                errors
                    .into_iter()
                    .map(|why| format!("{why}: none of its declarations counts")),
            ),
        }
    }
    all
}

/// A repository that answers questions.
struct Repository<'s> {
    name: Option<String>,
    reader: Option<LookupReader<'s>>,
    /// The tree of the last commit.
    tree: Option<Id>,
    /// When everybody last did anything.
    people: HashMap<String, i64>,
    as_of: Stamp,
    mailmap: Mailmap,
    files: HashMap<String, Option<Id>>,
    /// Who last changed which file.
    last: HashMap<String, (String, String, Stamp)>,
}

impl<'s> Repository<'s> {
    fn new(name: Option<String>, read: &RepositoryRead, as_of: Stamp) -> Self {
        let people = read.read.people.iter();
        Self {
            name,
            reader: None,
            tree: None,
            people: people.map(|p| (p.mail.clone(), p.last)).collect(),
            as_of,
            mailmap: Mailmap::empty(),
            files: HashMap::new(),
            last: HashMap::new(),
        }
    }

    /// Opens what can be opened; what cannot answers nothing.
    fn open(&mut self, places: &Places, lookup: &'s Lookup, wanted: &BTreeSet<String>) {
        let mut reader = lookup.reader();
        let head = Revisions::new(places, &mut reader).head();
        if let Ok(Some(head)) = head {
            self.tree = parsed(&mut reader, &head).map(|c| c.tree);
            self.last = last_changes(&mut reader, head, wanted, self.as_of);
        }
        self.reader = Some(reader);
        if let Some(text) = self.file(".mailmap") {
            self.mailmap = Mailmap::parse(&String::from_utf8_lossy(&text));
        }
        // By proper addresses: somebody who changed theirs is the same.
        let mut people: HashMap<String, i64> = HashMap::new();
        for (mail, time) in &self.people {
            let proper = self.mailmap.proper("", mail).1;
            for mail in [proper, mail.clone()] {
                let last = people.entry(mail).or_insert(*time);
                *last = (*last).max(*time);
            }
        }
        self.people = people;
    }

    fn id(&mut self, path: &str) -> Option<Id> {
        if let Some(known) = self.files.get(path) {
            return *known;
        }
        let (reader, tree) = (self.reader.as_mut()?, self.tree?);
        let id = entry_at(reader, tree, path.as_bytes()).ok().flatten();
        self.files.insert(path.to_owned(), id);
        id
    }
}

impl Ground for Repository<'_> {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn file(&mut self, path: &str) -> Option<Arc<[u8]>> {
        let id = self.id(path)?;
        Some(self.reader.as_mut()?.read(&id).ok()?.1)
    }

    fn has(&mut self, path: &str) -> bool {
        self.id(path).is_some()
    }

    fn references(&mut self) -> Listing {
        match (self.reader.as_mut(), self.tree) {
            (Some(reader), Some(tree)) => super::references::of_tree(reader, &tree),
            _ => Listing::default(),
        }
    }

    fn blob(&mut self, id: &str) -> Option<Arc<[u8]>> {
        let reader = self.reader.as_mut()?;
        let id = reader.lookup().hash().parse(id.as_bytes())?;
        Some(reader.read(&id).ok()?.1)
    }

    fn last_active(&mut self, mail: &str) -> Option<Stamp> {
        let last = self.people.get(mail)?;
        Some(Stamp(*last).min(self.as_of))
    }

    fn proper(&mut self, name: &str, mail: &str) -> (String, String) {
        self.mailmap.proper(name, mail)
    }

    fn last_committer(&mut self, path: &str) -> Option<(String, String, Stamp)> {
        let (name, mail, time) = self.last.get(path)?.clone();
        let (name, mail) = self.mailmap.proper(&name, &mail);
        Some((name, mail, time))
    }
}

/// What of a commit counts here.
struct Parsed {
    tree: Id,
    parents: Vec<Id>,
    name: String,
    mail: String,
    time: i64,
}

fn parsed(reader: &mut LookupReader<'_>, id: &Id) -> Option<Parsed> {
    let (_, data) = reader.read(id).ok()?;
    let commit = Commit::parse(&data)?;
    let hash = reader.lookup().hash();
    let author = commit.author();
    let parents = commit.parents.iter();
    Some(Parsed {
        tree: hash.parse(commit.tree)?,
        parents: parents.filter_map(|hex| hash.parse(hex)).collect(),
        name: author.name,
        mail: author.mail,
        time: commit.committer().time,
    })
}

/// Who last changed each of these files: among so many commits that lead to the last one, youngest
/// first. What none of them changed has nobody here.
fn last_changes(
    reader: &mut LookupReader<'_>,
    head: Id,
    wanted: &BTreeSet<String>,
    as_of: Stamp,
) -> HashMap<String, (String, String, Stamp)> {
    let mut out = HashMap::new();
    let mut left: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut heap: BinaryHeap<(i64, Id)> = BinaryHeap::new();
    let mut seen: BTreeSet<Id> = BTreeSet::from([head]);
    let mut known: HashMap<Id, Parsed> = HashMap::new();
    if !left.is_empty()
        && let Some(first) = parsed(reader, &head)
    {
        heap.push((first.time, head));
        known.insert(head, first);
    }
    for _ in 0..COMMITS {
        let Some((_, id)) = heap.pop() else { break };
        let Some(commit) = known.remove(&id) else {
            continue;
        };
        let mut trees = Vec::new();
        for parent in &commit.parents {
            let Some(one) = parsed(reader, parent) else {
                continue;
            };
            trees.push(one.tree);
            if seen.insert(*parent) {
                heap.push((one.time, *parent));
                known.insert(*parent, one);
            }
        }
        // Of a border nobody knows what it changed.
        if trees.len() < commit.parents.len() || commit.time > as_of.0 {
            continue;
        }
        let changed: Vec<String> = if trees.is_empty() {
            let mut has = |path: &&&str| {
                let entry = entry_at(reader, commit.tree, path.as_bytes());
                matches!(entry, Ok(Some(_)))
            };
            left.iter()
                .filter(|path| has(path))
                .map(|p| (*p).to_owned())
                .collect()
        } else {
            let all = touched(reader, &commit.tree, &trees, &mut Vec::new());
            let paths = all
                .iter()
                .map(|t| String::from_utf8_lossy(&t.path).into_owned());
            paths.filter(|path| left.contains(&**path)).collect()
        };
        for path in changed {
            left.remove(&*path);
            let who = (commit.name.clone(), commit.mail.clone(), Stamp(commit.time));
            out.insert(path, who);
        }
        if left.is_empty() {
            break;
        }
    }
    out
}
