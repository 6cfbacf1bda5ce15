//! `html`: the inventory as one page that needs nothing else: no network, no other file.
//!
//! The page is a fixed document, style and script (`assets/`); its policy allows exactly these two, by
//! their hashes, and no request. Records are data in blocks that no browser executes; the script
//! puts every value into the page as text. In a block no `<` stands, so nothing in it can end it.
//!
//! What the table needs is one block with each text once; the cards of records are in blocks of
//! [`CHUNK`], packed (deflate, in base64: a tenth of their size), which are unpacked when one of
//! them is opened. So the page opens fast however many records it has. It is the same, byte by byte, for the same inventory.

mod rows;

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Inventory, Totals, human, incident};
use crate::base::{base64, escape_controls, path_text};
use crate::inventory::ObservedTold;
use crate::inventory::record::DAY;

const PAGE: &str = include_str!("../assets/page.html");
const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// How many cards are in a block.
const CHUNK: usize = 200;
/// How hard blocks of cards are packed: more takes twice the time and saves a twentieth.
const LEVEL: u8 = 4;
/// How many places a card tells.
const PLACES: usize = 40;
/// How many things that were not read, notices and repositories are listed; all of them count.
const LISTED: usize = 200;

pub(super) fn write(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    // A checkout may have turned line ends; a browser hashes what it has turned back.
    let style = STYLE.replace('\r', "");
    let script = SCRIPT.replace('\r', "");
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'",
        hash(&script),
        hash(&style)
    );
    for (at, piece) in PAGE.split('@').enumerate() {
        match piece {
            _ if at % 2 == 0 => out.write_all(piece.as_bytes())?,
            "policy" => out.write_all(policy.as_bytes())?,
            "style" => out.write_all(style.as_bytes())?,
            "script" => out.write_all(script.as_bytes())?,
            _ => data(inventory, out)?,
        }
    }
    Ok(())
}

/// The hash of a text, as a policy names it.
fn hash(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}

fn data(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    block("page", &page(inventory), out)?;
    block("rows", &rows::rows(inventory), out)?;
    for (number, chunk) in inventory.records.chunks(CHUNK).enumerate() {
        let mut texts = Texts::default();
        let cards: Vec<Vec<(usize, Vec<usize>)>> = chunk
            .iter()
            .map(|record| {
                let parts = incident::parts(record, None, PLACES);
                let parts = parts.into_iter().chain(rows::more(record));
                let parts = parts.filter(|(_, lines)| !lines.is_empty());
                parts
                    .map(|(title, lines)| {
                        let lines = lines.iter().flat_map(|line| line.split('\n'));
                        (texts.of(title), lines.map(|l| texts.of(l)).collect())
                    })
                    .collect()
            })
            .collect();
        let told = json!({ "text": texts.all, "cards": cards });
        packed(&format!("cards-{number}"), &told, out)?;
    }
    Ok(())
}

/// What is told once.
fn page(inventory: &Inventory<'_>) -> serde_json::Value {
    let shown = |text: &str| escape_controls(text).into_owned();
    let missing = inventory.scan.skips.iter();
    let missing = missing.filter(|s| s.reason.is_incomplete());
    let unread: Vec<String> = missing
        .map(|s| shown(&format!("{}: {}", path_text(&s.path), s.reason)))
        .collect();
    let mut repositories: Vec<String> = inventory
        .repositories
        .iter()
        .map(|one| {
            let read = &one.read;
            shown(&format!(
                "{}: {} of {} objects, {} commits, {} references{}",
                path_text(&read.repository),
                read.objects_read,
                read.objects,
                read.commits,
                read.references,
                if one.complete { "" } else { "; not complete" }
            ))
        })
        .collect();
    let over = repositories.len().saturating_sub(LISTED);
    if over > 0 {
        repositories.truncate(LISTED);
        repositories.push(format!("and {over} more repositories"));
    }
    let notices = inventory.scan.notices.iter().take(LISTED);
    let totals = Totals::of(inventory.records);
    json!({
        "tool": format!("straykey {} with {} patterns", env!("CARGO_PKG_VERSION"), inventory.scan.patterns),
        "as_of": inventory.as_of.to_string(),
        "day": inventory.as_of.0.div_euclid(DAY),
        "complete": !inventory.scan.is_incomplete(),
        "later": inventory.later,
        "chunk": CHUNK,
        "repositories_total": inventory.repositories.len(),
        "repositories": repositories,
        "unread_total": unread.len(),
        "unread": unread.into_iter().take(LISTED).collect::<Vec<_>>(),
        "notices": notices.map(|n| shown(n)).collect::<Vec<_>>(),
        "verdicts": inventory.verdicts.iter().map(|v| shown(v)).collect::<Vec<_>>(),
        "observed": inventory.observed.map(observed),
        "totals": {
            "records": totals.records,
            "head": totals.at_head,
            "declared": totals.owner_declared,
            "inferred": totals.owner_inferred,
            "orphaned": totals.orphaned,
            "unowned": totals.owner_unknown,
            "overdue": totals.overdue,
            "standing": totals.standing,
            "reused": totals.reused,
            "broad": totals.broad,
            "retired": totals.retired,
            "back": totals.resurrected,
            "unused": totals.unused,
        },
    })
}

/// What exports of providers say beside records: lines for a person.
fn observed(told: &ObservedTold) -> Vec<String> {
    let files = told.files.iter().take(LISTED).map(|file| {
        let reach = match (file.from, file.to) {
            (Some(from), Some(to)) => format!(", {} to {}", from.day(), to.day()),
            _ => String::new(),
        };
        format!(
            "{}: {}, {} entries{reach}",
            file.path, file.format, file.entries
        )
    });
    let counts = format!(
        "{} of their credentials are here, {} were issued and are not known here",
        told.known, told.unknown_total
    );
    let unknown = told.unknown.iter().take(LISTED).map(human::told_issued);
    let more = told
        .unknown_total
        .saturating_sub(told.unknown.len().min(LISTED));
    let more = (more > 0 && !told.unknown.is_empty()).then(|| format!("and {more} more"));
    let all = files
        .chain([counts])
        .chain(unknown)
        .chain(more)
        .chain(told.notes.iter().cloned());
    all.map(|line| escape_controls(&line).into_owned())
        .collect()
}

/// Texts, each once, in the order in which they first come.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    known: HashMap<String, usize>,
}

impl Texts {
    /// The number of a text; what could mislead whoever sees it is escaped.
    fn of(&mut self, text: &str) -> usize {
        let shown = escape_controls(text);
        if let Some(number) = self.known.get(&*shown) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(shown.clone().into_owned());
        self.known.insert(shown.into_owned(), number);
        number
    }
}

/// A block of data that no browser executes.
fn block(id: &str, value: &serde_json::Value, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<script type=\"application/json\" id=\"{id}\">")?;
    serde_json::to_writer(Inert(&mut *out), value)?;
    out.write_all(b"</script>\n")
}

/// A block of packed data: nothing in base64 is markup.
fn packed(id: &str, value: &serde_json::Value, out: &mut dyn Write) -> io::Result<()> {
    let plain = serde_json::to_vec(value)?;
    let data = base64(&miniz_oxide::deflate::compress_to_vec(&plain, LEVEL));
    writeln!(
        out,
        "<script type=\"text/plain\" id=\"{id}\">{data}</script>"
    )
}

/// Writes JSON with the signs of markup escaped: outside of its strings they do not come.
struct Inert<'a>(&'a mut dyn Write);

impl Write for Inert<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(byte, b'<' | b'>' | b'&') {
                self.0.write_all(&bytes[from..at])?;
                write!(self.0, "\\u{byte:04x}")?;
                from = at + 1;
            }
        }
        self.0.write_all(&bytes[from..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_a_policy_wants() {
        // The empty text's hash, as the specification of content security policies prints it.
        assert_eq!(hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn the_page_cannot_end_early_and_names_nothing_outside() {
        for text in [STYLE, SCRIPT] {
            let text = text.to_ascii_lowercase();
            for word in ["</", "<!--", "@import", "url(", "innerhtml", "eval("] {
                assert!(!text.contains(word), "{word}");
            }
        }
        // The one address is the name of SVG, which nothing fetches.
        let addresses = [PAGE, STYLE, SCRIPT].map(|t| t.matches("//www").count());
        assert_eq!(addresses, [0, 0, 1]);
    }
}
