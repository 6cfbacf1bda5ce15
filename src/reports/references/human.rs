//! References for people, in a terminal: what is worth a look first, then who takes what, then what is named.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::super::ReportOptions;
use super::super::style::Style;
use crate::base::{escape_controls, path_text};
use crate::detect::patterns::Severity;
use crate::inventory::references::{
    Identity, Listing, Observation, Reference, Rule, Thing, chains,
};

/// Places, chains and inputs that are told without `-v`.
const TOLD: usize = 12;

/// Writes the whole report.
///
/// # Errors
///
/// What `out` says.
pub fn human(listing: &Listing, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut human = Human {
        style: Style::new(options.colour),
        most: if options.verbose { usize::MAX } else { TOLD },
        verbose: options.verbose,
        out,
    };
    human.observations(&listing.found.observations)?;
    if !options.quiet {
        human.chains(listing)?;
        human.identities(&listing.found.identities)?;
        human.references(&listing.found.references)?;
    }
    human.missing(listing)?;
    human.summary(listing)
}

struct Human<'a> {
    style: Style,
    most: usize,
    verbose: bool,
    out: &'a mut dyn Write,
}

impl Human<'_> {
    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.style.bold(text))
    }

    fn more(&mut self, all: usize, indent: &str) -> io::Result<()> {
        match all.saturating_sub(self.most) {
            0 => Ok(()),
            more => writeln!(self.out, "{indent}and {more} more: -v"),
        }
    }

    fn observations(&mut self, all: &[Observation]) -> io::Result<()> {
        let mut by_rule: BTreeMap<(std::cmp::Reverse<Severity>, &Rule), Vec<&Observation>> =
            BTreeMap::new();
        for one in all {
            let key = (std::cmp::Reverse(one.rule.severity), one.rule);
            by_rule.entry(key).or_default().push(one);
        }
        for ((_, rule), places) in by_rule {
            let severity = rule.severity.word().to_uppercase();
            let severity = match rule.severity {
                Severity::High => self.style.bad(&severity),
                Severity::Medium => self.style.warn(&severity),
                _ => self.style.dim(&severity),
            };
            writeln!(
                self.out,
                "{severity}  {}  {}",
                self.style.bold(rule.id),
                rule.title
            )?;
            for one in places.iter().take(self.most) {
                let place = format!("{}:{}", one.place.path, one.place.line);
                writeln!(
                    self.out,
                    " {}  {}",
                    self.style.path(&escape_controls(&place)),
                    escape_controls(&one.what)
                )?;
                if let Some(instead) = one.instead.as_deref().filter(|_| self.verbose) {
                    for line in instead.lines() {
                        writeln!(self.out, "   | {}", escape_controls(line))?;
                    }
                }
            }
            self.more(places.len(), " ")?;
            let hint = if places.iter().any(|p| p.instead.is_some()) && !self.verbose {
                " What to write instead: -v"
            } else {
                ""
            };
            writeln!(self.out, " {}: {}{hint}\n", rule.nhi, rule.remedy)?;
        }
        Ok(())
    }

    fn chains(&mut self, listing: &Listing) -> io::Result<()> {
        let chains = chains(&listing.found.edges);
        if chains.is_empty() {
            return Ok(());
        }
        self.heading("Who takes what")?;
        for chain in chains.iter().take(self.most) {
            let mut line = chain.first().map_or(String::new(), |e| told(&e.from));
            for edge in chain {
                let _ = write!(line, " > {}", told(&edge.to));
            }
            let place = chain
                .last()
                .map(|e| format!("{}:{}", e.place.path, e.place.line));
            let place = self.style.dim(&escape_controls(&place.unwrap_or_default()));
            writeln!(self.out, " {}  {place}", escape_controls(&line))?;
        }
        self.more(chains.len(), " ")?;
        writeln!(self.out)
    }

    fn identities(&mut self, all: &[Identity]) -> io::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.heading("Identities that are declared")?;
        for one in all.iter().take(self.most) {
            let mut line = format!("{}  {}", one.kind.word(), one.name);
            if !one.grants.is_empty() {
                let grants: Vec<_> = one.grants.iter().take(4).map(|g| g.name.as_str()).collect();
                let _ = write!(line, "  may {}", grants.join(", "));
                if one.grants.len() > grants.len() {
                    let _ = write!(line, " and {} more", one.grants.len() - grants.len());
                }
            }
            let place = format!("{}:{}", one.place.path, one.place.line);
            writeln!(
                self.out,
                " {}  {}",
                escape_controls(&line),
                self.style.dim(&escape_controls(&place))
            )?;
        }
        self.more(all.len(), " ")?;
        writeln!(self.out)
    }

    fn references(&mut self, all: &[Reference]) -> io::Result<()> {
        let mut by_name: BTreeMap<(&str, &str), Vec<&Reference>> = BTreeMap::new();
        for one in all {
            by_name
                .entry((one.kept.word(), &one.name))
                .or_default()
                .push(one);
        }
        if by_name.is_empty() {
            return Ok(());
        }
        self.heading("Credentials that are named, and kept elsewhere")?;
        for ((kept, name), places) in by_name.iter().take(self.most) {
            let first = places[0];
            let mut line = format!("{kept}  {name}");
            if let Some(workload) = &first.workload {
                let _ = write!(line, "  {}", workload.name);
            }
            let mut place = format!("{}:{}", first.place.path, first.place.line);
            if places.len() > 1 {
                let _ = write!(place, " and {} more", places.len() - 1);
            }
            writeln!(
                self.out,
                " {}  {}",
                escape_controls(&line),
                self.style.dim(&escape_controls(&place))
            )?;
            if self.verbose {
                for one in &places[1..] {
                    let place = format!("{}:{}", one.place.path, one.place.line);
                    writeln!(self.out, "   {}", self.style.dim(&escape_controls(&place)))?;
                }
            }
        }
        self.more(by_name.len(), " ")?;
        writeln!(self.out)
    }

    fn missing(&mut self, listing: &Listing) -> io::Result<()> {
        let unread = &listing.found.unread;
        for one in unread.iter().take(self.most) {
            let place = format!("{}:{}", one.place.path, one.place.line);
            let word = self.style.warn("not read");
            writeln!(
                self.out,
                "{word} {}: {}",
                escape_controls(&place),
                escape_controls(&one.why)
            )?;
        }
        self.more(unread.len(), "")?;
        let skips: Vec<_> = listing
            .skips
            .iter()
            .filter(|s| s.reason.is_incomplete())
            .collect();
        for skip in skips.iter().take(self.most) {
            let path = path_text(&skip.path);
            let word = self.style.warn("not read");
            writeln!(
                self.out,
                "{word} {}: {}",
                escape_controls(&path),
                skip.reason
            )?;
        }
        self.more(skips.len(), "")
    }

    fn summary(&mut self, listing: &Listing) -> io::Result<()> {
        let found = &listing.found;
        let count =
            |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        writeln!(
            self.out,
            "{}, {}, {} in {}; nothing sent",
            count(found.references.len(), "reference", "references"),
            count(found.identities.len(), "identity", "identities"),
            count(found.observations.len(), "observation", "observations"),
            count(
                listing.files as usize,
                "file of a known kind",
                "files of known kinds"
            ),
        )
    }
}

fn told(thing: &Thing) -> String {
    format!("{} {}", thing.kind.word(), thing.name)
}
