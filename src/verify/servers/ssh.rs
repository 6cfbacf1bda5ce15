//! SSH 2 (RFC 4253, 4252): offers the public key and proves that the private one is here. No command is
//! run, no channel is opened or taken, no agent is asked and no file of the user's is read.
//!
//! `russh` speaks it, on a stream of ours that bounds what is read, in a runtime that lives as long as this
//! one login. Who the server is nobody proves; but what is signed holds for this very connection, so that
//! nobody in between could use it.

mod key;
mod stream;

pub(super) use key::Key;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use russh::client::{self, AuthResult, ChannelOpenHandle, DisconnectReason, Handle, Msg, Session};
use russh::keys::agent::AgentIdentity;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate};
use russh::{Channel, Disconnect, Preferred, SendError, SshId, cipher, compression, kex, mac};
use tokio::time::timeout;

use super::super::{Trouble, Verdict};
use super::wire::Wire;
use super::{Login, Said};
use crate::detect::patterns::Power;
use stream::Allowed;

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// What is spoken of each kind: what servers have had for ten years, and what is newer and better.
const SPOKEN: Preferred = Preferred {
    kex: Cow::Borrowed(&[
        kex::MLKEM768X25519_SHA256,
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
    ]),
    key: Cow::Borrowed(&[
        Algorithm::Ed25519,
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP256,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP384,
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ]),
    host_key_certificates: Cow::Borrowed(&[]),
    cipher: Cow::Borrowed(&[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305]),
    // Not used with these ciphers, and named all the same.
    mac: Cow::Borrowed(&[mac::HMAC_SHA256_ETM]),
    compression: Cow::Borrowed(&[compression::NONE]),
};

pub(super) fn ask(wire: Wire, login: &Login) -> Result<Said, Trouble> {
    let key = match Key::read(login.secret.expose()) {
        Ok(key) => key,
        Err(why) => return Ok(Said::unknown(why)),
    };
    let (socket, deadline, allowance) = wire.into_socket()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|_| Trouble::Connection)?;
    let left = || deadline.saturating_duration_since(Instant::now());
    runtime.block_on(async {
        let stream = Allowed::new(socket, allowance).map_err(|_| Trouble::Connection)?;
        let told = timeout(left(), logged_in(stream, login, &key)).await;
        let (said, handle) = told.map_err(|_| Trouble::Timeout)??;
        if let Some(handle) = handle {
            let _ = timeout(left().min(FAREWELL), farewell(handle)).await;
        }
        Ok(said)
    })
}

/// What is said, and the connection if there still is one.
type Told = (Said, Option<Handle<Watch>>);

async fn logged_in(stream: Allowed, login: &Login, key: &Key) -> Result<Told, Trouble> {
    let heard: Arc<Mutex<Heard>> = Arc::default();
    let ours = concat!("SSH-2.0-straykey_", env!("CARGO_PKG_VERSION"));
    let config = client::Config {
        client_id: SshId::Standard(Cow::Borrowed(ours)),
        preferred: SPOKEN,
        ..client::Config::default()
    };
    let watch = Watch(Arc::clone(&heard));
    let mut handle = match client::connect_stream(Arc::new(config), stream, watch).await {
        Ok(handle) => handle,
        Err(russh::Error::NoCommonAlgo { .. }) => {
            let why = "the server and straykey have no way in common";
            return Ok((Said::unknown(why), None));
        }
        Err(error) => return Err(trouble(&error)),
    };
    let mut signer = Signer { key, asked: false };
    let public = key.public_key().clone();
    let answer = handle
        .authenticate_publickey_with(&*login.user, public, key.hash(), &mut signer)
        .await;
    let asked = signer.asked;
    let ended = || {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.end.take().unwrap_or(Trouble::Connection)
    };
    let mut said = match answer {
        Err(Unsigned) => return Err(ended()),
        Ok(AuthResult::Success) if asked => {
            let mut said = Said::live();
            said.whose(&login.user);
            said.may(["log in"]);
            said.facts.power = (login.user == "root").then_some(Power::Admin);
            said
        }
        Ok(AuthResult::Success) => Said::unknown("the server lets this user in without a key"),
        Ok(AuthResult::Failure {
            remaining_methods,
            partial_success,
        }) => {
            // So it also looks when a connection ends without an answer.
            if remaining_methods.is_empty() {
                let _ = (&mut handle).await;
                let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                if !heard.refused {
                    return Err(heard.end.clone().unwrap_or(Trouble::Connection));
                }
            }
            match (asked, partial_success) {
                (false, _) => {
                    Said::new(Verdict::Dead, "the server takes no such key for this user")
                }
                (true, true) => Said::new(
                    Verdict::Restricted,
                    "the key is right, and the server wants more than a key",
                ),
                (true, false) => Said::unknown("the server knows the key and does not let it in"),
            }
        }
    };
    if said.verdict != Verdict::Unknown {
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        said.reason = format!("{}; its host key is {}", said.reason, heard.print);
    }
    Ok((said, Some(handle)))
}

async fn farewell(handle: Handle<Watch>) {
    let bye = handle.disconnect(Disconnect::ByApplication, "done", "");
    if bye.await.is_ok() {
        let _ = handle.await;
    }
}

fn trouble(error: &russh::Error) -> Trouble {
    use russh::Error;
    match error {
        Error::IO(error) => super::wire::trouble(error),
        Error::WrongServerSig | Error::PacketAuth | Error::DecryptionError => Trouble::Tls,
        Error::PacketSize(_) => Trouble::TooBig,
        Error::Disconnect | Error::HUP | Error::SendError | Error::RecvError => Trouble::Connection,
        _ => Trouble::Nonsense,
    }
}

/// What came to light beside the answer.
#[derive(Default)]
struct Heard {
    /// The fingerprint of the host's key.
    print: String,
    /// The server refused, and takes nothing else.
    refused: bool,
    /// Why the connection ended.
    end: Option<Trouble>,
}

/// Listens, and takes nothing that a server would give.
struct Watch(Arc<Mutex<Heard>>);

impl Watch {
    fn note(&self, note: impl FnOnce(&mut Heard)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl client::Handler for Watch {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        self.note(|heard| heard.print = key.fingerprint(HashAlg::Sha256).to_string());
        Ok(true)
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<Self::Error>,
    ) -> Result<(), Self::Error> {
        self.note(|heard| match reason {
            DisconnectReason::Error(russh::Error::NoAuthMethod) => heard.refused = true,
            DisconnectReason::Error(error) => heard.end = Some(trouble(&error)),
            DisconnectReason::ReceivedDisconnect(_) => heard.end = Some(Trouble::Connection),
        });
        Ok(())
    }

    // What is not accepted is refused: it is enough to drop it. As it comes all of this is accepted.
    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Signs when the server would take the key, and remembers that.
struct Signer<'a> {
    key: &'a Key,
    asked: bool,
}

/// There was no signature, or nobody to give it to.
struct Unsigned;

impl From<SendError> for Unsigned {
    fn from(_: SendError) -> Self {
        Self
    }
}

impl russh::Signer for Signer<'_> {
    type Error = Unsigned;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        _: Option<HashAlg>,
        mut text: Vec<u8>,
    ) -> Result<Vec<u8>, Self::Error> {
        self.asked = true;
        let signature = self.key.sign(&text).ok_or(Unsigned)?;
        text.extend((signature.len() as u32).to_be_bytes());
        text.extend(signature);
        Ok(text)
    }
}
