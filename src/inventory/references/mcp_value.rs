//! What a value in a configuration of MCP says: nothing, a name, or a credential.

use super::gitlab::{self, dollars};
use super::uris::begin;

/// What a value says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// Nothing, or that somebody should fill it in.
    Nothing,
    /// Names of variables of the environment.
    Variables(Vec<&'a str>),
    /// The id of an input that a person is asked for.
    Input(&'a str),
    /// A value.
    Literal(&'a str),
}

/// Reads a value; words such as `Bearer` in front of it are no part.
pub(super) fn said(text: &str) -> Said<'_> {
    let text = text.trim();
    let schemes = [
        "Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token ", "ApiKey ",
    ];
    let value = schemes
        .iter()
        .find_map(|s| text.strip_prefix(s))
        .unwrap_or(text)
        .trim();
    if let Some((_, after)) = value.split_once("${input:") {
        return Said::Input(after.split('}').next().unwrap_or(after));
    }
    let mut names: Vec<&str> = Vec::new();
    for mark in ["${env:", "{env:", "${env.", "{{env."] {
        let after = value
            .match_indices(mark)
            .map(|(at, _)| begin(&value[at + mark.len()..], 128));
        names.extend(
            after
                .filter_map(|a| a.split('}').next())
                .map(|n| n.split(':').next().unwrap_or(n)),
        );
    }
    if names.is_empty() {
        names.extend(dollars(value));
    }
    names.retain(|name| !name.is_empty());
    names.dedup();
    if !names.is_empty() {
        return Said::Variables(names);
    }
    if is_placeholder(value) {
        return Said::Nothing;
    }
    Said::Literal(value)
}

/// Whether a value is one that somebody should fill in, or no credential for other reasons.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let words = [
        "your",
        "<",
        "xxx",
        "changeme",
        "change-me",
        "change_me",
        "placeholder",
        "replace",
        "example",
        "dummy",
        "...",
        "***",
        "insert",
        "todo",
        "redacted",
        "fake",
        "none",
        "null",
        "secret_here",
        "key_here",
        "token_here",
    ];
    value.len() < 6
        || words.iter().any(|w| lower.contains(w))
        || value.contains("{{")
        || matches!(lower.as_str(), "true" | "false" | "localhost")
        || value.bytes().all(|b| b.is_ascii_digit())
        || value.starts_with(['/', '.', '~', '%', '@', '!'])
        || (value.contains("://") && !has_password(value))
}

/// Whether an address has a password in it that is written out.
pub(super) fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else {
        return false;
    };
    let Some((_, password)) = user.split_once(':') else {
        return false;
    };
    let lower = password.to_ascii_lowercase();
    let usual = [
        "", "password", "pass", "secret", "postgres", "root", "user", "pwd",
    ];
    !usual.contains(&lower.as_str())
        && !password.contains(['$', '{', '<', '*'])
        && !lower.contains("your")
}

/// Whether the name of a variable, an option or a parameter says that it is a credential.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.trim_start_matches('-');
    let mut plain = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for c in name.chars() {
        // accessToken, apiKey
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            plain.push('_');
        }
        plain.push(if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        });
        before = c;
    }
    gitlab::is_secret_name(&plain) || plain == "APIKEY" || plain == "PAT" || plain.ends_with("_DSN")
}

/// Whether a header carries credentials.
pub(super) fn is_secret_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "authorization" | "proxy-authorization" | "cookie" | "x-auth" | "x-api-key" | "api-key"
    ) || is_secret_name(name)
}

/// Whether a host is this machine.
pub(super) fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    matches!(
        name,
        "localhost" | "::1" | "0.0.0.0" | "host.docker.internal"
    ) || name.starts_with("127.")
        || name.ends_with(".localhost")
        || name.contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_values_say() {
        for (text, meant) in [
            ("${GITHUB_TOKEN}", Said::Variables(vec!["GITHUB_TOKEN"])),
            ("Bearer ${API_KEY:-none}", Said::Variables(vec!["API_KEY"])),
            ("${env:API_KEY}", Said::Variables(vec!["API_KEY"])),
            ("{env:API_KEY}", Said::Variables(vec!["API_KEY"])),
            ("${input:perplexity-key}", Said::Input("perplexity-key")),
            ("<YOUR_TOKEN>", Said::Nothing),
            ("your-api-key-here", Said::Nothing),
            ("", Said::Nothing),
            ("8080", Said::Nothing),
            ("/var/lib/x", Said::Nothing),
            ("https://api.example.net/v1", Said::Nothing),
            ("Bearer q9w8e7r6t5", Said::Literal("q9w8e7r6t5")),
        ] {
            assert_eq!(said(text), meant, "{text}");
        }
        assert!(has_password(concat!("postgres://app:", "h7Tq2@db/x")));
        assert!(!has_password("postgres://app:${PW}@db/x"));
        assert!(!has_password("postgres://localhost/x"));
    }

    #[test]
    fn names_that_say_it() {
        for name in [
            "GITHUB_PERSONAL_ACCESS_TOKEN",
            "apiKey",
            "--api-key",
            "accessToken",
            "api_key",
            "client-secret",
            "FIGMA_API_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "NODE_ENV",
            "port",
            "--keyboard",
            "PUBLIC_KEY",
            "monkey",
            "TOKENIZERS_PARALLELISM",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
        assert!(is_secret_header("Authorization") && is_secret_header("X-Goog-Api-Key"));
        assert!(!is_secret_header("Accept"));
        assert!(
            is_local("127.0.0.1:8080") && is_local("localhost") && !is_local("mcp.example.net")
        );
    }
}
