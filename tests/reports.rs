//! Every format, over results of real scans of generated secrets: valid against its schema, silent
//! about secrets, the same each time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use straykey::base::Secret;
use straykey::detect::patterns::{Confidence, Sampler, sample_match};
use straykey::detect::{Catalogue, Detector, Engine, Outcome, Scratch};
use straykey::findings::{Collector, Fingerprint, ScanResult};
use straykey::reports::{Format, ReportOptions, json_schema, jsonl_schema};
use straykey::scan::{ScanOptions, explain, scan};
use straykey::sources::{Chunk, ContentKind, Origin};

/// Plants examples of many patterns in files with awkward names; returns the secrets.
fn plant(dir: &Path, patterns: usize) -> Vec<Vec<u8>> {
    let catalogue = Catalogue::embedded();
    let mut sampler = Sampler::new(42);
    let mut secrets = Vec::new();
    let names = [
        "a.env",
        "b c#%.yml",
        "new\nline.txt",
        "esc\x1b[31m.ini",
        "rtl\u{202e}gpj.cfg",
    ];
    let mut texts = vec![Vec::new(); names.len()];
    for (i, pattern) in catalogue.patterns().iter().take(patterns).enumerate() {
        let (text, secret) = sample_match(pattern, &mut sampler);
        texts[i % names.len()].extend_from_slice(b"\n\n\n\n\n\n\n# next\n");
        texts[i % names.len()].extend(text);
        secrets.push(secret);
    }
    for (name, text) in names.iter().zip(texts) {
        fs::write(dir.join(name), text).expect("written");
    }
    secrets
}

fn scanned(dir: &Path) -> ScanResult {
    let options = ScanOptions {
        targets: vec![dir.to_owned()],
        least: Some(Confidence::Low),
        ..ScanOptions::default()
    };
    scan(&options).expect("scanned")
}

fn written(format: Format, result: &ScanResult, options: &ReportOptions) -> Vec<u8> {
    let mut out = Vec::new();
    format
        .report()
        .write(result, options, &mut out)
        .expect("a vector takes all");
    out
}

/// A text in the forms in which it could hide: base64 in three phases, hex, URL, reversed.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |bytes: &[u8]| -> Vec<u8> {
        bytes
            .chunks_exact(3)
            .flat_map(|c| {
                let n = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]);
                [18, 12, 6, 0].map(|s| ALPHABET[(n >> s & 63) as usize])
            })
            .collect()
    };
    let mut out = vec![secret.to_vec(), secret.iter().rev().copied().collect()];
    for phase in 0..3 {
        out.push(encode(&secret[phase..]));
    }
    out.push(
        secret
            .iter()
            .flat_map(|b| format!("{b:02x}").into_bytes())
            .collect(),
    );
    out.push(
        secret
            .iter()
            .flat_map(|b| format!("%{b:02X}").into_bytes())
            .collect(),
    );
    out.push(
        serde_json::to_string(&String::from_utf8_lossy(secret))
            .expect("JSON")
            .into_bytes(),
    );
    out
}

/// Checks that no secret is in `out`, in any form.
fn assert_silent(out: &[u8], secrets: &[Vec<u8>], what: &str) {
    let (mut all, mut of) = (Vec::new(), Vec::new());
    for (i, secret) in secrets.iter().enumerate() {
        for form in forms(secret).into_iter().filter(|f| f.len() >= 6) {
            all.push(form);
            of.push(i);
        }
    }
    let searcher = aho_corasick::AhoCorasick::new(&all).expect("some thousand texts compile");
    if let Some(hit) = searcher.find(out) {
        panic!(
            "{what} tells secret number {}",
            of[hit.pattern().as_usize()]
        );
    }
}

/// Everything that can be printed and is no report: what `explain` is made of, and every type when
/// it is debugged.
#[test]
fn no_type_and_no_reason_tells_a_secret() {
    let catalogue = Catalogue::embedded();
    let detector = Detector::new(&catalogue, Engine::Fast);
    let mut sampler = Sampler::new(43);
    for pattern in catalogue.patterns().iter().step_by(5) {
        let (text, secret) = sample_match(pattern, &mut sampler);
        if format!("{pattern:?}").contains(&*String::from_utf8_lossy(&secret)) {
            continue; // the first line of a key: the catalogue itself tells it
        }
        let chunk = Chunk::whole(&text, ContentKind::Text);
        let judged = detector.scan(&chunk, Path::new("a.env"), &mut Scratch::default());
        let origin = Origin::new("a.env");
        let mut collector = Collector::new();
        collector.begin();
        collector.see(&chunk, &judged, &[]);
        collector.take(&origin, &chunk, &judged, "2026-01-01");
        let mut printed = format!("{collector:?}");
        let findings = collector.finish();
        let _ = write!(
            printed,
            "{judged:?} {findings:?} {:?} {:?}",
            Secret::new(&secret),
            Fingerprint::new(pattern, &secret, Path::new("a"))
        );
        assert_silent(printed.as_bytes(), &[secret], pattern.id);
    }
    let dir = tempfile::tempdir().expect("a folder");
    let secrets = plant(dir.path(), usize::MAX);
    let options = ScanOptions {
        targets: vec![dir.path().to_owned()],
        ..ScanOptions::default()
    };
    let (explained, _) = explain(&options).expect("explained");
    assert!(explained.len() > 300, "{} candidates", explained.len());
    let mut printed = String::new();
    for e in &explained {
        let withheld = &e.withheld;
        let _ = write!(printed, "{} {} {withheld:?} ", e.masked, e.fingerprint);
        match &e.judged.outcome {
            Outcome::Rejected(why) => writeln!(printed, "{why} {why:?}"),
            other => writeln!(printed, "{other:?}"),
        }
        .expect("a string takes all");
    }
    assert_silent(printed.as_bytes(), &secrets, "explain");
}

#[test]
fn no_format_tells_a_secret() {
    let dir = tempfile::tempdir().expect("a folder");
    let secrets = plant(dir.path(), usize::MAX);
    let result = scanned(dir.path());
    assert!(
        result.findings.len() > 300,
        "{} findings",
        result.findings.len()
    );
    for format in Format::ALL {
        for verbose in [false, true] {
            let options = ReportOptions {
                verbose,
                ..ReportOptions::default()
            };
            let out = written(*format, &result, &options);
            assert_silent(&out, &secrets, format.word());
        }
    }
    // The test can fail: asked for, they are there.
    let options = ReportOptions {
        show_secrets: true,
        ..ReportOptions::default()
    };
    let out = String::from_utf8(written(Format::Jsonl, &result, &options)).expect("UTF-8");
    let shown = secrets
        .iter()
        .filter(|s| out.contains(&*String::from_utf8_lossy(s)))
        .count();
    assert!(shown > secrets.len() / 2, "{shown} of {}", secrets.len());
}

#[test]
fn every_output_is_valid_against_its_schema() {
    let dir = tempfile::tempdir().expect("a folder");
    plant(dir.path(), 200);
    let mut results = vec![ScanResult::default(), scanned(dir.path())];
    results.push(scanned(&dir.path().join("does-not-exist")));
    assert!(results[2].is_incomplete());
    // The published schema has a stray bracket in one expression (run.language), which strict
    // engines refuse; escaped it means the same.
    let published = include_str!("../testdata/sarif-schema-2.1.0.json");
    assert_eq!(published.matches("{2}]?$").count(), 2);
    let sarif = published.replace("{2}]?$", r"{2}\\]?$");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    let sarif = jsonschema::validator_for(&sarif).expect("a schema");
    let json = jsonschema::validator_for(&json_schema()).expect("a schema");
    let jsonl = jsonschema::validator_for(&jsonl_schema()).expect("a schema");
    for result in &results {
        for show_secrets in [false, true] {
            let options = ReportOptions {
                show_secrets,
                ..ReportOptions::default()
            };
            let parse = |bytes: &[u8]| serde_json::from_slice(bytes).expect("it is JSON");
            let value = parse(&written(Format::Sarif, result, &options));
            if let Err(e) = sarif.validate(&value) {
                panic!("sarif: {} at {}", e.masked(), e.instance_path());
            }
            let value = parse(&written(Format::Json, result, &options));
            if let Err(e) = json.validate(&value) {
                panic!("json: {} at {}", e.masked(), e.instance_path());
            }
            for line in written(Format::Jsonl, result, &options).split(|b| *b == b'\n') {
                if !line.is_empty() {
                    let value = parse(line);
                    for key in [
                        "pattern",
                        "path",
                        "line",
                        "column",
                        "end_line",
                        "end_column",
                        "fingerprint",
                        "masked",
                    ] {
                        assert!(value.get(key).is_some(), "a line has no {key}");
                    }
                    assert_eq!(value.get("secret").is_some(), show_secrets);
                    assert!(jsonl.is_valid(&value));
                }
            }
        }
    }
}

#[test]
fn nothing_drives_the_terminal_and_lines_are_lines() {
    let dir = tempfile::tempdir().expect("a folder");
    plant(dir.path(), 60);
    let result = scanned(dir.path());
    let out = String::from_utf8(written(Format::Human, &result, &ReportOptions::default()))
        .expect("human output is UTF-8");
    assert!(!out.contains('\x1b') && !out.contains('\u{202e}') && !out.contains('\r'));
    assert!(out.contains("new\\nline.txt:"), "the name is told, escaped");
    let lines = String::from_utf8(written(Format::Jsonl, &result, &ReportOptions::default()))
        .expect("UTF-8");
    let places: usize = result.findings.iter().map(|f| f.occurrences.len()).sum();
    assert_eq!(lines.lines().count(), places);
}

#[test]
fn the_same_at_any_number_of_threads() {
    let dir = tempfile::tempdir().expect("a folder");
    plant(dir.path(), usize::MAX);
    let told = |threads| {
        let options = ScanOptions {
            targets: vec![dir.path().to_owned()],
            threads,
            ..ScanOptions::default()
        };
        let result = scan(&options).expect("scanned");
        // Two tell times: of the scan for people, of the day for GitLab.
        let timeless = |f: &&Format| !matches!(f, Format::Human | Format::GitLab);
        let all = Format::ALL.iter().filter(timeless);
        all.map(|f| written(*f, &result, &ReportOptions::default()))
            .collect::<Vec<_>>()
    };
    let one = told(1);
    for threads in [2, 3, 8] {
        assert!(
            told(threads) == one,
            "{threads} threads tell something else"
        );
    }
}

#[test]
fn sarif_stays_within_the_limits_of_github_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("github.pat-classic").expect("it is known");
    let (text, _) = sample_match(pattern, &mut Sampler::new(9));
    fs::write(dir.path().join("many.txt"), text.repeat(25_100)).expect("written");
    let result = scanned(dir.path());
    let out = written(Format::Sarif, &result, &ReportOptions::default());
    let log: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().map(Vec::len), Some(25_000));
    assert!(run.to_string().contains("100 results are left out"));
}
