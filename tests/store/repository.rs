//! Repositories made with git's own commands, and what a sweep of one tells.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use straykey::detect::Catalogue;
use straykey::detect::patterns::Confidence;
use straykey::reports::{Format, ReportOptions};
use straykey::scan::{HistoryOptions, history};

/// A repository, and a place for a store that is not in it.
pub struct Made {
    dir: tempfile::TempDir,
    clock: u64,
}

impl Made {
    /// An empty one, in which ids are of this kind; `None` if there is no git.
    pub fn new(hash: &str) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("repo")).expect("made");
        let mut made = Self {
            dir,
            clock: 1_700_000_000,
        };
        let format = format!("--object-format={hash}");
        if made.git(&["init", "-q", "-b", "main", &format]).is_none() {
            eprintln!("SKIPPED: there is no git that makes such a repository");
            return None;
        }
        Some(made)
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store.db")
    }

    /// Lets so many days pass.
    pub fn wait(&mut self, days: u64) {
        self.clock += days * 86_400;
    }

    /// Runs git; what it printed, if it did what it was told.
    pub fn git(&mut self, args: &[&str]) -> Option<String> {
        self.feed(args, b"")
    }

    /// Runs git with something on its standard input.
    pub fn feed(&mut self, args: &[&str], input: &[u8]) -> Option<String> {
        use std::io::Write as _;
        self.clock += 3_600;
        let mut command = Command::new("git");
        command.current_dir(self.path()).args(args);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ann Wright");
            command.env(format!("GIT_{who}_EMAIL"), "ann@example.invalid");
            command.env(format!("GIT_{who}_DATE"), format!("{} +0000", self.clock));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().ok()?;
        let mut stdin = child.stdin.take().expect("it was asked for");
        let input = input.to_vec();
        let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let done = child.wait_with_output().expect("git ends");
        feed.join().expect("the input was fed");
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        done.status.success().then_some(out)
    }

    /// Runs git, which must do it.
    pub fn must(&mut self, args: &[&str]) -> String {
        let done = self.git(args);
        done.unwrap_or_else(|| panic!("git {args:?}"))
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub fn commit(&mut self, message: &str) {
        self.must(&["add", "-A"]);
        self.must(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Ids of all blobs, commits and tags, as git lists them.
    pub fn searchable(&mut self) -> BTreeSet<String> {
        let format = "--batch-check=%(objecttype) %(objectname)";
        let all = self.must(&["cat-file", "--batch-all-objects", format]);
        let kept = all.lines().filter(|line| !line.starts_with("tree "));
        kept.map(str::to_owned).collect()
    }

    pub fn options(&self) -> HistoryOptions {
        let mut options = HistoryOptions {
            repository: self.path(),
            ..HistoryOptions::default()
        };
        options.scan.threads = 2;
        options.scan.least = Some(Confidence::Low);
        options
    }
}

/// What is said of the store in a report.
#[derive(Debug, PartialEq, Eq)]
pub struct Remembered {
    pub before: u64,
    pub again: Option<String>,
}

/// A sweep's JSON, without what it says of the store, and that.
pub fn swept(options: &HistoryOptions) -> (String, Remembered) {
    let result = history(options).expect("swept");
    assert_eq!(result.store_failed, None);
    let mut out = Vec::new();
    let written = Format::Json
        .report()
        .write_history(&result, &ReportOptions::default(), &mut out);
    written.expect("a vector takes all");
    split(&String::from_utf8(out).expect("UTF-8"))
}

/// A sweep's JSON, without what it says of the store, and that.
pub fn split(json: &str) -> (String, Remembered) {
    let mut value: Value = serde_json::from_str(json).expect("JSON");
    let history = value["history"].as_object_mut().expect("a history");
    let before = history.remove("searched_before").expect("it is told");
    history.remove("searched_bytes").expect("it is told");
    let again = history.remove("searched_again");
    let remembered = Remembered {
        before: before.as_u64().expect("a number"),
        again: again.and_then(|a| a.as_str().map(str::to_owned)),
    };
    let text = serde_json::to_string_pretty(&value).expect("JSON");
    (text, remembered)
}

/// The same with a store.
pub fn with_store(options: &HistoryOptions, store: &Path) -> HistoryOptions {
    HistoryOptions {
        store: Some(store.to_owned()),
        ..options.clone()
    }
}

/// A generated token.
pub fn token(seed: u64) -> String {
    super::common::secret("github.pat-classic", seed)
}

/// The catalogue with a pattern of a user's own.
pub fn with_pattern() -> Catalogue {
    let mut catalogue = Catalogue::embedded();
    catalogue.add_file("own.toml", OWN).expect("it is right");
    catalogue
}

/// A user's own pattern: `zz-` and sixteen digits.
pub const OWN: &str = "provider = 'acme'
name = 'Acme'
site = 'https://acme.example'
[[pattern]]
id = 'acme.key'
name = 'Acme key'
description = 'Opens Acme.'
secret = 'zz-[0-9]{16}'
severity = 'high'
revoke = 'Ask Acme.'
sources = ['observed form']
";
