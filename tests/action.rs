//! `action.yml`: its steps are run as a runner runs them, with events of every kind in repositories
//! that real git made; what it fetches must have its checksum; nothing that anybody typed gets into
//! its shell.
#![cfg(unix)]

mod common;

#[path = "ci/repo.rs"]
mod repo;
#[path = "action/yaml.rs"]
mod yaml;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use repo::{Server, ZERO, event, git, token};
use serde_json::Value;

/// The action, taken apart.
fn action() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    yaml::parse(&fs::read_to_string(path).expect("it is there"))
}

/// The token of the job.
const TOKEN: &str = "token-of-the-job";

/// What a runner gives a job.
struct Runner {
    dir: tempfile::TempDir,
    event: String,
    payload: String,
    sha: String,
    inputs: BTreeMap<String, String>,
    /// `github.action_repository`.
    repository: String,
    /// More of the environment.
    env: Vec<(String, String)>,
    /// Whether the program is on the path.
    has_program: bool,
}

/// What came of it.
#[derive(Debug)]
struct Done {
    code: i32,
    /// Of a step that may fail.
    forgiven: i32,
    log: String,
    summary: String,
    outputs: BTreeMap<String, String>,
}

impl Done {
    fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }
}

impl Runner {
    fn new(event: &str, sha: &str, payload: String) -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
            event: event.to_owned(),
            payload,
            sha: sha.to_owned(),
            inputs: BTreeMap::new(),
            repository: "acme/straykey".into(),
            env: Vec::new(),
            has_program: true,
        }
    }

    fn with(mut self, input: &str, value: &str) -> Self {
        self.inputs.insert(input.to_owned(), value.to_owned());
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A program of this runner's.
    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
    }

    /// Runs the steps that have a script, one after the other, as long as none fails.
    fn run(&self, workspace: &Path) -> Done {
        let action = action();
        let mut steps: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let bin = self.path("bin");
        fs::create_dir_all(&bin).expect("made");
        if self.has_program {
            let there = bin.join("straykey");
            let _ = fs::remove_file(&there);
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_straykey"), there).expect("linked");
        }
        fs::create_dir_all(self.path("temp dir")).expect("made");
        fs::write(self.path("event.json"), &self.payload).expect("written");
        let mut done = Done {
            code: 0,
            forgiven: 0,
            log: String::new(),
            summary: String::new(),
            outputs: BTreeMap::new(),
        };
        let all = action["runs"]["steps"].as_array().expect("steps");
        for (number, step) in all.iter().filter(|s| s["run"].is_string()).enumerate() {
            let condition = step["if"].as_str().unwrap_or("success()");
            let always = condition.contains("always()");
            if (done.code != 0 && !always) || !self.holds(condition, &action) {
                continue;
            }
            let script = self.path(&format!("step{number}.sh"));
            fs::write(&script, step["run"].as_str().expect("a script")).expect("written");
            let output = self.path(&format!("output{number}"));
            fs::write(&output, "").expect("written");
            let path = std::env::var("PATH").expect("there is a path");
            let mut command = Command::new("bash");
            command
                .args(["--noprofile", "--norc", "-eo", "pipefail"])
                .arg(&script)
                .current_dir(workspace)
                .env_clear()
                .env("PATH", format!("{}:{path}", bin.display()))
                .env("CI", "true")
                .env("GITHUB_ACTIONS", "true")
                .env("GITHUB_EVENT_NAME", &self.event)
                .env("GITHUB_EVENT_PATH", self.path("event.json"))
                .env("GITHUB_SHA", &self.sha)
                .env("GITHUB_SERVER_URL", "https://git.invalid")
                .env("GITHUB_OUTPUT", &output)
                .env("GITHUB_STEP_SUMMARY", self.path("summary"))
                .env("RUNNER_TEMP", self.path("temp dir"))
                .env("RUNNER_OS", "Linux")
                .env("RUNNER_ARCH", "X64");
            let given = step["env"].as_object().expect("an environment");
            for (name, value) in given {
                let value = self.evaluated(value.as_str().expect("text"), &action, &steps);
                command.env(name, value);
            }
            command.envs(self.env.iter().map(|(n, v)| (n, v)));
            let ran = command.output().expect("bash runs");
            done.log.push_str(&String::from_utf8_lossy(&ran.stdout));
            done.log.push_str(&String::from_utf8_lossy(&ran.stderr));
            let told = fs::read_to_string(&output).expect("read");
            let id = step["id"].as_str().expect("an id").to_owned();
            steps.insert(id, repo::outputs(&told).into_iter().collect());
            let code = ran.status.code().expect("no signal ended it");
            if step["continue-on-error"] == "true" {
                done.forgiven = code;
            } else if done.code == 0 {
                done.code = code;
            }
        }
        done.summary = fs::read_to_string(self.path("summary")).unwrap_or_default();
        for (name, output) in action["outputs"].as_object().expect("outputs") {
            let value = output["value"].as_str().expect("text");
            let value = self.evaluated(value, &action, &steps);
            done.outputs.insert(name.clone(), value);
        }
        done
    }

    /// A field of the event, as an expression tells it.
    fn of_event(&self, path: &[&str]) -> String {
        let event: Value = serde_json::from_str(&self.payload).expect("JSON");
        match path.iter().fold(&event, |at, name| &at[*name]) {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Whether a condition of ours holds: terms that are all to hold.
    fn holds(&self, condition: &str, action: &Value) -> bool {
        condition.split("&&").map(str::trim).all(|term| match term {
            "always()" | "success()" => true,
            "github.event.pull_request.number" => {
                !self.of_event(&["pull_request", "number"]).is_empty()
            }
            _ => {
                let (left, right) = term.split_once(" == ").expect("a comparison");
                let left = format!("${{{{ {left} }}}}");
                let left = self.evaluated(&left, action, &BTreeMap::new());
                left == right.trim_matches('\'')
            }
        })
    }

    /// A value with its expressions worked out; those that the action may use.
    fn evaluated(
        &self,
        text: &str,
        action: &Value,
        steps: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> String {
        let Some((before, rest)) = text.split_once("${{") else {
            return text.to_owned();
        };
        let (expression, after) = rest.split_once("}}").expect("it ends");
        let parts: Vec<&str> = expression.trim().split('.').collect();
        let value = match parts[..] {
            ["inputs", name] => {
                let input = &action["inputs"][name];
                let default = input["default"].as_str().expect("each input has a default");
                let given = self.inputs.get(name).cloned();
                given.unwrap_or_else(|| self.evaluated(default, action, steps))
            }
            ["steps", id, "outputs", name] => {
                let step = steps.get(id).and_then(|s| s.get(name));
                step.cloned().unwrap_or_default()
            }
            ["github", "action_repository"] => self.repository.clone(),
            ["github", "repository"] => "acme/app".to_owned(),
            ["github", "token"] => TOKEN.to_owned(),
            ["github", "event", ..] => self.of_event(&parts[2..]),
            _ => panic!("this is not worked out here: {expression}"),
        };
        format!("{before}{value}{}", self.evaluated(after, action, steps))
    }
}

/// `main` with a secret of old, and a branch that adds one and takes it away again.
struct World {
    server: Server,
    base: String,
    added: String,
    head: String,
}

/// The name of a branch that a shell would run, and a log obey.
const BRANCH: &str = "a\";$(touch${IFS}owned);`touch${IFS}owned`'\n::error::owned";

fn world() -> World {
    let server = Server::new();
    let base = server.add("old.txt", &format!("key = {}\n", token(1)));
    server.switch(&["-b", "topic"]);
    let name = "$(touch owned)`touch owned`;\n::error::owned.txt";
    let added = server.add(name, &format!("key = {}\n::error::owned\n", token(2)));
    git(&server.path(), &["rm", "-q", "--", name]);
    let head = server.commit("$(touch owned)\n::error::owned");
    World {
        server,
        base,
        added,
        head,
    }
}

impl World {
    fn judged(&self, at: &str, event: &str, payload: String) -> Done {
        self.judged_by(at, &Runner::new(event, at, payload))
    }

    fn judged_by(&self, at: &str, runner: &Runner) -> Done {
        let clone = self.server.checkout(at, None);
        let done = runner.run(&clone);
        assert!(
            !clone.join("owned").exists(),
            "a shell ran what somebody typed"
        );
        let bad = repo::commands(&done.log)
            .into_iter()
            .filter(|line| line.contains("::owned") && !line.contains("%3A%3Aowned"))
            .filter(|line| line.trim_start().starts_with("::error::"))
            .count();
        assert_eq!(bad, 0, "{}", done.log);
        for seed in [1, 2] {
            assert!(!done.log.contains(&token(seed)) && !done.summary.contains(&token(seed)));
        }
        done
    }

    fn push(before: &str, after: &str, reference: &str) -> String {
        let words = [
            ("BEFORE", before),
            ("AFTER", after),
            ("REF", reference),
            ("NAME", BRANCH),
        ];
        event("push.json", &words)
    }

    fn change(&self, file: &str, merge: &str) -> String {
        let words = [
            ("BASE", self.base.as_str()),
            ("HEAD", &self.head),
            ("MERGE", merge),
            ("NAME", BRANCH),
        ];
        event(file, &words)
    }
}

#[test]
fn every_kind_of_event_is_judged() {
    let w = world();
    let merge = w.server.trial("main", &w.head);
    let reference = format!("refs/heads/{BRANCH}");
    let lost = "1234567890123456789012345678901234567890";
    let forced =
        World::push(lost, &w.head, &reference).replace("\"forced\": false", "\"forced\": true");
    let deleted = event("deleted.json", &[("BEFORE", &w.head), ("REF", &reference)]);
    for (name, at, payload, code, findings) in [
        (
            "push",
            &w.head,
            World::push(&w.base, &w.head, &reference),
            1,
            "1",
        ),
        (
            "push",
            &w.head,
            World::push(ZERO, &w.head, &reference),
            1,
            "1",
        ),
        ("push", &w.head, forced, 1, "1"),
        ("push", &w.base, deleted, 0, "0"),
        (
            "push",
            &w.head,
            World::push(&w.added, &w.head, &reference),
            0,
            "0",
        ),
        (
            "pull_request",
            &merge,
            w.change("pull_request.json", &merge),
            1,
            "1",
        ),
        (
            "pull_request",
            &merge,
            w.change("pull_request_fork.json", &merge),
            1,
            "1",
        ),
        (
            "merge_group",
            &w.head,
            w.change("merge_group.json", &merge),
            1,
            "1",
        ),
        ("schedule", &w.base, event("schedule.json", &[]), 1, "2"),
        (
            "workflow_dispatch",
            &w.base,
            event("workflow_dispatch.json", &[("NAME", BRANCH)]),
            1,
            "2",
        ),
    ] {
        let done = w.judged(at, name, payload);
        assert_eq!(done.code, code, "{name}: {}", done.log);
        assert_eq!(done.output("exit-code"), code.to_string(), "{name}");
        assert_eq!(done.output("findings"), findings, "{name}: {}", done.log);
        assert_eq!(done.output("verified-findings"), "0");
        let sarif = fs::metadata(done.output("sarif-file"));
        assert!(sarif.is_err(), "the runner's folder is gone by now");
        assert!(
            done.output("sarif-file")
                .ends_with("/temp dir/straykey.sarif")
        );
        assert_eq!(done.output("report-file"), "");
        assert!(!done.summary.is_empty(), "{name}");
    }
}

#[test]
fn a_shallow_clone_fails_with_what_is_needed() {
    let w = world();
    let runner = Runner::new(
        "push",
        &w.head,
        World::push(&w.base, &w.head, "refs/heads/x"),
    );
    let clone = w.server.checkout(&w.head, Some(1));
    let done = runner.run(&clone);
    assert_eq!(done.code, 2, "{}", done.log);
    let words = "this is a shallow clone: fetch-depth: ";
    assert!(done.log.contains(words), "{}", done.log);
    assert_eq!(done.output("exit-code"), "2");
    assert_eq!(done.output("sarif-file"), "", "there is none");
}

#[test]
fn inputs_are_what_they_say() {
    let w = world();
    let payload = || World::push(&w.base, &w.head, "refs/heads/topic");
    let runner = || Runner::new("push", &w.head, payload());
    let sarif = w.server.beside("x y.sarif");
    let sarif = sarif.to_str().expect("text");
    let all = runner()
        .with("format", "json")
        .with("sarif-file", sarif)
        .with("fail-on", "none")
        .with("verify", "false")
        .with("summary", "false");
    let report = all.path("temp dir").join("straykey-report");
    let clone = w.server.checkout(&w.head, None);
    let done = all.run(&clone);
    assert_eq!(done.code, 0, "{}", done.log);
    assert_eq!(
        (done.output("findings"), done.output("exit-code")),
        ("1", "0")
    );
    assert_eq!(done.output("sarif-file"), sarif);
    assert_eq!(done.output("report-file"), report.to_str().expect("text"));
    assert_eq!(done.summary, "");
    let read = |path: &Path| -> Value {
        serde_json::from_str(&fs::read_to_string(path).expect("written")).expect("JSON")
    };
    assert_eq!(read(&report)["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(read(Path::new(sarif))["version"], "2.1.0");

    for (input, value, code, findings) in [
        ("paths", "src/\nother/", 0, "0"),
        ("paths", "*.txt", 1, "1"),
        ("mode", "full", 1, "2"),
        ("base", &w.added, 0, "0"),
        ("head", &w.base, 0, "0"),
        (
            "args",
            "--disable=github.*\n--exclude=$(touch owned)",
            0,
            "0",
        ),
        ("fail-on", "critical", 1, "1"),
        // Nobody is asked: what is found here goes to no provider, as nothing is found.
        ("verify", "$(touch owned)", 2, "0"),
        ("baseline", "README.md", 1, "1"),
        ("baseline", "known", 2, "0"),
        // A folder that nobody has is none of no rules.
        ("config", ".straykey", 2, "0"),
        // What is no choice is an error, and nothing of it is run.
        ("fail-on", "$(touch owned)", 2, "0"),
        ("mode", "\"; touch owned; \"", 2, "0"),
        ("format", "$(touch owned)", 2, "0"),
        ("base", "--help", 2, "0"),
        ("args", "scan", 2, "0"),
    ] {
        let done = w.judged_by(&w.head, &runner().with(input, value));
        assert_eq!(done.code, code, "{input}: {value}: {}", done.log);
        let told = done.output("findings");
        assert!(
            told == findings || told.is_empty() && code == 2,
            "{input}: {told}"
        );
    }
}

/// A `gh` that keeps what it is asked in the file of calls, and knows of one comment if there is such a
/// file.
const GH: &str = r#"#!/bin/bash
printf '%s\n' "$GH_TOKEN" "$@" -- >>"$CALLS/calls"
for word in "$@"; do case "$word" in body=@*) cp "${word#body=@}" "$CALLS/body" ;; esac; done
case "$*" in *--method*) [ ! -e "$CALLS/refused" ] ;; *) [ ! -e "$CALLS/known" ] || cat "$CALLS/known" ;; esac
"#;

#[test]
fn a_comment_is_written_once_and_then_anew() {
    let w = world();
    let merge = w.server.trial("main", &w.head);
    let payload = w.change("pull_request.json", &merge);
    let calls = tempfile::tempdir().expect("a folder");
    let at = |name: &str| calls.path().join(name);
    let read = |name: &str| fs::read_to_string(at(name)).unwrap_or_default();
    let judged = |runner: Runner| {
        let mut runner = runner.with("comment", "true");
        runner.program("gh", GH);
        let folder = calls.path().to_str().expect("text").to_owned();
        runner.env.push(("CALLS".into(), folder));
        let _ = fs::remove_file(at("calls"));
        let _ = fs::remove_file(at("body"));
        w.judged_by(&merge, &runner)
    };
    let pull = || Runner::new("pull_request", &merge, payload.clone());
    let done = judged(pull());
    assert_eq!((done.code, done.forgiven), (1, 0), "{}", done.log);
    let asked = read("calls");
    assert!(asked.starts_with(TOKEN), "{asked}");
    assert!(
        asked.contains("POST\nrepos/acme/app/issues/1/comments\n"),
        "{asked}"
    );
    let body = read("body");
    assert!(
        body.starts_with("<!-- straykey -->\n## straykey: 1 finding"),
        "{body}"
    );
    assert!(!body.contains(&token(2)));
    // There is one: it is written anew, also if nothing is found any more.
    fs::write(at("known"), "11\n12\n").expect("written");
    judged(pull());
    assert!(read("calls").contains("PATCH\nrepos/acme/app/issues/comments/12\n"));
    let clean = || pull().with("base", &w.head);
    let done = judged(clean());
    assert_eq!(done.code, 0, "{}", done.log);
    assert!(read("body").contains("straykey: nothing found"));
    // Nothing is said of nothing.
    fs::remove_file(at("known")).expect("removed");
    judged(clean());
    assert_eq!(read("body"), "");
    // A refusal does not change how the job ends.
    fs::write(at("refused"), "").expect("written");
    let done = judged(pull());
    assert_eq!((done.code, done.forgiven), (1, 1), "{}", done.log);
    // A push is no pull request.
    judged(Runner::new(
        "push",
        &w.head,
        World::push(&w.base, &w.head, "refs/heads/x"),
    ));
    assert_eq!(read("calls"), "");
}

#[test]
fn a_long_comment_is_cut_between_lines() {
    let server = Server::new();
    let base = server.head();
    server.switch(&["-b", "topic"]);
    for number in 0..900 {
        let name = format!("d/{}![x](http://evil.invalid)-{number}", "n".repeat(60));
        let name = name.replace("http://", "http:");
        server.write(&name, &format!("key = {}\n", token(1000 + number)));
    }
    let head = server.commit("many");
    let words = [
        ("BASE", &*base),
        ("HEAD", &head),
        ("MERGE", &head),
        ("NAME", "topic"),
    ];
    let mut runner = Runner::new("pull_request", &head, event("pull_request.json", &words));
    runner = runner.with("comment", "true");
    runner.program("gh", GH);
    let calls = tempfile::tempdir().expect("a folder");
    let folder = calls.path().to_str().expect("text").to_owned();
    runner.env.push(("CALLS".into(), folder));
    let done = runner.run(&server.checkout(&head, None));
    assert_eq!((done.code, done.forgiven), (1, 0), "{}", done.log);
    let body = fs::read_to_string(calls.path().join("body")).expect("it was sent");
    assert!(body.len() > 50_000 && body.chars().count() <= 65_536);
    assert!(body.ends_with("\nThe rest is in the log and in the reports.\n"));
    for line in body.lines() {
        assert_eq!(
            line.matches('`').count() % 2,
            0,
            "code is left open: {line}"
        );
    }
}

/// A release: an archive with a program that tells what it is asked, and the list of checksums.
struct Release {
    runner: Runner,
}

const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

impl Release {
    fn new() -> Self {
        let mut runner = Runner::new("push", ZERO, "{}".into());
        runner.has_program = false;
        let folder = runner.path("releases");
        fs::create_dir_all(&folder).expect("made");
        let program = "#!/bin/sh\nfor a in \"$@\"; do echo \"<$a>\"; done\n";
        fs::write(folder.join("straykey"), program).expect("written");
        fs::set_permissions(folder.join("straykey"), fs::Permissions::from_mode(0o755))
            .expect("set");
        let name = format!("straykey-{VERSION}-x86_64-unknown-linux-musl.tar.gz");
        let done = Command::new("tar")
            .args(["-czf", &name, "straykey"])
            .current_dir(&folder)
            .status();
        assert!(done.expect("tar runs").success());
        let sum = Command::new("sha256sum")
            .arg(&name)
            .current_dir(&folder)
            .output();
        let sum = String::from_utf8(sum.expect("it runs").stdout).expect("text");
        fs::write(folder.join("SHA256SUMS"), sum).expect("written");
        // What would fetch takes it from the folder, and writes down what was asked for.
        let fetch = "#!/bin/sh\nset -eu\nwhile [ $# -gt 1 ]; do\n  [ \"$1\" != -o ] || out=$2\n  \
                     shift\ndone\necho \"$1\" >>\"$RELEASES/asked\"\n\
                     cp \"$RELEASES/${1##*/}\" \"$out\"\n";
        runner.program("curl", fetch);
        let at = folder.to_str().expect("text").to_owned();
        runner.env.push(("RELEASES".into(), at));
        Self { runner }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.runner.path("releases").join(name)
    }

    fn archive(&self) -> PathBuf {
        self.file(&format!(
            "straykey-{VERSION}-x86_64-unknown-linux-musl.tar.gz"
        ))
    }

    fn run(&self) -> Done {
        let here = tempfile::tempdir().expect("a folder");
        self.runner.run(here.path())
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.file("asked")).unwrap_or_default()
    }
}

/// What somebody does to a release.
type Change = fn(&Release);

/// Whether a straykey of the system's own is on the path: then none would be fetched.
fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join("straykey").exists());
    if found {
        eprintln!("SKIPPED: a straykey is on the path, so that none would be fetched");
    }
    found
}

#[test]
fn what_is_fetched_has_its_checksum() {
    if is_installed() {
        return;
    }
    let release = Release::new();
    let done = release.run();
    assert_eq!(done.code, 0, "{}", done.log);
    assert!(
        done.log.contains("<ci>\n<--mode=auto>\n<--output=sarif:"),
        "{}",
        done.log
    );
    let from = format!("https://git.invalid/acme/straykey/releases/download/{VERSION}");
    for line in release.asked().lines() {
        assert!(line.starts_with(&from), "{line}");
    }
    // A digest that the workflow names needs no list.
    let list = fs::read_to_string(release.file("SHA256SUMS")).expect("read");
    let digest = list.split(' ').next().expect("a digest").to_owned();
    fs::remove_file(release.file("SHA256SUMS")).expect("removed");
    assert_eq!(release.run().code, 2, "no list");
    let mut release = release;
    release.runner = release.runner.with("sha256", &digest);
    assert_eq!(release.run().code, 0);
    release.runner = release.runner.with("sha256", &"0".repeat(64));
    let done = release.run();
    assert_eq!(done.code, 2);
    assert!(
        done.log.contains("::error title=straykey::"),
        "{}",
        done.log
    );
    assert!(!done.log.contains("<ci>"), "it was run all the same");
}

#[test]
fn what_was_tampered_with_is_not_run() {
    if is_installed() {
        return;
    }
    let changed: &[(&str, Change)] = &[
        ("another archive", |r| {
            let mut bytes = fs::read(r.archive()).expect("read");
            bytes.push(0);
            fs::write(r.archive(), bytes).expect("written");
        }),
        ("an empty list", |r| {
            fs::write(r.file("SHA256SUMS"), "").expect("written");
        }),
        ("a list of something else", |r| {
            let list = fs::read_to_string(r.file("SHA256SUMS")).expect("read");
            let other = list.replace(".tar.gz", ".tar.gz.sig");
            fs::write(r.file("SHA256SUMS"), other).expect("written");
        }),
        ("a list with two answers", |r| {
            let list = fs::read_to_string(r.file("SHA256SUMS")).expect("read");
            let other = list.replace(|c: char| c.is_ascii_digit(), "0");
            let name = r.archive();
            let name = name
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let other = format!("{}  {name}\n", &other[..64]);
            fs::write(r.file("SHA256SUMS"), list + &other).expect("written");
        }),
        ("no archive", |r| {
            fs::remove_file(r.archive()).expect("removed");
        }),
    ];
    for (what, change) in changed {
        let release = Release::new();
        change(&release);
        let done = release.run();
        assert_eq!(done.code, 2, "{what}: {}", done.log);
        assert!(
            !done.log.contains("<ci>"),
            "{what}: it was run all the same"
        );
    }
    for version in [
        "v1",
        "main",
        "v1.2.3/../../x",
        "v1.2.3;touch owned",
        "$(touch owned)",
    ] {
        let mut release = Release::new();
        release.runner = release.runner.with("version", version);
        let done = release.run();
        assert_eq!(done.code, 2, "{version}: {}", done.log);
        assert_eq!(release.asked(), "", "{version}: something was asked for");
    }
    for repository in ["", "acme", "acme/x/../y", "acme/$(touch owned)"] {
        let mut release = Release::new();
        repository.clone_into(&mut release.runner.repository);
        let done = release.run();
        assert_eq!(done.code, 2, "{repository}: {}", done.log);
        assert_eq!(release.asked(), "", "{repository}: something was asked for");
    }
}

/// Expressions are worked out before a shell sees a script: what anybody typed would be run.
#[test]
fn no_expression_stands_in_a_script() {
    let action = action();
    let steps = action["runs"]["steps"].as_array().expect("steps");
    assert_eq!(action["runs"]["using"], "composite");
    let mut scripts = 0;
    for step in steps {
        if let Some(script) = step["run"].as_str() {
            scripts += 1;
            assert!(!script.contains("${{"), "{script}");
            assert_eq!(step["shell"], "bash");
        }
    }
    assert_eq!(scripts, 3);
    let pinned = steps[0]["env"]["PINNED"].as_str();
    assert_eq!(
        pinned,
        Some(VERSION),
        "the action fetches the release that it is of"
    );
}

/// The inputs and outputs that the documentation names are those of the action.
#[test]
fn the_documentation_names_every_input_and_output() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md");
    let page = fs::read_to_string(page).expect("the page");
    let action = action();
    for part in ["inputs", "outputs"] {
        for name in action[part].as_object().expect("a table").keys() {
            assert!(
                page.contains(&format!("| `{name}` |")),
                "{name} is not in docs/ci.md"
            );
        }
    }
}

/// A linter of workflows looks at the steps, if there is one on the path.
#[test]
fn a_linter_has_nothing_to_say() {
    let found = Command::new("actionlint").arg("-version").output();
    if !found.is_ok_and(|done| done.status.success()) {
        eprintln!("SKIPPED: actionlint is not on the path: action.yml was not linted");
        return;
    }
    let action = action();
    let dir = tempfile::tempdir().expect("a folder");
    git(dir.path(), &["init", "-q"]);
    let workflows = dir.path().join(".github/workflows");
    fs::create_dir_all(&workflows).expect("made");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    fs::copy(own, dir.path().join("action.yml")).expect("copied");
    let names = |part: &str| -> Vec<String> {
        let table = action[part].as_object().expect("a table");
        table.keys().cloned().collect()
    };
    // Its steps as those of a job: JSON is YAML.
    let typed: BTreeMap<_, _> = names("inputs")
        .into_iter()
        .map(|name| (name, serde_json::json!({"type": "string", "default": ""})))
        .collect();
    let steps = serde_json::json!({
        "on": {"workflow_call": {"inputs": typed}},
        "jobs": {"a": {"runs-on": "ubuntu-latest", "steps": action["runs"]["steps"]}},
    });
    // And the action as a job uses it.
    let given: BTreeMap<_, _> = names("inputs").into_iter().map(|n| (n, "x")).collect();
    let told: Vec<String> = names("outputs")
        .iter()
        .map(|name| format!("${{{{ steps.s.outputs.{name} }}}}"))
        .collect();
    let using = serde_json::json!({
        "on": "push",
        "jobs": {"a": {"runs-on": "ubuntu-latest", "steps": [
            {"id": "s", "uses": "./", "with": given},
            {"run": "echo \"$TOLD\"", "env": {"TOLD": told.join(" ")}},
        ]}},
    });
    for (name, workflow) in [("steps.yml", steps), ("using.yml", using)] {
        let mut text = serde_json::to_string_pretty(&workflow).expect("JSON");
        // Booleans of the action are text here.
        text = text.replace("\"true\"", "true");
        fs::write(workflows.join(name), text).expect("written");
    }
    let done = Command::new("actionlint").current_dir(dir.path()).output();
    let done = done.expect("it ran a moment ago");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}");
}
