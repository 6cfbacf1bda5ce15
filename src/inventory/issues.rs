//! What is wrong with a credential's life, in stable words.

use super::record::{
    Environment, Issue, LifetimeClass, Liveness, OwnerState, PrivilegeClass, Record,
    RetirementState, Stamp, StepResult,
};

/// All words, each with what it means.
pub const CLASSES: &[(&str, &str)] = &[
    ("literal-secret", "a credential stands in the last commit"),
    (
        "secret-in-history-only",
        "a credential stands in the history and no longer in the last commit",
    ),
    (
        "alive-after-removal",
        "it works, though the code has let go of it",
    ),
    (
        "used-after-retirement",
        "its provider saw it used after the code had let go of it",
    ),
    (
        "unused",
        "its provider has not seen it for long, or never, and it still stands there",
    ),
    ("resurrected", "it was gone or dead, and is back"),
    ("orphaned-owner", "nobody who may own it is here any more"),
    ("unowned", "nothing tells who owns it"),
    (
        "owner-left-since-rotation",
        "who knew it has left, and it is still the same",
    ),
    ("rotation-overdue", "it is older than it may become"),
    ("no-expiry", "it works until somebody revokes it"),
    ("expired", "its end is over, and it is still in use"),
    ("review-lapsed", "the review that was promised is overdue"),
    ("broad-privilege", "it may administer"),
    ("reuse", "several workloads or repositories share it"),
    (
        "cross-environment",
        "production and something else share it",
    ),
    ("legacy-kind", "its provider offers a safer kind"),
    ("human-use", "it stands among a person's own files"),
    (
        "mcp-literal-secret",
        "an agent's configuration holds it in full",
    ),
];

/// Kinds that their providers call legacy, or took out of service.
const LEGACY: &[&str] = &[
    "github.pat-classic",
    "github.legacy-token",
    "slack.legacy-token",
    "npm.access-token-legacy",
    "npm.npmrc-token-legacy",
    "npm.npmrc-token-legacy-spaced",
    "gitlab.runner-registration-token",
    "google.oauth-client-secret-legacy",
];

/// Files that are a person's own, wherever they lie.
const PERSONAL: &[&str] = &[
    ".bash_history",
    ".zsh_history",
    ".netrc",
    ".git-credentials",
    ".python_history",
    ".psql_history",
    ".mysql_history",
];

/// What is wrong with a record, in the order of [`CLASSES`].
#[expect(clippy::too_many_lines, reason = "one issue after the other")]
pub fn issues(record: &Record, as_of: Stamp) -> Vec<Issue> {
    let mut out = Vec::new();
    let mut say = |class: &str, why: String| {
        out.push(Issue {
            class: class.to_owned(),
            why,
        });
    };
    let over = matches!(
        record.retirement.state,
        RetirementState::Dead | RetirementState::Retired
    );
    let at_head = record.is_at_head();
    let place = record.places.iter().find(|p| p.at_head == at_head);
    let place = place.map_or(String::new(), |p| format!("{}:{}", p.path, p.line));
    if at_head {
        say("literal-secret", format!("it stands at {place}"));
    } else {
        say("secret-in-history-only", format!("it stood at {place}"));
    }
    if !at_head
        && matches!(
            record.life.state.value,
            Liveness::Live | Liveness::Restricted
        )
    {
        say(
            "alive-after-removal",
            "it is gone from the last commit, and works".into(),
        );
    }
    let used = record
        .retirement
        .steps
        .iter()
        .find(|s| s.check == "no-longer-used");
    if let Some(step) = used.filter(|s| s.result == StepResult::No && !at_head) {
        say("used-after-retirement", step.evidence.clone());
    }
    if let Some(unused) = record
        .last_used
        .unused
        .as_ref()
        .filter(|_| at_head && !over)
    {
        let place = unused.place.as_deref().unwrap_or_default();
        say("unused", format!("{} ({place})", unused.value));
    }
    if record.retirement.state == RetirementState::Resurrected {
        say("resurrected", "it came back after it was gone".into());
    }
    match record.owner.state {
        OwnerState::Orphaned => {
            let why = record.owner.orphaned_because.clone();
            say("orphaned-owner", why.unwrap_or_default());
        }
        OwnerState::Unknown => say("unowned", "nothing names anybody".into()),
        _ => {}
    }
    if let Some(why) = record.owner.left_since_rotation.as_ref().filter(|_| !over) {
        say("owner-left-since-rotation", why.clone());
    }
    if let Some(days) = record.rotation.overdue_days
        && !over
    {
        let limit = record.rotation.every_days.as_ref();
        let limit = limit.map_or(String::new(), |l| {
            format!(
                " of {} days ({})",
                l.value,
                l.place.as_deref().unwrap_or("policy")
            )
        });
        say(
            "rotation-overdue",
            format!("{days} days past its limit{limit}"),
        );
    }
    if at_head && !over && record.lifetime.value == LifetimeClass::Standing {
        say(
            "no-expiry",
            record.lifetime.place.clone().unwrap_or_default(),
        );
    }
    if let Some(end) = record
        .expires
        .as_ref()
        .filter(|e| e.value <= as_of && at_head)
    {
        say("expired", format!("it ended on {}", end.value.day()));
    }
    if let Some(review) = &record.reviewed
        && let Some(next) = review.value.next.filter(|next| *next < as_of)
    {
        say(
            "review-lapsed",
            format!("a review was due on {}", next.day()),
        );
    }
    let class = &record.privilege.class;
    if class.value == PrivilegeClass::Admin && !over {
        say("broad-privilege", class.place.clone().unwrap_or_default());
    }
    let reuse = &record.reuse;
    if reuse.repositories > 1 || reuse.workloads > 1 {
        say(
            "reuse",
            format!(
                "{} workloads in {} repositories",
                reuse.workloads, reuse.repositories
            ),
        );
    }
    let known = record.known_environments();
    if known.contains(&Environment::Production) && known.len() > 1 {
        let others = known
            .iter()
            .map(|e| e.word())
            .collect::<Vec<_>>()
            .join(", ");
        say("cross-environment", format!("one value in {others}"));
    }
    if record
        .pattern
        .as_deref()
        .is_some_and(|p| LEGACY.contains(&p))
    {
        say(
            "legacy-kind",
            format!("{} has a safer successor", record.name),
        );
    }
    let personal = record.places.iter().find(|p| {
        let name = p.path.rsplit('/').next().unwrap_or(&p.path);
        PERSONAL.contains(&name)
    });
    if let Some(place) = personal {
        say("human-use", format!("it stands in {}", place.path));
    }
    let server = record
        .workloads
        .iter()
        .find(|w| w.value.kind == "mcp-server");
    if let Some(server) = server.filter(|_| at_head) {
        say(
            "mcp-literal-secret",
            format!("server {}", server.value.name),
        );
    }
    out
}
