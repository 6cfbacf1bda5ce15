//! How long credentials of a kind may live: what providers and frameworks say, with where they say
//! it. A policy may say otherwise.

use super::record::{LifetimeClass, Source, Stamp, Sureness, Told};
use crate::detect::patterns::{Lifetime, Pattern};
use crate::findings::Finding;

/// How old a kind may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAge {
    /// Warn from so many days on.
    pub warn: u32,
    /// It is overdue then.
    pub fail: u32,
    /// Who says so.
    pub source: &'static str,
}

/// Ids of patterns, or `provider.*`; the first that fits counts.
const AGES: &[(&str, u32, u32, &str)] = &[
    (
        "aws.access-key",
        60,
        90,
        "CIS AWS Foundations Benchmark 7.0, 2.12: 90 days",
    ),
    (
        "aws.secret-access-key",
        60,
        90,
        "CIS AWS Foundations Benchmark 7.0, 2.12: 90 days",
    ),
    (
        "google.service-account-key",
        60,
        90,
        "CIS Google Cloud Foundation Benchmark 5.0, 1.8: 90 days",
    ),
    (
        "google.api-key",
        60,
        90,
        "CIS Google Cloud Foundation Benchmark 5.0, 1.16: 90 days",
    ),
    (
        "azure.storage-account-key",
        60,
        90,
        "CIS Microsoft Azure Foundations Benchmark 6.0, 9.3.1.2: periodically; 90 days is common practice",
    ),
    (
        "azure.entra-client-secret",
        180,
        365,
        "Microsoft Entra: 24 months at most; straykey's own number",
    ),
    (
        "github.pat-fine-grained",
        90,
        180,
        "GitHub: 366 days at most by default; straykey's own number",
    ),
    (
        "gitlab.personal-access-token",
        90,
        365,
        "GitLab: 365 days at most (400 since 17.6)",
    ),
    (
        "gitlab.personal-access-token-routable",
        90,
        365,
        "GitLab: 365 days at most (400 since 17.6)",
    ),
    (
        "npm.access-token",
        30,
        90,
        "npm: 90 days at most for tokens that write, since November 2025",
    ),
    (
        "atlassian.api-token",
        90,
        365,
        "Atlassian: one year at most, since 15 December 2024",
    ),
    (
        "private-key.*",
        365,
        730,
        "NIST SP 800-57 Part 1, private authentication key: 1 to 2 years (unconfirmed for revision 5)",
    ),
];

/// How old a kind may become, and who says so.
pub fn max_age(pattern: &Pattern) -> MaxAge {
    let found = AGES.iter().find(|(id, ..)| {
        let provider = id.strip_suffix(".*");
        provider.map_or(pattern.id == *id, |provider| pattern.provider == provider)
    });
    match found {
        Some((_, warn, fail, source)) => MaxAge {
            warn: *warn,
            fail: *fail,
            source,
        },
        None => MaxAge {
            warn: u32::from(pattern.rotation_days),
            fail: u32::from(pattern.rotation_days),
            source: "straykey's own number: its provider publishes none that was checked",
        },
    }
}

/// How long a credential works: by its own word, else by its kind.
pub fn lifetime(
    finding: &Finding,
    made: Option<Stamp>,
    ends: Option<Stamp>,
) -> Told<LifetimeClass> {
    if let (Some(made), Some(ends)) = (made, ends) {
        let class = match ends.0.saturating_sub(made.0) {
            ..=3_600 => LifetimeClass::Ephemeral,
            3_601..=86_400 => LifetimeClass::Short,
            _ => LifetimeClass::Bounded,
        };
        let place = "its own begin and end";
        return Told::new(class, Source::Token, place, Sureness::Certain);
    }
    if ends.is_some() {
        let place = "its own end";
        return Told::new(
            LifetimeClass::Bounded,
            Source::Token,
            place,
            Sureness::Certain,
        );
    }
    let class = match finding.pattern.lifetime {
        Lifetime::UntilRevoked => LifetimeClass::Standing,
        Lifetime::Expires => LifetimeClass::Bounded,
        Lifetime::Short => LifetimeClass::Short,
        Lifetime::OneTime => LifetimeClass::Ephemeral,
    };
    let place = format!("kind {}", finding.pattern.id);
    Told::new(class, Source::Catalogue, place, Sureness::Likely)
}

/// How many days a public certificate may be valid that was issued at a time: CA/Browser Forum
/// Baseline Requirements, 6.3.2 (ballot SC-081v3).
pub fn certificate_days(issued: Stamp) -> u32 {
    // `date -u -d 2026-03-15 +%s` and so on.
    match issued.0 {
        ..1_773_532_800 => 398,
        1_773_532_800..1_805_068_800 => 200,
        1_805_068_800..1_868_227_200 => 100,
        _ => 47,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time_of;
    use crate::detect::Catalogue;

    #[test]
    fn every_row_names_kinds_that_there_are() {
        let catalogue = Catalogue::embedded();
        for (id, warn, fail, source) in AGES {
            let provider = id.strip_suffix(".*");
            let mut all = catalogue.patterns().iter();
            assert!(
                all.any(|p| p.id == *id || provider == Some(p.provider)),
                "{id}"
            );
            assert!(warn <= fail && !source.is_empty(), "{id}");
        }
        let aws = max_age(catalogue.get("aws.access-key").expect("there"));
        assert_eq!((aws.warn, aws.fail), (60, 90));
    }

    #[test]
    fn certificates_by_the_day_of_their_issue() {
        for (day, days) in [
            ("2026-03-14", 398),
            ("2026-03-15", 200),
            ("2027-03-14", 200),
            ("2027-03-15", 100),
            ("2029-03-14", 100),
            ("2029-03-15", 47),
        ] {
            let stamp = Stamp(time_of(day).expect("a day").0);
            assert_eq!(certificate_days(stamp), days, "{day}");
        }
    }
}
