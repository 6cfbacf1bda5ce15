//! `.gitleaks.toml`: rules, allowlists, and what it extends.

use std::collections::BTreeSet;

use super::globs::globs;
use super::node::{Fields, Node};
use super::plan::{Allowed, Plan, Source, Target, at, is_yes, number, reason, shown};
use super::rules::{Foreign, import};
use super::{Tree, node, parsed};
use crate::cli::error::CliError;

/// How often one configuration may extend the next: gitleaks' own bound.
const EXTENDS: usize = 2;

/// Reads a configuration into the plan.
///
/// # Errors
///
/// If it is no TOML.
pub fn read(plan: &mut Plan, tree: &Tree, file: &str, text: &str) -> Result<(), CliError> {
    config(plan, tree, file, text, &BTreeSet::new(), 0)
}

fn config(
    plan: &mut Plan,
    tree: &Tree,
    file: &str,
    text: &str,
    disabled: &BTreeSet<String>,
    depth: usize,
) -> Result<(), CliError> {
    let root = parsed(file, node::toml(text))?;
    let mut fields = Fields::of(&root);
    for known in ["title", "description", "minVersion"] {
        fields.take(known);
    }
    let (extend, rules) = (fields.take("extend"), fields.take("rules"));
    let lists = [fields.take("allowlist"), fields.take("allowlists")];
    plan.lose_rest(file, fields);
    let mut has_default = false;
    match extend {
        Some(extend) => has_default = extended(plan, tree, file, extend, disabled, depth)?,
        None if depth == 0 && rules.is_some() => plan.differ(
            &at(file, 1),
            "it looks for its own rules only; straykey looks for all of its patterns, too",
        ),
        None => {}
    }
    for one in rules.map(Node::list).unwrap_or_default() {
        rule(plan, file, one, disabled, has_default);
    }
    for list in lists.into_iter().flatten().flat_map(Node::list) {
        let source = at(file, list.line);
        let mut fields = Fields::of(list);
        let targets = fields.texts("targetRules");
        let patterns = (!targets.is_empty()).then(|| {
            let ids = targets.iter().flat_map(|(name, _)| plan.patterns_of(name));
            ids.collect::<Vec<_>>()
        });
        if patterns.as_ref().is_some_and(Vec::is_empty) {
            plan.lose(&source, "no pattern here stands for the rules it is for");
            continue;
        }
        allowlist(plan, file, source, fields, patterns);
    }
    Ok(())
}

/// Reads what a configuration extends; whether that is gitleaks' own.
fn extended(
    plan: &mut Plan,
    tree: &Tree,
    file: &str,
    extend: &Node,
    outer: &BTreeSet<String>,
    depth: usize,
) -> Result<bool, CliError> {
    let source = at(file, extend.line);
    let mut fields = Fields::of(extend);
    let has_default = is_yes(fields.take("useDefault"));
    let path = fields.take("path");
    let url = fields.take("url");
    let off = fields.texts("disabledRules");
    plan.lose_rest(file, fields);
    if has_default {
        plan.differ(
            &source,
            "straykey's own patterns stand for the default rules; the files that the default \
             allowlist leaves out (images, lock files, vendored code) are read",
        );
    }
    if let Some(url) = url {
        plan.lose(&at(file, url.line), "nothing is fetched: extend.url");
    }
    let mut disabled = outer.clone();
    for (name, line) in off {
        disabled.insert(name.to_owned());
        let place = at(file, line);
        let ids: Vec<&str> = super::names::of_rule(name).collect();
        if ids.is_empty() && has_default {
            let name = shown(name);
            plan.differ(
                &place,
                format!("no pattern here is known to stand for '{name}'"),
            );
        }
        if has_default {
            let all = ids.into_iter().map(|id| (id.to_owned(), place.clone()));
            plan.disable.extend(all);
        }
    }
    if let Some(path) = path {
        let place = at(file, path.line);
        let name = path.text().unwrap_or_default();
        if depth == EXTENDS {
            plan.lose(
                &place,
                format!("more than {EXTENDS} files extend each other"),
            );
        } else if let Some(text) = tree.text(name) {
            plan.files.push(name.to_owned());
            config(plan, tree, name, &text, &disabled, depth + 1)?;
        } else {
            plan.lose(&place, "extend.path: no such file can be read in this tree");
        }
    }
    Ok(has_default)
}

fn rule(plan: &mut Plan, file: &str, node: &Node, disabled: &BTreeSet<String>, has_default: bool) {
    let source = at(file, node.line);
    let mut fields = Fields::of(node);
    let name = fields.text("id").unwrap_or_default();
    let description = fields.text("description").unwrap_or_default();
    let (regex, path) = (fields.take("regex"), fields.take("path"));
    let (group, entropy) = (fields.take("secretGroup"), fields.take("entropy"));
    let keywords = fields.texts("keywords");
    let tags = fields.texts("tags");
    let lists = [fields.take("allowlist"), fields.take("allowlists")];
    let required = fields.take("required");
    let silent = is_yes(fields.take("skipReport"));
    let told = shown(name);
    plan.lose_rest(file, fields);
    if disabled.contains(name) {
        return;
    }
    let regex = regex.and_then(|r| Some((r.text()?, at(file, r.line))));
    match regex {
        _ if silent => plan.lose(
            &source,
            format!("rule '{told}' is not reported by itself (skipReport)"),
        ),
        Some(regex) => {
            let foreign = Foreign {
                source: source.clone(),
                name,
                description,
                regex,
                group: number::<u32>(group).filter(|g| *g > 0),
                entropy: number(entropy).unwrap_or(0.0),
                keywords: keywords.iter().map(|(k, _)| k.to_lowercase()).collect(),
            };
            if import(plan, &foreign) {
                if path.is_some() {
                    let how = "is for some paths only; its pattern is for all: it finds more";
                    plan.differ(&source, format!("rule '{told}' {how}"));
                }
                if required.is_some() {
                    let how = "needs another rule near it; its pattern does not: it finds more";
                    plan.differ(&source, format!("rule '{told}' {how}"));
                }
                if !tags.is_empty() {
                    plan.differ(&source, format!("rule '{told}': tags have no place here"));
                }
            }
        }
        None if path.is_some() => plan.lose(
            &source,
            format!("rule '{told}' looks at names of files alone: straykey reads what is in them"),
        ),
        None if has_default && (group.is_some() || entropy.is_some() || !keywords.is_empty()) => {
            let what = "changes a default rule: straykey's own pattern keeps its conditions";
            plan.lose(&source, format!("rule '{told}' {what}"));
        }
        None if has_default => {}
        None => plan.lose(&source, format!("rule '{told}' has no expression")),
    }
    for list in lists.into_iter().flatten().flat_map(Node::list) {
        let source = at(file, list.line);
        let patterns = plan.patterns_of(name);
        if patterns.is_empty() {
            plan.lose(&source, "no pattern here stands for the rule it is for");
        } else {
            allowlist(plan, file, source, Fields::of(list), Some(patterns));
        }
    }
}

fn allowlist(
    plan: &mut Plan,
    file: &str,
    source: Source,
    mut fields: Fields<'_>,
    patterns: Option<Vec<String>>,
) {
    let why = fields.text("description").and_then(reason);
    let condition = fields.text("condition").unwrap_or_default();
    let target = fields.text("regexTarget").unwrap_or_default();
    let is_all = matches!(condition.to_ascii_uppercase().as_str(), "AND" | "&&");
    let (commits, paths) = (fields.texts("commits"), fields.texts("paths"));
    let (regexes, words) = (fields.texts("regexes"), fields.texts("stopwords"));
    plan.lose_rest(file, fields);
    let target = match target {
        "match" => Target::Match,
        "line" => Target::Line,
        _ => Target::Secret,
    };
    let mut allowed = Allowed {
        source,
        reason: why,
        patterns,
        is_all,
        paths: Vec::new(),
        regexes: Vec::new(),
        target,
        words: words.iter().map(|(w, _)| w.to_lowercase()).collect(),
        commits: Vec::new(),
    };
    let lost = plan.lost.len();
    // What leaves out whole files for all rules is a glob.
    let is_glob = allowed.patterns.is_none()
        && (!is_all || commits.is_empty() && regexes.is_empty() && words.is_empty());
    for (path, line) in paths {
        let place = at(file, line);
        if !is_glob {
            allowed.paths.extend(plan.regex(&place, path));
            continue;
        }
        match globs(path) {
            Ok(all) => plan
                .excludes
                .extend(all.into_iter().map(|g| (g, place.clone()))),
            Err(why) => plan.lose(&place, format!("a path of an allowlist: {why}")),
        }
    }
    for (regex, line) in regexes {
        allowed.regexes.extend(plan.regex(&at(file, line), regex));
    }
    for (commit, line) in commits {
        let commit = commit.trim().to_ascii_lowercase();
        if is_commit(&commit) {
            allowed.commits.push(commit);
        } else {
            plan.lose(&at(file, line), "this is no id of a commit");
        }
    }
    // Of conditions that must all hold, none may be missing.
    if is_all && plan.lost.len() > lost {
        let source = allowed.source.clone();
        plan.lose(
            &source,
            "an allowlist of which a condition was not carried over",
        );
    } else if !allowed.is_empty() {
        plan.allowed.push(allowed);
    }
}

/// Whether a text is the id of a commit, or the beginning of one.
pub fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
