//! What a pattern file declares of asking a provider whether a credential works.
//!
//! A declaration says which call may be made, to which hosts, and what the answer must hold to mean
//! something. What it does not name means nothing: no status has a meaning of its own. `spec` is how
//! it is written, `format` reads and checks it, `answers` what it says of answers; the floor `verify`
//! acts on it.

mod answers;
mod format;
mod spec;
mod template;

pub(super) use format::read;
pub(super) use spec::VerifierSpec;
pub use template::{Hole, Piece, pieces};

/// How the credentials of some patterns are checked with their provider.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    /// The patterns whose credentials it checks.
    pub patterns: &'static [&'static str],
    /// The provider's id: the stem of its file.
    pub provider: &'static str,
    /// Whether its calls revoke: then `dead` means that this was done.
    pub revokes: bool,
    /// How sure it is that the answers mean what is declared.
    pub basis: Basis,
    /// Why it is not used unless it is named; empty if it is used.
    pub off: &'static str,
    /// The server that calls without one of their own go to; empty if the user must name it.
    pub endpoint: &'static str,
    /// The hosts that the credential may go to: a name, or `*.` and what a name must end in.
    pub hosts: &'static [&'static str],
    /// What is cut from a value: a new name, the value, and the mark behind whose last place it stands.
    pub cut: &'static [(&'static str, &'static str, &'static str)],
    /// What a check does to the credential beside being seen; empty if nothing is known.
    pub warning: &'static str,
    /// One to three calls.
    pub calls: &'static [Call],
    /// What else answers tell.
    pub facts: Facts,
    /// What scopes are worth.
    pub privilege: Privilege,
    /// The day somebody last held it against its sources, `YYYY-MM-DD`.
    pub reviewed: &'static str,
    /// Answers that were seen or documented. The build leaves them out; tests read the files.
    pub quotes: &'static [Quote],
}

/// One call of a verifier.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// Where to: `https://...`, or `/...` at the verifier's endpoint. May have places.
    pub url: &'static str,
    /// Headers: name and what it holds. May have places.
    pub headers: &'static [(&'static str, &'static str)],
    /// User and password of basic authentication, joined by `:`; empty for none. May have places.
    pub basic: &'static str,
    /// What is sent. May have places.
    pub body: &'static str,
    /// What it is, which says how places are written in it.
    pub body_kind: BodyKind,
    /// How the call is signed.
    pub sign: Sign,
    /// What the signature is made of: name, and what it holds. May have places.
    pub with: &'static [(&'static str, &'static str)],
    /// What answers mean: the first case that fits.
    pub cases: &'static [Case],
    /// What the next call takes from the answer: a name, and where it stands.
    pub take: &'static [(&'static str, &'static str)],
}

/// What an answer must be to mean something. All that is given must hold.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What it means.
    pub means: Meaning,
    /// One of these statuses.
    pub status: &'static [u16],
    /// Members that the JSON in it must hold: a pointer, and one of some values.
    pub json: &'static [(&'static str, &'static [Scalar])],
    /// Pointers to something that is there and not null.
    pub has: &'static [&'static str],
    /// Texts that it must contain.
    pub contains: &'static [&'static str],
    /// Headers that it must have.
    pub headers: &'static [&'static str],
    /// It must hold nothing.
    pub empty: bool,
    /// Whatever it holds.
    pub any: bool,
    /// What to say of it; empty for the provider's own words.
    pub says: &'static str,
}

/// A value of JSON that an answer is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string.
    Text(&'static str),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

/// What answers tell beside the verdict: where it stands (`/pointer`, `header:name`, `tag:name`,
/// `jwt:/pointer`). The first that is there counts.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Whose it is; all that are there are told.
    pub identity: &'static [&'static str],
    /// What it may do.
    pub scopes: &'static [&'static str],
    /// When it ends.
    pub expires: &'static [&'static str],
    /// When it was made.
    pub created: &'static [&'static str],
    /// When it was used before.
    pub last_used: &'static [&'static str],
}

/// Which scopes are worth what. A `*` in a scope stands for anything.
#[derive(Clone, Copy, Debug)]
pub struct Privilege {
    /// What a working credential can do, whatever its scopes.
    pub always: Option<Power>,
    /// Scopes, and what they are worth.
    pub scopes: &'static [(Power, &'static [&'static str])],
}

/// An answer that a provider gave, or says it gives.
#[derive(Clone, Copy, Debug)]
pub struct Quote {
    /// What it means.
    pub means: Meaning,
    /// Which call it answers, from 1.
    pub call: usize,
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its body, obviously false.
    pub body: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The day it was read there.
    pub seen: &'static str,
    /// What is read of it: name of a fact, and what it says.
    pub tells: &'static [(&'static str, &'static str)],
}

super::words! {
    /// How sure it is that answers mean what is declared.
    Basis {
        /// A live and a dead answer are quoted from a source.
        Sourced = "sourced",
        /// Nobody has shown such answers: it is not used unless it is named.
        Assumed = "assumed",
    }
}
super::words! {
    /// What an answer means.
    Meaning {
        /// The credential works.
        Live = "live",
        /// It does not, and never will.
        Dead = "dead",
        /// It works, and may not do this, or not from here.
        Restricted = "restricted",
        /// It has ended by itself.
        Expired = "expired",
        /// Nobody can say.
        Unknown = "unknown",
        /// The next call says.
        Next = "next",
    }
}
super::words! {
    /// What a body is.
    BodyKind {
        /// There is none.
        None = "none",
        /// JSON: places are written as the inside of a string.
        Json = "json",
        /// A form: places are percent-encoded.
        Form = "form",
    }
}
super::words! {
    /// What a credential can do. Ordered: to read is least.
    Power {
        /// It reads.
        Read = "read",
        /// It changes something.
        Write = "write",
        /// It changes who may do what.
        Admin = "admin",
    }
}
super::words! {
    /// How a call is signed.
    Sign {
        /// It is not.
        None = "none",
        /// AWS Signature Version 4: `id`, `key`, `region`, `service`, and `token` if there is one.
        AwsSigV4 = "aws-sigv4",
        /// An HMAC of a text that is put together of places; it is placed by `{signature}`.
        Hmac = "hmac",
        /// A JSON web token, signed with RS256, that asks for a token; it is placed by `{assertion}`.
        JwtRs256 = "jwt-rs256",
        /// Shared Key of Azure Storage: `account`, `key`.
        AzureSharedKey = "azure-shared-key",
        /// It is not; a certificate is shown to the server, over TLS: `certificate`, `key`.
        ClientCertificate = "client-certificate",
    }
}

/// What every call can name beside its credential: seconds and milliseconds since 1970-01-01 UTC, the
/// time as `2026-11-28T10:00:00Z`, as HTTP and as mail writes it, and as `20261128T10:00:00+0000`, the
/// second that is a minute away, and a number that is used once.
pub const CLOCK: &[&str] = &[
    "now",
    "now ms",
    "now iso",
    "now http",
    "now mail",
    "now basic",
    "soon",
    "nonce",
];

/// What a call can name of a secret that is the signature of a URL: the URL up to it, and what follows.
pub const AROUND: [&str; 2] = ["url before it", "url behind it"];

/// Whether a pattern's secret is the signature of a URL.
pub fn is_signature(pattern: &super::Pattern) -> bool {
    pattern.expression[0].ends_with("sig=")
}

impl Sign {
    /// What it is made of: names that must be given, and such as may be.
    pub const fn needs(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::None => (&[], &[]),
            Self::AwsSigV4 => (&["id", "key", "region", "service"], &["token"]),
            Self::Hmac => (
                &["key", "text"],
                &["hash", "form", "key form", "key of", "quoted", "digest"],
            ),
            Self::JwtRs256 => (
                &["key", "issuer", "audience"],
                &["key id", "subject", "scope"],
            ),
            Self::AzureSharedKey => (&["account", "key"], &[]),
            Self::ClientCertificate => (&["certificate", "key"], &[]),
        }
    }

    /// The words that some of them must be one of.
    pub const fn words_of(self, name: &str) -> &'static [&'static str] {
        match (self, name.as_bytes()) {
            (Self::Hmac, b"hash") => &["sha1", "sha256", "sha384", "sha512"],
            (Self::Hmac, b"form") => &["hex", "base64"],
            (Self::Hmac, b"key form") => &["text", "base64"],
            _ => &[],
        }
    }

    /// The name of what it makes, for the declaration to place.
    pub const fn makes(self) -> Option<&'static str> {
        match self {
            Self::Hmac => Some("signature"),
            Self::JwtRs256 => Some("assertion"),
            Self::None | Self::AwsSigV4 | Self::AzureSharedKey | Self::ClientCertificate => None,
        }
    }
}

impl Verifier {
    /// Whether `host` is one that the credential may go to. Names are compared without case.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.hosts
            .iter()
            .any(|allowed| match allowed.strip_prefix('*') {
                // Of a suffix: at least one label before it, of plain letters.
                Some(suffix) => host.strip_suffix(suffix).is_some_and(|label| {
                    !label.is_empty()
                        && label.split('.').all(|l| {
                            !l.is_empty()
                                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                        })
                }),
                None => host == *allowed,
            })
    }
}
