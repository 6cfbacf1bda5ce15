//! `straykey evidence`: the report for an auditor, held against what other programs say of the same
//! repository and of the same files.
#![cfg(unix)]

mod common;
#[path = "store/repository.rs"]
#[expect(dead_code, reason = "made for another test")]
mod repository;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Run, straykey};
use repository::{Made, token};
use serde_json::Value;
use straykey::store::RunStore;

/// A day after all that happens.
const DAY: &str = "2024-06-01";

/// Two keys in one slot, one after the other; one that nobody removed; owners; a policy.
fn made() -> Option<Made> {
    let mut made = Made::new("sha1")?;
    let env = |n| format!("GH_TOKEN={}\n", token(n));
    made.write("CODEOWNERS", "* @acme/one\n");
    made.write("deploy/prod.env", &env(1));
    made.commit("begin");
    made.wait(30);
    made.write("deploy/prod.env", &env(2));
    made.write("src/a.py", &format!("token = \"{}\"\n", token(6)));
    made.write(
        ".straykey/policy.toml",
        "version = 1\n[[exception]]\nid = \"EX-7\"\ncredential = \"0123abcd\"\nrules = [\"rotation-overdue\"]\n\
         reason = \"a | b `c` <b>\"\napproved_by = \"security@example.com\"\nuntil = \"2024-03-01\"\n\
         compensating = [\"watched\"]\n",
    );
    made.commit("turn");
    made.must(&["tag", "v1"]);
    let address = "https://robot:hunter2secret@git.example.invalid/acme/shop.git";
    made.must(&["remote", "add", "origin", address]);
    Some(made)
}

fn run(made: &Made, args: &[&str]) -> Run {
    straykey(made.path().parent().expect("it has one"), args)
}

fn write(made: &Made, folder: &str, more: &[&str]) -> Value {
    let base = ["evidence", "repo", "-o", folder, "--as-of", DAY];
    let told = run(made, &[&base[..], more].concat());
    assert_eq!((told.code, &*told.out), (0, ""), "{}", told.err);
    let report = fs::read_to_string(made.path().with_file_name(folder).join("report.json"));
    serde_json::from_str(&report.expect("read")).expect("JSON")
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: there is no {program} here; this test shows nothing");
    }
    found
}

#[test]
#[expect(clippy::too_many_lines, reason = "ten parts")]
fn the_ten_parts_tell_what_is_there() {
    let Some(mut made) = made() else { return };
    let report = write(&made, "out", &["--from", "2023-12-01"]);
    assert_eq!(report["period"]["from"], "2023-12-01T00:00:00Z");
    assert_eq!(report["period"]["to"], "2024-06-01T23:59:59Z");

    // 1. As git counts and names.
    let scope = &report["scope"];
    let one = &scope["repositories"][0];
    let objects = made.must(&["cat-file", "--batch-all-objects", "--batch-check"]);
    let objects = objects.lines().count() as u64;
    assert_eq!(
        (&scope["complete"], &one["complete"]),
        (&true.into(), &true.into())
    );
    assert_eq!(one["objects"], objects);
    assert_eq!(one["objects_read"], objects);
    assert_eq!(one["commits"], 2);
    assert_eq!(one["remotes"][0]["name"], "origin");
    assert_eq!(
        one["remotes"][0]["url"],
        "https://git.example.invalid/acme/shop.git"
    );
    let listed =
        fs::read_to_string(made.path().with_file_name("out/references.txt")).expect("read");
    let listed: BTreeSet<&str> = listed.lines().collect();
    let refs = made.must(&["for-each-ref", "--format=repo%09%(objectname)%09%(refname)"]);
    let head = format!("repo\t{}\tHEAD", made.must(&["rev-parse", "HEAD"]).trim());
    let expected: BTreeSet<&str> = refs.lines().chain([&*head]).collect();
    assert_eq!(listed, expected);

    // 2. The program that ran, and the policy.
    let sum = |path: &Path| {
        let told = Command::new("sha256sum")
            .arg(path)
            .output()
            .expect("sha256sum");
        let told = String::from_utf8(told.stdout).expect("text");
        told.split(' ').next().unwrap_or_default().to_owned()
    };
    let tool = &report["tool"];
    assert_eq!(
        tool["program_sha256"],
        sum(Path::new(env!("CARGO_BIN_EXE_straykey")))
    );
    assert_eq!(tool["inputs"][0]["role"], "policy");
    let policy = made.path().join(".straykey/policy.toml");
    assert_eq!(tool["inputs"][0]["sha256"], sum(&policy));

    // 3, 4, 5. Three credentials, two of them in the last commit.
    let population = &report["population"];
    assert_eq!(
        (&population["credentials"], &population["at_head"]),
        (&3.into(), &2.into())
    );
    let controls = report["controls"].as_array().expect("controls");
    let of = |framework: &str, id: &str| {
        let mut all = controls.iter();
        all.find(|c| c["framework"] == framework && c["id"] == id)
            .expect("it is told")
    };
    let leaks = of("OWASP NHI Top 10 2025", "NHI2:2025");
    assert_eq!(
        (&leaks["population"], &leaks["exceptions"]),
        (&3.into(), &3.into())
    );
    assert_eq!(leaks["sample"].as_array().expect("ids").len(), 3);
    assert_eq!(leaks["result"], "exceptions found");
    let passwords = of("PCI DSS 4.0.1", "8.6.2");
    assert_eq!(
        (&passwords["population"], &passwords["result"]),
        (&0.into(), &"nothing to test".into())
    );
    let reuse = of("OWASP NHI Top 10 2025", "NHI9:2025");
    assert_eq!(reuse["result"], "no exception found");
    let held = report["credentials"].as_array().expect("credentials");
    assert!(
        held.iter()
            .all(|c| c["owner"] == "@acme/one" && c["expiry_source"] == "it states none")
    );

    // 6. One replacement, after 30 days and the hours that git's commands took.
    let rotation = &report["rotation"];
    assert_eq!(rotation["events"].as_array().expect("events").len(), 1);
    assert_eq!(rotation["median_age_days"], 30);
    assert_eq!(rotation["to_detection"]["unknown"], 3);
    // 170 days after 2023-12-14, longer than a classic token may become.
    assert_eq!(rotation["overdue"].as_array().expect("overdue").len(), 2);

    // 7. The exception that has ended.
    let exception = &report["exceptions"]["register"][0];
    assert_eq!(
        (&exception["id"], &exception["ended"]),
        (&"EX-7".into(), &true.into())
    );
    assert_eq!(exception["compensating"][0], "watched");

    // 8, 9, 10.
    assert_eq!(report["changes"]["against"], Value::Null);
    assert!(
        report["verification"]["source"]
            .as_str()
            .is_some_and(|s| s.contains("not known"))
    );
    for file in report["integrity"]["files"].as_array().expect("files") {
        let name = file["path"].as_str().expect("a name");
        let path = made.path().with_file_name("out").join(name);
        assert_eq!(file["sha256"], sum(&path), "{name}");
    }
    let text = fs::read_to_string(made.path().with_file_name("out/report.md")).expect("read");
    for part in 1..=10 {
        assert_eq!(
            text.matches(&format!("\n## {part}. ")).count(),
            1,
            "part {part}"
        );
    }
    // What a policy says is text here, not markup, and ends no cell.
    assert!(text.contains("``a \\u{7c} b `c` <b>``"), "{text}");
    // Neither keys nor the password of a remote are anywhere.
    for entry in fs::read_dir(made.path().with_file_name("out")).expect("listed") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("read");
        let text = String::from_utf8_lossy(&bytes);
        for secret in [token(1), token(2), token(6), "hunter2secret".to_owned()] {
            assert!(!text.contains(&secret));
        }
    }
}

#[test]
fn the_same_input_makes_the_same_bytes_and_people_can_be_left_out() {
    let Some(made) = made() else { return };
    write(&made, "a", &["-j", "1"]);
    write(&made, "b", &["-j", "2"]);
    let read = |folder: &str, name: &str| {
        fs::read_to_string(made.path().with_file_name(folder).join(name)).expect("read")
    };
    for name in ["inventory.json", "inventory.csv", "references.txt"] {
        assert_eq!(read("a", name), read("b", name), "{name}");
    }
    // But for what was typed.
    for name in ["report.json", "report.md"] {
        let (a, b) = (read("a", name), read("b", name));
        let b = b.replace("\"2\"", "\"1\"").replace("-j 2", "-j 1");
        assert_eq!(a, b, "{name}");
    }
    write(&made, "c", &["--no-names"]);
    for name in [
        "inventory.json",
        "inventory.csv",
        "report.json",
        "report.md",
    ] {
        assert!(
            read("a", name).contains("@acme/one") || name == "report.md",
            "{name}"
        );
        for person in ["@acme/one", "Ann Wright", "ann@example", "security@example"] {
            assert!(!read("c", name).contains(person), "{name} tells {person}");
        }
    }
}

#[test]
fn what_was_changed_is_found() {
    let Some(made) = made() else { return };
    write(&made, "out", &[]);
    let folder = made.path().with_file_name("out");
    let verify = || run(&made, &["evidence", "verify", "out"]);
    let whole = verify();
    assert_eq!(whole.code, 0, "{}{}", whole.out, whole.err);
    assert!(
        whole.out.contains("5 files are as written"),
        "{}",
        whole.out
    );
    assert!(
        whole.out.contains("no signature that holds"),
        "{}",
        whole.out
    );
    // Another program says the same.
    let sums = Command::new("sha256sum")
        .args(["-c", "SHA256SUMS"])
        .current_dir(&folder)
        .output();
    assert!(sums.expect("sha256sum").status.success());
    for name in [
        "report.json",
        "report.md",
        "inventory.json",
        "inventory.csv",
        "references.txt",
    ] {
        let path = folder.join(name);
        let bytes = fs::read(&path).expect("read");
        let mut changed = bytes.clone();
        let last = changed.len() / 2;
        changed[last] ^= 1;
        fs::write(&path, changed).expect("written");
        let told = verify();
        assert_eq!(told.code, 1, "{name}");
        assert!(
            told.out
                .contains(&format!("wrong: {name} is not what was written")),
            "{}",
            told.out
        );
        fs::remove_file(&path).expect("removed");
        let told = verify();
        assert_eq!(told.code, 1, "{name}");
        assert!(
            told.out.contains(&format!("wrong: {name} is not there")),
            "{}",
            told.out
        );
        fs::write(&path, bytes).expect("written");
    }
    fs::write(folder.join("more.txt"), "x").expect("written");
    assert!(verify().out.contains("more.txt is no part of the report"));
    fs::remove_file(folder.join("more.txt")).expect("removed");
    // A line less, and a name that leads elsewhere.
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).expect("read");
    let less: Vec<&str> = sums.lines().filter(|l| !l.ends_with("report.md")).collect();
    fs::write(folder.join("SHA256SUMS"), less.join("\n")).expect("written");
    let told = verify();
    assert!(
        told.out.contains("report.md is not among the hashes"),
        "{}",
        told.out
    );
    let led = sums.replace("report.md", "../repo/src/a.py");
    fs::write(folder.join("SHA256SUMS"), led).expect("written");
    let told = verify();
    assert_eq!(told.code, 2, "{}", told.out);
    assert!(told.err.contains("does not parse"), "{}", told.err);
    // A folder with something in it is left alone.
    let again = run(&made, &["evidence", "repo", "-o", "out"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("a folder of its own"), "{}", again.err);
    assert_eq!(run(&made, &["evidence", "verify", "nowhere"]).code, 2);
}

fn keygen(dir: &Path, args: &[&str]) -> bool {
    let done = Command::new("ssh-keygen")
        .args(args)
        .current_dir(dir)
        .output();
    done.expect("ssh-keygen").status.success()
}

/// Whether `ssh-keygen` says that a key signed a folder's hashes.
fn signed_by(dir: &Path, folder: &str, key: &str) -> bool {
    let public = fs::read_to_string(dir.join(format!("{key}.pub"))).expect("read");
    fs::write(dir.join("signers"), format!("auditor@example.com {public}")).expect("written");
    let sums = fs::File::open(dir.join(folder).join("SHA256SUMS")).expect("opened");
    let signature = format!("{folder}/SHA256SUMS.sig");
    let done = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-f", "signers", "-I", "auditor@example.com"])
        .args(["-n", "straykey-evidence", "-s", &signature])
        .current_dir(dir)
        .stdin(sums)
        .output();
    done.expect("ssh-keygen").status.success()
}

#[test]
fn a_signature_is_one_that_ssh_keygen_believes() {
    let Some(made) = made() else { return };
    if !has("ssh-keygen") {
        return;
    }
    let folder = made.path();
    let dir = folder.parent().expect("it has one");
    let make = |name: &str, more: &[&str]| {
        let args = [&["-q", "-f", name, "-C", "somebody"], more].concat();
        assert!(keygen(dir, &args), "a key is made");
    };
    make("key", &["-t", "ed25519", "-N", ""]);
    make("other", &["-t", "ed25519", "-N", ""]);
    let report = write(&made, "out", &["--sign-key", "key"]);
    assert!(signed_by(dir, "out", "key"), "ssh-keygen believes it");
    assert!(!signed_by(dir, "out", "other"), "and asks whose it is");
    let fingerprint = Command::new("ssh-keygen")
        .args(["-lf", "key.pub"])
        .current_dir(dir)
        .output();
    let fingerprint = String::from_utf8(fingerprint.expect("ssh-keygen").stdout).expect("text");
    let signer = report["integrity"]["signer"].as_str().expect("it is told");
    assert!(fingerprint.contains(signer), "{fingerprint}: {signer}");

    let verify = |more: &[&str]| run(&made, &[&["evidence", "verify", "out"], more].concat());
    let told = verify(&["--public-key", "key.pub"]);
    assert_eq!(told.code, 0, "{}", told.out);
    assert!(
        told.out
            .contains(&format!("signed by {signer}, the key that was named")),
        "{}",
        told.out
    );
    let told = verify(&["--public-key", "other.pub"]);
    assert_eq!(told.code, 1);
    assert!(told.out.contains("another key made it"), "{}", told.out);
    // Hashes that were made anew after a change are not those that were signed.
    fs::write(dir.join("out/references.txt"), "none\n").expect("written");
    let sums = Command::new("sh")
        .args([
            "-c",
            "cd out && sha256sum inventory.* references.txt report.* > SHA256SUMS",
        ])
        .current_dir(dir)
        .status();
    assert!(sums.expect("sh").success());
    let told = verify(&[]);
    assert_eq!(told.code, 1);
    assert!(
        told.out
            .contains("wrong: SHA256SUMS.sig: it is not of these bytes"),
        "{}",
        told.out
    );
    assert!(!signed_by(dir, "out", "key"));
    fs::remove_file(dir.join("out/SHA256SUMS.sig")).expect("removed");
    assert!(
        verify(&[])
            .out
            .contains("wrong: SHA256SUMS.sig is not there")
    );

    // The other way: what ssh-keygen signs is believed here; for something else it is not.
    write(&made, "by-hand", &[]);
    let sign = |space: &str| {
        let _ = fs::remove_file(dir.join("by-hand/SHA256SUMS.sig"));
        assert!(keygen(
            dir,
            &["-Y", "sign", "-n", space, "-f", "key", "by-hand/SHA256SUMS"]
        ));
        run(
            &made,
            &["evidence", "verify", "by-hand", "--public-key", "key.pub"],
        )
    };
    let told = sign("straykey-evidence");
    assert_eq!(told.code, 0, "{}", told.out);
    let told = sign("file");
    assert_eq!(told.code, 1);
    assert!(told.out.contains("made for something else"), "{}", told.out);

    // Keys that do not sign here say what to do, before anything is written.
    make("locked", &["-t", "ed25519", "-N", "a passphrase"]);
    make("curve", &["-t", "ecdsa", "-N", ""]);
    for (key, word) in [
        ("locked", "passphrase"),
        ("curve", "Ed25519"),
        ("key.pub", "no private key"),
    ] {
        let told = run(&made, &["evidence", "repo", "-o", "no", "--sign-key", key]);
        assert_eq!(told.code, 2, "{key}");
        assert!(told.err.contains(word), "{key}: {}", told.err);
        assert!(
            told.err.contains("ssh-keygen -Y sign -n straykey-evidence"),
            "{}",
            told.err
        );
        assert!(!dir.join("no").exists());
    }
}

#[test]
fn reports_follow_each_other_and_stores_say_since_when() {
    let Some(made) = made() else { return };
    let first = run(
        &made,
        &["evidence", "repo", "-o", "first", "--as-of", "2023-11-30"],
    );
    assert_eq!(first.code, 0, "{}", first.err);
    let report = write(&made, "second", &["--previous", "first"]);
    assert_eq!(report["changes"]["against"], "the report of 2023-11-30");
    let counts = &report["changes"]["counts"];
    let count = |what: &str| {
        let mut all = counts.as_array().expect("counts").iter();
        all.find(|c| c["what"] == what)
            .map_or(0, |c| c["count"].as_u64().expect("a number"))
    };
    assert_eq!((count("added"), count("rotated"), count("gone")), (2, 1, 0));
    let check = |second: &str, first: &str| {
        run(&made, &["evidence", "verify", second, "--previous", first])
    };
    assert_eq!(check("second", "first").code, 0);
    let other = check("first", "second");
    assert_eq!(other.code, 1);
    assert!(other.out.contains("does not follow"), "{}", other.out);
    // One that was changed is not followed.
    let path = made.path().with_file_name("first/inventory.csv");
    fs::write(path, "x").expect("written");
    let told = run(
        &made,
        &["evidence", "repo", "-o", "third", "--previous", "first"],
    );
    assert_eq!(told.code, 2);
    assert!(
        told.err.contains("not as it was written: inventory.csv"),
        "{}",
        told.err
    );

    // A store knows since when each is known.
    let keep = ["inventory", "repo", "--store", "store.db", "-q", "--as-of"];
    for day in ["2023-12-04", "2024-01-13"] {
        assert_eq!(run(&made, &[&keep[..], &[day]].concat()).code, 0);
    }
    // Made on another day than the one they are of, they would not say when anything was found.
    let store = RunStore::open(&made.store()).expect("opened");
    let runs = store.runs().expect("read");
    for run in runs {
        let (mut run, texts) = store
            .at(&run.scope, run.as_of)
            .expect("read")
            .expect("there");
        run.taken = run.as_of;
        store.add(&run, &texts).expect("kept");
    }
    let report = write(
        &made,
        "fourth",
        &["--store", "store.db", "--from", "2023-12-10"],
    );
    assert_eq!(report["changes"]["against"], "what store.db kept");
    assert_eq!(report["changes"]["against_as_of"], "2023-12-04T23:59:59Z");
    let spans = &report["rotation"]["to_detection"];
    // The clock of [`Made`] moves an hour with each of git's commands: 2023-11-15T01:13:20 to the end of
    // 12-04 once, 2023-12-15T03:13:20 to the end of 2024-01-13 twice: 19, 29, 29 whole days.
    assert_eq!((&spans["known"], &spans["unknown"]), (&3.into(), &0.into()));
    assert_eq!(
        (&spans["median_days"], &spans["mean_days"]),
        (&29.into(), &25.into())
    );
}

#[test]
fn what_verification_asked_is_told_and_what_was_not_read_is_not_clean() {
    let Some(mut made) = made() else { return };
    let line = |time: &str, n: u64| {
        format!(
            "{{\"event\":\"answer\",\"time\":\"{time}\",\"number\":{n},\"provider\":\"github\",\
             \"pattern\":\"github.pat-classic\",\"fingerprint\":\"00\",\"made_up\":false,\
             \"host\":\"api.github.com\",\"status\":401}}\n"
        )
    };
    let log = [
        line("2024-05-02T10:00:00Z", 2),
        line("2024-05-01T10:00:00Z", 1),
        line("2022-01-01T00:00:00Z", 3),
    ];
    fs::write(made.path().with_file_name("audit"), log.concat()).expect("written");
    let report = write(&made, "out", &["--audit", "audit"]);
    let calls = report["verification"]["calls"].as_array().expect("calls");
    let numbers: Vec<u64> = calls.iter().filter_map(|c| c["number"].as_u64()).collect();
    assert_eq!(numbers, [1, 2], "sorted, and those of the period alone");
    fs::write(
        made.path().with_file_name("audit"),
        "ghp_secret is no line\n",
    )
    .expect("written");
    let told = run(&made, &["evidence", "repo", "-o", "no", "--audit", "audit"]);
    assert_eq!(told.code, 2);
    assert!(
        told.err.contains("audit:1: this is no line") && !told.err.contains("ghp_"),
        "{}",
        told.err
    );

    // An object that is damaged: the report is written, says so everywhere, and the program fails.
    let id = made.must(&["rev-parse", "HEAD:src/a.py"]);
    let id = id.trim();
    let path = made
        .path()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..]);
    let mut mode = fs::metadata(&path).expect("there").permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a test's own file")]
    mode.set_readonly(false);
    fs::set_permissions(&path, mode).expect("set");
    fs::write(&path, "x").expect("written");
    let told = run(&made, &["evidence", "repo", "-o", "part", "--as-of", DAY]);
    assert_eq!(told.code, 2, "{}", told.err);
    let folder = made.path().with_file_name("part");
    let report: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("report.json")).expect("read"))
            .expect("JSON");
    assert_eq!(report["scope"]["complete"], false);
    assert!(
        !report["scope"]["not_read"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    let clean = |c: &Value| c["result"] == "no exception found" || c["result"] == "nothing to test";
    assert!(
        !report["controls"]
            .as_array()
            .expect("controls")
            .iter()
            .any(clean)
    );
    let text = fs::read_to_string(folder.join("report.md")).expect("read");
    assert!(text.contains("**Not complete**"), "{text}");
    assert_eq!(run(&made, &["evidence", "verify", "part"]).code, 0);
}

#[test]
fn the_report_follows_its_schema() {
    let Some(made) = made() else { return };
    let report = write(&made, "out", &[]);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = schema.join("docs/schemas/straykey-evidence-1.schema.json");
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(schema).expect("shipped")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(&report)
        .map(|e| e.to_string())
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}
