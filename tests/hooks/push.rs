//! `hook run pre-push`, run by `git push`.

use super::*;

/// A repository with a remote that has its first commit, and the hook.
fn pushed() -> Home {
    let home = Home::new();
    home.write("a", "1\n");
    home.commit();
    let bare = home.path().join("bare");
    let bare = bare.to_str().expect("text");
    home.git(&["init", "-q", "--bare", bare]);
    home.git(&["remote", "add", "origin", bare]);
    home.git(&["push", "-q", "origin", "main"]);
    home.straykey(&["hook", "install", "pre-push"]).passed();
    home
}

fn push(home: &Home, words: &[&str]) -> Done {
    home.try_git(&[&["push", "-q", "origin"], words].concat())
}

#[test]
fn every_commit_on_the_way_is_judged_and_nothing_else() {
    let home = pushed();
    let (text, secret) = line(11);
    home.write("dir/x.conf", &text);
    let bad = home.commit();
    home.write("dir/x.conf", "name = 1\n");
    home.commit();
    let done = push(&home, &["main"]);
    done.stopped(KIND)
        .stopped("dir/x.conf:1")
        .stopped(&bad[..9]);
    assert!(!done.said.contains(&secret));
    assert!(done.said.contains("1 new secret in 2 commits"), "{done:?}");
    // A new branch is judged from where the other side's end.
    push(&home, &["main:refs/heads/new"]).stopped(KIND);
    push(&home, &["HEAD~2:refs/heads/old"]).passed();
    home.git(&["push", "-q", "--no-verify", "origin", "main"]);
    // It is there now: that is no news.
    home.write("b", "1\n");
    home.commit();
    push(&home, &["main"]).passed();
    push(&home, &["main:refs/heads/again"]).passed();
    push(&home, &["main"]).passed();
}

#[test]
fn another_remote_has_less() {
    let home = pushed();
    let (text, _) = line(12);
    home.write("x.conf", &text);
    home.commit();
    home.git(&["push", "-q", "--no-verify", "origin", "main"]);
    let other = home.path().join("other");
    let other = other.to_str().expect("text");
    home.git(&["init", "-q", "--bare", other]);
    home.git(&["remote", "add", "other", other]);
    home.try_git(&["push", "-q", "other", "main"]).stopped(KIND);
    home.try_git(&["push", "-q", other, "main"]).stopped(KIND);
}

#[test]
fn forced_pushes_and_deletions() {
    let home = pushed();
    home.write("b", "1\n");
    home.commit();
    push(&home, &["main", "main:refs/heads/gone"]).passed();
    home.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let (text, _) = line(13);
    home.write("x.conf", &text);
    home.commit();
    push(&home, &["+main"]).stopped(KIND);
    home.git(&["commit", "-q", "--amend", "--no-verify", "-m", "y"]);
    push(&home, &["+main"]).stopped(KIND);
    push(&home, &["--delete", "gone"]).passed();
    // A deletion beside what is stopped lets nothing through.
    home.git(&[
        "push",
        "-q",
        "--no-verify",
        "origin",
        "HEAD~1:refs/heads/gone",
    ]);
    push(&home, &[":gone", "+main"]).stopped(KIND);
}

#[test]
fn tags_are_sent_with_their_own_text() {
    let home = pushed();
    let (text, secret) = line(14);
    home.git(&["tag", "-a", "good", "-m", "fine"]);
    home.git(&["tag", "light"]);
    push(&home, &["good", "light"]).passed();
    home.git(&["tag", "-a", "bad", "-m", &text]);
    home.git(&["tag", "-a", "outer", "-m", "fine", "bad"]);
    for name in ["bad", "outer"] {
        let done = push(&home, &[name]);
        done.stopped(KIND).stopped("tag:");
        assert!(!done.said.contains(&secret));
    }
    // A tag of what is no commit.
    home.write("x.conf", &text);
    home.git(&["add", "x.conf"]);
    let blob = home.git(&["rev-parse", ":x.conf"]);
    home.git(&["tag", "blob", &blob]);
    push(&home, &["blob"]).stopped(KIND);
    let tree = home.git(&["write-tree"]);
    home.git(&["tag", "tree", &tree]);
    push(&home, &["tree"]).stopped("x.conf:1");
    let clean = home.git(&["rev-parse", "HEAD^{tree}"]);
    home.git(&["tag", "clean", &clean]);
    push(&home, &["clean"]).passed();
}

#[test]
fn the_hook_that_was_there_reads_the_same_lines() {
    let home = pushed();
    home.straykey(&["hook", "uninstall"]).passed();
    home.script(
        ".git/hooks/pre-push",
        "#!/bin/sh\necho \"$1\" >../said\ncat >>../said\nexit ${OLD:-0}\n",
    );
    home.straykey(&["hook", "install", "pre-push"]).passed();
    home.write("b", "1\n");
    let new = home.commit();
    push(&home, &["main"]).passed();
    let said = fs::read_to_string(home.path().join("said")).expect("there");
    let old = home.git(&["rev-parse", "HEAD~1"]);
    assert_eq!(
        said,
        format!("origin\nrefs/heads/main {new} refs/heads/main {old}\n")
    );
    let (text, _) = line(15);
    home.write("x.conf", &text);
    home.commit();
    push(&home, &["main"]).stopped(KIND);
    let mut command = home.command("git", &home.repo());
    let failed = done(
        command
            .args(["push", "-q", "origin", "main"])
            .env("OLD", "3"),
    );
    assert!(
        failed.code != 0 && !failed.said.contains(KIND),
        "{failed:?}"
    );
}

#[test]
fn what_somebody_accepted_passes_and_what_is_no_push_is_an_error() {
    let home = pushed();
    let (text, _) = line(16);
    home.write("x.conf", &text);
    let id = home.straykey(&["scan", "-f", "json", "x.conf"]);
    let id: serde_json::Value = serde_json::from_str(&id.said).expect("JSON");
    let id = id["findings"][0]["fingerprint"]
        .as_str()
        .expect("there")
        .to_owned();
    home.commit();
    push(&home, &["main"]).stopped(&id[..8]);
    home.straykey(&["allow", &id, "--reason", "made up"])
        .passed();
    push(&home, &["main"]).passed();

    for (input, code) in [("", 0), ("nonsense\n", 2), ("a b c d\n", 2)] {
        let args = ["hook", "run", "pre-push", "origin", "x"];
        let run = common::with_input(&home.repo(), &args, input.as_bytes());
        assert_eq!(run.code, code, "{input:?}: {run:?}");
    }
    let missing = format!(
        "refs/heads/x {0} refs/heads/x {1}\n",
        "1".repeat(40),
        "0".repeat(40)
    );
    let args = ["hook", "run", "pre-push", "origin", "x"];
    let run = common::with_input(&home.repo(), &args, missing.as_bytes());
    assert_eq!(run.code, 2, "an object that is not here: {run:?}");
}
