//! The table of objects: every id once, sorted, so that an object's place is its number.

/// How objects are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashKind {
    /// 20 bytes.
    #[default]
    Sha1,
    /// 32 bytes.
    Sha256,
}

impl HashKind {
    /// Bytes of an id.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The bytes of an id written in hex.
    pub fn parse(self, hex: &[u8]) -> Option<[u8; 32]> {
        if hex.len() != 2 * self.bytes() {
            return None;
        }
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            b'A'..=b'F' => Some(b - b'A' + 10),
            _ => None,
        };
        let mut id = [0; 32];
        for (byte, pair) in id.iter_mut().zip(hex.as_chunks::<2>().0) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(id)
    }
}

/// Ids of objects, sorted; a number is a place in the table.
#[derive(Debug, Default)]
pub struct Objects {
    hash: HashKind,
    /// All ids in a row.
    ids: Vec<u8>,
    /// For each value of the first two bytes, how many ids begin with it or less.
    fan: Vec<u32>,
}

impl Objects {
    /// The table of ids that are given in any order, one after another.
    pub(super) fn new(hash: HashKind, sorted_lists: &[&[u8]]) -> Self {
        let ids = match sorted_lists {
            [one] => one.to_vec(),
            lists => match hash {
                HashKind::Sha1 => merged::<20>(lists),
                HashKind::Sha256 => merged::<32>(lists),
            },
        };
        let mut fan = vec![0u32; 1 << 16];
        for id in ids.chunks_exact(hash.bytes()) {
            fan[usize::from(u16::from_be_bytes([id[0], id[1]]))] += 1;
        }
        let mut sum = 0;
        for count in &mut fan {
            sum += *count;
            *count = sum;
        }
        Self { hash, ids, fan }
    }

    /// How objects are named.
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len() / self.hash.bytes()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of an object.
    pub fn id(&self, number: u32) -> &[u8] {
        let len = self.hash.bytes();
        &self.ids[number as usize * len..][..len]
    }

    /// The id of an object, in hex.
    pub fn hex(&self, number: u32) -> String {
        hex(self.id(number))
    }

    /// The number of the object with this id.
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        let len = self.hash.bytes();
        let id = id.get(..len)?;
        let bucket = usize::from(u16::from_be_bytes([id[0], id[1]]));
        let mut high = *self.fan.get(bucket)? as usize;
        let mut low = bucket.checked_sub(1).map_or(0, |b| self.fan[b] as usize);
        // Ids are spread evenly: the next two bytes tell nearly where in the bucket one is, and
        // eight bytes tell nearly all ids of a bucket apart.
        let wanted = word(id);
        let mut middle = low + (((high - low) * (wanted >> 48) as usize) >> 16);
        let mut step = 1;
        while low < high {
            let here = &self.ids[middle * len..][..len];
            match word(here)
                .cmp(&wanted)
                .then_with(|| here[10..].cmp(&id[10..]))
            {
                std::cmp::Ordering::Less => {
                    low = middle + 1;
                    middle = low + step - 1;
                }
                std::cmp::Ordering::Greater => {
                    high = middle;
                    middle = high.saturating_sub(step);
                }
                std::cmp::Ordering::Equal => return Some(middle as u32),
            }
            // Neighbours first, then halves: what is not spread evenly costs no more than that.
            step *= 2;
            if step > NEAR || middle < low || middle >= high {
                middle = low.midpoint(high);
            }
        }
        None
    }

    /// Up to two of the objects whose ids begin with these digits.
    pub(super) fn starting_with(&self, hex: &[u8]) -> Vec<u32> {
        let whole = 2 * self.hash.bytes();
        if hex.len() > whole {
            return Vec::new();
        }
        let mut least = hex.to_ascii_lowercase();
        least.resize(whole, b'0');
        let Some(least) = self.hash.parse(&least) else {
            return Vec::new();
        };
        let least = &least[..self.hash.bytes()];
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.id(middle as u32) < least {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let hex = hex.to_ascii_lowercase();
        let next = (low as u32..self.len() as u32).take(2);
        next.filter(|n| self.hex(*n).as_bytes().starts_with(&hex))
            .collect()
    }

    /// The numbers of ids in a row; those that are not in the table are left out.
    pub(super) fn numbers(&self, ids: &[u8]) -> Vec<u32> {
        if ids == self.ids {
            return (0..self.len() as u32).collect();
        }
        let ids = ids.chunks_exact(self.hash.bytes());
        ids.filter_map(|id| self.find(id)).collect()
    }

    /// The number of the object with this id in hex.
    pub fn find_hex(&self, hex: &[u8]) -> Option<u32> {
        self.find(&self.hash.parse(hex)?)
    }
}

/// How far from where it should be an id is looked for before its whole bucket is halved.
const NEAR: usize = 4;

/// The bytes of an id behind those that choose its bucket.
fn word(id: &[u8]) -> u64 {
    u64::from_be_bytes([id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9]])
}

/// An id in hex.
pub fn hex(id: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = id
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
    digits.map(char::from).collect()
}

/// Sorts and keeps each id once.
fn merged<const N: usize>(lists: &[&[u8]]) -> Vec<u8> {
    let mut all: Vec<[u8; N]> = lists
        .iter()
        .flat_map(|list| list.as_chunks::<N>().0)
        .copied()
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_and_no_other() {
        let id = |n: u32| {
            let mut id = [0u8; 20];
            id[..4].copy_from_slice(&(n.wrapping_mul(0x9E37_79B9)).to_be_bytes());
            id[19] = 1;
            id
        };
        let mut a: Vec<[u8; 20]> = (0..700).map(id).collect();
        let mut b: Vec<[u8; 20]> = (500..1000).map(id).collect();
        a.sort_unstable();
        b.sort_unstable();
        let objects = Objects::new(HashKind::Sha1, &[a.as_flattened(), b.as_flattened()]);
        assert_eq!(objects.len(), 1000);
        for n in 0..1000 {
            let found = objects.find(&id(n)).expect("it is in a list");
            assert_eq!(objects.id(found), id(n));
            assert_eq!(objects.find_hex(objects.hex(found).as_bytes()), Some(found));
            let mut other = id(n);
            other[19] = 2;
            assert_eq!(objects.find(&other), None);
        }
        assert!(Objects::new(HashKind::Sha1, &[]).find(&[0; 20]).is_none());
        assert_eq!(objects.find_hex(b"zz"), None);
        let one = objects.hex(500);
        assert_eq!(objects.starting_with(&one.as_bytes()[..8]), [500]);
        assert_eq!(objects.starting_with(one.to_uppercase().as_bytes()), [500]);
        assert_eq!(objects.starting_with(b"").len(), 2, "several");
        assert!(objects.starting_with(b"xyz1").is_empty());
        let last = objects.hex(999);
        assert_eq!(objects.starting_with(&last.as_bytes()[..10]), [999]);
        assert!(objects.starting_with(&[b'0'; 80]).is_empty());
    }
}
