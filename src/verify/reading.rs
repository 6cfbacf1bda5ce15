//! What an answer means: the first declared case that fits it, and the facts that it holds.
//!
//! An answer is written by whoever answers: it is bounded before it comes here, nothing of it is
//! trusted, and what is told of it is escaped and cut.

use serde_json::Value;

use super::Facts;
use crate::base::{bare_offset, escape_controls, second_of, time_of};
use crate::detect::patterns::{Call, Case, Meaning, Power, Scalar, Verifier, base64};

/// Characters of a fact that are kept.
const FACT: usize = 200;
/// Scopes that are kept.
const SCOPES: usize = 200;

/// An answer as it came.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Names in lower case, and what they hold.
    pub headers: Vec<(String, String)>,
    /// Its body, bounded.
    pub body: Vec<u8>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What it says of the credential.
    pub means: Meaning,
    /// Why, in words that are safe to show.
    pub reason: String,
    /// What the next call takes from it.
    pub taken: Vec<(&'static str, String)>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether it is a page for people: what a captive portal or a proxy says.
    fn is_page(&self) -> bool {
        let of_type = self.header("content-type").is_some_and(|t| {
            let kind = t.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("text/html")
        });
        let head: Vec<u8> = self
            .body
            .iter()
            .copied()
            .skip_while(u8::is_ascii_whitespace)
            .take(14)
            .map(|b| b.to_ascii_lowercase())
            .collect();
        of_type || head.starts_with(b"<!doctype html") || head.starts_with(b"<html")
    }
}

/// What `answer` to `call` means. A meaning `next` comes with what is taken; if that is not there,
/// nothing can be said.
pub fn read(call: &Call, answer: &Answer) -> Read {
    let unknown = |reason: String| Read {
        means: Meaning::Unknown,
        reason,
        taken: Vec::new(),
    };
    if answer.is_page() {
        return unknown("a page for people came, not an answer of the service".into());
    }
    match answer.status {
        300..=399 => return unknown("it was sent elsewhere; that is not followed".into()),
        407 => return unknown("a proxy wants to know who we are".into()),
        429 => return unknown("too many calls".into()),
        500.. => return unknown("the service is in trouble".into()),
        _ => {}
    }
    let json = answer.json();
    let text = String::from_utf8_lossy(&answer.body);
    let fits = |case: &&Case| fits(case, answer, json.as_ref(), &text);
    let Some(case) = call.cases.iter().find(fits) else {
        return unknown("an answer that nothing is known of".into());
    };
    let mut taken = Vec::new();
    if case.means == Meaning::Next {
        for (name, place) in call.take {
            match at(place, answer, json.as_ref(), &text).into_iter().next() {
                Some(value) => taken.push((*name, value)),
                None => return unknown(format!("the answer has no {name} for the next call")),
            }
        }
    }
    Read {
        means: case.means,
        reason: why(case),
        taken,
    }
}

/// Why a case means what it does: never the provider's own text, which may repeat the credential.
fn why(case: &Case) -> String {
    if !case.says.is_empty() {
        return case.says.to_owned();
    }
    let told = match case.means {
        Meaning::Live => "the service knows it",
        Meaning::Dead => "the service refuses it",
        Meaning::Restricted => "the service knows it and does not allow this",
        Meaning::Expired => "the service says that it has ended",
        Meaning::Unknown => "the service says nothing of it",
        Meaning::Next => "the next call says",
    };
    told.to_owned()
}

fn fits(case: &Case, answer: &Answer, json: Option<&Value>, text: &str) -> bool {
    let holds = |(pointer, values): &(&str, &[Scalar])| {
        let found = json.and_then(|j| j.pointer(pointer));
        found.is_some_and(|found| values.iter().any(|v| equals(found, v)))
    };
    let is_there = |pointer: &&str| {
        let found = json.and_then(|j| j.pointer(pointer));
        found.is_some_and(|found| !found.is_null())
    };
    case.status.contains(&answer.status)
        && case.json.iter().all(holds)
        && case.has.iter().all(is_there)
        && case.contains.iter().all(|part| text.contains(part))
        && case
            .headers
            .iter()
            .all(|name| answer.header(name).is_some())
        && (!case.empty || answer.body.iter().all(u8::is_ascii_whitespace))
}

fn equals(found: &Value, wanted: &Scalar) -> bool {
    match wanted {
        Scalar::Text(text) => found.as_str() == Some(text),
        Scalar::Number(number) => found.as_i64() == Some(*number),
        Scalar::Flag(flag) => found.as_bool() == Some(*flag),
    }
}

/// Adds to `facts` what an answer tells; what an earlier answer told stays.
pub fn tell(verifier: &Verifier, answer: &Answer, facts: &mut Facts) {
    let json = answer.json();
    let text = String::from_utf8_lossy(&answer.body);
    let find = |places: &[&str]| -> Vec<Vec<String>> {
        places
            .iter()
            .map(|place| at(place, answer, json.as_ref(), &text))
            .filter(|found| !found.is_empty())
            .collect()
    };
    let places = &verifier.facts;
    if facts.identity.is_none() {
        let all: Vec<String> = find(places.identity).concat();
        let all: Vec<String> = all
            .iter()
            .map(|t| shown(t))
            .filter(|t| !t.is_empty())
            .collect();
        facts.identity = (!all.is_empty()).then(|| all.join(", "));
    }
    if facts.scopes.is_empty() {
        let found = find(places.scopes).into_iter().next().unwrap_or_default();
        facts.scopes = scopes(&found);
    }
    let time = |places: &[&str]| find(places).concat().first().and_then(|t| as_time(t));
    facts.expires = facts.expires.take().or_else(|| time(places.expires));
    facts.created = facts.created.take().or_else(|| time(places.created));
    facts.last_used = facts.last_used.take().or_else(|| time(places.last_used));
    facts.power = power(verifier, &facts.scopes);
}

/// What stands at a place of an answer; of a list each of its members.
fn at(place: &str, answer: &Answer, json: Option<&Value>, text: &str) -> Vec<String> {
    if let Some(name) = place.strip_prefix("header:") {
        return answer.header(name).map(str::to_owned).into_iter().collect();
    }
    if let Some(name) = place.strip_prefix("tag:") {
        let inner = text
            .split_once(&format!("<{name}>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
        return inner
            .map(|(inner, _)| inner.to_owned())
            .into_iter()
            .collect();
    }
    if let Some(name) = place.strip_prefix("challenge:") {
        let header = answer.header("www-authenticate");
        return header
            .and_then(|h| challenge(h, name))
            .into_iter()
            .collect();
    }
    if let Some(pointer) = place.strip_prefix("jwt:") {
        // The payload of a token that the answer holds at `/access_token`.
        let token = json.and_then(|j| j.pointer("/access_token")?.as_str().map(str::to_owned));
        let payload = token.and_then(|t| {
            let part = t.split('.').nth(1)?.to_owned();
            serde_json::from_slice::<Value>(&base64(part.as_bytes())?).ok()
        });
        return payload.map_or_else(Vec::new, |p| pointed(&p, pointer));
    }
    json.map_or_else(Vec::new, |j| pointed(j, place))
}

/// A parameter of a challenge, quoted (RFC 9110, section 11.6.1): `Bearer realm="https://..."`.
fn challenge(header: &str, name: &str) -> Option<String> {
    let (_, parameters) = header.split_once(' ')?;
    let mut all = parameters.split(',').map(str::trim);
    let value = all.find_map(|p| p.strip_prefix(name)?.strip_prefix("=\""))?;
    let value = value.strip_suffix('"')?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// What a pointer points at. A `*` in it stands for every member of a list or of an object.
fn pointed(value: &Value, pointer: &str) -> Vec<String> {
    let mut now = vec![value];
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        now = now
            .into_iter()
            .flat_map(|v| match v {
                Value::Array(all) if part == "*" => all.iter().take(SCOPES).collect(),
                Value::Object(all) if part == "*" => all.values().take(SCOPES).collect(),
                Value::Array(all) => name
                    .parse()
                    .ok()
                    .and_then(|i: usize| all.get(i))
                    .into_iter()
                    .collect(),
                Value::Object(all) => all.get(&name).into_iter().collect::<Vec<_>>(),
                _ => Vec::new(),
            })
            .collect();
    }
    let members = now.into_iter().flat_map(|v| match v {
        Value::Array(all) => all.iter().take(SCOPES).collect(),
        other => vec![other],
    });
    members.filter_map(plain).collect()
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Scopes from members of a list, or from one text in which commas and blanks divide them.
fn scopes(found: &[String]) -> Vec<String> {
    let cut: Vec<String> = match found {
        [one] => one
            .split([',', ' '])
            .filter(|s| !s.is_empty())
            .map(shown)
            .collect(),
        several => several.iter().map(|s| shown(s)).collect(),
    };
    cut.into_iter().take(SCOPES).collect()
}

/// The most that any scope is worth; `None` if nothing is known of them.
fn power(verifier: &Verifier, scopes: &[String]) -> Option<Power> {
    let known = verifier.privilege.scopes.iter();
    let worth = known
        .filter(|(_, globs)| scopes.iter().any(|s| globs.iter().any(|g| matches(g, s))))
        .map(|(power, _)| *power)
        .max();
    worth.max(verifier.privilege.always)
}

/// Whether a scope fits one that is declared. A `*` stands for anything.
fn matches(glob: &str, scope: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(mut rest) = parts.next().and_then(|first| scope.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A time as RFC 3339 in UTC, to the second; what is not understood as it is written.
fn as_time(text: &str) -> Option<String> {
    let text = text.trim();
    // The year of nothing.
    if text.is_empty() || text == "0" || text.starts_with("0001-01-01") {
        return None;
    }
    let whole = |seconds: i64| Some(format!("{}Z", second_of(seconds)));
    if let Ok(number) = text.parse::<i64>() {
        // Milliseconds, if it would be after the year 5000.
        return whole(if number > 95_000_000_000 {
            number / 1000
        } else {
            number
        });
    }
    if text.len() == 10 && time_of(text).is_some() {
        return Some(text.to_owned());
    }
    let mut written = text.replacen(' ', "T", 1);
    for (tail, zone) in [(" UTC", "Z"), (" +0000", "Z")] {
        if let Some(head) = written.strip_suffix(tail) {
            written = format!("{head}{zone}");
        }
    }
    // `2026-11-28T10:00:00.123+0100` and such: fractions are left out, zones get their colon.
    if let Some((head, rest)) = written.split_once('.') {
        let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        written = format!("{head}{zone}");
    }
    if let Some((head, zone)) = bare_offset(&written)
        && head.contains('T')
    {
        written = format!("{}{zone}", head.trim_end());
    }
    match time_of(&written).or_else(|| time_of(&format!("{written}Z"))) {
        Some((seconds, _)) => whole(seconds),
        None => Some(shown(text)),
    }
}

/// Text of somebody else's, fit to show.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.trim().chars().take(FACT).collect();
    escape_controls(&cut).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_way() {
        for (text, want) in [
            ("2027-01-31 10:00:00 UTC", Some("2027-01-31T10:00:00Z")),
            ("2027-01-31 10:00:00 +0100", Some("2027-01-31T09:00:00Z")),
            ("2020-07-23T14:31:47.729Z", Some("2020-07-23T14:31:47Z")),
            (
                "2020-07-23T14:31:47.729+02:00",
                Some("2020-07-23T12:31:47Z"),
            ),
            ("2020-07-23T14:31:47", Some("2020-07-23T14:31:47Z")),
            ("2020-07-23", Some("2020-07-23")),
            // `date -u -d @1577836800`
            ("1577836800", Some("2020-01-01T00:00:00Z")),
            ("1577836800123", Some("2020-01-01T00:00:00Z")),
            ("0", None),
            ("", None),
            ("0001-01-01T00:00:00Z", None),
            ("next week", Some("next week")),
            // Found by fuzzing: a zone of four bytes that are no four letters.
            ("T-\u{96}\u{96}", Some("T-\\u{96}\\u{96}")),
            ("T-/\u{fffd}", Some("T-/\u{fffd}")),
            ("a\u{1b}[2J", Some("a\\u{1b}[2J")),
        ] {
            assert_eq!(as_time(text).as_deref(), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_time_is_too_odd_to_be_told(text in "[0-9]{0,4}[-T]?[0-9T :.+\\-Z\u{80}-\u{fffd}]{0,12}") {
            if let Some(told) = as_time(&text) {
                proptest::prop_assert!(!told.chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn parameters_of_a_challenge() {
        // The example of the distribution specification's page on token authentication.
        let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull""#;
        for (name, want) in [
            ("realm", Some("https://auth.docker.io/token")),
            ("service", Some("registry.docker.io")),
            ("error", None),
        ] {
            assert_eq!(challenge(header, name).as_deref(), want);
        }
        assert_eq!(challenge("Basic realm=x", "realm"), None);
        assert_eq!(challenge("Bearer", "realm"), None);
    }

    #[test]
    fn a_star_in_a_scope_stands_for_anything() {
        for (glob, scope, fits) in [
            ("repo", "repo", true),
            ("repo", "repo:status", false),
            ("admin:*", "admin:org", true),
            ("*:read", "channels:read", true),
            ("*.read.*", "a.read.b", true),
            ("*.read.*", "a.read", false),
            ("*", "anything", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(matches(glob, scope), fits, "{glob} {scope}");
        }
    }
}
