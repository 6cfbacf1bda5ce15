//! The header of a 7z archive: which streams there are, how they were made, and what the files in
//! them are called.
//!
//! It is read here and not by a crate: every number in it is believed only as far as the bytes of the
//! header reach, since a table of its size is what would be allocated.

use std::fmt;

/// What a header tells.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Where the first packed stream begins, behind the signature header.
    pub(super) pack_at: u64,
    pub(super) pack_sizes: Vec<u64>,
    pub(super) folders: Vec<Folder>,
    /// The names of all files, in the order of their contents: UTF-16, each with a NUL behind it.
    names: Vec<u16>,
    /// Which of them have no bytes.
    empty: Vec<bool>,
}

/// Streams that were packed together.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) coders: Vec<Coder>,
    /// Input and output of coders that are joined.
    pub(super) pairs: Vec<(u64, u64)>,
    /// Inputs that are packed streams.
    pub(super) packed: Vec<u64>,
    /// Bytes of each coder's output.
    pub(super) sizes: Vec<u64>,
    /// Bytes of each file in it.
    pub(super) files: Vec<u64>,
    /// Whether all of it has a checksum.
    has_sum: bool,
}

#[derive(Debug, Default)]
pub(super) struct Coder {
    pub(super) id: Vec<u8>,
    pub(super) inputs: u64,
    pub(super) properties: Vec<u8>,
}

/// Why a header cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Ended,
    /// A number that cannot be.
    Number,
    /// Something in another order than it has.
    Order(u8),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("its header ends too early"),
            Self::Number => f.write_str("its header has a number that cannot be"),
            Self::Order(id) => write!(f, "its header has a part {id} where none can be"),
        }
    }
}

type Read<T> = Result<T, Wrong>;

const END: u64 = 0;
pub(super) const HEADER: u8 = 1;
const ARCHIVE_PROPERTIES: u64 = 2;
const MAIN_STREAMS: u64 = 4;
const FILES: u64 = 5;
const PACK_INFO: u64 = 6;
const UNPACK_INFO: u64 = 7;
const SUBSTREAMS: u64 = 8;
const SIZE: u64 = 9;
const CRC: u64 = 10;
const FOLDER: u64 = 11;
const UNPACK_SIZE: u64 = 12;
const UNPACK_STREAM: u64 = 13;
const EMPTY_STREAM: u64 = 14;
const NAMES: u64 = 17;
pub(super) const PACKED_HEADER: u8 = 23;

/// The most coders of a folder, as the program that makes such archives has it.
const CODERS: u64 = 32;

/// The most folders that are believed in: an archive that is not solid has one a file.
const FOLDERS: u64 = 1 << 18;

/// A header's bytes, from front to back.
pub(super) struct Bytes<'h>(pub(super) &'h [u8]);

impl<'h> Bytes<'h> {
    fn take(&mut self, count: u64) -> Read<&'h [u8]> {
        let count = usize::try_from(count).map_err(|_| Wrong::Ended)?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Wrong::Ended)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    /// A number: its first byte tells by its leading ones how many bytes follow.
    fn number(&mut self) -> Read<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut value = 0;
        for (i, byte) in (0..).zip(self.take(u64::from(more))?) {
            value |= u64::from(*byte) << (8 * i);
        }
        if more < 7 {
            value |= u64::from(first & (0x7f >> more)) << (8 * more);
        }
        Ok(value)
    }

    /// A number of things each of which takes a bit at least of what is left.
    fn count(&mut self) -> Read<u64> {
        let count = self.number()?;
        if count > 8 * self.0.len() as u64 {
            return Err(Wrong::Number);
        }
        Ok(count)
    }

    fn bits(&mut self, count: u64) -> Read<Vec<bool>> {
        let bytes = self.take(count.div_ceil(8))?;
        let bit = |i: u64| bytes[(i / 8) as usize] & (0x80 >> (i % 8)) != 0;
        Ok((0..count).map(bit).collect())
    }

    /// Checksums, which are passed over: what a stream says of itself is enough. Which of so many
    /// things have one.
    fn checksums(&mut self, count: u64) -> Read<Vec<bool>> {
        let defined = match self.byte()? {
            0 => self.bits(count)?,
            _ if count <= self.0.len() as u64 => vec![true; count as usize],
            _ => return Err(Wrong::Number),
        };
        let some = defined.iter().filter(|b| **b).count() as u64;
        self.take(some.checked_mul(4).ok_or(Wrong::Number)?)?;
        Ok(defined)
    }

    /// What all headers begin with, and packed headers are.
    pub(super) fn streams(&mut self) -> Read<Header> {
        let mut header = Header::default();
        let mut id = self.number()?;
        if id == PACK_INFO {
            self.packed(&mut header)?;
            id = self.number()?;
        }
        if id == UNPACK_INFO {
            self.folders(&mut header)?;
            id = self.number()?;
        }
        for folder in &mut header.folders {
            folder.files = vec![folder.unpacked()];
        }
        if id == SUBSTREAMS {
            self.substreams(&mut header)?;
            id = self.number()?;
        }
        end(id)?;
        Ok(header)
    }

    fn packed(&mut self, header: &mut Header) -> Read<()> {
        header.pack_at = self.number()?;
        let count = self.count()?;
        let mut id = self.number()?;
        if id == SIZE {
            header.pack_sizes = (0..count).map(|_| self.number()).collect::<Read<_>>()?;
            id = self.number()?;
        }
        if id == CRC {
            self.checksums(count)?;
            id = self.number()?;
        }
        end(id)
    }

    fn folders(&mut self, header: &mut Header) -> Read<()> {
        expect(self.number()?, FOLDER)?;
        let count = self.count()?;
        if count > FOLDERS || self.byte()? != 0 {
            return Err(Wrong::Number);
        }
        header.folders = (0..count).map(|_| self.folder()).collect::<Read<_>>()?;
        expect(self.number()?, UNPACK_SIZE)?;
        for folder in &mut header.folders {
            let sizes = folder.coders.iter().map(|_| self.number());
            folder.sizes = sizes.collect::<Read<_>>()?;
        }
        let mut id = self.number()?;
        if id == CRC {
            let defined = self.checksums(count)?;
            for (folder, defined) in header.folders.iter_mut().zip(defined) {
                folder.has_sum = defined;
            }
            id = self.number()?;
        }
        end(id)
    }

    fn folder(&mut self) -> Read<Folder> {
        let mut folder = Folder::default();
        let count = self.number()?;
        if count == 0 || count > CODERS {
            return Err(Wrong::Number);
        }
        let mut inputs = 0;
        for _ in 0..count {
            let flags = self.byte()?;
            let id = self.take(u64::from(flags & 15))?.to_vec();
            let mut coder = Coder {
                id,
                inputs: 1,
                properties: Vec::new(),
            };
            if flags & 0x10 != 0 {
                coder.inputs = self.number()?;
                // More than one output is no longer made.
                if coder.inputs == 0 || coder.inputs > CODERS || self.number()? != 1 {
                    return Err(Wrong::Number);
                }
            }
            if flags & 0x20 != 0 {
                let length = self.number()?;
                coder.properties = self.take(length)?.to_vec();
            }
            if flags & 0xc0 != 0 {
                return Err(Wrong::Number);
            }
            inputs += coder.inputs;
            folder.coders.push(coder);
        }
        let pairs = count - 1;
        let packed = inputs.checked_sub(pairs).ok_or(Wrong::Number)?;
        for _ in 0..pairs {
            folder.pairs.push((self.number()?, self.number()?));
        }
        let is_joined = |input: &u64| folder.pairs.iter().any(|(i, _)| i == input);
        folder.packed = match packed {
            1 => (0..inputs).filter(|input| !is_joined(input)).collect(),
            _ => (0..packed).map(|_| self.number()).collect::<Read<_>>()?,
        };
        if folder.packed.is_empty() {
            return Err(Wrong::Number);
        }
        Ok(folder)
    }

    fn substreams(&mut self, header: &mut Header) -> Read<()> {
        let mut id = self.number()?;
        let mut counts = vec![1; header.folders.len()];
        if id == UNPACK_STREAM {
            for count in &mut counts {
                *count = self.count()?;
            }
            id = self.number()?;
        }
        let has_sizes = id == SIZE;
        for (folder, count) in header.folders.iter_mut().zip(&counts) {
            let all = folder.unpacked();
            if *count > 1 && !has_sizes {
                return Err(Wrong::Number);
            }
            let mut files = Vec::new();
            let mut used = 0u64;
            // Of the last one the size is what is left.
            for _ in 1..*count {
                let size = self.number()?;
                used = used.checked_add(size).ok_or(Wrong::Number)?;
                files.push(size);
            }
            if *count > 0 {
                files.push(all.checked_sub(used).ok_or(Wrong::Number)?);
            }
            folder.files = files;
        }
        if has_sizes {
            id = self.number()?;
        }
        if id == CRC {
            // Of those that have none yet: one that is alone in its folder may.
            let without = header
                .folders
                .iter()
                .filter(|f| !(f.has_sum && f.files.len() == 1));
            self.checksums(without.map(|f| f.files.len() as u64).sum())?;
            id = self.number()?;
        }
        end(id)
    }

    /// A whole header, behind its first byte.
    pub(super) fn header(&mut self) -> Read<Header> {
        let mut id = self.number()?;
        if id == ARCHIVE_PROPERTIES {
            while self.number()? != END {
                let length = self.number()?;
                self.take(length)?;
            }
            id = self.number()?;
        }
        let mut header = Header::default();
        if id == MAIN_STREAMS {
            header = self.streams()?;
            id = self.number()?;
        }
        if id == FILES {
            (header.names, header.empty) = self.files()?;
            id = self.number()?;
        }
        end(id)?;
        Ok(header)
    }

    fn files(&mut self) -> Read<(Vec<u16>, Vec<bool>)> {
        let count = self.count()?;
        let (mut names, mut empty) = (Vec::new(), Vec::new());
        loop {
            let id = self.number()?;
            if id == END {
                return Ok((names, empty));
            }
            let length = self.number()?;
            let mut part = Bytes(self.take(length)?);
            match id {
                EMPTY_STREAM => empty = part.bits(count)?,
                NAMES if part.byte()? == 0 => {
                    let units = part.0.as_chunks::<2>().0.iter();
                    names = units.map(|unit| u16::from_le_bytes(*unit)).collect();
                }
                _ => {}
            }
        }
    }
}

impl Header {
    /// The names of files that have bytes, as UTF-16.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u16]> {
        let names = self.names.split(|unit| *unit == 0).enumerate();
        let is_empty = |i: usize| self.empty.get(i).copied().unwrap_or(false);
        names
            .filter(move |(i, _)| !is_empty(*i))
            .map(|(_, name)| name)
    }
}

impl Folder {
    /// Bytes that come out of it: those of the coder whose output no other takes.
    pub(super) fn unpacked(&self) -> u64 {
        let is_last = |at: &usize| !self.pairs.iter().any(|(_, out)| *out == *at as u64);
        let last = (0..self.coders.len()).find(is_last);
        last.and_then(|at| self.sizes.get(at)).copied().unwrap_or(0)
    }
}

fn expect(id: u64, wanted: u64) -> Read<()> {
    if id == wanted {
        return Ok(());
    }
    Err(Wrong::Order(id.min(255) as u8))
}

fn end(id: u64) -> Read<()> {
    expect(id, END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_the_format_has_them() {
        let told = |bytes: &[u8]| Bytes(bytes).number();
        assert_eq!(told(&[0x7f]), Ok(0x7f));
        assert_eq!(told(&[0x81, 0x02]), Ok(0x0102));
        assert_eq!(told(&[0xc1, 0x02, 0x03]), Ok(0x01_0302));
        let most = [0xff, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(told(&most), Ok(0x0807_0605_0403_0201));
        assert_eq!(told(&[0xfe, 1, 2, 3, 4, 5, 6, 7]), Ok(0x07_0605_0403_0201));
        assert_eq!(told(&[0x81]), Err(Wrong::Ended));
    }

    #[test]
    fn a_number_of_things_is_believed_as_far_as_bytes_reach() {
        let many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0];
        assert_eq!(Bytes(&many).count(), Err(Wrong::Number));
        assert_eq!(Bytes(&[16, 0, 0]).count(), Ok(16));
        assert_eq!(Bytes(&[17, 0, 0]).count(), Err(Wrong::Number));
    }
}
