//! Entries of 7z: streams that may hold many files each, one behind the other.

mod header;

use std::io::{self, Read, SeekFrom};

use bzip2::bufread::MultiBzDecoder;
use flate2::read::DeflateDecoder;
use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::delta::DeltaReader;
use lzma_rust2::{Lzma2Reader, LzmaReader};

use super::budget::Metered;
use super::{Name, Opener, Place, Seekable};
use crate::base::limits::DICTIONARY_BYTES;
use crate::sources::SkipReason;
use header::{Bytes, Coder, Folder, HEADER, Header, PACKED_HEADER, Wrong};

/// Bytes before the first packed stream.
const SIGNATURE: u64 = 32;

/// The longest header that is read, packed or not.
const HEADER_BYTES: u64 = 16 << 20;

/// How often a packed header may be one again.
const PACKED: usize = 4;

/// Opens one.
pub(super) fn open(
    opener: &mut Opener<'_>,
    input: &mut dyn Seekable,
    place: &Place,
) -> Result<(), SkipReason> {
    let header = read(input)?;
    let mut files = header.names();
    let mut streams = 0;
    for folder in &header.folders {
        let first = streams;
        streams += folder.packed.len();
        let mut names = files.by_ref().take(folder.files.len());
        if opener.is_over() {
            return Ok(());
        }
        let opened = stream(input, &header, folder, first);
        let mut stream = match opened {
            Ok(inner) => Metered::new(inner, opener.budget()),
            Err(reason) => {
                // Each of its files is one that was not read.
                for name in names {
                    opener.not_read(&named(place, name), reason.clone());
                }
                continue;
            }
        };
        for size in &folder.files {
            let inside = match names.next() {
                Some(name) => named(place, name),
                None => place.entry(Name::Text("content")),
            };
            let mut left = (&mut stream).take(*size);
            opener.entry(&mut left, &inside);
            if opener.is_over() {
                return Ok(());
            }
            // What of it nobody wanted comes before the next.
            let passed = io::copy(&mut left, &mut io::sink());
            if left.limit() > 0 {
                let early = || io::ErrorKind::UnexpectedEof.into();
                return Err(unread(&passed.err().unwrap_or_else(early)));
            }
        }
    }
    Ok(())
}

fn named(place: &Place, name: &[u16]) -> Place {
    place.entry(Name::Text(&String::from_utf16_lossy(name)))
}

fn damaged(wrong: Wrong) -> SkipReason {
    SkipReason::Corrupt(wrong.to_string())
}

fn unread(error: &io::Error) -> SkipReason {
    SkipReason::Corrupt(super::damage(error).to_owned())
}

fn too_long() -> SkipReason {
    let most = HEADER_BYTES >> 20;
    SkipReason::Unsupported(format!("its header has more than {most} MiB"))
}

/// The header, which stands at the end and may be packed itself.
fn read(input: &mut dyn Seekable) -> Result<Header, SkipReason> {
    let mut start = [0; SIGNATURE as usize];
    input.read_exact(&mut start).map_err(|e| unread(&e))?;
    let number = |at: usize| {
        start[at..at + 8]
            .iter()
            .rev()
            .fold(0, |n, b| n << 8 | u64::from(*b))
    };
    let (offset, size) = (number(12), number(20));
    if size > HEADER_BYTES {
        return Err(too_long());
    }
    if size == 0 {
        return Ok(Header::default());
    }
    let mut bytes = bytes(input, offset, size)?;
    for _ in 0..PACKED {
        let mut left = Bytes(&bytes);
        match left.byte().map_err(damaged)? {
            HEADER => return left.header().map_err(damaged),
            PACKED_HEADER => {}
            id => return Err(damaged(Wrong::Order(id))),
        }
        let packed = left.streams().map_err(damaged)?;
        let folder = packed
            .folders
            .first()
            .ok_or_else(|| damaged(Wrong::Ended))?;
        let size = folder.unpacked();
        if size > HEADER_BYTES {
            return Err(too_long());
        }
        let mut header = Vec::new();
        let mut stream = stream(input, &packed, folder, 0)?.take(size);
        stream.read_to_end(&mut header).map_err(|e| unread(&e))?;
        drop(stream);
        bytes = header;
    }
    Err(SkipReason::Corrupt(
        "its header is packed too often".to_owned(),
    ))
}

fn bytes(input: &mut dyn Seekable, offset: u64, size: u64) -> Result<Vec<u8>, SkipReason> {
    let mut bytes = Vec::new();
    let at = SIGNATURE.checked_add(offset);
    let at = at.ok_or_else(|| damaged(Wrong::Number))?;
    let done = input.seek(SeekFrom::Start(at)).and_then(|_| {
        let mut part = input.take(size);
        part.read_to_end(&mut bytes)
    });
    done.map_err(|e| unread(&e))?;
    if bytes.len() as u64 == size {
        return Ok(bytes);
    }
    Err(damaged(Wrong::Ended))
}

/// What comes out of a folder, whose first packed stream has the number `first`.
fn stream<'i>(
    input: &'i mut dyn Seekable,
    header: &Header,
    folder: &Folder,
    first: usize,
) -> Result<Box<dyn Read + 'i>, SkipReason> {
    if folder.coders.iter().any(|c| c.id == [6, 0xf1, 7, 1]) {
        return Err(SkipReason::Encrypted);
    }
    let [packed] = folder.packed[..] else {
        let why = "it was made by a method of several streams";
        return Err(SkipReason::Unsupported(why.to_owned()));
    };
    let before = header.pack_sizes.get(..first).ok_or(Wrong::Number);
    let before = before.map_err(damaged)?;
    let mut at = SIGNATURE.checked_add(header.pack_at);
    for size in before {
        at = at.and_then(|at| at.checked_add(*size));
    }
    let (Some(at), Some(size)) = (at, header.pack_sizes.get(first)) else {
        return Err(damaged(Wrong::Number));
    };
    input.seek(SeekFrom::Start(at)).map_err(|e| unread(&e))?;
    let mut stream: Box<dyn Read + 'i> = Box::new(input.take(*size));
    // From the coder that takes the packed stream to the one whose output no other takes.
    let mut next = Some(packed);
    for _ in 0..folder.coders.len() {
        let Some(coder) = next else { break };
        let at = coder as usize;
        let (Some(coder), Some(size)) = (folder.coders.get(at), folder.sizes.get(at)) else {
            return Err(damaged(Wrong::Number));
        };
        stream = decoded(stream, coder, *size)?;
        let joined = folder.pairs.iter().find(|(_, out)| *out == at as u64);
        next = joined.map(|(input, _)| *input);
    }
    Ok(stream)
}

/// What one coder makes of a stream.
fn decoded<'i>(
    stream: Box<dyn Read + 'i>,
    coder: &Coder,
    size: u64,
) -> Result<Box<dyn Read + 'i>, SkipReason> {
    let properties = &coder.properties[..];
    if coder.inputs != 1 {
        let why = "it was made by a method of several streams";
        return Err(SkipReason::Unsupported(why.to_owned()));
    }
    let bounded = |dictionary: u64| {
        if dictionary <= DICTIONARY_BYTES as u64 {
            return Ok(dictionary as u32);
        }
        let most = DICTIONARY_BYTES >> 20;
        let why = format!("it takes a dictionary of more than {most} MiB");
        Err(SkipReason::Unsupported(why))
    };
    let damaged = || damaged(Wrong::Number);
    Ok(match coder.id[..] {
        [0] => stream,
        [3, 1, 1] => {
            let [props, a, b, c, d] = *properties else {
                return Err(damaged());
            };
            let dictionary = bounded(u64::from(u32::from_le_bytes([a, b, c, d])))?;
            let reader = LzmaReader::new_with_props(stream, size, props, dictionary, None);
            Box::new(reader.map_err(|e| unread(&e))?)
        }
        [0x21] => {
            let [bits] = *properties else {
                return Err(damaged());
            };
            let dictionary = match bits {
                0..=39 => u64::from(2 | bits & 1) << (bits / 2 + 11),
                _ => u64::from(u32::MAX),
            };
            Box::new(Lzma2Reader::new(stream, bounded(dictionary)?, None))
        }
        [4, 1, 8] => Box::new(DeflateDecoder::new(stream)),
        [4, 2, 2] => Box::new(MultiBzDecoder::new(io::BufReader::new(stream))),
        [3] => {
            let distance = properties.first().copied().unwrap_or(0);
            Box::new(DeltaReader::new(stream, usize::from(distance) + 1))
        }
        [3, 3, 1, 3] | [4] => Box::new(BcjReader::new_x86(stream, 0)),
        [3, 3, 2, 5] | [5] => Box::new(BcjReader::new_ppc(stream, 0)),
        [3, 3, 4, 1] | [6] => Box::new(BcjReader::new_ia64(stream, 0)),
        [3, 3, 5, 1] | [7] => Box::new(BcjReader::new_arm(stream, 0)),
        [3, 3, 7, 1] | [8] => Box::new(BcjReader::new_arm_thumb(stream, 0)),
        [3, 3, 8, 5] | [9] => Box::new(BcjReader::new_sparc(stream, 0)),
        [10] => Box::new(BcjReader::new_arm64(stream, 0)),
        _ => {
            let why = format!(
                "it was made by method {:02x?}, which is not known",
                coder.id
            );
            return Err(SkipReason::Unsupported(why));
        }
    })
}
