//! Frameworks, and the ids and titles of their requirements that records name.

pub(super) const NHI: &str = "OWASP NHI Top 10 2025";
pub(super) const CWE: &str = "CWE";
pub(super) const CSF: &str = "NIST CSF 2.0";
pub(super) const OLD: &str = "NIST CSF 1.1 (legacy)";
pub(super) const SP53: &str = "NIST SP 800-53";
pub(super) const PCI: &str = "PCI DSS 4.0.1";
pub(super) const CIS: &str = "CIS Controls 8.1";
pub(super) const ISO: &str = "ISO/IEC 27001:2022";
pub(super) const ASVS: &str = "OWASP ASVS 5.0";
pub(super) const MAESTRO: &str = "CSA MAESTRO";
pub(super) const RMF: &str = "NIST AI RMF 1.0";

/// A framework: whose it is, and where it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framework {
    /// Its name with its version, as records tell it.
    pub name: &'static str,
    /// What reports that know versions apart call it.
    pub short: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Who publishes it.
    pub organization: &'static str,
    /// Where.
    pub site: &'static str,
}

const fn framework(
    name: &'static str,
    short: &'static str,
    version: &'static str,
    organization: &'static str,
    site: &'static str,
) -> Framework {
    Framework {
        name,
        short,
        version,
        organization,
        site,
    }
}

/// All frameworks that records name.
pub const FRAMEWORKS: &[Framework] = &[
    framework(CWE, "CWE", "", "MITRE", "https://cwe.mitre.org/"),
    framework(
        NHI,
        "OWASP NHI",
        "2025",
        "OWASP",
        "https://owasp.org/www-project-non-human-identities-top-10/2025/",
    ),
    framework(
        CSF,
        "NIST CSF",
        "2.0",
        "NIST",
        "https://www.nist.gov/cyberframework",
    ),
    framework(
        OLD,
        "NIST CSF (legacy)",
        "1.1",
        "NIST",
        "https://www.nist.gov/cyberframework/framework",
    ),
    framework(
        SP53,
        "NIST SP 800-53",
        "5.2.0",
        "NIST",
        "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final",
    ),
    framework(
        PCI,
        "PCI DSS",
        "4.0.1",
        "PCI Security Standards Council",
        "https://www.pcisecuritystandards.org/document_library/",
    ),
    framework(
        CIS,
        "CIS Controls",
        "8.1",
        "Center for Internet Security",
        "https://www.cisecurity.org/controls/v8-1",
    ),
    framework(
        ISO,
        "ISO/IEC 27001",
        "2022",
        "ISO/IEC",
        "https://www.iso.org/standard/27001",
    ),
    framework(
        ASVS,
        "OWASP ASVS",
        "5.0",
        "OWASP",
        "https://owasp.org/www-project-application-security-verification-standard/",
    ),
    framework(
        MAESTRO,
        "CSA MAESTRO",
        "2025",
        "Cloud Security Alliance",
        "https://cloudsecurityalliance.org/blog/2025/02/06/agentic-ai-threat-modeling-framework-maestro",
    ),
    framework(
        RMF,
        "NIST AI RMF",
        "1.0",
        "NIST",
        "https://www.nist.gov/itl/ai-risk-management-framework",
    ),
];

/// Framework, id, title.
pub(super) const TITLES: &[(&str, &str, &str)] = &[
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
    (CIS, "5.3", "Disable Dormant Accounts"),
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

/// Ids and titles of a framework, in their order.
pub fn titles(framework: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = TITLES.iter().filter(move |(f, _, _)| *f == framework);
    of.map(|(_, id, title)| (*id, *title))
}
