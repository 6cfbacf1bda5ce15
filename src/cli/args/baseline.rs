use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueHint};

use super::{ConfidenceArg, Look};

#[derive(Debug, ClapArgs)]
#[command(arg_required_else_help = true)]
pub struct BaselineArgs {
    #[command(subcommand)]
    pub command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Add all findings of now to .straykey/baseline; what is in it stays
    Write(BaselineOf),
    /// Take the lines out of .straykey/baseline that match nothing now
    Prune(BaselineOf),
    /// Show what is in .straykey/baseline, and where each finding stands now
    Show(BaselineOf),
}

#[derive(Debug, ClapArgs)]
pub struct BaselineOf {
    /// Files and folders to look in [default: the repository]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Look in all that git holds instead of the working tree
    #[arg(long, conflicts_with_all = ["paths", "no_ignore"])]
    pub history: bool,
    /// The least confidence that is written [default: medium]
    #[arg(long, value_name = "LEVEL")]
    pub confidence: Option<ConfidenceArg>,
    #[command(flatten)]
    pub look: Look,
}
