//! The references of a repository by name, without a look at any object.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use super::super::read::{Links, small_file};
use super::super::{Skip, SkipReason};
use super::{Id, Places, corrupt, unreadable};

/// The longest reference, and the longest list of packed ones, in bytes.
const REF_BYTES: u64 = 64 << 10;
const LIST_BYTES: u64 = 512 << 20;
/// How deep folders of references may be nested.
const DEPTH: usize = 64;

/// References by full name, and what could not be read of them.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// What each is an id of. Those that are names of others are left out: the others are told.
    pub by_name: BTreeMap<String, Id>,
    /// What could not be read.
    pub skips: Vec<Skip>,
}

impl References {
    /// The references whose full names begin so (`refs/remotes/origin/`); an empty prefix means
    /// all.
    pub fn read(places: &Places, prefix: &str) -> Self {
        let mut out = Self::default();
        if places.format.reftable {
            out.skips.push(Skip {
                path: places.common_dir.join("reftable"),
                reason: SkipReason::Unsupported("references in a reftable are not read".to_owned()),
            });
            return out;
        }
        let path = places.common_dir.join("packed-refs");
        let packed = match small_file(&path, Links::Follow, LIST_BYTES) {
            Ok(packed) => packed,
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    out.skips.push(unreadable(path, &error));
                }
                Vec::new()
            }
        };
        for line in packed.split(|b| *b == b'\n') {
            let Some(blank) = line.iter().position(|b| *b == b' ') else {
                continue;
            };
            let name = String::from_utf8_lossy(&line[blank + 1..]);
            if line[0] != b'#'
                && name.starts_with(prefix)
                && let Some(id) = places.format.hash.parse(&line[..blank])
            {
                out.by_name.insert(name.into_owned(), id);
            }
        }
        // The folder that the prefix ends in.
        let folder = prefix.rsplit_once('/').map_or("refs", |(folder, _)| folder);
        out.folder(places, folder, prefix, 0);
        out
    }

    /// References as files: they win over packed ones.
    fn folder(&mut self, places: &Places, name: &str, prefix: &str, depth: usize) {
        let folder = places.common_dir.join(name);
        if depth > DEPTH {
            let why = "references are nested too deep";
            return self.skips.push(corrupt(folder, why));
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
                    self.skips.push(unreadable(folder, &error));
                }
                return;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let full = format!("{name}/{}", entry.file_name().to_string_lossy());
            if path.is_dir() {
                self.folder(places, &full, prefix, depth + 1);
            } else if full.starts_with(prefix) && path.extension().is_none_or(|e| e != "lock") {
                self.file(places, &path, full);
            }
        }
    }

    fn file(&mut self, places: &Places, path: &Path, full: String) {
        match small_file(path, Links::Follow, REF_BYTES) {
            Ok(content) => {
                let content = content.trim_ascii();
                if content.starts_with(b"ref:") {
                    self.by_name.remove(&full);
                } else if let Some(id) = places.format.hash.parse(content) {
                    self.by_name.insert(full, id);
                } else {
                    let why = format!("the reference {full} does not parse");
                    self.skips.push(corrupt(path, why));
                }
            }
            Err(error) => self.skips.push(unreadable(path, &error)),
        }
    }
}
