//! Where this runs, from the environment alone.

use std::collections::HashMap;

/// The environment: a table, so that it is read once and a test can write its own.
#[derive(Clone, Debug, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// That of this process. Values that are not Unicode are nobody's branch or commit: they are
    /// shown with replacements and match nothing.
    pub fn of_process() -> Self {
        let all = std::env::vars_os();
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        Self(all.map(|(name, value)| (text(name), text(value))).collect())
    }

    /// A table.
    #[cfg(test)]
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(pairs.iter().map(own).collect())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(|value| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// The same, owned.
    pub fn take(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Whether a variable says yes.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }
}

/// The systems that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    GitHub,
    GitLab,
    Azure,
    Bitbucket,
    Jenkins,
    Buildkite,
    CircleCi,
    /// None of them.
    Plain,
}

impl System {
    /// The one whose marks the environment has.
    pub fn of(env: &Env) -> Self {
        let marks = [
            (env.is_true("GITHUB_ACTIONS"), Self::GitHub),
            (env.is_true("GITLAB_CI"), Self::GitLab),
            (env.is_true("TF_BUILD"), Self::Azure),
            (env.get("BITBUCKET_BUILD_NUMBER").is_some(), Self::Bitbucket),
            (env.is_true("BUILDKITE"), Self::Buildkite),
            (env.is_true("CIRCLECI"), Self::CircleCi),
            (
                env.get("JENKINS_URL").is_some() || env.get("JENKINS_HOME").is_some(),
                Self::Jenkins,
            ),
        ];
        let found = marks.iter().find(|(is, _)| *is);
        found.map_or(Self::Plain, |(_, system)| *system)
    }

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Jenkins => "Jenkins",
            Self::Buildkite => "Buildkite",
            Self::CircleCi => "CircleCI",
            Self::Plain => "no CI system that is known",
        }
    }

    /// How its checkout is told to fetch enough: everything, as nobody says how many commits that is,
    /// or so many if that is known. GitHub alone tells.
    pub fn depth(self, enough: Option<Enough>) -> String {
        match (self, enough) {
            (Self::GitHub, Some(enough)) => enough.to_string(),
            _ => self.everything().to_owned(),
        }
    }

    /// How its checkout is told to fetch everything.
    const fn everything(self) -> &'static str {
        match self {
            Self::GitHub => "fetch-depth: 0 (an input of the checkout step)",
            Self::GitLab => "GIT_DEPTH: 0 (a variable of the job)",
            Self::Azure => "fetchDepth: 0 (of the checkout step)",
            Self::Bitbucket => "depth: full (under clone)",
            Self::Jenkins => {
                "a clone that is not shallow (the advanced clone behaviours of the job)"
            }
            Self::Buildkite => {
                "no --depth in BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS"
            }
            Self::CircleCi => "method: full (of the checkout step)",
            Self::Plain => "git fetch --unshallow",
        }
    }
}

/// How many commits deep a clone must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enough {
    /// The commits of the range.
    pub commits: u64,
    /// Whether the commit that is checked out is a trial of the merge, one more.
    pub is_trial: bool,
}

impl Enough {
    /// The depth: with the one commit before the range.
    pub const fn depth(self) -> u64 {
        self.commits.saturating_add(1 + self.is_trial as u64)
    }
}

impl std::fmt::Display for Enough {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (depth, n) = (self.depth(), self.commits);
        let s = if n == 1 { "" } else { "s" };
        let trial = if self.is_trial {
            ", the trial of the merge"
        } else {
            ""
        };
        write!(
            f,
            "fetch-depth: {depth} (an input of the checkout step: the range has {n} commit{s}{trial} \
             and the one before); 0 if the base has moved on since, or older commits are merged"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_mark() {
        for (name, value, system) in [
            ("GITHUB_ACTIONS", "true", System::GitHub),
            ("GITLAB_CI", "true", System::GitLab),
            ("TF_BUILD", "True", System::Azure),
            ("BITBUCKET_BUILD_NUMBER", "12", System::Bitbucket),
            ("JENKINS_URL", "https://ci.invalid/", System::Jenkins),
            ("BUILDKITE", "true", System::Buildkite),
            ("CIRCLECI", "true", System::CircleCi),
            ("CI", "true", System::Plain),
            ("GITHUB_ACTIONS", "false", System::Plain),
            ("GITHUB_ACTIONS", "", System::Plain),
        ] {
            assert_eq!(System::of(&Env::of(&[(name, value)])), system, "{name}");
        }
        // A runner may live on a machine of another system.
        let both = Env::of(&[("JENKINS_HOME", "/j"), ("GITHUB_ACTIONS", "true")]);
        assert_eq!(System::of(&both), System::GitHub);
    }
}
