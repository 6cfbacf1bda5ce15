//! Bitbucket Pipelines.
//!
//! * <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>
//! * <https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/>

use super::federation::stored_keys;
use super::gitlab::{dollars, is_secret_name};
use super::grants::thing;
use super::rules::STATIC;
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Kept, ThingKind, WorkloadKind};

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    for document in yaml(text)? {
        let mut steps = 0;
        each_step(&document, &mut |step| {
            steps += 1;
            let name = step
                .text_of("name")
                .map_or_else(|| format!("step {steps}"), str::to_owned);
            sink.used_by(WorkloadKind::Job, &name);
            sink.environment = step
                .text_of("deployment")
                .map(|d| super::shown(d).into_owned());
            one(&name, step, &source, sink);
        });
        sink.workload = None;
        sink.environment = None;
        uris::tree(&document, &source, sink);
    }
    Ok(())
}

fn each_step<'a>(node: &'a Node, tell: &mut dyn FnMut(&'a Node)) {
    for entry in node.entries() {
        if entry.key == "step" && entry.node.is_table() {
            tell(&entry.node);
        } else {
            each_step(&entry.node, tell);
        }
    }
    node.items().iter().for_each(|one| each_step(one, tell));
}

fn one(name: &str, step: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    let mut used: Vec<(&str, u64)> = Vec::new();
    let mut commands = String::new();
    step.texts(&mut |key, node| {
        let text = node.text().unwrap_or_default();
        commands.push_str(text);
        commands.push('\n');
        for variable in dollars(text).filter(|v| is_secret_name(v)) {
            if !used.iter().any(|(name, _)| *name == variable) {
                let line = source.line_of(variable, node.line);
                let used_as = (key != "script" && key != variable).then_some(key);
                sink.reference_as(Kept::BitbucketVariable, variable, line, used_as);
                used.push((variable, line));
            }
        }
    });
    // Pipes are images of others that get variables.
    for pipe in step.get("script").map(Node::items).unwrap_or_default() {
        let Some(image) = pipe.text_of("pipe") else {
            continue;
        };
        let given = pipe.get("variables").map(Node::entries).unwrap_or_default();
        let secrets = given
            .iter()
            .flat_map(|e| dollars(e.node.text().unwrap_or_default()));
        let secrets: Vec<_> = secrets.filter(|v| is_secret_name(v)).collect();
        if !secrets.is_empty() {
            let me = thing(ThingKind::Workload(WorkloadKind::Job), name);
            let to = thing(
                ThingKind::ThirdParty,
                image.split(':').next().unwrap_or(image),
            );
            sink.edge(
                me,
                to,
                &format!("secrets: {}", secrets.join(", ")),
                pipe.line,
            );
        }
    }
    if step.text_of("oidc") == Some("true") {
        return;
    }
    for (provider, variable, line) in stored_keys(&used, &commands) {
        let what = format!(
            "{} uses {variable}, a stored key of {}",
            super::shown(name),
            provider.name
        );
        let instead = match provider.name {
            "AWS" => "oidc: true\nscript:\n  - export AWS_ROLE_ARN=arn:aws:iam::<ACCOUNT>:role/<ROLE>\n  - export \
                      AWS_WEB_IDENTITY_TOKEN_FILE=$(pwd)/web-identity-token\n  - echo $BITBUCKET_STEP_OIDC_TOKEN > \
                      $(pwd)/web-identity-token\n# https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/\n"
                .to_owned(),
            _ => format!("oidc: true\n# {}\n", provider.source),
        };
        sink.observe_instead(&STATIC, name, line, what, Some(instead));
    }
}
