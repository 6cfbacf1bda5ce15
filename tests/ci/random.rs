//! Histories of all shapes, and events between any two commits of them: the commits that are judged
//! are those that git lists.

use super::repo::{Server, ZERO, event, git, token};
use super::{github, listed};

/// Numbers that look like chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % n
    }
}

/// A server with branches that part and meet; each commit but the merges adds a secret of its own.
fn history(chance: &mut Chance, seed: u64) -> (Server, Vec<String>) {
    let server = Server::new();
    let mut all = vec![server.head()];
    let mut branches = vec!["main".to_owned()];
    for step in 0..12 {
        let branch = branches[chance.below(branches.len())].clone();
        server.switch(&[&branch]);
        match chance.below(4) {
            0 => {
                let name = format!("b{step}");
                server.switch(&["-b", &name]);
                branches.push(name);
            }
            1 => {
                let other = branches[chance.below(branches.len())].clone();
                server.git(&["merge", "-q", "-m", "merge", &other]);
                all.push(server.head());
                continue;
            }
            _ => {}
        }
        let text = format!("key = {}\n", token(seed * 100 + step));
        all.push(server.add(&format!("f{step}.txt"), &text));
    }
    (server, all)
}

#[test]
fn what_is_judged_is_what_git_lists() {
    let mut seen = 0;
    for seed in 0..12 {
        let mut chance = Chance(seed + 1);
        let (server, all) = history(&mut chance, seed);
        // Everything is kept by some reference, also what no branch has any more.
        for (number, id) in all.iter().enumerate() {
            server.git(&["tag", &format!("t{number}"), id]);
        }
        for _ in 0..5 {
            let from = all[chance.below(all.len())].clone();
            let to = all[chance.below(all.len())].clone();
            let clone = server.checkout(&to, None);
            let (kind, payload, range) = match chance.below(3) {
                0 => {
                    let words = [
                        ("BEFORE", from.as_str()),
                        ("AFTER", &to),
                        ("REF", "refs/heads/b1"),
                        ("NAME", "x"),
                    ];
                    let range = vec![format!("{from}..{to}")];
                    ("push", event("push.json", &words), range)
                }
                1 => {
                    let words = [
                        ("BEFORE", ZERO),
                        ("AFTER", &to),
                        ("REF", "refs/heads/new"),
                        ("NAME", "x"),
                    ];
                    let range = vec![to.clone(), "--not".into(), "main".into()];
                    ("push", event("push.json", &words), range)
                }
                _ => {
                    let words = [
                        ("BASE", from.as_str()),
                        ("HEAD", &to),
                        ("MERGE", &to),
                        ("NAME", "x"),
                    ];
                    let range = vec![format!("{from}...{to}"), format!("^{from}")];
                    ("pull_request", event("pull_request.json", &words), range)
                }
            };
            let done = github(&server, &clone, kind, &to, &payload);
            assert_ne!(done.run.code, 2, "{seed}: {:?}", done.run);
            let range: Vec<&str> = range.iter().map(String::as_str).collect();
            let expected = listed(&server, &range);
            assert_eq!(
                done.judged(),
                expected.len() as u64,
                "{seed} {kind} {range:?}"
            );
            let mut plain = listed(&server, &[&["--no-merges"], &range[..]].concat());
            // The first one adds no secret.
            plain.remove(&all[0]);
            assert_eq!(done.commits(), plain, "{seed} {kind} {range:?}");
            seen += plain.len();
        }
        assert!(!git(&server.path(), &["tag"]).is_empty());
    }
    assert!(seen > 60, "most ranges have something in them: {seen}");
}
