//! `straykey patterns test`: proves patterns, and tells what does not hold.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Serialize;
use straykey::detect::{Catalogue, Proof, ProofOptions, Prover, Scratch};

use crate::cli::args::ProofFormat;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::to_stdout;
use crate::cli::settings::only;

/// How many styles of a fault are told to people.
const STYLES: usize = 3;

/// Runs the command.
///
/// # Errors
///
/// If an id names no pattern.
pub fn run(
    catalogue: &Catalogue,
    ids: &[String],
    options: ProofOptions,
    format: ProofFormat,
    threads: usize,
) -> Result<Exit, CliError> {
    let mut asked = catalogue.clone();
    only(&mut asked, ids)?;
    let proofs = prove(catalogue, &asked, options, threads);
    to_stdout(|out| match format {
        ProofFormat::Human => human(&proofs, options, out),
        ProofFormat::Json => json(&proofs, options, out),
    })?;
    Ok(if proofs.iter().all(Proof::holds) {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// Proves the patterns of one catalogue against those of another, in the order of their ids.
fn prove(
    against: &Catalogue,
    asked: &Catalogue,
    options: ProofOptions,
    threads: usize,
) -> Vec<Proof> {
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    let prover = Prover::new(against, options);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut scratch = Scratch::default();
        let mut proofs = Vec::new();
        while let Some(pattern) = asked.patterns().get(next.fetch_add(1, Ordering::Relaxed)) {
            proofs.push(prover.prove(pattern, &mut scratch));
        }
        proofs
    };
    let mut proofs: Vec<Proof> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let join = |w: thread::ScopedJoinHandle<'_, Vec<Proof>>| match w.join() {
            Ok(proofs) => proofs,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().flat_map(join).collect()
    });
    proofs.sort_by_key(|p| p.id);
    proofs
}

fn human(proofs: &[Proof], options: ProofOptions, out: &mut dyn Write) -> io::Result<()> {
    for proof in proofs.iter().filter(|p| !p.holds()) {
        writeln!(out, "{}", proof.id)?;
        for fault in &proof.faults {
            let shown: Vec<&str> = fault.styles.iter().take(STYLES).copied().collect();
            let styles = match fault.styles.len().saturating_sub(STYLES) {
                0 => shown.join(", "),
                more => format!("{} and {more} more", shown.join(", ")),
            };
            let place = if styles.is_empty() {
                styles
            } else {
                format!(" ({styles})")
            };
            writeln!(out, "  {}: {}{place}", fault.property.word(), fault.told)?;
        }
    }
    let texts: usize = proofs.iter().map(|p| p.texts).sum();
    let wrong = proofs.iter().filter(|p| !p.holds()).count();
    let s = if proofs.len() == 1 { "" } else { "s" };
    let verdict = match wrong {
        0 => "all hold".to_owned(),
        1 => "1 does not hold".to_owned(),
        n => format!("{n} do not hold"),
    };
    writeln!(
        out,
        "{} pattern{s}, {texts} texts, seed {}: {verdict}",
        proofs.len(),
        options.seed
    )
}

/// The document for machines.
#[derive(Serialize)]
struct Document<'a> {
    seed: u64,
    examples: usize,
    patterns: usize,
    texts: usize,
    wrong: usize,
    proofs: Vec<Told<'a>>,
}

/// One pattern of it.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    holds: bool,
    texts: usize,
    ruled_out: &'a [&'static str],
    faults: Vec<ToldFault<'a>>,
}

/// One fault of a pattern.
#[derive(Serialize)]
struct ToldFault<'a> {
    property: &'a str,
    styles: &'a [&'static str],
    told: &'a str,
}

fn told(p: &Proof) -> Told<'_> {
    Told {
        id: p.id,
        holds: p.holds(),
        texts: p.texts,
        ruled_out: &p.ruled_out,
        faults: p
            .faults
            .iter()
            .map(|f| ToldFault {
                property: f.property.word(),
                styles: &f.styles,
                told: &f.told,
            })
            .collect(),
    }
}

fn json(proofs: &[Proof], options: ProofOptions, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        seed: options.seed,
        examples: options.examples,
        patterns: proofs.len(),
        texts: proofs.iter().map(|p| p.texts).sum(),
        wrong: proofs.iter().filter(|p| !p.holds()).count(),
        proofs: proofs.iter().map(told).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
