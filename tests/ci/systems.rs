//! The other systems, each by its own environment: a change, a push, and what has no range.

use super::repo::{Server, git, token};
use super::{Judged, listed, run};

struct World {
    server: Server,
    base: String,
    added: String,
    head: String,
    merge: String,
}

fn world() -> World {
    let server = Server::new();
    let base = server.add("old.txt", &format!("key = {}\n", token(1)));
    server.switch(&["-b", "topic"]);
    let added = server.add(
        "new.txt",
        &format!("key = {} # ggignore: docs only\n", token(2)),
    );
    let head = server.add("b.txt", "b\n");
    let merge = server.trial("main", &head);
    World {
        server,
        base,
        added,
        head,
        merge,
    }
}

impl World {
    fn run(&self, at: &str, env: &[(&str, &str)]) -> Judged {
        let clone = self.server.checkout(at, None);
        let head = [
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/main",
        ];
        git(&clone, &head);
        run(&clone, env, &[])
    }

    /// A change of the repository: two commits, and its comment counts.
    fn is_own(&self, at: &str, env: &[(&str, &str)]) {
        let done = self.run(at, env);
        assert_eq!(done.run.code, 0, "{env:?}: {:?}", done.run);
        assert_eq!(done.judged(), self.between(), "{:?}", done.run);
        assert!(done.run.out.contains("allowed by this change itself"));
    }

    /// A change of a fork: its comment does not count.
    fn is_fork(&self, at: &str, env: &[(&str, &str)]) {
        let done = self.run(at, env);
        assert_eq!(done.run.code, 1, "{env:?}: {:?}", done.run);
        assert_eq!(done.judged(), self.between(), "{:?}", done.run);
        assert_eq!(done.commits(), [self.added.clone()].into());
    }

    /// A push of a branch that is not merged: as a change of the repository.
    fn is_push(&self, at: &str, env: &[(&str, &str)]) {
        self.is_own(at, env);
    }

    /// All that a branch has: the secret of old, too.
    fn is_all_of(&self, at: &str, env: &[(&str, &str)]) {
        let done = self.run(at, env);
        assert_eq!(done.run.code, 1, "{env:?}: {:?}", done.run);
        let all = listed(&self.server, &[at]).len() as u64;
        assert_eq!(done.judged(), all, "{:?}", done.run);
        assert_eq!(done.commits(), [self.base.clone()].into());
    }

    /// All that git holds.
    fn is_everything(&self, at: &str, env: &[(&str, &str)]) {
        let done = self.run(at, env);
        assert_eq!(done.run.code, 1, "{env:?}: {:?}", done.run);
        assert!(done.run.out.contains("all that git holds"));
    }

    fn between(&self) -> u64 {
        let range = format!("{}..{}", self.base, self.head);
        listed(&self.server, &[&range]).len() as u64
    }
}

const ZERO: &str = super::repo::ZERO;

#[test]
fn gitlab() {
    let w = world();
    let (head, base, merge) = (w.head.as_str(), w.base.as_str(), w.merge.as_str());
    let mr = |source: &'static str| {
        vec![
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_COMMIT_BEFORE_SHA", ZERO),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base),
            ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", source),
        ]
    };
    w.is_own(head, &[mr("1"), vec![("CI_COMMIT_SHA", head)]].concat());
    w.is_fork(head, &[mr("2"), vec![("CI_COMMIT_SHA", head)]].concat());
    // Of merged results the commit at hand is the trial of a merge.
    let merged = vec![
        ("CI_COMMIT_SHA", merge),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", head),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", base),
    ];
    w.is_own(merge, &[mr("1"), merged].concat());
    let push = |before| {
        vec![
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_COMMIT_SHA", head),
            ("CI_COMMIT_BEFORE_SHA", before),
            ("CI_COMMIT_BRANCH", "topic"),
            ("CI_DEFAULT_BRANCH", "main"),
        ]
    };
    w.is_push(head, &push(base));
    w.is_push(head, &push(ZERO));
    let other = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "schedule"),
        ("CI_COMMIT_SHA", head),
    ];
    w.is_everything(head, &other);
}

#[test]
fn azure() {
    let w = world();
    let (head, merge) = (w.head.as_str(), w.merge.as_str());
    let pr = |fork: &'static str| {
        [
            ("TF_BUILD", "True"),
            ("BUILD_REASON", "PullRequest"),
            ("BUILD_SOURCEVERSION", merge),
            ("SYSTEM_PULLREQUEST_SOURCECOMMITID", head),
            ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
            ("SYSTEM_PULLREQUEST_ISFORK", fork),
        ]
    };
    w.is_own(merge, &pr("False"));
    w.is_fork(merge, &pr("True"));
    w.is_fork(merge, &pr(""));
    let ci = |branch: &'static str, reason: &'static str| {
        [
            ("TF_BUILD", "True"),
            ("BUILD_REASON", reason),
            ("BUILD_SOURCEVERSION", head),
            ("BUILD_SOURCEBRANCH", branch),
        ]
    };
    w.is_push(head, &ci("refs/heads/topic", "IndividualCI"));
    w.is_all_of(head, &ci("refs/heads/main", "BatchedCI"));
    w.is_everything(head, &ci("refs/heads/main", "Schedule"));
}

#[test]
fn bitbucket() {
    let w = world();
    let (head, base) = (w.head.as_str(), &w.base[..12]);
    let pr = [
        ("BITBUCKET_BUILD_NUMBER", "3"),
        ("BITBUCKET_PR_ID", "1"),
        ("BITBUCKET_COMMIT", head),
        ("BITBUCKET_BRANCH", "topic"),
        ("BITBUCKET_PR_DESTINATION_COMMIT", base),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
    ];
    w.is_own(head, &pr);
    let push = |branch: &'static str| {
        [
            ("BITBUCKET_BUILD_NUMBER", "3"),
            ("BITBUCKET_COMMIT", head),
            ("BITBUCKET_BRANCH", branch),
        ]
    };
    w.is_push(head, &push("topic"));
    w.is_all_of(head, &push("main"));
}

#[test]
fn jenkins() {
    let w = world();
    let (head, base, merge) = (w.head.as_str(), w.base.as_str(), w.merge.as_str());
    let pr = [
        ("JENKINS_URL", "https://ci.invalid/"),
        ("CHANGE_ID", "1"),
        ("CHANGE_TARGET", "main"),
        ("GIT_COMMIT", head),
    ];
    w.is_own(head, &pr);
    w.is_fork(head, &[&pr[..], &[("CHANGE_FORK", "mallory")]].concat());
    // A merge that only the job knows brings in nothing of its own.
    let done = w.run(merge, &pr);
    assert_eq!((done.run.code, done.judged()), (0, w.between() + 1));
    let build = [("JENKINS_URL", "https://ci.invalid/"), ("GIT_COMMIT", head)];
    let good = ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", base);
    w.is_push(
        head,
        &[&build[..], &[good, ("GIT_BRANCH", "origin/topic")]].concat(),
    );
    w.is_push(
        head,
        &[&build[..], &[("GIT_BRANCH", "origin/topic")]].concat(),
    );
    w.is_all_of(
        head,
        &[&build[..], &[("GIT_BRANCH", "origin/main")]].concat(),
    );
}

#[test]
fn buildkite() {
    let w = world();
    let head = w.head.as_str();
    let pr = |repo: &'static str| {
        [
            ("BUILDKITE", "true"),
            ("BUILDKITE_COMMIT", head),
            ("BUILDKITE_BRANCH", "mallory:topic"),
            ("BUILDKITE_PULL_REQUEST", "1"),
            ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
            ("BUILDKITE_REPO", "git@git.invalid:acme/shop.git"),
            ("BUILDKITE_PULL_REQUEST_REPO", repo),
        ]
    };
    w.is_own(head, &pr("https://git.invalid/acme/shop.git"));
    w.is_own(head, &pr("git://git.invalid/Acme/Shop"));
    w.is_fork(head, &pr("https://git.invalid/mallory/shop.git"));
    w.is_fork(head, &pr("https://acme@evil.invalid/acme/shop.git"));
    w.is_fork(head, &pr(""));
    let push = |branch: &'static str, source: &'static str| {
        [
            ("BUILDKITE", "true"),
            ("BUILDKITE_COMMIT", head),
            ("BUILDKITE_BRANCH", branch),
            ("BUILDKITE_PULL_REQUEST", "false"),
            ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
            ("BUILDKITE_SOURCE", source),
        ]
    };
    w.is_push(head, &push("topic", "webhook"));
    w.is_all_of(head, &push("main", "webhook"));
    w.is_everything(head, &push("main", "schedule"));
}

#[test]
fn circle() {
    let w = world();
    let head = w.head.as_str();
    let all = [
        ("CIRCLECI", "true"),
        ("CIRCLE_SHA1", head),
        ("CIRCLE_BRANCH", "topic"),
    ];
    w.is_push(head, &all);
    let pr = (
        "CIRCLE_PULL_REQUEST",
        "https://git.invalid/acme/shop/pull/1",
    );
    w.is_own(head, &[&all[..], &[pr]].concat());
    w.is_fork(
        head,
        &[&all[..], &[pr, ("CIRCLE_PR_REPONAME", "shop")]].concat(),
    );
    let main = [
        ("CIRCLECI", "true"),
        ("CIRCLE_SHA1", head),
        ("CIRCLE_BRANCH", "main"),
    ];
    w.is_all_of(head, &main);
}

#[test]
fn anywhere_else_the_ends_can_be_named() {
    let w = world();
    let clone = w.server.checkout(&w.head, None);
    let done = run(&clone, &[], &["--base", "origin/main"]);
    assert_eq!(
        (done.run.code, done.judged()),
        (1, w.between()),
        "whose the comment is is not known: {:?}",
        done.run
    );
    let done = run(&clone, &[], &["--base", "origin/main", "--head", &w.head]);
    assert_eq!(done.judged(), w.between(), "{:?}", done.run);
    let done = run(&clone, &[], &["--base", &w.added, "--head", "HEAD"]);
    assert_eq!((done.run.code, done.judged()), (0, 1), "{:?}", done.run);
    // Nobody says what is new: all that is checked out is.
    let done = run(&clone, &[], &[]);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    assert_eq!(done.judged(), listed(&w.server, &[&w.head]).len() as u64);
    let done = run(&clone, &[], &["--mode", "full"]);
    assert_eq!(done.run.code, 1, "{:?}", done.run);
    let schedule = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "schedule"),
        ("CI_COMMIT_SHA", w.head.as_str()),
    ];
    let done = run(&clone, &schedule, &["--mode", "diff"]);
    assert_eq!(done.run.code, 2, "{:?}", done.run);
}

#[test]
fn a_shallow_clone_is_told_in_the_systems_words() {
    let w = world();
    let clone = w.server.checkout(&w.head, Some(1));
    let head = w.head.as_str();
    for (env, words) in [
        (
            &[
                ("GITLAB_CI", "true"),
                ("CI_COMMIT_SHA", head),
                ("CI_COMMIT_BEFORE_SHA", w.base.as_str()),
            ][..],
            "GIT_DEPTH: 0",
        ),
        (
            &[
                ("TF_BUILD", "True"),
                ("BUILD_REASON", "PullRequest"),
                ("BUILD_SOURCEVERSION", head),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", "main"),
            ],
            "fetchDepth: 0",
        ),
        (
            &[("BITBUCKET_BUILD_NUMBER", "1"), ("BITBUCKET_COMMIT", head)],
            "depth: full",
        ),
        (
            &[("CIRCLECI", "true"), ("CIRCLE_SHA1", head)],
            "method: full",
        ),
        (&[], "git fetch --unshallow"),
    ] {
        let done = run(&clone, env, &[]);
        assert_eq!(done.run.code, 2, "{:?}", done.run);
        assert!(done.run.err.contains(words), "{words}: {:?}", done.run);
    }
}
