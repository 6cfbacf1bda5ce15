//! Makes archives with other people's programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::common::straykey;

/// Packs files into archives: a kind, the archive, and pairs of a name inside and a file.
const PACK: &str = r"
import sys, zipfile, tarfile, gzip, bz2, lzma
kind, out, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
pairs = [(rest[i], open(rest[i + 1], 'rb').read()) for i in range(0, len(rest), 2)]
if kind in ('zip', 'stored', 'zip-bz2'):
    how = {'zip': zipfile.ZIP_DEFLATED, 'stored': zipfile.ZIP_STORED, 'zip-bz2': zipfile.ZIP_BZIP2}[kind]
    with zipfile.ZipFile(out, 'w', how) as z:
        for name, data in pairs:
            z.writestr(name, data)
elif kind.startswith('tar'):
    form = {'tar-pax': tarfile.PAX_FORMAT, 'tar-ustar': tarfile.USTAR_FORMAT}.get(kind, tarfile.GNU_FORMAT)
    mode = 'w:' + (kind.split(':')[1] if ':' in kind else '')
    import io
    with tarfile.open(out, mode, format=form) as t:
        for name, data in pairs:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
else:
    how = {'gz': gzip.compress, 'bz2': bz2.compress, 'xz': lzma.compress}[kind]
    open(out, 'wb').write(b''.join(how(data) for _, data in pairs))
";

/// Whether Python packed; if there is none the test is skipped, and says so.
pub fn pack(dir: &Path, kind: &str, out: &str, pairs: &[(&str, &str)]) -> bool {
    let mut command = Command::new("python3");
    command.args(["-c", PACK, kind, out]).current_dir(dir);
    for (name, file) in pairs {
        command.args([name, file]);
    }
    match command.status() {
        Ok(status) => {
            assert!(status.success(), "python3 could not make {out}");
            true
        }
        Err(why) => {
            eprintln!("SKIPPED: python3 cannot be run ({why}): nothing was tested of {kind}");
            false
        }
    }
}

/// Runs a program that makes `out`; `None`, and a word, if there is none.
pub fn run(dir: &Path, program: &str, args: &[&str]) -> Option<()> {
    match Command::new(program).args(args).current_dir(dir).output() {
        Ok(done) => {
            assert!(
                done.status.success(),
                "{program}: {}",
                String::from_utf8_lossy(&done.stderr)
            );
            Some(())
        }
        Err(why) => {
            eprintln!("SKIPPED: {program} cannot be run ({why}): nothing was tested of it");
            None
        }
    }
}

/// What a run told.
#[derive(Debug)]
pub struct Told {
    pub code: i32,
    /// Places by pattern and fingerprint.
    pub findings: BTreeMap<(String, String), Vec<String>>,
    /// What was not read: path, code.
    pub skips: Vec<(String, String)>,
    pub json: Value,
}

impl Told {
    /// All places, sorted, without doubles.
    pub fn places(&self) -> Vec<String> {
        let mut all: Vec<String> = self.findings.values().flatten().cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    /// The fingerprints of strong secrets.
    pub fn strong(&self) -> Vec<&str> {
        let all = self.findings.keys().map(|(_, f)| f.as_str());
        all.filter(|f| !f.starts_with("w:")).collect()
    }
}

/// Runs the program, and reads its JSON.
pub fn told(dir: &Path, args: &[&str]) -> Told {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    let run = straykey(dir, &all);
    read(&run.out, run.code, &run.err)
}

/// The same of `ci`, which writes reports to files only.
pub fn told_in_ci(dir: &Path, args: &[&str]) -> Told {
    let out = tempfile::tempdir().expect("a folder");
    let file = out.path().join("report.json");
    let report = format!("json:{}", file.display());
    let all = [&["ci", "--no-summary", "-o", &report], args].concat();
    let run = straykey(dir, &all);
    let json = fs::read_to_string(file).unwrap_or_default();
    read(&json, run.code, &run.err)
}

fn read(json: &str, code: i32, err: &str) -> Told {
    let json: Value = serde_json::from_str(json).unwrap_or_else(|why| {
        panic!("{why}: {json} {err}");
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut findings: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for finding in list(&json["findings"]) {
        let places = list(&finding["occurrences"]);
        let places = places
            .iter()
            .map(|o| format!("{}:{}", text(&o["path"]), o["line"]));
        let key = (text(&finding["pattern"]), text(&finding["fingerprint"]));
        findings.entry(key).or_default().extend(places);
    }
    let skips = list(&json["skips"]);
    let skips = skips
        .iter()
        .map(|s| (text(&s["path"]), text(&s["reason"])))
        .collect();
    Told {
        code,
        findings,
        skips,
        json,
    }
}

/// Writes a file.
pub fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(path, content).expect("written");
}
