//! `straykey hook install` and `uninstall`.
//!
//! What stands in a hook's place is moved aside and run first. Every step leaves either the old hook
//! or the new one in place, whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use straykey::base::{escape_controls, path_text};
use straykey::reports::write_atomically;

use super::places::{Folder, of_repository, of_user};
use super::script::{BEFORE, PASSED_ON, forward, hook, is_ours};
use crate::cli::args::{HookInstallArgs, Installed};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::home::shown;
use crate::cli::output::to_stdout;
use crate::cli::tell;

/// The longest hook that is read to see whose it is, in bytes.
const HEAD: usize = 256;

/// Puts hooks in place.
pub fn install(args: &HookInstallArgs) -> Result<Exit, CliError> {
    let (folder, config) = folder(args)?;
    let mut hooks = args.hooks.clone();
    if hooks.is_empty() {
        hooks.push(Installed::PreCommit);
    }
    hooks.sort();
    hooks.dedup();
    let wrong = |e| CliError::file("cannot write", &folder.path, &e);
    fs::create_dir_all(&folder.path).map_err(wrong)?;
    let mut told = Vec::new();
    for one in hooks {
        told.push(put(&folder, one.word())?);
    }
    if folder.is_ours {
        for name in PASSED_ON {
            let path = folder.path.join(name);
            if path.symlink_metadata().is_err() {
                executable(&path, &forward(name))?;
            }
        }
        told.push(
            "hooks of the repositories themselves are run, too; not passed on: push-to-checkout, \
             proc-receive, reference-transaction"
                .to_owned(),
        );
    }
    if let Some(file) = config {
        name_folder(&file, &folder.path)?;
        told.push(format!("core.hooksPath is set in {}", path_text(&file)));
    }
    say(&told)
}

/// Takes them away again.
pub fn uninstall(args: &HookInstallArgs) -> Result<Exit, CliError> {
    let (folder, _) = folder(args)?;
    let mut hooks = args.hooks.clone();
    if hooks.is_empty() {
        hooks = vec![Installed::PreCommit, Installed::PrePush];
    }
    let mut told = Vec::new();
    for one in &hooks {
        told.extend(take(&folder, one.word())?);
    }
    if told.is_empty() {
        let what = format!("no hook of straykey's is in {}", shown(&folder.path));
        told.push(what);
    }
    if folder.is_ours && folder.path.is_dir() {
        let all = [Installed::PreCommit, Installed::PrePush];
        let left = |one: &Installed| runs_straykey(&folder.path.join(one.word()));
        if !all.iter().any(left) {
            for name in PASSED_ON {
                let path = folder.path.join(name);
                if head(&path).is_some_and(|head| is_ours(&head)) {
                    remove(&path)?;
                }
            }
            told.extend(forget_folder(&folder.path)?);
            // What somebody else put there stays.
            let _ = fs::remove_dir(&folder.path);
        }
    }
    say(&told)
}

fn folder(args: &HookInstallArgs) -> Result<(Folder, Option<PathBuf>), CliError> {
    let (folder, config) = if args.global {
        of_user()?
    } else {
        (of_repository()?, None)
    };
    for notice in &folder.notices {
        tell(&format!("notice: {notice}"));
    }
    Ok((folder, config))
}

fn say(lines: &[String]) -> Result<Exit, CliError> {
    to_stdout(|out| {
        let mut lines = lines.iter();
        lines.try_for_each(|line| writeln!(out, "{}", escape_controls(line)))
    })?;
    Ok(Exit::Clean)
}

/// The beginning of a file; `None` if it is not there.
fn head(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let mut out = Vec::new();
    let is_file = path.metadata().is_ok_and(|meta| meta.is_file());
    let file = is_file.then(|| fs::File::open(path).ok()).flatten()?;
    file.take(HEAD as u64).read_to_end(&mut out).ok()?;
    Some(out)
}

/// Whether a script is ours, and no mere forwarder.
fn runs_straykey(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    is_ours(text.as_bytes()) && text.contains("straykey hook run ")
}

/// Puts a hook in place; what was done.
fn put(folder: &Folder, name: &str) -> Result<String, CliError> {
    let path = folder.path.join(name);
    let script = hook(name, folder.is_ours);
    let place = shown(&path);
    let there = path.symlink_metadata().is_ok();
    if there && head(&path).is_some_and(|head| is_ours(&head)) {
        if fs::read(&path).is_ok_and(|text| text == script.as_bytes()) && is_executable(&path) {
            return Ok(format!("{place} is installed already"));
        }
        executable(&path, &script)?;
        return Ok(format!("{place} is written anew"));
    }
    if !there {
        executable(&path, &script)?;
        return Ok(format!("{place} is installed"));
    }
    // Another installer may have moved ours aside as we move theirs: it runs what it moved.
    let moved = folder.path.join(format!("{name}.legacy"));
    if head(&moved).is_some_and(|head| is_ours(&head)) {
        let moved = shown(&moved);
        return Ok(format!(
            "{moved} is installed already; the hook in {place} runs it"
        ));
    }
    let before = folder.path.join(format!("{name}{BEFORE}"));
    if before.symlink_metadata().is_ok() && !is_same(&path, &before) {
        let before = shown(&before);
        return Err(CliError::new(format!(
            "{place} is another's hook, and {before} is one that was there before: join the two, \
             remove the latter, and install again"
        )));
    }
    let wrong = |e: io::Error| CliError::file("cannot write", &before, &e);
    if before.symlink_metadata().is_err() {
        // A second name for it: whatever happens now, a hook is in place.
        if fs::hard_link(&path, &before).is_err() {
            fs::rename(&path, &before).map_err(wrong)?;
        }
    }
    executable(&path, &script)?;
    let before = shown(&before);
    Ok(format!(
        "{place} is installed; the hook that was there is kept as {before}, and runs first"
    ))
}

/// Takes a hook away; what was done, if there was one.
fn take(folder: &Folder, name: &str) -> Result<Option<String>, CliError> {
    let path = folder.path.join(name);
    let before = folder.path.join(format!("{name}{BEFORE}"));
    let place = shown(&path);
    let mut path = path;
    if !head(&path).is_some_and(|head| is_ours(&head)) {
        path = folder.path.join(format!("{name}.legacy"));
        if !head(&path).is_some_and(|head| is_ours(&head)) {
            return Ok(None);
        }
    }
    if !runs_straykey(&path) {
        return Ok(None);
    }
    if before.symlink_metadata().is_ok() {
        fs::rename(&before, &path).map_err(|e| CliError::file("cannot put back", &path, &e))?;
        return Ok(Some(format!("{place} is what it was before")));
    }
    if folder.is_ours {
        executable(&path, &forward(name))?;
    } else {
        remove(&path)?;
    }
    Ok(Some(format!("{place} is gone")))
}

fn remove(path: &Path) -> Result<(), CliError> {
    fs::remove_file(path).map_err(|e| CliError::file("cannot remove", path, &e))
}

/// Whether two names are one file.
fn is_same(a: &Path, b: &Path) -> bool {
    let target = |path: &Path| fs::read_link(path).ok();
    match (target(a), target(b)) {
        (None, None) => fs::read(a).ok() == fs::read(b).ok(),
        (a, b) => a == b,
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

/// Writes a script that can be run: whole or not at all. A link in its place is replaced, not what
/// it leads to.
fn executable(path: &Path, script: &str) -> Result<(), CliError> {
    let wrong = |e: io::Error| CliError::file("cannot write", path, &e);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".straykey-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    let mut file = builder.tempfile_in(folder).map_err(wrong)?;
    file.write_all(script.as_bytes()).map_err(wrong)?;
    file.as_file().sync_all().map_err(wrong)?;
    file.persist(path).map_err(|e| wrong(e.error))?;
    Ok(())
}

/// What is written into the user's git configuration.
fn lines(folder: &Path) -> String {
    let quoted = path_text(folder).replace('\\', "\\\\").replace('"', "\\\"");
    format!("# straykey hook install --global\n[core]\n\thooksPath = \"{quoted}\"\n")
}

/// Adds the folder to the user's git configuration; all else stays as it is.
fn name_folder(file: &Path, folder: &Path) -> Result<(), CliError> {
    let wrong = |e: io::Error| CliError::file("cannot write", file, &e);
    let mut text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(wrong(error)),
    };
    if text.last().is_some_and(|b| *b != b'\n') {
        text.push(b'\n');
    }
    text.extend(lines(folder).into_bytes());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    write_atomically(file, |out| out.write_all(&text)).map_err(wrong)
}

/// Takes the lines out again; what was done, or what is left to do.
fn forget_folder(folder: &Path) -> Result<Option<String>, CliError> {
    let ours = lines(folder);
    for file in super::places::git_home().own_files() {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        if let Some(at) = text.find(&ours) {
            let left = [&text[..at], &text[at + ours.len()..]].concat();
            write_atomically(&file, |out| out.write_all(left.as_bytes()))
                .map_err(|e| CliError::file("cannot write", &file, &e))?;
            let file = path_text(&file);
            return Ok(Some(format!("core.hooksPath is taken out of {file}")));
        }
    }
    Ok(Some(
        "core.hooksPath was not set by straykey: see git config --global core.hooksPath".to_owned(),
    ))
}
