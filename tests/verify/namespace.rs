//! In a network namespace of its own, without any route, the kernel counts every attempt to send. So
//! it is proved that nothing is sent when nobody asks for it.

use std::path::Path;
use std::process::Command;

use super::common;

/// What the kernel counted of attempts to send, after a shell ran `script` in a namespace of its own.
fn attempts(dir: &Path, script: &str) -> u64 {
    let counters = "awk '/^Ip:/ { if (!n++) for (i = 1; i <= NF; i++) name[i] = $i; else \
                    for (i = 1; i <= NF; i++) if (name[i] ~ /^(OutRequests|OutNoRoutes)$/) s += $i } \
                    /^Ip6Out(Requests|NoRoutes) / { s += $2 } END { print \"attempts\", s + 0 }' \
                    /proc/net/snmp /proc/net/snmp6";
    let program = env!("CARGO_BIN_EXE_straykey");
    let script = format!("straykey() {{ '{program}' \"$@\"; }}; {script}; {counters}");
    let ran = Command::new("unshare")
        .args(["-rn", "sh", "-c", &script])
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .output();
    let ran = ran.expect("unshare is needed for this test (util-linux)");
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    let counted = out.lines().find_map(|line| line.strip_prefix("attempts "));
    let counted = counted.and_then(|n| n.trim().parse().ok());
    // A test that does not run proves nothing: it fails where no namespace can be made.
    counted.unwrap_or_else(|| {
        panic!(
            "no network namespace could be made: {}",
            String::from_utf8_lossy(&ran.stderr)
        )
    })
}

#[test]
fn nothing_is_sent_when_nobody_asks() {
    let dir = common::demo_folder();
    common::encoded(dir.path());
    for script in [
        "straykey scan . >/dev/null",
        "straykey scan . -o sarif:out.sarif -o json:out.json >/dev/null",
        "straykey history . >/dev/null",
        "straykey commits HEAD >/dev/null",
        "straykey staged >/dev/null",
        "straykey explain src/db.py:3 >/dev/null",
        "straykey patterns list >/dev/null",
        "straykey scan . --format json >r.json; straykey verify r.json --dry-run >/dev/null",
        "GIT_INDEX_FILE=x straykey scan . --verify >/dev/null 2>&1",
        "straykey scan . --endpoint github=https://example.com >/dev/null 2>&1",
    ] {
        assert_eq!(attempts(dir.path(), script), 0, "{script}");
    }
    // The counter sees what is sent: the same tree, asked for.
    let asked = "straykey scan . --verify --audit log >/dev/null 2>&1";
    assert!(attempts(dir.path(), asked) > 0, "an attempt is counted");
}
