//! `straykey hook run`: what git's hooks do.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use straykey::detect::patterns::Severity;
use straykey::findings::Finding;
use straykey::scan::{CommitsOptions, Known};
use straykey::story::RangeResult;

use super::places::repository;
use super::push::{Update, is_zero, say_stopped, updates};
use super::{framework, receive};
use crate::cli::args::{Hook, HookRunArgs, Look, LookStaged, Tell};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::environment;
use crate::cli::scan::tell_what_is_missing;
use crate::cli::settings::Settings;
use crate::cli::{interrupt, tell};

/// Runs the command.
pub fn run(args: &HookRunArgs, how: Tell) -> Result<Exit, CliError> {
    match args.hook {
        Hook::PreCommit | Hook::PreMergeCommit => framework::pre_commit(args, how),
        Hook::PrePush => pre_push(args, how),
        Hook::PreReceive => receive::run(args, how),
    }
}

/// What a hook looks for: everything, with the configuration of the repository or of a folder that
/// was named.
pub fn look(config: Option<PathBuf>, no_config: bool) -> Look {
    let staged = LookStaged {
        config,
        no_config,
        ..LookStaged::default()
    };
    staged.look()
}

/// Judges what a push sends.
fn pre_push(args: &HookRunArgs, how: Tell) -> Result<Exit, CliError> {
    let mut options = CommitsOptions::default();
    if framework::is_here() {
        match framework::pushed()? {
            Some(pushed) => (options.revisions, options.known) = pushed,
            None => return framework::all_files(args, how),
        }
    } else {
        if std::io::stdin().is_terminal() {
            let why = "hook run pre-push is for git to run: it reads what is pushed on standard \
                       input; straykey commits A..B judges a range";
            return Err(CliError::new(why));
        }
        let updates = updates(std::io::stdin(), 4)?;
        options.pushed = updates.iter().filter_map(Update::pushed).collect();
        let olds = updates.iter().map(|u| u.old.clone());
        let remote = args.given.first().map(String::as_str);
        options.known = Known {
            objects: olds.filter(|old| !is_zero(old)).collect(),
            references: tracking(remote),
        };
        if updates.is_empty() {
            tell(
                "NOT SCANNED: standard input names nothing that is pushed (does another hook read it \
                 first?)",
            );
        }
        if options.pushed.is_empty() {
            return Ok(Exit::Clean);
        }
    }
    judged(args, options, how, "push")
}

/// What the names of remote-tracking references of a remote begin with. An address has none.
pub fn tracking(remote: Option<&str>) -> Option<String> {
    let remote = remote.filter(|name| {
        let odd = |c: char| c.is_control() || matches!(c, ':' | '\\' | ' ');
        !name.is_empty() && !name.contains(odd) && !name.contains("..") && !name.starts_with('/')
    });
    remote.map(|name| format!("refs/remotes/{name}/"))
}

/// Judges commits with the configuration of the repository; `what` they are together.
pub fn judged(
    args: &HookRunArgs,
    mut options: CommitsOptions,
    how: Tell,
    what: &str,
) -> Result<Exit, CliError> {
    let look = look(args.config.clone(), false);
    let settings = Settings::resolve(&look, vec![PathBuf::from(".")], None)?;
    options.repository = repository();
    options.places = environment();
    options.scan = settings.options;
    options.scan.stop = interrupt::watch();
    let mut result = straykey::scan::commits(&options)?;
    result.scan.notices.splice(0..0, settings.notices);
    Ok(said(
        &result,
        settings.severity,
        how,
        &Said {
            what,
            on_server: false,
        },
    ))
}

/// What is said of.
pub struct Said<'a> {
    /// A push, or a range.
    pub what: &'a str,
    /// Whether whoever reads it is elsewhere.
    pub on_server: bool,
}

/// Says what became of it, and how the hook ends.
pub fn said(result: &RangeResult, threshold: Severity, how: Tell, of: &Said<'_>) -> Exit {
    let Said { what, on_server } = *of;
    let fails = |f: &Finding| f.pattern.severity >= threshold;
    let stopped = result.scan.findings.iter().any(fails);
    if stopped {
        say_stopped(result, threshold, of);
    }
    tell_what_is_missing(&result.scan, how.quiet || on_server);
    if result.scan.is_incomplete() {
        tell(&format!("{what} stopped: not all of it could be judged"));
    } else if !stopped && !how.quiet {
        let (commits, files) = (result.read.commits, result.scan.files);
        let s = |n: u64| if n == 1 { "" } else { "s" };
        tell(&format!(
            "{what} clean: {commits} commit{}, {files} version{} of files judged",
            s(commits),
            s(files)
        ));
    }
    if !how.quiet && result.read.older > 0 {
        let older = result.read.older;
        let s = if older == 1 { "" } else { "s" };
        tell(&format!(
            "{older} older secret{s} in these files did not stop it"
        ));
    }
    Exit::of(&result.scan, threshold, false)
}
