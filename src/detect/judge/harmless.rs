//! Tokens that open nothing: who has one may do nothing with it.

use crate::detect::generic;

/// Whether a name tells of a token that opens nothing.
pub(super) fn harmless(name: &[u8], value: &[u8]) -> bool {
    unasked(name) || turns(name, value)
}

/// Whether a name tells of a token that opens nothing: against forged forms, or published.
fn unasked(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "csrf",
        "xsrf",
        "authenticity",
        "public",
        "idempotency",
        "badge",
    ]
    .iter()
    .any(|w| lower.windows(w.len()).any(|l| l == w.as_bytes()))
}

/// Whether a name tells of a token that says where a list goes on, which version was read, or that a
/// request is the same once more: who has it may do nothing with it.
fn turns(name: &[u8], value: &[u8]) -> bool {
    const TURNS: &[&str] = &[
        "nexttoken",
        "pagetoken",
        "paginationtoken",
        "continuationtoken",
        "startingtoken",
        "forwardtoken",
        "backwardtoken",
        "sequencetoken",
        "synctoken",
        "changetoken",
        "locktoken",
        "lifecycleactiontoken",
        "idempotencytoken",
    ];
    let letters = name.iter().filter(|b| b.is_ascii_alphanumeric());
    let name: String = letters
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    match name.as_str() {
        // A secret of OAuth 1, but for those that are ids of requests.
        told if told.ends_with("requesttoken") || told.ends_with("clienttoken") => {
            generic::is_uuid(value)
        }
        told => TURNS.iter().any(|turn| told.ends_with(turn)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_pages_is_no_secret() {
        let uuid = "bcd2f1b8-9a78-44d3-8a7a-4dd07d7cf635";
        let random = ["Kq7ZpXw3RtVn", "5LmY8sHd"].concat();
        let is = |name: &str, value: &str| harmless(name.as_bytes(), value.as_bytes());
        for name in [
            "NextToken",
            "--change-token",
            "next_page_token",
            "csrf_token",
            "idempotency_key",
            "badge_key",
        ] {
            assert!(is(name, &random) && is(name, uuid), "{name}");
        }
        for name in ["ClientRequestToken", "request_token"] {
            assert!(is(name, uuid) && !is(name, &random), "{name}");
        }
        assert!(!is("AccessToken", &random) && !is("AccessToken", uuid));
    }
}
