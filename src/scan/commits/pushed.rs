//! What a push sends: the objects that references are set to, less what the other side has.
//!
//! A reference may hold anything: a commit, an annotated tag (whose own text is sent, too), a tree,
//! a blob.

use std::collections::{BTreeMap, HashSet};

use super::ScanError;
use crate::sources::history::{Id, LookupReader, ObjectKind, Places, References, Tag};

/// How many tags may point to tags.
const TAGS: usize = 16;

/// A reference that is set by a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its name on the other side, for people.
    pub name: String,
    /// The object that it is set to, in hex.
    pub object: String,
}

/// What the other side of a push has already. What is not here, and what is no commit, takes
/// nothing away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Ids in hex: what its references held before.
    pub objects: Vec<String>,
    /// The references of this repository whose full names begin so tell of it
    /// (`refs/remotes/origin/`).
    pub references: Option<String>,
}

/// An object that is judged by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alone {
    pub(super) id: Id,
    pub(super) kind: ObjectKind,
    pub(super) name: String,
}

/// The commits that are pushed, and the objects that are judged by themselves.
pub(super) fn sent(
    pushed: &[Pushed],
    reader: &mut LookupReader<'_>,
    from: &mut Vec<Id>,
) -> Result<Vec<Alone>, ScanError> {
    let mut alone: BTreeMap<Id, Alone> = BTreeMap::new();
    for one in pushed {
        let name = crate::base::escape_controls(&one.name).into_owned();
        let wrong = |why: &str| ScanError::Revision(format!("{name}: {why}"));
        let id = reader.lookup().hash().parse(one.object.as_bytes());
        let mut at = id.ok_or_else(|| wrong("what it is set to is no id of an object"))?;
        for step in 0.. {
            let read = reader.read(&at).map_err(|why| {
                let hex = reader.lookup().hex(&at);
                wrong(&format!("object {hex}: {why}"))
            });
            let (kind, data) = read?;
            if kind == ObjectKind::Commit {
                from.push(at);
                break;
            }
            let name = one.name.clone();
            alone.insert(at, Alone { id: at, kind, name });
            if kind != ObjectKind::Tag {
                break;
            }
            let target = Tag::parse(&data).map(|t| t.object.to_vec());
            let target = target.and_then(|hex| reader.lookup().hash().parse(&hex));
            at = target.ok_or_else(|| wrong("a tag does not parse"))?;
            if step == TAGS {
                return Err(wrong("it leads from tag to tag without an end"));
            }
        }
    }
    Ok(alone.into_values().collect())
}

/// The commits that the other side has, as far as they are here; and what could not be told.
pub(super) fn known(
    known: &Known,
    places: &Places,
    reader: &mut LookupReader<'_>,
    notices: &mut Vec<String>,
) -> Vec<Id> {
    let hash = reader.lookup().hash();
    let given = known.objects.iter();
    let mut ids: HashSet<Id> = given.filter_map(|hex| hash.parse(hex.as_bytes())).collect();
    if let Some(prefix) = &known.references {
        let references = References::read(places, prefix);
        ids.extend(references.by_name.into_values());
        for skip in references.skips {
            let path = crate::base::path_text(&skip.path).into_owned();
            notices.push(format!(
                "{path}: {}: more may be judged than is new",
                skip.reason
            ));
        }
    }
    let mut commits: Vec<Id> = ids.iter().filter_map(|id| peeled(reader, *id)).collect();
    commits.sort_unstable();
    commits.dedup();
    commits
}

/// The commit that an object is or leads to.
fn peeled(reader: &mut LookupReader<'_>, mut at: Id) -> Option<Id> {
    for _ in 0..=TAGS {
        let (kind, data) = reader.read(&at).ok()?;
        match kind {
            ObjectKind::Commit => return Some(at),
            ObjectKind::Tag => at = reader.lookup().hash().parse(Tag::parse(&data)?.object)?,
            _ => return None,
        }
    }
    None
}
