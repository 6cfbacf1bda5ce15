//! The steps by which one credential goes out of use: first its successor, then the revocation, then
//! the proof.

use std::io::{self, Write};

use straykey::base::{escape_controls, path_text};
use straykey::findings::Finding;
use straykey::verify::{Shown, Unchecked, offline};

/// Places that are told.
const PLACES: usize = 20;

/// Writes them, with the calls that would be made or the reason why there are none.
pub fn write(
    finding: &Finding,
    calls: &Result<Vec<Shown>, Unchecked>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let pattern = finding.pattern;
    let short = finding.fingerprint.short();
    writeln!(out, "{short}  {}  {}", pattern.id, finding.masked)?;
    writeln!(out, "  {}: {}", pattern.name, pattern.description)?;
    for note in offline(finding).notes {
        writeln!(out, "  {}", escape_controls(&note))?;
    }
    writeln!(out, "  stands in")?;
    for place in finding.occurrences.iter().take(PLACES) {
        let (path, start) = (path_text(&place.path), place.start);
        writeln!(
            out,
            "    {}:{}:{}",
            escape_controls(&path),
            start.line,
            start.column
        )?;
    }
    let more = finding.occurrences.len().saturating_sub(PLACES);
    if more > 0 {
        writeln!(out, "    and {more} more places")?;
    }
    writeln!(
        out,
        "1. replace: make a new one, and give it to all that use this one"
    )?;
    if !pattern.replace.is_empty() {
        writeln!(out, "   better: {}", pattern.replace)?;
    }
    match calls {
        Ok(calls) => {
            writeln!(out, "2. revoke: straykey revoke {short} --execute")?;
            for call in calls {
                writeln!(out, "   {}", escape_controls(&call.line))?;
                for (name, value) in &call.headers {
                    writeln!(out, "     {name}: {}", escape_controls(value))?;
                }
                if let Some(body) = &call.body {
                    writeln!(out, "     {}", escape_controls(body))?;
                }
            }
            if !pattern.revoke.is_empty() {
                writeln!(out, "   by hand: {}", pattern.revoke)?;
            }
        }
        Err(why) => {
            let revoke = if pattern.revoke.is_empty() {
                "at its provider"
            } else {
                pattern.revoke
            };
            writeln!(out, "2. revoke, by hand: {revoke}")?;
            if !pattern.site.is_empty() {
                writeln!(out, "   {}: {}", pattern.provider_name, pattern.site)?;
            }
            let why = match why {
                Unchecked::NoVerifier => {
                    "no call is known by which whoever holds it revokes it".to_owned()
                }
                other => other.to_string(),
            };
            writeln!(out, "   why by hand: {}", escape_controls(&why))?;
        }
    }
    writeln!(out, "3. prove: straykey verify {short}")?;
    writeln!(
        out,
        "4. remove it from the files; straykey history tells what git still holds"
    )?;
    writeln!(out, "dry run: nothing sent")
}
