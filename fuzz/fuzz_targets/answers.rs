//! Whatever a server says, nothing panics, and nothing means what no declaration says.
//!
//! The first bytes choose a check, one of its calls and one of its cases; the answer is one that would fit
//! that case, and the bytes behind say what is done to it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use straykey::detect::patterns::{Call, Case, Meaning, Scalar, Verifier};
use straykey::verify::{Answer, Facts, Verifiers, read, tell};

static CHECKS: LazyLock<Vec<&'static Verifier>> = LazyLock::new(|| {
    let (asking, revoking) = (Verifiers::embedded(), Verifiers::revoking());
    asking.all().chain(revoking.all()).collect()
});
/// Statuses that say nothing, whatever is declared.
const NOTHING: &[u16] = &[300, 301, 302, 307, 308, 399, 407, 429, 500, 502, 503, 599];

fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_at_checked(8) else {
        return;
    };
    let verifier = CHECKS[(usize::from(head[0]) << 8 | usize::from(head[1])) % CHECKS.len()];
    let call = &verifier.calls[usize::from(head[2]) % verifier.calls.len()];
    let case = &call.cases[usize::from(head[3]) % call.cases.len()];
    let status = match head[4] {
        0..=0x7f => case.status[usize::from(head[5]) % case.status.len()],
        0x80..=0xbf => NOTHING[usize::from(head[5]) % NOTHING.len()],
        _ => u16::from_be_bytes([head[5], head[6]]) % 1_000,
    };
    let answer = Answer {
        status,
        headers: headers(case, head[7], rest),
        body: body(case, head[7], rest),
    };
    let told = read(call, &answer);
    means_what_is_declared(call, &answer, told.means);
    for (name, _) in &told.taken {
        assert!(call.take.iter().any(|(known, _)| known == name));
    }
    let mut facts = Facts::default();
    tell(verifier, &answer, &mut facts);
    tell(verifier, &answer, &mut facts);
    let texts = [
        &facts.identity,
        &facts.expires,
        &facts.created,
        &facts.last_used,
    ];
    for text in texts.into_iter().flatten().chain(&facts.scopes) {
        assert!(!text.chars().any(char::is_control));
    }
    assert!(facts.scopes.len() <= 200);
});

fn means_what_is_declared(call: &Call, answer: &Answer, means: Meaning) {
    if means == Meaning::Unknown {
        return;
    }
    assert!(!NOTHING.contains(&answer.status));
    let by = |case: &&Case| case.means == means && case.status.contains(&answer.status);
    // A bare status is no word of anybody.
    let says =
        |case: &Case| case.any || case.empty || !answer.body.is_empty() || !case.headers.is_empty();
    assert!(call.cases.iter().filter(by).any(says));
}

fn headers(case: &Case, mode: u8, rest: &[u8]) -> Vec<(String, String)> {
    let mut all = vec![("content-type".to_owned(), "application/json".to_owned())];
    if mode & 1 == 0 {
        let named = case
            .headers
            .iter()
            .map(|name| ((*name).to_owned(), "x".to_owned()));
        all.extend(named);
    }
    if mode & 2 == 0 {
        let text = String::from_utf8_lossy(&rest[..rest.len().min(64)]).into_owned();
        for name in ["www-authenticate", "x-oauth-scopes", "retry-after"] {
            all.push((
                name.into(),
                format!("Bearer realm=\"{text}\",service={text}"),
            ));
        }
    }
    all
}

/// What fits the case, in which bytes are put by `rest`: a place and what stands there.
fn body(case: &Case, mode: u8, rest: &[u8]) -> Vec<u8> {
    if mode & 0xc0 == 0xc0 {
        return rest.to_vec();
    }
    let mut root = Value::Object(Map::new());
    for (pointer, scalars) in case.json {
        let value = scalars.first().map_or(Value::Null, |scalar| match scalar {
            Scalar::Text(text) => (*text).into(),
            Scalar::Number(number) => (*number).into(),
            Scalar::Flag(flag) => (*flag).into(),
        });
        put(&mut root, pointer, value);
    }
    let free = String::from_utf8_lossy(&rest[..rest.len().min(300)]);
    for pointer in case.has {
        put(&mut root, pointer, (&*free).into());
    }
    let mut out = root.to_string().into_bytes();
    for text in case.contains {
        out.extend(text.bytes());
    }
    if mode & 0x40 != 0 {
        for two in rest.chunks_exact(2).take(64) {
            let place = usize::from(two[0]) % (out.len() + 1);
            match two[1] {
                0 => out.truncate(place),
                byte if place < out.len() => out[place] = byte,
                byte => out.push(byte),
            }
        }
    }
    out
}

/// Puts a value where a pointer points, with what leads there.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut now = root;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        if !now.is_object() {
            *now = Value::Object(Map::new());
        }
        let Some(members) = now.as_object_mut() else {
            return;
        };
        now = members.entry(name).or_insert(Value::Null);
    }
    *now = value;
}
