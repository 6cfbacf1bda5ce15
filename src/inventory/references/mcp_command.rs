//! Commands that start MCP servers, and commands that agents may run.

use super::format::ends;
use super::mcp_value::{self, Said, is_secret_header, is_secret_name};
use super::shown;
use super::tree::Node;

/// How a server is started.
#[derive(Debug, Default)]
pub(super) struct Command<'a> {
    program: &'a str,
    pub(super) arguments: Vec<&'a Node>,
}

/// A package or an image that is fetched and run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    /// What fetches it.
    pub(super) by: &'a str,
    pub(super) is_exact: bool,
    pub(super) line: Option<u64>,
}

impl<'a> Command<'a> {
    /// `command` and `args`; a list of both; or a table of them.
    pub(super) fn of(server: &'a Node) -> Self {
        let Some(command) = server.get("command") else {
            return Self::default();
        };
        let mut arguments: Vec<&Node> = server
            .get("args")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .collect();
        let mut program = command.text().unwrap_or_default();
        if let Some((first, rest)) = command.items().split_first() {
            program = first.text().unwrap_or_default();
            arguments.splice(0..0, rest);
        }
        if command.is_table() {
            program = command.text_of("path").unwrap_or_default();
            arguments.extend(command.get("args").map(Node::items).unwrap_or_default());
        }
        let mut out = Self { program, arguments };
        out.past_shell();
        out
    }

    /// `cmd /c npx ...` starts `npx`.
    fn past_shell(&mut self) {
        let name = self.program.rsplit(['/', '\\']).next().unwrap_or_default();
        if matches!(name, "cmd" | "cmd.exe") && self.arguments.len() > 1 {
            self.program = self.arguments[1].text().unwrap_or_default();
            self.arguments.drain(..2);
        }
    }

    /// The package that it fetches and runs.
    pub(super) fn package(&self) -> Option<Package<'a>> {
        let name = self.program.rsplit(['/', '\\']).next().unwrap_or_default();
        let by = name.trim_end_matches(".cmd").trim_end_matches(".exe");
        let texts = || {
            self.arguments
                .iter()
                .filter_map(|n| Some((n.text()?, n.line)))
        };
        let first = |skip: &[&str]| {
            let mut plain = texts().filter(|(t, _)| !t.starts_with('-') && !skip.contains(t));
            plain.next()
        };
        let after = |options: &[&str]| {
            let mut all = texts().skip_while(|(t, _)| !options.contains(t));
            all.nth(1)
        };
        let (text, line) = match by {
            "npx" | "bunx" => after(&["-p", "--package"]).or_else(|| first(&[]))?,
            "pnpm" | "yarn" | "npm" => first(&["dlx", "exec"])
                .filter(|_| texts().any(|(t, _)| matches!(t, "dlx" | "exec")))?,
            "uvx" | "pipx" => after(&["--from", "--spec"]).or_else(|| first(&["run"]))?,
            "uv" => after(&["--from", "--with"]).or_else(|| first(&["tool", "run", "x"]))?,
            "docker" | "podman" => return image(&self.arguments, by),
            _ => return None,
        };
        let is_path = text.starts_with(['.', '/']) || ends(text, &[".py"]) || ends(text, &[".js"]);
        if is_path || text.starts_with('$') {
            return None;
        }
        let is_python = matches!(by, "uvx" | "pipx" | "uv");
        let (name, version) = split(text, is_python);
        Some(Package {
            name,
            by,
            is_exact: version.is_some_and(is_exact),
            line: Some(line),
        })
    }
}

/// `@scope/name@1.2.3` and `name==1.2.3`.
fn split(text: &str, is_python: bool) -> (&str, Option<&str>) {
    if is_python && let Some((name, version)) = text.split_once("==") {
        return (name, Some(version));
    }
    match text
        .char_indices()
        .rev()
        .find(|(at, c)| *c == '@' && *at > 0)
    {
        Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Whether a version is one and no other: three numbers or more, a year and a month, or the id of a commit.
fn is_exact(version: &str) -> bool {
    let is_commit = version.len() == 40 && version.bytes().all(|b| b.is_ascii_hexdigit());
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = numbers.split('.').collect();
    let are_numbers = parts
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let is_date = parts.len() == 2 && parts[0].len() == 4;
    is_commit || (are_numbers && (parts.len() >= 3 || is_date))
}

/// Options of `docker run` that take the next word.
const TAKES: &[&str] = &[
    "-e",
    "--env",
    "-v",
    "--volume",
    "-p",
    "--publish",
    "--name",
    "--network",
    "--mount",
    "--env-file",
    "-w",
    "--workdir",
    "-u",
    "--user",
    "--entrypoint",
    "--platform",
    "-l",
    "--label",
    "--add-host",
    "--pull",
];

fn image<'a>(arguments: &[&'a Node], by: &'a str) -> Option<Package<'a>> {
    let mut words = arguments.iter().filter_map(|n| Some((n.text()?, n.line)));
    words.find(|(t, _)| *t == "run")?;
    while let Some((text, line)) = words.next() {
        if TAKES.contains(&text) {
            words.next();
        } else if !text.starts_with('-') {
            let (name, is_exact) = match text.split_once('@') {
                Some((name, digest)) => (name, digest.starts_with("sha256:")),
                None => (text, false),
            };
            let last = name.rfind('/').map_or(0, |at| at + 1);
            let end = name[last..].find(':').map_or(name.len(), |at| last + at);
            return Some(Package {
                name: &name[..end],
                by,
                is_exact,
                line: Some(line),
            });
        }
    }
    None
}

/// Calls `tell` with each option that carries a credential, and its value.
pub(super) fn options<'a>(
    arguments: &[&'a Node],
    tell: &mut dyn FnMut(&'a str, &'a str, &'a Node),
) {
    let mut at = 0;
    while let Some(node) = arguments.get(at) {
        at += 1;
        let text = node.text().unwrap_or_default();
        let next = || {
            arguments
                .get(at)
                .filter(|n| n.text().is_some_and(|t| !t.starts_with("--")))
        };
        let (option, value) = match text.split_once('=') {
            Some((option, value)) if option.starts_with('-') => (option, Some((value, *node))),
            _ => (text, next().map(|n| (n.text().unwrap_or_default(), *n))),
        };
        if matches!(option, "-e" | "--env" | "--header" | "-H") {
            // NAME=value, or Name: value. Without a value, a container takes it from outside.
            let Some((text, node)) = value else { continue };
            let pair = text.split_once('=').or_else(|| text.split_once(':'));
            if let Some((name, value)) = pair {
                let is_secret = is_secret_name(name) || is_secret_header(name.trim());
                if is_secret {
                    tell(name.trim(), value.trim(), node);
                }
            }
        } else if option.starts_with('-')
            && is_secret_name(option)
            && let Some((value, node)) = value
        {
            tell(option, value, node);
        }
    }
}

/// Where in a command a credential stands, in words without it.
pub(super) fn secret_in(command: &str) -> Option<String> {
    if mcp_value::has_password(command) {
        return Some("a password in an address".to_owned());
    }
    let literal = |value: &str| {
        let value = value.trim_matches(['"', '\'', ')', '*', ':']);
        value.len() >= 8
            && matches!(mcp_value::said(value), Said::Literal(_))
            && !value.contains(['(', '`'])
    };
    for mark in ["Bearer ", "bearer ", "Basic "] {
        for (at, _) in command.match_indices(mark) {
            let value = command[at + mark.len()..]
                .split(|c: char| c.is_whitespace() || c == '"' || c == '\'')
                .next();
            if value.is_some_and(literal) {
                return Some(format!("behind {}", mark.trim()));
            }
        }
    }
    let separators = |c: char| c.is_whitespace() || "\"'(&;|".contains(c);
    let mut words = command
        .split(separators)
        .filter(|w| !w.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=').or_else(|| word.split_once(": ")) {
            Some((name, value)) => (name, Some(value)),
            None => (
                word.trim_end_matches(':'),
                words
                    .peek()
                    .copied()
                    .filter(|_| word.starts_with("--") || word.ends_with(':')),
            ),
        };
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if is_name && (is_secret_name(name) || is_secret_header(name)) && value.is_some_and(literal)
        {
            return Some(format!("the value of {}", shown(name)));
        }
    }
    // A token by its looks alone.
    let is_cut = command.split(separators).any(|word| {
        let told = shown(word);
        told.contains('\u{2026}') && word.len() < 200 && !word.contains('/')
    });
    is_cut.then(|| "a word that looks like a token".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::references::tree::json;

    #[test]
    fn packages_and_their_versions() {
        for (server, name, is_exact) in [
            (
                r#"{"command": "npx", "args": ["-y", "@scope/server"]}"#,
                "@scope/server",
                false,
            ),
            (
                r#"{"command": "npx", "args": ["-y", "@scope/server@latest"]}"#,
                "@scope/server",
                false,
            ),
            (
                r#"{"command": "npx", "args": ["-y", "@scope/server@1.2.3"]}"#,
                "@scope/server",
                true,
            ),
            (
                r#"{"command": "npx", "args": ["server@^1.2.3"]}"#,
                "server",
                false,
            ),
            (
                r#"{"command": "cmd", "args": ["/c", "npx", "-y", "server"]}"#,
                "server",
                false,
            ),
            (
                r#"{"command": "uvx", "args": ["mcp-server-x"]}"#,
                "mcp-server-x",
                false,
            ),
            (
                r#"{"command": "uvx", "args": ["--from", "x==0.1.2", "x"]}"#,
                "x",
                true,
            ),
            (
                r#"{"command": "docker", "args": ["run", "-i", "--rm", "-e", "A", "ghcr.io/o/i:latest"]}"#,
                "ghcr.io/o/i",
                false,
            ),
            (
                r#"{"command": ["npx", "-y", "server@2.0.0"]}"#,
                "server",
                true,
            ),
        ] {
            let node = json(server).unwrap();
            let package = Command::of(&node);
            let package = package.package().expect(server);
            assert_eq!(
                (package.name, package.is_exact),
                (name, is_exact),
                "{server}"
            );
        }
        for server in [
            r#"{"command": "node", "args": ["x.js"]}"#,
            r#"{"command": "npx", "args": ["./x"]}"#,
            "{}",
        ] {
            assert_eq!(Command::of(&json(server).unwrap()).package(), None);
        }
    }

    #[test]
    fn where_in_a_command_a_credential_stands() {
        let given = "q7Tz9mB2kX4wL8vN";
        for (before, after) in [
            ("Bash(curl -H \"Authorization: Bearer ", "\" https://x)"),
            ("Bash(API_TOKEN=", " make deploy)"),
            ("Bash(tool --api-key ", " run:*)"),
            ("Bash(psql postgres://u:", "@h/d)"),
        ] {
            let told = secret_in(&format!("{before}{given}{after}")).expect(before);
            assert!(!told.contains("q7Tz"), "{told}");
        }
        for text in [
            "Bash(npm run test:*)",
            "Bash(git commit:*)",
            "WebFetch(domain:docs.example.net)",
            "Bash(API_TOKEN=$TOKEN make)",
            "Read(~/x/**)",
        ] {
            assert_eq!(secret_in(text), None, "{text}");
        }
    }
}
