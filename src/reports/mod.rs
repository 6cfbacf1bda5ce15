//! Reports: one file a format.
//!
//! A report is a pure function of [`Results`] and of [`ReportOptions`]; `gitlab` alone adds the time,
//! which its format wants. Wire types live
//! beside the format that writes them, never on the types of the floors above.

mod azure;
mod codequality;
mod csv;
mod defectdojo;
mod escaping;
mod evidence;
mod file;
mod github;
mod gitlab;
mod human;
mod human_histories;
mod human_history;
mod human_range;
mod human_staged;
mod inventory;
mod json;
mod junit;
mod markdown;
mod rdjson;
mod references;
mod results;
mod sarif;
mod sarif_rules;
mod schema;
mod sonar;
mod style;
mod taxonomies;
mod verdicts;
mod wire;
mod wire_history;
mod wire_range;
mod wire_staged;
mod wire_verified;

use std::io::{self, Write};

use crate::detect::patterns::Severity;
use crate::findings::ScanResult;
use crate::story::{HistoriesResult, HistoryResult, RangeResult, StagedResult};
use crate::verify::Verdicts;

pub use azure::Azure;
pub use codequality::CodeQuality;
pub use csv::Csv;
pub use defectdojo::DefectDojo;
pub use evidence::{
    Before, Call, Checked, Facts as EvidenceFacts, Input as EvidenceInput, Names as EvidenceNames,
    SUMS as EVIDENCE_SUMS, SigningKey, ToolFacts, check as check_evidence, evidence_schema,
    files as evidence_files,
};
pub use file::write_atomically;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use human::Human;
pub use inventory::{
    Inventory, InventoryFormat, Totals, incident, inventory_jsonl_schema, inventory_schema,
    read_inventory,
};
pub use json::{Json, JsonLines};
pub use junit::JUnit;
pub use markdown::{Markdown, span as markdown_span};
pub use rdjson::RdJson;
pub use references::{references_dot, references_human, references_jsonl, references_schema};
pub use results::Results;
pub use sarif::Sarif;
pub use schema::{json_schema, jsonl_schema};
pub use sonar::Sonar;
pub use verdicts::verdict_lines;

/// What a report may show, and where to.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Print secrets in the clear (`--show-secrets`).
    pub show_secrets: bool,
    /// The least severity that fails; the summary says so of what is below.
    pub threshold: Severity,
    /// Write terminal colours.
    pub colour: bool,
    /// Tell more (`-v`): accepted findings, every place, notice and skip.
    pub verbose: bool,
    /// Tell only the findings (`-q`), and what makes the run incomplete.
    pub quiet: bool,
    /// What providers said of the findings, if they were asked.
    pub verdicts: Verdicts,
}

impl Default for ReportOptions {
    /// Masked, no colours, everything that a person needs; medium severity fails.
    fn default() -> Self {
        Self {
            show_secrets: false,
            threshold: Severity::Medium,
            colour: false,
            verbose: false,
            quiet: false,
            verdicts: Verdicts::default(),
        }
    }
}

/// Writes results in one format.
pub trait Report {
    /// Writes the whole report of what any command found.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;

    /// Writes the whole report of files.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write(
        &self,
        result: &ScanResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.write_results(Results::Scan(result), options, out)
    }

    /// Writes the whole report of a history: findings with their stories.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write_history(
        &self,
        result: &HistoryResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.write_results(Results::History(result), options, out)
    }

    /// Writes the whole report of a range: findings with the commits that brought them in.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write_range(
        &self,
        result: &RangeResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.write_results(Results::Range(result), options, out)
    }

    /// Writes the whole report of what is staged.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write_staged(
        &self,
        result: &StagedResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.write_results(Results::Staged(result), options, out)
    }

    /// Writes the whole report of several repositories: findings with their story in each of them.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write_histories(
        &self,
        result: &HistoriesResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.write_results(Results::Histories(result), options, out)
    }
}

/// The formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, in a terminal.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line, one line an occurrence.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    GitHub,
    /// GitLab's secret detection report.
    GitLab,
    /// GitLab's code quality report.
    CodeQuality,
    /// Logging commands of Azure Pipelines.
    Azure,
    /// Test results, as Jenkins reads them.
    JUnit,
    /// reviewdog's diagnostics.
    RdJson,
    /// `SonarQube`'s generic issues.
    Sonar,
    /// `DefectDojo`'s generic findings.
    DefectDojo,
    /// A table for spreadsheets.
    Csv,
    /// GitHub Flavored Markdown, for job summaries.
    Markdown,
}

impl Format {
    /// All formats.
    pub const ALL: &'static [Self] = &[
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::GitHub,
        Self::GitLab,
        Self::CodeQuality,
        Self::Azure,
        Self::JUnit,
        Self::RdJson,
        Self::Sonar,
        Self::DefectDojo,
        Self::Csv,
        Self::Markdown,
    ];

    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::CodeQuality => "gitlab-codequality",
            Self::Azure => "azure",
            Self::JUnit => "junit",
            Self::RdJson => "rdjson",
            Self::Sonar => "sonar",
            Self::DefectDojo => "defectdojo",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
        }
    }

    /// The format with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.word() == word)
    }

    /// What writes it.
    pub fn report(self) -> Box<dyn Report> {
        match self {
            Self::Human => Box::new(Human),
            Self::Json => Box::new(Json),
            Self::Jsonl => Box::new(JsonLines),
            Self::Sarif => Box::new(Sarif),
            Self::GitHub => Box::new(GitHub),
            Self::GitLab => Box::new(GitLab),
            Self::CodeQuality => Box::new(CodeQuality),
            Self::Azure => Box::new(Azure),
            Self::JUnit => Box::new(JUnit),
            Self::RdJson => Box::new(RdJson),
            Self::Sonar => Box::new(Sonar),
            Self::DefectDojo => Box::new(DefectDojo),
            Self::Csv => Box::new(Csv),
            Self::Markdown => Box::new(Markdown),
        }
    }
}
