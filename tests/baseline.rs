//! What was known when a gate was put up, from the command line.

mod common;

use std::fs;
use std::path::Path;

use common::{Run, password, secret, straykey, with_input};
use straykey::detect::patterns::Sampler;

fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=Ann", "-c", "user.email=ann@x.invalid"]);
    command.args(["-c", "init.defaultBranch=main"]).args(args);
    let command = command
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    let done = command.output().expect("git runs");
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?}: {err}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

fn put(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(path, text).expect("written");
}

fn baseline(dir: &Path) -> String {
    fs::read_to_string(dir.join(".straykey/baseline")).unwrap_or_default()
}

/// Its lines without the head.
fn known(dir: &Path) -> Vec<String> {
    let text = baseline(dir);
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    lines.map(str::to_owned).collect()
}

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    git(dir.path(), &["init", "-q"]);
    dir
}

fn token(seed: u64) -> String {
    secret("github.pat-classic", seed)
}

/// Fails with the exit code alone: what was told may hold anything.
fn ends(run: &Run, code: i32, what: &str) {
    assert_eq!(run.code, code, "{what}");
}

/// A tree of files with tokens, weak passwords and neither.
fn grow(dir: &Path, random: &mut Sampler, seed: u64) -> usize {
    let mut secrets = 0;
    for number in 0..2 + random.below(6) {
        let mut text = String::new();
        for line in 0..random.below(12) {
            let some = seed * 50 + random.below(8) as u64;
            let more = match random.below(5) {
                0 => format!("key_{line} = \"{}\"\n", token(some)),
                1 => format!("password = \"{}\"\n", password(some)),
                _ => format!("line {line} of file {number}\n"),
            };
            text.push_str(&more);
        }
        secrets += text.matches("ghp_").count() + text.matches("password").count();
        let folder = ["", "a/", "a/b/"][random.below(3)];
        put(dir, &format!("{folder}f{number}.py"), &text);
    }
    secrets
}

#[test]
fn after_writing_it_the_same_look_and_every_narrower_one_is_clean() {
    let mut secrets = 0;
    for seed in 0..25u64 {
        let dir = repository();
        let dir = dir.path();
        let mut random = Sampler::new(seed);
        put(dir, "readme", "nothing\n");
        git(dir, &["add", "-A"]);
        git(dir, &["commit", "-qm", "first"]);
        let here = grow(dir, &mut random, seed);
        secrets += here;
        let before = straykey(dir, &["scan", "."]);
        ends(&straykey(dir, &["baseline", "write"]), 0, "it is written");
        let written = baseline(dir);
        assert_eq!(before.code == 1, !known(dir).is_empty(), "seed {seed}");
        ends(&straykey(dir, &["scan", "."]), 0, "the same");
        for folder in ["a", "a/b"].iter().filter(|f| dir.join(f).is_dir()) {
            ends(&straykey(dir, &["scan", folder]), 0, "a folder of it");
        }
        git(dir, &["add", "-A"]);
        ends(&straykey(dir, &["staged"]), 0, "what is staged of it");
        git(dir, &["commit", "-qm", "second"]);
        let range = ["commits", "HEAD~1..HEAD", "--config", ".straykey"];
        ends(&straykey(dir, &range), 0, "its commit");
        // Writing again changes nothing, whatever order files are read in.
        ends(
            &straykey(dir, &["baseline", "write", "-j", "1"]),
            0,
            "again",
        );
        assert!(baseline(dir) == written, "seed {seed}");
    }
    assert!(secrets > 100, "only {secrets} were planted");
}

/// Copies of what was known, more of the same, and new ones: what is written covers them, and what is
/// not written again does not.
#[test]
fn after_writing_it_again_all_is_clean_what_spreads_too() {
    let (mut spread, mut others) = (0, 0);
    for seed in 0..25u64 {
        let dir = repository();
        let dir = dir.path();
        let mut random = Sampler::new(seed);
        grow(dir, &mut random, seed);
        ends(&straykey(dir, &["baseline", "write"]), 0, "it is written");
        let first = known(dir);
        git(dir, &["add", "-A"]);
        git(dir, &["commit", "-q", "--allow-empty", "-m", "first"]);
        grow(dir, &mut random, seed);
        grow(&dir.join("more"), &mut random, seed);
        git(dir, &["add", "-A"]);
        // A token in a file that had none of it stops a commit, known or not.
        let staged = straykey(dir, &["staged", "-f", "json"]);
        let json: serde_json::Value = serde_json::from_str(&staged.out).expect("JSON");
        for finding in json["findings"].as_array().expect("a list") {
            let id = finding["fingerprint"].as_str().expect("an id");
            let is_known = first.iter().any(|line| line.starts_with(id));
            assert_eq!(finding["staged"]["before"] == "known", is_known, "{id}");
            spread += usize::from(is_known);
            others += usize::from(!is_known);
        }
        let run = straykey(dir, &["baseline", "write"]);
        ends(&run, 0, "it is written again");
        assert!(!run.err.contains("notice"), "{}", run.err);
        ends(&straykey(dir, &["scan", "."]), 0, "the same look");
        ends(&straykey(dir, &["scan", "more"]), 0, "a folder of it");
        git(dir, &["add", "-A"]);
        ends(&straykey(dir, &["staged"]), 0, "what is staged of it");
        git(dir, &["commit", "-q", "--allow-empty", "-m", "second"]);
        for range in ["HEAD~1..HEAD", "HEAD"] {
            let run = straykey(dir, &["commits", range, "--config", ".straykey"]);
            ends(&run, 0, "its commit, and all of them");
        }
    }
    assert!(
        spread > 10 && others > 10,
        "{spread} spread, {others} do not"
    );
}

/// A file within a compressed one.
fn packed(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text.as_bytes()).expect("a vector takes all");
    gz.finish().expect("a vector takes all")
}

/// The same of all that git holds: files that are gone again, compressed ones, messages of commits and
/// of tags.
#[test]
fn after_writing_it_of_a_history_each_narrower_look_is_clean() {
    let (mut secrets, mut messages, mut tags) = (0, 0, 0);
    for seed in 0..12u64 {
        let dir = repository();
        let dir = dir.path();
        let mut random = Sampler::new(seed);
        let mut sent = Vec::new();
        for number in 0..3 + random.below(4) {
            secrets += grow(dir, &mut random, seed);
            if random.below(3) == 0 {
                let text = format!("key = \"{}\"\n", token(seed * 50 + random.below(8) as u64));
                fs::write(dir.join(format!("p{number}.gz")), packed(&text)).expect("written");
            }
            if random.below(3) == 0 {
                let gone = format!("f{}.py", random.below(3));
                let _ = fs::remove_file(dir.join(gone));
            }
            git(dir, &["add", "-A"]);
            let mut message = format!("change {number}");
            if random.below(3) == 0 {
                message = format!(
                    "{message}\n\nkey {}",
                    token(seed * 50 + random.below(8) as u64)
                );
                messages += 1;
            }
            git(dir, &["commit", "-q", "--allow-empty", "-m", &message]);
            if random.below(3) == 0 {
                let message = format!("a tag\n\nkey {}", token(seed * 50 + random.below(8) as u64));
                git(dir, &["tag", "-a", "-m", &message, &format!("v{number}")]);
                sent.push(format!("refs/tags/v{number}"));
                tags += 1;
            }
        }
        let run = straykey(dir, &["baseline", "write", "--history"]);
        ends(&run, 0, "it is written");
        let look = |args: &[&str]| {
            let args = [args, &["--config", ".straykey"]].concat();
            let run = straykey(dir, &args);
            assert_eq!(run.code, 0, "seed {seed}: {args:?}");
        };
        look(&["history"]);
        look(&["commits", "HEAD"]);
        look(&["commits", "HEAD~2..HEAD"]);
        look(&["scan", "."]);
        look(&["staged"]);
        sent.push("refs/heads/main".to_owned());
        for name in &sent {
            let id = git(dir, &["rev-parse", name]);
            let line = format!("{name} {id} {name} {}\n", "0".repeat(40));
            let run = with_input(
                dir,
                &["hook", "run", "pre-push", "origin", "x"],
                line.as_bytes(),
            );
            assert_eq!(run.code, 0, "seed {seed}: a push of {name}");
        }
    }
    assert!(
        secrets > 100 && messages > 10 && tags > 10,
        "{secrets}, {messages}, {tags}"
    );
}

/// Which files a line names does not depend on where it was written from.
#[test]
fn a_line_covers_the_files_it_was_written_for() {
    let dir = repository();
    let dir = dir.path();
    let text = format!("key = \"{}\"\n", token(1));
    put(dir, "a/one.py", &text);
    ends(
        &straykey(&dir.join("a"), &["baseline", "write"]),
        0,
        "written",
    );
    let one = known(dir);
    put(dir, "a/two.py", &text);
    git(dir, &["add", "a"]);
    let run = straykey(dir, &["staged"]);
    ends(&run, 1, "a copy spreads before the first commit, too");
    let told = run.out + &run.err;
    assert!(told.contains("a/two.py:1") && !told.contains("a/one.py"));
    // A look at all there is does not ask where.
    ends(&straykey(dir, &["scan", "."]), 0, "all there is");
    let run = straykey(dir, &["baseline", "write", "a/two.py"]);
    ends(&run, 0, "written again");
    assert!(run.out.contains("0 findings added") && run.out.contains("1 of them in fewer files"));
    let two = known(dir);
    let (id, pattern) = (
        "github.pat-classic @",
        one[0].split(' ').next().expect("an id"),
    );
    assert!(two.len() == 1 && two[0].starts_with(&format!("{pattern} {id}")));
    assert_eq!(two[0].split('@').nth(1).expect("files").len(), 8 + 1 + 8);
    ends(&straykey(dir, &["staged"]), 0, "both are known");
    // Moved, it is the same secret in the same file.
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "both"]);
    git(dir, &["mv", "a/one.py", "one.py"]);
    ends(&straykey(dir, &["staged"]), 0, "moved");
    // Without files it covers any.
    put(
        dir,
        ".straykey/baseline",
        &format!("{pattern} github.pat-classic # old\n"),
    );
    put(dir, "three.py", &text);
    git(dir, &["add", "-A"]);
    ends(&straykey(dir, &["staged"]), 0, "any file");
}

#[test]
fn a_changed_secret_at_an_old_place_is_found_again() {
    let dir = repository();
    let dir = dir.path();
    put(dir, "a.py", &format!("key = \"{}\"\n", token(1)));
    put(dir, "b.py", &format!("password = \"{}\"\n", password(1)));
    ends(&straykey(dir, &["baseline", "write"]), 0, "written");
    assert_eq!(known(dir).len(), 2);
    put(dir, "a.py", &format!("key = \"{}\"\n", token(2)));
    ends(&straykey(dir, &["scan", "a.py"]), 1, "another token");
    put(dir, "b.py", &format!("password = \"{}\"\n", password(2)));
    ends(&straykey(dir, &["scan", "b.py"]), 1, "another password");
    // A weak secret is known in its file only.
    put(dir, "b.py", "");
    put(dir, "c.py", &format!("password = \"{}\"\n", password(1)));
    ends(&straykey(dir, &["scan", "c.py"]), 1, "a file that had none");
}

#[test]
fn what_matches_nothing_is_told_and_can_be_taken_out() {
    let dir = repository();
    let dir = dir.path();
    put(dir, "a.py", &format!("key = \"{}\"\n", token(1)));
    put(dir, "b.py", &format!("key = \"{}\"\n", token(2)));
    ends(&straykey(dir, &["baseline", "write"]), 0, "written");
    let both = known(dir);
    assert_eq!(both.len(), 2);
    fs::remove_file(dir.join("b.py")).expect("removed");
    let run = straykey(dir, &["scan", "."]);
    ends(&run, 0, "what is left is known");
    assert!((run.out + &run.err).contains("1 line matches nothing here"));
    let run = straykey(dir, &["baseline", "show"]);
    assert!(run.out.contains("a.py") && run.out.contains("matches nothing now"));
    // A file that cannot be read may be the one that a line matches.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", dir.join("link")).expect("made");
    }
    ends(&straykey(dir, &["baseline", "prune"]), 0, "pruned");
    assert_eq!(known(dir).len(), 1);
    assert!(both.contains(&known(dir)[0]));
    ends(&straykey(dir, &["scan", "."]), 0, "still clean");
}

#[test]
fn lines_of_two_branches_are_joined() {
    let dir = repository();
    let dir = dir.path();
    put(dir, ".gitattributes", ".straykey/baseline merge=union\n");
    put(dir, "a.py", &format!("key = \"{}\"\n", token(1)));
    ends(&straykey(dir, &["baseline", "write"]), 0, "written");
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "first"]);
    for (branch, seed) in [("one", 2), ("two", 3)] {
        git(dir, &["checkout", "-q", "-b", branch, "main"]);
        put(
            dir,
            &format!("{branch}.py"),
            &format!("key = \"{}\"\n", token(seed)),
        );
        ends(&straykey(dir, &["baseline", "write"]), 0, "written");
        git(dir, &["add", "-A"]);
        git(dir, &["commit", "-qm", branch]);
    }
    git(dir, &["merge", "-q", "-m", "both", "one"]);
    ends(&straykey(dir, &["scan", "."]), 0, "all three are known");
    let mut lines = known(dir);
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 3);
}

#[test]
fn neither_it_nor_what_is_told_of_it_holds_a_secret() {
    let dir = repository();
    let dir = dir.path();
    let (token, password) = (token(7), password(7));
    put(
        dir,
        "a.py",
        &format!("key = \"{token}\"\npassword = \"{password}\"\n"),
    );
    let mut told = String::new();
    for args in [
        ["baseline", "write"],
        ["baseline", "show"],
        ["baseline", "prune"],
    ] {
        let run = straykey(dir, &args);
        ends(&run, 0, args[1]);
        told += &(run.out + &run.err);
    }
    told += &baseline(dir);
    assert!(!told.contains(&token) && !told.contains(&password));
    // A pasted secret is a bad line, and its message does not quote it.
    put(dir, ".straykey/baseline", &format!("{password} x\n"));
    let run = straykey(dir, &["scan", "."]);
    ends(&run, 2, "a bad line");
    assert!(run.err.contains("baseline:1:"));
    assert!(!(run.out + &run.err).contains(&password));
}
