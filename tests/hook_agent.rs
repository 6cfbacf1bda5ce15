//! `straykey hook agent`: recorded shapes of what coding agents send, and what each must hear.

mod common;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

const KIND: &str = "github.pat-classic";

fn secret() -> String {
    common::secret(KIND, 31)
}

/// Asks, and reads the answer: the exit code is 0 and standard output one JSON object, always.
fn ask_bytes(dir: &Path, args: &[&str], input: &[u8]) -> Value {
    let args = [&["hook", "agent"], args].concat();
    let run = common::with_input(dir, &args, input);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.out.contains(&secret()) && !run.err.contains(&secret()));
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 1, "{run:?}");
    serde_json::from_str(lines[0]).expect("JSON")
}

fn ask(payload: &Value) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    ask_bytes(dir.path(), &[], payload.to_string().as_bytes())
}

/// That a reason says what and not where.
fn is_reason(value: &Value) {
    let text = value.as_str().expect("a text");
    assert!(text.contains(KIND), "{text}");
}

#[test]
fn agents_that_read_decisions() {
    let say = |event: &str, more: Value| {
        let mut payload = json!({
            "session_id": "5f3c", "transcript_path": "/x", "cwd": "/", "hook_event_name": event,
        });
        let fields = more.as_object().expect("an object").clone();
        payload.as_object_mut().expect("an object").extend(fields);
        ask(&payload)
    };
    let told = say(
        "PreToolUse",
        json!({
            "tool_name": "Bash", "tool_input": { "command": format!("curl -H 'X: {}'", secret()) },
        }),
    );
    let output = &told["hookSpecificOutput"];
    assert_eq!(output["hookEventName"], "PreToolUse");
    assert_eq!(output["permissionDecision"], "deny");
    is_reason(&output["permissionDecisionReason"]);

    let told = say(
        "UserPromptSubmit",
        json!({ "prompt": format!("use {}", secret()) }),
    );
    assert_eq!(told["decision"], "block");
    is_reason(&told["reason"]);

    let response = json!({ "stdout": format!("a\nTOKEN={}\n", secret()) });
    let told = say(
        "PostToolUse",
        json!({ "tool_name": "Bash", "tool_response": response }),
    );
    assert_eq!(told["decision"], "block");
    is_reason(&told["reason"]);
    assert!(told["reason"].as_str().expect("a text").contains("revoke"));

    let told = say("Notification", json!({ "message": secret() }));
    assert_eq!(told["continue"], false);
    is_reason(&told["stopReason"]);

    for event in [
        "PreToolUse",
        "UserPromptSubmit",
        "PostToolUse",
        "Stop",
        "SessionStart",
    ] {
        let told = say(
            event,
            json!({ "prompt": "hello", "tool_input": { "command": "ls" } }),
        );
        assert_eq!(told, json!({ "continue": true }), "{event}");
    }
}

#[test]
fn agents_that_read_permissions() {
    let say = |event: &str, more: Value| {
        let mut payload = json!({
            "cursor_version": "2.0", "workspace_roots": ["/"], "hook_event_name": event,
        });
        let fields = more.as_object().expect("an object").clone();
        payload.as_object_mut().expect("an object").extend(fields);
        ask(&payload)
    };
    let told = say("beforeSubmitPrompt", json!({ "prompt": secret() }));
    assert_eq!(told["continue"], false);
    is_reason(&told["user_message"]);
    for event in ["preToolUse", "beforeShellExecution", "beforeMCPExecution"] {
        let told = say(event, json!({ "command": secret(), "tool_input": {} }));
        assert_eq!(told["permission"], "deny", "{event}");
        is_reason(&told["agent_message"]);
    }
    let told = say("beforeSubmitPrompt", json!({ "prompt": "hello" }));
    assert_eq!(told["continue"], true);
}

#[test]
fn agents_of_other_words() {
    let told = ask(&json!({
        "hook_event_name": "pre_tool", "tool_name": "bash", "tool_input": { "command": secret() },
    }));
    assert_eq!(told["decision"], "deny");
    is_reason(&told["reason"]);
    assert_eq!(ask(&json!({ "hook_event_name": "post_tool" })), json!({}));
    let told = ask(&json!({
        "hook_event_name": "BeforeTool", "tool_name": "x", "tool_input": { "a": [secret()] },
    }));
    assert_eq!(told["decision"], "deny");
    let told = ask(&json!({ "hookEventName": "PreToolUse", "tool_input": { "x": secret() } }));
    assert_eq!(told["hookSpecificOutput"]["permissionDecision"], "deny");
    let told = ask(&json!({ "hook_event_name": "userPromptSubmitted", "prompt": secret() }));
    assert_eq!(told["continue"], false);
    is_reason(&told["stopReason"]);
    // An agent that nobody knows is told no in all words.
    let told = ask(&json!({ "toolName": "x", "toolArgs": secret() }));
    assert_eq!(
        (&told["permission"], &told["continue"]),
        (&json!("deny"), &json!(false))
    );
}

#[test]
fn what_cannot_be_read_is_denied() {
    let dir = tempfile::tempdir().expect("a folder");
    let deep = "[".repeat(10_000);
    let long = vec![b' '; (32 << 20) + 1];
    let inputs: [&[u8]; 8] = [
        b"",
        b"nonsense",
        b"[]",
        b"\"text\"",
        b"{\"hook_event_name\":",
        b"\xff\xfe{}",
        deep.as_bytes(),
        &long,
    ];
    for input in inputs {
        let told = ask_bytes(dir.path(), &[], input);
        assert_eq!(told["continue"], false);
        assert_eq!(told["permission"], "deny");
        assert_eq!(told["decision"], "block");
        assert_eq!(told["hookSpecificOutput"]["permissionDecision"], "deny");
        let reason = told["stopReason"].as_str().expect("a text");
        assert!(reason.contains("NOT SCANNED"), "{reason}");
    }
}

#[test]
fn a_file_is_looked_into_before_it_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let name = "unusual-name-of-a-file.conf";
    let text = format!("a = 1\nb = 2\nc = 3\nd = 4\ntoken = \"{}\"\n", secret());
    fs::write(dir.path().join(name), text).expect("written");
    let say = |tool: &str, input: Value| {
        let payload = json!({
            "hook_event_name": "PreToolUse", "cwd": dir.path(), "tool_name": tool,
            "tool_input": input,
        });
        ask_bytes(dir.path(), &[], payload.to_string().as_bytes())
    };
    let denied = |told: &Value| told["hookSpecificOutput"]["permissionDecision"] == "deny";
    let told = say("Read", json!({ "file_path": name }));
    assert!(denied(&told), "{told}");
    assert!(
        !told.to_string().contains("unusual"),
        "no name of a file: {told}"
    );
    let absolute = dir.path().join(name);
    assert!(denied(&say("read_file", json!({ "filePath": absolute }))));
    assert!(denied(&say(
        "view",
        json!({ "path": name, "offset": 5, "limit": 1 })
    )));
    assert!(!denied(&say(
        "Read",
        json!({ "file_path": name, "offset": 1, "limit": 2 })
    )));
    // To write there is another matter, and a folder is only listed.
    assert!(!denied(&say(
        "Write",
        json!({ "file_path": name, "content": "x" })
    )));
    assert!(!denied(&say("Read", json!({ "file_path": "." }))));
    assert!(!denied(&say("Read", json!({ "file_path": "none" }))));

    let prompt = json!({
        "hook_event_name": "UserPromptSubmit", "cwd": dir.path(),
        "prompt": format!("look at @{name}, please"),
    });
    let told = ask_bytes(dir.path(), &[], prompt.to_string().as_bytes());
    assert_eq!(told["decision"], "block");
    assert!(!told.to_string().contains("unusual"));
}

#[test]
fn only_what_is_sure_stops_and_only_a_person_allows() {
    let say = |text: String| {
        ask(&json!({ "hook_event_name": "PreToolUse", "tool_input": { "content": text } }))
    };
    let passes = json!({ "continue": true });
    assert_eq!(
        say(format!("password = \"{}\"", common::password(3))),
        passes
    );
    let test_key = common::secret("stripe.restricted-test-key", 3);
    assert_eq!(
        say(format!("key = \"{test_key}\"")),
        passes,
        "test keys never stop"
    );
    // A comment of the agent's own does not count.
    assert_ne!(
        say(format!("t = \"{}\" # straykey:allow", secret())),
        passes
    );

    // Nor does a folder that it can write to, unless a person named it.
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join(".straykey");
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("config.toml"), "disable = ['github.*']\n").expect("written");
    let payload = json!({
        "hook_event_name": "PreToolUse", "cwd": dir.path(), "tool_input": { "x": secret() },
    });
    let payload = payload.to_string();
    assert_ne!(ask_bytes(dir.path(), &[], payload.as_bytes()), passes);
    let named = ["--config", ".straykey"];
    assert_eq!(ask_bytes(dir.path(), &named, payload.as_bytes()), passes);
    fs::write(folder.join("config.toml"), "nonsense").expect("written");
    let told = ask_bytes(dir.path(), &named, payload.as_bytes());
    assert_eq!(told["hookSpecificOutput"]["permissionDecision"], "deny");
}
