//! `--observed FILE`: what providers themselves recorded of credentials, from exports that people give.
//! Nothing is asked over the network.
//!
//! | export | joined by | its format is described in |
//! |---|---|---|
//! | IAM credential report, CSV, or the JSON that holds it | user, and when a key was made | IAM User Guide, "Generate credential reports for your AWS account" |
//! | `aws iam list-access-keys` | access key id | IAM API Reference, `AccessKeyMetadata` |
//! | `CloudTrail`: log files (`Records`), `lookup-events` (`Events`) | access key id | its User Guide, "`CloudTrail` record contents" |
//! | GitHub audit log, JSON or JSON lines | `hashed_token` | GitHub documentation, "Identifying audit log events performed by an access token" |
//! | GitLab tokens: `personal_access_tokens`, and those of groups and projects | `provider_id` of a declaration | GitLab documentation, "Personal access tokens API" |
//!
//! The credential report has no key ids: its times are joined to keys that one of the other exports names,
//! by user and day of birth. GitLab's lists have neither a token nor a hash of one.
//!
//! A file is read whole, so it may have [`BYTES`]; of what it says, only one entry a credential is kept.

mod aws;
mod entries;
mod join;
mod told;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::record::Stamp;
use crate::detect::Catalogue;
use crate::detect::patterns::Class;
use crate::findings::Fingerprint;

pub use told::{Export, Issued, ObservedTold};

/// The biggest export that is read.
pub const BYTES: usize = 256 << 20;

/// Who has not been seen for so many days counts as unused: the default of AWS Config's rule
/// `iam-user-unused-credentials-check`, which Security Hub's control IAM.8 uses.
const UNUSED_DAYS: i64 = 90;

/// How an export calls a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An access key of AWS, by its id.
    AwsId(String),
    /// The first or second access key of a user, of which no id is known.
    AwsUser(String, u8),
    /// A token of GitHub, by its hash.
    HashedToken(String),
    /// A token of GitLab, by its number.
    GitLabToken(u64),
}

/// What exports say of one credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whose it is, as its provider calls them.
    whose: Option<String>,
    /// What it is called there.
    name: Option<String>,
    created: Option<Stamp>,
    expires: Option<Stamp>,
    /// Whether its provider accepts it, and the place that says so.
    active: Option<(bool, String)>,
    scopes: Vec<String>,
    /// The last use: when, for what, by whom, and the place that says so.
    last: Option<Use>,
    /// The place that says that it was never used.
    never: Option<String>,
    /// The first place that names it.
    place: String,
}

/// A use of a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    at: i64,
    what: String,
    by: Option<String>,
    place: String,
}

impl Seen {
    fn merge(&mut self, other: Self) {
        self.whose = self.whose.take().or(other.whose);
        self.name = self.name.take().or(other.name);
        self.created = self.created.or(other.created);
        self.expires = self.expires.or(other.expires);
        self.active = other.active.or(self.active.take());
        self.scopes.extend(other.scopes);
        self.scopes.sort();
        self.scopes.dedup();
        self.last = self.last.take().max(other.last);
        self.never = self.never.take().or(other.never);
        if self.place.is_empty() {
            self.place = other.place;
        }
    }
}

/// What all exports say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    files: Vec<Export>,
    seen: BTreeMap<Key, Seen>,
    /// Access keys of AWS by the fingerprints that findings of them have.
    by_fingerprint: HashMap<String, Key>,
    /// Patterns whose findings have the fingerprints of such ids.
    of_ids: Vec<&'static str>,
}

impl Observed {
    /// Reads exports: their names for messages, and their bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with them, each with its file and, as far as it is known, its line.
    pub fn read(files: &[(String, Vec<u8>)]) -> Result<Self, Vec<String>> {
        let mut this = Self::default();
        let mut errors = Vec::new();
        for (name, bytes) in files {
            match this.one(name, bytes) {
                Ok(export) => this.files.push(export),
                Err(why) => errors.push(why),
            }
        }
        this.settle();
        if errors.is_empty() {
            Ok(this)
        } else {
            Err(errors)
        }
    }

    fn one(&mut self, name: &str, bytes: &[u8]) -> Result<Export, String> {
        if bytes.len() > BYTES {
            let most = BYTES >> 20;
            return Err(format!(
                "{name}: it has more than {most} MiB: give it in parts"
            ));
        }
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(format!("{name}: it is compressed: unpack it first"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
            format!("{name}:{}: it is not UTF-8", line + 1)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut export = Export {
            path: name.to_owned(),
            ..Export::default()
        };
        let mut sink = Sink {
            seen: &mut self.seen,
            export: &mut export,
        };
        match text.trim_start().bytes().next() {
            None => return Err(format!("{name}:1: it is empty")),
            Some(b'{' | b'[') => entries::read(name, text, &mut sink)?,
            _ => aws::report(name, text, &mut sink)?,
        }
        Ok(export)
    }

    /// Joins what the credential report says of users with keys whose ids others say, and finds the
    /// fingerprints of keys.
    fn settle(&mut self) {
        aws::settle(&mut self.seen);
        let catalogue = Catalogue::embedded();
        let patterns = catalogue.patterns().iter();
        let patterns: Vec<_> = patterns
            .filter(|p| p.provider == "aws" && p.class == Class::Identifier)
            .collect();
        self.of_ids = patterns.iter().map(|p| p.id).collect();
        for key in self.seen.keys() {
            let Key::AwsId(id) = key else { continue };
            for pattern in &patterns {
                let made = Fingerprint::new(pattern, id.as_bytes(), Path::new(""));
                self.by_fingerprint.insert(made.to_string(), key.clone());
            }
        }
    }
}

/// Takes what an export says.
struct Sink<'o> {
    seen: &'o mut BTreeMap<Key, Seen>,
    export: &'o mut Export,
}

impl Sink<'_> {
    /// An entry of this format; `at` is when its event was, if it is one.
    fn entry(&mut self, format: &'static str, at: Option<Stamp>) {
        format.clone_into(&mut self.export.format);
        self.export.entries += 1;
        if let Some(at) = at {
            self.export.from = Some(self.export.from.map_or(at, |from| from.min(at)));
            self.export.to = Some(self.export.to.map_or(at, |to| to.max(at)));
        }
    }

    fn seen(&mut self, key: Key, seen: Seen) {
        self.seen.entry(key).or_default().merge(seen);
    }
}

#[cfg(test)]
mod tests;
