//! `straykey explain`: for each candidate, which pattern looked at it and what became of it.

use std::io::{self, Write};
use std::path::PathBuf;

use straykey::base::{escape_controls, path_text};
use straykey::detect::{Outcome, decoded_from};
use straykey::scan::Explained;

use super::args::ExplainArgs;
use super::error::CliError;
use super::exit::Exit;
use super::output::to_stdout;
use super::settings::Settings;
use super::staged;
use super::tell;

/// How many reasons for a weight are told.
const REASONS: usize = 6;

/// What is to be explained.
#[derive(Debug, PartialEq, Eq)]
enum What {
    Line(PathBuf, u64),
    Fingerprint(String),
}

/// Runs the command.
pub fn run(args: &ExplainArgs) -> Result<Exit, CliError> {
    let what = read(&args.what)?;
    let targets = match &what {
        What::Line(path, _) => vec![path.clone()],
        What::Fingerprint(_) if args.paths.is_empty() => vec![PathBuf::from(".")],
        What::Fingerprint(_) => args.paths.clone(),
    };
    let settings = Settings::resolve(&args.look, targets, None)?;
    let (explained, result) = straykey::scan::explain(&settings.options)?;
    let asked = |one: &&Explained| match &what {
        What::Line(_, line) => (one.start.line..=one.end_line).contains(line),
        What::Fingerprint(typed) => one.fingerprint.matches(typed),
    };
    let mut found: Vec<&Explained> = explained.iter().filter(asked).collect();
    let staged;
    if let (What::Fingerprint(_), true) = (&what, found.is_empty()) {
        // Whoever was stopped at a commit may have it in the index alone.
        let options = staged::options_here(&settings.options);
        staged = straykey::scan::explain_staged(&options).map_or_else(|_| Vec::new(), |e| e.0);
        found = staged.iter().filter(asked).collect();
    }
    to_stdout(|out| {
        for one in &found {
            write(one, out)?;
        }
        if found.is_empty() {
            nothing(&what, result.patterns, out)?;
        }
        Ok(())
    })?;
    for notice in &settings.notices {
        tell(&format!("notice: {notice}"));
    }
    for skip in result.skips.iter().filter(|s| s.reason.is_incomplete()) {
        tell(&format!("{}: {}", path_text(&skip.path), skip.reason));
    }
    Ok(if result.is_incomplete() {
        Exit::Failed
    } else {
        Exit::Clean
    })
}

/// `PATH:LINE`, `PATH:LINE:COLUMN` as reports write it, or a fingerprint.
fn read(what: &str) -> Result<What, CliError> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|n| *n > 0);
    if let Some((path, last)) = what.rsplit_once(':')
        && let Some(last) = number(last)
    {
        let with_column = path.rsplit_once(':');
        let with_column = with_column.and_then(|(p, line)| Some((p, number(line)?)));
        // A name may end in a colon and digits: what is there counts.
        return Ok(match with_column {
            Some((inner, line)) if !PathBuf::from(path).exists() => What::Line(inner.into(), line),
            _ => What::Line(path.into(), last),
        });
    }
    let digits = what.strip_prefix("w:").unwrap_or(what);
    if digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(What::Fingerprint(what.to_owned()));
    }
    Err(CliError::new(
        "PATH:LINE is needed, or a fingerprint (its first eight digits, or more)",
    ))
}

fn write(one: &Explained, out: &mut dyn Write) -> io::Result<()> {
    let path = path_text(&one.path);
    let (path, pattern) = (escape_controls(&path), one.judged.pattern);
    let (line, column) = (one.start.line, one.start.column);
    let masked = escape_controls(&one.masked);
    let short = one.fingerprint.short();
    writeln!(
        out,
        "{path}:{line}:{column}  {}  {short}  {masked}",
        pattern.id
    )?;
    let told = match (&one.judged.outcome, &one.withheld) {
        (Outcome::Rejected(why), _) => format!("not reported [{}]: {why}", why.code()),
        (Outcome::Allowed(allow), _) => {
            let reason = allow.reason.as_deref().unwrap_or("no reason given");
            let until = allow.until.as_ref();
            let until = until.map_or(String::new(), |day| format!(", until {day}"));
            format!("allowed by a comment, {}: {reason}{until}", allow.token)
        }
        (Outcome::Match, Some(why)) => format!("not reported: {why}"),
        (Outcome::Match, None) => {
            let sure = one.judged.confidence.word();
            format!(
                "reported: {} severity, {sure} confidence",
                pattern.severity.word()
            )
        }
    };
    writeln!(out, "  {}", escape_controls(&told))?;
    if let Some(weighed) = one.judged.weighed {
        let likely = weighed.probability() * 100.0;
        let reasons = weighed.reasons();
        let told = reasons
            .iter()
            .take(REASONS)
            .map(|(tells, weight)| format!("{tells} {weight:+.1}"));
        let told = told.collect::<Vec<_>>().join("; ");
        writeln!(
            out,
            "  likely a secret: {likely:.0} %, of {} answers these weigh most: {told}",
            reasons.len()
        )?;
    }
    if let Some(decoded) = &one.judged.decoded {
        let told = decoded_from(&decoded.ways).unwrap_or_default();
        writeln!(out, "  {told}")?;
    }
    for part in &one.judged.parts {
        writeln!(out, "  with its {}", escape_controls(part.part.name))?;
    }
    Ok(())
}

fn nothing(what: &What, patterns: usize, out: &mut dyn Write) -> io::Result<()> {
    match what {
        What::Line(path, line) => {
            let path = path_text(path);
            writeln!(
                out,
                "{}:{line}: none of {patterns} patterns accepts anything that begins or ends there",
                escape_controls(&path)
            )?;
            writeln!(out, "see what a pattern needs: straykey patterns show ID")
        }
        What::Fingerprint(typed) => {
            writeln!(
                out,
                "nothing here has the fingerprint {}",
                escape_controls(typed)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked_for() {
        for (text, want) in [
            ("a/b.env:12", What::Line("a/b.env".into(), 12)),
            ("a/b.env:12:3", What::Line("a/b.env".into(), 12)),
            ("C:\\x.env:7", What::Line("C:\\x.env".into(), 7)),
            ("7f3a91c2", What::Fingerprint("7f3a91c2".into())),
            ("w:0123456789a", What::Fingerprint("w:0123456789a".into())),
        ] {
            assert_eq!(read(text).unwrap(), want, "{text}");
        }
        for no in ["", "a.env", "a.env:", "a.env:0", "7f3a", "xyzxyzxyz"] {
            assert!(read(no).is_err(), "{no}");
        }
    }
}
