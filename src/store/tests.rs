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

/// A run of some repositories on a day, and its texts.
fn run(scope: &str, day: i64, complete: bool, count: usize) -> (Run, Vec<String>) {
    let texts: Vec<String> = (0..count).map(|n| format!("{scope} {day} {n}")).collect();
    let run = Run {
        scope: scope.to_owned(),
        as_of: day * 86_400 + 3_600,
        taken: day * 86_400 + 7_200,
        program: "1".to_owned(),
        how: "how".to_owned(),
        complete,
        records: count,
    };
    (run, texts)
}

#[test]
fn of_a_day_the_last_run_stays_that_read_all() {
    let (_dir, path) = folder();
    let store = RunStore::open(&path).expect("opened");
    let end = |day: i64| day * 86_400 + 86_399;
    let add = |(run, texts): &(Run, Vec<String>)| store.add(run, texts).expect("added");
    assert_eq!(store.at("a", i64::MAX).expect("read"), None);
    // More than one pack, exactly one, and none.
    let (big, one, none) = (
        run("a", 1, true, 700),
        run("a", 3, true, 256),
        run("b", 2, true, 0),
    );
    for each in [&big, &one, &none] {
        add(each);
    }
    assert_eq!(
        store.at("a", end(0)).expect("read"),
        None,
        "before the first"
    );
    assert_eq!(store.at("a", end(2)).expect("read"), Some(big.clone()));
    assert_eq!(store.at("a", i64::MAX).expect("read"), Some(one.clone()));
    assert_eq!(store.at("b", end(2)).expect("read"), Some(none));
    // A later one of the day takes its place; one that did not read all does not.
    let later = run("a", 1, true, 5);
    add(&later);
    assert_eq!(store.at("a", end(1)).expect("read"), Some(later.clone()));
    add(&run("a", 1, false, 9));
    assert_eq!(store.at("a", end(1)).expect("read"), Some(later));
    add(&run("a", 5, false, 2));
    let (told, _) = store.at("a", end(5)).expect("read").expect("one");
    assert!(!told.complete, "better than none of that day");
    let again = run("a", 5, true, 3);
    add(&again);
    assert_eq!(store.at("a", end(5)).expect("read"), Some(again));
    let kept: Vec<(String, i64, bool)> = store
        .runs()
        .expect("read")
        .into_iter()
        .map(|run| (run.scope, run.as_of / 86_400, run.complete))
        .collect();
    let one = |scope: &str, day, complete| (scope.to_owned(), day, complete);
    assert_eq!(
        kept,
        [
            one("a", 1, true),
            one("a", 1, false),
            one("a", 3, true),
            one("a", 5, true),
            one("b", 2, true)
        ]
    );
    // What went took its packs along.
    let open = Connection::open(&path).expect("opened");
    let lost = "SELECT count(*) FROM pack WHERE run NOT IN (SELECT id FROM run)";
    assert_eq!(open.query_row(lost, [], |row| row.get(0)), Ok(0));
}

#[test]
fn a_run_that_was_changed_is_damage() {
    for change in [
        "UPDATE run SET complete = 0",
        "UPDATE run SET records = records - 1",
        "UPDATE run SET as_of = as_of + 1",
        "UPDATE run SET how = 'other'",
        "UPDATE run SET sum = zeroblob(32)",
        "UPDATE pack SET data = zeroblob(length(data))",
        "UPDATE pack SET data = x''",
        "DELETE FROM pack WHERE place = 0",
        "UPDATE pack SET place = place + 10 WHERE place = 0",
    ] {
        let (_dir, path) = folder();
        let store = RunStore::open(&path).expect("opened");
        let (made, texts) = run("a", 1, true, 600);
        store.add(&made, &texts).expect("added");
        assert!(store.at("a", i64::MAX).is_ok());
        let open = Connection::open(&path).expect("opened");
        open.execute_batch(change).expect("changed");
        let error = store.at("a", i64::MAX).expect_err(change);
        assert!(
            matches!(error.kind(), StoreErrorKind::Damaged(_)),
            "{change}: {error}"
        );
    }
}

/// The tables of earlier forms, written down as the programs of their time made them.
const FORMS: [&str; 2] = [
    "CREATE TABLE about (key BLOB PRIMARY KEY, program TEXT NOT NULL, engine BLOB NOT NULL, \
     patterns BLOB NOT NULL) WITHOUT ROWID;
     CREATE TABLE chunk (id INTEGER PRIMARY KEY, key BLOB NOT NULL, width INTEGER NOT NULL, \
     objects INTEGER NOT NULL, sum BLOB NOT NULL, data BLOB NOT NULL);",
    "CREATE TABLE verdict (fingerprint TEXT NOT NULL, how TEXT NOT NULL, \
     time INTEGER NOT NULL, said TEXT NOT NULL, PRIMARY KEY (fingerprint, how)) WITHOUT ROWID;",
];

#[test]
fn a_store_of_an_earlier_form_keeps_what_it_has() {
    for form in 1..=2 {
        let (_dir, path) = folder();
        {
            let open = Connection::open(&path).expect("made");
            open.execute_batch(&FORMS[..form].concat()).expect("made");
            // "Stry", as the head of such a file has it.
            let number = u32::from_be_bytes(*b"Stry");
            open.pragma_update(None, "application_id", number)
                .expect("set");
            open.pragma_update(None, "user_version", form as i64)
                .expect("set");
            let batch = [told(7, 20)];
            let key = key("a");
            let data = chunk::written(20, &batch);
            let sum = chunk::sum(&key, 20, &data);
            let sql = "INSERT INTO chunk (key, width, objects, sum, data) VALUES (?, 20, 1, ?, ?)";
            open.execute(sql, params![&key.whole[..], &sum[..], data])
                .expect("written");
            if form == 2 {
                open.execute_batch("INSERT INTO verdict VALUES ('f', 'h', 5, 'dead')")
                    .expect("written");
            }
        }
        let sweeps = SweepStore::open(&path, key("a")).expect("opened");
        assert!(all(&sweeps, 20).contains_key(&told(7, 20).0), "form {form}");
        let verdicts = VerdictStore::open(&path).expect("opened");
        let expected = (form == 2).then(|| (5, "dead".to_owned()));
        assert_eq!(verdicts.get("f", "h").expect("read"), expected);
        let runs = RunStore::open(&path).expect("opened");
        let (made, texts) = run("a", 1, true, 3);
        runs.add(&made, &texts).expect("added");
        assert_eq!(runs.at("a", i64::MAX).expect("read"), Some((made, texts)));
        let open = Connection::open(&path).expect("opened");
        let version = open.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
        assert_eq!(version, Ok(3));
    }
}

/// By itself, as `--verdicts` opens it.
#[test]
fn verdicts_of_the_first_form_that_has_them_are_kept() {
    let (_dir, path) = folder();
    let form = || {
        let open = Connection::open(&path).expect("opened");
        let form = open.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
        form.expect("a form")
    };
    {
        let open = Connection::open(&path).expect("made");
        open.execute_batch(&FORMS.concat()).expect("made");
        let number = u32::from_be_bytes(*b"Stry");
        open.pragma_update(None, "application_id", number)
            .expect("set");
        open.pragma_update(None, "user_version", 2).expect("set");
        let rows = "INSERT INTO verdict VALUES ('f', 'h', 5, 'dead'), ('g', 'h', 6, 'live')";
        open.execute_batch(rows).expect("written");
    }
    assert_eq!(form(), 2);
    let verdicts = VerdictStore::open(&path).expect("opened");
    assert_eq!(form(), 3, "the form of today");
    for (fingerprint, time, said) in [("f", 5, "dead"), ("g", 6, "live")] {
        let kept = verdicts.get(fingerprint, "h").expect("read");
        assert_eq!(kept, Some((time, said.to_owned())));
    }
    let row = ("f".to_owned(), "h".to_owned(), 7, "live".to_owned());
    verdicts.put(&[row]).expect("written");
    let kept = verdicts.get("f", "h").expect("read");
    assert_eq!(kept, Some((7, "live".to_owned())), "the later one");
}

#[test]
fn tables_of_another_form_than_its_number_are_damage() {
    let (_dir, path) = folder();
    let open = Connection::open(&path).expect("made");
    open.execute_batch(&FORMS.concat()).expect("made");
    let number = u32::from_be_bytes(*b"Stry");
    open.pragma_update(None, "application_id", number)
        .expect("set");
    open.pragma_update(None, "user_version", 1).expect("set");
    drop(open);
    let error = RunStore::open(&path).expect_err("it has a table too many");
    assert!(
        matches!(error.kind(), StoreErrorKind::Damaged(_)),
        "{error}"
    );
}
