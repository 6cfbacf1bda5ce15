//! `straykey hook`: what can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};

#[derive(Debug, ClapArgs)]
#[command(arg_required_else_help = true)]
pub struct HookArgs {
    #[command(subcommand)]
    pub command: HookCommand,
}

#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Put straykey into git's hooks; what is there is kept, and run first
    Install(HookInstallArgs),
    /// Take it out again; what was there before is put back
    Uninstall(HookInstallArgs),
    /// What the hooks run; ends with 0 if nothing may stop git
    Run(HookRunArgs),
    /// Answer the hook of a coding agent: JSON on standard input, JSON on standard output
    Agent(HookAgentArgs),
    /// Prove that the hooks of this repository stop a secret
    ///
    /// Works in a temporary, detached worktree of this repository, and RUNS THE HOOKS THAT ARE
    /// INSTALLED HERE by running `git commit` and `git push` (to a temporary folder) there: run it
    /// in repositories of your own only. Made-up secrets are planted in each top-level folder; new
    /// objects go to a temporary store. Branches, index and stash stay as they are.
    Test(HookTestArgs),
}

/// Hooks that can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Installed {
    /// Before each commit: what it would add
    PreCommit,
    /// Before each push: every commit that the other side does not have
    PrePush,
}

impl Installed {
    /// Git's name for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct HookInstallArgs {
    /// Which hooks [default: pre-commit; for uninstall both]
    #[arg(value_name = "HOOK")]
    pub hooks: Vec<Installed>,
    /// For all repositories of yours, in the folder that your own configuration names
    #[arg(long)]
    pub global: bool,
}

/// Hooks that can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(clippy::enum_variant_names, reason = "they are git's names")]
pub enum Hook {
    /// What the commit would add
    PreCommit,
    /// The same, of a merge
    PreMergeCommit,
    /// Every commit that the other side does not have; git's lines on standard input
    PrePush,
    /// On a server: every commit that no reference reaches; git's lines on standard input
    PreReceive,
}

/// What becomes of a push that was not judged in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnTimeout {
    /// It is refused
    Block,
    /// It goes through, and is told as NOT SCANNED
    Allow,
}

#[derive(Debug, ClapArgs)]
pub struct HookRunArgs {
    /// Which hook
    #[arg(value_name = "HOOK")]
    pub hook: Hook,
    /// What git gives the hook: for pre-push the remote's name and address
    #[arg(
        value_name = "ARG",
        allow_hyphen_values = true,
        trailing_var_arg = true
    )]
    pub given: Vec<String>,
    /// Read configuration from this folder [default: .straykey; for pre-receive the folder
    /// `straykey` in the bare repository]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub config: Option<PathBuf>,
    /// Judge a received push for so many seconds at most
    #[arg(long, value_name = "SECONDS", default_value_t = 4)]
    pub timeout: u16,
    /// What becomes of a received push that was not judged in time
    #[arg(long, value_name = "WHAT", default_value = "block")]
    pub on_timeout: OnTimeout,
}

#[derive(Debug, ClapArgs)]
pub struct HookAgentArgs {
    /// Read configuration and allowances from this folder; by default none is read
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub config: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct HookTestArgs {
    /// A folder of the repository [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub repository: Option<PathBuf>,
}
