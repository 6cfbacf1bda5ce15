//! SMTP (RFC 5321), STARTTLS (RFC 3207) and AUTH (RFC 4954). No mail is sent.

use super::super::Trouble;
use super::wire::{Network, Wire};
use super::{IN_THE_CLEAR, Login, Said, Tls};
use crate::base;
use crate::detect::patterns::Power;

/// Lines of one answer that are read.
const LINES: usize = 100;

pub(super) fn ask(mut wire: Wire, login: &Login, network: &Network) -> Result<Said, Trouble> {
    if answer(&mut wire)?.0 != 220 {
        return Ok(Said::unknown("the server takes no calls now"));
    }
    let mut offers = hello(&mut wire)?;
    if login.tls == Tls::Upgrade {
        wire.write(b"STARTTLS\r\n")?;
        if answer(&mut wire)?.0 != 220 {
            return Ok(Said::unknown(
                "the server offers no TLS; without it only a server on this machine is asked",
            ));
        }
        wire = wire.encrypted(network)?;
        // What was said before TLS was said by anybody.
        offers = hello(&mut wire)?;
    }
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let ways = offers.iter().filter_map(|o| o.strip_prefix("AUTH"));
    let ways: Vec<&str> = ways.flat_map(|w| w.split([' ', '='])).collect();
    let (user, password) = (login.user.as_bytes(), login.secret.expose());
    let code = if ways.contains(&"PLAIN") {
        let text = [b"\0", user, b"\0", password].concat();
        say(&mut wire, &format!("AUTH PLAIN {}", base::base64(&text)))?
    } else if ways.contains(&"LOGIN") {
        let asked = say(&mut wire, "AUTH LOGIN")?;
        if asked != 334 || say(&mut wire, &base::base64(user))? != 334 {
            return Ok(Said::unknown("the server does not take this way of login"));
        }
        say(&mut wire, &base::base64(password))?
    } else {
        return Ok(Said::unknown(
            "the server offers no login by a password here",
        ));
    };
    let _ = wire.write(b"QUIT\r\n");
    let mut said = match code {
        235 => Said::live(),
        535 => Said::dead(),
        _ => Said::unknown("the server answers with a code that says nothing of the password"),
    };
    if code == 235 {
        said.whose(&login.user);
        said.may(["send mail"]);
        said.facts.power = Some(Power::Write);
    }
    Ok(said.with(code))
}

/// What the server offers, in upper case.
fn hello(wire: &mut Wire) -> Result<Vec<String>, Trouble> {
    // An address that names nobody (RFC 5321, section 4.1.3).
    wire.write(b"EHLO [127.0.0.1]\r\n")?;
    match answer(wire)? {
        (250, lines) => Ok(lines),
        _ => Ok(Vec::new()),
    }
}

fn say(wire: &mut Wire, line: &str) -> Result<u16, Trouble> {
    wire.write(format!("{line}\r\n").as_bytes())?;
    Ok(answer(wire)?.0)
}

/// Code and lines of an answer.
fn answer(wire: &mut Wire) -> Result<(u16, Vec<String>), Trouble> {
    let mut lines = Vec::new();
    loop {
        let line = wire.line()?;
        let text = String::from_utf8_lossy(&line).to_ascii_uppercase();
        let code: Option<u16> = text.get(..3).and_then(|c| c.parse().ok());
        let code = code
            .filter(|c| (200..600).contains(c))
            .ok_or(Trouble::Nonsense)?;
        lines.push(text.get(4..).unwrap_or_default().to_owned());
        if text.as_bytes().get(3) != Some(&b'-') {
            return Ok((code, lines));
        }
        if lines.len() == LINES {
            return Err(Trouble::TooBig);
        }
    }
}
