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

/// How deep folders may be nested in an index's cache of trees, which is parsed by a function that
/// calls itself. A path of 4,096 bytes, the longest that most systems have, may hold twice as many;
/// those who come near it do so on purpose.
const NESTED: usize = 1 << 10;

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
    within_depth(data, hash.len_in_bytes())?;
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
        let half = content(&beside);
        let half = half.map_err(|error| format!("its other half, {shared}: {}", words(&error)))?;
        within_depth(&half, hash.len_in_bytes())?;
        let whole = gix_index::File::at(path, hash, check == Check::Nothing, options);
        return whole.map(State::from).map_err(|e| e.to_string());
    }
    Ok(index)
}

/// Refuses an index whose cache of trees is nested so deep that its parser, or what drops the result,
/// would run out of stack.
///
/// Where the cache begins is known only once all entries are parsed: so it is looked for wherever its
/// name stands. What is none does not parse, within a few bytes.
fn within_depth(data: &[u8], id_len: usize) -> Result<(), String> {
    // One cache is read once; many that overlap are no index that git wrote.
    let mut room = 4 * data.len() + (1 << 20);
    for at in memchr::memmem::find_iter(data, b"TREE") {
        let Some((size, rest)) = data[at + 4..].split_first_chunk::<4>() else {
            break;
        };
        let size = u32::from_be_bytes(*size) as usize;
        let deepest = depth(&rest[..size.min(rest.len())], id_len, &mut room);
        if deepest > NESTED || room == 0 {
            return Err(format!(
                "its cache of trees is nested deeper than {NESTED} folders"
            ));
        }
    }
    Ok(())
}

/// How deep a cache of trees is nested, as far as it parses; no further than is refused anyway. Takes
/// the bytes it reads from `room`, and ends if there is none.
fn depth(mut data: &[u8], id_len: usize, room: &mut usize) -> usize {
    // Of each folder on the way down, how many folders in it are still to come.
    let mut left: Vec<usize> = vec![1];
    let mut deepest = 0;
    while let Some(here) = left.last_mut() {
        if *here == 0 {
            left.pop();
            continue;
        }
        *here -= 1;
        let mut node = || {
            field(&mut data, 0, room)?;
            let entries: i32 = number(field(&mut data, b' ', room)?)?;
            let folders: usize = number(field(&mut data, b'\n', room)?)?;
            data = data.get(if entries < 0 { 0 } else { id_len }..)?;
            Some(folders)
        };
        let Some(folders) = node() else { break };
        left.push(folders);
        deepest = deepest.max(left.len() - 1);
        if deepest > NESTED {
            break;
        }
    }
    deepest
}

/// What stands before the next byte `end`.
fn field<'d>(data: &mut &'d [u8], end: u8, room: &mut usize) -> Option<&'d [u8]> {
    let found = memchr::memchr(end, data);
    *room = room.saturating_sub(found.unwrap_or(data.len()) + 1);
    let (field, rest) = data.split_at(found.filter(|_| *room > 0)?);
    *data = &rest[1..];
    Some(field)
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache of trees, each in the one before, as git's documentation of the format lays it out.
    fn nested(levels: usize, id: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for level in 0..levels {
            let name = if level == 0 { "" } else { "d" };
            let count = usize::from(level + 1 < levels);
            let entries = if id { "0" } else { "-1" };
            out.extend(format!("{name}\0{entries} {count}\n").bytes());
            out.extend(if id { &[7; 20][..] } else { &[] });
        }
        out
    }

    fn index(cache: &[u8], before: &[u8]) -> Vec<u8> {
        let mut out = b"DIRC\0\0\0\x02\0\0\0\0".to_vec();
        out.extend(before);
        out.extend(b"TREE");
        out.extend((cache.len() as u32).to_be_bytes());
        out.extend(cache);
        out.extend([0; 20]);
        out
    }

    #[test]
    fn how_deep_a_cache_is_nested() {
        for id in [true, false] {
            for levels in [1, 2, 3, NESTED] {
                let cache = nested(levels, id);
                assert_eq!(depth(&cache, 20, &mut usize::MAX.clone()), levels);
                assert_eq!(within_depth(&index(&cache, b""), 20), Ok(()));
            }
            let deep = nested(NESTED + 1, id);
            assert!(within_depth(&index(&deep, b""), 20).is_err());
            // Something in a name that looks like the beginning of one does not hide it.
            assert!(within_depth(&index(&deep, b"XXXX\0\0\0\x08TREETREE"), 20).is_err());
        }
        // Two beside each other are no deeper than one.
        let flat = b"\0-1 2\na\0-1 0\nb\0-1 0\n";
        assert_eq!(depth(flat, 20, &mut 100), 2);
        let open = b"\0-1 2\na\0-1 1\nc\0-1 0\nb\0-1 0\n";
        assert_eq!(depth(open, 20, &mut 100), 3);
        // A number may begin with as many zeros as it likes.
        let zeros = format!("\0-1 {}1\na\0-1 0\n", "0".repeat(99));
        assert_eq!(depth(zeros.as_bytes(), 20, &mut 1_000), 2);
        for cut in 0..open.len() {
            assert!(depth(&open[..cut], 20, &mut 100) <= 3);
        }
        let mut no_room = 3;
        depth(open, 20, &mut no_room);
        assert_eq!(no_room, 0);
    }

    /// Each of these would be read to its end, again and again.
    #[test]
    fn many_that_overlap_are_refused() {
        let many = b"TREE\x7f\xff\xff\xff".repeat(100_000);
        assert!(within_depth(&many, 20).is_err());
    }
}
