//! A chunk: what was told of many objects, in one value.
//!
//! All ids in a row, sorted; then for each a byte (kind, hope) and, for a blob, its size in groups
//! of seven bits, the lowest first. A checksum is kept beside it: a bit that flips on a disk must
//! not take away a finding.

use super::error::Failure;
use super::{Key, Searched, Told};
use crate::sources::history::ObjectKind;

/// BLAKE3 context.
const SUM: &str = "straykey 2026-11 checksum of a chunk of a sweep store";

/// The bit that says that an object may hold a match; the two below it say its kind.
const HOPE: u8 = 4;

/// The kinds that are searched, by their number in a chunk.
const KINDS: [ObjectKind; 3] = [ObjectKind::Blob, ObjectKind::Commit, ObjectKind::Tag];

/// The checksum of a chunk.
pub(super) fn sum(key: &Key, width: usize, data: &[u8]) -> [u8; 16] {
    let hash = blake3::Hasher::new_derive_key(SUM)
        .update(&key.whole)
        .update(&[width as u8])
        .update(data)
        .finalize();
    let mut out = [0; 16];
    out.copy_from_slice(&hash.as_bytes()[..16]);
    out
}

/// A chunk of sorted objects, whose ids have `width` bytes.
pub(super) fn written(width: usize, told: &[Told]) -> Vec<u8> {
    let mut out = Vec::with_capacity(told.len() * (width + 4));
    for (id, _) in told {
        out.extend_from_slice(&id[..width]);
    }
    for (_, searched) in told {
        let kind = KINDS.iter().position(|k| *k == searched.kind);
        let kind = kind.unwrap_or(KINDS.len()) as u8;
        out.push(kind | if searched.hopeful { HOPE } else { 0 });
        if searched.kind == ObjectKind::Blob {
            let mut left = searched.size;
            while left > 0x7f {
                out.push(left as u8 | 0x80);
                left >>= 7;
            }
            out.push(left as u8);
        }
    }
    out
}

/// Tells what is in a chunk, once its checksum was found to hold.
pub(super) fn read(
    key: &Key,
    width: usize,
    objects: u32,
    told_sum: &[u8],
    data: &[u8],
    tell: &mut impl FnMut(&[u8], Searched),
) -> Result<(), Failure> {
    let damaged = || Failure::Damaged("what it says of objects does not parse".to_owned());
    if told_sum != sum(key, width, data) {
        let why = "a checksum in it does not hold";
        return Err(Failure::Damaged(why.to_owned()));
    }
    let ids = (objects as usize)
        .checked_mul(width)
        .filter(|ids| *ids <= data.len());
    let (ids, mut rest) = data.split_at(ids.ok_or_else(damaged)?);
    for id in ids.chunks_exact(width) {
        let (flags, after) = rest.split_first().ok_or_else(damaged)?;
        rest = after;
        let kind = KINDS.get(usize::from(flags & !HOPE)).ok_or_else(damaged)?;
        let mut size = 0u64;
        if *kind == ObjectKind::Blob {
            let mut shift = 0;
            loop {
                let (byte, after) = rest.split_first().ok_or_else(damaged)?;
                rest = after;
                size |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
                if shift > 56 {
                    return Err(damaged());
                }
            }
        }
        tell(
            id,
            Searched {
                kind: *kind,
                hopeful: flags & HOPE != 0,
                size,
            },
        );
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(damaged())
    }
}
