//! The variants of `.pre-commit-hooks.yaml` that need more than a machine of a test has: a container,
//! and a build of many minutes. What the framework asks of `docker` and `cargo` is answered by
//! scripts that do what those would do; the real build is done on demand.

use super::framework::{framework, hook_repository};
use super::*;

fn shipped(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(name)).expect("it is there")
}

/// All hooks: id, language, entry.
fn hooks() -> Vec<[String; 3]> {
    let text = shipped(".pre-commit-hooks.yaml");
    let mut all: Vec<[String; 3]> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (key, value) = line.split_once(": ").expect("a key and a value");
        match key {
            "- id" => all.push([value.to_owned(), String::new(), String::new()]),
            "  language" => all.last_mut().expect("an id")[1].push_str(value),
            "  entry" => all.last_mut().expect("an id")[2].push_str(value),
            _ => {}
        }
    }
    all
}

/// The words after the options of `docker run`: the image, and what it is to do.
fn of_image(entry: &str) -> (Vec<&str>, &str, Vec<&str>) {
    let mut words = entry.split(' ');
    let mut passed = Vec::new();
    loop {
        match words.next().expect("an image") {
            "-e" => passed.push(words.next().expect("a name")),
            image => return (passed, image, words.collect()),
        }
    }
}

/// One instruction of the image that runs.
fn instruction(name: &str) -> String {
    let text = shipped("packaging/docker/Dockerfile");
    let (_, last) = text.rsplit_once("\nFROM ").expect("stages");
    let found = last
        .lines()
        .find_map(|l| l.strip_prefix(&format!("{name} ")));
    found.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

#[test]
fn every_entry_is_a_command_line_of_the_program() {
    let home = Home::new();
    let all = hooks();
    assert!(all.len() >= 6, "{all:?}");
    for [id, language, entry] in &all {
        let program = "straykey ";
        let words: Vec<&str> = if language == "docker_image" {
            of_image(entry).2
        } else {
            entry.strip_prefix(program).expect(id).split(' ').collect()
        };
        // Nothing is staged, and nothing is pushed: it does its work, and there is none.
        home.straykey(&words).passed();
    }
    // One that is no hook would have been noticed.
    let wrong = ["hook", "run", "pre-comit"];
    home.straykey(&wrong).stopped("invalid value");
}

#[test]
fn the_image_runs_what_the_build_made() {
    let text = shipped("packaging/docker/Dockerfile");
    let known = ["FROM", "COPY", "RUN", "WORKDIR", "ENTRYPOINT"];
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let word = line.split(' ').next().expect("a word");
        assert!(known.contains(&word), "{line}");
    }
    let stages: Vec<&str> = text.lines().filter(|l| l.starts_with("FROM ")).collect();
    assert_eq!(stages.len(), 2);
    let build = stages[0].rsplit_once(" AS ").expect("a name").1;
    let run = text
        .lines()
        .find_map(|l| l.strip_prefix("RUN cargo install "))
        .expect("a build");
    let root = run.split_once("--root ").expect("a root").1;
    let path = run
        .split_once("--path ")
        .expect("a path")
        .1
        .split(' ')
        .next();
    assert!(text.contains(&format!("COPY . {}\n", path.expect("a path"))));
    let copied = instruction("COPY");
    let copied: Vec<&str> = copied.split(' ').collect();
    let made = format!("{root}/bin/straykey");
    assert_eq!(
        copied,
        [
            &*format!("--from={build}"),
            &*made,
            "/usr/local/bin/straykey"
        ]
    );
    assert_eq!(instruction("ENTRYPOINT"), "[\"straykey\"]");
    // Where the framework puts the repository.
    assert_eq!(instruction("WORKDIR"), "/src");
}

/// A `docker` that runs the image's entry point here, with the variables that it is told to pass and
/// with the repository elsewhere than on the host.
fn docker(home: &Home) {
    let entry: Vec<String> = serde_json::from_str(&instruction("ENTRYPOINT")).expect("a list");
    let entry = entry.join(" ");
    let image = format!("straykey:{}", env!("CARGO_PKG_VERSION"));
    let bin = home.path.to_str().expect("text");
    let text = format!(
        "#!/bin/sh\n\
         [ \"$1\" != system ] || {{ echo '{{}}'; exit 0; }}\n\
         [ \"$1\" = run ] || exit 1\n\
         shift\n\
         passed=\n\
         while :; do\n\
         case \"$1\" in\n\
         --rm|--tty) shift;;\n\
         -u) shift 2;;\n\
         -v) [ \"$2\" = \"$PWD:/src:rw,Z\" ] || exit 125; shift 2;;\n\
         --workdir) [ \"$2\" = /src ] || exit 125; shift 2;;\n\
         -e) eval \"value=\\${{$2-}}\"\n\
         [ -z \"$value\" ] || passed=\"$passed $2=$(echo \"$value\" | sed \"s#^$PWD#/host#\")\"\n\
         shift 2;;\n\
         *) break;;\n\
         esac\n\
         done\n\
         [ \"$1\" = '{image}' ] || exit 125\n\
         shift\n\
         exec env -i PATH='{bin}' $passed {entry} \"$@\"\n"
    );
    let folder = home.path().join("bin");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("docker"), text).expect("written");
    executable(&folder.join("docker"));
}

/// Puts a folder of the home first on its path.
fn first_on_path(home: &mut Home, folder: &str) {
    let mut all = vec![home.dir.path().join(folder)];
    all.extend(std::env::split_paths(&home.path));
    home.path = std::env::join_paths(all).expect("joined");
}

#[test]
fn in_a_container_a_commit_a_range_and_all_files_are_judged() {
    let Some((mut home, python)) = framework() else {
        return;
    };
    docker(&home);
    first_on_path(&mut home, "bin");
    let hooks = hook_repository(&home);
    let config = format!("repos:\n- repo: {hooks}\n  rev: v1\n  hooks:\n  - id: straykey-docker\n");
    home.write(".pre-commit-config.yaml", &config);
    let first = home.commit();
    home.run(&[&*python, "-m", "pre_commit", "install"])
        .passed();
    home.write("a", "nothing\n");
    home.git(&["add", "a"]);
    home.try_git(&["commit", "-qm", "good"]).passed();
    let (text, secret) = line(51);
    home.write("x.conf", &text);
    home.git(&["add", "x.conf"]);
    let done = home.try_git(&["commit", "-qm", "bad"]);
    done.stopped(KIND).stopped("x.conf:1");
    assert!(!done.said.contains(&secret));
    home.git(&["rm", "-qf", "x.conf"]);
    // The index of `commit -a` lies beside the usual one, which has nothing of it.
    home.write("a", &text);
    home.try_git(&["commit", "-qam", "bad"]).stopped("a:1");
    let bad = home.commit();
    let run = |words: &[&str]| {
        let words = [&[&*python, "-m", "pre_commit", "run"], words].concat();
        home.run(&words)
    };
    run(&["--all-files"]).stopped(KIND).stopped("a:1");
    home.write("a", "nothing\n");
    let last = home.commit();
    run(&["--all-files"]).passed();
    run(&["--from-ref", &first, "--to-ref", &last]).stopped(&bad[..9]);
    run(&["--from-ref", &bad, "--to-ref", &last]).passed();
}

/// What `cargo install` would do, with the program that was built for this run.
fn cargo(home: &Home) {
    let program = env!("CARGO_BIN_EXE_straykey");
    let text = format!(
        "#!/bin/sh\n\
         [ \"$1\" != --version ] || exit 0\n\
         [ \"$1 $2 $3 $5 $6\" = 'install --bins --root --path .' ] || exit 101\n\
         grep -q '^name = \"straykey\"' Cargo.toml || exit 101\n\
         mkdir -p \"$4/bin\" && cp '{program}' \"$4/bin/\"\n"
    );
    let folder = home.path().join("bin");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("cargo"), text).expect("written");
    executable(&folder.join("cargo"));
    // Where the framework finds no cargo it asks for one from the network.
    fs::write(folder.join("rustup"), "#!/bin/sh\nexit 1\n").expect("written");
    executable(&folder.join("rustup"));
}

/// The hooks' repository with all that a build needs.
fn with_source(home: &Home) -> String {
    let hooks = hook_repository(home);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(&hooks);
    for name in ["Cargo.toml", "Cargo.lock", "build.rs"] {
        fs::copy(root.join(name), folder.join(name)).expect("copied");
    }
    for name in ["src", "patterns", "testdata", "benches", "docs"] {
        copied(&root.join(name), &folder.join(name));
    }
    let words = ["git", "add", "-A"];
    home.run_in(folder, &words).passed();
    let words = ["git", "commit", "-q", "-m", "source"];
    home.run_in(folder, &words).passed();
    home.run_in(folder, &["git", "tag", "-f", "v1"]).passed();
    hooks
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copied(&from, &to);
        } else {
            fs::copy(&from, &to).expect("copied");
        }
    }
}

/// The hook that is built from source stops what it must, and nothing else.
fn source_hook_works(home: &Home, python: &str, hooks: &str) {
    home.write("a", "nothing\n");
    home.commit();
    let (text, _) = line(52);
    home.write("x.conf", &text);
    home.git(&["add", "x.conf"]);
    let words = [
        python,
        "-m",
        "pre_commit",
        "try-repo",
        hooks,
        "straykey-src",
        "--verbose",
    ];
    home.run(&words).stopped(KIND);
    home.write("x.conf", "nothing\n");
    home.git(&["add", "x.conf"]);
    home.run(&words).passed();
}

#[test]
fn try_repo_builds_from_source_with_a_script_for_cargo() {
    let Some((mut home, python)) = framework() else {
        return;
    };
    cargo(&home);
    first_on_path(&mut home, "bin");
    // No program but the one that is built.
    let program = Path::new(env!("CARGO_BIN_EXE_straykey"))
        .parent()
        .expect("it has one");
    let all = std::env::split_paths(&home.path).filter(|folder| folder != program);
    home.path = std::env::join_paths(all).expect("joined");
    let hooks = with_source(&home);
    source_hook_works(&home, &python, &hooks);
}

/// The same with the real one: many minutes, so on demand (`STRAYKEY_SOURCE=1`), without the network.
#[test]
fn try_repo_builds_from_source() {
    if std::env::var_os("STRAYKEY_SOURCE").is_none() {
        eprintln!("SKIPPED: STRAYKEY_SOURCE=1 builds the hook from source (minutes)");
        return;
    }
    let Some((mut home, python)) = framework() else {
        return;
    };
    let here = std::env::var_os("HOME").map(PathBuf::from).expect("a home");
    let own =
        |name: &str, usual: &str| std::env::var_os(name).map_or(here.join(usual), PathBuf::from);
    home.more.retain(|(name, _)| name != "CARGO_HOME");
    for (name, value) in [
        ("CARGO_HOME", own("CARGO_HOME", ".cargo").into_os_string()),
        (
            "RUSTUP_HOME",
            own("RUSTUP_HOME", ".rustup").into_os_string(),
        ),
        ("CARGO_NET_OFFLINE", "true".into()),
        // The program is the same, and made in less time.
        ("CARGO_PROFILE_RELEASE_LTO", "off".into()),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0".into()),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "64".into()),
    ] {
        home.more.push((name.into(), value));
    }
    let hooks = with_source(&home);
    source_hook_works(&home, &python, &hooks);
}
