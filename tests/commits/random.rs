//! Random histories: what `commits` tells of each commit is what a scan of its checkout finds and a
//! scan of its parents' checkouts does not.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use super::*;
use straykey::detect::patterns::Sampler;
use straykey::scan::{ScanOptions, scan};

type Files = BTreeMap<String, Vec<String>>;
/// Pattern, secret, path; and how often.
type Counts = BTreeMap<(String, Vec<u8>, String), usize>;

struct Random {
    sampler: Sampler,
    files: Vec<Files>,
    parents: Vec<Vec<usize>>,
    next: u64,
    seed: u64,
}

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.sampler.below(n)
    }

    fn line(&mut self) -> String {
        self.next += 1;
        match self.below(7) {
            0 => format!("KEY={}", token(self.seed * 100 + self.next % 5)),
            1 => format!(
                "{} and {}",
                token(self.seed * 100 + 1),
                token(self.seed * 100 + 2)
            ),
            2 => format!(
                "password = \"{}\"",
                common::password(self.seed * 10 + self.next % 3)
            ),
            3 => format!(
                "{} # straykey:allow",
                token(self.seed * 100 + self.next % 5)
            ),
            _ => format!("line {} of {} in a text of its own", self.next, self.seed),
        }
    }

    fn text(&mut self) -> Vec<String> {
        self.next += 1;
        let own = self.next;
        let mut lines: Vec<String> = (0..8)
            .map(|i| format!("file {own} line {i} {}", own * 7 + i))
            .collect();
        for _ in 0..self.below(3) {
            let (place, line) = (self.below(lines.len()), self.line());
            lines.insert(place, line);
        }
        lines
    }

    fn change(&mut self, files: &mut Files) {
        let names: Vec<String> = files.keys().cloned().collect();
        let folder = ["", "a/", "a/b/", "c/"][self.below(4)];
        let fresh = format!("{folder}f{}", self.below(9));
        let Some(name) = (!names.is_empty()).then(|| names[self.below(names.len())].clone()) else {
            let text = self.text();
            files.insert(fresh, text);
            return;
        };
        match self.below(8) {
            0 | 1 => {
                let text = self.text();
                files.insert(fresh, text);
            }
            2 => {
                files.remove(&name);
            }
            3 | 4 => {
                // Move, with or without a change.
                let mut text = files.remove(&name).expect("it is there");
                if self.below(2) == 0 {
                    let line = self.line();
                    text.push(line);
                }
                files.insert(fresh, text);
            }
            5 => {
                let text = files[&name].clone();
                files.insert(fresh, text);
            }
            6 => {
                let line = self.line();
                let text = files.get_mut(&name).expect("it is there");
                text.insert(0, line);
            }
            _ => {
                let text = files.get_mut(&name).expect("it is there");
                let place = self.sampler.below(text.len());
                text.remove(place);
                if text.is_empty() {
                    files.remove(&name);
                }
            }
        }
    }

    fn commit(&mut self) {
        let count = self.files.len();
        let mut parents = Vec::new();
        if count > 0 && self.below(12) > 0 {
            parents.push(count - 1 - self.below(count.min(4)));
            if self.below(3) == 0 {
                parents.push(self.below(count));
            }
            if self.below(9) == 0 {
                parents.push(self.below(count));
            }
            parents.sort_unstable_by_key(|p| std::cmp::Reverse(*p));
            parents.dedup();
        }
        let mut files = parents
            .first()
            .map_or_else(Files::new, |p| self.files[*p].clone());
        for parent in parents.iter().skip(1) {
            for (name, text) in self.files[*parent].clone() {
                if self.below(2) == 0 {
                    files.insert(name, text);
                }
            }
        }
        for _ in 0..self.below(if parents.len() > 1 { 2 } else { 4 }) {
            self.change(&mut files);
        }
        // A file and a folder cannot have one name.
        let names: Vec<String> = files.keys().cloned().collect();
        files.retain(|name, _| !names.iter().any(|n| n.starts_with(&format!("{name}/"))));
        self.files.push(files);
        self.parents.push(parents);
    }

    /// Hands the history to git; the ids of its commits.
    fn import(&mut self, repo: &Path) -> Vec<String> {
        let mut stream = String::new();
        for number in 0..self.files.len() {
            // Clocks that do not agree.
            let time = 1_700_000_000 + number * 600 + self.below(2000);
            let message = format!("commit {number}");
            let who = format!("Ann <ann@x.invalid> {time} +0000");
            let _ = writeln!(stream, "commit refs/heads/c{number}\nmark :{}", number + 1);
            let _ = writeln!(
                stream,
                "author {who}\ncommitter {who}\ndata {}\n{message}",
                message.len()
            );
            for (place, parent) in self.parents[number].iter().enumerate() {
                let word = if place == 0 { "from" } else { "merge" };
                let _ = writeln!(stream, "{word} :{}", parent + 1);
            }
            stream.push_str("deleteall\n");
            for (name, lines) in &self.files[number] {
                let text = lines.join("\n") + "\n";
                let _ = writeln!(
                    stream,
                    "M 100644 inline {name}\ndata {}\n{text}",
                    text.len()
                );
            }
        }
        let mut child = Command::new("git")
            .args(["fast-import", "--quiet", "--export-marks=marks"])
            .current_dir(repo)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdin(Stdio::piped())
            .spawn()
            .expect("git runs");
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(stream.as_bytes()).expect("fed");
        drop(stdin);
        assert!(child.wait().expect("it ends").success());
        let marks = fs::read_to_string(repo.join("marks")).expect("written");
        fs::remove_file(repo.join("marks")).expect("removed");
        let mut ids = vec![String::new(); self.files.len()];
        for line in marks.lines() {
            let (mark, id) = line.split_once(' ').expect("two words");
            let mark: usize = mark[1..].parse().expect("a number");
            id.clone_into(&mut ids[mark - 1]);
        }
        ids
    }
}

/// What a scan of a checkout finds.
fn scanned(repo: &Path, commit: &str) -> Counts {
    git_in(repo, &["checkout", "-qf", "--detach", commit]);
    let result = scan(&ScanOptions {
        targets: vec![repo.to_owned()],
        least: Some(Confidence::Medium),
        ..ScanOptions::default()
    })
    .expect("scanned");
    assert!(!result.is_incomplete());
    let mut counts = Counts::new();
    for finding in &result.findings {
        for o in &finding.occurrences {
            let path = o
                .path
                .strip_prefix(repo)
                .expect("below")
                .to_string_lossy()
                .into_owned();
            let key = (
                finding.pattern.id.to_owned(),
                finding.secret.expose().to_vec(),
                path,
            );
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}

/// Files of `to` that git says were moved, with where they were.
fn moved(repo: &Path, from: &str, to: &str) -> HashMap<String, String> {
    let told = git_in(
        repo,
        &[
            "diff-tree",
            "-r",
            "-M",
            "--diff-filter=R",
            "--name-status",
            from,
            to,
        ],
    );
    let pairs = told.lines().map(|line| {
        let mut words = line.split('\t').skip(1);
        let old = words.next().expect("the old name").to_owned();
        (words.next().expect("the new name").to_owned(), old)
    });
    pairs.collect()
}

fn one(seed: u64) -> usize {
    let dir = tempfile::tempdir().expect("a folder");
    let repo = dir.path();
    let format = if seed % 8 == 7 { "sha256" } else { "sha1" };
    git_in(repo, &["init", "-q", &format!("--object-format={format}")]);
    let mut random = Random {
        sampler: Sampler::new(seed),
        files: Vec::new(),
        parents: Vec::new(),
        next: 0,
        seed,
    };
    for _ in 0..14 {
        random.commit();
    }
    let ids = random.import(repo);
    if seed.is_multiple_of(2) {
        git_in(repo, &["repack", "-adfq"]);
    }
    let found: Vec<Counts> = ids.iter().map(|id| scanned(repo, id)).collect();
    let mut expected: BTreeMap<&str, Counts> = BTreeMap::new();
    for (number, id) in ids.iter().enumerate() {
        let parents: Vec<(&Counts, HashMap<String, String>, &Files)> = random.parents[number]
            .iter()
            .map(|p| (&found[*p], moved(repo, &ids[*p], id), &random.files[*p]))
            .collect();
        for ((pattern, secret, path), count) in &found[number] {
            let before = parents.iter().map(|(counts, moves, files)| {
                let there = if files.contains_key(path) {
                    Some(path)
                } else {
                    moves.get(path)
                };
                let key = there.map(|there| (pattern.clone(), secret.clone(), there.clone()));
                key.and_then(|key| counts.get(&key)).copied().unwrap_or(0)
            });
            let new = count.saturating_sub(before.max().unwrap_or(0));
            if new > 0 {
                let key = (pattern.clone(), secret.clone(), path.clone());
                expected.entry(id).or_default().insert(key, new);
            }
        }
    }
    let mut compared = 0;
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let some = format!("{}..{}", ids[random.below(10)], ids[13]);
    for revisions in [&all[..], &[&some]] {
        let result = judged_in(repo, revisions).expect("judged");
        assert_eq!(result.scan.skips, [], "seed {seed}");
        let mut told: BTreeMap<&str, Counts> = BTreeMap::new();
        for (place, finding) in result.scan.findings.iter().enumerate() {
            let commit = result.commit_of(place).expect("each has one");
            for o in &finding.occurrences {
                let path = o.path.to_string_lossy().into_owned();
                let key = (
                    finding.pattern.id.to_owned(),
                    finding.secret.expose().to_vec(),
                    path,
                );
                let counts = told.entry(&commit.commit).or_default();
                *counts.entry(key).or_default() += 1;
            }
        }
        let listed = git_in(repo, &[&["rev-list"], revisions].concat());
        assert_eq!(
            result.read.commits,
            listed.lines().count() as u64,
            "seed {seed}"
        );
        let wanted: BTreeMap<&str, Counts> = listed
            .lines()
            .filter_map(|id| expected.get_key_value(id).map(|(k, v)| (*k, v.clone())))
            .collect();
        for id in listed.lines() {
            assert_eq!(told.get(id), wanted.get(id), "seed {seed}, commit {id}");
        }
        assert_eq!(told.len(), wanted.len(), "seed {seed}");
        compared += wanted.values().map(BTreeMap::len).sum::<usize>();
    }
    compared
}

#[test]
fn each_commit_brings_in_what_its_checkout_has_and_its_parents_have_not() {
    let compared: usize = (0..36).map(one).sum();
    assert!(compared > 300, "only {compared} findings were compared");
}
