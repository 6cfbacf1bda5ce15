//! Entries of tar, in their order. Names that are too long for a header come as entries before it,
//! and are put together here, up to a bound: the crate would read them whole.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::{Name, Opener, Place};
use crate::base::limits::NAME_BYTES;

/// Opens one.
pub(super) fn open(opener: &mut Opener<'_>, input: &mut dyn Read, place: &Place) -> io::Result<()> {
    let mut archive = Archive::new(input);
    // Several in a row are one, and nothing is hidden behind an end.
    archive.set_ignore_zeros(true);
    let mut long: Option<Vec<u8>> = None;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        if opener.is_over() {
            return Ok(());
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut name = told(&mut entry)?;
                name.truncate(memchr::memchr(0, &name).unwrap_or(name.len()));
                long = Some(name);
            }
            EntryType::XHeader => {
                if let Some(name) = pax_path(&told(&mut entry)?) {
                    long = Some(name);
                }
            }
            EntryType::XGlobalHeader | EntryType::GNULongLink => {}
            EntryType::Directory
            | EntryType::Symlink
            | EntryType::Link
            | EntryType::Char
            | EntryType::Block
            | EntryType::Fifo => long = None,
            _ => {
                let name = long.take();
                let name = name.unwrap_or_else(|| entry.path_bytes().into_owned());
                opener.entry(&mut entry, &place.entry(Name::Bytes(&name)));
            }
        }
    }
    Ok(())
}

/// The begin of an entry that tells of the next one.
fn told(entry: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    entry.take(4 * NAME_BYTES as u64).read_to_end(&mut text)?;
    Ok(text)
}

/// The path that the records of an extended header tell: each is its length, a key, `=`, a value and
/// a line break.
fn pax_path(mut records: &[u8]) -> Option<Vec<u8>> {
    let mut path = None;
    while let Some(space) = memchr::memchr(b' ', records) {
        let length = std::str::from_utf8(&records[..space]).ok()?;
        let length: usize = length.parse().ok()?;
        let record = records.get(space + 1..length)?;
        if let Some(value) = record.strip_prefix(b"path=") {
            path = Some(value.strip_suffix(b"\n")?.to_vec());
        }
        records = &records[length..];
    }
    path
}

#[cfg(test)]
mod tests {
    use super::pax_path;

    #[test]
    fn records_of_an_extended_header() {
        let told = |text: &[u8]| pax_path(text);
        assert_eq!(told(b"13 path=a/b c\n"), None, "a length that is too short");
        assert_eq!(told(b"14 path=a/b c\n").unwrap(), b"a/b c");
        let two = b"20 mtime=1700000000\n13 path=a\nb\n\n";
        assert_eq!(told(two).unwrap(), b"a\nb\n");
        assert_eq!(told(b"99999999999999999999 path=x\n"), None);
        assert_eq!(told(b"0 path=x\n"), None);
    }
}
