//! What is read, what is left out, and what is said of it.

use super::*;

#[test]
fn rules_count_only_inside_a_repository() {
    let tree = Tree::new(&["a.log", "sub/b.log", "sub/c.txt"]);
    tree.write(".gitignore", b"*.log\n");
    tree.write(".ignore", b"*\n");
    tree.write(".rgignore", b"*\n");
    let outside = tree.read(&[""]);
    assert_eq!(
        outside.read,
        [
            ".gitignore",
            ".ignore",
            ".rgignore",
            "a.log",
            "sub/b.log",
            "sub/c.txt"
        ]
    );
    assert!(outside.skipped.is_empty());

    tree.repository("", &[]);
    let inside = tree.read(&[""]);
    assert_eq!(
        inside.read,
        [".gitignore", ".ignore", ".rgignore", "sub/c.txt"]
    );
    assert_eq!(
        inside.skipped,
        ["ignored-file a.log", "ignored-file sub/b.log"]
    );
    // The rules above a target count in it.
    assert_eq!(tree.read(&["sub"]).read, ["sub/c.txt"]);

    let all = tree.read_by(&[""], |options| options.ignored = true, Recorder::default);
    assert_eq!(all.read, outside.read);
    assert!(all.skipped.is_empty());
}

#[test]
fn inner_rules_win_and_folders_stay_shut() {
    let tree = Tree::new(&["a.env", "in/a.env", "in/b.env", "out/keep/x", "out/y"]);
    tree.repository("", &[]);
    tree.write(".gitignore", b"*.env\nout/\n!out/keep/\n");
    tree.write("in/.gitignore", b"!b.env\n");
    tree.write(".git/info/exclude", b"*.tmp\n!a.env\n");
    tree.write("z.tmp", b"");
    let seen = tree.read(&[""]);
    assert_eq!(seen.plain(), ["in/b.env"]);
    assert_eq!(
        seen.skipped,
        [
            "ignored-file a.env",
            "ignored-file in/a.env",
            "ignored-file z.tmp",
            "ignored-folder out"
        ]
    );
}

#[test]
fn what_git_tracks_is_read_though_a_rule_matches_it() {
    let tree = Tree::new(&[
        ".env",
        ".env.local",
        "dist/a/b/app.js",
        "dist/a/map",
        "dist/x/y",
        "src",
    ]);
    tree.write(".gitignore", b"");
    tree.repository("", &[".env", "dist/a/b/app.js", "src"]);
    tree.write(".gitignore", b".env*\ndist\n");
    let seen = tree.read(&[""]);
    assert_eq!(seen.plain(), [".env", "dist/a/b/app.js", "src"]);
    // The folder is told once, though two things in it were left out.
    assert_eq!(
        seen.skipped,
        ["ignored-file .env.local", "ignored-folder dist"]
    );
    assert_eq!(
        tree.read(&["dist/a"]).plain(),
        ["dist/a/b/app.js", "dist/a/map"]
    );
}

#[test]
fn a_folder_that_is_ignored_but_tracked_whole_is_not_told() {
    let tree = Tree::new(&["dist/a", "dist/b/c", "dist-x"]);
    tree.repository("", &["dist/a", "dist/b/c", "dist-x"]);
    tree.write(".gitignore", b"dist*\n");
    let seen = tree.read(&[""]);
    assert_eq!(seen.plain(), ["dist-x", "dist/a", "dist/b/c"]);
    assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
}

#[test]
fn nested_repositories_have_rules_of_their_own() {
    let tree = Tree::new(&["x.log", "inner/x.log", "inner/y.tmp", "inner/deep/y.tmp"]);
    tree.repository("", &[]);
    tree.write(".gitignore", b"*.log\n");
    tree.repository("inner", &["deep/y.tmp"]);
    tree.write("inner/.gitignore", b"*.tmp\n");
    let seen = tree.read(&[""]);
    assert_eq!(seen.plain(), ["inner/deep/y.tmp", "inner/x.log"]);
    assert_eq!(
        seen.skipped,
        ["ignored-file inner/y.tmp", "ignored-file x.log"]
    );
}

#[test]
fn a_false_git_folder_hides_nothing() {
    let tree = Tree::new(&["sub/secret"]);
    tree.repository("", &["sub/secret"]);
    tree.folder("sub/.git");
    tree.write("sub/.gitignore", b"*\n");
    assert!(tree.read(&[""]).read.contains(&"sub/secret".to_owned()));
    // Nor does a true one, of what the repository around it tracks.
    tree.repository("sub", &[]);
    assert!(tree.read(&[""]).read.contains(&"sub/secret".to_owned()));
    assert!(tree.read(&["sub"]).read.contains(&"sub/secret".to_owned()));
}

#[test]
fn a_linked_worktree_has_its_own_index() {
    let tree = Tree::new(&["main/.env"]);
    let repository = tree.repository("main", &[".env"]);
    let id = repository.index().unwrap().write_tree().unwrap();
    let who = git2::Signature::now("a", "a@example.org").unwrap();
    let commit = repository.find_tree(id).unwrap();
    repository
        .commit(Some("HEAD"), &who, &who, "first", &commit, &[])
        .unwrap();
    repository
        .worktree("linked", &tree.path().join("linked"), None)
        .unwrap();
    tree.write("main/.git/info/exclude", b".env\n*.tmp\n");
    tree.write("linked/x.tmp", b"");
    let seen = tree.read(&["linked"]);
    assert_eq!(seen.plain(), ["linked/.env"]);
    assert_eq!(seen.skipped, ["ignored-file linked/x.tmp"]);
}

#[test]
fn a_submodule_is_read_or_told() {
    let tree = Tree::new(&["top/vendor/here/.env", "top/vendor/here/x.log"]);
    let here = tree.repository("top/vendor/here", &[".env"]);
    let id = here.index().unwrap().write_tree().unwrap();
    let who = git2::Signature::now("a", "a@example.org").unwrap();
    let commit = here.find_tree(id).unwrap();
    let commit = here
        .commit(Some("HEAD"), &who, &who, "first", &commit, &[])
        .unwrap();
    let top = tree.repository("top", &[]);
    let mut index = top.index().unwrap();
    for path in ["vendor/here", "vendor/empty", "gone"] {
        index
            .add(&git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: 0o160_000,
                uid: 0,
                gid: 0,
                file_size: 0,
                id: commit,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            })
            .unwrap();
    }
    index.write().unwrap();
    tree.folder("top/vendor/empty");
    tree.write("top/.gitmodules", b"");
    // A submodule in an ignored folder is tracked; inside, its own rules hold.
    tree.write("top/.gitignore", b"vendor\n");
    tree.write("top/vendor/here/.gitignore", b"*.log\n.env\n");
    let seen = tree.read(&["top"]);
    assert_eq!(seen.plain(), ["top/vendor/here/.env"]);
    assert_eq!(
        seen.skipped,
        [
            "empty-submodule top/gone",
            "empty-submodule top/vendor/empty",
            "ignored-file top/vendor/here/x.log"
        ]
    );
    let both = [
        "empty-submodule top/gone",
        "empty-submodule top/vendor/empty",
    ];
    let all = tree.read_by(&[""], |options| options.ignored = true, Recorder::default);
    assert_eq!(all.skipped, both);
    let above = tree.read(&["top/vendor"]);
    assert_eq!(above.skipped.len(), 2, "{:?}", above.skipped);
}

#[test]
fn a_damaged_index_is_told_once_and_only_if_it_is_needed() {
    let tree = Tree::new(&["a", "b.log", "c.log"]);
    tree.repository("", &["a"]);
    tree.write(
        ".git/index",
        b"DIRC\0\0\0\x02\0\0\0\x01 and no more than that",
    );
    assert!(tree.read(&[""]).skipped.is_empty());
    tree.write(".gitignore", b"*.log\n");
    let seen = tree.read(&[""]);
    assert_eq!(
        seen.skipped,
        [
            "corrupt .git/index",
            "ignored-file b.log",
            "ignored-file c.log"
        ]
    );
    assert!(
        seen.all
            .skips
            .iter()
            .any(|skip| skip.reason.is_incomplete())
    );
}

/// Split and sparse indexes are made by git alone.
#[test]
fn split_and_sparse_indexes_are_understood() {
    let tree = Tree::new(&["a/x.env", "b/y.env", "top.env"]);
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.current_dir(tree.path())
            .args(["-c", "user.name=a", "-c", "user.email=a"]);
        git.args(arguments)
            .output()
            .is_ok_and(|out| out.status.success())
    };
    if !git(&["init", "-q"]) {
        eprintln!("SKIPPED: there is no git to make a split index");
        return;
    }
    assert!(git(&["add", "."]) && git(&["commit", "-qm", "first"]));
    tree.write(".git/info/exclude", b"*.env\na\n");
    assert!(git(&["update-index", "--split-index"]));
    assert_eq!(tree.read(&[""]).plain(), ["a/x.env", "b/y.env", "top.env"]);

    assert!(git(&["update-index", "--no-split-index"]));
    if !git(&["sparse-checkout", "set", "--cone", "--sparse-index", "b"]) {
        eprintln!("SKIPPED: this git makes no sparse index");
        return;
    }
    tree.write("a/x.env", b"written anew");
    assert_eq!(tree.read(&[""]).plain(), ["a/x.env", "b/y.env", "top.env"]);
}

#[test]
fn what_is_named_is_read_whatever_the_rules_say() {
    let tree = Tree::new(&["a.log", "dist/b.log", "dist/c", "d"]);
    tree.repository("", &[]);
    tree.write(".gitignore", b"*.log\ndist\n");
    let seen = tree.read(&["a.log", "dist"]);
    assert_eq!(seen.plain(), ["a.log", "dist/c"]);
    assert_eq!(tree.read(&["dist/b.log"]).plain(), ["dist/b.log"]);
    // Also if the folder around it is walked, too.
    let both = tree.read(&["", "a.log", "dist"]);
    assert_eq!(both.plain(), ["a.log", "d", "dist/c"]);
    assert_eq!(both.skipped, ["ignored-file dist/b.log"]);
}

#[test]
fn overlapping_targets_are_read_once() {
    let tree = Tree::new(&["a/b/c", "a/d", "e"]);
    let seen = tree.read(&["a/b", "", "a", "./a/../a/d", "e", "e", ""]);
    assert_eq!(seen.all.done.len(), 3);
    assert_eq!(seen.all.chunks, 3);
    assert!(seen.skipped.is_empty());
}

#[test]
fn git_folders_are_never_read() {
    let tree = Tree::new(&["a", "sub/.git/config", ".github/x"]);
    tree.repository("", &[]);
    assert_eq!(tree.read(&[""]).read, [".github/x", "a"]);
    // Unless somebody asks for one.
    let asked = tree.read(&["sub/.git"]);
    assert_eq!(asked.read, ["sub/.git/config"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_the_targets() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new(&["in/a", "out/b"]);
    let link = |to: &str, at: &str| symlink(to, tree.path().join(at)).unwrap();
    link("a", "in/same");
    link(".", "in/loop");
    link("../out", "in/away");
    link("../out/b", "in/file");
    link("nothing", "in/dangling");
    link("itself", "in/itself");
    link("in", "named");
    let seen = tree.read(&["in"]);
    assert_eq!(seen.read, ["in/a"]);
    assert_eq!(
        seen.skipped,
        [
            "link in/away",
            "link in/dangling",
            "link in/file",
            "link in/itself"
        ]
    );
    // What is named is followed, and shown as it was named.
    assert_eq!(
        tree.read(&["named", "in/file"]).read,
        ["in/file", "named/a"]
    );
    assert_eq!(tree.read(&["named/", "in"]).read, ["named/a"]);
}

#[cfg(unix)]
#[test]
fn a_link_for_rules_is_no_rules() {
    let tree = Tree::new(&["a.log", "rules"]);
    tree.write("rules", b"*.log\n");
    tree.repository("", &[]);
    std::os::unix::fs::symlink("rules", tree.path().join(".gitignore")).unwrap();
    assert_eq!(tree.read(&[""]).plain(), ["a.log", "rules"]);
}
