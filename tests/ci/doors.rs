//! Other doors to a gate's rules than the one in front: a change must find none of them open.

use std::fs;

use super::repo::{Server, ZERO, event, git, token};
use super::rules::line;
use super::{Judged, github, github_with, run};

const HIDES_ALL: &str = "exclude = ['*']\n";

fn push(before: &str, after: &str, reference: &str) -> String {
    let words = [
        ("BEFORE", before),
        ("AFTER", after),
        ("REF", reference),
        ("NAME", "topic"),
    ];
    event("push.json", &words)
}

fn change(base: &str, head: &str) -> String {
    let words = [
        ("BASE", base),
        ("HEAD", head),
        ("MERGE", head),
        ("NAME", "topic"),
    ];
    event("pull_request.json", &words)
}

fn said(done: &Judged) -> String {
    format!("{}{}", done.run.out, done.run.err)
}

#[track_caller]
fn is_found(done: &Judged, commit: &str) {
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert!(done.commits().contains(commit), "{:?}", done.run);
}

#[track_caller]
fn is_refused(done: &Judged, words: &str) {
    assert_eq!(done.run.code, 2, "{:?}", done.run);
    assert!(done.run.err.contains(words), "{:?}", done.run);
    assert!(done.json.is_none(), "a report was written");
}

/// Where no system says whose a change is, nothing counts that it allows itself.
#[test]
fn a_head_of_nobody_is_judged_as_one_of_a_fork() {
    let why = "whose change it is is not known";
    for own in ["ignore", "comment"] {
        let server = Server::new();
        server.switch(&["-b", "topic"]);
        let text = match own {
            "ignore" => {
                server.write(".straykey/ignore", &line(1, "a key of the docs"));
                format!("key = {}\n", token(1))
            }
            _ => format!("key = {} # straykey:allow a key of the docs\n", token(1)),
        };
        let added = server.add("a.txt", &text);
        let clone = server.checkout(&added, None);
        let head = [
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/main",
        ];
        git(&clone, &head);
        // Without a word of it, the default branch is the base.
        for args in [&["--base", "origin/main"][..], &[]] {
            let done = run(&clone, &[], args);
            is_found(&done, &added);
            assert!(said(&done).contains(why), "{own} {args:?}: {:?}", done.run);
        }
        // Ends that are named to an event which knows of none.
        let ends = ["--base", "origin/main", "--head", &added];
        let done = github_with(&server, &clone, "workflow_run", &added, "{}", &ends);
        is_found(&done, &added);
        assert!(said(&done).contains(why), "{own}: {:?}", done.run);
        // The system knows who pushed.
        let payload = push(ZERO, &added, "refs/heads/topic");
        let done = github_with(&server, &clone, "push", &added, &payload, &ends[..2]);
        assert_eq!(done.run.code, 0, "{own}: {:?}", done.run);
    }
}

#[test]
fn a_branch_that_is_not_merged_is_judged_by_the_rules_of_where_it_is_to_go() {
    let server = Server::new();
    let base = server.head();
    server.switch(&["-b", "topic"]);
    let loosened = server.add(".straykey/config.toml", HIDES_ALL);
    let added = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&added, None);
    // Its own earlier word does not count, either.
    for before in [ZERO, &base, &loosened] {
        let payload = push(before, &added, "refs/heads/topic");
        let done = github(&server, &clone, "push", &added, &payload);
        is_found(&done, &added);
        assert!(
            done.run.out.contains("counts once it is merged"),
            "{:?}",
            done.run
        );
    }
    let payload = push(ZERO, &added, "refs/tags/v1");
    is_found(&github(&server, &clone, "push", &added, &payload), &added);
    // Once it is merged it counts.
    server.switch(&["main"]);
    server.git(&["merge", "-q", "--ff-only", "topic"]);
    let merged = server.checkout(&added, None);
    let payload = push(&base, &added, "refs/heads/main");
    let done = github(&server, &merged, "push", &added, &payload);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    // Where it is to go is not here: nobody's rules count.
    let alone = server.beside("alone");
    let url = format!("file://{}", server.path().display());
    git(
        &server.path(),
        &[
            "clone",
            "-q",
            "-b",
            "topic",
            "--single-branch",
            &url,
            alone.to_str().expect("text"),
        ],
    );
    let payload = push(ZERO, &added, "refs/heads/topic");
    is_refused(
        &github(&server, &alone, "push", &added, &payload),
        "origin/main is not here",
    );
    // Where it was is: that counts.
    let payload = push(&loosened, &added, "refs/heads/topic");
    let done = github(&server, &alone, "push", &added, &payload);
    assert_eq!(done.run.code, 0, "it was there before: {:?}", done.run);
    let payload = push(&base, &added, "refs/heads/topic");
    is_found(&github(&server, &alone, "push", &added, &payload), &added);
}

/// What is checked out says nothing of another commit that is named.
#[test]
fn a_named_head_is_not_the_branch_that_is_checked_out() {
    let server = Server::new();
    let main = server.head();
    server.switch(&["-b", "topic"]);
    server.write(".straykey/config.toml", HIDES_ALL);
    let added = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&main, None);
    git(&clone, &["checkout", "-q", "-B", "main", &main]);
    let head = [
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ];
    git(&clone, &head);
    is_found(&run(&clone, &[], &["--head", &added]), &added);
}

#[test]
fn a_folder_of_configuration_that_the_base_lacks_is_told() {
    let server = Server::new();
    server.write("file", "x\n");
    let base = server.commit("base");
    server.switch(&["-b", "topic"]);
    server.write("rules/config.toml", HIDES_ALL);
    let added = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&added, None);
    let judged = |args: &[&str]| {
        let payload = change(&base, &added);
        github_with(&server, &clone, "pull_request", &added, &payload, args)
    };
    let done = judged(&["--config=rules"]);
    is_found(&done, &added);
    let told = format!("{}, whose rules count, has no folder 'rules'", &base[..9]);
    assert!(done.run.out.contains(&told), "{:?}", done.run);
    is_refused(&judged(&["--config=rulse"]), "has no folder 'rulse'");
    is_refused(&judged(&["--config=file"]), "is a file, and no folder");
    let payload = push(&base, &added, "refs/heads/main");
    let pushed = |args: &[&str]| github_with(&server, &clone, "push", &added, &payload, args);
    assert_eq!(pushed(&["--config=rules"]).run.code, 0, "its own rules");
    is_refused(&pushed(&["--config=rulse"]), "has no folder 'rulse'");
    let payload = event("schedule.json", &[]);
    let full = |args: &[&str]| github_with(&server, &clone, "schedule", &added, &payload, args);
    is_refused(&full(&["--config=rulse"]), "has no folder 'rulse'");
}

/// A checkout may be reached by another path than its own, and a change chooses the links in it.
#[cfg(unix)]
#[test]
fn no_link_of_the_head_leads_to_the_rules() {
    use std::os::unix::fs::symlink;
    let server = Server::new();
    server.write("loose/config.toml", HIDES_ALL);
    let base = server.commit("base");
    server.switch(&["-b", "topic"]);
    let evil = server.beside("evil");
    fs::create_dir_all(&evil).expect("made");
    fs::write(evil.join("config.toml"), HIDES_ALL).expect("written");
    symlink(&evil, server.path().join("out")).expect("linked");
    symlink("loose", server.path().join("in")).expect("linked");
    let added = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&added, None);
    let other = server.beside("other");
    symlink(&clone, &other).expect("linked");
    let inner = server.beside("inner");
    symlink(other.join("out"), &inner).expect("linked");
    for folder in ["out", "in"]
        .map(|name| other.join(name))
        .iter()
        .chain([&inner])
    {
        let config = format!("--config={}", folder.display());
        let payload = change(&base, &added);
        let done = github_with(
            &server,
            &clone,
            "pull_request",
            &added,
            &payload,
            &[&config],
        );
        // The base has no such folder, and the head's is no folder.
        is_refused(&done, "is a link, and is not followed");
        let payload = push(&base, &added, "refs/heads/main");
        let done = github_with(&server, &clone, "push", &added, &payload, &[&config]);
        is_refused(&done, "is a link, and is not followed");
    }
    // The same folder by another path is the base's.
    let config = format!("--config={}", other.join("loose").display());
    let payload = change(&base, &added);
    let done = github_with(
        &server,
        &clone,
        "pull_request",
        &added,
        &payload,
        &[&config],
    );
    assert_eq!(done.run.code, 0, "{:?}", done.run);
}

fn own_pattern(secret: &str) -> String {
    format!(
        "provider = 'acme'\nname = 'Acme'\n[[pattern]]\nid = 'acme.key'\nname = 'Acme key'\n\
         description = 'Opens the shop.'\nsecret = '{secret}'\nrevoke = 'Ask Bob.'\n\
         sources = ['Bob']\n"
    )
}

#[test]
fn files_of_patterns_are_the_bases_and_what_the_head_makes_of_them_is_told() {
    let server = Server::new();
    server.write(".straykey/config.toml", "patterns = ['own.toml']\n");
    server.write(".straykey/own.toml", &own_pattern("acme_[a-z0-9]{20}"));
    let base = server.commit("base");
    server.switch(&["-b", "topic"]);
    let key = format!("acme_{}", "k3y9".repeat(5));
    server.write("a.txt", &format!("key = {key}\n"));
    let judged = |text: &str| {
        server.write(".straykey/own.toml", text);
        let head = server.commit("change");
        let clone = server.checkout(&head, None);
        github(
            &server,
            &clone,
            "pull_request",
            &head,
            &change(&base, &head),
        )
    };
    let told = "the change alters the patterns in 'own.toml'";
    let done = judged(&own_pattern("acme_[a-z0-9]{20}"));
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert!(!done.run.out.contains(told), "{:?}", done.run);
    let done = judged(&own_pattern("acme_[0-9]{20}"));
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert!(
        done.run.out.contains("acme.key") && done.run.out.contains(told),
        "{:?}",
        done.run
    );
    // What would break the next gate is an error now.
    is_refused(&judged("provider = 'acme'\n"), ":.straykey/own.toml");
    server.git(&["rm", "-q", "-f", ".straykey/own.toml"]);
    let head = server.commit("away");
    let clone = server.checkout(&head, None);
    let done = github(
        &server,
        &clone,
        "pull_request",
        &head,
        &change(&base, &head),
    );
    is_refused(&done, "'own.toml' is not in that commit");
}

/// The working tree's configuration is nobody's.
#[test]
fn all_that_git_holds_needs_a_commit_whose_rules_count() {
    let server = Server::new();
    let added = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&added, None);
    fs::create_dir(clone.join(".straykey")).expect("made");
    fs::write(clone.join(".straykey/config.toml"), HIDES_ALL).expect("written");
    fs::write(clone.join(".git/HEAD"), "ref: refs/heads/nothing\n").expect("written");
    let payload = event("schedule.json", &[]);
    let judged = |args: &[&str]| github_with(&server, &clone, "schedule", &added, &payload, args);
    is_refused(&judged(&[]), "HEAD leads to no commit");
    let done = judged(&["--no-config"]);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.output("findings"), "1");
}

#[test]
fn the_message_of_a_tag_is_judged() {
    let server = Server::new();
    let head = server.head();
    let message = format!("v1\n\nkey = {}\n", token(6));
    server.git(&["tag", "-a", "-m", &message, "v1"]);
    server.git(&["tag", "light"]);
    let tag = git(&server.path(), &["rev-parse", "v1"]);
    let clone = server.checkout(&head, None);
    // Some systems name the tag's own object, others the commit and the name.
    for after in [&tag, &head] {
        let payload = push(ZERO, after, "refs/tags/v1");
        is_found(&github(&server, &clone, "push", &head, &payload), &tag);
    }
    let gitlab = |name: &str| {
        let env = [
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_COMMIT_SHA", head.as_str()),
            ("CI_COMMIT_TAG", name),
            ("CI_DEFAULT_BRANCH", "main"),
        ];
        run(&clone, &env, &[])
    };
    is_found(&gitlab("v1"), &tag);
    assert_eq!(gitlab("light").run.code, 0);
    // Where it was not fetched, that is told.
    let done = gitlab("v2");
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert!(
        said(&done).contains("the tag 'v2' is not here"),
        "{:?}",
        done.run
    );
}

/// A line of a baseline that names a file.
fn known_in(seed: u64, file: &str, reason: &str) -> String {
    let mark = straykey::findings::FileMark::of(std::path::Path::new(file));
    line(seed, &format!("@{mark} {reason}"))
}

/// A baseline covers what was there when it was written.
#[test]
fn a_known_secret_in_another_file_spreads() {
    let server = Server::new();
    server.write("old.txt", &format!("key = {}\n", token(1)));
    server.write(".straykey/baseline", &known_in(1, "old.txt", ""));
    let base = server.commit("known");
    server.switch(&["-b", "topic"]);
    let copied = server.add("new.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&copied, None);
    let payload = change(&base, &copied);
    let done = github(&server, &clone, "pull_request", &copied, &payload);
    is_found(&done, &copied);
    let told = "1 finding is in the baseline, of other files: it spreads";
    assert!(done.run.out.contains(told), "{:?}", done.run);
    // On the default branch, too, and by hand.
    let payload = push(&base, &copied, "refs/heads/main");
    is_found(&github(&server, &clone, "push", &copied, &payload), &copied);
    let range = format!("{base}..{copied}");
    let done = super::common::straykey(&clone, &["commits", &range, "--config", ".straykey"]);
    assert_eq!(done.code, 1, "{done:?}");
    // A line that names more files needs a reason, as one that is added does.
    for (reason, code) in [("# of the docs", 0), ("", 1)] {
        let both = known_in(1, "old.txt", "") + &known_in(1, "new.txt", reason);
        let head = server.add(".straykey/baseline", &both);
        let clone = server.checkout(&head, None);
        let done = github(
            &server,
            &clone,
            "pull_request",
            &head,
            &change(&base, &head),
        );
        assert_eq!(done.run.code, code, "{reason}: {:?}", done.run);
    }
    // The commits before it was known, and the one that made it known, are covered.
    let payload = push(ZERO, &base, "refs/heads/main");
    let clone = server.checkout(&base, None);
    let done = github(&server, &clone, "push", &base, &payload);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
}
