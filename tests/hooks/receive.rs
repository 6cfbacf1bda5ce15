//! `hook run pre-receive`, run by a real server.

use super::*;

/// A bare repository with the hook, and a clone of it.
pub fn server(options: &str) -> Home {
    let home = Home::new();
    home.write("a", "1\n");
    home.commit();
    let bare = home.path().join("bare");
    home.git(&["init", "-q", "--bare", bare.to_str().expect("text")]);
    home.git(&["remote", "add", "origin", bare.to_str().expect("text")]);
    home.git(&["push", "-q", "origin", "main"]);
    hook(&home, options);
    home
}

pub fn hook(home: &Home, options: &str) {
    let hook = home.path().join("bare/hooks/pre-receive");
    let text = format!("#!/bin/sh\nexec straykey hook run pre-receive {options}\n");
    fs::write(&hook, text).expect("written");
    executable(&hook);
}

fn on_server(home: &Home, name: &str, text: &str) {
    let path = home.path().join("bare/straykey").join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(path, text).expect("written");
}

pub fn push(home: &Home, words: &[&str]) -> Done {
    home.try_git(&[&["push", "-q", "origin"], words].concat())
}

/// A commit with a secret that a comment allows; its id, and the secret.
fn bad(home: &Home, seed: u64) -> (String, String) {
    let (text, secret) = line(seed);
    let text = format!("{} # straykey:allow made up\n", text.trim_end());
    home.write("dir/x.conf", &text);
    (home.commit(), secret)
}

#[test]
fn what_is_in_quarantine_is_judged_and_does_not_stay() {
    let home = server("");
    let (id, secret) = bad(&home, 21);
    let done = push(&home, &["main"]);
    done.stopped(KIND)
        .stopped("dir/x.conf:1")
        .stopped("pre-receive hook declined");
    assert!(!done.said.contains(&secret));
    let bare = home.path().join("bare");
    let there = home.run_in(&bare, &["git", "cat-file", "-e", &id]);
    assert_ne!(there.code, 0, "what was refused is not kept");
    for line in done.said.lines() {
        let line = line.trim_end_matches(' ');
        assert!(
            line.chars().count() <= 90,
            "a short line for the pusher: {line}"
        );
    }
    // As a pack, too; git unpacks what is small.
    home.run_in(&bare, &["git", "config", "receive.unpackLimit", "1"])
        .passed();
    push(&home, &["main"]).stopped(KIND);
    push(&home, &["main:refs/heads/new"]).stopped(KIND);
    home.git(&["tag", "-a", "t", "-m", "x"]);
    push(&home, &["t"]).stopped(KIND);
    home.git(&["reset", "-q", "--hard", "HEAD~1"]);
    home.write("b", "1\n");
    home.commit();
    push(&home, &["main", "main:refs/heads/two"]).passed();
    push(&home, &["--delete", "two"]).passed();
}

#[test]
fn nothing_that_is_pushed_loosens_it() {
    let home = server("");
    let (id, secret) = bad(&home, 22);
    let text = "disable = ['github.*']\nexclude = ['dir/']\n";
    home.write(".straykey/config.toml", text);
    home.commit();
    push(&home, &["main"]).stopped(KIND);
    push(&home, &["-o", "straykey.skip", "main"]);
    // The same words on the server count.
    on_server(&home, "config.toml", "exclude = ['dir/']\n");
    push(&home, &["main:refs/heads/one"]).passed();
    let (text, _) = line(23);
    home.write("other/y.conf", &text);
    home.commit();
    push(&home, &["main"]).stopped("other/y.conf:1");
    on_server(&home, "config.toml", "disable = ['github.*']\n");
    push(&home, &["main"]).passed();
    assert!(!id.is_empty() && !secret.is_empty());
}

#[test]
fn a_comment_that_was_there_makes_no_news_and_a_folder_can_be_named() {
    let home = server("");
    let (text, _) = line(24);
    home.write("x.conf", &text);
    home.commit();
    let hook_off = home.path().join("bare/hooks/pre-receive");
    fs::remove_file(&hook_off).expect("removed");
    push(&home, &["main"]).passed();
    hook(&home, "--config ../policy");
    fs::create_dir(home.path().join("policy")).expect("made");
    // An old secret gets a comment: the secret is no news.
    home.write("x.conf", &format!("{} # straykey:allow\n", text.trim_end()));
    home.commit();
    push(&home, &["main"]).passed();
    home.write("dir/y.conf", &line(25).0);
    home.commit();
    push(&home, &["main"]).stopped(KIND);
    fs::write(
        home.path().join("policy/config.toml"),
        "exclude = ['dir/']\n",
    )
    .expect("written");
    push(&home, &["main"]).passed();
    fs::write(home.path().join("policy/config.toml"), "nonsense").expect("written");
    home.write("b", "1\n");
    home.commit();
    push(&home, &["main"]).stopped("config.toml:1");
}

#[test]
fn the_glass_is_broken_on_the_server_only() {
    let home = server("");
    let (id, _) = bad(&home, 26);
    let today_or_later = "9999-12-31";
    on_server(
        &home,
        "break-glass",
        &format!("{id} until=2020-01-01 over\n"),
    );
    push(&home, &["main"]).stopped(KIND);
    on_server(
        &home,
        "break-glass",
        &format!("{id} until={today_or_later} incident 7\n"),
    );
    let done = push(&home, &["main"]);
    assert!(
        done.passed().said.contains("NOT SCANNED by break-glass"),
        "{done:?}"
    );
    assert!(done.said.contains("incident 7"), "{done:?}");
    on_server(&home, "break-glass", "anything\n");
    home.write("b", "1\n");
    home.commit();
    push(&home, &["main"]).stopped("break-glass:1");
}

#[test]
fn what_is_not_judged_in_time_is_refused_unless_the_server_says_otherwise() {
    let home = server("--timeout 0");
    home.write("b", "1\n");
    home.commit();
    push(&home, &["main"]).stopped("NOT SCANNED");
    hook(&home, "--timeout 0 --on-timeout allow");
    let done = push(&home, &["main"]);
    assert!(done.passed().said.contains("NOT SCANNED"), "{done:?}");
}
