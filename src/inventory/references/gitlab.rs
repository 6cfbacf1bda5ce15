//! GitLab CI/CD.
//!
//! * <https://docs.gitlab.com/ci/yaml/>: `variables`, `secrets`, `id_tokens`
//! * <https://docs.gitlab.com/ci/variables/>: variables of a project have no mark in the file; those that nothing
//!   in it sets, that are not GitLab's own and whose names say so, are taken for secrets

use std::collections::BTreeSet;

use super::federation::stored_keys;
use super::grants::thing;
use super::rules::STATIC;
use super::sink::Sink;
use super::tree::{Entry, Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Kept, ThingKind, WorkloadKind};

/// Names at the top that are no jobs.
const GLOBAL: &[&str] = &[
    "stages",
    "variables",
    "include",
    "default",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
];

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    let documents = yaml(text)?;
    let mut set = BTreeSet::new();
    for document in &documents {
        collect_set(document, &mut set);
    }
    for document in &documents {
        for entry in document.entries() {
            let name = entry.key.as_str();
            if GLOBAL.contains(&name) || !entry.node.is_table() {
                continue;
            }
            sink.used_by(WorkloadKind::Job, name);
            let environment = entry.node.get("environment");
            let environment = environment.and_then(|e| e.text().or_else(|| e.text_of("name")));
            sink.environment = environment.map(|e| super::shown(e).into_owned());
            job(name, entry.line, &entry.node, &source, &set, sink);
            uris::tree(&entry.node, &source, sink);
        }
        sink.workload = None;
        sink.environment = None;
        for name in ["variables", "before_script", "default"] {
            if let Some(node) = document.get(name) {
                variables(node, &source, &set, sink);
            }
        }
        let is_job = |e: &&Entry| !GLOBAL.contains(&e.key.as_str()) && e.node.is_table();
        for entry in document.entries().iter().filter(|e| !is_job(e)) {
            uris::tree(&entry.node, &source, sink);
        }
    }
    Ok(())
}

/// Names that the file itself sets.
fn collect_set(node: &Node, set: &mut BTreeSet<String>) {
    for entry in node.entries() {
        if entry.key == "variables" || entry.key == "id_tokens" || entry.key == "secrets" {
            set.extend(entry.node.entries().iter().map(|e| e.key.clone()));
        }
        collect_set(&entry.node, set);
    }
    node.items().iter().for_each(|one| collect_set(one, set));
}

fn job(
    name: &str,
    line: u64,
    job: &Node,
    source: &Source<'_>,
    set: &BTreeSet<String>,
    sink: &mut Sink<'_>,
) {
    let me = || thing(ThingKind::Workload(WorkloadKind::Job), name);
    for entry in job.get("secrets").map(Node::entries).unwrap_or_default() {
        secret(&entry.key, &entry.node, sink);
    }
    for entry in job.get("id_tokens").map(Node::entries).unwrap_or_default() {
        let audiences = entry
            .node
            .get("aud")
            .map(super::policy::texts)
            .unwrap_or_default();
        for audience in audiences {
            let host = audience
                .trim_start_matches("https://")
                .split('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            sink.edge(me(), thing(ThingKind::Host, host), "id_tokens", entry.line);
        }
    }
    let used = variables(job, source, set, sink);
    let commands = commands_of(job);
    if job.get("id_tokens").is_some() {
        return;
    }
    for (provider, first, at) in stored_keys(&used, &commands) {
        let what = format!(
            "{} uses {first}, a stored key of {}",
            super::shown(name),
            provider.name
        );
        let instead = instead(provider.name, job, provider.source);
        let line = if at == 0 { line } else { at };
        sink.observe_instead(&STATIC, name, line, what, Some(instead));
    }
}

/// What to write instead. GitLab's own page on the cloud: <https://docs.gitlab.com/ci/cloud_services/>
fn instead(provider: &str, job: &Node, source: &str) -> String {
    let environment = job
        .get("environment")
        .and_then(|e| e.text().or_else(|| e.text_of("name")));
    let scope = environment.map_or(String::new(), |e| {
        format!("# allow environment {} only\n", super::shown(e))
    });
    match provider {
        "AWS" => format!(
            "{scope}id_tokens:\n  AWS_TOKEN:\n    aud: https://gitlab.com\nvariables:\n  AWS_ROLE_ARN: arn:aws:iam::<ACCOUNT>:role/<ROLE>\n  \
             AWS_WEB_IDENTITY_TOKEN_FILE: $CI_BUILDS_DIR/aws-token\nbefore_script:\n  - echo \"$AWS_TOKEN\" > \
             \"$AWS_WEB_IDENTITY_TOKEN_FILE\"\n# https://docs.gitlab.com/ci/cloud_services/aws/\n"
        ),
        "Google Cloud" => format!(
            "{scope}id_tokens:\n  GCP_TOKEN:\n    aud: https://iam.googleapis.com/projects/<NUMBER>/locations/global/workloadIdentityPools/<POOL>/providers/<PROVIDER>\n\
             # https://docs.gitlab.com/ci/cloud_services/google_cloud/\n"
        ),
        "Azure" => format!(
            "{scope}id_tokens:\n  AZURE_TOKEN:\n    aud: https://gitlab.com\nscript:\n  - az login --service-principal -u \
             $AZURE_CLIENT_ID -t $AZURE_TENANT_ID --federated-token $AZURE_TOKEN\n# https://docs.gitlab.com/ci/cloud_services/azure/\n"
        ),
        "Vault" => format!(
            "{scope}id_tokens:\n  VAULT_ID_TOKEN:\n    aud: <URL OF VAULT>\nsecrets:\n  <NAME>:\n    vault: <PATH>/<FIELD>@<MOUNT>\n    \
             token: $VAULT_ID_TOKEN\n# https://docs.gitlab.com/ci/secrets/hashicorp_vault/\n"
        ),
        _ => format!("{scope}id_tokens:\n  ID_TOKEN:\n    aud: <AUDIENCE>\n# {source}\n"),
    }
}

fn commands_of(job: &Node) -> String {
    let mut out = String::new();
    for name in ["before_script", "script", "after_script"] {
        if let Some(node) = job.get(name) {
            node.texts(&mut |_, text| {
                out.push_str(text.text().unwrap_or_default());
                out.push('\n');
            });
        }
    }
    out
}

/// An entry of `secrets`: which manager, and what there.
fn secret(name: &str, node: &Node, sink: &mut Sink<'_>) {
    for entry in node.entries() {
        let at = entry.line;
        let inner = &entry.node;
        let (kept, told) = match entry.key.as_str() {
            "vault" => {
                let told = if let Some(short) = inner.text() {
                    short.to_owned()
                } else {
                    let engine = inner
                        .at(&["engine", "path"])
                        .and_then(Node::text)
                        .unwrap_or("kv-v2");
                    let path = inner.text_of("path").unwrap_or_default();
                    format!(
                        "{engine}/{path}#{}",
                        inner.text_of("field").unwrap_or_default()
                    )
                };
                (Kept::Vault, told)
            }
            "azure_key_vault" => (
                Kept::AzureKeyVault,
                inner.text_of("name").unwrap_or_default().to_owned(),
            ),
            "gcp_secret_manager" => (
                Kept::GcpSecretManager,
                inner.text_of("name").unwrap_or_default().to_owned(),
            ),
            "aws_secrets_manager" => {
                let told = inner
                    .text()
                    .or_else(|| inner.text_of("secret_id"))
                    .unwrap_or_default();
                (Kept::AwsSecretsManager, told.to_owned())
            }
            "gitlab_secrets_manager" => (
                Kept::GitLabVariable,
                inner.text_of("name").unwrap_or_default().to_owned(),
            ),
            _ => continue,
        };
        sink.reference_as(kept, &told, at, Some(name));
    }
}

/// Variables that the texts below a node use, and nothing in the file sets.
fn variables(
    node: &Node,
    source: &Source<'_>,
    set: &BTreeSet<String>,
    sink: &mut Sink<'_>,
) -> Vec<(String, u64)> {
    let mut used = Vec::new();
    let mut seen = BTreeSet::new();
    node.texts(&mut |key, node| {
        for name in dollars(node.text().unwrap_or_default()) {
            if is_secret_name(name) && !set.contains(name) && seen.insert(name.to_owned()) {
                let line = source.line_of(name, node.line);
                let used_as = (key != name
                    && !matches!(key, "script" | "before_script" | "after_script"))
                .then_some(key);
                sink.reference_as(Kept::GitLabVariable, name, line, used_as);
                used.push((name.to_owned(), line));
            }
        }
    });
    // The tools of a provider read these from the environment by themselves; nothing names them.
    used
}

/// Names after a dollar sign: `$X`, `${X}`, `${X:-y}`.
pub(super) fn dollars(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('$').filter_map(move |(at, _)| {
        let after = &text[at + 1..];
        let after = after.strip_prefix('{').unwrap_or(after);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &after[..end.unwrap_or(after.len())];
        (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
    })
}

/// Whether a variable's name says that it holds a secret, and the system does not set it by itself.
pub(super) fn is_secret_name(name: &str) -> bool {
    const OWN: &[&str] = &[
        "CI_JOB_TOKEN",
        "CI_REGISTRY_PASSWORD",
        "CI_DEPLOY_PASSWORD",
        "CI_DEPENDENCY_PROXY_PASSWORD",
        "CI_JOB_JWT",
        "CI_JOB_JWT_V1",
        "CI_JOB_JWT_V2",
        "SYSTEM_ACCESSTOKEN",
        "GITHUB_TOKEN",
        "BITBUCKET_STEP_OIDC_TOKEN",
        "CIRCLE_OIDC_TOKEN",
        "CIRCLE_OIDC_TOKEN_V2",
        "CI_REPOSITORY_URL",
    ];
    let upper = name.to_ascii_uppercase();
    if OWN.contains(&upper.as_str()) {
        return false;
    }
    let words: Vec<&str> = upper.split('_').collect();
    let has = |word: &str| words.contains(&word);
    let last = words.last().copied().unwrap_or_default();
    has("TOKEN")
        || has("SECRET")
        || has("PASSWORD")
        || has("PASSWD")
        || has("PASSPHRASE")
        || has("CREDENTIALS")
        || has("APIKEY")
        || upper.ends_with("_PAT")
        || upper.ends_with("TOKEN")
        || upper.ends_with("PASSWORD")
        || upper.ends_with("SECRET")
        || (last == "KEY" && !has("PUBLIC") && !has("CACHE") && words.len() > 1)
        || upper == "AWS_ACCESS_KEY_ID"
}
