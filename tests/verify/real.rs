//! Real servers, started here on a port of their own, with a folder of their own. `.ci/run` installs
//! them; where one is not there its test says so and proves nothing.

#[path = "real/brokers.rs"]
mod brokers;
#[path = "real/databases.rs"]
mod databases;
#[path = "real/directories.rs"]
mod directories;
#[path = "real/ssh.rs"]
mod ssh;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use straykey::detect::patterns::{Checksum, Sampler, sample_secret};

use super::common::{Run, straykey};

/// A password that no file of this repository holds.
pub fn word(seed: u64) -> String {
    let made = sample_secret(
        "[A-Z][a-z]{4}[0-9]{3}[A-Za-z]{4}[0-9]{2}[A-Za-z]{4}",
        Checksum::None,
        &mut Sampler::new(seed),
    );
    String::from_utf8(made).expect("it is text")
}

/// Where a program is, or words about what is not tested.
pub fn program(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(["/usr/sbin", "/usr/lib/rabbitmq/bin"].map(PathBuf::from));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    folders.extend(versions.flatten().map(|e| e.path().join("bin")));
    let found = folders
        .into_iter()
        .map(|f| f.join(name))
        .find(|p| p.is_file());
    if found.is_none() {
        let told = format!("NOT RUN: there is no {name} here; what it would prove is not proved");
        // `.ci/run` has installed it: there it must be.
        assert!(std::env::var_os("STRAYKEY_SERVERS").is_none(), "{told}");
        eprintln!("{told}");
    }
    found
}

/// A port that nobody has now.
pub fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A server that ends with the test.
pub struct Real {
    child: Child,
    pub dir: tempfile::TempDir,
    pub port: u16,
    after: Option<Command>,
}

impl Real {
    /// Starts it and waits until it takes calls.
    pub fn start(dir: tempfile::TempDir, port: u16, command: Command) -> Self {
        Self::start_then(dir, port, command, None)
    }

    /// The same, and runs something when it has ended.
    pub fn start_then(
        dir: tempfile::TempDir,
        port: u16,
        mut command: Command,
        after: Option<Command>,
    ) -> Self {
        let log = fs::File::create(dir.path().join("server.log")).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log)
            .spawn()
            .expect("it starts");
        let mut real = Self {
            child,
            dir,
            port,
            after,
        };
        let until = Instant::now() + Duration::from_secs(180);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = real.child.try_wait().expect("it can be asked");
            let log = || fs::read_to_string(real.dir.path().join("server.log"));
            assert!(ended.is_none() && Instant::now() < until, "{:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        real
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        // As a person would, so that it ends its own children.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let until = Instant::now() + Duration::from_secs(20);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(after) = &mut self.after {
            let _ = after.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

/// A folder for a server that does not run as root.
pub fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    if is_root() {
        let done = Command::new("chown").arg("nobody").arg(dir.path()).status();
        assert!(done.expect("chown runs").success());
    }
    dir
}

pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout == b"0\n"
}

/// A program as somebody who is not root.
pub fn as_nobody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    command.arg(program);
    command
}

/// A certificate for this machine and its key, in a folder: `cert.pem`, `key.pem`.
pub fn certificate(dir: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
    let made = made.expect("a certificate");
    fs::write(dir.join("cert.pem"), made.cert.pem()).expect("written");
    let key = dir.join("key.pem");
    fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("set");
    if is_root() {
        let done = Command::new("chown").arg("nobody").arg(&key).status();
        assert!(done.expect("chown runs").success());
    }
}

/// What is said of the one password in `line`, asked at `endpoint`.
pub fn asked(line: &str, endpoint: &str, more: &[&str]) -> Value {
    let (told, log) = ran(line, endpoint, more);
    let parsed: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    let all = parsed["findings"].as_array().expect("findings");
    assert_eq!(all.len(), 1, "{line:?}: {}", told.out);
    let said = all[0]["verification"].clone();
    // Once: the log has one call, and at most its answer.
    assert_eq!(log.matches("\"event\":\"call\"").count(), 1, "{log}");
    said
}

pub fn ran(line: &str, endpoint: &str, more: &[&str]) -> (Run, String) {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("prod.env"), format!("{line}\n")).expect("written");
    let mut args = vec!["scan", "prod.env", "--verify", "--allow-internal"];
    args.extend(["--format", "json", "--audit", "log", "--endpoint", endpoint]);
    args.extend(more);
    let told = straykey(dir.path(), &args);
    let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
    (told, log)
}

/// Holds what was said against what is true.
pub fn says(said: &Value, verdict: &str, identity: Option<&str>, power: Option<&str>) {
    assert_eq!(said["verdict"], verdict, "{said}");
    assert_eq!(said["identity"].as_str(), identity, "{said}");
    assert_eq!(said["privilege"].as_str(), power, "{said}");
}
