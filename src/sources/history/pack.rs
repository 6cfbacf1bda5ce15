//! One pack: its entries in order of place, and which is built upon which.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use super::ObjectKind;

/// "No entry".
pub(super) const NONE: u32 = u32::MAX;
/// The base of a delta is in no pack's order: in another store.
pub(super) const ELSEWHERE: u32 = u32::MAX - 1;

/// One object as it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Where it begins in the pack.
    pub(super) offset: u64,
    /// How many bytes inflate to: the object's, or of a delta the delta's.
    pub(super) size: u64,
    /// The entry that it is a delta against, [`NONE`] for a whole object, or [`ELSEWHERE`].
    pub(super) base: u32,
    /// The object's number.
    pub(super) number: u32,
    /// Bytes before its compressed data.
    pub(super) head: u8,
    /// What it is, once its chain was followed; `None` if it cannot be read.
    pub(super) kind: Option<ObjectKind>,
}

/// An opened pack.
#[derive(Debug)]
pub(super) struct Pack {
    /// As reports name it.
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// In order of offset.
    pub(super) entries: Vec<Entry>,
    /// Where the last entry ends.
    pub(super) end: u64,
    /// The deltas against entry `i` are `children[starts[i]..starts[i + 1]]`.
    pub(super) starts: Vec<u32>,
    pub(super) children: Vec<u32>,
    /// How many entries each subtree has, its root included; 0 for what no root reaches.
    pub(super) weights: Vec<u32>,
    /// Numbers of its objects, ascending, and the entry of each.
    pub(super) numbers: Vec<u32>,
    pub(super) places: Vec<u32>,
    /// Bases of entries whose base is elsewhere: entry and object number, in order of entry.
    pub(super) elsewhere: Vec<(u32, u32)>,
}

impl Pack {
    /// The deltas against an entry.
    pub(super) fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    /// One past the last byte of an entry.
    pub(super) fn entry_end(&self, entry: u32) -> u64 {
        self.entries
            .get(entry as usize + 1)
            .map_or(self.end, |next| next.offset)
    }

    /// The entry of an object.
    pub(super) fn entry_of(&self, number: u32) -> Option<u32> {
        let place = self.numbers.binary_search(&number).ok()?;
        Some(self.places[place])
    }

    /// The base of an entry whose base is elsewhere.
    pub(super) fn base_elsewhere(&self, entry: u32) -> Option<u32> {
        let place = self.elsewhere.binary_search_by_key(&entry, |e| e.0).ok()?;
        Some(self.elsewhere[place].1)
    }

    /// Where the compressed data of an entry is, in bytes from the pack's begin.
    fn compressed(&self, entry: u32) -> Range<u64> {
        let e = &self.entries[entry as usize];
        e.offset + u64::from(e.head)..self.entry_end(entry)
    }
}

/// What was read of a pack last. Objects that are built upon one another lie behind one another, so that the
/// next one is often in it.
#[derive(Default)]
pub(super) struct Window {
    /// The pack, by number.
    pack: usize,
    /// Where in it the window begins.
    from: u64,
    bytes: Vec<u8>,
}

/// How much is read at least, in bytes: what is read in vain costs less than it spares.
const WINDOW: u64 = 4 << 10;

impl Window {
    /// The compressed data of an entry of pack `number`. What lies behind it in the window comes with it; it
    /// has so many bytes itself.
    pub(super) fn compressed(
        &mut self,
        (pack, number): (&Pack, usize),
        entry: u32,
    ) -> io::Result<(&[u8], usize)> {
        let range = pack.compressed(entry);
        let len = (range.end - range.start) as usize;
        let there = self.pack == number
            && range.start >= self.from
            && range.end <= self.from + self.bytes.len() as u64;
        if !there {
            (self.pack, self.from) = (number, range.start);
            let end = range.end.max(range.start + WINDOW).min(pack.end);
            // Of a pack that is cut somewhere behind it, the entry alone may be there.
            let done = self.read(pack, end).or_else(|_| self.read(pack, range.end));
            if let Err(error) = done {
                self.bytes.clear();
                return Err(error);
            }
        }
        let at = (range.start - self.from) as usize;
        Ok((&self.bytes[at..], len))
    }

    /// Fills the window from its begin to a place in the pack.
    fn read(&mut self, pack: &Pack, end: u64) -> io::Result<()> {
        self.bytes.resize((end - self.from) as usize, 0);
        read_at(&pack.file, &mut self.bytes, self.from)
    }
}

/// Fills `out` from `offset` on.
pub(super) fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::FileExt as _;
        let (mut out, mut offset) = (out, offset);
        while !out.is_empty() {
            match file.seek_read(out, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    out = &mut out[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// A pack of entries that have so many bytes, as far as a window looks at it.
    fn pack(lengths: &[u64]) -> (Pack, Vec<u8>) {
        let mut file = tempfile::tempfile().expect("a file");
        let (mut entries, mut at) = (Vec::new(), 12);
        for (length, number) in lengths.iter().zip(0..) {
            entries.push(Entry {
                offset: at,
                size: 0,
                base: NONE,
                number,
                head: 2,
                kind: None,
            });
            at += length;
        }
        let bytes: Vec<u8> = (0..at).map(|i| (i * i / 7) as u8).collect();
        file.write_all(&bytes).expect("written");
        let pack = Pack {
            path: PathBuf::new(),
            file,
            entries,
            end: at,
            starts: Vec::new(),
            children: Vec::new(),
            weights: Vec::new(),
            numbers: Vec::new(),
            places: Vec::new(),
            elsewhere: Vec::new(),
        };
        (pack, bytes)
    }

    #[test]
    fn a_window_holds_every_entry_in_any_order() {
        let lengths: Vec<u64> = (0..3000)
            .map(|i| match i % 50 {
                7 => WINDOW + i,
                9 => WINDOW - 1,
                _ => 3 + i * 37 % 1500,
            })
            .collect();
        let packs = [pack(&lengths), pack(&lengths[..2000])];
        let mut window = Window::default();
        for step in 0..10_000usize {
            let (number, entry) = (step % 7 / 6, step * 617 % 2000);
            let (pack, bytes) = &packs[number];
            let (found, len) = window
                .compressed((pack, number), entry as u32)
                .expect("it is there");
            let range = pack.compressed(entry as u32);
            assert_eq!(len as u64, range.end - range.start);
            assert_eq!(
                found[..len],
                bytes[range.start as usize..range.end as usize]
            );
        }
    }

    #[test]
    fn of_a_pack_that_is_cut_meanwhile_all_is_read_that_is_there() {
        let (pack, bytes) = pack(&[1000; 10]);
        pack.file.set_len(12 + 4500).expect("cut");
        let mut window = Window::default();
        for entry in 0..10 {
            let found = window.compressed((&pack, 0), entry);
            if entry < 4 {
                let from = 12 + entry as usize * 1000 + 2;
                let (found, len) = found.expect("it is there");
                assert!(found[..len] == bytes[from..from + 998], "{entry}");
            } else {
                assert!(found.is_err(), "{entry}");
            }
        }
    }
}
