//! Blobs that are too big to be at hand whole are judged in chunks, and tell the same; what of them
//! cannot be read is told. The bound is lowered here.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use straykey::detect::patterns::Confidence;
use straykey::reports::{Format, ReportOptions};
use straykey::scan::{HistoryOptions, history};
use straykey::story::HistoryResult;

use super::common::secret;
use super::{git, put};

/// Less than the files of these tests have, more than their trees and commits have.
const MOST: u64 = 2_000;

fn swept(dir: &Path, most: Option<u64>, verify: bool) -> HistoryResult {
    let mut options = HistoryOptions {
        repository: dir.to_owned(),
        most,
        verify,
        ..HistoryOptions::default()
    };
    options.scan.least = Some(Confidence::Medium);
    history(&options).expect("swept")
}

/// The report, without how much was searched for it.
fn told(mut result: HistoryResult) -> String {
    result.read.searched_bytes = 0;
    let mut out = Vec::new();
    let written = Format::Json
        .report()
        .write_history(&result, &ReportOptions::default(), &mut out);
    written.expect("a vector takes all");
    String::from_utf8(out).expect("UTF-8")
}

fn token(seed: u64) -> String {
    secret("github.pat-classic", seed)
}

/// So many bytes of lines that are all different, so that no delta is worth much.
fn filler(seed: u64, bytes: usize) -> String {
    let (mut text, mut state) = (String::new(), seed);
    while text.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let _ = writeln!(text, "line {:x}", state >> 20);
    }
    text
}

fn loose(dir: &Path, id: &str) -> PathBuf {
    dir.join(".git/objects").join(&id[..2]).join(&id[2..])
}

/// A commit of files beyond the bound, and how many findings they have.
fn made(dir: &Path) -> usize {
    git(dir, &["init", "-q"]);
    put(dir, "small.env", &format!("key = {}\n", token(1)));
    // Over two chunks, with a secret at each end and one where the chunks meet.
    let mut long = format!("key = {}\n{}", token(2), filler(1, 9 << 20));
    let middle = (4 << 20) - 20;
    long.replace_range(middle..middle, &format!("\nkey = {}\n", token(3)));
    let _ = writeln!(long, "key = {}", token(4));
    put(dir, "long.txt", &long);
    let wide = format!("\u{feff}{}key = {}\n", filler(2, 5_000), token(5));
    let units: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(dir.join("wide.txt"), units).expect("written");
    let binary = format!("\0\u{1}{} {} ", filler(3, 5_000), token(6));
    fs::write(dir.join("data.bin"), binary).expect("written");
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "first"]);
    // The same content at another path, and gone from the first.
    git(dir, &["mv", "wide.txt", "other.txt"]);
    git(dir, &["commit", "-qm", "second"]);
    6
}

#[test]
fn blobs_in_chunks_tell_what_they_tell_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let findings = made(dir);
    for packed in [false, true] {
        if packed {
            git(dir, &["repack", "-adq", "--window=0"]);
        }
        let whole = swept(dir, None, true);
        assert_eq!(whole.scan.findings.len(), findings);
        assert_eq!(whole.scan.skips, []);
        let chunks = swept(dir, Some(MOST), true);
        assert_eq!(chunks.scan.skips, []);
        assert_eq!(chunks.read.objects_read, chunks.read.objects);
        assert_eq!(chunks.scan.bytes, whole.scan.bytes);
        assert_eq!(told(chunks), told(whole), "packed: {packed}");
    }
}

#[test]
fn a_delta_beyond_the_bound_is_told_and_the_rest_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    git(dir, &["init", "-q"]);
    let text = filler(1, 60_000);
    for n in 0..3 {
        let changed = format!("{text}number {n}\nkey = {}\n", token(n));
        put(dir, "file", &changed);
        git(dir, &["commit", "-qm", &format!("number {n}")]);
    }
    put(dir, "small.env", &format!("key = {}\n", token(9)));
    git(dir, &["commit", "-qm", "last"]);
    git(dir, &["repack", "-adfq"]);
    let result = swept(dir, Some(MOST), false);
    // The newest version is whole, and the others are built upon it.
    let lost = |s: &&straykey::sources::Skip| s.reason.to_string().contains("too big");
    assert_eq!(
        result.scan.skips.iter().filter(lost).count(),
        2,
        "{:?}",
        result.scan.skips
    );
    assert!(result.scan.is_incomplete());
    assert_eq!(result.read.objects_read + 2, result.read.objects);
    let mut found: Vec<_> = result
        .scan
        .findings
        .iter()
        .map(|f| f.secret.expose().to_vec())
        .collect();
    found.sort();
    let mut expected = [token(2), token(9)].map(String::into_bytes);
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_damaged_big_blob_is_never_clean() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    git(dir, &["init", "-q"]);
    put(dir, "file", &filler(1, 9_000));
    git(dir, &["commit", "-qm", "first"]);
    let path = loose(dir, &git(dir, &["rev-parse", "HEAD:file"]));
    let whole = fs::read(&path).expect("read");
    assert!(!swept(dir, Some(MOST), false).scan.is_incomplete());
    fs::remove_file(&path).expect("removed");
    for at in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        for cut in [false, true] {
            let mut data = whole.clone();
            if cut {
                data.truncate(at);
            } else {
                data[at] ^= 0x10;
            }
            fs::write(&path, data).expect("written");
            let result = swept(dir, Some(MOST), false);
            assert!(result.scan.is_incomplete(), "{at}, cut: {cut}");
        }
    }
    // What has another name than its own is told if that is asked for.
    fs::write(&path, &whole).expect("written");
    put(dir, "other", &filler(2, 9_000));
    git(dir, &["commit", "-qm", "second"]);
    let other = loose(dir, &git(dir, &["rev-parse", "HEAD:other"]));
    fs::remove_file(&path).expect("removed");
    fs::copy(&other, &path).expect("copied");
    let result = swept(dir, Some(MOST), true);
    let told = result.scan.skips.iter().map(|s| s.reason.to_string());
    let told: Vec<String> = told
        .filter(|why| why.contains("do not have its id"))
        .collect();
    assert_eq!(told.len(), 1, "{:?}", result.scan.skips);
}

#[test]
fn along_deltas_little_is_searched_and_that_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    git(dir, &["init", "-q"]);
    let text = filler(1, 200_000);
    for n in 0..10 {
        put(dir, "file", &format!("{text}number {n}\n"));
        git(dir, &["commit", "-qm", &format!("number {n}")]);
    }
    git(dir, &["repack", "-adfq"]);
    let result = swept(dir, None, false);
    let (searched, all) = (result.read.searched_bytes, result.scan.bytes);
    // Ten versions: one of them whole, and of the others not much more than the last line.
    assert!(searched >= 200_000, "{searched} of {all}");
    assert!(searched < all / 4, "{searched} of {all}");
    let options = HistoryOptions {
        repository: dir.to_owned(),
        full_scan: true,
        ..HistoryOptions::default()
    };
    let full = history(&options).expect("swept");
    assert_eq!(full.read.searched_bytes, full.scan.bytes);
    let run = super::common::straykey(dir, &["history", "-v"]);
    let line = format!("searched {} MB of {} MB", searched.div_ceil(1_000_000), 3);
    assert!(run.out.contains(&line), "{}", run.out);
}
