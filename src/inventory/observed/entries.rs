//! Exports in JSON: one document, a list, or an object a line.

use std::fmt::{self, Write as _};
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::record::Stamp;
use super::{Key, Seen, Sink, Use, aws};
use crate::base::{bare_offset, time_of};
use crate::detect::patterns::base64;

/// Entries of a list inside a document: a log file of `CloudTrail` has some thousands.
const ENTRIES: usize = 500_000;

/// An object of any of these exports; which one, its fields tell.
#[derive(Deserialize)]
struct Wire {
    // `aws iam list-access-keys`
    #[serde(rename = "AccessKeyMetadata")]
    keys: Option<Many<KeyWire>>,
    // `CloudTrail`, log files and `lookup-events`
    #[serde(rename = "Records")]
    records: Option<Many<EventWire>>,
    #[serde(rename = "Events")]
    events: Option<Many<LookupWire>>,
    // `aws iam get-credential-report`
    #[serde(rename = "Content")]
    content: Option<String>,
    // GitHub's audit log
    #[serde(rename = "@timestamp")]
    timestamp: Option<Time>,
    action: Option<String>,
    actor: Option<String>,
    hashed_token: Option<String>,
    token_scopes: Option<String>,
    // GitLab's tokens; the audit log has the first two as well
    created_at: Option<Time>,
    name: Option<String>,
    #[serde(default, deserialize_with = "number")]
    id: Option<u64>,
    revoked: Option<bool>,
    active: Option<bool>,
    scopes: Option<Many<String>>,
    user_id: Option<u64>,
    last_used_at: Option<Time>,
    expires_at: Option<Time>,
    // An event of CloudTrail, one a line
    #[serde(rename = "eventTime")]
    event_time: Option<Time>,
    #[serde(rename = "eventSource")]
    event_source: Option<String>,
    #[serde(rename = "eventName")]
    event_name: Option<String>,
    #[serde(rename = "errorCode")]
    error_code: Option<String>,
    #[serde(rename = "userIdentity")]
    user_identity: Option<IdentityWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyWire {
    user_name: Option<String>,
    access_key_id: Option<String>,
    status: Option<String>,
    create_date: Option<Time>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventWire {
    event_time: Option<Time>,
    event_source: Option<String>,
    event_name: Option<String>,
    error_code: Option<String>,
    user_identity: Option<IdentityWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityWire {
    access_key_id: Option<String>,
    user_name: Option<String>,
    arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LookupWire {
    event_name: Option<String>,
    event_time: Option<Time>,
    event_source: Option<String>,
    username: Option<String>,
    access_key_id: Option<String>,
}

/// A number; the audit log's own ids are text, which is none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|value| value.as_u64())
}

/// A time: text of RFC 3339, or seconds or milliseconds since 1970.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Number(f64),
    Text(String),
}

impl Time {
    fn stamp(&self) -> Option<Stamp> {
        match self {
            // Seconds reach this number in the year 5138.
            Self::Number(n) if *n >= 1e11 => Some(Stamp((n / 1000.0) as i64)),
            Self::Number(n) => Some(Stamp(*n as i64)),
            Self::Text(text) => {
                // Some exports write the offset without a colon.
                let whole = match bare_offset(text) {
                    Some((head, zone)) => format!("{head}{zone}"),
                    None => text.clone(),
                };
                time_of(&whole).map(|t| Stamp(t.0.min(t.1)))
            }
        }
    }
}

/// A list of so many at most.
struct Many<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = Many<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Many<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element()? {
                    if all.len() == ENTRIES {
                        let why = format!("more than {ENTRIES} entries: give it in parts");
                        return Err(A::Error::custom(why));
                    }
                    all.push(one);
                }
                Ok(Many(all))
            }
        }
        deserializer.deserialize_seq(Collect(PhantomData))
    }
}

/// Takes the entries of a list one by one.
struct Each<'a, 'o> {
    name: &'a str,
    sink: &'a mut Sink<'o>,
}

impl<'de> DeserializeSeed<'de> for Each<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(wire) = seq.next_element::<Wire>()? {
            number += 1;
            let place = format!("{}: entry {number}", self.name);
            take(wire, &place, self.sink).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Reads a document.
pub(super) fn read(name: &str, text: &str, sink: &mut Sink<'_>) -> Result<(), String> {
    let wrong = |error: &serde_json::Error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default().to_owned();
        // What `take` says names its place already.
        if why.starts_with(&format!("{name}:")) {
            return why;
        }
        // A value that does not fit is not repeated: it may be anything.
        let why = if error.is_data() && !why.starts_with("more than") {
            "an entry is not as its provider writes it".to_owned()
        } else {
            why
        };
        format!("{name}:{}: {why}", error.line())
    };
    if text.trim_start().starts_with('[') {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let each = Each {
            name,
            sink: &mut *sink,
        };
        each.deserialize(&mut deserializer).map_err(|e| wrong(&e))?;
        deserializer.end().map_err(|e| wrong(&e))?;
    } else {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Wire>();
        let (mut line, mut counted) = (1, 0);
        while let Some(wire) = stream.next() {
            let wire = wire.map_err(|e| wrong(&e))?;
            let end = stream.byte_offset().min(text.len());
            line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..end]).count();
            counted = end;
            take(wire, &format!("{name}:{line}"), sink)?;
        }
    }
    if sink.export.format.is_empty() && !text.trim().starts_with("[]") {
        let why = "no entry is one that is known: IAM's access keys or credential report, events of \
                   CloudTrail, of GitHub's audit log, or tokens of GitLab";
        return Err(format!("{name}:1: {why}"));
    }
    Ok(())
}

fn time(time: Option<&Time>, place: &str) -> Result<Option<Stamp>, String> {
    let Some(time) = time else { return Ok(None) };
    let stamp = time.stamp();
    stamp
        .map(Some)
        .ok_or_else(|| format!("{place}: a time is written as 2026-11-24T12:00:00Z"))
}

/// Takes an object.
fn take(wire: Wire, place: &str, sink: &mut Sink<'_>) -> Result<(), String> {
    if let Some(content) = &wire.content {
        let bytes = base64(content.trim().as_bytes());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| format!("{place}: Content is no base64 of a report"))?;
        return aws::report(place, &text, sink);
    }
    if let Some(keys) = &wire.keys {
        for key in &keys.0 {
            access_key(key, place, sink)?;
        }
        if keys.0.is_empty() {
            "iam-access-keys".clone_into(&mut sink.export.format);
        }
        return Ok(());
    }
    if let Some(records) = &wire.records {
        for (number, one) in records.0.iter().enumerate() {
            event(one, &format!("{place}: Records[{number}]"), sink)?;
        }
        if records.0.is_empty() {
            "cloudtrail".clone_into(&mut sink.export.format);
        }
        return Ok(());
    }
    if let Some(events) = &wire.events {
        for (number, one) in events.0.iter().enumerate() {
            let place = format!("{place}: Events[{number}]");
            let at = time(one.event_time.as_ref(), &place)?;
            let what = [&one.event_source, &one.event_name];
            used(
                one.access_key_id.as_deref(),
                one.username.clone(),
                at,
                &told(what),
                &place,
                sink,
            );
        }
        if events.0.is_empty() {
            "cloudtrail".clone_into(&mut sink.export.format);
        }
        return Ok(());
    }
    if wire.event_time.is_some() && wire.user_identity.is_some() {
        let one = EventWire {
            event_time: wire.event_time,
            event_source: wire.event_source,
            event_name: wire.event_name,
            error_code: wire.error_code,
            user_identity: wire.user_identity,
        };
        return event(&one, place, sink);
    }
    if wire.action.is_some() && (wire.timestamp.is_some() || wire.created_at.is_some()) {
        return audit(wire, place, sink);
    }
    if let (Some(id), Some(revoked)) = (wire.id, wire.revoked) {
        return gitlab(&wire, id, revoked, place, sink);
    }
    Ok(())
}

fn access_key(key: &KeyWire, place: &str, sink: &mut Sink<'_>) -> Result<(), String> {
    sink.entry("iam-access-keys", None);
    let Some(id) = key.access_key_id.as_deref().filter(|id| is_key_id(id)) else {
        return Ok(());
    };
    let active = key
        .status
        .as_deref()
        .map(|word| (word == "Active", place.to_owned()));
    let seen = Seen {
        whose: key.user_name.clone(),
        created: time(key.create_date.as_ref(), place)?,
        active,
        place: place.to_owned(),
        ..Seen::default()
    };
    sink.seen(Key::AwsId(id.to_owned()), seen);
    Ok(())
}

/// Ids of access keys: letters and digits, 16 to 128 of them (IAM API Reference, `AccessKeyMetadata`).
fn is_key_id(id: &str) -> bool {
    (16..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn told(parts: [&Option<String>; 2]) -> String {
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(" ")
}

fn event(event: &EventWire, place: &str, sink: &mut Sink<'_>) -> Result<(), String> {
    let at = time(event.event_time.as_ref(), place)?;
    let identity = event.user_identity.as_ref();
    let who = identity.and_then(|i| i.user_name.clone().or_else(|| i.arn.clone()));
    let mut what = told([&event.event_source, &event.event_name]);
    if let Some(error) = &event.error_code {
        let _ = write!(what, " ({error})");
    }
    let id = identity.and_then(|i| i.access_key_id.as_deref());
    used(id, who, at, &what, place, sink);
    Ok(())
}

/// A use of an access key. Those of a role's session end by themselves and are nobody's to keep.
fn used(
    id: Option<&str>,
    who: Option<String>,
    at: Option<Stamp>,
    what: &str,
    place: &str,
    sink: &mut Sink<'_>,
) {
    sink.entry("cloudtrail", at);
    let (Some(id), Some(at)) = (id.filter(|id| is_key_id(id)), at) else {
        return;
    };
    let seen = Seen {
        whose: who.clone(),
        last: Some(Use {
            at: at.0,
            what: what.to_owned(),
            by: who,
            place: place.to_owned(),
        }),
        place: place.to_owned(),
        ..Seen::default()
    };
    sink.seen(Key::AwsId(id.to_owned()), seen);
}

fn audit(wire: Wire, place: &str, sink: &mut Sink<'_>) -> Result<(), String> {
    let at = time(wire.timestamp.as_ref().or(wire.created_at.as_ref()), place)?;
    sink.entry("github-audit-log", at);
    let hash = wire.hashed_token.filter(|hash| hash.len() == 44);
    let (Some(hash), Some(at)) = (hash, at) else {
        return Ok(());
    };
    let scopes = wire.token_scopes.unwrap_or_default();
    let scopes = scopes.split([',', ' ']).filter(|s| !s.is_empty());
    let seen = Seen {
        whose: wire.actor.clone(),
        scopes: scopes.take(64).map(str::to_owned).collect(),
        last: Some(Use {
            at: at.0,
            what: wire.action.unwrap_or_default(),
            by: wire.actor,
            place: place.to_owned(),
        }),
        place: place.to_owned(),
        ..Seen::default()
    };
    sink.seen(Key::HashedToken(hash), seen);
    Ok(())
}

fn gitlab(
    wire: &Wire,
    id: u64,
    revoked: bool,
    place: &str,
    sink: &mut Sink<'_>,
) -> Result<(), String> {
    sink.entry("gitlab-tokens", None);
    let last = time(wire.last_used_at.as_ref(), place)?;
    let whose = wire.user_id.map(|id| format!("user {id}"));
    let is_active = !revoked && wire.active.unwrap_or(true);
    let seen = Seen {
        name: wire.name.clone(),
        created: time(wire.created_at.as_ref(), place)?,
        expires: time(wire.expires_at.as_ref(), place)?,
        active: Some((is_active, place.to_owned())),
        scopes: wire.scopes.as_ref().map_or(Vec::new(), |s| s.0.clone()),
        never: last.is_none().then(|| place.to_owned()),
        last: last.map(|at| Use {
            at: at.0,
            what: String::new(),
            by: whose.clone(),
            place: place.to_owned(),
        }),
        whose,
        place: place.to_owned(),
    };
    sink.seen(Key::GitLabToken(id), seen);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_any_offset_and_may_be_none() {
        let stamp = |text: &str| Time::Text(text.to_owned()).stamp();
        // `date -u -d 2026-02-03T04:05:06Z +%s`
        let second = Some(Stamp(1_770_091_506));
        assert_eq!(stamp("2026-02-03T05:05:06+0100"), second);
        assert_eq!(stamp("2026-02-03T05:05:06+01:00"), second);
        for odd in ["", "+", "+1", "-12", "+123", "é0000", "+\u{fffd}0"] {
            assert_eq!(stamp(odd), None, "{odd}");
        }
    }
}
