//! Settings: what the arguments and the configuration mean together, worked out once.

use std::path::{Path, PathBuf};

use straykey::base::{Stop, path_text, quote};
use straykey::detect::Catalogue;
use straykey::detect::patterns::{Confidence, Severity};
use straykey::findings::{Allowances, Baseline};
use straykey::scan::{Exclude, ScanOptions};

use super::args::Look;
use super::config::Config;
use super::error::{CliError, suggestion};
use super::home::{BASELINE, CONFIG, Home, IGNORE, Words, read_named};

/// More threads than this help nobody, and the system may refuse them.
pub const THREADS: usize = 256;

/// What a scan is to do.
#[derive(Debug)]
pub struct Settings {
    /// For the library.
    pub options: ScanOptions,
    /// The least severity that fails.
    pub severity: Severity,
    /// Things a person should know, from before the scan.
    pub notices: Vec<String>,
}

impl Settings {
    /// Joins the arguments with the configuration of the targets. An argument wins over the
    /// configuration where both choose, and adds to it where both list.
    ///
    /// # Errors
    ///
    /// Whatever in either cannot be followed.
    pub fn resolve(
        look: &Look,
        targets: Vec<PathBuf>,
        confidence: Option<Confidence>,
    ) -> Result<Self, CliError> {
        let home = home(look, &targets)?;
        let home = home.as_ref().map(|home| home as &dyn Words);
        Self::with(look, home, targets, confidence)
    }

    /// The same with a configuration from `home`, wherever the targets are.
    ///
    /// # Errors
    ///
    /// Whatever in either cannot be followed.
    pub fn with(
        look: &Look,
        home: Option<&dyn Words>,
        targets: Vec<PathBuf>,
        confidence: Option<Confidence>,
    ) -> Result<Self, CliError> {
        let mut notices = Vec::new();
        let mut catalogue = Catalogue::embedded();
        let mut exclude: Vec<Exclude> = Vec::new();
        let mut disable: Vec<(String, String)> = Vec::new();
        let mut allowances = Allowances::default();
        let mut baseline = Baseline::default();
        let mut least = None;
        let mut severity = None;
        if let Some(home) = home {
            if let Some((file, text)) = home.read(Path::new(CONFIG), &mut notices)? {
                let config = Config::parse(&file, &text)?;
                let place = |line| format!("{file}:{line}");
                let all = config.exclude.iter();
                exclude.extend(all.map(|(glob, line)| home.exclude(glob, place(*line))));
                disable.extend(config.disable.into_iter().map(|(id, l)| (id, place(l))));
                for (name, line) in &config.patterns {
                    if let Some((file, text)) = home.patterns(name, &place(*line), &mut notices)? {
                        add(&mut catalogue, &file, &text)?;
                    }
                }
                least = config.confidence;
                severity = config.severity;
            }
            if let Some((file, text)) = home.read(Path::new(IGNORE), &mut notices)? {
                allowances = Allowances::parse(&file, &text).map_err(CliError::all)?;
                let all = allowances.paths().iter();
                let place = |line| format!("{file}:{line}");
                exclude.extend(all.map(|(glob, line)| home.exclude(glob, place(*line))));
            }
            if let Some((file, text)) = home.read(Path::new(BASELINE), &mut notices)? {
                baseline = Baseline::parse(&file, &text).map_err(CliError::all)?;
            }
        }
        for path in &look.sought.patterns {
            let text = read_named(path)?;
            add(&mut catalogue, &path.to_string_lossy(), &text)?;
        }
        exclude.extend(look.sought.exclude.iter().map(|glob| Exclude {
            glob: glob.clone(),
            base: None,
            source: "--exclude".into(),
        }));
        disable.extend(
            look.sought
                .disable
                .iter()
                .map(|id| (id.clone(), "--disable".into())),
        );
        only(&mut catalogue, &look.sought.only)?;
        let options = ScanOptions {
            targets,
            ignored: look.no_ignore,
            threads: look.threads.min(THREADS),
            catalogue,
            engine: look.engine.0,
            least: Some(confidence.or(least).unwrap_or(Confidence::Medium)),
            allowances,
            baseline,
            exclude,
            disable,
            find: None,
            stop: Stop::default(),
            progress: None,
        };
        Ok(Self {
            options,
            severity: severity.unwrap_or(Severity::Medium),
            notices,
        })
    }
}

fn home(look: &Look, targets: &[PathBuf]) -> Result<Option<Home>, CliError> {
    match &look.config {
        _ if look.no_config => Ok(None),
        None => Home::of(targets),
        Some(named) => {
            let wrong = |e| CliError::file("cannot read configuration from", named, &e);
            let folder = named.canonicalize().map_err(wrong)?;
            let Some(base) = folder.parent().filter(|_| folder.is_dir()) else {
                return Err(CliError::new(format!(
                    "--config {}: a .straykey folder is meant",
                    path_text(named)
                )));
            };
            let base = base.to_owned();
            Ok(Some(Home {
                folder,
                base,
                named: true,
            }))
        }
    }
}

/// Adds the patterns of a file.
pub fn add(catalogue: &mut Catalogue, name: &str, text: &str) -> Result<(), CliError> {
    match catalogue.add_file(name, text) {
        Ok(_) => Ok(()),
        Err(errors) => Err(CliError::all(errors)),
    }
}

/// Keeps the named patterns only, if any are named.
///
/// # Errors
///
/// If a name names none.
pub fn only(catalogue: &mut Catalogue, ids: &[String]) -> Result<(), CliError> {
    if ids.is_empty() {
        return Ok(());
    }
    let names = |id: &str, pattern: &str, provider: &str| {
        id == pattern || id.strip_suffix(".*") == Some(provider)
    };
    for id in ids {
        let known = catalogue.patterns();
        if !known.iter().any(|p| names(id, p.id, p.provider)) {
            return Err(CliError::new(unknown_pattern(catalogue, id)));
        }
    }
    catalogue.retain(|p| ids.iter().any(|id| names(id, p.id, p.provider)));
    Ok(())
}

/// Says that nothing has an id, and what may have been meant.
pub fn unknown_pattern(catalogue: &Catalogue, id: &str) -> String {
    let near = suggestion(id, catalogue.patterns().iter().map(|p| p.id));
    let id = quote(id);
    format!("no pattern is called '{id}'{near}; see: straykey patterns list")
}
