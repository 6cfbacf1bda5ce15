//! Text files that are told by their names: what is found in each, in every mode, and that another file
//! with the same text is none of them.

use std::collections::BTreeSet;
use std::path::Path;

use super::make::{Told, told, write};
use super::modes::{all, git};

/// A value that a machine might have chosen; never written down.
fn value(seed: u64) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(LETTERS[(state >> 33) as usize % LETTERS.len()])
    };
    (0..24).map(|_| next()).collect()
}

/// A file's path, its text with `{}` for the value, and the pattern. From the documentation of each.
const FILES: &[(&str, &str, &str)] = &[
    (
        ".netrc",
        "machine ftp.x.invalid\nlogin alice\npassword {}\n",
        "netrc.login",
    ),
    (
        "home/_netrc",
        "default login alice password {} port 21\n",
        "netrc.login",
    ),
    (
        ".authinfo",
        "machine imap.x.invalid login alice port 993 password {}\n",
        "netrc.login",
    ),
    (
        ".msmtprc",
        "account a\nhost smtp.x.invalid\nuser alice\npassword {}\n",
        "netrc.login",
    ),
    (
        ".pgpass",
        "# host:port:db:user:pw\ndb.x.invalid:5432:orders:app:{}\n",
        "postgresql.pgpass",
    ),
    (
        "AppData/pgpass.conf",
        "localhost:*:*:postgres:{}\n",
        "postgresql.pgpass",
    ),
    (
        "etc/ppp/chap-secrets",
        "# client server secret IP\nalice\tpptpd\t\"{}\"\t*\n",
        "ppp.secret",
    ),
    (
        "etc/postfix/sasl_passwd",
        "[smtp.x.invalid]:587 alice@x.invalid:{}\n",
        "postfix.sasl-password",
    ),
    (
        "users.acl",
        "user worker on >{} ~jobs:* +@all\n",
        "redis.acl-password",
    ),
    (".curlrc", "user = \"alice:{}\"\n", "curl.rc-user"),
    (
        ".bundle/config",
        "---\nBUNDLE_GEMS__X__INVALID: \"alice:{}\"\n",
        "bundler.source-credentials",
    ),
    (
        ".yarnrc.yml",
        "npmAuthIdent: \"alice:{}\"\n",
        "yarn.npm-auth-ident",
    ),
    (
        ".gem/credentials",
        "---\n:x_invalid: {}\n",
        "rubygems.source-key",
    ),
    (
        "wpa_supplicant.conf",
        "network={\n  ssid=\"x\"\n  psk=\"{}\"\n}\n",
        "wifi.psk",
    ),
    (
        "a.tfstate",
        "{\"special\": 1, \"override_special\": null,\n \"result\": \"{}\"}\n",
        "terraform.random-password",
    ),
    (
        "auth.json",
        "{\"bearer\": {\n  \"repo.x.invalid\": \"{}\"\n}}\n",
        "composer.auth-token",
    ),
    (
        "auth.toml",
        "[pypi-token]\nx = \"{}\"\n",
        "poetry.pypi-token",
    ),
];

/// Files in which each pattern was found.
fn files(told: &Told) -> BTreeSet<(&str, &str)> {
    let mut out = BTreeSet::new();
    for (key, places) in &told.findings {
        for place in places {
            if let Some((file, _)) = place.rsplit_once(':') {
                out.insert((file, key.0.as_str()));
            }
        }
    }
    out
}

fn write_all(dir: &Path) {
    for ((path, text, _), seed) in FILES.iter().zip(1..) {
        write(dir, path, text.replace("{}", &value(seed)));
    }
}

#[test]
fn each_is_found_in_its_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_all(dir);
    let told = told(dir, &["scan", "."]);
    let expected: BTreeSet<_> = FILES
        .iter()
        .map(|(path, _, pattern)| (*path, *pattern))
        .collect();
    assert_eq!(files(&told), expected);
}

#[test]
fn the_same_text_elsewhere_is_none_of_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for ((path, text, _), seed) in FILES.iter().zip(1..) {
        let name = path.replace(['/', '.'], "-");
        write(
            dir,
            &format!("{name}.txt"),
            text.replace("{}", &value(seed)),
        );
    }
    let told = told(dir, &["scan", ".", "--confidence", "low"]);
    let by_name: Vec<_> = [
        "netrc.",
        "postgresql.",
        "ppp.",
        "postfix.",
        "redis.",
        "curl.",
        "wifi.",
    ]
    .into();
    for (file, pattern) in files(&told) {
        let is_of_name = by_name.iter().any(|p| pattern.starts_with(p));
        assert!(!is_of_name, "{pattern} in {file}");
    }
}

#[test]
fn every_mode_tells_the_same_and_a_history_looks_at_names() {
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path();
    git(repo, &["init", "-q"]);
    git(repo, &["commit", "-q", "--allow-empty", "-m", "Begin"]);
    write_all(repo);
    git(repo, &["add", "-f", "-A"]);
    let staged = told(repo, &["staged"]);
    git(repo, &["commit", "-q", "-m", "Files"]);
    let tree = told(repo, &["scan", "."]);
    let commits = told(repo, &["commits", "HEAD~1..HEAD"]);
    assert_eq!(tree.findings.len(), FILES.len());
    assert_eq!(all(&staged), all(&tree));
    assert_eq!(all(&commits), all(&tree));
    git(repo, &["rm", "-q", "-r", "."]);
    git(repo, &["commit", "-q", "-m", "Away"]);
    assert_eq!(all(&told(repo, &["history"])), all(&tree));
    // Packed, where trees and blobs stand as what they change of others.
    git(repo, &["gc", "-q", "--prune=now"]);
    assert_eq!(all(&told(repo, &["history"])), all(&tree));
    // A later sweep that knows the blobs from a store looks at their names again.
    let store = dir.path().join("store.db");
    let store = store.to_str().expect("text");
    for _ in 0..2 {
        let history = told(repo, &["history", "--store", store]);
        assert_eq!(all(&history), all(&tree));
    }
}

#[test]
fn what_is_sealed_or_stands_for_another_value_is_silent() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for (path, text) in [
        (".netrc", "machine x.invalid login alice password $TOKEN\n"),
        (
            ".pgpass",
            "db.x.invalid:5432:orders:app:${PGPASSWORD}\n# a:1:b:c:<password>\n",
        ),
        ("etc/ppp/chap-secrets", "# alice * secret *\n"),
        ("auth.toml", "[pypi-token]\n"),
    ] {
        write(dir, path, text);
    }
    let sealed = |begin: &str| format!("{begin}{}", value(7).repeat(16));
    let lines = [
        format!("apiToken: {}\n", sealed("AgB")),
        format!("apiToken: {}\n", sealed("AgC")),
        format!("password: '{{cipher}}{}'\n", value(8)),
        format!("password: vault:v1:{}\n", value(9)),
    ];
    write(dir, "values.yaml", lines.concat());
    let told = told(dir, &["scan", "."]);
    assert_eq!(files(&told), BTreeSet::new());
}
