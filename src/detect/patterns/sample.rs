//! Examples are drawn from a shape, with the right checksum, by a seeded generator.
//!
//! Nothing that looks like a live credential is ever stored; the same seed gives the same example.

use super::shape::{self, Node};
use super::{ByteSet, Checksum, Pattern};

/// A small seeded generator (splitmix64, public domain by S. Vigna). Not for secrets.
#[derive(Clone, Debug)]
pub struct Sampler(u64);

impl Sampler {
    /// A generator with this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// One of these bytes.
    pub fn pick(&mut self, bytes: &[u8]) -> u8 {
        bytes[self.below(bytes.len())]
    }

    /// `len` random letters and digits.
    pub fn word(&mut self, len: usize) -> String {
        (0..len)
            .map(|_| {
                char::from(
                    self.pick(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
                )
            })
            .collect()
    }

    fn text(&mut self, nodes: &[Node], draw: Draw, out: &mut Vec<u8>) {
        for node in nodes {
            match node {
                Node::Bytes(bytes) => out.extend_from_slice(bytes),
                Node::Set { set, min, max, .. } => {
                    let plain = [ByteSet::ALNUM, ByteSet::from_ranges(&[(b' ', b'~')])];
                    let mut plain = plain.map(|p| set.and(p)).into_iter();
                    let narrow = plain.find(|p| draw.plain && !p.is_empty());
                    let bytes: Vec<u8> = narrow.unwrap_or(*set).iter().collect();
                    let (min, max) = (usize::from(*min), usize::from(*max));
                    let len = match draw.length {
                        Length::Any => {
                            let min = min.max(draw.least).min(max);
                            min + self.below(max.min(min + 8) - min + 1)
                        }
                        Length::Least => min,
                        Length::Most => max,
                    };
                    out.extend((0..len).map(|_| self.pick(&bytes)));
                }
                Node::Either(alternatives) => {
                    let chosen = self.below(alternatives.len());
                    let chosen = match draw.length {
                        Length::Any => &alternatives[chosen],
                        Length::Least => extreme(alternatives, |a| shape::length(a).0, false),
                        Length::Most => extreme(alternatives, |a| shape::length(a).1, true),
                    };
                    self.text(chosen, draw, out);
                }
            }
        }
    }
}

/// The alternative of least or most length.
fn extreme(alternatives: &[Vec<Node>], length: impl Fn(&[Node]) -> usize, most: bool) -> &[Node] {
    let by = |a: &&Vec<Node>| length(a);
    let chosen = if most {
        alternatives.iter().max_by_key(by)
    } else {
        alternatives.iter().min_by_key(by)
    };
    chosen.map_or(&[], Vec::as_slice)
}

/// How a text of a shape is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// How long.
    pub length: Length,
    /// A repetition has so many, if its shape lets it.
    pub least: usize,
    /// Letters and digits only, wherever the shape lets them stand; else what can be printed.
    pub plain: bool,
}

/// How long a drawn text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// Any, but a repetition is at most eight beyond its least.
    #[default]
    Any,
    /// The shortest that the shape accepts.
    Least,
    /// The longest.
    Most,
}

/// Draws a text of `expression`, completed by `checksum`.
pub fn sample_secret(expression: &str, checksum: Checksum, sampler: &mut Sampler) -> Vec<u8> {
    checksum.complete(sample_text(expression, Draw::default(), sampler), sampler)
}

/// Draws a text of `expression`.
pub fn sample_text(expression: &str, draw: Draw, sampler: &mut Sampler) -> Vec<u8> {
    let mut text = Vec::new();
    if let Ok(nodes) = shape::parse(expression) {
        sampler.text(&nodes, draw, &mut text);
    }
    text
}

/// Draws an example of a pattern in its frame, parts and keyword included; and the secret in it.
pub fn sample_match(pattern: &Pattern, sampler: &mut Sampler) -> (Vec<u8>, Vec<u8>) {
    let [before, secret, after] = pattern.expression;
    let secret = sample_secret(secret, pattern.checksum, sampler);
    let mut whole = sample_secret(before, Checksum::None, sampler);
    whole.extend_from_slice(&secret);
    whole.extend(sample_secret(after, Checksum::None, sampler));
    let mut out = Vec::new();
    if pattern.example.is_empty() {
        let name = pattern.names.first().or(pattern.near.first());
        if let Some(name) = name {
            out.extend_from_slice(name.replace([' ', '-'], "_").as_bytes());
            out.extend_from_slice(if pattern.names.is_empty() {
                b"_value"
            } else {
                b""
            });
            out.extend_from_slice(b" = ");
        }
        out.push(b'"');
        out.extend_from_slice(&whole);
        out.push(b'"');
    } else {
        let (head, tail) = pattern
            .example
            .split_once("{}")
            .unwrap_or((pattern.example, ""));
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&whole);
        out.extend_from_slice(tail.as_bytes());
    }
    for part in pattern.parts {
        out.push(b'\n');
        if let Some(name) = part.near.first() {
            out.extend_from_slice(name.replace([' ', '-'], "_").as_bytes());
            out.extend_from_slice(b" = ");
        }
        out.push(b'"');
        out.extend(sample_secret(part.expression, Checksum::None, sampler));
        out.push(b'"');
    }
    out.push(b'\n');
    (out, secret)
}
