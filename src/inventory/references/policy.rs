//! Policy documents of AWS: who may take a role, and what is granted.
//!
//! The same document stands in JSON, in YAML of `CloudFormation`, and in HCL of Terraform; all are read as one tree.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

use super::grants;
use super::rules::{NO_AUDIENCE, NO_SUBJECT, TRUSTS_ALL, WIDE, WILDCARD};
use super::sink::Sink;
use super::tree::{Node, Value};
use super::{Grant, Trust};

/// Actions of one statement that are told.
const ACTIONS: usize = 12;

/// What a document says.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Who may take what it hangs on.
    pub(super) trusts: Vec<Trust>,
    /// What it grants.
    pub(super) grants: Vec<Grant>,
    /// Lines of statements that let anybody in.
    pub(super) anybody: Vec<u64>,
}

/// Reads a document: a table with `Statement`, or JSON in a text, or what `jsonencode` is given.
pub(super) fn document(node: &Node) -> Document {
    let mut out = Document::default();
    match &node.value {
        Value::Text(text) => {
            if let Ok(mut inner) = super::tree::json(text) {
                shift(&mut inner, node.line - 1);
                return document(&inner);
            }
        }
        Value::Call(name, given) if matches!(name.as_str(), "jsonencode" | "?" | "for") => {
            for one in given {
                let inner = document(one);
                out.trusts.extend(inner.trusts);
                out.grants.extend(inner.grants);
                out.anybody.extend(inner.anybody);
            }
        }
        _ => {
            let statements = get(node, "Statement").map_or(&[][..], Node::list);
            for one in statements {
                statement(one, &mut out);
            }
        }
    }
    out
}

/// A document in a text begins where the text does.
fn shift(node: &mut Node, by: u64) {
    node.line += by;
    match &mut node.value {
        Value::List(nodes) | Value::Call(_, nodes) => nodes.iter_mut().for_each(|n| shift(n, by)),
        Value::Table(entries) => entries.iter_mut().for_each(|e| {
            e.line += by;
            shift(&mut e.node, by);
        }),
        _ => {}
    }
}

/// The value of a name in any case: Terraform's own names are small, those of JSON are not.
fn get<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let mut entries = node.entries().iter();
    let entry = entries.find(|e| e.key.eq_ignore_ascii_case(name));
    entry.map(|e| &e.node)
}

/// The texts of a value, other things by what they are called.
pub(super) fn texts(node: &Node) -> Vec<String> {
    let mut out = Vec::new();
    for one in node.list() {
        match &one.value {
            Value::Text(text) => out.push(text.clone()),
            Value::Path(path) => out.push(format!("${{{path}}}")),
            Value::Call(_, given) => given.iter().for_each(|one| out.extend(texts(one))),
            // An intrinsic function of CloudFormation in its long form: Ref, Fn::Sub, Fn::GetAtt.
            Value::Table(entries) => entries.iter().for_each(|e| match e.key.as_str() {
                "Fn::Sub" => out.extend(texts(&e.node).into_iter().take(1)),
                "Ref" | "Fn::GetAtt" => out.push(format!("${{{}}}", texts(&e.node).join("."))),
                _ => out.extend(texts(&e.node)),
            }),
            Value::List(_) => out.extend(texts(one)),
            Value::Null => {}
        }
    }
    out
}

fn statement(node: &Node, out: &mut Document) {
    let effect = get(node, "Effect").and_then(Node::text);
    if effect.is_some_and(|e| e.eq_ignore_ascii_case("deny")) || !node.is_table() {
        return;
    }
    let actions = get(node, "Action").map(texts).unwrap_or_default();
    let Some(principal) = get(node, "Principal") else {
        let resources = get(node, "Resource").map(texts).unwrap_or_default();
        grants_of(&actions, &resources, &mut out.grants);
        return;
    };
    let conditions = get(node, "Condition");
    let asked: Vec<Asked> = conditions.map(asked_of).unwrap_or_default();
    let by_token = is_by_token(&actions);
    let mut trust = |issuer: String| {
        let trust = trust_of(issuer, by_token, &asked, node.line);
        out.trusts.push(trust);
    };
    let mut anybody = false;
    if let Some(text) = principal.text() {
        anybody |= text == "*";
    }
    for entry in principal.entries() {
        for name in texts(&entry.node) {
            anybody |= name == "*" && entry.key.eq_ignore_ascii_case("AWS");
            if !entry.key.eq_ignore_ascii_case("Service") && name != "*" {
                trust(name);
            }
        }
    }
    if anybody && conditions.is_none_or(|c| c.entries().is_empty()) {
        out.anybody.push(node.line);
    }
}

/// What a condition asks: the claim, what it must be, and whether `*` stands for anything there.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

fn asked_of(conditions: &Node) -> Vec<Asked> {
    let mut out = Vec::new();
    for operator in conditions.entries() {
        for entry in operator.node.entries() {
            out.push(Asked {
                operator: operator.key.clone(),
                key: entry.key.clone(),
                values: texts(&entry.node),
            });
        }
    }
    out
}

/// Whether a statement lets in whoever has a token of an issuer.
pub(super) fn is_by_token(actions: &[String]) -> bool {
    actions
        .iter()
        .any(|a| a.eq_ignore_ascii_case("sts:AssumeRoleWithWebIdentity"))
}

/// A trust in an issuer, with what is asked of its tokens. Who the issuer is, a condition's key says, too:
/// `token.actions.githubusercontent.com:sub`.
pub(super) fn trust_of(issuer: String, by_token: bool, asked: &[Asked], line: u64) -> Trust {
    let mut hosts = asked.iter().filter_map(|one| one.key.rsplit_once(':'));
    let host = hosts.find(|(host, claim)| {
        matches!(*claim, "sub" | "aud") && host.contains('.') && !host.contains("${")
    });
    let is_named = issuer.contains("oidc-provider/") || is_shared(&issuer);
    let issuer = match host {
        Some((host, _)) if by_token && !is_named => host.to_owned(),
        _ => issuer,
    };
    let mut trust = Trust {
        issuer,
        by_token,
        line,
        ..Trust::default()
    };
    for one in asked {
        let operator = one.operator.rsplit(':').next().unwrap_or_default();
        let operator = operator.to_ascii_lowercase();
        // What a template leaves open is asked all the same.
        let is_open = one.operator.contains("${");
        if !is_open && !operator.starts_with("stringequals") && !operator.starts_with("stringlike")
        {
            continue;
        }
        let like = operator.starts_with("stringlike");
        let claim = one.key.rsplit(':').next().unwrap_or_default();
        match claim.to_ascii_lowercase().as_str() {
            "aud" => trust.audiences.extend(one.values.iter().cloned()),
            "sub" => {
                trust.is_pattern |= like;
                trust.subjects.extend(one.values.iter().cloned());
            }
            // Claims of GitHub and others that say where a token comes from, too.
            "repository" | "repository_id" | "job_workflow_ref" | "project_path" | "project_id" => {
                let values = one.values.iter().map(|v| format!("{claim}={v}"));
                trust.subjects.extend(values);
            }
            _ => {}
        }
    }
    trust
}

pub(super) fn grants_of(actions: &[String], resources: &[String], out: &mut Vec<Grant>) {
    let everywhere = resources.iter().any(|r| r == "*");
    for action in actions.iter().take(ACTIONS) {
        let is_admin = everywhere && matches!(action.as_str(), "*" | "*:*" | "iam:*");
        let name = if everywhere {
            format!("{action} on *")
        } else {
            action.clone()
        };
        out.push(Grant { name, is_admin });
    }
}

/// Says what about who may take an identity, and what it may do, is worth a look.
pub(super) fn judge(sink: &mut Sink<'_>, subject: &str, line: u64, document: &Document) {
    for trust in &document.trusts {
        judge_trust(sink, subject, trust);
    }
    for line in &document.anybody {
        let what = format!("anybody who has an account may take {subject}: nothing else is asked");
        sink.observe(&TRUSTS_ALL, subject, *line, what);
    }
    grants::judge(sink, subject, line, &document.grants);
}

/// Whether tokens of an issuer come from people who have nothing to do with each other.
pub(super) fn is_shared(issuer: &str) -> bool {
    let shared = [
        "token.actions.githubusercontent.com",
        "gitlab.com",
        "oidc.circleci.com",
        "app.terraform.io",
        "agent.buildkite.com",
        "api.bitbucket.org",
        "accounts.google.com",
        "oidc.vercel.com",
        "api.pulumi.com",
    ];
    shared.iter().any(|host| issuer.contains(host))
}

/// The issuer's host, of an ARN or URL.
pub(super) fn host_of(issuer: &str) -> &str {
    let host = issuer
        .rsplit_once("oidc-provider/")
        .map_or(issuer, |(_, h)| h);
    host.trim_start_matches("https://").trim_end_matches('/')
}

/// The same of who may take an identity from outside.
pub(super) fn judge_trust(sink: &mut Sink<'_>, subject: &str, trust: &Trust) {
    if !trust.by_token {
        return;
    }
    let host = super::shown(host_of(&trust.issuer)).into_owned();
    if trust.subjects.is_empty() {
        let what =
            format!("any token of {host} may take {subject}: nothing is asked of its subject");
        sink.observe(&NO_SUBJECT, subject, trust.line, what);
    }
    if trust.is_pattern {
        judge_width(sink, subject, trust);
    }
    if trust.audiences.is_empty() && !trust.issuer.contains("accounts.google.com") {
        let what = format!(
            "{subject} asks nothing of the audience of tokens of {host}: the provider's own list counts alone"
        );
        sink.observe(&NO_AUDIENCE, subject, trust.line, what);
    }
}

/// Says of patterns that take in more than one branch or environment that they do.
pub(super) fn judge_width(sink: &mut Sink<'_>, subject: &str, trust: &Trust) {
    for pattern in &trust.subjects {
        let told = super::shown(pattern);
        match width(pattern) {
            Width::One => {}
            Width::Repository => {
                let what = format!("{subject} takes every branch, tag and pull request of {told}");
                sink.observe(&WIDE, subject, trust.line, what);
            }
            Width::More => {
                let what = format!("{subject} takes any subject like {told}");
                sink.observe(&WILDCARD, subject, trust.line, what);
            }
        }
    }
}

/// How much a pattern of a subject takes in.
#[derive(Debug, PartialEq, Eq)]
enum Width {
    /// One thing, or things of one kind in one repository.
    One,
    /// Everything of one repository, project or workspace.
    Repository,
    /// More than that.
    More,
}

/// What `${...}` stands for is not known, but it stands for something.
fn width(pattern: &str) -> Width {
    if pattern.contains('=') && !pattern.contains(['*', '?']) {
        return Width::One;
    }
    let mut known = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        known.push_str(before);
        known.push('x');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    known.push_str(rest);
    let Some(at) = known.find(['*', '?']) else {
        return Width::One;
    };
    let (before, after) = known.split_at(at);
    let parts: Vec<&str> = before.split(':').collect();
    let ends = |tail: &str| matches!(tail, "*" | "**");
    match parts.as_slice() {
        // repo:octo-org/octo-repo:ref:refs/heads/main
        ["repo", repository, rest @ ..] if is_whole(repository) && !rest.is_empty() => match rest {
            [""] | ["ref", ""] if ends(after) => Width::Repository,
            _ => Width::One,
        },
        // project_path:group/project:ref_type:branch:ref:main
        ["project_path", project, rest @ ..] if is_whole(project) && !rest.is_empty() => match rest
        {
            [""] | ["ref_type", ""] if ends(after) => Width::Repository,
            _ => Width::One,
        },
        // system:serviceaccount:namespace:name
        ["system", "serviceaccount", namespace, _] if !namespace.is_empty() => Width::Repository,
        // organization:o:project:p:workspace:w:run_phase:apply
        ["organization", _, "project", _, "workspace", _, ..] if parts.len() > 6 => Width::One,
        // pipelines and others: the last part only.
        [first, .., last] if parts.len() > 3 && !first.is_empty() && !last.is_empty() => Width::One,
        _ => Width::More,
    }
}

/// Whether a repository or project is named whole, with its owner.
fn is_whole(name: &str) -> bool {
    name.split_once('/')
        .map_or(name.starts_with('x') && name.len() == 1, |(owner, name)| {
            !owner.is_empty() && !name.is_empty()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forms of subjects are those that the issuers document:
    /// <https://docs.github.com/en/actions/reference/security/oidc>, <https://docs.gitlab.com/ci/secrets/id_token_authentication/>.
    #[test]
    fn how_much_a_subject_takes_in() {
        for (pattern, wide) in [
            ("repo:octo-org/octo-repo:ref:refs/heads/main", Width::One),
            ("repo:octo-org/octo-repo:environment:prod", Width::One),
            ("repo:octo-org/octo-repo:environment:*", Width::One),
            ("repo:octo-org/octo-repo:ref:refs/tags/v*", Width::One),
            ("repo:octo-org/octo-repo:*", Width::Repository),
            ("repo:octo-org/octo-repo*", Width::More),
            ("repo:octo-org/*", Width::More),
            ("repo:octo-org/*:ref:refs/heads/main", Width::More),
            ("repo:*", Width::More),
            ("*", Width::More),
            ("repo:${var.repository}:*", Width::Repository),
            ("repo:${var.organization}/*", Width::More),
            ("repo:${var.owner}/${each.value}:*", Width::Repository),
            (
                "project_path:mygroup/*:ref_type:branch:ref:main",
                Width::More,
            ),
            (
                "project_path:mygroup/myproject:ref_type:branch:ref:*",
                Width::One,
            ),
            ("project_path:mygroup/myproject:*", Width::Repository),
            ("system:serviceaccount:default:*", Width::Repository),
            ("system:serviceaccount:*:*", Width::More),
            (
                "organization:o:project:*:workspace:*:run_phase:*",
                Width::More,
            ),
            (
                "organization:o:project:p:workspace:w:run_phase:*",
                Width::One,
            ),
        ] {
            assert_eq!(width(pattern), wide, "{pattern}");
        }
    }
}
