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

#[cfg(test)]
mod tests {
    use super::civil;

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
