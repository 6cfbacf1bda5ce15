//! interim
use straykey::scan::*;
fn main() {
    if std::env::args().nth(1).as_deref() == Some("lanes") {
        for p in straykey::detect::Catalogue::embedded().patterns() {
            println!("{} near={} {:?}", p.id, p.near.len(), p.lane);
        }
        return;
    }
    let mut o = ScanOptions::default();
    let mut show = false;
    for a in std::env::args().skip(1) {
        match a.as_str() {
            "--plain" => o.engine = Engine::Plain,
            "--all" => o.ignored = true,
            "--show" => show = true,
            "--low" => o.least = None,
            _ => o.targets.push(a.into()),
        }
    }
    let r = scan(&o).unwrap();
    if show {
        for f in &r.findings {
            for p in &f.occurrences {
                println!(
                    "{}",
                    serde_json::json!({"path": p.path, "line": p.start.line, "column": p.start.column, "pattern": f.pattern.id, "confidence": f.confidence.word(), "secret": String::from_utf8_lossy(f.secret.expose()), "fingerprint": f.fingerprint.to_string()})
                );
            }
        }
    }
    eprintln!(
        "{} findings, {} files, {} bytes, {:?}, {} patterns, {:?}",
        r.findings.len(),
        r.files,
        r.bytes,
        r.elapsed,
        r.patterns,
        r.notices
    );
}
