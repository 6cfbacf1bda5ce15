//! `straykey hook` under real git: what must be stopped is stopped, all else passes, and what was
//! there before is there afterwards.

mod common;

#[path = "hooks/framework.rs"]
mod framework;
#[path = "hooks/install.rs"]
mod install;
#[path = "hooks/push.rs"]
mod push;
#[path = "hooks/receive.rs"]
mod receive;
#[path = "hooks/recipes.rs"]
mod recipes;
#[path = "hooks/slow.rs"]
mod slow;
#[path = "hooks/trial.rs"]
mod trial;
#[path = "hooks/variants.rs"]
mod variants;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command said, all of it, and whether it ended with 0.
#[derive(Debug)]
struct Done {
    said: String,
    code: i32,
}

impl Done {
    #[track_caller]
    fn stopped(&self, word: &str) -> &Self {
        assert!(self.code != 0 && self.said.contains(word), "{self:?}");
        self
    }

    #[track_caller]
    fn passed(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// A home, a repository in it, and the program on the path.
struct Home {
    dir: tempfile::TempDir,
    path: std::ffi::OsString,
    /// What else is in the environment.
    more: Vec<(std::ffi::OsString, std::ffi::OsString)>,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let bin = Path::new(env!("CARGO_BIN_EXE_straykey"));
        let mut all = vec![bin.parent().expect("it has one").to_owned()];
        let old = std::env::var_os("PATH").unwrap_or_default();
        all.extend(std::env::split_paths(&old));
        let home = Self {
            dir,
            path: std::env::join_paths(all).expect("joined"),
            more: Vec::new(),
        };
        fs::create_dir(home.repo()).expect("made");
        home.git(&["init", "-q", "-b", "main"]);
        home
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.repo().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.repo().join(name)).expect("it is there")
    }

    /// A script that can be run.
    fn script(&self, name: &str, text: &str) {
        self.write(name, text);
        executable(&self.repo().join(name));
    }

    fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(dir)
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(self.more.iter().map(|(name, value)| (name, value)));
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ann");
            command.env(format!("GIT_{who}_EMAIL"), "ann@x.invalid");
        }
        if let Some(value) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", value);
        }
        command
    }

    fn run_in(&self, dir: &Path, words: &[&str]) -> Done {
        done(self.command(words[0], dir).args(&words[1..]))
    }

    fn run(&self, words: &[&str]) -> Done {
        self.run_in(&self.repo(), words)
    }

    /// Git, which must go well; what it said.
    #[track_caller]
    fn git(&self, words: &[&str]) -> String {
        let words = [&["git"], words].concat();
        let done = self.run(&words);
        assert_eq!(done.code, 0, "{words:?}: {done:?}");
        done.said.trim_end().to_owned()
    }

    fn try_git(&self, words: &[&str]) -> Done {
        self.run(&[&["git"], words].concat())
    }

    #[track_caller]
    fn straykey(&self, words: &[&str]) -> Done {
        self.run(&[&["straykey"], words].concat())
    }

    /// Commits all files without asking any hook; the id.
    fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&[
            "commit",
            "-q",
            "--no-verify",
            "--allow-empty",
            "-m",
            "change",
        ]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A path without the folder of the program.
    fn without_program(&self) -> std::ffi::OsString {
        let all: Vec<PathBuf> = std::env::split_paths(&self.path).skip(1).collect();
        std::env::join_paths(all).expect("joined")
    }
}

fn done(command: &mut Command) -> Done {
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    Done {
        said: String::from_utf8_lossy(&said).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

/// A line that holds a generated secret, and the secret.
fn line(seed: u64) -> (String, String) {
    let secret = common::secret("github.pat-classic", seed);
    (format!("token = \"{secret}\"\n"), secret)
}

const KIND: &str = "github.pat-classic";
