//! Histories built with libgit2: hidden places are found, stories are held against a plain
//! recount over every commit, and inherited marks against a full search.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, Signature, Time};
use straykey::base::Stop;
use straykey::detect::Catalogue;
use straykey::detect::patterns::{Confidence, Sampler, sample_match};
use straykey::reports::{Format, ReportOptions};
use straykey::scan::{HistoryOptions, Moment, Narrow, history};
use straykey::story::{Change, HistoryResult, Standing, Story};

type Files = BTreeMap<String, Vec<u8>>;

struct Built {
    dir: tempfile::TempDir,
    repository: Repository,
    clock: i64,
}

impl Built {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = Repository::init(dir.path()).expect("a repository");
        Self {
            dir,
            repository,
            clock: 1_700_000_000,
        }
    }

    fn tree(&self, files: &Files) -> Oid {
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        let mut builder = self.repository.treebuilder(None).expect("a builder");
        for (path, text) in files {
            if let Some((folder, rest)) = path.split_once('/') {
                let inner = folders.entry(folder).or_default();
                inner.insert(rest.to_owned(), text.clone());
            } else {
                let blob = self.repository.blob(text).expect("written");
                builder.insert(path, blob, 0o100_644).expect("inserted");
            }
        }
        for (name, inner) in folders {
            builder
                .insert(name, self.tree(&inner), 0o040_000)
                .expect("inserted");
        }
        builder.write().expect("written")
    }

    fn commit_as(&mut self, message: &str, files: &Files, parents: &[Oid]) -> Oid {
        self.clock += 86_400;
        let who = Signature::new("Ann", "ann@x.invalid", &Time::new(self.clock, 0)).expect("who");
        let tree = self.repository.find_tree(self.tree(files)).expect("found");
        let parents: Vec<_> = parents
            .iter()
            .map(|p| self.repository.find_commit(*p).expect("found"))
            .collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        self.repository
            .commit(None, &who, &who, message, &tree, &parents)
            .expect("committed")
    }

    fn commit(&mut self, files: &Files, parents: &[Oid]) -> Oid {
        self.commit_as("change", files, parents)
    }

    fn reference(&self, name: &str, to: Oid) {
        self.repository.reference(name, to, true, "").expect("set");
    }

    fn head(&self, to: Oid) {
        self.reference("refs/heads/main", to);
        self.repository.set_head("refs/heads/main").expect("set");
        // libgit2 wrote reflogs of these; tests that want one write it themselves.
        let _ = fs::remove_dir_all(self.repository.path().join("logs"));
    }

    fn options(&self) -> HistoryOptions {
        let mut options = HistoryOptions {
            repository: self.dir.path().to_owned(),
            ..HistoryOptions::default()
        };
        options.scan.least = Some(Confidence::Medium);
        options
    }

    fn swept(&self, full_scan: bool, threads: usize) -> HistoryResult {
        let mut options = self.options();
        options.full_scan = full_scan;
        options.scan.threads = threads;
        history(&options).expect("swept")
    }
}

fn token(seed: u64) -> String {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("github.pat-classic").expect("it is known");
    let (_, secret) = sample_match(pattern, &mut Sampler::new(seed));
    String::from_utf8(secret).expect("ASCII")
}

fn files(list: &[(&str, &str)]) -> Files {
    list.iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect()
}

/// The story of the one finding whose secret is `token`.
fn story_of<'r>(result: &'r HistoryResult, token: &str) -> &'r Story {
    let found = result.scan.findings.iter().zip(&result.stories);
    let mut one = found.filter(|(f, _)| f.secret.expose() == token.as_bytes());
    let (_, story) = one.next().expect("it is found");
    assert!(one.next().is_none(), "it is one finding");
    story
}

fn told(story: &Story) -> Vec<(Change, String, PathBuf)> {
    story
        .events
        .iter()
        .map(|e| (e.change, e.commit.clone(), e.path.clone()))
        .collect()
}

fn whole(result: &HistoryResult) {
    assert_eq!(result.scan.skips, []);
    assert_eq!(result.read.objects_read, result.read.objects);
}

#[test]
fn in_moved_out_and_what_still_reaches_it() {
    let (mut built, token) = (Built::new(), token(1));
    let line = format!("# a\nkey = {token}\n");
    let first = built.commit(&files(&[("readme", "hello\n")]), &[]);
    let second = built.commit(
        &files(&[("readme", "hello\n"), ("a/x.env", &line)]),
        &[first],
    );
    let third = built.commit(
        &files(&[("readme", "hello\n"), ("b/y.env", &line)]),
        &[second],
    );
    built.head(third);
    let result = built.swept(false, 2);
    whole(&result);
    let story = story_of(&result, &token);
    assert_eq!(story.standing, Standing::AtHead);
    assert_eq!(story.references, ["main"]);
    assert!(story.last_out().is_none());
    let (x, y) = (PathBuf::from("a/x.env"), PathBuf::from("b/y.env"));
    assert_eq!(
        told(story),
        [
            (Change::In, second.to_string(), x.clone()),
            (Change::In, third.to_string(), y.clone()),
            (Change::Out, third.to_string(), x.clone()),
        ]
    );
    let event = story.first_in().expect("it came in");
    assert_eq!(
        (&*event.author, event.line, event.time),
        ("Ann", Some(2), 1_700_000_000 + 2 * 86_400)
    );
    let moved = story
        .events
        .iter()
        .find(|e| e.path == y)
        .expect("it came in there");
    assert_eq!(moved.from.as_ref(), Some(&x));

    let fourth = built.commit(&files(&[("readme", "hello\n")]), &[third]);
    built.head(fourth);
    built.reference("refs/tags/v2.0", third);
    built.reference("refs/remotes/origin/main", second);
    let result = built.swept(false, 1);
    let story = story_of(&result, &token);
    assert_eq!(story.standing, Standing::InHistory);
    assert_eq!(story.references, ["main", "v2.0"]);
    assert_eq!(story.remotes, ["origin/main"]);
    assert_eq!(
        story.last_out().map(|e| e.commit.clone()),
        Some(fourth.to_string())
    );
    assert_eq!(story.exposed_days, Some(2));
    assert_eq!(story.blobs.len(), 1);
}

#[test]
fn a_secret_that_comes_back_has_two_intervals() {
    let (mut built, token) = (Built::new(), token(2));
    let (with, without) = (files(&[("a", &token)]), files(&[("a", "nothing\n")]));
    let mut last = built.commit(&without, &[]);
    let mut expected = Vec::new();
    for (files, change) in [
        (&with, Change::In),
        (&without, Change::Out),
        (&with, Change::In),
        (&without, Change::Out),
    ] {
        last = built.commit(files, &[last]);
        expected.push((change, last.to_string(), PathBuf::from("a")));
        // A commit that changes something else is no event.
        let mut other = (*files).clone();
        other.insert("b".into(), expected.len().to_string().into_bytes());
        last = built.commit(&other, &[last]);
    }
    built.head(last);
    assert_eq!(told(story_of(&built.swept(false, 2), &token)), expected);
}

#[test]
fn merges_bring_in_only_what_no_parent_has() {
    let (mut built, evil, kept, old) = (Built::new(), token(3), token(4), token(5));
    let base = built.commit(&files(&[("f", "base\n")]), &[]);
    // A branch that never saw `old`, one that brings `kept`, a merge that adds `evil` itself.
    let main1 = built.commit(&files(&[("f", "base\n"), ("old", &old)]), &[base]);
    let main2 = built.commit(&files(&[("f", "base\n")]), &[main1]);
    let side = built.commit(&files(&[("f", "base\n"), ("kept", &kept)]), &[main1]);
    let merge = built.commit(
        &files(&[("f", "base\n"), ("kept", &kept), ("evil", &evil)]),
        &[main2, side],
    );
    built.head(merge);
    let result = built.swept(false, 2);
    whole(&result);
    let at = |change, commit: Oid, path: &str| (change, commit.to_string(), PathBuf::from(path));
    assert_eq!(
        told(story_of(&result, &evil)),
        [at(Change::In, merge, "evil")]
    );
    assert_eq!(
        told(story_of(&result, &kept)),
        [at(Change::In, side, "kept")]
    );
    // `side` forked where it was, and took it out on its own.
    let mut expected = vec![
        at(Change::In, main1, "old"),
        at(Change::Out, main2, "old"),
        at(Change::Out, side, "old"),
    ];
    let mut story = told(story_of(&result, &old));
    expected.sort_by_key(|e| e.1.clone());
    story.sort_by_key(|e| e.1.clone());
    assert_eq!(story, expected, "the merge itself removes nothing");
}

#[test]
fn hidden_places_are_found_and_named() {
    let mut built = Built::new();
    let tokens: Vec<String> = (20..30).map(token).collect();
    let git = built.repository.path().to_owned();
    let base = built.commit(&files(&[("f", "base\n")]), &[]);
    // A message, a staged file, a dangling commit, a dangling blob, a tag of a blob and its
    // message, an old stash entry, a reflog entry, a note.
    let message = built.commit_as(
        &format!("oops {}\n", tokens[0]),
        &files(&[("f", "base\n")]),
        &[base],
    );
    let dangling = built.commit(&files(&[("d", &tokens[1])]), &[base]);
    built
        .repository
        .blob(tokens[2].as_bytes())
        .expect("written");
    let tagged = built
        .repository
        .blob(tokens[3].as_bytes())
        .expect("written");
    let who = Signature::new("T", "t@x.invalid", &Time::new(5, 0)).expect("who");
    let object = built.repository.find_object(tagged, None).expect("found");
    built
        .repository
        .tag(
            "blobtag",
            &object,
            &who,
            &format!("with {}", tokens[4]),
            false,
        )
        .expect("tagged");
    drop(object);
    let stash_old = built.commit(&files(&[("s", &tokens[5])]), &[base]);
    let stash_new = built.commit(&files(&[("s", "clean\n")]), &[base]);
    let reset = built.commit(&files(&[("r", &tokens[6])]), &[base]);
    built
        .repository
        .note(&who, &who, None, base, &tokens[7], false)
        .expect("noted");
    built.head(message);
    built.reference("refs/stash", stash_new);
    let line = |old: &str, new: Oid| format!("{old} {new} T <t@x> 5 +0000\tx\n");
    let zero = "0".repeat(40);
    fs::create_dir_all(git.join("logs/refs")).expect("made");
    let log = line(&zero, stash_old) + &line(&stash_old.to_string(), stash_new);
    fs::write(git.join("logs/refs/stash"), log).expect("written");
    let log =
        line(&zero, base) + &line(&base.to_string(), reset) + &line(&reset.to_string(), message);
    fs::write(git.join("logs/HEAD"), log).expect("written");
    fs::write(built.dir.path().join("staged.env"), &tokens[8]).expect("written");
    let mut index = built.repository.index().expect("an index");
    index.add_path(Path::new("staged.env")).expect("added");
    index.write().expect("written");

    let result = built.swept(false, 2);
    whole(&result);
    let held = |n: usize| {
        let story = story_of(&result, &tokens[n]);
        (
            story.standing,
            story.holders.join(" "),
            story.references.join(" "),
        )
    };
    assert_eq!(held(0), (Standing::InHistory, String::new(), "main".into()));
    let short = &dangling.to_string()[..12];
    assert_eq!(
        held(1),
        (
            Standing::Unreachable,
            format!("dangling commit {short}"),
            String::new()
        )
    );
    assert!(held(2).1.starts_with("dangling object "), "{:?}", held(2));
    assert_eq!(held(3).2, "blobtag");
    assert_eq!(held(4).2, "blobtag");
    assert_eq!(
        held(5),
        (Standing::Unreachable, "stash@{1}".into(), String::new())
    );
    assert_eq!(
        held(6),
        (Standing::Unreachable, "HEAD@{1}".into(), String::new())
    );
    assert_eq!(held(7).2, "refs/notes/commits");
    assert_eq!(
        held(8),
        (
            Standing::Unreachable,
            "index: staged.env".into(),
            String::new()
        )
    );
    assert_eq!(result.scan.findings.len(), 9);
    assert_eq!(
        story_of(&result, &tokens[0]).events[0].commit,
        message.to_string()
    );
}

/// A commit, its parents, its files.
type Made = (Oid, Vec<Oid>, Files);

/// A random history: branches, merges, renames, secrets that come and go.
fn random(seed: u64, commits: usize) -> (Built, Vec<String>, Vec<Made>) {
    let (mut built, mut s) = (Built::new(), Sampler::new(seed));
    let tokens: Vec<String> = (0..4).map(|i| token(seed * 100 + i)).collect();
    let paths = ["a.env", "b/c.env", "b/d/e.env", "f.txt"];
    let lines: Vec<String> = (0..300).map(|i| format!("line {i} of some file")).collect();
    let filler = lines.join("\n") + "\n";
    let mut made: Vec<Made> = Vec::new();
    for n in 0..commits {
        let mut parents: Vec<usize> = Vec::new();
        if n > 0 {
            parents.push(if s.below(4) == 0 { s.below(n) } else { n - 1 });
            if s.below(4) == 0 {
                let other = s.below(n);
                if !parents.contains(&other) {
                    parents.push(other);
                }
            }
        }
        let mut files = match parents.first() {
            Some(p) => made[*p].2.clone(),
            None => Files::from([("f.txt".to_owned(), filler.clone().into_bytes())]),
        };
        for _ in 0..s.below(3) {
            let path = paths[s.below(paths.len())].to_owned();
            match s.below(5) {
                0 => {
                    files.remove(&path);
                }
                1 => {
                    let text = files.remove(&path).unwrap_or_default();
                    files.insert(paths[s.below(paths.len())].to_owned(), text);
                }
                2 => {
                    let token = &tokens[s.below(tokens.len())];
                    let text = String::from_utf8(files.get(&path).cloned().unwrap_or_default())
                        .expect("UTF-8");
                    let lines: Vec<&str> = text
                        .lines()
                        .filter(|l| !l.contains(token.as_str()))
                        .collect();
                    files.insert(path, (lines.join("\n") + "\n").into_bytes());
                }
                _ => {
                    let token = &tokens[s.below(tokens.len())];
                    let text = files
                        .entry(path)
                        .or_insert_with(|| filler.clone().into_bytes());
                    let line = format!("version {n}\nkey = {token}\n");
                    text.splice(0..0, line.into_bytes());
                }
            }
        }
        let ids: Vec<Oid> = parents.iter().map(|p| made[*p].0).collect();
        let id = built.commit_as(&format!("change {n}"), &files, &ids);
        made.push((id, ids, files));
    }
    built.head(made[commits - 1].0);
    (built, tokens, made)
}

/// The events of a token by the definition, over whole files of every commit.
fn recount(token: &str, made: &[Made]) -> BTreeSet<(bool, String, String)> {
    let has = |n: usize, path: &str| {
        let text = made[n].2.get(path);
        text.is_some_and(|t| t.windows(token.len()).any(|w| w == token.as_bytes()))
    };
    let number = |id: &Oid| made.iter().position(|m| m.0 == *id).expect("made before");
    let paths: BTreeSet<&String> = made.iter().flat_map(|m| m.2.keys()).collect();
    let mut events = BTreeSet::new();
    for path in paths {
        // Whether a commit or an ancestor of it ever had it.
        let mut ever = Vec::new();
        for (n, (id, parents, _)) in made.iter().enumerate() {
            let parents: Vec<usize> = parents.iter().map(number).collect();
            let now = has(n, path);
            ever.push(now || parents.iter().any(|p| ever[*p]));
            let before = parents.iter().any(|p| has(*p, path));
            if now && !before {
                events.insert((true, id.to_string(), path.clone()));
            }
            let others = parents.iter().all(|p| has(*p, path) || !ever[*p]);
            if !now && before && others {
                events.insert((false, id.to_string(), path.clone()));
            }
        }
    }
    events
}

#[test]
fn stories_are_what_a_recount_over_every_commit_gives() {
    let mut events = 0;
    for seed in 1..=6 {
        let (built, tokens, made) = random(seed, 40);
        let result = built.swept(false, 2);
        whole(&result);
        for token in &tokens {
            let expected = recount(token, &made);
            let found = result.scan.findings.iter().zip(&result.stories);
            let story = found
                .filter(|(f, _)| f.secret.expose() == token.as_bytes())
                .map(|f| f.1);
            let told: BTreeSet<(bool, String, String)> = story
                .flat_map(|s| &s.events)
                .map(|e| {
                    (
                        e.change == Change::In,
                        e.commit.clone(),
                        e.path.to_string_lossy().into_owned(),
                    )
                })
                .collect();
            assert_eq!(told, expected, "seed {seed}");
            events += told.len();
        }
    }
    assert!(events > 100, "{events} events");
}

/// The report, without how much was searched for it: that depends on how objects are stored.
fn report(result: &HistoryResult) -> Vec<u8> {
    let mut result = result.clone();
    result.read.searched_bytes = 0;
    let mut out = Vec::new();
    let written = Format::Json
        .report()
        .write_history(&result, &ReportOptions::default(), &mut out);
    written.expect("a vector takes all");
    out
}

/// Packs everything, as gc does: most objects become deltas.
fn pack(built: &Built) {
    let mut builder = built.repository.packbuilder().expect("a builder");
    let mut ids = Vec::new();
    let odb = built.repository.odb().expect("a store");
    odb.foreach(|id| {
        ids.push(*id);
        true
    })
    .expect("listed");
    for id in &ids {
        builder.insert_object(*id, Some("x")).expect("inserted");
    }
    builder
        .write(&built.repository.path().join("objects/pack"), 0)
        .expect("written");
    for id in &ids {
        let hex = id.to_string();
        let loose = built
            .repository
            .path()
            .join("objects")
            .join(&hex[..2])
            .join(&hex[2..]);
        let _ = fs::remove_file(loose);
    }
}

#[test]
fn loose_packed_full_and_at_any_number_of_threads_is_the_same() {
    for seed in 11..=13 {
        let (built, _, _) = random(seed, 50);
        let loose = report(&built.swept(false, 2));
        pack(&built);
        let result = built.swept(false, 2);
        whole(&result);
        assert!(result.scan.findings.len() >= 2);
        assert!(
            report(&result) == loose,
            "seed {seed}: packed is not as loose"
        );
        assert!(
            report(&built.swept(true, 2)) == loose,
            "seed {seed}: inherited is not as full"
        );
        assert!(
            report(&built.swept(false, 1)) == loose,
            "seed {seed}: one thread tells another"
        );
        assert!(
            report(&built.swept(false, 5)) == loose,
            "seed {seed}: five threads tell another"
        );
    }
}

#[test]
fn what_is_missing_or_damaged_is_never_clean() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = HistoryOptions {
        repository: dir.path().to_owned(),
        ..HistoryOptions::default()
    };
    assert!(
        history(&options).expect("told").scan.is_incomplete(),
        "no repository"
    );

    let (built, _, made) = random(21, 6);
    assert!(!built.swept(false, 1).scan.is_incomplete());
    let tree = built
        .repository
        .find_commit(made[3].0)
        .expect("found")
        .tree_id()
        .to_string();
    let loose = built
        .repository
        .path()
        .join("objects")
        .join(&tree[..2])
        .join(&tree[2..]);
    fs::remove_file(loose).expect("removed");
    let result = built.swept(false, 1);
    assert!(result.scan.is_incomplete(), "a commit's tree is gone");
}

/// Every format says the story and no secret.
#[test]
fn reports_tell_stories_and_no_secret() {
    let (built, tokens, _) = random(31, 30);
    let result = built.swept(false, 2);
    let json = jsonschema::validator_for(&straykey::reports::json_schema()).expect("a schema");
    let jsonl = jsonschema::validator_for(&straykey::reports::jsonl_schema()).expect("a schema");
    for format in Format::ALL {
        let mut out = Vec::new();
        let report = format.report();
        report
            .write_history(&result, &ReportOptions::default(), &mut out)
            .expect("written");
        let text = String::from_utf8(out).expect("UTF-8");
        for token in &tokens {
            assert!(
                !text.contains(token.as_str()),
                "{} tells a secret",
                format.word()
            );
        }
        let first = result.stories[0].first_in().expect("it came in");
        assert!(
            text.contains(&first.commit[..9]),
            "{} tells no commit",
            format.word()
        );
        match format {
            Format::Json => {
                let value = serde_json::from_str(&text).expect("JSON");
                if let Err(e) = json.validate(&value) {
                    panic!("{} at {}", e.masked(), e.instance_path());
                }
            }
            Format::Jsonl => {
                for line in text.lines() {
                    let value = serde_json::from_str(line).expect("JSON");
                    if let Err(e) = jsonl.validate(&value) {
                        panic!("{} at {}", e.masked(), e.instance_path());
                    }
                }
            }
            _ => {}
        }
    }
}

/// The commits that `from` reaches, by their places in `made`.
fn reached(made: &[Made], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([from]);
    for n in (0..=from).rev() {
        if reached.contains(&n) {
            let parents = made[n].1.iter();
            let places = parents.map(|id| made.iter().position(|m| m.0 == *id).expect("made"));
            reached.extend(places);
        }
    }
    reached
}

/// Ways to narrow a history of forty commits: with the commits that are meant, and where their
/// paths begin. `side` is commit 25.
fn ways(made: &[Made]) -> Vec<(Narrow, BTreeSet<usize>, &'static str)> {
    let days = |n: usize| 1_700_000_000 + 86_400 * (n as i64 + 1);
    let moment = |time: i64| {
        Some(Moment {
            written: time.to_string(),
            time,
        })
    };
    let short = made[12].0.to_string()[..10].to_owned();
    let all: BTreeSet<usize> = (0..40).collect();
    let since = |n: usize| (n..40).collect::<BTreeSet<usize>>();
    vec![
        (
            Narrow {
                since: moment(days(20)),
                ..Narrow::default()
            },
            since(20),
            "",
        ),
        (
            Narrow {
                since: moment(days(36) - 1),
                until: moment(days(38) + 1),
                ..Narrow::default()
            },
            BTreeSet::from([36, 37, 38]),
            "",
        ),
        (
            Narrow {
                until: moment(days(3)),
                paths: vec!["/b/".into()],
                ..Narrow::default()
            },
            (0..=3).collect(),
            "b/",
        ),
        (
            Narrow {
                refs: vec!["side".into()],
                ..Narrow::default()
            },
            reached(made, 25),
            "",
        ),
        (
            Narrow {
                refs: vec![short, "refs/heads/side".into()],
                since: moment(days(10)),
                ..Narrow::default()
            },
            &(&reached(made, 25) | &reached(made, 12)) & &since(10),
            "",
        ),
        (
            Narrow {
                paths: vec!["d/".into()],
                ..Narrow::default()
            },
            all,
            "b/d/",
        ),
    ]
}

#[test]
fn what_is_told_of_a_narrowed_history_is_what_a_recount_gives() {
    let (mut told_of, mut left_out) = (0, 0);
    for seed in 41..=44 {
        let (built, tokens, made) = random(seed, 40);
        built.reference("refs/heads/side", made[25].0);
        for (narrow, commits, below) in ways(&made) {
            let ids: BTreeSet<String> = commits.iter().map(|n| made[*n].0.to_string()).collect();
            let mut options = built.options();
            options.narrow = narrow.clone();
            let result = history(&options).expect("swept");
            whole(&result);
            for token in &tokens {
                let came_in: BTreeSet<PathBuf> = recount(token, &made)
                    .into_iter()
                    .filter(|(is_in, commit, path)| {
                        *is_in && ids.contains(commit) && path.starts_with(below)
                    })
                    .map(|event| event.2.into())
                    .collect();
                let mut findings = result.scan.findings.iter();
                let found = findings.find(|f| f.secret.expose() == token.as_bytes());
                let paths = found.map_or(BTreeSet::new(), |f| {
                    f.occurrences.iter().map(|o| o.path.clone()).collect()
                });
                assert_eq!(paths, came_in, "seed {seed}: {narrow:?}");
                *(if paths.is_empty() {
                    &mut left_out
                } else {
                    &mut told_of
                }) += 1;
            }
            let narrowed = result.read.narrowed.as_ref().expect("it says so");
            assert_eq!(narrowed.commits, commits.len() as u64);
            assert_eq!(narrowed.commits_left_out, 40 - commits.len() as u64);
            let every = built.swept(false, 1);
            let out = every.scan.findings.len() - result.scan.findings.len();
            assert_eq!(narrowed.findings_left_out, out as u64);
            // Those that are told have all of their past.
            for (found, story) in result.scan.findings.iter().zip(&result.stories) {
                let token = String::from_utf8_lossy(found.secret.expose()).into_owned();
                assert_eq!(story, story_of(&every, &token));
            }
        }
    }
    assert!(told_of > 20 && left_out > 10, "{told_of}, {left_out}");
}

#[test]
fn references_are_found_by_the_names_that_git_knows() {
    let (mut built, tokens) = (Built::new(), (61..65).map(token).collect::<Vec<_>>());
    let first = built.commit(&files(&[("a", &tokens[0])]), &[]);
    let second = built.commit(&files(&[("b", &tokens[1])]), &[first]);
    let third = built.commit(&files(&[("c", &tokens[2])]), &[second]);
    built.head(third);
    // A tag wins over a branch of the same name.
    built.reference("refs/tags/x", first);
    built.reference("refs/heads/x", third);
    built.reference("refs/remotes/origin/HEAD", second);
    let blob = built.repository.blob(tokens[3].as_bytes()).expect("blob");
    let object = built.repository.find_object(blob, None).expect("found");
    let who = Signature::new("T", "t@x.invalid", &Time::new(5, 0)).expect("who");
    let tag = built.repository.tag("of-blob", &object, &who, "m", false);
    tag.expect("tagged");
    let told = |name: &str| {
        let mut options = built.options();
        options.narrow.refs = vec![name.to_owned()];
        let result = history(&options).expect("swept");
        if result.scan.is_incomplete() {
            return None;
        }
        let found = result.scan.findings.iter().map(|f| f.secret.expose());
        let place = |secret: &[u8]| tokens.iter().position(|t| t.as_bytes() == secret);
        let mut numbers: Vec<usize> = found.filter_map(place).collect();
        numbers.sort_unstable();
        Some(numbers)
    };
    for (name, expected) in [
        ("HEAD", &[0, 1, 2][..]),
        ("main", &[0, 1, 2]),
        ("refs/heads/main", &[0, 1, 2]),
        ("heads/x", &[0, 1, 2]),
        ("x", &[0]),
        ("tags/x", &[0]),
        ("origin", &[0, 1]),
        ("origin/HEAD", &[0, 1]),
        ("of-blob", &[3]),
        (&second.to_string(), &[0, 1]),
        (&second.to_string()[..7], &[0, 1]),
        (&blob.to_string(), &[3]),
    ] {
        assert_eq!(told(name).as_deref(), Some(expected), "{name}");
    }
    for unknown in ["y", "refs/heads/y", "", "main~1", &"1".repeat(40)] {
        assert_eq!(told(unknown), None, "'{unknown}'");
    }
}

/// The paths at which commits brought a secret in.
fn paths_of(result: &HistoryResult, secret: &[u8]) -> BTreeSet<PathBuf> {
    let found = result.scan.findings.iter().zip(&result.stories);
    let stories = found
        .filter(|(f, _)| f.secret.expose() == secret)
        .map(|f| f.1);
    stories
        .flat_map(|story| &story.events)
        .map(|event| event.path.clone())
        .collect()
}

/// Wherever a sweep is interrupted, it says so, and tells nothing that is not so.
#[test]
fn an_interrupted_sweep_is_told_at_every_place_it_can_end() {
    let (built, tokens, _) = random(51, 12);
    pack(&built);
    let every = built.swept(false, 1);
    let (mut ended, mut with_findings) = (0, 0);
    for questions in 0.. {
        let mut options = built.options();
        options.scan.threads = 1;
        options.scan.stop = Stop::after(questions);
        let result = history(&options).expect("swept");
        let codes: Vec<&str> = result.scan.skips.iter().map(|s| s.reason.code()).collect();
        if codes.is_empty() {
            assert_eq!(report(&result), report(&every));
            break;
        }
        ended += 1;
        assert!(codes.iter().all(|code| *code == "interrupted"), "{codes:?}");
        with_findings += usize::from(!result.scan.findings.is_empty());
        for (found, story) in result.scan.findings.iter().zip(&result.stories) {
            assert!(tokens.iter().any(|t| t.as_bytes() == found.secret.expose()));
            assert_eq!(story.standing, Standing::Unknown);
            assert!(!story.blobs.is_empty());
            let known = paths_of(&every, found.secret.expose());
            for o in &found.occurrences {
                let path = &o.path;
                assert!(path == Path::new("blob:unknown") || known.contains(path));
            }
            assert_eq!(story.events, []);
        }
        for format in Format::ALL {
            let written =
                format
                    .report()
                    .write_history(&result, &ReportOptions::default(), &mut Vec::new());
            written.expect("a vector takes all");
        }
    }
    assert!(ended > 50 && with_findings > 20, "{ended}, {with_findings}");
}
