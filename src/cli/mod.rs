//! The command line: arguments, settings, exit codes.
//!
//! Raw arguments become settings once ([`settings`]); each command is one file and uses the public
//! library only. Reports go to standard output, everything else to standard error.

mod allow;
mod args;
mod baseline;
mod ci;
mod commits;
mod config;
mod error;
mod evidence;
mod exit;
mod explain;
mod find;
mod generate;
mod history;
mod home;
mod hook;
mod incident;
mod interrupt;
mod inventory;
mod migrate;
mod output;
mod patterns;
mod progress;
mod references;
mod repositories;
mod revoke;
mod scan;
mod settings;
mod staged;
mod verify;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::Parser as _;
use straykey::base::escape_controls;

use args::{Args, Command};
use error::CliError;
use exit::Exit;

/// Runs the program.
pub fn main() -> ExitCode {
    quiet_panics();
    let words: Vec<_> = std::env::args_os().collect();
    let args = match Args::read(&words) {
        Ok(args) => args,
        Err(error) => escaped(error, &words).exit(),
    };
    args.colour.color.write_global();
    // A panic is told by the hook. It must not look like findings, nor like a code of its own.
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| run(args)));
    done.unwrap_or(Exit::Failed).into()
}

fn run(args: Args) -> Exit {
    let done = match args.command {
        Command::Scan(scan) => scan::run(&scan, args.tell),
        Command::Staged(staged) => staged::run(&staged, args.tell),
        Command::Commits(commits) => commits::run(&commits, args.tell),
        Command::Ci(ci) => ci::run(&ci, args.tell),
        Command::History(history) => history::run(&history, args.tell),
        Command::Inventory(inventory) => inventory::run(&inventory, args.tell),
        Command::Incident(incident) => incident::run(&incident, args.tell),
        Command::Evidence(evidence) => evidence::run(&evidence, args.tell),
        Command::Explain(explain) => explain::run(&explain),
        Command::Allow(allow) => allow::run(&allow),
        Command::Baseline(baseline) => baseline::run(&baseline),
        Command::Hook(hook) => hook::run(&hook, args.tell),
        Command::Migrate(migrate) => migrate::run(&migrate, args.tell),
        Command::References(references) => references::run(&references, args.tell),
        Command::Patterns(patterns) => patterns::run(&patterns),
        Command::Verify(verify) => verify::run(&verify, args.tell),
        Command::Revoke(revoke) => revoke::run(&revoke, args.tell),
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { command } => generate::man(command.as_deref()),
    };
    done.unwrap_or_else(|error| {
        tell_error(&error);
        Exit::Failed
    })
}

/// The same error for arguments that can be shown: a file's name may be among them, and it must not
/// drive the terminal.
fn escaped(error: clap::Error, words: &[OsString]) -> clap::Error {
    let plain = words
        .iter()
        .map(|word| escape_controls(&word.to_string_lossy()).into_owned());
    Args::try_parse_from(plain).err().unwrap_or(error)
}

/// How many errors are told: nobody reads more, and a file may have one a line.
const ERRORS: usize = 200;

fn tell_error(error: &CliError) {
    for line in error.lines().iter().take(ERRORS) {
        tell(&format!("error: {line}"));
    }
    let more = error.lines().len().saturating_sub(ERRORS);
    if more > 0 {
        tell(&format!("error: and {more} more"));
    }
}

/// A line on standard error. Nobody can be told if that is closed.
fn tell(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "straykey: {}", escape_controls(line));
}

/// A panic's message may quote the text that was searched: only its place is told.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or("an unknown place".into(), |at| {
            let file = std::path::Path::new(at.file()).file_name();
            let file = file.unwrap_or_default().to_string_lossy();
            format!("{file}:{}", at.line())
        });
        tell(&format!(
            "error: a bug at {place}; the result is not complete. Please report it"
        ));
    }));
}
