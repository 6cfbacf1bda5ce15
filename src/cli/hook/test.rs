//! `straykey hook test`: proves that a secret would be stopped, by trying.
//!
//! A hook that scans nothing looks like one that finds nothing. So a made-up secret is planted in
//! each top-level folder, and each way in which it could be stopped is tried; a harmless file must
//! pass, or else nothing is proved.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use straykey::base::{escape_controls, path_text};
use straykey::detect::Catalogue;
use straykey::detect::patterns::{Pattern, Sampler, sample_secret};
use straykey::sources::{Globs, path_of_bytes};

use super::run::look;
use super::trial::{Done, Trial, With};
use crate::cli::args::{HookTestArgs, Tell};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::to_stdout;
use crate::cli::settings::Settings;
use crate::cli::{interrupt, tell};

/// What canaries are made of: the first that configuration does not leave out.
const KINDS: &[&str] = &[
    "github.pat-classic",
    "slack.bot-token",
    "gitlab.personal-token",
    "aws.access-key",
];

/// How many top-level folders are tried.
const FOLDERS: usize = 100;

/// How much of a hook's words is told.
const LINES: usize = 20;

/// What became of a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was stopped, and straykey said why.
    Stopped,
    /// It went through.
    LetThrough,
    /// Something else stopped it: nothing is proved.
    ByAnother,
    /// Configuration leaves the folder out.
    LeftOut,
    /// There is no such hook.
    None,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::LetThrough => "LET THROUGH",
            Self::ByAnother => "BY ANOTHER",
            Self::LeftOut => "left out",
            Self::None => "no hook",
        }
    }

    const fn fails(self) -> bool {
        matches!(self, Self::LetThrough | Self::ByAnother)
    }
}

/// A way in which a secret can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Commit,
    Push,
    Range,
    Ci,
}

impl Way {
    const ALL: &'static [Self] = &[Self::Commit, Self::Push, Self::Range, Self::Ci];

    const fn word(self) -> &'static str {
        match self {
            Self::Commit => "pre-commit",
            Self::Push => "pre-push",
            Self::Range => "commits",
            Self::Ci => "ci",
        }
    }
}

/// Runs the command.
pub fn run(args: &HookTestArgs, how: Tell) -> Result<Exit, CliError> {
    let repository = args
        .repository
        .clone()
        .unwrap_or_else(|| PathBuf::from("."));
    let stop = interrupt::watch_all();
    let trial = Trial::begin(&repository, &stop)?;
    let settings = Settings::resolve(&look(None, false), vec![trial.top.clone()], None)?;
    let test = Test {
        kind: kind(&settings)?,
        exclude: excluded(&settings)?,
        trial,
        how,
    };
    let (folders, more) = test.folders()?;
    let hooks = test.control()?;
    let mut sampler = Sampler::new(seed());
    let mut rows = Vec::new();
    for folder in &folders {
        rows.push(test.folder(folder, &hooks, &mut sampler)?);
    }
    drop(test.trial);
    write(&folders, &rows, more)?;
    Ok(verdict(&rows))
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_nanos() as u64) ^ u64::from(std::process::id()) << 32
}

fn kind(settings: &Settings) -> Result<&'static Pattern, CliError> {
    let catalogue = Catalogue::embedded();
    let is_off = |pattern: &Pattern| {
        let mut off = settings.options.disable.iter();
        off.any(|(id, _)| id == pattern.id || id.strip_suffix(".*") == Some(pattern.provider))
    };
    let mut kinds = KINDS.iter().filter_map(|id| catalogue.get(id));
    kinds.find(|pattern| !is_off(pattern)).ok_or_else(|| {
        CliError::new("configuration leaves out every kind of secret that could be planted")
    })
}

fn excluded(settings: &Settings) -> Result<Globs, CliError> {
    let mut globs = Globs::default();
    for one in &settings.options.exclude {
        let added = globs.add(&one.glob, one.base.as_deref());
        added.map_err(|why| CliError::new(format!("{}: {why}", one.source)))?;
    }
    Ok(globs)
}

struct Test {
    trial: Trial,
    kind: &'static Pattern,
    exclude: Globs,
    how: Tell,
}

impl Test {
    /// The top-level folders, the top itself first; and how many more there are than are tried.
    fn folders(&self) -> Result<(Vec<PathBuf>, usize), CliError> {
        let words = ["ls-tree", "-d", "-z", "HEAD"];
        let listed = self.trial.git(With::NoHooks, &words)?.said;
        let trees = listed.split(|b| *b == 0).filter_map(|line| {
            let (head, name) = line.split_at_checked(line.iter().position(|b| *b == b'\t')?)?;
            head.starts_with(b"040000 ")
                .then(|| path_of_bytes(&name[1..]))
        });
        let mut folders: Vec<PathBuf> = trees.collect();
        let more = folders.len().saturating_sub(FOLDERS);
        folders.truncate(FOLDERS);
        folders.insert(0, PathBuf::new());
        Ok((folders, more))
    }

    /// Whether there is a hook for a way, by what git would run.
    fn has(&self, way: Way) -> bool {
        let path = self.trial.hooks.join(way.word());
        path.is_file() || path.with_extension("exe").is_file()
    }

    /// Tries a harmless file; the ways for which there are hooks.
    fn control(&self) -> Result<Vec<Way>, CliError> {
        let mut hooks = Vec::new();
        self.stage(
            Path::new("straykey-canary-harmless.txt"),
            "nothing to see\n",
        )?;
        for way in [Way::Commit, Way::Push] {
            if !self.has(way) {
                continue;
            }
            let done = match way {
                Way::Commit => self.trial.commit(With::Hooks)?,
                _ => self.trial.push(With::Hooks)?,
            };
            if !done.went_well {
                self.show(&done);
                return Err(CliError::new(format!(
                    "the {} hook stops a harmless file, too: nothing is proved (its words are \
                     above; hook test tries it in a fresh worktree)",
                    way.word()
                )));
            }
            hooks.push(way);
        }
        self.trial.reset()?;
        Ok(hooks)
    }

    /// Writes a file and stages it.
    fn stage(&self, name: &Path, text: &str) -> Result<(), CliError> {
        let path = self.trial.tree().join(name);
        fs::write(&path, text).map_err(|e| CliError::file("cannot write", &path, &e))?;
        let words = ["add", "-f", "--"].map(OsStr::new);
        let words = [&words[..], &[name.as_os_str()]].concat();
        let done = self.trial.git(With::NoHooks, &words)?;
        if done.went_well {
            return Ok(());
        }
        self.show(&done);
        Err(CliError::new("git add failed: its words are above"))
    }

    /// Tries all ways in one folder.
    fn folder(
        &self,
        folder: &Path,
        hooks: &[Way],
        sampler: &mut Sampler,
    ) -> Result<Vec<Outcome>, CliError> {
        let name = folder.join(format!("straykey-canary-{}.txt", sampler.word(8)));
        let secret = sample_secret(self.kind.expression[1], self.kind.checksum, sampler);
        let secret = String::from_utf8_lossy(&secret).into_owned();
        self.stage(&name, &format!("token = \"{secret}\"\n"))?;
        let mut row = Vec::new();
        for way in Way::ALL {
            let is_hook = matches!(way, Way::Commit | Way::Push);
            if is_hook && !hooks.contains(way) {
                row.push(Outcome::None);
                continue;
            }
            if *way != Way::Commit && self.head()? == self.trial.base {
                self.trial.commit(With::NoHooks)?;
            }
            let done = match way {
                Way::Commit => self.trial.commit(With::Hooks)?,
                Way::Push => self.trial.push(With::Hooks)?,
                Way::Range => {
                    let range = format!("{}..{}", self.trial.base, self.head()?);
                    self.trial.straykey(&["commits", &range])?
                }
                Way::Ci => {
                    let (base, head) = (&*self.trial.base, &*self.head()?);
                    let words = ["ci", "--no-summary", "--base", base, "--head", head];
                    self.trial.straykey(&words)?
                }
            };
            row.push(self.outcome(*way, &name, &secret, &done)?);
        }
        self.trial.reset()?;
        Ok(row)
    }

    /// The commit that the worktree is at.
    fn head(&self) -> Result<String, CliError> {
        let head = self.trial.git(With::NoHooks, &["rev-parse", "HEAD"])?;
        Ok(String::from_utf8_lossy(&head.said).trim().to_owned())
    }

    fn outcome(
        &self,
        way: Way,
        name: &Path,
        secret: &str,
        done: &Done,
    ) -> Result<Outcome, CliError> {
        let said = String::from_utf8_lossy(&done.said);
        if said.contains(secret) {
            return Err(CliError::new(format!(
                "the {} hook shows the secret that it stops: look at what it prints",
                way.word()
            )));
        }
        if self.how.verbose {
            self.show(done);
        }
        Ok(match (done.went_well, said.contains(self.kind.id)) {
            (false, true) => Outcome::Stopped,
            (false, false) => {
                self.show(done);
                Outcome::ByAnother
            }
            (true, _) if self.exclude.matches(&self.trial.top.join(name)) => Outcome::LeftOut,
            (true, _) => Outcome::LetThrough,
        })
    }

    /// Tells what a program said.
    fn show(&self, done: &Done) {
        let said = String::from_utf8_lossy(&done.said);
        let most = if self.how.verbose { usize::MAX } else { LINES };
        for line in said.lines().take(most) {
            tell(&format!("  | {line}"));
        }
    }
}

fn write(folders: &[PathBuf], rows: &[Vec<Outcome>], more: usize) -> Result<(), CliError> {
    let shown = |folder: &PathBuf| {
        if folder.as_os_str().is_empty() {
            "(top)".to_owned()
        } else {
            escape_controls(&path_text(folder)).into_owned()
        }
    };
    let names: Vec<String> = folders.iter().map(shown).collect();
    let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    to_stdout(|out| {
        write!(out, "{:wide$}", "")?;
        for way in Way::ALL {
            write!(out, "  {:11}", way.word())?;
        }
        writeln!(out)?;
        for (name, row) in names.iter().zip(rows) {
            let fill = wide - name.chars().count();
            write!(out, "{name}{}", " ".repeat(fill))?;
            for outcome in row {
                write!(out, "  {:11}", outcome.word())?;
            }
            writeln!(out)?;
        }
        let all = || rows.iter().flatten();
        let count = |which: Outcome| all().filter(|o| **o == which).count();
        let failed = all().filter(|o| o.fails()).count();
        if more > 0 {
            writeln!(out, "not tried: {more} more folders")?;
        }
        if count(Outcome::LeftOut) > 0 {
            writeln!(out, "left out: .straykey/config.toml says so")?;
        }
        if failed > 0 {
            writeln!(
                out,
                "FAILED: {failed} of {} trials let a secret through",
                all().count()
            )
        } else if no_hook(rows) {
            writeln!(out, "FAILED: no hook is installed: straykey hook install")
        } else {
            let stopped = count(Outcome::Stopped);
            writeln!(
                out,
                "proved: {stopped} made-up secrets were stopped, a harmless file was not"
            )
        }
    })
}

/// Whether nothing stands between a commit and the world.
fn no_hook(rows: &[Vec<Outcome>]) -> bool {
    let hooks = |row: &Vec<Outcome>| row[..2].iter().all(|o| *o == Outcome::None);
    rows.iter().all(hooks)
}

fn verdict(rows: &[Vec<Outcome>]) -> Exit {
    if rows.iter().flatten().any(|o| o.fails()) || no_hook(rows) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}
