//! Packets of SSH (RFC 4253, section 6; RFC 5647 once they are encrypted), and what is in them (RFC
//! 4251, section 5).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::super::super::Trouble;
use super::super::wire::Wire;

/// The longest packet that every side must take (RFC 4253, section 6.1).
const MOST: usize = 35_000;
/// What a packet is padded to, and the length of its proof.
const BLOCK: usize = 16;

/// A connection's packets, both ways.
pub(super) struct Packets {
    pub(super) wire: Wire,
    ways: Option<(Way, Way)>,
}

/// One direction of an encrypted connection.
struct Way {
    key: LessSafeKey,
    nonce: [u8; 12],
}

impl Way {
    fn new(key: &[u8], nonce: &[u8]) -> Option<Self> {
        Some(Self {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.get(..32)?).ok()?),
            nonce: nonce.get(..12)?.try_into().ok()?,
        })
    }

    /// The nonce of the next packet: its last eight bytes count.
    fn next(&mut self) -> Nonce {
        let now = self.nonce;
        for byte in self.nonce[4..].iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        Nonce::assume_unique_for_key(now)
    }
}

impl Packets {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, ways: None }
    }

    /// Goes on encrypted: keys and first nonces, ours and theirs.
    pub(super) fn encrypt(
        &mut self,
        our_key: &[u8],
        our_nonce: &[u8],
        their_key: &[u8],
        their_nonce: &[u8],
    ) -> Option<()> {
        self.ways = Some((
            Way::new(our_key, our_nonce)?,
            Way::new(their_key, their_nonce)?,
        ));
        Some(())
    }

    pub(super) fn send(&mut self, payload: &[u8]) -> Result<(), Trouble> {
        // With this cipher the length is no part of what is padded.
        let counted = if self.ways.is_some() { 1 } else { 5 };
        let mut padding = BLOCK - (payload.len() + counted) % BLOCK;
        if padding < 4 {
            padding += BLOCK;
        }
        let length = (payload.len() + padding + 1) as u32;
        let head = length.to_be_bytes();
        let mut inner = vec![padding as u8];
        inner.extend_from_slice(payload);
        inner.resize(inner.len() + padding, 0);
        if let Some((ours, _)) = &mut self.ways {
            let nonce = ours.next();
            ours.key
                .seal_in_place_append_tag(nonce, Aad::from(head), &mut inner)
                .map_err(|_| Trouble::Nonsense)?;
        }
        self.wire.write(&[&head[..], &inner].concat())
    }

    pub(super) fn next(&mut self) -> Result<Vec<u8>, Trouble> {
        let head = self.wire.exact(4)?;
        let head = [head[0], head[1], head[2], head[3]];
        let length = u32::from_be_bytes(head) as usize;
        if !(2..=MOST).contains(&length) {
            return Err(Trouble::TooBig);
        }
        let mut inner = match &mut self.ways {
            None => self.wire.exact(length)?,
            Some((_, theirs)) => {
                let mut sealed = self.wire.exact(length + BLOCK)?;
                let nonce = theirs.next();
                let opened = theirs
                    .key
                    .open_in_place(nonce, Aad::from(head), &mut sealed);
                opened.map_err(|_| Trouble::Tls)?.to_vec()
            }
        };
        let padding = usize::from(inner[0]);
        if padding + 1 > inner.len() {
            return Err(Trouble::Nonsense);
        }
        inner.truncate(inner.len() - padding);
        inner.remove(0);
        if inner.is_empty() {
            return Err(Trouble::Nonsense);
        }
        Ok(inner)
    }
}

/// Bytes with their length before them.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// A positive number, big end first.
pub(super) fn mpint(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().take_while(|b| **b == 0).count();
    let bytes = &bytes[start..];
    if bytes.first().is_some_and(|b| *b >= 0x80) {
        string(&[&[0], bytes].concat())
    } else {
        string(bytes)
    }
}

/// Reads what a packet or a key holds.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    pub(super) fn word(&mut self) -> Option<u32> {
        let four = self.take(4)?;
        Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.word()?;
        self.take(length as usize)
    }

    /// A positive number without zeros before it.
    pub(super) fn number(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        let start = bytes.iter().take_while(|b| **b == 0).count();
        Some(&bytes[start..])
    }

    /// A number in so many bytes.
    pub(super) fn fixed(&mut self, count: usize) -> Option<Vec<u8>> {
        let bytes = self.number()?;
        let zeros = count.checked_sub(bytes.len())?;
        Some([&vec![0; zeros], bytes].concat())
    }
}
