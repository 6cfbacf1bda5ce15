//! Reads the `[[verifier]]` tables of a pattern file and checks all that can be checked without
//! asking anybody.

use toml::Spanned;

use super::super::Pattern;
use super::super::check::Check;
use super::super::format::{leak, leak_all};
use super::answers::{case, day, quotes};
use super::spec::{CallSpec, Places, PrivilegeSpec, VerifierSpec};
use super::{
    AROUND, Basis, BodyKind, CLOCK, Call, Case, Facts, Meaning, Piece, Power, Privilege, Sign,
    Verifier, is_signature, pieces,
};
use crate::base::quote;

/// The most calls that a credential is worth.
const CALLS: usize = 3;

/// Reads the verifiers of a file. What is wrong is told to `check`, each with its line.
pub(in super::super) fn read(
    check: &mut Check<'_>,
    provider: &str,
    patterns: &[Pattern],
    specs: &[VerifierSpec],
    revokes: bool,
) -> Vec<Verifier> {
    let mut out: Vec<Verifier> = Vec::new();
    for spec in specs {
        let mut own = Vec::new();
        for id in &spec.patterns {
            let (text, at) = (id.get_ref(), id.span().start);
            let told = quote(text);
            match patterns.iter().find(|p| p.id == text) {
                None => check.tell(at, format!("no pattern of this file is called '{told}'")),
                Some(_) if out.iter().any(|v| v.patterns.contains(&&**text)) => {
                    check.tell(at, format!("'{told}' has two verifiers"));
                }
                Some(pattern) => own.push(pattern),
            }
        }
        if spec.patterns.is_empty() {
            check.tell(spec.reviewed.span().start, "a verifier is for some pattern");
        }
        out.push(one(check, provider, &own, spec, revokes));
    }
    out
}

fn one(
    check: &mut Check<'_>,
    provider: &str,
    patterns: &[&Pattern],
    spec: &VerifierSpec,
    revokes: bool,
) -> Verifier {
    let at = spec.reviewed.span().start;
    day(check, &spec.reviewed);
    for host in &spec.hosts {
        if !is_host(host.get_ref()) {
            let told = quote(host.get_ref());
            check.tell(
                host.span().start,
                format!(
                    "host '{told}': a whole name in lower case, or '*.' and two labels at least"
                ),
            );
        }
    }
    if spec.call.is_empty() || spec.call.len() > CALLS {
        check.tell(at, format!("one to {CALLS} calls"));
    }
    let mut verifier = Verifier {
        patterns: leak_all(spec.patterns.iter().map(|p| p.get_ref().clone())),
        provider: leak(provider.to_owned()),
        revokes,
        basis: check.word(
            spec.basis.as_ref(),
            Basis::Sourced,
            Basis::from_word,
            &words(Basis::ALL, Basis::word),
        ),
        off: leak(spec.off.clone()),
        endpoint: spec
            .endpoint
            .as_ref()
            .map_or("", |e| leak(e.get_ref().clone())),
        hosts: leak_all(spec.hosts.iter().map(|h| h.get_ref().clone())),
        cut: &[],
        warning: leak(spec.warning.clone()),
        calls: &[],
        facts: Facts {
            identity: places(check, spec.identity.as_ref()),
            scopes: places(check, spec.scopes.as_ref()),
            expires: places(check, spec.expires.as_ref()),
            created: places(check, spec.created.as_ref()),
            last_used: places(check, spec.last_used.as_ref()),
        },
        privilege: privilege(check, &spec.privilege),
        reviewed: leak(spec.reviewed.get_ref().clone()),
        quotes: &[],
    };
    if let Some(endpoint) = &spec.endpoint {
        let host = host_of(endpoint.get_ref());
        if !host.is_some_and(|h| verifier.allows(h)) || endpoint.get_ref().ends_with('/') {
            check.tell(
                endpoint.span().start,
                "endpoint: https:// and a host that 'hosts' names, without a '/' at the end",
            );
        }
    }
    let mut known: Vec<String> = vec!["secret".into()];
    let all = |name: &&str| {
        patterns
            .iter()
            .all(|p| p.parts.iter().any(|q| q.name == *name))
    };
    let parts = patterns.first().map_or(&[][..], |p| p.parts);
    known.extend(parts.iter().map(|p| p.name).filter(all).map(str::to_owned));
    verifier.cut = cuts(check, &mut known, spec);
    known.extend(CLOCK.iter().map(|name| (*name).to_owned()));
    if patterns.iter().all(|p| is_signature(p)) {
        known.extend(AROUND.iter().map(|name| (*name).to_owned()));
    }
    let given = known.len();
    let mut calls = Vec::new();
    for spec in &spec.call {
        calls.push(call(check, &verifier, &mut known, given, spec));
    }
    for (call, spec) in calls.iter().zip(&spec.call).rev().skip(1) {
        if !call.cases.iter().any(|c| c.means == Meaning::Next) {
            check.tell(spec.url.span().start, "no answer of this call says 'next'");
        }
    }
    if let (Some(last), Some(spec)) = (calls.last(), spec.call.last()) {
        if last.cases.iter().any(|c| c.means == Meaning::Next) {
            check.tell(spec.url.span().start, "the last call has no 'next'");
        }
        let wanted = if revokes {
            Meaning::Dead
        } else {
            Meaning::Live
        };
        if !last.cases.iter().any(|c| c.means == wanted) {
            let told = format!("no answer says '{}'", wanted.word());
            check.tell(spec.url.span().start, told);
        }
    }
    in_url(check, &verifier, spec);
    verifier.calls = calls.leak();
    verifier.quotes = quotes(check, &verifier, patterns, spec);
    verifier
}

/// What is cut from the secret or a part: `us6` of a key that ends in `-us6`.
fn cuts(
    check: &mut Check<'_>,
    known: &mut Vec<String>,
    spec: &VerifierSpec,
) -> &'static [(&'static str, &'static str, &'static str)] {
    let mut out = Vec::new();
    for (name, cut) in &spec.cut {
        let text = name.get_ref();
        if !known.contains(&cut.of) || cut.behind.is_empty() {
            let told = "cut: { of = a name, behind = what stands before it }";
            check.tell(name.span().start, told);
        }
        is_new(check, known, name);
        out.push((
            leak(text.clone()),
            leak(cut.of.clone()),
            leak(cut.behind.clone()),
        ));
    }
    known.extend(spec.cut.keys().map(|name| name.get_ref().clone()));
    out.leak()
}

fn is_new(check: &mut Check<'_>, known: &[String], name: &Spanned<String>) {
    let text = name.get_ref();
    if !matches!(pieces(&format!("{{{text}}}"))[..], [Piece::Hole(_)]) || known.contains(text) {
        let told = quote(text);
        check.tell(
            name.span().start,
            format!("'{told}': a new name in lower case"),
        );
    }
}

/// A credential in a URL is in the logs of whatever the URL passes: such a check is for those who
/// ask for it by name, unless the credential is a URL.
fn in_url(check: &mut Check<'_>, verifier: &Verifier, spec: &VerifierSpec) {
    for call in &spec.call {
        let url = call.url.get_ref();
        let whole = url.starts_with("https://{+secret}") || url.starts_with("{+secret}");
        let held = pieces(url)
            .iter()
            .any(|p| matches!(p, Piece::Hole(hole) if hole.name == "secret"));
        if held && !whole && verifier.off.is_empty() {
            check.tell(
                call.url.span().start,
                "the secret is in the URL: say in 'off' why there is no other way",
            );
        }
    }
}

fn call(
    check: &mut Check<'_>,
    verifier: &Verifier,
    known: &mut Vec<String>,
    given: usize,
    spec: &CallSpec,
) -> Call {
    let at = spec.url.span().start;
    let url = spec.url.get_ref();
    let sign = sign(check, known, spec);
    // What this call's signature is called, too.
    let mut own = known.clone();
    own.extend(sign.makes().map(str::to_owned));
    holes(check, &own, &spec.url);
    let from_answer = is_told(url, &known[given..]);
    if !from_answer {
        address(check, verifier, url, at);
    }
    let headers = headers(check, &own, spec);
    if let Some(basic) = &spec.basic {
        holes(check, &own, basic);
        if !basic.get_ref().contains(':') {
            check.tell(
                basic.span().start,
                "basic: user and password, joined by ':'",
            );
        }
    }
    let (body, body_kind) = match (&spec.json, &spec.form) {
        (None, None) => (None, BodyKind::None),
        (Some(json), None) => (Some(json), BodyKind::Json),
        (None, Some(form)) => (Some(form), BodyKind::Form),
        (Some(json), Some(_)) => {
            check.tell(json.span().start, "'json' or 'form', not both");
            (Some(json), BodyKind::Json)
        }
    };
    if let Some(body) = body {
        holes(check, &own, body);
    }
    let method = spec.method.as_ref().map_or("GET", |m| {
        let method = m.get_ref();
        let changes = ["PUT", "PATCH", "DELETE"].contains(&&**method);
        let reads = ["GET", "POST", "HEAD"].contains(&&**method);
        let allowed = reads || changes && verifier.revokes;
        if !allowed {
            check.tell(
                m.span().start,
                "method: GET, POST or HEAD: a check changes nothing",
            );
        }
        leak(method.clone())
    });
    let with_body = method == "POST" || verifier.revokes && !["GET", "HEAD"].contains(&method);
    if body.is_some() && !with_body {
        check.tell(at, "only a POST has a body");
    }
    let cases: Vec<Case> = spec.answer.iter().map(|c| case(check, c)).collect();
    if cases.is_empty() {
        check.tell(at, "a call without answers says nothing");
    }
    let mut take: Vec<(&'static str, &'static str)> = Vec::new();
    for (name, place) in &spec.take {
        is_place(check, place.get_ref(), place.span().start);
        is_new(check, known, name);
        take.push((leak(name.get_ref().clone()), leak(place.get_ref().clone())));
    }
    known.extend(spec.take.keys().map(|name| name.get_ref().clone()));
    Call {
        method,
        url: leak(url.clone()),
        headers: headers.leak(),
        basic: spec
            .basic
            .as_ref()
            .map_or("", |b| leak(b.get_ref().clone())),
        body: body.map_or("", |b| leak(b.get_ref().clone())),
        body_kind,
        sign,
        with: leak_pairs(
            spec.with
                .iter()
                .map(|(n, v)| (n.clone(), v.get_ref().clone())),
        ),
        cases: cases.leak(),
        take: take.leak(),
    }
}

fn headers(
    check: &mut Check<'_>,
    known: &[String],
    spec: &CallSpec,
) -> Vec<(&'static str, &'static str)> {
    let mut headers: Vec<(&'static str, &'static str)> = Vec::new();
    for (name, value) in &spec.headers {
        holes(check, known, value);
        let token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let ours = [
            "host",
            "content-length",
            "user-agent",
            "connection",
            "transfer-encoding",
        ];
        let text = name.get_ref();
        if text.is_empty() || !text.bytes().all(token) || ours.contains(&&**text) {
            let told = quote(text);
            check.tell(
                name.span().start,
                format!("header '{told}': a name in lower case, none that the client writes"),
            );
        }
        headers.push((leak(text.clone()), leak(value.get_ref().clone())));
    }
    if let Some(bearer) = &spec.bearer {
        holes(check, known, bearer);
        headers.push((
            "authorization",
            leak(format!("Bearer {}", bearer.get_ref())),
        ));
    }
    headers
}

fn sign(check: &mut Check<'_>, known: &[String], spec: &CallSpec) -> Sign {
    let at = spec.url.span().start;
    let sign = check.word(
        spec.sign.as_ref(),
        Sign::None,
        Sign::from_word,
        &words(Sign::ALL, Sign::word),
    );
    let (needed, optional) = sign.needs();
    for name in needed {
        if !spec.with.contains_key(*name) {
            check.tell(at, format!("{}: 'with' lacks {name}", sign.word()));
        }
    }
    for (name, value) in &spec.with {
        holes(check, known, value);
        if !needed.contains(&&**name) && !optional.contains(&&**name) {
            let told = quote(name);
            check.tell(
                value.span().start,
                format!("{} takes no '{told}'", sign.word()),
            );
        }
        let words = sign.words_of(name);
        if !words.is_empty() && !words.contains(&&**value.get_ref()) {
            let all = words.join(", ");
            check.tell(value.span().start, format!("{name}: one of {all}"));
        }
    }
    sign
}

/// Whether a URL is one that an earlier answer told: the engine holds it against the hosts.
fn is_told(url: &str, taken: &[String]) -> bool {
    matches!(pieces(url).first(), Some(Piece::Hole(hole)) if hole.open
        && taken.iter().any(|name| name == hole.name))
}

/// Where a call goes to: a host that is named, over TLS.
fn address(check: &mut Check<'_>, verifier: &Verifier, url: &str, at: usize) {
    if url.starts_with('/') {
        return;
    }
    // A secret that is a whole URL, or signs one: where it leads is looked at when it is filled in.
    let whole = ["{+secret}", "{+url before it}{+secret}"];
    if whole.iter().any(|w| url.starts_with(w)) && !verifier.hosts.is_empty() {
        return;
    }
    let Some(host) = host_of(url) else {
        check.tell(at, "url: https://host/path, or /path at the endpoint");
        return;
    };
    let has_place = host.contains('{');
    if verifier.hosts.is_empty() {
        check.tell(at, "'hosts' must say where the secret may go to");
    } else if !has_place && !verifier.allows(host) {
        check.tell(at, format!("'hosts' does not name '{}'", quote(host)));
    }
}

fn privilege(check: &mut Check<'_>, spec: &PrivilegeSpec) -> Privilege {
    let mut always = None;
    if let Some(given) = &spec.always {
        let all = words(Power::ALL, Power::word);
        always = Some(check.word(Some(given), Power::Admin, Power::from_word, &all));
    }
    let all = [
        (Power::Admin, &spec.admin),
        (Power::Write, &spec.write),
        (Power::Read, &spec.read),
    ];
    let scopes: Vec<(Power, &'static [&'static str])> = all
        .into_iter()
        .filter(|(_, scopes)| !scopes.is_empty())
        .map(|(power, scopes)| (power, leak_all(scopes.iter().cloned())))
        .collect();
    Privilege {
        always,
        scopes: scopes.leak(),
    }
}

/// Places that are named must be known by then.
fn holes(check: &mut Check<'_>, known: &[String], given: &Spanned<String>) {
    for piece in pieces(given.get_ref()) {
        if let Piece::Hole(hole) = piece
            && !known.iter().any(|k| k == hole.name)
        {
            check.tell(
                given.span().start,
                format!(
                    "nothing is called '{}' here; known: {}",
                    quote(hole.name),
                    known.join(", ")
                ),
            );
        }
    }
}

fn places(check: &mut Check<'_>, given: Option<&Spanned<Places>>) -> &'static [&'static str] {
    let Some(given) = given else { return &[] };
    let all = given.get_ref().all();
    for place in all {
        is_place(check, place, given.span().start);
    }
    leak_all(all.iter().cloned())
}

fn is_place(check: &mut Check<'_>, place: &str, at: usize) {
    let named = ["header:", "tag:", "jwt:/", "challenge:"];
    if !is_pointer(place)
        && !named
            .iter()
            .any(|n| place.len() > n.len() && place.starts_with(n))
    {
        check.tell(
            at,
            "a place is '/pointer', 'header:name', 'tag:name', 'jwt:/pointer' or 'challenge:name'",
        );
    }
}

pub(super) fn is_pointer(text: &str) -> bool {
    text.starts_with('/')
}

/// The host of an `https` URL without user and port.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    (!host.is_empty() && !host.contains(['@', ':'])).then_some(host)
}

fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // A name, not a number: addresses are nobody's.
    let is_name = !name
        .rsplit('.')
        .next()
        .is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    name.split('.').count() >= 2 && name.split('.').all(label) && is_name
}

pub(super) fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|t| word(*t)).collect()
}

pub(super) fn leak_pairs(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> &'static [(&'static str, &'static str)] {
    pairs
        .into_iter()
        .map(|(a, b)| (leak(a), leak(b)))
        .collect::<Vec<_>>()
        .leak()
}
