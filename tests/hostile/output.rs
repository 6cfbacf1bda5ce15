//! Where reports go: full, closed, in the way, or not what they seem.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use straykey::reports::Format;

use super::run::{command, fifo, finish, plain, skipped, straykey, token, wait, write};

/// A folder with one finding in `t/a`.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "t/a", token(1).0);
    dir
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut all: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    all.sort();
    all
}

#[test]
fn a_full_disk_is_told() {
    if !Path::new("/dev/full").exists() {
        return skipped("a full disk: no /dev/full");
    }
    let dir = tree();
    let ran = straykey(dir.path(), ["scan", "t", "-o", "json:/dev/full"]).ends(2);
    ran.tells("cannot write /dev/full").tells("ghp_");
    for format in Format::ALL.iter().map(|f| f.word()) {
        let mut run = command(dir.path());
        run.args(["scan", "t", "-f", format]);
        run.stdout(File::create("/dev/full").unwrap());
        run.stderr(Stdio::null());
        assert_eq!(wait(&mut run, Duration::from_secs(60)).code, 2, "{format}");
    }
    for args in [
        &["patterns", "list"][..],
        &["completions", "bash"],
        &["man"],
        &["explain", "t/a:1"],
    ] {
        let mut run = command(dir.path());
        run.args(args).stdout(File::create("/dev/full").unwrap());
        run.stderr(Stdio::null());
        assert_eq!(wait(&mut run, Duration::from_secs(60)).code, 2, "{args:?}");
    }
    // Errors that nobody can read do not change the end.
    let mut run = command(dir.path());
    run.args(["scan", "t", "missing"]).stdout(Stdio::null());
    run.stderr(File::create("/dev/full").unwrap());
    assert_eq!(wait(&mut run, Duration::from_secs(60)).code, 2);
}

#[test]
fn a_report_that_does_not_fit_leaves_what_was_there() {
    let dir = tree();
    for i in 2..200 {
        write(dir.path(), format!("t/{i}"), token(i).0);
    }
    fs::create_dir(dir.path().join("disk")).unwrap();
    let script = "mount -t tmpfs -o size=32k none disk || exit 99
        printf old > disk/r.json
        \"$0\" scan t -o json:disk/r.json > out 2> err
        code=$?; cat disk/r.json; ls -A disk | wc -l; exit $code";
    let mut shell = Command::new("unshare");
    shell.args([
        "-m",
        "--",
        "sh",
        "-c",
        script,
        env!("CARGO_BIN_EXE_straykey"),
    ]);
    plain(&mut shell, dir.path());
    let Ok(ran) = shell.output() else {
        return skipped("a small disk: no unshare");
    };
    if matches!(ran.status.code(), Some(99 | 1)) && !dir.path().join("err").exists() {
        return skipped("a small disk: mounts are not allowed");
    }
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    let told = String::from_utf8_lossy(&ran.stdout).replace(' ', "");
    assert_eq!(
        told, "old1\n",
        "the old report, whole, and nothing beside it"
    );
    let err = fs::read_to_string(dir.path().join("err")).unwrap();
    assert!(err.contains("disk/r.json"), "{err}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = tree();
    for i in 2..400 {
        write(dir.path(), format!("t/{i}"), token(i).0);
    }
    for format in Format::ALL.iter().map(|f| f.word()) {
        let mut run = command(dir.path());
        run.args(["scan", "t", "-v", "-f", format]);
        run.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = run.spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{format}: {out:?}");
        assert!(out.stderr.is_empty(), "{format}: {out:?}");
    }
}

#[test]
fn closed_streams_change_no_exit_code() {
    let dir = tree();
    for (closed, target, code) in [
        (">&-", "t", 1),
        ("2>&-", "t", 1),
        (">&- 2>&- <&-", "t", 1),
        ("2>&-", "missing", 2),
        (">&- 2>&-", "missing", 2),
        ("<&-", "t", 1),
    ] {
        let script = format!("exec \"$0\" scan {target} -o json:r.json {closed}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_straykey")]);
        plain(&mut shell, dir.path());
        let ran = finish(&mut shell).ends(code);
        let report = fs::read_to_string(dir.path().join("r.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&report).unwrap();
        assert!(!report.contains("straykey: "), "{closed}: {ran:?}");
    }
}

#[test]
fn pipes_are_written_if_somebody_reads() {
    let dir = tree();
    let pipe = dir.path().join("pipe");
    fifo(&pipe);
    let ran = straykey(dir.path(), ["scan", "t", "-o", "json:pipe"]).ends(2);
    ran.tells("nobody reads from it");
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(|| fs::read_to_string(&pipe).unwrap());
        straykey(dir.path(), ["scan", "t", "-o", "json:pipe"]).ends(1);
        reader.join().unwrap()
    });
    serde_json::from_str::<serde_json::Value>(&read).unwrap();
    straykey(dir.path(), ["scan", "t", "-o", "json:/dev/null"]).ends(1);
}

#[test]
fn reports_are_whole_or_not_there() {
    let dir = tree();
    fs::create_dir(dir.path().join("folder")).unwrap();
    for place in ["folder", "missing/r", "t/a/r", "folder/.."] {
        straykey(dir.path(), ["scan", "t", "-o", &format!("json:{place}")]).ends(2);
    }
    assert_eq!(names(dir.path()), ["folder", "t"]);
    write(dir.path(), "real", "old");
    symlink("real", dir.path().join("link")).unwrap();
    straykey(dir.path(), ["scan", "t", "-o", "json:link"]).ends(1);
    assert!(dir.path().join("link").is_symlink());
    assert!(
        fs::read_to_string(dir.path().join("real"))
            .unwrap()
            .starts_with('{')
    );
    symlink("loop", dir.path().join("loop")).unwrap();
    let ran = straykey(dir.path(), ["scan", "t", "-o", "json:loop"]);
    assert!(matches!(ran.code, 1 | 2), "{ran:?}");
    // Two names for one file would leave one report.
    for (one, other) in [("r", "./r"), ("r", "t/../r"), ("real", "link")] {
        let (one, other) = (format!("json:{one}"), format!("sarif:{other}"));
        straykey(dir.path(), ["scan", "t", "-o", &one, "-o", &other]).ends(2);
    }
    // A report that fails does not keep the others from being written.
    let args = [
        "scan",
        "t",
        "-o",
        "json:folder",
        "-o",
        "sarif:s",
        "-o",
        "jsonl:l",
    ];
    straykey(dir.path(), args).ends(2);
    assert!(dir.path().join("s").exists() && dir.path().join("l").exists());
}
