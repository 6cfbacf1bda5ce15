//! No output of the program holds a secret: secrets of every pattern are planted wherever text can
//! stand, every command is run over them, and all that it writes is searched for each secret's
//! bytes, as they are and in the forms in which they could hide.

#![cfg(unix)]
#![allow(
    clippy::format_collect, // Small texts; it reads best so.
    clippy::unwrap_used,
    reason = "what stands outside of test functions is test all the same"
)]

#[path = "hostile/run.rs"]
mod run;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use straykey::detect::Catalogue;
use straykey::detect::patterns::{Class, Sampler, sample_match};
use straykey::reports::Format;

use run::{Ran, straykey, write};

/// A planted secret.
struct Planted {
    pattern: &'static str,
    secret: Vec<u8>,
    /// The text that it is planted with.
    text: Vec<u8>,
}

/// One of each pattern. Those that are no secret (an id that is half of one) and those that are
/// too short to be told from other text are left out of the search, but not of the text.
fn planted(seed: u64) -> Vec<Planted> {
    let catalogue = Catalogue::embedded();
    let mut sampler = Sampler::new(seed);
    let mut all = Vec::new();
    for pattern in catalogue.patterns() {
        let (text, secret) = sample_match(pattern, &mut sampler);
        let is_secret = pattern.class != Class::Identifier && secret.len() >= 12;
        if is_secret {
            all.push(Planted {
                pattern: pattern.id,
                secret,
                text,
            });
        }
    }
    assert!(all.len() > 400, "{}", all.len());
    all
}

fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let mut out = String::new();
    for b in bytes {
        let _ = if upper {
            write!(out, "{b:02X}")
        } else {
            write!(out, "{b:02x}")
        };
    }
    out.into_bytes()
}

fn base64(bytes: &[u8], alphabet: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0u32, |word, b| word << 8 | u32::from(*b));
        let word = word << (8 * (3 - three.len()));
        for i in 0..=three.len() {
            out.push(alphabet[(word >> (18 - 6 * i) & 63) as usize]);
        }
    }
    out
}

/// A secret as it could stand in an output. Of base64 what depends on the neighbours is cut off.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let url = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = String::from_utf8_lossy(secret);
    let json = serde_json::to_string(&text).unwrap();
    let mut all = vec![
        secret.to_vec(),
        secret.iter().rev().copied().collect(),
        hex(secret, false),
        hex(secret, true),
        json.trim_matches('"').as_bytes().to_vec(),
        text.escape_debug().to_string().into_bytes(),
    ];
    let mut percent = Vec::new();
    for b in secret {
        if b.is_ascii_alphanumeric() || b"-._~".contains(b) {
            percent.push(*b);
        } else {
            percent.push(b'%');
            percent.extend(hex(&[*b], true));
        }
    }
    all.push(percent);
    for alphabet in [plain, url] {
        for phase in 0..3 {
            let shifted = [&vec![b'x'; phase][..], secret].concat();
            let whole = base64(&shifted, alphabet);
            // Characters that hold bits of what stands before or behind.
            let begin = [0, 2, 3][phase];
            let end = whole.len() - usize::from(shifted.len() % 3 != 0);
            all.push(whole[begin..end].to_vec());
        }
    }
    all
}

/// All forms of all secrets, to be looked for together.
struct Search {
    /// By the first eight bytes of a form.
    heads: HashMap<[u8; 8], Vec<(Vec<u8>, &'static str)>>,
}

impl Search {
    fn of(all: &[Planted]) -> Self {
        let mut heads: HashMap<[u8; 8], Vec<_>> = HashMap::new();
        for one in all {
            for form in forms(&one.secret) {
                let head = *form.first_chunk().expect("twelve bytes at least");
                heads.entry(head).or_default().push((form, one.pattern));
            }
        }
        Self { heads }
    }

    /// Asserts that none stands in an output.
    fn assert_none(&self, output: &[u8], what: &str) {
        for at in 0..output.len().saturating_sub(7) {
            let head: &[u8; 8] = output[at..].first_chunk().expect("eight are left");
            for (form, pattern) in self.heads.get(head).into_iter().flatten() {
                assert!(
                    !output[at..].starts_with(form),
                    "{what}: a secret of {pattern} at byte {at}"
                );
            }
        }
    }

    fn assert_none_in(&self, ran: &Ran, what: &str) {
        self.assert_none(ran.stdout.as_bytes(), &format!("{what}: stdout"));
        self.assert_none(ran.stderr.as_bytes(), &format!("{what}: stderr"));
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let all = planted(3);
    let search = Search::of(&all);
    search.assert_none(b"nothing is in here", "nothing");
    for one in all.iter().step_by(50) {
        for form in forms(&one.secret) {
            let output = [b"before ", &form[..], b" after"].concat();
            let told = std::panic::catch_unwind(|| search.assert_none(&output, "planted"));
            assert!(told.is_err(), "{}", one.pattern);
        }
    }
}

#[test]
fn secrets_in_contents() {
    let all = planted(11);
    let search = Search::of(&all);
    let dir = tempfile::tempdir().unwrap();
    let whole: Vec<u8> = all
        .iter()
        .flat_map(|p| [&p.text[..], b"\n"].concat())
        .collect();
    write(dir.path(), "t/all.env", &whole);
    write(dir.path(), "t/all.bin", [b"\0\0\0", &whole[..]].concat());
    // Far from each other, as they are met; and all on one line, each in the other's frame.
    let far: Vec<u8> = all
        .iter()
        .flat_map(|p| [&p.text[..], b"\n\n\n\n\n\n\n\n\n\n"].concat())
        .collect();
    write(dir.path(), "t/far.yml", &far);
    let line: Vec<u8> = all
        .iter()
        .filter(|p| !p.text.contains(&b'\n'))
        .flat_map(|p| [&p.text[..], b"; "].concat())
        .collect();
    write(dir.path(), "t/line.js", &line);
    let utf16: Vec<u8> = String::from_utf8_lossy(&whole)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    write(dir.path(), "t/wide.txt", utf16);
    for format in Format::ALL.iter().map(|f| f.word()) {
        let all = [&["--confidence=low", "-v"][..], &["-q"]];
        // How much is told changes the report for people only.
        for more in &all[..if format == "human" { 2 } else { 1 }] {
            let output = format!("{format}:report");
            let args = ["scan", "t", "-f", format, "-o", &output];
            let ran = straykey(dir.path(), args.iter().chain(*more)).ends(1);
            search.assert_none_in(&ran, &format!("{format} {more:?}"));
            let report = fs::read(dir.path().join("report")).unwrap();
            search.assert_none(&report, &format!("the file, {format} {more:?}"));
        }
    }
    // Why each was or was not reported.
    let lines = far.split(|b| *b == b'\n').count();
    let ran = straykey(
        dir.path(),
        ["scan", "t/far.yml", "-f", "json", "--confidence=low"],
    )
    .ends(1);
    let mut explained = 0;
    for finding in ran.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .step_by(90)
    {
        let id = finding["fingerprint"].as_str().unwrap();
        let ran = straykey(dir.path(), ["explain", id, "t/far.yml"]).ends(0);
        search.assert_none_in(&ran, "explain");
        let args = ["allow", id, "--reason", "a test", "t/far.yml"];
        search.assert_none_in(&straykey(dir.path(), args).ends(0), "allow");
        explained += 1;
    }
    assert!(explained > 2, "{explained} of {lines} lines");
    let ignore = fs::read(dir.path().join("t/.straykey/ignore"))
        .or_else(|_| fs::read(dir.path().join(".straykey/ignore")))
        .unwrap();
    search.assert_none(&ignore, "the allowances");
    let ran = straykey(dir.path(), ["scan", "t/far.yml", "-v"]).ends(1);
    search.assert_none_in(&ran, "accepted");
    for line in (1..lines).step_by(lines / 8) {
        let ran = straykey(dir.path(), ["explain", &format!("t/far.yml:{line}")]);
        search.assert_none_in(&ran, "explain a line");
    }
    let ran = straykey(dir.path(), ["explain", "t/line.js:1"]).ends(0);
    search.assert_none_in(&ran, "explain all on one line");
}

/// Secrets as one line of printable text, as they stand in configuration.
fn lines(all: &[Planted]) -> Vec<&str> {
    let printable = |p: &&Planted| p.secret.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    let one_line = all.iter().filter(printable);
    one_line
        .map(|p| std::str::from_utf8(&p.secret).unwrap())
        .collect()
}

#[test]
fn secrets_in_configuration() {
    let all = planted(12);
    let search = Search::of(&all);
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "t/a", "x");
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    // Every secret in one place each, every place for many secrets.
    let frames: [&dyn Fn(&str) -> String; 16] = [
        &|s| format!("confidence = {}", quoted(s)),
        &|s| format!("{} = 1", quoted(s)),
        &|s| format!("[{}]", quoted(s)),
        &|s| format!("exclude = {}", quoted(s)),
        &|s| format!("disable = [{}]", quoted(s)),
        &|s| format!("patterns = [{}]", quoted(s)),
        &|s| format!("patterns = [{}]", quoted(&format!("../{s}"))),
        &|s| format!("exclude = [{}]", quoted(&format!("{s}["))),
        &|s| format!("exclude = [{}]", quoted(&format!("#{s}"))),
        &|s| s.to_owned(),
        &|s| format!("token = {s}"),
        &|s| format!("token = '{s}"),
        &|s| format!("exclude = [{{ a = {} }}]", quoted(s)),
        &|s| format!("exclude = [] {s}"),
        &|s| format!("confidence = 'low'\nconfidence = {}", quoted(s)),
        &|s| format!("exclude.{} = 1", quoted(s)),
    ];
    for (i, secret) in lines(&all).into_iter().step_by(5).enumerate() {
        let text = frames[i % frames.len()](secret);
        write(dir.path(), "t/.straykey/config.toml", text);
        let ran = straykey(dir.path(), ["scan", "t"]);
        search.assert_none_in(&ran, &format!("config.toml, frame {}", i % frames.len()));
    }
    fs::remove_file(dir.path().join("t/.straykey/config.toml")).unwrap();
    // Allowances: all at once, as each bad line is told.
    for frame in [
        "{}",
        "{} x y",
        "0123456789abcdef0123456789abcdef x until={} y",
        "w:{} x y",
    ] {
        let text: String = lines(&all)
            .iter()
            .map(|secret| frame.replace("{}", secret) + "\n")
            .collect();
        write(dir.path(), "t/.straykey/ignore", text);
        let ran = straykey(dir.path(), ["scan", "t"]).ends(2);
        search.assert_none_in(&ran, &format!("ignore, {frame}"));
    }
}

#[test]
fn secrets_in_pattern_files() {
    let all = planted(13);
    let search = Search::of(&all);
    let dir = tempfile::tempdir().unwrap();
    let good = "provider = 'x'\nname = 'X'\n[[pattern]]\nid = 'x.y'\nname = 'Y'\n\
                description = 'd'\nrevoke = 'r'\nsources = ['https://example.invalid']\n\
                secret = 'xyz[0-9]{16}'\n";
    write(dir.path(), "good.toml", good);
    straykey(dir.path(), ["patterns", "check", "good.toml"]).ends(0);
    let keys = [
        "provider",
        "id",
        "secret",
        "status",
        "class",
        "severity",
        "confidence",
        "lifetime",
        "checksum",
        "left",
        "near",
        "names",
        "anchors",
        "nhi",
        "cwe",
        "randomness",
        "before",
        "after",
        "counter",
        "example",
        "unknown",
        "rotation_days",
        "near_bytes",
        "part",
        "",
    ];
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let mut files = Vec::new();
    for (i, secret) in lines(&all).into_iter().enumerate() {
        let key = keys[i % keys.len()];
        let line = match key {
            "" => format!("{} = 1", quoted(secret)),
            "secret" if i % 2 == 0 => format!("secret = {}", quoted(&format!("{secret}["))),
            "near" | "names" | "anchors" | "nhi" | "counter" if i % 2 == 0 => {
                format!("{key} = [{}]", quoted(&secret.to_uppercase()))
            }
            "near" | "names" | "anchors" | "nhi" | "counter" => {
                format!("{key} = [{}]", quoted(secret))
            }
            _ => format!("{key} = {}", quoted(secret)),
        };
        let mut text: String = good
            .lines()
            .filter(|l| !l.starts_with(&format!("{key} =")))
            .map(|l| format!("{l}\n"))
            .collect();
        text = match key {
            "provider" => format!("{line}\n{text}"),
            _ => format!("{text}{line}\n"),
        };
        let name = format!("{i}.toml");
        write(dir.path(), &name, text);
        files.push(name);
    }
    let args = ["patterns", "check"].into_iter().map(str::to_owned);
    let ran = straykey(dir.path(), args.chain(files.iter().cloned())).ends(2);
    assert!(
        ran.stderr.lines().count() > 200, // all that are told
        "{}",
        ran.stderr
    );
    search.assert_none_in(&ran, "patterns check");
    write(dir.path(), "a", "x");
    for file in files.iter().step_by(29) {
        let ran = straykey(dir.path(), ["scan", "a", "--patterns", file]);
        search.assert_none_in(&ran, "scan --patterns");
    }
}

#[test]
fn secrets_in_links_and_git() {
    let all = planted(14);
    let search = Search::of(&all);
    let dir = tempfile::tempdir().unwrap();
    let as_name = |p: &&Planted| p.secret.len() < 200 && !p.secret.contains(&b'/');
    for (i, one) in all.iter().filter(as_name).enumerate() {
        let name = std::ffi::OsStr::from_bytes(&one.secret);
        std::os::unix::fs::symlink(name, dir.path().join(format!("link{i}"))).unwrap();
    }
    let whole: Vec<u8> = all
        .iter()
        .flat_map(|p| [&p.secret[..], b"\n"].concat())
        .collect();
    for name in [
        "index",
        "HEAD",
        "config",
        "packed-refs",
        "info/exclude",
        "commondir",
    ] {
        write(dir.path(), Path::new(".git").join(name), &whole);
    }
    fs::create_dir_all(dir.path().join(".git/objects/info")).unwrap();
    write(dir.path(), ".git/objects/info/alternates", &whole);
    write(dir.path(), ".gitignore", [&whole[..], b"x\n"].concat());
    write(dir.path(), ".gitmodules", &whole);
    write(dir.path(), "x", "ignored");
    write(dir.path(), "sub/.git", [b"gitdir: ", &whole[..]].concat());
    for format in Format::ALL.iter().map(|f| f.word()) {
        let ran = straykey(dir.path(), ["scan", ".", "-v", "-f", format]);
        search.assert_none_in(&ran, format);
    }
    for i in 0..3 {
        let link = format!("link{i}");
        search.assert_none_in(
            &straykey(dir.path(), ["scan", &link]).ends(2),
            "a named link",
        );
    }
}

/// A name is shown: nobody could find the file otherwise. This holds what is known of it.
#[test]
fn a_secret_in_a_name_is_shown_as_the_name_only() {
    let dir = tempfile::tempdir().unwrap();
    let (text, secret) = run::token(5);
    let name = String::from_utf8(secret).unwrap();
    write(dir.path(), format!("{name}/a"), text);
    let ran = straykey(dir.path(), ["scan", ".", "-v"]).ends(1);
    let places = ran.stdout.matches(&name).count();
    let as_path = ran.stdout.matches(&format!("{name}/a")).count();
    assert_eq!(places, as_path, "where it is no name it is masked");
}
