//! `straykey ci`: finds out where it runs and what happened, judges that, and tells it in the
//! system's way.
//!
//! A pull request cannot loosen its own gate: configuration comes from the base's commit, never from
//! the working tree; what the head allows itself counts if it says why, and of forks not at all.
//! Nothing is sent unless that is asked for, and then not for forks; no token is read.

mod allowances;
mod asked;
mod event;
mod github;
mod inside;
mod plan;
mod repository;
mod rules;
mod system;
mod tell;

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use straykey::findings::{Finding, ScanResult};
use straykey::reports::{Format, Report, ReportOptions, markdown_span};
use straykey::scan::{Comments, CommitsOptions, HistoryOptions, Narrow, Progress};
use straykey::sources::Globs;
use straykey::story::{HistoryResult, RangeResult};
use straykey::verify::Verdict;

use super::args::{CiArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::interrupt;
use super::output::{Outputs, report_options, to_stdout};
use super::settings::Settings;
use super::verify;
use plan::{Judge, Plan, Planner, Trust};
use repository::Repository;
use rules::Ruled;
use system::{Env, System};

/// How many of its own allowances of a change the summary names.
const ROWS: usize = 200;

/// Why nobody must be asked of what this job has checked out, if so: it may be anybody's.
pub fn whose_change() -> Option<&'static str> {
    let env = Env::of_process();
    let system = System::of(&env);
    if system == System::Plain {
        return None;
    }
    match event::event(system, &env) {
        Ok(event::Event {
            what: event::What::Proposal(proposal),
            ..
        }) if proposal.whose != event::Whose::Repository => {
            Some("the change comes from a fork, or nobody says that it does not")
        }
        Ok(_) => None,
        Err(_) => Some("what this job is for cannot be told"),
    }
}

/// What was found.
enum Judged {
    Range(RangeResult),
    History(HistoryResult),
}

impl Judged {
    fn scan(&self) -> &ScanResult {
        match self {
            Self::Range(result) => &result.scan,
            Self::History(result) => &result.scan,
        }
    }

    fn write(
        &self,
        report: &dyn Report,
        options: &ReportOptions,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        match self {
            Self::Range(result) => report.write_range(result, options, out),
            Self::History(result) => report.write_history(result, options, out),
        }
    }

    fn text(&self, format: Format, options: &ReportOptions) -> Result<String, CliError> {
        let mut bytes = Vec::new();
        let written = self.write(&*format.report(), options, &mut bytes);
        written.map_err(|e| CliError::new(format!("cannot write a report: {e}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What a run came to.
struct Done {
    exit: Exit,
    findings: usize,
    new: usize,
    /// How many of them work, if somebody asked.
    live: usize,
    /// Why not everything was asked, if so.
    failed: Option<String>,
}

/// Runs the command.
pub fn run(args: &CiArgs, how: Tell) -> Result<Exit, CliError> {
    let env = Env::of_process();
    let system = System::of(&env);
    let done = judge(args, how, &env, system);
    let (exit, findings, new, live) = match &done {
        Ok(done) => (done.exit, done.findings, done.new, done.live),
        Err(_) => (Exit::Failed, 0, 0, 0),
    };
    let file = |is_sarif: bool| {
        let mut files = args.output.iter();
        let file = files.find(|o| (o.format == Format::Sarif) == is_sarif);
        let path = file.and_then(|o| o.path.as_deref());
        // After an error a file of that name is one that was there before, whoever put it there.
        let path = path.filter(|p| done.is_ok() && p.exists());
        path.map_or(String::new(), |p: &Path| p.to_string_lossy().into_owned())
    };
    let told = tell::outputs(
        &env,
        &[
            ("exit-code", exit.code().to_string()),
            ("findings", findings.to_string()),
            ("new-findings", new.to_string()),
            ("verified-findings", live.to_string()),
            ("sarif-file", file(true)),
            ("report-file", file(false)),
        ],
    );
    if let Err(error) = &done {
        let lines = error.lines().iter().take(5);
        let lines: Vec<String> = lines
            .filter_map(|line| tell::error_line(system, line))
            .collect();
        to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    }
    // Messages may name files, and logs are read by the system.
    let safe = |error: CliError| CliError::all(error.lines().iter().map(|l| tell::guarded(l)));
    let done = done.map_err(safe)?;
    told.map_err(safe)?;
    match done.failed {
        Some(why) => Err(safe(CliError::new(why))),
        None => Ok(done.exit),
    }
}

fn judge(args: &CiArgs, how: Tell, env: &Env, system: System) -> Result<Done, CliError> {
    if args.output.iter().any(|o| o.path.is_none()) {
        return Err(CliError::new(
            "standard output is the log, for people: name a file for a report (-o FORMAT:PATH)",
        ));
    }
    for path in args.output.iter().filter_map(|o| o.path.as_deref()) {
        not_through_a_link(path)?;
    }
    let outputs = Outputs::resolve(&args.reporting())?;
    let asks = verify::wanted(&args.verifying)?;
    let folder = args.repo.clone().unwrap_or_else(|| PathBuf::from("."));
    let event = asked::event(args, env, system)?;
    let repository = Repository::open(&folder)?;
    let reader = repository.reader();
    let planner = Planner {
        system,
        repository: &repository,
        reader: &reader,
        notices: Vec::new(),
    };
    let plan = planner.plan(&event)?;
    if asks {
        may_ask(args, plan.trust)?;
    }
    let Ruled {
        mut settings,
        added,
    } = rules::settle(args, &folder, &repository, &reader, &plan)?;
    if let Some(severity) = args.severity {
        settings.severity = severity.0;
    }
    for allowance in &added.counted {
        settings.options.allowances.add(allowance.clone());
    }
    let stop = interrupt::watch();
    settings.options.stop = stop.clone();
    settings.options.progress = Some(Arc::new(Progress::default()));
    let severity = settings.severity;
    let baseline = settings.options.baseline.file().to_owned();
    let mut notices = vec![format!("{}: {}", system.word(), plan.told)];
    notices.extend(plan.notices.iter().cloned());
    notices.append(&mut settings.notices);
    notices.extend(added.notices.iter().cloned());
    let mut judged = look(args, &folder, &plan, settings).map_err(|e| hinted(&e, system, &plan))?;
    if let Judged::Range(result) = &mut judged {
        notices.extend(refused(result, plan.trust));
        notices.extend(narrow(result, &args.paths)?);
    }
    let refused = added.refused.iter();
    notices.extend(refused.map(|(file, line, why)| format!("{file}:{line} does not count: {why}")));
    match &mut judged {
        Judged::Range(result) => result.scan.notices.splice(0..0, notices),
        Judged::History(result) => result.scan.notices.splice(0..0, notices),
    };
    let scan = judged.scan();
    let mut options = report_options(false, severity, how);
    let mut failed = None;
    if asks {
        let findings: Vec<&Finding> = scan.findings.iter().collect();
        let patterns = &args.sought.patterns;
        let asked = verify::ask(&args.verifying.asking, patterns, &findings, &stop, how)?;
        if let Some(asked) = asked {
            (options.verdicts, failed) = (asked.verdicts, asked.failed);
        }
    }
    let exit = match failed {
        Some(_) => Exit::Failed,
        None => Exit::of(scan, severity, args.exit_zero),
    };
    let live = options
        .verdicts
        .all()
        .filter(|v| v.verdict == Verdict::Live);
    let done = Done {
        exit,
        live: live.count(),
        failed,
        findings: scan.findings.len(),
        new: match &judged {
            Judged::Range(result) => result.scan.findings.len(),
            Judged::History(_) => 0,
        },
    };
    let files = outputs.write_files(&options, |report, options, out| {
        judged.write(report, options, out)
    });
    let own = match plan.trust {
        Trust::Own => Vec::new(),
        Trust::Proposed | Trust::Fork | Trust::Unknown => {
            allowances::own(&scan.accepted, &added, &baseline)
        }
    };
    let own: Vec<[String; 4]> = own.into_iter().map(tell::accepted_line).collect();
    log(&judged, &own, &options, system)?;
    if system == System::GitHub && !args.no_summary {
        summary(&judged, &own, &options, env)?;
    }
    files?;
    Ok(done)
}

/// Refuses to ask providers for whoever might not be meant to hear the answer, and by what a change may
/// have written.
fn may_ask(args: &CiArgs, trust: Trust) -> Result<(), CliError> {
    if args.verifying.asking.trust_patterns {
        return Err(CliError::new(
            "--trust-patterns is refused here: the change may have written where secrets would be sent",
        ));
    }
    match trust.refusal() {
        Some(why) => Err(CliError::new(format!("--verify is refused: {why}"))),
        None => Ok(()),
    }
}

/// Refuses to write through a link that lies below the folder of this run: a change may have brought
/// it in, to have a report overwrite what is elsewhere.
fn not_through_a_link(path: &Path) -> Result<(), CliError> {
    let here = std::env::current_dir().unwrap_or_default();
    let whole = here.join(path);
    let below = |at: &&Path| at.starts_with(&here) && **at != here;
    let is_link = |at: &Path| at.symlink_metadata().is_ok_and(|m| m.is_symlink());
    match whole.ancestors().filter(below).find(|at| is_link(at)) {
        Some(link) => Err(CliError::new(format!(
            "{}: a link is not written through",
            straykey::base::path_text(link)
        ))),
        None => Ok(()),
    }
}

/// Judges.
fn look(args: &CiArgs, folder: &Path, plan: &Plan, settings: Settings) -> Result<Judged, CliError> {
    match &plan.what {
        Judge::Nothing => Ok(Judged::Range(RangeResult::default())),
        Judge::Range { without, head, tag } => {
            let without = without.iter().map(|id| format!("^{id}"));
            let result = straykey::scan::commits(&CommitsOptions {
                repository: folder.to_owned(),
                places: environment(),
                revisions: without.chain([head.clone()]).collect(),
                pushed: tag.iter().cloned().collect(),
                scan: settings.options,
                comments: match plan.trust {
                    Trust::Own => Comments::Count,
                    Trust::Proposed => Comments::WithReason,
                    Trust::Fork | Trust::Unknown => Comments::Refused,
                },
                ..CommitsOptions::default()
            })?;
            Ok(Judged::Range(result))
        }
        Judge::Everything => {
            let result = straykey::scan::history(&HistoryOptions {
                people: false,
                repository: folder.to_owned(),
                places: environment(),
                full_scan: false,
                verify: false,
                narrow: Narrow {
                    paths: args.paths.clone(),
                    ..Narrow::default()
                },
                store: None,
                most: None,
                scan: settings.options,
            })?;
            Ok(Judged::History(result))
        }
    }
}

/// An error of a range that a shallow clone lacks, with what this system calls the remedy.
fn hinted(error: &CliError, system: System, plan: &Plan) -> CliError {
    let depth = system.depth(plan.enough);
    let lines = error.lines().iter().map(|line| {
        let is_shallow = line.contains("shallow");
        let hint = if is_shallow {
            format!("; here: {depth}")
        } else {
            String::new()
        };
        line.clone() + &hint
    });
    CliError::all(lines)
}

/// Says of comments that they did not count.
fn refused(result: &RangeResult, trust: Trust) -> Option<String> {
    let why = match (trust, trust.refusal()) {
        (Trust::Own, _) => return None,
        (_, Some(why)) => why,
        (_, None) => "no reason is given behind it",
    };
    match result.read.refused {
        0 => None,
        1 => Some(format!(
            "1 comment that allows a secret does not count: {why}"
        )),
        n => Some(format!(
            "{n} comments that allow secrets do not count: {why}"
        )),
    }
}

/// Keeps what is at the paths that were asked for; says what it left out.
fn narrow(result: &mut RangeResult, paths: &[String]) -> Result<Option<String>, CliError> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut globs = Globs::default();
    for path in paths {
        let added = globs.add(path, None);
        added.map_err(|why| CliError::new(format!("--path: {why}")))?;
    }
    let is_asked = |f: &Finding| f.occurrences.iter().any(|o| globs.matches(&o.path));
    let all = std::mem::take(&mut result.scan.findings);
    let by = std::mem::take(&mut result.by);
    let before = all.len();
    let kept = all.into_iter().zip(by).filter(|(f, _)| is_asked(f));
    (result.scan.findings, result.by) = kept.unzip();
    let out = before - result.scan.findings.len();
    let s = if out == 1 { "" } else { "s" };
    Ok(Some(format!(
        "narrowed by --path: {out} finding{s} elsewhere not told"
    )))
}

/// What the log gets: annotations, and the report for people.
fn log(
    judged: &Judged,
    own: &[[String; 4]],
    options: &ReportOptions,
    system: System,
) -> Result<(), CliError> {
    let annotations = match system {
        System::GitHub => Some(Format::GitHub),
        System::Azure => Some(Format::Azure),
        _ => None,
    };
    let mut text = String::new();
    if let Some(format) = annotations {
        text.push_str(&judged.text(format, options)?);
    }
    let mut people = judged.text(Format::Human, options)?;
    if !own.is_empty() {
        people.push_str("\nallowed by this change itself:\n");
        for [place, what, by, reason] in own {
            let line = format!("  {place} {what}, by {by}: {reason}");
            people.push_str(&straykey::base::escape_controls(&line));
            people.push('\n');
        }
    }
    if !judged.scan().findings.is_empty() {
        people.push_str(
            "real:     revoke it, then remove it: it has left its author's machine\n\
             not real: straykey allow ID --reason \"...\", and commit .straykey\n",
        );
    }
    text.push_str(&tell::guarded(&people));
    to_stdout(|out| out.write_all(text.as_bytes()))
}

/// What the page of the run gets.
fn summary(
    judged: &Judged,
    own: &[[String; 4]],
    options: &ReportOptions,
    env: &Env,
) -> Result<(), CliError> {
    let mut head = String::new();
    if !own.is_empty() {
        head.push_str("### straykey: allowed by this change itself\n\n");
        head.push_str("| where | what | by | why |\n|---|---|---|---|\n");
        for row in own.iter().take(ROWS) {
            let cells: Vec<String> = row.iter().map(|cell| markdown_span(cell)).collect();
            let _ = writeln!(head, "| {} |", cells.join(" | "));
        }
        if own.len() > ROWS {
            let _ = writeln!(head, "\nand {} more", own.len() - ROWS);
        }
        head.push('\n');
    }
    let plain = ReportOptions {
        colour: false,
        ..options.clone()
    };
    let body = judged.text(Format::Markdown, &plain)?;
    tell::summarize(env, &head, &body)
}
