use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};
use straykey::reports::InventoryFormat as Inner;

use super::{ConfidenceArg, Date, LookObjects, WhichRepositories, parse_date};

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct InventoryArgs {
    #[command(subcommand)]
    pub command: Option<InventoryCommand>,
    #[command(flatten)]
    pub look: InventoryLook,
    #[command(flatten)]
    pub report: InventoryReport,
}

#[derive(Debug, Subcommand)]
pub enum InventoryCommand {
    /// Hold records against .straykey/policy.toml, and fail if a rule does
    Check(InventoryCheckArgs),
    /// Look again at the records of an earlier inventory: what is retired, what is back
    Recheck(InventoryRecheckArgs),
    /// Draft .straykey/inventory.toml: an entry for each credential that has none
    Init(InventoryInitArgs),
    /// Tell what changed between two inventories, or between two days
    Diff(InventoryDiffArgs),
}

/// What records are made of.
#[derive(Clone, Debug, ClapArgs)]
pub struct InventoryLook {
    #[command(flatten)]
    pub which: WhichRepositories,
    /// Answer for a past day: YYYY-MM-DD (its end, in UTC) or RFC 3339 [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub as_of: Option<Date>,
    /// A table of who works here: columns mail, handle, name, team, left, active
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub people: Option<PathBuf>,
    /// Who has not committed anything for so many days has fallen silent
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    pub silent_days: u32,
    /// What people declare of credentials [default: .straykey/inventory.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub declared: Option<PathBuf>,
    /// What a provider recorded, as somebody exported it: nothing is asked over the network
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help = "An export of a provider's own records: IAM credential report or access keys, CloudTrail, \
                GitHub audit log, GitLab tokens; repeatable"
    )]
    pub observed: Vec<PathBuf>,
    /// The least confidence of what becomes a record [default: medium]
    #[arg(long, value_name = "LEVEL")]
    pub confidence: Option<ConfidenceArg>,
    /// Keep the records in this file, for inventory diff --from; remember there what was searched, too,
    /// and search only what is new since
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookObjects,
}

/// Where records go.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct InventoryReport {
    /// The report on standard output [default: human]
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<InventoryFormat>,
    /// Write a report to a file, too; repeatable
    #[arg(short, long, value_name = "FORMAT:PATH", value_parser = parse_output)]
    pub output: Vec<(InventoryFormat, PathBuf)>,
    /// Leave people out of every report: owners and committers are told by numbers
    #[arg(long)]
    pub no_names: bool,
}

#[derive(Debug, ClapArgs)]
pub struct InventoryCheckArgs {
    #[command(flatten)]
    pub look: InventoryLook,
    #[command(flatten)]
    pub report: InventoryReport,
    /// The policy [default: .straykey/policy.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
    /// Take policy and declarations from this commit: in a pull request, from its base
    #[arg(long, value_name = "REVISION", conflicts_with_all = ["policy", "declared"])]
    pub base: Option<String>,
    /// Fail only for credentials that the base does not have; what it has warns
    #[arg(long, requires = "base")]
    pub new_only: bool,
    /// The stage whose gate counts; all rules do without
    #[arg(long, value_name = "STAGE")]
    pub gate: Option<String>,
    /// Lower the numbers of the policy's budget to what is there now, where that is less
    #[arg(long, conflicts_with = "base")]
    pub tighten: bool,
}

#[derive(Debug, ClapArgs)]
pub struct InventoryRecheckArgs {
    /// The earlier inventory: json or jsonl
    #[arg(value_name = "INVENTORY", value_hint = ValueHint::FilePath)]
    pub before: PathBuf,
    #[command(flatten)]
    pub look: InventoryLook,
    #[command(flatten)]
    pub report: InventoryReport,
}

#[derive(Debug, ClapArgs)]
pub struct InventoryInitArgs {
    #[command(flatten)]
    pub look: InventoryLook,
    /// Print the draft instead of writing it
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub struct InventoryDiffArgs {
    /// The earlier one: an inventory in json or jsonl, or a day
    #[arg(value_name = "BEFORE", required_unless_present = "from")]
    pub before: Option<String>,
    /// The later one: an inventory, or a day [default: now]
    #[arg(value_name = "AFTER")]
    pub after: Option<String>,
    /// The earlier one is what the store kept last until then; of a day, to its end
    #[arg(long, value_name = "DATE", value_parser = parse_date, requires = "store", conflicts_with_all = ["before", "after"])]
    pub from: Option<Date>,
    /// The later one, likewise [default: the last that is kept]
    #[arg(long, value_name = "DATE", value_parser = parse_date, requires = "from")]
    pub to: Option<Date>,
    /// The file in which inventory --store kept its records
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, requires = "from")]
    pub store: Option<PathBuf>,
    /// A folder of the repository that is meant [default: ., or the only one of the store]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub repo: Option<PathBuf>,
    /// Tell it as one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct IncidentArgs {
    /// A fingerprint, an access key id or a hashed token of an audit log; - reads the credential itself
    /// from standard input
    #[arg(value_name = "FINGERPRINT|KEY-ID|-")]
    pub what: String,
    #[command(flatten)]
    pub look: InventoryLook,
    /// Tell it as a record in JSON
    #[arg(long)]
    pub json: bool,
}

/// A format, as it is chosen.
#[derive(Clone, Copy, Debug)]
pub struct InventoryFormat(pub Inner);

impl ValueEnum for InventoryFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Inner::Human),
            Self(Inner::Tree),
            Self(Inner::Json),
            Self(Inner::Jsonl),
            Self(Inner::Csv),
            Self(Inner::Html),
            Self(Inner::CycloneDx),
            Self(Inner::Sarif),
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.word()))
    }
}

fn parse_output(text: &str) -> Result<(InventoryFormat, PathBuf), String> {
    let (word, path) = text.split_once(':').ok_or("FORMAT:PATH is needed")?;
    let found = InventoryFormat::value_variants().iter();
    let found = found.copied().find(|f| f.0.word() == word);
    let format = found.ok_or_else(|| {
        let words = InventoryFormat::value_variants().iter().map(|f| f.0.word());
        format!(
            "'{word}' is none of: {}",
            words.collect::<Vec<_>>().join(", ")
        )
    })?;
    if path.is_empty() || path == "-" {
        return Err("a file is needed behind the colon".into());
    }
    Ok((format, path.into()))
}
