//! Requirements of frameworks that a record supports evidence for: by what is wrong with it. No tool
//! can say that anybody complies.
//!
//! Sources: OWASP Non-Human Identities Top 10 (2025), MITRE CWE 4, NIST CSF 2.0 and its 1.1
//! predecessors, NIST SP 800-53 release 5.2.0, PCI DSS 4.0.1, CIS Controls 8.1, ISO/IEC 27001:2022
//! annex A (ids and short titles only: its text is licensed), OWASP ASVS 5.0, CSA MAESTRO (2025),
//! NIST AI RMF 1.0.

use std::collections::BTreeMap;

use super::record::{Record, Requirement};

const NHI: &str = "OWASP NHI Top 10 2025";
const CWE: &str = "CWE";
const CSF: &str = "NIST CSF 2.0";
const OLD: &str = "NIST CSF 1.1 (legacy)";
const SP53: &str = "NIST SP 800-53";
const PCI: &str = "PCI DSS 4.0.1";
const CIS: &str = "CIS Controls 8.1";
const ISO: &str = "ISO/IEC 27001:2022";
const ASVS: &str = "OWASP ASVS 5.0";
const MAESTRO: &str = "CSA MAESTRO";
const RMF: &str = "NIST AI RMF 1.0";

/// Framework, id, title.
const TITLES: &[(&str, &str, &str)] = &[
    (NHI, "NHI1:2025", "Improper Offboarding"),
    (NHI, "NHI2:2025", "Secret Leakage"),
    (NHI, "NHI3:2025", "Vulnerable Third-Party NHI"),
    (NHI, "NHI4:2025", "Insecure Authentication"),
    (NHI, "NHI5:2025", "Overprivileged NHI"),
    (NHI, "NHI6:2025", "Insecure Cloud Deployment Configurations"),
    (NHI, "NHI7:2025", "Long-Lived Secrets"),
    (NHI, "NHI8:2025", "Environment Isolation"),
    (NHI, "NHI9:2025", "NHI Reuse"),
    (NHI, "NHI10:2025", "Human Use of NHI"),
    (
        CWE,
        "CWE-214",
        "Invocation of Process Using Visible Sensitive Information",
    ),
    (CWE, "CWE-250", "Execution with Unnecessary Privileges"),
    (CWE, "CWE-256", "Plaintext Storage of a Password"),
    (CWE, "CWE-259", "Use of Hard-coded Password"),
    (CWE, "CWE-262", "Not Using Password Aging"),
    (CWE, "CWE-312", "Cleartext Storage of Sensitive Information"),
    (CWE, "CWE-321", "Use of Hard-coded Cryptographic Key"),
    (CWE, "CWE-324", "Use of a Key Past its Expiration Date"),
    (CWE, "CWE-522", "Insufficiently Protected Credentials"),
    (
        CWE,
        "CWE-538",
        "Insertion of Sensitive Information into Externally-Accessible File or Directory",
    ),
    (
        CWE,
        "CWE-540",
        "Inclusion of Sensitive Information in Source Code",
    ),
    (CWE, "CWE-613", "Insufficient Session Expiration"),
    (CWE, "CWE-798", "Use of Hard-coded Credentials"),
    (
        CWE,
        "CWE-916",
        "Use of Password Hash With Insufficient Computational Effort",
    ),
    (CWE, "CWE-1391", "Use of Weak Credentials"),
    (CWE, "CWE-1392", "Use of Default Credentials"),
    (CWE, "CWE-1393", "Use of Default Password"),
    (
        CSF,
        "PR.AA-01",
        "Identities and credentials for authorized users, services, and hardware are managed by the organization",
    ),
    (
        CSF,
        "PR.AA-03",
        "Users, services, and hardware are authenticated",
    ),
    (
        CSF,
        "PR.AA-05",
        "Access permissions, entitlements, and authorizations are defined in a policy, managed, enforced, and reviewed, and incorporate the principles of least privilege and separation of duties",
    ),
    (
        OLD,
        "PR.AC-1",
        "Identities and credentials are issued, managed, verified, revoked, and audited for authorized devices, users and processes",
    ),
    (
        OLD,
        "PR.AC-4",
        "Access permissions and authorizations are managed, incorporating the principles of least privilege and separation of duties",
    ),
    (
        SP53,
        "IA-5(7)",
        "No Embedded Unencrypted Static Authenticators",
    ),
    (SP53, "IA-5", "Authenticator Management"),
    (SP53, "IA-4", "Identifier Management"),
    (SP53, "AC-2(3)", "Disable Accounts"),
    (SP53, "AC-6", "Least Privilege"),
    (
        PCI,
        "8.6.2",
        "Passwords/passphrases for any application and system accounts that can be used for interactive login are not hard coded in scripts, configuration/property files, or bespoke and custom source code",
    ),
    (
        PCI,
        "8.6.3",
        "Passwords/passphrases for application and system accounts are protected against misuse",
    ),
    (
        CIS,
        "5.5",
        "Establish and Maintain an Inventory of Service Accounts",
    ),
    (CIS, "16.12", "Implement Code-Level Security Checks"),
    (ISO, "A.5.16", "Identity management"),
    (ISO, "A.5.17", "Authentication information"),
    (ISO, "A.5.18", "Access rights"),
    (ISO, "A.8.2", "Privileged access rights"),
    (
        ASVS,
        "13.2.1",
        "Individual service accounts, short-term tokens or certificates",
    ),
    (ASVS, "13.2.2", "Least privilege of backend components"),
    (
        ASVS,
        "13.3.1",
        "Secrets must not be included in application source code or included in build artifacts",
    ),
    (
        ASVS,
        "13.3.4",
        "Secrets are configured to expire and be rotated",
    ),
    (MAESTRO, "L1", "Foundation Models"),
    (MAESTRO, "L3", "Agent Frameworks"),
    (MAESTRO, "Cross-Layer", "Cross-Layer"),
    (RMF, "GOVERN", "Govern"),
    (RMF, "MANAGE", "Manage"),
];

/// What a requirement is called.
fn title(framework: &str, id: &str) -> Option<&'static str> {
    let row = TITLES
        .iter()
        .find(|(f, i, _)| *f == framework && *i == id)?;
    Some(row.2)
}

/// The name of a weakness in CWE 4, if a credential in code can be one.
pub fn cwe_title(number: u16) -> Option<&'static str> {
    title(CWE, &format!("CWE-{number}"))
}

/// Ids and titles of the OWASP Non-Human Identities Top 10, 2025, in their order.
pub fn nhi_titles() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_nhi = TITLES.iter().filter(|(framework, _, _)| *framework == NHI);
    of_nhi.map(|(_, id, title)| (*id, *title))
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
        PCI => is_password(record),
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

fn is_password(record: &Record) -> bool {
    let pattern = record.pattern.as_deref();
    pattern.is_some_and(|p| p == "generic.password" || p.starts_with("connection."))
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
    let is_password = is_password(record);
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
