//! Asks a person, at the terminal itself: what standard input holds may have been written by anybody.

use straykey::findings::Finding;
use straykey::verify::Verified;

use crate::cli::error::CliError;

/// Whether a person at the terminal says that it is to be revoked.
///
/// # Errors
///
/// If there is no terminal.
#[cfg(unix)]
pub fn confirm(finding: &Finding, before: &Verified, warning: &str) -> Result<bool, CliError> {
    use std::io::{Read as _, Write as _};

    use straykey::base::{escape_controls, path_text};
    use straykey::reports::verdict_lines;

    let none = |_| {
        CliError::new("there is no terminal: a person has to confirm, and standard input is none")
    };
    let mut terminal = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(none)?;
    let short = finding.fingerprint.short();
    let places = finding.occurrences.iter().take(5);
    let places: Vec<String> = places
        .map(|p| format!("{}:{}", path_text(&p.path), p.start.line))
        .collect();
    let mut lines = vec![format!(
        "{short}  {}  {}",
        finding.pattern.id, finding.masked
    )];
    lines.extend(verdict_lines(before).iter().map(|line| format!("  {line}")));
    lines.push(format!(
        "  stands in {} places: {}",
        finding.occurrences.len(),
        escape_controls(&places.join(", "))
    ));
    if !warning.is_empty() {
        lines.push(format!("  beware: {warning}"));
    }
    lines.push(
        "  It cannot be undone: whatever uses it stops working. Is its successor in use?".into(),
    );
    lines.push(format!("type {short} to revoke it: "));
    let text = lines.join("\n");
    terminal.write_all(text.as_bytes()).map_err(none)?;
    terminal.flush().map_err(none)?;
    forget(&terminal);
    // A line, and no more of it than can be right.
    let mut typed = Vec::new();
    let mut byte = [0];
    while typed.len() < 64 && terminal.read(&mut byte).map_err(none)? == 1 && byte[0] != b'\n' {
        typed.push(byte[0]);
    }
    Ok(typed.trim_ascii() == short.as_bytes())
}

/// Forgets what was typed before the question could be read.
#[cfg(unix)]
fn forget(terminal: &std::fs::File) {
    use rustix::termios::{QueueSelector, tcflush};
    let _ = tcflush(terminal, QueueSelector::IFlush);
}

/// Whether a person at the terminal says that it is to be revoked.
///
/// # Errors
///
/// Here always: the terminal cannot be asked on this system.
#[cfg(not(unix))]
pub fn confirm(_: &Finding, _: &Verified, _: &str) -> Result<bool, CliError> {
    Err(CliError::new(
        "on this system the terminal itself cannot be asked: follow the steps of the dry run",
    ))
}
