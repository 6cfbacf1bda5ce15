use std::process::ExitCode;

use straykey::findings::ScanResult;

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
    /// How a scan with this result ends.
    pub fn of(result: &ScanResult, exit_zero: bool) -> Self {
        if result.is_incomplete() {
            Self::Failed
        } else if result.findings.is_empty() || exit_zero {
            Self::Clean
        } else {
            Self::Findings
        }
    }

    const fn code(self) -> u8 {
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

    fn result(finding: bool, skip: Option<SkipReason>) -> ScanResult {
        let mut out = ScanResult::default();
        if finding {
            let dir = tempfile::tempdir().unwrap();
            let pattern = straykey::detect::Catalogue::embedded();
            let pattern = pattern.get("github.pat-classic").unwrap();
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
        for (finding, skip, exit_zero, code) in [
            (false, None, false, 0),
            (false, notice(), false, 0),
            (false, None, true, 0),
            (true, None, false, 1),
            (true, notice(), false, 1),
            (true, None, true, 0),
            (false, bad(), false, 2),
            (true, bad(), false, 2),
            (true, bad(), true, 2),
        ] {
            let told = Exit::of(&result(finding, skip.clone()), exit_zero).code();
            assert_eq!(told, code, "{finding} {skip:?} {exit_zero}");
        }
    }
}
