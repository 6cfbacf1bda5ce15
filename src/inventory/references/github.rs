//! Workflows and composite actions of GitHub Actions.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>

use super::expressions::{Named, secrets, secrets_of_condition};
use super::federation::{self, Use};
use super::grants::{role_name, thing};
use super::rules::{INHERIT, NO_ID_TOKEN, TARGET_SECRET, UNPINNED, WRITE_ALL};
use super::sink::Sink;
use super::tree::{Node, Wrong, yaml};
use super::uris::{self, Source};
use super::{Format, IdentityKind, Kept, Thing, ThingKind, WorkloadKind};

/// Variables of a job that are told with each of its steps.
const NAMES: usize = 100;

/// Owners of actions that are GitHub's own: whoever has taken those has the runner, too.
const GITHUBS: &[&str] = &["actions", "github"];

pub(super) fn read(format: Format, text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let source = Source::of(text);
    for document in yaml(text)? {
        match format {
            Format::GitHubAction => action(&document, &source, sink),
            _ => workflow(&document, &source, sink),
        }
    }
    Ok(())
}

fn action(document: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    let Some(steps) = document.at(&["runs", "steps"]) else {
        return;
    };
    let path = sink.path().to_owned();
    sink.used_by(WorkloadKind::Action, &path);
    let context = Context {
        source,
        me: thing(ThingKind::Workload(WorkloadKind::Action), &path),
        label: path.clone(),
        permissions: None,
        can_be_called: true,
        env: Vec::new(),
    };
    for step in steps.items() {
        context.step(step, sink);
    }
    uris::tree(document, source, sink);
}

fn workflow(document: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    let triggers = document.get("on").map(triggers).unwrap_or_default();
    let permissions = document.get("permissions");
    let file = sink.path().rsplit('/').next().unwrap_or_default();
    let file = file.to_owned();
    if let Some(node) = permissions.filter(|p| p.text() == Some("write-all")) {
        write_all(sink, &file, node.line);
    }
    let can_be_called = triggers.contains(&"workflow_call");
    for entry in document.get("jobs").map(Node::entries).unwrap_or_default() {
        let (id, job) = (&entry.key, &entry.node);
        let label = format!("{file}/{id}");
        sink.used_by(WorkloadKind::Job, &label);
        sink.environment = job.get("environment").and_then(|e| {
            let name = e.text().or_else(|| e.text_of("name"));
            name.map(|name| super::shown(name).into_owned())
        });
        let me = thing(ThingKind::Workload(WorkloadKind::Job), &label);
        if can_be_called {
            let from = thing(ThingKind::Workflow, sink.path());
            sink.edge(from, me.clone(), "workflow_call", entry.line);
        }
        if let Some(node) = job
            .get("permissions")
            .filter(|p| p.text() == Some("write-all"))
        {
            write_all(sink, &label, node.line);
        }
        let env = [document.get("env"), job.get("env")];
        let context = Context {
            source,
            me,
            label,
            permissions: job.get("permissions").or(permissions),
            can_be_called,
            env: env.into_iter().flatten().collect(),
        };
        context.job(job, entry.line, &triggers, sink);
        uris::tree(job, source, sink);
    }
    sink.workload = None;
    sink.environment = None;
    for entry in document.entries().iter().filter(|e| e.key != "jobs") {
        uris::tree(&entry.node, source, sink);
    }
}

fn triggers(on: &Node) -> Vec<&str> {
    let names = on.list().iter().filter_map(Node::text);
    names
        .chain(on.entries().iter().map(|e| e.key.as_str()))
        .collect()
}

fn write_all(sink: &mut Sink<'_>, subject: &str, line: u64) {
    let what = format!("the token of {subject} may write everything in the repository");
    sink.observe(&WRITE_ALL, subject, line, what);
}

/// What a job's steps share.
pub(super) struct Context<'a> {
    source: &'a Source<'a>,
    /// The job, as one end of edges.
    me: Thing,
    /// What it is called in sentences.
    pub(super) label: String,
    /// The permissions that count for it.
    pub(super) permissions: Option<&'a Node>,
    /// Whether a workflow that calls this one may give it more.
    can_be_called: bool,
    /// What its steps find in their environment.
    env: Vec<&'a Node>,
}

impl Context<'_> {
    fn job(&self, job: &Node, line: u64, triggers: &[&str], sink: &mut Sink<'_>) {
        for env in &self.env {
            for entry in env.entries() {
                self.value(&entry.key, &entry.node, sink);
            }
        }
        for name in ["container", "services"] {
            if let Some(node) = job.get(name) {
                node.texts(&mut |key, text| self.value(key, text, sink));
            }
        }
        self.condition(job, sink);
        if let Some(uses) = job.get("uses") {
            self.call(uses, job, sink);
        }
        let steps = job.get("steps").map(Node::items).unwrap_or_default();
        for step in steps {
            self.step(step, sink);
        }
        self.federation(job, line, steps, sink);
        let from_forks = triggers
            .iter()
            .find(|t| matches!(**t, "pull_request_target" | "workflow_run"));
        if let Some(trigger) = from_forks {
            self.target(job, steps, trigger, sink);
        }
    }

    /// A value that is given to something by a name.
    fn value(&self, name: &str, node: &Node, sink: &mut Sink<'_>) {
        let Some(text) = node.text() else { return };
        let named = secrets(text);
        self.named(&named, name, node.line, sink);
    }

    fn named(&self, named: &Named<'_>, used_as: &str, line: u64, sink: &mut Sink<'_>) {
        for name in &named.secrets {
            let line = self.source.line_of(name, line);
            sink.reference_as(Kept::GitHubSecret, name, line, Some(used_as));
        }
        if named.all {
            let what = format!(
                "{} gets all secrets at once, as {}",
                self.label,
                super::shown(used_as)
            );
            sink.observe(&INHERIT, &self.label, line, what);
        }
    }

    fn condition(&self, of: &Node, sink: &mut Sink<'_>) {
        if let Some(node) = of.get("if")
            && let Some(text) = node.text()
        {
            self.named(&secrets_of_condition(text), "if", node.line, sink);
        }
    }

    /// Another workflow is called.
    fn call(&self, uses: &Node, job: &Node, sink: &mut Sink<'_>) {
        let Some(name) = uses.text() else { return };
        let local = name.strip_prefix("./");
        let target = match local {
            Some(path) => thing(ThingKind::Workflow, path),
            None => thing(ThingKind::ThirdParty, without_version(name)),
        };
        let given = job.get("secrets");
        if let Some(node) = given.filter(|g| g.text() == Some("inherit")) {
            let whose = if local.is_some() {
                "this repository"
            } else {
                "somebody else"
            };
            let called = super::shown(without_version(name)).into_owned();
            let what = format!(
                "{} gives {called}, a workflow of {whose}, all its secrets",
                self.label
            );
            sink.observe(&INHERIT, &self.label, node.line, what);
            sink.edge(
                self.me.clone(),
                target.clone(),
                "secrets: inherit",
                node.line,
            );
        }
        let mut names = Vec::new();
        for entry in given.map(Node::entries).unwrap_or_default() {
            self.value(&entry.key, &entry.node, sink);
            names.extend(entry.node.text().map(secrets).unwrap_or_default().secrets);
        }
        for entry in job.get("with").map(Node::entries).unwrap_or_default() {
            self.value(&entry.key, &entry.node, sink);
        }
        if !names.is_empty() {
            let via = format!("secrets: {}", names.join(", "));
            sink.edge(self.me.clone(), target.clone(), &via, uses.line);
            if local.is_none() {
                self.unpinned(name, &names, uses.line, sink);
            }
        } else if given.is_none() {
            sink.edge(self.me.clone(), target, "uses", uses.line);
        }
    }

    fn step(&self, step: &Node, sink: &mut Sink<'_>) {
        self.condition(step, sink);
        let mut names: Vec<&str> = Vec::new();
        for name in ["with", "env"] {
            for entry in step.get(name).map(Node::entries).unwrap_or_default() {
                self.value(&entry.key, &entry.node, sink);
                names.extend(entry.node.text().map(secrets).unwrap_or_default().secrets);
            }
        }
        if let Some(run) = step.get("run") {
            self.value("run", run, sink);
        }
        let Some(uses) = step.get("uses") else { return };
        let Some(name) = uses.text() else { return };
        if name.starts_with("./") {
            return;
        }
        let of_env = self.env.iter().flat_map(|e| e.entries().iter().take(NAMES));
        names.extend(of_env.flat_map(|e| e.node.text().map(secrets).unwrap_or_default().secrets));
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            let to = thing(ThingKind::ThirdParty, without_version(name));
            let via = format!("secrets: {}", names.join(", "));
            sink.edge(self.me.clone(), to, &via, uses.line);
            self.unpinned(name, &names, uses.line, sink);
        }
        self.role(step, sink);
    }

    /// The identity that a step takes by OIDC.
    fn role(&self, step: &Node, sink: &mut Sink<'_>) {
        let with = |name: &str| {
            let node = step.get("with")?.get(name)?;
            Some((node.text()?, node.line))
        };
        let takes = [
            ("role-to-assume", IdentityKind::AwsRole),
            ("service_account", IdentityKind::GcpServiceAccount),
            (
                "workload_identity_provider",
                IdentityKind::GcpIdentityProvider,
            ),
            ("client-id", IdentityKind::AzureApplication),
        ];
        for (input, kind) in takes {
            let Some((name, line)) = with(input) else {
                continue;
            };
            let name = match kind {
                IdentityKind::AwsRole => role_name(name),
                IdentityKind::GcpServiceAccount => name.split('@').next().unwrap_or(name),
                IdentityKind::GcpIdentityProvider => name.rsplit('/').next().unwrap_or(name),
                _ => name,
            };
            let is_azure = step
                .text_of("uses")
                .is_some_and(|u| u.starts_with("azure/login"));
            if kind == IdentityKind::AzureApplication && !is_azure {
                continue;
            }
            sink.edge(
                self.me.clone(),
                thing(ThingKind::Identity(kind), name),
                input,
                line,
            );
        }
        if let Some((role, line)) =
            with("role").filter(|_| with("method").is_some_and(|m| m.0 == "jwt"))
        {
            let to = thing(ThingKind::Identity(IdentityKind::VaultRole), role);
            sink.edge(self.me.clone(), to, "role", line);
        }
    }

    fn unpinned(&self, uses: &str, names: &[&str], line: u64, sink: &mut Sink<'_>) {
        let owner = uses.split('/').next().unwrap_or_default();
        if is_pinned(uses) || GITHUBS.contains(&owner) {
            return;
        }
        let action = super::shown(without_version(uses)).into_owned();
        let version =
            super::shown::version(uses.rsplit_once('@').map_or("", |(_, v)| v)).into_owned();
        let names = super::shown(&names.join(", ")).into_owned();
        let at = if version.is_empty() {
            "without a version".to_owned()
        } else {
            format!("at {version}, which can move")
        };
        let what = format!("{} gives {names} to {action} {at}", self.label);
        sink.observe(&UNPINNED, &self.label, line, what);
    }

    fn federation(&self, job: &Node, line: u64, steps: &[Node], sink: &mut Sink<'_>) {
        let commands = steps.iter().filter_map(|s| s.text_of("run"));
        let commands = commands.collect::<Vec<_>>().join("\n");
        let mut uses: Vec<Use<'_>> = Vec::new();
        let mut takes = None;
        for env in &self.env {
            uses.extend(uses_of(env, None));
        }
        for step in steps {
            let action = step.text_of("uses");
            for name in ["with", "env"] {
                if let Some(node) = step.get(name) {
                    uses.extend(uses_of(node, action.map(|a| (a, step))));
                }
            }
            takes = takes.or(step
                .get("with")
                .and_then(|with| takes_by_oidc(action, with)));
        }
        let given = federation::Job {
            label: &self.label,
            commands: &commands,
            permissions: self.permissions,
            line,
        };
        federation::judge(&given, &uses, sink);
        let Some(line) = takes else { return };
        let may_ask = match self.permissions {
            Some(permissions) if permissions.is_table() => {
                permissions.text_of("id-token") == Some("write")
            }
            Some(permissions) => permissions.text() == Some("write-all"),
            None => self.can_be_called,
        };
        if !may_ask && job.get("steps").is_some() {
            let what = format!(
                "{} takes a role by OIDC, and its permissions have no id-token: write",
                self.label
            );
            let instead = federation::permissions(self.permissions);
            sink.observe_instead(&NO_ID_TOKEN, &self.label, line, what, Some(instead));
        }
    }

    /// A workflow that runs with the rights of the base, and with code of whoever asks.
    fn target(&self, job: &Node, steps: &[Node], trigger: &str, sink: &mut Sink<'_>) {
        let of_head = |text: &str| {
            [
                "github.event.pull_request.head",
                "github.head_ref",
                "github.event.workflow_run.head",
                "refs/pull/",
            ]
            .iter()
            .any(|what| text.contains(what))
        };
        let checks_out = steps.iter().find(|step| {
            let is_checkout = step
                .text_of("uses")
                .is_some_and(|u| u.starts_with("actions/checkout@"));
            let with = |name| step.at(&["with", name]).and_then(Node::text);
            let by_action = is_checkout
                && (with("ref").is_some_and(of_head) || with("repository").is_some_and(of_head));
            let run = step.text_of("run").unwrap_or_default();
            let by_command =
                run.contains("gh pr checkout") || (run.contains("git ") && of_head(run));
            by_action || by_command
        });
        let Some(step) = checks_out else { return };
        let mut count = 0;
        for node in self.env.iter().copied().chain([job]) {
            node.texts(&mut |_, text| {
                count += secrets(text.text().unwrap_or_default()).secrets.len();
            });
        }
        if count > 0 {
            let what = format!(
                "{} is started by {trigger}, checks out what somebody proposes, and has secrets",
                self.label
            );
            sink.observe(&TARGET_SECRET, &self.label, step.line, what);
        }
    }
}

/// Secrets that a table gives by name, and to which action.
fn uses_of<'a>(table: &'a Node, action: Option<(&'a str, &'a Node)>) -> Vec<Use<'a>> {
    let mut out = Vec::new();
    for entry in table.entries() {
        let named = entry.node.text().map(secrets).unwrap_or_default();
        for secret in named.secrets {
            out.push(Use {
                input: &entry.key,
                secret,
                action,
                line: entry.line,
            });
        }
    }
    out
}

/// The line on which a step takes an identity by OIDC, and by nothing else.
fn takes_by_oidc(action: Option<&str>, with: &Node) -> Option<u64> {
    let action = action?;
    let has = |name: &str| with.get(name).map(|n| n.line);
    if action.starts_with("aws-actions/configure-aws-credentials@")
        && has("aws-access-key-id").is_none()
    {
        return has("role-to-assume");
    }
    if action.starts_with("google-github-actions/auth@") {
        return has("workload_identity_provider");
    }
    if action.starts_with("azure/login@") && has("creds").is_none() {
        return has("client-id");
    }
    None
}

fn without_version(uses: &str) -> &str {
    uses.split_once('@').map_or(uses, |(name, _)| name)
}

/// Whether an action cannot change any more: the id of a commit, or the hash of an image.
fn is_pinned(uses: &str) -> bool {
    let Some((_, version)) = uses.rsplit_once('@') else {
        return false;
    };
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    match version.strip_prefix("sha256:") {
        Some(hash) => hash.len() == 64 && is_hex(hash),
        None => matches!(version.len(), 40 | 64) && is_hex(version),
    }
}
