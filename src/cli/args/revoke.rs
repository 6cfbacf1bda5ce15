use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use super::{Asking, Look};

const EXAMPLES: &str = "\
Examples:
  straykey revoke 7f3a91c2                 the steps, and the calls that would be made; nothing is sent
  straykey revoke 7f3a91c2 --execute       asks at the terminal, revokes, and checks that it is dead
  straykey revoke - < token.txt            what standard input holds
  straykey revoke 7f3a91c2 --history       a credential that only git's past holds

Exit codes:
  0  the steps were told, or it is out of use
  1  its provider says that it is revoked, and it still works, or nobody can say
  2  nothing was revoked

A revocation cannot be undone. It is refused in CI and in hooks, and confirmed at the terminal
itself, never on standard input.";

/// Which credential, and how it is revoked.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub struct RevokeArgs {
    /// A fingerprint (its first eight digits, or more); - is what standard input holds
    #[arg(value_name = "FINGERPRINT|-")]
    pub what: String,
    /// Where to look for the secret again [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Look in everything that git holds of a repository
    #[arg(long)]
    pub history: bool,
    /// Revoke it, when a person at the terminal confirms; without this nothing is sent
    #[arg(long)]
    pub execute: bool,
    /// Seconds to wait for a check to say that it is dead
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=600))]
    pub wait: u16,
    /// Revoke and check at this server for credentials of a provider; repeatable
    #[arg(long, value_name = "PROVIDER=URL", help_heading = "Verification")]
    pub endpoint: Vec<String>,
    /// Use what is declared of a provider and off unless it is named; repeatable
    #[arg(long, value_name = "PROVIDER", help_heading = "Verification")]
    pub also: Vec<String>,
    /// Let calls go to addresses that are not of the public internet
    #[arg(long, help_heading = "Verification")]
    pub allow_internal: bool,
    /// Trust the roots in this file (PEM) in place of the built-in ones
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Verification")]
    pub ca_file: Option<PathBuf>,
    /// Write the audit log there [default: straykey/verify.jsonl in the user's state folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Verification")]
    pub audit: Option<PathBuf>,
    /// Seconds that a call may take [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=120), help_heading = "Verification")]
    pub call_timeout: Option<u16>,
    #[command(flatten)]
    pub look: Look,
}

impl RevokeArgs {
    /// The same in the words of a check.
    pub fn asking(&self) -> Asking {
        Asking {
            endpoint: self.endpoint.clone(),
            also: self.also.clone(),
            allow_internal: self.allow_internal,
            ca_file: self.ca_file.clone(),
            audit: self.audit.clone(),
            call_timeout: self.call_timeout,
            ..Asking::default()
        }
    }
}
