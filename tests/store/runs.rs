//! Runs that are killed, and runs at the same time.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::common;
use super::repository::{Made, split, token};

/// A repository with so many blobs that they are remembered in several batches.
fn big(made: &mut Made) {
    let mut stream = String::new();
    let mut blob = |text: &str| {
        let _ = write!(stream, "blob\ndata {}\n{text}\n", text.len());
    };
    for i in 0..40_000 {
        blob(&format!("text {i}\n"));
        if i % 10_000 == 77 {
            blob(&format!("{i} key = {}\n", token(i)));
        }
    }
    made.feed(&["fast-import", "--quiet"], stream.as_bytes())
        .expect("imported");
    made.write("a.env", &format!("key = {}\n", token(1)));
    made.commit("begin");
}

fn start(made: &Made, store: Option<&Path>) -> Child {
    let mut args = vec!["history", "repo", "--format", "json", "-j", "2"];
    let path = store.map(|s| s.to_str().expect("UTF-8"));
    args.extend(path.iter().flat_map(|p| ["--store", p]));
    let folder = made.path();
    let folder = folder.parent().expect("it has one");
    common::command(folder, &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn ended(child: Child) -> (Option<i32>, String) {
    let done = child.wait_with_output().expect("it ends");
    let out = String::from_utf8(done.stdout).expect("UTF-8");
    (done.status.code(), out)
}

/// How big the store and what stands beside it are.
fn size(store: &Path) -> u64 {
    let name = store.file_name().expect("it has one").to_string_lossy();
    ["", "-wal", "-journal"]
        .iter()
        .filter_map(|end| fs::metadata(store.with_file_name(format!("{name}{end}"))).ok())
        .map(|meta| meta.len())
        .sum()
}

fn is_whole(store: &Path) {
    let open = rusqlite::Connection::open(store).expect("opened");
    let told: String = open
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("checked");
    assert_eq!(told, "ok");
}

#[test]
fn a_run_that_is_killed_costs_a_batch_and_no_finding() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    big(&mut made);
    let (code, expected) = ended(start(&made, None));
    assert_eq!(code, Some(1));
    let expected = split(&expected).0;
    assert!(expected.matches("\"fingerprint\"").count() >= 5);
    let all = made.searchable().len() as u64;
    let store = made.store();
    let (mut killed, mut least) = (0, 0);
    // Killed when it made the file, when it wrote to it first, later, and at times of its own.
    for point in 0..14u64 {
        let mut child = start(&made, Some(&store));
        let before = size(&store);
        let mut writes = (0, before);
        for tick in 0..20_000u64 {
            let now = size(&store);
            if now != writes.1 {
                writes = (writes.0 + 1, now);
            }
            let is_time = if point < 7 {
                writes.0 > point
            } else {
                tick >= (point - 6) * 40
            };
            if is_time || child.try_wait().expect("asked").is_some() {
                break;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        let _ = child.kill();
        let done = child.wait_with_output().expect("it ends");
        killed += u64::from(done.status.signal() == Some(9));
        // What stands beside the file is taken over here, or by the next run.
        if point % 2 == 0 && size(&store) > 0 {
            is_whole(&store);
        }
        if point % 5 == 4 {
            // The store grows from run to run, and is deleted now and then to begin anew.
            let (code, told) = ended(start(&made, Some(&store)));
            let (told, remembered) = split(&told);
            assert_eq!(code, Some(1));
            assert!(told == expected, "after point {point}");
            assert!(remembered.before <= all && remembered.again.is_none());
            least += u64::from(remembered.before > 0);
            fs::remove_file(&store).expect("deleted");
        }
    }
    assert!(killed >= 3, "{killed} runs were killed");
    assert!(
        least >= 1,
        "what was written before a run was killed is kept"
    );
    let (_, told) = ended(start(&made, Some(&store)));
    assert_eq!(split(&told).0, expected);
    let (_, told) = ended(start(&made, Some(&store)));
    let (told, remembered) = split(&told);
    assert_eq!((told, remembered.before), (expected, all));
}

#[test]
fn runs_at_the_same_time_tell_the_same() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    big(&mut made);
    let expected = split(&ended(start(&made, None)).1).0;
    let store = made.store();
    for _ in 0..2 {
        let children: Vec<Child> = (0..3).map(|_| start(&made, Some(&store))).collect();
        for child in children {
            let (code, told) = ended(child);
            assert_eq!(code, Some(1));
            assert_eq!(split(&told).0, expected);
        }
        is_whole(&store);
    }
    let all = made.searchable().len() as u64;
    let (told, remembered) = split(&ended(start(&made, Some(&store))).1);
    assert_eq!((told, remembered.before), (expected, all));
}
