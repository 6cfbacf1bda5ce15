//! What names a credential without holding it, what is declared of its identity, what its provider
//! has seen of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place that names the credential, and has it from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Consumer {
    /// Where it is kept for that place: `github-secret`, `kubernetes-secret`, `environment`, `file`.
    pub kept: String,
    /// What it is called there.
    pub name: String,
    /// What it is given to: a variable, an input of an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_as: Option<String>,
    /// What uses it: kind and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The environment that its file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The repository, if several were swept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// Why it is taken for this credential: `same-file`, `same-variable`, `same-manifest`,
    /// `same-slot`, `same-name`.
    pub by: String,
}

impl Consumer {
    /// Its place, as reports show it.
    pub fn place(&self) -> String {
        let repository = self.repository.as_ref();
        let repository = repository.map_or(String::new(), |r| format!("{r}: "));
        format!("{repository}{}:{}", self.path, self.line)
    }
}

/// An identity that a file declares, and whose credential this is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredIdentity {
    /// What it is: `gcp-service-account`, `aws-iam-user`, `kubernetes-service-account`.
    pub kind: String,
    /// What its file calls it.
    pub name: String,
    /// What files grant to it, by their names.
    #[serde(default)]
    pub grants: Vec<String>,
    /// Whether one of these is all there is, or nearly.
    #[serde(default)]
    pub is_admin: bool,
    /// The place that declares it.
    pub place: String,
}

/// Who takes what, and gives it to whom: from what uses the credential, or from its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// Its links, in order: each begins where the one before ends.
    pub links: Vec<Link>,
}

/// A link of a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// From here: kind and name.
    pub from: String,
    /// To there: kind and name.
    pub to: String,
    /// By what.
    pub via: String,
    /// The place that says so.
    pub place: String,
}

impl Chain {
    /// `a > b > c`.
    pub fn told(&self) -> String {
        let first = self.links.first().map(|link| link.from.as_str());
        let rest = self.links.iter().map(|link| link.to.as_str());
        first
            .into_iter()
            .chain(rest)
            .collect::<Vec<_>>()
            .join(" > ")
    }
}
