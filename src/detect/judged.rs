use super::Decoded;
use super::generic::Weighed;
use super::patterns::{Confidence, Part, Pattern};
use crate::base::{Secret, Span};

/// A mark, and what judgement made of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Which pattern marked it.
    pub pattern: &'static Pattern,
    /// The whole match, in the chunk's text.
    pub span: Span,
    /// The secret inside, in the chunk's text.
    pub secret: Span,
    /// What belongs to it.
    pub parts: Vec<PartHit>,
    /// How sure this match is a credential: the pattern's confidence, lowered where judgement
    /// found reason to.
    pub confidence: Confidence,
    /// What the secret is when its bytes are written in different ways (a key's body without
    /// line breaks); `None` if its bytes are what it is.
    pub canonical: Option<Secret>,
    /// What a value that is assigned to a telling name was weighed to be.
    pub weighed: Option<Weighed>,
    /// How it was decoded, if it stands there encoded; the spans are then those of the encoded text.
    pub decoded: Option<Decoded>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Judged {
    /// The secret itself: decoded, if it stands encoded in `text`, which is the text it was found in.
    pub fn value<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        match &self.decoded {
            Some(decoded) => decoded.secret.expose(),
            None => self.secret.of(text),
        }
    }

    /// What the secret is, however it is written: what findings are told apart by.
    pub fn identity(&self, text: &[u8]) -> Secret {
        let canonical = self.canonical.clone();
        canonical.unwrap_or_else(|| Secret::new(self.value(text)))
    }

    /// Whether it is certainly no secret: it may be read. All else is hidden wherever text is
    /// shown, reported or not.
    pub fn is_harmless(&self) -> bool {
        matches!(
            &self.outcome,
            Outcome::Rejected(Rejection::Reference(_) | Rejection::Words | Rejection::Overlap(_))
        )
    }
}

/// A part of a credential, found near its strong part.
#[derive(Clone, Debug)]
pub struct PartHit {
    /// Which part.
    pub part: &'static Part,
    /// Where, in the chunk's text.
    pub span: Span,
    /// What it is, if it stands there encoded.
    pub value: Option<Secret>,
}

/// What became of a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A credential, to be reported.
    Match,
    /// A credential that a comment beside it allows.
    Allowed(InlineAllow),
    /// None, and why.
    Rejected(Rejection),
}

/// A comment such as `straykey:allow github.pat-classic until=2027-01-31 fixture`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineAllow {
    /// The token that was found: `straykey:allow`, or that of another tool.
    pub token: &'static str,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Allowed up to and including this day, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// Why a mark is no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// Its checksum or structure does not hold.
    Checksum,
    /// Fewer bits a character than the pattern's floor (in hundredths: measured, needed).
    Randomness(u16, u16),
    /// A placeholder or a documented example; the word that shows it.
    Placeholder(&'static str),
    /// It names a secret kept elsewhere, or is code that fetches one.
    Reference(&'static str),
    /// A hash in a lock file, an integrity attribute, a digest.
    Integrity(&'static str),
    /// The pattern does not look into content of this kind.
    Kind,
    /// It counts in files of another name only.
    File,
    /// A part without which there is no match was not found.
    PartMissing(&'static str),
    /// Another match covers it: that pattern's id.
    Overlap(&'static str),
    /// The body of a private key is no key.
    NotAKey,
    /// A word or sentence, no credential.
    Words,
    /// What it is called, what it looks like and where it stands make it unlikely.
    Unlikely(Weighed),
}

impl Rejection {
    /// A stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Checksum => "checksum",
            Self::Randomness(..) => "randomness",
            Self::Placeholder(_) => "placeholder",
            Self::Reference(_) => "reference",
            Self::Integrity(_) => "integrity",
            Self::Kind => "kind",
            Self::File => "file",
            Self::PartMissing(_) => "part-missing",
            Self::Overlap(_) => "overlap",
            Self::NotAKey => "not-a-key",
            Self::Words => "words",
            Self::Unlikely(_) => "unlikely",
        }
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Checksum => f.write_str("its checksum or structure does not hold"),
            Self::Randomness(is, floor) => write!(
                f,
                "too regular: about {}.{} bits a character, {}.{} are needed",
                is / 100,
                is % 100 / 10,
                floor / 100,
                floor % 100 / 10
            ),
            Self::Placeholder(word) => write!(f, "a placeholder or documented example ({word})"),
            Self::Reference(what) => write!(f, "no literal: {what}"),
            Self::Integrity(what) => write!(f, "a hash, not a credential ({what})"),
            Self::Kind => f.write_str("this pattern does not look into binary content"),
            Self::File => f.write_str("this pattern counts in files of another name"),
            Self::PartMissing(part) => write!(f, "its {part} is not near"),
            Self::Overlap(id) => write!(f, "covered by a better match: {id}"),
            Self::NotAKey => f.write_str("what follows the header is no key"),
            Self::Words => f.write_str("words, not a credential"),
            Self::Unlikely(weighed) => write!(
                f,
                "unlikely to be a secret ({:.0} %): {}",
                weighed.probability() * 100.0,
                weighed.against()
            ),
        }
    }
}
