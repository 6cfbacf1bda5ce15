//! A server that plays a provider, with TLS or without.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A call as it came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The certificate that was shown, in DER.
    pub peer: Option<Vec<u8>>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Everything that it holds, in one text.
    pub fn whole(&self) -> String {
        format!("{} {:?} {}", self.path, self.headers, self.body)
    }
}

/// What the server does with a call.
#[derive(Clone, Debug)]
pub enum Play {
    Answer(u16, Vec<(String, String)>, String),
    /// Says nothing for so long.
    Stall(Duration),
    /// Closes the connection.
    Hangup,
    /// Writes this, whatever it is.
    Raw(Vec<u8>),
    /// Says 200 and never stops.
    Flood,
    /// Writes this, a byte at a time, with a pause between.
    Drip(Vec<u8>, Duration),
}

pub fn json(status: u16, body: &str) -> Play {
    let headers = vec![("content-type".into(), "application/json".into())];
    Play::Answer(status, headers, body.to_owned())
}

type Handler = Arc<dyn Fn(&Seen) -> Play + Send + Sync>;

pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// The certificate, in PEM, if it speaks TLS.
    pub certificate: String,
    scheme: &'static str,
}

impl Server {
    pub fn plain(handler: impl Fn(&Seen) -> Play + Send + Sync + 'static) -> Self {
        Self::begin(Arc::new(handler), None)
    }

    /// With a certificate of its own for these names.
    pub fn tls(names: &[&str], handler: impl Fn(&Seen) -> Play + Send + Sync + 'static) -> Self {
        let nobody = rustls::server::WebPkiClientVerifier::no_client_auth();
        Self::secured(names, nobody, Arc::new(handler))
    }

    /// Over TLS, with the given notion of who may come.
    pub fn asking(
        verifier: Arc<dyn rustls::server::danger::ClientCertVerifier>,
        handler: impl Fn(&Seen) -> Play + Send + Sync + 'static,
    ) -> Self {
        Self::secured(&["localhost"], verifier, Arc::new(handler))
    }

    fn secured(
        names: &[&str],
        verifier: Arc<dyn rustls::server::danger::ClientCertVerifier>,
        handler: Handler,
    ) -> Self {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
        let mut server = Self::begin(handler, Some(Arc::new(config)));
        server.certificate = made.cert.pem();
        server
    }

    fn begin(handler: Handler, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let connections: Arc<AtomicUsize> = Arc::default();
        let stop: Arc<AtomicBool> = Arc::default();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let thread = {
            let (seen, connections, stop) = (
                Arc::clone(&seen),
                Arc::clone(&connections),
                Arc::clone(&stop),
            );
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    let Ok(stream) = stream else { continue };
                    connections.fetch_add(1, Ordering::AcqRel);
                    let (handler, seen, tls) =
                        (Arc::clone(&handler), Arc::clone(&seen), tls.clone());
                    std::thread::spawn(move || match tls {
                        None => serve(stream, &handler, &seen, None),
                        Some(config) => {
                            let connection = rustls::ServerConnection::new(config);
                            let mut connection = connection.expect("a connection");
                            let mut stream = stream;
                            while connection.is_handshaking() {
                                if connection.complete_io(&mut stream).is_err() {
                                    return;
                                }
                            }
                            let shown = connection.peer_certificates();
                            let peer = shown.and_then(|all| Some(all.first()?.to_vec()));
                            let stream = rustls::StreamOwned::new(connection, stream);
                            serve(stream, &handler, &seen, peer.as_deref());
                        }
                    });
                }
            })
        };
        Self {
            port,
            seen,
            connections,
            stop,
            thread: Some(thread),
            certificate: String::new(),
            scheme,
        }
    }

    pub fn url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.port)
    }

    /// The calls so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut stream: impl Read + Write,
    handler: &Handler,
    seen: &Mutex<Vec<Seen>>,
    peer: Option<&[u8]>,
) {
    while let Some(mut call) = next(&mut stream) {
        call.peer = peer.map(<[u8]>::to_vec);
        seen.lock().expect("not poisoned").push(call.clone());
        let written = match handler(&call) {
            Play::Answer(status, headers, body) => {
                let mut head = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n",
                    body.len()
                );
                for (name, value) in headers {
                    let _ =
                        std::fmt::Write::write_fmt(&mut head, format_args!("{name}: {value}\r\n"));
                }
                let whole = format!("{head}\r\n{body}");
                stream
                    .write_all(whole.as_bytes())
                    .and_then(|()| stream.flush())
            }
            Play::Stall(time) => {
                std::thread::sleep(time);
                return;
            }
            Play::Hangup => return,
            Play::Raw(bytes) => {
                let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
                return;
            }
            Play::Drip(bytes, pause) => {
                for byte in bytes {
                    if stream
                        .write_all(&[byte])
                        .and_then(|()| stream.flush())
                        .is_err()
                    {
                        return;
                    }
                    std::thread::sleep(pause);
                }
                return;
            }
            Play::Flood => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
                let mut written = stream.write_all(head);
                while written.is_ok() {
                    written = stream.write_all(&[b' '; 8192]);
                }
                return;
            }
        };
        if written.is_err() {
            return;
        }
    }
}

/// Reads one call; `None` at the end of the connection.
fn next(stream: &mut impl Read) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).ok()? == 0 || head.len() > 1 << 20 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let mut call = Seen {
        method: first.next()?.to_owned(),
        path: first.next()?.to_owned(),
        ..Seen::default()
    };
    for line in lines {
        if let Some((name, value)) = line.split_once(": ") {
            call.headers
                .push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    let length = call.header("content-length").and_then(|l| l.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    call.body = String::from_utf8_lossy(&body).into_owned();
    Some(call)
}
