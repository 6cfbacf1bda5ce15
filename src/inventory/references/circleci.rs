//! `CircleCI`: contexts of jobs in workflows, and orbs that get them.
//!
//! * <https://circleci.com/docs/contexts/>
//! * <https://circleci.com/docs/configuration-reference/#workflows>

use super::federation::stored_keys;
use super::gitlab::{dollars, is_secret_name};
use super::grants::thing;
use super::rules::STATIC;
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Kept, ThingKind, WorkloadKind};

/// Orbs of a file that are looked through for each job.
const ORBS: usize = 1_000;

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    for document in yaml(text)? {
        for workflow in document
            .get("workflows")
            .map(Node::entries)
            .unwrap_or_default()
        {
            for one in workflow
                .node
                .get("jobs")
                .map(Node::items)
                .unwrap_or_default()
            {
                for entry in one.entries() {
                    context(&document, &workflow.key, &entry.key, &entry.node, sink);
                }
            }
        }
        for job in document.get("jobs").map(Node::entries).unwrap_or_default() {
            sink.used_by(WorkloadKind::Job, &job.key);
            let used = variables(&job.node, &source, sink);
            federation(&job.key, &job.node, &used, sink);
            uris::tree(&job.node, &source, sink);
        }
        sink.workload = None;
        for entry in document.entries().iter().filter(|e| e.key != "jobs") {
            if entry.key == "commands" {
                variables(&entry.node, &source, sink);
            }
            uris::tree(&entry.node, &source, sink);
        }
    }
    Ok(())
}

fn context(document: &Node, workflow: &str, job: &str, node: &Node, sink: &mut Sink<'_>) {
    let Some(contexts) = node.get("context") else {
        return;
    };
    sink.used_by(WorkloadKind::Job, &format!("{workflow}/{job}"));
    let orb = job.split_once('/').map(|(orb, _)| orb);
    let orb = orb.and_then(|orb| {
        let mut orbs = document.get("orbs")?.entries().iter().take(ORBS);
        orbs.find(|e| e.key == orb)?.node.text()
    });
    for one in contexts.list() {
        let Some(name) = one.text() else { continue };
        sink.reference_as(Kept::CircleContext, name, one.line, None);
        if let Some(orb) = orb {
            let me = thing(
                ThingKind::Workload(WorkloadKind::Job),
                format!("{workflow}/{job}"),
            );
            let to = thing(ThingKind::ThirdParty, orb.split('@').next().unwrap_or(orb));
            sink.edge(me, to, &format!("context: {name}"), one.line);
        }
    }
}

/// Variables of a project or a context have no mark in the file but their names.
fn variables<'a>(node: &'a Node, source: &Source<'_>, sink: &mut Sink<'_>) -> Vec<(&'a str, u64)> {
    let mut used: Vec<(&str, u64)> = Vec::new();
    node.texts(&mut |key, node| {
        for name in dollars(node.text().unwrap_or_default()).filter(|n| is_secret_name(n)) {
            if !used.iter().any(|(known, _)| *known == name) {
                let line = source.line_of(name, node.line);
                let used_as = (key != "command" && key != "run").then_some(key);
                sink.reference_as(Kept::CircleContext, name, line, used_as);
                used.push((name, line));
            }
        }
    });
    used
}

/// Stored keys in a job that could prove who it is by OIDC:
/// <https://circleci.com/docs/openid-connect-tokens/>
fn federation(name: &str, job: &Node, used: &[(&str, u64)], sink: &mut Sink<'_>) {
    let mut commands = String::new();
    job.texts(&mut |_, node| {
        commands.push_str(node.text().unwrap_or_default());
        commands.push('\n');
    });
    if commands.contains("CIRCLE_OIDC_TOKEN") {
        return;
    }
    for (provider, variable, line) in stored_keys(used, &commands) {
        let what = format!("{name} uses {variable}, a stored key of {}", provider.name);
        let instead = match provider.name {
            "AWS" => {
                "steps:\n  - aws-cli/setup:\n      role_arn: arn:aws:iam::<ACCOUNT>:role/<ROLE>\n      role_session_name: circleci\n\
                 # https://circleci.com/docs/openid-connect-tokens/\n"
                    .to_owned()
            }
            _ => format!(
                "# the job has its token in $CIRCLE_OIDC_TOKEN_V2: https://circleci.com/docs/openid-connect-tokens/\n# {}\n",
                provider.source
            ),
        };
        sink.observe_instead(&STATIC, name, line, what, Some(instead));
    }
}
