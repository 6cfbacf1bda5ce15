//! What verification said.

use crate::detect::patterns::Power;

/// Whether a credential works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It works.
    Live,
    /// It works, and may not do what was asked, or not from here.
    Restricted,
    /// It has ended by itself.
    Expired,
    /// It does not work.
    Dead,
    /// It was asked, and nobody can say.
    Unknown,
    /// It was not asked.
    NotChecked,
}

impl Verdict {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Live,
        Self::Restricted,
        Self::Expired,
        Self::Dead,
        Self::Unknown,
        Self::NotChecked,
    ];

    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Restricted => "restricted",
            Self::Expired => "expired",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
            Self::NotChecked => "not checked",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.word() == word)
    }

    /// Whether a provider said something that will hold tomorrow.
    pub const fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Live | Self::Restricted | Self::Expired | Self::Dead
        )
    }
}

/// What verification said of one credential, beside the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether it works.
    pub verdict: Verdict,
    /// Why, in words that are safe to show: no secret is in them.
    pub reason: String,
    /// When it was asked, in seconds since 1970-01-01 UTC; `None` if it was not.
    pub time: Option<i64>,
    /// The host that said so; empty if none was asked.
    pub host: String,
    /// The status of its answer.
    pub status: Option<u16>,
    /// What else it told.
    pub facts: Facts,
    /// What the credential tells of itself.
    pub notes: Vec<String>,
    /// Whether an earlier run asked.
    pub remembered: bool,
}

impl Verified {
    /// Of a credential that was not asked.
    pub fn not_checked(why: &Unchecked) -> Self {
        Self {
            verdict: Verdict::NotChecked,
            reason: why.to_string(),
            time: None,
            host: String::new(),
            status: None,
            facts: Facts::default(),
            notes: Vec::new(),
            remembered: false,
        }
    }
}

/// What an answer tells beside the verdict. All of it is the provider's text, with control
/// characters escaped and cut to a length that can be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whose it is.
    pub identity: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// What those are worth: the most of them.
    pub power: Option<Power>,
    /// When it ends: a time of RFC 3339 in UTC, or as the provider writes it.
    pub expires: Option<String>,
    /// When it was made.
    pub created: Option<String>,
    /// When it was used before, as the provider saw it.
    pub last_used: Option<String>,
}

/// Why a credential was not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unchecked {
    /// Nothing is declared of how to ask.
    NoVerifier,
    /// The verifier is used only by name: why.
    Off(&'static str),
    /// Any server may be the right one, and the user named none: the provider's id.
    NoEndpoint(&'static str),
    /// A part of it was not found near: which.
    NoPart(String),
    /// What it holds cannot be sent where it would have to stand: what and why.
    Unfit(String),
    /// A host that stands beside it is none of its provider's.
    Host,
    /// The text names another server than the user did.
    OtherServer,
    /// Another password of the same user was tried in this run.
    OneTry,
    /// Nothing was to be sent.
    DryRun,
    /// Somebody asked to stop.
    Stopped,
}

impl std::fmt::Display for Unchecked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoVerifier => f.write_str("no check is known for this kind"),
            Self::Off(why) => write!(f, "checked only if its provider is named: {why}"),
            Self::NoEndpoint(provider) => write!(
                f,
                "any server may be meant: name it with --endpoint {provider}=URL"
            ),
            Self::NoPart(part) => write!(f, "its {part} was not found near it"),
            Self::Unfit(why) => write!(f, "it cannot be sent: {why}"),
            Self::Host => f.write_str(
                "the host beside it is none of its provider's; text in a repository is no reason to send it there",
            ),
            Self::OtherServer => f.write_str(
                "it stands beside the name of another server than the one that was named",
            ),
            Self::OneTry => f.write_str(
                "another password of this user was tried in this run; more could lock somebody out",
            ),
            Self::DryRun => f.write_str("a dry run sends nothing"),
            Self::Stopped => f.write_str("stopped before it was asked"),
        }
    }
}
