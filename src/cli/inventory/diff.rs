//! `straykey inventory diff`: what changed between two inventories, or two days of a repository.

use std::path::Path;

use straykey::base::{escape_controls, time_of};
use straykey::inventory::{Record, diff};

use super::super::args::{
    Date, InventoryDiffArgs, InventoryLook, LookObjects, Tell, WhichRepositories,
};
use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output::to_stdout;
use super::{done, earlier, kept, make};

/// Runs the command.
pub fn run(args: &InventoryDiffArgs, how: Tell) -> Result<Exit, CliError> {
    let ((before, first), (after, second)) =
        if let (Some(from), Some(store)) = (&args.from, &args.store) {
            kept::between(store, args.repo.as_deref(), from, args.to.as_ref(), how)?
        } else {
            (
                side(args.before.as_ref(), args, how)?,
                side(args.after.as_ref(), args, how)?,
            )
        };
    let changes = diff(&before, &after);
    to_stdout(|out| {
        if args.json {
            serde_json::to_writer_pretty(&mut *out, &changes)?;
            return writeln!(out);
        }
        for change in &changes {
            let short: String = if change.id.starts_with("w:") {
                change.id.clone()
            } else {
                change.id.chars().take(8).collect()
            };
            let turn = match (&*change.before, &*change.after) {
                ("", after) => after.to_owned(),
                (before, "") => format!("was {before}"),
                (before, after) => format!("{before} -> {after}"),
            };
            writeln!(
                out,
                "{:<12} {short}  {}  {}",
                change.what,
                escape_controls(&change.name),
                escape_controls(&turn)
            )?;
        }
        match changes.len() {
            0 => writeln!(out, "nothing changed"),
            1 => writeln!(out, "1 change"),
            n => writeln!(out, "{n} changes"),
        }
    })?;
    Ok(match (first, second) {
        (Exit::Clean, Exit::Clean) => Exit::Clean,
        _ => Exit::Failed,
    })
}

/// One side: a file, or a day.
fn side(
    named: Option<&String>,
    args: &InventoryDiffArgs,
    how: Tell,
) -> Result<(Vec<Record>, Exit), CliError> {
    let as_of = match named {
        Some(text) => match time_of(text) {
            Some(seconds) => Some(Date {
                written: text.clone(),
                seconds,
            }),
            None => return Ok((earlier(Path::new(text))?, Exit::Clean)),
        },
        None => None,
    };
    let look = InventoryLook {
        which: WhichRepositories {
            repositories: args.repo.iter().cloned().collect(),
            ..WhichRepositories::default()
        },
        as_of,
        people: None,
        observed: Vec::new(),
        silent_days: 180,
        declared: None,
        confidence: None,
        store: None,
        look: LookObjects::default(),
    };
    let made = make(&look, None, how)?;
    let exit = done(&made.result)?;
    Ok((made.result.records, exit))
}
