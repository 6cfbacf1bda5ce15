//! The ways in which people write a value down: assignments of languages, files of configuration,
//! command lines, addresses.
//!
//! A style is legal for a value if the value can stand there as it is, without an escape.

use crate::detect::patterns::{ByteSet, TOKEN};

/// One way to write a name and a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// For people.
    pub(super) name: &'static str,
    /// A file in which it stands.
    pub(super) path: &'static str,
    /// `{value}`, and the name in one of its casings: `{UPPER}`, `{snake}`, `{camel}`, `{Pascal}`,
    /// `{kebab}`, `{words}`.
    frame: &'static str,
    /// What the value may hold.
    holds: Holds,
    /// Whether it assigns the value to the name, in the sense of the assignment grammar.
    pub(super) assigns: bool,
}

#[derive(Clone, Copy, Debug)]
enum Holds {
    /// Everything but these bytes and control characters.
    Quoted(&'static [u8]),
    /// Token characters, `.` and `~`, and these bytes.
    Bare(&'static [u8]),
    /// Line breaks, too; everything.
    Lines,
}

const fn style(
    name: &'static str,
    path: &'static str,
    frame: &'static str,
    holds: Holds,
    assigns: bool,
) -> Style {
    Style {
        name,
        path,
        frame,
        holds,
        assigns,
    }
}

use Holds::{Bare, Lines, Quoted};

/// All styles.
#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    style(
        "env",
        "deploy/prod.env",
        "{UPPER}={value}\n",
        Bare(b":@?&"),
        true,
    ),
    style(
        "shell export",
        "run.sh",
        "export {UPPER}='{value}'\n",
        Quoted(b"'"),
        true,
    ),
    style(
        "YAML",
        "config.yml",
        "auth:\n  {snake}: \"{value}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "YAML, bare",
        "values.yaml",
        "auth:\n  {camel}: {value}\n",
        Bare(b""),
        true,
    ),
    style(
        "JSON",
        "config.json",
        "{\n  \"{camel}\": \"{value}\",\n  \"port\": 80\n}\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "JSON in a string",
        "payload.txt",
        "\"{\\\"{snake}\\\": \\\"{value}\\\"}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "Python",
        "settings.py",
        "{UPPER} = \"{value}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "JavaScript",
        "index.js",
        "const {camel} = '{value}';\n",
        Quoted(b"'\\"),
        true,
    ),
    style(
        "TypeScript",
        "client.ts",
        "  {camel}: `{value}`,\n",
        Quoted(b"`\\$"),
        true,
    ),
    style(
        "Java",
        "Config.java",
        "    static final String {UPPER} = \"{value}\";\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "Go",
        "main.go",
        "\t{camel} := \"{value}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "C#",
        "Keys.cs",
        "    public const string {Pascal} = \"{value}\";\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "Ruby",
        "initializer.rb",
        "config.{snake} = '{value}'\n",
        Quoted(b"'\\"),
        true,
    ),
    style(
        "PHP",
        "config.php",
        "    '{snake}' => '{value}',\n",
        Quoted(b"'\\"),
        true,
    ),
    style(
        "Rust",
        "lib.rs",
        "const {UPPER}: &str = \"{value}\";\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "C",
        "config.h",
        "#define {UPPER} \"{value}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "curl header",
        "try.sh",
        "curl -H 'X-{kebab}: {value}' https://api.invalid/v1/me\n",
        Quoted(b"'"),
        false,
    ),
    style(
        "bearer header",
        "call.sh",
        "# {words}\ncurl -H 'Authorization: Bearer {value}' https://api.invalid/v1/me\n",
        Quoted(b"' "),
        false,
    ),
    style(
        "URL query",
        "try.txt",
        "https://api.invalid/v1/me?{snake}={value}&page=2\n",
        Bare(b""),
        false,
    ),
    style(
        "XML element",
        "settings.xml",
        "  <{camel}>{value}</{camel}>\n",
        Quoted(b"<>&"),
        true,
    ),
    style(
        "XML attribute",
        "web.config",
        "  <add key=\"{Pascal}\" value=\"{value}\" />\n",
        Quoted(b"\"<>&"),
        true,
    ),
    style(
        "properties",
        "app.properties",
        "app.{kebab}={value}\n",
        Bare(b"@?&"),
        true,
    ),
    style(
        "TOML",
        "app.toml",
        "[auth]\n{snake} = \"{value}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "INI",
        "app.ini",
        "[auth]\n{snake} = {value}\n",
        Bare(b":@?&"),
        true,
    ),
    style(
        "HCL",
        "main.tf",
        "  {snake} = \"{value}\"\n",
        Quoted(b"\"\\"),
        true,
    ),
    style(
        "Dockerfile",
        "Dockerfile",
        "FROM scratch\nENV {UPPER}={value}\n",
        Bare(b":@"),
        true,
    ),
    style(
        "compose list",
        "docker-compose.yml",
        "    environment:\n      - {UPPER}={value}\n",
        Bare(b":@"),
        true,
    ),
    style(
        "SQL",
        "seed.sql",
        "INSERT INTO settings VALUES ('{snake}', '{value}');\n",
        Quoted(b"'"),
        false,
    ),
    style(
        "PowerShell",
        "deploy.ps1",
        "$env:{UPPER} = '{value}'\n",
        Quoted(b"'"),
        true,
    ),
    style(
        "command line",
        "notes.txt",
        "tool --{kebab}={value} --verbose\n",
        Bare(b":"),
        true,
    ),
    style(
        "prose",
        "README.md",
        "The {words} is `{value}` for now.\n",
        Quoted(b"`"),
        false,
    ),
    style("lines", "file.txt", "{words}\n{value}\n", Lines, false),
];

/// The name of the style that a pattern's own frame is.
pub(super) const FRAME: &str = "its own frame";

impl Style {
    /// A pattern's own frame, if it has one.
    pub(super) fn of_frame(frame: &'static str) -> Option<Self> {
        (!frame.is_empty()).then_some(Self {
            name: FRAME,
            path: "file.txt",
            frame,
            holds: Lines,
            assigns: true,
        })
    }

    /// Whether a value can stand there as it is.
    pub(super) fn is_legal(&self, value: &[u8]) -> bool {
        let may = |bytes: &[u8]| {
            let more = bytes.iter().fold(TOKEN, |set, b| set.or(ByteSet::of(*b)));
            value.iter().all(|b| more.has(*b))
        };
        match self.holds {
            Quoted(but) => !value
                .iter()
                .any(|b| b.is_ascii_control() || but.contains(b)),
            // Where words end at blanks, a value begins with no sign that means something.
            Bare(more) => may(&[more, b".~"].concat()) && !value.starts_with(b"-"),
            Lines => true,
        }
    }

    /// The text with this name and value, and where the value begins.
    pub(super) fn write(&self, name: &str, value: &[u8]) -> (Vec<u8>, usize) {
        let words: Vec<&str> = name
            .split([' ', '-', '_', '.'])
            .filter(|w| !w.is_empty())
            .collect();
        let hump = |w: &str| w[..1].to_uppercase() + &w[1..];
        let pascal: String = words.iter().map(|w| hump(w)).collect();
        let camel = pascal[..1].to_lowercase() + &pascal[1..];
        let filled = self
            .frame
            .replace("{UPPER}", &words.join("_").to_uppercase())
            .replace("{snake}", &words.join("_"))
            .replace("{camel}", &camel)
            .replace("{Pascal}", &pascal)
            .replace("{kebab}", &words.join("-"))
            .replace("{words}", &words.join(" "));
        let hole = filled
            .split_once("{value}")
            .or_else(|| filled.split_once("{}"));
        let (head, tail) = hole.unwrap_or((&filled, ""));
        let mut text = head.as_bytes().to_vec();
        text.extend_from_slice(value);
        text.extend_from_slice(tail.as_bytes());
        (text, head.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twenty_and_more_and_most_are_legal_for_plain_values() {
        let legal = STYLES.iter().filter(|s| s.is_legal(b"0aZ-_")).count();
        assert!(legal >= 20, "{legal}");
        let env = &STYLES[0];
        assert!(!env.is_legal(b"a b") && !env.is_legal(b"-a") && !env.is_legal(b"a#b"));
    }

    #[test]
    fn names_are_written_in_each_casing() {
        let text = |name: &str| {
            let style = STYLES.iter().find(|s| s.name == name);
            let (text, at) = style.expect("it is there").write("acme-api key", b"V");
            assert_eq!(text[at], b'V');
            String::from_utf8(text).expect("ASCII")
        };
        assert_eq!(text("env"), "ACME_API_KEY=V\n");
        assert_eq!(text("JavaScript"), "const acmeApiKey = 'V';\n");
        assert_eq!(text("C#"), "    public const string AcmeApiKey = \"V\";\n");
        assert_eq!(text("properties"), "app.acme-api-key=V\n");
        assert_eq!(text("command line"), "tool --acme-api-key=V --verbose\n");
        assert_eq!(text("prose"), "The acme api key is `V` for now.\n");
    }
}
