//! `--find -`: one known value is found in every encoding and every place that git holds, and no
//! output shows it. Encodings are made here anew, or by others (`serde_json`, git).

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use common::{Run, with_input};
use straykey::detect::Needles;
use straykey::detect::patterns::{Checksum, Sampler, sample_secret};
use straykey::reports::Format;
use straykey::scan::{HistoryOptions, history};
use straykey::story::HistoryResult;

fn git(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "user.name=Ann",
            "-c",
            "user.email=a@x.invalid",
        ])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    git(dir.path(), &["init", "-q"]);
    dir
}

fn commit(dir: &Path, message: &str) -> String {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "--allow-empty", "-m", message]);
    git(dir, &["rev-parse", "HEAD"])
}

/// A value that no pattern finds and that every encoding writes in its own way.
fn value(seed: u64) -> String {
    let letters = sample_secret(
        "[a-z]{4}/[A-Z]{3}\\+>[?]>>[?]>>\"[a-z]{5}~",
        Checksum::None,
        &mut Sampler::new(seed),
    );
    String::from_utf8(letters).expect("it is text")
}

/// RFC 4648.
fn base64(bytes: &[u8], last: [char; 2]) -> String {
    let digits: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(last)
        .collect();
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for i in 0..=three.len() {
            out.push(digits[(bits >> (18 - 6 * i)) as usize & 63]);
        }
        out.push_str(&"=".repeat(3 - three.len()));
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn percent(bytes: &[u8], kept: &str) -> String {
    let one = |b: &u8| {
        let c = char::from(*b);
        if c.is_ascii_alphanumeric() || kept.contains(c) {
            c.to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    bytes.iter().map(one).collect()
}

/// The value in every encoding, with text around it that moves it: pattern and content.
fn written(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("known.value", format!("x={value}\n").into_bytes())];
    for before in ["", "u", "us", "user:pass", "four"] {
        for after in ["", "\n", "/more of it"] {
            let text = format!("{before}{value}{after}");
            all.push((
                "known.value-base64",
                base64(text.as_bytes(), ['+', '/']).into_bytes(),
            ));
            all.push((
                "known.value-base64url",
                base64(text.as_bytes(), ['-', '_']).into_bytes(),
            ));
        }
    }
    // As `base64` writes a file: in lines of 76 digits.
    let file = format!("USER=somebody\nHOST=db.internal\nPORT=5432\nVALUE='{value}'\nMORE=1\n");
    let digits = base64(file.as_bytes(), ['+', '/']);
    let lines: Vec<&[u8]> = digits.as_bytes().chunks(76).collect();
    all.push(("known.value-base64", lines.join(&b"\n"[..])));
    let indented = lines.join(&b"\r\n    "[..]);
    all.push((
        "known.value-base64",
        [b"data: |\r\n    ", &indented[..]].concat(),
    ));
    let units: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    all.push((
        "known.value-base64",
        base64(&units, ['+', '/']).into_bytes(),
    ));
    let (lower, bytes) = (hex(value.as_bytes()), value.as_bytes());
    all.push(("known.value-hex", format!("00{lower}00").into_bytes()));
    all.push(("known.value-hex", lower.to_uppercase().into_bytes()));
    all.push(("known.value-percent", percent(bytes, "-._~").into_bytes()));
    all.push((
        "known.value-percent",
        percent(bytes, "-._~").to_lowercase_escapes(),
    ));
    all.push((
        "known.value-percent",
        percent(bytes, "-._~!*'()").into_bytes(),
    ));
    all.push(("known.value-percent", percent(bytes, "-._*").into_bytes()));
    all.push((
        "known.value-percent",
        bytes
            .iter()
            .flat_map(|b| format!("%{b:02x}").into_bytes())
            .collect(),
    ));
    let json = serde_json::to_string(value).expect("JSON");
    all.push(("known.value-escaped", json.clone().into_bytes()));
    all.push(("known.value-escaped", json.replace('/', "\\/").into_bytes()));
    let units = || value.encode_utf16();
    all.push((
        "known.value-escaped",
        units()
            .flat_map(|u| format!("\\u{u:04x}").into_bytes())
            .collect(),
    ));
    all.push((
        "known.value-escaped",
        units()
            .flat_map(|u| format!("\\u{u:04X}").into_bytes())
            .collect(),
    ));
    let text = format!("some text before it, and then {value} and more\n");
    let (little, big): (Vec<u8>, Vec<u8>) = (
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    );
    all.push(("known.value-utf16", [b"\xff\xfe", &little[..]].concat()));
    all.push(("known.value-utf16", big.clone()));
    // Inside of what is no text.
    all.push((
        "known.value-utf16",
        [&[0, 1, 2, 3, 255, 254, 0, 9, 7][..], &little].concat(),
    ));
    all
}

trait LowercaseEscapes {
    fn to_lowercase_escapes(&self) -> Vec<u8>;
}

impl LowercaseEscapes for String {
    fn to_lowercase_escapes(&self) -> Vec<u8> {
        let mut out = self.clone().into_bytes();
        for at in 0..out.len() {
            if out[at] == b'%' {
                out[at + 1..at + 3].make_ascii_lowercase();
            }
        }
        out
    }
}

fn found(dir: &Path, value: &[u8], full_scan: bool) -> HistoryResult {
    let mut options = HistoryOptions {
        repository: dir.to_owned(),
        full_scan,
        ..HistoryOptions::default()
    };
    options.scan.find = Some(Arc::new(Needles::new(value).expect("it is long enough")));
    history(&options).expect("swept")
}

/// Pattern and path of each place.
fn places(result: &HistoryResult) -> BTreeSet<(String, String)> {
    let findings = result.scan.findings.iter();
    findings
        .flat_map(|f| {
            let places = f.occurrences.iter();
            places.map(|o| {
                (
                    f.pattern.id.to_owned(),
                    o.path.to_string_lossy().into_owned(),
                )
            })
        })
        .collect()
}

#[test]
fn every_encoding_is_found_and_told_in_a_history_and_in_a_tree() {
    let (dir, value) = (repository(), value(1));
    let mut expected = BTreeSet::new();
    for (i, (pattern, content)) in written(&value).iter().enumerate() {
        let name = format!("f{i:03}");
        fs::write(dir.path().join(&name), content).expect("written");
        expected.insert(((*pattern).to_owned(), name));
    }
    // Alike, and not it.
    fs::write(dir.path().join("other"), value.to_uppercase() + &value[1..]).expect("written");
    commit(dir.path(), "all");
    let result = found(dir.path(), value.as_bytes(), false);
    assert_eq!(result.scan.skips, []);
    assert_eq!(places(&result), expected);
    // In a pack, and searched in full.
    git(dir.path(), &["repack", "-adfq"]);
    assert_eq!(
        places(&found(dir.path(), value.as_bytes(), false)),
        expected
    );
    assert_eq!(places(&found(dir.path(), value.as_bytes(), true)), expected);
    let run = run(
        dir.path(),
        &["scan", ".", "--find", "-", "-f", "jsonl"],
        &value,
    );
    assert_eq!(run.code, 1, "{run:?}");
    let lines = run
        .out
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON"));
    let told: BTreeSet<(String, String)> = lines
        .map(|l| {
            (
                l["pattern"].as_str().expect("a word").to_owned(),
                l["path"].as_str().expect("a path").to_owned(),
            )
        })
        .map(|(pattern, path)| (pattern, path.trim_start_matches("./").to_owned()))
        .collect();
    assert_eq!(told, expected);
}

fn run(dir: &Path, args: &[&str], input: &str) -> Run {
    with_input(dir, args, format!("{input}\n").as_bytes())
}

#[test]
fn wherever_git_holds_it_its_story_is_told() {
    let (dir, value) = (repository(), value(2));
    let path = dir.path();
    fs::write(path.join("a"), "x\n").expect("written");
    commit(path, "first");
    fs::write(path.join("gone.env"), format!("# x\nV={value}\n")).expect("written");
    let came = commit(path, "second");
    fs::remove_file(path.join("gone.env")).expect("removed");
    let went = commit(path, "third");
    let spoken = commit(path, &format!("Change it\n\nit was {value}, now changed"));
    git(
        path,
        &[
            "tag",
            "-a",
            "-m",
            &format!("with {}", base64(value.as_bytes(), ['+', '/'])),
            "v1",
        ],
    );
    fs::write(
        path.join("a"),
        format!("stashed {}\n", hex(value.as_bytes())),
    )
    .expect("written");
    git(path, &["stash", "-q"]);
    fs::write(path.join("loose"), percent(value.as_bytes(), "-._~")).expect("written");
    let dangling = git(path, &["hash-object", "-w", "loose"]);
    fs::remove_file(path.join("loose")).expect("removed");
    for packed in [false, true] {
        if packed {
            git(path, &["repack", "-adfq"]);
        }
        let result = found(path, value.as_bytes(), false);
        assert_eq!(result.scan.skips, []);
        let story = |id: &str| {
            let mut all = result.scan.findings.iter().zip(&result.stories);
            all.find(|(f, _)| f.pattern.id == id)
                .expect("it is found")
                .1
        };
        let plain = story("known.value");
        assert_eq!(
            plain.first_in().map(|e| (&*e.commit, e.line)),
            Some((&*came, Some(2)))
        );
        let all: Vec<&str> = plain.events.iter().map(|e| &*e.commit).collect();
        assert_eq!(
            all,
            [&*came, &*went, &*spoken],
            "one story of all its places"
        );
        assert_eq!(plain.references, ["main", "v1"]);
        assert_eq!(story("known.value-base64").references, ["v1"]);
        assert_eq!(story("known.value-hex").holders, ["stash@{0}"]);
        assert_eq!(
            story("known.value-percent").blobs,
            std::slice::from_ref(&dangling)
        );
        assert_eq!(story("known.value-percent").standing.word(), "unreachable");
        let prints: BTreeSet<String> = result
            .scan
            .findings
            .iter()
            .map(|f| f.fingerprint.to_string())
            .collect();
        assert!(
            prints.iter().all(|p| p.starts_with("w:")),
            "nothing to try words against: {prints:?}"
        );
        if packed {
            // `repack -a` keeps the unreachable blob loose: all the same it is read.
            assert!(path.join(".git/objects").join(&dangling[..2]).exists());
        }
    }
}

/// Versions in which pieces of the value are joined, parted, doubled and moved: in a pack most are
/// deltas whose copies end within it.
#[test]
fn along_deltas_the_same_blobs_are_found_as_in_git_s_own_output() {
    let dir = repository();
    let path = dir.path();
    let mut sampler = Sampler::new(5);
    let value = sample_secret("[a-z]{64}", Checksum::None, &mut sampler);
    let value = String::from_utf8(value).expect("it is text");
    let (first, second) = value.split_at(32);
    let filler: Vec<String> = (0..60)
        .map(|i| format!("line {i} {}\n", i * 7919))
        .collect();
    for i in 0..60 {
        let mut lines = filler.clone();
        for _ in 0..3 {
            let place = sampler.below(lines.len());
            let piece = match sampler.below(6) {
                0 => value.clone(),
                1 => first.to_owned(),
                2 => second.to_owned(),
                3 => format!("{first}-{second}"),
                4 => format!("{first}{value}{second}"),
                _ => format!("{}{second}", &first[1..]),
            };
            lines.insert(place, piece + "\n");
        }
        // Halves that only meet where two lines do.
        if i % 4 == 0 {
            let place = sampler.below(lines.len());
            lines.insert(place, first.to_owned());
            lines.insert(place + 1, second.to_owned() + "\n");
        }
        fs::write(path.join("f"), lines.concat()).expect("written");
        commit(path, "change");
    }
    git(path, &["repack", "-adfq", "--depth=50", "--window=50"]);
    let packs = fs::read_dir(path.join(".git/objects/pack")).expect("listed");
    let index = packs
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "idx"));
    let index = index.expect("a pack").to_string_lossy().into_owned();
    let verified = git(path, &["verify-pack", "-v", &index]);
    let deltas = verified
        .lines()
        .filter(|l| l.contains(" blob ") && l.split(' ').count() > 6);
    assert!(deltas.count() > 40, "most are deltas");
    let listed = git(
        path,
        &[
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objectname) %(objecttype)",
        ],
    );
    let blobs = listed.lines().filter_map(|l| l.strip_suffix(" blob"));
    let has = |id: &&str| git(path, &["cat-file", "blob", id]).contains(&value);
    let expected: Vec<&str> = blobs.filter(has).collect();
    assert!(
        expected.len() > 10 && expected.len() < 60,
        "{}",
        expected.len()
    );
    for full in [false, true] {
        let result = found(path, value.as_bytes(), full);
        assert_eq!(result.scan.findings.len(), 1);
        assert_eq!(result.stories[0].blobs, expected, "full: {full}");
    }
}

#[test]
fn nothing_printed_holds_the_value_in_any_encoding() {
    let dir = repository();
    let path = dir.path();
    let letters = sample_secret(
        "[a-z]{5}-[a-z]{3}>>>>>>[a-z]{4}\\+[a-z]{2}",
        Checksum::None,
        &mut Sampler::new(9),
    );
    let value = String::from_utf8(letters).expect("it is text");
    let encoded = base64(value.as_bytes(), ['-', '_']);
    fs::create_dir(path.join(&value)).expect("made");
    fs::write(
        path.join(&value).join(&encoded),
        format!("beside {value} aside\n"),
    )
    .expect("written");
    fs::write(
        path.join("plain"),
        written(&value)
            .iter()
            .map(|w| w.1.clone())
            .collect::<Vec<_>>()
            .join(&b'\n'),
    )
    .expect("written");
    git(path, &["add", "-A"]);
    let author = format!("--author={encoded} <{}@x.invalid>", hex(value.as_bytes()));
    git(path, &["commit", "-q", &author, "-m", &value]);
    git(path, &["branch", &format!("fix/{value}")]);
    git(path, &["tag", "-a", "-m", &value, &encoded]);
    git(
        path,
        &[
            "update-ref",
            &format!("refs/remotes/origin/{value}"),
            "HEAD",
        ],
    );
    // Something that is told as unread, with the value in its name.
    fs::write(path.join(".git/refs/heads").join(&value), "damaged\n").expect("written");
    let shown = [
        value.clone(),
        encoded.trim_end_matches('=').to_owned(),
        base64(value.as_bytes(), ['+', '/'])
            .trim_end_matches('=')
            .to_owned(),
        hex(value.as_bytes()),
        hex(value.as_bytes()).to_uppercase(),
        percent(value.as_bytes(), "-._~"),
    ];
    for format in Format::ALL.iter().map(|f| f.word()) {
        for command in [
            &["history"][..],
            &["scan", "."],
            &["history", "--full-scan"],
        ] {
            let args = [command, &["--find", "-", "-v", "-f", format]].concat();
            let done = run(path, &args, &value);
            let is_history = command[0] == "history";
            assert_eq!(
                done.code,
                if is_history { 2 } else { 1 },
                "{args:?}: {done:?}"
            );
            assert!(done.out.contains("known.value-base64url"), "{args:?}");
            let all = done.out + &done.err;
            for text in &shown {
                assert!(!all.contains(text), "{args:?} shows the value");
            }
            assert!(
                is_history || !all.contains("beside") && !all.contains("aside"),
                "no line of source is shown"
            );
        }
    }
    let out = path.join("out.json");
    run(
        path,
        &["history", "--find", "-", "-o", "json:out.json"],
        &value,
    );
    let file = fs::read_to_string(out).expect("written");
    assert!(shown.iter().all(|text| !file.contains(text)));
}

#[test]
fn what_cannot_be_looked_for_is_refused_without_a_word_of_it() {
    let dir = repository();
    commit(dir.path(), "x");
    for (args, input, word) in [
        (
            &["history", "--find", "open-sesame"][..],
            "",
            "standard input",
        ),
        (&["scan", ".", "--find=open-sesame"], "", "standard input"),
        (&["history", "--find", "-"], "", "fewer than 8 bytes"),
        (&["history", "--find", "-"], "sesame7", "fewer than 8 bytes"),
        (
            &["history", "--find", "-"],
            &"sesame".repeat(1000),
            "more than 4096 bytes",
        ),
        (
            &["scan", "-", "--find", "-"],
            "open-sesame",
            "name the files",
        ),
        (
            &["history", "--find", "-", "--show-secrets"],
            "open-sesame",
            "cannot be used with",
        ),
    ] {
        let done = run(dir.path(), args, input);
        assert_eq!((done.code, &*done.out), (2, ""), "{args:?}: {done:?}");
        assert!(done.err.contains(word), "{args:?}: {done:?}");
        assert!(!done.err.contains("sesame"), "{args:?}: {done:?}");
    }
    for (text, code) in [("eight888", 0), (&*"s".repeat(4096), 0)] {
        let done = run(dir.path(), &["history", "--find", "-"], text);
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.out.contains("one value was looked for"), "{done:?}");
    }
}

#[test]
fn what_could_not_be_read_is_no_clean_answer() {
    let (dir, value) = (repository(), value(3));
    fs::write(dir.path().join("a"), "x\n").expect("written");
    commit(dir.path(), "x");
    let id = git(dir.path(), &["rev-parse", "HEAD:a"]);
    let file = dir
        .path()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..]);
    fs::remove_file(&file).expect("it is loose");
    fs::write(&file, b"no object").expect("written");
    let done = run(dir.path(), &["history", "--find", "-"], &value);
    assert!(
        done.code == 2 && done.out.contains("INCOMPLETE"),
        "{done:?}"
    );
}
