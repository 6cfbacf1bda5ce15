//! Hostile names and contents in a working tree.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use straykey::reports::Format;

use super::run::{fifo, finish, found_in, plain, skipped, straykey, token, write};

/// The token after some bytes and before others.
fn around(before: &[u8], seed: u64, after: &[u8]) -> Vec<u8> {
    [before, &token(seed).0, after].concat()
}

#[test]
fn contents_of_any_bytes_are_searched() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let cases: [(&str, &[u8], &[u8]); 7] = [
        ("utf8", b"\xfd\xff\xfe \xc3\x28\n", b"\n\xf0\x9f\x94"),
        // A mark of UTF-16 before what is none must not hide it.
        ("mark", b"\xff\xfe", b" and more text that is ASCII\n"),
        ("nul", b"\0\0\0", b"\0"),
        ("bytes", &all, &all),
        ("escapes", b"\x1b]0;owned\x07\x1b[2J\r", b"\x9b31m\x08\x7f"),
        ("bidi", "\u{202e}\u{2066}".as_bytes(), "\u{200b}".as_bytes()),
        ("returns", b"a\rb\r\x0c\x0b\x85", b"\r\r\r"),
    ];
    for (seed, (name, before, after)) in (1..).zip(cases) {
        // A line of its own: what surrounds a token decides whether it is one.
        let content = [before, b"\n", &token(seed).0, b"\n", after].concat();
        write(dir.path(), name, content);
    }
    let report = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    let found = found_in(&report.json());
    assert_eq!(
        found,
        ["bidi", "bytes", "escapes", "mark", "nul", "returns", "utf8"]
    );
    // On one line with what drives terminals: the frames of the report for people.
    write(
        dir.path(),
        "line",
        around(b"\x1b[31m\x9b1m ", 9, b" \x1b[0m\x07"),
    );
    for args in [["scan", "."], ["scan", "-v"], ["scan", "--color=always"]] {
        let mut shown = super::run::command(dir.path());
        let ran = match args[1] {
            // Its own colours are meant.
            "--color=always" => {
                let out = shown.args(args).output().unwrap();
                let text = String::from_utf8(out.stdout).unwrap();
                assert!(
                    !text.contains("\x1b[2J") && !text.contains('\x07'),
                    "{text:?}"
                );
                assert!(
                    !text.contains('\u{9b}') && !text.contains('\u{202e}'),
                    "{text:?}"
                );
                continue;
            }
            _ => finish(shown.args(args)),
        };
        ran.ends(1).tells("escapes");
    }
}

#[test]
fn names_of_any_bytes_are_told_and_drive_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let names: [&[u8]; 8] = [
        b"not\xff\xfeutf8",
        b"new\nline: error: all is well",
        b"esc\x1b[2J\x1b]0;owned\x07",
        b"c1\xc2\x9b31m",
        "rtl\u{202e}txt.exe".as_bytes(),
        b"-rf",
        b" ",
        b"100%s%n{}\\x41",
    ];
    for (seed, name) in (1..).zip(names) {
        write(dir.path(), OsStr::from_bytes(name), token(seed).0);
        let folder = Path::new(OsStr::from_bytes(name));
        let inner = Path::new("d").join(folder).join(folder);
        write(dir.path(), inner, token(seed + 100).0);
        symlink(
            "nowhere",
            dir.path().join(OsStr::from_bytes(&[b"l", name].concat())),
        )
        .unwrap();
    }
    for format in Format::ALL.iter().map(|f| f.word()) {
        let ran = straykey(dir.path(), ["scan", "-v", "-f", format]).ends(1);
        if format == "json" {
            let found = found_in(&ran.json());
            assert_eq!(found.len(), 16, "{found:?}");
            assert!(found.contains(&"not\\xff\\xfeutf8".to_owned()));
            assert!(found.contains(&"new\nline: error: all is well".to_owned()));
        }
    }
    // Named on the command line, one by one and together.
    for name in names {
        let target = Path::new(".").join(OsStr::from_bytes(name));
        straykey(dir.path(), [OsStr::new("scan"), target.as_os_str()]).ends(1);
        let missing = [b"./no-", name].concat();
        straykey(
            dir.path(),
            [OsStr::new("scan"), OsStr::from_bytes(&missing)],
        )
        .ends(2);
    }
    // As words that mean nothing.
    for word in ["--\x1b[2J", "--format=\x1b[2J\n", "\x1b]0;x\x07"] {
        straykey(dir.path(), ["scan", word]).ends(2);
        straykey(dir.path(), [word]).ends(2);
        straykey(dir.path(), ["explain", word]).ends(2);
        straykey(dir.path(), ["allow", word, "--reason", "x"]).ends(2);
        straykey(dir.path(), ["allow", "0123abcd", "--reason", word]).ends(2);
        straykey(dir.path(), ["patterns", "show", word]).ends(2);
        straykey(dir.path(), ["patterns", "check", word]).ends(2);
        straykey(dir.path(), ["man", word]).ends(2);
        for option in [
            "--exclude",
            "--patterns",
            "--only",
            "--disable",
            "--config",
            "-o",
        ] {
            let given = format!("{option}={word}");
            let ran = straykey(dir.path(), ["scan", &given, "--no-config"]);
            assert!(ran.code == 2 || option == "--exclude", "{option}: {ran:?}");
        }
    }
}

#[test]
fn loops_of_links_end() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "d/e/a", token(1).0);
    symlink("self", dir.path().join("self")).unwrap();
    symlink("../..", dir.path().join("d/e/up")).unwrap();
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    let ran = straykey(dir.path(), ["scan", ".", "-v", "-f", "json"]).ends(1);
    assert_eq!(found_in(&ran.json()), ["d/e/a"]);
    let links: Vec<_> = ran.json()["skips"].as_array().unwrap().clone();
    assert_eq!(links.len(), 3, "{links:?}");
    straykey(dir.path(), ["scan", "self"]).ends(2).tells("self");
    let long = "d/e/up/".repeat(200);
    straykey(dir.path(), ["scan", &long]).ends(2);
    // A file is read once, by whatever name.
    let ran = straykey(dir.path(), ["scan", "d/e/up", "d", "d/e/a", "-f", "json"]).ends(1);
    assert_eq!(found_in(&ran.json()).len(), 1);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    fifo(&dir.path().join("tree/pipe"));
    write(dir.path(), "tree/a", "x");
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("tree/socket")).unwrap();
    let ran = straykey(dir.path(), ["scan", "tree", "-v"]).ends(0);
    ran.tells("tree/pipe").tells("tree/socket");
    // Asked for by name and not read: that is no "clean".
    for target in [
        "tree/pipe",
        "tree/socket",
        "/dev/zero",
        "/dev/null",
        "/dev/tty",
    ] {
        straykey(dir.path(), ["scan", target]).ends(2).tells(target);
    }
    symlink("/dev/zero", dir.path().join("tree/zero")).unwrap();
    straykey(dir.path(), ["scan", "tree/zero"]).ends(2);
    straykey(dir.path(), ["scan", "tree"]).ends(0);
    let folder = fs::File::open(dir.path()).unwrap();
    let mut command = super::run::command(dir.path());
    finish(command.args(["scan", "-"]).stdin(folder)).ends(2);
}

#[test]
fn what_may_not_be_read_is_told() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    write(dir.path(), "t/folder/a", "x");
    write(dir.path(), "t/file", "x");
    write(dir.path(), "t/open", token(1).0);
    for shut in ["t/folder", "t/file"] {
        fs::set_permissions(dir.path().join(shut), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let is_root = fs::File::open(dir.path().join("t/file")).is_ok();
    let mut command = if is_root {
        // Root may read everything: become somebody else, with a copy that may be run.
        let program = dir.path().join("straykey");
        fs::copy(env!("CARGO_BIN_EXE_straykey"), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        let works = other.arg("true").output().is_ok_and(|o| o.status.success());
        if !works {
            return skipped("a folder without permission: root, and no setpriv");
        }
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        other.arg(program);
        plain(&mut other, dir.path());
        other
    } else {
        super::run::command(dir.path())
    };
    let ran = finish(command.args(["scan", "t", "-f", "json"])).ends(2);
    assert_eq!(found_in(&ran.json()), ["t/open"], "all else is read");
    ran.tells("t/folder").tells("t/file");
    fs::set_permissions(
        dir.path().join("t/folder"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
}

#[test]
fn a_file_that_shrinks_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    for pause in [5, 10, 20, 40, 80, 160, 320] {
        let file = fs::File::create(&path).unwrap();
        file.set_len(192 << 20).unwrap();
        let ran = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(pause));
                file.set_len(16 << 20).unwrap();
            });
            straykey(dir.path(), ["scan", "."])
        });
        if ran.code == 2 {
            ran.tells("f: changed while it was read");
            return;
        }
        ran.ends(0);
    }
    skipped("a file that shrinks: it was never met while it was read");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..300 {
        let name = format!("d{}/e{}/f{i}", i % 7, i % 3);
        // Some secrets lie in many places.
        write(dir.path(), name, around(b"\n\n", i % 40, b"\n"));
    }
    for i in 0..30 {
        symlink("nowhere", dir.path().join(format!("d1/l{i}"))).unwrap();
        fifo(&dir.path().join(format!("d2/p{i}")));
    }
    write(dir.path(), ".gitignore", "f1*\n");
    fs::create_dir_all(dir.path().join(".git/objects")).unwrap();
    write(dir.path(), ".git/HEAD", "ref: refs/heads/main\n");
    write(dir.path(), ".git/index", "damaged");
    // Two tell times.
    let timeless = |f: &&Format| !matches!(f, Format::Human | Format::GitLab);
    for format in Format::ALL.iter().filter(timeless).map(|f| f.word()) {
        let run = |threads| {
            let args = ["scan", ".", "-f", format, "-j", threads, "missing"];
            straykey(dir.path(), args).ends(2).stdout
        };
        let one = run("1");
        assert!(one.contains("f200"), "{one}");
        for threads in ["2", "8", "100000"] {
            assert!(
                run(threads) == one,
                "{format} with {threads} threads differs"
            );
        }
    }
}

#[test]
fn excluded_folders_are_excluded_by_whatever_name() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "vendor/a", token(1).0);
    let whole = dir.path().to_str().unwrap();
    for target in [".", whole, "vendor", "vendor/../vendor/a"] {
        straykey(dir.path(), ["scan", target, "--exclude", "vendor/"]).ends(0);
        straykey(dir.path(), ["scan", target]).ends(1);
    }
}
