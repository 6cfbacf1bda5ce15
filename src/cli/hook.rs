//! `straykey hook`: installs git's hooks, is what they run, answers coding agents, and proves that
//! it all works.

mod agent;
mod agent_reply;
mod framework;
mod install;
mod places;
mod push;
mod receive;
mod run;
mod script;
mod test;
mod trial;

use super::args::{HookArgs, HookCommand, Tell};
use super::error::CliError;
use super::exit::Exit;

/// Runs the command.
pub fn run(args: &HookArgs, how: Tell) -> Result<Exit, CliError> {
    match &args.command {
        HookCommand::Install(args) => install::install(args),
        HookCommand::Uninstall(args) => install::uninstall(args),
        HookCommand::Run(args) => run::run(args, how),
        HookCommand::Agent(args) => Ok(agent::run(args)),
        HookCommand::Test(args) => test::run(args, how),
    }
}
