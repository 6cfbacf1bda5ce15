//! `straykey ci` held against git itself and against what runners make of a log: which commits an
//! event means, whose rules count, and that nothing written by others becomes a command.

mod common;

#[path = "ci/doors.rs"]
mod doors;
#[path = "ci/github.rs"]
mod github;
#[path = "ci/hostile.rs"]
mod hostile;
#[path = "ci/random.rs"]
mod random;
#[path = "ci/repo.rs"]
mod repo;
#[path = "ci/rules.rs"]
mod rules;
#[path = "ci/systems.rs"]
mod systems;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::Run;
use repo::{Server, git};
use serde_json::Value;

/// One run: what it printed, and the reports it wrote.
struct Judged {
    run: Run,
    /// The JSON report; `None` if there is none.
    json: Option<Value>,
    summary: String,
    outputs: Vec<(String, String)>,
}

impl Judged {
    fn output(&self, name: &str) -> &str {
        let found = self.outputs.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// The commits that brought something in.
    fn commits(&self) -> BTreeSet<String> {
        let json = self.json.as_ref().expect("a report");
        let all = json["findings"].as_array().expect("a list");
        let id = |f: &Value| f["commit"]["id"].as_str().expect("a commit").to_owned();
        all.iter().map(id).collect()
    }

    /// How many commits were judged.
    fn judged(&self) -> u64 {
        let json = self.json.as_ref().expect("a report");
        json["range"]["commits"].as_u64().expect("a number")
    }
}

/// Runs the command in a checkout.
fn run(clone: &Path, env: &[(&str, &str)], args: &[&str]) -> Judged {
    let side = tempfile::tempdir().expect("a folder");
    let file = |name: &str| side.path().join(name);
    let json = format!("--output=json:{}", file("out.json").display());
    let args = [&["ci", &json], args].concat();
    let mut command = common::command(clone, &args);
    command.envs(env.iter().copied());
    command.env("GITHUB_OUTPUT", file("output"));
    command.env("GITHUB_STEP_SUMMARY", file("summary"));
    let done = command.output().expect("the program runs");
    let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_default();
    Judged {
        run: Run {
            out: String::from_utf8(done.stdout).expect("text"),
            err: String::from_utf8(done.stderr).expect("text"),
            code: done.status.code().expect("no signal ended it"),
        },
        json: serde_json::from_str(&read("out.json")).ok(),
        summary: read("summary"),
        outputs: repo::outputs(&read("output")),
    }
}

/// Runs it for an event of GitHub's.
fn github(server: &Server, clone: &Path, name: &str, sha: &str, payload: &str) -> Judged {
    github_with(server, clone, name, sha, payload, &[])
}

fn github_with(
    server: &Server,
    clone: &Path,
    name: &str,
    sha: &str,
    payload: &str,
    args: &[&str],
) -> Judged {
    let path = server.beside("event.json");
    fs::write(&path, payload).expect("written");
    let path = path.to_str().expect("text");
    let env = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_EVENT_PATH", path),
        ("GITHUB_SHA", sha),
    ];
    run(clone, &env, args)
}

/// The commits of a range, as git tells them.
fn listed(server: &Server, range: &[&str]) -> BTreeSet<String> {
    let all = git(&server.path(), &[&["rev-list"], range].concat());
    all.lines().map(str::to_owned).collect()
}
