//! How coding agents are answered: each in the words that it reads.

use serde_json::{Value, json};

/// Who asks, as far as the answer differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Agents that read `hookSpecificOutput` and `decision: block`.
    Decision,
    /// Agents that read `permission`, and say which version they are.
    Permission,
    /// Agents that read `continue` and `stopReason` for all but tools.
    Continue,
    /// Agents that read `decision: deny`.
    Deny,
    /// Nobody knows.
    Unknown,
}

impl Agent {
    /// Recognises the agent by what it sends.
    pub fn of(payload: &Value) -> Self {
        let has = |key: &str| payload.get(key).is_some();
        let name = payload.get("hook_event_name").and_then(Value::as_str);
        if has("cursor_version") {
            Self::Permission
        } else if matches!(
            name,
            Some(
                "pre_tool"
                    | "post_tool"
                    | "post_agent"
                    | "BeforeTool"
                    | "AfterTool"
                    | "BeforeAgent"
            )
        ) {
            Self::Deny
        } else if has("hookEventName") || name == Some("userPromptSubmitted") {
            Self::Continue
        } else if name.is_some() {
            Self::Decision
        } else {
            Self::Unknown
        }
    }
}

/// When an agent asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person has written something.
    Prompt,
    /// A tool is about to run.
    Before,
    /// A tool has run.
    After,
    /// Anything else.
    Other,
}

impl Event {
    /// The event's name in lower case, without what joins its words.
    pub fn name(payload: &Value) -> String {
        let keys = ["hook_event_name", "hookEventName", "event"];
        let name = keys.iter().find_map(|key| payload.get(*key)?.as_str());
        let name = name.unwrap_or_default();
        let name = name.chars().filter(char::is_ascii_alphanumeric);
        name.map(|c| c.to_ascii_lowercase()).collect()
    }

    /// What event it is.
    pub fn of(payload: &Value) -> Self {
        let has = |key: &str| payload.get(key).is_some();
        match Self::name(payload).as_str() {
            "userpromptsubmit" | "userpromptsubmitted" | "beforesubmitprompt" | "beforeagent" => {
                Self::Prompt
            }
            "posttool" | "posttooluse" | "aftertool" => Self::After,
            name if name.starts_with("pretool") => Self::Before,
            "beforetool" | "beforeshellexecution" | "beforemcpexecution" | "beforereadfile" => {
                Self::Before
            }
            "" if has("toolName") || has("tool_name") => Self::Before,
            "" if has("prompt") => Self::Prompt,
            _ => Self::Other,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(Value);

impl Reply {
    /// The agent may go on: nothing is said of what it would have asked a person.
    pub fn allow(agent: Agent) -> Self {
        match agent {
            // To this one, any word would be more than nothing.
            Agent::Deny => Self(json!({})),
            _ => Self(json!({ "continue": true })),
        }
    }

    /// It may not, and why.
    pub fn deny(agent: Agent, event: Event, reason: &str) -> Self {
        let tool = || {
            json!({
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            })
        };
        Self(match (agent, event) {
            (Agent::Unknown, _) => return Self::in_all_words(reason),
            (Agent::Deny, _) => json!({ "decision": "deny", "reason": reason }),
            (Agent::Permission, Event::Before) => {
                json!({ "permission": "deny", "user_message": reason, "agent_message": reason })
            }
            (Agent::Permission, _) => json!({
                "continue": false, "user_message": reason, "agent_message": reason,
            }),
            (_, Event::Before) => json!({ "hookSpecificOutput": tool() }),
            (Agent::Decision, Event::Prompt | Event::After) => {
                json!({ "decision": "block", "reason": reason })
            }
            _ => json!({ "continue": false, "stopReason": reason }),
        })
    }

    /// What was sent cannot be read: no to whoever it was.
    pub fn unreadable(why: &str) -> Self {
        Self::in_all_words(&format!("straykey: NOT SCANNED, and so denied: {why}."))
    }

    fn in_all_words(reason: &str) -> Self {
        Self(json!({
            "continue": false,
            "stopReason": reason,
            "decision": "block",
            "reason": reason,
            "permission": "deny",
            "user_message": reason,
            "agent_message": reason,
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            },
        }))
    }

    /// On one line.
    pub fn json(&self) -> String {
        self.0.to_string()
    }
}
