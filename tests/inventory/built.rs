//! Repositories that are built commit by commit, and what tests of inventories ask of one.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::path::Path;

use git2::{IndexEntry, IndexTime, Oid, Repository, Signature, Time};
use serde_json::Value;

use crate::common::{Run, secret, straykey};

pub const DAY: i64 = 86_400;
/// 2023-11-14T22:13:20Z.
pub const BEGIN: i64 = 1_700_000_000;

/// A repository that is built commit by commit, one after the other.
pub struct Built {
    dir: tempfile::TempDir,
    pub repository: Repository,
    last: Option<Oid>,
}

impl Built {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = Repository::init(dir.path()).expect("a repository");
        Self {
            dir,
            repository,
            last: None,
        }
    }

    pub fn at(&self) -> &Path {
        self.dir.path()
    }

    /// Commits these files, and no others, on a day; the index and the working tree stay empty.
    pub fn commit(&mut self, day: i64, who: &str, files: &[(&str, &str)]) -> String {
        let time = Time::new(BEGIN + day * DAY, 0);
        let mail = format!("{}@x.invalid", who.to_lowercase());
        let who = Signature::new(who, &mail, &time).expect("who");
        let mut index = git2::Index::new().expect("an index");
        for (path, text) in files {
            let id = self.repository.blob(text.as_bytes()).expect("written");
            index.add(&entry(path, id)).expect("added");
        }
        let tree = index.write_tree_to(&self.repository).expect("a tree");
        let tree = self.repository.find_tree(tree).expect("found");
        let parents: Vec<_> = self
            .last
            .iter()
            .map(|p| self.repository.find_commit(*p).expect("found"))
            .collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let made = self
            .repository
            .commit(None, &who, &who, "change", &tree, &parents);
        let id = made.expect("committed");
        let main = self.repository.reference("refs/heads/main", id, true, "");
        main.expect("set");
        self.repository.set_head("refs/heads/main").expect("set");
        let _ = fs::remove_dir_all(self.repository.path().join("logs"));
        self.last = Some(id);
        id.to_string()
    }
}

/// What is called `x.link.y` is a symbolic link.
fn entry(path: &str, id: Oid) -> IndexEntry {
    let is_link = path.contains(".link.");
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: if is_link { 0o120_000 } else { 0o100_644 },
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// An access key's id, in a file of a commit that is made for it.
pub fn access_key(built: &mut Built) -> String {
    let (key, part) = (
        secret("aws.access-key", 3),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzKLMNOPQR",
    );
    let text = format!("AWS_ACCESS_KEY_ID={key}\nAWS_SECRET_ACCESS_KEY={part}\n");
    built.commit(1, "Ann", &[("prod.env", &text)]);
    key
}

pub fn token(seed: u64) -> String {
    secret("github.pat-classic", seed)
}

/// The day so many days after the first commit, to its end.
pub fn day(days: i64) -> String {
    straykey::base::day_of(BEGIN + days * DAY)
}

pub fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", run.out, run.err))
}

pub fn inventory(dir: &Path, more: &[&str]) -> Value {
    let run = straykey(dir, &[&["inventory", "--format", "json"], more].concat());
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
    json(&run)
}

/// The record of a token: by the last four characters of its label.
pub fn of<'v>(inventory: &'v Value, token: &str) -> &'v Value {
    let end = &token[token.len() - 4..];
    let records = inventory["records"].as_array().expect("records");
    let mut found = records
        .iter()
        .filter(|r| r["label"].as_str().is_some_and(|l| l.ends_with(end)));
    let one = found
        .next()
        .unwrap_or_else(|| panic!("no record of ...{end}: {inventory:#}"));
    assert!(found.next().is_none(), "two records of ...{end}");
    one
}

pub fn texts<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    let list = list.as_array().expect("a list");
    list.iter().filter_map(|v| v[name].as_str()).collect()
}
