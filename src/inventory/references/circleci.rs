//! CircleCI: contexts of jobs in workflows, and orbs that get them.
//!
//! * <https://circleci.com/docs/contexts/>
//! * <https://circleci.com/docs/configuration-reference/#workflows>

use super::gitlab::{dollars, is_secret_name};
use super::grants::thing;
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Kept, ThingKind, WorkloadKind};

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
            variables(&job.node, &source, sink);
        }
        for command in document
            .get("commands")
            .map(Node::entries)
            .unwrap_or_default()
        {
            sink.workload = None;
            variables(&command.node, &source, sink);
        }
        sink.workload = None;
        uris::tree(&document, &source, sink);
    }
    Ok(())
}

fn context(document: &Node, workflow: &str, job: &str, node: &Node, sink: &mut Sink<'_>) {
    let Some(contexts) = node.get("context") else {
        return;
    };
    sink.used_by(WorkloadKind::Job, &format!("{workflow}/{job}"));
    let orb = job.split_once('/').map(|(orb, _)| orb);
    let orb = orb.and_then(|orb| document.get("orbs")?.text_of(orb));
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
fn variables(node: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    node.texts(&mut |key, node| {
        for name in dollars(node.text().unwrap_or_default()) {
            if is_secret_name(name) && seen.insert(name) {
                let line = source.line_of(name, node.line);
                let used_as = (key != "command" && key != "run").then_some(key);
                sink.reference_as(Kept::CircleContext, name, line, used_as);
            }
        }
    });
}
