//! Pattern files that are wrong: each is refused with its line and with words that help. The build
//! script and `--patterns` pass through the same code.

use straykey::detect::Catalogue;
use straykey::detect::patterns::{PatternError, parse};

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
