use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use super::{Look, Reporting};

const EXAMPLES: &str = "\
Examples:
  straykey verify 7f3a91c2                       the finding of this tree with that fingerprint
  straykey verify report.json                    everything that a report names
  straykey verify 7f3a91c2 --history             of what git holds
  straykey verify - < token.txt                  what standard input holds
  straykey verify report.json --dry-run          the calls that would be made, secrets masked
  straykey verify 7f3a91c2 --endpoint gitlab=https://git.example.org

Exit codes:
  0  everything that was asked for is dead, or has ended
  1  something works, or nobody can say
  2  the job could not be done

A check is a use of the credential: providers see it, and what they tell of its last use is of
before. Each call is in the audit log before it is made.";

/// Which findings, and how they are asked for.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub struct VerifyArgs {
    /// A fingerprint (its first eight digits, or more), a report as json, jsonl or sarif; - is what
    /// standard input holds
    #[arg(value_name = "FINGERPRINT|REPORT|-")]
    pub what: String,
    /// Where to look for the secrets again: reports hold none [default: what a report names, or .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Look in everything that git holds of a repository
    #[arg(long)]
    pub history: bool,
    #[command(flatten)]
    pub asking: Asking,
    #[command(flatten)]
    pub report: Reporting,
    #[command(flatten)]
    pub look: Look,
}

/// Whether a scan asks providers.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Verification")]
pub struct Verifying {
    /// Ask providers whether what was found works: the credentials are used for that
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub asking: Asking,
}

/// How providers are asked.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Verification")]
pub struct Asking {
    /// Tell the calls that would be made, secrets masked, and make none
    #[arg(long)]
    pub dry_run: bool,
    /// Ask at this server for credentials of a provider; repeatable
    #[arg(long, value_name = "PROVIDER=URL")]
    pub endpoint: Vec<String>,
    /// Use the checks of a provider that are off unless it is named; repeatable
    #[arg(long, value_name = "PROVIDER")]
    pub also: Vec<String>,
    /// Let calls go to addresses that are not of the public internet
    #[arg(long)]
    pub allow_internal: bool,
    /// Trust the roots in this file (PEM) in place of the built-in ones
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,
    /// Let the files of --patterns say where credentials are sent
    #[arg(long)]
    pub trust_patterns: bool,
    /// Write the audit log there [default: straykey/verify.jsonl in the user's state folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub audit: Option<PathBuf>,
    /// Remember verdicts in this store, and do not ask again for what it holds; it may be that of
    /// history --store
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub verdicts: Option<PathBuf>,
    /// How long a remembered verdict counts: 90m, 24h, 7d; 0h asks again [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = parse_age, requires = "verdicts")]
    pub max_age: Option<i64>,
    /// Calls a second to one host; 0 for any number [default: 5]
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// Calls a second in all; 0 for any number [default: 50]
    #[arg(long, value_name = "N")]
    pub rate_total: Option<f64>,
    /// Seconds that a call may take [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=120))]
    pub call_timeout: Option<u16>,
}

/// A time as a number and a letter, in seconds.
fn parse_age(text: &str) -> Result<i64, String> {
    let wrong = || "a number with m, h or d: 90m, 24h, 7d".to_owned();
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    Ok(i64::from(number) * seconds)
}

impl Asking {
    /// Whether any of it was given.
    pub fn is_given(&self) -> bool {
        self.dry_run
            || !self.endpoint.is_empty()
            || !self.also.is_empty()
            || self.allow_internal
            || self.ca_file.is_some()
            || self.trust_patterns
            || self.audit.is_some()
            || self.verdicts.is_some()
            || self.rate.is_some()
            || self.rate_total.is_some()
            || self.call_timeout.is_some()
    }
}
