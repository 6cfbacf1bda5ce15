//! HCL, the language of Terraform: blocks with labels, and expressions.
//!
//! The parser bounds how deep things nest. It looks for a name among all names of its table, so the number of
//! assignments in a file is bounded here.

use std::borrow::Cow;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, Template};

use super::{Count, Entry, Lines, Node, Value, Wrong};

/// Signs that may assign something in one file.
const ASSIGNMENTS: usize = 20_000;

/// A block: `resource "aws_iam_role" "deploy" { ... }`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Block {
    /// `resource`.
    pub(in super::super) kind: String,
    /// `aws_iam_role` and `deploy`.
    pub(in super::super) labels: Vec<String>,
    /// Where it begins.
    pub(in super::super) line: u64,
    /// What is assigned in it.
    pub(in super::super) attributes: Vec<Entry>,
    /// The blocks in it.
    pub(in super::super) blocks: Vec<Block>,
}

impl Block {
    /// The value that is assigned to a name.
    pub(in super::super) fn get(&self, name: &str) -> Option<&Node> {
        let entry = self.attributes.iter().find(|e| e.key == name);
        entry.map(|e| &e.node)
    }

    /// The text that is assigned to a name.
    pub(in super::super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Node::text)
    }

    /// The blocks of a kind in it, `dynamic` ones with their contents.
    pub(in super::super) fn blocks_of<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = &'a Block> + 'a {
        let plain = self.blocks.iter().filter(move |b| b.kind == kind);
        let dynamic = self.blocks.iter().filter(move |b| {
            b.kind == "dynamic" && b.labels.first().is_some_and(|label| label == kind)
        });
        let inner = |b: &'a Block| b.blocks.iter().filter(|b| b.kind == "content");
        plain.chain(dynamic.flat_map(inner))
    }
}

/// Reads HCL: the blocks of a file, and what is assigned outside of them.
///
/// # Errors
///
/// What is wrong with it.
pub(in super::super) fn hcl(text: &str) -> Result<Block, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if memchr::memchr2_iter(b'=', b':', text.as_bytes()).count() > ASSIGNMENTS {
        let why = format!("more than {ASSIGNMENTS} assignments");
        return Err(Wrong::new(1, why));
    }
    let text = &*distinct(text)?;
    let body = hcl_edit::parser::parse_body(text).map_err(|e| wrong(&e))?;
    let mut reader = Reader {
        lines: Lines::of(text),
        text,
        count: Count::new(),
    };
    let mut root = Block {
        line: 1,
        ..Block::default()
    };
    reader.body(&body, &mut root, 0)?;
    Ok(root)
}

fn wrong(error: &hcl_edit::parser::Error) -> Wrong {
    Wrong::new(error.location().line(), "this does not parse as HCL")
}

/// Names that one object may have twice.
const TWICE: usize = 8;

/// The text with names of objects that stand there twice made different: Terraform takes the last of them,
/// the parser none.
fn distinct(text: &str) -> Result<Cow<'_, str>, Wrong> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..TWICE {
        let Err(error) = hcl_edit::parser::parse_body(&text) else {
            break;
        };
        if !error.message().contains("redefined object key") {
            return Err(wrong(&error));
        }
        let at = error.location().offset();
        let name = text[at..].find(|c: char| c.is_ascii_alphanumeric());
        let Some(at) = name.map(|name| at + name) else {
            return Err(wrong(&error));
        };
        let mut made = text.into_owned();
        made.replace_range(at..=at, "_");
        text = Cow::Owned(made);
    }
    Ok(text)
}

struct Reader<'a> {
    lines: Lines,
    text: &'a str,
    count: Count,
}

impl Reader<'_> {
    fn line(&self, of: &impl Span) -> usize {
        of.span().map_or(1, |span| self.lines.at(span.start))
    }

    fn body(&mut self, body: &Body, block: &mut Block, depth: usize) -> Result<(), Wrong> {
        for one in body {
            match one {
                Structure::Attribute(attribute) => {
                    let line = self.line(&attribute.key) as u64;
                    let node = self.node(&attribute.value, depth + 1)?;
                    block.attributes.push(Entry {
                        key: attribute.key.as_str().to_owned(),
                        line,
                        node,
                    });
                }
                Structure::Block(inner) => {
                    let line = self.line(&inner.ident);
                    self.count.one(line, depth)?;
                    let labels = inner.labels.iter();
                    let mut made = Block {
                        kind: inner.ident.as_str().to_owned(),
                        labels: labels.map(|l| l.as_str().to_owned()).collect(),
                        line: line as u64,
                        ..Block::default()
                    };
                    self.body(&inner.body, &mut made, depth + 1)?;
                    block.blocks.push(made);
                }
            }
        }
        Ok(())
    }

    fn node(&mut self, expression: &Expression, depth: usize) -> Result<Node, Wrong> {
        let line = self.line(expression);
        self.count.one(line, depth)?;
        let value = match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(yes) => Value::Text(yes.value().to_string()),
            Expression::Number(number) => Value::Text(number.value().to_string()),
            Expression::String(text) => Value::Text(text.value().clone()),
            Expression::StringTemplate(template) => {
                let template: Template = template.iter().cloned().collect();
                Value::Text(self.template(&template))
            }
            // Its text begins on the next line.
            Expression::HeredocTemplate(heredoc) => {
                let text = self.template(&heredoc.template);
                return Ok(Node::new(line + 1, Value::Text(text)));
            }
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.node(item, depth + 1));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => {
                let mut entries = Vec::new();
                for (key, value) in object {
                    let (key, line) = match key {
                        ObjectKey::Ident(name) => (name.as_str().to_owned(), self.line(name)),
                        ObjectKey::Expression(key) => {
                            let node = self.node(key, depth + 1)?;
                            (as_key(&node), node.line as usize)
                        }
                    };
                    entries.push(Entry {
                        key,
                        line: line as u64,
                        node: self.node(value.expr(), depth + 1)?,
                    });
                }
                Value::Table(entries)
            }
            Expression::Parenthesis(inner) => return self.node(inner.inner(), depth + 1),
            Expression::Variable(name) => Value::Path(name.as_str().to_owned()),
            Expression::Traversal(path) => Value::Path(self.path(path)),
            Expression::FuncCall(call) => {
                let given = call.args.iter().map(|a| self.node(a, depth + 1));
                let given = given.collect::<Result<_, _>>()?;
                Value::Call(call.name.name.as_str().to_owned(), given)
            }
            // All that it may come to.
            Expression::Conditional(one) => {
                let (yes, no) = (&one.true_expr, &one.false_expr);
                let both = vec![self.node(yes, depth + 1)?, self.node(no, depth + 1)?];
                Value::Call("?".to_owned(), both)
            }
            Expression::ForExpr(one) => {
                let each = self.node(&one.value_expr, depth + 1)?;
                Value::Call("for".to_owned(), vec![each])
            }
            Expression::UnaryOp(one) => return self.node(&one.expr, depth + 1),
            Expression::BinaryOp(one) => {
                let (left, right) = (&one.lhs_expr, &one.rhs_expr);
                let both = vec![self.node(left, depth)?, self.node(right, depth)?];
                Value::Call("operator".to_owned(), both)
            }
        };
        Ok(Node::new(line, value))
    }

    /// A template as it is written, `${...}` and all.
    fn template(&self, template: &Template) -> String {
        let mut out = String::new();
        for element in template {
            match element {
                Element::Literal(text) => out.push_str(text.value()),
                Element::Interpolation(inner) => {
                    let source = inner.expr.span().and_then(|s| self.text.get(s));
                    out.push_str("${");
                    out.push_str(source.unwrap_or("?").trim());
                    out.push('}');
                }
                Element::Directive(_) => out.push_str("%{}"),
            }
        }
        out
    }

    fn path(&self, path: &Traversal) -> String {
        let source = path.expr.span().and_then(|s| self.text.get(s));
        let mut out = source.unwrap_or("?").trim().to_owned();
        for operator in &path.operators {
            match operator.value() {
                TraversalOperator::GetAttr(name) => {
                    out.push('.');
                    out.push_str(name.as_str());
                }
                TraversalOperator::Index(index) => match index.as_str() {
                    Some(name) => {
                        out.push('.');
                        out.push_str(name);
                    }
                    None => out.push_str("[]"),
                },
                _ => out.push_str("[]"),
            }
        }
        out
    }
}

fn as_key(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Path(text) => text.clone(),
        _ => String::new(),
    }
}
