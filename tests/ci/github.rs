//! GitHub's events, each with the range it means.

use super::repo::{Server, ZERO, event, git, token};
use super::{github, listed};

/// `main` with a secret of old, a branch with a secret that is added and taken away again.
fn topic(server: &Server) -> (String, String, String) {
    let base = server.add("old.txt", &format!("key = {}\n", token(1)));
    server.switch(&["-b", "topic"]);
    let added = server.add("new.txt", &format!("key = {}\n", token(2)));
    let gone = server.add("new.txt", "key = none\n");
    (base, added, gone)
}

fn push(before: &str, after: &str, reference: &str) -> String {
    let words = [
        ("BEFORE", before),
        ("AFTER", after),
        ("REF", reference),
        ("NAME", "topic"),
    ];
    event("push.json", &words)
}

fn change(file: &str, base: &str, head: &str, merge: &str) -> String {
    let words = [
        ("BASE", base),
        ("HEAD", head),
        ("MERGE", merge),
        ("NAME", "topic"),
    ];
    event(file, &words)
}

#[test]
fn a_push_is_every_commit_in_between() {
    let server = Server::new();
    let (base, added, gone) = topic(&server);
    let clone = server.checkout(&gone, None);
    let done = github(
        &server,
        &clone,
        "push",
        &gone,
        &push(&base, &gone, "refs/heads/topic"),
    );
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [added].into());
    let between = listed(&server, &[&format!("{base}..{gone}")]);
    assert_eq!(done.judged(), between.len() as u64);
    assert_eq!(done.output("exit-code"), "1");
    assert_eq!(done.output("findings"), "1");
    assert_eq!(done.output("new-findings"), "1");
    assert!(!done.run.out.contains(&token(2)) && !done.summary.contains(&token(2)));
}

#[test]
fn a_new_branch_is_what_the_default_one_has_not() {
    let server = Server::new();
    let (_, added, gone) = topic(&server);
    // Another branch that has the same commits hides none of them.
    server.git(&["branch", "twin"]);
    let clone = server.checkout(&gone, None);
    let payload = push(ZERO, &gone, "refs/heads/topic");
    let done = github(&server, &clone, "push", &gone, &payload);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [added].into());
    let new = listed(&server, &[&gone, "--not", "main"]);
    assert_eq!(done.judged(), new.len() as u64);
}

#[test]
fn the_first_push_of_the_default_branch_is_all_of_it() {
    let server = Server::new();
    let (base, ..) = topic(&server);
    let clone = server.checkout(&base, None);
    let payload = push(ZERO, &base, "refs/heads/main");
    let done = github(&server, &clone, "push", &base, &payload);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.judged(), listed(&server, &[&base]).len() as u64);
    assert_eq!(done.commits(), [base].into());
}

#[test]
fn a_forced_push_whose_past_is_gone_is_a_new_branch() {
    let server = Server::new();
    let (base, ..) = topic(&server);
    let lost = server.head();
    server.switch(&["-B", "topic", &base]);
    let added = server.add("other.txt", &format!("key = {}\n", token(3)));
    let clone = server.checkout(&added, None);
    // What was overwritten was not fetched.
    let here = std::process::Command::new("git")
        .args(["cat-file", "-e", &lost])
        .current_dir(&clone)
        .output();
    assert!(!here.expect("git runs").status.success());
    let payload =
        push(&lost, &added, "refs/heads/topic").replace("\"forced\": false", "\"forced\": true");
    let done = github(&server, &clone, "push", &added, &payload);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [added].into());
    assert_eq!(done.judged(), 1);
    assert!(done.run.out.contains("judged as a new branch"));
    // Of the default branch nothing can be left out.
    let payload = payload.replace("refs/heads/topic", "refs/heads/main");
    let head = server.head();
    let done = github(&server, &clone, "push", &head, &payload);
    assert_eq!(done.judged(), listed(&server, &[&head]).len() as u64);
}

#[test]
fn a_forced_push_whose_past_is_here_is_what_is_new() {
    let server = Server::new();
    let (base, ..) = topic(&server);
    let before = server.head();
    server.git(&["branch", "kept"]);
    server.switch(&["-B", "topic", &base]);
    let added = server.add("other.txt", &format!("key = {}\n", token(3)));
    let clone = server.checkout(&added, None);
    let payload = push(&before, &added, "refs/heads/topic");
    let done = github(&server, &clone, "push", &added, &payload);
    assert_eq!(done.commits(), [added].into());
    assert_eq!(done.judged(), 1);
}

#[test]
fn nothing_is_judged_of_what_was_deleted() {
    let server = Server::new();
    let head = server.head();
    let clone = server.checkout(&head, None);
    let words = [("BEFORE", head.as_str()), ("REF", "refs/heads/topic")];
    let done = github(
        &server,
        &clone,
        "push",
        &head,
        &event("deleted.json", &words),
    );
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert!(done.run.out.contains("deleted: nothing to judge"));
    assert_eq!(done.output("exit-code"), "0");
    let payload = event("schedule.json", &[]);
    assert_eq!(
        github(&server, &clone, "delete", &head, &payload).run.code,
        0
    );
}

#[test]
fn a_tag_is_what_the_default_branch_has_not() {
    let server = Server::new();
    let (_, added, gone) = topic(&server);
    server.git(&["tag", "-a", "-m", "v1", "v1"]);
    let tag = git(&server.path(), &["rev-parse", "v1"]);
    assert_ne!(tag, gone, "the tag is an object of its own");
    let clone = server.checkout(&gone, None);
    let done = github(
        &server,
        &clone,
        "push",
        &gone,
        &push(ZERO, &tag, "refs/tags/v1"),
    );
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [added].into());
    assert_eq!(done.judged(), 2);
}

#[test]
fn a_pull_request_is_what_its_base_has_not() {
    let server = Server::new();
    let (base, added, gone) = topic(&server);
    // The base goes on, and the branch takes it in: that is not the branch's.
    server.switch(&["main"]);
    let theirs = server.add("theirs.txt", &format!("key = {}\n", token(4)));
    server.switch(&["topic"]);
    server.git(&["merge", "-q", "--no-ff", "-m", "take in", "main"]);
    let head = server.head();
    let merge = server.trial("main", &head);
    let clone = server.checkout(&merge, None);
    for file in [
        "pull_request.json",
        "pull_request_fork.json",
        "pull_request_gone.json",
    ] {
        // The payload's base is the one of when the pull request was last pushed to.
        for stale in [&base, &theirs] {
            let payload = change(file, stale, &head, &merge);
            let done = github(&server, &clone, "pull_request", &merge, &payload);
            assert_eq!(done.run.code, 1, "{:?}", done.run);
            assert_eq!(done.commits(), [added.clone()].into(), "{file}");
            let own = listed(&server, &[&format!("{theirs}..{head}")]);
            assert_eq!(done.judged(), own.len() as u64);
            assert!(own.contains(&gone));
        }
    }
}

#[test]
fn a_secret_that_only_a_merge_brings_in_is_found() {
    let server = Server::new();
    let base = server.head();
    server.switch(&["-b", "topic"]);
    server.add("a.txt", "a\n");
    server.switch(&["-b", "side", &base]);
    server.add("b.txt", "b\n");
    server.switch(&["topic"]);
    server.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    server.write("c.txt", &format!("key = {}\n", token(5)));
    let merge = server.commit("evil merge");
    let trial = server.trial("main", &merge);
    let clone = server.checkout(&trial, None);
    let payload = change("pull_request.json", &base, &merge, &trial);
    let done = github(&server, &clone, "pull_request", &trial, &payload);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [merge].into());
}

#[test]
fn a_merge_group_is_between_its_ends() {
    let server = Server::new();
    let (base, added, _) = topic(&server);
    server.switch(&["main"]);
    server.git(&["merge", "-q", "--no-ff", "-m", "queue", "topic"]);
    let head = server.head();
    let clone = server.checkout(&head, None);
    let payload = change("merge_group.json", &base, &head, &head).replace("\"@MERGE@\"", "\"x\"");
    let done = github(&server, &clone, "merge_group", &head, &payload);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [added].into());
    assert_eq!(done.judged(), 3);
    let gone = payload.replace("checks_requested", "destroyed");
    assert_eq!(
        github(&server, &clone, "merge_group", &head, &gone)
            .run
            .code,
        0
    );
}

#[test]
fn a_schedule_and_a_dispatch_are_all_that_git_holds() {
    let server = Server::new();
    topic(&server);
    server.switch(&["main"]);
    let head = server.head();
    let clone = server.checkout(&head, None);
    for (name, payload) in [
        ("schedule", event("schedule.json", &[])),
        (
            "workflow_dispatch",
            event("workflow_dispatch.json", &[("NAME", "x")]),
        ),
        ("some_new_event", event("schedule.json", &[])),
    ] {
        let done = github(&server, &clone, name, &head, &payload);
        assert_eq!(done.run.code, 1, "{name}: {:?}", done.run);
        // The one of main, and the one that a branch had for one commit.
        assert_eq!(done.output("findings"), "2", "{name}");
        assert_eq!(done.output("new-findings"), "0", "{name}");
    }
}

/// Never a false "clean": each event in a clone that lacks its range.
#[test]
fn a_shallow_clone_is_an_error_that_says_what_is_needed() {
    let server = Server::new();
    let (base, _, gone) = topic(&server);
    let merge = server.trial("main", &gone);
    let of_push = push(&base, &gone, "refs/heads/topic");
    let of_new = push(ZERO, &gone, "refs/heads/topic");
    let of_change = change("pull_request.json", &base, &gone, &merge);
    let of_group = change("merge_group.json", &base, &gone, &gone);
    let of_schedule = event("schedule.json", &[]);
    let nobody_says = "fetch-depth: 0 (an input of the checkout step)";
    for (name, at, depth, payload, words) in [
        // Two commits in the payload would be told by its own list: here it has one.
        ("push", &gone, 1, &of_push, "fetch-depth: 2 (an input"),
        ("push", &gone, 1, &of_new, nobody_says),
        ("push", &gone, 2, &of_new, nobody_says),
        (
            "pull_request",
            &merge,
            1,
            &of_change,
            "fetch-depth: 4 (an input",
        ),
        (
            "pull_request",
            &merge,
            2,
            &of_change,
            "fetch-depth: 4 (an input",
        ),
        ("merge_group", &gone, 1, &of_group, nobody_says),
        ("schedule", &gone, 1, &of_schedule, nobody_says),
    ] {
        let clone = server.checkout(at, Some(depth));
        let done = github(&server, &clone, name, at, payload);
        assert_eq!(done.run.code, 2, "{name} {depth}: {:?}", done.run);
        assert!(done.run.err.contains(words), "{:?}", done.run);
        assert!(done.run.out.contains("::error title=straykey::"));
        assert_eq!(done.output("exit-code"), "2");
        assert!(done.json.is_none(), "no report that looks clean");
    }
    // What a push needs, and no more, is enough.
    let clone = server.checkout(&gone, Some(3));
    let done = github(&server, &clone, "push", &gone, &of_push);
    assert_eq!((done.run.code, done.judged()), (1, 2), "{:?}", done.run);
}

/// The depth that the error names, taken at its word.
#[test]
fn the_depth_that_is_told_is_enough_and_one_less_is_not() {
    let server = Server::new();
    for n in 0..4 {
        server.add("old.txt", &format!("{n}\n"));
    }
    let base = server.head();
    server.switch(&["-b", "topic"]);
    let added = server.add("new.txt", &format!("key = {}\n", token(2)));
    for n in 0..3 {
        server.add("other.txt", &format!("{n}\n"));
    }
    let head = server.head();
    let merge = server.trial("main", &head);
    let one = "\"commits\": 2";
    let of_change = change("pull_request.json", &base, &head, &merge);
    assert!(of_change.contains(one), "the recorded event: {of_change}");
    let of_change = of_change.replace(one, "\"commits\": 4");
    let of_push = push(&base, &head, "refs/heads/topic");
    let listed = r#"{"id": "x"}, {"id": "x"}, {"id": "x"}, {"#;
    let of_push = of_push.replacen(
        "\"commits\": [\n    {",
        &format!("\"commits\": [{listed}"),
        1,
    );
    for (name, at, payload) in [
        ("push", &head, &of_push),
        ("pull_request", &merge, &of_change),
    ] {
        let judged = |depth| {
            let clone = server.checkout(at, Some(depth));
            github(&server, &clone, name, at, payload)
        };
        let done = judged(1);
        assert_eq!(done.run.code, 2, "{:?}", done.run);
        let (_, rest) = done.run.err.split_once("fetch-depth: ").expect("a depth");
        let told: u32 = rest
            .split(' ')
            .next()
            .expect("a word")
            .parse()
            .expect("a number");
        let done = judged(told);
        assert_eq!(done.run.code, 1, "{name} {told}: {:?}", done.run);
        assert_eq!(done.commits(), [added.clone()].into());
        assert_eq!(done.judged(), 4);
        let done = judged(told - 1);
        assert_eq!(done.run.code, 2, "{name} {told}: {:?}", done.run);
        let same = format!("fetch-depth: {told} ");
        assert!(done.run.err.contains(&same), "{:?}", done.run);
    }
    // The base has moved on: the number is not enough, and is not told again.
    server.switch(&["main"]);
    for n in 0..9 {
        server.add("main.txt", &format!("{n}\n"));
    }
    let merge = server.trial("main", &head);
    let payload = of_change.replace(&base, &git(&server.path(), &["rev-parse", "main"]));
    let clone = server.checkout(&merge, Some(6));
    let done = github(&server, &clone, "pull_request", &merge, &payload);
    assert_eq!(done.run.code, 2, "{:?}", done.run);
    assert!(
        done.run.err.contains("fetch-depth: 0 (an input"),
        "{:?}",
        done.run
    );
    // Everything is always enough, and what the base has since is not the change's.
    let clone = server.checkout(&merge, None);
    let done = github(&server, &clone, "pull_request", &merge, &payload);
    assert_eq!((done.run.code, done.judged()), (1, 4), "{:?}", done.run);
}

#[test]
fn the_target_of_a_pull_request_is_no_trial_of_a_merge() {
    let server = Server::new();
    let (base, added, gone) = topic(&server);
    let clone = server.checkout(&base, None);
    let payload = change("pull_request_fork.json", &base, &gone, &base);
    let done = github(&server, &clone, "pull_request_target", &base, &payload);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.commits(), [added].into());
}
