//! What commits are called, held against `git rev-parse` and `git rev-list`.

use super::*;
use straykey::sources::history::{Lookup, Places, PlacesOptions, Revisions};

/// The commit that straykey takes a name for.
fn resolved(path: &Path, name: &str) -> Result<String, String> {
    let places = Places::find(path, &PlacesOptions::default()).expect("found");
    let lookup = Lookup::open(&places);
    let mut reader = lookup.reader();
    let id = Revisions::new(&places, &mut reader).commit(name);
    id.map(|id| lookup.hex(&id)).map_err(|e| e.to_string())
}

fn built() -> Repo {
    let repo = Repo::new();
    for i in 0..4 {
        repo.write("a", &format!("{i}\n"));
        repo.commit_as(&format!("c{i} {}", token(i)));
    }
    repo.git(&["tag", "light", "HEAD~1"]);
    repo.git(&["tag", "-a", "-m", "x", "v1.0", "HEAD~2"]);
    repo.git(&["tag", "-a", "-m", "x", "of-tag", "v1.0"]);
    repo.git(&["checkout", "-qb", "feature/x-1", "HEAD~2"]);
    repo.write("b", "b\n");
    repo.commit_as(&format!("side {}", token(9)));
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&[
        "merge",
        "-q",
        "--no-ff",
        "-m",
        &format!("merge {}", token(8)),
        "feature/x-1",
    ]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD~2"]);
    repo.git(&[
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]);
    repo
}

#[test]
fn names_mean_what_they_mean_to_git() {
    let repo = built();
    let short = repo.git(&["rev-parse", "--short", "HEAD~1"]);
    let id = repo.git(&["rev-parse", "HEAD~1"]);
    let upper = id.to_uppercase();
    let mut names = vec![
        "HEAD",
        "@",
        "main",
        "heads/main",
        "refs/heads/main",
        "light",
        "v1.0",
        "of-tag",
        "tags/v1.0",
        "feature/x-1",
        "origin/main",
        "origin",
        "remotes/origin/main",
        "HEAD~1",
        "HEAD^",
        "HEAD^1",
        "HEAD^2",
        "HEAD^2~1",
        "HEAD~~",
        "main^^",
        "@~2",
        "v1.0^{}",
        "v1.0^{commit}",
        "v1.0~1",
        "HEAD^0",
        "HEAD~0",
        "HEAD^2^0~1",
    ];
    names.extend([&*short, &*id, &*upper]);
    let check = |path: &Path| {
        for name in &names {
            let expected = git_in(
                path,
                &["rev-parse", "--verify", &format!("{name}^{{commit}}")],
            );
            assert_eq!(resolved(path, name), Ok(expected), "{name}");
        }
    };
    check(repo.path());
    // In a folder below, and in a worktree with a head of its own.
    fs::create_dir(repo.path().join("below")).expect("made");
    check(&repo.path().join("below"));
    repo.git(&["worktree", "add", "-q", "-b", "other", "tree", "HEAD"]);
    repo.git(&["checkout", "-q", "--detach", "main~1"]);
    check(&repo.path().join("tree"));
    repo.git(&["checkout", "-q", "main"]);
    // All of it packed.
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["repack", "-adq"]);
    assert!(!repo.path().join(".git/refs/heads/main").exists());
    check(repo.path());
    repo.git(&["checkout", "-q", "--detach", "HEAD"]);
    check(repo.path());

    for wrong in [
        "nothing",
        "HEAD~99",
        "HEAD^3",
        "main:a",
        "HEAD^{tree}",
        "../config",
        "config",
        "",
        "abcd",
        "HEAD@{u}",
        "HEAD^{",
        "HEAD~1x",
        "main\u{e9}",
        "HEAD^\u{e9}",
        "-x",
    ] {
        let error = resolved(repo.path(), wrong).expect_err("it is no commit");
        assert!(error.contains('\''), "{wrong}: {error}");
    }
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    assert!(
        resolved(repo.path(), &tree)
            .expect_err("a tree")
            .contains("is a tree")
    );
}

#[test]
fn a_tag_wins_over_a_branch_and_that_is_told() {
    let repo = built();
    repo.git(&["tag", "other", "HEAD~1"]);
    repo.git(&["branch", "other", "HEAD"]);
    let expected = repo.git(&["rev-parse", "HEAD~1"]);
    assert_eq!(resolved(repo.path(), "other"), Ok(expected));
    let result = repo.judged(&["other"]).expect("judged");
    let told = result.scan.notices.join("\n");
    assert!(told.contains("refs/tags/other is taken"), "{told}");
}

#[test]
fn ranges_hold_the_commits_that_git_lists() {
    let repo = built();
    let unrelated = repo.git(&["commit-tree", "-m", &token(20), "HEAD^{tree}"]);
    repo.git(&["update-ref", "refs/heads/unrelated", &unrelated]);
    for (args, oracle) in [
        (&["origin/main..main"][..], &["origin/main..main"][..]),
        (&["main..origin/main"], &["main..origin/main"]),
        (&["feature/x-1..main"], &["feature/x-1..main"]),
        (&["main~1..feature/x-1"], &["main~1..feature/x-1"]),
        (&["main~1...feature/x-1"], &["main~1..feature/x-1"]),
        (&["main"], &["main"]),
        (&["..main"], &["main..main"]),
        (&["v1.0.."], &["v1.0..main"]),
        (&["main", "^light"], &["main", "^light"]),
        (
            &["main", "unrelated", "^v1.0"],
            &["main", "unrelated", "^v1.0"],
        ),
        (&["unrelated..main"], &["unrelated..main"]),
        (&["main...unrelated"], &["main..unrelated"]),
    ] {
        let listed = repo.git(&[&["rev-list"], oracle].concat());
        let mut listed: Vec<&str> = listed.lines().collect();
        listed.sort_unstable();
        // Every message has a token of its own, so every commit tells of itself.
        let result = repo.judged(args).expect("judged");
        let mut told: Vec<&str> = result.commits.iter().map(|c| &*c.commit).collect();
        let order = told.clone();
        told.sort_unstable();
        assert_eq!(told, listed, "{args:?}");
        assert_eq!(result.read.commits, listed.len() as u64);
        for (place, commit) in order.iter().enumerate() {
            let parents = repo.git(&["rev-list", "--parents", "-1", commit]);
            for parent in parents.split(' ').skip(1) {
                assert!(
                    !order[place..].contains(&parent),
                    "{args:?}: a child came first"
                );
            }
        }
    }
    let done = common::straykey(repo.path(), &["commits", "main..main"]);
    assert_eq!(done.code, 0);
    assert!(done.out.contains("no commit is in the range"), "{done:?}");
    for (args, word) in [
        (&["commits", "^main"][..], "no commit is asked for"),
        (
            &["commits", "nothing..main"],
            "'nothing' is no commit that is here",
        ),
        (&["commits", "main..nothing"], "fetch it first"),
        (&["commits"], "RANGE"),
    ] {
        let done = common::straykey(repo.path(), args);
        assert_eq!((done.code, &*done.out), (2, ""), "{args:?}: {done:?}");
        assert!(done.err.contains(word), "{args:?}: {done:?}");
    }
    let nowhere = tempfile::tempdir().expect("a folder");
    let done = common::straykey(nowhere.path(), &["commits", "HEAD"]);
    assert!(
        done.code == 2 && done.out.contains("no git repository"),
        "{done:?}"
    );
}

/// Clocks that run wrong: a parent is younger than its children.
#[test]
fn wrong_clocks_change_no_range() {
    let repo = Repo::new();
    let mut ids = Vec::new();
    for i in 0..40u64 {
        repo.clock
            .set(1_700_000_000 + ((i * 7919) % 40 * 86_400) as i64);
        ids.push(repo.commit_as(&format!("c{i}")));
    }
    for (a, b) in [(3, 39), (38, 39), (20, 30), (0, 1), (30, 20)] {
        let range = format!("{}..{}", ids[a], ids[b]);
        let result = repo.judged(&[&range]).expect("judged");
        assert_eq!(result.read.commits, b.saturating_sub(a) as u64, "{a}..{b}");
    }
}

/// Every object, however git has stored it.
#[test]
fn objects_are_read_as_git_reads_them() {
    let repo = Repo::new();
    for i in 0..12 {
        repo.write(
            "a/b",
            &format!("{}changed {i}\n{}", filler(1, 80), filler(2, 80)),
        );
        repo.write(&format!("f{i}"), &filler(i, 40));
        repo.commit();
    }
    repo.git(&["tag", "-a", "-m", "x", "v1"]);
    let listed = |dir: &Path| {
        git_in(
            dir,
            &[
                "cat-file",
                "--batch-all-objects",
                "--batch-check=%(objectname) %(objecttype)",
            ],
        )
    };
    let check = |dir: &Path, how: &str| {
        let places = Places::find(dir, &PlacesOptions::default()).expect("found");
        let lookup = Lookup::open(&places);
        assert_eq!(lookup.skips(), [], "{how}");
        let mut reader = lookup.reader();
        let all = listed(dir);
        assert!(all.lines().count() > 40, "{how}");
        for line in all.lines() {
            let (hex, kind) = line.split_once(' ').expect("two words");
            let id = lookup.hash().parse(hex.as_bytes()).expect("an id");
            let (told, data) = reader.read(&id).expect("it is read");
            assert_eq!(told.word(), kind, "{how}");
            let size = git_in(dir, &["cat-file", "-s", hex]);
            assert_eq!(data.len().to_string(), size, "{how} {hex}");
            // Hashed again it has the id it was asked for by.
            let kind = git2::ObjectType::from_str(kind).expect("a kind");
            let hashed = git2::Oid::hash_object(kind, &data).expect("hashed");
            assert_eq!(hashed.to_string(), hex, "{how}");
            assert_eq!(lookup.alike(&hex[..9]), [id], "{how}");
        }
        let mut none = lookup.hash().parse(&[b'1'; 40]).expect("an id");
        assert!(reader.read(&none).is_err());
        none[0] = 0xff;
        assert!(reader.read(&none).is_err());
    };
    check(repo.path(), "loose");
    repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
    check(repo.path(), "offsets to bases");
    repo.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"]);
    check(repo.path(), "ids of bases");
    repo.git(&["-c", "pack.indexVersion=1", "repack", "-adfq"]);
    check(repo.path(), "the old index");
    repo.write("more", &filler(77, 10));
    repo.commit();
    repo.git(&["repack", "-dq"]);
    repo.write("more", &filler(78, 10));
    repo.commit();
    check(repo.path(), "two packs and loose ones");
    let holder = tempfile::tempdir().expect("a folder");
    let from = repo.path().to_string_lossy().into_owned();
    git_in(holder.path(), &["clone", "-qs", &from, "borrowed"]);
    check(&holder.path().join("borrowed"), "alternates");
}
