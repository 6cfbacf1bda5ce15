//! AMQP 0-9-1: the login and the opening of a virtual host. No channel is opened.
//!
//! Frames and methods are read and written by `amq-protocol`, which has no socket here.

use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame, parse_frame};
use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::connection::{AMQPMethod, Close, CloseOk, Open, StartOk, TuneOk};
use amq_protocol::types::{AMQPValue, FieldTable, LongString, ShortString};

use super::super::{Trouble, Verdict};
use super::wire::Wire;
use super::{IN_THE_CLEAR, Login, Said};

/// The longest frame that is read.
const MOST: usize = 1 << 16;
/// How deep tables and lists may nest: they are read by calls that nest as they do. Each begins with a byte
/// of its own, so no frame is deeper than it has of those.
const DEPTH: usize = 100;
/// What stands before a frame's content: its kind, channel and length.
const HEAD: usize = 7;

pub(super) fn ask(mut wire: Wire, login: &Login) -> Result<Said, Trouble> {
    let host = if login.path.is_empty() {
        "/"
    } else {
        &login.path
    };
    let Ok(virtual_host) = ShortString::try_new(host) else {
        return Ok(Said::unknown("no virtual host has so long a name"));
    };
    wire.write(b"AMQP\0\0\x09\x01")?;
    let AMQPMethod::Start(start) = method(&mut wire)? else {
        return Err(Trouble::Nonsense);
    };
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let mut ways = start.mechanisms.as_bytes().split(|b| *b == b' ');
    if !ways.any(|one| one == b"PLAIN") {
        return Ok(Said::unknown("the server takes no login by a password"));
    }
    send(&mut wire, AMQPMethod::StartOk(plain(login)))?;
    let tune = match method(&mut wire)? {
        AMQPMethod::Tune(tune) => tune,
        AMQPMethod::Close(close) if close.reply_code == 403 => {
            // This one is let in from its own machine only, and the words are the same.
            if login.user == "guest" && !login.target.is_here() {
                return Ok(
                    Said::unknown("guest is let in from the server's own machine only").with(403),
                );
            }
            return Ok(Said::dead().with(403));
        }
        AMQPMethod::Close(_) => {
            return Ok(Said::unknown(
                "the server ends the login for another reason",
            ));
        }
        AMQPMethod::Secure(_) => {
            return Ok(Said::unknown("the server wants more than a password"));
        }
        _ => return Err(Trouble::Nonsense),
    };
    let mut said = Said::live();
    said.whose(&login.user);
    // As it proposes, and no heartbeat.
    let agreed = TuneOk {
        channel_max: tune.channel_max,
        frame_max: tune.frame_max,
        heartbeat: 0,
    };
    send(&mut wire, AMQPMethod::TuneOk(agreed))?;
    send(&mut wire, AMQPMethod::Open(Open { virtual_host }))?;
    match method(&mut wire) {
        Ok(AMQPMethod::OpenOk(_)) => {
            let may = format!("virtual host {host}");
            said.may([may.as_str()]);
            let ending = Close {
                reply_code: 200,
                reply_text: "done".into(),
                ..Close::default()
            };
            let _ = send(&mut wire, AMQPMethod::Close(ending));
        }
        Ok(AMQPMethod::Close(close)) => {
            let _ = send(&mut wire, AMQPMethod::CloseOk(CloseOk {}));
            said.status = Some(close.reply_code);
            said.verdict = Verdict::Restricted;
            said.reason = "user and password are right, and may not use this virtual host".into();
        }
        // It was let in; what it may use is not known.
        _ => {}
    }
    Ok(said)
}

/// The answer that holds the password.
fn plain(login: &Login) -> StartOk {
    let response = [b"\0", login.user.as_bytes(), b"\0", login.secret.expose()].concat();
    // Asks to be told of a refused login, in place of a closed connection.
    let mut capable = FieldTable::default();
    capable.insert(
        "authentication_failure_close".into(),
        AMQPValue::Boolean(true),
    );
    let mut properties = FieldTable::default();
    properties.insert("capabilities".into(), AMQPValue::FieldTable(capable));
    properties.insert("product".into(), AMQPValue::LongString("straykey".into()));
    StartOk {
        client_properties: properties,
        mechanism: "PLAIN".into(),
        response: LongString::from(response),
        locale: "en_US".into(),
    }
}

fn send(wire: &mut Wire, method: AMQPMethod) -> Result<(), Trouble> {
    let frame = AMQPFrame::Method(0, AMQPClass::Connection(method));
    let written = gen_frame(&frame)(WriteContext::from(Vec::new()));
    let (bytes, _) = written.map_err(|_| Trouble::Nonsense)?.into_inner();
    wire.write(&bytes)
}

/// The next method of the connection; signs of life are passed over.
fn method(wire: &mut Wire) -> Result<AMQPMethod, Trouble> {
    loop {
        let mut whole = wire.exact(HEAD)?;
        let length = u32::from_be_bytes([whole[3], whole[4], whole[5], whole[6]]) as usize;
        if length > MOST {
            return Err(Trouble::TooBig);
        }
        whole.extend(wire.exact(length + 1)?);
        match read(&whole)? {
            AMQPFrame::Heartbeat => {}
            AMQPFrame::Method(_, AMQPClass::Connection(method)) => return Ok(method),
            _ => return Err(Trouble::Nonsense),
        }
    }
}

/// A whole frame.
fn read(whole: &[u8]) -> Result<AMQPFrame, Trouble> {
    let may_nest = whole.iter().filter(|b| matches!(b, b'A' | b'F'));
    if may_nest.count() > DEPTH {
        return Err(Trouble::TooBig);
    }
    match parse_frame(whole) {
        Ok(([], frame)) => Ok(frame),
        _ => Err(Trouble::Nonsense),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `Start` with such server properties (AMQP 0-9-1 specification, sections 2.3.5 and 1.4.2.1).
    fn start(properties: &[u8]) -> Vec<u8> {
        let long = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
        let arguments = [
            &[0, 9][..],
            &long(properties),
            &long(b"AMQPLAIN PLAIN"),
            &long(b"en_US"),
        ];
        let content = [&[0, 10, 0, 10][..], &arguments.concat()].concat();
        [&[1, 0, 0][..], &long(&content), &[0xce]].concat()
    }

    #[test]
    fn a_start_is_read() {
        let frame = read(&start(b"\x01aS\0\0\0\x01b"));
        let Ok(AMQPFrame::Method(0, AMQPClass::Connection(AMQPMethod::Start(start)))) = frame
        else {
            panic!("{frame:?}");
        };
        assert_eq!(start.mechanisms.as_bytes(), b"AMQPLAIN PLAIN");
        assert_eq!((start.version_major, start.version_minor), (0, 9));
    }

    /// Tables or lists in each other, read on a quarter of the stack that a thread has.
    fn nested(kind: u8, depth: usize) -> Result<(), Trouble> {
        let name: &[u8] = if kind == b'F' { &[1, b'x'] } else { &[] };
        let mut inner = Vec::new();
        for _ in 0..depth {
            let length = (inner.len() as u32).to_be_bytes();
            inner = [name, &[kind], &length, &inner].concat();
        }
        // The outermost of all is a table.
        if kind == b'A' {
            inner = [&[1, b'x'], &inner[..]].concat();
        }
        let whole = start(&inner);
        let thread = std::thread::Builder::new().stack_size(1 << 19);
        let thread = thread.spawn(move || read(&whole).map(|_| ()));
        thread.expect("it starts").join().expect("it ends")
    }

    #[test]
    fn what_nests_deeper_than_anybody_needs_is_not_read() {
        for kind in [b'A', b'F'] {
            // Some stand in the names of ways to log in, and in lengths.
            assert_eq!(nested(kind, DEPTH - 20), Ok(()));
            assert_eq!(nested(kind, DEPTH), Err(Trouble::TooBig));
            assert_eq!(nested(kind, 8_000), Err(Trouble::TooBig));
        }
    }

    proptest! {
        /// Whatever a frame holds, it is read or refused.
        #[test]
        fn no_frame_is_too_strange(
            cut in 0_usize..80,
            at in 0_usize..80,
            byte: u8,
            noise in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut whole = start(b"\x01aF\0\0\0\x05\x01bA\0\0\0\0\x01cS\0\0\0\x01d");
            let (cut, at) = (cut % whole.len(), at % whole.len());
            whole[at] = byte;
            let _ = read(&whole);
            let _ = read(&whole[..cut]);
            let _ = read(&[&whole[..cut], &noise].concat());
            let _ = read(&noise);
        }
    }
}
