//! Random steps of staging in random histories: what `staged` tells is what a scan of the index's checkout
//! finds and a scan of its parents' checkouts does not.

use std::collections::{BTreeMap, HashMap};

use super::*;
use straykey::detect::patterns::Sampler;
use straykey::scan::{ScanOptions, scan};

/// Pattern, secret, path; and how often.
type Counts = BTreeMap<(String, Vec<u8>, String), usize>;

struct Random {
    repo: Repo,
    sampler: Sampler,
    next: u64,
    seed: u64,
}

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.sampler.below(n)
    }

    fn line(&mut self) -> String {
        self.next += 1;
        let some = self.seed * 100 + self.next % 4;
        match self.below(6) {
            0 | 1 => format!("KEY={}\n", token(some)),
            2 => format!("password = \"{}\"\n", common::password(some)),
            3 => format!("{} # straykey:allow\n", token(some)),
            _ => format!("line {} of {} in a text of its own\n", self.next, self.seed),
        }
    }

    fn text(&mut self) -> String {
        self.next += 1;
        let mut text = filler(self.seed * 1000 + self.next, 8);
        for _ in 0..self.below(3) {
            text += &self.line();
        }
        text
    }

    /// All files of the working tree.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.repo.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed") {
                let path = entry.expect("an entry").path();
                if path.file_name().is_some_and(|n| n == ".git") {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(self.repo.path()).expect("below");
                    found.push(below.to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }

    fn fresh(&mut self) -> String {
        let folder = ["", "a/", "a/b/", "c/", "a-b/"][self.below(5)];
        format!("{folder}f{}", self.below(9))
    }

    /// Changes a file of the working tree.
    fn change(&mut self) {
        let files = self.files();
        let fresh = self.fresh();
        if files.is_empty() || self.below(4) == 0 {
            let text = self.text();
            return self.repo.write(&fresh, &text);
        }
        let name = files[self.below(files.len())].clone();
        let path = self.repo.path().join(&name);
        let text = fs::read_to_string(&path).expect("read");
        match self.below(6) {
            0 => fs::remove_file(path).expect("removed"),
            1 => {
                let line = if self.below(2) == 0 {
                    self.line()
                } else {
                    String::new()
                };
                fs::remove_file(path).expect("removed");
                self.repo.write(&fresh, &(text + &line));
            }
            2 => self.repo.write(&fresh, &text),
            3 => {
                let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
                fs::write(path, rest).expect("written");
            }
            _ => {
                let line = self.line();
                fs::write(path, line + &text).expect("written");
            }
        }
    }

    /// Does something with the index.
    fn stage(&mut self) {
        let files = self.files();
        let some = |random: &mut Self| match files.len() {
            0 => ".".to_owned(),
            n => files[random.below(n)].clone(),
        };
        match self.below(16) {
            0..=5 => drop(self.repo.git(&["add", "-A"])),
            6..=8 => {
                let name = some(self);
                self.repo.git(&["add", "-A", &name]);
            }
            9 => {
                let name = some(self);
                self.repo
                    .git(&["rm", "-rqf", "--cached", "--ignore-unmatch", &name]);
            }
            10 => drop(self.repo.git(&["write-tree"])),
            11 => drop(self.repo.git(&["update-index", "--split-index"])),
            12 => drop(self.repo.git(&["update-index", "--no-split-index"])),
            13 => drop(self.repo.git(&["update-index", "--index-version", "4"])),
            14 => drop(self.repo.git(&["repack", "-adq"])),
            _ => {
                let name = some(self);
                self.repo.git(&["add", "-N", &name]);
            }
        }
    }

    /// Commits, or begins a merge.
    fn commit(&mut self) {
        self.repo.git(&["add", "-A"]);
        self.repo.git(&["commit", "-q", "--allow-empty", "-m", "c"]);
        if self.below(3) == 0 {
            let branch = format!("b{}", self.next);
            self.next += 1;
            self.repo.git(&["checkout", "-qb", &branch]);
            self.change();
            self.change();
            self.repo.git(&["add", "-A"]);
            self.repo
                .git(&["commit", "-q", "--allow-empty", "-m", "side"]);
            self.repo.git(&["checkout", "-q", "-"]);
            self.change();
            self.repo.git(&["add", "-A"]);
            self.repo
                .git(&["commit", "-q", "--allow-empty", "-m", "main"]);
            // Whatever is in conflict is taken as the working tree has it.
            let merge = ["merge", "-q", "--no-commit", "--no-ff", &branch];
            drop(
                git_command(self.repo.path(), &merge)
                    .output()
                    .expect("git runs"),
            );
            self.repo.git(&["add", "-A"]);
        }
    }

    /// What a scan of a checkout finds; of the index if no commit is named.
    fn scanned(&self, commit: Option<&str>) -> Counts {
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("out");
        fs::create_dir(&out).expect("made");
        let index = dir.path().join("index");
        let git = |args: &[&str]| {
            let mut command = git_command(self.repo.path(), args);
            if commit.is_some() {
                command.env("GIT_INDEX_FILE", &index);
            }
            let done = command.output().expect("git runs");
            assert!(done.status.success(), "{done:?}");
        };
        if let Some(commit) = commit {
            git(&["read-tree", commit]);
        }
        let prefix = format!("--prefix={}/", out.to_string_lossy());
        git(&["checkout-index", "-a", "-q", &prefix]);
        let result = scan(&ScanOptions {
            targets: vec![out.clone()],
            least: Some(Confidence::Medium),
            ..ScanOptions::default()
        })
        .expect("scanned");
        assert!(!result.is_incomplete());
        let mut counts = Counts::new();
        for finding in &result.findings {
            for o in &finding.occurrences {
                let path = o.path.strip_prefix(&out).expect("below");
                let key = (
                    finding.pattern.id.to_owned(),
                    finding.secret.expose().to_vec(),
                    path.to_string_lossy().into_owned(),
                );
                *counts.entry(key).or_default() += 1;
            }
        }
        counts
    }

    /// The tree that git makes of the index, which keeps the cache that it has.
    fn tree(&self) -> String {
        let dir = self.repo.path().join(".git");
        let copy = dir.join("copy");
        // Before anything was staged there is no index: its tree is the empty one.
        if dir.join("index").exists() {
            fs::copy(dir.join("index"), &copy).expect("copied");
        }
        let mut command = git_command(self.repo.path(), &["write-tree"]);
        let done = command.env("GIT_INDEX_FILE", &copy).output();
        let done = done.expect("git runs");
        assert!(done.status.success(), "{done:?}");
        drop(fs::remove_file(copy));
        String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
    }

    /// What a commit would add, reckoned plainly.
    fn expected(&self) -> Counts {
        let parents = ["HEAD", "MERGE_HEAD"].iter().filter(|name| {
            let args = ["rev-parse", "-q", "--verify", name];
            let done = git_command(self.repo.path(), &args)
                .output()
                .expect("git runs");
            done.status.success()
        });
        let tree = self.tree();
        let parents: Vec<_> = parents
            .map(|parent| {
                // Against the tree that git makes: a file that is only announced is not in it.
                let moved = self.repo.git(&[
                    "diff-tree",
                    "-r",
                    "-M",
                    "--diff-filter=R",
                    "--name-status",
                    parent,
                    &tree,
                ]);
                let pairs = moved.lines().map(|line| {
                    let mut words = line.split('\t').skip(1);
                    let old = words.next().expect("the old name").to_owned();
                    (words.next().expect("the new name").to_owned(), old)
                });
                let files = self.repo.git(&["ls-tree", "-r", "--name-only", parent]);
                let files: Vec<String> = files.lines().map(str::to_owned).collect();
                let moved: HashMap<String, String> = pairs.collect();
                (self.scanned(Some(parent)), moved, files)
            })
            .collect();
        let mut new = Counts::new();
        for ((pattern, secret, path), count) in self.scanned(None) {
            let before = parents.iter().map(|(counts, moved, files)| {
                let there = if files.contains(&path) {
                    Some(&path)
                } else {
                    moved.get(&path)
                };
                let key = there.map(|there| (pattern.clone(), secret.clone(), there.clone()));
                key.and_then(|key| counts.get(&key)).copied().unwrap_or(0)
            });
            let more = count.saturating_sub(before.max().unwrap_or(0));
            if more > 0 {
                new.insert((pattern, secret, path), more);
            }
        }
        new
    }

    fn told(&self) -> Counts {
        let mut counts = Counts::new();
        for finding in &self.repo.judged().scan.findings {
            for o in &finding.occurrences {
                let key = (
                    finding.pattern.id.to_owned(),
                    finding.secret.expose().to_vec(),
                    o.path.to_string_lossy().into_owned(),
                );
                *counts.entry(key).or_default() += 1;
            }
        }
        counts
    }
}

fn one(seed: u64) -> usize {
    let format = if seed % 5 == 4 { "sha256" } else { "sha1" };
    let mut random = Random {
        repo: Repo::with(&[&format!("--object-format={format}")]),
        sampler: Sampler::new(seed),
        next: 0,
        seed,
    };
    let mut compared = 0;
    for step in 0..26 {
        for _ in 0..=random.below(3) {
            random.change();
        }
        random.stage();
        if random.below(5) == 0 {
            random.commit();
        }
        let (expected, told) = (random.expected(), random.told());
        // Words first: a secret must not be printed by a test that fails.
        let places = |counts: &Counts| -> Vec<(String, String, usize)> {
            let all = counts.iter();
            all.map(|((p, _, path), n)| (p.clone(), path.clone(), *n))
                .collect()
        };
        assert_eq!(places(&told), places(&expected), "seed {seed}, step {step}");
        assert!(told == expected, "seed {seed}, step {step}");
        compared += told.len();
    }
    compared
}

#[test]
fn the_stage_adds_what_its_checkout_has_and_its_parents_have_not() {
    let compared: usize = (0..10).map(one).sum();
    assert!(compared > 200, "only {compared} findings were compared");
}
