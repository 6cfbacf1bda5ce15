//! `inventory --store`: what was told at a time, kept and held against a later one; by runs that are
//! killed, by runs at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use straykey::store::{Run, RunStore};

use super::common;
use super::repository::{Made, token};
use super::secrets::{forms, holds};

fn told(made: &Made, args: &[&str]) -> common::Run {
    let folder = made.path();
    common::straykey(folder.parent().expect("it has one"), args)
}

/// Keeps the inventory of a day; the ids of its records, by the last four signs of their labels.
fn kept(made: &Made, day: &str, ids: &mut BTreeMap<String, String>) {
    let run = told(
        made,
        &[
            "inventory",
            "repo",
            "--store",
            "store.db",
            "--as-of",
            day,
            "-f",
            "json",
        ],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    for record in value["records"].as_array().expect("records") {
        let label = record["label"].as_str().expect("a label");
        let id = record["id"].as_str().expect("an id");
        ids.insert(label[label.len() - 4..].to_owned(), id.to_owned());
    }
}

fn end(n: u64) -> String {
    let token = token(n);
    token[token.len() - 4..].to_owned()
}

/// What a diff tells: kind of change, and whose.
fn changes(made: &Made, from: &str, to: &str) -> BTreeSet<(String, String)> {
    let args = [
        "inventory",
        "diff",
        "--store",
        "store.db",
        "--from",
        from,
        "--to",
        to,
        "--json",
        "--repo",
        "repo",
    ];
    let run = told(made, &args);
    assert_eq!(run.code, 0, "{}", run.err);
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let all = value.as_array().expect("changes").iter();
    all.map(|c| (text(&c["what"]), text(&c["id"]))).collect()
}

/// 2023-11-14, when the clock of [`Made`] begins, and days after it, worked out by hand.
#[test]
#[expect(clippy::too_many_lines, reason = "one day after the other")]
fn two_days_are_held_against_each_other() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    let mut ids = BTreeMap::new();
    let env = |n| format!("GH_TOKEN={}\n", token(n));
    let old = format!("#!/bin/sh\nexport OLD_TOKEN={}\n", token(5));
    made.write("CODEOWNERS", "* @acme/one\n");
    made.write("deploy/prod.env", &env(1));
    made.write("tools/old.sh", &old);
    made.commit("begin");
    kept(&made, "2023-11-20", &mut ids);

    // 30 days later, 2023-12-14: one is replaced, one goes, one comes, and all have another owner.
    made.wait(30);
    made.write("CODEOWNERS", "* @acme/two\n");
    made.write("deploy/prod.env", &env(2));
    fs::remove_file(made.path().join("tools/old.sh")).expect("removed");
    made.write("src/a.py", &format!("token = \"{}\"\n", token(6)));
    made.commit("turn");
    kept(&made, "2023-12-31", &mut ids);

    // 40 more, 2024-01-23: it is back.
    made.wait(40);
    made.write("tools/old.sh", &old);
    made.commit("back");
    kept(&made, "2024-11-01", &mut ids);

    // One history is taken away.
    made.wait(400);
    made.must(&["checkout", "-q", "--orphan", "new"]);
    fs::remove_file(made.path().join("src/a.py")).expect("removed");
    made.commit("anew");
    made.must(&["branch", "-D", "main"]);
    made.must(&["reflog", "expire", "--expire=now", "--all"]);
    made.must(&["gc", "-q", "--prune=now"]);
    kept(&made, "2025-06-01", &mut ids);

    let of = |n| ids[&end(n)].clone();
    let has = |all: &BTreeSet<(String, String)>, what: &str, n| {
        assert!(
            all.contains(&(what.to_owned(), of(n))),
            "{what} of {n}: {all:?}"
        );
    };
    let only = |all: &BTreeSet<(String, String)>, what: &str, which: &[u64]| {
        let found = all.iter().filter(|c| c.0 == what).map(|c| c.1.clone());
        let found: BTreeSet<String> = found.collect();
        let expected: BTreeSet<String> = which.iter().map(|n| of(*n)).collect();
        assert_eq!(found, expected, "{what}");
    };
    let first = changes(&made, "2023-11-20", "2023-12-31");
    only(&first, "added", &[2, 6]);
    only(&first, "rotated", &[1]);
    only(&first, "removed", &[5]);
    only(&first, "resurrected", &[]);
    only(&first, "gone", &[]);
    only(&first, "overdue", &[]);
    let second = changes(&made, "2023-12-31", "2024-11-01");
    only(&second, "resurrected", &[5]);
    // What works until it is revoked is due within a year at most.
    for n in [2, 6] {
        has(&second, "overdue", n);
    }
    only(&second, "added", &[]);
    // Days between runs are told by the run before them; the last is the default.
    assert_eq!(changes(&made, "2024-01-05", "2025-01-01"), second);
    let third = changes(&made, "2024-11-01", "2025-06-01");
    only(&third, "gone", &[1, 6]);
    // An owner that changed, as people read it.
    let owner = told(
        &made,
        &[
            "inventory",
            "diff",
            "--store",
            "store.db",
            "--from",
            "2023-11-20",
        ],
    );
    assert_eq!(owner.code, 0, "{}", owner.err);
    assert!(
        owner
            .out
            .contains("@acme/one (inferred) -> @acme/two (inferred)"),
        "{}",
        owner.out
    );
    assert!(
        owner
            .err
            .contains("as of 2023-11-20T23:59:59Z: 2 credentials"),
        "{}",
        owner.err
    );

    // Before the first there is nothing to hold against; and what is no store stays none.
    for (args, words) in [
        (
            &["--store", "store.db", "--from", "2023-11-01"][..],
            "the first is of 2023-11-20",
        ),
        (
            &["--store", "no.db", "--from", "2023-11-01"],
            "cannot read no.db",
        ),
        (
            &[
                "--store",
                "store.db",
                "--from",
                "2024-11-01",
                "--to",
                "2023-12-01",
            ],
            "--to is before --from",
        ),
        (
            &[
                "--store",
                "store.db",
                "--from",
                "2023-12-31",
                "--repo",
                "elsewhere",
            ],
            "name one with --repo",
        ),
    ] {
        let run = told(&made, &[&["inventory", "diff"], args].concat());
        assert_eq!((run.code, &*run.out), (2, ""), "{args:?}");
        assert!(run.err.contains(words), "{args:?}: {}", run.err);
    }
    let folder = made.path();
    assert!(!folder.with_file_name("no.db").exists());
}

#[test]
fn no_secret_is_kept_and_nobody_else_may_read() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    let mut planted: Vec<String> = (0..4).map(token).collect();
    planted.extend((0..4).map(common::password));
    for (i, secret) in planted.iter().enumerate() {
        made.write(
            &format!("folder-{i}/a.env"),
            &format!("password = \"{secret}\"\n"),
        );
    }
    made.commit(&format!("message that tells {}", token(20)));
    planted.push(token(20));
    // A connection that stays open keeps the log that stands beside the file.
    let open = RunStore::open(&made.store()).expect("opened");
    let run = told(
        &made,
        &["inventory", "repo", "--store", "store.db", "-f", "json"],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    let runs = open.runs().expect("read");
    let (_, texts) = open
        .at(&runs[0].scope, i64::MAX)
        .expect("read")
        .expect("one");
    assert!(texts.len() >= planted.len(), "{}", texts.len());
    assert!(
        texts.iter().any(|t| t.contains("folder-3/a.env")),
        "records are there"
    );
    let mut files = vec![texts.join("\n").into_bytes()];
    for end in ["", "-wal", "-shm"] {
        let path = made.store().with_file_name(format!("store.db{end}"));
        let Ok(file) = fs::read(&path) else { continue };
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        files.push(file);
    }
    assert!(files.len() >= 3, "the log was looked at, too");
    for file in &files {
        for secret in &planted {
            for form in forms(secret) {
                assert!(!holds(file, &form), "a form of what was planted is there");
            }
        }
    }
}

/// The run of a number: a day of its own, and texts that do not pack well.
fn numbered(scope: &str, n: i64) -> (Run, Vec<String>) {
    let mut seed = n as u64 + 1;
    let mut text = || {
        let mut out = String::new();
        for _ in 0..60 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            let _ = write!(out, "{seed:016x}");
        }
        out
    };
    let texts: Vec<String> = (0..1_000).map(|_| text()).collect();
    let run = Run {
        scope: scope.to_owned(),
        as_of: n * 86_400,
        taken: n * 86_400,
        program: "1".to_owned(),
        how: String::new(),
        complete: true,
        records: texts.len(),
    };
    (run, texts)
}

/// No test, but the program that the two tests below start and kill: keeps one run after the other,
/// and says of each that it is kept.
#[test]
#[ignore = "a program that other tests start"]
fn keeps_until_it_is_killed() {
    let Ok(named) = std::env::var("STRAYKEY_TEST_KEEPS") else {
        return;
    };
    let (path, rest) = named.split_once('|').expect("a path");
    let (scope, rest) = rest.split_once('|').expect("a scope");
    let (from, to) = rest.split_once('|').expect("numbers");
    let store = RunStore::open(Path::new(path)).expect("opened");
    for n in from.parse().expect("a number")..to.parse().expect("a number") {
        let (run, texts) = numbered(scope, n);
        store.add(&run, &texts).expect("kept");
        eprintln!("kept {n}");
    }
}

fn keeper(store: &Path, scope: &str, from: i64, to: i64) -> Child {
    let named = format!("{}|{scope}|{from}|{to}", store.display());
    Command::new(std::env::current_exe().expect("this program"))
        .args([
            "kept::keeps_until_it_is_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env("STRAYKEY_TEST_KEEPS", named)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program starts")
}

/// The numbers that a keeper said are kept, to its end.
fn said(child: &mut Child) -> Vec<i64> {
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let numbers = lines.filter_map(|line| line.ok()?.strip_prefix("kept ")?.parse().ok());
    let numbers = numbers.collect();
    child.wait().expect("it ends");
    numbers
}

/// Every run is there as it was made.
fn are_whole(store: &Path, scope: &str) -> BTreeSet<i64> {
    let open = RunStore::open(store).expect("opened");
    let runs = open.runs().expect("read");
    let mut all = BTreeSet::new();
    for run in runs.into_iter().filter(|run| run.scope == scope) {
        let n = run.as_of / 86_400;
        let found = open.at(scope, run.as_of).expect("whole").expect("there");
        assert_eq!(found, numbered(scope, n), "{scope} {n}");
        all.insert(n);
    }
    all
}

#[test]
fn a_keeper_that_is_killed_loses_nothing_that_it_said_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = dir.path().join("store.db");
    let (mut next, mut known) = (0i64, BTreeSet::new());
    let mut killed = 0;
    for round in 0..12u64 {
        let mut child = keeper(&store, "a", next, next + 1_000);
        // Killed before it began, in the middle, and in between: at another moment each time.
        std::thread::sleep(Duration::from_millis(7 + 23 * round));
        if round % 3 == 2 {
            // Not before something is kept.
            for _ in 0..500 {
                let is_there = fs::metadata(&store).is_ok_and(|m| m.len() > 0)
                    && RunStore::open(&store)
                        .is_ok_and(|s| s.runs().is_ok_and(|r| r.len() > known.len()));
                if is_there {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        child.kill().expect("killed");
        killed += 1;
        known.extend(said(&mut child));
        let there = are_whole(&store, "a");
        assert!(
            there.is_superset(&known),
            "round {round}: {there:?} of {known:?}"
        );
        let open = rusqlite::Connection::open(&store).expect("opened");
        let sound: String = open
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("checked");
        assert_eq!(sound, "ok");
        let lost = "SELECT count(*) FROM pack WHERE run NOT IN (SELECT id FROM run)";
        assert_eq!(
            open.query_row(lost, [], |row| row.get(0)),
            Ok(0),
            "packs of no run"
        );
        known = there;
        next = known.last().map_or(0, |n| n + 1);
    }
    assert!(
        known.len() >= 4 && killed == 12,
        "{known:?}: it was killed too early to tell"
    );
}

#[test]
fn keepers_at_the_same_time_lose_nothing() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    made.write("a.env", &format!("key = {}\n", token(1)));
    made.commit("begin");
    let store = made.store();
    let mut keepers: Vec<Child> = ["a", "b", "c"].map(|s| keeper(&store, s, 0, 12)).into();
    let mut ids = BTreeMap::new();
    // Meanwhile the program itself works in the same file, sweeping and keeping.
    for day in ["2024-01-01", "2024-01-02", "2024-01-03"] {
        kept(&made, day, &mut ids);
    }
    for (child, scope) in keepers.iter_mut().zip(["a", "b", "c"]) {
        assert_eq!(said(child), (0..12).collect::<Vec<_>>(), "{scope}");
        assert_eq!(are_whole(&store, scope), (0..12).collect(), "{scope}");
    }
    let runs = RunStore::open(&store)
        .expect("opened")
        .runs()
        .expect("read");
    assert_eq!(runs.len(), 3 * 12 + 3);
    assert!(changes(&made, "2024-01-01", "2024-01-03").is_empty());
}
