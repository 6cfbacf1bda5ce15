//! One table: header, blocks of references, blocks of logs, footer.

use std::cmp::Reverse;

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::super::HashKind;
use super::super::lookup::Id;
use super::{Budget, Stack, Value};

/// What a record costs besides its bytes.
pub(super) const RECORD: u64 = 64;
/// The longest key of a record: a name, and of a log nine bytes more.
const KEY_BYTES: usize = 64 << 10;
/// Bytes before the records of a block: its type and its length.
const BLOCK_HEADER: usize = 4;

/// Joins a table to what older ones said.
///
/// # Errors
///
/// Words, if it is damaged; what was read before the damage is joined.
pub(super) fn join(
    data: &[u8],
    hash: HashKind,
    budget: &mut Budget,
    stack: &mut Stack,
) -> Result<(), String> {
    let table = Table::open(data, hash)?;
    table.references(budget, stack)?;
    table.logs(budget, stack)
}

struct Table<'d> {
    /// Without the footer.
    data: &'d [u8],
    hash: HashKind,
    /// Bytes before the first block.
    header: usize,
    block_size: usize,
    /// Where blocks of references end at the latest.
    refs_end: usize,
    /// Where blocks of logs begin and end at the latest.
    logs: Option<(usize, usize)>,
}

fn be(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, b| sum << 8 | u64::from(*b))
}

impl<'d> Table<'d> {
    fn open(data: &'d [u8], hash: HashKind) -> Result<Self, String> {
        let bad = |why: &str| Err(why.to_owned());
        let header = match data.get(..5) {
            Some(b"REFT\x01") => 24,
            Some(b"REFT\x02") => 28,
            Some([b'R', b'E', b'F', b'T', _]) => {
                return bad("it is a reftable of a version that is not known");
            }
            _ => return bad("it is no reftable"),
        };
        // Five places and a checksum come after what the header says again.
        let Some(end) = data.len().checked_sub(header + 5 * 8 + 4) else {
            return bad("it is too short for a reftable");
        };
        let Some(footer) = data.get(end..).filter(|_| end >= header) else {
            return bad("it is too short for a reftable");
        };
        let (told, sum) = footer.split_at(footer.len() - 4);
        if u64::from(libdeflater::crc32(told)) != be(sum) {
            return bad("its footer does not have its checksum");
        }
        if told[..header] != data[..header] {
            return bad("its header and its footer disagree");
        }
        let named = match data.get(24..header) {
            Some([] | b"sha1") => HashKind::Sha1,
            Some(b"s256") => HashKind::Sha256,
            _ => return bad("it has ids of a kind that is not known"),
        };
        if named != hash {
            return bad("it has ids of another kind than the repository");
        }
        let mut places = [0; 5];
        for (place, bytes) in places.iter_mut().zip(told[header..].chunks_exact(8)) {
            *place = be(bytes);
        }
        // The place of the map of objects shares its number with a length.
        places[1] >>= 5;
        if places.iter().any(|place| *place > end as u64) {
            return bad("its footer names a place beyond its end");
        }
        let [ref_index, objects, object_index, log, log_index] = places.map(|p| p as usize);
        let after = |least: usize, places: &[usize]| {
            let later = places.iter().copied().filter(|place| *place > least);
            later.min().unwrap_or(end)
        };
        let has_first = end > header;
        let logs = match data[header] {
            b'g' if has_first => Some(0),
            _ => Some(log).filter(|log| *log > 0),
        };
        Ok(Self {
            data: &data[..end],
            hash,
            header,
            block_size: be(&data[5..8]) as usize,
            refs_end: after(0, &[ref_index, objects, object_index, log, log_index]),
            logs: logs.map(|start| (start, after(start, &[log_index]))),
        })
    }

    /// The type of the block at a place, where its records begin, and how long it says it is.
    fn block(&self, at: usize) -> Result<(u8, usize, usize), String> {
        let skip = if at == 0 { self.header } else { 0 };
        let head = self.data.get(at + skip..at + skip + BLOCK_HEADER);
        let head = head.ok_or("a block ends too early")?;
        let (start, len) = (skip + BLOCK_HEADER, be(&head[1..]) as usize);
        if len < start {
            return Err("a block is shorter than its header".to_owned());
        }
        Ok((head[0], start, len))
    }

    fn references(&self, budget: &mut Budget, stack: &mut Stack) -> Result<(), String> {
        let (mut at, mut last) = (0, Vec::new());
        while at + if at == 0 { self.header } else { 0 } < self.refs_end {
            let (kind, start, len) = self.block(at)?;
            match kind {
                b'r' => {}
                // What comes after references.
                b'i' | b'o' | b'g' => return Ok(()),
                _ => return Err("a block is of a kind that is not known".to_owned()),
            }
            let block = self
                .data
                .get(at..at + len)
                .ok_or("a block ends too early")?;
            let mut records = Records::new(block, start, &mut last)?;
            while let Some(kind) = records.next(budget)? {
                records.varint()?;
                let value = match kind {
                    0 => None,
                    1 => Some(Value::Object(records.id(self.hash)?)),
                    2 => {
                        let id = records.id(self.hash)?;
                        // What the tag leads to is in the tag.
                        records.id(self.hash)?;
                        Some(Value::Object(id))
                    }
                    3 => {
                        let len = records.varint()?;
                        let name = records.bytes(len)?;
                        budget.take(len)?;
                        Some(Value::Name(name.to_vec()))
                    }
                    _ => return Err("a record is of a kind that is not known".to_owned()),
                };
                match value {
                    Some(value) => stack.refs.insert(records.key.clone(), value),
                    None => stack.refs.remove(&*records.key),
                };
            }
            // Blocks may be filled up with NULs to one length.
            at += match self.data.get(at + len) {
                Some(0) if len < self.block_size => self.block_size,
                _ => len,
            };
        }
        Ok(())
    }

    fn logs(&self, budget: &mut Budget, stack: &mut Stack) -> Result<(), String> {
        let Some((mut at, end)) = self.logs else {
            return Ok(());
        };
        let mut last = Vec::new();
        let mut state = InflateState::new_boxed(DataFormat::Zlib);
        while at + if at == 0 { self.header } else { 0 } < end {
            let (kind, start, len) = self.block(at)?;
            match kind {
                b'g' => {}
                b'i' => return Ok(()),
                _ => return Err("a block is of a kind that is not known".to_owned()),
            }
            budget.take(len as u64)?;
            let mut block = vec![0; len];
            state.reset(DataFormat::Zlib);
            let deflated = &self.data[at + start..];
            let taken = inflated(&mut state, deflated, &mut block[start..])?;
            let mut records = Records::new(&block, start, &mut last)?;
            while let Some(kind) = records.next(budget)? {
                let entry = match kind {
                    0 => None,
                    1 => {
                        let ids = (records.id(self.hash)?, records.id(self.hash)?);
                        // Name, mail address, time, zone, message.
                        for _ in 0..2 {
                            let len = records.varint()?;
                            records.bytes(len)?;
                        }
                        records.varint()?;
                        records.bytes(2)?;
                        let len = records.varint()?;
                        records.bytes(len)?;
                        Some(ids)
                    }
                    _ => return Err("a record is of a kind that is not known".to_owned()),
                };
                let (name, time) = log_key(records.key).ok_or("the key of a log does not parse")?;
                match entry {
                    Some(ids) => {
                        let log = stack.logs.entry(name.to_vec()).or_default();
                        log.insert(Reverse(time), ids);
                    }
                    None => {
                        if let Some(log) = stack.logs.get_mut(name) {
                            log.remove(&Reverse(time));
                        }
                    }
                }
            }
            at += start + taken;
        }
        Ok(())
    }
}

/// Fills `out` from a zlib stream that must end there; how many bytes it took.
fn inflated(state: &mut InflateState, input: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let (mut taken, mut made) = (0, 0);
    loop {
        let step = inflate(state, &input[taken..], &mut out[made..], MZFlush::None);
        taken += step.bytes_consumed;
        made += step.bytes_written;
        match step.status {
            Ok(MZStatus::StreamEnd) if made == out.len() => return Ok(taken),
            Ok(MZStatus::Ok) if step.bytes_consumed + step.bytes_written > 0 => {}
            _ => return Err("the compressed data of a block is damaged".to_owned()),
        }
    }
}

/// The name and the number of an update: `name NUL number`, the number counted down from the top.
fn log_key(key: &[u8]) -> Option<(&[u8], u64)> {
    let (name, number) = key.split_at_checked(key.len().checked_sub(8)?)?;
    Some((name.strip_suffix(b"\0")?, !be(number)))
}

/// The records of a block.
struct Records<'b, 'k> {
    data: &'b [u8],
    at: usize,
    /// That of the record at hand: the first so many bytes of the one before, and its own.
    key: &'k mut Vec<u8>,
    is_first: bool,
}

impl<'b, 'k> Records<'b, 'k> {
    /// Of a block, from `start` on. `key` is the last of the block before.
    fn new(block: &'b [u8], start: usize, key: &'k mut Vec<u8>) -> Result<Self, String> {
        // At the end: three bytes for each place where a key is whole, and how many there are.
        let places = block.len().checked_sub(2).filter(|at| *at >= start);
        let places = places.ok_or("a block ends too early")?;
        let count = be(&block[places..]) as usize;
        let end = places.checked_sub(3 * count).filter(|end| *end >= start);
        let end = end.filter(|_| count > 0);
        let end = end.ok_or("a block does not say where its records end")?;
        Ok(Self {
            data: &block[..end],
            at: start,
            key,
            is_first: true,
        })
    }

    /// Goes to the next record: the three bits of its kind.
    fn next(&mut self, budget: &mut Budget) -> Result<Option<u8>, String> {
        if self.at == self.data.len() {
            return Ok(None);
        }
        let shared = self.varint()?;
        let head = self.varint()?;
        let own = self.bytes(head >> 3)?;
        let shared = usize::try_from(shared).ok();
        let shared = shared.filter(|s| *s <= self.key.len() && (*s == 0 || !self.is_first));
        let shared = shared.ok_or("a record has more in common than there is")?;
        if own <= &self.key[shared..] {
            return Err("its records are not in order".to_owned());
        }
        if shared + own.len() > KEY_BYTES {
            return Err(format!("a name has more than {KEY_BYTES} bytes"));
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.is_first = false;
        budget.take(RECORD + self.key.len() as u64)?;
        Ok(Some(head as u8 & 7))
    }

    fn bytes(&mut self, len: u64) -> Result<&'b [u8], String> {
        let end = usize::try_from(len)
            .ok()
            .and_then(|l| l.checked_add(self.at));
        let bytes = end.and_then(|end| self.data.get(self.at..end));
        let bytes = bytes.ok_or("a record ends too early")?;
        self.at += bytes.len();
        Ok(bytes)
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut byte = self.bytes(1)?[0];
        let mut value = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.bytes(1)?[0];
            let more = value.checked_add(1).filter(|v| v.leading_zeros() >= 7);
            value = more.ok_or("a number is too big")? << 7 | u64::from(byte & 0x7f);
        }
        Ok(value)
    }

    fn id(&mut self, hash: HashKind) -> Result<Id, String> {
        let mut id = [0; 32];
        id[..hash.bytes()].copy_from_slice(self.bytes(hash.bytes() as u64)?);
        Ok(id)
    }
}
