//! Azure Pipelines: variable groups, service connections, Key Vault, secret variables that are handed on.
//!
//! * <https://learn.microsoft.com/en-us/azure/devops/pipelines/process/set-secret-variables>
//! * <https://learn.microsoft.com/en-us/azure/devops/pipelines/tasks/reference/azure-key-vault-v2>

use super::gitlab::is_secret_name;
use super::grants::thing;
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Kept, ThingKind, WorkloadKind};

/// Inputs of tasks that name a service connection.
const CONNECTIONS: &[&str] = &[
    "azureSubscription",
    "connectedServiceNameARM",
    "ConnectedServiceName",
    "connectedServiceName",
    "containerRegistry",
    "dockerRegistryServiceConnection",
    "dockerRegistryEndpoint",
    "kubernetesServiceConnection",
    "kubernetesServiceEndpoint",
    "awsCredentials",
    "backendServiceArm",
    "environmentServiceNameAWS",
    "environmentServiceNameAzureRM",
    "sshEndpoint",
    "serviceConnection",
    "publishFeedCredentials",
    "SonarQube",
    "externalEndpoint",
    "gitHubConnection",
];

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    let path = sink.path().to_owned();
    for document in yaml(text)? {
        sink.used_by(WorkloadKind::Job, &path);
        below(&document, sink, &source);
        sink.workload = None;
        uris::tree(&document, &source, sink);
    }
    Ok(())
}

fn below(node: &Node, sink: &mut Sink<'_>, source: &Source<'_>) {
    let outer = (sink.workload.clone(), sink.environment.clone());
    for name in ["job", "deployment"] {
        if let Some(job) = node.text_of(name) {
            sink.used_by(WorkloadKind::Job, job);
        }
    }
    if node.text_of("deployment").is_some() {
        let environment = node.get("environment");
        let environment = environment.and_then(|e| e.text().or_else(|| e.text_of("name")));
        sink.environment = environment.map(|e| super::shown(e).into_owned());
    }
    if let Some(group) = node.get("group")
        && let Some(name) = group.text()
        && node.entries().len() == 1
    {
        sink.reference(Kept::AzurePipelineVariable, name, group.line);
    }
    if let Some(task) = node.text_of("task") {
        step(task, node, sink);
    }
    for entry in node.entries() {
        if entry.key == "env" {
            for variable in entry.node.entries() {
                for name in macros(variable.node.text().unwrap_or_default()) {
                    if is_secret_name(name) || is_secret_name(&variable.key) {
                        sink.reference_as(
                            Kept::AzurePipelineVariable,
                            name,
                            variable.line,
                            Some(&variable.key),
                        );
                    }
                }
            }
        } else if let Some(text) = entry.node.text() {
            for name in macros(text).filter(|n| is_secret_name(n)) {
                let line = source.line_of(name, entry.node.line);
                let used_as = (!matches!(
                    entry.key.as_str(),
                    "script" | "bash" | "pwsh" | "powershell"
                ))
                .then_some(entry.key.as_str());
                sink.reference_as(Kept::AzurePipelineVariable, name, line, used_as);
            }
        }
        below(&entry.node, sink, source);
    }
    node.items().iter().for_each(|one| below(one, sink, source));
    (sink.workload, sink.environment) = outer;
}

fn step(task: &str, node: &Node, sink: &mut Sink<'_>) {
    let inputs = node.get("inputs").map(Node::entries).unwrap_or_default();
    let is_vault = task.starts_with("AzureKeyVault@");
    let input = |name: &str| {
        let mut inputs = inputs.iter();
        inputs
            .find(|e| e.key.eq_ignore_ascii_case(name))
            .map(|e| &e.node)
    };
    if is_vault && let Some(vault) = input("KeyVaultName").and_then(Node::text) {
        let names = input("SecretsFilter");
        let line = names.map_or(node.line, |n| n.line);
        let names = names.and_then(Node::text).unwrap_or("*");
        for name in names.split(',').map(str::trim) {
            sink.reference(Kept::AzureKeyVault, &format!("{vault}/{name}"), line);
        }
    }
    for entry in inputs {
        let is_one = CONNECTIONS
            .iter()
            .any(|c| c.eq_ignore_ascii_case(&entry.key));
        if let Some(name) = entry.node.text().filter(|_| is_one) {
            sink.reference_as(
                Kept::AzureServiceConnection,
                name,
                entry.line,
                Some(&entry.key),
            );
            if let Some(me) = sink.workload.clone() {
                let from = thing(ThingKind::Workload(me.kind), me.name);
                let to = thing(ThingKind::Secret(Kept::AzureServiceConnection), name);
                sink.edge(from, to, &entry.key, entry.line);
            }
        }
    }
}

/// `$(name)` and `$[variables.name]`, as they are written.
fn macros(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("$(").filter_map(move |(at, _)| {
        let inside = uris::begin(&text[at + 2..], 128).split(')').next()?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        (!inside.is_empty() && inside.chars().all(is_name)).then_some(inside)
    })
}
