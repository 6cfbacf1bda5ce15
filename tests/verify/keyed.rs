//! APIs whose calls are signed with a shared key, each played by a server that knows one key and makes
//! the signature itself, as its provider's documentation says. The key never leaves this machine.

use ring::{digest, hmac};
use straykey::detect::patterns::base64 as decoded;
use straykey::findings::Finding;
use straykey::scan::{ScanOptions, scan};
use straykey::verify::Verdict;

use super::common::base64;
use super::declared::{ask, client, finding, options};
use super::schemes::hex;
use super::server::{Play, Seen, Server, json};

fn sha256(text: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, text).as_ref().to_vec()
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, key);
    hmac::sign(&key, text).as_ref().to_vec()
}

fn secret(of: &Finding) -> String {
    String::from_utf8(of.credential.secret.expose().to_vec()).expect("text")
}

fn part(of: &Finding, name: &str) -> String {
    let found = of.credential.parts.iter().find(|(n, _)| *n == name);
    let value = found.unwrap_or_else(|| panic!("it has a part {name}"));
    String::from_utf8(value.1.expose().to_vec()).expect("text")
}

/// Asks for a finding, then for the same with another secret of the same form. The server believes the
/// first only.
fn held(
    of: &Finding,
    provider: &str,
    key: &str,
    play: impl Fn(&Seen) -> Play + Send + Sync + 'static,
) {
    let server = Server::plain(play);
    let asked = ask(&[of], &options(provider, &server), &client());
    let said = &asked.verified[0];
    assert_eq!(said.verdict, Verdict::Live, "{provider}: {said:?}");
    let seen = server.seen();
    assert_eq!(seen.len(), 2, "{provider}: itself, and a made-up one");
    assert_ne!(seen[0].whole(), seen[1].whole());
    for call in &seen {
        assert!(
            !call.whole().contains(key),
            "{provider}: the key stays here"
        );
    }
}

/// Kraken, "Spot REST authentication": HMAC-SHA512 of the path and of SHA-256 of nonce and form.
#[test]
fn kraken() {
    let one = finding("kraken.private-key", 5);
    let (own, id) = (secret(&one), part(&one, "api key"));
    let key = decoded(own.as_bytes()).expect("base64");
    held(&one, "kraken", &own, move |call| {
        let nonce = call.body.strip_prefix("nonce=").unwrap_or_default();
        let hashed = sha256(format!("{nonce}{}", call.body).as_bytes());
        let text = [call.path.as_bytes(), &hashed].concat();
        let want = base64(&mac(hmac::HMAC_SHA512, &key, &text));
        // A nonce is 64 bits, and this year's milliseconds have 13 digits.
        let is_now = nonce.len() == 13 && nonce.parse::<u64>().is_ok();
        let known = call.header("api-key") == Some(&id) && is_now;
        if known && call.header("api-sign") == Some(&want) {
            json(
                200,
                r#"{"error":[],"result":{"nonce":"1","permissions":["query-funds"]}}"#,
            )
        } else {
            json(200, r#"{"error":["EAPI:Invalid key"]}"#)
        }
    });
}

/// Alibaba Cloud, "Request signatures" of the RPC style: HMAC-SHA1 of what is asked, sorted and quoted.
#[test]
fn alibaba() {
    let one = finding("alibaba.access-key", 5);
    let (id, own) = (secret(&one), part(&one, "access key secret"));
    let key = format!("{own}&");
    held(&one, "alibaba", &own, move |call| {
        let quoted = |text: &str| -> String {
            let byte = |b: u8| match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(b).to_string()
                }
                b => format!("%{b:02X}"),
            };
            text.bytes().map(byte).collect()
        };
        let mut given: Vec<&str> = call.body.split('&').collect();
        given.sort_unstable();
        let (signed, rest): (Vec<&str>, Vec<&str>) =
            given.iter().partition(|p| p.starts_with("Signature="));
        let text = format!(
            "{}&{}&{}",
            call.method,
            quoted("/"),
            quoted(&rest.join("&"))
        );
        let want = base64(&mac(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            key.as_bytes(),
            text.as_bytes(),
        ));
        let is_signed = signed == [format!("Signature={}", quoted(&want))];
        if is_signed && rest.contains(&format!("AccessKeyId={id}").as_str()) {
            json(
                200,
                r#"{"IdentityType":"RAMUser","AccountId":"1","Arn":"acs:ram::1:user/admin"}"#,
            )
        } else {
            json(404, r#"{"Code":"InvalidAccessKeyId.NotFound"}"#)
        }
    });
}

/// Duo, "Auth API", Authentication: HMAC-SHA1 of date, method, host, path and parameters, in hex.
#[test]
fn duo() {
    let one = finding("duo.secret-key", 5);
    let (own, id, host) = (
        secret(&one),
        part(&one, "integration key"),
        part(&one, "api host"),
    );
    let key = own.clone();
    held(&one, "duo", &own, move |call| {
        let date = call.header("date").unwrap_or_default();
        let text = format!("{date}\n{}\n{host}\n{}\n", call.method, call.path);
        let made = mac(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            key.as_bytes(),
            text.as_bytes(),
        );
        let pair = format!("{id}:{}", hex(&made));
        let want = format!("Basic {}", base64(pair.as_bytes()));
        if date.ends_with(" +0000") && call.header("authorization") == Some(&want) {
            json(200, r#"{"stat":"OK","response":{"time":1357020061}}"#)
        } else {
            json(401, r#"{"stat":"FAIL","code":40103,"message":"x"}"#)
        }
    });
}

/// Findings of a file with one line.
fn scanned(line: &str) -> Vec<Finding> {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a.env"), line).expect("written");
    let found = scan(&ScanOptions {
        targets: vec![dir.path().to_owned()],
        threads: 1,
        ..ScanOptions::default()
    });
    let all = found.expect("scanned").findings.into_iter();
    all.filter(|f| f.pattern.id == "azure.sas-token").collect()
}

/// A signature stands in the middle of its URL as well as at the end; the whole URL is asked for, at its
/// provider's own host only, and only if that was wanted by name.
#[test]
fn a_shared_access_signature_is_asked_for_at_its_own_url() {
    let own = base64(&sha256(b"what signs it"))
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    let path = format!("/box?sv=2022-11-02&sr=c&sig={own}&se=2099-01-01T00%3A00Z&sp=rl");
    let line = |host: &str| format!("URL=\"https://{host}{path}\"\n");
    let found = scanned(&line("account.blob.core.windows.net"));
    assert_eq!(found.len(), 1, "{found:?}");
    let want = format!("{path}&restype=container&comp=list&maxresults=1");
    let server = Server::plain(move |call| {
        let xml = vec![("content-type".to_owned(), "application/xml".to_owned())];
        if call.path == want {
            let list = "<EnumerationResults ServiceEndpoint=\"x\"><Blobs/></EnumerationResults>";
            return Play::Answer(200, xml, list.into());
        }
        let wrong = "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Signature did \
                     not match</AuthenticationErrorDetail></Error>";
        Play::Answer(403, xml, wrong.into())
    });
    let mut options = options("azure", &server);
    let asked = ask(&[&found[0]], &options, &client());
    assert_eq!(asked.verified[0].verdict, Verdict::Live, "{asked:?}");
    let seen = server.seen();
    // Itself, and a made-up one: at the container, then at what its URL names.
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[2].path.ends_with("&comp=metadata"), "{seen:?}");
    // Of another host nothing is asked, whoever named a server for the provider.
    let planted = scanned(&line("evil.example/blob.core.windows.net"));
    assert_eq!(planted.len(), 1, "{planted:?}");
    let asked = ask(&[&planted[0]], &options, &client());
    assert_eq!(asked.verified[0].verdict, Verdict::NotChecked, "{asked:?}");
    // And without its name nothing at all: it stands in a URL.
    options.named = Vec::new();
    let asked = ask(&[&found[0]], &options, &client());
    assert_eq!(asked.verified[0].verdict, Verdict::NotChecked, "{asked:?}");
    assert_eq!(server.seen().len(), 3);
}
