//! What can be typed. The help, the completions and the man page are made of this.

mod baseline;
mod ci;
mod evidence;
mod hook;
mod inventory;
mod migrate;
mod patterns;
mod read;
mod references;
mod revoke;
mod staged;
mod verify;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use straykey::detect::Engine;
use straykey::detect::patterns::{Confidence, Severity};
use straykey::reports::Format;

pub use baseline::{BaselineArgs, BaselineCommand, BaselineOf};
pub use ci::{CiArgs, Mode as CiMode};
pub use evidence::{EvidenceArgs, EvidenceCommand, EvidenceVerifyArgs};
pub use hook::{
    Hook, HookAgentArgs, HookArgs, HookCommand, HookInstallArgs, HookRunArgs, HookTestArgs,
    Installed, OnTimeout,
};
pub use inventory::{
    IncidentArgs, InventoryArgs, InventoryCheckArgs, InventoryCommand, InventoryDiffArgs,
    InventoryInitArgs, InventoryLook, InventoryRecheckArgs, InventoryReport,
};
pub use migrate::MigrateArgs;
pub use patterns::{PatternsArgs, PatternsCommand, ProofFormat};
pub use references::{ReferencesArgs, ReferencesFormat};
pub use revoke::RevokeArgs;
pub use staged::{LookStaged, StagedArgs};
pub use verify::{Asking, VerifyArgs, Verifying};

const EXAMPLES: &str = "\
Examples:
  straykey scan .                         findings in this tree, as a person reads them
  straykey scan . -o sarif:out.sarif      the same, and a SARIF file beside it
  git show HEAD:config.yml | straykey scan -
  straykey staged                         what this commit would add
  straykey history                        everything that git still holds, with its story
  straykey commits origin/main..HEAD      what each commit of a range brings in
  straykey ci                             what a push or a pull request brings in, in a job of CI
  straykey history --find - < value       where one known value is, in any encoding
  straykey history --recursive clones     the same of all repositories in a folder
  straykey explain deploy/prod.env:12     why something there was or was not reported
  straykey verify 7f3a91c2                whether it works, whose it is and what it may do
  straykey allow 7f3a91c2 --reason \"a key of the documentation\"

Exit codes:
  0  clean: everything was read, nothing at or above the threshold
  1  findings of medium confidence and medium severity or above
  2  the job could not be done: usage, configuration, or something was not read

Nothing is sent anywhere unless you verify or revoke. Secrets are masked in every output.";

/// Finds machine credentials that have strayed into source code, and tells how to retire them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub tell: Tell,
    #[command(flatten)]
    pub colour: Colouring,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct Colouring {
    /// When to use colours; NO_COLOR, CLICOLOR and CLICOLOR_FORCE are followed too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
}

/// How much is told.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct Tell {
    /// Tell findings only, and what could not be read
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell more: every place, every file that was not read, everything that was accepted
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan files and folders, or standard input
    Scan(ScanArgs),
    /// Judge what this commit would add: the index, against the last commit
    Staged(StagedArgs),
    /// Judge every commit of a range by itself: what each brings in
    Commits(CommitsArgs),
    /// Judge what a run of continuous integration is for, and tell it in that system's way
    Ci(CiArgs),
    /// Sweep everything that a git repository holds, and tell the story of each finding
    History(HistoryArgs),
    /// Make a record of every credential: whose, how old, how far retired
    Inventory(Box<InventoryArgs>),
    /// Tell on one page what is known of one credential, and how to retire it
    Incident(Box<IncidentArgs>),
    /// Write a report for an auditor, with hashes over everything; or look at one again
    Evidence(Box<EvidenceArgs>),
    /// Tell why something was or was not reported
    Explain(ExplainArgs),
    /// Accept a finding, with a reason, in .straykey/ignore
    Allow(AllowArgs),
    /// Write, prune and show .straykey/baseline: what was known when a gate was put up
    Baseline(BaselineArgs),
    /// Install, run and prove hooks of git and of coding agents
    Hook(HookArgs),
    /// Carry over the configuration and the baselines of other scanners
    Migrate(MigrateArgs),
    /// List credentials that files name and others keep, and who takes what
    References(ReferencesArgs),
    /// Ask providers whether credentials work
    Verify(VerifyArgs),
    /// Take a credential out of use, as far as its holder can, and prove it; by default tell how
    Revoke(Box<RevokeArgs>),
    /// List, show and check patterns
    Patterns(PatternsArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program or of a command, in roff
    Man {
        /// The command
        command: Option<String>,
    },
}

/// Which files and which patterns count.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Sought {
    /// Leave out files that match a glob, in the syntax of .gitignore; repeatable
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Add the patterns of a file; repeatable
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub patterns: Vec<PathBuf>,
    /// Look for these patterns only: an id, or `provider.*`; repeatable
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Leave out (and count) the findings of a pattern: an id, or `provider.*`; repeatable
    #[arg(long, value_name = "ID")]
    pub disable: Vec<String>,
}

/// What is scanned, and how.
#[derive(Clone, Debug, ClapArgs)]
pub struct Look {
    /// Read what git ignores, too
    #[arg(long)]
    pub no_ignore: bool,
    #[command(flatten)]
    pub sought: Sought,
    /// Read configuration from this folder instead of the nearest .straykey
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub config: Option<PathBuf>,
    /// Read no configuration and no allowances
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Worker threads; 0 for as many as there are cores
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// How to search: `plain` is slow, simple, and finds the same
    #[arg(long, value_name = "ENGINE", default_value = "fast")]
    pub engine: EngineArg,
}

/// What of git's objects is looked at, and for what. The working tree is that of one commit only: it
/// must not say what is looked for, so no configuration is read unless it is named.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct LookObjects {
    #[command(flatten)]
    pub sought: Sought,
    /// Read configuration and allowances from this folder; by default none is read
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub config: Option<PathBuf>,
    /// Worker threads; 0 for as many as there are cores
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
}

impl LookObjects {
    /// The same in the words of a scan.
    pub fn look(&self) -> Look {
        Look {
            no_ignore: false,
            sought: self.sought.clone(),
            config: self.config.clone(),
            no_config: self.config.is_none(),
            threads: self.threads,
            engine: EngineArg(Engine::Fast),
        }
    }
}

/// Where reports go, what they show, and what fails.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Reporting {
    /// The report on standard output [default: human]
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<FormatArg>,
    /// Write a report to a file, too; - is standard output; repeatable
    #[arg(short, long, value_name = "FORMAT:PATH", value_parser = parse_output)]
    pub output: Vec<Output>,
    /// The least confidence that is reported and fails [default: medium]
    #[arg(long, value_name = "LEVEL")]
    pub confidence: Option<ConfidenceArg>,
    /// The least severity that fails; what is below is reported and does not fail [default: medium]
    #[arg(long, value_name = "LEVEL")]
    pub severity: Option<SeverityArg>,
    /// End with 0 although there are findings; what could not be read still ends with 2
    #[arg(long)]
    pub exit_zero: bool,
    /// Write secrets in full; refused in CI
    #[arg(long)]
    pub show_secrets: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ScanArgs {
    /// Files and folders; - is standard input [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub report: Reporting,
    /// Look for one known value instead, in every encoding; - reads it from standard input
    #[arg(long, value_name = "-", conflicts_with_all = ["show_secrets", "only", "patterns"])]
    pub find: Option<String>,
    #[command(flatten)]
    pub verifying: Verifying,
    #[command(flatten)]
    pub look: Look,
}

#[derive(Debug, ClapArgs)]
pub struct CommitsArgs {
    /// A..B (what B has and A has not), B alone, or ^A B; branches, tags, ids, HEAD~2
    #[arg(required = true, value_name = "RANGE")]
    pub revisions: Vec<String>,
    /// A folder of the repository, or its git folder [default: .]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub repo: Option<PathBuf>,
    #[command(flatten)]
    pub report: Reporting,
    #[command(flatten)]
    pub verifying: Verifying,
    #[command(flatten)]
    pub look: LookObjects,
}

/// Which repositories are swept.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct WhichRepositories {
    /// A folder of the repository, or its git folder; of several the folders at their tops
    /// [default: .]
    #[arg(value_name = "REPO", value_hint = ValueHint::DirPath)]
    pub repositories: Vec<PathBuf>,
    /// Sweep the repositories that a file names, too, one path a line; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub repos_from: Option<PathBuf>,
    /// Take each REPO for a folder of clones: sweep every git repository in and below it
    #[arg(long)]
    pub recursive: bool,
}

#[derive(Debug, ClapArgs)]
pub struct HistoryArgs {
    #[command(flatten)]
    pub which: WhichRepositories,
    #[command(flatten)]
    pub report: Reporting,
    /// Tell only what commits since then brought in: YYYY-MM-DD (in UTC) or RFC 3339
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub since: Option<Date>,
    /// Tell only what commits until then brought in; of a day, to its end
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub until: Option<Date>,
    /// Tell only what this reference reaches: a name as git resolves it, or an id; repeatable
    #[arg(long = "ref", value_name = "NAME")]
    pub refs: Vec<String>,
    /// Tell only what came in at paths that match a glob, in the syntax of .gitignore; repeatable
    #[arg(long = "path", value_name = "GLOB")]
    pub paths: Vec<String>,
    /// Hash every object anew, and name those whose bytes do not have their id
    #[arg(long)]
    pub verify_objects: bool,
    /// Look for one known value instead, in every encoding; - reads it from standard input
    #[arg(long, value_name = "-", conflicts_with_all = ["show_secrets", "only", "patterns", "store"])]
    pub find: Option<String>,
    /// Search every version of every file in full instead of what changed: slow, finds the same
    #[arg(long)]
    pub full_scan: bool,
    /// Remember what was searched in this file, and search only what is new since
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub verifying: Verifying,
    #[command(flatten)]
    pub look: LookObjects,
}

#[derive(Debug, ClapArgs)]
pub struct ExplainArgs {
    /// PATH:LINE, or a finding's fingerprint
    #[arg(value_name = "PATH:LINE|FINGERPRINT")]
    pub what: String,
    /// Where to look for a fingerprint [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub look: Look,
}

#[derive(Debug, ClapArgs)]
pub struct AllowArgs {
    /// The finding's fingerprint: the first eight digits, or more
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Accept it up to and including this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<String>,
    /// Where to look for the finding [default: the repository]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub look: Look,
}

/// A report and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    /// `None` for standard output.
    pub path: Option<PathBuf>,
}

/// A day or a second, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    pub written: String,
    /// Its first and its last second since 1970-01-01 UTC.
    pub seconds: (i64, i64),
}

fn parse_date(text: &str) -> Result<Date, String> {
    let seconds = straykey::base::time_of(text)
        .ok_or("a date is written as 2026-11-24 or 2026-11-24T12:00:00Z")?;
    Ok(Date {
        written: text.to_owned(),
        seconds,
    })
}

fn parse_output(text: &str) -> Result<Output, String> {
    let words = || Format::ALL.iter().map(|f| f.word());
    let all = || words().collect::<Vec<_>>().join(", ");
    let (word, path) = text
        .split_once(':')
        .ok_or_else(|| format!("FORMAT:PATH is needed; formats: {}", all()))?;
    let format = Format::from_word(word).ok_or_else(|| {
        let suggestion = super::error::suggestion(word, words());
        format!("'{word}' is none of: {}{suggestion}", all())
    })?;
    match path {
        "" => Err("the path is empty; - is standard output".into()),
        "-" => Ok(Output { format, path: None }),
        path => Ok(Output {
            format,
            path: Some(path.into()),
        }),
    }
}

/// An enum of the library as a value on the command line.
macro_rules! value {
    ($name:ident, $inner:ty, [$($value:expr => $word:expr),* $(,)?]) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub $inner);

        impl ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self($value)),*]
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                [$(($value, $word)),*]
                    .into_iter()
                    .find(|(value, _)| *value == self.0)
                    .map(|(_, word)| clap::builder::PossibleValue::new(word))
            }
        }
    };
}

value!(FormatArg, Format, [
    Format::Human => Format::Human.word(),
    Format::Json => Format::Json.word(),
    Format::Jsonl => Format::Jsonl.word(),
    Format::Sarif => Format::Sarif.word(),
    Format::GitHub => Format::GitHub.word(),
    Format::GitLab => Format::GitLab.word(),
    Format::CodeQuality => Format::CodeQuality.word(),
    Format::Azure => Format::Azure.word(),
    Format::JUnit => Format::JUnit.word(),
    Format::RdJson => Format::RdJson.word(),
    Format::Sonar => Format::Sonar.word(),
    Format::DefectDojo => Format::DefectDojo.word(),
    Format::Csv => Format::Csv.word(),
    Format::Markdown => Format::Markdown.word(),
]);
value!(ConfidenceArg, Confidence, [
    Confidence::Low => Confidence::Low.word(),
    Confidence::Medium => Confidence::Medium.word(),
    Confidence::High => Confidence::High.word(),
]);
value!(SeverityArg, Severity, [
    Severity::Low => Severity::Low.word(),
    Severity::Medium => Severity::Medium.word(),
    Severity::High => Severity::High.word(),
    Severity::Critical => Severity::Critical.word(),
]);
value!(EngineArg, Engine, [Engine::Fast => "fast", Engine::Plain => "plain"]);
value!(Colour, anstream::ColorChoice, [
    anstream::ColorChoice::Auto => "auto",
    anstream::ColorChoice::Always => "always",
    anstream::ColorChoice::Never => "never",
]);

impl Colour {
    /// Makes it count for this process.
    pub fn write_global(self) {
        self.0.write_global();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_hold_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_format_can_be_chosen() {
        for format in Format::ALL {
            let args = ["straykey", "scan", "--format", format.word()];
            let Command::Scan(scan) = Args::try_parse_from(args).unwrap().command else {
                panic!("scan was asked for");
            };
            assert_eq!(scan.report.format.map(|f| f.0), Some(*format));
        }
    }

    #[test]
    fn outputs() {
        let told = parse_output("json:a:b.json").unwrap();
        assert_eq!(
            (told.format, told.path),
            (Format::Json, Some("a:b.json".into()))
        );
        assert_eq!(parse_output("sarif:-").unwrap().path, None);
        assert!(
            parse_output("jsn:x")
                .unwrap_err()
                .contains("did you mean 'json'?")
        );
        assert!(parse_output("json").is_err() && parse_output("json:").is_err());
    }
}
