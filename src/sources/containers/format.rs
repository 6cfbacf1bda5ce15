//! What a content is made of, told from its first bytes alone.

use super::views::{keys, office, pyc, sqlite};

/// What can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Zip, and all that is zip: jar, war, whl, nupkg, apk, Office, `OpenDocument`.
    Zip,
    SevenZip,
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    /// A database.
    Sqlite,
    Pdf,
    /// Compiled Python.
    Pyc,
    /// A part of an Office or `OpenDocument` file.
    Office,
    /// A key store, a private key, or another file that is a credential itself.
    Keys(keys::Kind),
}

/// The bytes of a header of tar.
const TAR_HEADER: usize = 512;

/// How far behind a first line `#!` a zip is looked for.
const SCRIPT_BYTES: usize = 256;

impl Format {
    /// What begins with `head`. A content of which none is known is `None`; so is one that is too
    /// short to be told.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let found = match head {
            [b'P', b'K', 3, 4, ..]
            | [b'P', b'K', 5, 6, ..]
            | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Self::Zip,
            [b'#', b'!', ..] if begins_with_a_line(head) => Self::Zip,
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::SevenZip,
            // Deflate is the only method, and three bits of the flags are none.
            [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, ..] if flags & 0xe0 == 0 => Self::Gzip,
            [
                b'B',
                b'Z',
                b'h',
                b'1'..=b'9',
                0x31,
                0x41,
                0x59,
                0x26,
                0x53,
                0x59,
                ..,
            ]
            | [
                b'B',
                b'Z',
                b'h',
                b'1'..=b'9',
                0x17,
                0x72,
                0x45,
                0x38,
                0x50,
                0x90,
                ..,
            ] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // A skippable frame stands first in what parallel tools write.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'%', b'P', b'D', b'F', b'-', ..] => Self::Pdf,
            _ if head.starts_with(sqlite::MAGIC) => Self::Sqlite,
            _ if pyc::is_one(head) => Self::Pyc,
            _ if is_tar(head) => Self::Tar,
            _ => return keys::Kind::of(head).map(Self::Keys),
        };
        Some(found)
    }

    /// What an entry of an archive is that begins with `head`.
    pub(super) fn inside(head: &[u8]) -> Option<Self> {
        Self::of(head).or_else(|| office::is_part(head).then_some(Self::Office))
    }

    /// Whether it holds text and no files.
    pub(super) fn is_view(self) -> bool {
        matches!(
            self,
            Self::Sqlite | Self::Pdf | Self::Pyc | Self::Office | Self::Keys(_)
        )
    }

    /// What it is called where it is told of.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Zip => "zip archive",
            Self::SevenZip => "7z archive",
            Self::Tar => "tar archive",
            Self::Gzip => "gzip stream",
            Self::Bzip2 => "bzip2 stream",
            Self::Xz => "xz stream",
            Self::Zstd => "zstd stream",
            Self::Sqlite => "SQLite database",
            Self::Pdf => "PDF",
            Self::Pyc => "compiled Python file",
            Self::Office => "part of a document",
            Self::Keys(_) => "key store",
        }
    }
}

/// A zip that a program can run: a line that names an interpreter comes first.
fn begins_with_a_line(head: &[u8]) -> bool {
    let line = &head[..head.len().min(SCRIPT_BYTES)];
    memchr::memchr(b'\n', line).is_some_and(|end| head[end + 1..].starts_with(b"PK\x03\x04"))
}

/// A header of tar has a sum of its own bytes, in which the sum itself counts as spaces.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..TAR_HEADER) else {
        return false;
    };
    // Cheap things first: this is asked of all that is no text.
    let sum = &header[148..156];
    if header[0] == 0 || !sum.iter().all(|b| matches!(b, b'0'..=b'7' | b' ' | 0)) {
        return false;
    }
    let digits = sum.iter().filter(|b| matches!(b, b'0'..=b'7'));
    let told = digits.fold(0u32, |sum, b| sum * 8 + u32::from(b - b'0'));
    let all: u32 = header.iter().map(|b| u32::from(*b)).sum();
    let own: u32 = sum.iter().map(|b| u32::from(*b)).sum();
    told == all - own + 8 * u32::from(b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        let cases: [(&[u8], Option<Format>); 14] = [
            (b"", None),
            (b"PK", None),
            (b"PK\x03\x04rest", Some(Format::Zip)),
            (b"PK\x05\x06rest", Some(Format::Zip)),
            (b"#!/usr/bin/env python3\nPK\x03\x04", Some(Format::Zip)),
            (b"#!/bin/sh\necho PK\x03\x04", None),
            (b"7z\xbc\xaf\x27\x1c\0\x04", Some(Format::SevenZip)),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", Some(Format::Gzip)),
            (b"\x1f\x8b\x08\xff\0\0\0\0\0\x03", None),
            (b"BZh91AY&SY", Some(Format::Bzip2)),
            (b"BZh9 is how it begins", None),
            (b"\xfd7zXZ\0", Some(Format::Xz)),
            (b"\x28\xb5\x2f\xfd\x04", Some(Format::Zstd)),
            (&[0; 600], None),
        ];
        for (head, expected) in cases {
            assert_eq!(Format::of(head), expected, "{head:?}");
        }
    }
}
