//! Declarations that are wrong: each is refused with its line and with words that help.

use straykey::detect::patterns::{PatternError, parse_file};

const GOOD: &str = r#"provider = "acme"
name = "Acme"

[[pattern]]
id = "acme.key"
name = "Acme key"
description = "Opens the shop."
secret = 'acme_[0-9a-f]{32}'
revoke = "Console > Keys > Delete"
sources = ["Acme documentation (2026)"]

[[verifier]]
for = ["acme.key"]
hosts = ["api.acme.example"]
identity = "/user"
reviewed = "2026-11-28"

[[verifier.call]]
url = "https://api.acme.example/me"
bearer = "{secret}"
answer = [
    { verdict = "live", status = 200, has = ["/user"] },
    { verdict = "dead", status = 401, json = { "/error" = "bad_key" } },
]

[[verifier.quote]]
verdict = "live"
status = 200
body = '{"user":"jane"}'
source = "https://acme.example/docs"
seen = "2026-11-28"

[[verifier.quote]]
verdict = "dead"
status = 401
body = '{"error":"bad_key"}'
source = "https://acme.example/docs"
seen = "2026-11-28"
"#;

fn told(from: &str, to: &str) -> Vec<PatternError> {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    let text = GOOD.replace(from, to);
    parse_file("acme.toml", Some("acme"), &text).expect_err(to)
}

#[test]
fn a_good_file_is_good() {
    let parsed = parse_file("acme.toml", Some("acme"), GOOD).expect("it is right");
    let verifier = &parsed.verifiers[0];
    assert_eq!(verifier.patterns, ["acme.key"]);
    assert_eq!(
        verifier.calls[0].headers,
        [("authorization", "Bearer {secret}")]
    );
    assert!(verifier.allows("API.acme.example") && !verifier.allows("acme.example"));
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn each_mistake_is_told_with_its_line() {
    let live = r#"{ verdict = "live", status = 200, has = ["/user"] },"#;
    for (from, to, words) in [
        (
            r#"for = ["acme.key"]"#,
            r#"for = ["acme.kee"]"#,
            "no pattern of this file",
        ),
        (r#"for = ["acme.key"]"#, "for = []", "for some pattern"),
        (r#"["api.acme.example"]"#, "[]", "'hosts' must say"),
        (
            r#"["api.acme.example"]"#,
            r#"["api.acme.test"]"#,
            "does not name",
        ),
        (r#"["api.acme.example"]"#, r#"["*.example"]"#, "two labels"),
        (r#"["api.acme.example"]"#, r#"["*"]"#, "two labels"),
        (r#"["api.acme.example"]"#, r#"["10.0.0.1"]"#, "whole name"),
        (
            r#"["api.acme.example"]"#,
            r#"["api.acme.example:8080"]"#,
            "whole name",
        ),
        (
            r#"identity = "/user""#,
            r#"identity = "user""#,
            "a place is",
        ),
        (
            r#"reviewed = "2026-11-28""#,
            r#"reviewed = "yesterday""#,
            "YYYY-MM-DD",
        ),
        (
            "https://api.acme.example/me",
            "http://api.acme.example/me",
            "url: https://",
        ),
        (
            "https://api.acme.example/me",
            "{+url before it}{+secret}/me",
            "nothing is called",
        ),
        (
            "https://api.acme.example/me",
            "https://x@api.acme.example/me",
            "url: https://",
        ),
        (
            "https://api.acme.example/me",
            "https://api.acme.example:8443/me",
            "url: https://",
        ),
        (
            "https://api.acme.example/me",
            "https://api.acme.example/{secret}",
            "say in 'off'",
        ),
        (
            r#""{secret}""#,
            r#""{tenant}""#,
            "nothing is called 'tenant'",
        ),
        (
            r#"bearer = "{secret}""#,
            r#"headers = { host = "x" }"#,
            "header 'host'",
        ),
        (
            r#"bearer = "{secret}""#,
            r#"headers = { X-Key = "x" }"#,
            "lower case",
        ),
        (
            r#"bearer = "{secret}""#,
            r#"method = "DELETE""#,
            "a check changes nothing",
        ),
        (r#"bearer = "{secret}""#, r#"json = "{}""#, "only a POST"),
        (
            r#"bearer = "{secret}""#,
            r#"basic = "{secret}""#,
            "joined by ':'",
        ),
        (
            r#"bearer = "{secret}""#,
            r#"sign = "aws-sigv4""#,
            "lacks id",
        ),
        (
            r#"bearer = "{secret}""#,
            r#"with = { id = "x" }"#,
            "takes no 'id'",
        ),
        (
            r#"bearer = "{secret}""#,
            r#"take = { secret = "/x" }"#,
            "a new name",
        ),
        (
            live,
            r#"{ verdict = "live", status = 200 },"#,
            "what its body holds",
        ),
        (
            live,
            r#"{ verdict = "live", status = 200, any = true },"#,
            "no sign of life",
        ),
        (
            live,
            r#"{ verdict = "live", status = 200, has = ["user"] },"#,
            "begins with '/'",
        ),
        (
            live,
            r#"{ verdict = "live", status = 500, has = ["/user"] },"#,
            "200 to 299",
        ),
        (
            live,
            r#"{ verdict = "live", status = 302, has = ["/user"] },"#,
            "200 to 299",
        ),
        (
            live,
            r#"{ verdict = "live", status = 429, has = ["/user"] },"#,
            "200 to 299",
        ),
        (
            live,
            r#"{ verdict = "alive", status = 200, has = ["/user"] },"#,
            "none of",
        ),
        (live, "", "no answer says 'live'"),
        (
            live,
            r#"{ verdict = "next", status = 200, has = ["/user"] },"#,
            "no 'next'",
        ),
        (
            r#"'{"user":"jane"}'"#,
            r#"'{"user":"acme_1"}'"#,
            "obviously false",
        ),
    ] {
        let errors = told(from, to);
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|l| l.contains(words)), "{to}: {lines:?}");
        assert!(errors.iter().all(|e| e.line >= 12), "{to}: {lines:?}");
    }
    // What is not shown is assumed, and says so.
    let quoted = GOOD.find("[[verifier.quote]]").expect("it has some");
    let errors = parse_file("acme.toml", Some("acme"), &GOOD[..quoted]).expect_err("refused");
    assert!(errors[0].message.contains("must be quoted"), "{errors:?}");
    let assumed = GOOD[..quoted].replace("hosts =", "basis = \"assumed\"\nhosts =");
    assert!(parse_file("acme.toml", Some("acme"), &assumed).is_ok());
}
