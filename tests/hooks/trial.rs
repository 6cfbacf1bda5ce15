//! `hook test`: what it proves, and that nothing is left of it.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;

use super::*;

/// Everything of a repository that must stay: each file of its git folder and of its tree.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path.clone());
                out.insert(path, Vec::new());
            } else {
                let content = fs::read(&path).expect("read");
                out.insert(path, content);
            }
        }
    }
    out
}

/// A repository with folders, staged and changed files, a stash, and a branch.
fn busy() -> Home {
    let home = Home::new();
    for name in ["a", "src/x.rs", "deploy/prod.env", "docs/deep/er.md"] {
        home.write(name, "1\n");
    }
    home.commit();
    home.git(&["branch", "other"]);
    home.write("a", "2\n");
    home.git(&["stash", "-q"]);
    home.write("src/x.rs", "2\n");
    home.git(&["add", "src/x.rs"]);
    home.write("deploy/prod.env", "3\n");
    home
}

fn test(home: &Home) -> Done {
    let temporary = home.path().join("tmp");
    fs::create_dir_all(&temporary).expect("made");
    let mut command = home.command("straykey", &home.repo());
    let done = done(command.args(["hook", "test"]).env("TMPDIR", &temporary));
    let left = fs::read_dir(&temporary).expect("listed").count();
    assert_eq!(left, 0, "nothing temporary is left");
    done
}

#[test]
fn good_hooks_are_proved_and_nothing_is_changed() {
    let home = busy();
    home.straykey(&["hook", "install", "pre-commit", "pre-push"])
        .passed();
    // Git writes down what it saw of the files.
    home.git(&["status"]);
    let before = files(&home.repo());
    let done = test(&home);
    done.passed();
    assert!(done.said.contains("proved: "), "{done:?}");
    for folder in ["(top)", "deploy", "docs", "src"] {
        let row = done.said.lines().find(|l| l.starts_with(folder));
        let row: Vec<&str> = row.expect("a row").split_whitespace().collect();
        assert!(
            row.len() >= 4 && row[1..].iter().all(|w| *w == "stopped"),
            "{done:?}"
        );
    }
    assert_eq!(files(&home.repo()), before);
}

#[test]
fn a_hook_that_scans_nothing_is_told() {
    let home = busy();
    let done = test(&home);
    assert_eq!(done.code, 1);
    assert!(done.said.contains("no hook is installed"), "{done:?}");
    home.script(".git/hooks/pre-commit", "#!/bin/sh\necho all fine\n");
    let done = test(&home);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.said.contains("LET THROUGH") && done.said.contains("FAILED"),
        "{done:?}"
    );
    // One that stops for another reason proves nothing.
    let picky = "#!/bin/sh\ngit diff --cached --name-only | grep -q harmless || exit 1\n";
    home.script(".git/hooks/pre-commit", picky);
    let done = test(&home);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.said.contains("BY ANOTHER"), "{done:?}");
    home.script(".git/hooks/pre-commit", "#!/bin/sh\necho never\nexit 1\n");
    let done = test(&home);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.said.contains("stops a harmless file"), "{done:?}");
}

#[test]
fn what_configuration_leaves_out_is_told_as_that() {
    let home = busy();
    home.straykey(&["hook", "install"]).passed();
    home.write(".straykey/config.toml", "exclude = ['docs/']\n");
    let done = test(&home);
    done.passed();
    let row = done
        .said
        .lines()
        .find(|l| l.starts_with("docs"))
        .expect("a row");
    assert!(row.contains("left out"), "{done:?}");
}

#[test]
fn an_interruption_leaves_nothing_behind() {
    let home = busy();
    let marker = home.path().join("began");
    let hook = format!("#!/bin/sh\n: >{}\nsleep 60\n", marker.display());
    home.script(".git/hooks/pre-commit", &hook);
    home.git(&["status"]);
    let before = files(&home.repo());
    let temporary = home.path().join("tmp");
    fs::create_dir_all(&temporary).expect("made");
    let mut command = home.command("straykey", &home.repo());
    let child = command
        .args(["hook", "test"])
        .env("TMPDIR", &temporary)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("it starts");
    while !marker.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // As a terminal does: to all programs of the group.
    let group = format!("-{}", child.id());
    let killed = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(killed.expect("it runs").success());
    let done = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert_eq!(fs::read_dir(&temporary).expect("listed").count(), 0);
    assert_eq!(files(&home.repo()), before);
}

#[test]
fn hooks_of_somebody_else_are_not_run() {
    let home = busy();
    home.script(".git/hooks/pre-commit", "#!/bin/sh\n: >../ran\n");
    let chowned = Command::new("chown")
        .args(["-R", "12345", home.repo().to_str().expect("text")])
        .status();
    if !chowned.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: only root can give a repository to somebody else");
        return;
    }
    let done = test(&home);
    assert_eq!(done.code, 2);
    assert!(done.said.contains("belongs to another user"), "{done:?}");
    assert!(!home.path().join("ran").exists());
}

#[test]
fn without_a_commit_or_a_working_tree_nothing_is_proved() {
    let home = Home::new();
    let done = test(&home);
    assert!(
        done.code == 2 && done.said.contains("no commit yet"),
        "{done:?}"
    );
    let bare = home.path().join("bare");
    home.git(&["init", "-q", "--bare", bare.to_str().expect("text")]);
    let done = home.run_in(&bare, &["straykey", "hook", "test"]);
    assert!(
        done.code == 2 && done.said.contains("working tree"),
        "{done:?}"
    );
}
