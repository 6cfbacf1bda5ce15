//! Pack indexes, versions 1 and 2 (git's `Documentation/gitformat-pack`): which objects a pack
//! holds, where, and the checksum of each entry as it is stored.

use super::HashKind;

/// A parsed index. Places are numbers in order of id.
#[derive(Debug, Default)]
pub(super) struct PackIndex {
    /// All ids in a row, sorted.
    pub(super) ids: Vec<u8>,
    /// Where each object's entry begins in the pack.
    pub(super) offsets: Vec<u64>,
    /// CRC-32 of each entry; version 1 has none.
    pub(super) crcs: Option<Vec<u32>>,
}

impl PackIndex {
    /// Parses the bytes of an `.idx` file.
    pub(super) fn parse(data: &[u8], hash: HashKind) -> Result<Self, String> {
        const CUT: &str = "the index ends too early";
        let is_v2 = data.starts_with(b"\xfftOc");
        if is_v2 && data.get(4..8) != Some(&[0, 0, 0, 2]) {
            return Err("the index has a version that is not known".to_owned());
        }
        let (fan, rest) = data[if is_v2 { 8 } else { 0 }..]
            .split_at_checked(1024)
            .ok_or(CUT)?;
        let fan: Vec<u32> = fan
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| u32::from_be_bytes(*b))
            .collect();
        if fan.windows(2).any(|w| w[0] > w[1]) {
            return Err("the index's table of first bytes is not in order".to_owned());
        }
        let (count, len) = (fan[255] as usize, hash.bytes());
        let index = if is_v2 {
            Self::version2(rest, count, len).ok_or(CUT)??
        } else {
            Self::version1(rest, count, len).ok_or(CUT)?
        };
        let ids = index.ids.chunks_exact(len);
        if ids.clone().zip(ids.skip(1)).any(|(a, b)| a >= b) {
            return Err("the index's ids are not in order".to_owned());
        }
        Ok(index)
    }

    fn version1(rest: &[u8], count: usize, len: usize) -> Option<Self> {
        let table = rest.get(..count.checked_mul(4 + len)?)?;
        let mut index = Self::default();
        index.ids.reserve_exact(count * len);
        for row in table.chunks_exact(4 + len) {
            let (offset, id) = row.split_at(4);
            index.offsets.push(u64::from(big_endian(offset)));
            index.ids.extend_from_slice(id);
        }
        Some(index)
    }

    #[allow(clippy::type_complexity)] // too short, or wrong, or good
    fn version2(rest: &[u8], count: usize, len: usize) -> Option<Result<Self, String>> {
        let (ids, rest) = rest.split_at_checked(count.checked_mul(len)?)?;
        let (crcs, rest) = rest.split_at_checked(count.checked_mul(4)?)?;
        let (offsets, rest) = rest.split_at_checked(count.checked_mul(4)?)?;
        let large = rest.get(..rest.len().checked_sub(2 * len)?)?;
        let mut index = Self {
            ids: ids.to_vec(),
            offsets: Vec::with_capacity(count),
            crcs: Some(
                crcs.as_chunks::<4>()
                    .0
                    .iter()
                    .map(|b| u32::from_be_bytes(*b))
                    .collect(),
            ),
        };
        for bytes in offsets.as_chunks::<4>().0 {
            let offset = u32::from_be_bytes(*bytes);
            if offset >> 31 == 0 {
                index.offsets.push(u64::from(offset));
            } else {
                let at = (offset & 0x7fff_ffff) as usize;
                let Some(bytes) = large.as_chunks::<8>().0.get(at) else {
                    return Some(Err("the index points beyond its large offsets".to_owned()));
                };
                index.offsets.push(u64::from_be_bytes(*bytes));
            }
        }
        Some(Ok(index))
    }
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, b| n << 8 | u32::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index as the format's documentation lays it out.
    fn written(version: u8, rows: &[([u8; 20], u64)]) -> Vec<u8> {
        let mut out = Vec::new();
        if version == 2 {
            out.extend(b"\xfftOc\0\0\0\x02");
        }
        for first in 0..=255u8 {
            let count = rows.iter().filter(|(id, _)| id[0] <= first).count() as u32;
            out.extend(count.to_be_bytes());
        }
        if version == 1 {
            for (id, offset) in rows {
                out.extend((*offset as u32).to_be_bytes());
                out.extend(id);
            }
        } else {
            out.extend(rows.iter().flat_map(|(id, _)| *id));
            out.extend(
                rows.iter()
                    .flat_map(|(id, _)| u32::from(id[1]).to_be_bytes()),
            );
            let mut large = Vec::new();
            for (_, offset) in rows {
                if *offset < 1 << 31 {
                    out.extend((*offset as u32).to_be_bytes());
                } else {
                    out.extend((0x8000_0000 | (large.len() / 8) as u32).to_be_bytes());
                    large.extend(offset.to_be_bytes());
                }
            }
            out.extend(large);
        }
        out.extend([0; 40]);
        out
    }

    fn rows(large: bool) -> Vec<([u8; 20], u64)> {
        (0..9u8)
            .map(|n| {
                let far = if large && n % 2 == 0 { 1 << 33 } else { 0 };
                ([n * 20 + 1; 20], 12 + u64::from(n) * 50 + far)
            })
            .collect()
    }

    #[test]
    fn both_versions_say_the_same() {
        for version in [1, 2] {
            let rows = rows(version == 2);
            let data = written(version, &rows);
            let index = PackIndex::parse(&data, HashKind::Sha1).unwrap();
            let offsets: Vec<u64> = rows.iter().map(|r| r.1).collect();
            assert_eq!(index.offsets, offsets);
            let ids: Vec<u8> = rows.iter().flat_map(|r| r.0).collect();
            assert_eq!(index.ids, ids);
            assert_eq!(index.crcs.is_some(), version == 2);
            for cut in 0..data.len() - 40 {
                assert!(
                    PackIndex::parse(&data[..cut], HashKind::Sha1).is_err(),
                    "{cut}"
                );
            }
        }
    }

    #[test]
    fn disorder_is_damage() {
        let mut swapped = rows(false);
        swapped.swap(2, 3);
        for version in [1, 2] {
            assert!(PackIndex::parse(&written(version, &swapped), HashKind::Sha1).is_err());
        }
        let mut data = written(2, &rows(true));
        let large = data.len() - 40 - 5 * 8;
        data.drain(large + 8..large + 16);
        assert!(
            PackIndex::parse(&data, HashKind::Sha1)
                .unwrap_err()
                .contains("beyond")
        );
        assert!(PackIndex::parse(b"\xfftOc\0\0\0\x09", HashKind::Sha1).is_err());
    }
}
