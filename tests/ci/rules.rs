//! Whose rules count: a change cannot loosen its own gate.

use super::repo::{Server, event, git, token};
use super::{Judged, github, github_with};

struct Change<'a> {
    server: &'a Server,
    base: String,
}

impl Change<'_> {
    /// Judges what is committed on `topic`, as a pull request of the repository or of a fork.
    fn judged(&self, file: &str) -> Judged {
        let head = self.server.head();
        let merge = self.server.trial("main", &head);
        let clone = self.server.checkout(&merge, None);
        let words = [
            ("BASE", self.base.as_str()),
            ("HEAD", &head),
            ("MERGE", &merge),
            ("NAME", "topic"),
        ];
        let payload = event(file, &words);
        github(self.server, &clone, "pull_request", &merge, &payload)
    }

    fn own(&self) -> Judged {
        self.judged("pull_request.json")
    }

    fn fork(&self) -> Judged {
        self.judged("pull_request_fork.json")
    }
}

fn begin(server: &Server) -> Change<'_> {
    let base = server.commit("base");
    server.switch(&["-b", "topic"]);
    Change { server, base }
}

/// The line that accepts a token.
pub fn line(seed: u64, reason: &str) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("x.txt"), format!("key = {}\n", token(seed))).expect("written");
    let done = super::common::straykey(dir.path(), &["scan", ".", "-f", "json"]);
    let json: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let id = json["findings"][0]["fingerprint"].as_str().expect("an id");
    format!("{id} github.pat-classic {reason}\n")
}

#[test]
fn configuration_of_the_head_does_not_count() {
    for config in [
        "exclude = ['*']\n",
        "disable = ['github.*']\n",
        "severity = 'critical'\nconfidence = 'high'\ndisable = ['github.pat-classic']\n",
    ] {
        let server = Server::new();
        let change = begin(&server);
        server.write(".straykey/config.toml", config);
        let added = server.add("a.txt", &format!("key = {}\n", token(1)));
        for done in [change.own(), change.fork()] {
            assert_eq!(done.run.code, 1, "{config}: {:?}", done.run);
            assert_eq!(done.commits(), [added.clone()].into());
            assert!(done.run.out.contains("counts once it is merged"));
        }
    }
}

#[test]
fn configuration_of_the_base_does() {
    for config in ["exclude = ['vendor/']\n", "disable = ['github.*']\n"] {
        let server = Server::new();
        server.write(".straykey/config.toml", config);
        let change = begin(&server);
        // The head takes it away, and that does not count either.
        server.git(&["rm", "-q", "-r", ".straykey"]);
        server.add("vendor/a.txt", &format!("key = {}\n", token(1)));
        for done in [change.own(), change.fork()] {
            assert_eq!(done.run.code, 0, "{config}: {:?}", done.run);
            assert_eq!(done.output("findings"), "0");
        }
    }
}

#[test]
fn patterns_and_allowances_of_the_base_count() {
    let server = Server::new();
    server.write(".straykey/config.toml", "patterns = ['own.toml']\n");
    let own = "[provider]\nid = 'acme'\nname = 'Acme'\n";
    server.write(".straykey/ignore", &line(1, "a key of the docs"));
    server.write(".straykey/own.toml", own);
    let change = begin(&server);
    server.add("a.txt", &format!("key = {}\n", token(1)));
    for done in [change.own(), change.fork()] {
        // The file of patterns is incomplete, and that is told with its name in the base.
        assert_eq!(done.run.code, 2, "{:?}", done.run);
        let file = format!("{}:.straykey/own.toml", &change.base[..9]);
        assert!(done.run.err.contains(&file), "{:?}", done.run);
    }
    server.switch(&["main"]);
    server.write(".straykey/config.toml", "\n");
    let base = server.commit("repair");
    server.switch(&["topic"]);
    server.git(&["merge", "-q", "-m", "take in", "main"]);
    let change = Change {
        server: &server,
        base,
    };
    for done in [change.own(), change.fork()] {
        assert_eq!(done.run.code, 0, "{:?}", done.run);
    }
}

/// The base is what it is now, though the event tells of an older one.
#[test]
fn the_newest_base_has_the_say() {
    let server = Server::new();
    let change = begin(&server);
    server.add("a.txt", &format!("key = {}\n", token(1)));
    assert_eq!(change.own().run.code, 1);
    server.switch(&["main"]);
    server.add(".straykey/ignore", &line(1, "a key of the docs"));
    server.switch(&["topic"]);
    let done = change.own();
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert!(!done.summary.contains("allowed by this change itself"));
}

#[test]
fn lines_that_the_head_adds_count_in_the_repository_and_are_listed() {
    let server = Server::new();
    server.write(".straykey/ignore", "# none yet\n");
    let change = begin(&server);
    let text = format!(
        "# one\n{}",
        line(1, "a key of the [docs](http://x.invalid)")
    );
    server.write(".straykey/ignore", &text);
    server.add("a.txt", &format!("key = {}\n", token(1)));
    let done = change.own();
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert!(done.summary.contains("allowed by this change itself"));
    assert!(done.summary.contains("| `a.txt:1` |"), "{}", done.summary);
    super::hostile::is_inert(&done.summary);
    assert!(
        done.run
            .out
            .contains("allowed by this change itself:\n  a.txt:1 ")
    );
    let done = change.fork();
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert!(done.run.out.contains(".straykey/ignore:2 does not count"));
}

#[test]
fn what_the_head_adds_to_a_baseline_needs_a_reason() {
    for (reason, code) in [("# a key of the docs", 0), ("", 1), ("#", 1)] {
        let server = Server::new();
        let change = begin(&server);
        server.write(".straykey/baseline", &line(1, reason));
        server.add("a.txt", &format!("key = {}\n", token(1)));
        let done = change.own();
        assert_eq!(done.run.code, code, "{reason}: {:?}", done.run);
        let told = done
            .run
            .out
            .contains("allowed by this change itself:\n  a.txt:1 ");
        assert_eq!(told, code == 0, "{:?}", done.run);
        let why = ".straykey/baseline:1 does not count: it gives no reason";
        assert_eq!(done.run.out.contains(why), code == 1, "{:?}", done.run);
        let done = change.fork();
        assert_eq!(done.run.code, 1, "{:?}", done.run);
        let why = ".straykey/baseline:1 does not count: the change comes from a fork";
        assert!(done.run.out.contains(why), "{:?}", done.run);
    }
}

#[test]
fn comments_need_a_reason_and_do_not_count_on_forks() {
    for (comment, code) in [
        ("# straykey:allow a key of the docs", 0),
        ("# straykey:allow github.* a key of the docs", 0),
        ("# straykey:allow", 1),
        ("# straykey:allow github.pat-classic", 1),
        ("# gitleaks:allow", 1),
        ("# gitleaks:allow a key of the docs", 0),
        ("# pragma: allowlist secret", 1),
        ("# pragma: allowlist secret -- a key of the docs", 0),
    ] {
        let server = Server::new();
        let change = begin(&server);
        let added = server.add("a.txt", &format!("key = {} {comment}\n", token(1)));
        let done = change.own();
        assert_eq!(done.run.code, code, "{comment}: {:?}", done.run);
        if code == 0 {
            assert!(done.summary.contains("a key of the docs"), "{comment}");
            assert!(!done.summary.contains(&token(1)));
        } else {
            assert!(
                done.run.out.contains("does not count: no reason"),
                "{comment}"
            );
        }
        let done = change.fork();
        assert_eq!(done.run.code, 1, "{comment}: {:?}", done.run);
        assert_eq!(done.commits(), [added].into());
        assert!(
            done.run
                .out
                .contains("does not count: the change comes from a fork")
        );
    }
}

#[test]
fn what_the_base_allows_beside_the_secret_stays_allowed() {
    let server = Server::new();
    let text = format!("key = {} # gitleaks:allow\n", token(1));
    server.write("a.txt", &text);
    let change = begin(&server);
    server.add("a.txt", &format!("# more\n{text}"));
    server.git(&["mv", "a.txt", "b.txt"]);
    server.commit("move");
    for done in [change.own(), change.fork()] {
        assert_eq!(done.run.code, 0, "{:?}", done.run);
        assert_eq!(done.judged(), 2);
    }
    // A comment beside a secret of old does not make it new.
    server.switch(&["main"]);
    server.add("c.txt", &format!("key = {}\n", token(2)));
    server.switch(&["topic"]);
    server.git(&["merge", "-q", "-m", "take in", "main"]);
    server.add("c.txt", &format!("key = {} # ggignore\n", token(2)));
    for done in [change.own(), change.fork()] {
        assert_eq!(done.run.code, 0, "{:?}", done.run);
    }
}

#[test]
fn a_configuration_that_reaches_out_is_an_error() {
    for key in ["endpoint", "proxy", "output", "verify", "hosts"] {
        let config = format!("{key} = 'https://x.invalid'\n");
        // In the base, and in the head that is to be the next one.
        for in_base in [true, false] {
            let server = Server::new();
            if in_base {
                server.write(".straykey/config.toml", &config);
            }
            let change = begin(&server);
            if !in_base {
                server.write(".straykey/config.toml", &config);
            }
            server.add("a.txt", "x\n");
            let done = change.own();
            assert_eq!(done.run.code, 2, "{key}: {:?}", done.run);
            assert!(done.run.err.contains("there is no key"), "{:?}", done.run);
        }
    }
    let server = Server::new();
    std::fs::create_dir(server.path().join(".straykey")).expect("made");
    let outside = server.beside("secret.toml");
    std::fs::write(&outside, "disable = ['github.*']\n").expect("written");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, server.path().join(".straykey/config.toml"))
        .expect("linked");
    let change = begin(&server);
    server.add("a.txt", "x\n");
    let done = change.own();
    assert_eq!(done.run.code, 2, "{:?}", done.run);
    assert!(done.run.err.contains("is a link, and is not followed"));
}

/// What lies in the working tree does not matter, whatever a step before has put there.
#[test]
fn the_working_tree_is_not_asked() {
    let server = Server::new();
    let base = server.add(".straykey/config.toml", "# nothing\n");
    let added = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&added, None);
    std::fs::write(clone.join(".straykey/config.toml"), "exclude = ['*']\n").expect("written");
    let words = [
        ("BEFORE", base.as_str()),
        ("AFTER", &added),
        ("REF", "refs/heads/main"),
        ("NAME", "x"),
    ];
    let payload = event("push.json", &words);
    for args in [
        &[][..],
        &["--config=.straykey"],
        &["--config=./x/../.straykey/"],
    ] {
        let done = github_with(&server, &clone, "push", &added, &payload, args);
        assert_eq!(done.run.code, 1, "{args:?}: {:?}", done.run);
    }
    // A folder that lies elsewhere is read as it is.
    let elsewhere = server.beside("rules/.straykey");
    std::fs::create_dir_all(&elsewhere).expect("made");
    std::fs::write(elsewhere.join("config.toml"), "disable = ['github.*']\n").expect("written");
    let named = format!("--config={}", elsewhere.display());
    let done = github_with(&server, &clone, "push", &added, &payload, &[&named]);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]), added);
}

/// All of a history at once would be judged by the rules of whatever is checked out.
#[test]
fn a_change_is_not_judged_by_its_own_rules_through_another_door() {
    let server = Server::new();
    let change = begin(&server);
    server.write(".straykey/config.toml", "exclude = ['*']\n");
    let head = server.add("a.txt", &format!("key = {}\n", token(1)));
    let merge = server.trial("main", &head);
    let clone = server.checkout(&merge, None);
    let words = [
        ("BASE", change.base.as_str()),
        ("HEAD", &head),
        ("MERGE", &merge),
        ("NAME", "topic"),
    ];
    let payload = event("pull_request_fork.json", &words);
    let full = ["--mode=full"];
    for (name, payload, args) in [
        ("pull_request", &*payload, &full[..]),
        ("workflow_run", "{}", &[]),
        ("issue_comment", "{}", &[]),
    ] {
        let done = github_with(&server, &clone, name, &merge, payload, args);
        assert_eq!(done.run.code, 2, "{name}: {:?}", done.run);
        assert!(done.json.is_none(), "{name} wrote a report");
    }
}

#[test]
fn a_baseline_that_would_break_the_next_gate_is_an_error_now() {
    let server = Server::new();
    let change = begin(&server);
    server.add(".straykey/baseline", "no fingerprint\n");
    let done = change.own();
    assert_eq!(done.run.code, 2, "{:?}", done.run);
    assert!(done.run.err.contains("baseline:1"), "{:?}", done.run);
}

/// A report must not land where a link of the change leads, and one that the change brought is none.
#[cfg(unix)]
#[test]
fn reports_are_ours_and_land_where_they_are_meant() {
    let server = Server::new();
    let base = server.head();
    let added = server.add("a.txt", "x\n");
    let clone = server.checkout(&added, None);
    let words = [
        ("BEFORE", base.as_str()),
        ("AFTER", &added),
        ("REF", "refs/heads/main"),
        ("NAME", "x"),
    ];
    let payload = event("push.json", &words);
    let target = server.beside("precious");
    std::fs::write(&target, "mine").expect("written");
    std::os::unix::fs::symlink(&target, clone.join("out.sarif")).expect("made");
    std::os::unix::fs::symlink(server.beside("."), clone.join("folder")).expect("made");
    for name in ["out.sarif", "folder/precious"] {
        let output = format!("--output=sarif:{name}");
        let done = github_with(&server, &clone, "push", &added, &payload, &[&output]);
        assert_eq!(done.run.code, 2, "{name}: {:?}", done.run);
        assert_eq!(std::fs::read_to_string(&target).expect("read"), "mine");
        assert_eq!(
            done.output("sarif-file"),
            "",
            "a run that failed has no report"
        );
    }
    std::fs::remove_file(clone.join("out.sarif")).expect("removed");
    let output = ["--output=sarif:out.sarif"];
    let done = github_with(&server, &clone, "push", &added, &payload, &output);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert_eq!(done.output("sarif-file"), "out.sarif");
}

/// A baseline that is named is the base's, as the usual one is.
#[test]
fn a_named_baseline_is_read_from_the_base() {
    let server = Server::new();
    let old = line(1, "# of old");
    server.write("gates/known", &old);
    let change = begin(&server);
    // The usual one does not count beside it.
    server.write(".straykey/baseline", &line(2, "# another"));
    server.write("a.txt", &format!("key = {}\n", token(1)));
    let judged = |file: &str, args: &[&str]| {
        let head = server.commit("change");
        let merge = server.trial("main", &head);
        let clone = server.checkout(&merge, None);
        let words = [
            ("BASE", change.base.as_str()),
            ("HEAD", &head),
            ("MERGE", &merge),
            ("NAME", "topic"),
        ];
        let payload = event(file, &words);
        github_with(&server, &clone, "pull_request", &merge, &payload, args)
    };
    let named = ["--baseline", "gates/known"];
    let (own, fork) = ("pull_request.json", "pull_request_fork.json");
    assert_eq!(judged(own, &[]).run.code, 1, "by the usual one it is new");
    let done = judged(fork, &named);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert!(
        !done.run.out.contains("allowed by this change itself"),
        "{:?}",
        done.run
    );
    server.write("b.txt", &format!("key = {}\n", token(2)));
    for file in [own, fork] {
        assert_eq!(
            judged(file, &named).run.code,
            1,
            "{file}: it is the usual one's"
        );
    }
    // What the head adds to it counts in the repository, if it says why.
    server.write(
        "gates/known",
        &(old.clone() + &line(2, "# a key of the docs")),
    );
    let done = judged(own, &named);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    assert!(done.run.out.contains("a key of the docs"), "{:?}", done.run);
    assert_eq!(judged(fork, &named).run.code, 1);
    // One that only the change has counts once it is merged; one that nobody has is an error.
    server.write("gates/new", &(old + &line(2, "# a key of the docs")));
    let done = judged(fork, &["--baseline", "gates/new"]);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert!(
        done.run.out.contains("counts once it is merged"),
        "{:?}",
        done.run
    );
    let done = judged(own, &["--baseline", "gates/none"]);
    assert_eq!(done.run.code, 2, "{:?}", done.run);
    assert!(done.run.err.contains("has no file"), "{:?}", done.run);
    // A link of the tree is not followed, a file elsewhere is read.
    let beside = server.beside("known");
    std::fs::write(&beside, line(1, "") + &line(2, "")).expect("written");
    let beside = beside.to_str().expect("text");
    let done = judged(fork, &["--baseline", beside]);
    assert_eq!(done.run.code, 0, "{:?}", done.run);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(beside, server.path().join("link")).expect("made");
        let done = judged(fork, &["--baseline", "link"]);
        assert_eq!(done.run.code, 2, "{:?}", done.run);
    }
}
