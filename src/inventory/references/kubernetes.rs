//! Manifests of Kubernetes: Secrets that workloads name, service accounts, and what brings Secrets in.
//!
//! * <https://kubernetes.io/docs/concepts/configuration/secret/>
//! * <https://external-secrets.io/latest/api/externalsecret/>, <https://github.com/bitnami-labs/sealed-secrets>,
//!   <https://secrets-store-csi-driver.sigs.k8s.io/>
//! * identities of clouds: <https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html>,
//!   <https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity>,
//!   <https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html>
//! * <https://developer.hashicorp.com/vault/docs/deploy/kubernetes/injector/annotations>

use super::grants::{self, role_name, thing};
use super::rules::TOKEN_SECRET;
use super::sink::Sink;
use super::tree::{Node, Wrong, json, yaml};
use super::uris::{self, Source};
use super::{IdentityKind, Kept, Thing, ThingKind, WorkloadKind};

/// Annotations of a service account that say which identity of a cloud it takes.
pub(super) const CLOUDS: &[(&str, IdentityKind)] = &[
    ("eks.amazonaws.com/role-arn", IdentityKind::AwsRole),
    (
        "iam.gke.io/gcp-service-account",
        IdentityKind::GcpServiceAccount,
    ),
    (
        "azure.workload.identity/client-id",
        IdentityKind::AzureApplication,
    ),
];

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    let documents = if is_json(text) {
        vec![json(text)?]
    } else {
        yaml(text)?
    };
    for document in &documents {
        match document.get("items") {
            Some(items)
                if document
                    .text_of("kind")
                    .is_some_and(|k| k.ends_with("List")) =>
            {
                items
                    .items()
                    .iter()
                    .for_each(|one| object(one, &source, sink));
            }
            _ => object(document, &source, sink),
        }
    }
    Ok(())
}

/// Whether a text is JSON: a template begins with two braces.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') && !text.starts_with("{{") && !text.starts_with("{%")
}

fn object(object: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    let (Some(kind), Some(_)) = (object.text_of("kind"), object.text_of("apiVersion")) else {
        return;
    };
    let about = |name| object.at(&["metadata", name]).and_then(Node::text);
    let name = about("name")
        .or_else(|| about("generateName"))
        .unwrap_or("?");
    let namespace = about("namespace");
    let workload = format!("{kind}/{name}");
    sink.used_by(WorkloadKind::Kubernetes, &workload);
    sink.environment = namespace.map(|n| super::shown(n).into_owned());
    let me = thing(ThingKind::Workload(WorkloadKind::Kubernetes), &workload);
    // Without a namespace the file leaves it to whoever applies it.
    let account = |name: &str| namespace.map_or(name.to_owned(), |n| format!("{n}/{name}"));
    match kind {
        "ServiceAccount" => service_account(object, &account(name), sink),
        "Secret" => token(object, name, sink),
        "RoleBinding" | "ClusterRoleBinding" => binding(object, namespace, sink),
        "ExternalSecret" | "ClusterExternalSecret" => external(object, name, &me, sink),
        "SealedSecret" => sealed(object, name, sink),
        "SecretProviderClass" => provider(object, source, sink),
        _ => {
            walk(object, "", sink, &mut |account_name, line, sink| {
                let to = thing(
                    ThingKind::Identity(IdentityKind::KubernetesServiceAccount),
                    account(account_name),
                );
                sink.edge(me.clone(), to, "serviceAccountName", line);
            });
            injected(object, &me, sink);
        }
    }
    uris::tree(object, source, sink);
    sink.workload = None;
    sink.environment = None;
}

fn service_account(object: &Node, name: &str, sink: &mut Sink<'_>) {
    let line = object
        .at(&["metadata", "name"])
        .map_or(object.line, |n| n.line);
    let annotations = object.at(&["metadata", "annotations"]);
    let from = || {
        thing(
            ThingKind::Identity(IdentityKind::KubernetesServiceAccount),
            name,
        )
    };
    for entry in annotations.map(Node::entries).unwrap_or_default() {
        let Some((annotation, kind)) = CLOUDS.iter().find(|(a, _)| *a == entry.key) else {
            continue;
        };
        let to = entry.node.text().unwrap_or_default();
        sink.edge(from(), cloud(*kind, to), annotation, entry.line);
    }
    for secret in object
        .get("imagePullSecrets")
        .map(Node::items)
        .unwrap_or_default()
    {
        let name = secret.text_of("name").unwrap_or_default();
        sink.reference_as(
            Kept::KubernetesSecret,
            name,
            secret.line,
            Some("imagePullSecrets"),
        );
    }
    sink.identity(
        IdentityKind::KubernetesServiceAccount,
        name,
        line,
        Vec::new(),
        Vec::new(),
    );
}

/// An identity of a cloud, by the name that templates give it, too.
pub(super) fn cloud(kind: IdentityKind, name: &str) -> Thing {
    let name = match kind {
        IdentityKind::AwsRole => role_name(name),
        IdentityKind::GcpServiceAccount => name.split('@').next().unwrap_or(name),
        _ => name,
    };
    thing(ThingKind::Identity(kind), name)
}

fn token(object: &Node, name: &str, sink: &mut Sink<'_>) {
    let Some(kind) = object.get("type") else {
        return;
    };
    if kind.text() == Some("kubernetes.io/service-account-token") {
        let account = object.at(&[
            "metadata",
            "annotations",
            "kubernetes.io/service-account.name",
        ]);
        let account =
            super::shown(account.and_then(Node::text).unwrap_or("a service account")).into_owned();
        let what = format!(
            "Secret {} holds a token of {account} that does not end",
            super::shown(name)
        );
        sink.observe(&TOKEN_SECRET, name, kind.line, what);
    }
}

/// What a role that is bound grants to service accounts.
fn binding(object: &Node, namespace: Option<&str>, sink: &mut Sink<'_>) {
    let Some(role) = object.at(&["roleRef", "name"]) else {
        return;
    };
    let grant = grants::grant(role.text().unwrap_or_default());
    for subject in object.get("subjects").map(Node::items).unwrap_or_default() {
        if subject.text_of("kind") != Some("ServiceAccount") {
            continue;
        }
        let its = subject.text_of("namespace").or(namespace);
        let name = subject.text_of("name").unwrap_or("?");
        let name = its.map_or(name.to_owned(), |its| format!("{its}/{name}"));
        grants::judge(sink, &name, role.line, std::slice::from_ref(&grant));
        let kind = IdentityKind::KubernetesServiceAccount;
        sink.identity(kind, &name, subject.line, vec![grant.clone()], Vec::new());
    }
}

/// The manager of an external secret, its paths there, and the Secret that comes of it.
fn external(object: &Node, name: &str, me: &Thing, sink: &mut Sink<'_>) {
    let spec = object.get("spec");
    let spec = spec.map(|s| s.get("externalSecretSpec").unwrap_or(s));
    let Some(spec) = spec else { return };
    let store = spec.at(&["secretStoreRef", "name"]).and_then(Node::text);
    let tell = |remote: &Node, used_as: Option<&str>, sink: &mut Sink<'_>| {
        let Some(key) = remote.get("key") else { return };
        let mut told = key.text().unwrap_or_default().to_owned();
        if let Some(property) = remote.text_of("property") {
            told = format!("{told}#{property}");
        }
        if let Some(store) = store {
            told = format!("{store}:{told}");
        }
        sink.reference_as(Kept::ExternalSecret, &told, key.line, used_as);
    };
    for one in spec.get("data").map(Node::items).unwrap_or_default() {
        if let Some(remote) = one.get("remoteRef") {
            tell(remote, one.text_of("secretKey"), sink);
        }
    }
    for one in spec.get("dataFrom").map(Node::items).unwrap_or_default() {
        tell(one.get("extract").unwrap_or(one), None, sink);
    }
    let target = spec.at(&["target", "name"]);
    let line = target.map_or(object.line, |t| t.line);
    let target = target.and_then(Node::text).unwrap_or(name);
    sink.edge(
        me.clone(),
        thing(ThingKind::Secret(Kept::KubernetesSecret), target),
        "target",
        line,
    );
}

fn sealed(object: &Node, name: &str, sink: &mut Sink<'_>) {
    let sealed = object.at(&["spec", "encryptedData"]);
    for entry in sealed.map(Node::entries).unwrap_or_default() {
        sink.reference(
            Kept::SealedSecret,
            &format!("{name}/{}", entry.key),
            entry.line,
        );
    }
}

/// Secrets that a driver mounts. Its list of them is YAML in a text.
fn provider(object: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    let Some(parameters) = object.at(&["spec", "parameters"]) else {
        return;
    };
    let kept = match object.at(&["spec", "provider"]).and_then(Node::text) {
        Some("aws") => Kept::AwsSecretsManager,
        Some("azure") => Kept::AzureKeyVault,
        Some("gcp") => Kept::GcpSecretManager,
        Some("vault" | "openbao") => Kept::Vault,
        _ => return,
    };
    let vault = parameters.text_of("keyvaultName");
    let lists = [parameters.get("objects"), parameters.get("secrets")];
    for list in lists.into_iter().flatten() {
        let Ok(documents) = yaml(list.text().unwrap_or_default()) else {
            sink.unread(
                list.line,
                "its list of objects does not parse as YAML".to_owned(),
            );
            continue;
        };
        for document in &documents {
            let mut all: Vec<&Node> = document.items().iter().collect();
            all.extend(document.get("array").map(Node::items).unwrap_or_default());
            let inner: Vec<Node> = all
                .iter()
                .filter_map(|one| one.text().and_then(|text| yaml(text).ok()))
                .flatten()
                .collect();
            for one in all.into_iter().chain(&inner) {
                let names = ["secretPath", "resourceName", "objectName"];
                let Some(name) = names.iter().find_map(|n| one.text_of(n)) else {
                    continue;
                };
                let line = source.line_of(name, list.line);
                let name = match (vault, one.text_of("secretKey")) {
                    (Some(vault), _) => format!("{vault}/{name}"),
                    (_, Some(key)) => format!("{name}#{key}"),
                    _ => name.to_owned(),
                };
                sink.reference(kept, &name, line);
            }
        }
    }
}

/// Secrets that an object names anywhere below.
fn walk(
    node: &Node,
    used_as: &str,
    sink: &mut Sink<'_>,
    account: &mut dyn FnMut(&str, u64, &mut Sink<'_>),
) {
    // An entry of `env` or of `volumes` has a name of its own.
    let used_as = node.text_of("name").unwrap_or(used_as);
    let given = (!used_as.is_empty()).then_some(used_as);
    for entry in node.entries() {
        let inner = &entry.node;
        match entry.key.as_str() {
            "secretKeyRef" if inner.is_table() => {
                let name = inner.text_of("name").unwrap_or_default();
                let key = inner.text_of("key").unwrap_or_default();
                let told = if key.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}/{key}")
                };
                if !name.is_empty() {
                    sink.reference_as(Kept::KubernetesSecret, &told, entry.line, given);
                }
            }
            "secretRef" | "tokenSecretRef" | "passwordSecretRef" if inner.is_table() => {
                let name = inner.text_of("name").unwrap_or_default();
                sink.reference_as(Kept::KubernetesSecret, name, entry.line, Some(&entry.key));
            }
            "imagePullSecrets" => {
                for one in inner.items() {
                    let name = one.text_of("name").unwrap_or_default();
                    sink.reference_as(
                        Kept::KubernetesSecret,
                        name,
                        one.line,
                        Some("imagePullSecrets"),
                    );
                }
            }
            "secret" if inner.is_table() => {
                let name = inner
                    .text_of("secretName")
                    .or_else(|| inner.text_of("name"));
                sink.reference_as(
                    Kept::KubernetesSecret,
                    name.unwrap_or_default(),
                    entry.line,
                    given,
                );
            }
            "secretName" if node.get("hosts").is_some() => {
                let name = inner.text().unwrap_or_default();
                sink.reference_as(Kept::KubernetesSecret, name, entry.line, Some("tls"));
            }
            "serviceAccountName" => account(inner.text().unwrap_or_default(), entry.line, sink),
            _ => walk(inner, used_as, sink, account),
        }
    }
    for one in node.items() {
        walk(one, used_as, sink, account);
    }
}

/// What Vault's injector is told by annotations, on the object or on its pods.
fn injected(object: &Node, me: &Thing, sink: &mut Sink<'_>) {
    let places = [
        object.at(&["metadata", "annotations"]),
        object.at(&["spec", "template", "metadata", "annotations"]),
        object.at(&[
            "spec",
            "jobTemplate",
            "spec",
            "template",
            "metadata",
            "annotations",
        ]),
    ];
    for entry in places.into_iter().flatten().flat_map(Node::entries) {
        let value = entry.node.text().unwrap_or_default();
        if let Some(name) = entry
            .key
            .strip_prefix("vault.hashicorp.com/agent-inject-secret-")
        {
            sink.reference_as(Kept::Vault, value, entry.line, Some(name));
        } else if entry.key == "vault.hashicorp.com/role" {
            let to = thing(ThingKind::Identity(IdentityKind::VaultRole), value);
            sink.edge(me.clone(), to, "vault.hashicorp.com/role", entry.line);
        }
    }
}
