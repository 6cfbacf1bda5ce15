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
/// All ranges and the exact length are checked before anything is allocated; `limit` is the
/// longest text that is rebuilt.
///
/// # Errors
///
/// Words for what is wrong with the delta.
pub fn apply(
    delta: &[u8],
    base: &[u8],
    limit: u64,
    out: &mut Vec<u8>,
    segments: &mut Vec<Segment>,
) -> Result<(), String> {
    let length = parse(delta, base.len(), limit, segments)?;
    out.clear();
    out.reserve(length);
    // Inserted bytes of one segment may stand in several instructions: read the delta again.
    let mut rest = &delta[header(delta).ok_or(CUT)?.2..];
    while let Some((op, after)) = rest.split_first() {
        rest = after;
        if op & 0x80 == 0 {
            let (bytes, after) = rest.split_at(usize::from(*op));
            out.extend_from_slice(bytes);
            rest = after;
        } else {
            let (from, len) = copy(*op, &mut rest).ok_or(CUT)?;
            out.extend_from_slice(&base[from..from + len]);
        }
    }
    Ok(())
}

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

/// Reads the operands of a copy.
fn copy(op: u8, rest: &mut &[u8]) -> Option<(usize, usize)> {
    let mut operand = |bits: u8, count: u8| {
        let mut value = 0usize;
        for i in 0..count {
            if bits >> i & 1 == 1 {
                let (byte, after) = rest.split_first()?;
                value |= usize::from(*byte) << (8 * i);
                *rest = after;
            }
        }
        Some(value)
    };
    let from = operand(op, 4)?;
    let len = operand(op >> 4, 3)?;
    Some((from, if len == 0 { 0x1_0000 } else { len }))
}

/// Checks a delta against the length of its base and fills in the segments; the result's length.
fn parse(
    delta: &[u8],
    base: usize,
    limit: u64,
    segments: &mut Vec<Segment>,
) -> Result<usize, String> {
    segments.clear();
    let (old, new, start) = header(delta).ok_or(CUT)?;
    if old != base as u64 {
        return Err(format!(
            "its delta is for a base of {old} bytes, not {base}"
        ));
    }
    if new > limit {
        return Err(format!("it has {new} bytes; at most {limit} are rebuilt"));
    }
    let mut rest = &delta[start..];
    let mut at = 0usize;
    while let Some((op, after)) = rest.split_first() {
        rest = after;
        let (len, from) = if op & 0x80 == 0 {
            let len = usize::from(*op);
            if len == 0 {
                return Err("its delta has an instruction that does not exist".to_owned());
            }
            rest = rest.get(len..).ok_or(CUT)?;
            (len, None)
        } else {
            let (from, len) = copy(*op, &mut rest).ok_or(CUT)?;
            if from + len > base {
                return Err("its delta copies from beyond its base".to_owned());
            }
            (len, Some(from))
        };
        if (at + len) as u64 > new {
            return Err("its delta makes more than it claims".to_owned());
        }
        match segments.last_mut() {
            Some(last) if last.from.map(|f| f + last.len) == from => last.len += len,
            _ => segments.push(Segment { at, len, from }),
        }
        at += len;
    }
    if at as u64 != new {
        return Err("its delta makes less than it claims".to_owned());
    }
    Ok(at)
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
