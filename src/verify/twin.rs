//! A made-up credential of the same form: whoever welcomes it proves nothing.

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::base::Secret;
use crate::detect::patterns::{
    Checksum, Class, Piece, Sampler, Sign, Verifier, pieces, sample_secret,
};
use crate::findings::{CLUSTER_TOKEN, Credential, Finding};

/// Makes one with the shape and the checksum of the finding's pattern. `None` for passwords, which
/// somebody may be locked out by, and for keys.
pub(super) fn twin(finding: &Finding, verifier: &Verifier) -> Option<Credential> {
    let pattern = finding.pattern;
    if !matches!(pattern.class, Class::Token | Class::Identifier | Class::Jwt) {
        return None;
    }
    let mut seed = [0; 8];
    SystemRandom::new().fill(&mut seed).ok()?;
    let mut sampler = Sampler::new(u64::from_le_bytes(seed));
    let mut one = |expression: &str, checksum, not: &Secret| {
        // One in millions is the credential itself.
        (0..4).find_map(|_| {
            let made = sample_secret(expression, checksum, &mut sampler);
            (made != not.expose()).then(|| Secret::new(&made))
        })
    };
    let own = &finding.credential;
    let mut secret = if is_coded(verifier, "secret") {
        mutated(&own.secret)?
    } else {
        one(pattern.expression[1], pattern.checksum, &own.secret)?
    };
    for (_, of, behind) in verifier.cut {
        // What is cut from it says where to call.
        if *of == "secret" {
            secret = grafted(&secret, &own.secret, behind)?;
        }
    }
    let mut parts = Vec::new();
    for (name, value) in &own.parts {
        if *name == CLUSTER_TOKEN {
            parts.push((*name, mutated(value)?));
            continue;
        }
        let Some(part) = pattern.parts.iter().find(|p| p.name == *name) else {
            // What stands beside it is no secret.
            parts.push((*name, value.clone()));
            continue;
        };
        // What says where to call is no secret, and must lead there again; a key that can sign cannot be
        // made up, and does not leave this machine.
        let made = if in_url(verifier, name) || signs(verifier, name) {
            value.clone()
        } else if is_coded(verifier, name) {
            mutated(value)?
        } else {
            one(part.expression, Checksum::None, value)?
        };
        parts.push((*name, made));
    }
    Some(Credential { secret, parts })
}

/// The same with another tail: of a token of three parts another signature.
fn mutated(token: &Secret) -> Option<Secret> {
    let text = std::str::from_utf8(token.expose()).ok()?;
    let tail = text.rfind(['.', ':']).map_or(0, |at| at + 1);
    let mut made = text.as_bytes().to_vec();
    let mut random = vec![0; made.len() - tail];
    SystemRandom::new().fill(&mut random).ok()?;
    for (byte, random) in made[tail..].iter_mut().zip(random) {
        let (first, count) = match byte {
            b'0'..=b'9' => (b'0', 10),
            b'a'..=b'z' => (b'a', 26),
            b'A'..=b'Z' => (b'A', 26),
            _ => continue,
        };
        *byte = first + random % count;
    }
    (made != token.expose()).then(|| Secret::new(&made))
}

/// `made` up to the last `mark`, then what is behind it in `own`.
fn grafted(made: &Secret, own: &Secret, mark: &str) -> Option<Secret> {
    let text = |s: &Secret| std::str::from_utf8(s.expose()).ok().map(str::to_owned);
    let (made, own) = (text(made)?, text(own)?);
    let (head, tail) = (made.rsplit_once(mark)?.0, own.rsplit_once(mark)?.1);
    Some(Secret::new(format!("{head}{mark}{tail}").as_bytes()))
}

/// Whether a part is a private key that signs.
fn signs(verifier: &Verifier, name: &str) -> bool {
    let key = format!("{{{name}}}");
    let is_key = |(of, with): &(&str, &str)| *of == "key" && *with == key;
    verifier
        .calls
        .iter()
        .any(|call| call.sign == Sign::JwtRs256 && call.with.iter().any(is_key))
}

/// Whether it is a key in base64: what only looks like one cannot sign.
fn is_coded(verifier: &Verifier, name: &str) -> bool {
    let key = format!("{{{name}}}");
    verifier.calls.iter().any(|call| {
        let has = |name, with: &str| call.with.contains(&(name, with));
        call.sign == Sign::Hmac && has("key form", "base64") && has("key", &key)
    })
}

fn in_url(verifier: &Verifier, name: &str) -> bool {
    let of_url = |piece: Piece<'_>| matches!(piece, Piece::Hole(hole) if hole.name == name);
    verifier
        .calls
        .iter()
        .any(|call| pieces(call.url).into_iter().any(of_url))
}
