//! `.secrets.baseline`: secrets by the SHA-1 of their value, and filters.

use super::globs::globs;
use super::node::{Fields, Node};
use super::plan::{Known, Plan, Sink, Value, at, inner, number};

/// Filters that only say how its own plugins judge.
const OWN: &[&str] = &[
    "detect_secrets.filters.allowlist.",
    "detect_secrets.filters.common.",
    "detect_secrets.filters.heuristic.",
    "detect_secrets.filters.gibberish.",
];

/// Whether a JSON file is a baseline of this sort.
pub fn is_baseline(root: &Node) -> bool {
    root.get("results").is_some()
        && (root.get("plugins_used").is_some() || root.get("generated_at").is_some())
}

/// Reads a baseline.
pub fn read(plan: &mut Plan, file: &str, root: &Node) {
    let mut fields = Fields::of(root);
    for known in [
        "version",
        "generated_at",
        "custom_plugin_paths",
        "word_list",
    ] {
        if let Some(node) = fields.take(known)
            && matches!(known, "custom_plugin_paths" | "word_list")
            && !node
                .list()
                .iter()
                .all(|n| n.get("file").is_none() && n.text().is_none())
        {
            plan.lose(
                &at(file, node.line),
                format!("{known}: code and lists of words"),
            );
        }
    }
    let plugins = fields.take("plugins_used");
    let filters = fields.take("filters_used");
    let exclude = fields.take("exclude");
    let results = fields.take("results");
    plan.lose_rest(file, fields);
    for plugin in plugins.map(Node::list).unwrap_or_default() {
        if plugin.get("path").is_some() {
            plan.lose(
                &at(file, plugin.line),
                "a plugin of one's own is code, and not run",
            );
        }
    }
    for filter in filters.map(Node::list).unwrap_or_default() {
        let path = filter.get("path").and_then(Node::text).unwrap_or_default();
        let patterns = filter.get("pattern").map(Node::list).unwrap_or_default();
        if path.ends_with(".should_exclude_file") {
            for pattern in patterns {
                left_out(plan, file, pattern);
            }
        } else if !OWN.iter().any(|own| path.starts_with(own)) {
            let what = path.rsplit('.').next().unwrap_or_default();
            let what = super::plan::shown(what);
            plan.lose(&at(file, filter.line), format!("the filter '{what}'"));
        }
    }
    // As it was written until version 0.14.
    if let Some(exclude) = exclude {
        if let Some(files) = exclude.get("files") {
            for pattern in files.list() {
                left_out(plan, file, pattern);
            }
        }
        if let Some(lines) = exclude.get("lines")
            && lines.text().is_some()
        {
            plan.lose(&at(file, lines.line), "lines to leave out");
        }
    }
    for (path, _, list) in results.and_then(Node::table).unwrap_or_default() {
        for one in list.list() {
            result(plan, file, path, one);
        }
    }
}

fn left_out(plan: &mut Plan, file: &str, pattern: &Node) {
    let place = at(file, pattern.line);
    match globs(pattern.text().unwrap_or_default()) {
        Ok(all) => plan
            .excludes
            .extend(all.into_iter().map(|g| (g, place.clone()))),
        Err(why) => plan.lose(&place, format!("files to leave out: {why}")),
    }
}

fn result(plan: &mut Plan, file: &str, path: &str, one: &Node) {
    let source = at(file, one.line);
    let mut fields = Fields::of(one);
    let hash = fields.text("hashed_secret").unwrap_or_default();
    let line = number(fields.take("line_number"));
    let verdict = fields.text("is_secret");
    for known in ["type", "filename", "is_verified", "is_added", "is_removed"] {
        fields.take(known);
    }
    plan.lose_rest(file, fields);
    if hash.len() != 40 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return plan.lose(&source, "its hash is no SHA-1");
    }
    let Some(path) = inner(path) else {
        return plan.lose(&source, "its path does not lie in the tree");
    };
    let is_false = verdict == Some("false");
    plan.values.push(Value {
        source,
        path: Some(path),
        line,
        known: Known::Sha1(hash.to_ascii_lowercase()),
        sink: if is_false {
            Sink::Ignore
        } else {
            Sink::Baseline
        },
        reason: is_false.then(|| "audited as no secret".to_owned()),
    });
}
