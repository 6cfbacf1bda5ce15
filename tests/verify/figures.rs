//! How many providers have a sourced check: the figures of the documentation are counted from the
//! declarations, so that they cannot rot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use straykey::detect::patterns::Basis;

use super::declared::declared;

const BEGIN: &str =
    "<!-- counted from patterns/ by tests/verify/figures.rs; UPDATE_DOCS=1 writes it anew -->\n";
const END: &str = "<!-- end of what is counted -->\n";

/// What the declarations hold: a table, and the providers by name.
fn counted() -> (usize, String) {
    let mut checks: BTreeMap<bool, usize> = BTreeMap::new();
    let mut providers: BTreeMap<bool, BTreeSet<&str>> = BTreeMap::new();
    let mut in_url = BTreeSet::new();
    for verifier in declared().iter().filter(|v| !v.revokes) {
        let sourced = verifier.basis == Basis::Sourced;
        *checks.entry(sourced).or_default() += 1;
        providers
            .entry(sourced)
            .or_default()
            .insert(verifier.provider);
        if sourced && !verifier.off.is_empty() {
            in_url.insert(verifier.provider);
        }
    }
    let sourced = providers.remove(&true).unwrap_or_default();
    let mut assumed = providers.remove(&false).unwrap_or_default();
    // Who has a sourced check counts once.
    assumed.retain(|provider| !sourced.contains(provider));
    let mut out = String::new();
    let (good, rest) = (checks.get(&true), checks.get(&false));
    let _ = writeln!(out, "| a check is | checks | providers |\n|---|---|---|");
    let _ = writeln!(
        out,
        "| sourced | {} | {} |",
        good.unwrap_or(&0),
        sourced.len()
    );
    let _ = writeln!(
        out,
        "| of these, off unless the provider is named | | {} |",
        in_url.len()
    );
    let _ = writeln!(
        out,
        "| assumed, and no other one sourced | {} | {} |",
        rest.unwrap_or(&0),
        assumed.len()
    );
    let count = sourced.len();
    let _ = write!(
        out,
        "\n{}\n{}",
        list("Sourced:", sourced),
        list("Assumed:", assumed)
    );
    (count, out)
}

/// A paragraph of names, in lines that can be read.
fn list(title: &str, names: BTreeSet<&str>) -> String {
    let mut out = title.to_owned();
    let mut width = out.len();
    let last = names.len();
    for (at, name) in names.into_iter().enumerate() {
        let behind = if at + 1 == last { '.' } else { ',' };
        let before = if width + name.len() > 140 { '\n' } else { ' ' };
        width = if before == '\n' { 0 } else { width };
        width += name.len() + 2;
        let _ = write!(out, "{before}{name}{behind}");
    }
    out + "\n"
}

#[test]
fn the_documentation_counts_the_checks_right() {
    let (count, table) = counted();
    assert!(count >= 150, "{count} providers have a sourced check");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verification.md");
    let text = std::fs::read_to_string(&path).expect("it can be read");
    let from = text.find(BEGIN).expect("it begins") + BEGIN.len();
    let to = text.find(END).expect("it ends");
    let stands = text[from..to].trim();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let new = format!("{}\n{table}\n{}", &text[..from], &text[to..]);
        std::fs::write(&path, new).expect("it can be written");
        return;
    }
    assert_eq!(stands, table.trim(), "UPDATE_DOCS=1 writes it anew");
}
