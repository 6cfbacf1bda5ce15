//! What is elsewhere is told: contents that Git LFS keeps.

use super::common::{secret, straykey};
use super::{git, put};

#[test]
fn pointers_of_lfs_are_counted_and_told_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    git(dir, &["init", "-q"]);
    let version = "version https://git-lfs.github.com/spec/v1";
    for n in 0..3 {
        let oid = format!("{n}").repeat(64);
        put(
            dir,
            "big.bin",
            &format!("{version}\noid sha256:{oid}\nsize 1{n}\n"),
        );
        git(dir, &["commit", "-qm", &format!("number {n}")]);
    }
    put(dir, "readme", "version 1 of nothing\n");
    // The same content twice is one object.
    git(dir, &["mv", "big.bin", "other.bin"]);
    git(dir, &["commit", "-qm", "last"]);
    let json = |args: &[&str]| {
        let run = straykey(dir, &[&["history", "-f", "json"], args].concat());
        assert_eq!(run.code, 0, "{} {}", run.out, run.err);
        let told: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        told["history"]["lfs_pointers"].clone()
    };
    assert_eq!(json(&[]), 3);
    assert_eq!(json(&["--full-scan"]), 3);
    // A later sweep with a store searches none of them, and tells the same.
    let store = dir.join(".git/store");
    let store = store.to_str().expect("UTF-8");
    for _ in 0..2 {
        assert_eq!(json(&["--store", store]), 3);
    }
    assert_eq!(json(&["--exclude", "*.bin"]), serde_json::Value::Null);
    let run = straykey(dir, &["history"]);
    let told = format!("{}{}", run.out, run.err);
    assert_eq!(told.matches("LFS").count(), 1, "{told}");
    assert!(
        told.contains("3 versions of files are pointers of Git LFS"),
        "{told}"
    );
}

#[test]
fn a_scan_reads_what_an_index_with_sha256_ids_tracks() {
    for layout in ["2", "4", "split"] {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        git(dir, &["init", "-q", "--object-format=sha256"]);
        let token = secret("github.pat-classic", 22);
        put(dir, ".gitignore", "*.env\n");
        std::fs::write(dir.join("kept.env"), format!("key = {token}\n")).expect("written");
        std::fs::write(dir.join("left.env"), format!("key = {token}\n")).expect("written");
        git(dir, &["add", "-f", "kept.env"]);
        git(dir, &["commit", "-qm", "first"]);
        if layout == "split" {
            git(dir, &["update-index", "--split-index"]);
            put(dir, "later", "nothing\n");
        } else {
            git(dir, &["update-index", "--index-version", layout]);
        }
        let run = straykey(dir, &["scan", ".", "-f", "json"]);
        assert_eq!(run.code, 1, "{layout}: {} {}", run.out, run.err);
        let told: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        let places = told["findings"][0]["occurrences"]
            .as_array()
            .expect("a list");
        assert_eq!(places.len(), 1, "{layout}");
        assert_eq!(places[0]["path"], "kept.env", "{layout}");
    }
}

#[test]
fn an_index_that_is_too_big_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    git(dir, &["init", "-q"]);
    put(dir, "readme", "nothing\n");
    git(dir, &["commit", "-qm", "first"]);
    let index = std::fs::File::create(dir.join(".git/index")).expect("made");
    // It has no bytes but on paper.
    index.set_len((512 << 20) + 1).expect("set");
    let run = straykey(dir, &["history"]);
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(run.out.contains("bigger than 512 MiB"), "{}", run.out);
}
