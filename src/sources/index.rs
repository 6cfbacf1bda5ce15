//! Git's index: the list of all files of the next commit, read by gix-index under a guard.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use gix_index::State;

use super::SkipReason;
use super::guard::guarded;
use super::history::HashKind;
use super::read::{Links, open, words};

/// A bigger index is not read, in bytes: some four million files.
const INDEX_BYTES: u64 = 512 << 20;

/// From here on a second thread hashes while the first parses.
const THREAD_BYTES: usize = 256 << 10;

/// Whether an index is held against the checksum at its end. Git itself does so only in `fsck`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// It is: a bit that fell over must not look like a file that did not change.
    Sum,
    /// It is not: what is wrong in it costs no finding.
    Nothing,
}

/// Reads an index; `None` if there is none.
///
/// # Errors
///
/// Why it cannot be read, or is no good.
pub(super) fn read_index(
    path: &Path,
    hash: HashKind,
    check: Check,
) -> Result<Option<State>, SkipReason> {
    let data = match content(path) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SkipReason::Unreadable(words(&error))),
    };
    let sound = || check == Check::Nothing || has_its_sum(&data, hash);
    let (is_sound, parsed) = if data.len() < THREAD_BYTES || check == Check::Nothing {
        (sound(), guarded(|| parse(&data, path, hash, check)))
    } else {
        std::thread::scope(|scope| {
            let summed = scope.spawn(sound);
            let parsed = guarded(|| parse(&data, path, hash, check));
            // It does not panic; if it did, nothing was proved.
            (summed.join().unwrap_or(false), parsed)
        })
    };
    match parsed {
        Ok(_) if !is_sound => {
            let why = "git's index is not what its checksum says";
            Err(SkipReason::Corrupt(why.to_owned()))
        }
        Ok(Ok(index)) => Ok(Some(index)),
        Ok(Err(error)) => Err(SkipReason::Corrupt(format!(
            "git's index does not parse ({error})"
        ))),
        Err(bug) => Err(SkipReason::Failed(bug)),
    }
}

fn parse(data: &[u8], path: &Path, hash: HashKind, check: Check) -> Result<State, String> {
    let hash = match hash {
        HashKind::Sha1 => gix_index::hash::Kind::Sha1,
        HashKind::Sha256 => gix_index::hash::Kind::Sha256,
    };
    let options = gix_index::decode::Options {
        // Its other threads would panic outside of the guard.
        thread_limit: Some(1),
        ..gix_index::decode::Options::default()
    };
    // The time would tell of changes, which nobody asks for.
    let never = State::new(hash).timestamp();
    let parsed = State::from_bytes(data, never, hash, options);
    let (index, _) = parsed.map_err(|e| e.to_string())?;
    if let Some(link) = index.link() {
        // A split index: most entries are in the shared file beside it.
        let shared = format!("sharedindex.{}", link.shared_index_checksum);
        let beside = path.parent().unwrap_or(Path::new(".")).join(&shared);
        if let Err(error) = plain_file(&beside) {
            return Err(format!("its other half, {shared}: {}", words(&error)));
        }
        let whole = gix_index::File::at(path, hash, check == Check::Nothing, options);
        return whole.map(State::from).map_err(|e| e.to_string());
    }
    Ok(index)
}

/// Whether an index has the checksum that it ends with. One of nothing but zeros says that none
/// was made (`index.skipHash`).
fn has_its_sum(data: &[u8], hash: HashKind) -> bool {
    let end = data.len().checked_sub(hash.bytes());
    let Some((head, sum)) = end.and_then(|end| data.split_at_checked(end)) else {
        return false;
    };
    sum.iter().all(|b| *b == 0) || hash.digest(head)[..hash.bytes()] == *sum
}

/// The whole content of an index.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let len = plain_file(path)?;
    let file: File = open(path, Links::Follow)?;
    let mut data = Vec::with_capacity(len as usize + 1);
    file.take(INDEX_BYTES + 1).read_to_end(&mut data)?;
    if data.len() as u64 > INDEX_BYTES {
        return Err(too_big());
    }
    Ok(data)
}

fn too_big() -> io::Error {
    io::Error::other(format!("it is bigger than {} MiB", INDEX_BYTES >> 20))
}

/// Refuses what would not end, or would be waited for, or would fill the memory; tells how long it
/// is.
fn plain_file(path: &Path) -> io::Result<u64> {
    let meta = path.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if meta.len() > INDEX_BYTES {
        return Err(too_big());
    }
    Ok(meta.len())
}
