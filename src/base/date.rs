use std::time::{SystemTime, UNIX_EPOCH};

/// Today in UTC, `YYYY-MM-DD`.
pub fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs());
    civil((seconds / 86_400) as i64)
}

/// The day of a time in seconds since 1970-01-01 UTC, `YYYY-MM-DD`.
pub fn day_of(seconds: i64) -> String {
    // A repository may claim any time; years beyond 9999 are not worth a wider date.
    civil(seconds.div_euclid(86_400).clamp(-719_468, 2_932_896))
}

/// A time in seconds since 1970-01-01 UTC as a second of UTC, `YYYY-MM-DDTHH:MM:SS`.
pub fn second_of(seconds: i64) -> String {
    let second = seconds.rem_euclid(86_400);
    format!(
        "{}T{:02}:{:02}:{:02}",
        day_of(seconds),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// The proleptic Gregorian date of a day counted from 1970-01-01 (Howard Hinnant, "chrono-
/// compatible low-level date algorithms").
fn civil(day: i64) -> String {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What stands before an offset that is written without a colon (`+0100`) at the end of a time, and that offset with
/// one. `None` if there is none.
pub fn bare_offset(time: &str) -> Option<(&str, String)> {
    let (head, zone) = time.split_at_checked(time.len().checked_sub(5)?)?;
    let is_bare = zone.starts_with(['+', '-']) && zone[1..].bytes().all(|b| b.is_ascii_digit());
    is_bare.then(|| (head, format!("{}:{}", &zone[..3], &zone[3..])))
}

/// The first and the last second of what is written as `YYYY-MM-DD` (a day, in UTC) or as a time of
/// RFC 3339 (`2026-11-24T12:00:00+01:00`, one second; between two seconds the first is after the
/// last). In seconds since 1970-01-01 UTC; `None` if it is neither.
pub fn time_of(text: &str) -> Option<(i64, i64)> {
    let text = text.as_bytes();
    let (date, rest) = text.split_at_checked(10)?;
    let number = |digits: &[u8]| -> Option<i64> {
        let digit = |n: i64, b: &u8| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'));
        digits.iter().try_fold(0, digit)
    };
    let (year, month, day) = (
        number(&date[..4])?,
        number(&date[5..7])?,
        number(&date[8..])?,
    );
    if date[4] != b'-' || date[7] != b'-' || year == 0 || !(1..=12).contains(&month) {
        return None;
    }
    let days = days_to(year, month, day);
    if day == 0 || civil(days).as_bytes() != date {
        return None;
    }
    let midnight = days * 86_400;
    let Some((between, time)) = rest.split_first() else {
        return Some((midnight, midnight + 86_399));
    };
    let (clock, rest) = time.split_at_checked(8)?;
    let (hour, minute) = (number(&clock[..2])?, number(&clock[3..5])?);
    let second = number(&clock[6..])?;
    if !matches!(between, b'T' | b't' | b' ') || clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    // A leap second is second 60.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let digits = match rest.strip_prefix(b".") {
        Some(rest) => rest.iter().take_while(|b| b.is_ascii_digit()).count(),
        None => 0,
    };
    if rest.starts_with(b".") && digits == 0 {
        return None;
    }
    let fraction = &rest[..if digits > 0 { digits + 1 } else { 0 }];
    let between = fraction.iter().any(|b| (b'1'..=b'9').contains(b));
    let offset = match &rest[fraction.len()..] {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), zone @ ..] if zone.len() == 5 && zone[2] == b':' => {
            let (hours, minutes) = (number(&zone[..2])?, number(&zone[3..])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3_600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let last = midnight + hour * 3_600 + minute * 60 + second - offset;
    Some((last + i64::from(between), last))
}

/// Days from 1970-01-01 to a date: [`civil`] the other way round.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{civil, days_to, second_of, time_of};

    #[test]
    fn seconds_are_told_in_utc() {
        // `date -u -d @N +%FT%T`
        assert_eq!(second_of(0), "1970-01-01T00:00:00");
        assert_eq!(second_of(-1), "1969-12-31T23:59:59");
        assert_eq!(second_of(1_795_550_399), "2026-11-24T19:59:59");
    }

    #[test]
    fn days_and_dates_are_each_others() {
        for day in (-700_000..2_932_896).step_by(97) {
            let date = civil(day);
            let part = |from: usize, to: usize| date[from..to].parse().expect("a number");
            assert_eq!(days_to(part(0, 4), part(5, 7), part(8, 10)), day, "{date}");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        // `date -u -d TEXT +%s`
        for (text, first, last) in [
            ("1970-01-01", 0, 86_399),
            ("2024-02-29", 1_709_164_800, 1_709_251_199),
            ("2026-11-24T12:00:00Z", 1_795_521_600, 1_795_521_600),
            ("2026-11-24t12:00:00z", 1_795_521_600, 1_795_521_600),
            ("2026-11-24 12:00:00+01:30", 1_795_516_200, 1_795_516_200),
            ("2026-11-24T12:00:00-08:00", 1_795_550_400, 1_795_550_400),
            ("2026-11-24T12:00:00.25Z", 1_795_521_601, 1_795_521_600),
            ("2026-11-24T12:00:00.000Z", 1_795_521_600, 1_795_521_600),
            ("2016-12-31T23:59:60Z", 1_483_228_800, 1_483_228_800),
            ("1969-12-31T23:59:59Z", -1, -1),
        ] {
            assert_eq!(time_of(text), Some((first, last)), "{text}");
        }
        for bad in [
            "",
            "yesterday",
            "2026",
            "2026-11",
            "2026-11-31",
            "2025-02-29",
            "2026-00-10",
            "2026-13-01",
            "0000-01-01",
            "2026-11-00",
            "2026/11/24",
            "26-11-24xx",
            "2026-11-24T",
            "2026-11-24T12:00",
            "2026-11-24T12:00:00",
            "2026-11-24T24:00:00Z",
            "2026-11-24T12:60:00Z",
            "2026-11-24T12:00:61Z",
            "2026-11-24T12:00:00.Z",
            "2026-11-24T12:00:00+0100",
            "2026-11-24T12:00:00+24:00",
            "2026-11-24T12:00:00Zx",
            "2026-11-24x12:00:00Z",
            "+026-11-24",
            "2026-11-2\u{e9}",
            "\u{661}026-11-24",
        ] {
            assert_eq!(time_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn known_days() {
        // `date -u -d @N*86400 +%F`
        for (day, date) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_781, "2026-11-24"),
            (-1, "1969-12-31"),
        ] {
            assert_eq!(civil(day), date);
        }
    }
}
