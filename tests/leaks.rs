//! What the outputs tell of a weak password: not enough to find it in a list of words.
//!
//! An attacker is taken who has every report of a scan and knows all of the scanned files but the
//! passwords in them. He tries each word of a list of a million: puts it where the password stood,
//! and keeps the words for which each report would have been the same. At least a hundred must be
//! left.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use straykey::detect::Catalogue;
use straykey::detect::patterns::{Confidence, Sampler, sample_match};
use straykey::findings::{Fingerprint, ScanResult};
use straykey::reports::{Format, ReportOptions};
use straykey::scan::{ScanOptions, scan};

/// How many passwords are planted, how many words each must still be able to be, and how many are
/// tried: a few of them are no passwords to judgement, or of the same word.
const PASSWORDS: usize = 100;
const LEAST: usize = 100;
const TRIED: usize = 106;

/// Formats that tell each place in a line.
const BY_LINE: &[Format] = &[
    Format::Jsonl,
    Format::GitHub,
    Format::Azure,
    Format::JUnit,
    Format::Csv,
    Format::Markdown,
];

/// A million distinct words as people make passwords of: syllables and a number, 5 to 20
/// characters.
fn words() -> Vec<String> {
    const SYLLABLES: [&str; 16] = [
        "ka", "lo", "mi", "ru", "ten", "sol", "ver", "nim", "dar", "quo", "zel", "pha", "bri",
        "gus", "hol", "jen",
    ];
    let mut s = Sampler::new(20_261_125);
    let mut seen = HashSet::with_capacity(1_000_000);
    let mut out = Vec::with_capacity(1_000_000);
    while out.len() < 1_000_000 {
        let syllables = 2 + s.below(4);
        let mut word: String = (0..syllables)
            .map(|_| SYLLABLES[s.below(SYLLABLES.len())])
            .collect();
        word.push_str(&s.below(10_000).to_string());
        if seen.insert(word.clone()) {
            out.push(word);
        }
    }
    out
}

/// A file in which a password stands in the ways that could tell its length: before a token on
/// its line, twice on a line, in prose behind it, in a URL, in the reason of a comment.
fn text(word: &str, token: &str) -> String {
    format!(
        "DB_PASSWORD='{word}' TOKEN='{token}'\n\
         password=\"{word}\", password2=\"{word}\" # {word} or {token}\n\
         postgres://app:{word}@db.internal:5432/app {token}\n\
         pwd: \"{word}\" # straykey:allow not {word} but {token}\n"
    )
}

fn tokens() -> Vec<String> {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("github.pat-classic").expect("it is known");
    let mut s = Sampler::new(77);
    (0..PASSWORDS)
        .map(|_| String::from_utf8(sample_match(pattern, &mut s).1).expect("ASCII"))
        .collect()
}

/// Scans a folder in which each word stands in a file of its own. The result tells no size: that
/// is given apart, in KiB as reports give it.
fn scanned(dir: &Path, planted: &[&str], tokens: &[String]) -> (ScanResult, u64) {
    for (i, (word, token)) in planted.iter().zip(tokens).enumerate() {
        fs::write(dir.join(format!("{i:03}.yml")), text(word, token)).expect("written");
    }
    let mut result = scan(&ScanOptions {
        targets: vec![dir.to_owned()],
        least: Some(Confidence::Low),
        ..ScanOptions::default()
    })
    .expect("scanned");
    assert!(!result.is_incomplete());
    let json: Value = serde_json::from_str(&written(Format::Json, &result)).expect("JSON");
    let kib = json["read"]["kib"].as_u64().expect("a number");
    result.bytes = 0;
    result.elapsed = std::time::Duration::ZERO;
    (result, kib)
}

/// All reports, without the times that GitLab wants.
fn all_written(result: &ScanResult) -> Vec<String> {
    let timeless = |line: &&str| !line.contains("\"start_time\"") && !line.contains("\"end_time\"");
    let all = Format::ALL.iter().map(|f| written(*f, result));
    all.map(|text| text.lines().filter(timeless).collect())
        .collect()
}

/// What the reports tell about each file.
fn about(result: &ScanResult, files: usize) -> Vec<Vec<String>> {
    let mut pieces = human(result);
    let json: Value = serde_json::from_str(&written(Format::Json, result)).expect("JSON");
    let sarif: Value = serde_json::from_str(&written(Format::Sarif, result)).expect("JSON");
    let lists = [
        (Format::GitLab, "/vulnerabilities"),
        (Format::CodeQuality, ""),
        (Format::RdJson, "/diagnostics"),
        (Format::Sonar, "/issues"),
        (Format::DefectDojo, "/findings"),
    ];
    for (format, list) in lists {
        let report: Value = serde_json::from_str(&written(format, result)).expect("JSON");
        let list = report.pointer(list).and_then(Value::as_array);
        pieces.extend(list.expect("a list").iter().map(Value::to_string));
    }
    for list in [
        &json["findings"],
        &json["accepted"],
        &sarif["runs"][0]["results"],
    ] {
        let list = list.as_array().expect("a list");
        pieces.extend(list.iter().map(Value::to_string));
    }
    for format in BY_LINE {
        pieces.extend(written(*format, result).lines().map(str::to_owned));
    }
    let mut about = vec![Vec::new(); files];
    for piece in pieces {
        if let Some(i) = file_of(&piece) {
            about[i].push(piece);
        }
    }
    about
}

/// Which file a piece is about: its name is in it.
fn file_of(piece: &str) -> Option<usize> {
    let end = piece.find(".yml")?;
    piece.get(end.checked_sub(3)?..end)?.parse().ok()
}

fn written(format: Format, result: &ScanResult) -> String {
    let options = ReportOptions {
        verbose: true,
        ..ReportOptions::default()
    };
    let mut out = Vec::new();
    let report = format.report();
    report.write(result, &options, &mut out).expect("written");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// The findings of the human report: blocks between empty lines; and its accepted lines.
fn human(result: &ScanResult) -> Vec<String> {
    let text = written(Format::Human, result);
    text.split("\n\n")
        .flat_map(|block| {
            if block.starts_with("accepted ") {
                block.lines().map(str::to_owned).collect()
            } else {
                vec![block.to_owned()]
            }
        })
        .collect()
}

#[test]
fn of_a_million_words_a_hundred_could_be_each_password() {
    let words = words();
    let pattern = *Catalogue::embedded()
        .get("generic.password")
        .expect("it is known");
    // The last three digits of a weak fingerprint are what it tells of the secret.
    let bits = |word: &str| -> String {
        let full = Fingerprint::new(&pattern, word.as_bytes(), Path::new("x")).to_string();
        full[full.len() - 3..].to_owned()
    };
    let mut s = Sampler::new(4);
    let passwords: Vec<&str> = (0..PASSWORDS)
        .map(|_| words[s.below(words.len())].as_str())
        .collect();
    let mut alike: HashMap<String, Vec<&str>> =
        passwords.iter().map(|p| (bits(p), Vec::new())).collect();
    for word in &words {
        if let Some(list) = alike.get_mut(&bits(word)) {
            list.push(word);
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    let tokens = tokens();
    let (result, kib) = scanned(dir.path(), &passwords, &tokens);
    let (want, want_all) = (about(&result, PASSWORDS), all_written(&result));
    for (i, pieces) in want.iter().enumerate() {
        // Findings and places in all formats: there is something to learn from.
        assert!(pieces.len() >= 12, "{} pieces on {i}", pieces.len());
    }
    let size: usize = (0..PASSWORDS)
        .map(|i| text(passwords[i], &tokens[i]).len())
        .sum();
    assert_eq!(size.div_ceil(1024) as u64, kib);

    let mut consistent = vec![0; PASSWORDS];
    let mut lengths = vec![HashSet::new(); PASSWORDS];
    for round in 0..TRIED {
        let tried: Vec<&str> = passwords
            .iter()
            .map(|p| &alike[&bits(p)])
            .map(|list| list[round % list.len()])
            .collect();
        let (result, _) = scanned(dir.path(), &tried, &tokens);
        let all_same = all_written(&result) == want_all;
        let got = if all_same {
            want.clone()
        } else {
            about(&result, PASSWORDS)
        };
        for i in 0..PASSWORDS {
            // What an attacker who knows all else makes of the size.
            let other = text(tried[i], &tokens[i]).len();
            let own = text(passwords[i], &tokens[i]).len();
            let same_size = (size - own + other).div_ceil(1024) as u64 == kib;
            if same_size && got[i] == want[i] {
                consistent[i] += 1;
                lengths[i].insert(tried[i].len());
            }
        }
    }
    for i in 0..PASSWORDS {
        // The words are generated, and so is their order: their number tells nothing.
        assert!(
            alike[&bits(passwords[i])].len() >= TRIED,
            "the list is too short for password {i}"
        );
        assert!(
            consistent[i] >= LEAST,
            "only {} of {TRIED} words could be password {i}",
            consistent[i]
        );
        assert!(lengths[i].len() >= 5, "the length of password {i} is told");
    }
}

/// The test can fail: a word of other bits is told from the password.
#[test]
fn a_word_of_other_bits_is_told_apart() {
    let dir = tempfile::tempdir().expect("a folder");
    let tokens = tokens();
    let told = |word: &str| about(&scanned(dir.path(), &[word], &tokens[..1]).0, 1);
    let one = told("solver1177");
    assert_eq!(one, told("solver1177"));
    assert_ne!(one, told("kalo42"));
}
