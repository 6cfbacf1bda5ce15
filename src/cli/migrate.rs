//! `straykey migrate`: carries over what other scanners' files say.
//!
//! Each sort of file is read by one module into a [`Plan`]; accepted places and values become
//! findings of the tree as it is ([`resolve`]); then our own files are worked out whole and written
//! ([`write`]). What cannot be carried over is named with its file, line and reason, and ends with 1:
//! nobody should believe that a gate is set up which is not.
//!
//! The files come with a repository and may be hostile. Nothing of them is run; they are bounded in
//! size and depth, and no link out of the tree is followed.

mod allowed;
mod detect_secrets;
mod edges;
mod expression;
mod gitguardian;
mod gitleaks;
mod globs;
mod go;
mod names;
mod node;
mod places;
mod plan;
mod print;
mod resolve;
mod ripsecrets;
mod rules;
mod trufflehog;
mod write;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use straykey::base::{escape_controls, path_text};
use straykey::detect::Catalogue;
use straykey::sources::top_of;

use super::args::{MigrateArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::home::{Home, Words as _, read_named};
use super::output::to_stdout;
use node::{Node, Wrong};
use plan::{Plan, Sink, Source, at};

/// What is looked for at the top of the tree.
const FOUND: &[&str] = &[
    ".gitleaks.toml",
    ".gitleaksignore",
    ".secrets.baseline",
    ".secretsignore",
    ".gitguardian.yaml",
    ".gitguardian.yml",
];

/// How many things are told of one sort without -v.
const TOLD: usize = 200;

/// The tree whose files are carried over.
pub struct Tree {
    /// Its top, canonical.
    pub top: PathBuf,
    /// Texts that were read.
    texts: RefCell<HashMap<String, Option<Rc<str>>>>,
}

impl Tree {
    fn at(path: &Path) -> Result<Self, CliError> {
        let wrong = |e| CliError::file("cannot find", path, &e);
        let folder = path.canonicalize().map_err(wrong)?;
        if !folder.is_dir() {
            let what = "a folder is meant; a file is named with --from";
            return Err(CliError::new(format!("{}: {what}", path_text(path))));
        }
        let top = top_of(&folder).unwrap_or(&folder).to_owned();
        Ok(Self {
            top,
            texts: RefCell::default(),
        })
    }

    /// Where our own files are.
    pub fn home(&self) -> Home {
        Home::at(&self.top)
    }

    /// A file of the tree: the text, `None` if it is not there.
    fn read(&self, name: &str) -> Result<Option<String>, CliError> {
        let files = Home {
            folder: self.top.clone(),
            base: self.top.clone(),
            named: false,
        };
        let mut notices = Vec::new();
        let read = files.read(Path::new(name), &mut notices)?;
        match notices.into_iter().next() {
            Some(notice) => Err(CliError::new(notice)),
            None => Ok(read.map(|(_, text)| text)),
        }
    }

    /// The text of a file of the tree, if it can be read.
    pub fn text(&self, name: &str) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(name) {
            return known.clone();
        }
        let text = self.read(name).ok().flatten().map(Rc::from);
        self.texts
            .borrow_mut()
            .insert(name.to_owned(), text.clone());
        text
    }

    /// Whether something is at a path from the top.
    pub fn has(&self, path: &str) -> bool {
        self.top.join(path).symlink_metadata().is_ok()
    }

    /// A path that a scan of the tree told, from the top.
    pub fn inner(&self, path: &Path) -> String {
        resolve::slashed(path.strip_prefix(&self.top).unwrap_or(path))
    }
}

/// Runs the command.
pub fn run(args: &MigrateArgs, how: Tell) -> Result<Exit, CliError> {
    let here = PathBuf::from(".");
    let tree = Tree::at(args.path.as_ref().unwrap_or(&here))?;
    let mut plan = Plan::default();
    read_all(&mut plan, &tree, &args.from)?;
    let mut catalogue = Catalogue::embedded();
    let patterns = plan.rules.iter().map(|r| r.text.as_str());
    let patterns = rules::header() + &patterns.collect::<String>();
    if !plan.rules.is_empty() {
        catalogue
            .add_file(write::PATTERNS, &patterns)
            .map_err(CliError::all)?;
    }
    let entries = resolve::resolve(&mut plan, &tree, catalogue)?;
    let outputs = write::outputs(&mut plan, &entries, &tree)?;
    let writes = !args.dry_run && !args.check;
    if writes {
        if !args.force {
            write::refuse_conflicts(&outputs, &tree)?;
        }
        write::write(&outputs, &tree)?;
    }
    to_stdout(|out| {
        let files = plan.files.join(", ");
        writeln!(out, "read: {}", escape_controls(&files))?;
        for output in &outputs {
            let name = write::name_of(&tree, output);
            let done = match (output.is_changed(), writes) {
                (false, _) => "has it all",
                (true, true) => "written",
                (true, false) => "would be written",
            };
            writeln!(out, "{}: {done}: {}", escape_controls(&name), output.told)?;
            if args.dry_run && output.is_changed() {
                for line in output.new.lines() {
                    writeln!(out, "  {}", escape_controls(line))?;
                }
            }
        }
        if outputs.is_empty() {
            writeln!(out, "nothing to write")?;
        }
        let most = if how.verbose { usize::MAX } else { TOLD };
        if !how.quiet {
            told(out, "carried over, and different", &plan.differs, most)?;
        }
        told(out, "not carried over", &plan.lost, most)
    })?;
    Ok(if plan.lost.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

fn told(
    out: &mut dyn Write,
    what: &str,
    all: &BTreeSet<(Source, String)>,
    most: usize,
) -> std::io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{what}: {}", all.len())?;
    for (source, why) in all.iter().take(most) {
        let line = format!("{source}: {why}");
        writeln!(out, "  {}", escape_controls(&line))?;
    }
    if all.len() > most {
        writeln!(out, "  and {} more: -v tells all", all.len() - most)?;
    }
    Ok(())
}

fn read_all(plan: &mut Plan, tree: &Tree, named: &[PathBuf]) -> Result<(), CliError> {
    for path in named {
        let text = read_named(path)?;
        let file = path_text(path).into_owned();
        one(plan, tree, &file, &text)?;
    }
    if named.is_empty() {
        for name in FOUND {
            if let Some(text) = tree.read(name)? {
                one(plan, tree, name, &text)?;
            }
        }
        if plan.files.is_empty() {
            return Err(CliError::new(format!(
                "nothing to carry over at the top of this tree; looked for {}; others are named \
                 with --from FILE",
                FOUND.join(", ")
            )));
        }
    }
    Ok(())
}

/// Reads one file; its name says what it is, else what is in it.
fn one(plan: &mut Plan, tree: &Tree, file: &str, text: &str) -> Result<(), CliError> {
    plan.files.push(file.to_owned());
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let ends = |end: &str| name.to_ascii_lowercase().ends_with(end);
    let folder = tree.top.file_name().unwrap_or_default().to_string_lossy();
    if ends("gitleaksignore") {
        places::gitleaksignore(plan, file, text);
    } else if ends("secretsignore") {
        ripsecrets::read(plan, file, text);
    } else if ends(".toml") {
        gitleaks::read(plan, tree, file, text)?;
    } else if text.trim_start().starts_with(['{', '[']) {
        let root = parsed(file, node::json(text))?;
        if detect_secrets::is_baseline(&root) {
            detect_secrets::read(plan, file, &root);
        } else if places::is_gitleaks_report(&root) {
            places::gitleaks_report(plan, file, &root);
        } else {
            return Err(unknown(file));
        }
    } else if text.trim() == "null" && ends(".json") {
        // A report without findings, as older versions write it.
    } else {
        let root = parsed(file, node::yaml(text))?;
        if trufflehog::is_config(&root) {
            trufflehog::read(plan, file, &root);
        } else if places::is_kingfisher(&root) {
            places::kingfisher(plan, file, &root, &folder);
        } else if ends("gitguardian.yaml") || ends("gitguardian.yml") {
            gitguardian::read(plan, file, &root);
        } else {
            return Err(unknown(file));
        }
    }
    Ok(())
}

fn unknown(file: &str) -> CliError {
    CliError::new(format!(
        "{file}: this is no file that can be carried over; see: straykey migrate --help"
    ))
}

/// The tree of a file, or what is wrong with it.
fn parsed(file: &str, read: Result<Node, Wrong>) -> Result<Node, CliError> {
    read.map_err(|(line, why)| CliError::new(format!("{}: {why}", at(file, line))))
}
