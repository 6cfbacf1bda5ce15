//! Great sizes, with bounded memory.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::run::{big, found_in, straykey, token, write};

/// What a scan may need beside the catalogue, in MiB: two workers' buffers and then some.
const MEMORY: u64 = 160;

#[test]
fn one_line_without_end() {
    let dir = tempfile::tempdir().unwrap();
    let size: usize = if big() { 500 << 20 } else { 24 << 20 };
    let spaced = |seed| [b" ", &token(seed).1[..], b" "].concat();
    let text = spaced(1);
    let mut file = BufWriter::new(File::create(dir.path().join("line")).unwrap());
    let filler = b"lorem ipsum, ".repeat(1 << 12);
    let mut written = 0;
    while written < size / 2 {
        file.write_all(&filler).unwrap();
        written += filler.len();
    }
    file.write_all(&text).unwrap();
    let column = written;
    while written < size {
        file.write_all(&filler).unwrap();
        written += filler.len();
    }
    file.write_all(&spaced(2)).unwrap();
    drop(file);
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    let report = ran.json();
    assert_eq!(found_in(&report), ["line", "line"]);
    let columns: Vec<u64> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["occurrences"][0])
        .inspect(|place| assert_eq!(place["line"], 1, "{place}"))
        .map(|place| place["column"].as_u64().unwrap())
        .collect();
    let near = |column: &u64, at: usize| (*column as usize).abs_diff(at) <= text.len() + 4;
    assert!(
        columns.iter().any(|c| near(c, column)),
        "{columns:?}, {column}"
    );
    assert!(
        columns.iter().any(|c| near(c, written)),
        "{columns:?}, {written}"
    );
    assert!(ran.peak < MEMORY, "{} MiB", ran.peak);
    eprintln!("one line of {} MiB: {} MiB of memory", size >> 20, ran.peak);
    straykey(dir.path(), ["scan", "."]).ends(1);
    straykey(dir.path(), ["explain", "line:1"]).ends(0);
}

#[test]
fn a_file_beyond_two_gibibytes() {
    let dir = tempfile::tempdir().unwrap();
    let size: u64 = if big() { (2 << 30) + 5 } else { 48 << 20 };
    let file = File::create(dir.path().join("sparse")).unwrap();
    file.set_len(size).unwrap();
    file.write_all_at(&[b"\n", &token(1).0[..], b"\n"].concat(), size - 100)
        .unwrap();
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    assert_eq!(found_in(&ran.json()), ["sparse"]);
    assert!(ran.peak < MEMORY, "{} MiB", ran.peak);
    eprintln!("{} MiB: {} MiB of memory", size >> 20, ran.peak);
}

/// A blob of a history that is too big to be at hand whole: loose, and in a pack.
#[test]
fn a_blob_beyond_half_a_gibibyte() {
    let dir = tempfile::tempdir().unwrap();
    let size: u64 = if big() {
        (512 << 20) + 100_000
    } else {
        24 << 20
    };
    let file = File::create(dir.path().join("sparse")).unwrap();
    file.set_len(size).unwrap();
    for (seed, at) in [(1, 10), (2, size - 100)] {
        let text = [b"\n", &token(seed).0[..], b"\n"].concat();
        file.write_all_at(&text, at).unwrap();
    }
    drop(file);
    let git = |args: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.current_dir(dir.path())
            .args(["-c", "core.compression=1"])
            .args(args);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        let done = git.output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    git(&["init", "-q"]);
    // Git writes what is big into a pack at once, if it is not told otherwise.
    for name in ["loose", "packed"] {
        if name == "packed" {
            git(&["add", "sparse"]);
            git(&["repack", "-adq"]);
            git(&["prune", "--expire=now"]);
        } else {
            git(&["-c", "core.bigFileThreshold=4g", "add", "sparse"]);
        }
        let ran = straykey(dir.path(), ["history", "-f", "json"]).ends(1);
        let report = ran.json();
        assert_eq!(report["findings"].as_array().unwrap().len(), 2, "{name}");
        assert_eq!(found_in(&report), ["sparse", "sparse"], "{name}");
        let read = &report["history"];
        assert_eq!(read["objects"], read["objects_read"], "{name}");
        if big() {
            assert!(ran.peak < MEMORY, "{name}: {} MiB", ran.peak);
        }
        eprintln!("{name}, {} MiB: {} MiB of memory", size >> 20, ran.peak);
    }
}

#[test]
fn many_empty_files() {
    let dir = tempfile::tempdir().unwrap();
    let count = if big() { 100_000 } else { 20_000 };
    for i in 0..count {
        let folder = dir.path().join(format!("{}", i % 100));
        if i < 100 {
            fs::create_dir(&folder).unwrap();
        }
        File::create(folder.join(i.to_string())).unwrap();
    }
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(0);
    assert_eq!(ran.json()["read"]["files"], count);
    assert!(ran.peak < MEMORY, "{} MiB", ran.peak);
}

#[test]
fn a_tree_3000_folders_deep() {
    let dir = tempfile::tempdir().unwrap();
    // Its path is longer than any path may be: made step by step.
    let (flags, mode) = (
        OFlags::RDONLY | OFlags::DIRECTORY,
        Mode::from_raw_mode(0o755),
    );
    let mut here = rustix::fs::open(dir.path(), flags, mode).unwrap();
    for _ in 0..3000 {
        rustix::fs::openat(&here, "f", OFlags::CREATE | OFlags::WRONLY, mode).unwrap();
        rustix::fs::mkdirat(&here, "d", mode).unwrap();
        here = rustix::fs::openat(&here, "d", flags, mode).unwrap();
    }
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]);
    let report = ran.json();
    let read = report["read"]["files"].as_u64().unwrap();
    // Beyond the longest path the rest is told, and the run is not complete.
    assert!(
        read == 3000 || (read > 1000 && ran.code == 2),
        "{read} {}",
        ran.code
    );
    assert!(ran.peak < MEMORY, "{} MiB", ran.peak);
    let removed = std::process::Command::new("rm")
        .args(["-rf", "d"])
        .current_dir(dir.path())
        .status();
    assert!(removed.unwrap().success());
}

fn repository(root: &Path) {
    fs::create_dir_all(root.join(".git/objects")).unwrap();
    write(root, ".git/HEAD", "ref: refs/heads/main\n");
}

#[test]
fn rules_without_end_ignore_nothing() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    write(dir.path(), "a.env", token(1).0);
    write(dir.path(), ".gitignore", "*.env\n".repeat((10 << 20) / 6));
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    assert_eq!(found_in(&ran.json()), ["a.env"]);
    assert!(ran.peak < MEMORY, "{} MiB", ran.peak);
}

#[test]
fn the_most_expensive_rules_in_many_folders() {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path());
    // As long as a file of rules may be, with globs that are dear to compile and to try.
    let mut rules = String::new();
    let mut i = 0;
    while rules.len() < (128 << 10) - 64 {
        writeln!(rules, "**/a{i}*b?[c-x]*{{d,e}}**/f").unwrap();
        i += 1;
    }
    let folders = if big() { 200 } else { 8 };
    for folder in 0..folders {
        write(dir.path(), format!("d{folder}/.gitignore"), &rules);
        write(
            dir.path(),
            format!("d{folder}/{}/f", "a".repeat(200)),
            token(1).0,
        );
    }
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    assert_eq!(found_in(&ran.json()).len(), folders);
    eprintln!("{folders} folders of rules: {} MiB of memory", ran.peak);
    assert!(ran.peak < 300, "{} MiB", ran.peak);
}

#[test]
fn the_last_lines_of_a_file_just_longer_than_a_chunk() {
    let dir = tempfile::tempdir().unwrap();
    // The last core is shorter than what is read around cores.
    let lines = ((4 << 20) + (20 << 10)) / 16;
    let mut text = b"fifteen letters\n".repeat(lines);
    text.extend(token(1).1);
    write(dir.path(), "f", &text);
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    let place = ran.json()["findings"][0]["occurrences"][0].clone();
    assert_eq!(place["line"], lines + 1, "{place}");
    assert_eq!(place["column"], 1, "{place}");
}
