//! Completions and manual pages, from the definitions of the arguments.

use std::io;

use clap::CommandFactory as _;

use super::args::Args;
use super::error::{CliError, suggestion};
use super::exit::Exit;
use super::output::to_stdout;

/// Prints completions.
pub fn completions(shell: clap_complete::Shell) -> Result<Exit, CliError> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "straykey", &mut text);
    to_stdout(|out| out.write_all(&text))?;
    Ok(Exit::Clean)
}

/// Prints the manual page of the program, or of a command.
pub fn man(command: Option<&str>) -> Result<Exit, CliError> {
    let mut all = Args::command();
    all.build();
    let page = match command {
        None => all,
        Some(name) => {
            let found = all.find_subcommand(name).cloned();
            let Some(found) = found else {
                let near = suggestion(name, all.get_subcommands().map(clap::Command::get_name));
                return Err(CliError::new(format!("there is no command '{name}'{near}")));
            };
            let title = format!("straykey-{name}");
            found.name(title)
        }
    };
    let mut text = Vec::new();
    let made: io::Result<()> = clap_mangen::Man::new(page).render(&mut text);
    made.map_err(|e| CliError::new(format!("cannot make the page: {e}")))?;
    to_stdout(|out| out.write_all(&text))?;
    Ok(Exit::Clean)
}
