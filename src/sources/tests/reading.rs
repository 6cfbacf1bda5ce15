//! How contents are read, and what becomes of those that cannot be.

use super::*;
use crate::base::limits::{CHUNK_BYTES, CHUNK_CONTEXT};

#[test]
fn names_are_shown_as_the_user_wrote_them() {
    let tree = Tree::new(&["a/b"]);
    let shown = |target: PathBuf| -> Vec<PathBuf> {
        let options = TreeOptions {
            targets: vec![target],
            ..TreeOptions::default()
        };
        let seen = TreeSource::new(&options).walk(Recorder::default);
        seen.into_iter()
            .flat_map(|one| one.done.into_keys())
            .collect()
    };
    let top = tree.path().join("a");
    assert_eq!(shown(top.join("")), [top.join("b")]);
    assert_eq!(shown(top.join("./b")), [top.join("b")]);
    assert_eq!(
        shown(tree.path().join("a/../a")),
        [tree.path().join("a/../a/b")]
    );
    // Tests run in the folder of the crate.
    assert_eq!(shown("./src/main.rs".into()), [Path::new("src/main.rs")]);
    assert!(shown("./src/sources".into()).contains(&"src/sources/mod.rs".into()));
    assert!(shown("src/sources/..".into()).contains(&"src/sources/../main.rs".into()));
}

#[cfg(unix)]
#[test]
fn any_name_will_do() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new(&["new\nline", "-", "--help", "\x1b[2J"]);
    let odd = tree.write(OsStr::from_bytes(b"\xff\xfe.txt"), b"odd");
    tree.repository("", &[]);
    tree.write(".gitignore", b"*.log\n");
    let seen = tree.read(&[""]);
    assert_eq!(seen.plain().len(), 5);
    assert_eq!(seen.all.contents[&odd], b"odd");
}

#[test]
fn a_target_that_is_not_there_is_told() {
    let tree = Tree::new(&["a"]);
    let seen = tree.read(&["gone", "a"]);
    assert_eq!(seen.read, ["a"]);
    assert!(matches!(seen.reason(), SkipReason::Unreadable(why) if !why.contains("os error")));
    let nothing = tree.read(&[]);
    assert!(nothing.read.is_empty() && nothing.skipped.is_empty());
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_fifo() {
    let tree = Tree::new(&["a"]);
    let fifo = tree.path().join("fifo");
    let name = std::ffi::CString::new(fifo.to_str().unwrap()).unwrap();
    // SAFETY: the name is a C string that outlives the call.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let _socket = std::os::unix::net::UnixListener::bind(tree.path().join("socket")).unwrap();
    let seen = tree.read(&[""]);
    assert_eq!(seen.read, ["a"]);
    assert_eq!(seen.skipped, ["special-file fifo", "special-file socket"]);
    assert_eq!(tree.read(&["fifo"]).skipped, ["unreadable fifo"]);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_makes_a_run_incomplete() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new(&["a", "file", "folder/b"]);
    let bits = |name: &str, bits| {
        let bits = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(tree.path().join(name), bits).unwrap();
    };
    bits("file", 0o000);
    bits("folder", 0o000);
    let may_read_all = std::fs::read(tree.path().join("file")).is_ok();
    let seen = tree.read(&[""]);
    bits("folder", 0o700);
    if may_read_all {
        eprintln!("SKIPPED: root may read everything, so nothing is unreadable");
        return;
    }
    assert_eq!(seen.read, ["a"]);
    assert_eq!(seen.skipped, ["unreadable file", "unreadable folder"]);
    assert!(
        seen.all
            .skips
            .iter()
            .all(|skip| skip.reason.is_incomplete())
    );
}

#[test]
fn a_file_that_goes_away_is_told() {
    let tree = Tree::new(&["a"]);
    let mut reader = super::super::read::Reader::new();
    let mut seen = Recorder::default();
    let origin = Origin::new("b");
    let gone = tree.path().join("b");
    reader.file(&gone, super::super::read::Links::Refuse, &origin, &mut seen);
    assert_eq!(seen.skips[0].reason.code(), "changed");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a", &gone).unwrap();
        reader.file(&gone, super::super::read::Links::Refuse, &origin, &mut seen);
        assert_eq!(seen.skips[1].reason.code(), "changed");
    }
}

#[test]
fn a_panic_costs_one_file_and_shows_nothing_of_it() {
    let tree = Tree::new(&["a", "b", "c"]);
    tree.write("b", b"hunter2");
    let make = || Recorder {
        dreads: Some(b"hunter2"),
        ..Recorder::default()
    };
    let seen = tree.read_by(&[""], |_| {}, make);
    assert_eq!(seen.read, ["a", "c"]);
    assert!(
        matches!(seen.reason(), SkipReason::Failed(why) if !why.contains("hunter2")),
        "{:?}",
        seen.reason()
    );
}

#[test]
fn what_is_not_wanted_is_not_opened() {
    let tree = Tree::new(&["a", "b", "sub/b"]);
    let make = || Recorder {
        unwanted: Some("b"),
        ..Recorder::default()
    };
    let seen = tree.read_by(&["", "b"], |_| {}, make);
    assert_eq!(seen.read, ["a"]);
    assert_eq!(seen.all.chunks, 1);
}

#[test]
fn an_lfs_pointer_is_read_and_told() {
    let tree = Tree::new(&[]);
    tree.write(
        "big.bin",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    );
    let seen = tree.read(&[""]);
    assert_eq!(seen.read, ["big.bin"]);
    assert_eq!(seen.skipped, ["lfs-pointer big.bin"]);
    assert!(!seen.reason().is_incomplete());
}

#[test]
fn kinds_are_handed_on() {
    let tree = Tree::new(&[]);
    let text = "key = \"na\u{ef}ve\"\r\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide = tree.write("wide", &[b"\xfe\xff", &wide[..]].concat());
    let binary = tree.write("binary", b"\x7fELF\0\0\0\0");
    let plain = tree.write("plain", b"\xef\xbb\xbfkey\xff");
    let seen = tree.read(&[""]).all;
    assert_eq!(seen.kinds[&wide], ContentKind::Utf16);
    assert_eq!(seen.contents[&wide], text.as_bytes());
    assert_eq!(seen.done[&wide], 2 * text.chars().count() as u64 + 2);
    assert_eq!(seen.kinds[&binary], ContentKind::Binary);
    assert_eq!(seen.kinds[&plain], ContentKind::Text);
    assert_eq!(seen.contents[&plain], b"\xef\xbb\xbfkey\xff");
}

#[test]
fn a_big_file_comes_in_pieces_and_an_empty_one_as_one() {
    let tree = Tree::new(&[]);
    let edge = CHUNK_BYTES + CHUNK_CONTEXT;
    let sizes = [
        0,
        1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        edge,
        edge + CHUNK_CONTEXT,
        edge + CHUNK_CONTEXT + 1,
    ];
    for (at, size) in sizes.into_iter().enumerate() {
        let content: Vec<u8> = (0..size).map(|i| b'a' + (i % 23) as u8).collect();
        let path = tree.write(at.to_string(), &content);
        let seen = tree.read(&[&at.to_string()]).all;
        assert_eq!(
            seen.chunks,
            if size > CHUNK_BYTES { 2 } else { 1 },
            "{size}"
        );
        assert!(seen.contents[&path] == content, "{size}");
        assert_eq!(seen.done[&path], size as u64);
    }
}

#[test]
fn a_walk_can_be_stopped() {
    struct Hasty;
    impl Visitor for Hasty {
        fn chunk(&mut self, _: &Origin, _: &Chunk<'_>) {
            panic!("it did not want any");
        }
        fn skip(&mut self, skip: Skip) {
            panic!("{skip:?}");
        }
        fn done(&mut self, _: &Origin, _: u64) {}
        fn stop(&self) -> bool {
            true
        }
    }
    let tree = Tree::new(&["a", "b/c"]);
    let options = TreeOptions {
        targets: vec![tree.path().to_owned()],
        ..TreeOptions::default()
    };
    assert_eq!(TreeSource::new(&options).walk(|| Hasty).len(), 1);
}
