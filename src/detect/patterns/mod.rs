//! What is known of each kind of credential, compiled to static tables.
//!
//! This module is built twice: into the library, and into `build.rs`, which checks the files under
//! `patterns/` with the very code that checks a user's own file at run time, and writes the result
//! as Rust source. So it imports [`crate::base`] and itself only.
//!
//! `format` reads the files, `shape` turns an expression into a tree, `program` matches it,
//! `lane` proves how the prefilter finds it, `sample` makes examples, `checksum` verifies them.

mod bech32;
mod bytes;
mod check;
mod checksum;
mod coding;
mod error;
mod files;
mod format;
mod gate;
mod head;
mod index;
mod keyword;
mod lane;
mod mark;
mod program;
mod sample;
mod shape;
mod verifier;

pub use bytes::{ByteSet, NAME_BYTES, TOKEN, is_token};
pub use checksum::Checksum;
pub use coding::{base64, base64_text};
pub use error::PatternError;
pub use files::{Called, is_called};
pub use format::{Parsed, parse, parse_file};
pub use gate::{GATE_BYTES, GATE_MOST, Gate};
pub use head::Head;
pub use index::{
    Index, Keyword, Keywords, Near, Nibbles, Row, Seen, Shelf, Table, Triples, folded,
};
pub use keyword::{begins_word, keyword_at, keyword_end};
pub use lane::{ANCHORS, Lane, RUN};
pub use mark::NEAR_AFTER;
pub use program::{Found, Op, Program, Steps};
pub use sample::{Draw, Length, Sampler, sample_match, sample_secret, sample_text};
pub use verifier::{
    AROUND, Basis, BodyKind, CLOCK, Call, Case, Facts, Hole, Meaning, Piece, Power, Privilege,
    Quote, Scalar, Sign, Verifier, is_signature, pieces,
};

/// One kind of credential. Every field is static: a catalogue costs nothing to load.
///
/// A user's own pattern has the same type; its strings live as long as the process.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// `provider.kind`, stable.
    pub id: &'static str,
    /// The provider's id: the stem of its file.
    pub provider: &'static str,
    /// The provider's name for people.
    pub provider_name: &'static str,
    /// The provider's site.
    pub site: &'static str,
    /// The kind's name for people.
    pub name: &'static str,
    /// What it opens, one sentence.
    pub description: &'static str,
    /// Where in its life the id is.
    pub status: Status,
    /// What sort of secret it is.
    pub class: Class,
    /// How sure a match is a credential.
    pub confidence: Confidence,
    /// What it opens.
    pub severity: Severity,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Rotate at least every so many days.
    pub rotation_days: u16,
    /// How to take its power away.
    pub revoke: &'static str,
    /// The short-lived or keyless replacement; empty if none is known.
    pub replace: &'static str,
    /// OWASP Non-Human Identities Top 10 (2025) ids.
    pub nhi: &'static [&'static str],
    /// CWE numbers.
    pub cwe: &'static [u16],
    /// Where the facts come from.
    pub sources: &'static [&'static str],
    /// The expressions as written (before, secret, after), for the plain engine and for people.
    pub expression: [&'static str; 3],
    /// The compiled shape.
    pub program: Program,
    /// Bytes that must not stand before the match; `None` if it may begin anywhere.
    pub left: Option<ByteSet>,
    /// Keywords one of which must stand near.
    pub near: &'static [&'static str],
    /// How far before the match a keyword may stand, in bytes.
    pub near_bytes: u16,
    /// Words of which one must be in the name that the secret is assigned to. A pattern with
    /// names is found by the assignment grammar, and its program accepts the value.
    pub names: &'static [&'static str],
    /// What a file must be called for it to count there ([`is_called`]); empty for any file.
    pub files: &'static [&'static str],
    /// Floor of the secret's Shannon entropy, bits a character.
    pub randomness: f32,
    /// Checksum or structure that is verified.
    pub checksum: Checksum,
    /// What belongs to it.
    pub parts: &'static [Part],
    /// Literal bytes every match begins with, as far as they are the same in all: what a masked
    /// secret may show.
    pub prefix: &'static str,
    /// How the prefilter finds it.
    pub lane: Lane,
    /// Frame of the generated examples, `{}` for the match; empty for the default.
    pub example: &'static str,
    /// Texts that must not match.
    pub counter: &'static [&'static str],
}

/// What belongs to a credential beside its strong part.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What it is, for people.
    pub name: &'static str,
    /// The expression as written.
    pub expression: &'static str,
    /// Its compiled shape; always between edges.
    pub program: Program,
    /// Bytes that must not stand before it.
    pub left: ByteSet,
    /// Keywords one of which must stand on its line, or in the 80 bytes before it.
    pub near: &'static [&'static str],
    /// Floor of its Shannon entropy, bits a character.
    pub randomness: f32,
    /// Whether there is no match without it.
    pub required: bool,
    /// The farthest that it is looked for, in bytes.
    pub within: usize,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Its word in files and reports.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
            /// The one with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

use words;

words! {
    /// Where in its life an id is.
    Status {
        /// May still change.
        Preview = "preview",
        /// Kept.
        Stable = "stable",
        /// Still found; will be removed.
        Deprecated = "deprecated",
        /// No longer looked for; the id is not used again.
        Removed = "removed",
    }
}
words! {
    /// What sort of secret a pattern finds.
    Class {
        /// A random string made by a machine.
        Token = "token",
        /// A string that a person may have chosen.
        Password = "password",
        /// A private key.
        PrivateKey = "private-key",
        /// Names a credential, opens nothing alone.
        Identifier = "identifier",
        /// A URL or connection string with a password in it.
        ConnectionString = "connection-string",
        /// A JSON web token.
        Jwt = "jwt",
    }
}
words! {
    /// How sure a match is a credential. Ordered: low is least.
    Confidence {
        /// Worth a look by somebody who has time.
        Low = "low",
        /// More likely than not.
        Medium = "medium",
        /// As good as certain.
        High = "high",
    }
}
words! {
    /// What a credential opens. Ordered: low is least.
    Severity {
        /// Public or nearly so.
        Low = "low",
        /// Reads, or writes something small.
        Medium = "medium",
        /// Reads or writes what matters.
        High = "high",
        /// An account, an organisation, production.
        Critical = "critical",
    }
}
words! {
    /// How long a credential lives.
    Lifetime {
        /// Until somebody revokes it.
        UntilRevoked = "until-revoked",
        /// To a set date.
        Expires = "expires",
        /// Minutes or hours.
        Short = "short",
        /// One use.
        OneTime = "one-time",
    }
}
