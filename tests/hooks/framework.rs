//! The hooks of `.pre-commit-hooks.yaml`, run by the framework itself (`pip install pre-commit`).
//! Without it these tests say loudly that they were skipped; continuous integration has it.

use super::*;

/// The Python that has a module, if there is one.
pub fn python_with(module: &str) -> Option<String> {
    let code = format!("import sys, {module}; print(sys.executable)");
    let found = Command::new("python3").args(["-c", &code]).output();
    let found = found.ok().filter(|done| done.status.success());
    if found.is_none() {
        eprintln!("SKIPPED: python3 has no module {module} (pip install it)");
        assert!(
            std::env::var_os("CI").is_none(),
            "continuous integration must have {module}"
        );
    }
    Some(
        String::from_utf8(found?.stdout)
            .expect("text")
            .trim()
            .to_owned(),
    )
}

/// A repository of hooks: what the framework clones.
pub fn hook_repository(home: &Home) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = home.path().join("hook-repository");
    for name in [
        ".pre-commit-hooks.yaml",
        "pyproject.toml",
        "packaging/hooks/backend.py",
    ] {
        let to = folder.join(name);
        fs::create_dir_all(to.parent().expect("it has one")).expect("made");
        fs::copy(root.join(name), to).expect("copied");
    }
    for words in [
        &["git", "init", "-q", "-b", "main"][..],
        &["git", "add", "-A"],
        &["git", "commit", "-q", "-m", "hooks"],
        &["git", "tag", "v1"],
    ] {
        home.run_in(&folder, words).passed();
    }
    folder.to_str().expect("text").to_owned()
}

/// A folder with the wheel: that which was built for this run (`STRAYKEY_WHEEL`), or one that holds
/// the program under test.
fn wheels(home: &Home, python: &str) -> PathBuf {
    let folder = home.path().join("wheels");
    fs::create_dir_all(&folder).expect("made");
    if let Some(wheel) = std::env::var_os("STRAYKEY_WHEEL") {
        let wheel = PathBuf::from(wheel);
        let name = wheel.file_name().expect("it has one");
        fs::copy(&wheel, folder.join(name)).expect("copied");
        return folder;
    }
    let pack = "import sys, zipfile\n\
        program, version, folder = sys.argv[1:]\n\
        info = f'straykey-{version}.dist-info'\n\
        with zipfile.ZipFile(f'{folder}/straykey-{version}-py3-none-any.whl', 'w') as z:\n    \
            name = zipfile.ZipInfo(f'straykey-{version}.data/scripts/straykey')\n    \
            name.external_attr = 0o100755 << 16\n    \
            z.writestr(name, open(program, 'rb').read())\n    \
            z.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: straykey\\nVersion: {version}\\n')\n    \
            z.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n    \
            z.writestr(f'{info}/RECORD', '')\n";
    let program = env!("CARGO_BIN_EXE_straykey");
    let done = Command::new(python)
        .args(["-c", pack, program, env!("CARGO_PKG_VERSION")])
        .arg(&folder)
        .output()
        .expect("it runs");
    assert!(done.status.success(), "{done:?}");
    folder
}

/// A path on which neither the program nor a Rust toolchain is.
fn bare_path(home: &Home) -> std::ffi::OsString {
    let all: Vec<PathBuf> = std::env::split_paths(&home.path)
        .filter(|folder| !folder.join("cargo").exists() && !folder.join("straykey").exists())
        .collect();
    std::env::join_paths(all).expect("joined")
}

/// A home whose commands see the folder of wheels as the only source of packages.
pub fn framework() -> Option<(Home, String)> {
    let python = python_with("pre_commit")?;
    let mut home = Home::new();
    let folder = wheels(&home, &python);
    home.more = vec![
        ("PIP_NO_INDEX".into(), "1".into()),
        ("PIP_FIND_LINKS".into(), folder.into()),
        ("PIP_DISABLE_PIP_VERSION_CHECK".into(), "1".into()),
        ("CARGO_HOME".into(), "/nowhere".into()),
    ];
    Some((home, python))
}

#[test]
fn the_wheel_stops_commits_and_pushes_without_a_toolchain() {
    let Some((mut home, python)) = framework() else {
        return;
    };
    home.path = bare_path(&home);
    let hooks = hook_repository(&home);
    let rev = home.run_in(Path::new(&hooks), &["git", "rev-parse", "HEAD"]);
    let rev = rev.said.trim();
    home.write(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n- repo: {hooks}\n  rev: {rev}\n  hooks:\n  - id: straykey\n  \
             - id: straykey-push\n"
        ),
    );
    home.commit();
    let install = [
        &*python,
        "-m",
        "pre_commit",
        "install",
        "-t",
        "pre-commit",
        "-t",
        "pre-push",
    ];
    home.run(&install).passed();
    home.write("a", "nothing\n");
    home.git(&["add", "a"]);
    home.try_git(&["commit", "-q", "-m", "good"]).passed();
    let (text, secret) = line(41);
    home.write("dir/x.conf", &text);
    home.git(&["add", "-A"]);
    let done = home.try_git(&["commit", "-q", "-m", "bad"]);
    done.stopped(KIND).stopped("dir/x.conf:1");
    assert!(!done.said.contains(&secret));
    // A commit that adds nothing passes.
    home.git(&["reset", "-q", "--hard"]);
    home.try_git(&["commit", "-q", "--allow-empty", "-m", "empty"])
        .passed();

    let bare = home.path().join("bare");
    home.git(&["init", "-q", "--bare", bare.to_str().expect("text")]);
    home.git(&["remote", "add", "origin", bare.to_str().expect("text")]);
    home.try_git(&["push", "-q", "origin", "main"]).passed();
    home.write("dir/x.conf", &text);
    home.commit();
    home.git(&["rm", "-q", "dir/x.conf"]);
    home.commit();
    home.try_git(&["push", "-q", "origin", "main"])
        .stopped(KIND);
    home.try_git(&["push", "-q", "origin", "main:refs/heads/new"])
        .stopped(KIND);
    home.try_git(&["push", "-q", "origin", "HEAD~2:refs/heads/old"])
        .passed();
}

#[test]
fn try_repo_runs_the_wheel() {
    let Some((mut home, python)) = framework() else {
        return;
    };
    home.path = bare_path(&home);
    let hooks = hook_repository(&home);
    home.write("a", "nothing\n");
    home.commit();
    let (text, _) = line(42);
    home.write("x.conf", &text);
    home.git(&["add", "x.conf"]);
    let words = [
        &*python,
        "-m",
        "pre_commit",
        "try-repo",
        &hooks,
        "straykey",
        "--verbose",
    ];
    home.run(&words).stopped(KIND);
    home.write("x.conf", "nothing\n");
    home.git(&["add", "x.conf"]);
    home.run(&words).passed();
}

#[test]
fn on_demand_a_range_or_all_files_are_judged() {
    let Some((home, python)) = framework() else {
        return;
    };
    let hooks = hook_repository(&home);
    let config = format!(
        "repos:\n- repo: {hooks}\n  rev: v1\n  hooks:\n  - id: straykey-system\n  \
         - id: straykey-system-push\n"
    );
    home.write(".pre-commit-config.yaml", &config);
    let first = home.commit();
    let run = |words: &[&str]| {
        let words = [&[&*python, "-m", "pre_commit", "run"], words].concat();
        home.run(&words)
    };
    run(&["--all-files"]).passed();
    let (text, secret) = line(43);
    home.write("dir/x.conf", &text);
    let bad = home.commit();
    run(&["--all-files"]).stopped(KIND).stopped("dir/x.conf:1");
    run(&["--all-files", "--hook-stage", "pre-push"]).stopped(KIND);
    home.git(&["rm", "-q", "dir/x.conf"]);
    let last = home.commit();
    run(&["--all-files"]).passed();
    // What the range adds and removes again has leaked.
    let done = run(&["--from-ref", &first, "--to-ref", &last]);
    done.stopped(KIND).stopped(&bad[..9]);
    assert!(!done.said.contains(&secret));
    run(&["--from-ref", &bad, "--to-ref", &last]).passed();
    let done = run(&[
        "--from-ref",
        &first,
        "--to-ref",
        &last,
        "--hook-stage",
        "pre-push",
    ]);
    done.stopped(KIND);
}

#[test]
fn both_installers_live_side_by_side() {
    let Some((home, python)) = framework() else {
        return;
    };
    home.write(".pre-commit-config.yaml", "repos: []\n");
    home.commit();
    let install = [&*python, "-m", "pre_commit", "install"];
    let (text, _) = line(44);
    home.straykey(&["hook", "install"]).passed();
    home.run(&install).passed();
    home.write("x.conf", &text);
    home.git(&["add", "x.conf"]);
    let commit = || home.try_git(&["commit", "-q", "-m", "x"]);
    commit().stopped(KIND);
    let again = home.straykey(&["hook", "install"]);
    assert!(
        again.passed().said.contains("installed already"),
        "{again:?}"
    );
    commit().stopped(KIND);
    home.straykey(&["hook", "uninstall"]).passed();
    commit().passed();
    // The other way round.
    home.straykey(&["hook", "install"]).passed();
    home.write("y.conf", &text);
    home.git(&["add", "y.conf"]);
    commit().stopped(KIND);
}

#[test]
fn versions_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let version = env!("CARGO_PKG_VERSION");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("it is there");
    let python = read("pyproject.toml");
    assert!(python.contains(&format!("\nversion = \"{version}\"\n")));
    assert!(python.contains(&format!("\"straykey=={version}\"")));
    assert!(read(".pre-commit-hooks.yaml").contains(&format!("straykey:{version} hook run")));
    assert!(read("packaging/docker/Dockerfile").contains(&format!("straykey:{version} ")));
}
