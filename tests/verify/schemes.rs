//! Signed calls, held against servers that check the signature themselves and know one key only.

use ring::{hmac, signature};
use straykey::detect::patterns::base64 as decoded;
use straykey::verify::{Verdict, Verified};

use super::common::base64;
use super::declared::{ask, client, finding, options, vector};
use super::server::{Play, Seen, Server, json};

/// What is said of a finding by a server that does this with every call.
fn said(
    id: &str,
    provider: &str,
    play: impl Fn(&Seen) -> Play + Send + Sync + 'static,
) -> (Verified, Vec<Seen>) {
    let server = Server::plain(play);
    let finding = finding(id, 5);
    let asked = ask(&[&finding], &options(provider, &server), &client());
    (asked.verified[0].clone(), server.seen())
}

fn secret(id: &str) -> Vec<u8> {
    finding(id, 5).credential.secret.expose().to_vec()
}

fn part(id: &str, name: &str) -> String {
    let finding = finding(id, 5);
    let mut parts = finding.credential.parts.iter();
    let found = parts.find(|(n, _)| *n == name).expect("it has one");
    String::from_utf8(found.1.expose().to_vec()).expect("text")
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[test]
fn an_hmac_is_that_of_what_was_sent() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret("bitmex.api-key"));
    let id = part("bitmex.api-key", "key id");
    let (said, seen) = said("bitmex.api-key", "bitmex", move |call| {
        let expires = call.header("api-expires").unwrap_or_default();
        let text = format!("{}{}{expires}", call.method, call.path);
        let want = hex(hmac::sign(&key, text.as_bytes()).as_ref());
        if call.header("api-signature") == Some(&want) && call.header("api-key") == Some(&id) {
            json(200, r#"[{"account":1,"currency":"XBt","riskLimit":1}]"#)
        } else {
            json(
                401,
                r#"{"error":{"message":"Invalid API Key.","name":"HTTPError"}}"#,
            )
        }
    });
    assert_eq!(said.verdict, Verdict::Live, "{said:?}");
    assert_eq!(seen.len(), 2, "itself, and a made-up one");
    // The key stays here.
    let own = String::from_utf8(secret("bitmex.api-key")).expect("text");
    assert!(seen.iter().all(|call| !call.whole().contains(&own)));
}

#[test]
fn a_shared_key_signs_what_the_service_reads() {
    let id = "azure.storage-account-key";
    let key = decoded(&secret(id)).expect("base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let account = part(id, "account");
    let (said, seen) = said(id, "azure", move |call| {
        let of = |name: &str| call.header(name).unwrap_or_default().to_owned();
        let text = format!(
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{}\nx-ms-version:{}\n/{account}/\ncomp:list\nmaxresults:1",
            of("x-ms-date"),
            of("x-ms-version")
        );
        let want = base64(hmac::sign(&key, text.as_bytes()).as_ref());
        let xml = |status, body: &str| {
            let of_type = ("content-type".to_owned(), "application/xml".to_owned());
            Play::Answer(status, vec![of_type], body.to_owned())
        };
        if of("authorization") == format!("SharedKey {account}:{want}") {
            xml(
                200,
                "<EnumerationResults ServiceEndpoint=\"x\"><Containers /></EnumerationResults>",
            )
        } else {
            xml(
                403,
                "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>The MAC signature \
                 found in the HTTP request 'x' is not the same</AuthenticationErrorDetail></Error>",
            )
        }
    });
    assert_eq!(said.verdict, Verdict::Live, "{said:?}");
    assert_eq!(seen.len(), 2);
    let own = String::from_utf8(secret(id)).expect("text");
    assert!(seen.iter().all(|call| !call.whole().contains(&own)));
}

#[test]
fn an_assertion_is_signed_by_the_accounts_key() {
    let id = "google.service-account-key";
    let key_id = String::from_utf8(secret(id)).expect("text");
    let email = part(id, "client email");
    let public = signature::RsaPublicKeyComponents {
        n: vector("n"),
        e: vector("e"),
    };
    let (said, seen) = said(id, "google", move |call| {
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        let token = call.body.strip_prefix(grant).unwrap_or_default();
        let (text, signed) = token.rsplit_once('.').unwrap_or_default();
        let signed = decoded(signed.as_bytes()).unwrap_or_default();
        let proved = public.verify(
            &signature::RSA_PKCS1_2048_8192_SHA256,
            text.as_bytes(),
            &signed,
        );
        let part = |number: usize| -> serde_json::Value {
            let coded = text.split('.').nth(number).unwrap_or_default();
            let bytes = decoded(coded.as_bytes()).unwrap_or_default();
            serde_json::from_slice(&bytes).unwrap_or_default()
        };
        let (head, claims) = (part(0), part(1));
        let whole = proved.is_ok()
            && call.path == "/token"
            && claims["iss"] == *email
            && claims["aud"] == "https://oauth2.googleapis.com/token"
            && claims["exp"].as_i64() == claims["iat"].as_i64().map(|i| i + 600);
        if whole && head["kid"] == *key_id {
            json(
                200,
                r#"{"access_token":"x","expires_in":3599,"token_type":"Bearer"}"#,
            )
        } else if whole {
            json(
                400,
                r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
            )
        } else {
            json(400, r#"{"error":"invalid_request"}"#)
        }
    });
    assert_eq!(said.verdict, Verdict::Live, "{said:?}");
    assert_eq!(seen.len(), 2, "itself, and one with another id");
}

#[test]
fn a_value_that_is_cut_says_where_to_call() {
    use straykey::verify::{VerifyOptions, dry_run};
    let own = finding("mailchimp.api-key", 5);
    let text = String::from_utf8(own.credential.secret.expose().to_vec()).expect("text");
    let shown = dry_run(&own, &VerifyOptions::default()).expect("a call");
    assert_eq!(
        shown[0].line,
        "GET https://<data centre>.api.mailchimp.com/3.0/ping"
    );
    // A made-up one goes to the same data centre.
    let centre = text.rsplit('-').next().expect("one").to_owned();
    let (said, seen) = said("mailchimp.api-key", "mailchimp", move |call| {
        let basic = call.header("authorization").unwrap_or_default();
        let basic = basic.strip_prefix("Basic ").unwrap_or_default();
        let pair = String::from_utf8(decoded(basic.as_bytes()).unwrap_or_default());
        let pair = pair.unwrap_or_default();
        if pair == format!("any:{text}") {
            json(200, r#"{"health_status":"Everything's Chimpy!"}"#)
        } else if pair.ends_with(&format!("-{centre}")) {
            json(401, r#"{"title":"API Key Invalid","status":401}"#)
        } else {
            json(500, "{}")
        }
    });
    assert_eq!(said.verdict, Verdict::Live, "{said:?}");
    assert_eq!(seen.len(), 2);
}

/// Two ids of one form stand beside the secret, in any order: each is known by the name on its line.
#[test]
fn ids_of_one_form_are_told_apart_by_their_names() {
    use straykey::detect::Catalogue;
    use straykey::detect::patterns::{Checksum, Sampler, sample_secret};
    use straykey::scan::{ScanOptions, scan};
    let pattern = Catalogue::embedded().get("azure.entra-client-secret");
    let pattern = pattern.expect("it is known");
    let mut sampler = Sampler::new(9);
    let mut made = |expression: &str| {
        let made = sample_secret(expression, Checksum::None, &mut sampler);
        String::from_utf8(made).expect("text")
    };
    let (client, tenant) = (
        made(pattern.parts[0].expression),
        made(pattern.parts[1].expression),
    );
    let lines = [
        format!("AZURE_CLIENT_ID={client}\n"),
        format!("AZURE_TENANT_ID={tenant}\n"),
        format!("AZURE_CLIENT_SECRET={}\n", made(pattern.expression[1])),
    ];
    for order in [
        [0, 1, 2],
        [1, 0, 2],
        [2, 0, 1],
        [2, 1, 0],
        [0, 2, 1],
        [1, 2, 0],
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let text = order.map(|i| lines[i].clone()).concat();
        std::fs::write(dir.path().join("a.env"), &text).expect("written");
        let found = scan(&ScanOptions {
            targets: vec![dir.path().to_owned()],
            threads: 1,
            ..ScanOptions::default()
        });
        let found = found.expect("scanned").findings;
        let one = found.iter().find(|f| f.pattern.id == pattern.id);
        let parts = &one.expect("it is found").credential.parts;
        let got: Vec<(&str, &[u8])> = parts.iter().map(|(n, p)| (*n, p.expose())).collect();
        let want = [
            ("client id", client.as_bytes()),
            ("tenant", tenant.as_bytes()),
        ];
        assert_eq!(got, want, "{order:?}");
    }
}
