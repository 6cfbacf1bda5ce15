//! Entries of zip, as its directory lists them.

use std::io::{self, Read, Seek};

use zip::ZipReadOptions;
use zip::read::Config;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

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
        let budget = opener.budget();
        match entry.with_reader(files.reader_mut(), ZipReadOptions::new()) {
            Ok(file) => {
                let mut file = Metered {
                    inner: file,
                    budget,
                };
                opener.entry(&mut file, &inside);
            }
            Err(error) => opener.not_read(&inside, reason(error)),
        }
    }
    Ok(())
}

fn reason(error: ZipError) -> SkipReason {
    match error {
        ZipError::UnsupportedArchive(why) => SkipReason::Unsupported(why.to_owned()),
        ZipError::Io(error) => SkipReason::Corrupt(io_words(&error)),
        error => SkipReason::Corrupt(error.to_string()),
    }
}

fn io_words(error: &io::Error) -> String {
    crate::sources::read::words(error)
}
