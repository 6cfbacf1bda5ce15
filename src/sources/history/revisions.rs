//! What a person calls a commit: branches, tags, remote-tracking references, ids and the beginnings
//! of ids, `HEAD`, and steps from there (`HEAD~2`, `main^2`, `v1.0^{commit}`).
//!
//! Names mean what they mean to git, in git's order; references are read as they lie. What needs
//! git's configuration or a search (`@{upstream}`, `:/text`) is refused.

use std::path::Path;

use super::super::read::{Links, small_file};
use super::lookup::{Id, LookupReader};
use super::reftable::{Stack, Value};
use super::{Commit, ObjectKind, Places, Tag, hex};
use crate::base::{escape_controls, path_text};

/// The longest reference, and the longest list of packed ones, in bytes.
const REF_BYTES: u64 = 64 << 10;
const LIST_BYTES: u64 = 512 << 20;
/// How often one reference may lead to the next: git's own bound.
const REF_STEPS: usize = 5;
/// How many tags may point to tags.
const TAGS: usize = 16;
/// How many steps one revision may take.
const STEPS: usize = 1 << 20;

/// Where git looks for a name, in order.
const RULES: &[(&str, &str)] = &[
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// Why a revision is no commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionError {
    /// Words, with the name.
    pub why: String,
    /// Whether it may be somewhere else: a shallow clone lacks it, or it was never fetched.
    pub is_missing: bool,
}

impl std::fmt::Display for RevisionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for RevisionError {}

fn wrong(name: &str, why: &str) -> RevisionError {
    RevisionError {
        why: format!("'{}' {why}", escape_controls(name)),
        is_missing: false,
    }
}

/// Turns names into commits.
pub struct Revisions<'a, 's> {
    places: &'a Places,
    reader: &'a mut LookupReader<'s>,
    /// The packed references, once they were needed.
    packed: Option<Vec<u8>>,
    /// The reftables, once they were needed: the worktree's own first.
    tables: Option<Vec<Stack>>,
    /// Things a person should know: names that mean two things.
    pub notices: Vec<String>,
}

impl<'a, 's> Revisions<'a, 's> {
    /// For names of a repository.
    pub fn new(places: &'a Places, reader: &'a mut LookupReader<'s>) -> Self {
        Self {
            places,
            reader,
            packed: None,
            tables: None,
            notices: Vec::new(),
        }
    }

    /// The commit that a name means.
    ///
    /// # Errors
    ///
    /// If it means none.
    pub fn commit(&mut self, name: &str) -> Result<Id, RevisionError> {
        let end = name.find(['~', '^']).unwrap_or(name.len());
        let (base, mut rest) = name.split_at(end);
        let mut at = self.named(base, name)?;
        let mut steps: usize = 0;
        while let Some(kind) = rest.chars().next() {
            rest = &rest[kind.len_utf8()..];
            if kind == '^'
                && let Some(inner) = rest.strip_prefix('{')
            {
                let (what, after) = inner
                    .split_once('}')
                    .ok_or_else(|| wrong(name, "has a brace that does not end"))?;
                if !matches!(what, "" | "commit" | "0") {
                    return Err(wrong(name, "does not name a commit"));
                }
                at = self.peeled(at, name)?;
                rest = after;
                continue;
            }
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let count = match &rest[..digits] {
                "" => 1,
                digits => digits
                    .parse::<usize>()
                    .map_err(|_| wrong(name, "has a number that is too big"))?,
            };
            rest = &rest[digits..];
            steps = steps.saturating_add(count);
            if steps > STEPS {
                return Err(wrong(name, "takes too many steps"));
            }
            at = self.peeled(at, name)?;
            match kind {
                '~' => {
                    for _ in 0..count {
                        at = self.parent(&at, 1, name)?;
                    }
                }
                '^' if count == 0 => {}
                '^' => at = self.parent(&at, count, name)?,
                _ => return Err(wrong(name, "is not understood")),
            }
        }
        self.peeled(at, name)
    }

    /// The commit that `HEAD` is on; `None` before the first one.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    pub fn head(&mut self) -> Result<Option<Id>, RevisionError> {
        match self.reference("HEAD", "HEAD")? {
            Some(id) => self.peeled(id, "HEAD").map(Some),
            None => Ok(None),
        }
    }

    /// The object that a reference holds, by its full name (`refs/tags/v1.0`): of an annotated tag the
    /// tag itself. `None` if there is no such reference.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    pub fn object(&mut self, full: &str) -> Result<Option<Id>, RevisionError> {
        if !is_name(full) {
            return Err(wrong(full, "is no name of a reference"));
        }
        self.reference(full, full)
    }

    fn parent(&mut self, commit: &Id, number: usize, name: &str) -> Result<Id, RevisionError> {
        let hex = self.reader.lookup().hex(commit);
        if self.places.shallow.contains(&hex) {
            return Err(RevisionError {
                why: format!(
                    "'{}': the parents of {} are not here",
                    escape_controls(name),
                    &hex[..12]
                ),
                is_missing: true,
            });
        }
        let (_, data) = self.read(commit, name)?;
        let parsed = Commit::parse(&data);
        let parent = parsed.as_ref().and_then(|c| c.parents.get(number - 1));
        let parent = parent.ok_or_else(|| wrong(name, "goes beyond the first commit"))?;
        let id = self.reader.lookup().hash().parse(parent);
        id.ok_or_else(|| wrong(name, "leads to a commit that does not parse"))
    }

    fn read(&mut self, id: &Id, name: &str) -> Result<super::lookup::Read, RevisionError> {
        self.reader.read(id).map_err(|why| RevisionError {
            why: format!(
                "'{}': object {}: {why}",
                escape_controls(name),
                self.reader.lookup().hex(id)
            ),
            is_missing: why == super::lookup::Absence::Missing,
        })
    }

    /// The commit that an object is, or that a tag leads to.
    fn peeled(&mut self, object: Id, name: &str) -> Result<Id, RevisionError> {
        let mut at = object;
        for _ in 0..TAGS {
            let (kind, data) = self.read(&at, name)?;
            match kind {
                ObjectKind::Commit => return Ok(at),
                ObjectKind::Tag => {
                    let target = Tag::parse(&data).map(|t| t.object.to_vec());
                    let target = target.and_then(|hex| self.reader.lookup().hash().parse(&hex));
                    at = target.ok_or_else(|| wrong(name, "is a tag that does not parse"))?;
                }
                other => {
                    return Err(wrong(name, &format!("is a {}, no commit", other.word())));
                }
            }
        }
        Err(wrong(name, "leads from tag to tag without an end"))
    }

    /// The object that a name without steps means.
    fn named(&mut self, base: &str, whole: &str) -> Result<Id, RevisionError> {
        let hash = self.reader.lookup().hash();
        if base.len() == 2 * hash.bytes()
            && let Some(id) = hash.parse(base.as_bytes())
        {
            return Ok(id);
        }
        let name = if base == "@" { "HEAD" } else { base };
        if name.contains("@{") || name.contains(':') {
            let why = "is not understood: name a branch, a tag, a remote-tracking branch or an id";
            return Err(wrong(whole, why));
        }
        if !is_name(name) {
            return Err(wrong(whole, "is no name of a commit"));
        }
        let mut found: Vec<(String, Id)> = Vec::new();
        for (before, after) in RULES {
            let full = format!("{before}{name}{after}");
            // Files of git's own are no references: those are called so.
            let is_top = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            if before.is_empty() && !is_top && !name.starts_with("refs/") {
                continue;
            }
            if let Some(id) = self.reference(&full, whole)? {
                found.push((full, id));
            }
        }
        if let [(first, id), (second, other), ..] = &found[..]
            && id != other
        {
            let shown = escape_controls(name);
            self.notices.push(format!(
                "'{shown}' is {} and {}: {} is taken",
                escape_controls(first),
                escape_controls(second),
                escape_controls(first)
            ));
        }
        if let Some((_, id)) = found.first() {
            return Ok(*id);
        }
        if self.places.format.refs_elsewhere {
            let why = "is no id: references of this repository are in a folder of their own, which \
                       is not read; give the ids of commits (git rev-parse tells them)";
            return Err(wrong(whole, why));
        }
        self.abbreviated(name, whole)
    }

    /// The one commit or tag whose id begins so.
    fn abbreviated(&mut self, digits: &str, whole: &str) -> Result<Id, RevisionError> {
        let alike = self.reader.lookup().alike(digits);
        let mut of_use = Vec::new();
        for id in &alike {
            if let Ok((ObjectKind::Commit | ObjectKind::Tag, _)) = self.reader.read(id) {
                of_use.push(*id);
            }
        }
        match (&of_use[..], &alike[..]) {
            ([one], _) | ([], [one]) => Ok(*one),
            ([], []) => Err(RevisionError {
                why: format!("'{}' is no commit that is here", escape_controls(whole)),
                is_missing: true,
            }),
            _ => Err(wrong(
                whole,
                "is the beginning of several ids: give more of it",
            )),
        }
    }

    /// The object that a reference holds; `None` if there is no such reference.
    fn reference(&mut self, full: &str, whole: &str) -> Result<Option<Id>, RevisionError> {
        let mut full = full.to_owned();
        for _ in 0..=REF_STEPS {
            let Some(content) = self.content(&full, whole)? else {
                return Ok(None);
            };
            if let Some(other) = content.strip_prefix(b"ref:") {
                full = String::from_utf8_lossy(other.trim_ascii()).into_owned();
                if !is_name(&full) {
                    return Err(wrong(whole, "leads to a name that is none"));
                }
                continue;
            }
            let id = content.split(u8::is_ascii_whitespace).next();
            let id = self.reader.lookup().hash().parse(id.unwrap_or_default());
            return match id {
                Some(id) => Ok(Some(id)),
                None => Err(wrong(whole, "is a reference that does not parse")),
            };
        }
        Err(wrong(whole, "leads from name to name without an end"))
    }

    /// What the file of a reference says, or the list of packed ones, or a reftable.
    fn content(&mut self, full: &str, whole: &str) -> Result<Option<Vec<u8>>, RevisionError> {
        // These two are files everywhere: they may hold several ids.
        if self.places.format.reftable && !matches!(full, "FETCH_HEAD" | "MERGE_HEAD") {
            return self.in_tables(full, whole);
        }
        // A worktree has heads and some references of its own.
        for folder in [&self.places.git_dir, &self.places.common_dir] {
            let path = folder.join(full);
            if path.is_file()
                && let Some(content) = read(&path, REF_BYTES, whole)?
            {
                return Ok(Some(content.trim_ascii().to_vec()));
            }
        }
        if self.packed.is_none() {
            let path = self.places.common_dir.join("packed-refs");
            self.packed = Some(read(&path, LIST_BYTES, whole)?.unwrap_or_default());
        }
        let mut lines = self.packed.iter().flat_map(|p| p.split(|b| *b == b'\n'));
        Ok(lines.find_map(|line| {
            let (id, name) = line.split_at_checked(line.iter().position(|b| *b == b' ')?)?;
            (&name[1..] == full.as_bytes()).then(|| id.to_vec())
        }))
    }

    /// What the reftables say of a reference, in the words of its file.
    fn in_tables(&mut self, full: &str, whole: &str) -> Result<Option<Vec<u8>>, RevisionError> {
        let (places, hash) = (self.places, self.reader.lookup().hash());
        let tables = self.tables.get_or_insert_with(|| {
            // A worktree has heads and some references of its own.
            let mut folders = vec![&places.git_dir, &places.common_dir];
            folders.dedup();
            let stacks = folders.into_iter();
            stacks
                .map(|f| Stack::read(&f.join("reftable"), hash))
                .collect()
        });
        if let Some(skip) = tables.iter().find_map(|stack| stack.skips.first()) {
            let path = path_text(&skip.path);
            let why = format!("cannot be looked up: {path}: {}", skip.reason);
            return Err(wrong(whole, &why));
        }
        let value = tables
            .iter()
            .find_map(|stack| stack.refs.get(full.as_bytes()));
        Ok(value.map(|value| match value {
            Value::Object(id) => hex(&id[..hash.bytes()]).into_bytes(),
            Value::Name(name) => [b"ref: ", &name[..]].concat(),
        }))
    }
}

/// A file's content; `None` if it is not there.
fn read(path: &Path, limit: u64, whole: &str) -> Result<Option<Vec<u8>>, RevisionError> {
    match small_file(path, Links::Follow, limit) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let words = super::super::read::words(&error);
            let why = format!("cannot be looked up: {}: {words}", path_text(path));
            Err(wrong(whole, &why))
        }
    }
}

/// Whether git would let a reference be called so: nothing that leaves the folder of references.
fn is_name(name: &str) -> bool {
    let bad =
        |c: char| c.is_control() || matches!(c, ' ' | '?' | '*' | '[' | '\\' | ':' | '~' | '^');
    let is_lock = |p: &str| p.as_bytes().ends_with(b".lock");
    let piece = |p: &str| !p.is_empty() && !p.starts_with('.') && !is_lock(p);
    !name.contains(bad)
        && !name.contains("..")
        && !name.ends_with('.')
        && name.split('/').all(piece)
}

#[cfg(test)]
mod tests {
    use super::super::{Lookup, PlacesOptions};
    use super::*;

    #[test]
    fn names_stay_in_the_folder_of_references() {
        for good in [
            "main",
            "feature/x-1",
            "v1.0",
            "a.b",
            "HEAD",
            "refs/heads/m@n",
        ] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "../x",
            "a/../b",
            ".git",
            "a/.b",
            "a b",
            "a*",
            "x.lock",
            "a:b",
            "a\\b",
            "a.",
            "a\nb",
        ] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn what_a_file_says_is_followed_and_damage_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = git2::Repository::init(dir.path()).expect("a repository");
        let git = repository.path().to_owned();
        let who = git2::Signature::new("x", "x@x", &git2::Time::new(0, 0)).expect("who");
        let tree = repository.treebuilder(None).expect("a builder").write();
        let tree = repository.find_tree(tree.expect("written")).expect("found");
        let made = repository
            .commit(None, &who, &who, "m", &tree, &[])
            .expect("committed");
        let write = |name: &str, text: &str| {
            let path = git.join(name);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write("refs/heads/a", "ref: refs/heads/b\n");
        write("refs/heads/b", &format!("{made}\n"));
        write("refs/heads/round", "ref: refs/heads/round\n");
        write("refs/heads/bad", "nothing\n");
        write("refs/heads/out", "ref: ../../x\n");
        write(
            "packed-refs",
            &format!("# pack-refs with: peeled\n{made} refs/tags/p\n^{made}\n"),
        );
        let places = Places::find(dir.path(), &PlacesOptions::default()).expect("found");
        let lookup = Lookup::open(&places);
        let mut reader = lookup.reader();
        let mut revisions = Revisions::new(&places, &mut reader);
        let mut told = |name: &str| match revisions.commit(name) {
            Ok(id) => lookup.hex(&id),
            Err(error) => error.why,
        };
        let id = made.to_string();
        for name in [
            "a",
            "b",
            "p",
            "tags/p",
            "refs/heads/a",
            "a^{commit}",
            "a^{}",
            "a^0",
            &id[..7],
        ] {
            assert_eq!(told(name), id, "{name}");
        }
        assert!(told("round").contains("without an end"));
        assert!(told("bad").contains("does not parse"));
        assert!(told("out").contains("a name that is none"));
        assert!(told("a^").contains("beyond the first"));
        assert!(told("a^{tree}").contains("does not name a commit"));
        assert!(told("a@{u}").contains("not understood"));
        assert!(told("config").contains("no commit that is here"));
        assert!(told("../config").contains("no name"));
        assert!(told(&tree.id().to_string()).contains("is a tree"));
        assert!(told("a^99999999999999999999").contains("too big"));
    }
}
