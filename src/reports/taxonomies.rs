//! The taxonomies that results refer to: CWE, and the OWASP Non-Human Identities Top 10.

use serde_sarif::sarif::{MultiformatMessageString, ReportingDescriptor, ToolComponent};

/// Weaknesses that a credential in code can be, with their names in CWE 4.
const CWE: &[(u16, &str)] = &[
    (256, "Plaintext Storage of a Password"),
    (259, "Use of Hard-coded Password"),
    (312, "Cleartext Storage of Sensitive Information"),
    (321, "Use of Hard-coded Cryptographic Key"),
    (522, "Insufficiently Protected Credentials"),
    (
        538,
        "Insertion of Sensitive Information into Externally-Accessible File or Directory",
    ),
    (540, "Inclusion of Sensitive Information in Source Code"),
    (798, "Use of Hard-coded Credentials"),
    (
        916,
        "Use of Password Hash With Insufficient Computational Effort",
    ),
    (1392, "Use of Default Credentials"),
    (1393, "Use of Default Password"),
];

/// OWASP Non-Human Identities Top 10, 2025.
const NHI: &[&str] = &[
    "Improper Offboarding",
    "Secret Leakage",
    "Vulnerable Third-Party NHI",
    "Insecure Authentication",
    "Overprivileged NHI",
    "Insecure Cloud Deployment Configurations",
    "Long-Lived Secrets",
    "Environment Isolation",
    "NHI Reuse",
    "Human Use of NHI",
];

/// A taxon: its id, its place in its taxonomy, the taxonomy's name and place.
pub(super) type Taxon = (String, i64, &'static str, i64);

/// Both taxonomies, in the order that [`cwe`] and [`nhi`] count in.
pub(super) fn all() -> Vec<ToolComponent> {
    let taxon = |id: String, name: &str| {
        let short = MultiformatMessageString::builder().text(name).build();
        ReportingDescriptor::builder()
            .id(id)
            .name(name)
            .short_description(short)
            .build()
    };
    vec![
        ToolComponent::builder()
            .name("CWE")
            .organization("MITRE")
            .information_uri("https://cwe.mitre.org/")
            .taxa(
                CWE.iter()
                    .map(|(n, name)| taxon(format!("CWE-{n}"), name))
                    .collect::<Vec<_>>(),
            )
            .build(),
        ToolComponent::builder()
            .name("OWASP NHI")
            .organization("OWASP")
            .version("2025")
            .information_uri("https://owasp.org/www-project-non-human-identities-top-10/2025/")
            .taxa(
                NHI.iter()
                    .zip(1..)
                    .map(|(name, n)| taxon(format!("NHI{n}:2025"), name))
                    .collect::<Vec<_>>(),
            )
            .build(),
    ]
}

/// The taxon of a CWE number, if the taxonomy has it.
pub(super) fn cwe(number: u16) -> Option<Taxon> {
    let index = CWE.iter().position(|(n, _)| *n == number)?;
    Some((format!("CWE-{number}"), index as i64, "CWE", 0))
}

/// The taxon of an id such as `NHI2`.
pub(super) fn nhi(id: &str) -> Option<Taxon> {
    let number: usize = id.strip_prefix("NHI")?.parse().ok()?;
    (1..=NHI.len()).contains(&number).then(|| {
        (
            format!("NHI{number}:2025"),
            number as i64 - 1,
            "OWASP NHI",
            1,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;

    #[test]
    fn every_id_that_a_pattern_names_has_a_taxon() {
        for p in Catalogue::embedded().patterns() {
            assert!(
                p.cwe.iter().all(|n| cwe(*n).is_some()),
                "{}: {:?}",
                p.id,
                p.cwe
            );
            assert!(
                p.nhi.iter().all(|id| nhi(id).is_some()),
                "{}: {:?}",
                p.id,
                p.nhi
            );
        }
    }
}
