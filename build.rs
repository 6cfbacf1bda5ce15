//! Checks the files under `patterns/` and writes them as static tables.
//!
//! Everything that is wrong is a build error with file and line. The checks are the library's
//! own: a user's file passes through the same code at run time.

#![allow(dead_code, unused_imports, missing_docs, clippy::pedantic)]

#[path = "src/base/mod.rs"]
mod base;
#[path = "src/detect/patterns/mod.rs"]
mod patterns;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use patterns::{
    ByteSet, Case, Index, Keywords, Lane, Near, Op, Part, Pattern, Program, Row, Scalar, Seen,
    Table, Verifier,
};

fn main() {
    println!("cargo::rerun-if-changed=patterns");
    println!("cargo::rerun-if-changed=src/detect/patterns");
    println!("cargo::rerun-if-changed=src/base");
    println!("cargo::rerun-if-changed=build.rs");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::rustc-env=STRAYKEY_SEARCH={:032x}", search(&root));
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let mut files: Vec<_> = fs::read_dir(Path::new(&root).join("patterns"))
        .expect("patterns/ is a folder")
        .map(|entry| entry.expect("patterns/ can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();

    let mut all: Vec<Pattern> = Vec::new();
    let (mut verifiers, mut revokers): (Vec<Verifier>, Vec<Verifier>) = (Vec::new(), Vec::new());
    let mut errors = 0;
    for path in &files {
        let stem = path
            .file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or_default();
        let name = format!("patterns/{stem}.toml");
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) => {
                println!("cargo::error={name}: {e}");
                errors += 1;
                continue;
            }
        };
        match patterns::parse_file(&name, Some(stem), &text) {
            Ok(found) => {
                all.extend(found.patterns);
                verifiers.extend(found.verifiers);
                revokers.extend(found.revokers);
            }
            Err(found) => {
                errors += found.len();
                for error in found {
                    println!("cargo::error={error}");
                }
            }
        }
    }
    if errors > 0 {
        process::exit(1);
    }
    all.sort_by_key(|p| p.id);
    fs::write(Path::new(&out).join("catalogue.rs"), source(&all)).expect("OUT_DIR can be written");
    let sought = all.iter().filter(|p| p.status != patterns::Status::Removed);
    fs::write(Path::new(&out).join("index.rs"), index(&Index::new(sought)))
        .expect("OUT_DIR can be written");
    for (name, all) in [("verifiers.rs", &verifiers), ("revokers.rs", &revokers)] {
        fs::write(Path::new(&out).join(name), declared(all)).expect("OUT_DIR can be written");
    }
}

/// The code that decides whether a text may hold a match. Stores of earlier sweeps are good for
/// this very code only.
const SEARCH: &[&str] = &[
    "src/base",
    "src/detect",
    "src/scan/history/search.rs",
    "src/sources/chunk.rs",
    "src/sources/containers",
    "src/sources/content.rs",
    "src/sources/history/commit.rs",
    "src/sources/history/delta.rs",
    "src/sources/kind.rs",
    "src/sources/utf16.rs",
];

/// A hash of that code (FNV-1a, 128 bits): nobody has to think of raising a number.
fn search(root: &str) -> u128 {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    let mut left: Vec<_> = SEARCH.iter().map(|p| Path::new(root).join(p)).collect();
    let mut files = Vec::new();
    while let Some(path) = left.pop() {
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            let inner = fs::read_dir(&path).expect("it can be listed");
            left.extend(inner.map(|entry| entry.expect("it can be listed").path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    for file in files {
        let text = fs::read(&file).expect("it can be read");
        for byte in text.iter().chain(&[0]) {
            hash = (hash ^ u128::from(*byte)).wrapping_mul((1 << 88) + 0x13b);
        }
    }
    hash
}

fn source(all: &[Pattern]) -> String {
    let mut out = String::from("&[\n");
    for p in all {
        let _ = writeln!(
            out,
            "Pattern {{ id: {:?}, provider: {:?}, provider_name: {:?}, site: {:?}, name: {:?}, \
             description: {:?}, status: Status::{:?}, class: Class::{:?}, \
             confidence: Confidence::{:?}, severity: Severity::{:?}, lifetime: Lifetime::{:?}, \
             rotation_days: {}, revoke: {:?}, replace: {:?}, nhi: &{:?}, cwe: &{:?}, \
             sources: &{:?}, expression: {:?}, program: {}, left: {}, near: &{:?}, \
             near_bytes: {}, names: &{:?}, files: &{:?}, randomness: {:?}, checksum: Checksum::{}, parts: &[{}], \
             prefix: {:?}, lane: {}, example: {:?}, counter: &{:?} }},",
            p.id,
            p.provider,
            p.provider_name,
            p.site,
            p.name,
            p.description,
            p.status,
            p.class,
            p.confidence,
            p.severity,
            p.lifetime,
            p.rotation_days,
            p.revoke,
            p.replace,
            p.nhi,
            p.cwe,
            p.sources,
            p.expression,
            program(&p.program),
            p.left
                .map_or("None".into(), |s| format!("Some({})", set(&s))),
            p.near,
            p.near_bytes,
            p.names,
            p.files,
            p.randomness,
            p.checksum.variant(),
            p.parts.iter().map(part).collect::<String>(),
            p.prefix,
            lane(&p.lane),
            p.example,
            p.counter,
        );
    }
    out.push_str("]\n");
    out
}

/// The verifiers, without the answers that they are tested with.
fn declared(all: &[Verifier]) -> String {
    let mut out = String::from("&[\n");
    for v in all {
        let calls: String = v
            .calls
            .iter()
            .map(|c| {
                format!(
                    "Call {{ method: {:?}, url: {:?}, headers: &{:?}, basic: {:?}, body: {:?}, \
                     body_kind: BodyKind::{:?}, sign: Sign::{:?}, with: &{:?}, cases: &[{}], \
                     take: &{:?} }},",
                    c.method,
                    c.url,
                    c.headers,
                    c.basic,
                    c.body,
                    c.body_kind,
                    c.sign,
                    c.with,
                    c.cases.iter().map(case).collect::<String>(),
                    c.take
                )
            })
            .collect();
        let scopes: String = v
            .privilege
            .scopes
            .iter()
            .map(|(power, scopes)| format!("(Power::{power:?}, &{scopes:?}),"))
            .collect();
        let _ = writeln!(
            out,
            "Verifier {{ patterns: &{:?}, provider: {:?}, revokes: {}, basis: Basis::{:?}, off: {:?}, \
             endpoint: {:?}, hosts: &{:?}, cut: &{:?}, warning: {:?}, calls: &[{calls}], \
             facts: Facts {{ identity: &{:?}, scopes: &{:?}, expires: &{:?}, created: &{:?}, \
             last_used: &{:?} }}, \
             privilege: Privilege {{ always: {}, scopes: &[{scopes}] }}, reviewed: {:?}, \
             quotes: &[] }},",
            v.patterns,
            v.provider,
            v.revokes,
            v.basis,
            v.off,
            v.endpoint,
            v.hosts,
            v.cut,
            v.warning,
            v.facts.identity,
            v.facts.scopes,
            v.facts.expires,
            v.facts.created,
            v.facts.last_used,
            v.privilege
                .always
                .map_or("None".into(), |p| format!("Some(Power::{p:?})")),
            v.reviewed,
        );
    }
    out.push_str("]\n");
    out
}

fn case(c: &Case) -> String {
    let json: String = c
        .json
        .iter()
        .map(|(pointer, values)| {
            let values: String = values.iter().map(|v| format!("Scalar::{v:?},")).collect();
            format!("({pointer:?}, &[{values}]),")
        })
        .collect();
    format!(
        "Case {{ means: Meaning::{:?}, status: &{:?}, json: &[{json}], has: &{:?}, \
         contains: &{:?}, headers: &{:?}, empty: {}, any: {}, says: {:?} }},",
        c.means, c.status, c.has, c.contains, c.headers, c.empty, c.any, c.says
    )
}

fn part(p: &Part) -> String {
    format!(
        "Part {{ name: {:?}, expression: {:?}, program: {}, left: {}, near: &{:?}, \
         randomness: {:?}, required: {}, within: {} }},",
        p.name,
        p.expression,
        program(&p.program),
        set(&p.left),
        p.near,
        p.randomness,
        p.required,
        p.within
    )
}

fn program(p: &Program) -> String {
    let ops: String = p
        .ops
        .iter()
        .map(|op| match op {
            Op::Bytes(bytes) => format!("Op::Bytes(b\"{}\"),", bytes.escape_ascii()),
            Op::Set {
                set: s,
                min,
                max,
                lazy,
                all,
            } => format!(
                "Op::Set {{ set: {}, min: {min}, max: {max}, lazy: {lazy}, all: {all} }},",
                set(s)
            ),
            other => format!("Op::{other:?},"),
        })
        .collect();
    format!(
        "Program {{ ops: &[{ops}], right: {}, first: {}, head: {:?}, min: {}, max: {} }}",
        set(&p.right),
        set(&p.first),
        p.head,
        p.min,
        p.max
    )
}

/// The tables of the prefilter.
fn index(index: &Index) -> String {
    format!(
        "Index {{ edged: {}, inner: {}, filter: {:?}, leads: {}, close: {}, far: {} }}",
        table(&index.edged),
        table(&index.inner),
        index.filter,
        table(&index.leads),
        near(&index.close),
        near(&index.far)
    )
}

fn near(near: &Near) -> String {
    let Keywords {
        seen: bits,
        short,
        long,
        words,
        wanting,
    } = &near.keywords;
    format!(
        "Near {{ bytes: {}, keywords: Keywords {{ seen: {}, short: {}, long: {}, words: {}, wanting: {} }} }}",
        near.bytes,
        seen(bits),
        table(short),
        table(long),
        row(words),
        row(wanting)
    )
}

fn table<const N: usize>(table: &Table<N>) -> String {
    format!(
        "Table {{ seen: {}, entries: {}, buckets: {} }}",
        seen(&table.seen),
        row(&table.entries),
        row(&table.buckets)
    )
}

fn seen(seen: &Seen) -> String {
    format!("Seen::Made(&{:?})", seen.words())
}

fn row<T: std::fmt::Debug>(row: &Row<T>) -> String {
    format!("Row::Made(&{:?})", &**row)
}

fn set(s: &ByteSet) -> String {
    format!("{s:?}")
}

fn lane(l: &Lane) -> String {
    match l {
        Lane::Prefix {
            literals,
            lo,
            hi,
            gate,
            least,
        } => {
            format!(
                "Lane::Prefix {{ literals: &{literals:?}, lo: {lo}, hi: {hi}, \
                 gate: Gate::{gate:?}, least: {least} }}"
            )
        }
        Lane::Lead {
            literals,
            lo,
            hi,
            gate,
            least,
        } => {
            format!(
                "Lane::Lead {{ literals: &{literals:?}, lo: {lo}, hi: {hi}, \
                 gate: Gate::{gate:?}, least: {least} }}"
            )
        }
        Lane::Run {
            lo,
            hi,
            gate,
            least,
            before,
            behind,
        } => {
            format!(
                "Lane::Run {{ lo: {lo}, hi: {hi}, gate: Gate::{gate:?}, least: {least}, \
                 before: {}, behind: {} }}",
                set(before),
                set(behind)
            )
        }
        other => format!("Lane::{other:?}"),
    }
}
