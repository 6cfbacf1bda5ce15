//! What is worth a look about references and identities: the rules, with what says so.

use crate::detect::patterns::Severity;

/// A rule.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// Its stable id.
    pub id: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// The risk of the OWASP Non-Human Identities Top 10 2025 that it belongs to.
    pub nhi: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Who says so.
    pub source: &'static str,
}

macro_rules! rules {
    ($($name:ident: $id:literal, $title:literal, $severity:ident, $nhi:literal, $remedy:literal, $source:literal;)*) => {
        $(pub(super) static $name: Rule = Rule {
            id: $id,
            title: $title,
            severity: Severity::$severity,
            nhi: $nhi,
            remedy: $remedy,
            source: $source,
        };)*

        /// All rules, in order of their ids.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    AGENT_LITERAL: "agent.literal-credential",
        "The settings of an agent hold a credential", High, "NHI2:2025",
        "Replace the credential, and set the variable outside of the file.",
        "https://docs.anthropic.com/en/docs/claude-code/settings";
    PERMISSION_SECRET: "agent.permission-secret",
        "A permission of an agent holds a credential", High, "NHI2:2025",
        "Take the entry out, replace the credential, and allow the command without it.",
        "https://docs.anthropic.com/en/docs/claude-code/settings";
    NO_ID_TOKEN: "ci.no-id-token-permission",
        "A job takes a role by OIDC and may not ask for a token", Low, "NHI6:2025",
        "Give the job permissions: id-token: write.",
        "https://docs.github.com/en/actions/reference/security/oidc";
    TARGET_SECRET: "ci.pull-request-target-secret",
        "A workflow that pull requests of forks start checks their code out and has secrets", High, "NHI6:2025",
        "Start it by pull_request, or check out the base only; keep secrets in a second workflow.",
        "https://docs.github.com/en/actions/reference/security/secure-use";
    INHERIT: "ci.secrets-inherit",
        "A reusable workflow is given all secrets", Medium, "NHI3:2025",
        "Name the secrets that it needs.",
        "https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows";
    STATIC: "ci.static-credential",
        "A job uses a stored key where a short-lived identity would do", Medium, "NHI6:2025",
        "Let the job prove who it is by OIDC, and delete the stored key.",
        "https://docs.github.com/en/actions/concepts/security/openid-connect";
    UNPINNED: "ci.unpinned-action-with-secret",
        "Somebody else's action gets a secret and can change at any time", Medium, "NHI3:2025",
        "Pin the action to the full id of a commit.",
        "https://docs.github.com/en/actions/reference/security/secure-use";
    WRITE_ALL: "ci.write-all",
        "The token of a job may write everything", Medium, "NHI5:2025",
        "List the permissions that the job needs.",
        "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax";
    ADMIN: "iam.admin-grant",
        "An identity may do everything", High, "NHI5:2025",
        "Grant the actions and the resources that it needs.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html";
    STATIC_KEY: "iam.static-key",
        "A template makes a key without an end, and its state keeps it in plain text", Medium, "NHI7:2025",
        "Let the workload take a role or an identity of its platform.",
        "https://developer.hashicorp.com/terraform/language/state/sensitive-data";
    TRUSTS_ALL: "iam.trusts-anybody",
        "Anybody's account may take an identity", High, "NHI6:2025",
        "Name the accounts, roles or services that may.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html";
    TOKEN_SECRET: "kubernetes.long-lived-token",
        "A Secret holds a token of a service account that does not end", Medium, "NHI7:2025",
        "Use tokens that are projected into the pod, or asked for with TokenRequest.",
        "https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets";
    MCP_LITERAL: "mcp.literal-credential",
        "The configuration of an MCP server holds a credential", High, "NHI2:2025",
        "Replace the credential, and name an environment variable or an input instead.",
        "https://modelcontextprotocol.io/docs/tutorials/security/security_best_practices";
    MCP_HTTP: "mcp.plain-http",
        "An MCP server is asked over plain HTTP", Medium, "NHI4:2025",
        "Ask it over https.",
        "https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization";
    MCP_SHARED: "mcp.shared-credential",
        "Several MCP servers use one credential", Medium, "NHI9:2025",
        "Give each server a credential of its own, with no more rights than it needs.",
        "https://owasp.org/www-project-non-human-identities-top-10/2025/9-nhi-reuse/";
    MCP_UNPINNED: "mcp.unpinned-package",
        "A package of any version is fetched, run and given a credential", Medium, "NHI3:2025",
        "Name the exact version.",
        "https://owasp.org/www-project-non-human-identities-top-10/2025/3-vulnerable-third-party-nhi/";
    WIDE: "oidc.any-ref",
        "A trust takes every branch, tag and pull request of a repository", Low, "NHI6:2025",
        "Name the branch or the environment.",
        "https://docs.github.com/en/actions/reference/security/oidc";
    NO_AUDIENCE: "oidc.no-audience",
        "A trust asks nothing of the audience", Low, "NHI6:2025",
        "Ask for the one audience that its jobs request.",
        "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws";
    NO_SUBJECT: "oidc.no-subject",
        "A trust takes any subject of a shared issuer", High, "NHI6:2025",
        "Ask for the repository and the branch or the environment.",
        "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws";
    POOL: "oidc.whole-pool",
        "Whoever a pool lets in may take an identity", Low, "NHI6:2025",
        "Name an attribute of the identities that may: a repository, a branch.",
        "https://cloud.google.com/iam/docs/principal-identifiers";
    WILDCARD: "oidc.wildcard-subject",
        "A trust takes more subjects than one repository has", High, "NHI6:2025",
        "Name the repository and the branch or the environment.",
        "https://docs.github.com/en/actions/reference/security/oidc";
    SOPS_PLAIN: "sops.plain-text",
        "A file of sops holds values that are not encrypted", High, "NHI2:2025",
        "Encrypt the file anew, and replace what stood in it.",
        "https://getsops.io/docs/";
    SENSITIVE_DEFAULT: "terraform.sensitive-default",
        "A sensitive variable has its value in the file", High, "NHI2:2025",
        "Take the default out, replace the credential, and give it from outside.",
        "https://developer.hashicorp.com/terraform/language/values/variables";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_told_once_and_in_order() {
        let ids: Vec<_> = RULES.iter().map(|r| r.id).collect();
        let set: BTreeSet<_> = ids.iter().collect();
        assert!(set.iter().copied().eq(ids.iter()));
        for rule in RULES {
            let number = rule
                .nhi
                .strip_prefix("NHI")
                .and_then(|n| n.strip_suffix(":2025"));
            let number: u8 = number
                .expect("an id of the list")
                .parse()
                .expect("a number");
            assert!((1..=10).contains(&number), "{}", rule.id);
            assert!(rule.source.starts_with("https://"), "{}", rule.id);
        }
    }

    #[test]
    fn the_page_has_them_all() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/references.md");
        let page = std::fs::read_to_string(page).expect("the page is there");
        for rule in RULES {
            let (id, title, nhi, source) = (rule.id, rule.title, rule.nhi, rule.source);
            let row = format!(
                "| `{id}` | {title} | {} | {nhi} | [page]({source}) |",
                rule.severity.word()
            );
            assert!(page.contains(&row), "docs/references.md lacks: {row}");
        }
    }
}
