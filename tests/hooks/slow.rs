//! Pushes that take longer to judge than the server grants.

use std::time::{Duration, Instant};

use super::receive::{hook, push, server};
use super::*;

/// So long must it take to judge what is to be too much for one second.
const SLOW: Duration = Duration::from_secs(3);

/// Text in which every line is looked at and none is reported: the token's checksum is wrong.
fn text(bytes: usize) -> String {
    let (_, secret) = line(31);
    let (head, last) = secret.split_at(secret.len() - 1);
    let wrong = if last == "0" { "1" } else { "0" };
    let line = format!("x = {head}{wrong}\n");
    line.repeat(bytes / line.len())
}

/// How many bytes of such text take so long on this machine, now.
fn slow_bytes(home: &Home) -> usize {
    let mut bytes = 2 << 20;
    loop {
        home.write("slow.txt", &text(bytes));
        home.commit();
        let began = Instant::now();
        let done = home.straykey(&["commits", "HEAD~1..HEAD"]);
        let took = began.elapsed();
        done.passed();
        home.git(&["reset", "-q", "--hard", "HEAD~1"]);
        if took >= SLOW {
            return bytes;
        }
        bytes *= 2;
        assert!(bytes <= 1 << 30, "nothing is slow here: {took:?}");
    }
}

#[test]
fn a_slow_push_ends_in_time() {
    let home = server("--timeout 1");
    let bytes = slow_bytes(&home);
    let start = home.git(&["rev-parse", "HEAD"]);
    let secret = |home: &Home| {
        home.write("first.conf", &line(32).0);
        home.commit();
    };
    let one_file = |home: &Home| {
        home.write("slow.txt", &text(bytes));
        home.commit();
    };
    let many_files = |home: &Home| {
        for number in 0..12 {
            let text = format!("{number}\n{}", text(bytes / 12));
            home.write(&format!("slow{number}.txt"), &text);
            home.commit();
        }
    };
    let both: [&dyn Fn(&Home); 2] = [&one_file, &many_files];
    for slow in both {
        home.git(&["reset", "-q", "--hard", &start]);
        slow(&home);
        hook(&home, "--timeout 1");
        let done = push(&home, &["main"]);
        done.stopped("NOT SCANNED")
            .stopped("pre-receive hook declined");
        hook(&home, "--timeout 1 --on-timeout allow");
        let done = push(&home, &["main:refs/heads/passed"]);
        assert!(done.passed().said.contains("NOT SCANNED"), "{done:?}");
        home.git(&["push", "-q", "origin", "--delete", "passed"]);
        // A secret does not pass in the shadow of what is slow.
        home.git(&["reset", "-q", "--hard", &start]);
        secret(&home);
        slow(&home);
        push(&home, &["main"]).stopped("pre-receive hook declined");
        hook(&home, "--timeout 1");
        push(&home, &["main"]).stopped("pre-receive hook declined");
    }
    // With time enough it is judged: the last of these has the secret.
    hook(&home, "--timeout 600");
    push(&home, &["main"]).stopped(KIND);
}
