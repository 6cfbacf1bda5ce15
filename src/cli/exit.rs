use std::process::ExitCode;

use straykey::detect::patterns::Severity;
use straykey::findings::{Finding, ScanResult};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all was read, and no finding at or above the threshold.
    Clean,
    /// 1: findings at or above the threshold.
    Findings,
    /// 2: the job could not be done: usage, configuration, input or output. It wins over findings,
    /// and `--exit-zero` does not touch it.
    Failed,
}

impl Exit {
    /// How a scan with this result ends. Findings below the severity `threshold` do not fail:
    /// test keys, say.
    pub fn of(result: &ScanResult, threshold: Severity, exit_zero: bool) -> Self {
        let fails = |f: &Finding| f.pattern.severity >= threshold;
        if result.is_incomplete() {
            Self::Failed
        } else if result.findings.iter().any(fails) && !exit_zero {
            Self::Findings
        } else {
            Self::Clean
        }
    }

    /// Its number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use straykey::sources::{Skip, SkipReason};

    use super::*;

    fn result(finding: Option<&str>, skip: Option<SkipReason>) -> ScanResult {
        let mut out = ScanResult::default();
        if let Some(id) = finding {
            let dir = tempfile::tempdir().unwrap();
            let pattern = straykey::detect::Catalogue::embedded();
            let pattern = pattern.get(id).unwrap();
            let mut sampler = straykey::detect::patterns::Sampler::new(1);
            let (text, _) = straykey::detect::patterns::sample_match(pattern, &mut sampler);
            std::fs::write(dir.path().join("a"), text).unwrap();
            let options = straykey::scan::ScanOptions {
                targets: vec![dir.path().to_owned()],
                ..Default::default()
            };
            out = straykey::scan::scan(&options).unwrap();
            assert_eq!(out.findings.len(), 1);
        }
        out.skips.extend(skip.map(|reason| Skip {
            path: "x".into(),
            reason,
        }));
        out
    }

    #[test]
    fn the_table_of_the_design() {
        let bad = || Some(SkipReason::Unreadable("no".into()));
        let notice = || Some(SkipReason::LfsPointer);
        let real = Some("github.pat-classic");
        let test = Some("stripe.restricted-test-key");
        for (finding, skip, exit_zero, code) in [
            (None, None, false, 0),
            (None, notice(), false, 0),
            (None, None, true, 0),
            (real, None, false, 1),
            (real, notice(), false, 1),
            (real, None, true, 0),
            (test, None, false, 0),
            (None, bad(), false, 2),
            (real, bad(), false, 2),
            (real, bad(), true, 2),
            (test, bad(), false, 2),
        ] {
            let result = result(finding, skip.clone());
            let told = Exit::of(&result, Severity::Medium, exit_zero).code();
            assert_eq!(told, code, "{finding:?} {skip:?} {exit_zero}");
        }
    }
}
