//! How a command line is read: of the definitions only the one that is called, where people and hooks wait.

use std::ffi::OsString;

use clap::{Args as _, FromArgMatches as _, Parser as _};

use super::{Args, Colouring, Command, ScanArgs, StagedArgs, Tell};

impl Args {
    /// Reads the words of a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// What is wrong with them, or the help, if that is asked for.
    pub fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        match Self::of_one_command(words) {
            Some(args) => Ok(args),
            None => Self::try_parse_from(words),
        }
    }

    /// The same with the definition of one command alone, of those that people and hooks wait for: to
    /// define all of them takes as long as to search a file. `None` says that nothing is known: all else is
    /// told by the whole definition.
    fn of_one_command(words: &[OsString]) -> Option<Self> {
        let name = words.get(1)?.to_str()?;
        let one = match name {
            "scan" => ScanArgs::augment_args(clap::Command::new("scan")),
            "staged" => StagedArgs::augment_args(clap::Command::new("staged")),
            _ => return None,
        };
        let root = clap::Command::new("straykey").subcommand(one);
        let root = Colouring::augment_args(Tell::augment_args(root));
        let matches = root.try_get_matches_from(words).ok()?;
        let (_, of_one) = matches.subcommand()?;
        let command = match name {
            "scan" => Command::Scan(ScanArgs::from_arg_matches(of_one).ok()?),
            _ => Command::Staged(StagedArgs::from_arg_matches(of_one).ok()?),
        };
        Some(Self {
            command,
            tell: Tell::from_arg_matches(&matches).ok()?,
            colour: Colouring::from_arg_matches(&matches).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one command alone reads is what the whole definition reads; what it cannot read is left to that.
    #[test]
    fn one_command_reads_what_all_of_them_read() {
        for (line, is_read) in [
            ("scan", true),
            ("scan .", true),
            ("scan staged history -q", true),
            ("scan -q . --color never", true),
            (
                "scan . --format json -o sarif:out.sarif --threads 2 --no-ignore",
                true,
            ),
            (
                "scan --color=always -v - --confidence low --exclude *.md",
                true,
            ),
            ("scan -- -q", true),
            ("staged", true),
            ("staged --quiet --format jsonl --exit-zero", true),
            ("scan --help", false),
            ("scan --colour", false),
            ("scan -q -v", false),
            ("staged --format nonsense", false),
            ("-q scan", false),
            ("history", false),
            ("--version", false),
            ("", false),
        ] {
            let words = ["straykey"].into_iter().chain(line.split_whitespace());
            let words: Vec<OsString> = words.map(OsString::from).collect();
            let one = Args::of_one_command(&words).map(|args| format!("{args:?}"));
            assert_eq!(one.is_some(), is_read, "{line}");
            if let Some(one) = one {
                let all = Args::try_parse_from(&words).map(|args| format!("{args:?}"));
                assert_eq!(one, all.unwrap(), "{line}");
            }
        }
    }
}
