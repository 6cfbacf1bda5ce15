//! Runs the program with a deadline, and holds every run to what must hold of all.

#![allow(dead_code)] // Each test binary uses a part.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use straykey::detect::Catalogue;
use straykey::detect::patterns::{Sampler, sample_match};

/// No case may take longer, on any machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The most memory it had, in MiB; 0 where that cannot be told.
    pub peak: u64,
}

impl Ran {
    /// Asserts the exit code.
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that one of both outputs holds a text.
    pub fn tells(self, text: &str) -> Self {
        let is_told = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(is_told, "'{text}' in:\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The report on standard output, as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}:\n{}\n{}", self.stdout, self.stderr))
    }
}

/// The program, to be run in `folder`, without what the surroundings would have it do.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straykey"));
    plain(&mut command, folder);
    command
}

/// Makes a command ready to be [finished](finish).
pub fn plain(command: &mut Command, folder: &Path) {
    command.current_dir(folder).stdin(Stdio::null());
    for name in [
        "CI",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "SUDO_UID",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
}

/// Runs the program in `folder`.
pub fn straykey<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> Ran {
    let mut command = command(folder);
    command.args(args);
    finish(&mut command)
}

/// Runs a command to its end, and asserts what holds of every run: it ends in time, with 0, 1 or
/// 2; it has no bug; and nothing it writes drives a terminal.
pub fn finish(command: &mut Command) -> Ran {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdout(out.try_clone().unwrap());
    command.stderr(err.try_clone().unwrap());
    let ran = wait(command, DEADLINE);
    let ran = Ran {
        stdout: text(&mut out),
        stderr: text(&mut err),
        ..ran
    };
    check(&ran);
    ran
}

/// Runs a command whose outputs go elsewhere.
pub fn wait(command: &mut Command, deadline: Duration) -> Ran {
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water(&status_file).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let code = status.code();
    Ran {
        code: code.unwrap_or_else(|| panic!("signal {:?}: {command:?}", status.signal())),
        stdout: String::new(),
        stderr: String::new(),
        peak,
    }
}

fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib >> 10)
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).expect("outputs are UTF-8")
}

fn check(ran: &Ran) {
    assert!((0..=2).contains(&ran.code), "{ran:?}");
    assert!(!ran.stderr.contains("bug at"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("bug at"), "{}", ran.stdout);
    for c in ran.stdout.chars().chain(ran.stderr.chars()) {
        let drives = (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let line = || {
            ran.stdout
                .lines()
                .chain(ran.stderr.lines())
                .find(|l| l.contains(c))
        };
        assert!(!drives, "{c:?} in {:?}", line());
    }
}

/// A text with a token in it, and the token. Different seeds give different tokens.
pub fn token(seed: u64) -> (Vec<u8>, Vec<u8>) {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("github.pat-classic").unwrap();
    sample_match(pattern, &mut Sampler::new(seed))
}

/// Writes a file, and the folders it lies in.
pub fn write(folder: &Path, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Makes a FIFO.
pub fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Says that a case could not be tried here.
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Whether the big cases are wanted.
pub fn big() -> bool {
    std::env::var_os("STRAYKEY_BIG").is_some()
}

/// The paths in which a JSON report has findings.
pub fn found_in(report: &serde_json::Value) -> Vec<String> {
    let mut all = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        for place in finding["occurrences"].as_array().unwrap() {
            all.push(place["path"].as_str().unwrap().to_owned());
        }
    }
    all.sort();
    all
}
