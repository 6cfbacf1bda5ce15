//! Docker Compose: secrets, and variables that come from outside.
//!
//! * <https://docs.docker.com/reference/compose-file/secrets/>
//! * <https://docs.docker.com/reference/compose-file/interpolation/>

use super::gitlab::is_secret_name;
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Kept, WorkloadKind};

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    for document in yaml(text)? {
        let secrets = document
            .get("secrets")
            .map(Node::entries)
            .unwrap_or_default();
        for secret in secrets {
            if let Some(file) = secret.node.get("file") {
                sink.reference_as(
                    Kept::File,
                    file.text().unwrap_or_default(),
                    file.line,
                    Some(&secret.key),
                );
            } else if let Some(variable) = secret.node.get("environment") {
                let name = variable.text().unwrap_or_default();
                sink.reference_as(Kept::Environment, name, variable.line, Some(&secret.key));
            } else {
                sink.reference(Kept::ComposeSecret, &secret.key, secret.line);
            }
        }
        for service in document
            .get("services")
            .map(Node::entries)
            .unwrap_or_default()
        {
            sink.used_by(WorkloadKind::ComposeService, &service.key);
            self::service(&service.node, sink);
            uris::tree(&service.node, &source, sink);
        }
        sink.workload = None;
        for entry in document.entries().iter().filter(|e| e.key != "services") {
            uris::tree(&entry.node, &source, sink);
        }
    }
    Ok(())
}

fn service(service: &Node, sink: &mut Sink<'_>) {
    let secrets = [service.get("secrets"), service.at(&["build", "secrets"])];
    for one in secrets.into_iter().flatten().flat_map(Node::items) {
        let name = one.text().or_else(|| one.text_of("source"));
        sink.reference_as(
            Kept::ComposeSecret,
            name.unwrap_or_default(),
            one.line,
            one.text_of("target"),
        );
    }
    for file in service.get("env_file").map(Node::list).unwrap_or_default() {
        let name = file.text().or_else(|| file.text_of("path"));
        sink.reference(Kept::File, name.unwrap_or_default(), file.line);
    }
    let environment = service.get("environment");
    for entry in environment.map(Node::entries).unwrap_or_default() {
        variable(&entry.key, entry.node.text(), entry.line, sink);
    }
    for one in environment.map(Node::items).unwrap_or_default() {
        let text = one.text().unwrap_or_default();
        let (name, value) = text
            .split_once('=')
            .map_or((text, None), |(n, v)| (n, Some(v)));
        variable(name, value, one.line, sink);
    }
}

/// A variable of a service: one without a value, or with `${X}` in it, comes from outside.
fn variable(name: &str, value: Option<&str>, line: u64, sink: &mut Sink<'_>) {
    let is_name = |n: &str| n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let Some(value) = value else {
        if is_name(name) && is_secret_name(name) {
            sink.reference_as(Kept::Environment, name, line, Some(name));
        }
        return;
    };
    // An image reads the file that a variable of such a name points to.
    if name.ends_with("_FILE")
        && let Some(secret) = value.strip_prefix("/run/secrets/")
    {
        sink.reference_as(Kept::ComposeSecret, secret, line, Some(name));
    }
    for outside in interpolated(value) {
        if is_secret_name(outside) || is_secret_name(name) {
            sink.reference_as(Kept::Environment, outside, line, Some(name));
        }
    }
}

/// Names between `${` and `}`, or after `$`; `$$` is a dollar sign.
fn interpolated(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        }
        let inside = after.strip_prefix('{').unwrap_or(after);
        let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &inside[..end.unwrap_or(inside.len())];
        if !name.is_empty() {
            out.push(name);
        }
        rest = after;
    }
    out
}
