//! The same archive in a tree, an index, a range of commits and a history: the same findings.

use std::collections::BTreeSet;
use std::path::Path;

use super::make::{Told, pack, run, told, told_in_ci, write};
use super::opened::{env, folder};

pub fn git(dir: &Path, args: &[&str]) {
    let mut all = vec![
        "-c",
        "init.defaultBranch=main",
        "-c",
        "user.name=Ann",
        "-c",
        "user.email=ann@x.invalid",
    ];
    all.extend(args);
    run(dir, "git", &all).expect("git is needed to build this");
}

/// Fingerprints with their places.
pub fn all(told: &Told) -> BTreeSet<(String, String)> {
    let findings = told.findings.iter();
    findings
        .flat_map(|((_, print), places)| places.iter().map(move |p| (print.clone(), p.clone())))
        .collect()
}

#[test]
fn a_tree_an_index_commits_and_a_history_tell_the_same() {
    let made = folder(11);
    let made = made.path();
    if !pack(made, "tar", "b.tar", &[("c.env", "src/c.env")]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path().join("r");
    std::fs::create_dir_all(repo.join("lib")).expect("made");
    git(&repo, &["init", "-q"]);
    git(&repo, &["commit", "-q", "--allow-empty", "-m", "Begin"]);
    let out = repo.join("lib/a.zip");
    let out = out.to_str().expect("text");
    pack(
        made,
        "zip",
        out,
        &[("dir/b.tar", "b.tar"), ("readme", "src/readme")],
    );
    git(&repo, &["add", "-A"]);
    let staged = told(&repo, &["staged"]);
    git(&repo, &["commit", "-q", "-m", "Archive"]);
    let tree = told(&repo, &["scan", "."]);
    let commits = told(&repo, &["commits", "HEAD~1..HEAD"]);
    let history = told(&repo, &["history"]);
    let ci = told_in_ci(&repo, &["--base", "HEAD~1", "--head", "HEAD"]);
    let expected = ["lib/a.zip!dir/b.tar!c.env:3", "lib/a.zip!dir/b.tar!c.env:4"];
    assert_eq!(tree.places(), expected);
    for (mode, other) in [
        ("staged", staged),
        ("commits", commits),
        ("history", history),
        ("ci", ci),
    ] {
        assert_eq!(all(&other), all(&tree), "{mode}");
        assert_eq!(other.code, 1, "{mode}");
    }
    // Scanned from elsewhere it is the same file.
    let outside = told(dir.path(), &["scan", "r"]);
    let prints = |told: &Told| -> Vec<_> { told.findings.keys().cloned().collect() };
    assert_eq!(prints(&outside), prints(&tree));
}

#[test]
fn a_commit_is_blamed_for_what_it_brings_into_an_archive() {
    let made = folder(12);
    let made = made.path();
    write(made, "src/second.env", env(13));
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path();
    git(repo, &["init", "-q"]);
    let out = repo.join("a.zip");
    let out = out.to_str().expect("text");
    if !pack(made, "zip", out, &[("c.env", "src/c.env")]) {
        return;
    }
    git(repo, &["add", "-A"]);
    git(repo, &["commit", "-q", "-m", "One"]);
    // The old secrets move to another entry, and new ones come.
    let two = [
        ("moved/c.env", "src/c.env"),
        ("second.env", "src/second.env"),
    ];
    pack(made, "zip", out, &two);
    git(repo, &["add", "-A"]);
    for mode in [vec!["staged"], vec!["commits", "HEAD~1..HEAD"]] {
        if mode[0] == "commits" {
            git(repo, &["commit", "-q", "-m", "Two"]);
        }
        let told = told(repo, &mode);
        assert_eq!(
            told.places(),
            ["a.zip!second.env:3", "a.zip!second.env:4"],
            "{mode:?}"
        );
    }
    // A history has both, whichever version they stand in.
    let history = told(repo, &["history"]);
    assert_eq!(history.strong().len(), 2);
    // With a store nothing is forgotten.
    let store = dir.path().join(".git/store");
    let store = store.to_str().expect("text");
    for _ in 0..2 {
        let again = told(repo, &["history", "--store", store]);
        assert_eq!(again.findings, history.findings);
    }
}

#[test]
fn what_a_history_could_not_open_is_told_at_its_path() {
    let made = folder(14);
    let made = made.path();
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path();
    git(repo, &["init", "-q"]);
    if !pack(made, "zip", "a.zip", &[("readme", "src/readme")]) {
        return;
    }
    let whole = std::fs::read(made.join("a.zip")).expect("read");
    write(repo, "lib/broken.zip", &whole[..whole.len() - 30]);
    git(repo, &["add", "-A"]);
    let staged = told(repo, &["staged"]);
    git(repo, &["commit", "-q", "-m", "One"]);
    let commits = told(repo, &["commits", "HEAD"]);
    let history = told(repo, &["history"]);
    let tree = told(repo, &["scan", "."]);
    for told in [staged, commits, history, tree] {
        let expected = [("lib/broken.zip".to_owned(), "corrupt".to_owned())];
        assert_eq!(told.skips, expected);
        assert_eq!(told.code, 2);
    }
}

#[test]
fn entries_are_left_out_by_their_names_in_every_mode() {
    let made = folder(15);
    let made = made.path();
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path();
    git(repo, &["init", "-q"]);
    // What a change is judged by is what was there before it.
    let config = |glob: &str| {
        let text = format!("exclude = [\"{glob}\"]\n");
        write(repo, ".straykey/config.toml", text);
        git(repo, &["add", "-A"]);
    };
    config("lib/a.zip/test");
    git(repo, &["commit", "-q", "-m", "Begin"]);
    std::fs::create_dir_all(repo.join("lib")).expect("made");
    let out = repo.join("lib/a.zip");
    let entries = [("test/c.env", "src/c.env"), ("d/keep.env", "src/c.env")];
    if !pack(made, "zip", out.to_str().expect("text"), &entries) {
        return;
    }
    git(repo, &["add", "-A"]);
    let staged = told(repo, &["staged"]);
    git(repo, &["commit", "-q", "-m", "Archive"]);
    let commits = told(repo, &["commits", "HEAD~1..HEAD", "--config", ".straykey"]);
    let history = told(repo, &["history", "--config", ".straykey"]);
    let tree = told(repo, &["scan", "."]);
    let ci = told_in_ci(repo, &["--base", "HEAD~1", "--head", "HEAD"]);
    let expected = ["lib/a.zip!d/keep.env:3", "lib/a.zip!d/keep.env:4"];
    let modes = [
        ("staged", staged),
        ("commits", commits),
        ("tree", tree),
        ("history", history),
        ("ci", ci),
    ];
    for (mode, told) in modes {
        assert_eq!(told.places(), expected, "{mode}");
    }
    // By a name alone, and all of it.
    config("keep.env");
    let expected = ["lib/a.zip!test/c.env:3", "lib/a.zip!test/c.env:4"];
    assert_eq!(told(repo, &["scan", "."]).places(), expected);
    config("lib/a.zip");
    assert_eq!(told(repo, &["scan", "."]).findings.len(), 0);
}
