//! Literal or not: what stands where a value would, and is none.

use super::Scene;
use super::harmless::harmless;
use crate::detect::Rejection;
use crate::detect::assignment::{Assignment, Wrapper};
use crate::detect::generic::{self, place, place::Family};

/// An assignment and where it stands.
pub(super) struct Standing<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) assignment: Assignment,
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) family: Family,
    /// The line before the name.
    pub(super) before: &'a [u8],
}

/// How far before `IDENTIFIED BY word` its statement may begin, in bytes.
const STATEMENT: usize = 96;

/// How far before a name `GPG` may be said of a key, in bytes.
const KEY_OF: usize = 12;

impl Standing<'_> {
    fn bare(&self) -> bool {
        self.assignment.quote == 0
    }

    /// Rejects bare values that are code.
    pub(super) fn expression(&self) -> Result<(), Rejection> {
        let value = self.value;
        if value.contains(&b' ') {
            return Err(Rejection::Words);
        }
        if !self.bare() {
            return Ok(());
        }
        let element = self.assignment.operator == b'>';
        // In `"last_password": x` the name's own quote opens no string around the value.
        let behind = self.scene.text.get(self.assignment.name.end);
        let before = match self.before.split_last() {
            Some((quote, rest)) if b"\"'`".contains(quote) && behind == Some(quote) => rest,
            _ => self.before,
        };
        let in_code = self.family == Family::Code && !place::in_string(before);
        if !element && (in_code || self.of_source_map() || self.is_cast()) {
            return Err(Rejection::Reference("an expression in code"));
        }
        if self.is_port() {
            return Err(Rejection::Reference("the port of a host"));
        }
        if value.contains(&b'(') || value.ends_with(b":") || dotted(value) {
            return Err(Rejection::Reference("an expression"));
        }
        if matches!(value[0], b'[' | b'*' | b'(' | b'&') {
            return Err(Rejection::Reference("markup, or a list"));
        }
        // `'group.token:artifact:1.2'`, `hashicorp:vault:auth:userpass:MPL-2.0`
        let coordinates = self.assignment.operator == b':'
            && (self.name.contains(&b'.') || self.before.ends_with(b":"))
            && self.assignment.value.start == self.assignment.name.end + 1;
        if coordinates || is_command(value) {
            return Err(Rejection::Reference("a library's name, or a command"));
        }
        if another_assignment(value) {
            return Err(Rejection::Reference("another assignment"));
        }
        // `"password: expected bytes"`
        let prose = matches!(self.family, Family::Code | Family::Prose | Family::Other);
        let lower = value.to_ascii_lowercase();
        if prose && !element && std::str::from_utf8(&lower).is_ok_and(generic::is_word) {
            return Err(Rejection::Words);
        }
        Ok(())
    }

    /// Whether more words follow a bare value in its line.
    fn goes_on(&self) -> bool {
        let behind = &self.scene.text[self.assignment.value.end..];
        let next = behind.strip_prefix(b" ").and_then(|b| b.first());
        next.is_some_and(|b| b.is_ascii_alphabetic() || *b == b'(')
            && self.value.iter().all(u8::is_ascii_alphabetic)
    }

    /// Whether the value is a word or the first of some in a file of translations.
    fn is_translated(&self) -> bool {
        let letters = |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii();
        let foreign = self.value.iter().any(|b| !b.is_ascii());
        self.scene.whereabouts().of_translations
            && (foreign || self.bare() && self.goes_on() && self.value.iter().all(letters))
    }

    /// `"src/token.rs": "<sha256>"`: what is named is a file, and the value is as long as a hash.
    fn is_hash_of_file(&self) -> bool {
        let ending = self.name.rsplit(|b| *b == b'.').next().unwrap_or(b"");
        let file = self.before.ends_with(b"/") || self.name.contains(&b'.') && ending.len() <= 3;
        let quoted = matches!(
            self.scene.text.get(self.assignment.name.end),
            Some(b'"' | b'\'')
        );
        file && quoted
            && matches!(self.value.len(), 32 | 40 | 64 | 128)
            && self.value.iter().all(u8::is_ascii_hexdigit)
    }

    /// Whether the file holds the sources of a script, line by line in one string each: what is bare in
    /// them is code.
    fn of_source_map(&self) -> bool {
        self.scene.path.extension().is_some_and(|e| e == "map")
    }

    /// `this.password = arg as string`, `{ password: p }=url`: a variable, in code that stands in a string.
    fn is_cast(&self) -> bool {
        let behind = &self.scene.text[self.assignment.value.end..];
        let cast = behind.strip_prefix(b" as ").and_then(|b| b.first());
        cast.is_some_and(u8::is_ascii_lowercase) && self.value.iter().all(u8::is_ascii_alphanumeric)
            || holds(self.value, b"}=")
    }

    /// `http://onepassword:8080`: what stands behind a host's name is its port.
    fn is_port(&self) -> bool {
        let close = self.assignment.operator == b':'
            && self.assignment.value.start == self.assignment.name.end + 1;
        let host = self.before.ends_with(b"//")
            || self.name.to_ascii_lowercase().starts_with(b"onepassword");
        close && host && self.value.len() <= 5 && self.value.iter().all(u8::is_ascii_digit)
    }

    /// Whether the value is the id or the fingerprint of an OpenPGP key (RFC 4880, section 12.2): it is
    /// public.
    fn is_key_id(&self) -> bool {
        // `Release GPG key: ...`: what key it is may be said before the name.
        let before = &self.before[self.before.len().saturating_sub(KEY_OF)..];
        let of_key = [before, self.name].iter().any(|text| {
            let text = text.to_ascii_lowercase();
            [b"gpg".as_slice(), b"pgp"]
                .iter()
                .any(|word| holds(&text, word))
        });
        let digits = self.value.strip_prefix(b"0x").unwrap_or(self.value);
        of_key && matches!(digits.len(), 8 | 16 | 40) && digits.iter().all(u8::is_ascii_hexdigit)
    }

    /// Rejects what its neighbours show to be none: text between strings, a label, a choice.
    pub(super) fn beside(&self) -> Result<(), Rejection> {
        let (value, text) = (self.value, self.scene.text);
        // Markup within a string, or a string within markup.
        if [b"&lt".as_slice(), b"&gt", b"&quot", b"\\["]
            .iter()
            .any(|w| holds(value, w))
        {
            return Err(Rejection::Reference("markup"));
        }
        // `one pass: a===b?c:d`
        if [b"===".as_slice(), b"!=="].iter().any(|w| holds(value, w)) {
            return Err(Rejection::Reference("an expression in code"));
        }
        // `label: "Password:", hint: "..."`: what stands between two strings.
        if !self.bare() && matches!(value[0], b',' | b';' | b')') {
            return Err(Rejection::Reference("text between two strings"));
        }
        if self.is_hash_of_file() {
            return Err(Rejection::Integrity("the hash of a file"));
        }
        if self.is_translated() {
            return Err(Rejection::Words);
        }
        // What is called `key` and has neither digits nor capitals names an entry; as `auth`, a user.
        let named = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'/');
        let is_plain =
            self.name.eq_ignore_ascii_case(b"key") || self.name.eq_ignore_ascii_case(b"auth");
        if is_plain && value.iter().all(named) {
            return Err(Rejection::Words);
        }
        // PayPal's checkout page: the token is the id of the order.
        if self.before.ends_with(b"/checkoutnow?") {
            return Err(Rejection::Reference("the id of an order"));
        }
        if harmless(self.name, value) {
            return Err(Rejection::Reference("a token of a form, or a public one"));
        }
        if self.is_key_id() {
            return Err(Rejection::Reference("the id of a key"));
        }
        if generic::same_letters(self.name, value) {
            return Err(Rejection::Words);
        }
        if self.assignment.operator == b',' && is_label(self.name, value) {
            return Err(Rejection::Reference("a label, or another constant"));
        }
        // `ok ? "pass" : "failed"`
        let chosen = self
            .before
            .strip_suffix(b"\"")
            .or(self.before.strip_suffix(b"'"));
        if chosen.is_some_and(|text| text.trim_ascii_end().ends_with(b"?")) {
            return Err(Rejection::Reference("one of two strings"));
        }
        // `userPassword("name", "...")`
        let behind = text[self.assignment.value.end..]
            .iter()
            .skip(1)
            .find(|b| **b != b' ');
        let of_user = holds(&self.name.to_ascii_lowercase(), b"user");
        if self.assignment.operator == b'(' && of_user && behind == Some(&b',') {
            return Err(Rejection::Reference("the user's name"));
        }
        if [b"badge.svg?".as_slice(), b"/badge?"]
            .iter()
            .any(|w| holds(self.before, w))
        {
            return Err(Rejection::Reference(
                "the token of a badge, which is made to be shown",
            ));
        }
        Ok(())
    }

    /// Rejects what is said of passing and of identifying: `PASS: test 3`, `pass "x" to`,
    /// `identified by its name`.
    pub(super) fn spoken(&self) -> Result<(), Rejection> {
        let name = self.name;
        let name_end = self.assignment.name.end;
        if name.eq_ignore_ascii_case(b"identified") {
            // A bare word follows in prose, too: there the statement must begin near before.
            let far = self.before.len().saturating_sub(STATEMENT);
            let line = self.before[if self.bare() { far } else { 0 }..].to_ascii_lowercase();
            let all = [
                b"grant ".as_slice(),
                b"alter ",
                b"create ",
                b"user",
                b"role",
            ];
            let statement = if self.bare() { &all[..3] } else { &all };
            return if statement.iter().any(|w| holds(&line, w)) {
                Ok(())
            } else {
                Err(Rejection::Words)
            };
        }
        // Two letters come by chance in encoded text: `[@%]PW:2Z.Q`.
        let begins = |b: &u8| b.is_ascii_whitespace() || b"(,;/|{\"'`-_.&?<>".contains(b);
        if name.eq_ignore_ascii_case(b"pw") && !self.before.last().is_none_or(begins) {
            return Err(Rejection::Words);
        }
        if generic::means_run(name) && !self.value.iter().any(u8::is_ascii_digit) {
            return Err(Rejection::Words);
        }
        if !name.eq_ignore_ascii_case(b"pass") && !name.ends_with(b".pass") {
            return Ok(());
        }
        let of_option = self
            .before
            .rsplit(|b| *b == b' ')
            .find(|word| !word.is_empty())
            .is_some_and(|word| {
                word[0] == b'-' && word.get(1).is_some_and(u8::is_ascii_alphabetic)
            });
        // `pass:x7Km2q` in notes: nothing between, and no word, nor a word and its number.
        let plain = self.family != Family::Code && !self.value.contains(&b'\\');
        let noted = plain && self.assignment.value.start == name_end + 1 && {
            let letters = self
                .value
                .iter()
                .take_while(|b| !b.is_ascii_digit())
                .count();
            let digits = self.value[letters..]
                .iter()
                .take_while(|b| b.is_ascii_digit());
            letters > 0 && letters + digits.count() < self.value.len()
        };
        let said = match self.assignment.operator {
            b' ' | b'(' | b',' => true,
            // `pass === 'opaque'`
            b'~' => self.value.iter().all(u8::is_ascii_alphabetic),
            b':' if self.assignment.wrapper == Wrapper::Call => true,
            // `no pass => genuinely failed`
            b'=' if self.bare() => self.goes_on(),
            b':' if self.bare() => !of_option && !noted && self.family != Family::Config,
            _ => false,
        };
        if said { Err(Rejection::Words) } else { Ok(()) }
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Whether a value is a command in the way of PowerShell: `Get-Secret`.
fn is_command(value: &[u8]) -> bool {
    const VERBS: &[&[u8]] = &[
        b"Get",
        b"Read",
        b"Convert",
        b"ConvertTo",
        b"ConvertFrom",
        b"New",
        b"Import",
        b"Select",
    ];
    let word = |w: &[u8]| {
        w.len() >= 3 && w[0].is_ascii_uppercase() && w[1..].iter().all(u8::is_ascii_alphabetic)
    };
    let mut parts = value.split(|b| *b == b'-');
    parts.next().is_some_and(|verb| VERBS.contains(&verb))
        && parts.next().is_some_and(word)
        && parts.next().is_none()
}

/// Whether a bare value is an assignment itself (`password=,domain=x`).
fn another_assignment(value: &[u8]) -> bool {
    let Some(equals) = value.iter().position(|b| *b == b'=') else {
        return false;
    };
    let name = &value[..equals];
    name.len() >= 3
        && name
            .iter()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.'))
        && !value.ends_with(b"==")
}

/// Whether a value beside a constant only speaks of it: `{ XDP_PASS, "rx_xdp_pass" }`,
/// `f(CMD_PASS, "JUMP_TO_ZERO")`.
fn is_label(name: &[u8], value: &[u8]) -> bool {
    let words = |b: &u8| b.is_ascii_alphabetic() || *b == b'_';
    if !value.contains(&b'_') || !value.iter().all(words) {
        return false;
    }
    let last = |text: &[u8]| {
        text.rsplit(|b| *b == b'_')
            .next()
            .map(<[u8]>::to_ascii_lowercase)
    };
    !value.iter().any(u8::is_ascii_lowercase) || last(name) == last(value)
}

/// Whether a bare value is a path of names (`settings.DB_PASSWORD`).
fn dotted(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value.split(|b| *b == b'.').all(|w| {
            w.first()
                .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
                && w.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
                && w.iter().filter(|b| b.is_ascii_digit()).count() <= 2
        })
}

#[cfg(test)]
mod tests {
    /// Whether a generic secret is told in a text.
    fn is_told(text: &str, path: &str) -> bool {
        use crate::detect::{Catalogue, Detector, Engine, Outcome, Scratch};
        use crate::sources::{Chunk, ContentKind};
        let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
        let chunk = Chunk::whole(text.as_bytes(), ContentKind::Text);
        let path = std::path::Path::new(path);
        let judged = detector.scan(&chunk, path, &mut Scratch::default());
        let generic = judged.iter().filter(|j| j.pattern.provider == "generic");
        generic.filter(|j| j.outcome == Outcome::Match).count() > 0
    }

    #[test]
    fn ids_of_keys_and_parts_of_coordinates_are_no_secrets() {
        let digits = "ABCD1234ABCD1E34";
        for (before, value, behind, path, told) in [
            (
                "    SSH:hashicorp:vault:api:auth:userpass:",
                "Kx7-2.0m",
                "\">more</a>",
                "a.html",
                false,
            ),
            ("userpass: ", "Kx7-2.0mq9Lw", "", "a.yaml", true),
            ("\"--delete-gpg-key=", digits, "\"", "a.go", false),
            ("\"--delete-api-key=", digits, "\"", "a.go", true),
        ] {
            let text = [before, value, behind].concat();
            assert_eq!(is_told(&text, path), told, "{text}");
        }
    }

    /// Texts with a value in each place of `{}`, and whether a secret is told of them.
    fn told_with_a_value(cases: &[(&str, &str, bool)]) {
        let value = ["Kx72mq", "9Lw0"].concat();
        for (text, path, told) in cases {
            let text = text.replace("{}", &value);
            assert_eq!(is_told(&text, path), *told, "{text}");
        }
    }

    #[test]
    fn hashes_of_files_are_no_secrets() {
        let hash = [
            "1c76311fcc82098e630056d71fd6f392",
            "9194ee31b0840e2aa643c7b9f35fcaee",
        ]
        .concat();
        for (before, told) in [
            ("{\"files\":{\"src/to_tokens.rs\":\"", false),
            ("{\"files\":{\"lib/libtokenbinding.a\":\"", false),
            ("{\"app\":{\"deploy.token\":\"", true),
        ] {
            let text = [before, &hash, "\"}}"].concat();
            assert_eq!(is_told(&text, "a.json"), told, "{text}");
        }
    }

    #[test]
    fn prose_identifies_no_user() {
        let prose = "<p>What users create. Of their workloads and of how long these last we tell what is \
                     seen: this is identified by {} here</p>";
        told_with_a_value(&[
            (prose, "a.json", false),
            ("CREATE USER scott IDENTIFIED BY {};", "a.sql", true),
        ]);
    }

    #[test]
    fn labels_beside_constants_are_no_secrets() {
        told_with_a_value(&[
            ("  { ETHTOOL_XDP_PASS, \"rx_xdp_pass\" },", "a.c", false),
            (
                "  bl_cmd(adapter, POLLING_MODE, CMD_PASS, \"POLLING_MODE\");",
                "a.c",
                false,
            ),
            ("  setopt(curl, CURLOPT_KEYPASSWD, \"{}\");", "a.c", true),
            ("  if (p.renderPass === 'translucent') {", "a.js", false),
            ("  if (p.renderPass === '{}') {", "a.js", true),
            ("  if (pass === 'translucent') {", "a.js", false),
            ("  if (pass === '{}') {", "a.js", true),
        ]);
    }

    #[test]
    fn bare_values_of_quoted_names_are_expressions_in_code() {
        told_with_a_value(&[
            ("    \"password_last_used\": {},", "a.py", false),
            ("    '\"password\": {},'", "a.py", true),
            ("    \"password\": {},", "a.yaml", true),
        ]);
    }
}
