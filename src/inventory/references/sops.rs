//! Files that sops encrypts: who can decrypt them, and whether all in them is encrypted.
//!
//! Which keys sops leaves plain, the file itself says: `unencrypted_suffix` (`_unencrypted` if nothing is said),
//! `encrypted_suffix`, `encrypted_regex`, `unencrypted_regex`. Regular expressions are not judged by here: where
//! one is given, only a file without a single encrypted value is told. <https://getsops.io/docs/>

use super::Kept;
use super::format::ends;
use super::rules::SOPS_PLAIN;
use super::sink::Sink;
use super::tree::{Node, Value, Wrong, json, yaml};

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let path = sink.path();
    let documents = if ends(path, &[".json"]) || text.trim_start().starts_with('{') {
        vec![json(text)?]
    } else if ends(path, &[".env"]) || ends(path, &[".ini"]) || text.contains("\nsops_mac=") {
        flat(text, sink);
        return Ok(());
    } else {
        yaml(text)?
    };
    for document in &documents {
        one(document, sink);
    }
    Ok(())
}

fn one(document: &Node, sink: &mut Sink<'_>) {
    let Some(settings) = document.get("sops") else {
        return;
    };
    let mut seen = Seen::default();
    for entry in document.entries().iter().filter(|e| e.key != "sops") {
        walk(
            &entry.key,
            &entry.key,
            &entry.node,
            settings,
            &mut seen,
            sink,
        );
    }
    judge(settings, &seen, sink);
}

#[derive(Default)]
struct Seen {
    encrypted: usize,
    /// Paths and lines of plain values that should be encrypted.
    plain: Vec<(String, u64)>,
}

fn walk(path: &str, key: &str, node: &Node, settings: &Node, seen: &mut Seen, sink: &mut Sink<'_>) {
    match &node.value {
        Value::Text(text) => {
            if text.starts_with("ENC[") {
                seen.encrypted += 1;
                sink.reference(Kept::Sops, path, node.line);
            } else if !text.is_empty() && should_be_encrypted(key, path, settings) {
                seen.plain.push((path.to_owned(), node.line));
            }
        }
        Value::List(nodes) => nodes
            .iter()
            .for_each(|n| walk(path, key, n, settings, seen, sink)),
        Value::Table(entries) => {
            for entry in entries {
                let below = format!("{path}.{}", entry.key);
                walk(&below, &entry.key, &entry.node, settings, seen, sink);
            }
        }
        _ => {}
    }
}

/// Whether sops would encrypt a value with this name, by what the file says; a table's name counts for all below.
fn should_be_encrypted(key: &str, path: &str, settings: &Node) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| test(key) || path.split('.').any(test);
    if settings.get("encrypted_regex").is_some() || settings.get("unencrypted_regex").is_some() {
        return false;
    }
    if let Some(suffix) = settings.text_of("encrypted_suffix") {
        return any(&|part| part.ends_with(suffix));
    }
    let suffix = settings
        .text_of("unencrypted_suffix")
        .unwrap_or("_unencrypted");
    suffix.is_empty() || !any(&|part| part.ends_with(suffix))
}

fn judge(settings: &Node, seen: &Seen, sink: &mut Sink<'_>) {
    let path = sink.path();
    let has_rule =
        settings.get("encrypted_regex").is_some() || settings.get("unencrypted_regex").is_some();
    if let Some((key, line)) = seen.plain.first() {
        let key = super::shown(key);
        let what = match seen.plain.len() - 1 {
            0 => format!("{key} is not encrypted"),
            more => format!("{key} and {more} more are not encrypted"),
        };
        sink.observe(&SOPS_PLAIN, path, *line, what);
    } else if has_rule && seen.encrypted == 0 {
        let what = "it has the words of sops, and no value in it is encrypted".to_owned();
        sink.observe(&SOPS_PLAIN, path, settings.line, what);
    }
}

/// `NAME=value` lines.
fn flat(text: &str, sink: &mut Sink<'_>) {
    let mut plain = None;
    let mut in_settings = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            in_settings = line == "[sops]";
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if in_settings || name.starts_with("sops_") || line.starts_with(['#', ';']) {
            continue;
        }
        let at = at as u64 + 1;
        if value.starts_with("ENC[") {
            sink.reference(Kept::Sops, name, at);
        } else if !value.is_empty() && !name.ends_with("_unencrypted") {
            plain.get_or_insert((name, at));
        }
    }
    if let Some((name, at)) = plain {
        let what = format!("{} is not encrypted", super::shown(name));
        let path = sink.path();
        sink.observe(&SOPS_PLAIN, path, at, what);
    }
}
