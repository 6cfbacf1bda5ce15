//! Object stores that real git made, held against what git itself lists: indexes with SHA-256 ids,
//! partial clones, a gc meanwhile, and packs beside which lies something else.

mod common;

#[path = "stores/big.rs"]
mod big;
#[path = "stores/pointers.rs"]
mod pointers;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use common::{secret, straykey};
use straykey::sources::Skip;
use straykey::sources::history::{
    Base, Object, ObjectKind, ObjectSet, ObjectVisitor, Places, PlacesOptions, Stores, SweepOptions,
};

/// Git, with nothing of the surrounding in its configuration.
fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    let done = command
        .args(["-c", "init.defaultBranch=main", "-c", "gc.auto=0"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@x.invalid")
        .env("GIT_COMMITTER_NAME", "Cem")
        .env("GIT_COMMITTER_EMAIL", "cem@x.invalid")
        .output()
        .expect("git runs");
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

fn put(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).expect("written");
    git(dir, &["add", name]);
}

/// A repository of a few commits whose objects are partly packed.
fn made(dir: &Path) {
    git(dir, &["init", "-q"]);
    for n in 0..4 {
        put(dir, "file", &format!("{}{n}\n", "a line\n".repeat(50)));
        git(dir, &["commit", "-qm", &format!("number {n}")]);
        if n == 1 {
            git(dir, &["repack", "-q"]);
        }
    }
}

/// Ids of all objects, as git lists them.
fn listed(dir: &Path) -> BTreeSet<String> {
    let format = "--batch-check=%(objectname)";
    let all = git(dir, &["cat-file", "--batch-all-objects", format]);
    all.lines().map(str::to_owned).collect()
}

fn opened(dir: &Path) -> Stores {
    let places = Places::find(dir, &PlacesOptions::default()).expect("found");
    Stores::open(&places, 1)
}

struct Visit<'s>(&'s Mutex<Vec<Skip>>);

impl ObjectVisitor for Visit<'_> {
    type Held = ();

    fn object(&mut self, _: &Object<'_>, _: Option<Base<'_, ()>>) {}

    fn skip(&mut self, skip: Skip) {
        self.0.lock().expect("whole").push(skip);
    }
}

/// Ids of all objects that a sweep hands out, and what it could not read.
fn swept(stores: &Stores) -> (BTreeSet<String>, Vec<Skip>) {
    let (seen, skips) = (
        ObjectSet::new(stores.objects().len()),
        Mutex::new(Vec::new()),
    );
    let options = SweepOptions {
        threads: 2,
        kinds: ObjectKind::ALL,
        only: None,
        without: None,
        seen: &seen,
    };
    stores.sweep(options, || Visit(&skips));
    let ids = seen.iter().map(|n| stores.objects().hex(n)).collect();
    (ids, skips.into_inner().expect("whole"))
}

#[test]
fn a_secret_in_an_index_with_sha256_ids_is_held_by_it() {
    for layout in ["2", "4", "split"] {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        git(dir, &["init", "-q", "--object-format=sha256"]);
        put(dir, "readme", "nothing\n");
        git(dir, &["commit", "-qm", "first"]);
        let token = secret("github.pat-classic", 21);
        put(dir, "staged.env", &format!("key = {token}\n"));
        if layout == "split" {
            git(dir, &["update-index", "--split-index"]);
            put(dir, "later", "nothing, either\n");
        } else {
            git(dir, &["update-index", "--index-version", layout]);
        }
        let run = straykey(dir, &["history", "-f", "json"]);
        assert_eq!(run.code, 1, "{layout}: {}", run.err);
        let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        let findings = json["findings"].as_array().expect("a list");
        assert_eq!(findings.len(), 1, "{layout}");
        let story = findings[0]["story"].to_string();
        assert!(story.contains("index"), "{layout}: {story}");
        assert!(story.contains("staged.env"), "{layout}: {story}");
        // An index that was cut is told.
        let index = dir.join(".git/index");
        let data = fs::read(&index).expect("read");
        fs::write(&index, &data[..data.len() / 2]).expect("written");
        assert_eq!(straykey(dir, &["history"]).code, 2, "{layout}");
    }
}

#[test]
fn what_a_partial_clone_only_promises_is_counted_and_never_fetched() {
    let dir = tempfile::tempdir().expect("a folder");
    let (origin, clone) = (dir.path().join("origin"), dir.path().join("clone"));
    fs::create_dir(&origin).expect("made");
    made(&origin);
    git(&origin, &["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", origin.display());
    let filter = ["clone", "-q", "--filter=blob:none", &from, "clone"];
    git(dir.path(), &filter);
    // Four versions of one file, of which the last was checked out.
    let before = git(&clone, &["count-objects", "-v"]);
    // The origin is there: a fetch would succeed.
    for gone in [false, true] {
        if gone {
            fs::rename(&origin, dir.path().join("away")).expect("renamed");
        }
        let run = straykey(&clone, &["history", "-f", "json"]);
        assert_eq!(run.code, 0, "{}", run.err);
        let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        assert_eq!(json["history"]["promised"], 3);
        assert_eq!(json["history"]["objects"], 9);
        assert_eq!(json["history"]["objects_read"], 9);
        assert_eq!(git(&clone, &["count-objects", "-v"]), before);
    }
}

#[test]
fn a_gc_between_opening_and_sweeping_loses_nothing_silently() {
    for command in [
        &["repack", "-adq"][..],
        &["gc", "-q", "--prune=now"],
        &["repack", "-q", "--cruft", "-d"],
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        made(dir);
        git(dir, &["repack", "-adq"]);
        put(dir, "other", "loose\n");
        git(dir, &["commit", "-qm", "loose"]);
        let all = listed(dir);
        let stores = opened(dir);
        git(dir, command);
        git(dir, &["prune-packed"]);
        assert_eq!(all.len(), 15);
        // Packs are open, and what was loose is found in the pack that is new.
        assert_eq!(swept(&stores), (all.clone(), Vec::new()), "{command:?}");
        // One by one, too.
        let mut reader = stores.reader();
        for number in 0..stores.objects().len() as u32 {
            let hex = stores.objects().hex(number);
            let (kind, data) = reader.read(number).expect(&hex);
            let size = git(dir, &["cat-file", "-s", &hex]);
            assert_eq!(data.len().to_string(), size, "{command:?}: {hex}");
            assert_eq!(git(dir, &["cat-file", "-t", &hex]), kind.word());
        }
    }
}

#[test]
fn loose_objects_that_are_pruned_before_they_are_read_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    made(dir);
    git(dir, &["repack", "-adq"]);
    let lost: Vec<String> = (0..12)
        .map(|n| {
            fs::write(dir.join("other"), format!("dangling {n}\n")).expect("written");
            git(dir, &["hash-object", "-w", "other"])
        })
        .collect();
    let (all, stores) = (listed(dir), opened(dir));
    git(dir, &["prune", "--expire=now"]);
    let (mut ids, skips) = swept(&stores);
    for id in &lost {
        let file = Path::new(&id[..2]).join(&id[2..]);
        let of = |skip: &&Skip| skip.path.ends_with(&file) && skip.reason.code() == "changed";
        assert_eq!(skips.iter().filter(of).count(), 1, "{id}: {skips:?}");
        assert!(ids.insert(id.clone()), "{id}");
    }
    assert_eq!((ids, skips.len()), (all, lost.len()));
}

#[test]
fn cruft_kept_and_stale_packs_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    made(dir);
    // What nothing reaches goes to a cruft pack.
    fs::write(dir.join("lost"), "in no tree\n").expect("written");
    let lost = git(dir, &["hash-object", "-w", "lost"]);
    git(dir, &["repack", "-q", "--cruft", "-d"]);
    let packs = || {
        let entries = fs::read_dir(dir.join(".git/objects/pack")).expect("listed");
        entries
            .map(|e| e.expect("an entry").path())
            .collect::<Vec<_>>()
    };
    let has = |end: &str| {
        packs()
            .iter()
            .any(|p| p.extension().is_some_and(|e| e == end))
    };
    assert!(has("mtimes"), "a cruft pack was made");
    for pack in packs() {
        if pack.extension().is_some_and(|e| e == "pack") {
            fs::write(pack.with_extension("keep"), "").expect("written");
        }
    }
    git(dir, &["multi-pack-index", "write"]);
    // The index of all packs does not know of the next one.
    put(dir, "later", "packed later\n");
    git(dir, &["commit", "-qm", "later"]);
    git(dir, &["repack", "-qd"]);
    let all = listed(dir);
    assert!(all.contains(&lost));
    assert_eq!(swept(&opened(dir)), (all.clone(), Vec::new()));
    // It names packs that are gone.
    for pack in packs() {
        if pack.extension().is_some_and(|e| e == "keep") {
            fs::remove_file(pack).expect("removed");
        }
    }
    let midx = dir.join(".git/objects/pack/multi-pack-index");
    let stale = fs::read(&midx).expect("read");
    git(dir, &["repack", "-q", "--cruft", "-d"]);
    let _ = fs::remove_file(&midx);
    fs::write(&midx, stale).expect("written");
    assert_eq!(swept(&opened(dir)), (all, Vec::new()));
    assert_eq!(straykey(dir, &["history"]).code, 0);
}

#[test]
fn an_alternate_that_lost_a_pack_or_is_gone_is_never_clean() {
    let dir = tempfile::tempdir().expect("a folder");
    let origin = dir.path().join("origin");
    fs::create_dir(&origin).expect("made");
    made(&origin);
    git(&origin, &["repack", "-adq"]);
    git(dir.path(), &["clone", "-q", "--shared", "origin", "clone"]);
    let clone = dir.path().join("clone");
    assert_eq!(straykey(&clone, &["history"]).code, 0);
    let folder = origin.join(".git/objects/pack");
    for entry in fs::read_dir(&folder).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "pack") {
            fs::remove_file(path).expect("removed");
        }
    }
    let run = straykey(&clone, &["history"]);
    assert_eq!(run.code, 2);
    fs::remove_dir_all(&origin).expect("removed");
    let run = straykey(&clone, &["history"]);
    assert_eq!(run.code, 2);
    let said = run.out + &run.err;
    assert!(said.contains("origin/.git/objects"), "{said}");
}
