//! Whether bytes have the id that they are stored under.

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::{HashKind, ObjectKind};

/// Whether an object has an id, as git makes ids: of the kind, the length and the bytes.
pub(super) fn has_id(hash: HashKind, id: &[u8], kind: ObjectKind, data: &[u8]) -> bool {
    let head = format!("{} {}\0", kind.word(), data.len());
    match hash {
        HashKind::Sha1 => {
            let own = Sha1::new().chain_update(head).chain_update(data).finalize();
            own[..] == *id
        }
        HashKind::Sha256 => {
            let own = Sha256::new()
                .chain_update(head)
                .chain_update(data)
                .finalize();
            own[..] == *id
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        // `git hash-object --stdin </dev/null` and `printf 'hello\n' | git hash-object --stdin`,
        // in a repository of each format; the empty tree.
        let blob = ObjectKind::Blob;
        for (hash, hex, kind, data) in [
            (
                HashKind::Sha1,
                "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
                blob,
                &b""[..],
            ),
            (
                HashKind::Sha1,
                "ce013625030ba8dba906f756967f9e9ca394464a",
                blob,
                b"hello\n",
            ),
            (
                HashKind::Sha1,
                "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
                ObjectKind::Tree,
                b"",
            ),
            (
                HashKind::Sha256,
                "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
                blob,
                b"",
            ),
            (
                HashKind::Sha256,
                "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4",
                blob,
                b"hello\n",
            ),
        ] {
            let id = hash.parse(hex.as_bytes()).expect("an id");
            let id = &id[..hash.bytes()];
            assert!(has_id(hash, id, kind, data), "{hex}");
            assert!(!has_id(hash, id, ObjectKind::Tag, data), "{hex}");
            assert!(!has_id(hash, id, kind, b"hello"), "{hex}");
        }
    }
}
