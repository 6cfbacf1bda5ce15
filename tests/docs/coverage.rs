//! `docs/coverage.md`: what the embedded patterns cover, written from them.
//! `UPDATE_DOCS=1 cargo test --test docs` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use straykey::detect::Catalogue;
use straykey::detect::patterns::{Checksum, Pattern};

/// The ways in which a kind is told from other text, in the order of the table.
const WAYS: [(&str, &str); 6] = [
    (
        "prefix",
        "it begins with at least three characters that are its own, or stands in a frame that is",
    ),
    ("checksum", "a checksum or an inner structure is verified"),
    (
        "structure",
        "its form alone tells: lengths, separators, alphabets",
    ),
    (
        "near",
        "the provider's name, or what people call the key, must stand near",
    ),
    ("names", "it is assigned to a name that says what it is"),
    (
        "parts",
        "what belongs to it is looked for near: the secret beside a key's id",
    ),
];

/// How a pattern is found: several ways may be asked for together.
fn ways(p: &Pattern) -> Vec<&'static str> {
    let prefix = p.program.opening() >= 3 || !p.expression[0].is_empty();
    let (near, names) = (!p.near.is_empty(), !p.names.is_empty());
    let is = [
        prefix,
        p.checksum != Checksum::None,
        !prefix && !near && !names && p.checksum == Checksum::None,
        near,
        names,
        !p.parts.is_empty(),
    ];
    let named = WAYS.iter().zip(is).filter(|(_, is)| *is);
    named.map(|((way, _), _)| *way).collect()
}

/// Whether more is known than that the provider's settings have a page of keys.
fn revoke_is_known(p: &Pattern) -> bool {
    !p.revoke.contains("'s settings > API keys")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The page.
fn page(patterns: &[&Pattern]) -> String {
    let mut providers: BTreeMap<(String, &str), Vec<&Pattern>> = BTreeMap::new();
    for p in patterns {
        let key = (p.provider_name.to_lowercase(), p.provider);
        providers.entry(key).or_default().push(p);
    }
    let mut out = String::from(
        "# Coverage\n\nWhat the embedded patterns find. This page is written from them: change a pattern, \
         then run\n`UPDATE_DOCS=1 cargo test --test docs`. `straykey patterns show ID` tells everything of a \
         kind.\n\n",
    );
    let known = patterns.iter().filter(|p| revoke_is_known(p)).count();
    let documented = patterns.iter().filter(|p| !is_observed(p)).count();
    let _ = writeln!(out, "| | |\n|---|---|");
    let _ = writeln!(out, "| providers | {} |", providers.len());
    let _ = writeln!(out, "| kinds | {} |", patterns.len());
    for level in ["high", "medium", "low"] {
        let count = patterns
            .iter()
            .filter(|p| p.confidence.word() == level)
            .count();
        let _ = writeln!(out, "| of {level} confidence | {count} |");
    }
    let _ = writeln!(
        out,
        "| with a way to revoke that is known in detail | {known} |"
    );
    let _ = writeln!(out, "| whose form a document tells | {documented} |");
    let _ = writeln!(out, "\n| found by | kinds | that is |\n|---|---|---|");
    for (way, means) in WAYS {
        let count = patterns.iter().filter(|p| ways(p).contains(&way)).count();
        let _ = writeln!(out, "| {way} | {count} | {means} |");
    }
    let _ = writeln!(
        out,
        "\nA kind may need several of these. Revoke is \"page\" where all that is known is that the provider's \
         settings have a\npage of keys.\n\n\
         | provider | kind | confidence | found by | severity | revoke | source |\n\
         |---|---|---|---|---|---|---|"
    );
    for ((_, id), kinds) in &providers {
        for p in kinds {
            let kind = p.id.strip_prefix(&format!("{id}.")).unwrap_or(p.id);
            let revoke = if revoke_is_known(p) { "known" } else { "page" };
            let _ = writeln!(
                out,
                "| {} | `{kind}` | {} | {} | {} | {revoke} | {} |",
                cell(p.provider_name),
                p.confidence.word(),
                ways(p).join(", "),
                p.severity.word(),
                cell(&p.sources.join("; ")),
            );
        }
    }
    out
}

/// Whether nothing but examples tells the form.
fn is_observed(p: &Pattern) -> bool {
    p.sources.iter().all(|s| s.starts_with("observed form"))
}

#[test]
fn the_table_of_coverage_is_what_the_patterns_say() {
    let catalogue = Catalogue::embedded();
    let told = page(catalogue.patterns());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &told).expect("written");
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let stale = told.lines().zip(stored.lines()).find(|(a, b)| a != b);
    assert!(
        stored == told,
        "docs/coverage.md is stale: UPDATE_DOCS=1 cargo test --test docs; first difference: {stale:?}"
    );
}

#[test]
fn every_pattern_is_a_row_and_is_found_in_some_way() {
    let catalogue = Catalogue::embedded();
    let text = page(catalogue.patterns());
    let rows = text.lines().filter(|l| l.contains("| `")).count();
    assert_eq!(rows, catalogue.patterns().len());
    let columns: BTreeSet<usize> = text
        .lines()
        .filter(|l| l.contains("| `"))
        .map(|l| l.replace("\\|", "").matches('|').count())
        .collect();
    assert_eq!(columns, BTreeSet::from([8]));
    assert!(catalogue.patterns().iter().all(|p| !ways(p).is_empty()));
}
