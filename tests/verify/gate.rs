//! `straykey ci --verify`: for whom providers are asked, and what the job is told.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::common::{Run, command, secret};
use super::server::{Play, Seen, Server, json};

/// Knows the token of seed 1 and no other.
fn honest(call: &Seen) -> Play {
    let own = secret("github.pat-classic", 1);
    match call.header("authorization") {
        Some(bearer) if bearer.ends_with(&own) => json(200, r#"{"login":"octocat","id":1}"#),
        _ => json(401, r#"{"message":"Bad credentials"}"#),
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=Ann", "-c", "user.email=ann@x.invalid"]);
    git.args(["-c", "init.defaultBranch=main"]).args(args);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(dir);
    let done = git.output().expect("git runs");
    assert!(done.status.success(), "{done:?}");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A change that brings in one token that works and one that does not: its base and its head.
fn change(dir: &Path) -> (String, String) {
    git(dir, &["init", "-q"]);
    git(dir, &["commit", "-q", "--allow-empty", "-m", "base"]);
    for seed in [1, 2] {
        let text = format!("TOKEN={}\n", secret("github.pat-classic", seed));
        fs::write(dir.join(format!("{seed}.env")), text).expect("written");
    }
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "-m", "head"]);
    (
        git(dir, &["rev-parse", "HEAD~1"]),
        git(dir, &["rev-parse", "HEAD"]),
    )
}

#[test]
fn a_change_of_the_repository_is_verified_and_no_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let beside = tempfile::tempdir().expect("a folder");
    let (base, head) = change(dir.path());
    let server = Server::plain(honest);
    let own = r#"{"id":1,"full_name":"o/r"}"#;
    let judged = |theirs: &str, github: bool, more: &[&str]| -> (Run, String) {
        let event = beside.path().join("event.json");
        let text = format!(
            r#"{{"action":"opened","number":1,"repository":{own},"pull_request":{{"number":1,
               "base":{{"sha":"{base}","repo":{own}}},"head":{{"sha":"{head}","repo":{theirs}}}}}}}"#
        );
        fs::write(&event, text).expect("written");
        let outputs = beside.path().join("outputs");
        fs::write(&outputs, "").expect("written");
        let endpoint = format!("--endpoint=github={}", server.url());
        let audit = format!("--audit={}", beside.path().join("log").display());
        let mut args = vec!["ci", "--verify", &endpoint, "--allow-internal", &audit];
        args.extend(more);
        let mut program = command(dir.path(), &args);
        program.env("GITHUB_OUTPUT", &outputs);
        if github {
            program
                .env("GITHUB_ACTIONS", "true")
                .env("GITHUB_SHA", &head);
            program.env("GITHUB_EVENT_NAME", "pull_request");
            program.env("GITHUB_EVENT_PATH", &event);
        }
        let done = program.output().expect("it ran");
        let run = Run {
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
            code: done.status.code().expect("it ended"),
        };
        (run, fs::read_to_string(outputs).expect("read"))
    };
    let (run, outputs) = judged(own, true, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out.contains("LIVE ") && run.out.contains("DEAD "),
        "{run:?}"
    );
    assert!(outputs.contains("findings<<straykey\n2\n"), "{outputs}");
    assert!(
        outputs.contains("verified-findings<<straykey\n1\n"),
        "{outputs}"
    );
    for seed in [1, 2] {
        let token = secret("github.pat-classic", seed);
        assert!(!run.out.contains(&token) && !run.err.contains(&token));
    }
    let before = server.connections();
    assert!(before > 0);
    // Of a fork, of nobody knows whom, and by words that the change may have written.
    let patterns = ["--trust-patterns"];
    let range = ["--base", &*base];
    for (theirs, github, more) in [
        (r#"{"id":2,"full_name":"x/r"}"#, true, &[][..]),
        ("null", true, &[]),
        (own, true, &patterns),
        (own, false, &range),
    ] {
        let (run, outputs) = judged(theirs, github, more);
        assert_eq!(run.code, 2, "{theirs} {more:?}: {run:?}");
        assert!(run.err.contains("refused"), "{theirs} {more:?}: {run:?}");
        assert!(
            outputs.contains("verified-findings<<straykey\n0\n"),
            "{outputs}"
        );
    }
    assert_eq!(server.connections(), before, "somebody was asked");
}
