//! `straykey commits` held against git itself: which commits are in a range, what a checkout of each
//! holds, what was renamed.

mod common;

#[path = "commits/bounds.rs"]
mod bounds;
#[path = "commits/damage.rs"]
mod damage;
#[path = "commits/names.rs"]
mod names;
#[path = "commits/random.rs"]
mod random;
#[path = "commits/stories.rs"]
mod stories;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use straykey::detect::patterns::Confidence;
use straykey::scan::{CommitsOptions, ScanError, commits};
use straykey::story::RangeResult;

/// A repository that real git made.
struct Repo {
    dir: tempfile::TempDir,
    clock: Cell<i64>,
}

/// Git, with nothing of the surrounding in its configuration.
fn git_in(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@x.invalid")
        .env("GIT_COMMITTER_NAME", "Cem")
        .env("GIT_COMMITTER_EMAIL", "cem@x.invalid")
        .output()
        .expect("git runs");
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

impl Repo {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        git_in(dir.path(), &["init", "-q"]);
        Self {
            dir,
            clock: Cell::new(1_700_000_000),
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn git(&self, args: &[&str]) -> String {
        git_in(self.path(), args)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// Commits what is in the working tree; its id.
    fn commit_as(&self, message: &str) -> String {
        self.clock.set(self.clock.get() + 3600);
        self.git(&["add", "-A"]);
        let date = format!("--date=@{} +0000", self.clock.get());
        let committer = format!("@{} +0000", self.clock.get());
        let done = Command::new("git")
            .args(["commit", "-q", "--allow-empty", &date, "-m", message])
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@x.invalid")
            .env("GIT_COMMITTER_NAME", "Cem")
            .env("GIT_COMMITTER_EMAIL", "cem@x.invalid")
            .env("GIT_COMMITTER_DATE", committer)
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{done:?}");
        self.git(&["rev-parse", "HEAD"])
    }

    fn commit(&self) -> String {
        self.commit_as("change")
    }

    fn judged(&self, revisions: &[&str]) -> Result<RangeResult, ScanError> {
        judged_in(self.path(), revisions)
    }

    /// What each commit brings in: commit, path, line.
    fn told(&self, revisions: &[&str]) -> Vec<(String, String, u64)> {
        let result = self.judged(revisions).expect("judged");
        assert_eq!(result.scan.skips, []);
        told(&result)
    }
}

fn judged_in(path: &Path, revisions: &[&str]) -> Result<RangeResult, ScanError> {
    let mut options = CommitsOptions {
        repository: path.to_owned(),
        revisions: revisions.iter().map(|r| (*r).to_owned()).collect(),
        ..CommitsOptions::default()
    };
    options.scan.least = Some(Confidence::Medium);
    commits(&options)
}

fn told(result: &RangeResult) -> Vec<(String, String, u64)> {
    let mut out = Vec::new();
    for (number, finding) in result.scan.findings.iter().enumerate() {
        let commit = result.commit_of(number).expect("each has a commit");
        for o in &finding.occurrences {
            let path = o.path.to_string_lossy().into_owned();
            out.push((commit.commit.clone(), path, o.start.line));
        }
    }
    out
}

fn at(commit: &str, path: &str, line: u64) -> (String, String, u64) {
    (commit.to_owned(), path.to_owned(), line)
}

/// A generated token.
fn token(seed: u64) -> String {
    common::secret("github.pat-classic", seed)
}

/// Text that no two files share.
fn filler(seed: u64, lines: usize) -> String {
    let own = |i: usize| seed * 31 + i as u64;
    let lines = (0..lines).map(|i| format!("line {i} of text {seed} {}\n", own(i)));
    lines.collect::<Vec<_>>().concat()
}
