//! AMQP 0-9-1: the login and the opening of a virtual host. No channel is opened.

use super::super::{Trouble, Verdict};
use super::wire::Wire;
use super::{IN_THE_CLEAR, Login, Said};

/// Class and methods of a connection (AMQP 0-9-1 specification, section 1.4).
const CONNECTION: u16 = 10;
const START: u16 = 10;
const START_OK: u16 = 11;
const SECURE: u16 = 20;
const TUNE: u16 = 30;
const TUNE_OK: u16 = 31;
const OPEN: u16 = 40;
const OPEN_OK: u16 = 41;
const CLOSE: u16 = 50;
const CLOSE_OK: u16 = 51;

pub(super) fn ask(mut wire: Wire, login: &Login) -> Result<Said, Trouble> {
    wire.write(b"AMQP\0\0\x09\x01")?;
    let (method, rest) = frame(&mut wire)?;
    if method != START {
        return Err(Trouble::Nonsense);
    }
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    if !mechanisms(&rest).is_some_and(|m| m.split(|b| *b == b' ').any(|one| one == b"PLAIN")) {
        return Ok(Said::unknown("the server takes no login by a password"));
    }
    let password = login.secret.expose();
    let response = [b"\0", login.user.as_bytes(), b"\0", password].concat();
    // Asks to be told of a refused login, in place of a closed connection.
    let inner = [&short("authentication_failure_close"), &b"t\x01"[..]].concat();
    let capable = [&short("capabilities"), &b"F"[..], &long(&inner)].concat();
    let product = [&short("product"), &b"S"[..], &long(b"straykey")].concat();
    let properties = long(&[capable, product].concat());
    let body = [properties, short("PLAIN"), long(&response), short("en_US")].concat();
    send(&mut wire, START_OK, &body)?;
    let (method, rest) = frame(&mut wire)?;
    match method {
        TUNE => {}
        CLOSE if code(&rest) == Some(403) => {
            // This one is let in from its own machine only, and the words are the same.
            if login.user == "guest" && !login.target.is_here() {
                return Ok(
                    Said::unknown("guest is let in from the server's own machine only").with(403),
                );
            }
            return Ok(Said::dead().with(403));
        }
        CLOSE => {
            return Ok(Said::unknown(
                "the server ends the login for another reason",
            ));
        }
        SECURE => return Ok(Said::unknown("the server wants more than a password")),
        _ => return Err(Trouble::Nonsense),
    }
    let mut said = Said::live();
    said.whose(&login.user);
    // As it proposes, and no heartbeat.
    let proposed = rest.get(..6).ok_or(Trouble::Nonsense)?;
    send(&mut wire, TUNE_OK, &[proposed, &[0, 0]].concat())?;
    let host = if login.path.is_empty() {
        "/"
    } else {
        &login.path
    };
    send(&mut wire, OPEN, &[&short(host), &b"\0\0"[..]].concat())?;
    match frame(&mut wire) {
        Ok((OPEN_OK, _)) => {
            let may = format!("virtual host {host}");
            said.may([may.as_str()]);
            let ending = [&[0, 200][..], &short("done"), &[0; 4]].concat();
            let _ = send(&mut wire, CLOSE, &ending);
        }
        Ok((CLOSE, rest)) => {
            let _ = send(&mut wire, CLOSE_OK, &[]);
            said.status = code(&rest);
            said.verdict = Verdict::Restricted;
            said.reason = "user and password are right, and may not use this virtual host".into();
        }
        // It was let in; what it may use is not known.
        _ => {}
    }
    Ok(said)
}

fn code(rest: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]))
}

/// What `Start` says of ways to log in.
fn mechanisms(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.get(2..)?;
    let after = |rest: &[u8]| {
        let length = rest.get(..4)?;
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        usize::try_from(length).ok()?.checked_add(4)
    };
    let rest = rest.get(after(rest)?..)?;
    rest.get(4..after(rest)?)
}

fn short(text: &str) -> Vec<u8> {
    let bytes = &text.as_bytes()[..text.len().min(255)];
    [&[bytes.len() as u8], bytes].concat()
}

fn long(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn send(wire: &mut Wire, method: u16, arguments: &[u8]) -> Result<(), Trouble> {
    let ids = [CONNECTION.to_be_bytes(), method.to_be_bytes()].concat();
    let length = (ids.len() + arguments.len()) as u32;
    let head = [&[1, 0, 0][..], &length.to_be_bytes()].concat();
    wire.write(&[&head, &ids, arguments, &[0xce]].concat())
}

/// The next method of the connection; signs of life are passed over.
fn frame(wire: &mut Wire) -> Result<(u16, Vec<u8>), Trouble> {
    loop {
        let head = wire.exact(7)?;
        let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
        if length > 1 << 16 {
            return Err(Trouble::TooBig);
        }
        let body = wire.exact(length + 1)?;
        match (head[0], &body[..]) {
            (8, _) => {}
            (1, [c0, c1, m0, m1, rest @ .., 0xce])
                if u16::from_be_bytes([*c0, *c1]) == CONNECTION =>
            {
                return Ok((u16::from_be_bytes([*m0, *m1]), rest.to_vec()));
            }
            _ => return Err(Trouble::Nonsense),
        }
    }
}
