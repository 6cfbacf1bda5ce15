//! SMTP (RFC 5321), STARTTLS (RFC 3207) and AUTH (RFC 4954). No mail is sent.
//!
//! What a server answers and what it offers is read by `smtp-proto`.

use smtp_proto::response::parser::ResponseReceiver;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, EhloResponse, Error};

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
    let (user, password) = (login.user.as_bytes(), login.secret.expose());
    let code = if offers & AUTH_PLAIN != 0 {
        let text = [b"\0", user, b"\0", password].concat();
        say(&mut wire, &format!("AUTH PLAIN {}", base::base64(&text)))?
    } else if offers & AUTH_LOGIN != 0 {
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

/// The ways of login that the server offers.
fn hello(wire: &mut Wire) -> Result<u64, Trouble> {
    // An address that names nobody (RFC 5321, section 4.1.3).
    wire.write(b"EHLO [127.0.0.1]\r\n")?;
    Ok(ways(&answer(wire)?.1))
}

/// The ways of login in an answer to `EHLO`; none if it is another answer.
fn ways(answer: &[u8]) -> u64 {
    EhloResponse::parse(&mut answer.iter()).map_or(0, |offers| offers.auth_mechanisms)
}

fn say(wire: &mut Wire, line: &str) -> Result<u16, Trouble> {
    wire.write(format!("{line}\r\n").as_bytes())?;
    Ok(answer(wire)?.0)
}

/// Code and lines of an answer.
fn answer(wire: &mut Wire) -> Result<(u16, Vec<u8>), Trouble> {
    let (mut receiver, mut whole) = (ResponseReceiver::default(), Vec::new());
    for _ in 0..LINES {
        let mut line = wire.line()?;
        // Servers of old write it so, for clients of old.
        if line
            .get(4..9)
            .is_some_and(|w| w.eq_ignore_ascii_case(b"AUTH="))
        {
            line[8] = b' ';
        }
        line.extend(b"\r\n");
        whole.extend_from_slice(&line);
        if let Some(code) = code(&mut receiver, &line)? {
            return Ok((code, whole));
        }
    }
    Err(Trouble::TooBig)
}

/// The code of an answer, if it ends with this line.
fn code(receiver: &mut ResponseReceiver, line: &[u8]) -> Result<Option<u16>, Trouble> {
    match receiver.parse(&mut line.iter()) {
        Ok(answer) if (200..600).contains(&answer.code) => Ok(Some(answer.code)),
        Err(Error::NeedsMoreData { .. }) => Ok(None),
        Err(Error::ResponseTooLong) => Err(Trouble::TooBig),
        _ => Err(Trouble::Nonsense),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4954, section 4.1, with one more way.
    const OFFER: &[u8] = b"250-smtp.example.com Hello client.example.com\r\n\
        250-AUTH GSSAPI DIGEST-MD5 plain LOGIN\r\n250-FUTURERELEASE 60 2026-01-01T00:00:00Z\r\n\
        250-SIZE 99999999999999999999999\r\n250 ENHANCEDSTATUSCODES\r\n";

    #[test]
    fn an_offer_is_read() {
        let read = ways(OFFER) & (AUTH_PLAIN | AUTH_LOGIN);
        assert_eq!(read, AUTH_PLAIN | AUTH_LOGIN);
        // Not a way of login, and no answer to this.
        assert_eq!(ways(b"250-PLAIN\r\n250 AUTHPLAIN LOGIN\r\n"), 0);
        assert_eq!(ways(b"550-me\r\n550 AUTH PLAIN\r\n"), 0);
    }

    #[test]
    fn codes_are_read_and_bounded() {
        let mut receiver = ResponseReceiver::default();
        assert_eq!(code(&mut receiver, b"535-5.7.8 no\r\n"), Ok(None));
        assert_eq!(code(&mut receiver, b"535 5.7.8 no\r\n"), Ok(Some(535)));
        for (line, wrong) in [
            (&b"999 no\r\n"[..], Trouble::Nonsense),
            (b"2 5\r\n", Trouble::Nonsense),
            (b"\r\n", Trouble::Nonsense),
            (&[&b"250-"[..], &[b'x'; 5000]].concat(), Trouble::TooBig),
        ] {
            let mut receiver = ResponseReceiver::default();
            assert_eq!(code(&mut receiver, line), Err(wrong));
        }
    }

    proptest! {
        /// Whatever an answer holds, it is read or refused.
        #[test]
        fn no_answer_is_too_strange(
            at in 0_usize..200,
            byte: u8,
            cut in 0_usize..200,
            noise in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut whole = OFFER.to_vec();
            let (at, cut) = (at % whole.len(), cut % whole.len());
            whole[at] = byte;
            for text in [&whole[..], &whole[..cut], &noise, &[&whole[..cut], &noise].concat()] {
                let _ = ways(text);
                let mut receiver = ResponseReceiver::default();
                for line in text.split_inclusive(|b| *b == b'\n') {
                    let _ = code(&mut receiver, line);
                }
            }
        }
    }
}
