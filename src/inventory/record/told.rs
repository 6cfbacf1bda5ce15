//! A value, where it came from, and how sure it is.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{second_of, time_of};

/// A value with its source: nothing in a record is told without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
    /// The place that says so: a file and line, a commit, the rule that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How sure it is.
    pub confidence: Sureness,
}

impl<T> Told<T> {
    /// A value that a place says.
    pub fn new(value: T, source: Source, place: impl Into<String>, confidence: Sureness) -> Self {
        Self {
            value,
            source,
            place: Some(place.into()),
            confidence,
        }
    }

    /// A value that needs no place.
    pub fn plain(value: T, source: Source, confidence: Sureness) -> Self {
        Self {
            value,
            source,
            place: None,
            confidence,
        }
    }

    /// The same source for another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Told<U> {
        Told {
            value: change(self.value),
            source: self.source,
            place: self.place,
            confidence: self.confidence,
        }
    }
}

/// Where a value came from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Somebody declared it: in `.straykey/inventory.toml`, or on the command line.
    Declared,
    /// A comment beside it declares it.
    Annotation,
    /// The bytes that were found.
    Match,
    /// What the credential says of itself: claims, a certificate's fields, a signature's parameters.
    Token,
    /// Commits.
    Git,
    /// Files of the repository: CODEOWNERS, manifests, definitions of CI.
    Config,
    /// Its provider, asked over the network.
    Network,
    /// An export of its provider's own records, which somebody gave.
    Observed,
    /// An earlier inventory.
    Previous,
    /// What straykey knows of its kind.
    Catalogue,
    /// Worked out from other fields.
    Derived,
}

/// How sure a value is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Sureness {
    /// A rule of thumb: a person should look.
    Guess,
    /// What usually holds.
    Likely,
    /// It is so, or somebody declared it.
    Certain,
}

macro_rules! worded {
    ($($name:ty),*) => {$(
        impl $name {
            /// Its word in reports.
            pub fn word(self) -> String {
                crate::inventory::record::word_of(&self)
            }
        }
    )*};
}
pub(super) use worded;

worded!(Source, Sureness);

/// A second of UTC; written as in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(
    /// Seconds since 1970-01-01 UTC.
    pub i64,
);

impl Stamp {
    /// Whole days from one to the other; negative if the other is earlier.
    pub const fn days_to(self, later: Self) -> i64 {
        (later.0 - self.0).div_euclid(DAY)
    }

    /// So many days later.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY)))
    }

    /// Its day, `YYYY-MM-DD`.
    pub fn day(self) -> String {
        crate::base::day_of(self.0)
    }
}

/// Seconds of a day.
pub const DAY: i64 = 86_400;

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}Z", second_of(self.0))
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("a time is written as 2026-11-24T12:00:00Z");
        time_of(&text).map(|t| Self(t.0)).ok_or_else(wrong)
    }
}

impl JsonSchema for Stamp {
    fn schema_name() -> Cow<'static, str> {
        "Stamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "A second of UTC."
        })
    }
}
