//! `--find -`: one known value, read from standard input and from nowhere else.

use std::io::{IsTerminal as _, Read as _};
use std::sync::Arc;

use straykey::detect::{LEAST, MOST, Needles};

use super::error::CliError;
use super::tell;

/// The value to look for, if one is asked for.
///
/// # Errors
///
/// If it was given on the command line, or is too short or too long. No message quotes it.
pub fn value(find: Option<&str>) -> Result<Option<Arc<Needles>>, CliError> {
    match find {
        None => return Ok(None),
        Some("-") => {}
        Some(_) => {
            return Err(CliError::new(
                "--find takes - only: the value is read from standard input. On a command line \
                 every process could see it, and the shell would keep it",
            ));
        }
    }
    let mut stdin = std::io::stdin().lock();
    if stdin.is_terminal() {
        tell("type the value to look for; a line break and Ctrl-D end it");
    }
    let mut value = Vec::with_capacity(MOST + 3);
    let most = (MOST + 3) as u64;
    let read = stdin.by_ref().take(most).read_to_end(&mut value);
    read.map_err(|e| CliError::new(format!("cannot read the value from standard input: {e}")))?;
    let needles = Needles::new(trimmed(&value));
    value.fill(0);
    let needles = needles.map_err(|why| {
        CliError::new(format!(
            "--find: {why}: {LEAST} to {MOST} bytes can be looked for"
        ))
    })?;
    Ok(Some(Arc::new(needles)))
}

/// A value without the line break that ends it.
fn trimmed(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_no_part_of_the_value() {
        assert_eq!(trimmed(b"value\n"), b"value");
        assert_eq!(trimmed(b"value\r\n"), b"value");
        assert_eq!(trimmed(b"value\n\n"), b"value\n");
        assert_eq!(trimmed(b" value "), b" value ");
        assert_eq!(trimmed(b"\n"), b"");
    }

    #[test]
    fn a_value_on_the_command_line_is_refused_and_not_quoted() {
        let error = value(Some("opensesame")).expect_err("refused");
        assert!(!format!("{error:?}").contains("sesame"));
    }
}
