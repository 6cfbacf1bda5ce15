//! GitHub's events: the payload is a file, written by GitHub of what anybody may have typed.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use straykey::base::{quote, quote_value};

use super::event::{Event, Proposal, Push, What, Whose, needed, some_id, to};
use super::system::Env;
use crate::cli::error::CliError;
use crate::cli::home::read_at_most;

/// GitHub sends no payload above 25 MB.
const PAYLOAD: u64 = 32 << 20;

#[derive(Default, Deserialize)]
struct PushPayload {
    before: Option<String>,
    after: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    deleted: bool,
    commits: Option<Vec<IgnoredAny>>,
    repository: Option<Repository>,
}

#[derive(Default, Deserialize)]
struct Repository {
    id: Option<u64>,
    full_name: Option<String>,
    default_branch: Option<String>,
}

#[derive(Default, Deserialize)]
struct Changed {
    pull_request: Option<PullRequest>,
    merge_group: Option<MergeGroup>,
    action: Option<String>,
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct PullRequest {
    base: End,
    head: End,
    commits: Option<u64>,
}

#[derive(Deserialize)]
struct End {
    sha: String,
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct MergeGroup {
    base_sha: String,
    head_sha: String,
}

/// What the environment and the payload say.
///
/// # Errors
///
/// If the payload cannot be read, or lacks what the event has.
pub fn event(env: &Env) -> Result<Event, CliError> {
    let kind = needed(env, "GITHUB_EVENT_NAME")?;
    match kind.as_str() {
        "push" => push(payload(env)?),
        "delete" => Ok(nothing("delete", "a reference was deleted")),
        "schedule" | "workflow_dispatch" | "repository_dispatch" => Ok(Event {
            name: kind,
            what: What::Everything,
        }),
        "create" => {
            let payload: Changed = payload(env)?;
            let default = payload.repository.and_then(|r| r.default_branch);
            Ok(Event {
                name: "create".into(),
                what: What::Push(Push {
                    after: needed(env, "GITHUB_SHA")?,
                    to: to(env.get("GITHUB_REF")),
                    default,
                    ..Push::default()
                }),
            })
        }
        "merge_group" => {
            let payload: Changed = payload(env)?;
            if payload.action.as_deref() == Some("destroyed") {
                return Ok(nothing("merge group", "the group was dissolved"));
            }
            let group = payload.merge_group.ok_or_else(|| lacks("merge_group"))?;
            Ok(Event {
                name: "merge group".into(),
                what: What::Proposal(Proposal {
                    bases: vec![id(group.base_sha, "merge_group.base_sha")?],
                    merge: None,
                    head: id(group.head_sha, "merge_group.head_sha")?,
                    // Somebody who may write here has queued it.
                    whose: Whose::Repository,
                    commits: None,
                }),
            })
        }
        _ if kind.starts_with("pull_request") => {
            let payload: Changed = payload(env)?;
            let change = payload.pull_request.ok_or_else(|| lacks("pull_request"))?;
            // Of `pull_request_target` the commit at hand is the base itself, and no trial of a merge.
            let is_target = kind == "pull_request_target";
            Ok(Event {
                name: "pull request".into(),
                what: What::Proposal(Proposal {
                    whose: Whose::fork_if(is_fork(&change)),
                    bases: vec![id(change.base.sha, "pull_request.base.sha")?],
                    merge: env.take("GITHUB_SHA").filter(|_| !is_target),
                    head: id(change.head.sha, "pull_request.head.sha")?,
                    commits: change.commits,
                }),
            })
        }
        "workflow_run" | "issue_comment" => Err(CliError::new(
            "this event does not say whose commit is checked out: say --base and --head",
        )),
        _ => Ok(Event {
            name: quote(&kind).into_owned(),
            what: What::Everything,
        }),
    }
}

fn push(payload: PushPayload) -> Result<Event, CliError> {
    let after = some_id(payload.after.as_deref());
    let Some(after) = after.filter(|_| !payload.deleted) else {
        return Ok(nothing("push", "the branch or tag was deleted"));
    };
    let before = some_id(payload.before.as_deref());
    Ok(Event {
        name: "push".into(),
        what: What::Push(Push {
            before: before.map(|b| id(b, "before")).transpose()?,
            after: id(after, "after")?,
            to: to(payload.reference.as_deref()),
            default: payload.repository.and_then(|r| r.default_branch),
            commits: payload.commits.map(|c| c.len() as u64),
        }),
    })
}

/// Whether a pull request comes from another repository; one that is gone is another.
fn is_fork(change: &PullRequest) -> bool {
    let (Some(base), Some(head)) = (&change.base.repo, &change.head.repo) else {
        return true;
    };
    match ((base.id, head.id), (&base.full_name, &head.full_name)) {
        ((Some(ours), Some(theirs)), _) => ours != theirs,
        (_, (Some(ours), Some(theirs))) => ours != theirs,
        _ => true,
    }
}

fn nothing(name: &str, why: &str) -> Event {
    Event {
        name: name.into(),
        what: What::Nothing(why.into()),
    }
}

/// A whole id, as payloads write them.
fn id(text: String, field: &str) -> Result<String, CliError> {
    let good = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if good {
        return Ok(text);
    }
    let text = quote(&text);
    let what = "is no id of a commit";
    Err(CliError::new(format!(
        "the event's {field} {what}: '{text}'"
    )))
}

fn lacks(field: &str) -> CliError {
    CliError::new(format!("the event has no {field}"))
}

fn payload<T: for<'a> Deserialize<'a>>(env: &Env) -> Result<T, CliError> {
    let path = needed(env, "GITHUB_EVENT_PATH")?;
    let text = read_at_most(Path::new(&path), PAYLOAD)?;
    serde_json::from_str(&text).map_err(|e| {
        let (line, why) = (e.line(), e.to_string());
        let why = why.split(" at line ").next().unwrap_or_default();
        CliError::new(format!(
            "the event does not parse, line {line}: {}",
            quote_value(why)
        ))
    })
}
