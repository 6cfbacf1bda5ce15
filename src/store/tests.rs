//! Stores filled, joined, damaged and held.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

fn key(patterns: &str) -> Key {
    Key::new("1.0.0", "engine", patterns)
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("store");
    (dir, path)
}

/// An object with an id that looks like one.
fn told(n: u64, width: usize) -> Told {
    let hash = blake3::hash(&n.to_le_bytes());
    let kinds = [ObjectKind::Blob, ObjectKind::Commit, ObjectKind::Tag];
    let kind = kinds[n as usize % 3];
    let size = if kind == ObjectKind::Blob {
        n * n * 977
    } else {
        0
    };
    let searched = Searched {
        kind,
        hopeful: n.is_multiple_of(5),
        size,
    };
    (filled(&hash.as_bytes()[..width]), searched)
}

fn all(store: &SweepStore, width: usize) -> BTreeMap<[u8; 32], Searched> {
    let mut all = BTreeMap::new();
    let each = store.each(width, |id, searched| {
        assert_eq!(id.len(), width);
        all.insert(filled(id), searched);
    });
    each.expect("read");
    all
}

fn chunks(path: &Path) -> u32 {
    let open = Connection::open(path).expect("opened");
    open.query_row("SELECT count(*) FROM chunk", [], |row| row.get(0))
        .expect("counted")
}

#[test]
fn what_was_added_comes_back_after_any_number_of_runs() {
    let (_dir, path) = folder();
    let mut expected: [BTreeMap<[u8; 32], Searched>; 2] = Default::default();
    for run in 0..40u64 {
        let store = SweepStore::open(&path, key("a")).expect("opened");
        assert_eq!(store.again(), None);
        for (width, expected) in [20, 32].into_iter().zip(&mut expected) {
            assert_eq!(&all(&store, width), expected, "run {run}");
            let mut batch: Vec<Told> = (0..100).map(|i| told(run * 90 + i, width)).collect();
            expected.extend(batch.iter().copied());
            store.add(width, &mut batch).expect("added");
        }
        store.settle().expect("settled");
        for (width, expected) in [20, 32].into_iter().zip(&expected) {
            assert_eq!(&all(&store, width), expected, "run {run}");
        }
    }
    assert!(
        chunks(&path) <= 2 * (SMALL_ONES + 1),
        "small ones are joined"
    );
}

#[test]
fn what_another_key_told_does_not_count_and_goes_with_the_first_batch() {
    let (_dir, path) = folder();
    let store = SweepStore::open(&path, key("a")).expect("opened");
    store.add(20, &mut [told(1, 20)]).expect("added");
    drop(store);
    let other = SweepStore::open(&path, key("b")).expect("opened");
    assert!(other.again().is_some_and(|why| why.contains("patterns")));
    assert!(all(&other, 20).is_empty());
    // Nothing was lost as long as nothing was added.
    let first = SweepStore::open(&path, key("a")).expect("opened");
    assert_eq!((first.again(), all(&first, 20).len()), (None, 1));
    other.add(20, &mut [told(2, 20)]).expect("added");
    assert_eq!(all(&first, 20).len(), 0);
    // A run that goes on under its key while another began takes nothing of it for its own.
    first.add(20, &mut [told(3, 20)]).expect("added");
    assert_eq!(
        all(&first, 20).into_keys().collect::<Vec<_>>(),
        [told(3, 20).0]
    );
    assert_eq!(all(&other, 20).len(), 0, "the later one took it away");
    other.add(20, &mut [told(4, 20)]).expect("added");
    assert_eq!(
        all(&other, 20).into_keys().collect::<Vec<_>>(),
        [told(4, 20).0]
    );
    assert_eq!(all(&first, 20).len(), 1);
}

/// Two that disagree cannot be; if they are, nothing is missed.
#[test]
fn hope_wins() {
    let (_dir, path) = folder();
    let store = SweepStore::open(&path, key("a")).expect("opened");
    let (id, searched) = told(3, 20);
    let mut both: Vec<Told> = [false, true, false]
        .map(|hopeful| {
            (
                id,
                Searched {
                    hopeful,
                    ..searched
                },
            )
        })
        .to_vec();
    store.add(20, &mut both).expect("added");
    assert!(all(&store, 20)[&id].hopeful);
}

#[test]
fn a_store_that_is_held_is_waited_for_and_then_told() {
    let (_dir, path) = folder();
    let store = SweepStore::open(&path, key("a")).expect("opened");
    let held = Connection::open(&path).expect("opened");
    held.execute_batch("BEGIN IMMEDIATE").expect("held");
    let error = store.add(20, &mut [told(1, 20)]).expect_err("it is held");
    assert_eq!(error.kind(), &StoreErrorKind::Busy);
    assert!(error.to_string().contains("another program"), "{error}");
    let error = SweepStore::open(&path, key("a")).expect_err("it is held");
    assert_eq!(error.kind(), &StoreErrorKind::Busy);
    assert_eq!(all(&store, 20).len(), 0, "it can be read meanwhile");
    held.execute_batch("ROLLBACK").expect("let go");
    store.add(20, &mut [told(1, 20)]).expect("added");
    assert_eq!(all(&store, 20).len(), 1);
}

/// Whatever bit of a chunk flips, nothing is told of it.
#[test]
fn a_flipped_bit_is_damage() {
    let key = key("a");
    let batch: Vec<Told> = {
        let mut all: Vec<Told> = (0..4).map(|n| told(n, 20)).collect();
        all.sort_by_key(|t| t.0);
        all
    };
    let data = chunk::written(20, &batch);
    let sum = chunk::sum(&key, 20, &data);
    let read = |data: &[u8], objects| {
        let mut count = 0;
        let mut tell = |_: &[u8], _| count += 1;
        chunk::read(&key, 20, objects, &sum, data, &mut tell).map(|()| count)
    };
    assert_eq!(read(&data, 4), Ok(4));
    for bit in 0..data.len() * 8 {
        let mut data = data.clone();
        data[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&data, 4).is_err(), "bit {bit}");
    }
    for objects in [0, 3, 5, u32::MAX] {
        assert!(read(&data, objects).is_err(), "{objects}");
    }
    assert!(read(&[], 0).is_err());
}

/// Bytes with the right checksum that make no sense are an error, never a panic.
#[test]
fn nonsense_is_damage() {
    let key = key("a");
    let mut seed = 7u64;
    for _ in 0..20_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let hash = blake3::hash(&seed.to_le_bytes());
        let data = &hash.as_bytes()[..(seed >> 60) as usize * 2];
        let sum = chunk::sum(&key, 20, data);
        let objects = (seed >> 40) as u32 % 3;
        let _ = chunk::read(&key, 20, objects, &sum, data, &mut |_, _| ());
    }
}
