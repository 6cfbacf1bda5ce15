//! `straykey migrate`: what other scanners' files say, carried over; and what cannot be, named.
//!
//! Expected values come from the formats' own definitions (hashes are made here) and, where it is
//! installed, from gitleaks itself.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Run, secret, straykey};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use straykey::detect::patterns::{Checksum, Sampler, sample_secret};

fn put(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(path, text).expect("written");
}

/// The baseline without the hashes of files: each line of a strong secret has one here.
fn baseline(dir: &Path) -> String {
    let cut = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        let mark = words.remove(2);
        let digits = mark.strip_prefix('@').expect("a file");
        assert!(digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        words.join(" ") + "\n"
    };
    read(dir, "baseline").lines().map(cut).collect()
}

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(".straykey").join(name)).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// A generated text of a shape.
fn drawn(shape: &str, seed: u64) -> String {
    let text = sample_secret(shape, Checksum::None, &mut Sampler::new(seed));
    String::from_utf8(text).expect("it is text")
}

/// What a scan finds: fingerprint, pattern, path and line.
fn found(dir: &Path, more: &[&str]) -> Vec<(String, String, String, u64)> {
    let args = [&["scan", ".", "--format", "json"], more].concat();
    let run = straykey(dir, &args);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("it is JSON");
    let findings = report["findings"].as_array().expect("a list");
    let mut all = Vec::new();
    for f in findings {
        for place in f["occurrences"].as_array().expect("a list") {
            let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
            all.push((
                text(&f["fingerprint"]),
                text(&f["pattern"]),
                text(&place["path"]).trim_start_matches("./").to_owned(),
                place["line"].as_u64().unwrap_or(0),
            ));
        }
    }
    all
}

fn without_secrets(run: &Run, secrets: &[&str]) {
    for secret in secrets {
        assert!(!run.out.contains(secret) && !run.err.contains(secret));
    }
}

fn line_of<'r>(run: &'r Run, begin: &str) -> &'r str {
    let mut lines = run.out.lines().map(str::trim);
    lines
        .find(|line| line.starts_with(begin))
        .unwrap_or_else(|| panic!("no line begins with {begin}: {}{}", run.out, run.err))
}

#[test]
fn rules_become_patterns_and_allowlists_become_globs() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let token = drawn("acme_[0-9a-f]{32}", 1);
    let inner = drawn("[0-9A-Za-z]{40}", 2);
    put(dir, "src/a.py", &format!("x = \"{token}\"\n"));
    put(dir, "src/b.py", &format!("corp_token = '{inner}'\n"));
    put(
        dir,
        "vendor/c.py",
        &format!("x = \"{}\"\n", drawn("acme_[0-9a-f]{32}", 3)),
    );
    put(
        dir,
        ".gitleaks.toml",
        "title = 'ours'\n\
         [extend]\n\
         useDefault = true\n\
         disabledRules = ['github-pat']\n\
         [[rules]]\n\
         id = 'acme-token'\n\
         description = 'Acme token'\n\
         regex = '''\\bacme_[0-9a-f]{32}\\b'''\n\
         keywords = ['acme_']\n\
         [[rules]]\n\
         id = 'corp-token'\n\
         description = 'Corp token'\n\
         regex = '''(?i)corp[_-]?token\\s*[:=]\\s*['\"]([0-9a-z]{40,})['\"]'''\n\
         entropy = 3.0\n\
         [[rules]]\n\
         id = 'only-names'\n\
         path = '''\\.pem$'''\n\
         [[rules]]\n\
         id = 'looks-around'\n\
         regex = '''acme(?=x)'''\n\
         [[allowlists]]\n\
         description = 'not ours'\n\
         paths = ['''(^|/)vendor/''', '''\\d+\\.txt$''']\n",
    );
    let run = straykey(dir, &["migrate"]);
    assert_eq!(run.code, 1, "something was lost: {}{}", run.out, run.err);
    assert!(
        line_of(&run, ".gitleaks.toml:15:").contains("looks at names of files"),
        "{}",
        run.out
    );
    assert!(line_of(&run, ".gitleaks.toml:20:").contains("looks-around"));
    assert!(line_of(&run, ".gitleaks.toml:23:").contains("no glob says"));
    let capped = line_of(&run, ".gitleaks.toml:13:");
    assert!(
        capped.contains("without a bound") && capped.contains("512"),
        "{capped}"
    );
    let config = read(dir, "config.toml");
    assert!(
        config.contains("'vendor/', # .gitleaks.toml:23"),
        "{config}"
    );
    assert!(
        config.contains("'github.pat-classic', # .gitleaks.toml:4"),
        "{config}"
    );
    // Our own commands take what was written.
    let files: Vec<_> = found(dir, &[])
        .into_iter()
        .map(|(_, id, path, line)| (id, path, line))
        .collect();
    assert!(
        files.contains(&("imported.acme-token".into(), "src/a.py".into(), 1)),
        "{files:?}"
    );
    assert!(
        files.contains(&("imported.corp-token".into(), "src/b.py".into(), 1)),
        "{files:?}"
    );
    assert!(
        !files.iter().any(|(_, path, _)| path.starts_with("vendor")),
        "{files:?}"
    );
    let again = straykey(dir, &["migrate"]);
    assert!(again.out.contains("config.toml: has it all") && !again.out.contains("written"));
}

#[test]
fn places_become_fingerprints_wherever_the_lines_were() {
    let dir = common::demo_folder();
    let dir = dir.path();
    let repository = git2::Repository::open(dir).expect("a repository");
    let head = repository
        .head()
        .expect("a head")
        .target()
        .expect("a commit");
    let all = found(dir, &[]);
    let slack = all
        .iter()
        .find(|f| f.1 == "slack.bot-token")
        .expect("found");
    let aws = all.iter().find(|f| f.1 == "aws.access-key").expect("found");
    // Two lines are put before the secret: the commit's lines still count for the commit.
    let text = fs::read_to_string(dir.join("ci/notify.sh")).expect("read");
    put(dir, "ci/notify.sh", &format!("#\n#\n{text}"));
    put(
        dir,
        ".gitleaksignore",
        &format!(
            "# known\n{head}:ci/notify.sh:slack-bot-token:2\n\
             deploy/prod.env:aws-access-token:2\n\
             gone.txt:aws-access-token:1\n\
             README.md:generic-api-key:1\n\
             {}:a:b:1\n\
             ../x:a:1\nnonsense\n",
            "0".repeat(40)
        ),
    );
    let run = straykey(dir, &["migrate"]);
    assert_eq!(run.code, 1);
    let mut expected = [
        format!("{} aws.access-key # from .gitleaksignore", aws.0),
        format!("{} slack.bot-token # from .gitleaksignore", slack.0),
    ];
    expected.sort();
    assert_eq!(
        baseline(dir).lines().collect::<Vec<_>>(),
        expected,
        "{}",
        run.out
    );
    for (line, why) in [
        (4, "there is no such file"),
        (5, "straykey reports nothing there"),
        (6, ""),
        (7, "does not lie in the tree"),
        (8, "this is no file:rule:line"),
    ] {
        let told = line_of(&run, &format!(".gitleaksignore:{line}:"));
        assert!(told.contains(why), "{told}");
    }
    assert!(!run.out.contains(".gitleaksignore:2:") && !run.out.contains(".gitleaksignore:3:"));
}

#[test]
fn a_changed_secret_at_a_known_place_is_not_accepted() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let (old, new) = (
        secret("github.pat-classic", 1),
        secret("github.pat-classic", 2),
    );
    put(dir, "a.py", &format!("x = \"{new}\"\ny = \"{old}\"\n"));
    let entry = |line: u64, value: &str| {
        format!(
            "{{\"RuleID\": \"github-pat\", \"File\": \"a.py\", \"StartLine\": {line},\n\
             \"EndLine\": {line}, \"Commit\": \"\", \"Secret\": \"{value}\"}}"
        )
    };
    put(
        dir,
        "report.json",
        &format!("[\n{},\n{}\n]\n", entry(1, &old), entry(2, &old)),
    );
    let run = straykey(dir, &["migrate", "--from", "report.json"]);
    assert_eq!(run.code, 1);
    assert!(line_of(&run, "report.json:2:").contains("another secret stands there now"));
    // What is known is accepted now, unless the baseline is not read.
    assert!(found(dir, &[]).iter().all(|f| f.3 != 2));
    let known = found(dir, &["--no-config"]);
    let known = known.iter().find(|f| f.3 == 2).expect("found");
    assert_eq!(
        baseline(dir),
        format!("{} github.pat-classic # from report.json\n", known.0)
    );
    without_secrets(&run, &[&old, &new]);
}

#[test]
fn hashes_become_fingerprints() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let tokens: Vec<String> = (1..5).map(|n| secret("github.pat-classic", n)).collect();
    let lines: Vec<String> = tokens.iter().map(|t| format!("x = \"{t}\"\n")).collect();
    put(dir, "a.py", &lines.concat());
    let hash = |text: &str| hex(&Sha1::digest(text.as_bytes()));
    let entry = |n: usize, more: &str| {
        format!(
            "{{\"type\": \"GitHub Token\", \"filename\": \"a.py\",\n \"hashed_secret\": \"{}\", \
             \"line_number\": {}{more}}}",
            hash(&tokens[n]),
            n + 1
        )
    };
    put(
        dir,
        ".secrets.baseline",
        &format!(
            "{{\"version\": \"1.5.0\",\n\"plugins_used\": [{{\"name\": \"GitHubTokenDetector\"}}],\n\
             \"filters_used\": [\n{{\"path\": \"detect_secrets.filters.regex.should_exclude_file\",\n\
             \"pattern\": [\"^docs/\"]}},\n\
             {{\"path\": \"detect_secrets.filters.regex.should_exclude_line\", \"pattern\": [\"x\"]}},\n\
             {{\"path\": \"detect_secrets.filters.heuristic.is_lock_file\"}}],\n\
             \"results\": {{\"a.py\": [\n{},\n{},\n\
             {{\"hashed_secret\": \"{}\"}}]}},\n\"generated_at\": \"2026-01-01T00:00:00Z\"}}\n",
            entry(0, ""),
            entry(1, ", \"is_secret\": false"),
            hash("gone"),
        ),
    );
    put(
        dir,
        ".gitguardian.yaml",
        &format!(
            "version: 2\nexit_zero: true\nsecret:\n  ignored-paths:\n    - \"tests/**\"\n  \
             ignored_matches:\n    - name: a token of the docs\n      match: {}\n  \
             ignored_detectors:\n    - Slack Token\nfuture: 1\n",
            hex(&Sha256::digest(format!("{},apikey", tokens[2]).as_bytes()))
        ),
    );
    put(
        dir,
        ".secretsignore",
        &format!("fixtures/\n\n[secrets]\n# known\n{}\n", tokens[3]),
    );
    let all = found(dir, &[]);
    let print = |line: u64| all.iter().find(|f| f.3 == line).expect("found").0.clone();
    let run = straykey(dir, &["migrate"]);
    assert_eq!(run.code, 1, "{}", run.out);
    let ignore = read(dir, "ignore");
    let ignore: BTreeSet<&str> = ignore.lines().filter(|l| !l.starts_with('#')).collect();
    let expected = [
        format!(
            "{} github.pat-classic audited as no secret (from .secrets.baseline)",
            print(2)
        ),
        format!(
            "{} github.pat-classic a token of the docs (from .gitguardian.yaml)",
            print(3)
        ),
        format!("{} github.pat-classic from .secretsignore", print(4)),
    ];
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(ignore, expected);
    assert_eq!(
        baseline(dir),
        format!("{} github.pat-classic # from .secrets.baseline\n", print(1))
    );
    let config = read(dir, "config.toml");
    for glob in ["'/docs/'", "'tests/'", "'fixtures/'"] {
        assert!(config.contains(glob), "{glob}: {config}");
    }
    for (begin, why) in [
        (".secrets.baseline:6:", "should_exclude_line"),
        (
            ".secrets.baseline:13:",
            "no finding in the file has this value",
        ),
        (".gitguardian.yaml:2:", "--exit-zero"),
        (".gitguardian.yaml:10:", "Slack Token"),
        (".gitguardian.yaml:11:", "'future' is not known"),
    ] {
        let told = line_of(&run, begin);
        assert!(told.contains(why), "{told}");
    }
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    without_secrets(&run, &tokens);
    let dry = straykey(dir, &["migrate", "--dry-run", "--force"]);
    without_secrets(&dry, &tokens);
}

#[test]
fn yaml_baselines_and_custom_detectors() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let token = secret("github.pat-classic", 1);
    let own = drawn("hog_[0-9a-z]{30}", 2);
    put(dir, "a.py", &format!("x = 1\nx = \"{token}\"\n"));
    put(dir, "b.py", &format!("hog = \"{own}\"\n"));
    put(
        dir,
        "kf.yml",
        "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: git://x/y\n  \
         findings:\n  - path: a.py\n    fingerprint: '1'\n    rule_id: kingfisher.github.1\n    \
         line: 2\n    first_seen_at: 2026-01-01T00:00:00Z\n    last_updated_at: \
         2026-01-01T00:00:00Z\n",
    );
    put(
        dir,
        "old.yml",
        "ExactFindings:\n  matches:\n  - filepath: a.py/\n    fingerprint: '1'\n    linenum: 1\n    \
         lastupdated: Mon, 14 Jul 2025 10:17:56 -0700\n",
    );
    put(
        dir,
        "hog.yaml",
        "detectors:\n  - name: Hog token\n    keywords:\n      - hog\n    regex:\n      \
         token: 'hog_[0-9a-z]{30}'\n    verify:\n      - endpoint: http://localhost/\n",
    );
    let args = [
        "migrate", "--from", "kf.yml", "--from", "old.yml", "--from", "hog.yaml",
    ];
    let run = straykey(dir, &args);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(line_of(&run, "old.yml:3:").contains("reports nothing there"));
    assert!(line_of(&run, "hog.yaml:8:").contains("verified"));
    assert!(baseline(dir).ends_with("github.pat-classic # from kf.yml\n"));
    let ids: Vec<_> = found(dir, &[]).into_iter().map(|f| f.1).collect();
    assert!(ids.contains(&"imported.hog-token".to_owned()), "{ids:?}");
    assert!(!read(dir, "patterns/imported.toml").contains("localhost"));
}

#[test]
fn nothing_that_is_there_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let token = secret("github.pat-classic", 1);
    put(dir, "a.py", &format!("x = \"{token}\"\n"));
    put(
        dir,
        ".gitleaks.toml",
        "[extend]\nuseDefault = true\n[allowlist]\npaths = ['^a/']\n",
    );
    put(dir, ".gitleaksignore", "a.py:github-pat:1\n");
    for mode in ["--dry-run", "--check"] {
        let run = straykey(dir, &["migrate", mode]);
        assert_eq!(run.code, 0, "{}", run.out);
        assert!(
            run.out.contains("config.toml: would be written: 1 glob"),
            "{}",
            run.out
        );
        assert!(!dir.join(".straykey").exists(), "{mode} writes nothing");
    }
    put(dir, ".straykey/config.toml", "severity = 'low'\n");
    let older = format!("{} aws.access-key # mine\n", "0".repeat(32));
    put(dir, ".straykey/baseline", &older);
    let run = straykey(dir, &["migrate"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("--force") && run.err.contains("config.toml"),
        "{}",
        run.err
    );
    assert_eq!(read(dir, "baseline"), older, "all or nothing");
    let run = straykey(dir, &["migrate", "--force"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(read(dir, "config.toml").contains("'/a/'"));
    let merged = read(dir, "baseline");
    let lines: Vec<&str> = merged.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, older.trim_end()));
    assert!(lines.is_sorted());
    let again = straykey(dir, &["migrate"]);
    assert_eq!(again.code, 0);
    assert_eq!(read(dir, "baseline"), merged, "nothing comes twice");
}

#[test]
fn what_is_hostile_is_an_error_and_writes_nothing() {
    let outside = tempfile::tempdir().expect("a folder");
    put(outside.path(), "x", "[allowlist]\npaths = ['^a/']\n");
    let deep = format!("[{}{}]", "[".repeat(90_000), "]".repeat(90_000));
    let bomb = "[[rules]]\nid = 'b'\nregex = '''((((a{1000}){1000}){1000}){1000})*'''\n\
                [[allowlists]]\nregexes = ['''((a{1000}){1000}){1000}''']\n";
    let nested = format!(
        "[[rules]]\nid = 'n'\nregex = '''{}a{}'''\n",
        "(".repeat(9000),
        ")".repeat(9000)
    );
    for (name, text, code, told) in [
        (".gitleaks.toml", "[[rules]\n", 2, ".gitleaks.toml:1:"),
        (".gitleaks.toml", bomb, 1, "rule 'b'"),
        (".gitleaks.toml", nested.as_str(), 1, "rule 'n'"),
        (
            ".gitleaks.toml",
            "[extend]\npath = '/etc/passwd'\n",
            1,
            ".gitleaks.toml:2: extend.path",
        ),
        (
            ".gitleaks.toml",
            "[extend]\npath = '.gitleaks.toml'\n",
            1,
            "extend each other",
        ),
        (
            ".gitleaks.toml",
            "rules = 7\nallowlists = 'x'\n",
            1,
            "has no expression",
        ),
        (".secrets.baseline", deep.as_str(), 2, "deep"),
        (
            ".secrets.baseline",
            "{\"results\": ",
            2,
            ".secrets.baseline:1:",
        ),
        (
            ".secrets.baseline",
            "{}",
            2,
            "no file that can be carried over",
        ),
        (
            ".gitguardian.yaml",
            "a: &a [x]\nb: [*a, *a]\n",
            2,
            ".gitguardian.yaml:2: aliases",
        ),
        (".gitguardian.yaml", "\"", 2, "YAML"),
        (
            ".gitguardian.yaml",
            "paths-ignore: ['**']\n",
            1,
            "everything",
        ),
        (".secretsignore", "*\n!keep\n[\n", 1, ".secretsignore:1:"),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        put(dir.path(), name, text);
        let run = straykey(dir.path(), &["migrate"]);
        let all = run.out.clone() + &run.err;
        assert_eq!(run.code, code, "{name}: {all}");
        assert!(all.contains(told), "{name}: {all}");
        assert!(!all.contains("a bug at"), "{all}");
        if code == 2 {
            assert!(!dir.path().join(".straykey").exists());
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(
        straykey(dir.path(), &["migrate"]).code,
        2,
        "nothing is there to carry over"
    );
    #[cfg(unix)]
    {
        let link = |to: &Path, at: &str| std::os::unix::fs::symlink(to, dir.path().join(at));
        link(&outside.path().join("x"), ".gitleaks.toml").expect("linked");
        let run = straykey(dir.path(), &["migrate"]);
        assert!(
            run.code == 2 && run.err.contains("a link out of the tree"),
            "{}",
            run.err
        );
        fs::remove_file(dir.path().join(".gitleaks.toml")).expect("removed");
        put(dir.path(), ".secretsignore", "vendor/\n");
        link(outside.path(), ".straykey").expect("linked");
        let run = straykey(dir.path(), &["migrate"]);
        assert!(
            run.code == 2 && run.err.contains("link out of the tree"),
            "{}",
            run.err
        );
        assert!(!outside.path().join("config.toml").exists());
    }
}

/// On a tree of generated secrets, imported rules find what gitleaks finds: same rules, same lines.
#[test]
#[allow(clippy::too_many_lines)] // one tree, one comparison
fn imported_rules_agree_with_gitleaks() {
    if Command::new("gitleaks").arg("version").output().is_err() {
        eprintln!("SKIPPED: gitleaks is not installed; its findings were not compared");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    // Rule, expression, and a shape of what it finds.
    let rules = [
        (
            "acme",
            r"\b(acme_[0-9a-f]{32})(?:[\x60'\x22\s;]|\\[nr]|$)",
            "acme_[0-9a-f]{32}",
        ),
        (
            "corp",
            r"(?i)[\w.-]{0,50}?(?:corpkey)(?:[ \t\w.-]{0,20})[\s'\x22]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'\x22\s=]{0,5}([a-z0-9]{24})(?:[\x60'\x22\s;]|\\[nr]|$)",
            "corpkey[a-z]{0,4} ?[:=] ?\"[0-9a-z]{24}\"",
        ),
        (
            "open",
            r"zed\.[0-9A-Za-z_-]{20,}",
            r"zed\.[0-9A-Za-z_]{20,60}",
        ),
        (
            "line",
            r"(?m)^TOK=([0-9A-F]{20,40})$",
            "TOK=[0-9A-F]{20,40}",
        ),
        (
            "pair",
            r#"pair=(?:"([0-9]{7}[a-z]{13})"|'([a-z]{13}[0-9]{7})')"#,
            "pair=(?:\"[0-9]{7}[a-z]{13}\"|'[a-z]{13}[0-9]{7}')",
        ),
    ];
    let mut config = String::new();
    let mut s = Sampler::new(7);
    for (id, regex, _) in rules {
        let _ = write!(config, "[[rules]]\nid = '{id}'\nregex = '''{regex}'''\n");
    }
    put(dir, ".gitleaks.toml", &config);
    let glue = ["", " ", "\"", "x", "_", ";", ",", "=", "'", ".", ")", "\\n"];
    for file in 0..40 {
        let mut text = String::new();
        for _ in 0..6 {
            let (_, _, shape) = rules[s.below(rules.len())];
            let token = drawn(shape, s.below(1 << 30) as u64);
            // Before a match an escape is an edge to us, and no edge to them.
            let a = glue[s.below(glue.len() - 1)];
            let b = glue[s.below(glue.len())];
            let _ = writeln!(text, "{a}{token}{b}");
        }
        put(dir, &format!("src/f{file}.txt"), &text);
    }
    let report = dir.join("report.json");
    let status = Command::new("gitleaks")
        .args([
            "dir",
            ".",
            "--no-banner",
            "--log-level",
            "error",
            "--exit-code",
            "0",
            "-f",
            "json",
        ])
        .args(["-c", ".gitleaks.toml", "-r"])
        .arg(&report)
        .current_dir(dir)
        .status();
    assert!(status.expect("it runs").success());
    let text = fs::read_to_string(&report).expect("a report");
    fs::remove_file(&report).expect("removed");
    let theirs: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let theirs: BTreeSet<(String, String, u64)> = theirs
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
            (
                text("RuleID"),
                text("File"),
                f["EndLine"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    assert!(theirs.len() > 60, "too little to compare: {}", theirs.len());
    let run = straykey(dir, &["migrate"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let ours = found(dir, &["--only", "imported.*", "--confidence", "low"]);
    let ours: BTreeSet<(String, String, u64)> = ours
        .into_iter()
        .map(|(_, id, path, line)| {
            let rule = id.trim_start_matches("imported.");
            let rule = rule.split("-way-").next().unwrap_or(rule).to_owned();
            (rule, path, line)
        })
        .collect();
    let missing: Vec<_> = theirs.difference(&ours).collect();
    let more: Vec<_> = ours.difference(&theirs).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing: {missing:#?}\nmore: {more:#?}"
    );
}
