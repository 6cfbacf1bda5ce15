//! `straykey hook agent`: a guard for coding agents.
//!
//! One JSON object comes in, one goes out, and the exit code is 0: an answer that is not read stops
//! nobody. What cannot be read is denied. Only what is sure to be a credential is stopped, as each
//! false alarm costs a person's patience; no answer holds a secret or the name of a file.

use std::collections::BTreeSet;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value;
use straykey::detect::patterns::{Confidence, Severity};
use straykey::detect::{Detector, Engine, Outcome, Scratch};
use straykey::findings::{Finding, Fingerprint};
use straykey::scan::ScanOptions;
use straykey::sources::{Chunk, ContentKind};

use super::agent_reply::{Agent, Event, Reply};
use super::run::look;
use crate::cli::args::HookAgentArgs;
use crate::cli::exit::Exit;
use crate::cli::output::to_stdout;
use crate::cli::settings::Settings;

/// More input is denied unread, in bytes.
const MOST: u64 = 32 << 20;

/// How many files of a prompt or a tool are looked into; more are denied.
const FILES: usize = 64;

/// Answers.
pub fn run(args: &HookAgentArgs) -> Exit {
    let reply = catch_unwind(AssertUnwindSafe(|| answer(args)));
    let reply = reply.unwrap_or_else(|_| Reply::unreadable("straykey failed"));
    match to_stdout(|out| writeln!(out, "{}", reply.json())) {
        Ok(()) => Exit::Clean,
        // Nobody reads the answer: some agents take this code for a no.
        Err(_) => Exit::Failed,
    }
}

fn answer(args: &HookAgentArgs) -> Reply {
    let mut input = Vec::new();
    match std::io::stdin().take(MOST + 1).read_to_end(&mut input) {
        Err(_) => return Reply::unreadable("what the agent sent could not be read"),
        Ok(_) if input.len() as u64 > MOST => {
            return Reply::unreadable("what the agent sent is too long to be judged");
        }
        Ok(_) => {}
    }
    let Ok(payload @ Value::Object(_)) = serde_json::from_slice::<Value>(&input) else {
        return Reply::unreadable("what the agent sent is no JSON object");
    };
    let agent = Agent::of(&payload);
    let event = Event::of(&payload);
    let look = look(args.config.clone(), args.config.is_none());
    let Ok(settings) = Settings::resolve(&look, Vec::new(), Some(Confidence::High)) else {
        let why = "straykey's configuration cannot be read";
        return Reply::deny(agent, event, why);
    };
    let mut guard = Guard {
        options: settings.options,
        severity: settings.severity,
        today: straykey::base::today(),
        found: BTreeSet::new(),
    };
    // A comment of the agent's own allows nothing; those in files that are read do.
    guard.texts(&payload, event != Event::Before);
    let mut place = match event {
        Event::Prompt => "the prompt",
        Event::Before => "what the tool is given",
        Event::After => "what the tool gave back",
        Event::Other => "what the agent sent",
    };
    if guard.found.is_empty() {
        place = "a file that is to be read";
        let files = files(&payload, event);
        if files.len() > FILES {
            let why = "more files are named than are judged";
            return Reply::deny(agent, event, why);
        }
        for (path, lines) in files {
            if let Err(why) = guard.file(&path, lines) {
                return Reply::deny(agent, event, why);
            }
        }
    }
    if guard.found.is_empty() {
        return Reply::allow(agent);
    }
    Reply::deny(agent, event, &reason(&guard.found, place, event))
}

/// Why something is stopped: what, its id, and what to do.
fn reason(found: &BTreeSet<(String, &'static str)>, place: &str, event: Event) -> String {
    let count = found.len();
    let s = if count == 1 { "" } else { "s" };
    let all = found.iter().take(9);
    let named: Vec<String> = all.map(|(id, pattern)| format!("{pattern} {id}")).collect();
    let next = if event == Event::After {
        "It has been shown: replace and revoke it."
    } else {
        "Keep the value out: name an environment variable, or a place in a secret manager."
    };
    format!(
        "straykey: {count} credential{s} in {place} ({}). {next}",
        named.join(", ")
    )
}

struct Guard {
    options: ScanOptions,
    severity: Severity,
    today: String,
    /// Short fingerprints and patterns.
    found: BTreeSet<(String, &'static str)>,
}

impl Guard {
    /// Judges all that a payload says: each text by itself, and the whole with its keys.
    fn texts(&mut self, payload: &Value, inline: bool) {
        let detector = Detector::new(&self.options.catalogue, Engine::Fast);
        let detector = detector.with_inline_allow(inline);
        let mut scratch = Scratch::default();
        let mut judge = |text: &str| self.text(&detector, text, &mut scratch);
        if let Ok(whole) = serde_json::to_string_pretty(payload) {
            judge(&whole);
        }
        let mut left = vec![payload];
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) => judge(text),
                Value::Array(all) => left.extend(all),
                Value::Object(all) => left.extend(all.values()),
                _ => {}
            }
        }
    }

    fn text(&mut self, detector: &Detector, text: &str, scratch: &mut Scratch) {
        let chunk = Chunk::whole(text.as_bytes(), ContentKind::Text);
        let path = Path::new("-");
        for j in detector.scan(&chunk, path, scratch) {
            let allowed = match &j.outcome {
                Outcome::Match => false,
                Outcome::Allowed(allow) => {
                    let until = allow.until.as_deref();
                    until.is_none_or(|until| until >= self.today.as_str())
                }
                Outcome::Rejected(_) => true,
            };
            if allowed
                || j.confidence < Confidence::High
                || j.pattern.severity < self.severity
                || self.is_disabled(j.pattern.id, j.pattern.provider)
            {
                continue;
            }
            let secret = j.identity(chunk.text);
            let fingerprint = Fingerprint::new(j.pattern, secret.expose(), path);
            let accepted = self.options.allowances.find(&fingerprint, &self.today);
            if accepted.is_none() {
                self.found.insert((fingerprint.short(), j.pattern.id));
            }
        }
    }

    fn is_disabled(&self, pattern: &str, provider: &str) -> bool {
        let mut disabled = self.options.disable.iter();
        disabled.any(|(id, _)| id == pattern || id.strip_suffix(".*") == Some(provider))
    }

    /// Judges a file, or some of its lines.
    fn file(&mut self, path: &Path, lines: Option<(u64, u64)>) -> Result<(), &'static str> {
        // What is not there cannot be read by the agent either; a folder is only listed.
        if !path.metadata().is_ok_and(|meta| meta.is_file()) {
            return Ok(());
        }
        let options = ScanOptions {
            targets: vec![path.to_owned()],
            ..self.options.clone()
        };
        let Ok(result) = straykey::scan::scan(&options) else {
            return Err("straykey's configuration cannot be followed");
        };
        if result.is_incomplete() {
            return Err("a file that is to be read could not be judged");
        }
        let shown = |f: &&Finding| {
            let within = |line: u64| lines.is_none_or(|(from, to)| (from..to).contains(&line));
            f.confidence == Confidence::High
                && f.pattern.severity >= self.severity
                && f.occurrences.iter().any(|o| within(o.start.line))
        };
        for finding in result.findings.iter().filter(shown) {
            let id = finding.fingerprint.short();
            self.found.insert((id, finding.pattern.id));
        }
        Ok(())
    }
}

/// The files whose content the agent is about to see, each with its lines: from, and up to.
fn files(payload: &Value, event: Event) -> Vec<(PathBuf, Option<(u64, u64)>)> {
    let root = payload.get("cwd").and_then(Value::as_str);
    let roots = payload.get("workspace_roots").and_then(|r| r.get(0));
    let root = root
        .or_else(|| roots.and_then(Value::as_str))
        .unwrap_or(".");
    let below = |name: &str| Path::new(root).join(name);
    if event == Event::Prompt {
        let prompt = payload.get("prompt").and_then(Value::as_str);
        let named = mentioned(prompt.unwrap_or_default());
        let named = named.map(|name| (below(&name), None));
        return named.take(FILES + 1).collect();
    }
    let tool = ["tool_name", "toolName"];
    let tool = tool.iter().find_map(|key| payload.get(*key)?.as_str());
    let tool: String = tool
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let reads = [
        "read",
        "readfile",
        "view",
        "openfile",
        "notebookread",
        "readmanyfiles",
    ];
    let input = ["tool_input", "toolArgs", "tool_args"];
    let input = input.iter().find_map(|key| payload.get(*key));
    let own = Event::name(payload) == "beforereadfile";
    let input = if own { Some(payload) } else { input };
    let (Some(input), true) = (input, own || reads.contains(&tool.as_str())) else {
        return Vec::new();
    };
    if event != Event::Before {
        return Vec::new();
    }
    let number = |keys: &[&str]| keys.iter().find_map(|key| input.get(*key)?.as_u64());
    let from = number(&["offset", "start_line", "startLine"]);
    let count = number(&["limit"]);
    let to = number(&["end_line", "endLine"]).map(|last| last.saturating_add(1));
    let begin = from.unwrap_or(0);
    let to = to.or_else(|| count.map(|count| begin.max(1).saturating_add(count)));
    // Agents count from 0 or from 1: what either would show is looked at.
    let lines = (from.is_some() || to.is_some())
        .then(|| (begin, to.unwrap_or(u64::MAX - 1).saturating_add(1)));
    let keys = [
        "file_path",
        "filePath",
        "path",
        "absolute_path",
        "notebook_path",
    ];
    let many = ["paths", "file_paths"].iter();
    let many = many.filter_map(|key| input.get(*key)?.as_array()).flatten();
    let named = keys.iter().filter_map(|key| input.get(*key)?.as_str());
    let named = named.chain(many.filter_map(Value::as_str));
    let named = named.map(|name| (below(name), lines));
    named.take(FILES + 1).collect()
}

/// The files that a prompt mentions: `@path`, `@"a path"`.
fn mentioned(prompt: &str) -> impl Iterator<Item = String> {
    let pieces = prompt.split('@').skip(1).filter_map(|piece| {
        let piece = piece.strip_prefix("file:").unwrap_or(piece);
        let name = match piece.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => piece
                .split(|c: char| c.is_whitespace() || ",;:()[]'\"`".contains(c))
                .next(),
        };
        let name = name?.trim_end_matches(['.', '?', '!']);
        (!name.is_empty()).then(|| name.to_owned())
    });
    pieces.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_prompt() {
        let told: Vec<String> =
            mentioned("see @src/a.rs, @\"a b/c.env\" and @file:x.yml. Mail a@b.invalid?").collect();
        assert_eq!(told, ["src/a.rs", "a b/c.env", "x.yml", "b.invalid"]);
        assert_eq!(mentioned("@ @@ none").count(), 0);
    }

    #[test]
    fn lines_that_a_tool_reads() {
        let of = |input: &str| {
            let text = format!("{{\"tool_name\":\"Read\",\"cwd\":\"/w\",\"tool_input\":{input}}}");
            let payload = serde_json::from_str(&text).unwrap();
            files(&payload, Event::Before)
        };
        let one = |lines| vec![(PathBuf::from("/w/a"), lines)];
        assert_eq!(of("{\"file_path\":\"a\"}"), one(None));
        assert_eq!(
            of("{\"file_path\":\"a\",\"offset\":5,\"limit\":2}"),
            one(Some((5, 8)))
        );
        assert_eq!(of("{\"path\":\"a\",\"limit\":2}"), one(Some((0, 4))));
        let lines = Some((3, 6));
        assert_eq!(
            of("{\"path\":\"a\",\"startLine\":3,\"endLine\":4}"),
            one(lines)
        );
        assert_eq!(of("{\"other\":\"a\"}"), vec![]);
    }
}
