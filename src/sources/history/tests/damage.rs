//! Stores that are damaged: what is wrong is told, and the rest is read.

use super::*;

#[test]
fn a_damaged_pack_is_told_and_the_rest_is_read() {
    let built = built(30);
    let pack = built.pack.with_extension("pack");
    writable(&pack);
    let good = fs::read(&pack).expect("read");
    let mut lost_some = 0;
    for at in (12..good.len() - 20).step_by(good.len() / 40 + 1) {
        let mut bad = good.clone();
        bad[at] ^= 0x11;
        fs::write(&pack, &bad).expect("written");
        let stores = opened(built.dir.path());
        let (all, seen) = swept(&stores, 2, None);
        assert!(
            !stores.skips().is_empty(),
            "byte {at} changed and nothing was said"
        );
        assert!(seen.len() < 30);
        assert!(stores.sound().iter().eq(seen.iter()), "byte {at}");
        lost_some += seen.len();
        for (number, (_, text)) in &all.objects {
            let id = git2::Oid::from_bytes(stores.objects().id(*number)).expect("an id");
            let place = built
                .ids
                .iter()
                .position(|i| *i == id)
                .expect("one of ours");
            assert!(*text == built.texts[place], "a damaged text was handed out");
        }
    }
    assert!(lost_some > 0, "what is not hit is read");
}

#[test]
fn a_pack_that_ends_early_is_told_and_the_rest_is_read() {
    let built = built(30);
    let pack = built.pack.with_extension("pack");
    writable(&pack);
    let good = fs::read(&pack).expect("read");
    for keep in [0, 11, 40, good.len() / 2, good.len() - 25] {
        fs::write(&pack, &good[..keep]).expect("written");
        let stores = opened(built.dir.path());
        assert!(
            stores.skips().iter().any(|s| s.reason.is_incomplete()),
            "{keep}"
        );
        let (_, seen) = swept(&stores, 2, None);
        assert!(seen.len() < 30, "{keep}");
        if keep == good.len() - 25 {
            assert!(!seen.is_empty());
        }
    }
    // It shrinks between opening and reading.
    fs::write(&pack, &good).expect("written");
    let stores = opened(built.dir.path());
    assert_eq!(stores.skips(), []);
    fs::write(&pack, &good[..good.len() / 2]).expect("written");
    let (all, seen) = swept(&stores, 2, None);
    assert!(seen.len() < 30 && !all.skips.is_empty());
}

/// Opened so that each object is hashed.
fn verified(path: &Path) -> Stores {
    let places = Places::find(path, &PlacesOptions::default()).expect("a repository");
    let options = OpenOptions {
        threads: 2,
        verify: true,
        ..OpenOptions::default()
    };
    Stores::open_with(&places, options)
}

#[test]
fn an_index_that_names_objects_wrongly_is_seen_when_they_are_hashed() {
    let dir = tempfile::tempdir().expect("a folder");
    let repository = git2::Repository::init_bare(dir.path()).expect("a repository");
    // Too short for deltas.
    let texts = (0..60).map(|n| format!("text {n}\n"));
    let mut ids: Vec<_> = texts
        .map(|t| repository.blob(t.as_bytes()).expect("written"))
        .collect();
    let path = repack(&repository, &ids).with_extension("idx");
    ids.sort();
    writable(&path);
    let mut index = fs::read(&path).expect("read");
    // Places and checksums of two entries change their names: all of them hold, but the ids.
    let count = ids.len();
    for table in [8 + 1024 + 20 * count, 8 + 1024 + 24 * count] {
        for i in 0..4 {
            index.swap(table + 4 * 7 + i, table + 4 * 31 + i);
        }
    }
    let (whole, _) = swept(&verified(dir.path()), 2, None);
    assert_eq!(whole.skips, []);
    fs::write(&path, index).expect("written");
    let (unseen, _) = swept(&opened(dir.path()), 2, None);
    assert_eq!(unseen.skips, []);
    let (mut seen, _) = swept(&verified(dir.path()), 2, None);
    seen.skips.sort();
    let told: Vec<String> = seen
        .skips
        .iter()
        .map(|s| s.path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(told, [7, 31].map(|n| format!("object {}", ids[n])));
    assert!(seen.skips.iter().all(|s| s.reason.code() == "corrupt"));
    assert_eq!(
        seen.objects.len(),
        count,
        "they are handed out all the same"
    );
}

#[test]
fn stores_that_lack_a_file_are_told() {
    let built = built(4);
    let index = built.pack.with_extension("idx");
    fs::rename(&index, index.with_extension("gone")).expect("renamed");
    let stores = opened(built.dir.path());
    assert!(
        stores.skips()[0].reason.to_string().contains("no index"),
        "{:?}",
        stores.skips()
    );
    fs::rename(index.with_extension("gone"), &index).expect("renamed");
    fs::remove_file(built.pack.with_extension("pack")).expect("removed");
    let stores = opened(built.dir.path());
    assert!(
        stores.skips()[0].reason.to_string().contains("no pack"),
        "{:?}",
        stores.skips()
    );
}

#[test]
fn a_damaged_loose_object_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let repository = git2::Repository::init_bare(dir.path()).expect("a repository");
    let ids = [&b"first"[..], b"second"].map(|text| repository.blob(text).expect("written"));
    let hex = ids[0].to_string();
    let path = dir.path().join("objects").join(&hex[..2]).join(&hex[2..]);
    writable(&path);
    let good = fs::read(&path).expect("read");
    for bad in [&good[..good.len() / 2], b"", b"no zlib at all"] {
        fs::write(&path, bad).expect("written");
        let (all, seen) = swept(&opened(dir.path()), 1, None);
        assert_eq!((all.objects.len(), seen.len()), (1, 1));
        assert_eq!(all.skips[0].reason.code(), "corrupt");
        assert_eq!(all.skips[0].path, path.canonicalize().expect("it is there"));
    }
}
