//! The taxonomies that results refer to: CWE, and the OWASP Non-Human Identities Top 10.

use serde_sarif::sarif::{MultiformatMessageString, ReportingDescriptor, ToolComponent};

use crate::inventory::{cwe_title, nhi_titles};

/// Weaknesses that a pattern can name.
const CWE: &[u16] = &[256, 259, 312, 321, 522, 538, 540, 798, 916, 1392, 1393];

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
                    .map(|n| taxon(format!("CWE-{n}"), cwe_title(*n).unwrap_or_default()))
                    .collect::<Vec<_>>(),
            )
            .build(),
        ToolComponent::builder()
            .name("OWASP NHI")
            .organization("OWASP")
            .version("2025")
            .information_uri("https://owasp.org/www-project-non-human-identities-top-10/2025/")
            .taxa(
                nhi_titles()
                    .map(|(id, title)| taxon(id.to_owned(), title))
                    .collect::<Vec<_>>(),
            )
            .build(),
    ]
}

/// The taxon of a CWE number, if the taxonomy has it.
pub(super) fn cwe(number: u16) -> Option<Taxon> {
    let index = CWE.iter().position(|n| *n == number)?;
    Some((format!("CWE-{number}"), index as i64, "CWE", 0))
}

/// The taxon of an id such as `NHI2`.
pub(super) fn nhi(id: &str) -> Option<Taxon> {
    let number: usize = id.strip_prefix("NHI")?.parse().ok()?;
    (1..=nhi_titles().count()).contains(&number).then(|| {
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

    #[test]
    fn every_weakness_has_a_title() {
        assert!(CWE.iter().all(|n| cwe_title(*n).is_some()));
    }
}
