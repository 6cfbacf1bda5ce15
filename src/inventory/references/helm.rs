//! Charts of Helm: a template is no YAML before it is filled in, so its lines are read one by one; best effort.
//!
//! <https://helm.sh/docs/topics/charts/>

use super::grants::thing;
use super::kubernetes::{CLOUDS, cloud};
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{IdentityKind, Kept, ThingKind, WorkloadKind};

/// Lines below `secretKeyRef:` in which its name and key stand.
const NEAR: usize = 6;

pub(super) fn read(text: &str, sink: &mut Sink<'_>) {
    let path = sink.path().to_owned();
    sink.used_by(WorkloadKind::Kubernetes, &path);
    let lines: Vec<&str> = text.lines().collect();
    let mut env: Option<&str> = None;
    for (at, line) in lines.iter().enumerate() {
        let number = at as u64 + 1;
        let trimmed = line.trim_start().trim_start_matches("- ").trim_start();
        if trimmed.starts_with('#') || trimmed.starts_with("{{") {
            continue;
        }
        let Some((key, value)) = trimmed.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim_matches('"'), plain(value));
        match key {
            "name" => env = Some(value).filter(|v| !v.is_empty()),
            "secretKeyRef" | "secretRef" => {
                let below = &lines[at + 1..lines.len().min(at + 1 + NEAR)];
                let indent = indent_of(line);
                let field = |name: &str| {
                    let within = below
                        .iter()
                        .take_while(|l| l.trim().is_empty() || indent_of(l) > indent);
                    let mut found =
                        within.filter_map(|l| l.trim_start().strip_prefix(name)?.strip_prefix(':'));
                    found.next().map(plain).filter(|v| !v.is_empty())
                };
                if let Some(name) = field("name") {
                    let told = field("key").map_or(name.to_owned(), |key| format!("{name}/{key}"));
                    sink.reference_as(Kept::KubernetesSecret, &told, number, env);
                }
            }
            "secretName" if !value.is_empty() => {
                sink.reference_as(Kept::KubernetesSecret, value, number, None);
            }
            _ => {
                if let Some((annotation, kind)) = CLOUDS.iter().find(|(a, _)| *a == key) {
                    let from = thing(
                        ThingKind::Identity(IdentityKind::KubernetesServiceAccount),
                        &path,
                    );
                    sink.edge(from, cloud(*kind, value), annotation, number);
                }
            }
        }
        uris::each(line, &mut |kept, name, _| {
            sink.reference(kept, name, number);
        });
    }
}

/// A value without quotes and comment; one that is made by the template as the template says it.
fn plain(value: &str) -> &str {
    let value = value.trim();
    let value = value.split(" #").next().unwrap_or(value).trim();
    value.trim_matches(['"', '\''])
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Names in a chart's values that name a Secret, by the customs of charts: `existingSecret`, `secretName`,
/// `imagePullSecrets`, annotations of the service account.
pub(super) fn values(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    let path = sink.path().to_owned();
    sink.used_by(WorkloadKind::Kubernetes, &path);
    for document in yaml(text)? {
        walk(&document, "", &path, sink);
        uris::tree(&document, &source, sink);
    }
    Ok(())
}

fn walk(node: &Node, above: &str, path: &str, sink: &mut Sink<'_>) {
    for entry in node.entries() {
        let key = entry.key.as_str();
        let text = entry.node.text().unwrap_or_default();
        if matches!(
            key,
            "existingSecret"
                | "existingSecretName"
                | "secretName"
                | "passwordSecret"
                | "secretKeyRef"
        ) && !text.is_empty()
        {
            sink.reference_as(
                Kept::KubernetesSecret,
                text,
                entry.line,
                Some(above).filter(|a| !a.is_empty()),
            );
        } else if key == "secretKeyRef" {
            let field = |name| entry.node.text_of(name).unwrap_or_default();
            if !field("name").is_empty() {
                let told = format!("{}/{}", field("name"), field("key"));
                sink.reference_as(
                    Kept::KubernetesSecret,
                    &told,
                    entry.line,
                    node.text_of("name").or(Some(above)),
                );
            }
        } else if key == "imagePullSecrets" || key == "pullSecrets" {
            for one in entry.node.items() {
                let name = one
                    .text()
                    .or_else(|| one.text_of("name"))
                    .unwrap_or_default();
                sink.reference_as(Kept::KubernetesSecret, name, one.line, Some(key));
            }
        } else if let Some((annotation, kind)) = CLOUDS.iter().find(|(a, _)| *a == key) {
            if !text.is_empty() {
                let from = thing(
                    ThingKind::Identity(IdentityKind::KubernetesServiceAccount),
                    path,
                );
                sink.edge(from, cloud(*kind, text), annotation, entry.line);
            }
        } else {
            walk(&entry.node, key, path, sink);
        }
    }
    node.items()
        .iter()
        .for_each(|one| walk(one, above, path, sink));
}
