//! The folder of a report: what is in it, hashes over everything, and how they are looked at again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::make::{evidence, sha256};
use super::sign::{self, SIGNATURE, SigningKey, Unsigned};
use super::{Facts, markdown};
use crate::reports::escaping::to_json;
use crate::reports::{InventoryFormat, ReportOptions};

/// The file with the hashes of all others, in the form of `sha256sum`.
pub const SUMS: &str = "SHA256SUMS";

/// The biggest file that is looked at again, in bytes.
const MOST: u64 = 4 << 30;

/// The files of a report, by name.
pub type Files = BTreeMap<&'static str, Vec<u8>>;

/// Makes all files of a report.
///
/// # Errors
///
/// If one cannot be made or signed.
pub fn files(facts: &Facts<'_>, key: Option<&SigningKey>) -> io::Result<Files> {
    let mut all = Files::new();
    let plain = ReportOptions::default();
    for (name, format) in [
        ("inventory.json", InventoryFormat::Json),
        ("inventory.csv", InventoryFormat::Csv),
    ] {
        let mut bytes = Vec::new();
        format.write(&facts.inventory, &plain, &mut bytes)?;
        all.insert(name, bytes);
    }
    all.insert("references.txt", references(facts));
    let hashes: Vec<(&'static str, String)> = all
        .iter()
        .map(|(name, bytes)| (*name, sha256(bytes)))
        .collect();
    let report = evidence(facts, &hashes);
    let (mut json, mut text) = (Vec::new(), Vec::new());
    to_json(&report, &mut json)?;
    markdown::write(&report, &mut text)?;
    all.insert("report.json", json);
    all.insert("report.md", text);
    let mut sums = String::new();
    for (name, bytes) in &all {
        let _ = writeln!(sums, "{}  {name}", sha256(bytes));
    }
    if let Some(key) = key {
        let signature = key.sign(sums.as_bytes()).map_err(io::Error::other)?;
        all.insert(SIGNATURE, signature.into_bytes());
    }
    all.insert(SUMS, sums.into_bytes());
    Ok(all)
}

/// Every reference, with what it stands for: repository, id, name.
fn references(facts: &Facts<'_>) -> Vec<u8> {
    let shown = crate::base::escape_controls;
    let mut out = String::new();
    for names in &facts.names {
        for (name, id) in &names.references {
            let _ = writeln!(out, "{}\t{id}\t{}", shown(&names.repository), shown(name));
        }
    }
    out.into_bytes()
}

/// What came of looking at a folder again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many files are as they were written.
    pub whole: usize,
    /// What is not as it should be.
    pub wrong: Vec<String>,
    /// The fingerprint of the key that signed, if its signature holds.
    pub signer: Option<String>,
    /// What could not be checked.
    pub unknown: Vec<String>,
}

/// Looks at the files of a folder again. `public` is the text of the public key that must have signed
/// it, `previous` the folder of the report that it must follow.
///
/// # Errors
///
/// If the hashes cannot be read, or if what is to be held against them cannot.
pub fn check(
    folder: &Path,
    public: Option<&str>,
    previous: Option<&Path>,
) -> Result<Checked, String> {
    let read = |path: &Path| -> Result<Vec<u8>, String> {
        let shown = crate::base::path_text(path).into_owned();
        let size = std::fs::metadata(path)
            .map_err(|e| format!("{shown}: {e}"))?
            .len();
        if size > MOST {
            return Err(format!("{shown}: it is too big"));
        }
        std::fs::read(path).map_err(|e| format!("{shown}: {e}"))
    };
    let mut told = Checked::default();
    let sums = read(&folder.join(SUMS))?;
    let text = String::from_utf8(sums.clone()).map_err(|_| format!("{SUMS} is no text"))?;
    let mut named = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let parts = line.split_once("  ").filter(|(hash, name)| {
            let is_hex = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            is_hex && !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.')
        });
        let (hash, name) = parts.ok_or(format!("{SUMS}:{number}: it does not parse"))?;
        named.insert(name, hash.to_ascii_lowercase());
    }
    for name in [
        "report.json",
        "report.md",
        "inventory.json",
        "inventory.csv",
        "references.txt",
    ] {
        if !named.contains_key(name) {
            told.wrong.push(format!("{name} is not among the hashes"));
        }
    }
    for (name, hash) in &named {
        let path = folder.join(name);
        if !path.exists() {
            told.wrong.push(format!("{name} is not there"));
        } else if sha256(&read(&path)?) == *hash {
            told.whole += 1;
        } else {
            told.wrong.push(format!("{name} is not what was written"));
        }
    }
    let listed = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
    for entry in listed {
        let name = entry.map_err(|e| e.to_string())?.file_name();
        let name = name.to_string_lossy().into_owned();
        if !named.contains_key(&*name) && name != SUMS && name != SIGNATURE {
            told.wrong.push(format!("{name} is no part of the report"));
        }
    }
    let report = read(&folder.join("report.json")).unwrap_or_default();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap_or_default();
    signature(folder, &sums, public, &report, &mut told)?;
    if let Some(previous) = previous {
        let sums = read(&previous.join(SUMS))?;
        if report["integrity"]["previous_sha256"].as_str() != Some(&sha256(&sums)) {
            told.wrong.push("it does not follow that report".to_owned());
        }
    }
    told.wrong.sort();
    Ok(told)
}

fn signature(
    folder: &Path,
    sums: &[u8],
    public: Option<&str>,
    report: &serde_json::Value,
    told: &mut Checked,
) -> Result<(), String> {
    let wanted = public.map(sign::fingerprint).transpose()?;
    let wrong = |why: &str| format!("{SIGNATURE}: {why}");
    match std::fs::read_to_string(folder.join(SIGNATURE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if wanted.is_some() || report["integrity"]["signer"].is_string() {
                told.wrong.push(format!("{SIGNATURE} is not there"));
            }
        }
        Err(_) => told.wrong.push(wrong("it cannot be read")),
        Ok(text) => match sign::signer(sums, &text) {
            Ok(signer) if wanted.as_ref().is_some_and(|w| *w != signer) => {
                told.wrong
                    .push(wrong(&format!("another key made it: {signer}")));
            }
            Ok(signer) => told.signer = Some(signer),
            Err(Unsigned::Wrong(why)) => told.wrong.push(wrong(&why)),
            Err(Unsigned::Unknown(why)) => told.unknown.push(wrong(&why)),
        },
    }
    Ok(())
}
