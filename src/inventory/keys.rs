//! Where in a file a secret stands, in a way that outlives its value: the path of keys to it.
//!
//! Files are read leniently, by their lines: what is no valid document (a template, a file that is
//! being edited) still has keys. What is not understood has none; it is never guessed from a value.

use std::fmt::Write as _;

/// The longest text that is looked into, in bytes.
const MOST: usize = 8 << 20;
/// The longest line.
const LINE: usize = 64 << 10;
/// How deep keys are followed.
const DEPTH: usize = 64;
/// The longest name of a key.
const NAME: usize = 128;

/// The path of keys to what stands on a line (from 1), `secret` if it stands there as it is. `None`
/// if no key is told there.
pub fn key_at(path: &str, text: &[u8], line: u64, secret: &[u8]) -> Option<String> {
    if text.len() > MOST || secret.is_empty() {
        return None;
    }
    let (start, end) = bounds(text, line)?;
    let here = &text[start..end.min(start + LINE)];
    let column = memchr::memmem::find(here, secret).unwrap_or(here.trim_ascii_end().len());
    let file = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ends = |all: &[&str]| all.iter().any(|e| file.ends_with(e));
    let key = if ends(&[".json", ".jsonc", ".json5", ".ipynb", ".tfstate"]) {
        json(text, start + column)
    } else if ends(&[".yml", ".yaml"]) {
        yaml(text, start, end, column)
    } else if ends(&[".toml", ".ini", ".cfg", ".conf", ".cnf"]) || file == "credentials" {
        let name = name_before(&here[..column])?;
        Some(match section(text, start) {
            Some(section) => format!("{section}.{name}"),
            None => name,
        })
    } else {
        name_before(&here[..column])
    };
    key.filter(|key| !shows(key, secret))
}

/// Whether a key would tell the secret.
fn shows(key: &str, secret: &[u8]) -> bool {
    memchr::memmem::find(key.as_bytes(), secret).is_some()
}

/// Where a line begins and ends.
fn bounds(text: &[u8], line: u64) -> Option<(usize, usize)> {
    let skip = usize::try_from(line.checked_sub(1)?).ok()?;
    let start = match skip {
        0 => 0,
        n => memchr::memchr_iter(b'\n', text).nth(n - 1)? + 1,
    };
    let rest = text.get(start..)?;
    let end = memchr::memchr(b'\n', rest).map_or(text.len(), |i| start + i);
    Some((start, end))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// The name that what stands behind `before` is assigned to.
fn name_before(before: &[u8]) -> Option<String> {
    // The password of a URL: the name is that of the URL.
    let mut at = before.len();
    let token = before
        .iter()
        .rposition(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'='));
    let token = token.map_or(0, |i| i + 1);
    if let Some(scheme) = memchr::memmem::find(&before[token..], b"://") {
        let start = before[..token + scheme]
            .iter()
            .rposition(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'+' | b'-' | b'.'));
        at = start.map_or(0, |i| i + 1);
    }
    for _ in 0..4 {
        let mut operator = false;
        while at > 0 {
            match before[at - 1] {
                b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\' => {}
                b'=' | b':' | b'>' | b',' | b'(' | b'[' | b']' | b'{' | b'+' | b'?' => {
                    operator = true;
                }
                _ => break,
            }
            at -= 1;
        }
        let end = at;
        while at > 0 && is_name(before[at - 1]) {
            at -= 1;
        }
        if at == end {
            return None;
        }
        if operator {
            let name = String::from_utf8_lossy(&before[at..end]).into_owned();
            let name = name.trim_matches(['-', '.', '$']).to_owned();
            if matches!(&*name, "value" | "Value")
                && let Some(named) = attribute(before, &["key=", "name=", "Key=", "Name="])
            {
                return Some(named);
            }
            return (!name.is_empty() && name.len() <= NAME).then_some(name);
        }
        // A word between the name and the value: `Authorization: Bearer ...`.
    }
    None
}

/// The value of the last attribute of these.
fn attribute(before: &[u8], names: &[&str]) -> Option<String> {
    let found = names.iter().filter_map(|name| {
        let at = memchr::memmem::rfind(before, name.as_bytes())?;
        let rest = &before[at + name.len()..];
        let (quote, rest) = rest.split_first()?;
        let end = memchr::memchr(*quote, rest)?;
        (matches!(quote, b'"' | b'\'') && end <= NAME).then(|| (at, rest[..end].to_vec()))
    });
    let (_, value) = found.max_by_key(|(at, _)| *at)?;
    Some(String::from_utf8_lossy(&value).into_owned()).filter(|value| !value.is_empty())
}

/// The last `[section]` before a place.
fn section(text: &[u8], at: usize) -> Option<String> {
    let mut lines = text[..at].rsplit(|b| *b == b'\n');
    let line = lines.find(|line| line.trim_ascii().starts_with(b"["))?;
    let inner = line.trim_ascii();
    let end = memchr::memchr(b']', inner)?;
    let inner = inner[..end].trim_ascii_start();
    let name = inner
        .iter()
        .skip_while(|b| matches!(b, b'[' | b' '))
        .copied();
    let name: Vec<u8> = name.take(NAME).collect();
    Some(String::from_utf8_lossy(&name).trim().replace('"', ""))
}

/// The path to a place in JSON, with comments or without.
fn json(text: &[u8], to: usize) -> Option<String> {
    enum Level {
        Object(String),
        Array(usize),
    }
    let mut stack: Vec<Level> = Vec::new();
    let mut deeper = 0usize;
    let mut last: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < to.min(text.len()) {
        match text[at] {
            b'"' => {
                let start = at + 1;
                at = start;
                while at < text.len() && text[at] != b'"' {
                    at += 1 + usize::from(text[at] == b'\\');
                }
                if at >= to {
                    break;
                }
                last = Some((start, at.min(text.len())));
            }
            b'/' if text[at..].starts_with(b"//") => {
                at += memchr::memchr(b'\n', &text[at..]).unwrap_or(text.len() - at);
                continue;
            }
            b'/' if text[at..].starts_with(b"/*") => {
                at += memchr::memmem::find(&text[at..], b"*/").unwrap_or(text.len() - at);
            }
            b'{' | b'[' if stack.len() >= DEPTH => deeper += 1,
            b'}' | b']' if deeper > 0 => deeper -= 1,
            b'{' => stack.push(Level::Object(String::new())),
            b'[' => stack.push(Level::Array(0)),
            b'}' | b']' => {
                stack.pop();
            }
            b':' if deeper == 0 => {
                if let (Some(Level::Object(key)), Some((from, end))) = (stack.last_mut(), last) {
                    let name = &text[from..end.min(from + NAME)];
                    *key = String::from_utf8_lossy(name).into_owned();
                }
            }
            b',' if deeper == 0 => match stack.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(key)) => key.clear(),
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    let mut out = String::new();
    for level in &stack {
        match level {
            Level::Object(key) if key.is_empty() => {}
            Level::Object(key) => push(&mut out, key),
            Level::Array(index) => {
                let _ = write!(out, "[{index}]");
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

fn push(out: &mut String, key: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(key);
}

/// A line of YAML: how far its first character is in, whether it begins an item, and its key.
struct YamlLine {
    indent: usize,
    /// Where the item's content begins, if it is one.
    item: Option<usize>,
    key: Option<String>,
    value: String,
}

fn yaml_line(line: &[u8]) -> Option<YamlLine> {
    let text = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
    let trimmed = text.trim_start_matches(' ');
    let indent = text.len() - trimmed.len();
    if trimmed.trim().is_empty() || trimmed.starts_with('#') {
        return None;
    }
    let mut rest = trimmed;
    let mut item = None;
    if let Some(inner) = rest.strip_prefix("- ") {
        let inner = inner.trim_start_matches(' ');
        item = Some(indent + rest.len() - inner.len());
        rest = inner;
    } else if rest.trim_end() == "-" {
        item = Some(indent + 2);
        rest = "";
    }
    let colon = rest.find(": ").or_else(|| {
        rest.trim_end()
            .ends_with(':')
            .then(|| rest.trim_end().len() - 1)
    });
    let key = colon.map(|at| rest[..at].trim().trim_matches(['"', '\'']).to_owned());
    let key = key.filter(|key| !key.is_empty() && key.len() <= NAME && !key.contains(['{', ',']));
    let value = colon.map_or("", |at| rest.get(at + 1..).unwrap_or_default());
    let value = value.trim().trim_matches(['"', '\'']).to_owned();
    Some(YamlLine {
        indent,
        item,
        key,
        value,
    })
}

/// The path to a line of YAML: what is less far in, upwards.
fn yaml(text: &[u8], start: usize, end: usize, column: usize) -> Option<String> {
    let line = &text[start..end];
    let own = yaml_line(line)?;
    let mut parts: Vec<String> = Vec::new();
    let mut limit = own.item.unwrap_or(own.indent);
    let inner = || name_before(&line[..column.min(line.len())]);
    if let Some(key) = own.key.clone().or_else(inner) {
        parts.push(key);
    }
    if own.item.is_some() {
        parts.push(label(text, start, own.indent));
        limit = own.indent + 1;
    }
    let mut among = own.item.map(|_| own.indent);
    let mut at = start;
    while at > 0 && limit > 0 && parts.len() < DEPTH {
        let before = &text[..at - 1];
        let from = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
        let line = &text[from..at - 1];
        at = from;
        if line.starts_with(b"---") {
            break;
        }
        let Some(told) = yaml_line(line) else {
            continue;
        };
        if told.indent >= limit || among == Some(told.indent) && told.item.is_some() {
            continue;
        }
        if let Some(content) = told.item {
            if limit > content
                && let Some(key) = told.key
            {
                parts.push(key);
            }
            parts.push(label(text, from, told.indent));
            limit = told.indent + 1;
            among = Some(told.indent);
        } else if let Some(key) = told.key {
            parts.push(key);
            limit = told.indent;
            among = None;
        }
    }
    parts.reverse();
    let mut out = String::new();
    for part in &parts {
        if part.starts_with('[') {
            out.push_str(part);
        } else {
            push(&mut out, part);
        }
    }
    (!out.is_empty()).then_some(out)
}

/// What an item is called that begins on the line at `from`: its name, if it has one.
fn label(text: &[u8], from: usize, dash: usize) -> String {
    let mut name = None;
    for (number, line) in text[from..].split(|b| *b == b'\n').take(64).enumerate() {
        let Some(told) = yaml_line(line) else {
            continue;
        };
        if number > 0 && told.indent <= dash {
            break;
        }
        if let Some(key) = &told.key
            && matches!(&**key, "name" | "id" | "key")
            && told.value.len() <= NAME
        {
            name = name.or(Some(told.value));
        }
    }
    format!("[{}]", name.unwrap_or_default())
}

/// Whether a file is YAML, by its name.
pub fn is_yaml(path: &str) -> bool {
    has_ending(path, &[".yaml", ".yml"])
}

/// Whether a file's name ends in one of these, in either case.
pub fn has_ending(path: &str, endings: &[&str]) -> bool {
    let path = path.to_ascii_lowercase();
    endings.iter().any(|ending| path.ends_with(ending))
}

/// The scalar at a path of keys of the document of YAML that holds a place: `metadata.name`.
pub fn yaml_value(text: &[u8], at: usize, keys: &[&str]) -> Option<String> {
    let text = &text[..text.len().min(MOST)];
    let at = at.min(text.len());
    let begin = memchr::memmem::rfind(&text[..at], b"\n---").map_or(0, |i| i + 1);
    let end = memchr::memmem::find(&text[at..], b"\n---").map_or(text.len(), |i| at + i);
    let mut open: Vec<usize> = Vec::new();
    for line in text[begin..end].split(|b| *b == b'\n') {
        let Some(told) = yaml_line(line).filter(|l| l.item.is_none()) else {
            continue;
        };
        while open.last().is_some_and(|indent| told.indent <= *indent) {
            open.pop();
        }
        let wanted = keys.get(open.len())?;
        let is_next = open.last().is_none_or(|indent| told.indent > *indent)
            && (open.is_empty() == (told.indent == 0));
        if is_next && told.key.as_deref() == Some(wanted) {
            if open.len() + 1 == keys.len() {
                let value = told.value.split(" #").next().unwrap_or_default().trim();
                return (!value.is_empty()).then(|| value.to_owned());
            }
            open.push(told.indent);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str, text: &str) -> Option<String> {
        let at = text.find("XXXXXX").expect("it is there");
        let line = text[..at].matches('\n').count() as u64 + 1;
        key_at(path, text.as_bytes(), line, b"XXXXXX")
    }

    #[test]
    fn keys_of_many_kinds_of_files() {
        for (path, text, expected) in [
            (
                "prod.env",
                "A=1\nexport DB_PASSWORD=XXXXXX\n",
                "DB_PASSWORD",
            ),
            (
                "a.py",
                "client = Client(user=\"x\", password=\"XXXXXX\")",
                "password",
            ),
            ("a.js", "const apiKey = 'XXXXXX';", "apiKey"),
            ("a.rb", "set :secret, \"XXXXXX\"", "secret"),
            (
                "a.sh",
                "curl -H \"Authorization: Bearer XXXXXX\" x",
                "Authorization",
            ),
            (
                "a.env",
                "DATABASE_URL=postgres://app:XXXXXX@db/x",
                "DATABASE_URL",
            ),
            ("a.xml", "<password>XXXXXX</password>", "password"),
            ("a.config", "<add key=\"Db\" value=\"XXXXXX\"/>", "Db"),
            (
                "a.toml",
                "[a]\nx = 1\n[db.main]\npassword = \"XXXXXX\"\n",
                "db.main.password",
            ),
            (
                "credentials",
                "[default]\naws_secret_access_key = XXXXXX\n",
                "default.aws_secret_access_key",
            ),
            (
                "a.json",
                "{\"x\": [1, {\"a\\\"b\": {\"c\": \"XXXXXX\"}}]}",
                "x[1].a\\\"b.c",
            ),
            (
                "a.json",
                "{// x: \"y\n \"servers\": {\"gh\": {\"env\": {\"T\": \"XXXXXX\"}}}}",
                "servers.gh.env.T",
            ),
            ("a.json", "{\"a\": {\"b\": 1}, \"c\": \"XXXXXX\"}", "c"),
            (
                "a.yml",
                "jobs:\n  build:\n    env:\n      TOKEN: XXXXXX\n",
                "jobs.build.env.TOKEN",
            ),
            (
                "a.yaml",
                "spec:\n  containers:\n  - name: web\n    image: x\n    env:\n    - name: A\n      value: b\n    - name: DB\n      value: XXXXXX\n",
                "spec.containers[web].env[DB].value",
            ),
            ("a.yaml", "a: 1\nb:\n    - - x\n    - XXXXXX\n", "b[]"),
            (
                "a.yaml",
                "kind: A\nx:\n  y: 1\n---\ndata:\n  password: XXXXXX\n",
                "data.password",
            ),
            (
                "a.yaml",
                "data:\n  app.env: |\n    A=1\n    KEY=XXXXXX\n",
                "data.app.env.KEY",
            ),
        ] {
            assert_eq!(key(path, text).as_deref(), Some(expected), "{path}: {text}");
        }
        for (path, text) in [
            ("id_rsa", "XXXXXX\n"),
            ("a.txt", "the word XXXXXX\n"),
            ("a.json", "\"XXXXXX\""),
        ] {
            assert_eq!(key(path, text), None, "{path}: {text}");
        }
    }

    #[test]
    fn a_key_never_tells_the_secret_and_lines_that_are_not_there_have_none() {
        assert_eq!(key_at("a.yml", b"pw: x\npw:\n  pw: 1", 3, b"pw"), None);
        assert_eq!(key_at("a.env", b"A=b", 9, b"b"), None);
        assert_eq!(key_at("a.env", b"A=b", 0, b"b"), None);
    }

    #[test]
    fn scalars_of_the_document_that_holds_a_place() {
        let text = "kind: A\nmetadata:\n  name: one\n---\nkind: B # x\nmetadata:\n  labels:\n    owner: \"t\"\n  name: two\n";
        let second = text.find("labels").expect("there");
        let of = |at, keys: &[&str]| yaml_value(text.as_bytes(), at, keys);
        assert_eq!(of(0, &["metadata", "name"]).as_deref(), Some("one"));
        assert_eq!(of(second, &["metadata", "name"]).as_deref(), Some("two"));
        assert_eq!(of(second, &["kind"]).as_deref(), Some("B"));
        assert_eq!(
            of(second, &["metadata", "labels", "owner"]).as_deref(),
            Some("t")
        );
        assert_eq!(of(0, &["metadata", "labels", "owner"]), None);
    }
}
