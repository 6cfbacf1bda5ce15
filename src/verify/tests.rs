//! Every declared verifier, held against the answers that it quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::reading::{read, tell};
use super::{
    Answer, Asked, Audit, Facts, Login, Request, Said, Transport, Trouble, Verdict, VerifyOptions,
    VerifyProgress, verify,
};
use crate::base::Secret;
use crate::detect::Catalogue;
use crate::detect::patterns::{
    Basis, Confidence, Meaning, Parsed, Quote, Sampler, Verifier, parse_file, sample_secret,
};
use crate::findings::{Credential, Finding, Fingerprint};

/// All verifiers of the files, with what they quote: the embedded ones have no quotes.
pub fn declared() -> Vec<Verifier> {
    all(|parsed| parsed.verifiers)
}

fn all(of: impl Fn(Parsed) -> Vec<Verifier>) -> Vec<Verifier> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).expect("patterns/ is there") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("it can be read");
        if text.contains("[[verifier]]") || text.contains("[[revoker]]") {
            let name = path.display().to_string();
            out.extend(of(parse_file(&name, None, &text).expect("it is right")));
        }
    }
    out.sort_by_key(|v| v.patterns);
    out
}

pub fn answer(quote: &Quote) -> Answer {
    Answer {
        status: quote.status,
        headers: quote
            .headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: quote.body.into(),
    }
}

/// What revokes: the quoted answers mean what is said of them, trouble means nothing, and nothing is
/// sent to a host that its check does not go to.
#[test]
fn each_quoted_revocation_means_that_it_was_done() {
    let revokers = all(|parsed| parsed.revokers);
    let providers: BTreeSet<&str> = revokers.iter().map(|r| r.provider).collect();
    assert!(providers.len() >= 15, "{providers:?}");
    let checks = declared();
    for revoker in &revokers {
        assert!(revoker.revokes && !revoker.quotes.is_empty() || revoker.basis == Basis::Assumed);
        for quote in revoker.quotes {
            let call = &revoker.calls[quote.call - 1];
            let means = read(call, &answer(quote)).means;
            assert_eq!(
                means, quote.means,
                "{}: {}",
                revoker.patterns[0], quote.source
            );
            for status in [302, 401, 403, 429, 500] {
                let answer = Answer {
                    status,
                    ..answer(quote)
                };
                let means = read(call, &answer).means;
                assert_ne!(means, Meaning::Dead, "{} {status}", revoker.patterns[0]);
            }
        }
        // Afterwards somebody must be able to say that it is dead.
        for pattern in revoker.patterns {
            let checked = checks.iter().any(|c| c.patterns.contains(pattern));
            let known = UNCHECKED.contains(pattern);
            assert!(
                checked != known,
                "{pattern}: checked {checked}, listed {known}"
            );
        }
    }
}

/// Patterns that can be revoked and not checked: their owners have to look.
const UNCHECKED: &[&str] = &[
    "github.app-refresh-token",
    "google.oauth-refresh-token",
    "jfrog.access-token",
    "jfrog.reference-token",
];

fn told(facts: &Facts, reason: &str) -> BTreeMap<&'static str, String> {
    let some = |name, text: &Option<String>| text.clone().map(|text| (name, text));
    let scopes = (!facts.scopes.is_empty()).then(|| facts.scopes.join(", "));
    [
        some("identity", &facts.identity),
        some("scopes", &scopes),
        some("expires", &facts.expires),
        some("created", &facts.created),
        some("last_used", &facts.last_used),
        some("power", &facts.power.map(|p| p.word().to_owned())),
        Some(("says", reason.to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn each_quoted_answer_means_what_it_is_said_to_mean() {
    let all = declared();
    assert!(all.len() >= 7, "the files were read");
    let mut wrong = Vec::new();
    for verifier in &all {
        for quote in verifier.quotes {
            let name = format!("{} ({})", verifier.patterns[0], quote.source);
            let answer = answer(quote);
            let read = read(&verifier.calls[quote.call - 1], &answer);
            if read.means != quote.means {
                wrong.push(format!(
                    "{name}: {} is {}",
                    quote.means.word(),
                    read.means.word()
                ));
            }
            let mut facts = Facts::default();
            tell(verifier, &answer, &mut facts);
            let told = told(&facts, &read.reason);
            for (what, want) in quote.tells {
                let is = told.get(what).map(String::as_str);
                if is != Some(want) {
                    wrong.push(format!("{name}: {what} is {is:?}, not {want:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Answers that mean nothing: none of them may be a sign of life, nor of death.
#[test]
fn what_is_not_declared_means_nothing() {
    let html = "<!DOCTYPE html><html><body>Please log in to the network.</body></html>";
    for verifier in declared() {
        for call in verifier.calls {
            for status in [
                200, 204, 301, 302, 400, 401, 403, 404, 407, 418, 429, 500, 502, 503,
            ] {
                for body in [
                    "",
                    "{}",
                    "[]",
                    "null",
                    "\"ok\"",
                    "{\"message\":\"hello\"}",
                    html,
                ] {
                    let answer = Answer {
                        status,
                        headers: Vec::new(),
                        body: body.into(),
                    };
                    let declared = call.cases.iter().any(|c| {
                        c.status.contains(&status) && (c.any || c.empty && body.is_empty())
                    });
                    let means = read(call, &answer).means;
                    assert!(
                        means == Meaning::Unknown || declared && body != html,
                        "{}: {status} {body:?} is {}",
                        verifier.patterns[0],
                        means.word()
                    );
                }
            }
        }
    }
}

/// A body in which one status says another thing: what is quoted holds for its status only.
#[test]
fn a_status_alone_never_makes_a_verdict() {
    for verifier in declared() {
        for quote in verifier.quotes {
            for status in [302, 429, 500, 503] {
                let answer = Answer {
                    status,
                    ..answer(quote)
                };
                let means = read(&verifier.calls[quote.call - 1], &answer).means;
                assert_eq!(means, Meaning::Unknown, "{}", verifier.patterns[0]);
            }
        }
    }
}

/// Somebody must be able to read it there.
#[test]
fn each_quote_says_where_it_was_read() {
    let both = [
        all(|parsed| parsed.verifiers),
        all(|parsed| parsed.revokers),
    ];
    let quotes: Vec<(&str, &Quote)> = both
        .iter()
        .flatten()
        .flat_map(|v| v.quotes.iter().map(|q| (v.patterns[0], q)))
        .collect();
    assert!(quotes.len() > 300, "{} quotes", quotes.len());
    let without: Vec<_> = quotes
        .iter()
        .filter(|(_, q)| !q.source.contains("https://"))
        .collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn what_is_sourced_quotes_life_and_death() {
    for verifier in declared() {
        let has = |what| verifier.quotes.iter().any(|q| q.means == what);
        let both = has(Meaning::Live) && (has(Meaning::Dead) || has(Meaning::Expired));
        assert!(
            both || verifier.basis == Basis::Assumed,
            "{}",
            verifier.patterns[0]
        );
    }
}

/// A finding made by hand.
fn finding(seed: u64) -> Finding {
    let pattern = Catalogue::embedded()
        .get("github.pat-classic")
        .expect("it is known");
    let secret = sample_secret(
        pattern.expression[1],
        pattern.checksum,
        &mut Sampler::new(seed),
    );
    Finding {
        pattern,
        fingerprint: Fingerprint::new(pattern, &secret, Path::new("a")),
        secret: Secret::new(&secret),
        credential: Credential {
            secret: Secret::new(&secret),
            parts: Vec::new(),
        },
        masked: "ghp_....".into(),
        confidence: Confidence::High,
        occurrences: Vec::new(),
    }
}

/// Counts calls.
struct Counting(AtomicUsize);

impl Transport for Counting {
    fn send(&self, _: &Request) -> Result<Answer, Trouble> {
        self.0.fetch_add(1, Ordering::AcqRel);
        Ok(Answer {
            status: 401,
            headers: Vec::new(),
            body: br#"{"message":"Bad credentials"}"#.to_vec(),
        })
    }

    fn login(&self, _: &Login) -> Result<Said, Trouble> {
        self.0.fetch_add(1, Ordering::AcqRel);
        Err(Trouble::Connection)
    }
}

fn asked(audit: &Audit, transport: &Counting) -> Asked {
    let all: Vec<Finding> = (0..8).map(finding).collect();
    let all: Vec<&Finding> = all.iter().collect();
    let options = VerifyOptions {
        rate_host: 0.0,
        rate_total: 0.0,
        workers: 2,
        ..VerifyOptions::default()
    };
    verify(&all, &options, transport, audit, &VerifyProgress::default())
}

/// A device that has no room for anything, and one that has for everything.
#[cfg(target_os = "linux")]
#[test]
fn no_log_no_call() {
    let open = |path| Audit::over(fs::File::options().write(true).open(path).expect("opened"));
    let transport = Counting(AtomicUsize::new(0));
    let none = asked(&open("/dev/full"), &transport);
    assert_eq!(transport.0.load(Ordering::Acquire), 0);
    assert!(none.audit_failed.is_some());
    assert!(
        none.verified
            .iter()
            .all(|v| v.verdict == Verdict::NotChecked)
    );

    let all = asked(&open("/dev/null"), &transport);
    assert_eq!(transport.0.load(Ordering::Acquire), 8);
    assert_eq!(all.calls, 8);
    assert!(all.audit_failed.is_none());
    assert!(all.verified.iter().all(|v| v.verdict == Verdict::Dead));
}
