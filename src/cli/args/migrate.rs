use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

const AFTER: &str = "\
Read at the top of the repository, where they are there:
  .gitleaks.toml, .gitleaksignore       rules, allowlists, extend; accepted places
  .secrets.baseline                     accepted secrets, by their hash
  .secretsignore                        globs, accepted secrets
  .gitguardian.yaml, .gitguardian.yml   ignored paths, matches and detectors
With --from, too: JSON reports that gitleaks takes as a baseline, YAML baselines of kingfisher,
and the custom detectors of a TruffleHog configuration.

Written, below .straykey: config.toml, patterns/imported.toml, ignore, baseline.

Exit codes:
  0  everything was carried over
  1  something could not be: each is named with its file, line and reason
  2  nothing was written: a file that cannot be read, or one that would be overwritten";

#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER)]
pub struct MigrateArgs {
    /// The tree whose files are carried over: its repository, from the top [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub path: Option<PathBuf>,
    /// Carry over this file instead of those that are found; repeatable
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub from: Vec<PathBuf>,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Tell what would be carried over and what would be lost, and write nothing
    #[arg(long, conflicts_with_all = ["dry_run", "force"])]
    pub check: bool,
    /// Replace a config.toml and patterns/imported.toml that say something else
    #[arg(long)]
    pub force: bool,
}
