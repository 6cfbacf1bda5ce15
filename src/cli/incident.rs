//! `straykey incident`: one page about one credential.

use std::io::Read as _;
use std::path::Path;

use straykey::detect::Catalogue;
use straykey::detect::patterns::{Class, Severity};
use straykey::findings::Fingerprint;
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
        Asked::Name(name) if is_of(found[0], name.as_bytes(), Some(Class::Identifier)) => {
            Some(*name)
        }
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
            Self::Value(value) => {
                let same = |secret: &straykey::base::Secret| {
                    let (secret, value) = (secret.expose(), value.expose());
                    secret == value || canonical(secret) == canonical(value)
                };
                secret.is_some_and(same) || is_of(record, value.expose(), None)
            }
            Self::Name(name) => {
                let lower = name.to_ascii_lowercase();
                let least = if name.starts_with("w:") { 13 } else { 8 };
                let mut ids = std::iter::once(&record.id).chain(&record.also);
                let by_id = lower.len() >= least && ids.any(|id| id.starts_with(&lower));
                let told = ["hashed-token", "key-id", "token-id", "account"];
                let mut hints = record.hints.iter();
                let by_hint = hints.any(|h| told.contains(&&*h.name) && h.value == *name);
                let by_key = is_of(record, name.as_bytes(), Some(Class::Identifier));
                by_id || by_hint || by_key
            }
        }
    }
}

/// Whether a value is what a record's fingerprint was made of: of a key with its id, the id.
fn is_of(record: &Record, value: &[u8], class: Option<Class>) -> bool {
    let catalogue = Catalogue::embedded();
    let pattern = record.pattern.as_deref().and_then(|id| catalogue.get(id));
    pattern.is_some_and(|pattern| {
        let of = || Fingerprint::new(pattern, value, Path::new("")).to_string() == record.id;
        class.is_none_or(|class| class == pattern.class) && of()
    })
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
