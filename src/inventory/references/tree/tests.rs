use std::fmt::Write as _;

use super::*;

fn lines(node: &Node) -> Vec<(&str, u64)> {
    let entries = node.entries().iter();
    entries.map(|e| (e.key.as_str(), e.line)).collect()
}

#[test]
fn every_value_knows_its_line() {
    for node in [
        toml("a = 1\n\nb = ['x',\n 'y']\n").unwrap(),
        yaml("a: 1\n\nb:\n  - x\n  - \"y\"\n").unwrap().remove(0),
        json("{\"a\": 1,\n\n\"b\": [\"x\",\n \"y\"]}").unwrap(),
    ] {
        assert_eq!(lines(&node), [("a", 1), ("b", 3)]);
        let list = node.get("b").unwrap().items();
        let texts: Vec<_> = list.iter().map(|n| n.text().unwrap()).collect();
        assert_eq!(texts, ["x", "y"]);
        assert_eq!(list[1].line, list[0].line + 1);
    }
}

#[test]
fn json_of_editors_has_comments_and_a_comma_too_many() {
    let node = json("// of mine\n{\n /* two\n lines */ \"a\": [1, 2, ],\n \"b\": null, // so\n}\n")
        .unwrap();
    assert_eq!(lines(&node), [("a", 4), ("b", 5)]);
    assert_eq!(node.get("a").unwrap().items().len(), 2);
    for wrong in ["{\"a\" 1}", "[1 2]", "{a: 1}", "\"", "[", "{} {}", "/*", ""] {
        assert!(json(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn yaml_has_documents_aliases_and_merged_tables() {
    let text = "a: &x {k: 1, l: 2}\nb: *x\nc:\n  <<: *x\n  l: 3\n---\nd: 4\n";
    let all = yaml(text).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].at(&["b", "k"]).unwrap().text(), Some("1"));
    assert_eq!(all[0].at(&["c", "l"]).unwrap().text(), Some("3"));
    assert_eq!(all[0].at(&["c", "k"]).unwrap().text(), Some("1"));
    assert_eq!(all[1].text_of("d"), Some("4"));
}

#[test]
fn hcl_has_blocks_paths_calls_and_templates() {
    let text = "resource \"a\" \"b\" {\n  x = \"p-${var.q}\"\n  y = data.c.d[\"e\"].f\n  z = jsonencode({\n    k = [1]\n  })\n  \
                t = <<-EOT\n    one\n    two\n  EOT\n  inner {\n    m = true\n  }\n  dynamic \"inner\" {\n    for_each = []\n    \
                content {\n      m = null\n    }\n  }\n}\n";
    let root = hcl(text).unwrap();
    let block = &root.blocks[0];
    assert_eq!((block.kind.as_str(), block.line), ("resource", 1));
    assert_eq!(block.labels, ["a", "b"]);
    assert_eq!(block.text_of("x"), Some("p-${var.q}"));
    let path = &block.get("y").unwrap().value;
    assert_eq!(path, &Value::Path("data.c.d.e.f".into()));
    let Value::Call(name, given) = &block.get("z").unwrap().value else {
        panic!("it is a call");
    };
    assert_eq!(name, "jsonencode");
    assert_eq!(given[0].entries()[0].line, 5);
    assert_eq!(block.text_of("t"), Some("one\ntwo\n"));
    assert_eq!(block.blocks_of("inner").count(), 2);
}

/// Terraform takes the last of two: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>
#[test]
fn an_object_may_have_a_name_twice() {
    let root = hcl("a = {\n  same  = 1\n  same  = 2\n  other = 3\n}\n").unwrap();
    let entries = root.get("a").unwrap().entries();
    assert_eq!(entries.len(), 3);
    assert_eq!((entries[2].key.as_str(), entries[2].line), ("other", 4));
    assert!(hcl("a = 1\na = 2\n").is_err());
}

#[test]
fn what_is_hostile_is_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let less = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for text in [&deep, &less] {
        assert!(json(text).is_err());
        assert!(yaml(text).is_err());
        assert!(toml(&format!("a = {text}")).is_err());
        assert!(hcl(&format!("a = {text}")).is_err());
    }
    let nested = format!("a = {}1{}", "(".repeat(60), ")".repeat(60));
    // Either way: it comes back, on a worker's stack.
    let _ = hcl(&nested);
    for text in ["!", "-", "1+", "a?1:", "\"${", "[for x in "] {
        let _ = hcl(&format!("a = {}1", text.repeat(50_000)));
    }
    let many: Vec<String> = (0..50_000).map(|i| format!("a{i} = 1\n")).collect();
    let many = many.concat();
    assert!(hcl(&many).unwrap_err().why.contains("assignments"));
}

#[test]
fn a_few_lines_of_aliases_cannot_stand_for_billions_of_values() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let before = format!("*a{}, ", i - 1).repeat(10);
        writeln!(text, "a{i}: &a{i} [{before}]").unwrap();
    }
    assert!(yaml(&text).unwrap_err().why.contains("aliases"));
    let long = "x".repeat(100_000);
    let bomb = format!("a: &a {long}\nb: [{}]\n", "*a, ".repeat(100_000));
    assert!(yaml(&bomb).unwrap_err().why.contains("aliases"));
}
