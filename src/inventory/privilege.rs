//! What a credential can do, as far as its kind or its own claims show. What it needs, and what was
//! used of it, no file tells: "broad" is said, "too broad" is not.

use super::facts::Facts;
use super::record::{Party, Privilege, PrivilegeClass, Record, Source, Sureness, Told};
use crate::detect::patterns::{Pattern, Severity};

/// Kinds whose power is fixed by what they are: id or `provider.*`, class, evidence.
const KINDS: &[(&str, PrivilegeClass, &str)] = &[
    (
        "openai.admin-api-key",
        PrivilegeClass::Admin,
        "an admin key administers its organisation",
    ),
    (
        "anthropic.admin-key",
        PrivilegeClass::Admin,
        "an admin key administers its organisation",
    ),
    (
        "stripe.secret-key",
        PrivilegeClass::Admin,
        "a secret key may make every call of its account",
    ),
    (
        "stripe.secret-test-key",
        PrivilegeClass::Admin,
        "a secret key may make every call, of test data",
    ),
    (
        "supabase.service-role-key",
        PrivilegeClass::Admin,
        "the service role bypasses row level security",
    ),
    (
        "supabase.secret-key",
        PrivilegeClass::Admin,
        "a secret key bypasses row level security",
    ),
    (
        "cloudflare.global-key",
        PrivilegeClass::Admin,
        "a global key may do what its user may",
    ),
    (
        "cloudflare.global-key-new",
        PrivilegeClass::Admin,
        "a global key may do what its user may",
    ),
    (
        "azure.storage-account-key",
        PrivilegeClass::Admin,
        "an account key opens all data of its account",
    ),
    (
        "azure.cosmos-db-key",
        PrivilegeClass::Write,
        "a primary or secondary key reads and writes its account",
    ),
    (
        "twilio.auth-token",
        PrivilegeClass::Admin,
        "the auth token is the account's own password",
    ),
    (
        "slack.webhook",
        PrivilegeClass::Write,
        "whoever has the URL posts messages",
    ),
    (
        "gitlab.runner-registration-token",
        PrivilegeClass::Write,
        "it registers runners, which get jobs and their variables",
    ),
    ("gitlab.feed-token", PrivilegeClass::Read, "it reads feeds"),
];

/// Providers of continuous integration, of delivery and of packages.
const CI_PROVIDERS: &[&str] = &[
    "github",
    "gitlab",
    "bitbucket",
    "circleci",
    "buildkite",
    "travis",
    "jenkins",
    "drone",
    "teamcity",
    "harness",
    "codecov",
    "codefresh",
    "semaphore",
    "npm",
    "pypi",
    "docker",
    "rubygems",
    "nuget",
    "crates",
    "jfrog",
    "artifactory",
    "sonar",
    "sonarqube",
    "sonarcloud",
    "terraform",
    "hashicorp",
    "pulumi",
    "vercel",
    "netlify",
    "heroku",
    "render",
    "flyio",
    "fly",
    "octopus",
    "argocd",
    "snyk",
    "quay",
    "cloudsmith",
    "packagist",
    "maven",
    "gradle",
    "expo",
];

/// Providers that are no company but a form: whose service it is, nothing tells.
const FORMS: &[&str] = &["generic", "private-key", "jwt", "connection", "age"];

/// What a credential can do.
pub fn privilege(pattern: &Pattern, facts: &Facts) -> Privilege {
    let class = if let Some((class, evidence)) = &facts.class {
        Told::new(*class, Source::Token, evidence, Sureness::Certain)
    } else if let Some((_, class, why)) = KINDS.iter().find(|(id, ..)| *id == pattern.id) {
        Told::new(*class, Source::Catalogue, *why, Sureness::Likely)
    } else if pattern.severity == Severity::Critical {
        let why =
            "its kind opens an account, an organisation or production; nobody asked what it may do";
        Told::new(
            PrivilegeClass::Write,
            Source::Catalogue,
            why,
            Sureness::Guess,
        )
    } else {
        let why = "its kind does not tell";
        Told::new(
            PrivilegeClass::Unknown,
            Source::Catalogue,
            why,
            Sureness::Guess,
        )
    };
    Privilege {
        class,
        scopes: facts.scopes.clone(),
    }
}

/// Adds what files grant to the identity whose credential it is. What a provider or the credential
/// itself says is not overruled.
pub fn granted(record: &mut Record) {
    for told in &record.identities {
        let identity = &told.value;
        record
            .privilege
            .scopes
            .extend(identity.grants.iter().cloned());
        let class = &mut record.privilege.class;
        if identity.is_admin && class.source == Source::Catalogue {
            let why = format!("{} grants it to {}", identity.place, identity.name);
            *class = Told::new(PrivilegeClass::Admin, Source::Config, why, told.confidence);
        }
    }
    record.privilege.scopes.sort();
    record.privilege.scopes.dedup();
}

/// Whether a kind is one of continuous integration, of delivery or of packages.
pub fn is_ci_kind(pattern: &Pattern) -> bool {
    CI_PROVIDERS.contains(&pattern.provider) || pattern.id.starts_with("azure.devops")
}

/// Whose service a credential opens.
pub fn party(pattern: &Pattern) -> Told<Party> {
    if FORMS.contains(&pattern.provider) {
        let why = "its form tells no provider";
        return Told::new(Party::Unknown, Source::Catalogue, why, Sureness::Guess);
    }
    let why = format!("service of {}", pattern.provider_name);
    Told::new(Party::Third, Source::Catalogue, why, Sureness::Likely)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;

    #[test]
    fn kinds_that_are_named_are_there_and_claims_win() {
        let catalogue = Catalogue::embedded();
        for (id, ..) in KINDS {
            assert!(catalogue.get(id).is_some(), "{id}");
        }
        for name in FORMS {
            let mut all = catalogue.patterns().iter();
            assert!(all.any(|p| p.provider == *name), "{name}");
        }
        let facts = Facts {
            class: Some((PrivilegeClass::Read, "claim scope".into())),
            ..Facts::default()
        };
        let key = catalogue.get("stripe.secret-key").expect("there");
        assert_eq!(privilege(key, &facts).class.value, PrivilegeClass::Read);
        assert_eq!(
            privilege(key, &Facts::default()).class.value,
            PrivilegeClass::Admin
        );
    }
}
