//! The id that an object's bytes have: what git names it by.

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{HashKind, ObjectKind};

/// The id of an object whose bytes come in pieces.
pub(super) enum Naming {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Naming {
    /// Of an object of so many bytes.
    pub(super) fn new(hash: HashKind, kind: ObjectKind, size: u64) -> Self {
        let head = format!("{} {size}\0", kind.word());
        match hash {
            HashKind::Sha1 => Self::Sha1(Sha1::new().chain_update(&head)),
            HashKind::Sha256 => Self::Sha256(Sha256::new().chain_update(&head)),
        }
    }

    pub(super) fn take(&mut self, data: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(data),
            Self::Sha256(hash) => hash.update(data),
        }
    }

    pub(super) fn is(self, id: &[u8]) -> bool {
        match self {
            Self::Sha1(hash) => hash.finalize().as_slice() == id,
            Self::Sha256(hash) => hash.finalize().as_slice() == id,
        }
    }
}

impl HashKind {
    /// The hash of some bytes; of SHA-1 the last twelve bytes are 0.
    pub(in super::super) fn digest(self, data: &[u8]) -> [u8; 32] {
        self.digest_of(&[data])
    }

    /// The id that an object with these bytes has.
    pub fn id_of(self, kind: ObjectKind, data: &[u8]) -> [u8; 32] {
        let head = format!("{} {}\0", kind.word(), data.len());
        self.digest_of(&[head.as_bytes(), data])
    }

    fn digest_of(self, pieces: &[&[u8]]) -> [u8; 32] {
        let mut out = [0; 32];
        match self {
            Self::Sha1 => {
                let mut hash = Sha1::new();
                for piece in pieces {
                    hash.update(piece);
                }
                out[..20].copy_from_slice(&hash.finalize());
            }
            Self::Sha256 => {
                let mut hash = Sha256::new();
                for piece in pieces {
                    hash.update(piece);
                }
                out.copy_from_slice(&hash.finalize());
            }
        }
        out
    }

    /// Whether the bytes of an object are those that its id says.
    pub fn is_id_of(self, id: &[u8], kind: ObjectKind, data: &[u8]) -> bool {
        self.id_of(kind, data)[..self.bytes()] == *id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `git hash-object` and the manual of git say of the empty blob and the empty tree.
    #[test]
    fn ids_are_those_of_git() {
        for (hash, kind, data, hex) in [
            (
                HashKind::Sha1,
                ObjectKind::Blob,
                &b""[..],
                "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
            ),
            (
                HashKind::Sha1,
                ObjectKind::Tree,
                b"",
                "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            ),
            (
                HashKind::Sha1,
                ObjectKind::Blob,
                b"test content\n",
                "d670460b4b4aece5915caf5c68d12f560a9fe3e4",
            ),
            (
                HashKind::Sha256,
                ObjectKind::Tree,
                b"",
                "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
            ),
        ] {
            let id = hash.parse(hex.as_bytes()).expect("an id");
            let id = &id[..hash.bytes()];
            assert!(hash.is_id_of(id, kind, data), "{hex}");
            assert!(!hash.is_id_of(id, ObjectKind::Tag, data), "{hex}");
            assert!(!hash.is_id_of(id, kind, b"other"), "{hex}");
        }
    }
}
