//! Secrets that stand encoded, from the command line: where they are said to be, how they were
//! decoded, that they are the same as when they stand there as they are, and that nothing shows them.

mod common;

use std::fs;
use std::path::Path;

use common::{Run, base64, password, secret, straykey};
use serde_json::Value;

fn hex(bytes: &[u8]) -> String {
    escaped(bytes, "")
}

fn escaped(bytes: &[u8], before: &str) -> String {
    let one = |b: &u8| format!("{before}{b:02x}");
    bytes.iter().map(one).collect::<Vec<_>>().concat()
}

fn token(seed: u64) -> String {
    secret("github.pat-classic", seed)
}

fn git(dir: &Path, args: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=Ann", "-c", "user.email=ann@x.invalid"]);
    let done = command.args(args).current_dir(dir);
    let done = done.env("GIT_CONFIG_GLOBAL", "/dev/null").output();
    let done = done.expect("git runs");
    assert!(done.status.success(), "git {args:?}");
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(dir.path().join(name), text).expect("written");
    }
    dir
}

/// The findings of a run in JSON.
fn findings(run: &Run) -> Vec<Value> {
    let document: Value = serde_json::from_str(&run.out).expect("it is JSON");
    document["findings"].as_array().expect("a list").clone()
}

fn ways(occurrence: &Value) -> Vec<&str> {
    let list = occurrence["decoded"].as_array();
    list.map_or(Vec::new(), |l| l.iter().filter_map(Value::as_str).collect())
}

#[test]
fn a_secret_is_the_same_however_it_is_written() {
    let token = token(1);
    let bytes = token.as_bytes();
    let dir = folder(&[
        ("a.txt", &format!("{token}\n")),
        ("b.txt", &format!("x: {}\n", base64(bytes))),
        ("c.txt", &format!("x: {}\n", hex(bytes))),
        ("d.txt", &format!("x: \"{}\"\n", escaped(bytes, "\\u00"))),
        ("e.txt", &format!("x={}\n", escaped(bytes, "%"))),
        ("f.txt", &format!("x: {}\n", hex(base64(bytes).as_bytes()))),
        (
            "g.js",
            &format!("x = \"{}\" +\n    \"{}\"\n", &token[..9], &token[9..]),
        ),
    ]);
    let run = straykey(dir.path(), &["scan", "--format", "json"]);
    assert_eq!(run.code, 1);
    let all = findings(&run);
    assert_eq!(all.len(), 1, "one secret, however it is written");
    let told: Vec<(&str, Vec<&str>)> = all[0]["occurrences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|o| (o["path"].as_str().expect("a path"), ways(o)))
        .collect();
    let want = [
        ("a.txt", vec![]),
        ("b.txt", vec!["base64"]),
        ("c.txt", vec!["hex"]),
        ("d.txt", vec!["escapes"]),
        ("e.txt", vec!["percent-encoding"]),
        ("f.txt", vec!["hex", "base64"]),
        ("g.js", vec!["split-string"]),
    ];
    assert_eq!(told, want);
    // `--show-secrets` shows what it is, not what it was written as.
    let run = straykey(
        dir.path(),
        &["scan", "b.txt", "--format", "json", "--show-secrets"],
    );
    assert!(
        findings(&run)[0]["secret"] == Value::String(token),
        "the decoded secret is shown"
    );
}

/// Counted by hand: `auth: ` has six characters, so the digits begin in column 7. In front of the token
/// are 6 bytes, which are 8 digits; its 40 bytes are 320 bits and end in the 54th digit from there.
/// Lines have 20 digits: the ninth digit is on the first line, the 62nd is the second on the fourth.
#[test]
fn lines_and_columns_are_those_of_the_file() {
    let token = token(2);
    let inner = format!("user: {token}\nmore: 1\n");
    let digits = base64(inner.as_bytes());
    let rows: Vec<&str> = (0..digits.len())
        .step_by(20)
        .map(|at| &digits[at..digits.len().min(at + 20)])
        .collect();
    let dir = folder(&[
        ("one.txt", &format!("first\nauth: {digits}\n")),
        (
            "rows.yaml",
            &format!("data: |\n    {}\n", rows.join("\n    ")),
        ),
    ]);
    let run = straykey(dir.path(), &["scan", "--format", "json"]);
    let all = findings(&run);
    let place = |i: usize| {
        let o = &all[0]["occurrences"][i];
        ["line", "column", "end_line", "end_column"].map(|k| o[k].as_u64().expect("a number"))
    };
    assert_eq!(place(0), [2, 7 + 8, 2, 7 + 8 + 54]);
    assert_eq!(place(1), [2, 5 + 8, 5, 5 + 2]);
}

/// Every format, `explain` and what is told on the way: neither the secret nor any twelve of the
/// characters that it was written in.
#[test]
fn no_output_shows_what_was_decoded_nor_what_it_was_decoded_from() {
    let (token, password) = (token(3), password(4));
    let values = base64(password.as_bytes());
    let written = [
        base64(token.as_bytes()),
        hex(token.as_bytes()),
        escaped(token.as_bytes(), "\\x"),
        values.clone(),
    ];
    let dir = folder(&[
        (
            "a.txt",
            &format!("x: {} # {token} {}\n", written[0], written[0]),
        ),
        (
            "b.txt",
            &format!("x: {} y: \"{}\"\n", written[1], written[2]),
        ),
        (
            "c.yaml",
            &format!("kind: Secret\ndata:\n  password: {values} # {password}, {values}\n"),
        ),
    ]);
    for format in [
        "human",
        "json",
        "jsonl",
        "sarif",
        "github",
        "azure",
        "markdown",
        "gitlab",
        "gitlab-codequality",
        "junit",
        "rdjson",
        "sonar",
        "defectdojo",
        "csv",
    ] {
        let run = straykey(dir.path(), &["scan", "--format", format]);
        assert_eq!(run.code, 1, "{format}");
        let all = [run.out.as_str(), &run.err].concat();
        shows_nothing(&all, &token, &password, &written, format);
        let told = match format {
            "human" | "github" | "azure" | "junit" | "sarif" | "csv" => "decoded from base64",
            "json" | "jsonl" => "\"base64\"",
            _ => "",
        };
        assert!(all.contains(told), "{format}: how it was decoded is told");
    }
    for place in ["a.txt:1", "b.txt:1", "c.yaml:3"] {
        let run = straykey(dir.path(), &["explain", place]);
        let all = [run.out.as_str(), &run.err].concat();
        shows_nothing(&all, &token, &password, &written, place);
        assert!(all.contains("decoded from"), "{place}");
    }
}

fn shows_nothing(all: &str, token: &str, password: &str, written: &[String], what: &str) {
    assert!(
        !all.contains(&token[4..16]) && !all.contains(&token[24..36]),
        "{what}: the token"
    );
    assert!(!all.contains(password), "{what}: the password");
    for text in written {
        for at in 0..=text.len() - 12 {
            assert!(
                !all.contains(&text[at..at + 12]),
                "{what}: encoded, at {at}"
            );
        }
    }
}

#[test]
fn it_is_allowed_and_known_like_any_other() {
    let token = token(5);
    let encoded = base64(token.as_bytes());
    let dir = folder(&[("a.txt", &format!("x: {encoded}\n"))]);
    let here = dir.path();
    git(here, &["init", "-q"]);
    let run = straykey(here, &["scan", "--format", "jsonl"]);
    let line: Value = serde_json::from_str(&run.out).expect("it is JSON");
    let fingerprint = line["fingerprint"].as_str().expect("it has one").to_owned();

    // A comment on its line.
    fs::write(
        here.join("a.txt"),
        format!("x: {encoded} # straykey:allow a test\n"),
    )
    .expect("written");
    assert_eq!(straykey(here, &["scan"]).code, 0);
    fs::write(here.join("a.txt"), format!("x: {encoded}\n")).expect("written");
    assert_eq!(straykey(here, &["scan"]).code, 1);

    // What was allowed encoded is allowed as it is.
    let run = straykey(here, &["allow", &fingerprint, "--reason", "a test"]);
    assert_eq!(run.code, 0);
    assert_eq!(straykey(here, &["scan"]).code, 0);
    fs::write(here.join("b.txt"), format!("x: {token}\n")).expect("written");
    assert_eq!(straykey(here, &["scan"]).code, 0);
}

#[test]
fn staged_and_history_tell_the_same() {
    let tokens = [token(6), token(7)];
    let dir = folder(&[]);
    let here = dir.path();
    git(here, &["init", "-q"]);
    let filler = |n: usize| {
        let lines = (0..n).map(|i| format!("line {i} of a file\n"));
        lines.collect::<Vec<_>>().concat()
    };
    let rows = |token: &str| {
        let inner = format!("{}key = {token}\n{}", filler(40), filler(40));
        let digits = base64(inner.as_bytes());
        let row = |at: usize| format!("{}\n", &digits[at..digits.len().min(at + 76)]);
        let rows = (0..digits.len()).step_by(76).map(row);
        rows.collect::<Vec<_>>().concat()
    };
    // Versions that differ in a few lines, so that git stores them as deltas.
    let texts = [
        format!("{}{}", filler(200), rows(&tokens[0])),
        format!("{}new\n{}", filler(200), rows(&tokens[0])),
        format!(
            "{}new\n{}{}",
            filler(200),
            rows(&tokens[0]),
            escaped(tokens[1].as_bytes(), "%")
        ),
    ];
    for text in &texts {
        fs::write(here.join("a.txt"), text).expect("written");
        git(here, &["add", "a.txt"]);
        if *text == texts[2] {
            let run = straykey(here, &["staged", "--format", "jsonl"]);
            assert_eq!(run.code, 1);
            assert_eq!(run.out.lines().count(), 1, "only the second is new");
            let line: Value = serde_json::from_str(&run.out).expect("it is JSON");
            assert_eq!(ways(&line), ["percent-encoding"]);
        }
        git(here, &["commit", "-q", "-m", "a"]);
    }
    git(here, &["gc", "-q"]);
    let run = straykey(here, &["history", "--format", "json"]);
    let mut told: Vec<(String, u64)> = findings(&run)
        .iter()
        .map(|f| {
            let o = &f["occurrences"][0];
            let way = ways(o).join(" ");
            (
                way,
                f["story"]["events"]
                    .as_array()
                    .map_or(0, |e| e.len() as u64),
            )
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [("base64".to_owned(), 1), ("percent-encoding".to_owned(), 1)]
    );
    let run = straykey(here, &["scan", "--format", "json"]);
    assert_eq!(findings(&run).len(), 2);
    let run = straykey(here, &["history"]);
    assert!(run.out.contains("as   decoded from base64"), "{}", run.out);
}

/// The same bytes as coreutils write them, where they are.
#[test]
fn what_other_programs_encode_is_decoded() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let token = token(8);
    let inner = format!("[section]\nname = value\nkey = {token}\n");
    for (program, args, ways_want) in [
        ("base64", vec![], "base64"),
        ("base64", vec!["-w", "0"], "base64"),
        ("basenc", vec!["--base64url", "-w", "0"], "base64"),
        ("basenc", vec!["--base16"], "hex"),
        ("xxd", vec!["-p"], "hex"),
    ] {
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else { continue };
        let mut input = child.stdin.take().expect("it was asked for");
        input.write_all(inner.as_bytes()).expect("written");
        drop(input);
        let out = child.wait_with_output().expect("it ends").stdout;
        let dir = folder(&[("a.txt", &String::from_utf8(out).expect("ASCII"))]);
        let run = straykey(dir.path(), &["scan", "--format", "jsonl", "--show-secrets"]);
        let line: Value = serde_json::from_str(&run.out).expect("one line");
        assert!(line["secret"] == Value::String(token.clone()), "{program}");
        assert!(ways(&line)[0].starts_with(ways_want), "{program}");
    }
}

#[test]
fn utf32_is_read_as_text() {
    let token = token(9);
    let text = format!("key = {token}\n");
    let wide = |to: fn(u32) -> [u8; 4]| {
        text.chars()
            .map(u32::from)
            .flat_map(to)
            .collect::<Vec<u8>>()
    };
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    for (i, bytes) in [
        wide(u32::to_le_bytes),
        wide(u32::to_be_bytes),
        marked(b"\xff\xfe\0\0", wide(u32::to_le_bytes)),
        marked(b"\0\0\xfe\xff", wide(u32::to_be_bytes)),
    ]
    .iter()
    .enumerate()
    {
        let dir = folder(&[]);
        fs::write(dir.path().join("a.txt"), bytes).expect("written");
        let run = straykey(dir.path(), &["scan", "--format", "jsonl"]);
        assert_eq!(run.code, 1, "text {i}");
        let line: Value = serde_json::from_str(&run.out).expect("one line");
        assert_eq!(
            (line["line"].as_u64(), line["column"].as_u64()),
            (Some(1), Some(7))
        );
    }
}
