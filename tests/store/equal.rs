//! After each step of a random history, a sweep with a store is a sweep without one.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use straykey::detect::Needles;
use straykey::detect::patterns::Sampler;
use straykey::scan::history;

use super::common;
use super::repository::{Made, Remembered, swept, token, with_pattern, with_store};

/// Names of files: a bare password is none in code and one elsewhere, so that a path decides.
const PATHS: [&str; 6] = ["a.env", "b/c.txt", "b/d/e.py", "f.py", "f.env", "lib/g.md"];

/// A random step.
fn step(made: &mut Made, s: &mut Sampler, n: usize) {
    let path = PATHS[s.below(PATHS.len())];
    let whole = made.path().join(path);
    let old = fs::read_to_string(&whole).unwrap_or_default();
    let line = |i| format!("line {i} of {path}\n");
    let filler = || (0..150).map(line).collect::<Vec<String>>().concat();
    let password = common::password(s.below(3) as u64);
    match s.below(12) {
        0 => {
            let _ = fs::remove_file(&whole);
            made.commit("take away");
        }
        1 | 2 => {
            made.write(path, &format!("{old}key = {}\n", token(s.below(5) as u64)));
            made.commit(&format!("add {n}"));
        }
        3 => {
            made.write(path, &format!("password = {password}\n{}{n}\n", filler()));
            made.commit("a password");
        }
        4 => {
            // The same content at another path.
            let other = PATHS[s.below(PATHS.len())];
            made.write(other, &old);
            made.commit("copy");
        }
        5 => {
            made.write(
                path,
                &format!("zz-840173926518407{}\n{}", s.below(2), filler()),
            );
            made.commit(&format!("see {}", token(s.below(5) as u64)));
        }
        6 => {
            // What was is dangling now.
            made.write(path, &format!("{old}# {n}\nkey = {}\n", token(7)));
            made.must(&["add", "-A"]);
            made.must(&["commit", "-q", "--allow-empty", "--amend", "-m", "amended"]);
        }
        7 => {
            made.write(path, &format!("{}stash {n} {}\n", filler(), token(8)));
            made.must(&["add", "-A"]);
            made.git(&["stash"]);
        }
        8 => {
            let name = format!("v{n}");
            let message = format!("tagged {}", token(s.below(9) as u64));
            made.must(&["tag", "-a", &name, "-m", &message]);
        }
        9 => {
            let name = format!("side{n}");
            made.must(&["checkout", "-q", "-b", &name]);
            made.write(&format!("side/{n}.txt"), &format!("{}{n}\n", filler()));
            made.commit("on the side");
            made.must(&["checkout", "-q", "main"]);
            made.write("main.txt", &format!("{n}\n"));
            made.commit("on main");
            made.must(&["merge", "-q", "-s", "ours", &name, "-m", "merge"]);
        }
        10 => {
            // Loose blobs that nothing names.
            let text = format!("{}\n{n}\n", token(s.below(9) as u64));
            made.feed(&["hash-object", "-w", "--stdin"], text.as_bytes());
        }
        _ => {
            made.write(path, &format!("{}version {n}\n{old}", filler()));
            made.commit("grow");
        }
    }
    match s.below(5) {
        0 => drop(made.must(&["gc", "-q"])),
        1 => drop(made.must(&["repack", "-q", "-d"])),
        2 if n.is_multiple_of(4) => {
            made.must(&["reflog", "expire", "--expire=now", "--all"]);
            made.must(&["gc", "-q", "--prune=now"]);
        }
        3 => drop(made.must(&["repack", "-q", "-a", "-d", "-f", "--depth=50"])),
        _ => {}
    }
}

#[test]
fn after_each_step_it_is_as_without_a_store() {
    let (mut findings, mut spared) = (0, 0);
    for (seed, hash) in [(1, "sha1"), (2, "sha256"), (3, "sha1")] {
        let Some(mut made) = Made::new(hash) else {
            return;
        };
        let mut sampler = Sampler::new(seed);
        let options = made.options();
        let remembering = with_store(&options, &made.store());
        made.commit("begin");
        let mut searched = BTreeSet::new();
        for n in 0..20 {
            step(&mut made, &mut sampler, n);
            let now = made.searchable();
            let expected = swept(&options).0;
            let (told, remembered) = swept(&remembering);
            assert!(
                told == expected,
                "seed {seed}, step {n}:\n{told}\n{expected}"
            );
            // What git had then and has now, and no more, was spared.
            let both = now.intersection(&searched).count() as u64;
            let rest = Remembered {
                before: both,
                again: None,
            };
            assert_eq!(remembered, rest, "seed {seed}, step {n}");
            searched.extend(now);
            spared += both;
            findings += expected.matches("\"fingerprint\"").count();
        }
        // And once more, with nothing new; at any number of threads.
        let all = made.searchable().len() as u64;
        let mut one = remembering.clone();
        one.scan.threads = 1;
        let (told, remembered) = swept(&one);
        assert_eq!((told, remembered.before), (swept(&options).0, all));
    }
    assert!(findings > 200 && spared > 1000, "{findings}, {spared}");
}

#[test]
fn other_patterns_and_full_scans_search_all_again() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    let mut sampler = Sampler::new(9);
    made.commit("begin");
    for n in 0..10 {
        step(&mut made, &mut sampler, n);
    }
    made.write("own", "zz-7391648205739164\n");
    made.commit("a key of ours");
    let all = made.searchable().len() as u64;
    let options = made.options();
    let remembering = with_store(&options, &made.store());
    let expected = swept(&options).0;
    let known = |before| Remembered {
        before,
        again: None,
    };
    assert_eq!(swept(&remembering), (expected.clone(), known(0)));
    assert_eq!(swept(&remembering), (expected.clone(), known(all)));

    let mut own = remembering.clone();
    own.scan.catalogue = with_pattern();
    let mut plain = options.clone();
    plain.scan.catalogue = with_pattern();
    let with_own = swept(&plain).0;
    assert!(with_own.contains("acme.key") && !expected.contains("acme.key"));
    let (told, remembered) = swept(&own);
    assert_eq!((told, remembered.before), (with_own.clone(), 0));
    let why = remembered.again.expect("it is told");
    assert!(why.contains("patterns"), "{why}");
    assert_eq!(swept(&own), (with_own, known(all)));

    // And back: nothing of the other patterns' answers is left.
    let (told, remembered) = swept(&remembering);
    assert_eq!((told, remembered.before), (expected.clone(), 0));
    assert!(remembered.again.is_some());

    let full = straykey::scan::HistoryOptions {
        full_scan: true,
        ..remembering.clone()
    };
    let (told, remembered) = swept(&full);
    assert_eq!((told, remembered.before), (expected.clone(), 0));
    let why = remembered.again.expect("it is told");
    assert!(why.contains("full scan"), "{why}");
    assert_eq!(swept(&remembering), (expected, known(all)));
}

#[test]
fn what_is_left_out_is_no_part_of_the_key() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    made.write("a.env", &format!("key = {}\n", token(1)));
    made.commit("begin");
    let options = made.options();
    let all = made.searchable().len() as u64;
    swept(&with_store(&options, &made.store()));
    let mut less = options.clone();
    less.scan.disable = vec![("github.pat-classic".into(), "--disable".into())];
    let (told, remembered) = swept(&with_store(&less, &made.store()));
    assert_eq!((told, remembered.before), (swept(&less).0, all));
    // Judgement is made anew: what was left out comes back.
    let (told, remembered) = swept(&with_store(&options, &made.store()));
    assert_eq!((&told, remembered.before), (&swept(&options).0, all));
    assert!(told.contains("github.pat-classic"));
}

#[test]
fn repositories_share_a_store() {
    let (Some(mut one), Some(mut two)) = (Made::new("sha1"), Made::new("sha1")) else {
        return;
    };
    let line = format!("password = {}\n", common::password(1));
    // In the one the path says that it is code, in the other it does not.
    one.write("x.py", &line);
    one.commit("one");
    two.write("x.env", &line);
    two.write("y.env", &format!("key = {}\n", token(3)));
    two.commit("two");
    let store = one.store();
    let (told, _) = swept(&with_store(&one.options(), &store));
    assert_eq!(told, swept(&one.options()).0);
    let common = one.searchable().intersection(&two.searchable()).count() as u64;
    assert_eq!(common, 1, "the blob");
    let (told, remembered) = swept(&with_store(&two.options(), &store));
    assert_eq!(
        (&told, remembered.before),
        (&swept(&two.options()).0, common)
    );
    assert!(told.contains("x.env") && told.contains("y.env"), "{told}");
}

/// A repository that says of some bytes that they are another's object tells nothing of that.
#[test]
fn a_repository_that_lies_about_its_ids_hides_nothing_elsewhere() {
    let (Some(mut liar), Some(mut honest)) = (Made::new("sha1"), Made::new("sha1")) else {
        return;
    };
    honest.write("y.env", &format!("key = {}\n", token(3)));
    honest.commit("with a key");
    let id = honest.must(&["rev-parse", "HEAD:y.env"]);
    liar.commit("nothing");
    let harmless = liar
        .feed(&["hash-object", "-w", "--stdin"], b"harmless\n")
        .expect("written");
    let place = |made: &Made, id: &str| {
        let id = id.trim();
        let objects = made.path().join(".git/objects");
        objects.join(&id[..2]).join(&id[2..])
    };
    let lie = place(&liar, &id);
    fs::create_dir_all(lie.parent().expect("it has one")).expect("made");
    fs::rename(place(&liar, &harmless), lie).expect("moved");

    let store = liar.store();
    for _ in 0..2 {
        let (told, _) = swept(&with_store(&liar.options(), &store));
        assert!(told.contains("not those that its id says"), "{told}");
    }
    let (told, _) = swept(&with_store(&honest.options(), &store));
    assert_eq!(told, swept(&honest.options()).0);
    assert!(told.contains("y.env"));
}

#[test]
fn verification_and_a_known_value_take_no_word_of_a_store() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    made.write("a.env", &format!("key = {}\n", token(1)));
    made.commit("in");
    let store = made.store();
    let remembering = with_store(&made.options(), &store);
    // The first look for a value must not be remembered as one for patterns.
    let value = Needles::new(token(1).as_bytes()).expect("long enough");
    let mut finding = remembering.clone();
    finding.scan.find = Some(Arc::new(value));
    let found = history(&finding).expect("swept");
    assert_eq!(found.scan.findings.len(), 1);
    assert_eq!(found.scan.findings[0].pattern.id, "known.value");
    let (first, remembered) = swept(&remembering);
    assert_eq!(remembered.before, 0);
    // Whoever asks for every object to be hashed gets every object hashed.
    let mut verifying = remembering.clone();
    verifying.verify = true;
    let (verified, remembered) = swept(&verifying);
    assert_eq!(remembered.before, 0);
    assert_eq!(
        remembered.again.as_deref(),
        Some("every object is read to be verified")
    );
    assert!(verified.contains(r#""verified": true"#), "{verified}");
    let (later, remembered) = swept(&remembering);
    assert_eq!(remembered.before, 2);
    assert_eq!(first, later);
}
