//! Behind a proxy the proxy looks up names: the lists of hosts alone decide, and that is said.

use std::fs;
use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::common::{Run, command, secret};
use super::server::{Play, Seen, Server, json};

/// What the proxy does with a wish to be connected.
#[derive(Clone, Copy)]
enum Way {
    /// Leads it to this port of this machine, whatever the host.
    To(u16),
    /// Refuses it.
    Refuse(&'static str),
}

/// A proxy that speaks CONNECT. It remembers the first line of everything that it was asked.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn begin(way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let remembered = Arc::clone(&asked);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let remembered = Arc::clone(&remembered);
                std::thread::spawn(move || serve(stream, way, &remembered));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

fn serve(mut client: TcpStream, way: Way, remembered: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(client.read(&mut byte), Ok(1)) {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let first = head.lines().next().unwrap_or_default().to_owned();
    remembered.lock().expect("not poisoned").push(first);
    match way {
        Way::Refuse(answer) => {
            let _ = client.write_all(answer.as_bytes());
        }
        Way::To(port) => {
            let server = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
            let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let (from, to) = (
                client.try_clone().expect("a stream"),
                server.try_clone().expect("a stream"),
            );
            let up = std::thread::spawn(move || relay(from, to));
            relay(server, client);
            let _ = up.join();
        }
    }
}

fn relay(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Knows the token of seed 1 and no other.
fn honest(call: &Seen) -> Play {
    let own = secret("github.pat-classic", 1);
    match call.header("authorization") {
        Some(bearer) if bearer.ends_with(&own) => json(200, r#"{"login":"octocat","id":1}"#),
        _ => json(401, r#"{"message":"Bad credentials"}"#),
    }
}

/// A scan that asks, through the proxy, with other hosts planted beside the token.
fn run(dir: &std::path::Path, proxy: &Proxy, more: &[&str]) -> Run {
    let own = secret("github.pat-classic", 1);
    let text = format!(
        "GH_HOST=evil.example\nGITHUB_API_URL=https://evil.example\nGITHUB_TOKEN={own}\n\
         url=https://x-access-token:{own}@evil.example/r.git\n"
    );
    fs::write(dir.join("a.env"), text).expect("written");
    let args = ["scan", "a.env", "--verify", "--audit", "log"];
    let all: Vec<&str> = args.iter().chain(more).copied().collect();
    let done = command(dir, &all)
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port))
        .output();
    let done = done.expect("it ran");
    Run {
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
        code: done.status.code().expect("it ended"),
    }
}

#[test]
fn the_list_of_hosts_decides_and_that_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::tls(&["api.github.com"], honest);
    fs::write(dir.path().join("ca.pem"), &server.certificate).expect("written");
    let proxy = Proxy::begin(Way::To(server.port));
    let told = run(dir.path(), &proxy, &["--ca-file", "ca.pem"]);
    assert!(told.out.contains("LIVE"), "{} {}", told.out, told.err);
    let notice = format!("calls go through the proxy 127.0.0.1:{}", proxy.port);
    assert!(told.err.contains(&notice), "{}", told.err);
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    for line in &asked {
        assert!(line.starts_with("CONNECT api.github.com:443 "), "{asked:?}");
    }
    assert_eq!(server.seen().len(), 2, "itself, and a made-up one");
}

#[test]
fn a_proxy_that_listens_in_gets_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::tls(&["api.github.com"], honest);
    let proxy = Proxy::begin(Way::To(server.port));
    // Nobody trusts what it shows.
    let told = run(dir.path(), &proxy, &[]);
    assert!(
        told.out.contains("the server did not prove who it is"),
        "{} {}",
        told.out,
        told.err
    );
    assert!(server.seen().is_empty());
    assert!(!proxy.asked().is_empty());
}

#[test]
fn a_proxy_that_refuses_says_nothing_of_a_credential() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let proxy = Proxy::begin(Way::Refuse(answer));
        let told = run(dir.path(), &proxy, &["--format", "json"]);
        let said: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
        let all = said["findings"].as_array().expect("findings").iter();
        let verdicts: Vec<&str> = all
            .filter_map(|f| f["verification"]["verdict"].as_str())
            .filter(|verdict| *verdict != "not checked")
            .collect();
        assert_eq!(verdicts, ["unknown"], "{answer}: {}", told.out);
        assert!(!proxy.asked().is_empty());
    }
}
