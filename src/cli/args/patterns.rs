use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};

#[derive(Debug, ClapArgs)]
#[command(arg_required_else_help = true)]
pub struct PatternsArgs {
    #[command(subcommand)]
    pub command: PatternsCommand,
}

#[derive(Debug, Subcommand)]
pub enum PatternsCommand {
    /// List all patterns, one a line
    List {
        /// Those whose id or name holds this text
        filter: Option<String>,
        /// Add the patterns of a file; repeatable
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        patterns: Vec<PathBuf>,
    },
    /// Show all that is known of a pattern
    Show {
        /// The pattern's id
        id: String,
        /// Add the patterns of a file; repeatable
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        patterns: Vec<PathBuf>,
    },
    /// Check pattern files of your own
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Prove patterns: that each finds its own examples, alone, and not what is like them
    Test {
        /// Those patterns only: an id, or `provider.*` [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Add the patterns of a file, or of all files of a folder; repeatable
        #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
        patterns: Vec<PathBuf>,
        /// The seed of the examples: the same seed gives the same examples
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// How many examples of each pattern are tried in every style
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
        examples: u16,
        /// How it is told
        #[arg(short, long, value_name = "FORMAT", default_value = "human")]
        format: ProofFormat,
        /// Worker threads; 0 for as many as there are cores
        #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
        threads: usize,
    },
}

/// How proofs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProofFormat {
    /// For people
    Human,
    /// For machines
    Json,
}
