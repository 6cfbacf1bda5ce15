//! Real commits with a real hook, and the index that git names to it.

use super::*;

/// A hook that calls the program.
pub fn hook(repo: &Repo, name: &str) {
    let path = repo.path().join(".git/hooks").join(name);
    let program = env!("CARGO_BIN_EXE_straykey");
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(&path, format!("#!/bin/sh\nexec '{program}' staged\n")).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
    }
}

/// Runs git; whether it did it, and all that it said.
pub fn tried(dir: &Path, args: &[&str]) -> (bool, String) {
    let done = git_command(dir, args).output().expect("git runs");
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn with_hook() -> Repo {
    let repo = Repo::new();
    repo.write("a/one", &filler(1, 5));
    repo.write("b/two", &filler(2, 5));
    repo.commit();
    hook(&repo, "pre-commit");
    hook(&repo, "pre-merge-commit");
    repo
}

#[test]
fn a_commit_with_a_secret_is_stopped_and_one_without_is_not() {
    let repo = with_hook();
    repo.write("a/new", "nothing\n");
    repo.git(&["add", "-A"]);
    let (done, said) = tried(repo.path(), &["commit", "-m", "fine"]);
    assert!(done, "{said}");
    assert!(said.contains("Clean: 1 staged file,"), "{said}");
    repo.write("a/key.env", &format!("A={}\n", token(1)));
    repo.git(&["add", "-A"]);
    let (done, said) = tried(repo.path(), &["commit", "-m", "bad"]);
    assert!(!done, "{said}");
    assert!(said.contains("straykey: commit stopped: 1 new secret, 1 staged file, "));
    assert!(
        said.contains("  a/key.env:1 github.pat-classic ghp_"),
        "{said}"
    );
    assert!(
        said.contains("  real:     remove, git add, commit;"),
        "{said}"
    );
    assert!(!said.contains(&token(1)), "masked");
}

#[test]
fn the_index_of_commit_all_and_of_named_paths_is_the_one_that_counts() {
    let repo = with_hook();
    repo.write("a/one", &format!("A={}\n", token(1)));
    // Nothing is in the index that `.git/index` says; git writes another one for the commit.
    let (done, said) = tried(repo.path(), &["commit", "-am", "bad"]);
    assert!(!done && said.contains("a/one:1"), "{said}");
    let (done, said) = tried(repo.path(), &["commit", "-m", "bad", "--", "a/one"]);
    assert!(!done && said.contains("a/one:1"), "{said}");
    // What is staged and is not part of the commit does not stop it.
    repo.git(&["add", "a/one"]);
    repo.write("b/two", "fine\n");
    let (done, said) = tried(repo.path(), &["commit", "-m", "fine", "--", "b/two"]);
    assert!(done, "{said}");
    // From a folder below, too, where git names the index by a path from the top.
    let (done, said) = tried(&repo.path().join("b"), &["commit", "-am", "bad"]);
    assert!(!done && said.contains("a/one:1"), "{said}");
}

#[test]
fn an_index_elsewhere_by_a_relative_name() {
    let repo = with_hook();
    repo.write("a/key.env", &format!("A={}\n", token(1)));
    let add = |dir: &Path, args: &[&str]| {
        let mut command = git_command(dir, args);
        command.env("GIT_INDEX_FILE", "elsewhere");
        let done = command.output().expect("git runs");
        let said = [done.stdout, done.stderr].concat();
        (
            done.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    assert!(add(repo.path(), &["read-tree", "HEAD"]).0);
    assert!(add(repo.path(), &["add", "a/key.env"]).0);
    let (done, said) = add(&repo.path().join("b"), &["commit", "-m", "bad"]);
    assert!(!done && said.contains("a/key.env:1"), "{said}");
    assert_eq!(repo.told(), [], "the repository's own index has nothing");
}

#[test]
fn a_merge_is_judged_by_what_it_alone_brings_in() {
    let repo = with_hook();
    repo.git(&["checkout", "-qb", "side"]);
    repo.write("side.env", &format!("A={}\n", token(1)));
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "let through"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.write("main", "text\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", "fine"]);
    // When git calls the hook it has not written down yet what is merged.
    let (done, said) = tried(repo.path(), &["merge", "--no-edit", "side"]);
    assert!(done, "{said}");
    assert!(said.contains("Clean: "), "{said}");
    assert!(
        repo.git(&["log", "--format=%p", "-1"]).contains(' '),
        "a merge"
    );
}

#[test]
fn a_linked_worktree_and_a_git_folder_apart() {
    let repo = with_hook();
    let other = tempfile::tempdir().expect("a folder");
    let tree = other.path().join("tree");
    let shown = tree.to_string_lossy().into_owned();
    repo.git(&["worktree", "add", "-q", "-b", "other", &shown]);
    fs::write(tree.join("x.env"), format!("A={}\n", token(7))).expect("written");
    git_in(&tree, &["add", "x.env"]);
    let (done, said) = tried(&tree, &["commit", "-m", "bad"]);
    assert!(!done && said.contains("x.env:1"), "{said}");

    // As people keep the files of their home: the working tree has no `.git`.
    let home = tempfile::tempdir().expect("a folder");
    let git_dir = format!("--git-dir={}/.git", repo.path().to_string_lossy());
    let work_tree = format!("--work-tree={}", home.path().to_string_lossy());
    fs::write(home.path().join("y.env"), format!("A={}\n", token(8))).expect("written");
    git_in(home.path(), &[&git_dir, &work_tree, "add", "y.env"]);
    let (done, said) = tried(home.path(), &[&git_dir, &work_tree, "commit", "-m", "bad"]);
    assert!(!done && said.contains("y.env:1"), "{said}");
}

#[test]
fn words_of_an_empty_stage_and_of_removals() {
    let repo = with_hook();
    let run = common::straykey(repo.path(), &["staged"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out.starts_with("Clean: nothing is staged, "),
        "{}",
        run.out
    );
    repo.git(&["rm", "-q", "b/two"]);
    let run = common::straykey(repo.path(), &["staged"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out.starts_with("Clean: no new content is staged, "),
        "{}",
        run.out
    );
    let run = common::straykey(repo.path(), &["staged", "-q"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
}

#[test]
fn exit_codes() {
    let repo = with_hook();
    repo.write("a/key.env", &format!("A={}\n", token(1)));
    repo.git(&["add", "-A"]);
    assert_eq!(common::straykey(repo.path(), &["staged"]).code, 1);
    let run = common::straykey(repo.path(), &["staged", "--exit-zero"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out
            .starts_with("straykey: commit not stopped: 1 new secret, ")
    );
    fs::write(repo.path().join(".git/index"), "DIRC").expect("written");
    for args in [
        &["staged"][..],
        &["staged", "--exit-zero"],
        &["staged", "-q"],
    ] {
        let run = common::straykey(repo.path(), args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.out.contains("INCOMPLETE"), "{}", run.out);
    }
}
