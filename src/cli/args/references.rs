//! `straykey references`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::SeverityArg;

const AFTER: &str = "\
Read are workflows of GitHub, GitLab, CircleCI, Jenkins, Azure and Bitbucket; manifests of Kubernetes and charts of
Helm; Terraform and CloudFormation; Docker Compose; files of sops and ansible-vault; configurations of MCP servers
and of agents. Names are told, never a value.

Exit codes:
  0  all was read
  1  with --fail-on: something at or above it
  2  something was not read, or the job could not be done";

/// How references are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReferencesFormat {
    /// For people, in a terminal
    Human,
    /// A JSON object a line
    Jsonl,
    /// Who takes what, as a graph for Graphviz
    Dot,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER)]
pub struct ReferencesArgs {
    /// Files and folders; `-` is standard input [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// How it is written
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    pub format: ReferencesFormat,
    /// Read what git ignores, too
    #[arg(long)]
    pub no_ignore: bool,
    /// Leave out files that match a glob, in the syntax of .gitignore; repeatable
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Exit with 1 if an observation is of this severity or above
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<SeverityArg>,
    /// Worker threads; 0 for as many as there are cores
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
}
