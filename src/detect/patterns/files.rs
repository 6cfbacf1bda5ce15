//! What a file must be called for a pattern to count in it.
//!
//! A form is a name, or a path's last names; `*` at its begin stands for any text within a name. Names
//! are compared without case. What lies in a container has the name that it has there.

/// Whether a file of this path is called as one of the forms says.
pub fn is_called(forms: &[&str], path: &[u8]) -> bool {
    forms.iter().any(|form| fits(form.as_bytes(), path))
}

/// The last names of some forms, to be asked of many names.
#[derive(Clone, Debug)]
pub struct Called {
    /// By the byte that they end with, a small letter for both.
    ends: Vec<Vec<&'static str>>,
}

impl Called {
    /// Of the forms of some patterns.
    pub fn new(forms: impl Iterator<Item = &'static str>) -> Self {
        let mut ends = vec![Vec::new(); 256];
        for form in forms {
            let last = form.rsplit('/').next().unwrap_or(form);
            if let Some(end) = last.bytes().last() {
                ends[usize::from(end.to_ascii_lowercase())].push(last);
            }
        }
        for forms in &mut ends {
            forms.sort_unstable();
            forms.dedup();
        }
        Self { ends }
    }

    /// Whether a file that is called so may be one of them, in some folder.
    pub fn may_be(&self, name: &[u8]) -> bool {
        name.last().is_some_and(|end| {
            let forms = &self.ends[usize::from(end.to_ascii_lowercase())];
            is_called(forms, name)
        })
    }
}

fn fits(form: &[u8], path: &[u8]) -> bool {
    let (form, open) = match form.strip_prefix(b"*") {
        Some(rest) => (rest, true),
        None => (form, false),
    };
    let Some((before, end)) = path.split_at_checked(path.len().wrapping_sub(form.len())) else {
        return false;
    };
    let same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b) || is_cut(*a) && is_cut(*b);
    end.iter().zip(form).all(same) && (open || before.last().is_none_or(|b| is_cut(*b)))
}

/// Whether a byte stands between names.
fn is_cut(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\' | b'!')
}

/// What is wrong with a form, if anything.
pub(super) fn fault(form: &str) -> Option<&'static str> {
    let rest = form.strip_prefix('*').unwrap_or(form);
    if rest.len() < 3 {
        Some("has at least three characters beside its '*'")
    } else if rest.contains('*') {
        Some("has a '*' at its begin alone")
    } else if rest.starts_with('/') || rest.ends_with('/') {
        Some("begins and ends with a name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ends_of_paths() {
        let cases: [(&str, &str, bool); 14] = [
            (".pgpass", ".pgpass", true),
            (".pgpass", "home/.pgpass", true),
            (".pgpass", "home\\.PGPASS", true),
            (".pgpass", "a.tar!.pgpass", true),
            (".pgpass", "my.pgpass", false),
            (".pgpass", ".pgpass.bak", false),
            (".pgpass", "", false),
            ("*.ovpn", "a/b.ovpn", true),
            ("*.ovpn", ".ovpn", true),
            ("*.ovpn", "ovpn", false),
            ("*!keys", "a.p12!keys", true),
            (".docker/config.json", "root/.docker/config.json", true),
            (".docker/config.json", "root/docker/config.json", false),
            (".docker/config.json", ".docker\\config.json", true),
        ];
        for (form, path, expected) in cases {
            assert_eq!(
                is_called(&[form], path.as_bytes()),
                expected,
                "{form} {path}"
            );
        }
    }

    #[test]
    fn the_last_name_alone_may_be_one() {
        let called = Called::new([".pgpass", "*.ovpn", ".gem/credentials"].into_iter());
        for (name, expected) in [
            (".pgpass", true),
            ("A.OVPN", true),
            ("credentials", true),
            ("credential", false),
            ("", false),
            ("gem", false),
        ] {
            assert_eq!(called.may_be(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn forms_that_say_nothing_are_refused() {
        assert!(fault("*").is_some());
        assert!(fault("a*b.c").is_some());
        assert!(fault("/etc/").is_some());
        assert!(fault("*.p12").is_none());
    }
}
