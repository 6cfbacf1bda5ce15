//! The patterns that stand for a value that somebody looked for, so that a hit is a finding like any
//! other.

use super::Encoding;
use crate::detect::patterns::{
    ByteSet, Checksum, Class, Confidence, Head, Lane, Lifetime, Pattern, Program, Severity, Status,
};

/// Whether a pattern stands for a value that somebody looked for. Such a value is one wherever it
/// stands: its identity has no path.
pub fn is_known(pattern: &Pattern) -> bool {
    pattern.program.ops.is_empty()
}

/// The pattern that stands for the value in an encoding.
pub(super) fn pattern(encoding: Encoding) -> &'static Pattern {
    let place = Encoding::ALL.iter().position(|e| *e == encoding);
    &PATTERNS[place.unwrap_or(0)]
}

const fn known(id: &'static str, name: &'static str) -> Pattern {
    Pattern {
        id,
        provider: "known",
        provider_name: "Known value",
        site: "",
        name,
        description: "The value that was given to look for.",
        status: Status::Stable,
        // Somebody may have chosen it: nothing of it is shown.
        class: Class::Password,
        confidence: Confidence::High,
        severity: Severity::High,
        lifetime: Lifetime::UntilRevoked,
        rotation_days: 0,
        revoke: "Make a new value where it is used, and take this one's power away",
        replace: "",
        nhi: &["NHI2"],
        cwe: &[798],
        sources: &[],
        expression: ["", "", ""],
        program: Program {
            ops: &[],
            right: ByteSet::EMPTY,
            first: ByteSet::EMPTY,
            head: Head::NOTHING,
            min: 0,
            max: 0,
        },
        left: None,
        near: &[],
        near_bytes: 0,
        names: &[],
        files: &[],
        randomness: 0.0,
        checksum: Checksum::None,
        parts: &[],
        prefix: "",
        lane: Lane::Slow,
        example: "",
        counter: &[],
    }
}

/// One for each of [`Encoding::ALL`].
static PATTERNS: [Pattern; Encoding::ALL.len()] = [
    known("known.value", "The value that was looked for"),
    known(
        "known.value-base64",
        "The value that was looked for, in base64",
    ),
    known(
        "known.value-base64url",
        "The value that was looked for, in base64url",
    ),
    known("known.value-hex", "The value that was looked for, in hex"),
    known(
        "known.value-percent",
        "The value that was looked for, percent-encoded",
    ),
    known(
        "known.value-escaped",
        "The value that was looked for, escaped",
    ),
    known(
        "known.value-utf16",
        "The value that was looked for, in UTF-16",
    ),
];
