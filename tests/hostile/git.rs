//! Hostile repositories: nothing of theirs is run, nothing is waited for, and what cannot be read
//! is told. And what git tracks is read whatever an ignore rule says, in every form of index.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::run::{fifo, found_in, skipped, straykey, token, write};

/// Runs git without the settings of whoever runs the tests.
fn git(folder: &Path, args: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(folder).args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A");
        command.env(format!("GIT_{who}_EMAIL"), "a@example.invalid");
    }
    command.output().is_ok_and(|out| {
        if !out.status.success() {
            eprintln!("git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        }
        out.status.success()
    })
}

/// A repository with `kept.env` (tracked though it is ignored), `left.env` (ignored), and `a`.
fn repository() -> Option<tempfile::TempDir> {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let made = git(dir.path(), &["init", "-q", "-b", "main", "."]) && commit(dir.path());
    if !made {
        skipped("real repositories: no git");
        return None;
    }
    Some(dir)
}

fn fill(root: &Path) {
    write(root, "kept.env", token(1).0);
    write(root, "left.env", token(2).0);
    write(root, "a", token(3).0);
    write(root, "b-b", "x");
    write(root, "out/kept", token(4).0);
    write(root, "out/left", token(5).0);
    write(root, ".gitignore", "*.env\nout/\n");
}

fn commit(root: &Path) -> bool {
    git(
        root,
        &[
            "add",
            "-f",
            ".gitignore",
            "a",
            "b-b",
            "kept.env",
            "out/kept",
        ],
    ) && git(root, &["commit", "-q", "-m", "x"])
}

/// What is found in a folder.
fn found(root: &Path) -> Vec<String> {
    let ran = straykey(root, ["scan", ".", "-f", "json"]).ends(1);
    found_in(&ran.json())
}

const TRACKED: [&str; 3] = ["a", "kept.env", "out/kept"];

#[test]
fn tracked_files_are_read_in_every_form_of_index() {
    let Some(dir) = repository() else { return };
    assert_eq!(found(dir.path()), TRACKED);
    for version in ["2", "3", "4"] {
        if git(dir.path(), &["update-index", "--index-version", version]) {
            assert_eq!(found(dir.path()), TRACKED, "version {version}");
        } else {
            skipped(&format!("an index of version {version}"));
        }
    }
    if git(dir.path(), &["update-index", "--split-index"]) {
        assert_eq!(found(dir.path()), TRACKED, "split");
        // With entries in both files, and some of the shared one replaced.
        write(dir.path(), "late.env", token(6).0);
        write(dir.path(), "a", token(7).0);
        assert!(git(dir.path(), &["add", "-f", "late.env", "a"]));
        let shared = fs::read_dir(dir.path().join(".git")).unwrap();
        let shared = shared.filter(|e| {
            let name = e.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("sharedindex.")
        });
        assert!(shared.count() > 0, "it is split");
        assert_eq!(found(dir.path()), ["a", "kept.env", "late.env", "out/kept"]);
        assert!(git(dir.path(), &["update-index", "--no-split-index"]));
    } else {
        skipped("a split index");
    }
    for setting in [
        "core.untrackedCache=true",
        "feature.manyFiles=true",
        "index.skipHash=true",
    ] {
        let works = git(
            dir.path(),
            &["-c", setting, "update-index", "--force-write-index"],
        );
        if works {
            assert!(
                found(dir.path()).contains(&"kept.env".to_owned()),
                "{setting}"
            );
        } else {
            skipped(setting);
        }
    }
}

#[test]
fn tracked_files_are_read_with_a_sparse_index() {
    let Some(dir) = repository() else { return };
    write(dir.path(), "far/away/kept.env", token(8).0);
    assert!(git(dir.path(), &["add", "-f", "far"]));
    assert!(git(dir.path(), &["commit", "-q", "-m", "x"]));
    let sparse = git(
        dir.path(),
        &["sparse-checkout", "set", "--cone", "--sparse-index", "out"],
    );
    if !sparse {
        return skipped("a sparse index");
    }
    assert_eq!(found(dir.path()), TRACKED);
    // One that came back by hand, in a folder that the index holds as one entry.
    write(dir.path(), "far/away/kept.env", token(8).0);
    assert!(found(dir.path()).contains(&"far/away/kept.env".to_owned()));
}

#[test]
fn tracked_files_are_read_in_linked_worktrees_and_submodules() {
    let Some(dir) = repository() else { return };
    let root = dir.path().join("w/linked");
    fs::create_dir(dir.path().join("w")).unwrap();
    if git(
        dir.path(),
        &["worktree", "add", "-q", "w/linked", "-b", "other"],
    ) {
        write(&root, "left.env", token(2).0);
        assert_eq!(found(&root), TRACKED);
        let all = found(dir.path());
        assert!(all.contains(&"w/linked/kept.env".to_owned()), "{all:?}");
        assert!(!all.contains(&"w/linked/left.env".to_owned()), "{all:?}");
        // What is committed there is known there.
        let ran = straykey(&root, ["scan", "a", "-f", "json"]).ends(1);
        let place = &ran.json()["findings"][0]["occurrences"][0];
        assert_eq!(place["committed"], true, "{place}");
    } else {
        skipped("a linked worktree");
    }
    let Some(outer) = repository() else { return };
    let from = dir.path().to_str().unwrap();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        from,
        "out/sub",
    ];
    let add: Vec<&str> = [&add[..5], &["-f"], &add[5..]].concat();
    if git(outer.path(), &add) {
        write(outer.path(), "out/sub/left.env", token(2).0);
        let all = found(outer.path());
        for name in ["out/sub/kept.env", "out/sub/out/kept", "out/kept"] {
            assert!(all.contains(&name.to_owned()), "{name} {all:?}");
        }
        assert!(!all.contains(&"out/sub/left.env".to_owned()), "{all:?}");
        fs::remove_dir_all(outer.path().join("out/sub")).unwrap();
        fs::create_dir(outer.path().join("out/sub")).unwrap();
        let ran = straykey(outer.path(), ["scan", ".", "-v"]).ends(1);
        ran.tells("out/sub");
    } else {
        skipped("a submodule");
    }
}

#[test]
fn nothing_of_a_repository_is_run_or_followed() {
    let Some(dir) = repository() else { return };
    let marker = dir.path().join("was-run");
    let script = dir.path().join(".git/run.sh");
    write(
        dir.path(),
        ".git/run.sh",
        format!("#!/bin/sh\ntouch '{}'\ncat\n", marker.display()),
    );
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    for hook in [
        "post-checkout",
        "post-index-change",
        "fsmonitor-watchman",
        "reference-transaction",
    ] {
        fs::create_dir_all(dir.path().join(".git/hooks")).unwrap();
        fs::copy(&script, dir.path().join(".git/hooks").join(hook)).unwrap();
    }
    let run = script.display();
    write(
        dir.path(),
        ".gitattributes",
        "* filter=x diff=x textconv=x\n",
    );
    fifo(&dir.path().join(".git/pipe"));
    let config = format!(
        "[core]\nrepositoryformatversion = 0\nfsmonitor = {run}\nhooksPath = .git/hooks\n\
         worktree = /\npager = {run}\nsshCommand = {run}\naskPass = {run}\nalternateRefsCommand = {run}\n\
         excludesFile = /dev/zero\nattributesFile = /dev/zero\n\
         [filter \"x\"]\nclean = {run}\nsmudge = {run}\nprocess = {run}\nrequired = true\n\
         [diff \"x\"]\ntextconv = {run}\ncommand = {run}\n[diff]\nexternal = {run}\n\
         [credential]\nhelper = !{run}\n[include]\npath = pipe\n[include]\npath = /dev/zero\n\
         [includeIf \"gitdir:/\"]\npath = pipe\n[safe]\ndirectory = *\n[extensions]\nx = y\n"
    );
    write(dir.path(), ".git/config", config);
    let ran = straykey(dir.path(), ["scan", ".", "-f", "json"]).ends(1);
    assert_eq!(found_in(&ran.json()), TRACKED);
    for finding in ran.json()["findings"].as_array().unwrap() {
        // Had `core.worktree` been believed, none of them would be.
        assert_eq!(finding["occurrences"][0]["committed"], true, "{finding}");
    }
    straykey(dir.path(), ["explain", "a:1"]).ends(0);
    straykey(dir.path(), ["allow", &"0".repeat(32), "--reason", "x"]).ends(0);
    assert!(!marker.exists(), "a program of the repository was run");
    fs::remove_file(dir.path().join(".git/config")).unwrap();
    fifo(&dir.path().join(".git/config"));
    assert_eq!(found(dir.path()), TRACKED);
}

/// Puts something in place of a file of git's, scans, and puts the file back.
fn instead(root: &Path, name: &str, put: &dyn Fn(&Path)) -> super::run::Ran {
    let path = root.join(".git").join(name);
    let kept = fs::read(&path).ok();
    let _ = fs::remove_file(&path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    put(&path);
    let ran = straykey(root, ["scan", ".", "-f", "json"]);
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(&path).unwrap();
    } else {
        let _ = fs::remove_file(&path);
    }
    if let Some(kept) = kept {
        fs::write(&path, kept).unwrap();
    }
    ran
}

#[test]
fn files_of_git_that_are_none_are_not_waited_for() {
    let Some(dir) = repository() else { return };
    let root = dir.path();
    assert!(git(root, &["pack-refs", "--all"]));
    let names = [
        "HEAD",
        "index",
        "config",
        "packed-refs",
        "refs/heads/main",
        "objects/info/alternates",
        "objects/pack/pack-x.idx",
        "objects/pack/multi-pack-index",
        "objects/info/commit-graph",
        "info/exclude",
        "commondir",
        "shallow",
    ];
    for name in names {
        let puts: [&dyn Fn(&Path); 5] = [
            &|path| fifo(path),
            &|path| symlink("/dev/zero", path).unwrap(),
            &|path| symlink("nowhere", path).unwrap(),
            &|path| symlink(path.file_name().unwrap(), path).unwrap(),
            &|path| fs::create_dir(path).unwrap(),
        ];
        for (i, put) in puts.iter().enumerate() {
            let ran = instead(root, name, put);
            assert!(ran.peak < 160, "{name} {i}: {} MiB", ran.peak);
            let found = found_in(&ran.json());
            assert!(found.contains(&"a".to_owned()), "{name} {i}: {found:?}");
            // What was not read because of it must be told.
            let is_all = TRACKED.iter().all(|t| found.contains(&(*t).to_owned()));
            // Where there is no index, git tracks nothing.
            let none = name == "index" && i == 2;
            assert!(is_all || none || ran.code == 2, "{name} {i}: {found:?}");
            assert!(ran.code != 2 || ran.stdout.contains(".git"), "{name} {i}");
        }
    }
    // A loose object, and one of another store.
    let objects = root.join(".git/objects");
    for folder in fs::read_dir(&objects).unwrap() {
        let folder = folder.unwrap().path();
        if folder.file_name().unwrap().len() == 2 {
            for object in fs::read_dir(folder).unwrap() {
                let object = object.unwrap().path();
                fs::remove_file(&object).unwrap();
                fifo(&object);
            }
        }
    }
    assert_eq!(found(root), TRACKED);
}

#[test]
fn references_and_stores_that_lead_in_circles_end() {
    let Some(dir) = repository() else { return };
    let root = dir.path();
    let long = "ref: refs/heads/".to_owned() + &"x/".repeat(3000);
    for head in [
        "ref: HEAD\n",
        "ref: refs/heads/loop\n",
        "ref: refs/../HEAD\n",
        "ref: refs/heads/../../../../../../../../../etc/passwd\n",
        "ref: \n",
        "",
        "\x1b[2J",
        "0000000000000000000000000000000000000000\n",
        "ffffffffffffffffffffffffffffffffffffffff\n",
        &long,
    ] {
        write(root, ".git/refs/heads/loop", "ref: refs/heads/pool\n");
        write(root, ".git/refs/heads/pool", "ref: refs/heads/loop\n");
        write(root, ".git/HEAD", head);
        let ran = straykey(root, ["scan", ".", "-f", "json"]).ends(1);
        assert_eq!(found_in(&ran.json()), TRACKED);
        assert!(
            !ran.stdout.contains("committed"),
            "{head:?}: nothing is known of it"
        );
    }
    write(root, ".git/HEAD", "ref: refs/heads/main\n");
    let committed = || {
        let ran = straykey(root, ["scan", ".", "-f", "json"]).ends(1);
        ran.stdout.matches("\"committed\": true").count()
    };
    assert_eq!(committed(), 3);
    write(
        root,
        ".git/objects/info/alternates",
        "# x\n\n/nowhere\n.\n..\n../objects\n/\n/dev\n",
    );
    assert_eq!(committed(), 3);
    let many: String = (0..200).map(|i| format!("../{i}\n")).collect();
    write(root, ".git/objects/info/alternates", many);
    for i in 0..200 {
        fs::create_dir_all(root.join(format!(".git/{i}"))).unwrap();
    }
    assert_eq!(found(root), TRACKED);
}

#[test]
fn a_damaged_index_is_told() {
    let Some(dir) = repository() else { return };
    let root = dir.path();
    let good = fs::read(root.join(".git/index")).unwrap();
    let step = if super::run::big() { 1 } else { 23 };
    for len in (0..good.len()).step_by(step) {
        let ran = instead(root, "index", &|path| {
            fs::write(path, &good[..len]).unwrap();
        });
        assert_eq!(found_in(&ran.json()), ["a"], "{len}");
        ran.ends(2).tells(".git/index").tells("damaged");
    }
    // Claims that no memory holds, and bytes that are not what they were.
    let mut cases: Vec<Vec<u8>> = Vec::new();
    for (at, byte) in [
        (4, 9),
        (7, 4),
        (7, 3),
        (7, 99),
        (8, 0xff),
        (9, 0xff),
        (11, 0xff),
        (11, 0),
    ] {
        let mut bad = good.clone();
        bad[at] = byte;
        cases.push(bad);
    }
    for at in (12..good.len()).step_by(step * 2 + 1) {
        let mut bad = good.clone();
        bad[at] = 0xff;
        cases.push(bad);
    }
    for extension in [
        &b"link"[..],
        b"EOIE",
        b"IEOT",
        b"UNTR",
        b"FSMN",
        b"TREE",
        b"REUC",
        b"sdir",
    ] {
        for size in [0u32, 1, 24, 40, u32::MAX] {
            let mut bad = good[..good.len() - 20].to_vec();
            bad.extend_from_slice(extension);
            bad.extend_from_slice(&size.to_be_bytes());
            bad.extend_from_slice(&[0xff; 40]);
            bad.extend_from_slice(&[0; 20]);
            cases.push(bad);
        }
    }
    for (i, bad) in cases.iter().enumerate() {
        let ran = instead(root, "index", &|path| fs::write(path, bad).unwrap());
        assert!(ran.peak < 160, "{i}: {} MiB", ran.peak);
        // It may still tell enough; if it does not parse, that is told.
        let found = found_in(&ran.json());
        assert!(found.contains(&"a".to_owned()), "{i}: {found:?}");
        assert!(ran.code == 1 || ran.stdout.contains(".git/index"), "{i}");
    }
    let ran = instead(root, "index", &|path| {
        let mut file = fs::File::create(path).unwrap();
        file.write_all(b"DIRC\0\0\0\x02\xff\xff\xff\xff").unwrap();
        file.set_len(1 << 40).unwrap();
    });
    ran.ends(2).tells("bigger than");
    // A split index whose other half is not there, or is no file.
    if git(root, &["update-index", "--split-index"]) {
        let git_dir = fs::read_dir(root.join(".git")).unwrap();
        let shared = git_dir.map(|e| e.unwrap().path()).find(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("sharedindex.")
        });
        let shared = shared.expect("it is split");
        fs::remove_file(&shared).unwrap();
        straykey(root, ["scan", "."]).ends(2).tells(".git/index");
        fifo(&shared);
        straykey(root, ["scan", "."]).ends(2).tells(".git/index");
        fs::remove_file(&shared).unwrap();
        symlink("/dev/zero", &shared).unwrap();
        straykey(root, ["scan", "."]).ends(2).tells(".git/index");
        fs::remove_file(&shared).unwrap();
        fs::copy(root.join(".git/index"), &shared).unwrap();
        straykey(root, ["scan", "."]).ends(2).tells(".git/index");
    } else {
        skipped("a split index");
    }
}

#[test]
fn a_git_that_leads_elsewhere_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "t/a", token(1).0);
    write(dir.path(), "t/.gitignore", "a\n");
    let dot = dir.path().join("t/.git");
    for content in [
        "gitdir: .git\n",
        "gitdir: /dev\n",
        "gitdir: /\n",
        "gitdir: ../t\n",
        "\0",
        "",
    ] {
        fs::write(&dot, content).unwrap();
        straykey(dir.path(), ["scan", "t"]).ends(1);
    }
    fs::remove_file(&dot).unwrap();
    fifo(&dot);
    straykey(dir.path(), ["scan", "t"]).ends(1);
    fs::remove_file(&dot).unwrap();
    for target in ["/dev/zero", ".git", "nowhere", "/proc"] {
        symlink(target, &dot).unwrap();
        straykey(dir.path(), ["scan", "t"]).ends(1);
        fs::remove_file(&dot).unwrap();
    }
    // Repositories in repositories, each with rules and an index that does not parse.
    let deep = if super::run::big() { 400 } else { 60 };
    let mut at = dir.path().join("t");
    for _ in 0..deep {
        write(&at, ".git/HEAD", "ref: refs/heads/main\n");
        write(&at, ".git/index", "x");
        fs::create_dir_all(at.join(".git/objects")).unwrap();
        write(&at, ".gitignore", "b\n");
        write(&at, "b", token(2).0);
        write(&at, ".gitmodules", "[submodule]\n");
        at.push("d");
    }
    let ran = straykey(dir.path(), ["scan", "t", "-f", "json"]).ends(2);
    let told = ran.stdout.matches("\"damaged: ").count();
    assert_eq!(told, deep, "each index that does not parse is told");
}
