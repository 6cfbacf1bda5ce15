//! What the tests of the program share: a demonstration tree of generated secrets, and a way to
//! run the program in it.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use straykey::detect::Catalogue;
use straykey::detect::patterns::{Checksum, Sampler, sample_secret};

/// What one run printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    pub out: String,
    pub err: String,
    pub code: i32,
}

/// The program in a folder, with nothing of the surrounding in its environment.
pub fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straykey"));
    command.args(args).current_dir(dir).env_clear();
    // Some systems need these to start a program at all.
    for name in ["PATH", "SystemRoot", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs the program.
pub fn straykey(dir: &Path, args: &[&str]) -> Run {
    with_input(dir, args, b"")
}

/// Runs the program with something on its standard input.
pub fn with_input(dir: &Path, args: &[&str], input: &[u8]) -> Run {
    let mut child = command(dir, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it was asked for");
    let input = input.to_vec();
    // A program that does not read its input closes the pipe.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let done = child.wait_with_output().expect("the program ends");
    feed.join().expect("the input was fed");
    Run {
        out: String::from_utf8(done.stdout).expect("output is UTF-8"),
        err: String::from_utf8(done.stderr).expect("messages are UTF-8"),
        code: done.status.code().expect("no signal ended it"),
    }
}

/// A generated secret of a pattern; the same for the same seed.
pub fn secret(id: &str, seed: u64) -> String {
    let pattern = Catalogue::embedded();
    let pattern = pattern.get(id).expect("the pattern is known");
    let secret = sample_secret(
        pattern.expression[1],
        pattern.checksum,
        &mut Sampler::new(seed),
    );
    String::from_utf8(secret).expect("it is text")
}

/// A generated password as people make them.
pub fn password(seed: u64) -> String {
    let tail = sample_secret(
        "[A-Z][a-z]{5}[0-9]{3}[%!&]",
        Checksum::None,
        &mut Sampler::new(seed),
    );
    String::from_utf8(tail).expect("it is text")
}

/// The tree that the documentation's examples are run in: a repository, all but `src/db.py`
/// committed.
pub fn demo(dir: &Path) {
    let write = |name: &str, text: String| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    };
    let mut sampler = Sampler::new(11);
    let part = sample_secret("[0-9A-Za-z+/]{40}", Checksum::None, &mut sampler);
    let part = String::from_utf8(part).expect("it is text");
    let id = secret("aws.access-key", 3);
    write(
        "deploy/prod.env",
        format!("REGION=eu-central-1\nAWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={part}\n"),
    );
    write(
        "src/db.py",
        format!(
            "import db\n\nPASSWORD = \"{}\"\nTIMEOUT = 30\n",
            password(5)
        ),
    );
    write(
        "ci/notify.sh",
        format!(
            "#!/bin/sh\ncurl -H \"Authorization: Bearer {}\" \"$URL\"\n",
            secret("slack.bot-token", 4)
        ),
    );
    write(
        "README.md",
        "# Demo\n\nSet `DB_PASSWORD` before you start.\n".into(),
    );
    commit(dir, &["deploy/prod.env", "ci/notify.sh", "README.md"]);
}

/// Makes a repository of a folder, with these files in its first commit.
fn commit(dir: &Path, files: &[&str]) {
    let repository = git2::Repository::init(dir).expect("a repository");
    let mut index = repository.index().expect("an index");
    for file in files {
        index.add_path(Path::new(file)).expect("added");
    }
    index.write().expect("written");
    let tree = index.write_tree().expect("a tree");
    let tree = repository.find_tree(tree).expect("it is there");
    let when = git2::Time::new(1_700_000_000, 0);
    let who = git2::Signature::new("Alice", "alice@example.org", &when).expect("a name");
    let made = repository.commit(Some("HEAD"), &who, &who, "Begin", &tree, &[]);
    made.expect("committed");
}

/// A folder with the demonstration tree.
pub fn demo_folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    demo(dir.path());
    dir
}

/// RFC 4648, section 4, by its own words: groups of 24 bits, four digits each.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |all, i| {
            all << 8 | u32::from(group.get(i).copied().unwrap_or(0))
        });
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            let is_there = i <= group.len();
            out.push(if is_there { char::from(digit) } else { '=' });
        }
    }
    out
}

/// A manifest in the demonstration tree whose secrets are encoded.
pub fn encoded(dir: &Path) {
    let text = format!(
        "kind: Secret\ndata:\n  password: {}\n  token: {}\n",
        base64(password(6).as_bytes()),
        base64(secret("github.pat-classic", 7).as_bytes()),
    );
    fs::write(dir.join("deploy/secret.yaml"), text).expect("written");
}

/// Files of other scanners in the demonstration tree, as a repository that moves in has them.
pub fn foreign(dir: &Path) {
    let gitleaks = "[extend]\nuseDefault = true\n\n[[rules]]\nid = 'acme-token'\n\
                    description = 'Acme token'\nregex = '''\\bacme_[0-9a-z]{32,}'''\n\n\
                    [[rules]]\nid = 'key-file'\npath = '''\\.pem$'''\n\n\
                    [[allowlists]]\npaths = ['''(^|/)vendor/''']\n";
    fs::write(dir.join(".gitleaks.toml"), gitleaks).expect("written");
    let known = "ci/notify.sh:slack-bot-token:2\nsrc/old.py:generic-api-key:7\n";
    fs::write(dir.join(".gitleaksignore"), known).expect("written");
}

/// Files in the demonstration tree that name credentials which others keep.
pub fn naming(dir: &Path) {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    };
    write(
        ".github/workflows/release.yml",
        "on: push\njobs:\n  deploy:\n    permissions: {id-token: write, contents: read}\n    steps:\n      \
         - uses: aws-actions/configure-aws-credentials@v5\n        with:\n          role-to-assume: \
         arn:aws:iam::123456789012:role/deploy\n          aws-region: eu-central-1\n  publish:\n    steps:\n      \
         - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
    );
    write(
        "infra/roles.tf",
        "resource \"aws_iam_role\" \"deploy\" {\n  name = \"deploy\"\n  assume_role_policy = jsonencode({\n    \
         Statement = [{\n      Effect    = \"Allow\"\n      Action    = \"sts:AssumeRoleWithWebIdentity\"\n      \
         Principal = { Federated = \"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\" }\n      \
         Condition = {\n        StringEquals = { \"token.actions.githubusercontent.com:aud\" = \"sts.amazonaws.com\" }\n        \
         StringLike   = { \"token.actions.githubusercontent.com:sub\" = \"repo:acme/*\" }\n      }\n    }]\n  })\n}\n",
    );
}
