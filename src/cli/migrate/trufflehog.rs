//! Custom detectors of a `TruffleHog` configuration.

use super::node::{Fields, Node};
use super::plan::{Allowed, Plan, Target, at, number, shown};
use super::rules::{Foreign, import};

/// Whether a YAML file is such a configuration.
pub fn is_config(root: &Node) -> bool {
    root.get("detectors").is_some()
}

/// Reads a configuration.
pub fn read(plan: &mut Plan, file: &str, root: &Node) {
    let mut fields = Fields::of(root);
    let detectors = fields.take("detectors");
    plan.lose_rest(file, fields);
    for one in detectors.map(Node::list).unwrap_or_default() {
        detector(plan, file, one);
    }
}

fn detector(plan: &mut Plan, file: &str, node: &Node) {
    let source = at(file, node.line);
    let mut fields = Fields::of(node);
    let name = fields.text("name").unwrap_or_default();
    let description = fields.text("description").unwrap_or_default();
    let keywords = fields.texts("keywords");
    let expressions = fields
        .take("regex")
        .and_then(Node::table)
        .unwrap_or_default();
    let primary = fields.text("primary_regex_name");
    let entropy = number(fields.take("entropy")).unwrap_or(0.0);
    let words = fields.texts("exclude_words");
    let captures = fields.texts("exclude_regexes_capture");
    let matches = fields.texts("exclude_regexes_match");
    let told = shown(name);
    for (key, what) in [
        (
            "verify",
            "a repository cannot say where a secret is sent to be verified",
        ),
        (
            "validations",
            "conditions on the kinds of characters have no place here: it finds more",
        ),
    ] {
        if let Some(node) = fields.take(key) {
            plan.differ(&at(file, node.line), format!("detector '{told}': {what}"));
        }
    }
    plan.lose_rest(file, fields);
    let mut names: Vec<&(String, usize, Node)> = expressions.iter().collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    let first = primary.and_then(|p| names.iter().find(|(key, _, _)| key == p));
    let Some((_, line, regex)) = first.or(names.first()) else {
        return plan.lose(&source, format!("detector '{told}' has no expression"));
    };
    for (key, line, _) in names.iter().filter(|(_, l, _)| l != line) {
        let what = "is another part of the credential: it is not looked for";
        let key = shown(key);
        plan.lose(
            &at(file, *line),
            format!("detector '{told}': '{key}' {what}"),
        );
    }
    let place = at(file, *line);
    let foreign = Foreign {
        source: source.clone(),
        name,
        description,
        regex: (regex.text().unwrap_or_default(), place),
        group: None,
        entropy,
        keywords: keywords.iter().map(|(k, _)| k.to_lowercase()).collect(),
    };
    if !import(plan, &foreign) {
        return;
    }
    let mut allowed = Allowed {
        source,
        reason: None,
        patterns: Some(plan.patterns_of(name)),
        is_all: false,
        paths: Vec::new(),
        regexes: Vec::new(),
        target: Target::Secret,
        words: words.iter().map(|(w, _)| w.to_lowercase()).collect(),
        commits: Vec::new(),
    };
    for (regex, line) in captures {
        allowed.regexes.extend(plan.regex(&at(file, line), regex));
    }
    let mut wide = Allowed {
        target: Target::Match,
        words: Vec::new(),
        regexes: Vec::new(),
        ..allowed.clone()
    };
    for (regex, line) in matches {
        wide.regexes.extend(plan.regex(&at(file, line), regex));
    }
    plan.allowed
        .extend([allowed, wide].into_iter().filter(|a| !a.is_empty()));
}
