//! Where hooks are, and whose they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use straykey::base::path_text;
use straykey::sources::git_config::{GitHome, Hooks, Scope};
use straykey::sources::history::{Places, PlacesOptions};
use straykey::sources::top_of;

use crate::cli::error::CliError;

/// The folder that is used for all repositories if the user has none.
const FOLDER: &str = "straykey/hooks";

/// A folder of hooks.
#[derive(Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is our own for all repositories: what it does not hold nobody runs.
    pub is_ours: bool,
    /// Things a person should know.
    pub notices: Vec<String>,
}

fn named(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// What of the surroundings says where git's configuration is.
pub fn git_home() -> GitHome {
    let path = |name| named(name).map(PathBuf::from);
    let is_true = |value: OsString| !matches!(value.to_str(), Some("0" | "false" | "no" | "off"));
    GitHome {
        home: path("HOME").or_else(|| path("USERPROFILE")),
        config_home: path("XDG_CONFIG_HOME"),
        global: path("GIT_CONFIG_GLOBAL"),
        system: path("GIT_CONFIG_SYSTEM"),
        no_system: named("GIT_CONFIG_NOSYSTEM").is_some_and(is_true),
    }
}

/// The repository that git says a hook is run in, or the one around this folder.
pub fn repository() -> PathBuf {
    named("GIT_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Finds the repository.
///
/// # Errors
///
/// If there is none.
pub fn found(repository: &Path, options: &PlacesOptions) -> Result<Places, CliError> {
    Places::find(repository, options)
        .map_err(|skip| CliError::new(format!("{}: {}", path_text(&skip.path), skip.reason)))
}

/// Where git looks for the hooks of the repository here.
///
/// # Errors
///
/// If that is no place of its own: another program writes it, or it serves all repositories.
pub fn of_repository() -> Result<Folder, CliError> {
    let places = found(&repository(), &PlacesOptions::default())?;
    let Hooks { path, notices } = Hooks::read(&git_home(), Some(&places));
    let Some(setting) = path else {
        return Ok(Folder {
            path: places.common_dir.join("hooks"),
            is_ours: false,
            notices,
        });
    };
    let (file, folder) = (path_text(&setting.file), path_text(&setting.path));
    if setting.scope != Scope::Local {
        return Err(CliError::new(format!(
            "core.hooksPath in {file} sends the hooks of all repositories to {folder}; to install \
             there: straykey hook install --global"
        )));
    }
    if setting.path.ends_with(".husky/_") {
        return Err(CliError::new(format!(
            "the hooks here are husky's: {folder} is written anew by each npm install. Put this \
             line into .husky/pre-commit, and commit it: straykey hook run pre-commit"
        )));
    }
    let git_dir = places.git_dir.canonicalize().ok();
    let top = git_dir.as_deref().and_then(top);
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let here = here.map_err(|e| CliError::file("cannot find", Path::new("."), &e))?;
    let top = top_of(&here).or(top).unwrap_or(&places.git_dir);
    Ok(Folder {
        path: top.join(&setting.path),
        is_ours: false,
        notices,
    })
}

/// The top of the working tree of a git folder that lies in it.
pub fn top(git_dir: &Path) -> Option<&Path> {
    git_dir.parent().filter(|_| git_dir.ends_with(".git"))
}

/// The folder of hooks for all repositories of the user, and the file of git's configuration that
/// must name it, if none does.
///
/// # Errors
///
/// If it cannot be told.
pub fn of_user() -> Result<(Folder, Option<PathBuf>), CliError> {
    let home = git_home();
    let Hooks { path, notices } = Hooks::read(&home, None);
    let config = home.config_home.clone();
    let config = config.or_else(|| Some(home.home.as_ref()?.join(".config")));
    let ours = config.map(|config| config.join(FOLDER));
    let folder = |path, is_ours| Folder {
        path,
        is_ours,
        notices,
    };
    if let Some(setting) = path {
        let (file, at) = (path_text(&setting.file), path_text(&setting.path));
        if setting.scope == Scope::System {
            return Err(CliError::new(format!(
                "core.hooksPath in {file} is the machine's: its hooks are in {at}, and whoever \
                 looks after it must install there"
            )));
        }
        if setting.path.is_relative() {
            return Err(CliError::new(format!(
                "core.hooksPath in {file} is {at}: a folder of its own in each repository; install \
                 in each"
            )));
        }
        let is_ours = ours.as_ref() == Some(&setting.path);
        return Ok((folder(setting.path, is_ours), None));
    }
    let Some(ours) = ours else {
        return Err(CliError::new("HOME is not set: whose hooks are meant?"));
    };
    // As git does: the file in the user's home, unless only the other one is there.
    let files = home.own_files();
    let there = files.iter().rev().find(|file| file.exists());
    let file = there.or(files.last()).cloned();
    Ok((folder(ours, true), file))
}
