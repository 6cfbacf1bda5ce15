//! The proper names of people, as a `.mailmap` has them; read by libgit2.

use git2::{Signature, Time};

/// A mailmap.
pub struct Mailmap(Option<git2::Mailmap>);

impl Mailmap {
    /// Reads the text of a `.mailmap`. One that does not parse changes nothing.
    pub fn parse(text: &str) -> Self {
        Self(git2::Mailmap::from_buffer(text).ok())
    }

    /// No mailmap.
    pub const fn empty() -> Self {
        Self(None)
    }

    /// The proper name and mail address of somebody.
    pub fn proper(&self, name: &str, mail: &str) -> (String, String) {
        let resolved = || {
            let who = Signature::new(name, mail, &Time::new(0, 0)).ok()?;
            let who = self.0.as_ref()?.resolve_signature(&who).ok()?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Some((text(who.name_bytes()), text(who.email_bytes())))
        };
        resolved().unwrap_or_else(|| (name.to_owned(), mail.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Mailmap;

    #[test]
    fn names_and_addresses_as_git_says() {
        // `git check-mailmap`, gitmailmap(5)
        let map = Mailmap::parse(
            "Jane Doe <jane@x.invalid> <jd@old.invalid>\n<joe@x.invalid> Joe <j@y.invalid>\n",
        );
        let of = |name: &str, mail: &str| map.proper(name, mail);
        assert_eq!(
            of("jd", "jd@old.invalid"),
            ("Jane Doe".into(), "jane@x.invalid".into())
        );
        assert_eq!(
            of("Joe", "j@y.invalid"),
            ("Joe".into(), "joe@x.invalid".into())
        );
        assert_eq!(
            of("Eve", "e@z.invalid"),
            ("Eve".into(), "e@z.invalid".into())
        );
        assert_eq!(of("", ""), (String::new(), String::new()));
        assert_eq!(Mailmap::empty().proper("a", "b"), ("a".into(), "b".into()));
    }
}
