//! What happens in histories, one after the other.

use straykey::reports::Format;

use super::*;

#[test]
fn what_is_added_and_removed_within_the_range_is_told_by_the_commit_that_added_it() {
    let repo = Repo::new();
    repo.write("a.txt", &format!("one\n{}\n", token(1)));
    let first = repo.commit();
    repo.write("b.env", &format!("# two\n\nKEY={}\n", token(2)));
    let second = repo.commit();
    fs::remove_file(repo.path().join("b.env")).expect("removed");
    repo.write("a.txt", &format!("one more\nline\n{}\n", token(1)));
    let third = repo.commit();
    assert_eq!(repo.told(&["main~2..main"]), [at(&second, "b.env", 3)]);
    assert_eq!(repo.told(&[&format!("{second}..{third}")]), []);
    assert_eq!(
        repo.told(&["HEAD"]),
        [at(&first, "a.txt", 2), at(&second, "b.env", 3)],
        "the first commit has no parent: all of it is new"
    );
    let result = repo.judged(&["main~2.."]).expect("judged");
    assert_eq!((result.read.commits, result.read.older), (2, 1));
    assert_eq!(
        result.scan.files, 2,
        "of three versions two are in the range"
    );
    let commit = result.commit_of(0).expect("it has one");
    assert_eq!(
        (&*commit.author, &*commit.author_mail),
        ("Ann", "ann@x.invalid")
    );
    assert_eq!(
        (&*commit.committer, commit.time),
        ("Cem", 1_700_000_000 + 2 * 3600)
    );
    // Back again: brought in twice.
    repo.write("b.env", &format!("KEY={}\n", token(2)));
    let fourth = repo.commit();
    assert_eq!(
        repo.told(&["main~3..main"]),
        [at(&second, "b.env", 3), at(&fourth, "b.env", 1)]
    );
}

#[test]
fn the_whole_file_counts_and_not_the_lines_that_changed() {
    let repo = Repo::new();
    repo.write("a", &format!("{}{}\n", filler(1, 30), token(1)));
    repo.commit();
    // The same secret once more, and the old line moved.
    repo.write(
        "a",
        &format!(
            "{}{}\n{}x {}\n",
            filler(1, 10),
            token(1),
            filler(1, 5),
            token(1)
        ),
    );
    let second = repo.commit();
    assert_eq!(repo.told(&["HEAD~1..HEAD"]), [at(&second, "a", 17)]);
    // A name before a value that stands there for long makes it a secret now.
    let value = common::password(3);
    repo.write("c.py", &format!("COLOUR = \"{value}\"\n"));
    repo.commit();
    repo.write("c.py", &format!("PASSWORD = \"{value}\"\n"));
    let fourth = repo.commit();
    assert_eq!(repo.told(&["HEAD~2..HEAD"]), [at(&fourth, "c.py", 1)]);
}

#[test]
fn a_merge_brings_in_what_none_of_its_parents_has() {
    let repo = Repo::new();
    repo.write("base", &filler(1, 5));
    repo.commit();
    repo.git(&["checkout", "-qb", "side"]);
    repo.write("side", &format!("{}\n", token(1)));
    let side = repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.write("main", &format!("{}\n", token(2)));
    let main = repo.commit();
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    // An evil merge: what it adds itself, in a file of its own and in one of a parent.
    repo.write("evil", &format!("{}\n", token(3)));
    repo.write("side", &format!("{}\n{}\n", token(1), token(4)));
    let merge = repo.commit_as(&format!("merge {}", token(5)));
    let mut told = repo.told(&["main~1^..main"]);
    told.sort();
    let mut expected = vec![
        at(&side, "side", 1),
        at(&main, "main", 1),
        at(&merge, "evil", 1),
        at(&merge, "side", 2),
        at(&merge, &format!("commit:{merge}"), 4),
    ];
    expected.sort();
    assert_eq!(told, expected);
    // Seen from either side, what the other brought in comes by its own commits.
    let from_main = repo.told(&[&format!("{main}..{merge}")]);
    assert!(from_main.contains(&at(&side, "side", 1)));
    assert!(from_main.iter().all(|t| t.0 != main));
}

#[test]
fn what_is_renamed_was_there_before_and_what_is_copied_is_new() {
    let repo = Repo::new();
    let password = common::password(7);
    let text = |more: &str| {
        format!(
            "{}PASSWORD=\"{password}\"\nT={}\n{more}",
            filler(1, 20),
            token(1)
        )
    };
    repo.write("old/name.env", &text(""));
    repo.write("copied", &format!("{}{}\n", filler(2, 9), token(2)));
    repo.commit();
    repo.git(&["mv", "old/name.env", "name.txt"]);
    repo.write("name.txt", &text(&format!("more\nU={}\n", token(3))));
    repo.write("copy", &format!("{}{}\n", filler(2, 9), token(2)));
    let second = repo.commit();
    assert_eq!(
        repo.git(&["diff", "--name-status", "-M", "HEAD~1", "HEAD"]),
        "A\tcopy\nR090\told/name.env\tname.txt".replace("R090", &renamed(&repo)),
        "git sees one rename"
    );
    assert_eq!(
        repo.told(&["HEAD~1.."]),
        [at(&second, "copy", 10), at(&second, "name.txt", 24)]
    );
    // All changed but the secret: no rename to git, and new at its path to us.
    repo.git(&["rm", "-q", "name.txt"]);
    repo.write("other", &format!("{}{}\n", filler(5, 20), token(1)));
    let third = repo.commit();
    assert!(
        repo.git(&["diff", "--name-status", "-M", "HEAD~1", "HEAD"])
            .starts_with("D\t")
    );
    assert_eq!(repo.told(&["HEAD~1.."]), [at(&third, "other", 21)]);
}

/// How sure git is of its rename: `R090`.
fn renamed(repo: &Repo) -> String {
    let told = repo.git(&["diff", "--name-status", "-M", "HEAD~1", "HEAD"]);
    let line = told.lines().find(|l| l.starts_with('R')).expect("a rename");
    line.split('\t').next().expect("its word").to_owned()
}

#[cfg(unix)]
#[test]
fn modes_links_and_submodules() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let repo = Repo::new();
    repo.write("run.sh", &format!("x\n{}\n", token(1)));
    let first = repo.commit();
    let path = repo.path().join("run.sh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
    repo.commit();
    assert!(
        repo.git(&["diff", "--raw", "HEAD~1", "HEAD"])
            .contains("100755")
    );
    assert_eq!(repo.told(&["HEAD~1.."]), [], "a mode is no content");
    symlink(format!("/srv/{}", token(2)), repo.path().join("link")).expect("made");
    let third = repo.commit();
    assert_eq!(repo.told(&["HEAD~1.."]), [at(&third, "link", 1)]);
    let entry = format!("160000,{first},module");
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
    repo.git(&["commit", "-qm", "a submodule"]);
    assert_eq!(
        repo.told(&["HEAD~1.."]),
        [],
        "its commit is of another repository"
    );
    // A folder takes the place of a file, and a file that of a folder.
    repo.git(&["rm", "-q", "--cached", "module"]);
    fs::remove_file(&path).expect("removed");
    repo.write("run.sh/x", &format!("{}\n", token(3)));
    let fifth = repo.commit();
    assert_eq!(repo.told(&["HEAD~1.."]), [at(&fifth, "run.sh/x", 1)]);
    fs::remove_dir_all(&path).expect("removed");
    repo.write("run.sh", &format!("{}\n", token(3)));
    let sixth = repo.commit();
    assert_eq!(
        repo.git(&["diff", "-M", "--name-status", "HEAD~1", "HEAD"]),
        "R100\trun.sh/x\trun.sh"
    );
    assert_eq!(repo.told(&["HEAD~1.."]), [], "moved by {sixth}");
}

#[test]
fn allowed_findings_count_once_and_what_loses_its_allowance_is_new() {
    let repo = Repo::new();
    repo.write("a", "x\n");
    repo.commit();
    repo.write(
        "a",
        &format!("x\n{} # straykey:allow a fixture\n", token(1)),
    );
    repo.commit();
    repo.write(
        "a",
        &format!("y\n{} # straykey:allow a fixture\n", token(1)),
    );
    repo.commit();
    let result = repo.judged(&["HEAD~2.."]).expect("judged");
    assert_eq!(
        (result.scan.findings.len(), result.scan.accepted.len()),
        (0, 1)
    );
    repo.write("a", &format!("y\n{}\n", token(1)));
    let last = repo.commit();
    assert_eq!(repo.told(&["HEAD~3.."]), [at(&last, "a", 2)]);
}

#[test]
fn a_shallow_clone_says_how_much_is_needed() {
    let repo = Repo::new();
    for i in 0..6 {
        repo.write("a", &format!("{i}\n"));
        if i == 4 {
            repo.write("b", &format!("{}\n", token(1)));
        }
        repo.commit();
    }
    let holder = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", repo.path().display());
    let clone = |depth: &str| -> PathBuf {
        git_in(
            holder.path(),
            &["clone", "-q", "--depth", depth, &url, depth],
        );
        holder.path().join(depth)
    };
    let run = |dir: &Path, range: &str| common::straykey(dir, &["commits", range]);
    let (one, three) = (clone("1"), clone("3"));
    for (dir, range) in [
        (&one, "HEAD~1..HEAD"),
        (&one, "HEAD"),
        (&three, "HEAD~5..HEAD"),
        (&three, "HEAD"),
    ] {
        let done = run(dir, range);
        assert_eq!((done.code, &*done.out), (2, ""), "{range}: {done:?}");
        for word in ["shallow", "fetch-depth: 0", "git fetch --unshallow"] {
            assert!(done.err.contains(word), "{range}: {done:?}");
        }
    }
    // A commit that the clone never got.
    let old = repo.git(&["rev-parse", "HEAD~4"]);
    let done = run(&three, &format!("{old}..HEAD"));
    assert!(
        done.code == 2 && done.err.contains("git fetch --unshallow"),
        "{done:?}"
    );
    // What is there is judged: the border itself is left out.
    let done = run(&three, "HEAD~2..HEAD");
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.out.contains("2 commits, ") && done.out.contains("b:1:1"),
        "{done:?}"
    );
    git_in(&three, &["fetch", "-q", "--unshallow"]);
    assert_eq!(run(&three, "HEAD").code, 1);
}

/// What lies before the range need not be whole; what lies in it must be.
#[test]
fn only_what_the_range_needs_is_read() {
    let repo = Repo::new();
    repo.write("old", &filler(1, 50));
    repo.write("kept", &filler(2, 50));
    repo.commit();
    repo.write("old", &filler(3, 50));
    repo.commit();
    repo.write("new", &filler(4, 50));
    repo.write("kept", &format!("{}{}\n", filler(2, 50), token(1)));
    let third = repo.commit();
    let remove = |name: &str| {
        let id = repo.git(&["rev-parse", name]);
        let path = repo
            .path()
            .join(".git/objects")
            .join(&id[..2])
            .join(&id[2..]);
        fs::remove_file(path).expect("it is loose");
    };
    remove("HEAD~2:old");
    remove("HEAD~1:old");
    assert_eq!(repo.told(&["HEAD~1.."]), [at(&third, "kept", 51)]);
    let done = common::straykey(repo.path(), &["commits", "HEAD"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.out.contains("INCOMPLETE: 2 inputs"), "{done:?}");
    // A parent's version that is not there hides nothing: all of the file counts as new.
    remove("HEAD~1:kept");
    let done = common::straykey(repo.path(), &["commits", "HEAD~1..", "-f", "jsonl"]);
    assert!(done.code == 2 && done.out.contains("\"kept\""), "{done:?}");
    assert!(done.err.contains("no store has it"), "{done:?}");
    remove("HEAD:new");
    assert_eq!(
        common::straykey(repo.path(), &["commits", "HEAD~1.."]).code,
        2
    );
}

#[test]
fn every_format_names_the_commit_and_who_made_it() {
    let repo = Repo::new();
    repo.write("a", "x\n");
    repo.commit();
    repo.write("deploy/b.env", &format!("KEY={}\n", token(2)));
    let second = repo.commit();
    let run = |args: &[&str]| {
        common::straykey(repo.path(), &[&["commits", "HEAD~1..HEAD"], args].concat())
    };
    let human = run(&[]);
    assert_eq!((human.code, &*human.err), (1, ""), "{human:?}");
    let head = format!("commit {} 2023-11-15 Ann\n", &second[..9]);
    assert!(human.out.starts_with(&head), "{human:?}");
    assert!(
        human
            .out
            .contains("1 finding in 1 commit; 1 commit, 1 version of files"),
        "{human:?}"
    );
    let json: serde_json::Value = serde_json::from_str(&run(&["-f", "json"]).out).expect("JSON");
    let commit = &json["findings"][0]["commit"];
    assert_eq!(
        (&commit["id"], &commit["author"]),
        (&second.clone().into(), &"Ann".into())
    );
    assert_eq!(commit["author_time"], 1_700_007_200);
    assert_eq!(json["range"]["revisions"][0], "HEAD~1..HEAD");
    assert_eq!(
        (&json["range"]["commits"], &json["range"]["older"]),
        (&1.into(), &0.into())
    );
    let line: serde_json::Value = serde_json::from_str(&run(&["-f", "jsonl"]).out).expect("JSON");
    assert_eq!(
        (&line["commit"]["id"], &line["path"]),
        (&second.clone().into(), &"deploy/b.env".into())
    );
    let sarif: serde_json::Value = serde_json::from_str(&run(&["-f", "sarif"]).out).expect("JSON");
    let bag = &sarif["runs"][0]["results"][0]["properties"];
    assert_eq!(
        (&bag["introducedBy"], &bag["author"]),
        (&second.clone().into(), &"Ann".into())
    );
    assert_eq!(bag["date"], "2023-11-15");
    for (args, code) in [
        (&["--exit-zero"][..], 0),
        (&["--exclude", "deploy/"], 0),
        (&["-q"], 1),
    ] {
        assert_eq!(run(args).code, code, "{args:?}");
    }
    for format in Format::ALL.iter().map(|f| f.word()) {
        let done = run(&["-v", "-f", format]);
        assert!(!(done.out + &done.err).contains(&token(2)), "{format}");
    }
}

#[test]
fn who_is_called_like_a_secret_is_not_named_in_full() {
    let repo = Repo::new();
    repo.write("a", "x\n");
    repo.git(&["add", "-A"]);
    let author = format!("--author=Ann {} <{}@x.invalid>", token(1), token(2));
    repo.git(&["commit", "-q", &author, "-m", "x"]);
    for command in [&["commits", "HEAD"][..], &["history"]] {
        for format in Format::ALL.iter().map(|f| f.word()) {
            let done = common::straykey(repo.path(), &[command, &["-v", "-f", format]].concat());
            assert_eq!(done.code, 1, "{done:?}");
            let all = done.out + &done.err;
            assert!(all.contains("github.pat-classic"), "{command:?} {format}");
            for secret in [token(1), token(2)] {
                assert!(!all.contains(&secret), "{command:?} {format}");
            }
        }
    }
}

/// What is new is counted from where the two sides parted, in both notations.
#[test]
fn a_range_begins_where_the_two_sides_parted() {
    let repo = Repo::new();
    repo.write("a", "text\n");
    let parted = repo.commit();
    repo.git(&["checkout", "-qb", "topic"]);
    repo.write("topic.env", &format!("A={}\n", token(1)));
    let theirs = repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.write("main.env", &format!("A={}\n", token(2)));
    let ours = repo.commit();
    let base = repo.git(&["merge-base", "main", "topic"]);
    assert_eq!(base, parted);
    for range in ["main..topic", "main...topic", &format!("{base}..topic")] {
        assert_eq!(
            repo.told(&[range]),
            [at(&theirs, "topic.env", 1)],
            "{range}"
        );
    }
    assert_eq!(repo.told(&["topic...main"]), [at(&ours, "main.env", 1)]);
}
