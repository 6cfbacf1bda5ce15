//! Where an assignment stands: the family of the file, the line, what is around the value.

use std::path::Path;

/// Families of files, by what a bare value in them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// A programming language: a bare value is an expression.
    Code,
    /// Names and values: a bare value is a literal.
    Config,
    Json,
    Markup,
    Shell,
    Sql,
    /// Prose with examples in it.
    Prose,
    Other,
}

const CODE: &[&str] = &[
    "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "java", "js", "jsx", "mjs", "cjs", "ts", "tsx",
    "py", "pyi", "pyx", "pxd", "go", "rs", "rb", "php", "cs", "swift", "kt", "kts", "scala", "lua",
    "pl", "pm", "m", "mm", "dart", "ex", "exs", "erl", "hs", "clj", "groovy", "vb", "fs", "r",
    "jl", "vue", "svelte", "sol", "zig", "nim", "d", "pas", "asm", "s", "tcl", "ml", "mli",
    "gradle", "erb", "cfc", "cfm", "jsp", "aspx", "cshtml", "rake", "gemspec", "proto", "thrift",
    "bzl", "gn", "gni",
];
const CONFIG: &[&str] = &[
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "config",
    "properties",
    "env",
    "tf",
    "tfvars",
    "hcl",
    "cnf",
    "rc",
    "plist",
    "desktop",
    "service",
    "ldif",
    "template",
    "tpl",
    "example",
    "sample",
    "dist",
    "j2",
    "local",
    "npmrc",
    "pypirc",
    "netrc",
    "reg",
    "inf",
    "jaas",
    "ks",
    "preseed",
];
const JSON: &[&str] = &[
    "json", "har", "tfstate", "ipynb", "jsonl", "json5", "backup", "jsonc", "avsc",
];
const MARKUP: &[&str] = &[
    "xml", "html", "htm", "xhtml", "svg", "xaml", "resx", "csproj", "pom", "wsdl",
];
const SHELL: &[&str] = &[
    "sh", "bash", "zsh", "fish", "ksh", "ps1", "psm1", "psd1", "bat", "cmd", "mk",
];
const SQL: &[&str] = &["sql", "psql", "ddl", "dml", "pgsql"];
const PROSE: &[&str] = &[
    "md", "rst", "txt", "adoc", "asciidoc", "markdown", "org", "tex", "mdx", "log",
];

/// What a file's path says of what is in it: asked once a text, not once an assignment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whereabouts {
    pub(crate) family: Family,
    /// Its files are tests, fixtures or examples.
    pub(super) of_tests: bool,
    /// Its files are translations.
    pub(crate) of_translations: bool,
    /// Its files hold test vectors: known answers of ciphers.
    pub(crate) of_vectors: bool,
}

impl Whereabouts {
    pub(crate) fn of(path: &Path) -> Self {
        let of_tests = of_tests(path);
        Self {
            family: family(path),
            of_tests,
            of_translations: of_translations(path),
            of_vectors: of_vectors(path, of_tests),
        }
    }
}

/// The family of a file, by its name.
fn family(path: &Path) -> Family {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let lower = name.to_ascii_lowercase();
    if lower.starts_with(".env") || lower.ends_with("rc") && lower.starts_with('.') {
        return Family::Config;
    }
    if lower.starts_with("dockerfile") || lower.starts_with("makefile") || lower == "jenkinsfile" {
        return Family::Shell;
    }
    let Some((_, extension)) = lower.rsplit_once('.') else {
        return Family::Other;
    };
    [
        (CODE, Family::Code),
        (CONFIG, Family::Config),
        (JSON, Family::Json),
        (MARKUP, Family::Markup),
        (SHELL, Family::Shell),
        (SQL, Family::Sql),
        (PROSE, Family::Prose),
    ]
    .into_iter()
    .find(|(known, _)| known.contains(&extension))
    .map_or(Family::Other, |(_, family)| family)
}

/// Whether a path says that its files are tests, fixtures or examples.
fn of_tests(path: &Path) -> bool {
    path_has(
        path,
        &[
            "test", "tests", "spec", "specs", "fixture", "fixtures", "mock", "mocks", "testdata",
            "example", "examples", "sample", "samples", "demo", "testing", "e2e",
        ],
    )
}

/// Whether a path says that its files are translations.
fn of_translations(path: &Path) -> bool {
    path_has(
        path,
        &[
            "locale",
            "locales",
            "lang",
            "langs",
            "language",
            "languages",
            "i18n",
            "l10n",
            "translations",
            "translation",
            "messages",
            "po",
            "strings",
            "lproj",
            "nls",
            "resx",
        ],
    )
}

/// Whether a path says that its files hold test vectors: known answers of ciphers.
fn of_vectors(path: &Path, of_tests: bool) -> bool {
    const CIPHERS: &[&str] = &[
        "crypto",
        "cipher",
        "ciphers",
        "tls",
        "ecdh",
        "hmac",
        "aes",
        "kdf",
        "hpke",
        "cryptography",
        "aead",
        "poly1305",
        "chacha20",
        "gcm",
        "hkdf",
        "x25519",
        "ed25519",
        "ecdsa",
    ];
    path_has(
        path,
        &[
            "vectors",
            "vector",
            "testvectors",
            "kat",
            "wycheproof",
            "acvp",
        ],
    ) || of_tests && path_has(path, CIPHERS)
}

fn path_has(path: &Path, words: &[&str]) -> bool {
    path.to_str().is_some_and(|text| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| words.iter().any(|w| part.eq_ignore_ascii_case(w)))
    })
}

/// How far back a line is followed to its begin, in bytes.
const LINE: usize = 4096;

/// The line's text before `at`; at most 4 KiB of it.
pub(crate) fn line_before(text: &[u8], at: usize) -> &[u8] {
    let before = &text[at.saturating_sub(LINE)..at];
    let begin = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |i| i + 1);
    &before[begin..]
}

/// Whether a line that begins so is a comment.
pub(super) fn is_comment(before: &[u8]) -> bool {
    let line = before.trim_ascii_start();
    [
        b"//".as_slice(),
        b"#",
        b"*",
        b"/*",
        b"--",
        b";",
        b"<!--",
        b"%",
        b"REM ",
        b"rem ",
    ]
    .iter()
    .any(|mark| line.starts_with(mark))
        && !line.starts_with(b"#!")
}

/// Whether what follows `before` in its line stands within a string: a quote is open.
pub(crate) fn in_string(before: &[u8]) -> bool {
    let mut open = 0u8;
    let mut escaped = false;
    for byte in before {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' | b'\'' | b'`' if open == 0 => open = *byte,
            b if *b == open => open = 0,
            _ => {}
        }
    }
    open != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_files() {
        for (path, family_of) in [
            ("src/a.rs", Family::Code),
            ("x/.env.local", Family::Config),
            ("Dockerfile.prod", Family::Shell),
            ("a.tfstate", Family::Json),
            ("README", Family::Other),
            ("README.md", Family::Prose),
        ] {
            assert_eq!(family(Path::new(path)), family_of, "{path}");
        }
        assert!(of_tests(Path::new("a/tests/b.py")) && !of_tests(Path::new("contest/b.py")));
        assert!(of_translations(Path::new("config/locales/de.yml")));
    }

    #[test]
    fn strings_and_comments() {
        assert!(in_string(b"x = \"a="));
        assert!(!in_string(b"x = \"a\" + "));
        assert!(in_string(b"it's"));
        assert!(is_comment(b"  // x") && is_comment(b"# x") && !is_comment(b"#!x"));
        assert_eq!(line_before(b"a\nbc", 4), b"bc");
    }
}
