//! What the systems are told: nothing that somebody wrote into a file, a file's name or a branch's
//! may be taken for a command of theirs, nor for markup.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use straykey::base::{escape_controls, path_text};
use straykey::findings::Accepted;

use super::system::{Env, System};
use crate::cli::error::CliError;

/// GitHub shows no summary above 1 MiB; some room is left for other words of the same step.
const SUMMARY: u64 = 900 << 10;

/// A text for a log, in which no line is a command: of GitHub's those that begin with `::` (blanks
/// before it do not count) and `##[` anywhere; of Azure's `##vso[` anywhere.
pub fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let start = line.len() - line.trim_start().len();
        let (blanks, rest) = line.split_at(start);
        out.push_str(blanks);
        if rest.starts_with("::") {
            out.push_str("| ");
        }
        let mut last = ' ';
        for c in rest.chars() {
            // Of each two signs that would be one mark, a blank between.
            if c == '#' && last == '#' {
                out.push(' ');
            }
            out.push(c);
            last = c;
        }
    }
    out
}

/// An error as the system shows it beside the run, if it has a way.
pub fn error_line(system: System, message: &str) -> Option<String> {
    let plain = guarded(&escape_controls(message));
    let cut: String = plain.chars().take(1_000).collect();
    match system {
        System::GitHub => {
            let message = cut.replace('%', "%25");
            Some(format!("::error title=straykey::{message}"))
        }
        System::Azure => {
            let message = cut.replace('%', "%AZP25");
            Some(format!("##vso[task.logissue type=error]{message}"))
        }
        _ => None,
    }
}

/// Where an accepted finding stands first, what accepts it and why, for a person.
pub fn accepted_line(accepted: &Accepted) -> [String; 4] {
    let finding = &accepted.finding;
    let place = finding.occurrences.first().map_or(String::new(), |o| {
        format!("{}:{}", path_text(&o.path), o.start.line)
    });
    [
        place,
        format!("{} {}", finding.pattern.id, finding.fingerprint.short()),
        accepted.by.clone(),
        accepted.reason.clone().unwrap_or_default(),
    ]
}

/// Adds to the summary of the job.
///
/// # Errors
///
/// If it cannot be written.
pub fn summarize(env: &Env, head: &str, body: &str) -> Result<(), CliError> {
    let Some(path) = env.get("GITHUB_STEP_SUMMARY") else {
        return Ok(());
    };
    let path = Path::new(path);
    let used = std::fs::metadata(path).map_or(0, |m| m.len());
    let room = SUMMARY
        .saturating_sub(used)
        .saturating_sub(head.len() as u64) as usize;
    let mut whole = head.to_owned();
    if body.len() <= room {
        whole.push_str(body);
    } else {
        let mut end = room.min(body.len());
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        let end = body[..end].rfind('\n').map_or(0, |i| i + 1);
        whole.push_str(
            "The rest is in the log and in the reports: it is too long for a summary.\n\n",
        );
        whole.push_str(&body[..end]);
    }
    append(path, &whole)
}

/// Sets the outputs of the step.
///
/// # Errors
///
/// If they cannot be written.
pub fn outputs(env: &Env, values: &[(&str, String)]) -> Result<(), CliError> {
    let Some(path) = env.get("GITHUB_OUTPUT") else {
        return Ok(());
    };
    let mut text = String::new();
    for (name, value) in values {
        // A value may have lines; the word that ends it is none of them.
        let mut number = 0u64;
        let mut end = "straykey".to_owned();
        while value.split(['\n', '\r']).any(|line| line == end) {
            number += 1;
            end = format!("straykey{number}");
        }
        let _ = write!(text, "{name}<<{end}\n{value}\n{end}\n");
    }
    append(Path::new(path), &text)
}

fn append(path: &Path, text: &str) -> Result<(), CliError> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| CliError::file("cannot write", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_guarded_text_is_a_command() {
        for (text, told) in [
            ("::error::x\n", "| ::error::x\n"),
            ("  \t::add-mask::x", "  \t| ::add-mask::x"),
            ("a ::error::x", "a ::error::x"),
            ("a ##[error]x", "a # #[error]x"),
            ("##vso[task.complete]", "# #vso[task.complete]"),
            ("####[x", "# # # #[x"),
            ("\u{a0}::x::", "\u{a0}| ::x::"),
            ("plain # one\n", "plain # one\n"),
        ] {
            assert_eq!(guarded(text), told);
        }
    }

    #[test]
    fn an_error_is_one_command() {
        let told = error_line(System::GitHub, "50% of\n::stop-commands::x\r##[x]");
        let told = told.unwrap_or_default();
        assert_eq!(told.lines().count(), 1);
        assert_eq!(
            told,
            "::error title=straykey::50%25 of\\n::stop-commands::x\\r# #[x]"
        );
        assert!(error_line(System::Plain, "x").is_none());
    }
}
