//! Entries of zip, as its directory lists them.

use std::borrow::Cow;
use std::io::{Read, Seek};

use zip::read::Config;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;
use zip::{SUPPORTED_COMPRESSION_METHODS, ZipReadOptions};

use super::budget::Metered;
use super::{Name, Opener, Place};
use crate::sources::SkipReason;

/// Opens one.
pub(super) fn open<R: Read + Seek>(
    opener: &mut Opener<'_>,
    input: R,
    place: &Place,
) -> Result<(), SkipReason> {
    let mut archive = ZipIterable::try_new(input, Config::default()).map_err(reason)?;
    let files = archive.files().map_err(reason)?;
    while let Some(entry) = files.next() {
        let entry = entry.map_err(reason)?;
        if opener.is_over() {
            return Ok(());
        }
        if entry.is_dir() {
            continue;
        }
        // Bytes that are UTF-8 are what their maker meant, whatever a flag says.
        let raw = entry.name_raw();
        let decoded = entry.name().unwrap_or_default();
        let name = match std::str::from_utf8(raw) {
            Ok(_) => Name::Bytes(raw),
            Err(_) => Name::Text(&decoded),
        };
        let inside = place.entry(name);
        if entry.encrypted() {
            opener.not_read(&inside, SkipReason::Encrypted);
            continue;
        }
        drop(decoded);
        let method = entry.compression();
        if !SUPPORTED_COMPRESSION_METHODS.contains(&method) {
            let why = format!("it was made by method {method}, which is not known");
            opener.not_read(&inside, SkipReason::Unsupported(why));
            continue;
        }
        let budget = opener.budget();
        match entry.with_reader(files.reader_mut(), ZipReadOptions::new()) {
            Ok(file) => opener.entry(&mut Metered::new(file, budget), &inside),
            Err(error) => opener.not_read(&inside, reason(error)),
        }
    }
    Ok(())
}

fn reason(error: ZipError) -> SkipReason {
    match error {
        ZipError::UnsupportedArchive(why) => SkipReason::Unsupported(why.to_owned()),
        ZipError::Io(error) => SkipReason::Corrupt(super::damage(&error).to_owned()),
        // What is not part of the program's own text may quote the archive.
        ZipError::InvalidArchive(Cow::Borrowed(why)) => SkipReason::Corrupt(why.to_owned()),
        _ => SkipReason::Corrupt("it is no zip archive that can be read".to_owned()),
    }
}
