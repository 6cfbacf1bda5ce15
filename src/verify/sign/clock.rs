//! What a signature holds beside the secret: the time as protocols write it, and a number used once.

use ring::rand::{SecureRandom as _, SystemRandom};

use super::keyed::hex;
use crate::base::second_of;

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7), of seconds since 1970-01-01 UTC.
pub(in crate::verify) fn http_date(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = second_of(seconds);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let month = part(5..7).parse::<usize>().map_or(0, |m| (m + 11) % 12);
    format!(
        "{}, {} {} {} {} GMT",
        DAYS[seconds.div_euclid(86_400).rem_euclid(7) as usize],
        part(8..10),
        MONTHS[month],
        part(0..4),
        part(11..19)
    )
}

/// `Sun, 06 Nov 1994 08:49:37 +0000` (RFC 5322, section 3.3).
pub(in crate::verify) fn mail_date(seconds: i64) -> String {
    http_date(seconds).replace("GMT", "+0000")
}

/// `19941106T08:49:37+0000`, as Akamai's signatures hold it.
pub(in crate::verify) fn basic_date(seconds: i64) -> String {
    format!("{}+0000", second_of(seconds).replace('-', ""))
}

/// Sixteen random bytes in hex; `None` if the system gives none.
pub(in crate::verify) fn nonce() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http() {
        // The example of RFC 9110, section 5.6.7; `date -u -d '1994-11-06 08:49:37' +%s`.
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        // `date -u -d @1767225600 '+%a, %d %b %Y %T GMT'`
        assert_eq!(http_date(1_767_225_600), "Thu, 01 Jan 2026 00:00:00 GMT");
    }

    #[test]
    fn dates_of_mail_and_of_signatures() {
        // `date -u -R -d @1345570158`, and the time of the test data that Akamai's clients share.
        assert_eq!(mail_date(1_345_570_158), "Tue, 21 Aug 2012 17:29:18 +0000");
        assert_eq!(basic_date(1_395_430_461), "20140321T19:34:21+0000");
    }

    #[test]
    fn a_nonce_is_used_once() {
        let (one, other) = (nonce(), nonce());
        assert!(one.as_ref().is_some_and(|n| n.len() == 32));
        assert_ne!(one, other);
    }
}
