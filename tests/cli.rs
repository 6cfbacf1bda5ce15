//! The program as people call it.

mod common;

use std::fs;

use common::{demo_folder, secret, straykey, with_input};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

#[test]
fn findings_fail_and_nothing_found_is_clean() {
    let dir = demo_folder();
    let run = straykey(dir.path(), &["scan"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out.contains("aws.access-key  id + secret"),
        "{}",
        run.out
    );
    assert!(run.out.contains("deploy/prod.env:3:23"), "{}", run.out);
    assert!(run.out.contains("pairs with line 2"), "{}", run.out);
    assert!(run.out.contains("3 findings; 4/4 files"), "{}", run.out);
    assert_eq!(run.err, "");
    let run = straykey(dir.path(), &["scan", "README.md"]);
    assert_eq!(run.code, 0);
    assert!(run.out.starts_with("Clean: 1/1 files"), "{}", run.out);
    assert_eq!(straykey(dir.path(), &["scan", "--exit-zero"]).code, 0);
}

#[test]
fn what_cannot_be_read_is_never_clean() {
    let dir = demo_folder();
    for args in [
        vec!["scan", "gone"],
        vec!["scan", "README.md", "gone", "--exit-zero"],
    ] {
        let run = straykey(dir.path(), &args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(
            run.out.contains("INCOMPLETE: 1 input") && run.out.contains("gone: cannot be read")
        );
    }
    let run = straykey(dir.path(), &["scan", "gone", "-f", "jsonl"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.starts_with("straykey: gone: cannot be read"),
        "{}",
        run.err
    );
    let run = straykey(dir.path(), &["scan", "gone", "-f", "json"]);
    assert_eq!(json(&run.out)["complete"], false);
}

#[test]
fn one_scan_many_reports() {
    let dir = demo_folder();
    let args = [
        "scan",
        ".",
        "-o",
        "json:a.json",
        "-o",
        "sarif:b.sarif",
        "-f",
        "jsonl",
    ];
    let run = straykey(dir.path(), &args);
    assert_eq!(run.code, 1);
    assert_eq!(run.out.lines().count(), 3);
    let document = json(&fs::read_to_string(dir.path().join("a.json")).unwrap());
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(3));
    let sarif = json(&fs::read_to_string(dir.path().join("b.sarif")).unwrap());
    assert_eq!(
        sarif["runs"][0]["results"].as_array().map(Vec::len),
        Some(3)
    );
    let first = json(run.out.lines().next().unwrap());
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
        assert!(!first[key].is_null(), "{key}");
    }
    assert!(first["secret"].is_null());

    let same = straykey(dir.path(), &["scan", "-o", "json:a", "-o", "sarif:a"]);
    assert_eq!(same.code, 2);
    assert!(same.err.contains("two reports would be written to 'a'"));
    let same = straykey(dir.path(), &["scan", "-f", "json", "-o", "sarif:-"]);
    assert_eq!(same.code, 2);
}

#[test]
fn secrets_are_shown_only_if_asked_for_and_never_in_ci() {
    let dir = demo_folder();
    let token = secret("slack.bot-token", 4);
    assert!(!straykey(dir.path(), &["scan"]).out.contains(&token));
    let args = ["scan", "-f", "jsonl", "--show-secrets"];
    assert!(straykey(dir.path(), &args).out.contains(&token));
    let ci = common::command(dir.path(), &args)
        .env("CI", "true")
        .output()
        .unwrap();
    assert_eq!(ci.status.code(), Some(2));
    assert!(ci.stdout.is_empty());
}

#[test]
fn standard_input() {
    let dir = demo_folder();
    let token = secret("github.pat-classic", 1);
    let run = with_input(
        dir.path(),
        &["scan", "-"],
        format!("x\nkey: {token}\n").as_bytes(),
    );
    assert_eq!(run.code, 1);
    assert!(run.out.contains("-:2:6"), "{}", run.out);
}

#[test]
fn usage_errors_end_with_two() {
    let dir = demo_folder();
    for (args, told) in [
        (vec!["scan", "--formt", "json"], "--format"),
        (vec!["scan", "-f", "jsno"], "json"),
        (
            vec!["scan", "--only", "github.pat-clasic"],
            "did you mean 'github.pat-classic'?",
        ),
        (
            vec!["scan", "--disable", "no.such"],
            "no pattern is called 'no.such'",
        ),
        (vec!["scan", "--exclude", "a["], "a["),
        (vec!["explain", "nonsense"], "PATH:LINE is needed"),
        (vec!["allow", "0123", "--reason", ""], "--reason"),
        (
            vec!["allow", "01234567", "--reason", "x", "--until", "soon"],
            "YYYY-MM-DD",
        ),
        (
            vec!["allow", "01234567", "--reason", "x"],
            "no finding here has the fingerprint",
        ),
        (vec!["patterns", "show", "x"], "no pattern is called 'x'"),
        (vec!["man", "scna"], "did you mean 'scan'?"),
    ] {
        let run = straykey(dir.path(), &args);
        assert_eq!(run.code, 2, "{args:?}: {}", run.out);
        assert!(run.err.contains(told), "{args:?}: {}", run.err);
    }
}

#[test]
fn test_keys_are_told_and_do_not_fail() {
    let dir = tempfile::tempdir().unwrap();
    let key = secret("stripe.restricted-test-key", 1);
    fs::write(dir.path().join("a.env"), format!("KEY={key}\n")).unwrap();
    let run = straykey(dir.path(), &["scan"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out.contains("LOW  stripe.restricted-test-key"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("1 finding (1 below medium)"),
        "{}",
        run.out
    );
    assert_eq!(straykey(dir.path(), &["scan", "--severity", "low"]).code, 1);
}

#[test]
fn configuration_adds_and_is_counted() {
    let dir = demo_folder();
    let home = dir.path().join(".straykey");
    fs::create_dir(&home).unwrap();
    fs::write(
        home.join("config.toml"),
        "exclude = ['ci/']\ndisable = ['generic.password']\n",
    )
    .unwrap();
    let run = straykey(dir.path(), &["scan"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out
            .contains(".straykey/config.toml:1: exclude 'ci/': 1 files left out"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("config.toml:2: disable 'generic.password': 1 findings left out"),
        "{}",
        run.out
    );
    assert!(run.out.contains("1 finding;"), "{}", run.out);
    // From a folder below, the globs mean the same.
    let below = straykey(&dir.path().join("ci"), &["scan", "../deploy", "."]);
    assert!(below.out.contains("1 files left out"), "{}", below.out);
    assert_eq!(
        straykey(dir.path(), &["scan", "--no-config"])
            .out
            .matches("now:")
            .count(),
        3
    );

    fs::write(home.join("config.toml"), "\nexlude = []\n").unwrap();
    let run = straykey(dir.path(), &["scan"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .contains(".straykey/config.toml:2: there is no key 'exlude'; did you mean 'exclude'?"),
        "{}",
        run.err
    );
}

#[test]
fn a_persons_own_patterns() {
    let dir = tempfile::tempdir().unwrap();
    let own = "provider = 'acme'\nname = 'Acme'\n[[pattern]]\nid = 'acme.key'\nname = 'Acme key'\n\
               description = 'Opens the shop.'\nsecret = 'acme_[a-z0-9]{20}'\nrevoke = 'Ask Bob.'\n\
               sources = ['Bob']\n";
    fs::write(dir.path().join("acme.toml"), own).unwrap();
    let key = format!("acme_{}", "k3y9".repeat(5));
    fs::write(dir.path().join("a.txt"), format!("x = {key}\n")).unwrap();
    let run = straykey(dir.path(), &["scan", "a.txt", "--patterns", "acme.toml"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("acme.key"), "{}", run.out);
    assert_eq!(
        straykey(dir.path(), &["patterns", "check", "acme.toml"]).code,
        0
    );
    assert!(
        straykey(
            dir.path(),
            &["patterns", "show", "acme.key", "--patterns", "acme.toml"]
        )
        .out
        .contains("Ask Bob.")
    );

    fs::write(
        dir.path().join("bad.toml"),
        own.replace("{20}", "+").replace("sources", "sauces"),
    )
    .unwrap();
    let run = straykey(dir.path(), &["patterns", "check", "bad.toml"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("bad.toml:9: unknown field `sauces`"),
        "{}",
        run.err
    );
    let run = straykey(dir.path(), &["scan", "--patterns", "bad.toml"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
}

#[test]
fn allow_explain_and_inline_comments() {
    let dir = demo_folder();
    let lines = straykey(dir.path(), &["scan", "-f", "jsonl"]).out;
    let find = |pattern: &str| {
        let of = |l: &Value| l["pattern"] == pattern;
        lines.lines().map(json).find(of).expect("it is found")
    };
    let slack = find("slack.bot-token")["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    let weak = find("generic.password")["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(weak.starts_with("w:"));

    let run = straykey(dir.path(), &["explain", &slack[..8]]);
    assert_eq!(run.code, 0);
    assert!(
        run.out.contains("ci/notify.sh:2:32  slack.bot-token"),
        "{}",
        run.out
    );
    assert!(run.out.contains("reported: "), "{}", run.out);

    let run = straykey(
        dir.path(),
        &[
            "allow",
            &slack[..8],
            "--reason",
            "a demo",
            "--until",
            "9999-12-31",
        ],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    // Asked from a folder below, it is the same finding and the same file.
    let run = straykey(
        &dir.path().join("src"),
        &["allow", &weak, "--reason", "another demo"],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    let text = fs::read_to_string(dir.path().join(".straykey/ignore")).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains(&format!("{slack} slack.bot-token until=9999-12-31 a demo")));
    let again = straykey(dir.path(), &["allow", &slack, "--reason", "again"]);
    assert!(again.out.contains("is accepted already"), "{}", again.out);

    let run = straykey(dir.path(), &["scan"]);
    assert!(
        run.out.contains("1 finding;") && run.out.contains("accepted: 2"),
        "{}",
        run.out
    );
    let run = straykey(&dir.path().join("src"), &["scan", "."]);
    assert_eq!(run.code, 0, "{}", run.out);
    let run = straykey(dir.path(), &["explain", "ci/notify.sh:2"]);
    assert!(
        run.out
            .contains("not reported: allowed by .straykey/ignore:2: a demo"),
        "{}",
        run.out
    );

    fs::write(dir.path().join(".straykey/ignore"), "oops\n").unwrap();
    let run = straykey(dir.path(), &["scan"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .contains(".straykey/ignore:1: 'oops' is no whole fingerprint"),
        "{}",
        run.err
    );
    fs::remove_file(dir.path().join(".straykey/ignore")).unwrap();

    let file = dir.path().join("ci/notify.sh");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace(
            "\"$URL\"",
            "\"$URL\" # straykey:allow slack.bot-token for the docs",
        ),
    )
    .unwrap();
    let run = straykey(dir.path(), &["scan", "ci"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("accepted: 1"), "{}", run.out);
    let run = straykey(dir.path(), &["explain", "ci/notify.sh:2"]);
    assert!(
        run.out
            .contains("allowed by a comment, straykey:allow: for the docs"),
        "{}",
        run.out
    );
    let run = straykey(dir.path(), &["explain", "README.md:1"]);
    assert!(run.out.contains("none of") && run.code == 0);
}

#[test]
fn two_at_once_lose_no_allowance() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..12).map(|i| format!("{i:032x}")).collect();
    std::thread::scope(|scope| {
        for id in &ids {
            scope.spawn(|| {
                assert_eq!(
                    straykey(dir.path(), &["allow", id, "--reason", "r"]).code,
                    0
                );
            });
        }
    });
    let text = fs::read_to_string(dir.path().join(".straykey/ignore")).unwrap();
    for id in &ids {
        assert_eq!(text.matches(id.as_str()).count(), 1, "{id}");
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let dir = demo_folder();
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = common::command(dir.path(), args);
        let out = command.envs(env.iter().copied()).output().unwrap();
        out.stdout.contains(&0x1b)
    };
    assert!(!coloured(&["scan"], &[]), "a pipe");
    assert!(coloured(&["scan", "--color", "always"], &[]));
    assert!(coloured(&["scan"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(
        &["scan"],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
    ));
    assert!(!coloured(
        &["scan", "--color", "never"],
        &[("CLICOLOR_FORCE", "1")]
    ));
    assert!(!coloured(&["scan", "-f", "json", "--color", "always"], &[]));
}

#[test]
fn completions_and_manual_pages() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = straykey(dir.path(), &["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("explain"), "{shell}");
    }
    let run = straykey(dir.path(), &["man"]);
    assert!(
        run.out.starts_with(".ie") && run.out.contains("straykey"),
        "{}",
        &run.out[..200]
    );
    let run = straykey(dir.path(), &["man", "scan"]);
    assert!(run.out.contains("straykey\\-scan") && run.out.contains("FORMAT:PATH"));
}

#[test]
fn the_catalogue_can_be_asked() {
    let dir = tempfile::tempdir().unwrap();
    let run = straykey(dir.path(), &["patterns", "list"]);
    assert!(
        run.out.lines().count() >= 250,
        "{} kinds",
        run.out.lines().count()
    );
    let mut providers: Vec<&str> = run
        .out
        .lines()
        .filter_map(|l| l.split('.').next())
        .collect();
    providers.dedup();
    assert!(providers.len() >= 150, "{} providers", providers.len());
    let run = straykey(dir.path(), &["patterns", "show", "github.pat-classic"]);
    assert!(
        run.out.contains("checksum     crc32-base62-6") && run.out.contains("revoke"),
        "{}",
        run.out
    );
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;
    let dir = demo_folder();
    for _ in 0..5 {
        let mut child = common::command(dir.path(), &["scan", "-f", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        assert!(
            done.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_fails() {
    let dir = demo_folder();
    let run = straykey(dir.path(), &["scan", "README.md", "-o", "json:/dev/full"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cannot write /dev/full"), "{}", run.err);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let out = common::command(dir.path(), &["scan", "README.md"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    let run = straykey(
        dir.path(),
        &["scan", "README.md", "-o", "json:no/such/folder/x"],
    );
    assert_eq!(run.code, 2);
}
