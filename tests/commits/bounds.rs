//! Bounds on hostile commits: past them it is told, and never clean.

use std::fmt::Write as _;

use super::*;

/// A commit of so many parents, each with a tree of its own; git makes no such merge.
fn merged(repo: &Repo, parents: usize) -> String {
    let repository = git2::Repository::open(repo.path()).expect("opened");
    let write = |kind, data: &[u8]| {
        let store = repository.odb().expect("a store");
        store.write(kind, data).expect("written")
    };
    let tree = |name: &str, text: &str| {
        let blob = write(git2::ObjectType::Blob, text.as_bytes());
        let head = format!("100644 {name}\0");
        let entry = [head.as_bytes(), blob.as_bytes()].concat();
        write(git2::ObjectType::Tree, &entry)
    };
    let who = "Ann <ann@x.invalid> 1700000000 +0000";
    let mut text = String::new();
    for n in 0..parents {
        let tree = tree(&format!("file-{n:05}"), &format!("{n}\n"));
        let parent = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nnumber {n}\n");
        let parent = write(git2::ObjectType::Commit, parent.as_bytes());
        writeln!(text, "parent {parent}").expect("a text takes all");
    }
    let tree = tree("key.env", &format!("key = {}\n", token(7)));
    let text = format!("tree {tree}\n{text}author {who}\ncommitter {who}\n\nmerge\n");
    write(git2::ObjectType::Commit, text.as_bytes()).to_string()
}

#[test]
fn a_commit_of_more_parents_than_are_compared_is_told() {
    let repo = Repo::new();
    for (parents, skips) in [(1024, 0), (1025, 1)] {
        let merge = merged(&repo, parents);
        let result = repo.judged(&[&merge]).expect("judged");
        assert_eq!(result.scan.skips.len(), skips, "{:?}", result.scan.skips);
        assert_eq!(result.scan.is_incomplete(), skips > 0);
        if let [skip] = &result.scan.skips[..] {
            assert!(skip.path.ends_with(format!("commit {merge}")), "{skip:?}");
            assert!(
                skip.reason.to_string().contains("more than 1024 parents"),
                "{skip:?}"
            );
        }
        assert_eq!(told(&result), [at(&merge, "key.env", 1)]);
        assert_eq!(result.read.commits, parents as u64 + 1);
    }
}
