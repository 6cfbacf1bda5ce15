//! Lists of accepted places: `.gitleaksignore`, reports of gitleaks that serve as its baseline, and
//! baselines of kingfisher.

use straykey::base::Secret;

use super::gitleaks::is_commit;
use super::node::{Fields, Node};
use super::plan::{Place, Plan, Source, at, inner, number, shown};

/// Reads `.gitleaksignore`: `file:rule:line` or `commit:file:rule:line`, one a line.
pub fn gitleaksignore(plan: &mut Plan, file: &str, text: &str) {
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let source = at(file, number);
        let parts: Vec<&str> = line.split(':').collect();
        let (commit, path, rule, place) = match parts.as_slice() {
            [path, rule, place] => (None, path, rule, place),
            [commit, path, rule, place] => (Some(*commit), path, rule, place),
            _ => {
                plan.lose(
                    &source,
                    "this is no file:rule:line, nor commit:file:rule:line",
                );
                continue;
            }
        };
        let Ok(line) = place.parse::<u64>() else {
            plan.lose(&source, "its last part is no number of a line");
            continue;
        };
        push(plan, source, path, (line, line), commit, rule, None);
    }
}

fn push(
    plan: &mut Plan,
    source: Source,
    path: &str,
    lines: (u64, u64),
    commit: Option<&str>,
    rule: &str,
    secret: Option<Secret>,
) {
    if path.contains('!') {
        return plan.lose(&source, "a file within an archive");
    }
    let Some(path) = inner(path) else {
        return plan.lose(&source, "its path does not lie in the tree");
    };
    let commit = commit.filter(|c| !c.is_empty());
    if commit.is_some_and(|c| !is_commit(c)) {
        return plan.lose(&source, "its first part is no id of a commit");
    }
    plan.places.push(Place {
        source,
        path,
        lines,
        commit: commit.map(str::to_ascii_lowercase),
        rule: rule.to_owned(),
        secret,
    });
}

/// Whether a JSON file is a report of gitleaks.
pub fn is_gitleaks_report(root: &Node) -> bool {
    let first = root.list().first();
    root.table().is_none() && first.is_none_or(|one| one.get("RuleID").is_some())
}

/// Reads a report of gitleaks.
pub fn gitleaks_report(plan: &mut Plan, file: &str, root: &Node) {
    for one in root.list() {
        let source = at(file, one.line);
        let text = |name: &str| one.get(name).and_then(Node::text).unwrap_or_default();
        let first = number(one.get("StartLine")).unwrap_or(0);
        let last = number(one.get("EndLine")).unwrap_or(first).max(first);
        if text("File").is_empty() || first == 0 {
            plan.lose(&source, "it names no file and line");
            continue;
        }
        // Reports may be redacted, as a whole or in part.
        let secret = text("Secret");
        let whole = secret.len() >= 6 && !secret.contains("REDACTED") && !secret.ends_with("...");
        let secret = whole.then(|| Secret::new(secret.as_bytes()));
        let commit = Some(text("Commit"));
        push(
            plan,
            source,
            text("File"),
            (first, last),
            commit,
            text("RuleID"),
            secret,
        );
    }
}

/// Whether a YAML file is a baseline of kingfisher.
pub fn is_kingfisher(root: &Node) -> bool {
    root.get("ExactFindings").is_some() || root.get("fingerprint_algorithm").is_some()
}

/// Reads a baseline of kingfisher; `folder` is the name of the tree's folder.
pub fn kingfisher(plan: &mut Plan, file: &str, root: &Node, folder: &str) {
    let mut fields = Fields::of(root);
    fields.take("version");
    fields.take("fingerprint_algorithm");
    let old = fields.take("ExactFindings");
    let repositories = fields.take("repositories").map(Node::list);
    plan.lose_rest(file, fields);
    if let Some(old) = old {
        let mut fields = Fields::of(old);
        let matches = fields.take("matches");
        plan.lose_rest(file, fields);
        for one in matches.map(Node::list).unwrap_or_default() {
            listed(plan, file, one, ["filepath", "linenum", "lastupdated"]);
        }
    }
    let repositories = repositories.unwrap_or_default();
    for repository in repositories {
        let mut fields = Fields::of(repository);
        let id = fields.text("id").unwrap_or_default();
        let findings = fields.take("findings");
        plan.lose_rest(file, fields);
        // The same path and line may be another secret in another repository.
        if repositories.len() > 1 && id.rsplit('/').next() != Some(folder) {
            let id = shown(id);
            plan.lose(
                &at(file, repository.line),
                format!(
                    "the findings of '{id}': this folder is called '{}'",
                    shown(folder)
                ),
            );
            continue;
        }
        for one in findings.map(Node::list).unwrap_or_default() {
            listed(plan, file, one, ["path", "line", "last_updated_at"]);
        }
    }
}

fn listed(plan: &mut Plan, file: &str, one: &Node, [path, line, updated]: [&str; 3]) {
    let source = at(file, one.line);
    let mut fields = Fields::of(one);
    let (path, line) = (fields.text(path), number(fields.take(line)));
    let rule = fields.text("rule_id").unwrap_or_default();
    for known in ["fingerprint", "first_seen_at", updated] {
        fields.take(known);
    }
    plan.lose_rest(file, fields);
    match (path, line) {
        (Some(path), Some(line)) => push(plan, source, path, (line, line), None, rule, None),
        _ => plan.lose(&source, "it names no file and line"),
    }
}
