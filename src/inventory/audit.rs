//! Where a provider keeps when a credential was last used, and what to ask there.
//!
//! What was not read in the provider's own documentation is told as unconfirmed.

use super::record::{Hint, LastUsed, Source, Sureness, Told};
use crate::detect::patterns::Pattern;

/// One provider's records of use.
struct Kept {
    /// Id of a pattern, or `provider.*`.
    kind: &'static str,
    /// Where.
    place: &'static str,
    /// What to ask; `{name}` stands for a hint. Empty if there is nothing to type.
    query: &'static str,
    /// Whether that was read in the provider's documentation.
    confirmed: bool,
}

/// The first that fits counts.
const KEPT: &[Kept] = &[
    Kept {
        kind: "aws.temporary-access-key",
        place: "CloudTrail",
        query: "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={access-key-id}",
        confirmed: true,
    },
    Kept {
        kind: "aws.*",
        place: "IAM's record of the last use; CloudTrail",
        query: "aws iam get-access-key-last-used --access-key-id {access-key-id}\n\
                aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={access-key-id}",
        confirmed: true,
    },
    Kept {
        kind: "github.*",
        place: "audit log of the organisation or enterprise",
        query: "hashed_token:\"{hashed-token}\"",
        confirmed: true,
    },
    Kept {
        kind: "google.service-account-key",
        place: "Policy Intelligence; Cloud Audit Logs",
        query: "gcloud policy-intelligence query-activity --project={project} --activity-type=serviceAccountKeyLastAuthentication\n\
                protoPayload.authenticationInfo.serviceAccountKeyName:\"{key-id}\"",
        confirmed: true,
    },
    Kept {
        kind: "gitlab.personal-access-token",
        place: "last_used_at of GET /api/v4/personal_access_tokens/self; audit events",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "gitlab.*",
        place: "audit events",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "slack.*",
        place: "Audit Logs API (Enterprise)",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "openai.*",
        place: "last_used_at of the organisation's API keys",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "anthropic.*",
        place: "the console's usage per key; Compliance API",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "stripe.*",
        place: "the dashboard's logs, by key",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "datadog.*",
        place: "Audit Trail",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "npm.*",
        place: "audit log of the organisation",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "cloudflare.*",
        place: "audit logs; last_used_on of the token",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "azure.entra-client-secret",
        place: "sign-in logs of service principals (AADServicePrincipalSignInLogs)",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "azure.storage-account-key",
        place: "StorageBlobLogs, AuthenticationType AccountKey",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "azure.sas-token",
        place: "StorageBlobLogs, AuthenticationType SAS",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "jwt.*",
        place: "logs of its issuer {issuer}, by token {token-id} or subject {subject}",
        query: "",
        confirmed: true,
    },
    Kept {
        kind: "private-key.*",
        place: "logs of the servers that accept it, by its fingerprint",
        query: "",
        confirmed: false,
    },
    Kept {
        kind: "connection.*",
        place: "the server's log of connections, by user",
        query: "",
        confirmed: false,
    },
];

/// Where the last use of a credential is kept.
pub fn last_used(pattern: &Pattern, hints: &[Hint]) -> LastUsed {
    let found = KEPT.iter().find(|kept| {
        let provider = kept.kind.strip_suffix(".*");
        provider.map_or(kept.kind == pattern.id, |p| p == pattern.provider)
    });
    let Some(kept) = found else {
        return LastUsed::default();
    };
    let (note, sure) = if kept.confirmed {
        ("", Sureness::Likely)
    } else {
        (" (unconfirmed)", Sureness::Guess)
    };
    LastUsed {
        kept_in: Some(Told::plain(
            format!("{}{note}", filled(kept.place, hints)),
            Source::Catalogue,
            sure,
        )),
        query: (!kept.query.is_empty()).then(|| filled(kept.query, hints)),
        ..LastUsed::default()
    }
}

/// A text with hints in it; what is not known stays a name in angle brackets.
fn filled(text: &str, hints: &[Hint]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        match hints.iter().find(|hint| hint.name == name) {
            // It is to be pasted into a shell or a query.
            Some(hint) if hint.value.chars().all(is_plain) => out.push_str(&hint.value),
            _ => {
                out.push('<');
                out.push_str(name);
                out.push('>');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// What means nothing to a shell.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | ':' | '/' | '+' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;

    #[test]
    fn queries_are_filled_and_nothing_gets_into_a_shell() {
        let hint = |name: &str, value: &str| Hint {
            name: name.into(),
            value: value.into(),
        };
        let catalogue = Catalogue::embedded();
        let pat = catalogue.get("github.pat-classic").expect("there");
        let told = last_used(pat, &[hint("hashed-token", "ab+/=")]);
        assert_eq!(told.query.as_deref(), Some("hashed_token:\"ab+/=\""));
        let key = catalogue.get("google.service-account-key").expect("there");
        let told = last_used(
            key,
            &[hint("project", "x; rm -rf ~"), hint("key-id", "00ff")],
        );
        let query = told.query.expect("there is one");
        assert!(
            query.contains("--project=<project>") && query.contains("\"00ff\""),
            "{query}"
        );
        assert!(!query.contains("rm -rf"));
    }

    #[test]
    fn every_row_names_kinds_that_there_are() {
        let catalogue = Catalogue::embedded();
        for kept in KEPT {
            let provider = kept.kind.strip_suffix(".*");
            let mut all = catalogue.patterns().iter();
            assert!(
                all.any(|p| p.id == kept.kind || provider == Some(p.provider)),
                "{}",
                kept.kind
            );
        }
    }
}
