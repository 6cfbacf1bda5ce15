//! Files that are credentials themselves. They are made by `openssl`, `keytool` and `gpg` where those
//! are there; where they are not, the test says so.

use std::fs;
use std::path::Path;
use std::process::Command;

use straykey::scan::{ScanOptions, scan};
use straykey::verify::offline;

use super::make::{Told, run, told, write};
use super::modes::{all, git};

/// A key in PEM and its certificate; whether there is `openssl`.
fn pair(dir: &Path) -> bool {
    let made = run(
        dir,
        "openssl",
        &[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem",
            "-days", "30", "-subj", "/CN=test",
        ],
    );
    made.is_some()
}

/// A store of the key, behind a password.
fn pkcs12(dir: &Path, out: &str, password: &str, more: &[&str]) {
    let pass = format!("pass:{password}");
    let mut args = vec![
        "pkcs12", "-export", "-in", "c.pem", "-passout", &pass, "-out", out,
    ];
    if !more.contains(&"-nokeys") {
        args.extend(["-inkey", "k.pem"]);
    }
    args.extend(more);
    run(dir, "openssl", &args).expect("openssl is there");
}

/// What is found in each file: the pattern, and its fingerprint.
fn found(told: &Told, file: &str) -> Vec<(String, String)> {
    let inside = format!("{file}!keys:");
    let findings = told.findings.iter();
    let there = findings.filter(|(_, places)| places.iter().any(|p| p.starts_with(&inside)));
    there.map(|(key, _)| key.clone()).collect()
}

fn patterns(told: &Told, file: &str) -> Vec<String> {
    found(told, file)
        .into_iter()
        .map(|(pattern, _)| pattern)
        .collect()
}

const LOW: [&str; 4] = ["scan", ".", "--confidence", "low"];

#[test]
fn a_store_that_opens_tells_the_key_that_stands_in_pem_beside_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    if !pair(dir) {
        return;
    }
    pkcs12(dir, "empty.p12", "", &[]);
    pkcs12(dir, "java.p12", "changeit", &[]);
    pkcs12(dir, "google.p12", "notasecret", &["-legacy"]);
    pkcs12(dir, "sum-of-512.p12", "changeit", &["-macalg", "sha512"]);
    pkcs12(dir, "no-sum.p12", "changeit", &["-nomac"]);
    pkcs12(
        dir,
        "bare.p12",
        "",
        &["-keypbe", "NONE", "-certpbe", "NONE", "-nomac"],
    );
    for (form, out) in [("-topk8", "eight.der"), ("-traditional", "one.der")] {
        let args: &[&str] = match form {
            "-topk8" => &["pkcs8", "-topk8", "-nocrypt"],
            _ => &["rsa", "-traditional"],
        };
        let rest = ["-in", "k.pem", "-outform", "DER", "-out", out];
        run(dir, "openssl", &[args, &rest].concat()).expect("openssl is there");
    }
    let told = told(dir, &["scan", "."]);
    let pem = told.findings.iter();
    let mut pem = pem.filter(|(_, places)| places.iter().any(|p| p.starts_with("k.pem:")));
    let (key, _) = pem.next().expect("the key itself is found");
    assert_eq!(key.0, "private-key.pem");
    for file in [
        "empty.p12",
        "java.p12",
        "google.p12",
        "sum-of-512.p12",
        "no-sum.p12",
        "bare.p12",
        "eight.der",
    ] {
        assert_eq!(found(&told, file), std::slice::from_ref(key), "{file}");
    }
    // The same key in another form has other bytes.
    assert_eq!(patterns(&told, "one.der"), ["private-key.pem"]);
    assert_eq!(told.code, 1);
}

/// Nobody has to be asked for that: what `openssl` says of the certificate, the store says of its key.
#[test]
fn the_certificate_in_a_store_says_when_its_key_ends() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    if !pair(dir) {
        return;
    }
    pkcs12(dir, "java.p12", "changeit", &[]);
    // As of old, though not with RC2, which is not read.
    let old = ["-legacy", "-certpbe", "PBE-SHA1-3DES"];
    pkcs12(dir, "google.p12", "notasecret", &old);
    let end = ["x509", "-in", "c.pem", "-noout", "-enddate"];
    let end = Command::new("openssl")
        .args(end)
        .args(["-dateopt", "iso_8601"])
        .current_dir(dir)
        .output()
        .expect("openssl is there");
    let end = String::from_utf8(end.stdout).expect("text");
    let end = end.trim().strip_prefix("notAfter=").expect("a date");
    let end = end.replace(' ', "T");
    for name in ["k.pem", "c.pem"] {
        fs::remove_file(dir.join(name)).expect("removed");
    }
    let found = scan(&ScanOptions {
        targets: vec![dir.to_owned()],
        threads: 1,
        ..ScanOptions::default()
    });
    let found = found.expect("scanned").findings;
    let [key] = &found[..] else {
        panic!("one key, twice: {found:?}");
    };
    assert_eq!(key.pattern.id, "private-key.pem");
    let notes = offline(key).notes;
    let told = notes.iter().any(|n| n.contains(&format!("ends at {end}")));
    assert!(told, "{end}: {notes:?}");
}

#[test]
fn a_store_that_stays_shut_is_told_and_certificates_alone_are_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    if !pair(dir) {
        return;
    }
    pkcs12(dir, "shut.p12", "q8ZktmN4xx", &[]);
    fs::copy(dir.join("shut.p12"), dir.join("copy.pfx")).expect("copied");
    pkcs12(dir, "certificates.p12", "changeit", &["-nokeys"]);
    pkcs12(dir, "unknown.p12", "q8ZktmN4xx", &["-nokeys"]);
    for (name, args) in [
        ("c.der", &["x509", "-in", "c.pem"][..]),
        ("public.der", &["rsa", "-in", "k.pem", "-pubout"]),
        (
            "request.der",
            &["req", "-new", "-key", "k.pem", "-subj", "/CN=x"],
        ),
        ("c.p7b", &["crl2pkcs7", "-nocrl", "-certfile", "c.pem"]),
    ] {
        let out = ["-outform", "DER", "-out", name];
        run(dir, "openssl", &[args, &out].concat()).expect("openssl is there");
    }
    let told = told(dir, &LOW);
    assert_eq!(patterns(&told, "shut.p12"), ["key-store.sealed"]);
    assert_eq!(found(&told, "copy.pfx"), found(&told, "shut.p12"));
    assert_eq!(patterns(&told, "unknown.p12"), ["key-store.opaque"]);
    let silent = [
        "certificates.p12",
        "c.der",
        "public.der",
        "request.der",
        "c.p7b",
    ];
    for file in silent {
        assert_eq!(patterns(&told, file), [""; 0], "{file}");
    }
    assert_eq!(told.skips, []);
}

#[test]
fn java_key_stores_by_what_opens_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    if !pair(dir) {
        return;
    }
    pkcs12(dir, "from.p12", "changeit", &[]);
    let import = |kind: &str, out: &str, password: &str| {
        run(
            dir,
            "keytool",
            &[
                "-importkeystore",
                "-noprompt",
                "-srckeystore",
                "from.p12",
                "-srcstorepass",
                "changeit",
                "-destkeystore",
                out,
                "-deststoretype",
                kind,
                "-deststorepass",
                password,
                "-destkeypass",
                password,
            ],
        )
    };
    if import("JKS", "a.jks", "changeit").is_none() {
        return;
    }
    import("JKS", "shut.jks", "q8ZktmN4xx");
    import("JCEKS", "a.jceks", "changeit");
    let debug = |kind: &str, out: &str| {
        run(
            dir,
            "keytool",
            &[
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "androiddebugkey",
                "-keystore",
                out,
                "-storetype",
                kind,
                "-storepass",
                "android",
                "-keypass",
                "android",
                "-dname",
                "CN=Android Debug",
            ],
        )
    };
    debug("JKS", "debug.keystore");
    debug("PKCS12", "debug.p12");
    for (kind, out) in [("JKS", "trust.jks"), ("PKCS12", "trust.p12")] {
        run(
            dir,
            "keytool",
            &[
                "-importcert",
                "-noprompt",
                "-file",
                "c.pem",
                "-alias",
                "c",
                "-keystore",
                out,
                "-storetype",
                kind,
                "-storepass",
                "changeit",
            ],
        );
    }
    let told = told(dir, &LOW);
    assert_eq!(found(&told, "a.jks"), found(&told, "from.p12"));
    assert_eq!(patterns(&told, "a.jks"), ["private-key.pem"]);
    assert_eq!(patterns(&told, "a.jceks"), ["key-store.open"]);
    assert_eq!(patterns(&told, "shut.jks"), ["key-store.sealed"]);
    assert_eq!(
        patterns(&told, "debug.keystore"),
        ["key-store.android-debug"]
    );
    assert_eq!(patterns(&told, "debug.p12"), ["key-store.android-debug"]);
    assert_eq!(patterns(&told, "trust.jks"), [""; 0]);
    assert_eq!(patterns(&told, "trust.p12"), [""; 0]);
    assert_eq!(told.skips, []);
}

#[test]
fn a_secret_key_ring_is_the_key_in_its_armour() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let home = dir.join("home");
    fs::create_dir(&home).expect("made");
    let home = home.to_str().expect("text");
    let gpg = |args: &[&str]| {
        let all = [
            &["--homedir", home, "--batch", "--passphrase", ""][..],
            args,
        ];
        run(dir, "gpg", &all.concat())
    };
    let kind = [
        "--quick-gen-key",
        "t@x.invalid",
        "rsa2048",
        "default",
        "never",
    ];
    if gpg(&kind).is_none() {
        return;
    }
    gpg(&["--output", "secret.gpg", "--export-secret-keys"]);
    gpg(&["--output", "secret.asc", "--armor", "--export-secret-keys"]);
    gpg(&["--output", "public.gpg", "--export"]);
    let told = told(dir, &["scan", "secret.gpg", "secret.asc", "public.gpg"]);
    let places: Vec<_> = told.findings.values().flatten().collect();
    assert_eq!(told.findings.len(), 1, "{places:?}");
    assert_eq!(patterns(&told, "secret.gpg"), ["private-key.pgp"]);
    assert!(places.iter().any(|p| p.starts_with("secret.asc:")));
}

#[test]
fn other_stores_by_their_first_bytes() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    // KeePass 2: two signatures, a version.
    let keepass = b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x00\x00\x04\x00\x02\x10\0\0\0";
    // Keytab: version, an entry of 66 bytes with one name, its realm.
    let keytab = b"\x05\x02\0\0\0\x42\0\x01\0\x09X.INVALID\0\x04host\0\0\0\x01\x65\0\0\0\x01\0\x12";
    let tickets = b"\x05\x04\0\x0c\0\x01\0\x08\xff\xff\xff\xff\0\0\0\0\0\0\0\x01\0\0\0\x01";
    let keychain = b"kych\0\x01\0\0\0\0\0\x14\0\0\0\x10";
    let safe = [&b"PWS3"[..], &[7; 32], b"\0\0\x04\0", &[9; 64]].concat();
    for (name, content) in [
        ("a.kdbx", &keepass[..]),
        ("a.keytab", keytab),
        ("krb5cc_0", tickets),
        ("login.keychain", keychain),
        ("a.psafe3", &safe),
        ("short.kdbx", &keepass[..6]),
        (
            "words.txt",
            b"PWS3 is how the files of Password Safe begin, and kych is how a keychain does",
        ),
    ] {
        write(dir, name, content);
    }
    let told = told(dir, &LOW);
    for (name, pattern) in [
        ("a.kdbx", "key-store.passwords"),
        ("a.keytab", "key-store.keytab"),
        ("krb5cc_0", "key-store.tickets"),
        ("login.keychain", "key-store.passwords"),
        ("a.psafe3", "key-store.passwords"),
    ] {
        assert_eq!(patterns(&told, name), [pattern], "{name}");
    }
    assert_eq!(told.findings.len(), 5);
}

#[test]
fn every_mode_tells_the_same_of_a_store_and_a_history_keeps_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path();
    git(repo, &["init", "-q"]);
    git(repo, &["commit", "-q", "--allow-empty", "-m", "Begin"]);
    write(
        repo,
        "lib/a.kdbx",
        b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x00\x00\x04\x00\x02\x10\0\0\0",
    );
    git(repo, &["add", "-A"]);
    let staged = told(repo, &["staged"]);
    git(repo, &["commit", "-q", "-m", "Store"]);
    let tree = told(repo, &["scan", "."]);
    assert_eq!(patterns(&tree, "lib/a.kdbx"), ["key-store.passwords"]);
    let commits = told(repo, &["commits", "HEAD~1..HEAD"]);
    assert_eq!(all(&staged), all(&tree));
    assert_eq!(all(&commits), all(&tree));
    git(repo, &["rm", "-q", "lib/a.kdbx"]);
    git(repo, &["commit", "-q", "-m", "Away"]);
    let history = told(repo, &["history"]);
    assert_eq!(all(&history), all(&tree));
    assert_eq!(told(repo, &["scan", "."]).findings.len(), 0);
}

#[test]
fn what_a_line_says_counts_in_a_store_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let line = format!(
        "Java key store: it holds keys behind a password; SHA-256 of the file: {}\n",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    );
    write(dir, "notes.txt", line.as_bytes());
    assert_eq!(told(dir, &LOW).findings.len(), 0);
}

#[test]
fn a_store_that_is_cut_or_asks_for_endless_work_is_told_in_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    if !pair(dir) {
        return;
    }
    pkcs12(dir, "whole.p12", "changeit", &["-iter", "2049"]);
    let whole = fs::read(dir.join("whole.p12")).expect("it is there");
    for cut in (64..whole.len()).step_by(97) {
        write(dir, &format!("cut/{cut}.p12"), &whole[..cut]);
    }
    // 2,049 rounds become 2^31 - 1: the number grows by two bytes, so lengths are those of another
    // structure; what is asked for is never done.
    let mut endless = Vec::new();
    let mut rest = &whole[..];
    while let Some(at) = rest.windows(4).position(|w| w == b"\x02\x02\x08\x01") {
        endless.extend_from_slice(&rest[..at]);
        endless.extend_from_slice(b"\x02\x02\x7f\xff");
        rest = &rest[at + 4..];
    }
    endless.extend_from_slice(rest);
    assert_ne!(endless, whole);
    write(dir, "endless.p12", &endless);
    let told = told(dir, &LOW);
    assert_eq!(patterns(&told, "whole.p12"), ["private-key.pem"]);
    assert_eq!(patterns(&told, "endless.p12"), ["key-store.sealed"]);
    for cut in (64..whole.len()).step_by(97) {
        let found = patterns(&told, &format!("cut/{cut}.p12"));
        let is_told = found
            .iter()
            .all(|p| p == "key-store.opaque" || p == "private-key.pem");
        assert!(found.len() == 1 && is_told, "{cut}: {found:?}");
    }
}
