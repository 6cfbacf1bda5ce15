//! MCP servers and agents: what their configuration names, and what it holds.
//!
//! * VS Code: <https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>
//! * Claude Code: <https://docs.anthropic.com/en/docs/claude-code/mcp>, settings: <https://docs.anthropic.com/en/docs/claude-code/settings>
//! * Codex: <https://developers.openai.com/codex/mcp>
//! * Gemini CLI: <https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md>

use std::collections::BTreeMap;

use super::grants::thing;
use super::mcp_command::{self, Command};
use super::mcp_value::{self, Said, is_secret_header};
use super::rules::{
    AGENT_LITERAL, MCP_HTTP, MCP_LITERAL, MCP_SHARED, MCP_UNPINNED, PERMISSION_SECRET,
};
use super::sink::Sink;
use super::tree::{Node, Wrong, json, toml};
use super::uris;
use super::{Format, Kept, Thing, ThingKind, WorkloadKind};

/// Names under which a list of servers stands.
const LISTS: &[&str] = &[
    "mcpServers",
    "servers",
    "mcp_servers",
    "context_servers",
    "mcp",
];

pub(super) fn read(format: Format, text: &str, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let document = match format {
        Format::CodexConfig => toml(text)?,
        _ => json(text)?,
    };
    let mut literals = BTreeMap::new();
    servers(&document, &mut literals, sink);
    for project in document
        .get("projects")
        .map(Node::entries)
        .unwrap_or_default()
    {
        servers(&project.node, &mut literals, sink);
    }
    for (_, (mut names, line)) in literals {
        names.dedup();
        if names.len() > 1 {
            let names = names.join(", ");
            let what = format!("{names} use one credential, which is written here");
            sink.observe(&MCP_SHARED, &names, line, what);
        }
    }
    let path = sink.path().to_owned();
    sink.used_by(WorkloadKind::Agent, &path);
    if format == Format::AgentSettings {
        settings(&document, &path, sink);
    }
    for provider in document
        .get("model_providers")
        .map(Node::entries)
        .unwrap_or_default()
    {
        if let Some(key) = provider.node.get("env_key") {
            let name = key.text().unwrap_or_default();
            sink.reference_as(Kept::Environment, name, key.line, Some(&provider.key));
        }
    }
    Ok(())
}

/// Which servers hold a value, and where it stands first. The values are forgotten with the map.
type Literals<'a> = BTreeMap<&'a str, (Vec<String>, u64)>;

fn servers<'a>(document: &'a Node, literals: &mut Literals<'a>, sink: &mut Sink<'_>) {
    for name in LISTS {
        let Some(list) = document.get(name) else {
            continue;
        };
        // VS Code's settings have `mcp.servers`.
        let list = list.get("servers").filter(|l| l.is_table()).unwrap_or(list);
        for entry in list.entries().iter().filter(|e| e.node.is_table()) {
            let name = super::shown(&entry.key).into_owned();
            sink.used_by(WorkloadKind::McpServer, &name);
            let mut server = Server {
                me: thing(ThingKind::Workload(WorkloadKind::McpServer), &name),
                name,
                line: entry.line,
                credentials: 0,
                literals,
            };
            server.read(&entry.node, sink);
        }
    }
    sink.workload = None;
}

struct Server<'m, 'a> {
    name: String,
    me: Thing,
    line: u64,
    /// How many credentials it is given.
    credentials: usize,
    literals: &'m mut Literals<'a>,
}

impl<'a> Server<'_, 'a> {
    fn read(&mut self, node: &'a Node, sink: &mut Sink<'_>) {
        for name in ["env", "environment"] {
            for entry in node.get(name).map(Node::entries).unwrap_or_default() {
                self.value(&entry.key, false, &entry.node, sink);
            }
        }
        for name in ["headers", "http_headers"] {
            for entry in node.get(name).map(Node::entries).unwrap_or_default() {
                self.value(&entry.key, true, &entry.node, sink);
            }
        }
        for name in ["env_http_headers", "env_vars", "bearer_token_env_var"] {
            let Some(node) = node.get(name) else { continue };
            let entries = node
                .entries()
                .iter()
                .map(|e| (&e.node, Some(e.key.as_str())));
            let items = node.items().iter().map(|n| (n, None));
            let one = node.text().map(|_| (node, Some("Authorization")));
            for (inner, used_as) in entries.chain(items).chain(one) {
                self.outside(
                    Kept::Environment,
                    inner.text().unwrap_or_default(),
                    used_as,
                    inner.line,
                    sink,
                );
            }
        }
        if let Some(file) = node.get("envFile") {
            self.outside(
                Kept::File,
                file.text().unwrap_or_default(),
                None,
                file.line,
                sink,
            );
        }
        for name in ["url", "serverUrl", "httpUrl"] {
            if let Some(url) = node.get(name) {
                self.url(url, sink);
            }
        }
        let command = Command::of(node);
        self.arguments(&command.arguments, sink);
        self.package(&command, sink);
    }

    /// A credential is kept outside.
    fn outside(
        &mut self,
        kept: Kept,
        name: &str,
        used_as: Option<&str>,
        line: u64,
        sink: &mut Sink<'_>,
    ) {
        self.credentials += 1;
        sink.reference_as(kept, name, line, used_as);
        let to = thing(ThingKind::Secret(kept), name);
        sink.edge(self.me.clone(), to, used_as.unwrap_or("env"), line);
    }

    fn value(&mut self, key: &str, is_header: bool, node: &'a Node, sink: &mut Sink<'_>) {
        let text = node.text().unwrap_or_default();
        let is_secret = if is_header {
            is_secret_header(key)
        } else {
            mcp_value::is_secret_name(key)
        };
        let mut others = 0;
        uris::each(text, &mut |kept, name, _| {
            others += 1;
            sink.reference_as(kept, name, node.line, Some(key));
        });
        if others > 0 {
            self.credentials += 1;
            return;
        }
        match mcp_value::said(text) {
            Said::Variables(names) if is_secret || !is_header => {
                for name in names {
                    if is_secret || mcp_value::is_secret_name(name) {
                        self.outside(Kept::Environment, name, Some(key), node.line, sink);
                    }
                }
            }
            Said::Input(name) => self.outside(Kept::McpInput, name, Some(key), node.line, sink),
            Said::Literal(value) if is_secret || mcp_value::has_password(value) => {
                let where_to = if is_header { "header" } else { "variable" };
                self.literal(
                    &format!("{where_to} {}", super::shown(key)),
                    value,
                    node.line,
                    sink,
                );
            }
            _ => {}
        }
    }

    /// A credential is written where it is used.
    fn literal(&mut self, place: &str, value: &'a str, line: u64, sink: &mut Sink<'_>) {
        self.credentials += 1;
        let what = format!(
            "the {place} of {} is a credential that is written here",
            self.name
        );
        sink.observe(&MCP_LITERAL, &self.name, line, what);
        let known = self
            .literals
            .entry(value)
            .or_insert_with(|| (Vec::new(), line));
        known.0.push(self.name.clone());
    }

    fn url(&mut self, node: &'a Node, sink: &mut Sink<'_>) {
        let text = node.text().unwrap_or_default();
        let Some((scheme, rest)) = text.split_once("://") else {
            return;
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = super::shown(host).into_owned();
        let to = thing(ThingKind::Host, &host);
        sink.edge(self.me.clone(), to, "url", node.line);
        if mcp_value::has_password(text) {
            self.literal("address", text, node.line, sink);
        }
        if let Some((_, query)) = rest.split_once('?') {
            for (key, value) in query.split('&').filter_map(|p| p.split_once('=')) {
                let is_secret = mcp_value::is_secret_name(key) || key.eq_ignore_ascii_case("key");
                match mcp_value::said(value) {
                    Said::Literal(value) if is_secret => {
                        let place = format!("parameter {} in the address", super::shown(key));
                        self.literal(&place, value, node.line, sink);
                    }
                    Said::Variables(names) if is_secret => {
                        for name in names {
                            self.outside(Kept::Environment, name, Some(key), node.line, sink);
                        }
                    }
                    Said::Input(name) => {
                        self.outside(Kept::McpInput, name, Some(key), node.line, sink);
                    }
                    _ => {}
                }
            }
        }
        if scheme.eq_ignore_ascii_case("http") && !mcp_value::is_local(&host) {
            let what = format!("{} is asked at {host} over plain HTTP", self.name);
            sink.observe(&MCP_HTTP, &self.name, node.line, what);
        }
    }

    fn arguments(&mut self, arguments: &[&'a Node], sink: &mut Sink<'_>) {
        mcp_command::options(
            arguments,
            &mut |option, value, node| match mcp_value::said(value) {
                Said::Literal(value) => {
                    let place = format!("argument {}", super::shown(option));
                    self.literal(&place, value, node.line, sink);
                }
                Said::Variables(names) => {
                    for name in names {
                        self.outside(Kept::Environment, name, Some(option), node.line, sink);
                    }
                }
                Said::Input(name) => {
                    self.outside(Kept::McpInput, name, Some(option), node.line, sink);
                }
                Said::Nothing => {}
            },
        );
        for node in arguments {
            if let Some(text) = node.text()
                && mcp_value::has_password(text)
            {
                self.literal("address among the arguments", text, node.line, sink);
            }
        }
    }

    fn package(&self, command: &Command<'_>, sink: &mut Sink<'_>) {
        let Some(package) = command.package() else {
            return;
        };
        let to = thing(ThingKind::Package, package.name);
        let line = package.line.unwrap_or(self.line);
        sink.edge(self.me.clone(), to, package.by, line);
        if self.credentials > 0 && !package.is_exact {
            let name = super::shown(package.name);
            let what = format!(
                "{} fetches {name} without an exact version, runs it, and gives it a credential",
                self.name
            );
            sink.observe(&MCP_UNPINNED, &self.name, line, what);
        }
    }
}

/// Settings of Claude Code: variables, and commands that are allowed.
fn settings(document: &Node, path: &str, sink: &mut Sink<'_>) {
    for entry in document.get("env").map(Node::entries).unwrap_or_default() {
        let key = &entry.key;
        match mcp_value::said(entry.node.text().unwrap_or_default()) {
            Said::Literal(_) if mcp_value::is_secret_name(key) => {
                let what = format!(
                    "the variable {} is a credential that is written here",
                    super::shown(key)
                );
                sink.observe(&AGENT_LITERAL, path, entry.line, what);
            }
            Said::Variables(names) if mcp_value::is_secret_name(key) => {
                for name in names {
                    sink.reference_as(Kept::Environment, name, entry.line, Some(key));
                }
            }
            _ => {}
        }
    }
    for list in ["allow", "ask", "deny"] {
        let entries = document.at(&["permissions", list]);
        for node in entries.map(Node::items).unwrap_or_default() {
            if let Some(place) = mcp_command::secret_in(node.text().unwrap_or_default()) {
                let what = format!("an entry of permissions.{list} holds a credential: {place}");
                sink.observe(&PERMISSION_SECRET, path, node.line, what);
            }
        }
    }
    if let Some(helper) = document.get("apiKeyHelper")
        && let Some(place) = mcp_command::secret_in(helper.text().unwrap_or_default())
    {
        let what = format!("apiKeyHelper holds a credential: {place}");
        sink.observe(&AGENT_LITERAL, path, helper.line, what);
    }
}
