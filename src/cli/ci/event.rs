//! What happened: what each system's environment says of it, in one form. Nothing is believed to be a
//! commit here; names are resolved in the repository.

use super::github;
use super::system::{Env, System};
use crate::cli::error::CliError;

/// What a run is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// In words: `pull request`, `push`.
    pub name: String,
    /// What is to be judged.
    pub what: What,
}

/// What is to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// What a change that is to be merged has and its base has not.
    Proposal(Proposal),
    /// What a push brought.
    Push(Push),
    /// All that git holds.
    Everything,
    /// Nothing: why.
    Nothing(String),
}

/// A change that is to be merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Commits of the base; at least one of them must be here. Configuration comes from the last one
    /// that is.
    pub bases: Vec<String>,
    /// The commit that the system made to try the merge: its first parent is the base as it is now,
    /// if its second is the head.
    pub merge: Option<String>,
    /// The last commit of the change.
    pub head: String,
    /// Who made it.
    pub whose: Whose,
    /// How many commits it has, if that is known.
    pub commits: Option<u64>,
}

/// Who made a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// Somebody who may write to the repository.
    Repository,
    /// Anybody.
    Fork,
    /// Nobody says: as of a fork, nothing counts that it allows itself.
    #[default]
    Unknown,
}

impl Whose {
    /// Of a change that a system calls one of a fork, or not.
    pub(super) const fn fork_if(is_fork: bool) -> Self {
        if is_fork {
            Self::Fork
        } else {
            Self::Repository
        }
    }
}

/// A push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// Where the branch was; `None` for a new one, or if nobody says.
    pub before: Option<String>,
    /// Where it is.
    pub after: String,
    /// What was pushed.
    pub to: To,
    /// The branch that the others go out from, if it is known.
    pub default: Option<String>,
    /// How many commits it has, if that is known.
    pub commits: Option<u64>,
}

/// What was pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum To {
    /// A branch.
    Branch(String),
    /// A tag: its name.
    Tag(String),
    /// Nobody says.
    #[default]
    Unknown,
}

/// What the environment says.
///
/// # Errors
///
/// If it contradicts itself, or what it names cannot be read.
pub fn event(system: System, env: &Env) -> Result<Event, CliError> {
    match system {
        System::GitHub => github::event(env),
        System::GitLab => gitlab(env),
        System::Azure => azure(env),
        System::Bitbucket => bitbucket(env),
        System::Jenkins => Ok(jenkins(env)),
        System::Buildkite => buildkite(env),
        System::CircleCi => circle(env),
        System::Plain => Ok(Event {
            name: "what is checked out".into(),
            what: What::Push(Push {
                after: "HEAD".into(),
                ..Push::default()
            }),
        }),
    }
}

pub(super) fn needed(env: &Env, name: &str) -> Result<String, CliError> {
    env.take(name).ok_or_else(|| {
        CliError::new(format!(
            "{name} is not set: which commit is meant is not known"
        ))
    })
}

/// An id, unless it is all zeros: that is how systems write "none".
pub(super) fn some_id(id: Option<&str>) -> Option<String> {
    id.filter(|id| id.bytes().any(|b| b != b'0'))
        .map(str::to_owned)
}

/// The branch of the remote that a name means.
fn remote(branch: &str) -> String {
    let name = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    format!("refs/remotes/origin/{name}")
}

fn gitlab(env: &Env) -> Result<Event, CliError> {
    let sha = needed(env, "CI_COMMIT_SHA")?;
    let source = env.get("CI_PIPELINE_SOURCE").unwrap_or("push");
    if let Some(base) = env.take("CI_MERGE_REQUEST_DIFF_BASE_SHA") {
        let theirs = env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
        let ours = env.get("CI_MERGE_REQUEST_PROJECT_ID");
        let head = env.take("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA");
        let now = env.take("CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
        return Ok(Event {
            name: "merge request".into(),
            what: What::Proposal(Proposal {
                bases: [Some(base), now].into_iter().flatten().collect(),
                // In a pipeline of merged results the commit at hand is the trial of a merge.
                merge: head.is_some().then(|| sha.clone()),
                head: head.unwrap_or(sha),
                whose: Whose::fork_if(theirs.is_none() || theirs != ours),
                commits: None,
            }),
        });
    }
    if matches!(
        source,
        "merge_request_event" | "external_pull_request_event"
    ) {
        return Err(CliError::new(
            "the base of this change is not told: say --base and --head",
        ));
    }
    if source != "push" {
        return Ok(Event {
            name: format!("a pipeline of '{}'", straykey::base::quote(source)),
            what: What::Everything,
        });
    }
    let to = tag_or_branch(env.get("CI_COMMIT_TAG"), env.get("CI_COMMIT_BRANCH"));
    Ok(Event {
        name: "push".into(),
        what: What::Push(Push {
            before: some_id(env.get("CI_COMMIT_BEFORE_SHA")),
            after: sha,
            to,
            default: env.take("CI_DEFAULT_BRANCH"),
            commits: None,
        }),
    })
}

fn azure(env: &Env) -> Result<Event, CliError> {
    let sha = needed(env, "BUILD_SOURCEVERSION")?;
    match env.get("BUILD_REASON") {
        Some("PullRequest") => {
            let target = needed(env, "SYSTEM_PULLREQUEST_TARGETBRANCH")?;
            let head = env.take("SYSTEM_PULLREQUEST_SOURCECOMMITID");
            Ok(Event {
                name: "pull request".into(),
                what: What::Proposal(Proposal {
                    bases: vec![remote(&target)],
                    merge: head.is_some().then(|| sha.clone()),
                    head: head.unwrap_or(sha),
                    // Azure Repos knows no variable for its own forks: what is not denied is one.
                    whose: Whose::fork_if(
                        !env.get("SYSTEM_PULLREQUEST_ISFORK")
                            .is_some_and(|fork| fork.eq_ignore_ascii_case("false")),
                    ),
                    commits: None,
                }),
            })
        }
        Some("IndividualCI" | "BatchedCI") => Ok(Event {
            name: "push".into(),
            what: What::Push(Push {
                after: sha,
                to: to(env.get("BUILD_SOURCEBRANCH")),
                ..Push::default()
            }),
        }),
        reason => Ok(Event {
            name: format!(
                "a build of '{}'",
                straykey::base::quote(reason.unwrap_or("?"))
            ),
            what: What::Everything,
        }),
    }
}

/// What was pushed to, of a system that names a tag and a branch apart.
fn tag_or_branch(tag: Option<&str>, branch: Option<&str>) -> To {
    match (tag, branch) {
        (Some(tag), _) => To::Tag(tag.strip_prefix("refs/tags/").unwrap_or(tag).to_owned()),
        (None, Some(branch)) => To::Branch(branch.to_owned()),
        (None, None) => To::Unknown,
    }
}

/// What a full name of a reference is.
pub(super) fn to(reference: Option<&str>) -> To {
    match reference {
        Some(name) => match (
            name.strip_prefix("refs/heads/"),
            name.strip_prefix("refs/tags/"),
        ) {
            (Some(branch), _) => To::Branch(branch.to_owned()),
            (_, Some(tag)) => To::Tag(tag.to_owned()),
            _ => To::Unknown,
        },
        None => To::Unknown,
    }
}

fn bitbucket(env: &Env) -> Result<Event, CliError> {
    let sha = needed(env, "BITBUCKET_COMMIT")?;
    if env.get("BITBUCKET_PR_ID").is_some() {
        let base = env.take("BITBUCKET_PR_DESTINATION_COMMIT");
        let branch = env.get("BITBUCKET_PR_DESTINATION_BRANCH").map(remote);
        return Ok(Event {
            name: "pull request".into(),
            what: What::Proposal(Proposal {
                bases: [base, branch].into_iter().flatten().collect(),
                merge: None,
                head: sha,
                // Pipelines of pull requests run for branches of the repository only.
                whose: Whose::Repository,
                commits: None,
            }),
        });
    }
    let to = tag_or_branch(env.get("BITBUCKET_TAG"), env.get("BITBUCKET_BRANCH"));
    Ok(Event {
        name: "push".into(),
        what: What::Push(Push {
            after: sha,
            to,
            ..Push::default()
        }),
    })
}

fn jenkins(env: &Env) -> Event {
    let is_change = env.get("CHANGE_ID").is_some();
    if let Some(target) = env.get("CHANGE_TARGET").filter(|_| is_change) {
        return Event {
            name: "pull request".into(),
            what: What::Proposal(Proposal {
                bases: vec![remote(target)],
                merge: None,
                // What is checked out may be a merge that only this job knows.
                head: "HEAD".into(),
                whose: Whose::fork_if(env.get("CHANGE_FORK").is_some()),
                commits: None,
            }),
        };
    }
    let branch = env.get("BRANCH_NAME").or_else(|| env.get("GIT_BRANCH"));
    let branch = branch.map(|name| name.strip_prefix("origin/").unwrap_or(name));
    let to = tag_or_branch(env.get("TAG_NAME"), branch);
    Event {
        name: "build".into(),
        what: What::Push(Push {
            // The last build that was good: whatever failed since is judged again.
            before: some_id(env.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT")),
            after: env.take("GIT_COMMIT").unwrap_or_else(|| "HEAD".into()),
            to,
            ..Push::default()
        }),
    }
}

fn buildkite(env: &Env) -> Result<Event, CliError> {
    let sha = needed(env, "BUILDKITE_COMMIT")?;
    let is_change = env
        .get("BUILDKITE_PULL_REQUEST")
        .is_some_and(|n| n != "false");
    if is_change {
        let target = needed(env, "BUILDKITE_PULL_REQUEST_BASE_BRANCH")?;
        let theirs = env.get("BUILDKITE_PULL_REQUEST_REPO").and_then(project);
        let ours = env.get("BUILDKITE_REPO").and_then(project);
        return Ok(Event {
            name: "pull request".into(),
            what: What::Proposal(Proposal {
                bases: vec![remote(&target)],
                merge: None,
                head: sha,
                whose: Whose::fork_if(theirs.is_none() || theirs != ours),
                commits: None,
            }),
        });
    }
    if env.get("BUILDKITE_SOURCE") == Some("schedule") {
        return Ok(Event {
            name: "a scheduled build".into(),
            what: What::Everything,
        });
    }
    let to = tag_or_branch(env.get("BUILDKITE_TAG"), env.get("BUILDKITE_BRANCH"));
    Ok(Event {
        name: "push".into(),
        what: What::Push(Push {
            after: sha,
            to,
            default: env.take("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
            ..Push::default()
        }),
    })
}

/// Host, owner and name of a repository's URL, however it is written.
fn project(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    // Whoever is named before the host does not matter.
    let host_end = rest.find('/').unwrap_or(rest.len());
    let rest = match rest[..host_end].rfind('@') {
        Some(at) => &rest[at + 1..],
        None => rest,
    };
    let path = rest.replacen(':', "/", 1).to_ascii_lowercase();
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    (path.matches('/').count() >= 2).then(|| path.to_owned())
}

fn circle(env: &Env) -> Result<Event, CliError> {
    let sha = needed(env, "CIRCLE_SHA1")?;
    let of_pull = |branch: &str| branch.starts_with("pull/");
    let is_fork =
        env.get("CIRCLE_PR_REPONAME").is_some() || env.get("CIRCLE_BRANCH").is_some_and(of_pull);
    if env.get("CIRCLE_PULL_REQUEST").is_some() || is_fork {
        return Ok(Event {
            name: "pull request".into(),
            what: What::Proposal(Proposal {
                // Which branch it is for is not told; --base says so.
                bases: vec!["refs/remotes/origin/HEAD".into()],
                merge: None,
                head: sha,
                whose: Whose::fork_if(is_fork),
                commits: None,
            }),
        });
    }
    let to = tag_or_branch(env.get("CIRCLE_TAG"), env.get("CIRCLE_BRANCH"));
    Ok(Event {
        name: "push".into(),
        what: What::Push(Push {
            after: sha,
            to,
            ..Push::default()
        }),
    })
}
