//! What anybody may have written: names of branches and files, contents, payloads.

use std::fs;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::repo::{Server, commands, event, token};
use super::{Judged, github, github_with};

/// Names that mean something to a log, to markdown or to a terminal.
const NAMES: &[&str] = &[
    "::error::owned",
    "  ::add-mask::a",
    "##[error]owned",
    "##vso[task.complete result=Succeeded;]",
    "a,line=1::notice::x",
    "a%0A::error::x",
    "line\n::error::owned",
    "carriage\r::error::owned",
    "[x](http://x.invalid)",
    "![x](http://x.invalid/y.png)",
    "<img src=x onerror=alert(1)>",
    "@everyone #1 `code` | cell",
    "</pre><script>alert(1)</script>",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{202e}txt.exe",
];

fn judged(server: &Server, base: &str, head: &str, name: &str) -> Judged {
    let clone = server.checkout(head, None);
    let words = [
        ("BASE", base),
        ("HEAD", head),
        ("MERGE", head),
        ("NAME", name),
    ];
    let payload = event("pull_request.json", &words);
    github(server, &clone, "pull_request", head, &payload)
}

/// No line of the log is a command but those that this program means.
fn is_tame(done: &Judged) {
    for line in commands(&done.run.out) {
        let levels = ["::error ", "::warning ", "::notice "];
        let fields = levels.iter().find_map(|level| line.strip_prefix(level));
        let fields = fields.unwrap_or_else(|| panic!("somebody else's command: {line:?}"));
        // What the runner reads of it: fields, each named once, up to the next two colons.
        let (fields, _) = fields.split_once("::").expect("a command");
        let names: Vec<&str> = fields
            .split(',')
            .map(|field| field.split_once('=').expect("a field").0)
            .collect();
        let known = ["file", "line", "endLine", "col", "endColumn", "title"];
        assert!(names.iter().all(|n| known.contains(n)), "{line:?}");
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{line:?}");
    }
    assert_eq!(commands(&done.run.err), [""; 0]);
    assert!(!done.run.out.contains(['\u{1b}', '\u{202e}', '\r']));
    is_inert(&done.summary);
}

/// Nothing in a summary is a link, an image, markup, or what the page would make a link of.
pub fn is_inert(summary: &str) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_MATH;
    for event in Parser::new_ext(summary, options) {
        match event {
            Event::Text(text) => {
                for sign in ["@", "://", "www.", "#", "<", "owned"] {
                    assert!(!text.contains(sign), "{sign} outside of code: {text}");
                }
            }
            Event::Start(
                Tag::Heading { .. }
                | Tag::Paragraph
                | Tag::List(None)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell,
            )
            | Event::Code(_)
            | Event::End(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?} in {summary}"),
        }
    }
    let shown = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
    assert!(!summary.contains(shown));
}

#[cfg(unix)]
#[test]
fn names_and_lines_stay_text() {
    let server = Server::new();
    let base = server.head();
    server.switch(&["-b", "topic"]);
    for (seed, name) in (10..).zip(NAMES) {
        let text = format!(
            "::error::owned {name}\n{name} key = {}\n##[error]owned\n::stop-commands::x\n",
            token(seed)
        );
        server.write(&format!("d{seed}/{}", name.replace('/', "_")), &text);
    }
    let allowed = format!(
        "key = {} # straykey:allow <img src=x> [x](http://x.invalid) ::error::owned\n",
        token(99)
    );
    server.write("::error::owned.txt", &allowed);
    let head = server.commit("::error::owned\n\n##[error]owned");
    for name in NAMES {
        let done = judged(&server, &base, &head, name);
        assert_eq!(done.run.code, 1, "{:?}", done.run);
        assert_eq!(done.output("findings"), NAMES.len().to_string());
        is_tame(&done);
        for seed in (10..10 + NAMES.len() as u64).chain([99]) {
            let secret = token(seed);
            assert!(!done.run.out.contains(&secret) && !done.summary.contains(&secret));
        }
    }
}

/// Another system's commands stand anywhere in a line, and the first of a line counts.
#[cfg(unix)]
#[test]
fn a_log_of_azure_has_no_other_commands() {
    let server = Server::new();
    server.switch(&["-b", "topic"]);
    for (seed, name) in (10..).zip(NAMES) {
        let text = format!(
            "##vso[task.setvariable variable=x]y {} {name}\n",
            token(seed)
        );
        let name = name.replace('/', "_");
        server.write(&format!("d{seed}/##vso[task.complete]{name}"), &text);
    }
    let head = server.commit("##vso[task.complete]");
    let clone = server.checkout(&head, None);
    let env = [
        ("TF_BUILD", "True"),
        ("BUILD_REASON", "PullRequest"),
        ("BUILD_SOURCEVERSION", head.as_str()),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("SYSTEM_PULLREQUEST_SOURCECOMMITID", head.as_str()),
    ];
    let done = super::run(&clone, &env, &[]);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    let mut issues = 0;
    for line in done.run.out.lines().filter(|l| l.contains("##vso[")) {
        assert!(line.starts_with("##vso[task.logissue type="), "{line:?}");
        issues += 1;
    }
    assert_eq!(issues, NAMES.len());
    assert!(!done.run.err.contains("##vso["));
}

#[test]
fn a_branch_may_be_called_anything() {
    let server = Server::new();
    let base = server.head();
    let head = server.add("a.txt", &format!("key = {}\n", token(1)));
    let clone = server.checkout(&head, None);
    for name in NAMES {
        let reference = format!("refs/heads/{name}");
        for (before, default) in [(base.as_str(), "main"), (super::repo::ZERO, name)] {
            let words = [
                ("BEFORE", before),
                ("AFTER", head.as_str()),
                ("REF", &reference),
                ("NAME", name),
            ];
            let payload = event("push.json", &words);
            let default = serde_json::to_string(default).expect("text");
            let payload = payload.replace(
                "\"default_branch\": \"main\"",
                &format!("\"default_branch\": {default}"),
            );
            let done = github(&server, &clone, "push", &head, &payload);
            assert_eq!(done.run.code, 1, "{name}: {:?}", done.run);
            is_tame(&done);
        }
    }
}

#[test]
fn a_payload_that_is_none_is_an_error() {
    let server = Server::new();
    let head = server.head();
    let clone = server.checkout(&head, None);
    let deep = "[".repeat(200_000);
    let wrong = event(
        "push.json",
        &[
            ("BEFORE", "--upload-pack=x"),
            ("AFTER", &head),
            ("REF", "refs/heads/x"),
            ("NAME", "x"),
        ],
    );
    let huge = format!("{{\"x\": \"{}\"}}", "a".repeat(33 << 20));
    for payload in [
        "",
        "{",
        "[]",
        "{\"after\": 1}",
        &format!("{{\"after\": {deep}"),
        &wrong,
        &huge,
        "{\"after\": \"::error::owned\", \"before\": null}",
    ] {
        let done = github(&server, &clone, "push", &head, payload);
        assert_eq!(done.run.code, 2, "{:?}", done.run);
        assert!(!done.run.err.contains("a bug at"), "{:?}", done.run);
        is_tame(&done);
        assert_eq!(done.output("exit-code"), "2");
    }
    for name in ["pull_request", "merge_group"] {
        let done = github(&server, &clone, name, &head, "{}");
        assert_eq!(done.run.code, 2, "{:?}", done.run);
    }
}

#[test]
fn a_long_summary_is_cut_and_what_was_there_stays() {
    let server = Server::new();
    let base = server.head();
    for seed in 0..600 {
        let lines = format!("// {}\n", "x".repeat(900)).repeat(2);
        let text = format!("{lines}key = {}\n{lines}", token(seed));
        server.write(&format!("{}/f{seed}.txt", "long".repeat(40)), &text);
    }
    let head = server.commit("many");
    let clone = server.checkout(&head, None);
    let words = [
        ("BEFORE", base.as_str()),
        ("AFTER", &head),
        ("REF", "refs/heads/main"),
        ("NAME", "x"),
    ];
    let payload = event("push.json", &words);
    let done = github(&server, &clone, "push", &head, &payload);
    assert_eq!(done.output("findings"), "600");
    assert!(done.summary.len() < 1 << 20, "{}", done.summary.len());
    assert!(done.summary.len() > 1_000);
    // No more annotations than a runner takes of one step.
    assert!(commands(&done.run.out).len() <= 10);
    let done = github_with(&server, &clone, "push", &head, &payload, &["--no-summary"]);
    assert_eq!(done.summary, "");
    let file = server.beside("mine");
    fs::write(&file, "before\n").expect("written");
}

#[test]
fn the_log_is_for_people_only() {
    let server = Server::new();
    let head = server.head();
    let clone = server.checkout(&head, None);
    let done = super::run(&clone, &[], &["--output=sarif:-"]);
    assert_eq!(done.run.code, 2);
    assert!(done.run.err.contains("standard output is the log"));
}
