//! Servers that do not speak HTTP: databases, brokers, mail, directories, SSH.
//!
//! One login with what was found, and a look at its own rights; never a second try, never a made-up
//! password: somebody could be locked out by it. Nothing is sent unless the user named the server.
//! Each protocol is one file and speaks no more of it than a login needs, so that there is little
//! that a server could make it do: no file is read, no agent and no service file is asked, no referral
//! is followed. What the bytes of databases mean is told by the crates that their clients are built on; they
//! are handed bytes, never an address. [`wire`] connects, and bounds how much is read and how long it may
//! take.

mod amqp;
mod ldap;
mod login;
mod mongodb;
mod mysql;
mod postgresql;
mod redis;
mod scram;
mod smtp;
mod ssh;
mod wire;

pub use login::{Login, Protocol, Tls};
pub(super) use login::{Server, plan, server};
pub(super) use wire::Network;

use super::reading::shown;
use super::{Facts, Trouble, Verdict};
use crate::base::base64;
use wire::Wire;

/// The public half of a private key of SSH, as lists of keys have it: base64.
///
/// # Errors
///
/// Why it cannot be read.
pub(super) fn public_half(key: &[u8]) -> Result<String, &'static str> {
    ssh::Key::read(key).map(|key| base64(&key.public()))
}

/// What a server said of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it worked.
    pub verdict: Verdict,
    /// Why, in words of ours.
    pub reason: String,
    /// The protocol's own number, if it has one.
    pub status: Option<u16>,
    /// What else was told.
    pub facts: Facts,
}

impl Said {
    fn new(verdict: Verdict, reason: &str) -> Self {
        Self {
            verdict,
            reason: reason.to_owned(),
            status: None,
            facts: Facts::default(),
        }
    }

    fn live() -> Self {
        Self::new(Verdict::Live, "the server lets it in")
    }

    fn dead() -> Self {
        Self::new(Verdict::Dead, "the server refuses user and password")
    }

    fn unknown(reason: &str) -> Self {
        Self::new(Verdict::Unknown, reason)
    }

    fn with(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Whose it is, as the server says it.
    fn whose(&mut self, text: &str) {
        self.facts.identity = Some(shown(text)).filter(|t| !t.is_empty());
    }

    /// What it may do, as the server says it.
    fn may<'a>(&mut self, all: impl IntoIterator<Item = &'a str>) {
        /// As many as are kept of a scope list.
        const MOST: usize = 200;
        self.facts.scopes = all.into_iter().take(MOST).map(shown).collect();
    }
}

/// What is said where a server wants the password as it is and nobody proved who that server is.
const IN_THE_CLEAR: &str =
    "the server wants the password in the clear, without TLS; it was not sent";

/// Logs in, once.
///
/// # Errors
///
/// Why there is no answer.
pub(super) fn ask(login: &Login, network: &Network) -> Result<Said, Trouble> {
    let wire = Wire::open(login, network)?;
    match login.protocol {
        Protocol::Amqp => amqp::ask(wire, login),
        Protocol::Ldap => ldap::ask(wire, login, network),
        Protocol::MongoDb => mongodb::ask(wire, login),
        Protocol::MySql => mysql::ask(wire, login, network),
        Protocol::PostgreSql => postgresql::ask(wire, login, network),
        Protocol::Redis => redis::ask(wire, login),
        Protocol::Smtp => smtp::ask(wire, login, network),
        Protocol::Ssh => ssh::ask(wire, login),
    }
}
