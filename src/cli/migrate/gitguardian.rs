//! `.gitguardian.yaml`: paths, matches and detectors to leave out, in its first and second version.

use straykey::base::Secret;

use super::node::{Fields, Node, Value as Kind};
use super::plan::{Known, Plan, Sink, Value, at, is_yes, reason, shown};

/// Keys that say how the tool runs, not what is a secret.
const RUNS: &[&str] = &[
    "version",
    "instance",
    "insecure",
    "allow_self_signed",
    "verbose",
    "debug",
    "max_commits_for_hook",
    "endpoint",
    "all_policies",
    "ignore_default_excludes",
    "iac",
    "sca",
    "api_key",
    "prereceive_remediation_message",
    "ignore_known_secrets",
    "with_incident_details",
    "source_uuid",
];

/// Reads the file.
pub fn read(plan: &mut Plan, file: &str, root: &Node) {
    let root = underscored(root);
    let mut fields = Fields::of(&root);
    if let Some(secret) = fields.take("secret") {
        let mut inner = Fields::of(secret);
        both(
            plan,
            file,
            &mut inner,
            ["ignored_paths", "ignored_matches", "ignored_detectors"],
        );
        plan.lose_rest(file, inner);
    }
    both(
        plan,
        file,
        &mut fields,
        ["paths_ignore", "matches_ignore", "banlisted_detectors"],
    );
    plan.lose_rest(file, fields);
}

/// The same with `_` for each `-` of a key: both are written.
fn underscored(node: &Node) -> Node {
    let value = match &node.value {
        Kind::Table(entries) => Kind::Table(
            entries
                .iter()
                .map(|(key, line, node)| (key.replace('-', "_"), *line, underscored(node)))
                .collect(),
        ),
        other => other.clone(),
    };
    Node {
        line: node.line,
        value,
    }
}

fn both(
    plan: &mut Plan,
    file: &str,
    fields: &mut Fields<'_>,
    [paths, matches, detectors]: [&str; 3],
) {
    for known in RUNS {
        fields.take(known);
    }
    for (key, option) in [
        ("exit_zero", "--exit-zero"),
        ("show_secrets", "--show-secrets"),
    ] {
        if let Some(node) = fields.take(key)
            && is_yes(Some(node))
        {
            let what = format!("{key}: a repository cannot set it; say {option} where it is meant");
            plan.differ(&at(file, node.line), what);
        }
    }
    for (path, line) in fields.texts(paths) {
        let source = at(file, line);
        match glob(path) {
            Some(glob) => plan.excludes.push((glob, source)),
            None => plan.lose(&source, "a path to ignore that would leave out everything"),
        }
    }
    for (name, line) in fields.texts(detectors) {
        let what = format!(
            "the detector '{}': disable the pattern that is meant",
            shown(name)
        );
        plan.lose(&at(file, line), what);
    }
    for one in fields.take(matches).map(Node::list).unwrap_or_default() {
        let source = at(file, one.line);
        let text = one.text().or_else(|| one.get("match").and_then(Node::text));
        let Some(text) = text.filter(|t| !t.is_empty()) else {
            plan.lose(&source, "a match to ignore without a value");
            continue;
        };
        let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let known = if is_hash {
            Known::Sha256(text.to_ascii_lowercase())
        } else {
            Known::Plain(Secret::new(text.as_bytes()))
        };
        plan.values.push(Value {
            source,
            path: None,
            line: None,
            known,
            sink: Sink::Ignore,
            reason: one.get("name").and_then(Node::text).and_then(reason),
        });
    }
}

/// A path to ignore as a glob: only `*` and `**` mean something there, and without a `/` at its
/// begin it counts in any folder.
fn glob(path: &str) -> Option<String> {
    let path = path.trim();
    let mut glob = String::new();
    for c in path.chars() {
        if matches!(c, '?' | '[' | ']' | '{' | '}' | '\\' | '!' | '#' | ' ') {
            glob.push('\\');
        }
        glob.push(c);
    }
    let glob = match glob.trim_end_matches("/**") {
        short if short.len() < glob.len() => format!("{short}/"),
        _ => glob,
    };
    let names_something = |g: &str| g.chars().any(|c| !matches!(c, '*' | '/' | '.'));
    if !names_something(&glob) {
        return None;
    }
    let floats = !glob.starts_with('/') && !glob.starts_with("**/");
    if floats && glob.trim_end_matches('/').contains('/') {
        return Some(format!("**/{glob}"));
    }
    Some(glob)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn paths_count_in_any_folder() {
        let of = |path| glob(path).unwrap();
        assert_eq!(of("tests/data/**"), "**/tests/data/");
        assert_eq!(of("/doc/x.md"), "/doc/x.md");
        assert_eq!(of("**/README.md"), "**/README.md");
        assert_eq!(of("*.lock"), "*.lock");
        assert_eq!(of("a[1].md"), "a\\[1\\].md");
        assert_eq!((glob("**/*"), glob("**"), glob("")), (None, None, None));
    }
}
