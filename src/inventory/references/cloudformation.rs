//! AWS `CloudFormation`: roles, users, keys, and parameters that are not shown.
//!
//! * <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html>
//! * <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use super::grants::{self, thing};
use super::policy::{self, Document};
use super::rules::{SENSITIVE_DEFAULT, STATIC_KEY};
use super::sink::Sink;
use super::tree::{Entry, Node, Wrong, json, yaml};
use super::uris::{self, Source};
use super::{IdentityKind, Kept, ThingKind, WorkloadKind};

pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    let documents = if text.trim_start().starts_with('{') {
        vec![json(text)?]
    } else {
        yaml(text)?
    };
    let path = sink.path().to_owned();
    sink.used_by(WorkloadKind::Stack, &path);
    for document in &documents {
        for entry in document
            .get("Parameters")
            .map(Node::entries)
            .unwrap_or_default()
        {
            parameter(entry, sink);
        }
        for entry in document
            .get("Resources")
            .map(Node::entries)
            .unwrap_or_default()
        {
            resource(entry, sink);
        }
        uris::tree(document, &source, sink);
    }
    Ok(())
}

fn parameter(entry: &Entry, sink: &mut Sink<'_>) {
    let (name, node) = (&entry.key, &entry.node);
    let kind = node.text_of("Type").unwrap_or_default();
    if kind.starts_with("AWS::SSM::Parameter") {
        let default = node.text_of("Default").unwrap_or(name);
        if super::gitlab::is_secret_name(&default.replace(['/', '-', '.'], "_")) {
            sink.reference_as(Kept::AwsParameterStore, default, entry.line, Some(name));
        }
    }
    if !node
        .text_of("NoEcho")
        .is_some_and(|t| t.eq_ignore_ascii_case("true"))
    {
        return;
    }
    sink.reference(Kept::StackParameter, name, entry.line);
    let default = node.get("Default");
    if let Some(default) = default.filter(|d| {
        d.text()
            .is_some_and(|t| !t.is_empty() && !t.contains("{{resolve:"))
    }) {
        let what = format!(
            "parameter {} is not shown, and its default is in the file",
            super::shown(name)
        );
        sink.observe(&SENSITIVE_DEFAULT, name, default.line, what);
    }
}

fn resource(entry: &Entry, sink: &mut Sink<'_>) {
    let node = &entry.node;
    let empty = Node {
        line: entry.line,
        value: super::tree::Value::Null,
    };
    let properties = node.get("Properties").unwrap_or(&empty);
    let name_by = |property: &str| {
        let text = properties.text_of(property).filter(|t| !t.contains("${"));
        text.unwrap_or(&entry.key).to_owned()
    };
    let line = entry.line;
    match node.text_of("Type").unwrap_or_default() {
        "AWS::IAM::Role" => {
            let name = name_by("RoleName");
            let mut document = granted(properties, &name, line, sink);
            let trusted = properties.get("AssumeRolePolicyDocument");
            let trusted = trusted.map(policy::document).unwrap_or_default();
            policy::judge(sink, &name, line, &trusted);
            for trust in &trusted.trusts {
                let from = thing(ThingKind::Issuer, policy::host_of(&trust.issuer));
                let to = thing(ThingKind::Identity(IdentityKind::AwsRole), &name);
                let via = trust
                    .subjects
                    .first()
                    .map_or("sts:AssumeRole", String::as_str);
                sink.edge(from, to, via, trust.line);
            }
            document.trusts.extend(trusted.trusts);
            sink.identity(
                IdentityKind::AwsRole,
                &name,
                line,
                document.grants,
                document.trusts,
            );
        }
        "AWS::IAM::User" => {
            let name = name_by("UserName");
            let document = granted(properties, &name, line, sink);
            sink.identity(
                IdentityKind::AwsUser,
                &name,
                line,
                document.grants,
                Vec::new(),
            );
        }
        "AWS::IAM::AccessKey" => {
            let user = properties
                .get("UserName")
                .map(policy::texts)
                .unwrap_or_default();
            let user = super::shown(&user.join("")).into_owned();
            sink.identity(
                IdentityKind::AwsAccessKey,
                &entry.key,
                line,
                Vec::new(),
                Vec::new(),
            );
            let what = format!("an access key of {user} is made here; it has no end");
            sink.observe(&STATIC_KEY, &entry.key, line, what);
        }
        "AWS::IAM::OIDCProvider" => {
            let url = properties
                .get("Url")
                .map(policy::texts)
                .unwrap_or_default()
                .join("");
            let host = policy::host_of(&url);
            sink.identity(
                IdentityKind::AwsOidcProvider,
                host,
                line,
                Vec::new(),
                Vec::new(),
            );
        }
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
            if let Some(policy) = properties.get("PolicyDocument") {
                let document = policy::document(policy);
                grants::judge(sink, &entry.key, policy.line, &document.grants);
            }
        }
        "AWS::SecretsManager::Secret" => {
            sink.reference_as(
                Kept::AwsSecretsManager,
                &name_by("Name"),
                line,
                Some(&entry.key),
            );
        }
        _ => {}
    }
}

/// What a role or a user is granted where it is made.
fn granted(properties: &Node, name: &str, line: u64, sink: &mut Sink<'_>) -> Document {
    let mut out = Document::default();
    let managed = properties
        .get("ManagedPolicyArns")
        .map(policy::texts)
        .unwrap_or_default();
    out.grants
        .extend(managed.iter().map(|arn| grants::grant(arn)));
    for one in properties
        .get("Policies")
        .map(Node::items)
        .unwrap_or_default()
    {
        if let Some(policy) = one.get("PolicyDocument") {
            out.grants.extend(policy::document(policy).grants);
        }
    }
    grants::judge(sink, name, line, &out.grants);
    out
}
