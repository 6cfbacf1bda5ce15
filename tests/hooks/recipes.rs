//! What the documentation says to write for other managers of hooks, run by those.

use super::framework::python_with;
use super::*;

/// The block of `docs/hooks.md` that begins with this line, without its indent.
fn recipe(first: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hooks.md");
    let page = fs::read_to_string(page).expect("it is there");
    let lines = page.lines().skip_while(|line| line.trim_start() != first);
    let block: Vec<&str> = lines
        .take_while(|line| line.starts_with("    "))
        .map(|line| &line[4..])
        .collect();
    assert!(!block.is_empty(), "no recipe begins with {first}");
    block.join("\n") + "\n"
}

/// Commits and pushes that must and must not pass.
fn proved(home: &Home) {
    home.write("a", "nothing\n");
    home.git(&["add", "-A"]);
    home.try_git(&["commit", "-q", "-m", "good"]).passed();
    let bare = home.path().join("bare");
    home.git(&["init", "-q", "--bare", bare.to_str().expect("text")]);
    home.git(&["remote", "add", "origin", bare.to_str().expect("text")]);
    home.try_git(&["push", "-q", "origin", "main"]).passed();
    let (text, secret) = line(51);
    home.write("x.conf", &text);
    home.git(&["add", "x.conf"]);
    let done = home.try_git(&["commit", "-q", "-m", "bad"]);
    done.stopped(KIND);
    assert!(!done.said.contains(&secret));
    home.git(&["commit", "-q", "--no-verify", "-m", "bad"]);
    home.try_git(&["push", "-q", "origin", "main"])
        .stopped(KIND);
}

#[test]
fn husky() {
    let home = Home::new();
    let both = recipe("straykey hook run pre-commit");
    let lines: Vec<&str> = both.lines().collect();
    let [commit, push] = lines[..] else {
        panic!("two lines: {both}");
    };
    home.write(".husky/pre-commit", &format!("{commit}\n"));
    home.write(".husky/pre-push", &format!("{push}\n"));
    // Husky itself, if its folder is named; or what it does: a folder of scripts that each run theirs.
    if let Some(husky) = std::env::var_os("STRAYKEY_HUSKY") {
        let program = Path::new(&husky).join("bin.js");
        home.run(&["node", program.to_str().expect("text")])
            .passed();
    } else {
        eprintln!("SKIPPED: husky itself (STRAYKEY_HUSKY names its folder); its way is taken");
        let text = "#!/bin/sh\nname=${0##*/}\nexec sh -e \"${0%/*}/../$name\" \"$@\"\n";
        home.script(".husky/_/pre-commit", text);
        home.script(".husky/_/pre-push", text);
        home.write(".husky/_/.gitignore", "*\n");
        home.git(&["config", "core.hooksPath", ".husky/_"]);
    }
    proved(&home);
    let done = home.straykey(&["hook", "test"]);
    assert!(done.passed().said.contains("proved: "), "{done:?}");
}

#[test]
fn lefthook() {
    let Some(python) = python_with("lefthook") else {
        return;
    };
    let mut home = Home::new();
    let code = "import lefthook, os; print(os.path.dirname(lefthook.__file__))";
    let found = home.run(&[&python, "-c", code]);
    let folder = PathBuf::from(found.passed().said.trim()).join("bin");
    let program = fs::read_dir(folder).expect("listed").flatten().next();
    let program = program.expect("one for this machine").path();
    let mut path = vec![program.clone()];
    path.extend(std::env::split_paths(&home.path));
    home.path = std::env::join_paths(path).expect("joined");
    home.write("lefthook.yml", &recipe("pre-commit:"));
    home.run(&["lefthook", "install"]).passed();
    proved(&home);
    let done = home.straykey(&["hook", "test"]);
    assert!(done.passed().said.contains("proved: "), "{done:?}");
}
