//! `straykey incident`: one page about one credential.

use std::io::Read as _;

use straykey::detect::patterns::Severity;
use straykey::inventory::Record;
use straykey::reports::incident;

use super::args::{IncidentArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::inventory::{done, make};
use super::output::{report_options, to_stdout};

/// The longest credential that is read from standard input, in bytes.
const MOST: u64 = 1 << 20;

/// Runs the command.
pub fn run(args: &IncidentArgs, how: Tell) -> Result<Exit, CliError> {
    let value = if args.what == "-" {
        let mut value = Vec::new();
        let read = std::io::stdin().lock().take(MOST).read_to_end(&mut value);
        read.map_err(|e| CliError::new(format!("cannot read standard input: {e}")))?;
        let end = value.trim_ascii_end().len();
        value.truncate(end);
        if value.is_empty() {
            return Err(CliError::new("standard input holds no credential"));
        }
        Some(straykey::base::Secret::new(&value))
    } else {
        None
    };
    let asked = match &value {
        Some(secret) => Asked::Value(secret),
        None => Asked::Name(args.what.trim()),
    };
    let made = make(&args.look, None, how)?;
    let found: Vec<&Record> = made
        .result
        .records
        .iter()
        .filter(|record| asked.is(record, made.result.key_of(&record.id)))
        .collect();
    let named = match &asked {
        Asked::Name(name) => format!("'{}'", straykey::base::quote(name)),
        Asked::Value(_) => "the credential on standard input".to_owned(),
    };
    if found.is_empty() {
        let hint = if made.result.scan.is_incomplete() {
            "; not all was read"
        } else {
            "; only what these repositories hold is known, --confidence low tells more"
        };
        return Err(CliError::new(format!("no record is {named}{hint}")));
    }
    let key_id = match &asked {
        Asked::Name(name) if found.iter().all(|r| !r.id.starts_with(*name)) => Some(*name),
        _ => None,
    };
    let options = report_options(false, Severity::Medium, how);
    to_stdout(|out| {
        for (number, record) in found.iter().enumerate() {
            if args.json {
                serde_json::to_writer_pretty(&mut *out, record)?;
                writeln!(out)?;
                continue;
            }
            if number > 0 {
                writeln!(out, "\n")?;
            }
            incident(record, key_id, &options, out)?;
        }
        Ok(())
    })?;
    done(&made.result)
}

/// What was asked for.
enum Asked<'a> {
    Name(&'a str),
    Value(&'a straykey::base::Secret),
}

impl Asked<'_> {
    /// Whether a record is meant; `secret` is its secret.
    fn is(&self, record: &Record, secret: Option<&straykey::base::Secret>) -> bool {
        match self {
            Self::Value(value) => secret.is_some_and(|secret| {
                let (secret, value) = (secret.expose(), value.expose());
                secret == value || canonical(secret) == canonical(value)
            }),
            Self::Name(name) => {
                let lower = name.to_ascii_lowercase();
                let least = if name.starts_with("w:") { 13 } else { 8 };
                let mut ids = std::iter::once(&record.id).chain(&record.also);
                let by_id = lower.len() >= least && ids.any(|id| id.starts_with(&lower));
                let told = ["hashed-token", "key-id", "token-id", "account"];
                let mut hints = record.hints.iter();
                let by_hint = hints.any(|h| told.contains(&&*h.name) && h.value == *name);
                // An access key id is what its finding is about.
                let by_key = secret.is_some_and(|s| s.expose() == name.as_bytes())
                    && record.pattern.as_deref().is_some_and(is_key_id);
                by_id || by_hint || by_key
            }
        }
    }
}

/// Kinds whose secret is an id that names it in logs, and opens nothing alone.
fn is_key_id(pattern: &str) -> bool {
    matches!(pattern, "aws.access-key" | "aws.temporary-access-key")
}

/// A key's body without line breaks and frame.
fn canonical(value: &[u8]) -> Vec<u8> {
    let lines = value.split(|b| *b == b'\n');
    let body = lines.filter(|line| !line.starts_with(b"-----"));
    body.flatten()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect()
}
