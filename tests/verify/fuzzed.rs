//! Answers that were tampered with, for all declared verifiers: nothing panics, and nothing means what
//! no declaration says.

use proptest::prelude::*;
use serde_json::Value;
use straykey::detect::patterns::{Call, Case, Meaning, Scalar, Verifier};
use straykey::verify::{Answer, Facts, read};

use super::declared::declared;

/// One thing that is done to an answer.
#[derive(Clone, Debug)]
enum Change {
    /// Another status.
    Status(u16),
    /// A byte of the body, by its place in thousandths, becomes another.
    Byte(usize, u8),
    /// The body ends there.
    Cut(usize),
    /// So many bytes are there twice.
    Twice(usize, usize),
    /// The member of that number is gone, null, or something else.
    Member(usize, Other),
    /// The body is another verifier's.
    Borrow(usize),
    /// A header is gone, or there.
    Header(usize),
}

#[derive(Clone, Debug)]
enum Other {
    Gone,
    Null,
    Text(String),
    Number(i64),
    List,
}

fn change() -> impl Strategy<Value = Change> {
    let other = prop_oneof![
        Just(Other::Gone),
        Just(Other::Null),
        Just(Other::List),
        "[a-z ]{0,12}".prop_map(Other::Text),
        any::<i64>().prop_map(Other::Number),
    ];
    let status = prop_oneof![
        Just(200u16),
        Just(204),
        Just(302),
        Just(400),
        Just(401),
        Just(402),
        Just(403),
        Just(404),
        Just(429),
        Just(500),
        0u16..1_000
    ];
    prop_oneof![
        status.prop_map(Change::Status),
        (0usize..1_000, any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (0usize..1_000).prop_map(Change::Cut),
        (0usize..1_000, 0usize..64).prop_map(|(at, n)| Change::Twice(at, n)),
        (0usize..32, other).prop_map(|(at, other)| Change::Member(at, other)),
        any::<usize>().prop_map(Change::Borrow),
        (0usize..4).prop_map(Change::Header),
    ]
}

/// Changes the member of a number, counted depth first.
fn member(value: &mut Value, left: &mut usize, other: &Other) -> bool {
    let Value::Object(all) = value else {
        if let Value::Array(all) = value {
            return all.iter_mut().any(|v| member(v, left, other));
        }
        return false;
    };
    let names: Vec<String> = all.keys().cloned().collect();
    for name in names {
        if *left == 0 {
            let new = match other {
                Other::Gone => {
                    all.remove(&name);
                    return true;
                }
                Other::Null => Value::Null,
                Other::Text(text) => text.as_str().into(),
                Other::Number(number) => (*number).into(),
                Other::List => Value::Array(Vec::new()),
            };
            all.insert(name, new);
            return true;
        }
        *left -= 1;
        if all.get_mut(&name).is_some_and(|v| member(v, left, other)) {
            return true;
        }
    }
    false
}

fn apply(answer: &mut Answer, change: &Change, bodies: &[&str]) {
    let place = |at: &usize, length: usize| (at * length / 1_000).min(length);
    match change {
        Change::Status(status) => answer.status = *status,
        Change::Byte(at, byte) => {
            let at = place(at, answer.body.len());
            if let Some(old) = answer.body.get_mut(at) {
                *old = *byte;
            }
        }
        Change::Cut(at) => {
            let at = place(at, answer.body.len());
            answer.body.truncate(at);
        }
        Change::Twice(at, n) => {
            let from = place(at, answer.body.len());
            let to = (from + n).min(answer.body.len());
            let again = answer.body[from..to].to_vec();
            answer.body.splice(to..to, again);
        }
        Change::Member(at, other) => {
            if let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) {
                member(&mut value, &mut at.clone(), other);
                answer.body = value.to_string().into_bytes();
            }
        }
        Change::Borrow(which) => {
            answer.body = bodies[which % bodies.len()].as_bytes().to_vec();
        }
        Change::Header(at) => {
            if *at < answer.headers.len() {
                answer.headers.remove(*at);
            } else {
                answer
                    .headers
                    .push(("content-type".into(), "text/html".into()));
            }
        }
    }
}

/// Whether a case says what it takes of an answer, told in another way than the engine's.
fn says(case: &Case, answer: &Answer) -> bool {
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let text = String::from_utf8_lossy(&answer.body);
    let wanted = |scalar: &Scalar| -> Value {
        match scalar {
            Scalar::Text(text) => (*text).into(),
            Scalar::Number(number) => (*number).into(),
            Scalar::Flag(flag) => (*flag).into(),
        }
    };
    let members = case.json.iter().all(|(pointer, values)| {
        values
            .iter()
            .any(|v| value.pointer(pointer) == Some(&wanted(v)))
    });
    let is_there = |p: &&str| !matches!(value.pointer(p), None | Some(Value::Null));
    let header = |name: &&str| answer.headers.iter().any(|(n, _)| n == name);
    case.status.contains(&answer.status)
        && members
        && case.has.iter().all(is_there)
        && case.contains.iter().all(|c| text.contains(c))
        && case.headers.iter().all(header)
        && (!case.empty || text.trim().is_empty())
}

fn held(verifier: &Verifier, call: &Call, answer: &Answer) {
    let told = read(call, answer);
    let text = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    let page = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let is_page = page.starts_with("<html") || page.starts_with("<!doctype html");
    let of_type = answer.headers.iter().find(|(n, _)| n == "content-type");
    let html = of_type.is_some_and(|(_, v)| v.starts_with("text/html"));
    let tells = matches!(answer.status, 200..=299 | 400..=499)
        && !matches!(answer.status, 407 | 429)
        && !is_page
        && !html;
    if told.means != Meaning::Unknown {
        let mut cases = call.cases.iter().filter(|c| c.means == told.means);
        assert!(
            tells && cases.any(|c| says(c, answer)),
            "{}: {} of {answer:?}",
            verifier.patterns[0],
            told.means.word()
        );
    }
    let mut facts = Facts::default();
    straykey::verify::tell(verifier, answer, &mut facts);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn nothing_means_what_nobody_declared(changes in prop::collection::vec(change(), 1..5)) {
        let all = all();
        let bodies: Vec<&str> = all.iter().flat_map(|v| v.quotes).map(|q| q.body).collect();
        for verifier in all {
            for quote in verifier.quotes {
                let mut answer = Answer {
                    status: quote.status,
                    headers: quote.headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
                    body: quote.body.into(),
                };
                for change in &changes {
                    apply(&mut answer, change, &bodies);
                    held(verifier, &verifier.calls[quote.call - 1], &answer);
                }
            }
        }
    }

    #[test]
    fn bytes_mean_nothing(body in prop::collection::vec(any::<u8>(), 0..200), status in 0u16..1_000) {
        for verifier in all() {
            for call in verifier.calls {
                let answer = Answer { status, headers: Vec::new(), body: body.clone() };
                held(verifier, call, &answer);
            }
        }
    }
}

/// Read once.
fn all() -> &'static [Verifier] {
    static ALL: std::sync::OnceLock<Vec<Verifier>> = std::sync::OnceLock::new();
    ALL.get_or_init(declared)
}
