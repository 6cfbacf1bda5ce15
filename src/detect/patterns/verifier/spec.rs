//! How verifiers are written in a file, before anything of it is checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct VerifierSpec {
    #[serde(rename = "for")]
    pub(super) patterns: Vec<Spanned<String>>,
    pub(super) basis: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) off: String,
    pub(super) endpoint: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) cut: BTreeMap<Spanned<String>, CutSpec>,
    #[serde(default)]
    pub(super) warning: String,
    pub(super) reviewed: Spanned<String>,
    pub(super) identity: Option<Spanned<Places>>,
    pub(super) scopes: Option<Spanned<Places>>,
    pub(super) expires: Option<Spanned<Places>>,
    pub(super) created: Option<Spanned<Places>>,
    pub(super) last_used: Option<Spanned<Places>>,
    #[serde(default)]
    pub(super) privilege: PrivilegeSpec,
    pub(super) call: Vec<CallSpec>,
    #[serde(default)]
    pub(super) quote: Vec<QuoteSpec>,
}

/// What is cut from a value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutSpec {
    pub(super) of: String,
    pub(super) behind: String,
}

/// One place or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Places {
    One(String),
    Several(Vec<String>),
}

impl Places {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivilegeSpec {
    pub(super) always: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) admin: Vec<String>,
    #[serde(default)]
    pub(super) write: Vec<String>,
    #[serde(default)]
    pub(super) read: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallSpec {
    #[serde(default)]
    pub(super) method: Option<Spanned<String>>,
    pub(super) url: Spanned<String>,
    #[serde(default)]
    pub(super) bearer: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) basic: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) json: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) form: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) sign: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) with: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) take: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) answer: Vec<Spanned<CaseSpec>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSpec {
    pub(super) verdict: Spanned<String>,
    pub(super) status: Statuses,
    #[serde(default)]
    pub(super) json: BTreeMap<Spanned<String>, Values>,
    #[serde(default)]
    pub(super) has: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) contains: Vec<String>,
    #[serde(default)]
    pub(super) headers: Vec<String>,
    #[serde(default)]
    pub(super) empty: bool,
    #[serde(default)]
    pub(super) any: bool,
    #[serde(default)]
    pub(super) says: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Statuses {
    One(u16),
    Several(Vec<u16>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(Value),
    Several(Vec<Value>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    Flag(bool),
    Number(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteSpec {
    pub(super) verdict: Spanned<String>,
    #[serde(default)]
    pub(super) call: Option<Spanned<usize>>,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
    pub(super) source: Spanned<String>,
    pub(super) seen: Spanned<String>,
    #[serde(default)]
    pub(super) tells: BTreeMap<Spanned<String>, String>,
}
