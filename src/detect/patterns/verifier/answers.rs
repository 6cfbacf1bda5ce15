//! Checks what a verifier says of answers: its cases, and the answers that it quotes.

use toml::Spanned;

use super::super::check::Check;
use super::super::format::{leak, leak_all};
use super::super::{Class, Pattern};
use super::format::{is_pointer, leak_pairs, words};
use super::spec::{CaseSpec, Statuses, Value, Values, VerifierSpec};
use super::{Basis, Case, Meaning, Quote, Scalar, Verifier};

/// What a quote may say that is read of it.
const TOLD: &[&str] = &[
    "identity",
    "scopes",
    "expires",
    "created",
    "last_used",
    "power",
    "says",
];

pub(super) fn case(check: &mut Check<'_>, spec: &Spanned<CaseSpec>) -> Case {
    let at = spec.span().start;
    let spec = spec.get_ref();
    let means = meaning(check, &spec.verdict);
    let status = match &spec.status {
        Statuses::One(one) => vec![*one],
        Statuses::Several(several) => several.clone(),
    };
    // What servers say in trouble, and what stands between, means nothing of a credential.
    let tells = |s: &u16| matches!(s, 200..=299 | 400..=499) && !matches!(s, 407 | 408 | 429);
    if status.is_empty() || !status.iter().all(tells) {
        check.tell(
            at,
            "status: 200 to 299 or 400 to 499, and none of 407, 408, 429",
        );
    }
    for pointer in spec.json.keys().chain(&spec.has) {
        if !is_pointer(pointer.get_ref()) {
            check.tell(pointer.span().start, "a JSON pointer begins with '/'");
        }
    }
    let reads_body = !spec.json.is_empty() || !spec.has.is_empty() || !spec.contains.is_empty();
    let ways = [reads_body, spec.empty, spec.any];
    if ways.iter().filter(|w| **w).count() != 1 {
        check.tell(
            at,
            "an answer says what its body holds (json, has, contains), or 'empty = true', or 'any = true'",
        );
    }
    if spec.any && matches!(means, Meaning::Live | Meaning::Next) && spec.headers.is_empty() {
        check.tell(
            at,
            "whatever a server says is no sign of life: name something of the body or a header",
        );
    }
    let json: Vec<(&'static str, &'static [Scalar])> = spec
        .json
        .iter()
        .map(|(pointer, values)| {
            let values = match values {
                Values::One(one) => vec![scalar(one)],
                Values::Several(several) => several.iter().map(scalar).collect(),
            };
            (leak(pointer.get_ref().clone()), &*values.leak())
        })
        .collect();
    Case {
        means,
        status: status.leak(),
        json: json.leak(),
        has: leak_all(spec.has.iter().map(|p| p.get_ref().clone())),
        contains: leak_all(spec.contains.iter().cloned()),
        headers: leak_all(spec.headers.iter().map(|h| h.to_ascii_lowercase())),
        empty: spec.empty,
        any: spec.any,
        says: leak(spec.says.clone()),
    }
}

fn scalar(value: &Value) -> Scalar {
    match value {
        Value::Flag(flag) => Scalar::Flag(*flag),
        Value::Number(number) => Scalar::Number(*number),
        Value::Text(text) => Scalar::Text(leak(text.clone())),
    }
}

pub(super) fn quotes(
    check: &mut Check<'_>,
    verifier: &Verifier,
    patterns: &[&Pattern],
    spec: &VerifierSpec,
) -> &'static [Quote] {
    let mut out: Vec<Quote> = Vec::new();
    for quoted in &spec.quote {
        let means = meaning(check, &quoted.verdict);
        let call = quoted.call.as_ref().map_or(1, |c| *c.get_ref());
        if call == 0 || call > verifier.calls.len() {
            let at = quoted.verdict.span().start;
            check.tell(at, "call: which one it answers, from 1");
        }
        day(check, &quoted.seen);
        if !quoted.source.get_ref().contains(' ') && !quoted.source.get_ref().contains("://") {
            check.tell(
                quoted.source.span().start,
                "source: an address, or a document by its name",
            );
        }
        let at = quoted.verdict.span().start;
        for pattern in patterns.iter().filter(|p| p.class == Class::Token) {
            let prefix = pattern.prefix;
            if prefix.len() >= 4 && quoted.body.contains(prefix) {
                check.tell(
                    at,
                    format!("the body holds '{prefix}': keep it obviously false"),
                );
            }
        }
        for name in quoted.tells.keys() {
            if !TOLD.contains(&&**name.get_ref()) {
                check.tell(name.span().start, format!("tells: {}", TOLD.join(", ")));
            }
        }
        out.push(Quote {
            means,
            call,
            status: quoted.status,
            headers: leak_pairs(quoted.headers.clone()),
            body: leak(quoted.body.clone()),
            source: leak(quoted.source.get_ref().clone()),
            seen: leak(quoted.seen.get_ref().clone()),
            tells: leak_pairs(
                quoted
                    .tells
                    .iter()
                    .map(|(name, told)| (name.get_ref().clone(), told.clone())),
            ),
        });
    }
    let quoted = |what| out.iter().any(|q: &Quote| q.means == what);
    let both = quoted(Meaning::Live) && (quoted(Meaning::Dead) || quoted(Meaning::Expired));
    if verifier.revokes {
        if verifier.basis == Basis::Sourced && !quoted(Meaning::Dead) {
            check.tell(
                spec.reviewed.span().start,
                "the answer to a revocation that was done must be quoted, or basis = \"assumed\"",
            );
        }
    } else if verifier.basis == Basis::Sourced && !both {
        check.tell(
            spec.reviewed.span().start,
            "a live and a dead answer must be quoted, or basis = \"assumed\"",
        );
    }
    out.leak()
}

fn meaning(check: &mut Check<'_>, given: &Spanned<String>) -> Meaning {
    let all = words(Meaning::ALL, Meaning::word);
    check.word(Some(given), Meaning::Unknown, Meaning::from_word, &all)
}

pub(super) fn day(check: &mut Check<'_>, given: &Spanned<String>) {
    if crate::base::time_of(given.get_ref()).is_none() || given.get_ref().len() != 10 {
        check.tell(given.span().start, "a day: YYYY-MM-DD");
    }
}
