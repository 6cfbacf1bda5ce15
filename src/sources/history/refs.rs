//! What holds objects alive: references, heads, reflogs and indexes of all worktrees.
//!
//! Files and reftables are read as they lie. Replace references and grafts are not followed: they change what git
//! shows, not what it holds.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::index::{Check, read_index};
use super::super::read::{Links, small_file};
use super::super::{Skip, SkipReason};
use super::reftable::{Stack, Value};
use super::{HashKind, Objects, Places, corrupt, hex, unreadable};

/// The longest reference file, and the longest list of references or reflog, in bytes.
const REF_BYTES: u64 = 64 << 10;
const LIST_BYTES: u64 = 512 << 20;
/// How deep folders of references may be nested.
const DEPTH: usize = 64;

/// What sort of thing holds an object. In order of weight: the first that holds is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HolderKind {
    /// `HEAD` of a worktree.
    Head,
    /// A branch, a tag, a note, any other reference that is not remote-tracking.
    Reference,
    /// A remote-tracking reference: what it reaches has left this machine.
    Remote,
    /// An older state of a remote-tracking reference: it had left this machine.
    RemoteLog,
    /// The stash, or an older entry of it.
    Stash,
    /// A file that is staged in an index.
    Index,
    /// An entry of a reflog, or what git notes down of its last operations (`ORIG_HEAD`).
    Reflog,
}

/// One thing that holds an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// What sort.
    pub kind: HolderKind,
    /// Its name as git shows it: `main`, `origin/main`, `v2.0`, `stash@{1}`, `HEAD@{12}`, or the
    /// path of a staged file.
    pub name: String,
    /// The object's number.
    pub object: u32,
}

/// Everything that holds objects of a repository.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// Sorted.
    pub all: Vec<Holder>,
    /// What could not be read.
    pub skips: Vec<Skip>,
    /// Commits that `refs/replace` would show in another's place: not followed.
    pub replaced: usize,
    /// How many references there are.
    pub references: usize,
    /// What each reference and each head leads to, by full name.
    pub by_name: BTreeMap<String, u32>,
}

impl Holders {
    /// Reads all holders. References to objects that are in no store are told as skips.
    pub fn read(places: &Places, objects: &Objects) -> Self {
        let mut reading = Reading {
            objects,
            reftable: places.format.reftable,
            refs: BTreeMap::new(),
            logs: Vec::new(),
            out: Self::default(),
        };
        if places.format.refs_elsewhere {
            reading.out.skips.push(Skip {
                path: places.common_dir.join("config"),
                reason: SkipReason::Unsupported(
                    "it keeps references in a folder of their own, which is not read: which of \
                     them reach a finding is not known (all objects are searched)"
                        .to_owned(),
                ),
            });
        }
        let common = &places.common_dir;
        if !reading.reftable {
            reading.packed(&common.join("packed-refs"));
            reading.folder(&common.join("refs"), "refs", 0);
            reading.log_folder(&common.join("logs/refs"), "refs", 0);
        }
        reading.worktree(common, "");
        let worktrees = common.join("worktrees");
        for name in reading.list(&worktrees) {
            let prefix = format!("worktrees/{}/", name.to_string_lossy());
            reading.worktree(&worktrees.join(&name), &prefix);
        }
        reading.finish(
            places.format.hash,
            !places.shallow.is_empty() || places.format.partial,
        )
    }
}

enum Target {
    Object(Vec<u8>),
    Name(String),
}

struct Reading<'o> {
    objects: &'o Objects,
    /// Whether references and reflogs are in reftables.
    reftable: bool,
    /// By full name: what the file says, and where it is.
    refs: BTreeMap<String, (Target, PathBuf)>,
    /// Reflogs: the name that their entries have, and their ids, newest first.
    logs: Vec<(String, Vec<Vec<u8>>)>,
    out: Holders,
}

impl Reading<'_> {
    /// The names in a folder; none if it is not there.
    fn list(&mut self, folder: &Path) -> Vec<std::ffi::OsString> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    self.out.skips.push(unreadable(folder, &error));
                }
                return Vec::new();
            }
        };
        let mut names: Vec<_> = entries
            .filter_map(|e| e.ok().map(|e| e.file_name()))
            .collect();
        names.sort();
        names
    }

    /// A file's content; `None` if it is not there.
    fn file(&mut self, path: &Path, limit: u64) -> Option<Vec<u8>> {
        match small_file(path, Links::Follow, limit) {
            Ok(content) => Some(content),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    self.out.skips.push(unreadable(path, &error));
                }
                None
            }
        }
    }

    fn packed(&mut self, path: &Path) {
        let Some(content) = self.file(path, LIST_BYTES) else {
            return;
        };
        for line in content.split(|b| *b == b'\n') {
            // `#` begins the header, `^` what the tag before points to.
            if line.is_empty() || matches!(line[0], b'#' | b'^') {
                continue;
            }
            let mut fields = line.splitn(2, |b| *b == b' ');
            match (fields.next(), fields.next()) {
                (Some(id), Some(name)) => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    self.refs
                        .insert(name, (Target::Object(id.to_vec()), path.to_owned()));
                }
                _ => self.out.skips.push(corrupt(path, "a line does not parse")),
            }
        }
    }

    /// References as files: they win over packed ones.
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) {
        if depth > DEPTH {
            return self
                .out
                .skips
                .push(corrupt(folder, "references are nested too deep"));
        }
        for name in self.list(folder) {
            let path = folder.join(&name);
            let full = format!("{prefix}/{}", name.to_string_lossy());
            if path.is_dir() {
                self.folder(&path, &full, depth + 1);
            } else if path.extension().is_none_or(|e| e != "lock") {
                self.reference(&path, full);
            }
        }
    }

    fn reference(&mut self, path: &Path, name: String) {
        let Some(content) = self.file(path, REF_BYTES) else {
            return;
        };
        let content = content.trim_ascii();
        let target = if let Some(other) = content.strip_prefix(b"ref:") {
            Target::Name(String::from_utf8_lossy(other.trim_ascii()).into_owned())
        } else {
            let id = content.split(u8::is_ascii_whitespace).next();
            Target::Object(id.unwrap_or_default().to_vec())
        };
        self.refs.insert(name, (target, path.to_owned()));
    }

    /// What a worktree has of its own: heads, references, the log of its head, its index.
    fn worktree(&mut self, folder: &Path, prefix: &str) {
        for name in self.list(folder) {
            let name = name.to_string_lossy().into_owned();
            // Beside a reftable the file leads nowhere.
            let is_head = name == "HEAD" && !self.reftable;
            if is_head || name.ends_with("_HEAD") {
                self.reference(&folder.join(&name), format!("{prefix}{name}"));
            }
        }
        if self.reftable {
            self.tables(&folder.join("reftable"), prefix);
        } else {
            if !prefix.is_empty() {
                self.folder(&folder.join("refs"), &format!("{prefix}refs"), 0);
            }
            self.log(&folder.join("logs/HEAD"), format!("{prefix}HEAD"));
        }
        self.index(&folder.join("index"), prefix);
    }

    /// The references and reflogs of a reftable.
    fn tables(&mut self, folder: &Path, prefix: &str) {
        let hash = self.objects.hash();
        let stack = Stack::read(folder, hash);
        let full = |name: &[u8]| format!("{prefix}{}", String::from_utf8_lossy(name));
        for (name, ids) in stack.numbered() {
            let ids = ids.iter().map(|id| hex(&id[..hash.bytes()]).into_bytes());
            self.logs.push((full(name), ids.collect()));
        }
        for (name, value) in stack.refs {
            let target = match value {
                Value::Object(id) => Target::Object(hex(&id[..hash.bytes()]).into_bytes()),
                Value::Name(name) => Target::Name(String::from_utf8_lossy(&name).into_owned()),
            };
            self.refs.insert(full(&name), (target, folder.to_owned()));
        }
        self.out.skips.extend(stack.skips);
    }

    fn log_folder(&mut self, folder: &Path, prefix: &str, depth: usize) {
        if depth > DEPTH {
            return self
                .out
                .skips
                .push(corrupt(folder, "reflogs are nested too deep"));
        }
        for name in self.list(folder) {
            let path = folder.join(&name);
            let full = format!("{prefix}/{}", name.to_string_lossy());
            if path.is_dir() {
                self.log_folder(&path, &full, depth + 1);
            } else {
                self.log(&path, full);
            }
        }
    }

    /// A reflog: `old new who` a line, the newest last.
    fn log(&mut self, path: &Path, name: String) {
        let Some(content) = self.file(path, LIST_BYTES) else {
            return;
        };
        let mut ids = Vec::new();
        for line in content
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
        {
            let mut fields = line.split(|b| *b == b' ');
            if let (Some(old), Some(new)) = (fields.next(), fields.next()) {
                if ids.is_empty() {
                    ids.push(old.to_vec());
                }
                ids.push(new.to_vec());
            }
        }
        ids.reverse();
        self.logs.push((name, ids));
    }

    fn index(&mut self, path: &Path, prefix: &str) {
        let index = match read_index(path, self.objects.hash(), Check::Nothing) {
            Ok(Some(index)) => index,
            Ok(None) => return,
            Err(reason) => {
                let path = path.to_owned();
                return self.out.skips.push(Skip { path, reason });
            }
        };
        for entry in index.entries() {
            if let Some(object) = self.objects.find(entry.id.as_slice()) {
                let path: &[u8] = entry.path(&index);
                self.out.all.push(Holder {
                    kind: HolderKind::Index,
                    name: format!("{prefix}{}", String::from_utf8_lossy(path)),
                    object,
                });
            }
        }
    }

    /// Follows references to objects.
    fn finish(mut self, hash: HashKind, may_lack: bool) -> Holders {
        for (name, (target, path)) in &self.refs {
            let mut target = target;
            for _ in 0..5 {
                let Target::Name(other) = target else { break };
                match self.refs.get(other) {
                    Some((next, _)) => target = next,
                    // A branch that has no commit yet.
                    None => break,
                }
            }
            let Target::Object(id) = target else { continue };
            if name.starts_with("refs/replace/") {
                self.out.replaced += 1;
            }
            if let Some(object) = self.objects.find_hex(id) {
                self.out.by_name.insert(name.clone(), object);
                let (kind, mut name) = shown(name);
                if kind == HolderKind::Stash {
                    name.push_str("@{0}");
                }
                self.out.all.push(Holder { kind, name, object });
            } else if hash.parse(id).is_none() {
                let why = format!("the reference {name} does not parse");
                self.out.skips.push(corrupt(&**path, why));
            } else if !may_lack && !name.ends_with("FETCH_HEAD") {
                let why = format!("the reference {name} is to an object that is in no store");
                self.out.skips.push(corrupt(&**path, why));
            }
        }
        self.out.references = self.refs.keys().filter(|n| n.starts_with("refs/")).count();
        for (name, ids) in std::mem::take(&mut self.logs) {
            let (kind, name) = shown(&name);
            for (age, id) in ids.iter().enumerate() {
                // Old entries may have been pruned: nothing is held then.
                let Some(object) = self.objects.find_hex(id) else {
                    continue;
                };
                let kind = match kind {
                    HolderKind::Stash => kind,
                    HolderKind::Remote => HolderKind::RemoteLog,
                    _ => HolderKind::Reflog,
                };
                self.out.all.push(Holder {
                    kind,
                    name: format!("{name}@{{{age}}}"),
                    object,
                });
            }
        }
        self.out.all.sort();
        self.out.all.dedup();
        self.out.skips.sort();
        self.out
    }
}

/// What sort of holder a reference is, and its name as git shows it.
fn shown(full: &str) -> (HolderKind, String) {
    if full == "refs/stash" {
        return (HolderKind::Stash, "stash".to_owned());
    }
    if let Some(name) = full.strip_prefix("refs/remotes/") {
        return (HolderKind::Remote, name.to_owned());
    }
    if full == "HEAD" || full.ends_with("/HEAD") && full.starts_with("worktrees/") {
        return (HolderKind::Head, full.to_owned());
    }
    if full.ends_with("_HEAD") && !full.contains("refs/") {
        return (HolderKind::Reflog, full.to_owned());
    }
    let short = ["refs/heads/", "refs/tags/"]
        .iter()
        .find_map(|p| full.strip_prefix(p));
    (HolderKind::Reference, short.unwrap_or(full).to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{PlacesOptions, Stores};
    use super::*;
    use std::fs;

    fn told(path: &Path) -> (Vec<(HolderKind, String, String)>, Vec<Skip>) {
        let places = Places::find(path, &PlacesOptions::default()).expect("found");
        let stores = Stores::open(&places, 1);
        let objects = stores.objects();
        let holders = Holders::read(&places, objects);
        let all = holders
            .all
            .into_iter()
            .map(|h| (h.kind, h.name, objects.hex(h.object)));
        (all.collect(), holders.skips)
    }

    #[test]
    fn every_place_that_holds_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = git2::Repository::init(dir.path()).expect("a repository");
        let git = repository.path().to_owned();
        let who = git2::Signature::new("A", "a@b.invalid", &git2::Time::new(9, 0)).expect("who");
        let empty = repository
            .treebuilder(None)
            .expect("a builder")
            .write()
            .expect("written");
        let tree = repository.find_tree(empty).expect("found");
        let commit = |name: Option<&str>, text: &str| {
            repository
                .commit(name, &who, &who, text, &tree, &[])
                .expect("committed")
                .to_string()
        };
        let first = commit(Some("refs/heads/main"), "first");
        let second = commit(Some("refs/remotes/origin/main"), "second");
        let third = commit(None, "third");
        let fourth = commit(None, "fourth");
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").expect("written");
        let packed = format!(
            "# pack-refs with: peeled\n{third} refs/tags/v1\n^{first}\n{third} refs/heads/main\n"
        );
        fs::write(git.join("packed-refs"), packed).expect("written");
        let zero = "0".repeat(40);
        fs::create_dir_all(git.join("logs/refs")).expect("made");
        let log = format!("{zero} {third} A <a> 1 +0000\tx\n{third} {fourth} A <a> 2 +0000\ty\n");
        fs::write(git.join("logs/refs/stash"), log).expect("written");
        let staged = repository.blob(b"staged").expect("written");
        let mut index = repository.index().expect("an index");
        index
            .add_frombuffer(
                &git2::IndexEntry {
                    ctime: git2::IndexTime::new(0, 0),
                    mtime: git2::IndexTime::new(0, 0),
                    dev: 0,
                    ino: 0,
                    mode: 0o100_644,
                    uid: 0,
                    gid: 0,
                    file_size: 0,
                    id: staged,
                    flags: 0,
                    flags_extended: 0,
                    path: b"a/b".to_vec(),
                },
                b"staged",
            )
            .expect("added");
        index.write().expect("written");

        let (all, skips) = told(dir.path());
        assert_eq!(skips, []);
        let has =
            |kind, name: &str, id: &str| all.contains(&(kind, name.to_owned(), id.to_owned()));
        assert!(has(HolderKind::Head, "HEAD", &first), "{all:?}");
        assert!(
            has(HolderKind::Reference, "main", &first),
            "a file wins over a packed one"
        );
        assert!(!has(HolderKind::Reference, "main", &third));
        assert!(has(HolderKind::Reference, "v1", &third));
        assert!(has(HolderKind::Remote, "origin/main", &second));
        assert!(
            has(HolderKind::Stash, "stash@{0}", &fourth)
                && has(HolderKind::Stash, "stash@{1}", &third)
        );
        assert!(has(HolderKind::Index, "a/b", &staged.to_string()));

        fs::write(git.join("refs/heads/gone"), "1".repeat(40)).expect("written");
        fs::write(git.join("refs/heads/bad"), "no id\n").expect("written");
        fs::write(git.join("index"), "DIRC\0\0").expect("written");
        let (_, skips) = told(dir.path());
        assert_eq!(skips.len(), 3, "{skips:?}");
        assert!(skips.iter().all(|s| s.reason.is_incomplete()));
    }
}
