//! A certificate that is shown to a server, and the key that proves it: TLS on both sides.
//!
//! The key signs what the server sends and stays here. Of a server that does not ask for a certificate
//! nothing is learnt, whatever it answers: so it is noticed whether it asked.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, parse_pem};

use crate::detect::patterns::base64;

/// The longest chain and key that are read, in bytes of their text.
const MOST: usize = 64 << 10;

/// A certificate, what it is signed by, and its key. Its `Debug` shows none of them.
pub struct Identity {
    shown: ClientCert,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Of a chain and a key in PEM, or in base64 of that, as kubeconfigs have them.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in words that do not quote them.
    pub fn of(certificate: &str, key: &str) -> Result<Self, &'static str> {
        let (chain, key) = (pem(certificate), pem(key));
        let chain: Vec<Certificate<'static>> = parse_pem(chain.as_deref().unwrap_or_default())
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(one)) => Some(one),
                _ => None,
            })
            .collect();
        if chain.is_empty() {
            return Err("its certificate is none in PEM");
        }
        let key = PrivateKey::from_pem(key.as_deref().unwrap_or_default())
            .map_err(|_| "its key is none in PEM")?;
        let der = PrivateKeyDer::try_from(key.der().to_vec())
            .map_err(|_| "its key is of no kind that is known")?;
        let own = chain
            .iter()
            .map(|one| CertificateDer::from(one.der().to_vec()))
            .collect();
        // What does not pass here the client would stumble over.
        CertifiedKey::from_der(own, der, &ring::default_provider()).map_err(
            |error| match error {
                rustls::Error::InconsistentKeys(_) => "the certificate beside it is of another key",
                _ => "its key or its certificate cannot be read",
            },
        )?;
        Ok(Self {
            shown: ClientCert::new_with_certs(&chain, key),
        })
    }

    /// For the client.
    pub(super) fn shown(&self) -> ClientCert {
        self.shown.clone()
    }
}

fn pem(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if text.len() > MOST {
        return None;
    }
    if text.starts_with("-----BEGIN") {
        return Some(text.replace("\\n", "\n").into_bytes());
    }
    base64(text.as_bytes())
}

thread_local! {
    /// Whether a server asked this thread for a certificate.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// The ciphers of every other call, with keys that notice when they are asked for.
pub(super) fn noticing() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        key_provider: &Noticing,
        ..ring::default_provider()
    })
}

/// Whether a server asked this thread for a certificate since the last time that this was asked.
pub(super) fn was_asked() -> bool {
    ASKED.take()
}

#[derive(Debug)]
struct Noticing;

impl KeyProvider for Noticing {
    fn load_private_key(
        &self,
        key: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        let inner = ring::default_provider()
            .key_provider
            .load_private_key(key)?;
        Ok(Arc::new(Noticed(inner)))
    }
}

struct Noticed(Arc<dyn SigningKey>);

impl fmt::Debug for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Noticed")
    }
}

impl SigningKey for Noticed {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        ASKED.set(true);
        self.0.choose_scheme(offered)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}
