//! Loose objects: one deflated file each.

use std::io;
use std::path::{Path, PathBuf};

use super::super::read::{Links, small_file};
use super::inflate::{Inflater, RATIO};
use super::stream::claimed;
use super::{HashKind, ObjectKind};

/// The loose objects of one store.
#[derive(Debug)]
pub(super) struct Loose {
    /// The store's folder.
    pub(super) folder: PathBuf,
    /// Numbers of its objects, ascending.
    pub(super) numbers: Vec<u32>,
}

/// The ids of a store's loose objects, sorted. `failed` takes folders that cannot be listed.
pub(super) fn list(
    folder: &Path,
    hash: HashKind,
    failed: &mut dyn FnMut(&Path, &io::Error),
) -> Vec<u8> {
    let mut ids: Vec<[u8; 32]> = Vec::new();
    for first in 0..=255u8 {
        let two = format!("{first:02x}");
        let inner = folder.join(&two);
        let entries = match std::fs::read_dir(&inner) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                failed(&inner, &error);
                continue;
            }
        };
        for entry in entries {
            match entry {
                // Other names are temporary files of git's.
                Ok(entry) => {
                    let name = [two.as_bytes(), entry.file_name().as_encoded_bytes()].concat();
                    ids.extend(hash.parse(&name));
                }
                Err(error) => failed(&inner, &error),
            }
        }
    }
    ids.sort_unstable();
    ids.iter()
        .flat_map(|id| &id[..hash.bytes()])
        .copied()
        .collect()
}

/// Reads a loose object: its kind, and its bytes in `out`.
pub(super) fn read(
    folder: &Path,
    hex: &str,
    limit: u64,
    inflater: &mut Inflater,
    out: &mut Vec<u8>,
) -> Result<ObjectKind, Result<io::Error, String>> {
    let path = path(folder, hex);
    // What may be too big says how big it is, before much of it is read.
    let most = path
        .metadata()
        .map_or(0, |meta| meta.len().saturating_mul(RATIO));
    if most > limit
        && let Some(size) = claimed(&path).filter(|size| *size > limit)
    {
        return Err(Err(format!(
            "it has {size} bytes; at most {limit} are read"
        )));
    }
    let data = small_file(&path, Links::Follow, limit).map_err(Ok)?;
    inflater.unknown(&data, limit, out).map_err(Err)?;
    let (kind, start) = header(out).ok_or_else(|| Err("its header does not parse".to_owned()))?;
    out.drain(..start);
    Ok(kind)
}

/// Where a loose object is.
pub(super) fn path(folder: &Path, hex: &str) -> PathBuf {
    folder.join(&hex[..2]).join(&hex[2..])
}

/// Reads `kind size NUL`; the size must hold.
fn header(data: &[u8]) -> Option<(ObjectKind, usize)> {
    let end = memchr::memchr(0, &data[..data.len().min(64)])?;
    let text = std::str::from_utf8(&data[..end]).ok()?;
    let (word, size) = text.split_once(' ')?;
    let kind = ObjectKind::ALL.iter().copied().find(|k| k.word() == word)?;
    let size: usize = size.parse().ok()?;
    (size == data.len() - end - 1).then_some((kind, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_must_hold() {
        assert_eq!(header(b"blob 3\0abc"), Some((ObjectKind::Blob, 7)));
        assert_eq!(header(b"tree 0\0"), Some((ObjectKind::Tree, 7)));
        for bad in [
            &b"blob 4\0abc"[..],
            b"blob 2\0abc",
            b"blub 3\0abc",
            b"blob 3",
            b"blob x\0abc",
            b"",
        ] {
            assert_eq!(header(bad), None, "{bad:?}");
        }
    }
}
