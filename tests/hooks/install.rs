//! What `install` puts in place and `uninstall` takes away.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

const HOOK: &str = ".git/hooks/pre-commit";

#[test]
fn a_commit_is_stopped_once_the_hook_is_there() {
    let home = Home::new();
    let (text, secret) = line(1);
    home.straykey(&["hook", "install"]).passed();
    home.write("a.conf", &text);
    home.git(&["add", "-A"]);
    let done = home.try_git(&["commit", "-q", "-m", "x"]);
    done.stopped(KIND);
    assert!(!done.said.contains(&secret));
    home.write("a.conf", "name = 1\n");
    home.git(&["add", "-A"]);
    home.try_git(&["commit", "-q", "-m", "x"]).passed();
}

#[test]
fn what_was_there_is_run_first_and_put_back() {
    let home = Home::new();
    home.script(HOOK, "#!/bin/sh\necho old >>ran\nexit ${OLD:-0}\n");
    let before = fs::metadata(home.repo().join(HOOK))
        .expect("there")
        .permissions();
    let old = home.read(HOOK);
    for _ in 0..2 {
        home.straykey(&["hook", "install", "pre-commit", "pre-push"])
            .passed();
        assert_eq!(home.read(&format!("{HOOK}.before-straykey")), old);
    }
    home.write("a", "1\n");
    home.git(&["add", "a"]);
    home.try_git(&["commit", "-q", "-m", "x"]).passed();
    assert_eq!(home.read("ran"), "old\n");
    let mut command = home.command("git", &home.repo());
    let failed = done(
        command
            .args(["commit", "-q", "--allow-empty", "-m", "x"])
            .env("OLD", "7"),
    );
    assert_eq!(failed.code, 1, "the old hook decides: {failed:?}");
    // Git tells 1 of any code of a hook: the script's own is looked at.
    let mut command = home.command(".git/hooks/pre-commit", &home.repo());
    assert_eq!(done(command.env("OLD", "7")).code, 7);

    home.straykey(&["hook", "uninstall"]).passed();
    assert_eq!(home.read(HOOK), old);
    let after = fs::metadata(home.repo().join(HOOK))
        .expect("there")
        .permissions();
    assert_eq!(before.mode(), after.mode());
    let left: Vec<String> = fs::read_dir(home.repo().join(".git/hooks"))
        .expect("listed")
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !name.ends_with(".sample"))
        .collect();
    assert_eq!(left, ["pre-commit"]);
    let again = home.straykey(&["hook", "uninstall"]);
    assert!(
        again.passed().said.contains("no hook of straykey's"),
        "{again:?}"
    );
}

#[test]
fn a_link_is_kept_as_a_link_and_what_cannot_run_is_not_run() {
    let home = Home::new();
    home.script("scripts/check", "#!/bin/sh\necho linked >>ran\n");
    let link = home.repo().join(HOOK);
    std::os::unix::fs::symlink("../../scripts/check", &link).expect("linked");
    home.straykey(&["hook", "install"]).passed();
    home.write("a", "1\n");
    home.git(&["add", "a"]);
    home.try_git(&["commit", "-q", "-m", "x"]).passed();
    assert_eq!(home.read("ran"), "linked\n");
    assert_eq!(home.read("scripts/check"), "#!/bin/sh\necho linked >>ran\n");
    home.straykey(&["hook", "uninstall"]).passed();
    let target = fs::read_link(&link).expect("a link still");
    assert_eq!(target, Path::new("../../scripts/check"));

    fs::remove_file(&link).expect("removed");
    home.write(HOOK, "#!/bin/sh\nexit 9\n");
    home.straykey(&["hook", "install"]).passed();
    home.try_git(&["commit", "-q", "--allow-empty", "-m", "x"])
        .passed();
}

#[test]
fn two_hooks_are_not_lost_for_a_third() {
    let home = Home::new();
    home.script(HOOK, "#!/bin/sh\nexit 0 # first\n");
    home.straykey(&["hook", "install"]).passed();
    home.script(HOOK, "#!/bin/sh\nexit 0 # second\n");
    let done = home.straykey(&["hook", "install"]);
    assert_eq!(done.code, 2);
    assert!(done.said.contains("join the two"), "{done:?}");
    assert!(home.read(HOOK).contains("second"));
    assert!(
        home.read(&format!("{HOOK}.before-straykey"))
            .contains("first")
    );
}

#[test]
fn a_hook_that_cannot_run_stops_and_says_how_to_go_on() {
    let home = Home::new();
    home.straykey(&["hook", "install", "pre-commit", "pre-push"])
        .passed();
    home.write("a", "1\n");
    home.git(&["add", "a"]);
    let without = home.without_program();
    let mut command = home.command("git", &home.repo());
    let failed = done(
        command
            .args(["commit", "-q", "-m", "x"])
            .env("PATH", &without),
    );
    failed
        .stopped("NOT SCANNED")
        .stopped("git commit --no-verify");
    home.commit();
    let bare = home.path().join("bare");
    home.git(&["init", "-q", "--bare", bare.to_str().expect("text")]);
    let mut command = home.command("git", &home.repo());
    let failed = done(
        command
            .args(["push", "-q", bare.to_str().expect("text"), "main"])
            .env("PATH", &without),
    );
    failed
        .stopped("NOT SCANNED")
        .stopped("git push --no-verify");
}

#[test]
fn hooks_are_where_the_configuration_says() {
    let home = Home::new();
    home.git(&["config", "core.hooksPath", ".githooks"]);
    fs::create_dir(home.repo().join("sub")).expect("made");
    let done = home.run_in(&home.repo().join("sub"), &["straykey", "hook", "install"]);
    done.passed();
    assert!(
        home.read(".githooks/pre-commit")
            .contains("straykey hook run pre-commit")
    );
    assert!(!home.repo().join(HOOK).exists());
    let (text, _) = line(2);
    home.write("a.conf", &text);
    home.git(&["add", "a.conf"]);
    home.try_git(&["commit", "-q", "-m", "x"]).stopped(KIND);

    // What git itself takes for the folder.
    for path in ["/tmp/of all", "rel/ative", "~/mine"] {
        home.git(&["config", "core.hooksPath", path]);
        let is = home.git(&["rev-parse", "--git-path", "hooks"]);
        let is = home.repo().join(is);
        let told = home.straykey(&["hook", "uninstall"]);
        let at = is.strip_prefix(home.repo()).unwrap_or(&is);
        assert!(
            told.said.contains(&format!("is in {}", at.display())),
            "{path}: {told:?}, git says {is:?}"
        );
    }
}

#[test]
fn a_worktree_shares_the_hooks_of_its_repository() {
    let home = Home::new();
    home.commit();
    home.git(&["worktree", "add", "-q", "../tree"]);
    let tree = home.path().join("tree");
    home.run_in(&tree, &["straykey", "hook", "install"])
        .passed();
    assert!(home.read(HOOK).contains("straykey hook run"));
    let (text, _) = line(3);
    fs::write(tree.join("a.conf"), text).expect("written");
    home.run_in(&tree, &["git", "add", "a.conf"]).passed();
    home.run_in(&tree, &["git", "commit", "-q", "-m", "x"])
        .stopped(KIND);
}

#[test]
fn folders_of_others_are_refused_with_what_to_do() {
    let home = Home::new();
    home.git(&["config", "core.hooksPath", ".husky/_"]);
    let done = home.straykey(&["hook", "install"]);
    assert_eq!(done.code, 2);
    assert!(
        done.said.contains("straykey hook run pre-commit"),
        "{done:?}"
    );
    home.git(&["config", "--unset", "core.hooksPath"]);
    home.git(&["config", "--global", "core.hooksPath", "~/hooks"]);
    let done = home.straykey(&["hook", "install"]);
    assert_eq!(done.code, 2);
    assert!(done.said.contains("--global"), "{done:?}");
    home.straykey(&["hook", "install", "--global"]).passed();
    let hook = fs::read_to_string(home.path().join("hooks/pre-commit")).expect("written");
    assert!(
        !hook.contains("git-common-dir"),
        "a folder of theirs stays as they have it"
    );
}

#[test]
fn for_all_repositories_with_their_own_hooks() {
    let home = Home::new();
    let config = "[user]\n\tname = A\n[alias]\n\tx = \"!y\"";
    fs::write(home.path().join(".gitconfig"), config).expect("written");
    home.straykey(&["hook", "install", "--global"]).passed();
    home.straykey(&["hook", "install", "--global", "pre-push"])
        .passed();
    let named = home.git(&["config", "--global", "core.hooksPath"]);
    assert_eq!(
        Path::new(&named),
        home.path().join(".config/straykey/hooks")
    );
    // The repository's own hooks are run: this one, and one of another kind.
    home.script(HOOK, "#!/bin/sh\necho own >>ran\nexit ${OLD:-0}\n");
    home.script(".git/hooks/commit-msg", "#!/bin/sh\necho msg >>ran\n");
    home.write("a", "1\n");
    home.git(&["add", "a"]);
    home.try_git(&["commit", "-q", "-m", "x"]).passed();
    assert_eq!(home.read("ran"), "own\nmsg\n");
    let (text, _) = line(4);
    home.write("a.conf", &text);
    home.git(&["add", "a.conf"]);
    home.try_git(&["commit", "-q", "-m", "x"]).stopped(KIND);
    let mut command = home.command("git", &home.repo());
    let failed = done(command.args(["commit", "-q", "-m", "x"]).env("OLD", "1"));
    assert!(
        failed.code == 1 && !failed.said.contains(KIND),
        "{failed:?}"
    );

    home.straykey(&["hook", "uninstall", "--global", "pre-push"])
        .passed();
    home.try_git(&["commit", "-q", "-m", "x"]).stopped(KIND);
    home.straykey(&["hook", "uninstall", "--global"]).passed();
    let after = fs::read_to_string(home.path().join(".gitconfig")).expect("there");
    assert_eq!(after, format!("{config}\n"));
    assert!(!home.path().join(".config/straykey/hooks").exists());
    home.try_git(&["commit", "-q", "-m", "x"]).passed();
}
