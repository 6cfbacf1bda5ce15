//! A place to try the hooks of a repository in: a detached worktree of it, a store for what is made
//! there, and a bare repository to push to. All of it goes away at the end, however that comes.
//!
//! This is the one place that runs git, and so the hooks that the user installed: they asked for it,
//! and only in a repository of their own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use straykey::base::{Stop, path_text};
use straykey::sources::git_config::Hooks;
use straykey::sources::history::{HashKind, Places, PlacesOptions};

use super::places::{found, git_home, top};
use crate::cli::error::CliError;

/// Files of configuration that count as they lie, committed or not.
const AS_THEY_LIE: &[&str] = &[
    ".straykey",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "lefthook.yml",
    ".lefthook.yml",
    "lefthook.yaml",
];

/// By these variables systems of continuous integration are known, and get outputs.
const OF_SYSTEMS: &[&str] = &[
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "GITLAB_CI",
    "TF_BUILD",
    "BITBUCKET_BUILD_NUMBER",
    "JENKINS_URL",
    "JENKINS_HOME",
    "BUILDKITE",
    "CIRCLECI",
];

/// How many of them are copied at most.
const FILES: usize = 2_000;

/// What a program said, and how it ended.
#[derive(Debug)]
pub struct Done {
    /// All that it printed.
    pub said: Vec<u8>,
    /// Whether it ended with 0.
    pub went_well: bool,
}

/// Whether the user's hooks are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// They are.
    Hooks,
    /// They are not.
    NoHooks,
}

/// The place.
#[derive(Debug)]
pub struct Trial {
    /// All that is temporary.
    folder: tempfile::TempDir,
    /// Git's own folder of the worktree, in the real repository.
    admin: Option<PathBuf>,
    stores: Vec<PathBuf>,
    stop: Stop,
    /// The top of the real working tree.
    pub top: PathBuf,
    /// Where the real hooks are.
    pub hooks: PathBuf,
    /// What everything is tried upon: an id.
    pub base: String,
}

impl Trial {
    /// Makes it.
    ///
    /// # Errors
    ///
    /// If the repository is somebody else's, has no working tree or no commit, or git fails.
    pub fn begin(repository: &Path, stop: &Stop) -> Result<Self, CliError> {
        let places = found(repository, &PlacesOptions::default())?;
        let here = repository.canonicalize();
        let here = here.map_err(|e| CliError::file("cannot find", repository, &e))?;
        let git_dir = places.git_dir.canonicalize();
        let git_dir = git_dir.map_err(|e| CliError::file("cannot find", &places.git_dir, &e))?;
        let real = straykey::sources::top_of(&here).or(top(&git_dir));
        let Some(real) = real.filter(|_| !here.starts_with(&git_dir)) else {
            return Err(CliError::new(
                "a working tree is needed: this is a git folder, or a bare repository",
            ));
        };
        refuse_others(&places, real)?;
        let stores = places.stores.iter().map(|s| s.canonicalize());
        let stores: Vec<PathBuf> = stores.filter_map(Result::ok).collect();
        let folder = tempfile::Builder::new()
            .prefix("straykey-hook-test-")
            .tempdir()
            .map_err(|e| CliError::new(format!("cannot make a temporary folder: {e}")))?;
        let path = Hooks::read(&git_home(), Some(&places)).path;
        let hooks = path.map_or_else(|| places.common_dir.join("hooks"), |p| real.join(p.path));
        for name in ["objects", "no-hooks"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).map_err(|e| CliError::file("cannot make", &path, &e))?;
        }
        let mut trial = Self {
            top: real.to_owned(),
            folder,
            admin: None,
            stores,
            stop: stop.clone(),
            hooks,
            base: String::new(),
        };
        trial.set_up(&places)?;
        Ok(trial)
    }

    fn set_up(&mut self, places: &Places) -> Result<(), CliError> {
        let tree = self.tree();
        let top = self.top.clone();
        let rev = ["rev-parse", "--verify", "-q", "HEAD^{commit}"];
        if !self.git_in(&top, With::NoHooks, &rev)?.went_well {
            let why = "there is no commit yet: make one, then try the hooks";
            return Err(CliError::new(why));
        }
        let path = tree.as_os_str();
        let words = ["worktree", "add", "--quiet", "--detach"].map(OsStr::new);
        let words = [&words[..], &[path, OsStr::new("HEAD")]].concat();
        let added = self.git_in(&top, With::NoHooks, &words);
        // Whatever was made must go.
        self.admin = admin(&tree, places);
        succeeded(&added?, "git worktree add")?;
        self.take_along(&tree)?;
        let rev = self.git(With::NoHooks, &["rev-parse", "HEAD"])?;
        String::from_utf8_lossy(&rev.said)
            .trim()
            .clone_into(&mut self.base);
        let remote = self.remote();
        let format = match places.format.hash {
            HashKind::Sha1 => "--object-format=sha1",
            HashKind::Sha256 => "--object-format=sha256",
        };
        let words = ["init", "-q", "--bare", format].map(OsStr::new);
        let words = [&words[..], &[remote.as_os_str()]].concat();
        succeeded(&self.git_in(&top, With::NoHooks, &words)?, "git init")?;
        let own = self.folder.path().join("objects");
        let lines: Vec<String> = std::iter::once(&own)
            .chain(&self.stores)
            .map(|store| format!("{}\n", path_text(store)))
            .collect();
        let write = |name: &str, text: &str| {
            let path = remote.join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)
        };
        write("objects/info/alternates", &lines.concat())
            .and_then(|()| write("refs/heads/trial", &format!("{}\n", self.base)))
            .map_err(|e| CliError::file("cannot write", &remote, &e))
    }

    /// Copies configuration that is not committed, and commits it in the worktree.
    fn take_along(&self, tree: &Path) -> Result<(), CliError> {
        let mut left: Vec<PathBuf> = AS_THEY_LIE.iter().map(PathBuf::from).collect();
        let (mut copied, mut seen) = (Vec::new(), 0);
        while let Some(name) = left.pop() {
            let from = self.top.join(&name);
            let Ok(meta) = from.symlink_metadata() else {
                continue;
            };
            seen += 1;
            if seen > FILES {
                break;
            }
            if meta.is_dir() {
                let entries = fs::read_dir(&from).into_iter().flatten().flatten();
                left.extend(entries.map(|entry| name.join(entry.file_name())));
            } else if meta.is_file() {
                let to = tree.join(&name);
                let (new, old) = (fs::read(&from).ok(), fs::read(&to).ok());
                if let Some(new) = new.filter(|new| old.as_ref() != Some(new)) {
                    to.parent()
                        .map_or(Ok(()), fs::create_dir_all)
                        .and_then(|()| fs::write(&to, new))
                        .map_err(|e| CliError::file("cannot write", &to, &e))?;
                    copied.push(name);
                }
            }
        }
        // Hooks of some installers run what lies there.
        #[cfg(unix)]
        {
            let modules = self.top.join("node_modules");
            if modules.is_dir() && !tree.join("node_modules").exists() {
                let _ = std::os::unix::fs::symlink(modules, tree.join("node_modules"));
            }
        }
        if copied.is_empty() {
            return Ok(());
        }
        for name in &copied {
            let words = ["add", "-f", "--"].map(OsStr::new);
            let words = [&words[..], &[name.as_os_str()]].concat();
            succeeded(&self.git(With::NoHooks, &words)?, "git add")?;
        }
        let done = self.commit(With::NoHooks)?;
        succeeded(&done, "git commit")
    }

    /// The top of the worktree.
    pub fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// The repository to push to.
    pub fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// Commits what is staged.
    pub fn commit(&self, with: With) -> Result<Done, CliError> {
        let message = "chore: prove that secrets are stopped";
        let words: &[&str] = match with {
            With::Hooks => &["commit", "-q", "-m", message],
            With::NoHooks => &["commit", "-q", "--no-verify", "-m", message],
        };
        self.git(with, words)
    }

    /// Pushes to the bare repository.
    pub fn push(&self, with: With) -> Result<Done, CliError> {
        let remote = self.remote();
        let words = [
            OsStr::new("push"),
            OsStr::new("-q"),
            OsStr::new("-f"),
            remote.as_os_str(),
            OsStr::new("HEAD:refs/heads/trial"),
        ];
        self.git(with, &words)
    }

    /// Goes back to the beginning.
    pub fn reset(&self) -> Result<(), CliError> {
        let done = self.git(With::NoHooks, &["reset", "-q", "--hard", &self.base])?;
        succeeded(&done, "git reset")?;
        // What was pushed without being stopped.
        let path = self.remote().join("refs/heads/trial");
        fs::write(&path, format!("{}\n", self.base))
            .map_err(|e| CliError::file("cannot write", &path, &e))
    }

    /// Runs git in the worktree.
    pub fn git<S: AsRef<OsStr>>(&self, with: With, words: &[S]) -> Result<Done, CliError> {
        self.git_in(&self.tree(), with, words)
    }

    fn git_in<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        with: With,
        words: &[S],
    ) -> Result<Done, CliError> {
        let hooks = match with {
            With::Hooks => self.hooks.clone(),
            With::NoHooks => self.folder.path().join("no-hooks"),
        };
        let mut path = OsString::from("core.hooksPath=");
        path.push(hooks);
        let mut command = Command::new("git");
        command.arg("-c").arg(path);
        let quiet = [
            "commit.gpgsign=false",
            "push.gpgSign=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "core.fsmonitor=false",
        ];
        for setting in quiet {
            command.args(["-c", setting]);
        }
        self.run(command.args(words), folder)
    }

    /// Runs this very program in the worktree.
    pub fn straykey(&self, words: &[&str]) -> Result<Done, CliError> {
        let own = std::env::current_exe();
        let own = own.map_err(|e| CliError::new(format!("cannot find straykey itself: {e}")))?;
        let mut command = Command::new(own);
        command.args(words);
        // Wherever this runs: the range that is named is meant, and no file of that system.
        for name in OF_SYSTEMS {
            command.env_remove(name);
        }
        self.run(&mut command, &self.tree())
    }

    /// Runs a program that makes objects in the temporary store.
    fn run(&self, command: &mut Command, folder: &Path) -> Result<Done, CliError> {
        if self.stop.is_asked() {
            return Err(CliError::new("interrupted: nothing is proved"));
        }
        // Variables of a git that runs us would lead to its own index and tree.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let of_git = name.starts_with("GIT_") && !name.starts_with("GIT_CONFIG");
            if of_git || name.starts_with("PRE_COMMIT") {
                command.env_remove(&*name);
            }
        }
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "straykey hook test");
            command.env(format!("GIT_{who}_EMAIL"), "hook-test@straykey.invalid");
        }
        let alternates = std::env::join_paths(&self.stores);
        let alternates = alternates.map_err(|_| {
            CliError::new("the repository's path holds a character that separates paths")
        })?;
        let output = command
            .current_dir(folder)
            .env("GIT_OBJECT_DIRECTORY", self.folder.path().join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_EDITOR", "true")
            .stdin(Stdio::null())
            .output();
        let program = path_text(Path::new(command.get_program())).into_owned();
        let output = output.map_err(|e| CliError::new(format!("cannot run {program}: {e}")))?;
        if self.stop.is_asked() {
            return Err(CliError::new("interrupted: nothing is proved"));
        }
        let mut said = output.stdout;
        said.extend(output.stderr);
        Ok(Done {
            said,
            went_well: output.status.success(),
        })
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(admin) = &self.admin {
            let _ = fs::remove_dir_all(admin);
            // Git takes it away with the last one, too.
            let _ = admin.parent().map(fs::remove_dir);
        }
    }
}

fn succeeded(done: &Done, what: &str) -> Result<(), CliError> {
    if done.went_well {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.said);
    let first = said.lines().find(|line| !line.trim().is_empty());
    Err(CliError::new(format!(
        "{what} failed: {}",
        first.unwrap_or("it says nothing")
    )))
}

/// Git's own folder of a worktree, if it is where it must be.
fn admin(tree: &Path, places: &Places) -> Option<PathBuf> {
    let text = fs::read_to_string(tree.join(".git")).ok()?;
    let path = PathBuf::from(text.strip_prefix("gitdir: ")?.trim_end());
    let all = places.common_dir.join("worktrees").canonicalize().ok()?;
    let path = path.canonicalize().ok()?;
    (path.parent() == Some(&*all)).then_some(path)
}

/// Refuses what belongs to somebody else: its hooks and configuration would be run.
#[cfg(unix)]
fn refuse_others(places: &Places, top: &Path) -> Result<(), CliError> {
    use std::os::unix::fs::MetadataExt as _;
    let me = rustix::process::geteuid().as_raw();
    let config = places.common_dir.join("config");
    let all = [top, &places.git_dir, &places.common_dir, &config];
    for path in all {
        if path.metadata().is_ok_and(|meta| meta.uid() != me) {
            return Err(CliError::new(format!(
                "{} belongs to another user: its hooks are not run",
                path_text(path)
            )));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_others(_: &Places, _: &Path) -> Result<(), CliError> {
    Ok(())
}
