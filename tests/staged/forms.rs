//! All forms that an index and a repository may have.

use super::*;

/// A repository with several folders, of which `a/b` is changed.
fn changed(init: &[&str], prepare: impl Fn(&Repo)) -> Repo {
    let repo = Repo::with(init);
    for (name, seed) in [("a/b/one", 1), ("a/two", 2), ("c/three", 3), ("four", 4)] {
        repo.write(name, &format!("{}A={}\n", filler(seed, 5), token(seed)));
    }
    repo.commit();
    prepare(&repo);
    let text = format!("{}A={}\nB={}\n", filler(1, 5), token(1), token(9));
    repo.write("a/b/one", &text);
    repo.write("c/new", &format!("B={}\n", token(8)));
    repo.git(&["add", "a/b/one", "c/new"]);
    repo
}

fn expected() -> Vec<(String, u64)> {
    vec![at("a/b/one", 7), at("c/new", 1)]
}

#[test]
fn every_version_of_an_index() {
    for version in ["2", "3", "4"] {
        let repo = changed(&[], |repo| {
            repo.git(&["update-index", "--index-version", version]);
        });
        assert_eq!(repo.told(), expected(), "version {version}");
    }
}

#[test]
fn ids_of_sha_256() {
    let repo = changed(&["--object-format=sha256"], |_| {});
    assert_eq!(repo.told(), expected());
}

#[test]
fn a_split_index() {
    let repo = changed(&[], |repo| {
        repo.git(&["update-index", "--split-index"]);
    });
    let shared = fs::read_dir(repo.path().join(".git")).expect("listed");
    let shared: Vec<_> = shared
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.to_string_lossy().contains("sharedindex."))
        .collect();
    assert!(!shared.is_empty(), "git split it");
    assert_eq!(repo.told(), expected());
    for half in shared {
        fs::remove_file(half).expect("removed");
    }
    let result = judged_in(repo.path()).expect("judged");
    assert!(result.scan.is_incomplete(), "half an index is none");
}

#[test]
fn a_sparse_index() {
    let repo = changed(&[], |repo| {
        repo.git(&[
            "sparse-checkout",
            "set",
            "--cone",
            "--sparse-index",
            "a",
            "c",
        ]);
    });
    repo.write("a/two", "changed\n");
    repo.git(&["add", "a/two"]);
    assert_eq!(repo.told(), expected());

    // A folder that the index keeps as one entry may differ from the last commit.
    let repo = Repo::new();
    repo.write("in/a", "text\n");
    repo.write("out/deep/b", "text\n");
    repo.commit();
    repo.write("out/deep/b", &format!("A={}\n", token(1)));
    repo.commit();
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let listed = repo.git(&["ls-files", "--sparse"]);
    assert!(listed.contains("out/"), "{listed}");
    assert!(!listed.contains("out/deep/b"), "{listed}");
    assert_eq!(repo.told(), [at("out/deep/b", 1)]);
}

/// The tables are git's own (`testdata/reftable/make`); the commits they name are made here once more.
#[test]
fn references_in_a_reftable() {
    let repo = Repo::new();
    for n in 1..=5 {
        let message = if n == 1 {
            "first".to_owned()
        } else {
            format!("number {n}")
        };
        let mut command = git_command(
            repo.path(),
            &["commit", "-q", "--allow-empty", "-m", &message],
        );
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_DATE"), "1700000000 +0000");
        }
        assert!(command.status().expect("git runs").success());
    }
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/reftable/sha1");
    let expected = fs::read_to_string(tables.join("expected")).expect("read");
    let main = expected
        .lines()
        .find_map(|l| l.strip_prefix("ref refs/heads/main "));
    assert_eq!(
        main.expect("a branch"),
        repo.git(&["rev-parse", "HEAD~1"]),
        "the same commits"
    );
    repo.write("x.env", &format!("A={}\n", token(5)));
    repo.git(&["add", "x.env"]);
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    let git = repo.path().join(".git");
    let config = fs::read_to_string(git.join("config")).expect("read");
    fs::write(
        git.join("config"),
        config + "[extensions]\n\trefStorage = reftable\n",
    )
    .expect("written");
    fs::remove_dir_all(git.join("refs")).expect("removed");
    fs::create_dir(git.join("refs")).expect("made");
    fs::write(
        git.join("refs/heads"),
        "this repository uses the reftable format\n",
    )
    .expect("written");
    fs::write(git.join("HEAD"), "ref: refs/heads/.invalid\n").expect("written");
    fs::create_dir(git.join("reftable")).expect("made");
    for entry in fs::read_dir(&tables).expect("listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("it has one");
        fs::copy(&path, git.join("reftable").join(name)).expect("copied");
    }
    let result = repo.judged();
    assert_eq!(told(&result), [at("x.env", 1)]);
    assert!(!result.read.is_first, "there is a commit before");
    fs::remove_file(git.join("reftable/tables.list")).expect("removed");
    let lost = judged_in(repo.path()).map(|r| r.scan.is_incomplete());
    assert_ne!(lost, Ok(false), "what is not known is not clean");
}

#[test]
fn a_linked_worktree() {
    let repo = changed(&[], |_| {});
    let other = tempfile::tempdir().expect("a folder");
    let tree = other.path().join("tree");
    let shown = tree.to_string_lossy().into_owned();
    repo.git(&["worktree", "add", "-q", "-b", "other", &shown]);
    fs::write(tree.join("x.env"), format!("A={}\n", token(7))).expect("written");
    git_in(&tree, &["add", "x.env"]);
    let result = judged_in(&tree).expect("judged");
    assert_eq!(result.scan.skips, []);
    assert_eq!(told(&result), [at("x.env", 1)]);
    assert_eq!(repo.told(), expected(), "each has an index of its own");
}

#[test]
fn objects_in_packs_and_references_in_lists() {
    let repo = changed(&[], |repo| {
        repo.git(&["repack", "-adq"]);
        repo.git(&["pack-refs", "--all"]);
    });
    assert_eq!(repo.told(), expected());
}

#[test]
fn an_index_without_a_cache_of_trees_and_with_one_whose_trees_are_gone() {
    let repo = changed(&[], |_| {});
    // Git writes no cache into an index that it reads from a list.
    let listed = repo.git(&["ls-files", "-s"]);
    repo.git(&["read-tree", "--empty"]);
    let mut child = git_command(repo.path(), &["update-index", "--index-info"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stdin = child.stdin.take().expect("it was asked for");
    std::io::Write::write_all(&mut stdin, format!("{listed}\n").as_bytes()).expect("fed");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
    assert_eq!(repo.told(), expected());

    // `write-tree` fills the cache and writes the trees; here they are lost again.
    let before: std::collections::BTreeSet<_> = objects(&repo);
    repo.git(&["write-tree"]);
    for path in objects(&repo).difference(&before) {
        fs::remove_file(path).expect("removed");
    }
    assert_eq!(repo.told(), expected());
}

fn objects(repo: &Repo) -> std::collections::BTreeSet<std::path::PathBuf> {
    let folders = fs::read_dir(repo.path().join(".git/objects")).expect("listed");
    let folders = folders.map(|e| e.expect("an entry").path());
    let files = folders.flat_map(|f| fs::read_dir(f).into_iter().flatten());
    files.map(|e| e.expect("an entry").path()).collect()
}

#[test]
fn a_repository_of_somebody_else() {
    // Nothing of it is asked for its owner; git itself would refuse it.
    #[cfg(unix)]
    {
        let repo = changed(&[], |_| {});
        let other = 12_345;
        let chowned = std::os::unix::fs::chown(repo.path().join(".git"), Some(other), None)
            .and_then(|()| std::os::unix::fs::chown(repo.path(), Some(other), None));
        assert_eq!(repo_told(&repo), expected());
        if chowned.is_ok() {
            let done = git_command(repo.path(), &["status"])
                .output()
                .expect("git runs");
            assert!(!done.status.success(), "git refuses it");
        }
    }
}

#[cfg(unix)]
fn repo_told(repo: &Repo) -> Vec<(String, u64)> {
    repo.told()
}

#[test]
fn a_damaged_index_is_never_clean() {
    let repo = changed(&[], |_| {});
    let path = repo.path().join(".git/index");
    let whole = fs::read(&path).expect("read");
    // Every tenth byte, one after another; then every length.
    for at in (0..whole.len()).step_by(10) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        fs::write(&path, bytes).expect("written");
        let result = judged_in(repo.path()).expect("judged");
        assert!(result.scan.is_incomplete(), "byte {at}");
    }
    for len in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..len]).expect("written");
        let result = judged_in(repo.path()).expect("judged");
        assert!(result.scan.is_incomplete(), "{len} bytes");
    }
}

#[test]
fn what_is_missing_or_damaged_is_never_clean() {
    let blob = |repo: &Repo| {
        let id = repo.git(&["rev-parse", ":c/new"]);
        let path = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
        repo.path().join(path)
    };
    let repo = changed(&[], |_| {});
    fs::remove_file(blob(&repo)).expect("removed");
    let result = judged_in(repo.path()).expect("judged");
    assert!(result.scan.is_incomplete());
    assert_eq!(told(&result), [at("a/b/one", 7)]);

    let repo = changed(&[], |_| {});
    let id = repo.git(&["rev-parse", "HEAD"]);
    let path = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
    fs::remove_file(repo.path().join(path)).expect("removed");
    assert!(judged_in(repo.path()).is_err(), "the last commit is gone");

    let repo = changed(&[], |_| {});
    fs::write(repo.path().join(".git/refs/heads/main"), "no id\n").expect("written");
    assert!(judged_in(repo.path()).is_err(), "the branch does not parse");

    let empty = tempfile::tempdir().expect("a folder");
    let result = judged_in(empty.path()).expect("judged");
    assert!(result.scan.is_incomplete(), "no repository");
    let mut named = options(repo.path());
    named.index = Some("no-such-index".into());
    let repo = changed(&[], |_| {});
    named.repository = repo.path().to_owned();
    assert!(staged(&named).expect("judged").scan.is_incomplete());
}

#[test]
fn a_bare_repository_has_nothing_staged() {
    let repo = Repo::with(&["--bare"]);
    let result = judged_in(repo.path()).expect("judged");
    assert_eq!(told(&result), []);
    assert!(result.scan.notices[0].contains("no index"));
}

/// A cache of trees may claim to be nested as deep as it has bytes; what reads it calls itself.
#[test]
fn an_index_whose_cache_of_trees_is_nested_without_an_end_is_refused() {
    let repo = changed(&[], |_| {});
    // What is ignored is read if git tracks it: that is where the other modes ask the index.
    repo.write(".gitignore", "ignored\n");
    repo.write("ignored", "nothing\n");
    let path = repo.path().join(".git/index");
    let levels = 300_000;
    let mut cache = b"\0-1 1\n".to_vec();
    for level in 1..=levels {
        cache.extend(if level < levels {
            b"d\0-1 1\n"
        } else {
            b"d\0-1 0\n"
        });
    }
    let mut bytes = b"DIRC\0\0\0\x02\0\0\0\0TREE".to_vec();
    bytes.extend((cache.len() as u32).to_be_bytes());
    bytes.extend(cache);
    // No checksum, as `index.skipHash` leaves it.
    bytes.extend([0; 20]);
    fs::write(&path, bytes).expect("written");
    for command in [&["staged"][..], &["scan", "."], &["history"]] {
        let done = common::straykey(repo.path(), command);
        assert_eq!(done.code, 2, "{command:?}: {done:?}");
        let said = done.out + &done.err;
        assert!(said.contains("nested deeper than 1024 folders"), "{said}");
    }
}
