//! CODEOWNERS, as GitHub and as GitLab read it: the last line that matches wins; of GitLab the last
//! one of each section.
//!
//! Where the two differ, the file's place says whose rules count, and `.gitlab-ci.yml` beside one
//! that could be either's. (GitHub documentation, "About code owners"; GitLab documentation,
//! "CODEOWNERS syntax".)

/// Whose rules count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// GitHub's.
    GitHub,
    /// GitLab's: sections, default owners, exclusions, and paths that match anywhere.
    GitLab,
}

/// Where the file may be, in the order in which the first one counts.
pub const PLACES: &[(&str, Option<Flavour>)] = &[
    (".github/CODEOWNERS", Some(Flavour::GitHub)),
    ("CODEOWNERS", None),
    ("docs/CODEOWNERS", None),
    (".gitlab/CODEOWNERS", Some(Flavour::GitLab)),
];

/// The biggest file that counts: GitHub's own bound, in bytes.
const MOST: usize = 3 << 20;
/// Rules that are kept.
const RULES: usize = 100_000;
/// Parts of a path or a pattern that are compared.
const PARTS: usize = 256;

/// Who owns which files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codeowners {
    /// The file.
    file: String,
    rules: Vec<Rule>,
    /// How many sections there are.
    sections: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    section: usize,
    line: usize,
    pattern: Vec<String>,
    /// Whether it takes files out of its section.
    excludes: bool,
    owners: Vec<String>,
}

/// Owners of a file, and the line that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    /// Handles, teams, mail addresses; in the order in which they stand there.
    pub owners: Vec<String>,
    /// `.github/CODEOWNERS:12`.
    pub place: String,
}

impl Codeowners {
    /// Reads a file. Lines that mean nothing are left out, as both do.
    pub fn parse(file: &str, text: &str, flavour: Flavour) -> Self {
        let mut this = Self {
            file: file.to_owned(),
            rules: Vec::new(),
            sections: 1,
        };
        if text.len() > MOST {
            return this;
        }
        let mut names: Vec<String> = vec![String::new()];
        let (mut section, mut defaults) = (0, Vec::new());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if flavour == Flavour::GitLab
                && let Some((name, owners)) = heading(line)
            {
                let name = name.to_lowercase();
                section = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                defaults = owners;
                continue;
            }
            let mut words = words(line, flavour);
            if words.is_empty() || this.rules.len() >= RULES {
                continue;
            }
            let mut pattern = words.remove(0);
            let mut excludes = false;
            if let Some(rest) = pattern.strip_prefix('!') {
                // GitHub knows no such line, and leaves it out.
                if flavour == Flavour::GitHub {
                    continue;
                }
                excludes = true;
                pattern = rest.to_owned();
            }
            if flavour == Flavour::GitHub && (pattern.contains('[') || pattern.starts_with("\\#")) {
                continue;
            }
            let owners = if words.is_empty() {
                defaults.clone()
            } else {
                words
            };
            this.rules.push(Rule {
                section,
                line: number + 1,
                pattern: parts(&pattern, flavour),
                excludes,
                owners,
            });
        }
        this.sections = names.len();
        this
    }

    /// The owners of a file, from the top of the repository. `None` if no rule names it, or the one
    /// that counts names nobody.
    pub fn of(&self, path: &str) -> Option<Owners> {
        let path: Vec<&str> = path.split('/').collect();
        let mut found: Vec<Option<&Rule>> = vec![None; self.sections];
        let mut out = vec![false; self.sections];
        for rule in &self.rules {
            if matches(&rule.pattern, &path) {
                found[rule.section] = Some(rule);
                out[rule.section] |= rule.excludes;
            }
        }
        let said: Vec<&Rule> = found
            .into_iter()
            .zip(out)
            .filter_map(|(rule, out)| rule.filter(|rule| !out && !rule.owners.is_empty()))
            .collect();
        let mut owners: Vec<String> = Vec::new();
        for owner in said.iter().flat_map(|rule| &rule.owners) {
            if !owners.contains(owner) {
                owners.push(owner.clone());
            }
        }
        let line = said.first()?.line;
        Some(Owners {
            owners,
            place: format!("{}:{line}", self.file),
        })
    }
}

/// A heading such as `^[Docs][2] @writers`: its name and its default owners.
fn heading(line: &str) -> Option<(String, Vec<String>)> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, mut rest) = rest.split_once(']')?;
    if let Some(count) = rest.strip_prefix('[') {
        rest = count.split_once(']')?.1;
    }
    // A pattern may begin with a bracket, too: behind a heading nothing but owners stands.
    let owners: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
    let plain = owners.iter().all(|o| o.contains('@') || o.starts_with('#'));
    plain.then(|| (name.trim().to_owned(), owners))
}

/// The words of a line; a backslash keeps a blank. A comment may end a line.
fn words(line: &str, flavour: Flavour) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let word = all.last().map_or("", String::as_str);
        match c {
            '\\' if matches!(chars.peek(), Some(' ' | '\\')) => {
                let kept = chars.next();
                if let (Some(last), Some(kept)) = (all.last_mut(), kept) {
                    last.push(kept);
                }
            }
            '\\' if flavour == Flavour::GitLab && chars.peek() == Some(&'#') => {}
            '#' if word.is_empty() && all.len() > 1 => break,
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    all.push(String::new());
                }
            }
            c => {
                if let Some(last) = all.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    all.retain(|word| !word.is_empty());
    all
}

/// A pattern in parts. `**` is any number of folders.
fn parts(pattern: &str, flavour: Flavour) -> Vec<String> {
    let folder = pattern.ends_with('/');
    let inner = pattern.trim_matches('/');
    let anchored = match flavour {
        Flavour::GitHub => inner.contains('/') || pattern.starts_with('/'),
        Flavour::GitLab => pattern.starts_with('/'),
    };
    let mut out: Vec<String> = Vec::new();
    if !anchored {
        out.push("**".to_owned());
    }
    out.extend(
        inner
            .split('/')
            .filter(|p| !p.is_empty())
            .take(PARTS)
            .map(str::to_owned),
    );
    let last = out.last().cloned().unwrap_or_default();
    if folder || inner.is_empty() {
        out.extend(["**".to_owned(), "*".to_owned()]);
    } else if last == "**" {
        out.push("*".to_owned());
    }
    out
}

/// Whether a pattern matches a file, or a folder above it: but a part of wildcards alone means what
/// lies directly there.
fn matches(pattern: &[String], path: &[&str]) -> bool {
    if path.len() > PARTS {
        return false;
    }
    let deep = pattern.last().is_some_and(|last| !last.contains('*'));
    // Which ends of the path the pattern up to here can reach.
    let mut at = vec![false; path.len() + 1];
    at[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        if part == "**" {
            let mut seen = false;
            for i in 0..=path.len() {
                seen |= at[i];
                next[i] = seen;
            }
        } else {
            for i in 0..path.len() {
                next[i + 1] = at[i] && wild(part.as_bytes(), path[i].as_bytes());
            }
        }
        at = next;
    }
    at[path.len()] || deep && at.iter().skip(1).any(|reached| *reached)
}

/// Whether a name matches a part with `*` and `?`.
fn wild(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(b'?') => (p, n) = (p + 1, n + 1),
            Some(c) if *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (p, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own example of its documentation, shortened.
    const GITHUB: &str = "\
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
";

    #[test]
    fn github_as_its_documentation_says() {
        let owners = Codeowners::parse("CODEOWNERS", GITHUB, Flavour::GitHub);
        for (path, expected, line) in [
            ("README.md", &["@global-owner1", "@global-owner2"][..], 1),
            ("src/deep/a.js", &["@js-owner"], 2),
            ("a.go", &["docs@example.com"], 3),
            ("build/logs/x", &["@octocat"], 9),
            ("deep/logs/x", &["@octocat"], 9),
            ("docs/getting-started.md", &["@doctocat"], 7),
            ("x/apps/y", &["@octocat"], 6),
            ("scripts/a/b.sh", &["@doctocat", "@octocat"], 8),
        ] {
            let told = owners.of(path).expect(path);
            assert_eq!(told.owners, expected, "{path}");
            assert_eq!(told.place, format!("CODEOWNERS:{line}"), "{path}");
        }
        assert_eq!(
            owners.of("apps/github/x"),
            None,
            "the last line takes its owner away"
        );
        // "docs/* ... but not further nested files like docs/build-app/troubleshooting.md"
        let one = Codeowners::parse("CODEOWNERS", "docs/* @d", Flavour::GitHub);
        assert!(one.of("docs/a.md").is_some() && one.of("docs/build-app/a.md").is_none());
        assert!(one.of("x/docs/a.md").is_none());
    }

    #[test]
    fn gitlab_as_its_documentation_says() {
        let text = "\
* @default
[Documentation] @docs-team
docs/
README.md
^[Database][2] @database-team
model/db/
config/db/database-setup.md @docs-team
[DOCUMENTATION]
extra.md @x
[Ruby]
*.rb @ruby
!/config/**/*.rb
path\\ with\\ blanks/ @space
";
        let owners = Codeowners::parse(".gitlab/CODEOWNERS", text, Flavour::GitLab);
        for (path, expected) in [
            ("src/x.c", &["@default"][..]),
            ("deep/docs/x.md", &["@default", "@docs-team"]),
            ("README.md", &["@default", "@docs-team"]),
            ("model/db/x", &["@default", "@database-team"]),
            ("config/db/database-setup.md", &["@default", "@docs-team"]),
            ("extra.md", &["@default", "@x"]),
            ("lib/a.rb", &["@default", "@ruby"]),
            ("config/x/a.rb", &["@default"]),
            ("path with blanks/x", &["@default", "@space"]),
        ] {
            assert_eq!(owners.of(path).expect(path).owners, expected, "{path}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = format!("{}x @a", "*a".repeat(5_000));
        let owners = Codeowners::parse("CODEOWNERS", &pattern, Flavour::GitHub);
        assert_eq!(owners.of(&"a".repeat(4_000)), None);
        let deep = format!("{} @a", "**/".repeat(5_000));
        let owners = Codeowners::parse("CODEOWNERS", &deep, Flavour::GitHub);
        let _ = owners.of(&"a/".repeat(5_000));
    }
}
