//! Git's deltas: a text made of ranges of another text and of inserted bytes.

/// A piece of a rebuilt text. Neighbours that continue each other are one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it begins in the rebuilt text.
    pub at: usize,
    /// How long it is; never 0.
    pub len: usize,
    /// Where it was copied from in the base; `None` for inserted bytes.
    pub from: Option<usize>,
}

impl Segment {
    /// One past its end in the rebuilt text.
    pub const fn end(&self) -> usize {
        self.at + self.len
    }
}

/// Rebuilds the text that `delta` makes of `base` into `out`, and tells its segments.
///
/// All ranges and the exact length are checked; `limit` is the longest text that is rebuilt. Of a
/// length that is only claimed no more is allocated at once than a mebibyte beyond twice the
/// base's length.
///
/// # Errors
///
/// Words for what is wrong with the delta; `out` holds nothing of use then.
pub fn apply(
    delta: &[u8],
    base: &[u8],
    limit: u64,
    out: &mut Vec<u8>,
    segments: &mut Vec<Segment>,
) -> Result<(), String> {
    segments.clear();
    out.clear();
    let (old, new, start) = header(delta).ok_or(CUT)?;
    if old != base.len() as u64 {
        return Err(format!(
            "its delta is for a base of {old} bytes, not {}",
            base.len()
        ));
    }
    if new > limit {
        return Err(format!("it has {new} bytes; at most {limit} are rebuilt"));
    }
    let new = new as usize;
    out.reserve(new.min(2 * base.len() + AT_ONCE));
    let mut rest = &delta[start..];
    while let Some((op, after)) = rest.split_first() {
        rest = after;
        let (bytes, from) = if op & 0x80 == 0 {
            if *op == 0 {
                return Err("its delta has an instruction that does not exist".to_owned());
            }
            let (bytes, after) = rest.split_at_checked(usize::from(*op)).ok_or(CUT)?;
            rest = after;
            (bytes, None)
        } else {
            let (from, len) = copy(*op, &mut rest).ok_or(CUT)?;
            let bytes = base.get(from..from + len);
            let bytes = bytes.ok_or("its delta copies from beyond its base")?;
            (bytes, Some(from))
        };
        let (at, len) = (out.len(), bytes.len());
        if at + len > new {
            return Err("its delta makes more than it claims".to_owned());
        }
        match segments.last_mut() {
            Some(last) if last.from.map(|f| f + last.len) == from => last.len += len,
            _ => segments.push(Segment { at, len, from }),
        }
        out.extend_from_slice(bytes);
    }
    if out.len() != new {
        return Err("its delta makes less than it claims".to_owned());
    }
    Ok(())
}

/// Bytes that are allocated for a text before any of it is there.
const AT_ONCE: usize = 1 << 20;

const CUT: &str = "its delta ends too early";

/// The lengths that a delta claims, of the base and of the result, and where its first
/// instruction is.
fn header(delta: &[u8]) -> Option<(u64, u64, usize)> {
    let mut at = 0;
    let mut number = || {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = *delta.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    };
    let lengths = (number()?, number()?);
    Some((lengths.0, lengths.1, at))
}

/// Reads the operands of a copy: where from, and how much.
fn copy(op: u8, rest: &mut &[u8]) -> Option<(usize, usize)> {
    // Bytes of which the bits of `op` say that they are there, the others being 0.
    let count = (op & 0x7f).count_ones() as usize;
    let mut next = [0; 8];
    if let Some(eight) = rest.first_chunk::<8>() {
        next = *eight;
    } else {
        next[..count].copy_from_slice(rest.get(..count)?);
    }
    *rest = &rest[count..];
    let spread = spread(u64::from_le_bytes(next), op & 0x7f);
    let (from, len) = (spread & 0xffff_ffff, spread >> 32);
    Some((
        from as usize,
        if len == 0 { 0x1_0000 } else { len as usize },
    ))
}

/// The bytes of `packed` at the places of the bits of `present`.
fn spread(mut packed: u64, present: u8) -> u64 {
    let mut spread = 0;
    for place in 0..7 {
        let mask = u64::from(present >> place & 1) * 0xff;
        spread |= (packed & mask) << (8 * place);
        packed >>= mask & 8;
    }
    spread
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in super::super) fn number(mut value: usize, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    /// Writes the delta of a list of pieces as the format says.
    pub(in super::super) fn encode(
        base: usize,
        pieces: &[Result<(usize, usize), Vec<u8>>],
    ) -> Vec<u8> {
        let total: usize = pieces
            .iter()
            .map(|p| p.as_ref().map_or_else(Vec::len, |c| c.1))
            .sum();
        let mut out = Vec::new();
        number(base, &mut out);
        number(total, &mut out);
        for piece in pieces {
            match piece {
                Ok((from, len)) => {
                    let (mut from, mut left) = (*from, *len);
                    while left > 0 {
                        let len = left.min(0xff_ffff);
                        let at = out.len();
                        out.push(0x80);
                        for (i, byte) in from.to_le_bytes()[..4].iter().enumerate() {
                            if *byte != 0 {
                                out[at] |= 1 << i;
                                out.push(*byte);
                            }
                        }
                        let shown = if len == 0x1_0000 { 0 } else { len };
                        for (i, byte) in shown.to_le_bytes()[..3].iter().enumerate() {
                            if *byte != 0 {
                                out[at] |= 0x10 << i;
                                out.push(*byte);
                            }
                        }
                        from += len;
                        left -= len;
                    }
                }
                Err(bytes) => {
                    for chunk in bytes.chunks(127) {
                        out.push(chunk.len() as u8);
                        out.extend(chunk);
                    }
                }
            }
        }
        out
    }

    fn rebuilt(delta: &[u8], base: &[u8]) -> Result<(Vec<u8>, Vec<Segment>), String> {
        let (mut out, mut segments) = (Vec::new(), Vec::new());
        apply(delta, base, 1 << 20, &mut out, &mut segments).map(|()| (out, segments))
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(
            base in proptest::collection::vec(any::<u8>(), 1..400),
            pieces in proptest::collection::vec((any::<bool>(), any::<u16>(), 1usize..300), 0..12),
        ) {
            let mut expected = Vec::new();
            let pieces: Vec<_> = pieces.into_iter().map(|(copied, from, len)| {
                let from = usize::from(from) % base.len();
                let len = len.min(base.len() - from);
                if copied {
                    expected.extend_from_slice(&base[from..from + len]);
                    Ok((from, len))
                } else {
                    let bytes: Vec<u8> = (0..len).map(|i| i as u8 ^ 0x5a).collect();
                    expected.extend_from_slice(&bytes);
                    Err(bytes)
                }
            }).collect();
            let (out, segments) = rebuilt(&encode(base.len(), &pieces), &base).unwrap();
            prop_assert_eq!(&out, &expected);
            let mut at = 0;
            for s in &segments {
                prop_assert_eq!(s.at, at);
                prop_assert!(s.len > 0);
                if let Some(from) = s.from {
                    prop_assert_eq!(&out[s.at..s.end()], &base[from..from + s.len]);
                }
                at = s.end();
            }
            prop_assert_eq!(at, out.len());
        }

        #[test]
        fn any_bytes_give_a_text_or_words(delta: Vec<u8>, base: Vec<u8>) {
            if let Ok((out, _)) = rebuilt(&delta, &base) {
                prop_assert!(out.len() <= 1 << 20);
            }
        }
    }

    #[test]
    fn damage_is_named() {
        let base = b"0123456789";
        let good = encode(10, &[Ok((2, 5)), Err(b"xy".to_vec())]);
        assert_eq!(rebuilt(&good, base).unwrap().0, b"23456xy");
        let beyond = encode(10, &[Ok((6, 5))]);
        assert!(rebuilt(&beyond, base).unwrap_err().contains("beyond"));
        assert!(
            rebuilt(&good, &base[1..])
                .unwrap_err()
                .contains("for a base of 10")
        );
        for cut in 0..good.len() {
            assert!(rebuilt(&good[..cut], base).is_err(), "cut at {cut}");
        }
        let mut less = good.clone();
        less[1] += 1;
        assert!(rebuilt(&less, base).unwrap_err().contains("less"));
        let mut more = good.clone();
        more[1] -= 1;
        assert!(rebuilt(&more, base).unwrap_err().contains("more"));
        // A bomb: few bytes that claim to make very many.
        let mut bomb = Vec::new();
        number(10, &mut bomb);
        number(1 << 40, &mut bomb);
        assert!(rebuilt(&bomb, base).unwrap_err().contains("at most"));
    }
}
