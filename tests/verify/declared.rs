//! One table of cases over all declared verifiers: a server plays each from its quoted answers.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use straykey::base::Secret;
use straykey::detect::Catalogue;
use straykey::detect::patterns::{
    Call, Class, Meaning, Quote, Sampler, Sign, Verifier, parse_file, sample_match,
};
use straykey::findings::Finding;
use straykey::scan::{ScanOptions, scan};
use straykey::verify::{
    Asked, Audit, Endpoint, Http, HttpOptions, Verdict, VerifyOptions, VerifyProgress, verify,
};

use super::common::base64;
use super::server::{Play, Seen, Server};

/// All verifiers of the files, with what they quote.
pub fn declared() -> Vec<Verifier> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("patterns/ is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut out = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("it can be read");
        if text.contains("[[verifier]]") {
            let parsed = parse_file(&path.display().to_string(), None, &text);
            out.extend(parsed.expect("it is right").verifiers);
        }
    }
    out
}

/// A finding of a pattern, with all parts that belong to it, from a generated example.
pub fn finding(id: &str, seed: u64) -> Finding {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get(id).expect("it is known");
    let dir = tempfile::tempdir().expect("a folder");
    // Now and then an example looks like a word, or like another kind.
    for seed in seed.. {
        let (text, _) = sample_match(pattern, &mut Sampler::new(seed));
        fs::write(dir.path().join("example.env"), text).expect("written");
        let found = scan(&ScanOptions {
            targets: vec![dir.path().to_owned()],
            threads: 1,
            ..ScanOptions::default()
        });
        let found = found.expect("scanned").findings;
        if let Some(mut found) = found.into_iter().find(|f| f.pattern.id == id) {
            // Of a key in base64 not all that looks like one is one.
            if id == "kraken.private-key" {
                let key = super::common::base64(&[seed as u8; 64]);
                found.secret = Secret::new(key.as_bytes());
                found.credential.secret = Secret::new(key.as_bytes());
            }
            // The signature of a URL stands in it.
            if id == "azure.sas-token" {
                let url = "https://account.blob.core.windows.net/box?sv=2022-11-02&sr=c&sp=rl&sig=";
                let parts = [("url before it", url), ("url behind it", "&se=2099-01-01")];
                let parts = parts.map(|(name, part)| (name, Secret::new(part.as_bytes())));
                found.credential.parts = parts.into();
            }
            // A made-up private key cannot sign.
            for (name, part) in &mut found.credential.parts {
                if *name == "private key" {
                    *part = Secret::new(rsa_key().as_bytes());
                }
            }
            return found;
        }
        assert!(seed < 1_000, "no example of {id} is found");
    }
    unreachable!()
}

/// A number of RFC 7515, appendix A.2.
pub fn vector(name: &str) -> Vec<u8> {
    let text = include_str!("../../testdata/rfc7515-a2.txt");
    let mut lines = text.lines();
    let line = lines.find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
    let plain: String = line.expect("it is there").replace(' ', "");
    straykey::detect::patterns::base64(plain.as_bytes()).expect("base64")
}

/// The private key of RFC 7515, appendix A.2, as PEM in JSON has it.
fn rsa_key() -> String {
    let integer = |bytes: &[u8]| {
        let sign = bytes.first().is_some_and(|b| *b >= 0x80);
        element(2, &[&vec![0; usize::from(sign)][..], bytes].concat())
    };
    let mut rsa = integer(&[0]);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        rsa.extend(integer(&vector(name)));
    }
    let kind = "RSA PRIVATE KEY";
    let body = base64(&element(0x30, &rsa));
    format!("-----BEGIN {kind}-----\\n{body}\\n-----END {kind}-----\\n")
}

/// DER.
fn element(tag: u8, inner: &[u8]) -> Vec<u8> {
    let length = inner.len();
    let mut out = vec![tag];
    match length {
        0..128 => out.push(length as u8),
        128..256 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(inner);
    out
}

pub fn options(provider: &str, server: &Server) -> VerifyOptions {
    let endpoint = Endpoint::parse(&server.url()).expect("a server");
    VerifyOptions {
        endpoints: [(provider.to_owned(), endpoint)].into(),
        named: vec![provider.to_owned()],
        rate_host: 0.0,
        rate_total: 0.0,
        workers: 4,
        ..VerifyOptions::default()
    }
}

pub fn client() -> HttpOptions {
    HttpOptions {
        allow_internal: true,
        proxies: false,
        timeout: std::time::Duration::from_secs(20),
        ..HttpOptions::default()
    }
}

pub fn ask(findings: &[&Finding], options: &VerifyOptions, client: &HttpOptions) -> Asked {
    let dir = tempfile::tempdir().expect("a folder");
    let audit = Audit::open(&dir.path().join("log")).expect("a log");
    let http = Http::new(client).expect("a client");
    verify(findings, options, &http, &audit, &VerifyProgress::default())
}

/// Whether a call holds a secret, in any way that a call writes it.
fn holds(call: &Seen, secret: &[u8]) -> bool {
    let plain = String::from_utf8_lossy(secret).into_owned();
    // Of a secret that is a URL the server stands for its host.
    let path = plain
        .strip_prefix("https://")
        .and_then(|rest| Some(&rest[rest.find('/')?..]));
    let plain = path.map_or(plain.clone(), str::to_owned);
    let percent: String = plain
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    let basic = call
        .header("authorization")
        .and_then(|a| a.strip_prefix("Basic "));
    let pair = basic.and_then(|basic| straykey::detect::patterns::base64(basic.as_bytes()));
    let in_basic = pair.is_some_and(|pair| String::from_utf8_lossy(&pair).contains(&plain));
    let whole = call.whole();
    whole.contains(&plain) || whole.contains(&percent) || in_basic
}

fn play(quote: &Quote) -> Play {
    let mut headers: Vec<(String, String)> = quote
        .headers
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    if !headers.iter().any(|(n, _)| n == "content-type") {
        headers.push(("content-type".into(), "application/json".into()));
    }
    Play::Answer(quote.status, headers, quote.body.to_owned())
}

/// Whether the calls prove the secret without holding it.
fn is_signed(verifier: &Verifier) -> bool {
    let signs = |call: &Call| !matches!(call.sign, Sign::None | Sign::AwsSigV4);
    verifier.calls.iter().any(signs)
}

/// The quotes that a server has to say, call by call, so that `last` is the end. Where what comes
/// before it is not quoted, a provider says the same in its other region.
fn script(verifier: &Verifier, last: &Quote) -> Vec<Quote> {
    let mut out: Vec<Quote> = (1..last.call)
        .map(|call| {
            let mut all = verifier.quotes.iter();
            let next = all.find(|q| q.call == call && q.means == Meaning::Next);
            *next.unwrap_or(last)
        })
        .collect();
    out.push(*last);
    out
}

#[test]
fn each_verifier_says_what_its_quotes_say() {
    let mut cases = 0;
    let mut wrong: Vec<String> = Vec::new();
    for verifier in declared() {
        let id = verifier.patterns[0];
        let finding = finding(id, 7);
        let dead = verifier
            .quotes
            .iter()
            .find(|q| matches!(q.means, Meaning::Dead | Meaning::Expired));
        let dead = dead.map(|q| script(&verifier, q));
        for quote in verifier.quotes {
            if quote.means == Meaning::Next {
                continue;
            }
            cases += 1;
            let own = script(&verifier, quote);
            let (dead, secret) = (dead.clone(), finding.credential.secret.expose().to_owned());
            let first = finding
                .credential
                .parts
                .first()
                // What stands around a signature is of a made-up one, too.
                .filter(|(name, _)| !name.starts_with("url "))
                .map(|(_, p)| p.expose().to_owned());
            let signed = is_signed(&verifier);
            let turns = Mutex::new((0, 0));
            let server = Server::plain(move |call| {
                let mut turns = turns.lock().expect("not poisoned");
                let ours = if signed {
                    // What is signed holds nothing of it: the credential comes first, the made-up one after.
                    turns.0 < own.len()
                } else {
                    holds(call, &secret) || first.as_ref().is_some_and(|p| holds(call, p))
                };
                // A second call may hold nothing but what the first one gave.
                let (turn, script) = match (&dead, ours || (1..own.len()).contains(&turns.0)) {
                    (Some(dead), false) => (&mut turns.1, dead),
                    // Nobody has shown what a made-up one is told: something that says nothing.
                    (None, false) => return Play::Answer(401, Vec::new(), "{}".into()),
                    (_, true) => (&mut turns.0, &own),
                };
                let said = script
                    .get(*turn)
                    .or(script.last())
                    .expect("it has something to say");
                *turn += 1;
                play(said)
            });
            let asked = ask(&[&finding], &options(verifier.provider, &server), &client());
            let said = &asked.verified[0];
            let want = match quote.means {
                Meaning::Live => Verdict::Live,
                Meaning::Dead => Verdict::Dead,
                Meaning::Restricted => Verdict::Restricted,
                Meaning::Expired => Verdict::Expired,
                Meaning::Unknown | Meaning::Next => Verdict::Unknown,
            };
            if said.verdict != want {
                wrong.push(format!(
                    "{id}: {} for {}: {said:?}",
                    quote.body,
                    want.word()
                ));
            }
            let calls = server.seen();
            assert!(!calls.is_empty(), "{id} was asked");
            for call in &calls {
                let agent = call.header("user-agent").unwrap_or_default();
                assert!(agent.starts_with("straykey/"), "{id}: {agent}");
            }
            // Tokens are held against a made-up one, passwords never are.
            let works = matches!(want, Verdict::Live | Verdict::Restricted);
            let is_token = matches!(
                finding.pattern.class,
                Class::Token | Class::Identifier | Class::Jwt
            );
            let made_up = calls.len() > quote.call;
            if works && said.verdict == want {
                assert_eq!(made_up, is_token, "{id}: {calls:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}: {wrong:#?}", wrong.len());
    assert!(cases >= 14, "{cases} cases");
}

#[test]
fn a_service_that_welcomes_everything_proves_nothing() {
    let mut tried = 0;
    for verifier in declared() {
        let Some(quote) = verifier.quotes.iter().find(|q| q.means == Meaning::Live) else {
            continue;
        };
        let finding = finding(verifier.patterns[0], 11);
        if !matches!(
            finding.pattern.class,
            Class::Token | Class::Identifier | Class::Jwt
        ) {
            continue;
        }
        tried += 1;
        let turn = Mutex::new(0usize);
        let script = script(&verifier, quote);
        let server = Server::plain(move |_| {
            let mut turn = turn.lock().expect("not poisoned");
            let said = play(&script[*turn % script.len()]);
            *turn += 1;
            said
        });
        let asked = ask(&[&finding], &options(verifier.provider, &server), &client());
        let said = &asked.verified[0];
        assert_eq!(
            said.verdict,
            Verdict::Unknown,
            "{}: {said:?}",
            verifier.patterns[0]
        );
        assert!(said.reason.contains("made-up"), "{said:?}");
        assert_eq!(said.facts, straykey::verify::Facts::default());
    }
    assert!(tried >= 7);
}

/// The hosts that secrets may go to, read from the declarations: none is an address, none is a whole
/// domain that anybody can have a name in.
#[test]
fn the_table_of_hosts_holds_no_place_of_anybodys() {
    let anybodys = [
        "github.io",
        "herokuapp.com",
        "vercel.app",
        "netlify.app",
        "workers.dev",
        "pages.dev",
        "cloudfront.net",
        "ngrok.io",
        "azurewebsites.net",
        "web.app",
        "appspot.com",
        "glitch.me",
        "onrender.com",
        "fly.dev",
        "repl.co",
        "trycloudflare.com",
        "s3.amazonaws.com",
    ];
    for verifier in declared() {
        for host in verifier.hosts {
            let name = host.trim_start_matches("*.");
            assert!(name.contains('.') && !name.contains(':'), "{host}");
            assert!(!anybodys.iter().any(|a| name.ends_with(a)), "{host}");
        }
    }
}
