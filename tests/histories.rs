//! `straykey history` over several repositories, narrowed, interrupted, and with objects that are
//! not what they are called.

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use common::{Run, command, password, secret, straykey, with_input};
use git2::{Oid, Repository, Signature, Time};
use serde_json::Value;

const DAY: i64 = 86_400;
/// 2023-11-14T22:13:20Z.
const BEGIN: i64 = 1_700_000_000;

/// Commits files, all in one folder, on a day; moves `main` there.
fn commit(repository: &Repository, day: i64, files: &[(&str, &str)], parents: &[Oid]) -> Oid {
    let time = Time::new(BEGIN + day * DAY, 0);
    let who = Signature::new("Ann", "ann@x.invalid", &time).expect("who");
    let mut builder = repository.treebuilder(None).expect("a builder");
    for (name, text) in files {
        let blob = repository.blob(text.as_bytes()).expect("written");
        builder.insert(name, blob, 0o100_644).expect("inserted");
    }
    let tree = builder.write().expect("written");
    let tree = repository.find_tree(tree).expect("found");
    let parents: Vec<_> = parents
        .iter()
        .map(|p| repository.find_commit(*p).expect("found"))
        .collect();
    let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
    let id = repository
        .commit(None, &who, &who, "change", &tree, &parents)
        .expect("committed");
    repository
        .reference("refs/heads/main", id, true, "")
        .expect("set");
    repository.set_head("refs/heads/main").expect("set");
    let _ = fs::remove_dir_all(repository.path().join("logs"));
    id
}

fn init(path: &Path) -> Repository {
    Repository::init(path).expect("a repository")
}

fn token(seed: u64) -> String {
    secret("github.pat-classic", seed)
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", run.out, run.err))
}

fn texts<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    let list = list.as_array().expect("a list");
    list.iter().filter_map(|v| v[name].as_str()).collect()
}

/// Three clones, one of which has nothing, and a folder that only looks like one. The first token
/// stands at the head of `a`, and stood in `b` before; the second in `b` alone.
fn clones() -> (tempfile::TempDir, [String; 2]) {
    let dir = tempfile::tempdir().expect("a folder");
    let (shared, own) = (token(1), token(2));
    let at = |name: &str| dir.path().join("clones").join(name);
    let a = init(&at("a"));
    let first = commit(&a, 5, &[("f", "x\n")], &[]);
    commit(&a, 6, &[("f", "x\n"), ("x.env", &shared)], &[first]);
    let b = init(&at("team/b"));
    let first = commit(&b, 1, &[("y.env", &shared)], &[]);
    let second = commit(&b, 2, &[("f", "y\n")], &[first]);
    commit(&b, 3, &[("f", "y\n"), ("own.env", &own)], &[second]);
    commit(&init(&at("team/c")), 1, &[("f", "z\n")], &[]);
    fs::create_dir_all(at("team/failed/.git")).expect("made");
    (dir, [shared, own])
}

#[test]
fn a_secret_in_several_repositories_is_one_finding() {
    let (dir, tokens) = clones();
    let run = straykey(
        dir.path(),
        &["history", "--recursive", "clones", "-f", "json"],
    );
    assert_eq!(run.code, 2, "one could not be read: {}", run.err);
    let told = json(&run);
    let schema = jsonschema::validator_for(&straykey::reports::json_schema()).expect("a schema");
    assert!(schema.is_valid(&told));
    let repositories = texts(&told["repositories"], "repository");
    assert_eq!(repositories, ["clones/a", "clones/team/b", "clones/team/c"]);
    assert_eq!(told["history"], Value::Null);
    assert_eq!(told["complete"], false);
    assert_eq!(told["skips"][0]["path"], "clones/team/failed");
    assert_eq!(told["skips"].as_array().expect("a list").len(), 1);

    let findings = told["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 2);
    // Of the same severity the one in two repositories comes first.
    let shared = &findings[0];
    let stories = &shared["stories"];
    assert_eq!(texts(stories, "repository"), ["clones/a", "clones/team/b"]);
    assert_eq!(texts(stories, "standing"), ["at-head", "history-only"]);
    let occurrences = &shared["occurrences"];
    assert_eq!(
        texts(occurrences, "repository"),
        ["clones/a", "clones/team/b"]
    );
    assert_eq!(texts(occurrences, "path"), ["x.env", "y.env"]);
    assert_eq!(shared["story"], Value::Null);
    let own = &findings[1];
    assert_eq!(texts(&own["stories"], "repository"), ["clones/team/b"]);
    assert_eq!(texts(&own["occurrences"], "path"), ["own.env"]);

    // What each of them says alone is what all say together.
    let alone = json(&straykey(
        &dir.path().join("clones/team/b"),
        &["history", "-f", "json"],
    ));
    assert_eq!(alone["repositories"], Value::Null);
    let prints = |told: &Value| {
        let list = told["findings"].as_array().expect("a list");
        let mut prints: Vec<String> = list.iter().map(|f| f["fingerprint"].to_string()).collect();
        prints.sort();
        prints
    };
    assert_eq!(prints(&alone), prints(&told));
    for token in tokens {
        assert!(!run.out.contains(&token) && !run.err.contains(&token));
    }
}

#[test]
fn every_format_says_which_repository() {
    let (dir, tokens) = clones();
    let args = [
        "history",
        "clones/a",
        "clones/team/b",
        "clones/team/c",
        "-f",
    ];
    let run = |format| {
        let run = straykey(dir.path(), &[&args[..], &[format]].concat());
        assert_eq!(run.code, 1, "{}\n{}", run.out, run.err);
        for token in &tokens {
            assert!(!run.out.contains(token), "{format} tells a secret");
        }
        run
    };
    let human = run("human").out;
    let has = |part: &str| assert!(human.contains(part), "{part} in:\n{human}");
    has("3/3 repositories, 18/18 objects");
    has("       1        1  CRITICAL  clones/a\n");
    has("       2        1  CRITICAL  clones/team/b\n");
    has("1 in which nothing was found\n");
    has("AT HEAD  in 2 repositories\n  of   clones/team/b  HISTORY ONLY\n  in   2023-11-15 ");
    has("  also clones/a  AT HEAD  in 2023-11-20 ");
    has("  of   clones/team/b\n  in   2023-11-17 ");
    has("2 findings; nothing sent");

    let lines = run("jsonl").out;
    let schema = jsonschema::validator_for(&straykey::reports::jsonl_schema()).expect("a schema");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(lines.iter().all(|line| schema.is_valid(line)));
    let told: Vec<(&str, &str, &str)> = lines
        .iter()
        .map(|line| {
            (
                line["repository"].as_str().expect("told"),
                line["path"].as_str().expect("told"),
                line["story"]["standing"].as_str().expect("told"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("clones/a", "x.env", "at-head"),
            ("clones/team/b", "y.env", "history-only"),
            ("clones/team/b", "own.env", "at-head"),
        ]
    );

    let sarif = json(&run("sarif"));
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    let told: Vec<(&str, &str)> = results
        .iter()
        .map(|r| {
            let place = &r["locations"][0]["physicalLocation"]["artifactLocation"];
            (
                place["uri"].as_str().expect("told"),
                r["properties"]["repository"].as_str().expect("told"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("clones/a/x.env", "clones/a"),
            ("clones/team/b/y.env", "clones/team/b"),
            ("clones/team/b/own.env", "clones/team/b"),
        ]
    );
}

#[test]
fn repositories_come_from_lists_too() {
    let (dir, _) = clones();
    let list = "# clones\n\nclones/a\r\n  \nclones/team/b\nclones/a\n";
    fs::write(dir.path().join("list"), list).expect("written");
    let args = ["history", "clones/a", "clones/team/b", "-f", "json"];
    let named = straykey(dir.path(), &args);
    assert_eq!(named.code, 1);
    let args = ["history", "--repos-from", "list", "-f", "json"];
    assert_eq!(straykey(dir.path(), &args).out, named.out);
    let args = ["history", "--repos-from", "-", "-f", "json"];
    let fed = with_input(dir.path(), &args, list.as_bytes());
    assert_eq!(fed.out, named.out);

    // What is named and is no repository is told: the one around it must not take its place.
    init(dir.path());
    fs::create_dir(dir.path().join("empty")).expect("made");
    for (args, told) in [
        (
            &["history", "clones/a", "empty"][..],
            "empty: cannot be read",
        ),
        (&["history", "clones/a", "gone"], "gone: cannot be read"),
        (&["history", "--recursive", "empty"], "no git repository"),
        (&["history", "--repos-from", "gone"], "cannot read gone"),
        (&["history", "--repos-from", "-"], "it names no repository"),
    ] {
        let run = straykey(dir.path(), args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!((run.out + &run.err).contains(told), "{args:?}: {told}");
    }
    let mut one = command(dir.path(), &["history", "clones/a", "clones/team/b"]);
    let done = one.env("GIT_OBJECT_DIRECTORY", "x").output().expect("run");
    assert_eq!(done.status.code(), Some(2));
    // One of a list is told as several are.
    let args = ["history", "--repos-from", "-", "-f", "json"];
    let told = json(&with_input(dir.path(), &args, b"clones/a\n"));
    assert_eq!(texts(&told["repositories"], "repository"), ["clones/a"]);
}

#[test]
fn passwords_of_two_repositories_are_the_same_only_if_they_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = |seed| format!("PASSWORD = \"{}\"\n", password(seed));
    for (name, seed) in [("a", 5), ("b", 5), ("c", 6)] {
        commit(
            &init(&dir.path().join(name)),
            1,
            &[("db.py", &text(seed))],
            &[],
        );
    }
    let told = json(&straykey(
        dir.path(),
        &["history", "a", "b", "c", "-f", "json"],
    ));
    let findings = told["findings"].as_array().expect("a list");
    let told: Vec<Vec<&str>> = findings
        .iter()
        .map(|f| texts(&f["stories"], "repository"))
        .collect();
    assert_eq!(told, [vec!["a", "b"], vec!["c"]]);
}

#[test]
fn a_narrowed_report_says_so_in_every_format() {
    let (dir, _) = clones();
    let a = dir.path().join("clones/a");
    // The token came in on day 6, which is 2023-11-20.
    let run = straykey(&a, &["history", "--since", "2023-11-21"]);
    assert_eq!(run.code, 0, "{}", run.out);
    let line = "NARROWED by --since 2023-11-21: 2 commits left out, 1 finding elsewhere not told\n";
    assert!(run.out.contains(line), "{}", run.out);
    assert!(
        run.out
            .contains("Clean: nothing found in what it was narrowed to"),
        "{}",
        run.out
    );
    let quiet = straykey(&a, &["history", "-q", "--since", "2023-11-21"]);
    assert_eq!(quiet.out, line);
    for (args, code) in [
        (&["--since", "2023-11-20"][..], 1),
        (&["--until", "2023-11-19"], 0),
        (&["--until", "2023-11-20"], 1),
        (
            &[
                "--since",
                "2023-11-20T22:13:20Z",
                "--until",
                "2023-11-20T22:13:20Z",
            ],
            1,
        ),
        (&["--since", "2023-11-20T22:13:21Z"], 0),
        (&["--until", "2023-11-20T23:13:19+01:00"], 0),
        (&["--ref", "main"], 1),
        (&["--ref", "gone"], 2),
        (&["--path", "*.env"], 1),
        (&["--path", "*.py", "--path", "*.js"], 0),
        (&["--path", "a["], 2),
        (&["--since", "2023-11-20", "--until", "2023-11-19"], 2),
        (&["--since", "yesterday"], 2),
    ] {
        let run = straykey(&a, &[&["history"], args].concat());
        assert_eq!(run.code, code, "{args:?}\n{}\n{}", run.out, run.err);
    }
    let narrow = |format| {
        let args = [
            "history",
            "--path",
            "*.env",
            "--until",
            "2023-11-30",
            "-q",
            "-f",
            format,
        ];
        let run = straykey(&a, &args);
        assert_eq!(run.code, 1);
        assert!(
            run.err
                .contains("narrowed by --until 2023-11-30 --path *.env: 0 commits left out"),
            "{format}: {}",
            run.err
        );
        run
    };
    let told = json(&narrow("json"));
    let narrowed = &told["history"]["narrowed"];
    assert_eq!(narrowed["by"][0], "--until 2023-11-30");
    assert_eq!(
        (
            narrowed["commits"].as_u64(),
            narrowed["findings_left_out"].as_u64()
        ),
        (Some(2), Some(0))
    );
    let line: Value = serde_json::from_str(narrow("jsonl").out.trim()).expect("one line");
    assert_eq!(line["narrowed_by"][1], "--path *.env");
    let sarif = json(&narrow("sarif"));
    let note = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    let text = note["message"]["text"].as_str().expect("told");
    assert!(text.starts_with("narrowed by --until"), "{text}");

    // Of several repositories the sums are told, and what lacks the reference is.
    let b = Repository::open(dir.path().join("clones/team/b")).expect("opened");
    let head = b.head().expect("a head").target().expect("a commit");
    b.reference("refs/heads/side", head, true, "").expect("set");
    let args = [
        "history",
        "clones/a",
        "clones/team/b",
        "--ref",
        "side",
        "-f",
        "json",
    ];
    let run = straykey(dir.path(), &args);
    let told = json(&run);
    assert_eq!(run.code, 2);
    assert_eq!(told["skips"][0]["path"], "clones/a");
    assert_eq!(told["findings"].as_array().expect("a list").len(), 2);
    assert_eq!(told["repositories"][0]["narrowed"]["commits"], 0);
    assert_eq!(told["repositories"][1]["narrowed"]["commits"], 3);
}

#[test]
fn objects_that_are_not_what_they_are_called_are_named() {
    let (dir, _) = clones();
    let a = dir.path().join("clones/a");
    let run = straykey(&a, &["history", "--verify-objects"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(
        run.out.starts_with("6/6 objects (ids verified)"),
        "{}",
        run.out
    );
    // A whole loose object under the name of another.
    let repository = Repository::open(&a).expect("opened");
    let path = |id: Oid| {
        let hex = id.to_string();
        repository
            .path()
            .join("objects")
            .join(&hex[..2])
            .join(&hex[2..])
    };
    let other = repository.blob(b"other\n").expect("written");
    let named = repository.blob(b"x\n").expect("written");
    fs::remove_file(path(named)).expect("removed");
    fs::copy(path(other), path(named)).expect("copied");
    assert_eq!(straykey(&a, &["history"]).code, 1, "nobody looked");
    let run = straykey(&a, &["history", "--verify-objects", "-f", "json"]);
    assert_eq!(run.code, 2);
    let told = json(&run);
    assert_eq!(told["skips"][0]["path"], format!("object {named}"));
    assert_eq!(told["skips"][0]["reason"], "corrupt");
    assert_eq!(told["skips"].as_array().expect("a list").len(), 1);
    assert_eq!(told["history"]["verified"], true);
}

/// What Ctrl-C does, with real signals.
#[cfg(unix)]
mod interrupted {
    use super::*;
    use std::io::Read as _;
    use std::process::{Child, Stdio};

    fn started(dir: &Path, args: &[&str]) -> Child {
        command(dir, args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    fn interrupt(child: &Child) {
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    }

    fn ended(child: Child) -> Run {
        let done = child.wait_with_output().expect("the program ends");
        Run {
            out: String::from_utf8(done.stdout).expect("UTF-8"),
            err: String::from_utf8(done.stderr).expect("UTF-8"),
            code: done.status.code().expect("no signal ended it"),
        }
    }

    /// More than a pipe holds: when it is written, the program has begun to read, and Ctrl-C is
    /// its own by then.
    fn comments() -> Vec<u8> {
        b"# a comment, as lists of repositories have them\n".repeat(20_000)
    }

    #[test]
    fn a_scan_that_waits_tells_what_it_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let token = token(9);
        let mut child = started(dir.path(), &["scan", "-", "-f", "json"]);
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin
            .write_all(format!("key = {token}\n").as_bytes())
            .expect("written");
        stdin.write_all(&comments()).expect("written");
        // It waits for more, and gets none: the pipe stays open.
        interrupt(&child);
        let run = ended(child);
        drop(stdin);
        assert_eq!(run.code, 2, "{}\n{}", run.out, run.err);
        let told = json(&run);
        assert_eq!(told["complete"], false);
        assert_eq!(told["skips"][0]["reason"], "interrupted");
        let findings = told["findings"].as_array().expect("a list");
        assert_eq!(findings.len(), 1);
        assert!(run.err.contains("interrupted"), "{}", run.err);
    }

    #[test]
    fn a_list_that_does_not_end_is_not_waited_for() {
        let (dir, _) = clones();
        let mut child = started(dir.path(), &["history", "--repos-from", "-"]);
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(b"clones/a\n").expect("written");
        stdin.write_all(&comments()).expect("written");
        interrupt(&child);
        let run = ended(child);
        drop(stdin);
        assert_eq!(run.code, 2, "{}\n{}", run.out, run.err);
        assert!(
            run.out
                .contains("INTERRUPTED: this is what was found until then"),
            "{}",
            run.out
        );
        assert!(run.out.contains("clones/a: interrupted"), "{}", run.out);
    }

    #[test]
    fn a_sweep_ends_early_with_a_report() {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = init(&dir.path().join("big"));
        // Some hundred megabytes that deflate well, and are searched slowly.
        let line = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY ".repeat(1 << 17);
        for n in 0..60 {
            let blob = repository.blob(format!("{n} {line}").as_bytes());
            blob.expect("written");
        }
        let args = ["history", "--repos-from", "-", "-f", "json"];
        let mut child = started(dir.path(), &args);
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(b"big\n").expect("written");
        stdin.write_all(&comments()).expect("written");
        drop(stdin);
        interrupt(&child);
        let run = ended(child);
        assert_eq!(run.code, 2, "{}\n{}", run.out, run.err);
        let told = json(&run);
        assert_eq!(told["complete"], false);
        let skips = told["skips"].as_array().expect("a list");
        assert!(skips.iter().all(|skip| skip["reason"] == "interrupted"));
        assert!(!skips.is_empty());
    }

    #[test]
    fn a_second_one_ends_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        // A report that is longer than a pipe, and that nobody reads on.
        for n in 0..400 {
            let text = format!("key = {}\n", token(1_000 + n));
            fs::write(dir.path().join(format!("{n}.env")), text).expect("written");
        }
        let mut child = started(dir.path(), &["scan", ".", "-f", "json"]);
        let mut stdout = child.stdout.take().expect("it was asked for");
        let mut first = [0];
        stdout.read_exact(&mut first).expect("the report begins");
        // Two that come at once may be one: as many as it takes.
        let status = loop {
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break status;
            }
            let pid = rustix::process::Pid::from_child(&child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
            std::thread::yield_now();
        };
        drop(stdout);
        assert_eq!(status.code(), Some(130));
    }
}
