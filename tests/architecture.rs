//! The floors of the design, guarded: what each may import, and which crates live only where.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Floor, and the floors it may import (`src/lib.rs` tells what they hold).
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("sources", &["base"]),
    ("detect", &["base", "sources"]),
    ("findings", &["base", "sources", "detect"]),
    ("store", &["base", "sources"]),
    ("story", &["base", "sources", "detect", "findings"]),
    ("verify", &["base", "detect", "findings", "store"]),
    (
        "inventory",
        &["base", "sources", "detect", "findings", "store", "story"],
    ),
    (
        "reports",
        &[
            "base",
            "sources",
            "detect",
            "findings",
            "story",
            "inventory",
            "verify",
        ],
    ),
    (
        "scan",
        &[
            "base",
            "sources",
            "detect",
            "findings",
            "store",
            "story",
            "inventory",
        ],
    ),
];

/// Crate, and the only floors that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("ignore", &["sources"]),
    ("git2", &["sources"]),
    ("gix_index", &["sources"]),
    ("libdeflater", &["sources"]),
    ("zip", &["sources"]),
    ("flate2", &["sources"]),
    ("bzip2", &["sources"]),
    ("lzma_rust2", &["sources"]),
    ("ruzstd", &["sources"]),
    ("cbc", &["sources"]),
    ("des", &["sources"]),
    ("hmac", &["sources"]),
    ("pkcs5", &["sources"]),
    ("aho_corasick", &["detect"]),
    ("regex", &["detect", "cli"]),
    ("regex_syntax", &["detect", "cli"]),
    ("saphyr_parser", &["inventory", "cli"]),
    ("hcl_edit", &["inventory"]),
    ("sha1", &["sources", "cli"]),
    // A page's policy names its script by hash.
    ("sha2", &["sources", "cli", "findings", "reports"]),
    ("blake3", &["findings", "store"]),
    ("rusqlite", &["sources", "store"]),
    ("ureq", &["verify"]),
    ("rustls", &["verify"]),
    ("webpki_roots", &["verify"]),
    ("md5", &["verify"]),
    ("postgres_protocol", &["verify"]),
    ("mysql_common", &["verify"]),
    ("bson", &["verify"]),
    ("rsasl", &["verify"]),
    ("redis", &["verify"]),
    ("amq_protocol", &["verify"]),
    ("lber", &["verify"]),
    ("smtp_proto", &["verify"]),
    ("russh", &["verify"]),
    ("tokio", &["verify"]),
    // Signs what providers want signed, and reports for auditors.
    ("ring", &["verify", "reports"]),
    ("ssh_key", &["reports"]),
    ("serde_sarif", &["reports"]),
    // A record is a document that is written and read again: its type is the wire's.
    ("schemars", &["reports", "inventory"]),
    ("signal_hook", &["cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
];

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Every source file with its floor, tests included, comments left out.
fn floors() -> BTreeMap<PathBuf, (String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let inner = path.strip_prefix(&src).expect("below src").to_owned();
            let first = inner
                .components()
                .next()
                .expect("a name")
                .as_os_str()
                .to_string_lossy();
            let floor = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("UTF-8");
            let code: Vec<&str> = text
                .lines()
                .filter(|l| !l.trim_start().starts_with("//"))
                .collect();
            let code = code.join("\n");
            (inner, (floor, code))
        })
        .collect()
}

/// Whether `code` names `path::` as a path's begin.
fn names(code: &str, path: &str) -> bool {
    code.match_indices(&format!("{path}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn each_floor_imports_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for (path, (floor, code)) in floors() {
        let Some((_, allowed)) = FLOORS.iter().find(|(f, _)| *f == floor) else {
            continue;
        };
        for (other, _) in FLOORS {
            if *other != floor
                && !allowed.contains(other)
                && names(&code, &format!("crate::{other}"))
            {
                wrong.push(format!("{}: imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_crate_lives_on_its_floor() {
    let mut wrong = Vec::new();
    for (path, (floor, code)) in floors() {
        for (name, homes) in CRATES {
            if !homes.contains(&floor.as_str())
                && (names(&code, name) || code.contains(&format!("use {name};")))
            {
                wrong.push(format!("{}: names the crate {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_program_uses_the_public_library_only() {
    for (path, (floor, code)) in floors() {
        if floor == "cli" || floor == "main" {
            let inner = FLOORS
                .iter()
                .find(|(f, _)| names(&code, &format!("crate::{f}")));
            assert!(inner.is_none(), "{} reaches into {inner:?}", path.display());
        }
    }
}

#[test]
fn files_are_rooms_not_halls() {
    for (path, (_, code)) in floors() {
        let lines = code.lines().count();
        assert!(
            lines <= 600,
            "{} has {lines} lines: split it by concern",
            path.display()
        );
    }
}
