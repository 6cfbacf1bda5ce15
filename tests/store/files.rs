//! Stores that cannot be used are told with what to do, and left as they are; and objects that
//! cannot be read are tried again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::common::{self, Run};
use super::repository::{Made, OWN, swept, token, with_store};

fn one_key() -> Option<Made> {
    let mut made = Made::new("sha1")?;
    made.write("a.env", &format!("key = {}\n", token(1)));
    made.commit("begin");
    Some(made)
}

fn run(made: &Made, args: &[&str]) -> Run {
    let all = [&["history", "repo"], args].concat();
    common::straykey(made.path().parent().expect("it has one"), &all)
}

fn changed(store: &Path, change: impl FnOnce(&rusqlite::Connection)) {
    let open = rusqlite::Connection::open(store).expect("opened");
    change(&open);
}

fn execute(store: &Path, sql: &str) {
    changed(store, |open| open.execute_batch(sql).expect("done"));
}

#[test]
fn what_is_no_store_is_told_and_left_as_it_is() {
    let Some(made) = one_key() else { return };
    let folder = made.path().parent().expect("it has one").to_owned();
    let path = |name: &str| folder.join(name);
    let filled = |name: &str| -> PathBuf {
        let store = path(name);
        assert_eq!(run(&made, &["--store", name]).code, 1);
        store
    };
    fs::write(path("text"), "my notes\n".repeat(100)).expect("written");
    fs::write(path("short"), "x").expect("written");
    execute(
        &path("foreign"),
        "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)",
    );
    let newer = filled("newer");
    execute(&newer, "PRAGMA user_version = 99");
    let older = filled("older");
    execute(&older, "PRAGMA user_version = 0");
    let more = filled("more");
    execute(&more, "CREATE TABLE more (x)");
    let hooked = filled("hooked");
    execute(
        &hooked,
        "CREATE TRIGGER t AFTER INSERT ON chunk BEGIN DELETE FROM chunk; END",
    );
    let cut = filled("cut");
    let length = fs::metadata(&cut).expect("there").len();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(&cut)
        .expect("opened");
    file.set_len(length / 2).expect("cut");
    for (name, sql) in [
        ("flipped", "UPDATE chunk SET data = zeroblob(length(data))"),
        ("counted", "UPDATE chunk SET objects = objects + 1"),
        ("typed", "UPDATE chunk SET sum = 'text'"),
    ] {
        execute(&filled(name), sql);
    }
    for (name, words) in [
        ("text", "no store of straykey's"),
        ("short", "no store of straykey's"),
        ("foreign", "no store of straykey's"),
        ("older", "no store of straykey's"),
        ("newer", "newer straykey (form 99"),
        ("more", "tables are not those"),
        ("hooked", "tables are not those"),
        ("cut", "is damaged"),
        ("flipped", "checksum in it does not hold"),
        ("counted", "is damaged"),
        ("typed", "is damaged"),
    ] {
        let before = fs::read(path(name)).expect("read");
        let told = run(&made, &["--store", name]);
        assert_eq!((told.code, &*told.out), (2, ""), "{name}: {}", told.err);
        assert!(told.err.contains(words), "{name}: {}", told.err);
        let to_do = ["choose another path", "delete it"];
        assert!(to_do.iter().any(|w| told.err.contains(w)), "{}", told.err);
        assert!(told.err.contains(name), "{}", told.err);
        assert!(
            fs::read(path(name)).expect("read") == before,
            "{name} was changed"
        );
        for end in ["-wal", "-shm", "-journal"] {
            assert!(!path(&format!("{name}{end}")).exists(), "{name}{end}");
        }
    }
    fs::create_dir(path("folder")).expect("made");
    for name in ["folder", "no/such/store", "/dev/null"] {
        let told = run(&made, &["--store", name]);
        assert_eq!((told.code, &*told.out), (2, ""), "{name}: {}", told.err);
        assert!(told.err.contains(name), "{}", told.err);
    }
    // A damaged one is done with as the message says.
    fs::remove_file(path("flipped")).expect("deleted");
    assert_eq!(run(&made, &["--store", "flipped"]).code, 1);
}

/// Names that SQLite would read as something else.
#[test]
fn a_path_is_a_path() {
    let Some(made) = one_key() else { return };
    let folder = made.path().parent().expect("it has one").to_owned();
    for name in ["file:x?mode=memory", ":memory:", "a b'c.db", "dot.d/../p"] {
        if name.contains('/') {
            fs::create_dir(folder.join("dot.d")).expect("made");
        }
        let told = run(&made, &["--store", name]);
        assert_eq!(told.code, 1, "{name}: {}", told.err);
        let meta = fs::metadata(folder.join(name)).expect("it is there");
        assert!(meta.is_file() && meta.len() > 0, "{name}");
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
    // What was touched and is empty is taken; who else may write to it is told.
    fs::write(folder.join("touched"), "").expect("written");
    fs::set_permissions(folder.join("touched"), PermissionsExt::from_mode(0o666)).expect("set");
    let told = run(&made, &["--store", "touched"]);
    assert!(
        told.code == 1 && told.out.contains("chmod go-w"),
        "{}",
        told.out
    );
}

/// The program as somebody who may not do everything.
fn as_nobody(command: &mut Command) {
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let Some(made) = one_key() else { return };
    let folder = made.path().parent().expect("it has one").to_owned();
    let mode = |name: &str, mode: u32| {
        let path = folder.join(name);
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("set");
    };
    assert_eq!(run(&made, &["--store", "old"]).code, 1);
    fs::create_dir(folder.join("shut")).expect("made");
    mode("", 0o755);
    mode("old", 0o444);
    mode("shut", 0o555);
    let before = fs::read(folder.join("old")).expect("read");
    for name in ["old", "shut/new"] {
        let mut command = common::command(&folder, &["history", "repo", "--store", name]);
        as_nobody(&mut command);
        let done = command.output().expect("it ends");
        let err = String::from_utf8(done.stderr).expect("UTF-8");
        assert_eq!(done.status.code(), Some(2), "{name}: {err}");
        assert!(err.contains("cannot be written"), "{name}: {err}");
        assert_eq!(done.stdout, b"");
    }
    assert!(fs::read(folder.join("old")).expect("read") == before);
}

/// The report is whole, and the end says that the store is not.
#[test]
fn a_full_disk_is_told_after_the_report() {
    let Some(mut made) = one_key() else { return };
    for i in 0..3_000 {
        made.write(&format!("many/{i}"), &format!("text {i}\n"));
    }
    made.commit("many");
    let folder = made.path().parent().expect("it has one").to_owned();
    assert_eq!(
        run(&made, &["--store", "store", "--patterns", &own(&folder)]).code,
        1
    );
    // No file may grow over so many blocks of 512 bytes.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" history repo --store \"$1\" -f json";
    for (name, is_new) in [("store", false), ("fresh", true)] {
        let done = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_straykey"), name])
            .current_dir(&folder)
            .output()
            .expect("it ends");
        let err = String::from_utf8(done.stderr).expect("UTF-8");
        assert_eq!(done.status.code(), Some(2), "{name}: {err}");
        assert!(
            err.contains("the store") && err.contains(name),
            "{name}: {err}"
        );
        let out = String::from_utf8(done.stdout).expect("UTF-8");
        assert!(out.contains("\"github.pat-classic\""), "{name}: {out}");
        // Whoever has room again goes on with it.
        let told = run(&made, &["--store", name]);
        assert_eq!(told.code, 1, "{is_new}: {}", told.err);
    }
}

fn own(folder: &Path) -> String {
    fs::write(folder.join("own.toml"), OWN).expect("written");
    "own.toml".to_owned()
}

#[test]
fn the_human_report_says_how_many_and_why_again() {
    let Some(mut made) = one_key() else { return };
    let first = run(&made, &["--store", "s"]);
    assert!(!first.out.contains("searched"), "{}", first.out);
    // A commit and a blob are known; its tree is read each time.
    let second = run(&made, &["--store", "s"]);
    assert!(
        second
            .out
            .starts_with("3/3 objects (2 of them searched before), "),
        "{}",
        second.out
    );
    let folder = made.path().parent().expect("it has one").to_owned();
    let other = run(&made, &["--store", "s", "--patterns", &own(&folder)]);
    assert!(
        other
            .out
            .contains("\nall searched again: the patterns are not those"),
        "{}",
        other.out
    );
    made.write("b.env", &format!("key = {}\n", token(2)));
    made.commit("more");
    let last = run(&made, &["--store", "s", "--patterns", "own.toml"]);
    assert!(
        last.out
            .starts_with("6/6 objects (2 of them searched before), "),
        "{}",
        last.out
    );
}

/// The file of a loose object.
fn loose(made: &Made, id: &str) -> PathBuf {
    let id = id.trim();
    made.path()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..])
}

#[test]
fn what_could_not_be_read_is_tried_again() {
    let Some(mut made) = one_key() else { return };
    let id = made.must(&["rev-parse", "HEAD:a.env"]);
    let path = loose(&made, &id);
    let whole = fs::read(&path).expect("read");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("set");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let options = made.options();
    let remembering = with_store(&options, &made.store());
    let expected = swept(&options).0;
    assert!(expected.contains("\"complete\": false"));
    for before in [0, 1] {
        let (told, remembered) = swept(&remembering);
        assert_eq!((&told, remembered.before), (&expected, before));
    }
    fs::write(&path, &whole).expect("written");
    let (told, remembered) = swept(&remembering);
    assert_eq!((&told, remembered.before), (&swept(&options).0, 1));
    assert!(told.contains("github.pat-classic"));
}

/// Damage that the checksums of a pack show is told of known objects, too.
#[test]
fn damage_that_came_later_is_told() {
    let Some(mut made) = one_key() else { return };
    made.write("b", "nothing\n");
    made.commit("more");
    made.must(&["repack", "-q", "-a", "-d"]);
    let options = made.options();
    let remembering = with_store(&options, &made.store());
    swept(&remembering);
    let id = made.must(&["rev-parse", "HEAD:b"]);
    damage(&mut made, id.trim());
    let (told, remembered) = swept(&remembering);
    assert_eq!(told, swept(&options).0);
    assert!(told.contains("\"complete\": false"), "{told}");
    assert_eq!(remembered.before, 3, "two commits and the other blob");
}

/// Breaks the compressed bytes of an object in the one pack there is.
fn damage(made: &mut Made, id: &str) {
    let folder = made.path().join(".git/objects/pack");
    let list = fs::read_dir(&folder).expect("listed");
    let mut packs: Vec<PathBuf> = list.map(|e| e.expect("an entry").path()).collect();
    packs.retain(|p| p.extension().is_some_and(|e| e == "pack"));
    let [pack] = &packs[..] else {
        panic!("{packs:?}")
    };
    let listed = made.must(&["verify-pack", "-v", pack.to_str().expect("UTF-8")]);
    // id, kind, size, size in the pack, offset
    let line = listed.lines().find(|line| line.starts_with(id));
    let words: Vec<&str> = line.expect("it is there").split_whitespace().collect();
    let (length, offset): (usize, usize) = (
        words[3].parse().expect("a number"),
        words[4].parse().expect("a number"),
    );
    fs::set_permissions(pack, PermissionsExt::from_mode(0o644)).expect("set");
    let mut bytes = fs::read(pack).expect("read");
    for byte in &mut bytes[offset + length / 2..offset + length] {
        *byte ^= 0x55;
    }
    fs::write(pack, bytes).expect("written");
}

/// Objects that were searched are not inflated again: in a pack whose index has no checksums,
/// damage of theirs is seen by nobody who does not read them.
#[test]
fn what_is_known_is_not_even_inflated() {
    let Some(mut made) = one_key() else { return };
    let line = |i: usize| format!("line {i} {}\n", i.wrapping_mul(2_654_435_761));
    let mut text: String = (0..400).map(line).collect();
    for i in 0..20 {
        text.insert_str(0, &line(1_000 + i));
        made.write("grows", &text);
        made.commit("grow");
    }
    made.must(&["repack", "-q", "-a", "-d", "-f"]);
    // The pack with an index of version 1.
    let folder = made.path().join(".git/objects/pack");
    let list = fs::read_dir(&folder).expect("listed");
    let mut rest: Vec<PathBuf> = list.map(|e| e.expect("an entry").path()).collect();
    rest.retain(|p| p.extension().is_some_and(|e| e == "idx" || e == "rev"));
    for path in &rest {
        fs::remove_file(path).expect("removed");
    }
    let pack = rest[0].with_extension("pack");
    let pack = pack.to_str().expect("UTF-8");
    made.must(&["index-pack", "--index-version=1", pack]);

    let options = made.options();
    let remembering = with_store(&options, &made.store());
    let expected = swept(&options).0;
    assert!(expected.contains("\"complete\": true"), "{expected}");
    assert_eq!(swept(&remembering).0, expected);
    // The newest version is whole, the older ones are built upon it.
    let id = made.must(&["rev-parse", "HEAD:grows"]);
    damage(&mut made, id.trim());
    assert!(swept(&options).0.contains("lost with it"));
    assert_eq!(swept(&remembering).0, expected);
    // New objects are searched all the same.
    made.write("new.env", &format!("key = {}\n", token(5)));
    made.commit("new");
    let (told, _) = swept(&remembering);
    assert!(told.contains("new.env") && told.contains("\"complete\": true"));
}

/// What does not parse is told by each sweep, not by the first alone.
#[test]
fn what_does_not_parse_is_told_each_time() {
    let Some(mut made) = one_key() else { return };
    for kind in ["commit", "tag"] {
        let text = format!("no {kind}, but key = {}\n", token(4));
        let args = ["hash-object", "-w", "--literally", "-t", kind, "--stdin"];
        made.feed(&args, text.as_bytes()).expect("written");
    }
    let options = made.options();
    let expected = swept(&options).0;
    for kind in ["commit", "tag"] {
        assert!(expected.contains(&format!("the {kind} does not parse")));
    }
    for before in [0, 2] {
        let (told, remembered) = swept(&with_store(&options, &made.store()));
        assert_eq!((&told, remembered.before), (&expected, before));
    }
}
