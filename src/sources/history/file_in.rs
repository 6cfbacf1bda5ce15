//! One file of one commit, by its path: for configuration that must not come from a working tree.

use super::lookup::{Absence, Id, LookupReader};
use super::{Commit, ObjectKind};

/// What a commit has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileIn {
    /// Nothing.
    Nothing,
    /// A file with this content.
    File(Vec<u8>),
    /// Something else: a folder, a link, a commit of another repository.
    Other(&'static str),
}

/// What `commit` has at `path`, names from its top.
///
/// # Errors
///
/// The object that cannot be read, and why.
pub fn file_in(
    reader: &mut LookupReader<'_>,
    commit: &Id,
    path: &[&str],
) -> Result<FileIn, (Id, Absence)> {
    let damaged = |id: &Id, why: &str| (*id, Absence::Damaged(why.to_owned()));
    let (_, data) = reader.read(commit).map_err(|why| (*commit, why))?;
    let hash = reader.lookup().hash();
    let tree = Commit::parse(&data).and_then(|c| hash.parse(c.tree));
    let mut at = tree.ok_or_else(|| damaged(commit, "the commit does not parse"))?;
    let Some((last, folders)) = path.split_last() else {
        return Ok(FileIn::Other("a folder"));
    };
    for (name, is_last) in folders
        .iter()
        .map(|name| (name, false))
        .chain([(last, true)])
    {
        let (kind, data) = reader.read(&at).map_err(|why| (at, why))?;
        if kind != ObjectKind::Tree {
            return Err(damaged(&at, "it is no tree"));
        }
        let found = entry(&data, name.as_bytes(), hash.bytes());
        let found = found.map_err(|why| damaged(&at, why))?;
        let Some((mode, id)) = found else {
            return Ok(FileIn::Nothing);
        };
        match (mode & 0o170_000, is_last) {
            (0o040_000, false) => at = id,
            (0o100_000, true) => {
                let (kind, data) = reader.read(&id).map_err(|why| (id, why))?;
                if kind != ObjectKind::Blob {
                    return Err(damaged(&id, "it is no file"));
                }
                return Ok(FileIn::File(data.to_vec()));
            }
            (0o100_000, false) => return Ok(FileIn::Nothing),
            (0o040_000, true) => return Ok(FileIn::Other("a folder")),
            (0o120_000, _) => return Ok(FileIn::Other("a link")),
            _ => return Ok(FileIn::Other("no file")),
        }
    }
    Ok(FileIn::Nothing)
}

/// The entry of a tree with a name.
fn entry(data: &[u8], name: &[u8], len: usize) -> Result<Option<(u32, Id)>, &'static str> {
    let bad = "the tree does not parse";
    let mut rest = data;
    while !rest.is_empty() {
        let nul = memchr::memchr(0, rest).ok_or(bad)?;
        let blank = memchr::memchr(b' ', &rest[..nul]).ok_or(bad)?;
        let id = rest.get(nul + 1..nul + 1 + len).ok_or(bad)?;
        if &rest[blank + 1..nul] == name {
            let mode = std::str::from_utf8(&rest[..blank]).map_err(|_| bad)?;
            let mode = u32::from_str_radix(mode, 8).map_err(|_| bad)?;
            let mut whole = [0; 32];
            whole[..len].copy_from_slice(id);
            return Ok(Some((mode, whole)));
        }
        rest = &rest[nul + 1 + len..];
    }
    Ok(None)
}
