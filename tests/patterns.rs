//! Pattern files that are wrong: each is refused with its line and with words that help. The build
//! script and `--patterns` pass through the same code.

use std::sync::atomic::{AtomicUsize, Ordering};

use straykey::detect::patterns::{PatternError, parse};
use straykey::detect::{Catalogue, Proof, ProofOptions, Property, Prover, Scratch};

const GOOD: &str = r#"provider = "acme"
name = "Acme"

[[pattern]]
id = "acme.key"
name = "Acme key"
description = "Opens the shop."
secret = 'acme_[0-9a-f]{32}'
anchors = ["acme_"]
randomness = 2.5
revoke = "Console > Keys > Delete"
sources = ["Acme documentation (2026)"]
counter = ["acme_0123"]
"#;

/// What is told of `GOOD` with one line (1-based) replaced.
fn told(line: usize, text: &str) -> Vec<PatternError> {
    let mut lines: Vec<&str> = GOOD.lines().collect();
    lines[line - 1] = text;
    if line == 8 && !text.contains("acme_") {
        // Its anchor would be one mistake more.
        lines[8] = "";
    }
    parse("acme.toml", Some("acme"), &lines.join("\n")).expect_err("it is wrong")
}

#[test]
fn a_good_file_is_good() {
    let patterns = parse("acme.toml", Some("acme"), GOOD).expect("it is right");
    assert_eq!(patterns.len(), 1);
    assert_eq!(patterns[0].prefix, "acme_");
}

#[test]
fn each_mistake_is_told_with_its_line() {
    for (line, text, words) in [
        (10, "randomnes = 2.5", "unknown field `randomnes`"),
        (8, "secret = 'acme_[0-9a-f]+'", "no upper bound"),
        (8, "secret = 'acme_[0-9a-f]{32,}'", "no upper bound"),
        (8, "secret = 'acme_[0-9a-f]{9000}'", "8192"),
        (
            8,
            "secret = '(?:[a-z]{1,99}[a-z0-9]{1,99}){1,9}acme'",
            "steps",
        ),
        (8, "secret = 'acme_(?:[0-9a-f]{32}'", "unclosed group"),
        (
            8,
            "secret = '^acme_[0-9a-f]{32}'",
            "look-around and line anchors",
        ),
        (8, "secret = 'acme_([0-9a-f]{32})'", "captures"),
        (8, "secret = ''", "empty"),
        (8, "secret = 'ac[0-9a-f]{12}'", "escapes the prefilter"),
        (
            9,
            "anchors = ['other']",
            "anchor 'other' is not in every match",
        ),
        (5, "id = 'other.key'", "must be 'acme.<kind>'"),
        (1, "provider = 'Acme'", "must be the file's stem"),
        (11, "revoke = ''", "revoke of 'acme.key' is empty"),
        (12, "sources = []", "names no source"),
        (10, "randomness = 9.0", "0 to 6"),
        (
            10,
            "severity = 'huge'",
            "'huge' is none of: low, medium, high, critical",
        ),
        (
            10,
            "checksum = 'crc'",
            "'crc' is none of: none, crc32-base62-6",
        ),
        (10, "near = ['Ab']", "lower case ASCII"),
        (10, "example = 'no place for it'", "holds {} once"),
        // The frame's letter stands where the match must begin at an edge.
        (10, "example = 'x{}'", "does not match in its frame"),
        (
            13,
            "counter = ['acme_0123456789abcdef0123456789abcdef']",
            "matches this counter-example",
        ),
        (10, "randomness = ", "expected"),
    ] {
        let errors = told(line, text);
        let words = words.to_lowercase();
        let hit = errors
            .iter()
            .any(|e| e.message.to_lowercase().contains(&words));
        assert!(hit, "{text}: {errors:?}");
        // A fault of the whole kind is told where its id or its shape stands.
        let lines: Vec<usize> = errors.iter().map(|e| e.line).collect();
        assert!(
            lines.contains(&line) || lines.contains(&8) || lines.contains(&5),
            "{text}: {lines:?}"
        );
        assert!(
            errors[0].to_string().starts_with("acme.toml:"),
            "{text}: {}",
            errors[0]
        );
    }
}

#[test]
fn ids_are_used_once() {
    let kind = &GOOD[GOOD.find("[[pattern]]").expect("there is one")..];
    let twice = format!("{GOOD}\n{kind}");
    let errors = parse("acme.toml", Some("acme"), &twice).expect_err("it is wrong");
    assert_eq!(errors.len(), 1);
    assert_eq!(
        (errors[0].line, errors[0].message.as_str()),
        (16, "id 'acme.key' is used twice")
    );

    let mut catalogue = Catalogue::embedded();
    let known = catalogue.patterns().len();
    assert_eq!(catalogue.add_file("acme.toml", GOOD), Ok(1));
    assert_eq!(catalogue.patterns().len(), known + 1);
    let errors = catalogue
        .add_file("again.toml", GOOD)
        .expect_err("it is there already");
    assert_eq!(errors[0].line, 5);
    assert!(errors[0].message.contains("in the catalogue already"));
    assert_eq!(catalogue.patterns().len(), known + 1, "nothing was added");
}

/// A person may have a pattern that the prefilter cannot help, and is told that it is slow.
#[test]
fn a_persons_own_slow_pattern_is_found_and_told() {
    let own = GOOD
        .replace("acme_[0-9a-f]{32}", "ac[0-9a-f]{12}")
        .replace("anchors = [\"acme_\"]\n", "")
        .replace("randomness = 2.5\n", "");
    let mut catalogue = Catalogue::empty();
    assert_eq!(catalogue.add_file("own.toml", &own), Ok(1));
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a"), "x = ac00ff12ab34cd\n").expect("written");
    let options = straykey::scan::ScanOptions {
        targets: vec![dir.path().to_owned()],
        catalogue,
        ..Default::default()
    };
    let result = straykey::scan::scan(&options).expect("scanned");
    assert_eq!(result.findings.len(), 1);
    assert!(
        result
            .notices
            .iter()
            .any(|n| n.contains("'acme.key' has no prefilter"))
    );
}

/// The catalogue's patterns, each proved against all of them.
fn prove(catalogue: &Catalogue, options: ProofOptions) -> Vec<Proof> {
    let prover = Prover::new(catalogue, options);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let worker = || {
            let mut scratch = Scratch::default();
            let mut proofs = Vec::new();
            while let Some(p) = catalogue
                .patterns()
                .get(next.fetch_add(1, Ordering::Relaxed))
            {
                proofs.push(prover.prove(p, &mut scratch));
            }
            proofs
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let join = |w: std::thread::ScopedJoinHandle<'_, Vec<Proof>>| w.join().expect("no panic");
        workers.into_iter().flat_map(join).collect()
    })
}

/// Every pattern finds its own examples, alone, in all styles, and not their twins.
#[test]
fn every_pattern_is_proved() {
    let catalogue = Catalogue::embedded();
    let options = ProofOptions {
        seed: 20_261_128,
        examples: 2,
    };
    let proofs = prove(&catalogue, options);
    assert_eq!(proofs.len(), catalogue.patterns().len());
    let texts: usize = proofs.iter().map(|p| p.texts).sum();
    assert!(texts > 40 * proofs.len(), "{texts} texts");
    let wrong: Vec<_> = proofs
        .iter()
        .filter(|p| !p.holds())
        .map(|p| (p.id, &p.faults))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A proof sees what it is for: each of these is wrong in one way, and told so.
#[test]
fn what_is_wrong_is_told() {
    let two = |shape: &str, more: &str| {
        let kind = &GOOD[GOOD.find("[[pattern]]").expect("there is one")..];
        let other = kind
            .replace("acme.key", "acme.other")
            .replace("anchors = [\"acme_\"]\n", "")
            .replace("counter = [\"acme_0123\"]\n", "")
            .replace(
                "secret = 'acme_[0-9a-f]{32}'",
                &format!("secret = '{shape}'\n{more}"),
            );
        format!("{GOOD}\n{other}")
    };
    for (text, id, property, words) in [
        // Two kinds of one shape: one of them never wins.
        (
            two("acme_[0-9a-f]{32}", ""),
            "acme.other",
            Property::Found,
            "acme.key is found instead",
        ),
        // A floor that hex never reaches.
        (
            GOOD.replace("randomness = 2.5", "randomness = 3.9"),
            "acme.key",
            Property::Examples,
            "floor of randomness loses",
        ),
    ] {
        let mut catalogue = Catalogue::empty();
        let added = catalogue.add_file("acme.toml", &text);
        assert!(added.is_ok(), "{added:?}");
        let proofs = prove(&catalogue, ProofOptions::default());
        let proof = proofs.iter().find(|p| p.id == id).expect("it is proved");
        let told = proof
            .faults
            .iter()
            .any(|f| f.property == property && f.told.contains(words));
        assert!(told, "{id}: {:#?}", proof.faults);
    }
    // The same seed, the same proof; alone and among others.
    let mut catalogue = Catalogue::empty();
    assert!(catalogue.add_file("acme.toml", GOOD).is_ok());
    let once = prove(&catalogue, ProofOptions::default());
    assert!(
        once[0].holds() && once[0].texts > 100,
        "{:#?}",
        once[0].faults
    );
    let again = prove(&catalogue, ProofOptions::default());
    assert_eq!(
        (once[0].texts, &once[0].faults),
        (again[0].texts, &again[0].faults)
    );
}

/// `patterns check` asks all that the build asks.
#[test]
fn a_shape_that_escapes_the_prefilter_is_refused_by_the_check() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("acme.toml");
    let slow = GOOD
        .replace("acme_[0-9a-f]{32}", "ac[0-9a-f]{12}")
        .replace("anchors = [\"acme_\"]\n", "");
    for (text, good) in [(GOOD, true), (slow.as_str(), false)] {
        std::fs::write(&file, text).expect("written");
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_straykey"))
            .args(["patterns", "check"])
            .arg(&file)
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(if good { 0 } else { 2 }), "{told}");
        assert_eq!(told.contains("escapes the prefilter"), !good, "{told}");
    }
}
