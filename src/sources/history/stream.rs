//! Blobs that are too big to be at hand whole: inflated a piece at a time, and handed out in the
//! chunks in which a big file of a working tree comes.
//!
//! Only blobs that are stored whole. Git stores files of more than 512 MiB so
//! (`core.bigFileThreshold`); a delta that is bigger, or is built upon what is, is told as a skip.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::super::read::{Links, Reader, open};
use super::super::{Origin, Visitor};
use super::naming::Naming;
use super::pack::{NONE, Pack, read_at};
use super::{ObjectKind, Stores, loose};

/// Compressed bytes that are read at a time.
const PIECE: usize = 64 << 10;
/// The longest header of a loose object: a word, a number, a NUL.
const HEADER: usize = 32;

impl Stores {
    /// Hands a blob that is too big to be at hand whole to a visitor, in chunks; what is wrong with
    /// it is told as a skip. Whether there is such a blob.
    pub fn stream<V: Visitor>(&self, number: u32, origin: &Origin, visitor: &mut V) -> bool {
        for pack in &self.packs {
            if let Some(entry) = pack.entry_of(number)
                && self.is_streamed(pack, entry)
            {
                let size = pack.entries[entry as usize].size;
                let part = Part {
                    file: &pack.file,
                    at: pack.entries[entry as usize].offset
                        + u64::from(pack.entries[entry as usize].head),
                    end: pack.entry_end(entry),
                };
                let blob = Inflating::new(part, size).named(self.naming(number, size));
                Reader::new().stream(blob, origin, visitor);
                return true;
            }
        }
        for store in 0..self.loose.len() {
            if let Some((size, mut blob)) = self.big_loose(store, number) {
                blob.left = size;
                let blob = blob.named(self.naming(number, size));
                Reader::new().stream(blob, origin, visitor);
                return true;
            }
        }
        false
    }

    /// Whether an entry is a blob that is handed out in chunks.
    pub(super) fn is_streamed(&self, pack: &Pack, entry: u32) -> bool {
        let entry = &pack.entries[entry as usize];
        entry.base == NONE && entry.kind == Some(ObjectKind::Blob) && entry.size > self.most()
    }

    /// The same of a loose object.
    pub(super) fn is_streamed_loose(&self, store: usize, number: u32) -> bool {
        self.big_loose(store, number).is_some()
    }

    /// The size of a big loose blob, and its bytes.
    fn big_loose(&self, store: usize, number: u32) -> Option<(u64, Inflating<File>)> {
        let loose = &self.loose[store];
        loose.numbers.binary_search(&number).ok()?;
        let path = loose::path(&loose.folder, &self.objects.hex(number));
        let (kind, size, blob) = header(&path)?;
        (kind == ObjectKind::Blob && size > self.most()).then_some((size, blob))
    }

    /// What holds a blob against its id, if that is asked for.
    fn naming(&self, number: u32, size: u64) -> Option<(Naming, Vec<u8>)> {
        let id = self.objects.id(number).to_vec();
        let naming = || Naming::new(self.objects.hash(), ObjectKind::Blob, size);
        self.options.verify.then(|| (naming(), id))
    }
}

/// How many bytes a loose object says it has.
pub(super) fn claimed(path: &Path) -> Option<u64> {
    header(path).map(|(_, size, _)| size)
}

/// What the header of a loose object says, and the rest of its bytes.
fn header(path: &Path) -> Option<(ObjectKind, u64, Inflating<File>)> {
    let mut object = Inflating::new(open(path, Links::Follow).ok()?, HEADER as u64);
    let mut header = Vec::new();
    loop {
        let mut byte = [0];
        if header.len() == HEADER || object.read(&mut byte).ok()? == 0 {
            return None;
        }
        if byte == [0] {
            break;
        }
        header.extend(byte);
    }
    let (word, size) = std::str::from_utf8(&header).ok()?.split_once(' ')?;
    let kind = ObjectKind::ALL.iter().copied().find(|k| k.word() == word)?;
    Some((kind, size.parse().ok()?, object))
}

/// A part of a file.
struct Part<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = (self.end - self.at).min(out.len() as u64) as usize;
        read_at(self.file, &mut out[..len], self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// What a zlib stream inflates to. It must have the size that it claims, and its checksum.
struct Inflating<R> {
    input: R,
    state: Box<InflateState>,
    piece: Vec<u8>,
    /// What of the piece is still to be inflated.
    from: usize,
    to: usize,
    /// Bytes that it still has by what it claims.
    left: u64,
    is_over: bool,
    naming: Option<(Naming, Vec<u8>)>,
}

impl<R: Read> Inflating<R> {
    fn new(input: R, size: u64) -> Self {
        Self {
            input,
            state: InflateState::new_boxed(DataFormat::Zlib),
            piece: vec![0; PIECE],
            from: 0,
            to: 0,
            left: size,
            is_over: false,
            naming: None,
        }
    }

    fn named(mut self, naming: Option<(Naming, Vec<u8>)>) -> Self {
        self.naming = naming;
        self
    }

    /// What is known at the end: whether it was all, and of the right name.
    fn end(&mut self) -> io::Result<()> {
        if self.left > 0 {
            let why = format!("damaged: it has {} bytes less than it claims", self.left);
            return Err(io::Error::other(why));
        }
        if let Some((naming, id)) = self.naming.take()
            && !naming.is(&id)
        {
            return Err(io::Error::other("damaged: its bytes do not have its id"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Inflating<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.is_over && !out.is_empty() {
            if self.from == self.to {
                (self.from, self.to) = (0, self.input.read(&mut self.piece)?);
            }
            let input = &self.piece[self.from..self.to];
            let step = inflate(&mut self.state, input, out, MZFlush::None);
            self.from += step.bytes_consumed;
            let made = step.bytes_written as u64;
            let left = self.left.checked_sub(made);
            self.left =
                left.ok_or_else(|| io::Error::other("damaged: it has more than it claims"))?;
            if let Some((naming, _)) = &mut self.naming {
                naming.take(&out[..step.bytes_written]);
            }
            match step.status {
                Ok(MZStatus::StreamEnd) => {
                    self.is_over = true;
                    self.end()?;
                }
                Ok(_) if step.bytes_consumed + step.bytes_written > 0 => {}
                _ => {
                    return Err(io::Error::other(
                        "damaged: its compressed data does not inflate",
                    ));
                }
            }
            if step.bytes_written > 0 {
                return Ok(step.bytes_written);
            }
        }
        Ok(0)
    }
}
