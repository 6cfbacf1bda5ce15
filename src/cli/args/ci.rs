//! What `straykey ci` can be told; nearly all comes from the environment.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use straykey::detect::Engine;

use super::{
    ConfidenceArg, EngineArg, Look, Output, Reporting, SeverityArg, Sought, Verifying, parse_output,
};

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// What the event says: a range of commits, or all that git holds
    Auto,
    /// A range of commits; an event that has none is an error
    Diff,
    /// All that git holds
    Full,
}

#[derive(Debug, ClapArgs)]
pub struct CiArgs {
    /// A folder of the repository, or its git folder [default: .]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub repo: Option<PathBuf>,
    /// What is judged
    #[arg(long, value_name = "MODE", default_value = "auto")]
    pub mode: Mode,
    /// Judge what this commit does not have, whatever the event says; configuration is read from it
    #[arg(long, value_name = "REVISION")]
    pub base: Option<String>,
    /// Judge what this commit has, whatever the event says
    #[arg(long, value_name = "REVISION")]
    pub head: Option<String>,
    /// Write a report to a file; repeatable
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
    /// Write no job summary
    #[arg(long)]
    pub no_summary: bool,
    /// Tell only what is at paths that match a glob, in the syntax of .gitignore; repeatable
    #[arg(long = "path", value_name = "GLOB")]
    pub paths: Vec<String>,
    #[command(flatten)]
    pub sought: Sought,
    /// The folder of the configuration, from the top of the repository; of a pull request it is read
    /// from the base. A folder elsewhere is read as it is [default: .straykey]
    #[arg(long, value_name = "FOLDER")]
    pub config: Option<PathBuf>,
    /// The file of the baseline, from the top of the repository; of a pull request it is read from the
    /// base. A file elsewhere is read as it is [default: baseline in the folder of the configuration]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub baseline: Option<PathBuf>,
    /// Read no configuration and no allowances
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Worker threads; 0 for as many as there are cores
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    #[command(flatten)]
    pub verifying: Verifying,
}

impl CiArgs {
    /// What is looked for, in the words of a scan. Configuration comes from elsewhere.
    pub fn look(&self) -> Look {
        Look {
            no_ignore: false,
            sought: self.sought.clone(),
            config: None,
            no_config: true,
            threads: self.threads,
            engine: EngineArg(Engine::Fast),
        }
    }

    /// Where reports go. Logs of CI are kept and read by many: nothing is ever shown in full.
    pub fn reporting(&self) -> Reporting {
        Reporting {
            format: None,
            output: self.output.clone(),
            confidence: self.confidence,
            severity: self.severity,
            exit_zero: self.exit_zero,
            show_secrets: false,
        }
    }
}
