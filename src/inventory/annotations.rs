//! Comments that declare whose a credential is: `straykey:owner=team-x purpose="nightly export"
//! rotate=90d`, on its line or on the one above.

use super::record::{Source, Sureness, Told};

/// What a comment declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// Who owns it.
    pub owner: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// Replace it at least every so many days.
    pub rotate_days: Option<u32>,
}

/// The longest value.
const VALUE: usize = 200;

/// What the lines around a place (in bytes) declare; `path` is the file.
pub fn annotation(path: &str, text: &[u8], at: usize) -> Option<Told<Annotation>> {
    let at = at.min(text.len());
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |i| i + 1);
    let above = memchr::memrchr(b'\n', &text[..start.saturating_sub(1)]).map_or(0, |i| i + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i);
    let number = memchr::memchr_iter(b'\n', &text[..start]).count() + 1;
    let lines = [(start, end, number), (above, start, number - 1)];
    lines.into_iter().find_map(|(from, to, number)| {
        let line = String::from_utf8_lossy(text.get(from..to)?);
        let read = read(&line)?;
        let place = format!("{path}:{number}");
        Some(Told::new(
            read,
            Source::Annotation,
            place,
            Sureness::Certain,
        ))
    })
}

fn read(line: &str) -> Option<Annotation> {
    let at = ["straykey:owner=", "straykey:purpose=", "straykey:rotate="]
        .iter()
        .filter_map(|word| line.find(word))
        .min()?;
    let mut told = Annotation::default();
    let mut rest = &line[at + "straykey:".len()..];
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim();
        let (value, after) = match value.strip_prefix('"') {
            Some(inner) => inner.split_once('"')?,
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        rest = after;
        if value.is_empty() || value.len() > VALUE || value.contains(char::is_control) {
            continue;
        }
        match name {
            "owner" => told.owner = Some(value.to_owned()),
            "purpose" => told.purpose = Some(value.to_owned()),
            "rotate" => told.rotate_days = value.trim_end_matches('d').parse().ok(),
            _ => break,
        }
    }
    (told != Annotation::default()).then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_on_the_line_and_above() {
        let text =
            b"a\n# straykey:owner=team-x purpose=\"nightly export\" rotate=90d\nKEY=1\nB=2\n";
        let told = annotation("f", text, text.len() - 8).expect("it is above");
        assert_eq!(told.value.owner.as_deref(), Some("team-x"));
        assert_eq!(told.value.purpose.as_deref(), Some("nightly export"));
        assert_eq!(told.value.rotate_days, Some(90));
        assert_eq!(told.place.as_deref(), Some("f:2"));
        assert_eq!(
            annotation("f", text, text.len() - 2),
            None,
            "two lines above"
        );
        assert_eq!(annotation("f", b"x # straykey:allow y", 0), None);
        assert_eq!(annotation("f", b"straykey:owner=", 3), None);
    }
}
