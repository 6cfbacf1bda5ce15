//! Terraform and `OpenTofu`: what is read from secret managers, sensitive variables, identities of AWS.
//!
//! * <https://github.com/hashicorp/terraform-provider-aws>
//! * <https://developer.hashicorp.com/terraform/language/values/variables>

use std::collections::BTreeMap;

use super::grants::{self, thing};
use super::policy::{self, Asked, Document};
use super::rules::{SENSITIVE_DEFAULT, STATIC_KEY};
use super::sink::Sink;
use super::terraform_google as others;
use super::tree::{Block, Node, Value, Wrong, hcl};
use super::uris::{self, Source};
use super::{Grant, IdentityKind, Kept, ThingKind, WorkloadKind};

/// Data sources and resources that stand for a secret kept elsewhere, and the attributes that name it.
const SECRETS: &[(&str, Kept, &[&str])] = &[
    (
        "aws_secretsmanager_secret",
        Kept::AwsSecretsManager,
        &["name", "arn", "name_prefix"],
    ),
    (
        "aws_secretsmanager_secret_version",
        Kept::AwsSecretsManager,
        &["secret_id"],
    ),
    ("aws_ssm_parameter", Kept::AwsParameterStore, &["name"]),
    (
        "google_secret_manager_secret",
        Kept::GcpSecretManager,
        &["secret_id"],
    ),
    (
        "google_secret_manager_secret_version",
        Kept::GcpSecretManager,
        &["secret"],
    ),
    (
        "google_secret_manager_secret_version_access",
        Kept::GcpSecretManager,
        &["secret"],
    ),
    ("azurerm_key_vault_secret", Kept::AzureKeyVault, &["name"]),
    ("vault_generic_secret", Kept::Vault, &["path"]),
    ("vault_kv_secret", Kept::Vault, &["path"]),
    ("vault_kv_secret_v2", Kept::Vault, &["name"]),
    ("sops_file", Kept::Sops, &["source_file"]),
    ("onepassword_item", Kept::OnePassword, &["title", "uuid"]),
    ("kubernetes_secret", Kept::KubernetesSecret, &[]),
    ("kubernetes_secret_v1", Kept::KubernetesSecret, &[]),
    (
        "github_actions_secret",
        Kept::GitHubSecret,
        &["secret_name"],
    ),
    (
        "github_actions_environment_secret",
        Kept::GitHubSecret,
        &["secret_name"],
    ),
    (
        "github_actions_organization_secret",
        Kept::GitHubSecret,
        &["secret_name"],
    ),
    (
        "github_dependabot_secret",
        Kept::GitHubSecret,
        &["secret_name"],
    ),
    ("gitlab_project_variable", Kept::GitLabVariable, &["key"]),
    ("gitlab_group_variable", Kept::GitLabVariable, &["key"]),
];

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    let folder = sink
        .path()
        .rsplit_once('/')
        .map_or(".", |(folder, _)| folder)
        .to_owned();
    let root = hcl(text)?;
    let documents = documents(&root);
    for block in &root.blocks {
        sink.used_by(WorkloadKind::Terraform, &folder);
        one(block, &documents, sink);
        texts(block, &source, sink);
    }
    Ok(())
}

/// The policy documents of a file, by the names that other blocks call them.
type Documents = BTreeMap<String, Document>;

fn documents(root: &Block) -> Documents {
    let mut out = Documents::new();
    for block in root.blocks.iter().filter(|b| b.kind == "data") {
        if let [kind, name] = block.labels.as_slice()
            && kind == "aws_iam_policy_document"
        {
            out.insert(name.clone(), document(block));
        }
    }
    out
}

/// All that the texts of a block name.
fn texts(block: &Block, source: &Source<'_>, sink: &mut Sink<'_>) {
    for entry in &block.attributes {
        uris::tree(&entry.node, source, sink);
    }
    block
        .blocks
        .iter()
        .for_each(|inner| texts(inner, source, sink));
}

fn one(block: &Block, documents: &Documents, sink: &mut Sink<'_>) {
    let label = |at: usize| block.labels.get(at).map_or("", String::as_str);
    match block.kind.as_str() {
        "variable" => variable(label(0), block, sink),
        "data" | "resource" | "ephemeral" => {
            let is_data = block.kind != "resource";
            let (kind, name) = (label(0), label(1));
            secret(kind, name, block, sink);
            if kind == "aws_iam_policy_document" {
                if let Some(document) = documents.get(name) {
                    policy::judge(sink, name, block.line, document);
                }
            } else if !is_data {
                resource(kind, name, block, documents, sink);
                others::resource(kind, name, block, sink);
            }
        }
        _ => {}
    }
}

/// A sensitive variable is given from outside; a default in the file is a value.
fn variable(name: &str, block: &Block, sink: &mut Sink<'_>) {
    if block.text_of("sensitive") != Some("true") {
        return;
    }
    sink.reference(Kept::TerraformVariable, name, block.line);
    let Some(default) = block.get("default") else {
        return;
    };
    let mut is_told = false;
    default.texts(&mut |_, node| {
        let text = node.text().unwrap_or_default();
        is_told |= !matches!(text, "" | "true" | "false" | "null") && !text.starts_with("${");
    });
    if is_told {
        let what = format!(
            "variable {} is sensitive, and its default is in the file",
            super::shown(name)
        );
        sink.observe(&SENSITIVE_DEFAULT, name, default.line, what);
    }
}

fn secret(kind: &str, name: &str, block: &Block, sink: &mut Sink<'_>) {
    let Some((_, kept, attributes)) = SECRETS.iter().find(|(k, _, _)| *k == kind) else {
        return;
    };
    if kind == "aws_ssm_parameter"
        && block.kind == "resource"
        && block.text_of("type").is_some_and(|t| t != "SecureString")
    {
        return;
    }
    if kind.starts_with("gitlab_") && block.text_of("masked") != Some("true") {
        return;
    }
    let mut attributes = attributes.iter().filter_map(|a| block.get(a));
    let named = attributes.next();
    let inner = || {
        let mut metadata = block.blocks_of("metadata");
        metadata.next().and_then(|m| m.get("name"))
    };
    let (told, line) = match named.or_else(inner) {
        Some(node) => (called(node), node.line),
        None => (name.to_owned(), block.line),
    };
    // A version of a secret that the file names elsewhere.
    if kind.contains("_version") && told.starts_with("${") {
        return;
    }
    sink.reference_as(*kept, &told, line, Some(name));
}

/// A text, or what stands for one.
pub(super) fn called(node: &Node) -> String {
    policy::texts(node).into_iter().next().unwrap_or_default()
}

/// The name that a resource gives a thing, or what the file calls it.
pub(super) fn named(block: &Block, attributes: &[&str], label: &str) -> String {
    let mut texts = attributes.iter().filter_map(|a| block.text_of(a));
    let text = texts.find(|t| !t.is_empty() && !t.contains("${"));
    text.unwrap_or(label).to_owned()
}

fn resource(kind: &str, label: &str, block: &Block, documents: &Documents, sink: &mut Sink<'_>) {
    let line = block.line;
    match kind {
        "aws_iam_user" => {
            let name = named(block, &["name"], label);
            sink.identity(IdentityKind::AwsUser, &name, line, Vec::new(), Vec::new());
        }
        "aws_iam_access_key" => {
            let user = block.get("user").map(called).unwrap_or_default();
            sink.identity(
                IdentityKind::AwsAccessKey,
                label,
                line,
                Vec::new(),
                Vec::new(),
            );
            let user = super::shown(&user).into_owned();
            let what = format!(
                "an access key of {user} is made here; it has no end, and the state has its secret"
            );
            sink.observe(&STATIC_KEY, label, line, what);
        }
        "aws_iam_role" => role(label, block, documents, sink),
        "aws_iam_openid_connect_provider" => {
            let url = block.get("url").map(called).unwrap_or_default();
            let host = policy::host_of(&url);
            sink.identity(
                IdentityKind::AwsOidcProvider,
                host,
                line,
                Vec::new(),
                Vec::new(),
            );
        }
        "aws_iam_role_policy_attachment"
        | "aws_iam_user_policy_attachment"
        | "aws_iam_policy_attachment" => {
            let (kind, owner) = match block.get("user") {
                Some(user) => (IdentityKind::AwsUser, user),
                None => match block.get("role") {
                    Some(role) => (IdentityKind::AwsRole, role),
                    None => return,
                },
            };
            let grant = block.get("policy_arn").map(called).unwrap_or_default();
            let grants = vec![grants::grant(&grant)];
            let owner = owner_of(owner);
            grants::judge(sink, &owner, line, &grants);
            sink.identity(kind, &owner, line, grants, Vec::new());
        }
        "aws_iam_role_policy" | "aws_iam_user_policy" | "aws_iam_policy" => {
            let Some(text) = block.get("policy") else {
                return;
            };
            let document = policy::document(text);
            let owner = block
                .get("user")
                .or_else(|| block.get("role"))
                .map(owner_of);
            let subject = owner
                .clone()
                .unwrap_or_else(|| named(block, &["name"], label));
            policy::judge(sink, &subject, text.line, &document);
            if let Some(owner) = owner {
                let is_user = block.get("user").is_some();
                let kind = if is_user {
                    IdentityKind::AwsUser
                } else {
                    IdentityKind::AwsRole
                };
                sink.identity(kind, &owner, line, document.grants, Vec::new());
            }
        }
        "github_repository_deploy_key" => {
            let name = named(block, &["title"], label);
            let writes = block.text_of("read_only") != Some("true");
            let grant = Grant {
                name: if writes { "write" } else { "read" }.to_owned(),
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
        _ => {}
    }
}

/// Whose policy it is: the label of a resource, if it is named by one.
fn owner_of(node: &Node) -> String {
    let told = called(node);
    let path = told.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    let resource = path.and_then(|p| p.strip_prefix("aws_iam_"));
    match resource.and_then(|r| r.split('.').nth(1)) {
        Some(label) => label.trim_end_matches("[]").to_owned(),
        None => told,
    }
}

fn role(label: &str, block: &Block, documents: &Documents, sink: &mut Sink<'_>) {
    let name = named(block, &["name"], label);
    let trusted = block.get("assume_role_policy");
    let mut document = trusted.map(policy::document).unwrap_or_default();
    policy::judge(sink, &name, block.line, &document);
    for inline in block.blocks_of("inline_policy") {
        if let Some(node) = inline.get("policy") {
            let inner = policy::document(node);
            grants::judge(sink, &name, node.line, &inner.grants);
            document.grants.extend(inner.grants);
        }
    }
    let managed = block
        .get("managed_policy_arns")
        .map(policy::texts)
        .unwrap_or_default();
    let managed: Vec<Grant> = managed.iter().map(|arn| grants::grant(arn)).collect();
    grants::judge(sink, &name, block.line, &managed);
    document.grants.extend(managed);
    // A document that stands in the same file by itself is judged there.
    if let Some(Node {
        value: Value::Path(path),
        ..
    }) = trusted
        && let Some(rest) = path.strip_prefix("data.aws_iam_policy_document.")
    {
        let called = rest.split(['.', '[']).next().unwrap_or(rest);
        let its = documents.get(called).map(|d| d.trusts.clone());
        document.trusts.extend(its.unwrap_or_default());
    }
    let me = || thing(ThingKind::Identity(IdentityKind::AwsRole), &name);
    for trust in &document.trusts {
        let from = match trust.issuer.split_once(":role/") {
            Some(_) => thing(
                ThingKind::Identity(IdentityKind::AwsRole),
                grants::role_name(&trust.issuer),
            ),
            None => thing(ThingKind::Issuer, policy::host_of(&trust.issuer)),
        };
        let via = trust
            .subjects
            .first()
            .map_or("sts:AssumeRole", String::as_str);
        sink.edge(from, me(), via, trust.line);
    }
    sink.identity(
        IdentityKind::AwsRole,
        &name,
        block.line,
        document.grants,
        document.trusts,
    );
}

/// A policy document in Terraform's own words.
fn document(block: &Block) -> Document {
    let mut out = Document::default();
    for statement in block.blocks_of("statement") {
        let effect = statement.text_of("effect");
        if effect.is_some_and(|e| e.eq_ignore_ascii_case("deny")) {
            continue;
        }
        let list = |name: &str| statement.get(name).map(policy::texts).unwrap_or_default();
        let conditions = statement.blocks_of("condition");
        let asked: Vec<Asked> = conditions
            .map(|c| Asked {
                operator: c.get("test").map(called).unwrap_or_default(),
                key: c.get("variable").map(called).unwrap_or_default(),
                values: c.get("values").map(policy::texts).unwrap_or_default(),
            })
            .collect();
        let by_token = policy::is_by_token(&list("actions"));
        let mut principals = statement.blocks_of("principals").peekable();
        if principals.peek().is_none() {
            policy::grants_of(&list("actions"), &list("resources"), &mut out.grants);
            continue;
        }
        for principal in principals {
            let kind = principal.text_of("type").unwrap_or_default();
            for name in principal
                .get("identifiers")
                .map(policy::texts)
                .unwrap_or_default()
            {
                if name == "*" {
                    if asked.is_empty() && is_for_roles(&list("actions")) {
                        out.anybody.push(statement.line);
                    }
                } else if kind != "Service" {
                    out.trusts
                        .push(policy::trust_of(name, by_token, &asked, statement.line));
                }
            }
        }
    }
    out
}

/// Documents of buckets and queues have principals, too; anybody there is another matter.
fn is_for_roles(actions: &[String]) -> bool {
    actions.iter().any(|a| a.starts_with("sts:"))
}
