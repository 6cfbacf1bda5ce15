//! What whoever is stopped is told, and that it works as it is printed.

use std::process::Command;

use serde_json::Value;

use super::hooks::{hook, tried};
use super::*;

/// Stops a commit; the command of a line of the screen.
fn stopped(repo: &Repo, dir: &Path, line: &str) -> String {
    let (done, said) = tried(dir, &["commit", "-qm", "bad"]);
    assert!(!done, "{said}");
    let mut lines = said.lines();
    let found = lines.find_map(|l| l.trim_start().strip_prefix(line));
    let command = found.unwrap_or_else(|| panic!("no line '{line}' in {said}"));
    assert!(repo.git(&["log", "--oneline"]).lines().count() < 9);
    command.trim_start().replace("...", "made up")
}

/// Runs a line of a screen in a shell, with the program on the path.
fn typed(dir: &Path, line: &str) -> (bool, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_straykey"));
    let mut path = vec![program.parent().expect("it has one").to_owned()];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let done = Command::new("sh")
        .args(["-c", line])
        .current_dir(dir)
        .env("PATH", std::env::join_paths(path).expect("joined"))
        .output()
        .expect("a shell");
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (done.status.success(), said)
}

fn stage_alone(repo: &Repo, seed: u64) {
    repo.write("sub/key.env", &format!("A={}\n", token(seed)));
    repo.git(&["add", "sub/key.env"]);
    // The working tree has it no more.
    repo.write("sub/key.env", "A=nothing\n");
}

fn begun() -> Repo {
    let repo = Repo::new();
    repo.write("a", &filler(1, 5));
    repo.write("sub/b", &filler(2, 5));
    repo.commit();
    hook(&repo, "pre-commit");
    repo
}

#[test]
fn the_commands_of_the_screen_work_as_they_are_printed() {
    for below in [false, true] {
        let repo = begun();
        let dir = if below {
            repo.path().join("sub")
        } else {
            repo.path().to_owned()
        };
        stage_alone(&repo, 1);
        let why = stopped(&repo, &dir, "why:");
        let (done, said) = typed(&dir, &why);
        assert!(done, "{said}");
        assert!(
            said.starts_with("sub/key.env:1:3  github.pat-classic"),
            "{said}"
        );
        assert!(said.contains("reported: critical severity"), "{said}");
        assert!(!said.contains(&token(1)));
        let allow = stopped(&repo, &dir, "not real:");
        let (done, said) = typed(&dir, &allow);
        assert!(done, "{allow}: {said}");
        assert!(said.contains("(github.pat-classic) in "), "{said}");
        let (done, said) = tried(&dir, &["commit", "-qm", "good"]);
        assert!(done, "{said}");
        let committed = repo.git(&["show", "--stat=200", "--format="]);
        assert!(committed.contains(".straykey/ignore"), "{committed}");
        let (done, said) = typed(&dir, &why);
        assert!(done && !said.contains("reported: critical"), "{said}");
    }
}

#[test]
fn a_known_secret_that_spreads_can_be_allowed_as_printed() {
    let repo = begun();
    repo.write("old.env", &format!("A={}\n", token(1)));
    assert_eq!(
        common::straykey(repo.path(), &["baseline", "write"]).code,
        0
    );
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", "known"]);
    stage_alone(&repo, 1);
    let allow = stopped(&repo, repo.path(), "not real:");
    let (done, said) = typed(repo.path(), &allow);
    assert!(done && said.starts_with("accepted "), "{said}");
    let (done, said) = tried(repo.path(), &["commit", "-qm", "good"]);
    assert!(done, "{said}");
}

#[test]
fn what_was_there_before_is_explained_as_such() {
    let repo = begun();
    repo.write("old.env", &format!("A={}\n", token(1)));
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "old"]);
    repo.write("old.env", &format!("A={}\nB=1\n", token(1)));
    repo.git(&["add", "-A"]);
    repo.write("old.env", "nothing\n");
    let (explained, result) =
        straykey::scan::explain_staged(&options(repo.path())).expect("judged");
    assert_eq!(told(&result), []);
    let told: Vec<_> = explained
        .iter()
        .map(|e| (e.start.line, e.withheld.as_deref()))
        .collect();
    let why = "it was there before: it does not stop the commit";
    assert!(told.contains(&(1, Some(why))), "{told:?}");
}

/// New, in the last commit elsewhere, known to its baseline, and one of old.
fn all_kinds() -> Repo {
    let repo = Repo::new();
    repo.write("known.env", &format!("A={}\n", token(3)));
    assert_eq!(
        common::straykey(repo.path(), &["baseline", "write"]).code,
        0
    );
    repo.write("old.env", &format!("A={}\n", token(2)));
    repo.write("older.env", &format!("A={}\n", token(4)));
    repo.commit();
    repo.write("new.env", &format!("A={}\n", token(1)));
    repo.write("spread.env", &format!("A={}\n", token(2)));
    repo.write("copy.env", &format!("A={}\n", token(3)));
    repo.write("older.env", &format!("A={}\nB=1\n", token(4)));
    // Where a secret spreads from is known of files that the commit touches.
    repo.write("old.env", &format!("A={}\nB=1\n", token(2)));
    repo.git(&["add", "-A"]);
    repo
}

const KINDS: [(&str, &str, bool); 3] = [
    ("copy.env", "known", true),
    ("new.env", "staged", false),
    ("spread.env", "committed", true),
];

#[test]
fn json_tells_what_the_screen_tells() {
    let repo = all_kinds();
    let run = common::straykey(repo.path(), &["staged", "-f", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    let findings = json["findings"].as_array().expect("a list");
    let mut told: Vec<_> = findings
        .iter()
        .map(|f| {
            let place = &f["occurrences"][0];
            assert_eq!(place["committed"], false);
            let staged = &f["staged"];
            (
                place["path"].as_str().expect("a path"),
                staged["before"].as_str().expect("a word"),
                staged["spreads"].as_bool().expect("yes or no"),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(told, KINDS);
    let staged = &json["staged"];
    assert_eq!(staged["older"], 1);
    assert_eq!(staged["files"], 5);
    assert_eq!(staged["merged"], 0);
    assert_eq!(
        (&staged["changes"], &staged["first"]),
        (&Value::Bool(true), &Value::Bool(false))
    );

    let run = common::straykey(repo.path(), &["staged", "-f", "jsonl"]);
    let lines = run
        .out
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("JSON"));
    let mut told: Vec<_> = lines
        .map(|l| {
            let text = |v: &Value| v.as_str().expect("text").to_owned();
            (text(&l["path"]), text(&l["staged"]["before"]))
        })
        .collect();
    told.sort();
    let kinds = KINDS.map(|(path, before, _)| (path.to_owned(), before.to_owned()));
    assert_eq!(told, kinds);
    // Of all that is in an index nothing is said of before.
    let run = common::straykey(repo.path(), &["scan", ".", "-f", "json"]);
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    assert!(json.get("staged").is_none() && json["findings"][0].get("staged").is_none());
}

#[test]
fn sarif_tells_what_the_screen_tells() {
    let repo = all_kinds();
    let run = common::straykey(repo.path(), &["staged", "-f", "sarif"]);
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    let run = &json["runs"][0];
    let results = run["results"].as_array().expect("a list");
    let mut told: Vec<_> = results
        .iter()
        .map(|r| {
            let place = &r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            let told = &r["properties"];
            assert_eq!(told["committed"], false);
            (
                place.as_str().expect("a path"),
                told["before"].as_str().expect("a word"),
                told["spreads"].as_bool().expect("yes or no"),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(told, KINDS);
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array();
    let notes: Vec<_> = notes
        .expect("a list")
        .iter()
        .map(|n| &n["message"]["text"])
        .collect();
    assert_eq!(notes, ["1 older secret in these files did not block"]);
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}
