//! Stores built with libgit2 and by hand, whole and damaged.

mod damage;
mod giants;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::delta::tests::{encode, number};
use super::*;

/// What a sweep handed out.
#[derive(Default)]
struct Recorder {
    objects: BTreeMap<u32, (ObjectKind, Vec<u8>)>,
    based: usize,
    skips: Vec<Skip>,
}

impl ObjectVisitor for Recorder {
    type Held = Vec<u8>;

    fn object(&mut self, object: &Object<'_>, base: Option<Base<'_, Vec<u8>>>) -> Vec<u8> {
        if let Some(base) = base {
            assert_eq!(base.held, base.data, "what was kept is that of the base");
            for s in base.segments {
                if let Some(from) = s.from {
                    assert_eq!(&object.data[s.at..s.end()], &base.data[from..from + s.len]);
                }
            }
            self.based += 1;
        }
        self.objects
            .insert(object.number, (object.kind, object.data.to_vec()));
        object.data.to_vec()
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }
}

fn opened(path: &Path) -> Stores {
    let places = Places::find(path, &PlacesOptions::default()).expect("a repository");
    assert_eq!(places.skips, []);
    Stores::open(&places, 2)
}

fn swept(stores: &Stores, threads: usize, only: Option<&ObjectSet>) -> (Recorder, ObjectSet) {
    swept_but(stores, threads, only, None)
}

fn swept_but(
    stores: &Stores,
    threads: usize,
    only: Option<&ObjectSet>,
    without: Option<&ObjectSet>,
) -> (Recorder, ObjectSet) {
    let seen = ObjectSet::new(stores.objects().len());
    let options = SweepOptions {
        threads,
        kinds: ObjectKind::ALL,
        only,
        without,
        seen: &seen,
    };
    let mut all = Recorder::default();
    for mut one in stores.sweep(options, Recorder::default) {
        all.objects.append(&mut one.objects);
        all.based += one.based;
        all.skips.append(&mut one.skips);
    }
    (all, seen)
}

/// Texts that git stores as deltas: a long one that changes a little each time.
fn versions(count: usize) -> Vec<Vec<u8>> {
    let line = |i: usize| {
        format!(
            "line {i}: {:x}\n",
            (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        )
    };
    let mut lines: Vec<String> = (0..400).map(line).collect();
    (0..count)
        .map(|version| {
            let at = version * 37 % lines.len();
            lines[at] = format!("version {version} {}", line(version * 1000));
            if version % 3 == 0 {
                lines.insert(at / 2, line(version + 5000));
            }
            lines.concat().into_bytes()
        })
        .collect()
}

/// Packs all loose objects of a repository, removes them; the pack's path without extension.
fn repack(repository: &git2::Repository, ids: &[git2::Oid]) -> PathBuf {
    let folder = repository.path().join("objects/pack");
    let mut builder = repository.packbuilder().expect("a builder");
    for id in ids {
        builder.insert_object(*id, Some("same")).expect("inserted");
    }
    builder.write(&folder, 0).expect("written");
    let name = builder
        .name()
        .expect("UTF-8")
        .expect("it was written")
        .to_owned();
    for id in ids {
        let hex = id.to_string();
        let loose = repository
            .path()
            .join("objects")
            .join(&hex[..2])
            .join(&hex[2..]);
        let _ = fs::remove_file(loose);
    }
    folder.join(format!("pack-{name}"))
}

struct Built {
    dir: tempfile::TempDir,
    ids: Vec<git2::Oid>,
    texts: Vec<Vec<u8>>,
    pack: PathBuf,
}

fn built(count: usize) -> Built {
    let dir = tempfile::tempdir().expect("a folder");
    let repository = git2::Repository::init_bare(dir.path()).expect("a repository");
    let texts = versions(count);
    let ids: Vec<_> = texts
        .iter()
        .map(|t| repository.blob(t).expect("written"))
        .collect();
    let pack = repack(&repository, &ids);
    Built {
        dir,
        ids,
        texts,
        pack,
    }
}

fn writable(path: &Path) {
    let mut permissions = fs::metadata(path).expect("it is there").permissions();
    #[allow(clippy::permissions_set_readonly_false)] // a temporary folder's file
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).expect("changed");
}

#[test]
fn packed_and_loose_objects_come_back_whole() {
    let built = built(60);
    let repository = git2::Repository::open(built.dir.path()).expect("opened");
    let loose = repository.blob(b"loose").expect("written");
    let mut tree = repository.treebuilder(None).expect("a builder");
    tree.insert("a", loose, 0o100_644).expect("inserted");
    let tree = tree.write().expect("written");

    let stores = opened(built.dir.path());
    assert_eq!(stores.skips(), []);
    for threads in [1, 3] {
        let (all, seen) = swept(&stores, threads, None);
        assert_eq!(all.skips, []);
        assert_eq!(all.objects.len(), 62);
        assert_eq!(seen.len(), stores.objects().len());
        assert!(all.based > 30, "the pack has deltas: {}", all.based);
        for (id, text) in built.ids.iter().zip(&built.texts) {
            let number = stores.objects().find(id.as_bytes()).expect("known");
            assert_eq!(all.objects[&number], (ObjectKind::Blob, text.clone()));
            let read = stores.reader().read(number).expect("read");
            assert_eq!(read, (ObjectKind::Blob, text.clone()));
        }
        let number = stores.objects().find(tree.as_bytes()).expect("known");
        assert_eq!(all.objects[&number].0, ObjectKind::Tree);
        let number = stores.objects().find(loose.as_bytes()).expect("known");
        assert_eq!(all.objects[&number].1, b"loose");
    }
}

#[test]
fn only_what_is_asked_for_is_handed_out_once() {
    let built = built(40);
    let repository = git2::Repository::open(built.dir.path()).expect("opened");
    // The same objects in a second pack, and one of them loose.
    let copy = built.pack.with_file_name("pack-copy.pack");
    fs::copy(built.pack.with_extension("pack"), copy).expect("copied");
    let copy = built.pack.with_file_name("pack-copy.idx");
    fs::copy(built.pack.with_extension("idx"), copy).expect("copied");
    let stores = opened(repository.path());
    assert_eq!((stores.packs(), stores.objects().len()), (2, 40));
    let only = ObjectSet::new(40);
    for number in [3, 7, 31] {
        only.insert(number);
    }
    let (all, seen) = swept(&stores, 2, Some(&only));
    assert_eq!(all.objects.keys().copied().collect::<Vec<_>>(), [3, 7, 31]);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [3, 7, 31]);
}

/// What is left out may be a base, and what is not has all its copies handed out.
#[test]
fn all_but_what_is_left_out_is_handed_out() {
    let built = built(60);
    let repository = git2::Repository::open(built.dir.path()).expect("opened");
    let loose = [b"one", b"two"].map(|text| repository.blob(text).expect("written"));
    let stores = opened(built.dir.path());
    let count = stores.objects().len();
    assert_eq!((count, stores.sound().len()), (62, 62));
    let (whole, _) = swept(&stores, 1, None);
    for (step, threads) in [(1, 1), (2, 3), (7, 2), (61, 1), (100, 2)] {
        let without = ObjectSet::new(count);
        for number in (0..count as u32).filter(|n| n % step != 0) {
            without.insert(number);
        }
        without.insert(stores.objects().find(loose[0].as_bytes()).expect("known"));
        let (all, seen) = swept_but(&stores, threads, None, Some(&without));
        assert_eq!(all.skips, []);
        let expected: Vec<u32> = (0..count as u32).filter(|n| !without.has(*n)).collect();
        assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "one of {step}");
        assert!(all.objects.keys().copied().eq(expected), "one of {step}");
        for (number, object) in &all.objects {
            assert!(*object == whole.objects[number], "one of {step}");
        }
    }
}

#[test]
fn alternates_and_the_environment_name_stores() {
    let far = built(5);
    let near = tempfile::tempdir().expect("a folder");
    let repository = git2::Repository::init_bare(near.path()).expect("a repository");
    repository.blob(b"near").expect("written");
    let options = PlacesOptions {
        alternates: vec![far.dir.path().join("objects")],
        ..Default::default()
    };
    let places = Places::find(near.path(), &options).expect("found");
    assert_eq!(Stores::open(&places, 1).objects().len(), 6);
    let options = PlacesOptions {
        object_directory: Some(far.dir.path().join("objects")),
        ..Default::default()
    };
    let places = Places::find(near.path(), &options).expect("found");
    assert_eq!(Stores::open(&places, 1).objects().len(), 5);
}

/// Every way to damage one byte of a pack is noticed, and what is not hit is still read.
/// A pack written by hand: entries with their type, base and content.
enum Stored {
    Whole(Vec<u8>),
    /// A delta against the entry with this id.
    Against([u8; 20], Vec<u8>),
}

fn hand_made(dir: &Path, entries: &[([u8; 20], Stored)]) {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend((entries.len() as u32).to_be_bytes());
    let mut rows = Vec::new();
    for (id, stored) in entries {
        let start = pack.len();
        let (kind, content) = match stored {
            Stored::Whole(content) => (3u8, content),
            Stored::Against(_, delta) => (7, delta),
        };
        let first = (content.len() & 15) as u8 | kind << 4;
        if content.len() < 16 {
            pack.push(first);
        } else {
            pack.push(first | 0x80);
            number(content.len() >> 4, &mut pack);
        }
        if let Stored::Against(base, _) = stored {
            pack.extend(base);
        }
        let mut z = vec![0; content.len() + 100];
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::fastest());
        let len = compressor
            .zlib_compress(content, &mut z)
            .expect("room enough");
        pack.extend(&z[..len]);
        rows.push((*id, start as u32, libdeflater::crc32(&pack[start..])));
    }
    pack.extend([0; 20]);
    rows.sort_unstable();
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255u8 {
        let count = rows.iter().filter(|r| r.0[0] <= first).count() as u32;
        index.extend(count.to_be_bytes());
    }
    index.extend(rows.iter().flat_map(|r| r.0));
    index.extend(rows.iter().flat_map(|r| r.2.to_be_bytes()));
    index.extend(rows.iter().flat_map(|r| r.1.to_be_bytes()));
    index.extend([0; 40]);
    fs::create_dir_all(dir.join("objects/pack")).expect("made");
    fs::write(dir.join("HEAD"), "ref: refs/heads/main\n").expect("written");
    let name = format!(
        "pack-{}",
        entries.len() + fs::read_dir(dir.join("objects/pack")).map_or(0, Iterator::count)
    );
    fs::write(dir.join(format!("objects/pack/{name}.pack")), pack).expect("written");
    fs::write(dir.join(format!("objects/pack/{name}.idx")), index).expect("written");
}

fn id(n: u8) -> [u8; 20] {
    [n; 20]
}

#[test]
fn deltas_by_id_find_their_base_in_any_store() {
    let dir = tempfile::tempdir().expect("a folder");
    let delta = |text: &[u8]| encode(4, &[Ok((0, 4)), Err(text.to_vec())]);
    // Against an object of the other pack, and one against that.
    let second = encode(7, &[Ok((0, 7)), Err(b"!".to_vec())]);
    hand_made(
        dir.path(),
        &[
            (id(1), Stored::Against(id(9), delta(b"one"))),
            (id(2), Stored::Against(id(1), second)),
        ],
    );
    hand_made(dir.path(), &[(id(9), Stored::Whole(b"base".to_vec()))]);
    let stores = opened(dir.path());
    assert_eq!(stores.skips(), []);
    assert_eq!(stores.sound().len(), 3);
    let (all, _) = swept(&stores, 1, None);
    let texts: Vec<&[u8]> = all.objects.values().map(|o| &o.1[..]).collect();
    assert_eq!(texts, [&b"baseone"[..], b"baseone!", b"base"]);
    assert_eq!(stores.reader().read(1).expect("read").1, b"baseone!");
}

#[test]
fn circles_bombs_and_missing_bases_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let delta = encode(4, &[Ok((0, 4))]);
    let mut bomb = Vec::new();
    number(4, &mut bomb);
    number(1 << 40, &mut bomb);
    hand_made(
        dir.path(),
        &[
            (id(1), Stored::Against(id(2), delta.clone())),
            (id(2), Stored::Against(id(1), delta.clone())),
            (id(3), Stored::Against(id(77), delta.clone())),
            (id(4), Stored::Whole(b"base".to_vec())),
            (id(5), Stored::Against(id(4), bomb)),
            (id(6), Stored::Against(id(5), delta)),
        ],
    );
    let stores = opened(dir.path());
    let told: Vec<String> = stores
        .skips()
        .iter()
        .map(|s| s.reason.to_string())
        .collect();
    let circles = told.iter().filter(|t| t.contains("in a circle")).count();
    assert_eq!(circles, 2, "{told:?}");
    assert!(told.iter().any(|t| t.contains("in no store")), "{told:?}");
    let (all, seen) = swept(&stores, 2, None);
    assert_eq!(seen.len(), 1, "the base of the bomb");
    let told: Vec<String> = all.skips.iter().map(|s| s.reason.to_string()).collect();
    assert!(
        told.iter()
            .any(|t| t.contains("at most") && t.contains("1 objects")),
        "{told:?}"
    );
    // Circles across packs: each has the other's base.
    let dir = tempfile::tempdir().expect("a folder");
    let delta = encode(4, &[Ok((0, 4))]);
    hand_made(
        dir.path(),
        &[(id(1), Stored::Against(id(2), delta.clone()))],
    );
    hand_made(dir.path(), &[(id(2), Stored::Against(id(1), delta))]);
    let stores = opened(dir.path());
    let (all, seen) = swept(&stores, 1, None);
    assert_eq!((seen.len(), all.skips.len()), (0, 2), "{:?}", all.skips);
}

/// Deep chains stay within the budget, and what is let go comes back.
#[test]
fn a_deep_chain_with_branches_is_rebuilt() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut entries = vec![(id(0), Stored::Whole(b"base".to_vec()))];
    let name = |n: u16| {
        let mut id = [0; 20];
        id[..2].copy_from_slice(&n.to_be_bytes());
        id[19] = 1;
        id
    };
    let mut expected = Vec::new();
    let (mut base, mut text) = (id(0), b"base".to_vec());
    for n in 0..3000u16 {
        let added = vec![b'a' + (n % 26) as u8];
        let delta = encode(text.len(), &[Ok((0, text.len())), Err(added.clone())]);
        entries.push((name(n), Stored::Against(base, delta)));
        text.extend(added);
        base = name(n);
        expected.push(text.clone());
    }
    hand_made(dir.path(), &entries);
    let (all, seen) = swept(&opened(dir.path()), 1, None);
    assert_eq!(seen.len(), 3001);
    let stores = opened(dir.path());
    for (n, text) in expected.iter().enumerate() {
        let number = stores.objects().find(&name(n as u16)).expect("known");
        assert!(all.objects[&number].1 == *text, "version {n}");
    }
}
