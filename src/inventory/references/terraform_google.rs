//! Identities of Google Cloud, Azure, Vault and GitLab in Terraform.
//!
//! * <https://github.com/hashicorp/terraform-provider-google>
//! * <https://github.com/hashicorp/terraform-provider-azuread>

use super::grants::{self, thing};
use super::policy;
use super::rules::{NO_SUBJECT, POOL, STATIC_KEY};
use super::sink::Sink;
use super::terraform::{called, named};
use super::tree::Block;
use super::{Grant, IdentityKind, ThingKind, Trust};

pub(super) fn resource(kind: &str, label: &str, block: &Block, sink: &mut Sink<'_>) {
    let line = block.line;
    let text = |name: &str| block.get(name).map(called).unwrap_or_default();
    match kind {
        "google_service_account" => {
            let name = named(block, &["account_id"], label);
            sink.identity(
                IdentityKind::GcpServiceAccount,
                &name,
                line,
                Vec::new(),
                Vec::new(),
            );
        }
        "google_service_account_key" => {
            let of = super::shown(&text("service_account_id")).into_owned();
            sink.identity(
                IdentityKind::GcpServiceAccountKey,
                label,
                line,
                Vec::new(),
                Vec::new(),
            );
            let what = format!("a key of {of} is made here; it has no end, and the state has it");
            sink.observe(&STATIC_KEY, label, line, what);
        }
        "google_project_iam_member"
        | "google_project_iam_binding"
        | "google_organization_iam_member"
        | "google_folder_iam_member" => members(block, sink),
        "google_service_account_iam_member" | "google_service_account_iam_binding" => {
            impersonation(block, sink);
        }
        "google_iam_workload_identity_pool_provider" => google_provider(label, block, sink),
        _ => others(kind, label, block, sink),
    }
}

/// The same of Azure, Vault, GitLab and Kubernetes.
fn others(kind: &str, label: &str, block: &Block, sink: &mut Sink<'_>) {
    let line = block.line;
    let text = |name: &str| block.get(name).map(called).unwrap_or_default();
    match kind {
        "azuread_application_password" | "azuread_service_principal_password" => {
            sink.identity(
                IdentityKind::AzureClientSecret,
                label,
                line,
                Vec::new(),
                Vec::new(),
            );
            let what = format!("a client secret is made here ({label}); the state has it");
            sink.observe(&STATIC_KEY, label, line, what);
        }
        "azuread_application" | "azuread_application_registration" => {
            let name = named(block, &["display_name"], label);
            sink.identity(
                IdentityKind::AzureApplication,
                &name,
                line,
                Vec::new(),
                Vec::new(),
            );
        }
        "azurerm_user_assigned_identity" => {
            let name = named(block, &["name"], label);
            sink.identity(
                IdentityKind::AzureManagedIdentity,
                &name,
                line,
                Vec::new(),
                Vec::new(),
            );
        }
        "azurerm_role_assignment" => {
            let grants = vec![grants::grant(&text("role_definition_name"))];
            let who = text("principal_id");
            grants::judge(sink, &who, line, &grants);
            sink.identity(
                IdentityKind::AzureManagedIdentity,
                &who,
                line,
                grants,
                Vec::new(),
            );
        }
        "azuread_application_federated_identity_credential"
        | "azurerm_federated_identity_credential" => federated(label, block, sink),
        "vault_jwt_auth_backend_role" => vault_role(label, block, sink),
        "gitlab_deploy_key" | "gitlab_deploy_token" => {
            let name = named(block, &["title", "name"], label);
            let grant = Grant {
                name: block
                    .get("scopes")
                    .map_or("read".to_owned(), |s| policy::texts(s).join(", ")),
                is_admin: false,
            };
            sink.identity(
                IdentityKind::DeployKey,
                &name,
                line,
                vec![grant],
                Vec::new(),
            );
        }
        "kubernetes_service_account" | "kubernetes_service_account_v1" => {
            account_of_cluster(label, block, sink);
        }
        _ => {}
    }
}

/// Whom a role is granted to: `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`.
fn members(block: &Block, sink: &mut Sink<'_>) {
    let grants = vec![grants::grant(
        &block.get("role").map(called).unwrap_or_default(),
    )];
    let who = block.get("member").or_else(|| block.get("members"));
    for member in who.map(policy::texts).unwrap_or_default() {
        let is_account =
            member.starts_with("serviceAccount:") || member.contains("google_service_account");
        if !is_account {
            continue;
        }
        let name = account(&member);
        grants::judge(sink, &name, block.line, &grants);
        sink.identity(
            IdentityKind::GcpServiceAccount,
            &name,
            block.line,
            grants.clone(),
            Vec::new(),
        );
    }
}

/// The name of a service account, of its address or of the resource that makes it.
fn account(member: &str) -> String {
    let name = member.strip_prefix("serviceAccount:").unwrap_or(member);
    if let Some((_, path)) = name.split_once("google_service_account.") {
        return path
            .split(['.', '}', '['])
            .next()
            .unwrap_or(path)
            .to_owned();
    }
    name.split('@').next().unwrap_or(name).to_owned()
}

/// `principalSet://iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/POOL/attribute.repository/O/R`:
/// <https://cloud.google.com/iam/docs/principal-identifiers>
fn impersonation(block: &Block, sink: &mut Sink<'_>) {
    let role = block.get("role").map(called).unwrap_or_default();
    if role != "roles/iam.workloadIdentityUser" {
        return;
    }
    let name = account(
        &block
            .get("service_account_id")
            .map(called)
            .unwrap_or_default(),
    );
    let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let who = block.get("member").or_else(|| block.get("members"));
    for member in who.map(policy::texts).unwrap_or_default() {
        let to = thing(ThingKind::Identity(IdentityKind::GcpServiceAccount), &name);
        if let Some((_, path)) = member.split_once("://iam.googleapis.com/") {
            let pool = path.split("workloadIdentityPools/").nth(1).unwrap_or(path);
            let attribute = pool.split_once('/').map_or("", |(_, rest)| rest);
            let from = thing(ThingKind::Issuer, pool.split('/').next().unwrap_or(pool));
            sink.edge(
                from,
                to,
                if attribute.is_empty() {
                    "member"
                } else {
                    attribute
                },
                block.line,
            );
            if attribute == "*" {
                let what = format!("whoever the pool lets in may take {}", super::shown(&name));
                sink.observe(&POOL, &name, block.line, what);
            }
        } else if let Some((_, account)) = member.split_once(".svc.id.goog[") {
            let account = account.trim_end_matches(']');
            let from = thing(
                ThingKind::Identity(IdentityKind::KubernetesServiceAccount),
                account,
            );
            sink.edge(from, to, "roles/iam.workloadIdentityUser", block.line);
        }
    }
}

/// A provider of a pool takes every token of its issuer, if no condition says which.
/// <https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions>
fn google_provider(label: &str, block: &Block, sink: &mut Sink<'_>) {
    let name = named(block, &["workload_identity_pool_provider_id"], label);
    let mut oidc = block.blocks_of("oidc");
    let Some(oidc) = oidc.next() else { return };
    let issuer = oidc.get("issuer_uri").map(called).unwrap_or_default();
    let condition = block
        .get("attribute_condition")
        .map(called)
        .unwrap_or_default();
    let trust = Trust {
        issuer: issuer.clone(),
        subjects: if condition.is_empty() {
            Vec::new()
        } else {
            vec![condition]
        },
        audiences: oidc
            .get("allowed_audiences")
            .map(policy::texts)
            .unwrap_or_default(),
        by_token: true,
        is_pattern: false,
        line: block.line,
    };
    if trust.subjects.is_empty() && policy::is_shared(&issuer) {
        let host = super::shown(policy::host_of(&issuer)).into_owned();
        let what = format!(
            "any token of {host} gets in by {}: there is no attribute_condition",
            super::shown(&name)
        );
        sink.observe(&NO_SUBJECT, &name, block.line, what);
    }
    sink.identity(
        IdentityKind::GcpIdentityProvider,
        &name,
        block.line,
        Vec::new(),
        vec![trust],
    );
}

fn vault_role(label: &str, block: &Block, sink: &mut Sink<'_>) {
    let name = named(block, &["role_name"], label);
    let mut subjects: Vec<String> = block
        .get("bound_subject")
        .map(policy::texts)
        .unwrap_or_default();
    for entry in block
        .get("bound_claims")
        .map(super::tree::Node::entries)
        .unwrap_or_default()
    {
        let values = policy::texts(&entry.node);
        subjects.extend(values.into_iter().map(|v| {
            if entry.key == "sub" {
                v
            } else {
                format!("{}={v}", entry.key)
            }
        }));
    }
    let trust = Trust {
        issuer: block.get("backend").map(called).unwrap_or_default(),
        subjects,
        audiences: block
            .get("bound_audiences")
            .map(policy::texts)
            .unwrap_or_default(),
        by_token: true,
        is_pattern: block.text_of("bound_claims_type") == Some("glob"),
        line: block.line,
    };
    let grants = block
        .get("token_policies")
        .map(policy::texts)
        .unwrap_or_default();
    let grants = grants.into_iter().map(|name| Grant {
        is_admin: name == "root",
        name,
    });
    if trust.subjects.is_empty() {
        let what = format!(
            "any token of its issuer may take {}: nothing is bound",
            super::shown(&name)
        );
        sink.observe(&NO_SUBJECT, &name, block.line, what);
    } else if trust.is_pattern {
        policy::judge_width(sink, &name, &trust);
    }
    sink.identity(
        IdentityKind::VaultRole,
        &name,
        block.line,
        grants.collect(),
        vec![trust],
    );
}

/// Who may take an identity of Azure, from outside.
fn federated(label: &str, block: &Block, sink: &mut Sink<'_>) {
    let line = block.line;
    let text = |name: &str| block.get(name).map(called).unwrap_or_default();
    let trust = Trust {
        issuer: text("issuer"),
        subjects: vec![text("subject")],
        audiences: block
            .get("audiences")
            .or_else(|| block.get("audience"))
            .map(policy::texts)
            .unwrap_or_default(),
        by_token: true,
        is_pattern: false,
        line,
    };
    let name = named(block, &["display_name", "name"], label);
    let from = thing(ThingKind::Issuer, policy::host_of(&trust.issuer));
    let to = thing(
        ThingKind::Identity(IdentityKind::AzureFederatedCredential),
        &name,
    );
    sink.edge(from, to, &trust.subjects[0], line);
    sink.identity(
        IdentityKind::AzureFederatedCredential,
        &name,
        line,
        Vec::new(),
        vec![trust],
    );
}

/// A service account of Kubernetes, and the identity of a cloud that it takes.
fn account_of_cluster(label: &str, block: &Block, sink: &mut Sink<'_>) {
    let line = block.line;
    let mut metadata = block.blocks_of("metadata");
    let Some(metadata) = metadata.next() else {
        return;
    };
    let name = named(metadata, &["name"], label);
    let namespace = named(metadata, &["namespace"], "default");
    let name = format!("{namespace}/{name}");
    let from = || {
        thing(
            ThingKind::Identity(IdentityKind::KubernetesServiceAccount),
            &name,
        )
    };
    for entry in metadata
        .get("annotations")
        .map(super::tree::Node::entries)
        .unwrap_or_default()
    {
        let known = super::kubernetes::CLOUDS
            .iter()
            .find(|(a, _)| *a == entry.key);
        if let Some((annotation, kind)) = known {
            let to = super::kubernetes::cloud(*kind, &called(&entry.node));
            sink.edge(from(), to, annotation, entry.line);
        }
    }
    sink.identity(
        IdentityKind::KubernetesServiceAccount,
        &name,
        line,
        Vec::new(),
        Vec::new(),
    );
}
