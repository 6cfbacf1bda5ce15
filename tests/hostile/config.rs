//! Hostile configuration: `.straykey/` and files of patterns.

use std::fs;
use std::os::unix::fs::symlink;

use super::run::{fifo, straykey, token, write};

/// A tree with a finding in `t/a`.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "t/a", token(1).0);
    fs::create_dir(dir.path().join("t/.straykey")).unwrap();
    dir
}

#[test]
fn what_is_no_file_is_an_error_and_not_waited_for() {
    let dir = tree();
    for name in ["config.toml", "ignore"] {
        let path = dir.path().join("t/.straykey").join(name);
        fifo(&path);
        straykey(dir.path(), ["scan", "t"]).ends(2).tells(name);
        if name == "ignore" {
            let args = ["allow", &"0".repeat(32), "--reason", "x", "t"];
            straykey(dir.path(), args).ends(2);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        straykey(dir.path(), ["scan", "t"]).ends(2).tells(name);
        fs::remove_dir(&path).unwrap();
        for target in ["/dev/zero", "/dev/tty", name] {
            symlink(target, &path).unwrap();
            straykey(dir.path(), ["scan", "t"]).ends(2).tells(name);
            fs::remove_file(&path).unwrap();
        }
        symlink("nowhere", &path).unwrap();
        straykey(dir.path(), ["scan", "t"]).ends(1);
        fs::remove_file(&path).unwrap();
    }
    fifo(&dir.path().join("p"));
    for file in ["p", "/dev/zero", "t", "missing"] {
        straykey(dir.path(), ["patterns", "check", file])
            .ends(2)
            .tells(file);
        straykey(dir.path(), ["scan", "t", "--patterns", file]).ends(2);
        straykey(dir.path(), ["scan", "t", "--config", file, "--exclude=x"]).ends(
            // A folder may hold no configuration at all.
            if file == "t" { 1 } else { 2 },
        );
    }
}

#[test]
fn nothing_outside_of_the_tree_is_read_or_written_in_its_name() {
    let dir = tree();
    let private = "[default]\nkey = 'private words of somebody'\n";
    write(dir.path(), "outside", private);
    write(dir.path(), "elsewhere/config.toml", "exclude = ['a']\n");
    write(dir.path(), "elsewhere/ignore", "# nothing\n");
    let home = dir.path().join("t/.straykey");
    for name in ["config.toml", "ignore"] {
        symlink("../../outside", home.join(name)).unwrap();
        let ran = straykey(dir.path(), ["scan", "t"]).ends(2);
        assert!(!ran.stderr.contains("private") && !ran.stderr.contains("default"));
        let args = ["allow", &"0".repeat(32), "--reason", "x", "t"];
        straykey(dir.path(), args).ends(2);
        assert_eq!(
            fs::read_to_string(dir.path().join("outside")).unwrap(),
            private
        );
        fs::remove_file(home.join(name)).unwrap();
    }
    for name in ["../../outside", "/etc/passwd", "link.toml"] {
        symlink("../../outside", home.join("link.toml")).ok();
        write(&home, "config.toml", format!("patterns = ['{name}']"));
        let ran = straykey(dir.path(), ["scan", "t"]).ends(2);
        assert!(!ran.stderr.contains("private"), "{}", ran.stderr);
        fs::remove_file(home.join("config.toml")).unwrap();
    }
    // The folder itself leads out.
    fs::remove_dir_all(&home).unwrap();
    symlink("../elsewhere", &home).unwrap();
    straykey(dir.path(), ["scan", "t"])
        .ends(2)
        .tells("link out of the tree");
    // Named by the user, it counts.
    straykey(dir.path(), ["scan", "t", "--config", "t/.straykey"]).ends(0);
}

#[test]
fn text_without_end_or_sense_is_an_error_with_its_line() {
    let dir = tree();
    let home = dir.path().join("t/.straykey");
    let nested = format!("exclude = {}", "[".repeat(200_000));
    let tables = format!("a{} = 1", ".a".repeat(200_000));
    let braces = format!("a = {}", "{a=".repeat(200_000));
    let long = format!("exclude = ['{}']", "a/".repeat(1 << 20));
    let many = format!("exclude = [{}]", "'[a-z]*?x',".repeat(100_000));
    let cases: [(&str, &[u8], i32); 12] = [
        ("utf8", b"\n\n# \xff", 2),
        ("nul", b"\0", 2),
        ("escape", b"\x1b[2J = 1", 2),
        ("key", b"'\\x1b[2J' = 1", 2),
        ("value", b"confidence = \"\\u001b[2J\\u202e\\n\"", 2),
        ("glob", b"exclude = [\"\\u001b[2J\"]", 2),
        ("empty glob", b"exclude = ['']", 2),
        ("nested", nested.as_bytes(), 2),
        ("tables", tables.as_bytes(), 2),
        ("braces", braces.as_bytes(), 2),
        ("long", long.as_bytes(), 2),
        ("many", many.as_bytes(), 2),
    ];
    for (name, text, code) in cases {
        write(&home, "config.toml", text);
        let ran = straykey(dir.path(), ["scan", "t"]);
        assert!(ran.code == code, "{name}: {} {}", ran.code, ran.stderr);
        assert!(
            ran.stderr.len() < 2000,
            "{name}: {} bytes",
            ran.stderr.len()
        );
        assert!(
            ran.code != 2 || ran.stderr.contains("config.toml:"),
            "{name}: {}",
            ran.stderr
        );
        assert!(ran.peak < 400, "{name}: {} MiB", ran.peak);
    }
    fs::remove_file(home.join("config.toml")).unwrap();
    for name in ["config.toml", "ignore"] {
        let big = fs::File::create(home.join(name)).unwrap();
        big.set_len(1 << 40).unwrap();
        straykey(dir.path(), ["scan", "t"])
            .ends(2)
            .tells("bigger than");
        fs::remove_file(home.join(name)).unwrap();
    }
    write(
        &home,
        "ignore",
        b"0\n\x1b[2J\n\xe2\x80\xae x y\n".repeat(10_000),
    );
    let ran = straykey(dir.path(), ["scan", "t"])
        .ends(2)
        .tells("ignore:2:");
    assert!(
        ran.stderr.lines().count() < 1000,
        "{} lines",
        ran.stderr.lines().count()
    );
}

#[test]
fn patterns_that_would_not_end_are_refused() {
    let dir = tree();
    let expressions = [
        "(".repeat(100_000),
        format!("{}a{}", "(?:".repeat(5_000), ")".repeat(5_000)),
        "(?:(?:(?:a{1,1000}){1,1000}){1,1000}){1,1000}".to_owned(),
        "(?:a?){1,8000}".to_owned(),
        "(?:a|aa|aaa){1,4000}b".to_owned(),
        "(?:[a-z]{1,100}){1,80}!".to_owned(),
        "[a-z]{1,4294967295}".to_owned(),
        "a{99999999999999999999}".to_owned(),
        "\\p{Greek}[^\\x00-\\xff]".to_owned(),
        "[".to_owned(),
        "\x1b[2J[".to_owned(),
        String::new(),
    ];
    for (i, expression) in expressions.iter().enumerate() {
        let quoted = serde_json::to_string(expression).unwrap();
        let text = format!(
            "provider = 'x'\nname = 'X'\n[[pattern]]\nid = 'x.y'\nname = 'Y'\ndescription = 'd'\n\
             revoke = 'r'\nsources = ['https://example.invalid']\nsecret = {quoted}\n"
        );
        write(dir.path(), "p.toml", text);
        let ran = straykey(dir.path(), ["patterns", "check", "p.toml"]);
        assert!(ran.stderr.len() < 4000, "{i}: {} bytes", ran.stderr.len());
        assert!(ran.peak < 400, "{i}: {} MiB", ran.peak);
        if ran.code == 0 {
            // What is not refused must end, too.
            write(dir.path(), "t/as", "a".repeat(1 << 16));
            straykey(dir.path(), ["scan", "t", "--patterns", "p.toml"]).ends(1);
        } else {
            ran.ends(2).tells("p.toml:");
        }
    }
    write(
        dir.path(),
        "p.toml",
        "provider = 'x'\nname = 'X'\n\n[[pattern]]\nnmae = 'Y'\n",
    );
    straykey(dir.path(), ["patterns", "check", "p.toml", "missing.toml"])
        .ends(2)
        .tells("p.toml:5: unknown field `nmae`")
        .tells("missing.toml");
}
