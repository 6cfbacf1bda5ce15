//! LDAP 3 (RFC 4511): StartTLS, a simple bind, and "Who am I?" (RFC 4532). Referrals are not followed:
//! they would send the password to whomever the answer names.
//!
//! BER is read and written by `lber`; which elements a message has stands here.

use lber::common::TagClass;
use lber::parse::{parse_tag, parse_uint};
use lber::structure::StructureTag;
use lber::structures::{ASNTag as _, Integer, Null, OctetString, Sequence, Tag};
use lber::universal::Types;
use lber::write::encode_into;

use super::super::{Trouble, Verdict};
use super::wire::{Network, Wire};
use super::{IN_THE_CLEAR, Login, Said, Tls};

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// The longest message that is read. It bounds how deep elements nest, too: they are read by calls that
/// nest as they do.
const MOST: usize = 4 << 10;

// Operations (RFC 4511, section 4).
const BIND: u64 = 0;
const BOUND: u64 = 1;
const UNBIND: u64 = 2;
const EXTENDED: u64 = 23;
const EXTENDED_ANSWER: u64 = 24;

pub(super) fn ask(mut wire: Wire, login: &Login, network: &Network) -> Result<Said, Trouble> {
    if login.tls == Tls::Upgrade {
        let (code, _) = extended(&mut wire, 1, START_TLS)?;
        if code != 0 {
            return Ok(Said::unknown(
                "the server offers no TLS; without it only a server on this machine is asked",
            ));
        }
        wire = wire.encrypted(network)?;
    }
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let version = Tag::Integer(Integer {
        inner: 3,
        ..Integer::default()
    });
    let user = Tag::OctetString(OctetString {
        inner: login.user.as_bytes().to_vec(),
        ..OctetString::default()
    });
    // An empty password binds as nobody and always succeeds: the plan lets none come here.
    let password = string(0, login.secret.expose());
    let bind = operation(BIND, vec![version, user, password]);
    let result = Outcome::of(exchange(&mut wire, 2, bind)?, BOUND)?;
    let said = match result.code {
        0 => Said::live(),
        49 => said_of_directory(&result.words),
        10 => Said::unknown("the server refers to another one; that is not followed"),
        53 => Said::unknown("the server does not want to say"),
        8 | 13 => Said::unknown("the server wants more than a password here"),
        34 => Said::unknown("the user is no name that the server knows the form of"),
        _ => Said::unknown("the server answers with a code that says nothing of the password"),
    };
    let mut said = said.with(result.code);
    if result.code == 0 {
        // A server may let in whom it does not know, as nobody.
        if let Ok((0, Some(who))) = extended(&mut wire, 3, WHO_AM_I) {
            if who.is_empty() {
                return Ok(Said::unknown("the server lets anybody in, as nobody"));
            }
            said.whose(&who);
        } else {
            said.whose(&login.user);
        }
        let unbind = Tag::Null(Null {
            id: UNBIND,
            class: TagClass::Application,
            inner: (),
        });
        let _ = message(4, unbind).and_then(|bytes| wire.write(&bytes));
    }
    Ok(said)
}

/// Active Directory says in its words why it refuses (Microsoft, "LDAP Wldap32 error codes", data of
/// `AcceptSecurityContext`).
fn said_of_directory(words: &str) -> Said {
    let data = words.split_once("data ").map(|(_, rest)| rest);
    let data = data.and_then(|d| d.split([',', ' ']).next());
    match data {
        Some("532") => Said::new(Verdict::Expired, "the password has ended"),
        Some("701") => Said::new(Verdict::Expired, "the account has ended"),
        Some("773") => Said::new(
            Verdict::Restricted,
            "the password is right, and must be changed",
        ),
        Some("533") => Said::new(Verdict::Dead, "the account is disabled"),
        Some("775") => Said::unknown("the account is locked"),
        Some("530" | "531") => Said::unknown("the account may not log in now, or not from here"),
        _ => Said::dead(),
    }
}

/// What a result says.
struct Outcome {
    code: u16,
    words: String,
    /// What stands behind the words.
    rest: Vec<StructureTag>,
}

impl Outcome {
    fn of(answer: StructureTag, wanted: u64) -> Result<Self, Trouble> {
        let read = || {
            let answer = answer.match_class(TagClass::Application)?;
            let mut parts = answer.match_id(wanted)?.expect_constructed()?.into_iter();
            let code = value(parts.next()?, Types::Enumerated)?;
            let _matched = value(parts.next()?, Types::OctetString)?;
            let words = value(parts.next()?, Types::OctetString)?;
            Some(Self {
                code: u16::try_from(number(&code)).ok()?,
                words: String::from_utf8_lossy(&words).into_owned(),
                rest: parts.collect(),
            })
        };
        read().ok_or(Trouble::Nonsense)
    }
}

/// An extended operation without a value: its code, and the value that came back.
fn extended(wire: &mut Wire, id: u8, oid: &str) -> Result<(u16, Option<String>), Trouble> {
    let request = operation(EXTENDED, vec![string(0, oid.as_bytes())]);
    let outcome = Outcome::of(exchange(wire, id, request)?, EXTENDED_ANSWER)?;
    let mut found = outcome.rest.into_iter();
    let found = found.find(|t| t.class == TagClass::Context && t.id == 11);
    let value = found.and_then(StructureTag::expect_primitive);
    let value = value.map(|v| String::from_utf8_lossy(&v).into_owned());
    Ok((outcome.code, value))
}

/// Sends an operation and reads the answer to it.
fn exchange(wire: &mut Wire, id: u8, operation: Tag) -> Result<StructureTag, Trouble> {
    wire.write(&message(id, operation)?)?;
    let mut whole = wire.exact(2)?;
    if whole[0] != 0x30 {
        return Err(Trouble::Nonsense);
    }
    // How much is to be read is looked at before anything reads it.
    let length = match whole[1] {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let digits = wire.exact(usize::from(long & 0x7f))?;
            whole.extend(&digits);
            digits.iter().fold(0, |n, b| n << 8 | usize::from(*b))
        }
        _ => return Err(Trouble::Nonsense),
    };
    if length > MOST {
        return Err(Trouble::TooBig);
    }
    whole.extend(wire.exact(length)?);
    let (answered, answer) = read(&whole).ok_or(Trouble::Nonsense)?;
    // A message that answers nothing (id 0) is a notice of the end.
    if answered != u64::from(id) {
        return Err(Trouble::Connection);
    }
    Ok(answer)
}

/// A whole message: which one it answers, and how. Controls are passed over.
fn read(whole: &[u8]) -> Option<(u64, StructureTag)> {
    let (_, message) = parse_tag(whole).ok()?;
    let mut parts = message.expect_constructed()?.into_iter();
    let answered = value(parts.next()?, Types::Integer)?;
    Some((number(&answered), parts.next()?))
}

fn message(id: u8, operation: Tag) -> Result<Vec<u8>, Trouble> {
    let id = Tag::Integer(Integer {
        inner: i64::from(id),
        ..Integer::default()
    });
    let whole = Tag::Sequence(Sequence {
        inner: vec![id, operation],
        ..Sequence::default()
    });
    #[expect(
        clippy::default_trait_access,
        reason = "the type is of a crate of its own"
    )]
    let mut out = Default::default();
    encode_into(&mut out, whole.into_structure()).map_err(|_| Trouble::Nonsense)?;
    Ok(out.to_vec())
}

fn operation(id: u64, inner: Vec<Tag>) -> Tag {
    Tag::Sequence(Sequence {
        id,
        class: TagClass::Application,
        inner,
    })
}

/// A text that its place in an operation tells.
fn string(id: u64, text: &[u8]) -> Tag {
    Tag::OctetString(OctetString {
        id,
        class: TagClass::Context,
        inner: text.to_vec(),
    })
}

/// What an element of such a type holds.
fn value(element: StructureTag, kind: Types) -> Option<Vec<u8>> {
    let element = element.match_class(TagClass::Universal)?;
    element.match_id(kind as u64)?.expect_primitive()
}

fn number(bytes: &[u8]) -> u64 {
    parse_uint(bytes).map_or(u64::MAX, |(_, number)| number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `cn=a` with the password `b`, by hand after RFC 4511, section 4.2.
    const A_BIND: &[u8] = b"\x30\x11\x02\x01\x02\x60\x0c\x02\x01\x03\x04\x04cn=a\x80\x01b";
    /// Its refusal: `resultCode` 49, and nothing else.
    const REFUSED: &[u8] = b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x31\x04\x00\x04\x00";
    /// An answer to "Who am I?": `dn:cn=a`.
    const WHO: &[u8] = b"\x30\x15\x02\x01\x03\x78\x10\x0a\x01\x00\x04\x00\x04\x00\x8b\x07dn:cn=a";

    #[test]
    fn messages_are_written_and_read() {
        let version = Tag::Integer(Integer {
            inner: 3,
            ..Integer::default()
        });
        let user = Tag::OctetString(OctetString {
            inner: b"cn=a".to_vec(),
            ..OctetString::default()
        });
        let bind = operation(BIND, vec![version, user, string(0, b"b")]);
        assert_eq!(message(2, bind).ok().as_deref(), Some(A_BIND));
        let (id, answer) = read(REFUSED).expect("a message");
        let outcome = Outcome::of(answer, BOUND).expect("a result");
        assert_eq!((id, outcome.code, &*outcome.words), (2, 49, ""));
        let (_, answer) = read(WHO).expect("a message");
        assert!(Outcome::of(answer, BOUND).is_err());
    }

    /// Elements in elements, as deep as the longest message lets them be, on half of the stack that a
    /// thread has.
    #[test]
    fn what_nests_as_deep_as_it_can_is_read() {
        let mut nested = Vec::new();
        while nested.len() + 4 < MOST {
            let length = nested.len() as u16;
            let head = match length {
                0..=0x7f => vec![0x30, length as u8],
                0x80..=0xff => vec![0x30, 0x81, length as u8],
                _ => [&[0x30, 0x82][..], &length.to_be_bytes()].concat(),
            };
            nested = [head, nested].concat();
        }
        assert!(nested.len() > MOST - 4);
        let thread = std::thread::Builder::new().stack_size(1 << 20);
        let thread = thread.spawn(move || parse_tag(&nested).is_ok());
        assert!(thread.expect("it starts").join().expect("it ends"));
    }

    proptest! {
        /// Whatever a message holds, it is read or refused.
        #[test]
        fn no_message_is_too_strange(
            at in 0_usize..23,
            byte: u8,
            cut in 0_usize..23,
            noise in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut whole = WHO.to_vec();
            whole[at] = byte;
            for text in [&whole[..], &whole[..cut], &noise, &[&whole[..cut], &noise].concat()] {
                if let Some((_, answer)) = read(text) {
                    let _ = Outcome::of(answer, EXTENDED_ANSWER);
                }
            }
        }
    }
}
