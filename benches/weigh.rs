//! What `benches/generic/train.py` learns from: each assignment below a folder that reached the
//! weighing, one JSON object a line, with its answers and without its value.
//!
//! `cargo bench --bench weigh -- FOLDER`

use std::io::{self, Write};
use std::path::PathBuf;

use straykey::detect::{Outcome, Rejection};
use straykey::scan::{ScanOptions, explain};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let Some(folder) = folder else {
        // `cargo test --benches` calls it with nothing to read.
        return Ok(());
    };
    let options = ScanOptions {
        targets: vec![PathBuf::from(folder)],
        ignored: true,
        ..ScanOptions::default()
    };
    let (explained, _) = explain(&options)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for one in explained {
        let Some(weighed) = one.judged.weighed else {
            continue;
        };
        let outcome = match &one.judged.outcome {
            Outcome::Match => "match",
            Outcome::Rejected(Rejection::Unlikely(_)) => "unlikely",
            Outcome::Rejected(_) => "rejected",
            Outcome::Allowed(_) => "allowed",
        };
        let answers: Vec<&str> = weighed.names().collect();
        let line = serde_json::json!({
            "path": one.path.to_string_lossy(),
            "line": one.start.line,
            "column": one.start.column,
            "length": one.judged.secret.len(),
            "pattern": one.judged.pattern.id,
            "password": weighed.is_password(),
            "outcome": outcome,
            "probability": weighed.probability(),
            "answers": answers,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
