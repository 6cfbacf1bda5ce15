//! By owner, then by what uses it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::ReportOptions;
use super::super::style::Style;
use super::Inventory;
use super::human::{foot, head};
use crate::base::escape_controls;
use crate::inventory::Record;

pub(super) fn write(
    inventory: &Inventory<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    head(inventory, options, style, out)?;
    let mut owners: BTreeMap<String, BTreeMap<String, Vec<&Record>>> = BTreeMap::new();
    for record in inventory.records {
        let principal = record.owner.principal.as_ref();
        let owner = principal.map_or("nobody".to_owned(), |p| p.value.clone());
        let state = record.owner.state.word();
        let workload = record.workloads.first().map_or("nothing".to_owned(), |w| {
            let repository = w
                .value
                .repository
                .as_ref()
                .map_or(String::new(), |r| format!(" in {r}"));
            format!("{} {}{repository}", w.value.kind, w.value.name)
        });
        let below = owners.entry(format!("{owner} ({state})")).or_default();
        below.entry(workload).or_default().push(record);
    }
    for (owner, workloads) in &owners {
        writeln!(out, "\n{}", style.bold(&escape_controls(owner)))?;
        for (number, (workload, records)) in workloads.iter().enumerate() {
            let last = number + 1 == workloads.len();
            let (branch, rail) = if last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            writeln!(out, "{branch} {}", escape_controls(workload))?;
            for (number, record) in records.iter().enumerate() {
                let branch = if number + 1 == records.len() {
                    "└─"
                } else {
                    "├─"
                };
                let age = record
                    .age
                    .as_ref()
                    .map_or(String::new(), |a| format!(", {} days", a.value.days));
                writeln!(
                    out,
                    "{rail} {branch} {}  {} {}  {}{age}",
                    style.bold(record.short()),
                    escape_controls(&record.name),
                    escape_controls(&record.label),
                    record.retirement.state.word(),
                )?;
            }
        }
    }
    foot(inventory, options, style, out)
}
