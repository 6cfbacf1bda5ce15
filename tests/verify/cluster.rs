//! Credentials of clusters, at a server that plays the API server: by token, and by a certificate of a CA
//! that is made at run time. What a kubeconfig names beside them is never followed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};
use serde_json::Value;
use straykey::detect::patterns::{Checksum, Sampler, sample_secret};

use super::common::{base64, straykey};
use super::server::{Play, Seen, Server, json};

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// The words of an API server (`k8s.io/apimachinery`, `metav1.Status`).
const NOBODY: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
const RULES: &str = r#"{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","status":{"resourceRules":[
    {"verbs":["create"],"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"]},
    {"verbs":["get","list"],"apiGroups":[""],"resources":["secrets"]}],"nonResourceRules":[],"incomplete":false}}"#;

/// Somebody's certificate and key.
struct Pair {
    certificate: String,
    der: Vec<u8>,
    key: String,
}

/// A CA, made now.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "made now");
        let root = params.self_signed(&key).expect("a root").der().clone();
        Self {
            issuer: Issuer::new(params, key),
            root,
        }
    }

    /// A pair that ends in this year.
    fn pair(&self, name: &str, year: i32) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        Pair {
            certificate: made.pem(),
            der: made.der().to_vec(),
            key: key.serialize_pem(),
        }
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        let provider = Arc::new(ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .expect("a verifier")
    }
}

/// Asks for a certificate and takes any, as an API server does, which looks at it later.
#[derive(Debug)]
struct Any;

impl ClientCertVerifier for Any {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = ring::default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, &known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = ring::default_provider().signature_verification_algorithms;
        known.supported_schemes()
    }
}

/// What an API server says to whoever is `known`.
fn cluster(call: &Seen, known: bool) -> Play {
    match (known, call.path == WHO) {
        (false, _) => json(401, NOBODY),
        (true, true) => json(
            201,
            r#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"jane.doe","groups":["system:authenticated"]}}}"#,
        ),
        (true, false) => json(201, RULES),
    }
}

/// Asks at `server` for all that stands in `dir`: kind, verdict and the rest of each, in the order of places.
fn asked(dir: &Path, server: &Server) -> Vec<Value> {
    let roots = dir.join("../roots.pem");
    let roots = if server.certificate.is_empty() {
        None
    } else {
        fs::write(&roots, &server.certificate).expect("written");
        Some(roots.to_str().expect("text").to_owned())
    };
    let endpoint = format!("kubernetes={}", server.url());
    let mut args = vec![
        "scan",
        ".",
        "--verify",
        "--format",
        "json",
        "--allow-internal",
        "--audit",
        "../log",
        "--endpoint",
        &endpoint,
    ];
    if let Some(roots) = &roots {
        args.extend(["--ca-file", roots]);
    }
    let told = straykey(dir, &args);
    let told: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    let mut all = told["findings"].as_array().expect("findings").clone();
    all.sort_by_key(|f| {
        let place = &f["occurrences"][0];
        (place["path"].to_string(), place["line"].as_u64())
    });
    all
}

fn verdict(finding: &Value) -> &str {
    finding["verification"]["verdict"]
        .as_str()
        .expect("a verdict")
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let inner = dir.path().join("in");
    fs::create_dir(&inner).expect("a folder");
    (dir, inner)
}

/// A kubeconfig of these users, whose clusters are at `server`.
fn kubeconfig(server: &str, users: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n    server: {server}\n    \
         proxy-url: {server}\n    insecure-skip-tls-verify: true\n    certificate-authority: ../roots.pem\n\
         contexts:\n- name: a\n  context:\n    cluster: a\n    user: one\ncurrent-context: a\nusers:\n{users}"
    )
}

/// A user, whose key comes first as some tools write it.
fn user(pair: &Pair) -> String {
    let (certificate, key) = (
        base64(pair.certificate.as_bytes()),
        base64(pair.key.as_bytes()),
    );
    format!(
        "- name: one\n  user:\n    client-key-data: {key}\n    client-certificate-data: {certificate}\n"
    )
}

/// Random letters and digits.
fn opaque(seed: u64) -> String {
    let made = sample_secret("[0-9a-z]{54}", Checksum::None, &mut Sampler::new(seed));
    String::from_utf8(made).expect("text")
}

#[test]
fn a_certificate_is_shown_to_the_named_cluster_only() {
    let authority = Authority::new();
    let (jane, stranger) = (
        authority.pair("jane.doe", 2099),
        Authority::new().pair("x", 2099),
    );
    let known = jane.der.clone();
    let server = Server::asking(Arc::new(Any), move |call| {
        cluster(call, call.peer.as_ref() == Some(&known))
    });
    let planted = Server::plain(|_| json(201, "{}"));
    let (_dir, inner) = folder();
    let text = kubeconfig(
        &planted.url(),
        &format!("{}{}", user(&jane), user(&stranger)),
    );
    fs::write(inner.join("config"), text).expect("written");
    let told = asked(&inner, &server);
    assert_eq!(told.len(), 2, "{told:?}");
    let first = &told[0]["verification"];
    assert_eq!(verdict(&told[0]), "live", "{first}");
    assert_eq!(first["identity"], "jane.doe");
    assert_eq!(first["scopes"], serde_json::json!(["get,list secrets"]));
    assert_eq!(first["privilege"], "read");
    // `date -u -d 2099-01-01 +%FT%TZ`, by the certificate itself.
    assert_eq!(first["expires"], "2099-01-01T00:00:00Z");
    assert_eq!(verdict(&told[1]), "dead", "{}", told[1]);
    assert_eq!(
        planted.connections(),
        0,
        "nobody went to where the text says"
    );
    let shown: Vec<_> = server.seen().into_iter().map(|call| call.peer).collect();
    assert_eq!(shown.len(), 3, "two calls for one, one for the other");
    assert!(shown.contains(&Some(jane.der)) && shown.contains(&Some(stranger.der)));
    for call in server.seen() {
        assert!(!call.whole().contains(&base64(jane.key.as_bytes())[40..80]));
    }
}

#[test]
fn of_a_server_that_asks_for_no_certificate_nothing_is_learnt() {
    let pair = Authority::new().pair("jane.doe", 2099);
    let authority = Authority::new();
    let (_dir, inner) = folder();
    fs::write(
        inner.join("config"),
        kubeconfig("https://x.invalid", &user(&pair)),
    )
    .expect("written");
    for (what, server) in [
        (
            "no question",
            Server::tls(&["localhost"], |call| cluster(call, false)),
        ),
        (
            "and a welcome",
            Server::tls(&["localhost"], |call| cluster(call, true)),
        ),
        (
            "another CA",
            Server::asking(authority.verifier(), |call| cluster(call, true)),
        ),
        ("no TLS", Server::plain(|call| cluster(call, true))),
    ] {
        let told = asked(&inner, &server);
        let want = if what == "no TLS" {
            "not checked"
        } else {
            "unknown"
        };
        assert_eq!(verdict(&told[0]), want, "{what}: {}", told[0]);
    }
}

#[test]
fn a_pair_that_has_ended_or_does_not_fit_is_not_asked_for() {
    let authority = Authority::new();
    let (old, new) = (
        authority.pair("jane.doe", 2021),
        authority.pair("jane.doe", 2099),
    );
    let server = Server::asking(Arc::new(Any), |call| cluster(call, true));
    for (pair, want) in [
        (old, "expired"),
        (
            Pair {
                certificate: authority.pair("joe", 2021).certificate,
                ..new
            },
            "not checked",
        ),
    ] {
        let (_dir, inner) = folder();
        fs::write(
            inner.join("config"),
            kubeconfig("https://x.invalid", &user(&pair)),
        )
        .expect("written");
        let told = asked(&inner, &server);
        assert_eq!(verdict(&told[0]), want, "{}", told[0]);
    }
    assert_eq!(server.connections(), 0);
}

/// A token of a service account, as a cluster before 1.24 kept it in a Secret.
fn service_account(seed: u64) -> String {
    let part = |text: &str| {
        let text = base64(text.as_bytes()).replace('+', "-").replace('/', "_");
        text.trim_end_matches('=').to_owned()
    };
    let claims = r#"{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"shop","sub":"system:serviceaccount:shop:web"}"#;
    let head = r#"{"alg":"RS256","kid":"a"}"#;
    let (one, two) = (opaque(seed), opaque(seed + 1));
    format!("{}.{}.{one}{two}", part(head), part(claims))
}

#[test]
fn tokens_are_asked_for_wherever_they_stand() {
    let token = service_account(1);
    let own = opaque(7);
    let secret = format!(
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\ndata:\n  token: {}\n",
        base64(service_account(3).as_bytes())
    );
    let mut users = String::new();
    let _ = write!(users, "- name: one\n  user:\n    token: {own}\n");
    let planted = Server::plain(|_| json(201, "{}"));
    let (_dir, inner) = folder();
    for (name, text) in [
        ("a.env", format!("TOKEN={token}\n")),
        ("b.yaml", secret),
        ("c.yaml", kubeconfig(&planted.url(), &users)),
        // Not in a kubeconfig it is any token.
        ("d.yaml", format!("token: {}\n", opaque(9))),
    ] {
        fs::write(inner.join(name), text).expect("written");
    }
    let known = [token, own.clone()];
    let server = Server::plain(move |call| {
        let bearer = call.header("authorization").unwrap_or_default();
        let bearer = bearer.strip_prefix("Bearer ").unwrap_or_default();
        cluster(call, known.iter().any(|one| one == bearer))
    });
    let told = asked(&inner, &server);
    let all: Vec<&str> = told.iter().map(verdict).collect();
    assert_eq!(all, ["live", "dead", "live", "not checked"], "{told:?}");
    assert_eq!(planted.connections(), 0);
    let seen = server.seen();
    let of = |wanted: &str| {
        seen.iter()
            .filter(|call| call.body.contains(wanted))
            .count()
    };
    assert_eq!(
        of(r#""namespace":"shop""#),
        1,
        "where the token says that it is"
    );
    assert_eq!(of(r#""namespace":"default""#), 1);
    assert_eq!(
        seen.len(),
        6,
        "two and two, one that is dead, and one made-up"
    );

    // Whoever knows everybody knows nobody.
    let server = Server::plain(|call| cluster(call, true));
    let told = asked(&inner, &server);
    let all: Vec<&str> = told.iter().map(verdict).collect();
    assert_eq!(all, ["unknown", "unknown", "unknown", "not checked"]);
}

/// Whatever a kubeconfig can make a client do is not done: commands, files, other hosts.
#[test]
fn a_hostile_kubeconfig_does_nothing() {
    let planted = Server::plain(|_| json(201, "{}"));
    let server = Server::plain(|call| cluster(call, false));
    let (dir, inner) = folder();
    let (mark, file) = (dir.path().join("mark"), dir.path().join("file"));
    let hidden = opaque(11);
    fs::write(&file, &hidden).expect("written");
    let (mark_at, file_at) = (mark.display(), file.display());
    let own = opaque(13);
    let users = format!(
        "- name: one\n  user:\n    token: {own}\n    tokenFile: {file_at}\n    client-key: {file_at}\n    \
         client-certificate: {file_at}\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      \
         command: touch\n      args: [\"{mark_at}\"]\n      interactiveMode: Never\n    auth-provider:\n      \
         name: gcp\n      config:\n        cmd-path: touch\n        cmd-args: {mark_at}\n    as: system:admin\n"
    );
    let text = kubeconfig(&planted.url(), &users);
    for name in ["config", "kubeconfig.yaml"] {
        fs::write(inner.join(name), &text).expect("written");
    }
    let told = straykey(
        &inner,
        &[
            "scan",
            ".",
            "--verify",
            "--allow-internal",
            "--audit",
            "../log",
        ],
    );
    assert!(
        told.out.contains("--endpoint kubernetes=URL"),
        "{}",
        told.out
    );
    assert_eq!(planted.connections(), 0, "nobody named a cluster");
    let told = asked(&inner, &server);
    assert_eq!(verdict(&told[0]), "dead", "{told:?}");
    assert!(!mark.exists(), "no command was run");
    assert_eq!(planted.connections(), 0);
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    for call in seen {
        assert!(call.whole().contains(&own) && !call.whole().contains(&hidden));
        assert!(call.header("impersonate-user").is_none());
    }
}
