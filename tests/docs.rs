//! The documentation's examples, run as they are written: `console` blocks whose lines begin with
//! `$ straykey`, in the demonstration tree. `UPDATE_DOCS=1 cargo test --test docs` writes anew what
//! they print; read the difference before you commit it.

mod common;
#[path = "docs/coverage.rs"]
mod coverage;

use std::fs;
use std::path::{Path, PathBuf};

/// All pages.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    let docs = fs::read_dir(root.join("docs")).expect("docs can be listed");
    pages.extend(docs.map(|e| e.expect("an entry").path()));
    pages.retain(|p| p.extension().is_some_and(|e| e == "md"));
    pages.sort();
    pages
}

/// Words as a shell splits them; quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            (' ', None) => all.push(std::mem::take(&mut word)),
            (c, _) => word.push(c),
        }
    }
    all.push(word);
    all.retain(|w| !w.is_empty());
    all
}

/// Times differ from run to run.
fn steady(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let key = line.trim_start().split(": \"").next().unwrap_or("");
        if matches!(key, "\"start_time\"" | "\"end_time\"") {
            let told = &line[..line.find(": ").unwrap_or(0)];
            let end = line.trim_end_matches(|c| c != '"' && c != ',');
            let comma = if end.ends_with(',') { "," } else { "" };
            out.push(format!("{told}: \"2026-11-28T04:00:00\"{comma}"));
            continue;
        }
        let shown = line.split(", ").map(|piece| {
            let number = piece.split(" s;").next().unwrap_or("");
            let is_time = piece.contains(" s;") && number.parse::<f64>().is_ok();
            if is_time {
                piece.replacen(number, "0.01", 1)
            } else {
                piece.to_owned()
            }
        });
        out.push(shown.collect::<Vec<_>>().join(", ").trim_end().to_owned());
    }
    out.join("\n")
}

#[test]
fn every_example_prints_what_the_page_says() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut run = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("it can be read");
        let dir = common::demo_folder();
        if page.ends_with("migrate.md") {
            common::foreign(dir.path());
        }
        if page.ends_with("decoding.md") {
            common::encoded(dir.path());
        }
        if page.ends_with("references.md") {
            common::naming(dir.path());
        }
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, block)) = rest.split_once("```console\n") {
            let (block, after) = block.split_once("```").expect("the block ends");
            out.push_str(before);
            out.push_str("```console\n");
            let mut told = String::new();
            let mut ours = true;
            for line in block.lines().filter(|l| l.starts_with("$ ")) {
                let command = words(&line[2..]);
                if command[0] != "straykey" {
                    ours = false;
                    continue;
                }
                let args: Vec<&str> = command[1..].iter().map(String::as_str).collect();
                let done = common::straykey(dir.path(), &args);
                told.push_str(line);
                told.push('\n');
                let printed = steady(&(done.out + &done.err));
                told.push_str(&printed);
                told.push('\n');
                run += 1;
            }
            if ours {
                let same = steady(block) == steady(&told);
                if !update {
                    assert!(
                        same,
                        "{}: the page says\n{block}\nbut it is\n{told}",
                        page.display()
                    );
                }
                out.push_str(if same { block } else { &told });
            } else {
                out.push_str(block);
            }
            out.push_str("```");
            rest = after;
        }
        out.push_str(rest);
        if update && out != text {
            fs::write(&page, out).expect("written");
        }
    }
    assert!(run >= 8, "only {run} examples were found");
}

/// Every file that a page points to is there.
#[test]
fn every_link_within_the_project_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).expect("it can be read");
        for target in text.split("](").skip(1).filter_map(|r| r.split(')').next()) {
            let target = target.split('#').next().unwrap_or("");
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().expect("it has one").join(target);
            assert!(path.exists(), "{}: nothing is at {target}", page.display());
        }
    }
}
