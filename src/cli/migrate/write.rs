//! Our own files: worked out whole, held against what is there, then written.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use straykey::base::path_text;
use straykey::findings::{Allowance, Allowances, Known};
use straykey::reports::write_atomically;
use straykey::sources::Globs;

use super::node::toml_text;
use super::plan::{Plan, Source};
use super::resolve::Entry;
use super::rules::header;
use super::{Sink, Tree};
use crate::cli::config::Config;
use crate::cli::error::CliError;
use crate::cli::home::{BASELINE, CONFIG, Home, IGNORE, Words as _, shown};

/// The file of carried-over patterns, from the `.straykey` folder.
pub const PATTERNS: &str = "patterns/imported.toml";

/// A file that is to be written.
#[derive(Debug)]
pub struct Output {
    /// Its name from the `.straykey` folder.
    pub name: &'static str,
    /// What is there now.
    pub old: Option<String>,
    /// What will be.
    pub new: String,
    /// What is new in it, in words.
    pub told: String,
    /// Whether what is there would be lost.
    replaces: bool,
}

/// The files of a plan; those that stay as they are, too.
///
/// # Errors
///
/// If a file that is there cannot be read, or is not understood.
pub fn outputs(plan: &mut Plan, entries: &[Entry], tree: &Tree) -> Result<Vec<Output>, CliError> {
    let home = tree.home();
    let mut notices = Vec::new();
    let mut old = |name: &str| -> Result<Option<String>, CliError> {
        let read = home.read(Path::new(name), &mut notices)?;
        Ok(read.map(|(_, text)| text))
    };
    let mut outputs = Vec::new();
    if !plan.rules.is_empty() {
        let patterns = plan.rules.iter().map(|r| r.text.as_str());
        let new = header() + &patterns.collect::<String>();
        let old = old(PATTERNS)?;
        let count = plan.rules.iter().map(|r| r.ids.len()).sum::<usize>();
        outputs.push(Output {
            name: PATTERNS,
            replaces: old.as_ref().is_some_and(|o| *o != new),
            old,
            new,
            told: counted(count, "pattern"),
        });
    }
    for sink in [Sink::Ignore, Sink::Baseline] {
        let mine: Vec<&Entry> = entries.iter().filter(|e| e.sink == sink).collect();
        let output = match sink {
            Sink::Ignore => ignore(&mine, old(IGNORE)?)?,
            Sink::Baseline => baseline(&mine, old(BASELINE)?),
        };
        outputs.extend(output);
    }
    outputs.extend(config(plan, old(CONFIG)?)?);
    if let Some(notice) = notices.into_iter().next() {
        return Err(CliError::new(notice));
    }
    Ok(outputs)
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// Adds lines at the end: nobody sorts these, so that a change is one line of a difference.
fn ignore(entries: &[&Entry], old: Option<String>) -> Result<Option<Output>, CliError> {
    let text = old.clone().unwrap_or_default();
    let known = Allowances::parse(IGNORE, &text).map_err(CliError::all)?;
    let known: BTreeSet<&str> = known
        .entries()
        .iter()
        .map(|e| e.fingerprint.as_str())
        .collect();
    let mut new = if old.is_some() {
        text.clone()
    } else {
        "# Findings that are accepted: FINGERPRINT PATTERN [until=YYYY-MM-DD] REASON\n".to_owned()
    };
    if !new.ends_with('\n') {
        new.push('\n');
    }
    let mut count = 0;
    for entry in entries {
        if known.contains(entry.fingerprint.as_str()) {
            continue;
        }
        let allowance = Allowance {
            fingerprint: entry.fingerprint.clone(),
            pattern: entry.pattern.clone(),
            reason: entry.reason.clone(),
            until: None,
            source: (String::new(), 0),
        };
        let _ = writeln!(new, "{allowance}");
        count += 1;
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let new = if count == 0 { text } else { new };
    Ok(Some(Output {
        name: IGNORE,
        old,
        new,
        told: counted(
            if count == 0 { entries.len() } else { count },
            "accepted finding",
        ),
        replaces: false,
    }))
}

/// Merges sorted lines, one for each fingerprint.
fn baseline(entries: &[&Entry], old: Option<String>) -> Option<Output> {
    if entries.is_empty() {
        return None;
    }
    let text = old.clone().unwrap_or_default();
    let (mut head, mut lines) = (Vec::new(), BTreeSet::new());
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            head.push(line.to_owned());
        } else {
            lines.insert(line.to_owned());
        }
    }
    let known: BTreeSet<&str> = lines
        .iter()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    let fresh = entries
        .iter()
        .filter(|e| !known.contains(e.fingerprint.as_str()));
    let fresh: Vec<String> = fresh
        .map(|e| {
            let known = Known {
                fingerprint: e.fingerprint.clone(),
                pattern: e.pattern.clone(),
                reason: Some(e.reason.clone()),
                files: e.files.clone(),
                line: 0,
            };
            known.to_string()
        })
        .collect();
    let count = fresh.len();
    lines.extend(fresh);
    head.extend(lines);
    let new = if count == 0 {
        text
    } else {
        head.join("\n") + "\n"
    };
    Some(Output {
        name: BASELINE,
        old,
        new,
        told: counted(
            if count == 0 { entries.len() } else { count },
            "known finding",
        ),
        replaces: false,
    })
}

fn config(plan: &mut Plan, old: Option<String>) -> Result<Option<Output>, CliError> {
    let mut globs = Globs::default();
    let mut excludes: Vec<(String, Source)> = Vec::new();
    for (glob, source) in std::mem::take(&mut plan.excludes) {
        if excludes.iter().any(|(g, _)| *g == glob) {
            continue;
        }
        match globs.add(&glob, None) {
            Ok(()) => excludes.push((glob, source)),
            Err(why) => plan.lose(&source, why),
        }
    }
    let mut disable: Vec<(String, Source)> = Vec::new();
    for (id, source) in std::mem::take(&mut plan.disable) {
        if !disable.iter().any(|(known, _)| *known == id) {
            disable.push((id, source));
        }
    }
    let has_patterns = !plan.rules.is_empty();
    if excludes.is_empty() && disable.is_empty() && !has_patterns {
        return Ok(None);
    }
    let told = [
        (!excludes.is_empty()).then(|| counted(excludes.len(), "glob")),
        (!disable.is_empty()).then(|| counted(disable.len(), "disabled pattern")),
        has_patterns.then(|| "1 file of patterns".to_owned()),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    if let Some(old) = &old {
        let known = Config::parse(CONFIG, old)?;
        let has = |list: &[(String, usize)], text: &str| list.iter().any(|(t, _)| t == text);
        let patterns = Path::new(PATTERNS);
        if excludes.iter().all(|(g, _)| has(&known.exclude, g))
            && disable.iter().all(|(id, _)| has(&known.disable, id))
            && (!has_patterns || known.patterns.iter().any(|(p, _)| p == patterns))
        {
            return Ok(Some(Output {
                name: CONFIG,
                new: old.clone(),
                old: Some(old.clone()),
                told: told.join(", "),
                replaces: false,
            }));
        }
    }
    let mut new = format!(
        "# Carried over by `straykey migrate` from {}.\n",
        plan.files.join(", ")
    );
    list(&mut new, "Files that are left out", "exclude", &excludes);
    list(
        &mut new,
        "Patterns whose findings are left out",
        "disable",
        &disable,
    );
    if has_patterns {
        let _ = writeln!(new, "\n# Files of more patterns\npatterns = ['{PATTERNS}']");
    }
    Config::parse(CONFIG, &new)?;
    Ok(Some(Output {
        name: CONFIG,
        replaces: old.is_some(),
        old,
        new,
        told: told.join(", "),
    }))
}

fn list(out: &mut String, what: &str, key: &str, all: &[(String, Source)]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n# {what}\n{key} = [");
    for (text, source) in all {
        let _ = writeln!(out, "    {}, # {source}", toml_text(text));
    }
    out.push_str("]\n");
}

/// Refuses to lose what is there.
///
/// # Errors
///
/// The files that say something else, and what to do.
pub fn refuse_conflicts(outputs: &[Output], tree: &Tree) -> Result<(), CliError> {
    let home = tree.home();
    let there = outputs.iter().filter(|o| o.replaces);
    let lines: Vec<String> = there
        .map(|o| {
            format!(
                "{} is there and says something else: add by hand what --dry-run shows, or \
                 replace it with --force; nothing was written",
                shown(&home.folder.join(o.name))
            )
        })
        .collect();
    if lines.is_empty() {
        Ok(())
    } else {
        Err(CliError::all(lines))
    }
}

/// Writes the files; if one cannot be, those before it become what they were.
///
/// # Errors
///
/// The file that cannot be written.
pub fn write(outputs: &[Output], tree: &Tree) -> Result<(), CliError> {
    let home = tree.home();
    let changed: Vec<&Output> = outputs.iter().filter(|o| o.is_changed()).collect();
    for output in &changed {
        refuse_links(&home, output)?;
    }
    for (done, output) in changed.iter().enumerate() {
        let path = home.folder.join(output.name);
        let result = write_one(&home, &path, &output.new);
        if let Err(error) = result {
            for undo in &changed[..done] {
                let path = home.folder.join(undo.name);
                let _ = match &undo.old {
                    Some(old) => write_one(&home, &path, old),
                    None => fs::remove_file(&path),
                };
            }
            let what = "nothing was changed: cannot write";
            return Err(CliError::file(what, Path::new(&shown(&path)), &error));
        }
    }
    Ok(())
}

impl Output {
    /// Whether anything is to be written.
    pub fn is_changed(&self) -> bool {
        self.old.as_deref() != Some(self.new.as_str())
    }
}

/// The folders on the way and the file itself: no link may lead out of the tree.
fn refuse_links(home: &Home, output: &Output) -> Result<(), CliError> {
    let path = home.folder.join(output.name);
    let mut at: Option<&Path> = Some(&path);
    while let Some(here) = at.filter(|p| p.starts_with(&home.folder)) {
        home.refuse_outside(here)?;
        // A link to nothing cannot be followed, and would be written through.
        let is_link = fs::symlink_metadata(here).is_ok_and(|m| m.file_type().is_symlink());
        if is_link && here.canonicalize().is_err() {
            let what = "is a link to nothing, and is not followed";
            return Err(CliError::new(format!("{} {what}", shown(here))));
        }
        at = here.parent();
    }
    Ok(())
}

fn write_one(home: &Home, path: &PathBuf, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(&home.folder))?;
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(std::io::Error::other("it is no regular file"));
    }
    write_atomically(path, |out| out.write_all(text.as_bytes()))
}

/// The name of a file below `.straykey`, as messages show it.
pub fn name_of(tree: &Tree, output: &Output) -> String {
    path_text(Path::new(&shown(&tree.home().folder.join(output.name)))).into_owned()
}
