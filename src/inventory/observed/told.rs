//! What exports say of credentials that no record here is.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::record::Stamp;
use super::{Key, Observed, Seen};

/// Credentials that are listed one by one; all of them count.
const LISTED: usize = 1_000;

/// What exports came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ObservedTold {
    /// The exports that were read.
    pub files: Vec<Export>,
    /// How many of their credentials have a record here.
    pub known: usize,
    /// How many were issued and have none here.
    pub unknown_total: usize,
    /// The first of these: what uses them, and where they are kept, no repository here tells.
    pub unknown: Vec<Issued>,
    /// What could not be joined, and why.
    pub notes: Vec<String>,
}

/// An export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Export {
    /// As the user named it.
    pub path: String,
    /// What it is: `iam-credential-report`, `iam-access-keys`, `cloudtrail`, `github-audit-log`,
    /// `gitlab-tokens`.
    pub format: String,
    /// How many rows, events or tokens it has.
    pub entries: usize,
    /// Its first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Stamp>,
    /// Its last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Stamp>,
}

/// A credential that a provider issued.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Issued {
    /// What it is: `aws-access-key`, `github-token`, `gitlab-token`.
    pub kind: String,
    /// What its provider calls it; of a key's id the begin and the end.
    pub id: String,
    /// Whose it is, as its provider calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whose: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Stamp>,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Stamp>,
    /// Whether its provider accepts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// The place that names it.
    pub place: String,
}

impl Observed {
    /// What is to be told beside records; `known` are the credentials that have one.
    pub fn told(&self, known: &dyn Fn(&Key) -> bool) -> ObservedTold {
        let mut told = ObservedTold {
            files: self.files.clone(),
            ..ObservedTold::default()
        };
        let (mut rows, mut tokens) = (0, 0);
        for (key, seen) in &self.seen {
            // The keys of a session end by themselves.
            let is_short = matches!(key, Key::AwsId(id) if id.starts_with("ASIA"));
            if known(key) {
                told.known += 1;
            } else if !is_short {
                told.unknown_total += 1;
                rows += usize::from(matches!(key, Key::AwsUser(..)));
                tokens += usize::from(matches!(key, Key::GitLabToken(_)));
                if told.unknown.len() < LISTED {
                    told.unknown.push(issued(key, seen));
                }
            }
        }
        if rows > 0 {
            told.notes.push(format!(
                "{rows} access keys of the credential report have no id: give the output of aws iam \
                 list-access-keys, too, and they are joined by user and day"
            ));
        }
        if tokens > 0 {
            told.notes.push(format!(
                "{tokens} tokens of GitLab's list have a number only: provider_id of a declaration says \
                 which credential is which"
            ));
        }
        told
    }
}

fn issued(key: &Key, seen: &Seen) -> Issued {
    let (kind, id) = match key {
        Key::AwsId(id) => {
            let (begin, end) = (id.get(..4), id.get(id.len().saturating_sub(4)..));
            let id = format!(
                "{}....{}",
                begin.unwrap_or_default(),
                end.unwrap_or_default()
            );
            ("aws-access-key", id)
        }
        Key::AwsUser(user, n) => ("aws-access-key", format!("key {n} of {user}")),
        Key::HashedToken(hash) => ("github-token", hash.clone()),
        Key::GitLabToken(id) => {
            let name = seen
                .name
                .as_ref()
                .map_or(String::new(), |name| format!(" {name}"));
            ("gitlab-token", format!("{id}{name}"))
        }
    };
    Issued {
        kind: kind.to_owned(),
        id,
        whose: seen.whose.clone(),
        created: seen.created,
        last_used: seen.last.as_ref().map(|last| Stamp(last.at)),
        active: seen.active.as_ref().map(|(active, _)| *active),
        place: seen.place.clone(),
    }
}
