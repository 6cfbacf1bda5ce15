//! Signatures in OpenSSH's form (`SSHSIG`), so that whoever gets a report can check it with a program
//! they have: `ssh-keygen -Y verify`.
//!
//! Keys of the kind Ed25519 sign here. What has a passphrase, lies in an agent or in a token signs with
//! `ssh-keygen -Y sign`, which knows how to ask; the report is the same.
//!
//! Source: OpenSSH's PROTOCOL.sshsig; RFC 8032.

use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

/// What a signature is for: a key that signs something else cannot have signed a report.
pub const NAMESPACE: &str = "straykey-evidence";
/// The file with the signature.
pub const SIGNATURE: &str = "SHA256SUMS.sig";

/// A key that signs.
pub struct SigningKey {
    key: Ed25519KeyPair,
    public: KeyData,
}

impl SigningKey {
    /// Reads a private key in OpenSSH's form.
    ///
    /// # Errors
    ///
    /// Why it cannot sign here, and what to do. Nothing of the key is in that.
    pub fn read(text: &str) -> Result<Self, String> {
        let elsewhere = format!(
            "sign the report with ssh-keygen -Y sign -n {NAMESPACE} -f KEY {}",
            super::SUMS
        );
        let key = PrivateKey::from_openssh(text).map_err(|_| {
            format!("it is no private key in OpenSSH's form and of the kind Ed25519; {elsewhere}")
        })?;
        if key.is_encrypted() {
            return Err(format!(
                "it has a passphrase, which is not asked for here; {elsewhere}"
            ));
        }
        let KeypairData::Ed25519(pair) = key.key_data() else {
            return Err(format!(
                "keys of the kind {} do not sign here, Ed25519 does; {elsewhere}",
                key.algorithm()
            ));
        };
        let (seed, public) = (pair.private.as_ref(), pair.public.as_ref());
        let made = Ed25519KeyPair::from_seed_and_public_key(seed, public);
        Ok(Self {
            key: made.map_err(|_| "its two halves do not fit".to_owned())?,
            public: key.public_key().key_data().clone(),
        })
    }

    /// Its fingerprint, as OpenSSH writes it.
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The signature of some bytes, as a file.
    ///
    /// # Errors
    ///
    /// If it cannot be written down.
    pub fn sign(&self, bytes: &[u8]) -> Result<String, String> {
        let make = || -> ssh_key::Result<String> {
            let signed = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, bytes)?;
            let made = self.key.sign(&signed);
            let made = Signature::new(Algorithm::Ed25519, made.as_ref())?;
            SshSig::new(self.public.clone(), NAMESPACE, HashAlg::Sha512, made)?
                .to_pem(LineEnding::LF)
        };
        make().map_err(|e| format!("it cannot be signed: {e}"))
    }
}

/// Whose signature of some bytes this is: the fingerprint of the key.
///
/// # Errors
///
/// Why it is none that holds, or could not be checked here.
pub(super) fn signer(bytes: &[u8], signature: &str) -> Result<String, Unsigned> {
    let no = |why: &str| Unsigned::Wrong(why.to_owned());
    let told = SshSig::from_pem(signature).map_err(|_| no("it is no signature"))?;
    if told.namespace() != NAMESPACE {
        return Err(no("it was made for something else"));
    }
    let KeyData::Ed25519(public) = told.public_key() else {
        let kind = told.public_key().algorithm();
        return Err(Unsigned::Unknown(format!(
            "signatures by keys of the kind {kind} are checked with ssh-keygen -Y verify"
        )));
    };
    let signed = SshSig::signed_data(NAMESPACE, told.hash_alg(), bytes);
    let signed = signed.map_err(|_| no("it cannot be checked"))?;
    let key = UnparsedPublicKey::new(&ED25519, public.as_ref());
    key.verify(&signed, told.signature_bytes())
        .map_err(|_| no("it is not of these bytes"))?;
    Ok(told.public_key().fingerprint(HashAlg::Sha256).to_string())
}

/// Why nobody is told to have signed.
pub(super) enum Unsigned {
    /// It does not hold.
    Wrong(String),
    /// It could not be checked here.
    Unknown(String),
}

/// The fingerprint of a public key, as `ssh-keygen` writes such a file.
pub(super) fn fingerprint(public: &str) -> Result<String, String> {
    let key = PublicKey::from_openssh(public.trim());
    let key = key.map_err(|_| "it is no public key in OpenSSH's form".to_owned())?;
    Ok(key.fingerprint(HashAlg::Sha256).to_string())
}
