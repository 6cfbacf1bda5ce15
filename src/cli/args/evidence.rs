use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueHint};

use super::{Date, InventoryLook, parse_date};

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EvidenceArgs {
    #[command(subcommand)]
    pub command: Option<EvidenceCommand>,
    #[command(flatten)]
    pub look: InventoryLook,
    /// The folder to write, which must not be there yet, or be empty
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath, required = true)]
    pub output: Option<PathBuf>,
    /// The first day of the period, which ends with --as-of [default: 90 days before]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub from: Option<Date>,
    /// The folder of the report before this one, which it follows
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub previous: Option<PathBuf>,
    /// The policy [default: .straykey/policy.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
    /// The audit log of verification; repeatable
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub audit: Vec<PathBuf>,
    /// Sign with this private key: OpenSSH's form, Ed25519, without a passphrase
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath)]
    pub sign_key: Option<PathBuf>,
    /// Leave people out: owners and committers are told by numbers
    #[arg(long)]
    pub no_names: bool,
}

#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Hash the files of a report again, and check its signature
    Verify(EvidenceVerifyArgs),
}

#[derive(Debug, ClapArgs)]
pub struct EvidenceVerifyArgs {
    /// The folder of the report
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
    /// The public key that must have signed it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub public_key: Option<PathBuf>,
    /// The folder of the report that it must follow
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub previous: Option<PathBuf>,
}
