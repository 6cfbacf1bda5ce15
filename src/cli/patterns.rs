//! `straykey patterns`: list, show, check, test.

mod test;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use straykey::base::escape_controls;
use straykey::detect::patterns::{self, Checksum, Pattern, Sampler, sample_match};
use straykey::detect::{Catalogue, ProofOptions};

use super::args::{PatternsArgs, PatternsCommand};
use super::error::CliError;
use super::exit::Exit;
use super::home::read_named;
use super::output::to_stdout;
use super::settings::{add, unknown_pattern};

/// Runs the command.
pub fn run(args: &PatternsArgs) -> Result<Exit, CliError> {
    match &args.command {
        PatternsCommand::List { filter, patterns } => {
            let catalogue = catalogue(patterns)?;
            to_stdout(|out| list(&catalogue, filter.as_deref().unwrap_or(""), out))?;
        }
        PatternsCommand::Show { id, patterns } => {
            let catalogue = catalogue(patterns)?;
            let pattern = catalogue.get(id);
            let pattern = pattern.ok_or_else(|| CliError::new(unknown_pattern(&catalogue, id)))?;
            to_stdout(|out| show(pattern, out))?;
        }
        PatternsCommand::Check { files } => check(files)?,
        PatternsCommand::Test {
            ids,
            patterns,
            seed,
            examples,
            format,
            threads,
        } => {
            let options = ProofOptions {
                seed: *seed,
                examples: usize::from(*examples),
            };
            return test::run(&catalogue_of(patterns)?, ids, options, *format, *threads);
        }
    }
    Ok(Exit::Clean)
}

fn catalogue(files: &[PathBuf]) -> Result<Catalogue, CliError> {
    let mut catalogue = Catalogue::embedded();
    for file in files {
        add(&mut catalogue, &file.to_string_lossy(), &read_named(file)?)?;
    }
    Ok(catalogue)
}

/// The same, where a folder stands for its files.
fn catalogue_of(paths: &[PathBuf]) -> Result<Catalogue, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |e| CliError::file("cannot read", path, &e);
        let entries = fs::read_dir(path).map_err(unreadable)?;
        let mut inner = entries
            .map(|entry| entry.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(unreadable)?;
        inner.retain(|p| p.extension().is_some_and(|e| e == "toml"));
        inner.sort();
        files.append(&mut inner);
    }
    catalogue(&files)
}

fn list(catalogue: &Catalogue, filter: &str, out: &mut dyn Write) -> io::Result<()> {
    let filter = filter.to_lowercase();
    let asked = |p: &&&Pattern| p.id.contains(&filter) || p.name.to_lowercase().contains(&filter);
    let found: Vec<_> = catalogue.patterns().iter().filter(asked).collect();
    let width = found.iter().map(|p| p.id.len()).max().unwrap_or(0);
    for p in &found {
        let (severity, sure) = (p.severity.word(), p.confidence.word());
        writeln!(
            out,
            "{:width$}  {severity:8}  {sure:6}  {}",
            p.id,
            escape_controls(p.name)
        )?;
    }
    Ok(())
}

fn show(p: &Pattern, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |key: &str, value: &str| -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        writeln!(out, "{key:12} {}", escape_controls(value))
    };
    line("id", p.id)?;
    line("name", p.name)?;
    line("provider", p.provider_name)?;
    line("site", p.site)?;
    line("opens", p.description)?;
    line("status", p.status.word())?;
    line("class", p.class.word())?;
    line("severity", p.severity.word())?;
    line("confidence", p.confidence.word())?;
    line("lifetime", p.lifetime.word())?;
    line(
        "rotate",
        &format!("every {} days at least", p.rotation_days),
    )?;
    let [before, secret, after] = p.expression;
    line("before", before)?;
    line("secret", secret)?;
    line("after", after)?;
    line("near", &p.near.join(", "))?;
    line("names", &p.names.join(", "))?;
    if p.randomness > 0.0 {
        line(
            "randomness",
            &format!("{} bits a character at least", p.randomness),
        )?;
    }
    if p.checksum != Checksum::None {
        line("checksum", p.checksum.word())?;
    }
    for part in p.parts {
        let needed = if part.required { " (needed)" } else { "" };
        line(
            "part",
            &format!("{}{needed}: {}", part.name, part.expression),
        )?;
    }
    let (example, _) = sample_match(p, &mut Sampler::new(1));
    line("example", &String::from_utf8_lossy(&example))?;
    line("revoke", p.revoke)?;
    line("instead", p.replace)?;
    line("nhi", &p.nhi.join(", "))?;
    let cwe: Vec<String> = p.cwe.iter().map(|n| format!("CWE-{n}")).collect();
    line("cwe", &cwe.join(", "))?;
    for source in p.sources {
        line("source", source)?;
    }
    Ok(())
}

/// Checks files, each together with the embedded catalogue and those before it.
fn check(files: &[PathBuf]) -> Result<(), CliError> {
    let mut catalogue = Catalogue::embedded();
    let mut errors: Vec<String> = Vec::new();
    let mut good = Vec::new();
    for file in files {
        let name = file.to_string_lossy();
        let text = match read_named(file) {
            Ok(text) => text,
            Err(error) => {
                errors.extend_from_slice(error.lines());
                continue;
            }
        };
        // What the build asks of the files it embeds is more than what a scan asks of a file; but a
        // file of one's own may be called as one likes.
        let told = patterns::parse(&name, None, &text).and_then(|list| match list.first() {
            Some(one) => patterns::parse(&name, Some(one.provider), &text).map(drop),
            None => Ok(()),
        });
        if let Err(found) = told {
            errors.extend(found.iter().map(ToString::to_string));
            continue;
        }
        match catalogue.add_file(&name, &text) {
            Ok(count) => good.push((name.into_owned(), count)),
            Err(found) => errors.extend(found.iter().map(ToString::to_string)),
        }
    }
    to_stdout(|out| {
        for (name, count) in &good {
            let s = if *count == 1 { "" } else { "s" };
            writeln!(
                out,
                "{}: {count} pattern{s}, all right",
                escape_controls(name)
            )?;
        }
        Ok(())
    })?;
    if errors.is_empty() {
        Ok(())
    } else {
        Err(CliError::all(errors))
    }
}
