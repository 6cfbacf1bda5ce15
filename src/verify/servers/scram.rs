//! SCRAM (RFC 5802, RFC 7677): what a server may ask for. The proofs are made by the clients' crates, which
//! answer any small number of rounds; what they would give away by that is held back here.

use std::ops::RangeInclusive;

/// How many rounds are answered: with fewer, whoever plays the server could guess the password of the
/// answer (RFC 5802, section 5.1); more, and it could make us count for long.
const ROUNDS: RangeInclusive<u32> = 4096..=200_000;

/// Whether the server's first message is answered; `ours` is what it was sent.
pub(super) fn is_answerable(ours: &[u8], server: &[u8]) -> bool {
    let nonce = ours.rsplit(|b| *b == b',').next();
    let nonce = nonce.and_then(|n| n.strip_prefix(b"r="));
    let mut parts = server.split(|b| *b == b',');
    let whole = parts.next().and_then(|p| p.strip_prefix(b"r="));
    let rounds = parts.nth(1).and_then(|p| p.strip_prefix(b"i="));
    let rounds = rounds.and_then(|r| std::str::from_utf8(r).ok()?.parse().ok());
    // The server's own part of the nonce: without it, an answer could be played again.
    let is_fresh = nonce.is_some_and(|n| {
        let added = whole.and_then(|w| w.strip_prefix(n));
        added.is_some_and(|a| !a.is_empty())
    });
    is_fresh && rounds.is_some_and(|r| ROUNDS.contains(&r))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5802, section 5, and RFC 7677, section 3.
    #[test]
    fn exchanges_of_the_standards_are_answered() {
        for (ours, server) in [
            (
                "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            ),
            (
                "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            ),
        ] {
            assert!(is_answerable(ours.as_bytes(), server.as_bytes()));
        }
    }

    #[test]
    fn what_a_server_must_not_ask_for() {
        for server in [
            "r=abcx,s=QSXCR+Q6sek8bf92,i=1",
            "r=abcx,s=QSXCR+Q6sek8bf92,i=4095",
            "r=abcx,s=QSXCR+Q6sek8bf92,i=200001",
            "r=abcx,s=QSXCR+Q6sek8bf92,i=2000000000",
            "r=abcx,s=QSXCR+Q6sek8bf92,i=99999999999",
            "r=abcx,s=QSXCR+Q6sek8bf92,i=1,i=4096",
            "r=abcx,s=QSXCR+Q6sek8bf92",
            "r=abc,s=QSXCR+Q6sek8bf92,i=4096",
            "r=other,s=QSXCR+Q6sek8bf92,i=4096",
            "e=other-error",
            "",
        ] {
            assert!(
                !is_answerable(b"n,,n=user,r=abc", server.as_bytes()),
                "{server}"
            );
        }
    }
}
