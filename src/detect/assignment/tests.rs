//! The grammar, line by line.

use super::*;

/// What the grammar reads of a line that has the stem `assw` in it.
fn read(line: &str) -> Option<(&str, &str)> {
    let stem = line.find("assw").or_else(|| line.find("ASSW"))?;
    let a = assignment_at(line.as_bytes(), stem)?;
    Some((
        &line[a.name.start..a.name.end],
        &line[a.value.start..a.value.end],
    ))
}

#[test]
fn the_ways_people_assign() {
    for (line, name) in [
        ("password = 'value'", "password"),
        ("DB_PASSWORD=value", "DB_PASSWORD"),
        ("  \"db.password\": \"value\",", "db.password"),
        ("password: value\n", "password"),
        ("config['password'] = \"value\"", "password"),
        (":password => 'value'", "password"),
        ("password := `value`", "password"),
        ("password: str = \"value\"", "password"),
        ("val password: String = \"value\"", "password"),
        ("<password>value</password>", "password"),
        ("<add key=\"password\" value=\"value\" />", "password"),
        ("setPassword(\"value\")", "setPassword"),
        ("os.Setenv(\"PASSWORD\", \"value\")", "PASSWORD"),
        ("mysql --password value -h x", "password"),
        ("tool --password=value", "password"),
        ("{\\\"password\\\": \\\"value\\\"}", "password"),
        ("ALTER USER a WITH PASSWORD 'value'", "PASSWORD"),
        ("$passwords = r'value'", "passwords"),
        ("$password .= 'value'", "password"),
        ("PASSWORD ::= 'value'", "PASSWORD"),
        ("PASSWORD :::= value", "PASSWORD"),
        ("@password ||= 'value'", "password"),
        ("var password string = \"value\"", "password"),
        ("<password>\n  value\n</password>", "password"),
        ("<Password>\n  <Value>value</Value>", "Password"),
        ("\"PASSWORD=value\\nUSER=x\"", "PASSWORD"),
        ("if password == 'value'", "password"),
        ("\"USER=x\\nPASSWORD=value\\n\"", "PASSWORD"),
        ("password = Some(\"value\")", "password"),
        ("password := []byte(\"value\")", "password"),
        ("passwords: [\"value\", \"b\"]", "passwords"),
        ("?user=x&password=value&next=y", "password"),
        ("setopt(c, OPT_PASSWORD, \"value\");", "OPT_PASSWORD"),
        ("(password:value)", "password"),
        ("the password is 'value'.", "password"),
        (
            "new PasswordCredential(\"user\", \"value\")",
            "PasswordCredential",
        ),
        ("<key>password</key>\n  <string>value</string>", "password"),
        ("- name: DB_PASSWORD\n  value: value", "DB_PASSWORD"),
        (
            "{\"name\": \"DB_PASSWORD\", \"value\": \"value\"}",
            "DB_PASSWORD",
        ),
        ("&quot;password&quot;:&quot;value&quot;", "password"),
        ("set(:password, 'value')", "password"),
        ("[\"--password\", \"value\"]", "password"),
        ("[\n  \"--password\",\n  \"value\"\n]", "password"),
        ("\"password\": {\n  \"value\": \"value\",", "password"),
        (
            "\"password\": { \"sensitive\": true, \"type\": \"string\", \"value\": \"value\" }",
            "password",
        ),
        (
            "variable \"password\" {\n  type = string\n  default = \"value\"\n}",
            "password",
        ),
        ("Connect -Password value", "Password"),
        ("%define password value", "password"),
        ("%global password   value\n", "password"),
        (r##""#define\tpassword\t\"value\"""##, "password"),
        ("alert(&quot;password:value&quot;)", "password"),
    ] {
        assert_eq!(read(line), Some((name, "value")), "{line}");
    }
}

/// What makes a macro's name one stands near: an assignment depends on a bounded window.
#[test]
fn a_macro_is_defined_right_before_its_name() {
    for (blanks, is) in [(1, true), (17, true), (18, false), (200, false)] {
        let line = format!("%define{}password value", " ".repeat(blanks));
        assert_eq!(read(&line).is_some(), is, "{blanks}");
    }
}

#[test]
fn what_a_shell_asks_for_is_no_assignment() {
    let read = |line: &str| assignment_at(line.as_bytes(), line.find("pwd").unwrap());
    assert!(read("run --volume `pwd`:/checkout").is_none());
    assert!(read("run --volume 'pwd':/checkout").is_some());
}

#[test]
fn what_is_no_assignment() {
    for line in [
        "password::Hash",
        "the password manager = 7",
        "define password value",
        "adduser --disabled-password --gecos value",
        "<password>\n  two\n  lines\n</password>",
        "fields = ['password', 'value']",
        "the password is wrong",
        "password = \"\"",
        "\"password\": { \"type\": \"string\", \"default\": \"value\" }",
        "\"password\": { \"type\": \"string\" }, \"user\": { \"value\": \"value\" }",
        "password = 'never closed",
        "password =",
        "password",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
}
