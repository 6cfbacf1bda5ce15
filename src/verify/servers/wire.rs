//! A connection to a server that the user named: addresses are looked at before, TLS proves who it is,
//! and all that is read and all the time it takes is bounded, however slowly it drips.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::super::Trouble;
use super::super::address::is_internal;
use super::super::endpoint::Target;
use super::{Login, Tls};

/// The most that is read of one server, in bytes.
const MOST: usize = 256 << 10;

/// How connections are made.
#[derive(Debug)]
pub(in super::super) struct Network {
    /// How long a login may take, all in all.
    timeout: Duration,
    /// Logins may go to addresses that are not of the public internet.
    allow_internal: bool,
    tls: Arc<ClientConfig>,
}

impl Network {
    /// With the given roots in place of the built-in ones.
    ///
    /// # Errors
    ///
    /// If a root is none.
    pub(in super::super) fn new(
        timeout: Duration,
        allow_internal: bool,
        roots: Option<Vec<CertificateDer<'static>>>,
    ) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        match roots {
            None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(roots) => {
                for root in roots {
                    let added = store.add(root);
                    added.map_err(|_| "it holds a certificate that is no root".to_owned())?;
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| "TLS cannot be set up".to_owned())?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self {
            timeout,
            allow_internal,
            tls: Arc::new(config),
        })
    }
}

/// A connection.
pub(super) struct Wire {
    stream: Stream,
    /// What was read and not yet asked for.
    held: Vec<u8>,
    host: String,
}

enum Stream {
    Plain(Bounded),
    Tls(Box<StreamOwned<ClientConnection, Bounded>>),
}

/// A socket with a deadline and an allowance of bytes.
struct Bounded {
    socket: TcpStream,
    deadline: Instant,
    left: usize,
}

/// More was sent than anybody needs to.
#[derive(Debug)]
pub(super) struct Spent;

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too much was sent")
    }
}

impl std::error::Error for Spent {}

impl Bounded {
    fn time(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

impl Read for Bounded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.time()?))?;
        if self.left == 0 {
            return Err(io::Error::other(Spent));
        }
        let most = out.len().min(self.left);
        let count = self.socket.read(&mut out[..most])?;
        self.left -= count;
        Ok(count)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.time()?))?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl Wire {
    /// Connects, with TLS from the first byte if the login is to have that.
    pub(super) fn open(login: &Login, network: &Network) -> Result<Self, Trouble> {
        let deadline = Instant::now() + network.timeout;
        // SSH proves and encrypts by itself.
        let open = login.tls == Tls::None && !login.protocol.has_its_own();
        let mut failed = Trouble::NoSuchHost;
        for address in addresses(&login.target, network, open)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::Timeout);
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(socket) => {
                    let _ = socket.set_nodelay(true);
                    let wire = Self {
                        stream: Stream::Plain(Bounded {
                            socket,
                            deadline,
                            left: MOST,
                        }),
                        held: Vec::new(),
                        host: login.target.host.clone(),
                    };
                    return if login.tls == Tls::First {
                        wire.encrypted(network)
                    } else {
                        Ok(wire)
                    };
                }
                Err(error) => failed = trouble(&error),
            }
        }
        Err(failed)
    }

    /// Goes on with TLS.
    pub(super) fn encrypted(self, network: &Network) -> Result<Self, Trouble> {
        let Stream::Plain(socket) = self.stream else {
            return Err(Trouble::Nonsense);
        };
        // What came before the handshake came from anybody.
        if !self.held.is_empty() {
            return Err(Trouble::Tls);
        }
        let name = self.host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Trouble::Tls)?;
        let client = ClientConnection::new(Arc::clone(&network.tls), name);
        let mut stream = StreamOwned::new(client.map_err(|_| Trouble::Tls)?, socket);
        // Whoever is at the other end is known before anything is sent.
        while stream.conn.is_handshaking() {
            let (conn, sock) = (&mut stream.conn, &mut stream.sock);
            conn.complete_io(sock).map_err(|e| trouble(&e))?;
        }
        Ok(Self {
            stream: Stream::Tls(Box::new(stream)),
            held: self.held,
            host: self.host,
        })
    }

    /// The socket for whoever encrypts by itself, until when it may be used, and how much may be read.
    pub(super) fn into_socket(self) -> Result<(TcpStream, Instant, usize), Trouble> {
        match self.stream {
            Stream::Plain(s) if self.held.is_empty() => Ok((s.socket, s.deadline, s.left)),
            _ => Err(Trouble::Nonsense),
        }
    }

    /// Whether a password may be sent as it is: to whom TLS proved, or to this machine, which the
    /// user named.
    pub(super) fn is_private(&self, login: &Login) -> bool {
        matches!(self.stream, Stream::Tls(_)) || login.target.is_here() && login.tls == Tls::None
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Sends all of it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let done = match &mut self.stream {
            Stream::Plain(s) => s.write_all(bytes).and_then(|()| s.flush()),
            Stream::Tls(s) => s.write_all(bytes).and_then(|()| s.flush()),
        };
        done.map_err(|e| trouble(&e))
    }

    /// What comes next, at least one byte: as crates of protocols read.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize, Trouble> {
        if self.held.is_empty() {
            return self.fresh(out);
        }
        let count = self.held.len().min(out.len());
        out[..count].copy_from_slice(&self.held[..count]);
        self.held.drain(..count);
        Ok(count)
    }

    fn more(&mut self) -> Result<(), Trouble> {
        let mut buffer = [0; 4096];
        let count = self.fresh(&mut buffer)?;
        self.held.extend_from_slice(&buffer[..count]);
        Ok(())
    }

    fn fresh(&mut self, out: &mut [u8]) -> Result<usize, Trouble> {
        let read = match &mut self.stream {
            Stream::Plain(s) => s.read(out),
            Stream::Tls(s) => s.read(out),
        };
        match read.map_err(|e| trouble(&e))? {
            0 => Err(Trouble::Connection),
            count => Ok(count),
        }
    }

    /// So many bytes.
    pub(super) fn exact(&mut self, count: usize) -> Result<Vec<u8>, Trouble> {
        if count > MOST {
            return Err(Trouble::TooBig);
        }
        while self.held.len() < count {
            self.more()?;
        }
        Ok(self.held.drain(..count).collect())
    }

    /// A line, without its end.
    pub(super) fn line(&mut self) -> Result<Vec<u8>, Trouble> {
        /// No line of these protocols is longer.
        const LINE: usize = 16 << 10;
        let mut from = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.held[from..]) {
                let mut line: Vec<u8> = self.held.drain(..=from + at).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            from = self.held.len();
            if from > LINE {
                return Err(Trouble::TooBig);
            }
            self.more()?;
        }
    }
}

/// Where the name leads to, looked at.
fn addresses(target: &Target, network: &Network, open: bool) -> Result<Vec<SocketAddr>, Trouble> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<SocketAddr> = if let Ok(ip) = host.parse::<IpAddr>() {
        vec![SocketAddr::new(ip, target.port)]
    } else {
        // The system's resolver knows no deadline.
        let (host, port) = (host.to_owned(), target.port);
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs();
            let _ = tell.send(found.map(|all| all.take(8).collect::<Vec<_>>()));
        });
        let found = told.recv_timeout(network.timeout);
        let found = found.map_err(|_| Trouble::Timeout)?;
        found.map_err(|_| Trouble::NoSuchHost)?
    };
    let refused = found.iter().map(SocketAddr::ip).find(|ip| {
        // Without TLS only this machine is asked.
        is_internal(*ip) && !network.allow_internal || open && !ip.is_loopback()
    });
    match refused {
        Some(ip) => Err(Trouble::Internal(ip)),
        None => Ok(found),
    }
}

pub(super) fn trouble(error: &io::Error) -> Trouble {
    match error.get_ref() {
        Some(inner) if inner.is::<Spent>() => return Trouble::TooBig,
        Some(inner) if inner.is::<rustls::Error>() => return Trouble::Tls,
        _ => {}
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Trouble::Timeout,
        _ => Trouble::Connection,
    }
}
