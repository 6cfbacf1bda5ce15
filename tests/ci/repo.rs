//! What the tests of the gate in CI share: a server's repository that real git made, checkouts as
//! runners make them, events as systems send them.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::common;

/// Git, with nothing of the surrounding in its configuration.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let done = git_at(dir, args, 1_700_000_000);
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

fn git_at(dir: &Path, args: &[&str], seconds: i64) -> std::process::Output {
    let date = format!("@{seconds} +0000");
    Command::new("git")
        .args(["-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always"])
        .args(["-c", "advice.detachedHead=false"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@x.invalid")
        .env("GIT_COMMITTER_NAME", "Cem")
        .env("GIT_COMMITTER_EMAIL", "cem@x.invalid")
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .output()
        .expect("git runs")
}

/// The repository that pushes go to, and its checkouts.
pub struct Server {
    dir: tempfile::TempDir,
    clock: Cell<i64>,
    clones: Cell<u32>,
}

impl Server {
    /// With one commit on `main`.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let server = Self {
            dir,
            clock: Cell::new(1_700_000_000),
            clones: Cell::new(0),
        };
        fs::create_dir(server.path()).expect("made");
        git(&server.path(), &["init", "-q"]);
        git(
            &server.path(),
            &["config", "uploadpack.allowAnySHA1InWant", "true"],
        );
        server.write("README.md", "# Here\n");
        server.commit("begin");
        server
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("server")
    }

    /// A path beside it, for files of the runner.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.clock.set(self.clock.get() + 60);
        let done = git_at(&self.path(), args, self.clock.get());
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "git {args:?}: {err}");
        String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// Commits what is there; its id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    /// Writes a file and commits it.
    pub fn add(&self, name: &str, text: &str) -> String {
        self.write(name, text);
        self.commit(name)
    }

    pub fn head(&self) -> String {
        git(&self.path(), &["rev-parse", "HEAD"])
    }

    pub fn switch(&self, args: &[&str]) {
        self.git(&[&["checkout", "-q"], args].concat());
    }

    /// The commit that tries a merge of `head` into `base`, under the reference that systems give it.
    pub fn trial(&self, base: &str, head: &str) -> String {
        let now = git(&self.path(), &["rev-parse", "--abbrev-ref", "HEAD"]);
        self.switch(&["--detach", base]);
        self.git(&["merge", "-q", "--no-ff", "-m", "trial", head]);
        let merge = self.head();
        self.git(&["update-ref", "refs/pull/1/merge", &merge]);
        self.switch(&[&now]);
        merge
    }

    /// What a runner has: all branches and tags, or the last `depth` commits of one reference.
    pub fn checkout(&self, commit: &str, depth: Option<u32>) -> PathBuf {
        let number = self.clones.get() + 1;
        self.clones.set(number);
        let clone = self.beside(&format!("work{number}"));
        fs::create_dir(&clone).expect("made");
        git(&clone, &["init", "-q"]);
        let url = format!("file://{}", self.path().display());
        git(&clone, &["remote", "add", "origin", &url]);
        let one = format!("+{commit}:refs/remotes/origin/at");
        match depth {
            None => git(
                &clone,
                &[
                    "fetch",
                    "-q",
                    "origin",
                    "+refs/heads/*:refs/remotes/origin/*",
                    "+refs/tags/*:refs/tags/*",
                    &one,
                ],
            ),
            Some(depth) => {
                let depth = format!("--depth={depth}");
                git(
                    &clone,
                    &["fetch", "-q", "--no-tags", &depth, "origin", &one],
                )
            }
        };
        git(&clone, &["checkout", "-q", "--detach", commit]);
        clone
    }
}

/// The event of a file, with the words between `@` replaced.
pub fn event(name: &str, words: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ci/events");
    let mut text = fs::read_to_string(path.join(name)).expect("an event");
    for (word, value) in words {
        let value = serde_json::to_string(value).expect("text");
        text = text.replace(&format!("\"@{word}@\""), &value);
    }
    let words = ["AFTER", "BASE", "BEFORE", "HEAD", "MERGE", "NAME", "REF"];
    let left = words.iter().find(|w| text.contains(&format!("\"@{w}@\"")));
    assert_eq!(left, None, "{name}: not all is said");
    text
}

/// No commit, as systems write it.
pub const ZERO: &str = "0000000000000000000000000000000000000000";

/// A generated token.
pub fn token(seed: u64) -> String {
    common::secret("github.pat-classic", seed)
}

/// What a runner makes of a file of outputs: `name<<END`, lines, `END`, or `name=value`.
pub fn outputs(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let here = line.find("<<");
        let is = line.find('=');
        match (here, is) {
            (Some(at), is) if is.is_none_or(|is| at < is) => {
                let end = &line[at + 2..];
                let value: Vec<&str> = lines.by_ref().take_while(|l| *l != end).collect();
                out.push((line[..at].to_owned(), value.join("\n")));
            }
            (_, Some(is)) => out.push((line[..is].to_owned(), line[is + 1..].to_owned())),
            _ => assert!(line.is_empty(), "a line that no runner takes: {line}"),
        }
    }
    out
}

/// The lines of a log that a runner of GitHub's takes for commands.
pub fn commands(log: &str) -> Vec<&str> {
    log.lines()
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .collect()
}
