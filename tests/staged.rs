//! `straykey staged` held against git itself: what a commit of the index would add.

mod common;

#[path = "staged/forms.rs"]
mod forms;
#[path = "staged/hooks.rs"]
mod hooks;
#[path = "staged/random.rs"]
mod random;
#[path = "staged/told.rs"]
mod told;

use std::fs;
use std::path::Path;
use std::process::Command;

use straykey::detect::patterns::Confidence;
use straykey::scan::{ScanError, StagedOptions, staged};
use straykey::story::{Before, StagedResult};

/// Git, with nothing of the surrounding in its configuration.
fn git_command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ann"),
        ("GIT_AUTHOR_EMAIL", "ann@x.invalid"),
        ("GIT_COMMITTER_NAME", "Cem"),
        ("GIT_COMMITTER_EMAIL", "cem@x.invalid"),
    ] {
        command.env(name, value);
    }
    command
}

fn git_in(dir: &Path, args: &[&str]) -> String {
    let done = git_command(dir, args).output().expect("git runs");
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

/// A repository that real git made.
struct Repo {
    dir: tempfile::TempDir,
}

impl Repo {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(init: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        git_in(dir.path(), &[&["init", "-q"], init].concat());
        Self { dir }
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

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
    }

    fn judged(&self) -> StagedResult {
        let result = judged_in(self.path()).expect("judged");
        assert_eq!(result.scan.skips, []);
        result
    }

    /// What a commit would add: path, line.
    fn told(&self) -> Vec<(String, u64)> {
        told(&self.judged())
    }
}

fn options(path: &Path) -> StagedOptions {
    let mut options = StagedOptions {
        repository: path.to_owned(),
        ..StagedOptions::default()
    };
    options.scan.least = Some(Confidence::Medium);
    options
}

fn judged_in(path: &Path) -> Result<StagedResult, ScanError> {
    staged(&options(path))
}

fn told(result: &StagedResult) -> Vec<(String, u64)> {
    let all = result.scan.findings.iter().flat_map(|f| &f.occurrences);
    let mut all: Vec<_> = all
        .map(|o| (o.path.to_string_lossy().into_owned(), o.start.line))
        .collect();
    all.sort();
    all
}

fn at(path: &str, line: u64) -> (String, u64) {
    (path.to_owned(), line)
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

#[test]
fn what_the_commit_adds_is_told_and_what_was_there_is_not() {
    let repo = Repo::new();
    repo.write("old.env", &format!("A={}\n", token(1)));
    repo.write("other", "nothing\n");
    repo.commit();
    assert_eq!(repo.told(), [], "nothing is staged");
    assert!(!repo.judged().read.changes);

    repo.write("old.env", &format!("A={}\nB={}\n", token(1), token(2)));
    assert_eq!(repo.told(), [], "the working tree does not count");
    repo.git(&["add", "old.env"]);
    repo.write("old.env", "all is gone again\n");
    let result = repo.judged();
    assert_eq!(told(&result), [at("old.env", 2)]);
    assert_eq!(result.before, [Before::Nowhere]);
    assert_eq!((result.read.older, result.read.files), (1, 1));
    assert_eq!(
        result.scan.findings[0].occurrences[0].committed,
        Some(false)
    );
}

#[test]
fn the_first_commit_adds_everything() {
    let repo = Repo::new();
    assert_eq!(repo.told(), [], "no index");
    repo.write("a/b.env", &format!("A={}\n", token(1)));
    repo.git(&["add", "-A"]);
    let result = repo.judged();
    assert_eq!(told(&result), [at("a/b.env", 1)]);
    assert!(result.read.is_first && result.read.changes);
}

#[test]
fn a_known_secret_in_another_file_spreads_and_a_moved_one_does_not() {
    let repo = Repo::new();
    let text = filler(1, 20) + &format!("A={}\n", token(1));
    repo.write("a.env", &text);
    repo.commit();
    repo.write("b.env", &format!("B={}\n", token(1)));
    repo.write("a.env", &(text.clone() + "one line more\n"));
    repo.git(&["add", "-A"]);
    let result = repo.judged();
    assert_eq!(told(&result), [at("b.env", 1)]);
    assert_eq!(result.before, [Before::Committed]);

    repo.git(&["reset", "-q", "--hard"]);
    fs::remove_file(repo.path().join("b.env")).ok();
    repo.git(&["mv", "a.env", "c.env"]);
    assert_eq!(repo.told(), []);
    assert_eq!(repo.judged().read.older, 1);
    // Once more in its own file.
    repo.git(&["mv", "c.env", "a.env"]);
    repo.write("a.env", &(text + &format!("B={}\n", token(1))));
    repo.git(&["add", "-A"]);
    let result = repo.judged();
    assert_eq!(told(&result), [at("a.env", 22)]);
    assert_eq!(result.before, [Before::Committed]);
    assert_eq!(result.scan.findings[0].occurrences[0].committed, Some(true));
}

#[test]
fn what_is_no_new_content_adds_nothing() {
    let repo = Repo::new();
    repo.write("run.sh", &format!("A={}\n", token(1)));
    repo.write("gone.env", &format!("A={}\n", token(2)));
    repo.commit();
    let head = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-index", "--chmod=+x", "run.sh"]);
    repo.git(&["rm", "-q", "gone.env"]);
    let submodule = format!("160000,{head},lib");
    repo.git(&["update-index", "--add", "--cacheinfo", &submodule]);
    let result = repo.judged();
    assert_eq!(told(&result), []);
    assert_eq!(result.read.files, 0, "a mode, a removal, a submodule");
    assert!(result.read.changes);
}

#[test]
fn the_target_of_a_link_is_content() {
    let repo = Repo::new();
    let blob = {
        repo.write("target", &format!("/mnt/{}/x", token(1)));
        repo.git(&["hash-object", "-w", "target"])
    };
    fs::remove_file(repo.path().join("target")).expect("removed");
    let link = format!("120000,{blob},link");
    repo.git(&["update-index", "--add", "--cacheinfo", &link]);
    assert_eq!(repo.told(), [at("link", 1)]);
}

#[test]
fn a_file_that_becomes_a_folder_and_the_other_way_round() {
    let repo = Repo::new();
    repo.write("a", "text\n");
    repo.write("b/c", "text\n");
    repo.commit();
    fs::remove_file(repo.path().join("a")).expect("removed");
    fs::remove_dir_all(repo.path().join("b")).expect("removed");
    repo.write("a/x.env", &format!("A={}\n", token(1)));
    repo.write("b", &format!("A={}\n", token(2)));
    repo.git(&["add", "-A"]);
    assert_eq!(repo.told(), [at("a/x.env", 1), at("b", 1)]);
}

#[test]
fn what_is_only_announced_is_told_and_not_judged() {
    let repo = Repo::new();
    repo.write("a", "text\n");
    repo.commit();
    repo.write("n/new.env", &format!("A={}\n", token(1)));
    repo.git(&["add", "-N", "n/new.env"]);
    let result = repo.judged();
    assert_eq!(told(&result), []);
    assert!(!result.read.changes, "git would make no other tree");
    assert!(result.scan.notices[0].starts_with("1 file is only announced"));
    repo.git(&["add", "n/new.env"]);
    assert_eq!(repo.told(), [at("n/new.env", 1)]);
}

#[test]
fn in_a_merge_what_any_parent_has_is_old() {
    let repo = Repo::new();
    repo.write("a", &filler(1, 9));
    repo.commit();
    repo.git(&["checkout", "-qb", "side"]);
    repo.write("side.env", &format!("A={}\n", token(1)));
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.write("main.env", &format!("A={}\n", token(2)));
    repo.commit();
    repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let result = repo.judged();
    assert_eq!(told(&result), []);
    assert_eq!(result.read.merged, 1);
    repo.write("merge.env", &format!("A={}\n", token(3)));
    repo.git(&["add", "merge.env"]);
    assert_eq!(
        repo.told(),
        [at("merge.env", 1)],
        "what the merge alone adds"
    );
}

#[test]
fn a_path_in_conflict_is_not_judged_and_says_so() {
    let repo = Repo::new();
    repo.write("a", "one\n");
    repo.commit();
    repo.git(&["checkout", "-qb", "side"]);
    repo.write("a", "two\n");
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "three\n");
    repo.write("b.env", &format!("A={}\n", token(3)));
    repo.commit();
    let done = git_command(repo.path(), &["merge", "-q", "side"]).output();
    assert!(!done.expect("git runs").status.success(), "a conflict");
    repo.write("c.env", &format!("A={}\n", token(4)));
    repo.git(&["add", "c.env"]);
    let result = judged_in(repo.path()).expect("judged");
    let skips: Vec<_> = result.scan.skips.iter().map(|s| s.path.clone()).collect();
    assert_eq!(skips, [Path::new("a")]);
    assert!(result.scan.is_incomplete());
    assert_eq!(told(&result), [at("c.env", 1)], "the rest is judged");
}

/// Ctrl-C asks; what is there until then is told, and it is not called clean.
#[test]
fn whoever_asks_for_an_end_gets_one_and_no_clean_answer() {
    let repo = Repo::new();
    repo.write("a.env", &format!("A={}\n", token(1)));
    repo.write("b.env", &format!("A={}\n", token(2)));
    repo.git(&["add", "-A"]);
    let asked = options(repo.path());
    asked.scan.stop.ask();
    let result = staged(&asked).expect("judged");
    assert!(result.scan.is_interrupted() && result.scan.is_incomplete());
    assert_eq!(told(&result), []);
    let said = result.scan.skips[0].reason.to_string();
    assert_eq!(said, "interrupted: 0 of 2 files were judged");
}
