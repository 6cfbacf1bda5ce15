//! The only place that sends anything: HTTP over TLS, no redirects, no cookies, no decompression.
//!
//! Names are resolved by a resolver of ours, for each connection anew, and a connection is made to the
//! very addresses that it looked at: a name that leads to a private address now, or the next time, is
//! refused. Behind a proxy the proxy resolves, and the list of hosts alone decides.

use std::fmt;
use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, AsSendBody, Proxy};

use super::Answer;
use super::address::is_internal;
use super::identity::{Identity, noticing, was_asked};
use super::request::Request;
use super::servers::{self, Login, Network, Said};

/// The most of an answer that is read.
const BODY: u64 = 64 << 10;
/// The most of its headers.
const HEADERS: usize = 16 << 10;

/// Sends calls.
pub trait Transport: Sync {
    /// Sends one call and reads its answer.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn send(&self, request: &Request) -> Result<Answer, Trouble>;

    /// Logs in at a server that does not speak HTTP, once. By default nobody is there.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn login(&self, _: &Login) -> Result<Said, Trouble> {
        Err(Trouble::Connection)
    }
}

/// Why there is no answer. None of them says anything of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// It took too long.
    Timeout,
    /// The name has no address.
    NoSuchHost,
    /// The name leads to an address that is not of the public internet.
    Internal(IpAddr),
    /// Nobody took the call, or it broke off.
    Connection,
    /// The server did not prove who it is.
    Tls,
    /// The answer is longer than anybody's who was asked this.
    TooBig,
    /// It is no answer of HTTP.
    Nonsense,
    /// The proxy did not let it pass.
    Proxy,
    /// The server asked for no certificate, so that what it says is of nobody.
    NoCertificate,
    /// The server broke off while TLS was set up.
    Alert,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::NoSuchHost => f.write_str("the host's name has no address"),
            Self::Internal(address) => write!(
                f,
                "the host's name leads to {address}, which is not of the public internet; --allow-internal allows that"
            ),
            Self::Connection => f.write_str("no connection"),
            Self::Tls => f.write_str("the server did not prove who it is"),
            Self::TooBig => f.write_str("the answer is too long"),
            Self::Nonsense => f.write_str("the answer makes no sense"),
            Self::Proxy => f.write_str("the proxy did not let it pass"),
            Self::NoCertificate => {
                f.write_str("the server asked for no certificate: what it says is not of this one")
            }
            Self::Alert => f.write_str("the server broke off while TLS was set up"),
        }
    }
}

/// How calls are sent.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How long a call may take, all in all.
    pub timeout: Duration,
    /// Calls may go to addresses that are not of the public internet.
    pub allow_internal: bool,
    /// Roots to trust in place of the built-in ones: PEM.
    pub ca: Option<Vec<u8>>,
    /// Whether the proxies that the environment names are used.
    pub proxies: bool,
    /// Connections that are kept.
    pub connections: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            allow_internal: false,
            ca: None,
            proxies: true,
            connections: 64,
        }
    }
}

/// Sends calls over the network.
#[derive(Debug)]
pub struct Http {
    agent: Agent,
    roots: RootCerts,
    proxy: Option<Proxy>,
    network: Network,
}

impl Http {
    /// Makes a client; nothing is sent by that.
    ///
    /// # Errors
    ///
    /// If the roots cannot be read.
    pub fn new(options: &HttpOptions) -> Result<Self, String> {
        Self::over(options, Box::new(DefaultResolver::default()), is_internal)
    }

    /// Over any resolver, with any notion of what is inside.
    fn over(
        options: &HttpOptions,
        inner: Box<dyn Resolver>,
        is_inside: fn(IpAddr) -> bool,
    ) -> Result<Self, String> {
        let trusted = options.ca.as_deref().map(certificates).transpose()?;
        let network = Network::new(
            options.timeout,
            options.allow_internal,
            trusted.as_ref().map(|all| {
                let der = all.iter().map(|one| one.der().to_vec().into());
                der.collect()
            }),
        )?;
        let roots = match trusted {
            None => RootCerts::WebPki,
            Some(all) => RootCerts::Specific(Arc::new(all)),
        };
        let proxy = if options.proxies {
            Proxy::try_from_env()
        } else {
            None
        };
        let named = proxy.as_ref().map(named);
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(roots.clone())
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy.clone())
            .user_agent(user_agent())
            .accept("application/json, */*;q=0.5")
            .timeout_global(Some(options.timeout))
            .max_response_header_size(HEADERS)
            .max_idle_connections(options.connections)
            .max_idle_connections_per_host(options.connections)
            .build();
        let guard = Guard {
            inner,
            is_inside,
            proxy: named,
            allow_internal: options.allow_internal,
        };
        Ok(Self {
            agent: Agent::with_parts(config, DefaultConnector::default(), guard),
            roots,
            proxy,
            network,
        })
    }

    /// Sends a call; with a certificate over a connection of its own, so that whoever asks for one is seen.
    fn run<B: AsSendBody>(
        &self,
        call: ureq::http::Request<B>,
        identity: Option<&Identity>,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let Some(identity) = identity else {
            return self.agent.run(call);
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(self.roots.clone())
            .client_cert(Some(identity.shown()))
            .unversioned_rustls_crypto_provider(noticing())
            .build();
        was_asked();
        let call = self.agent.configure_request(call).tls_config(tls).build();
        self.agent.run(call)
    }

    /// Host and port of the proxy that calls go through, if the environment names one.
    pub fn proxy(&self) -> Option<String> {
        self.proxy.as_ref().map(named)
    }
}

fn named(proxy: &Proxy) -> String {
    format!("{}:{}", proxy.host(), proxy.port())
}

/// Who calls, for whoever reads the provider's log.
pub fn user_agent() -> String {
    format!(
        "straykey/{} (+credential verification)",
        env!("CARGO_PKG_VERSION")
    )
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let mut out = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(one)) => out.push(one),
            Ok(_) => {}
            Err(_) => return Err("it holds something that is no certificate in PEM".into()),
        }
    }
    if out.is_empty() {
        return Err("it holds no certificate in PEM".into());
    }
    Ok(out)
}

impl Transport for Http {
    fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        // Without TLS a proxy would read the secret.
        if let (false, Some(proxy)) = (request.target.tls, &self.proxy) {
            let uri: Uri = request.url.parse().map_err(|_| Trouble::Nonsense)?;
            if !proxy.is_no_proxy(&uri) {
                return Err(Trouble::Proxy);
            }
        }
        let mut call = ureq::http::Request::builder()
            .method(request.method)
            .uri(&request.url)
            .header("host", request.target.host_header());
        for (name, value) in &request.headers {
            call = call.header(name.as_str(), value.as_str());
        }
        let identity = request.identity.as_ref();
        let none = |_| Trouble::Nonsense;
        let sent = match &request.body {
            Some(body) => self.run(call.body(body.as_str()).map_err(none)?, identity),
            None if request.method == "POST" => self.run(call.body("").map_err(none)?, identity),
            None => self.run(call.body(()).map_err(none)?, identity),
        };
        let mut answer = sent.map_err(|e| trouble(&e))?;
        if identity.is_some() && !was_asked() {
            return Err(Trouble::NoCertificate);
        }
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let mut body = Vec::new();
        let reader = answer.body_mut().with_config().limit(BODY + 1).reader();
        reader.take(BODY + 1).read_to_end(&mut body).map_err(|e| {
            let inner = e.get_ref().and_then(|e| e.downcast_ref::<ureq::Error>());
            inner.map_or_else(|| of_io(&e), trouble)
        })?;
        if body.len() as u64 > BODY {
            return Err(Trouble::TooBig);
        }
        Ok(Answer {
            status: answer.status().as_u16(),
            headers,
            body,
        })
    }

    // Proxies are for HTTP: these servers are called without one.
    fn login(&self, login: &Login) -> Result<Said, Trouble> {
        servers::ask(login, &self.network)
    }
}

fn trouble(error: &ureq::Error) -> Trouble {
    use ureq::Error;
    match error {
        Error::Timeout(_) => Trouble::Timeout,
        Error::HostNotFound => Trouble::NoSuchHost,
        Error::Rustls(rustls::Error::AlertReceived(_)) => Trouble::Alert,
        Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) | Error::TlsRequired => Trouble::Tls,
        Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => Trouble::TooBig,
        Error::InvalidProxyUrl | Error::ConnectProxyFailed(_) => Trouble::Proxy,
        Error::Io(e) => of_io(e),
        Error::Other(e) => match e.downcast_ref::<Refused>() {
            Some(Refused(address)) => Trouble::Internal(*address),
            None => Trouble::Connection,
        },
        Error::ConnectionFailed => Trouble::Connection,
        _ => Trouble::Nonsense,
    }
}

fn of_io(error: &std::io::Error) -> Trouble {
    use std::io::ErrorKind;
    let inner = error.get_ref().and_then(|e| e.downcast_ref());
    if let Some(rustls::Error::AlertReceived(_)) = inner {
        return Trouble::Alert;
    }
    // What rustls says of a certificate comes as an error of input.
    let of_tls = error
        .get_ref()
        .is_some_and(|inner| format!("{inner:?}").contains("Certificate"));
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Trouble::Timeout,
        _ if of_tls => Trouble::Tls,
        ErrorKind::NotFound => Trouble::NoSuchHost,
        ErrorKind::InvalidData => Trouble::Nonsense,
        // The system's resolver has no kind of its own.
        _ if error.to_string().contains("lookup") => Trouble::NoSuchHost,
        _ => Trouble::Connection,
    }
}

/// An address that nothing is sent to.
#[derive(Debug)]
struct Refused(IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused", self.0)
    }
}

impl std::error::Error for Refused {}

/// Looks at every address before anything is connected to it.
#[derive(Debug)]
struct Guard {
    inner: Box<dyn Resolver>,
    is_inside: fn(IpAddr) -> bool,
    /// Host and port of the proxy: whoever named it means it.
    proxy: Option<String>,
    allow_internal: bool,
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let open = uri.scheme_str() == Some("http");
        let port = if open { 80 } else { 443 };
        let named = format!(
            "{}:{}",
            uri.host().unwrap_or_default(),
            uri.port_u16().unwrap_or(port)
        );
        if self.proxy.as_ref() == Some(&named) {
            return Ok(found);
        }
        let refused = found.iter().map(std::net::SocketAddr::ip).find(|ip| {
            // Without TLS only this machine is asked.
            (self.is_inside)(*ip) && !self.allow_internal || open && !ip.is_loopback()
        });
        match refused {
            Some(ip) => Err(ureq::Error::Other(Box::new(Refused(ip)))),
            None => Ok(found),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::endpoint::Target;
    use super::super::request::Shown;
    use super::*;

    /// A name server that says something else each time: so a name is bound anew after it was looked at.
    #[derive(Debug)]
    struct Rebinding {
        says: Vec<Vec<SocketAddr>>,
        asked: Arc<AtomicUsize>,
    }

    impl Resolver for Rebinding {
        fn resolve(
            &self,
            _: &Uri,
            _: &ureq::config::Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let turn = self.asked.fetch_add(1, Ordering::AcqRel);
            let mut out = self.empty();
            for address in &self.says[turn.min(self.says.len() - 1)] {
                out.push(*address);
            }
            Ok(out)
        }
    }

    /// Counts connections, and answers each once.
    fn listener(at: &str) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind(at).expect("a port");
        let address = listener.local_addr().expect("an address");
        let count: Arc<AtomicUsize> = Arc::default();
        let counted = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::AcqRel);
                let Ok(mut stream) = stream else { continue };
                let _ = stream.read(&mut [0; 4096]);
                let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
                let _ = stream.write_all(answer);
            }
        });
        (address, count)
    }

    #[test]
    fn a_name_that_is_bound_anew_is_looked_at_anew() {
        // 127.0.0.1 plays the public internet here, 127.0.0.2 what is inside.
        let is_inside = |ip: IpAddr| ip == IpAddr::from([127, 0, 0, 2]);
        let (outside, outside_count) = listener("127.0.0.1:0");
        let (inside, inside_count) = listener(&format!("127.0.0.2:{}", outside.port()));
        let asked: Arc<AtomicUsize> = Arc::default();
        let resolver = Rebinding {
            says: vec![
                vec![outside],
                vec![inside],
                vec![outside, inside],
                vec![outside],
            ],
            asked: Arc::clone(&asked),
        };
        let options = HttpOptions {
            proxies: false,
            ..HttpOptions::default()
        };
        let http = Http::over(&options, Box::new(resolver), is_inside).expect("a client");
        let url = format!("http://rebind.example:{}/", outside.port());
        let send = || {
            http.send(&Request {
                method: "GET",
                target: Target::of(&url).expect("a target"),
                url: url.clone(),
                headers: Vec::new(),
                body: None,
                identity: None,
                shown: Shown {
                    line: String::new(),
                    headers: Vec::new(),
                    body: None,
                },
            })
        };
        assert_eq!(send().map(|a| a.status), Ok(200), "the first time");
        for what in ["inside now", "inside, too"] {
            assert_eq!(send().err(), Some(Trouble::Internal(inside.ip())), "{what}");
        }
        assert_eq!(send().map(|a| a.status), Ok(200), "and outside again");
        assert_eq!(asked.load(Ordering::Acquire), 4, "each connection asks");
        assert_eq!(outside_count.load(Ordering::Acquire), 2);
        assert_eq!(inside_count.load(Ordering::Acquire), 0, "nobody went there");
    }
}
