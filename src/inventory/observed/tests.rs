use super::super::record::{Hint, Kind, Liveness, Record, Stamp};
use super::*;
use crate::base::time_of;

fn at(text: &str) -> Stamp {
    Stamp(time_of(text).expect("a time").0)
}

fn read(files: &[(&str, &str)]) -> Observed {
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    Observed::read(&files.collect::<Vec<_>>()).expect("exports that are right")
}

/// An id of an access key that nobody has: written in two pieces.
fn key_id(end: &str) -> String {
    ["AKIA", "Q3EGTXYZABCD"].concat() + end
}

/// The record that a finding of this key would become.
fn record(id: &str) -> Record {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("aws.access-key").expect("it is there");
    let print = Fingerprint::new(pattern, id.as_bytes(), Path::new(""));
    let mut record = Record::new(print.to_string(), Kind::Literal, "key");
    record.pattern = Some(pattern.id.to_owned());
    record.provider = "aws".into();
    record
}

fn told(observed: &Observed, record: &mut Record, as_of: &str) {
    let key = observed.key_of(record, None).expect("it is known");
    observed.tell(record, Some(&key), at(as_of));
}

// Columns as the IAM User Guide lists them.
const HEAD: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
    password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,\
    access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
    access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
    access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,\
    cert_2_active,cert_2_last_rotated\n";

fn keys(all: &[(&str, &str, &str)]) -> String {
    let all: Vec<String> = all
        .iter()
        .map(|(id, status, made)| {
            format!(
                "{{\"UserName\": \"ci\", \"AccessKeyId\": \"{id}\", \"Status\": \"{status}\", \
                 \"CreateDate\": \"{made}\"}}"
            )
        })
        .collect();
    format!("{{\"AccessKeyMetadata\": [\n{}\n]}}", all.join(",\n"))
}

#[test]
fn a_report_is_joined_to_keys_by_user_and_birth() {
    let (old, new, lost) = (key_id("OLD2"), key_id("NEW2"), key_id("LST2"));
    let report = format!(
        "{HEAD}<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,N/A,\
         not_supported,not_supported,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n\
         ci,arn:aws:iam::123456789012:user/ci,2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,\
         2024-03-01T10:00:00+00:00,2024-05-05T06:07:08+00:00,eu-west-1,s3,false,2025-01-01T00:00:00+00:00,N/A,\
         N/A,N/A,false,N/A,false,N/A\n\
         eve,arn:aws:iam::123456789012:user/eve,2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,\
         2023-03-01T10:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n"
    );
    let list = keys(&[
        (&old, "Active", "2024-03-01T10:00:00+00:00"),
        (&new, "Inactive", "2025-01-01T00:00:00Z"),
        (&lost, "Active", "2019-01-01T00:00:00Z"),
    ]);
    let observed = read(&[("report.csv", &report), ("keys.json", &list)]);

    let mut one = record(&old);
    told(&observed, &mut one, "2024-06-01");
    let last = one.last_used.at.as_ref().expect("used");
    assert_eq!(last.value, at("2024-05-05T06:07:08Z"));
    assert_eq!(last.place.as_deref(), Some("report.csv:3"));
    assert_eq!(one.last_used.what.as_deref(), Some("s3 eu-west-1"));
    assert_eq!(one.last_used.unused, None, "27 days are not long");
    assert_eq!(one.life.state.value, Liveness::Live);
    // From March 1 to June 1 of 2024: 31 + 30 + 31 days, less ten hours.
    assert_eq!(
        one.age.map(|a| (a.value.days, a.value.at_least)),
        Some((91, false))
    );
    assert!(
        one.hints
            .iter()
            .any(|h| h.name == "user" && h.value == "ci")
    );
    let mut one = record(&old);
    told(&observed, &mut one, "2024-08-10");
    let unused = one.last_used.unused.expect("unused for more than 90 days");
    // May 5 to August 10: 26 + 30 + 31 + 10 days, less six hours.
    assert_eq!(unused.value, "not used for 96 days");
    let mut one = record(&old);
    told(&observed, &mut one, "2024-05-01");
    assert_eq!(one.last_used.at, None, "on that day it had not happened");

    let mut one = record(&new);
    told(&observed, &mut one, "2025-02-01");
    assert_eq!(one.life.state.value, Liveness::Dead);
    assert!(
        one.last_used
            .unused
            .expect("never")
            .value
            .starts_with("never used")
    );

    // `lost` has no row that was born when it was; the key of `eve` has no id.
    let told = observed.told(&|key| *key == Key::AwsId(old.clone()));
    assert_eq!((told.known, told.unknown_total), (1, 3));
    let ids: Vec<&str> = told.unknown.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["AKIA....LST2", "AKIA....NEW2", "key 1 of eve"]);
    assert_eq!(told.notes.len(), 1, "{:?}", told.notes);
    assert_eq!(told.files[0].entries, 3);
}

#[test]
fn events_of_cloudtrail_and_of_lookups() {
    let id = key_id("USE2");
    let event = |time: &str, name: &str, more: &str| {
        format!(
            "{{\"eventVersion\": \"1.09\", \"userIdentity\": {{\"type\": \"IAMUser\", \"accessKeyId\": \"{id}\", \
             \"userName\": \"ci\"}}, \"eventTime\": \"{time}\", \"eventSource\": \"s3.amazonaws.com\", \
             \"eventName\": \"{name}\"{more}}}"
        )
    };
    let early = event("2026-01-02T03:04:05Z", "PutObject", "");
    let late = event(
        "2026-02-03T04:05:06Z",
        "GetObject",
        ", \"errorCode\": \"AccessDenied\"",
    );
    let session = late.replace(&id, &["ASIA", "Q3EGTXYZABCDSES2"].concat());
    let file = format!("{{\"Records\": [{late},\n{early},\n{session}]}}");
    let observed = read(&[("trail.json", &file)]);
    let mut one = record(&id);
    told(&observed, &mut one, "2026-02-10");
    assert_eq!(
        one.last_used.at.as_ref().map(|t| t.value),
        Some(at("2026-02-03T04:05:06Z"))
    );
    let what = one.last_used.what.as_deref();
    assert_eq!(what, Some("s3.amazonaws.com GetObject (AccessDenied)"));
    assert_eq!(one.last_used.by.as_deref(), Some("ci"));
    let export = &observed.files[0];
    assert_eq!(
        (export.entries, export.from),
        (3, Some(at("2026-01-02T03:04:05Z")))
    );
    let told_all = observed.told(&|key| *key == Key::AwsId(id.clone()));
    assert_eq!(told_all.unknown_total, 0, "keys of sessions are nobody's");

    // A key that no event has, though the log reaches from then to then.
    let mut other = record(&key_id("NON2"));
    assert_eq!(observed.key_of(&other, None), None);
    observed.tell(&mut other, None, at("2026-02-10"));
    let unused = other.last_used.unused.expect("unused");
    assert_eq!(
        unused.value,
        "no event from 2026-01-02 to 2026-02-03 is of it"
    );

    // `aws cloudtrail lookup-events` writes times as numbers or with an offset.
    let lookup = format!(
        "{{\"Events\": [{{\"EventName\": \"GetObject\", \"EventTime\": 1770091506.0, \"AccessKeyId\": \"{id}\", \
         \"EventSource\": \"s3.amazonaws.com\", \"Username\": \"ci\"}}]}}"
    );
    let observed = read(&[("lookup.json", &lookup)]);
    let mut one = record(&id);
    told(&observed, &mut one, "2026-02-10");
    // `date -u -d @1770091506`
    assert_eq!(
        one.last_used.at.map(|t| t.value),
        Some(at("2026-02-03T04:05:06Z"))
    );
}

#[test]
fn an_audit_log_of_github_by_hashed_token() {
    // `printf abc | openssl dgst -sha256 -binary | base64`
    let hash = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    // 2026-01-02T03:04:05Z and a day later, in milliseconds.
    let lines = format!(
        "{{\"@timestamp\": 1767323045123, \"action\": \"git.clone\", \"actor\": \"ann\", \"hashed_token\": \"{hash}\", \
         \"token_scopes\": \"repo,workflow\"}}\n\
         {{\"@timestamp\": 1767409445123, \"action\": \"git.push\", \"actor\": \"ann\", \"hashed_token\": \"{hash}\"}}\n\
         {{\"@timestamp\": 1767409445123, \"action\": \"org.update\", \"actor\": \"bob\"}}\n"
    );
    let list = format!("[{}]", lines.trim().replace('\n', ","));
    for (name, text, place) in [
        ("a.jsonl", &lines, "a.jsonl:2"),
        ("a.json", &list, "a.json: entry 2"),
    ] {
        let observed = read(&[(name, text)]);
        let mut one = Record::new("00", Kind::Literal, "token");
        one.provider = "github".into();
        one.hints.push(Hint {
            name: "hashed-token".into(),
            value: hash.into(),
        });
        told(&observed, &mut one, "2026-01-10");
        let last = one.last_used.at.expect("used");
        assert_eq!(
            (last.value, last.place.as_deref()),
            (at("2026-01-03T03:04:05Z"), Some(place))
        );
        assert_eq!(one.last_used.what.as_deref(), Some("git.push"));
        assert_eq!(one.privilege.scopes, ["repo", "workflow"]);
        assert_eq!(observed.files[0].entries, 3);
    }
}

#[test]
fn tokens_of_gitlab_by_their_number() {
    // As in GitLab's documentation, "Personal access tokens API".
    let list = "[{\"id\": 4, \"name\": \"Test Token\", \"revoked\": false, \"created_at\": \
                \"2020-07-23T14:31:47.729Z\", \"scopes\": [\"api\"], \"user_id\": 24, \"last_used_at\": \
                \"2021-10-06T17:58:37.550Z\", \"active\": true, \"expires_at\": null}, {\"id\": 5, \"name\": \
                \"x\", \"revoked\": true, \"created_at\": \"2020-07-23T14:31:47.729Z\", \"scopes\": [], \
                \"user_id\": 24, \"last_used_at\": null, \"active\": false, \"expires_at\": \"2021-01-01\"}]";
    let observed = read(&[("tokens.json", list)]);
    let mut one = Record::new("00", Kind::Literal, "token");
    one.provider = "gitlab".into();
    assert_eq!(
        observed.key_of(&one, None),
        None,
        "nothing says which one it is"
    );
    let key = observed.key_of(&one, Some("4")).expect("declared");
    observed.tell(&mut one, Some(&key), at("2021-11-01"));
    assert_eq!(
        one.last_used.at.map(|t| t.value),
        Some(at("2021-10-06T17:58:37Z"))
    );
    assert_eq!(one.last_used.by.as_deref(), Some("user 24"));
    let told = observed.told(&|known| *known == key);
    let ids: Vec<(&str, Option<bool>)> = told.unknown.iter().map(|o| (&*o.id, o.active)).collect();
    assert_eq!(ids, [("5 x", Some(false))]);
}

#[test]
fn what_is_wrong_is_named_with_file_and_line_and_nothing_of_it_is_repeated() {
    let long = format!("{HEAD}ci,a,b,c,d,e,f,g,true,soon,N/A\n");
    let hidden = "{\"AccessKeyMetadata\": [\n{\"AccessKeyId\": 42, \"Status\": \"tell-nobody\"}]}";
    for (text, begin) in [
        ("", "f:1: "),
        ("hello\nworld\n", "f:1: "),
        ("{}", "f:1: "),
        ("[1]", "f:1: "),
        ("{\"AccessKeyMetadata\": [\n{\"AccessKeyId\": \n", "f:3: "),
        (hidden, "f:2: "),
        (&long, "f:2: "),
        (
            "{\"action\": \"x\", \"@timestamp\": 1}\n{\"action\": \"x\", \"@timestamp\": \"soon\"}\n",
            "f:2: ",
        ),
        ("\u{1f}", "f:1: "),
    ] {
        let file = ("f".to_owned(), text.as_bytes().to_vec());
        let errors = Observed::read(&[file]).expect_err("it is wrong");
        assert!(errors[0].starts_with(begin), "{text:?}: {errors:?}");
        assert!(
            !errors[0].contains("tell-nobody") && !errors[0].contains("42"),
            "{errors:?}"
        );
    }
    let packed = Observed::read(&[("f".to_owned(), vec![0x1f, 0x8b, 0])]).expect_err("packed");
    assert!(packed[0].contains("unpack"), "{packed:?}");
    let wide = Observed::read(&[("f".to_owned(), b"{\"a\": \"\n\xff\"}".to_vec())]);
    assert!(wide.expect_err("no UTF-8")[0].starts_with("f:2: "));
}
