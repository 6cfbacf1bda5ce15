//! Streams that were made smaller: gzip, bzip2, xz, zstd. Several in a row are one, as the programs
//! that make them read them.

use std::io::{self, Read};
use std::mem::take;

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::format::Format;
use super::peek::Peek;
use crate::base::limits::DICTIONARY_BYTES;

/// What a stream is made smaller by, and what is left of it.
pub(super) struct Pressed<'r> {
    format: Format,
    now: Member<'r>,
}

#[derive(Default)]
enum Member<'r> {
    Gzip(Box<GzDecoder<Peek<'r>>>),
    Bzip2(BzDecoder<Peek<'r>>),
    Xz(Box<XzReader<Peek<'r>>>),
    Zstd(Box<StreamingDecoder<Peek<'r>, FrameDecoder>>),
    /// Another one may follow.
    Between(Peek<'r>),
    #[default]
    Ended,
}

impl<'r> Pressed<'r> {
    /// `format` is one of the four.
    pub(super) fn new(format: Format, input: Peek<'r>) -> Self {
        let now = Member::Between(input);
        Self { format, now }
    }

    /// Begins the member that comes next; there is none if something else does: padding, or what was
    /// never part of the stream.
    fn next(&mut self, mut input: Peek<'r>) -> io::Result<Member<'r>> {
        if Format::of(input.peek(16)?) != Some(self.format) {
            return Ok(Member::Ended);
        }
        Ok(match self.format {
            Format::Gzip => Member::Gzip(Box::new(GzDecoder::new(input))),
            Format::Bzip2 => Member::Bzip2(BzDecoder::new(input)),
            Format::Xz => {
                let most = (DICTIONARY_BYTES >> 10) as u32 + 1024;
                Member::Xz(Box::new(XzReader::new_mem_limit(input, true, most)))
            }
            Format::Zstd => {
                if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = *input.peek(8)? {
                    let skipped = u64::from(u32::from_le_bytes([a, b, c, d])) + 8;
                    let passed = io::copy(&mut (&mut input).take(skipped), &mut io::sink())?;
                    if passed < skipped {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    return Ok(Member::Between(input));
                }
                let decoder =
                    StreamingDecoder::new_with_max_window_size(input, DICTIONARY_BYTES as u64);
                Member::Zstd(Box::new(decoder.map_err(io::Error::other)?))
            }
            _ => Member::Ended,
        })
    }
}

impl Read for Pressed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.now {
                Member::Gzip(stream) => stream.read(out)?,
                Member::Bzip2(stream) => stream.read(out)?,
                Member::Xz(stream) => stream.read(out)?,
                Member::Zstd(stream) => stream.read(out)?,
                Member::Between(_) => 0,
                Member::Ended => return Ok(0),
            };
            if read > 0 {
                return Ok(read);
            }
            self.now = match take(&mut self.now) {
                Member::Gzip(stream) => Member::Between(stream.into_inner()),
                Member::Bzip2(stream) => Member::Between(stream.into_inner()),
                Member::Zstd(stream) => Member::Between(stream.into_inner()),
                // It goes on to the end of its input by itself.
                Member::Xz(_) | Member::Ended => Member::Ended,
                Member::Between(input) => self.next(input)?,
            };
        }
    }
}
