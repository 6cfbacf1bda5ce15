//! Requirements of frameworks that a record supports evidence for: by what is wrong with it. No tool
//! can say that anybody complies.
//!
//! Sources: OWASP Non-Human Identities Top 10 (2025), MITRE CWE 4, NIST CSF 2.0 and its 1.1
//! predecessors, NIST SP 800-53 release 5.2.0, PCI DSS 4.0.1, CIS Controls 8.1, ISO/IEC 27001:2022
//! annex A (ids and short titles only: its text is licensed), OWASP ASVS 5.0, CSA MAESTRO (2025),
//! NIST AI RMF 1.0.

mod titles;

use std::collections::BTreeMap;

use super::record::{Record, Requirement};

use titles::{ASVS, CIS, CSF, CWE, ISO, MAESTRO, NHI, OLD, PCI, RMF, SP53, TITLES};
pub use titles::{FRAMEWORKS, Framework, cwe_title, nhi_titles, titles};

/// What an issue leads to: frameworks and ids.
pub fn leads_of(issue: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = LEADS.iter().filter(move |(class, _)| *class == issue);
    rows.flat_map(|(_, leads)| leads.iter().copied())
}

/// What a credential of a kind leads to that stands in code: frameworks and ids, without the weaknesses
/// that its pattern names itself.
pub fn of_kind(pattern: &str, provider: &str) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = leads_of("literal-secret").collect();
    if is_password(pattern) {
        all.push((PCI, "8.6.2"));
    }
    if MODELS.contains(&provider) {
        all.extend([(MAESTRO, "L1"), (RMF, "GOVERN"), (RMF, "MANAGE")]);
    }
    all
}

fn is_password(pattern: &str) -> bool {
    pattern == "generic.password" || pattern.starts_with("connection.")
}

/// What leads to what.
const LEADS: &[(&str, &[(&str, &str)])] = &[
    (
        "literal-secret",
        &[
            (NHI, "NHI2:2025"),
            (CSF, "PR.AA-01"),
            (OLD, "PR.AC-1"),
            (SP53, "IA-5(7)"),
            (SP53, "IA-5"),
            (CIS, "16.12"),
            (ISO, "A.5.17"),
            (ASVS, "13.3.1"),
        ],
    ),
    (
        "secret-in-history-only",
        &[
            (NHI, "NHI2:2025"),
            (CWE, "CWE-540"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5(7)"),
            (CIS, "16.12"),
            (ISO, "A.5.17"),
            (ASVS, "13.3.1"),
        ],
    ),
    (
        "alive-after-removal",
        &[
            (NHI, "NHI1:2025"),
            (CWE, "CWE-613"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5"),
            (SP53, "AC-2(3)"),
            (ISO, "A.5.18"),
            (ASVS, "13.3.4"),
        ],
    ),
    (
        "used-after-retirement",
        &[
            (NHI, "NHI1:2025"),
            (CWE, "CWE-613"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5"),
            (SP53, "AC-2(3)"),
            (ISO, "A.5.18"),
        ],
    ),
    (
        "unused",
        &[
            (NHI, "NHI1:2025"),
            (CSF, "PR.AA-01"),
            (SP53, "AC-2(3)"),
            (CIS, "5.3"),
            (ISO, "A.5.18"),
        ],
    ),
    (
        "resurrected",
        &[
            (NHI, "NHI1:2025"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5"),
            (ISO, "A.5.18"),
        ],
    ),
    (
        "orphaned-owner",
        &[
            (NHI, "NHI1:2025"),
            (CSF, "PR.AA-01"),
            (SP53, "AC-2(3)"),
            (SP53, "IA-4"),
            (CIS, "5.5"),
        ],
    ),
    (
        "unowned",
        &[(CSF, "PR.AA-01"), (SP53, "IA-4"), (CIS, "5.5")],
    ),
    (
        "rotation-overdue",
        &[
            (NHI, "NHI7:2025"),
            (CWE, "CWE-262"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5"),
            (ISO, "A.5.17"),
            (ASVS, "13.3.4"),
        ],
    ),
    (
        "owner-left-since-rotation",
        &[
            (NHI, "NHI1:2025"),
            (NHI, "NHI7:2025"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5"),
        ],
    ),
    (
        "no-expiry",
        &[
            (NHI, "NHI7:2025"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-5"),
            (ASVS, "13.3.4"),
        ],
    ),
    ("expired", &[(CWE, "CWE-324"), (SP53, "IA-5")]),
    ("review-lapsed", &[(CIS, "5.5"), (CSF, "PR.AA-05")]),
    (
        "broad-privilege",
        &[
            (NHI, "NHI5:2025"),
            (CWE, "CWE-250"),
            (CSF, "PR.AA-05"),
            (OLD, "PR.AC-4"),
            (SP53, "AC-6"),
            (ISO, "A.8.2"),
            (ASVS, "13.2.2"),
        ],
    ),
    (
        "reuse",
        &[
            (NHI, "NHI9:2025"),
            (CWE, "CWE-522"),
            (CSF, "PR.AA-01"),
            (SP53, "IA-4"),
            (ISO, "A.5.16"),
            (ASVS, "13.2.1"),
        ],
    ),
    (
        "cross-environment",
        &[
            (NHI, "NHI8:2025"),
            (CWE, "CWE-522"),
            (CSF, "PR.AA-05"),
            (SP53, "AC-6"),
        ],
    ),
    (
        "legacy-kind",
        &[(NHI, "NHI4:2025"), (CSF, "PR.AA-03"), (ASVS, "13.2.1")],
    ),
    (
        "human-use",
        &[(NHI, "NHI10:2025"), (CSF, "PR.AA-01"), (SP53, "IA-4")],
    ),
    (
        "mcp-literal-secret",
        &[
            (NHI, "NHI2:2025"),
            (CWE, "CWE-214"),
            (MAESTRO, "L3"),
            (RMF, "GOVERN"),
            (RMF, "MANAGE"),
        ],
    ),
];

/// Providers of models: their keys are agents' credentials.
const MODELS: &[&str] = &[
    "openai",
    "anthropic",
    "huggingface",
    "replicate",
    "groq",
    "mistral",
    "cohere",
    "xai",
    "openrouter",
    "perplexity",
    "deepseek",
];

/// Of passwords alone.
const PASSWORDS: &[(&str, &[(&str, &str)])] = &[
    ("literal-secret", &[(PCI, "8.6.2")]),
    ("secret-in-history-only", &[(PCI, "8.6.2")]),
    ("rotation-overdue", &[(PCI, "8.6.3")]),
];

/// A requirement, as a control test needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// The framework.
    pub framework: &'static str,
    /// The requirement's id there.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The issues that are exceptions to it, by their words; sorted.
    pub issues: Vec<&'static str>,
}

/// All requirements that records may support evidence for, in the order of frameworks.
pub fn controls() -> Vec<Control> {
    let of_row = |(framework, id, title): &(&'static str, &'static str, &'static str)| {
        let rows = LEADS.iter().chain(PASSWORDS);
        let rows = rows.filter(|(_, leads)| leads.contains(&(*framework, *id)));
        let mut issues: Vec<&'static str> = rows.map(|(class, _)| *class).collect();
        // What a pattern or a model's provider leads to.
        if *framework == CWE || matches!(*framework, MAESTRO | RMF) && *id != "Cross-Layer" {
            issues.extend(["literal-secret", "secret-in-history-only"]);
        }
        if *id == "Cross-Layer" {
            issues.push("reuse");
        }
        issues.sort_unstable();
        issues.dedup();
        Control {
            framework,
            id,
            title,
            issues,
        }
    };
    TITLES.iter().map(of_row).collect()
}

/// Whether a requirement of this framework is told of such a record at all: that of passwords, or of
/// agents and models, is not told of others.
pub fn concerns(framework: &str, record: &Record) -> bool {
    let pattern = record.pattern.as_deref().unwrap_or_default();
    match framework {
        PCI => is_password(pattern),
        MAESTRO | RMF => {
            MODELS.contains(&pattern.split('.').next().unwrap_or_default())
                || record
                    .workloads
                    .iter()
                    .any(|w| w.value.kind == "mcp-server")
        }
        _ => true,
    }
}

/// The requirements of a record. `cwe` are the numbers that its pattern names.
pub fn requirements(record: &Record, provider: &str, cwe: &[u16]) -> Vec<Requirement> {
    let mut all: BTreeMap<(usize, String), (&str, Vec<String>)> = BTreeMap::new();
    let mut lead = |framework: &'static str, id: &str, issue: &str| {
        // In the order of the table, frameworks together.
        let row = TITLES
            .iter()
            .position(|(f, i, _)| *f == framework && *i == id);
        let key = (row.unwrap_or(TITLES.len()), id.to_owned());
        let entry = all.entry(key).or_insert((framework, Vec::new()));
        if !entry.1.iter().any(|known| known == issue) {
            entry.1.push(issue.to_owned());
        }
    };
    let is_password = record.pattern.as_deref().is_some_and(is_password);
    for issue in record.issues.iter().map(|i| &*i.class) {
        let rows = LEADS.iter().chain(PASSWORDS.iter().filter(|_| is_password));
        for (_, leads) in rows.filter(|(class, _)| *class == issue) {
            for (framework, id) in *leads {
                lead(framework, id, issue);
            }
        }
        if matches!(issue, "literal-secret" | "secret-in-history-only") {
            for number in cwe {
                lead(CWE, &format!("CWE-{number}"), issue);
            }
            if MODELS.contains(&provider) {
                lead(MAESTRO, "L1", issue);
                lead(RMF, "GOVERN", issue);
                lead(RMF, "MANAGE", issue);
            }
        }
        if issue == "reuse"
            && record
                .workloads
                .iter()
                .filter(|w| w.value.kind == "mcp-server")
                .count()
                > 1
        {
            lead(MAESTRO, "Cross-Layer", issue);
        }
    }
    all.into_iter()
        .map(|((row, id), (framework, issues))| Requirement {
            framework: framework.to_owned(),
            id,
            title: TITLES.get(row).map_or(String::new(), |t| t.2.to_owned()),
            issues,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::issues::CLASSES;
    use super::*;
    use crate::detect::Catalogue;

    #[test]
    fn every_framework_of_a_title_is_told() {
        for (framework, ..) in TITLES {
            assert!(
                FRAMEWORKS.iter().any(|f| f.name == *framework),
                "{framework}"
            );
        }
        for framework in FRAMEWORKS {
            assert!(titles(framework.name).count() > 0, "{}", framework.name);
        }
    }

    #[test]
    fn every_id_has_a_title_and_every_issue_leads_somewhere() {
        let has =
            |framework: &str, id: &str| TITLES.iter().any(|(f, i, _)| *f == framework && *i == id);
        for (class, leads) in LEADS.iter().chain(PASSWORDS) {
            assert!(CLASSES.iter().any(|(known, _)| known == class), "{class}");
            for (framework, id) in *leads {
                assert!(has(framework, id), "{framework} {id}");
            }
        }
        for (class, _) in CLASSES {
            assert!(LEADS.iter().any(|(known, _)| known == class), "{class}");
        }
        for pattern in Catalogue::embedded().patterns() {
            for number in pattern.cwe {
                assert!(
                    has(CWE, &format!("CWE-{number}")),
                    "{}: {number}",
                    pattern.id
                );
            }
        }
    }
}
