//! The scripts that stand in git's folder of hooks.

/// By this line a script is known for one of ours.
pub const MARK: &str = "# straykey hook";

/// What is put behind the name of a hook that was there before.
pub const BEFORE: &str = ".before-straykey";

/// Whether a hook was written by us.
pub fn is_ours(script: &[u8]) -> bool {
    let mut lines = script.split(|b| *b == b'\n');
    lines
        .nth(1)
        .is_some_and(|line| line.starts_with(MARK.as_bytes()))
}

/// How a hook that cannot run is got around once.
fn skip_once(hook: &str) -> &'static str {
    match hook {
        "pre-push" => "git push --no-verify",
        _ => "git commit --no-verify",
    }
}

/// The script of a hook. It runs what was there before, then straykey; `global` ones run the
/// repository's own hook, which git would have run without them.
pub fn hook(name: &str, global: bool) -> String {
    let own = if global { own(name) } else { String::new() };
    // What git says on standard input is for both.
    let (keep, feed) = match name {
        "pre-push" => (
            "said=$(cat; echo .)\nsaid=${said%.}\n",
            "printf %s \"$said\" | ",
        ),
        _ => ("", ""),
    };
    let own = own.replace("{feed}", feed);
    let skip = skip_once(name);
    format!(
        "#!/bin/sh\n\
         {MARK}: written by 'straykey hook install', taken away by 'straykey hook uninstall'\n\
         {keep}\
         before=${{0%/*}}/{name}{BEFORE}\n\
         if [ -x \"$before\" ]; then\n  \
           {feed}\"$before\" \"$@\" || exit\n\
         fi\n\
         {own}\
         if ! command -v straykey >/dev/null 2>&1; then\n  \
           echo 'straykey: NOT SCANNED: straykey is not on PATH, so the {name} hook stops here' >&2\n  \
           echo 'straykey: put it on PATH, or skip all hooks this once: {skip}' >&2\n  \
           exit 1\n\
         fi\n\
         {feed}straykey hook run {name} \"$@\"\n"
    )
}

/// A script that does nothing but run the repository's own hook: a folder of hooks for all
/// repositories takes the place of theirs.
pub fn forward(name: &str) -> String {
    let own = own(name).replace("{feed}", "");
    format!(
        "#!/bin/sh\n\
         {MARK}: runs the repository's own {name} hook, which core.hooksPath hides\n\
         {own}"
    )
}

/// Runs the hook in the repository's own folder.
fn own(name: &str) -> String {
    format!(
        "own=$(git rev-parse --git-common-dir)/hooks/{name}\n\
         if [ -x \"$own\" ]; then\n  \
           {{feed}}\"$own\" \"$@\" || exit\n\
         fi\n"
    )
}

/// Git's hooks that a folder for all repositories must pass on. Left out are three that change what
/// git does by being there, or are run for every single reference: `push-to-checkout`,
/// `proc-receive`, `reference-transaction`.
pub const PASSED_ON: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "sendemail-validate",
    "update",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_scripts_are_known_by_their_second_line() {
        for global in [false, true] {
            assert!(is_ours(hook("pre-push", global).as_bytes()));
        }
        assert!(is_ours(forward("update").as_bytes()));
        for other in ["", "#!/bin/sh\nstraykey hook run pre-commit\n", MARK] {
            assert!(!is_ours(other.as_bytes()), "{other}");
        }
    }
}
