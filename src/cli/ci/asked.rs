//! What is to be judged: what the event says, unless the arguments say something else.

use super::event::{self, Event, Proposal, What, Whose};
use super::system::{Env, System};
use crate::cli::args::{CiArgs, CiMode};
use crate::cli::error::CliError;

/// What is to be judged.
///
/// # Errors
///
/// If nobody says it, or if it must not be done.
pub fn event(args: &CiArgs, env: &Env, system: System) -> Result<Event, CliError> {
    let event = match (&args.base, event::event(system, env)) {
        // Whoever says both ends needs no event.
        (Some(_), Err(_)) if args.head.is_some() => event::event(System::Plain, env),
        (_, event) => event,
    };
    let Event { mut name, mut what } = event?;
    if let Some(base) = &args.base {
        // Who made what the arguments name is known only where the event says it, too.
        let whose = match (&what, &args.head) {
            (What::Proposal(proposal), _) => proposal.whose,
            (What::Push(_), None) if system != System::Plain => Whose::Repository,
            _ => Whose::Unknown,
        };
        let head = match &what {
            What::Proposal(proposal) => proposal.head.clone(),
            What::Push(push) => push.after.clone(),
            What::Everything | What::Nothing(_) => "HEAD".to_owned(),
        };
        what = What::Proposal(Proposal {
            bases: vec![base.clone()],
            merge: None,
            head: args.head.clone().unwrap_or(head),
            whose,
            commits: None,
        });
    } else if let Some(head) = &args.head {
        match &mut what {
            What::Proposal(proposal) => proposal.head.clone_from(head),
            What::Push(push) => push.after.clone_from(head),
            What::Everything | What::Nothing(_) => {
                let why = "--head: the event has no range; say --base, too";
                return Err(CliError::new(why));
            }
        }
    }
    match (args.mode, &what) {
        (CiMode::Full, What::Everything) => {}
        (CiMode::Full, What::Proposal(_)) => {
            return Err(CliError::new(
                "--mode full: a change would be judged by its own rules; leave --mode out for \
                 pull requests",
            ));
        }
        (CiMode::Full, _) => {
            what = What::Everything;
            name = "--mode full".into();
        }
        (CiMode::Diff, What::Everything) => {
            return Err(CliError::new(format!(
                "--mode diff: {name} has no range of commits; say which with --base and --head"
            )));
        }
        _ => {}
    }
    Ok(Event { name, what })
}
