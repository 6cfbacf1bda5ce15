//! What git tells a hook of a push, and what is said of it to whoever pushes.

use std::io::Read;

use straykey::base::{escape_controls, path_text};
use straykey::detect::patterns::Severity;
use straykey::findings::Finding;
use straykey::scan::Pushed;
use straykey::story::RangeResult;

use super::run::Said;
use crate::cli::error::CliError;
use crate::cli::tell;

/// The most that git may say, in bytes: some hundred thousand references.
const MOST: u64 = 64 << 20;

/// How many findings are told.
const TOLD: usize = 9;

/// One reference of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its name on the other side.
    pub name: String,
    /// What it was: an id in hex; zeros if it was not there.
    pub old: String,
    /// What it is to be; zeros if it is to be deleted.
    pub new: String,
}

impl Update {
    /// What is sent, if anything is.
    pub fn pushed(&self) -> Option<Pushed> {
        (!is_zero(&self.new)).then(|| Pushed {
            name: self.name.clone(),
            object: self.new.clone(),
        })
    }
}

/// Whether an id stands for nothing.
pub fn is_zero(id: &str) -> bool {
    id.bytes().all(|b| b == b'0')
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Reads lines of `fields` words. For pre-push: local name, local id, remote name, remote id; for
/// pre-receive: old id, new id, name.
///
/// # Errors
///
/// If they are not what git says.
pub fn updates(input: impl Read, fields: usize) -> Result<Vec<Update>, CliError> {
    let mut text = Vec::new();
    let read = input.take(MOST + 1).read_to_end(&mut text);
    read.map_err(|e| CliError::new(format!("cannot read standard input: {e}")))?;
    if text.len() as u64 > MOST {
        let most = MOST >> 20;
        return Err(CliError::new(format!(
            "standard input has more than {most} MiB"
        )));
    }
    let text = String::from_utf8_lossy(&text);
    let mut out = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let update = match words[..] {
            [_, new, name, old] if fields == 4 => (name, old, new),
            [old, new, name] if fields == 3 => (name, old, new),
            _ => ("", "", ""),
        };
        let (name, old, new) = update;
        if !is_id(old) || !is_id(new) {
            let line = out.len() + 1;
            return Err(CliError::new(format!(
                "line {line} of standard input is not what git tells of a push"
            )));
        }
        let [name, old, new] = [name, old, new].map(str::to_owned);
        out.push(Update { name, old, new });
    }
    Ok(out)
}

/// Says what stops a push, on standard error: short lines, as some servers show them.
pub fn say_stopped(result: &RangeResult, threshold: Severity, of: &Said<'_>) {
    let failing: Vec<(usize, &Finding)> = result
        .scan
        .findings
        .iter()
        .enumerate()
        .filter(|(_, f)| f.pattern.severity >= threshold)
        .collect();
    let count = failing.len();
    let s = if count == 1 { "" } else { "s" };
    let commits = result.read.commits;
    let cs = if commits == 1 { "" } else { "s" };
    tell(&format!(
        "{} stopped: {count} new secret{s} in {commits} commit{cs}",
        of.what
    ));
    for (number, finding) in failing.iter().take(TOLD) {
        let commit = result.commit_of(*number).map_or("", |c| &c.commit);
        let place = &finding.occurrences[0];
        line(&format!(
            "  {} {}:{}",
            &commit[..commit.len().min(9)],
            path_text(&place.path),
            place.start.line,
        ));
        line(&format!(
            "    {} {} {} {}",
            finding.pattern.id,
            finding.masked,
            finding.pattern.severity.word().to_uppercase(),
            finding.fingerprint.short()
        ));
    }
    if count > TOLD {
        line(&format!("  and {} more", count - TOLD));
    }
    let Some((_, first)) = failing.first() else {
        return;
    };
    let id = first.fingerprint.short();
    line("  real:     replace and revoke it, then take it out of the commits");
    line("            (git commit --amend, git rebase -i), and push again");
    if of.on_server {
        line("  not real: whoever looks after this server can accept it by its id");
    } else {
        // In full: what a later commit took away again is in no file that could be asked.
        let whole = &first.fingerprint;
        line(&format!(
            "  not real: straykey allow {whole} --reason \"...\""
        ));
        line("            (once: git push --no-verify)");
        line(&format!("  why:      straykey explain {id}"));
    }
}

/// A line on standard error without a name before it.
fn line(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{}", escape_controls(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_git_are_read_and_others_refused() {
        let (a, b, zero) = ("a".repeat(40), "b".repeat(40), "0".repeat(40));
        let text = format!("refs/heads/x {a} refs/heads/y {zero}\n(delete) {zero} refs/z {b}\n");
        let told = updates(text.as_bytes(), 4).unwrap();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].pushed().unwrap().object, a);
        assert_eq!(
            (&*told[0].name, is_zero(&told[0].old)),
            ("refs/heads/y", true)
        );
        assert_eq!(told[1].pushed(), None);
        let text = format!("{a} {b} refs/heads/x\n");
        assert_eq!(updates(text.as_bytes(), 3).unwrap()[0].new, b);
        for bad in [
            "x",
            "a b c",
            "\n",
            &format!("{a} {b} x y"),
            &format!("{a} zz x"),
        ] {
            assert!(updates(bad.as_bytes(), 3).is_err(), "{bad}");
        }
        assert_eq!(updates(&b""[..], 3).unwrap(), []);
    }
}
