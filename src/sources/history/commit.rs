//! Commits and tags, as far as the history needs them: what they point to, who, when, and which of
//! their bytes are text.

use std::ops::Range;

/// Somebody at a time: `name <mail> seconds zone`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Name, as written; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// Mail address.
    pub mail: String,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
}

impl Who {
    fn parse(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line);
        let (name, rest) = text.split_once('<').unwrap_or((&text, ""));
        let (mail, rest) = rest.rsplit_once('>').unwrap_or((rest, ""));
        let seconds = rest.split_whitespace().next().unwrap_or_default();
        Self {
            name: name.trim().to_owned(),
            mail: mail.trim().to_owned(),
            time: seconds.parse().unwrap_or(0),
        }
    }
}

/// A commit, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit<'a> {
    /// Its tree, in hex.
    pub tree: &'a [u8],
    /// Its parents, in hex.
    pub parents: Vec<&'a [u8]>,
    /// The line of who wrote it.
    author: &'a [u8],
    /// The line of who committed it.
    committer: &'a [u8],
    /// Where people's text is: all but ids and signatures.
    pub text: Vec<Range<usize>>,
}

impl<'a> Commit<'a> {
    /// Takes a commit apart; `None` if it has no tree.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let mut commit = Self {
            tree: &[],
            parents: Vec::new(),
            author: &[],
            committer: &[],
            text: Vec::new(),
        };
        let mut text = headers(
            data,
            &[b"tree", b"parent", b"gpgsig", b"gpgsig-sha256"],
            |key, value| match key {
                b"tree" if commit.tree.is_empty() => commit.tree = value,
                b"parent" => commit.parents.push(value),
                b"author" => commit.author = value,
                b"committer" => commit.committer = value,
                _ => {}
            },
        );
        commit.text.append(&mut text);
        (!commit.tree.is_empty()).then_some(commit)
    }

    /// Who wrote it, and when.
    pub fn author(&self) -> Who {
        Who::parse(self.author)
    }

    /// Who committed it, and when.
    pub fn committer(&self) -> Who {
        Who::parse(self.committer)
    }
}

/// An annotated tag, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// What it points to, in hex.
    pub object: &'a [u8],
    /// Where people's text is.
    pub text: Vec<Range<usize>>,
}

impl<'a> Tag<'a> {
    /// Takes a tag apart; `None` if it points to nothing.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let mut object: &[u8] = &[];
        let text = headers(
            data,
            &[b"object", b"type", b"gpgsig", b"gpgsig-sha256"],
            |key, value| {
                if key == b"object" && object.is_empty() {
                    object = value;
                }
            },
        );
        (!object.is_empty()).then_some(Self { object, text })
    }
}

/// Tells the headers, and gives the ranges that are left when those named `apart` (with the lines
/// that continue them) are taken out.
fn headers<'a>(
    data: &'a [u8],
    apart: &[&[u8]],
    mut tell: impl FnMut(&[u8], &'a [u8]),
) -> Vec<Range<usize>> {
    let mut text: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    let mut out = false;
    while at < data.len() && data[at] != b'\n' {
        let end = memchr::memchr(b'\n', &data[at..]).map_or(data.len(), |i| at + i);
        let line = &data[at..end];
        let next = data.len().min(end + 1);
        // A line that begins with a blank continues the header before it.
        if line[0] != b' ' {
            let key = memchr::memchr(b' ', line).unwrap_or(line.len());
            out = apart.contains(&&line[..key]);
            tell(&line[..key], line.get(key + 1..).unwrap_or_default());
        }
        if !out {
            push(&mut text, at..next);
        }
        at = next;
    }
    push(&mut text, at..data.len());
    text
}

fn push(text: &mut Vec<Range<usize>>, range: Range<usize>) {
    match text.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ if range.is_empty() => {}
        _ => text.push(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_taken_apart() {
        let data = b"tree 11\nparent 22\nparent 33\nauthor A U. Thor <a@x> 1700000000 +0100\n\
            committer C <c@x> 1700000001 -0800\ngpgsig -----BEGIN\n AAAA\n -----END\n\
            encoding x\n\nsubject\n\nparent 44\n";
        let commit = Commit::parse(data).expect("a commit");
        assert_eq!(commit.tree, b"11");
        assert_eq!(commit.parents, [b"22", b"33"]);
        let author = commit.author();
        assert_eq!(
            (&*author.name, &*author.mail, author.time),
            ("A U. Thor", "a@x", 1_700_000_000)
        );
        assert_eq!(commit.committer().name, "C");
        let text: Vec<u8> = commit
            .text
            .iter()
            .flat_map(|r| &data[r.clone()])
            .copied()
            .collect();
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.starts_with("author A U. Thor") && text.ends_with("subject\n\nparent 44\n"));
        assert!(!text.contains("AAAA") && !text.contains("parent 2") && text.contains("encoding"));
    }

    #[test]
    fn a_tag_is_taken_apart_and_damage_is_none() {
        let data = b"object 11\ntype commit\ntag v1\ntagger T <t@x> 5 +0000\n\nwords\n";
        let tag = Tag::parse(data).expect("a tag");
        assert_eq!(tag.object, b"11");
        assert_eq!(
            &data[tag.text[0].clone()],
            b"tag v1\ntagger T <t@x> 5 +0000\n\nwords\n"
        );
        for bad in [&b""[..], b"\n\ntree 1", b"author x", b" tree 1\n", b"\0"] {
            assert!(
                Commit::parse(bad).is_none() && Tag::parse(bad).is_none(),
                "{bad:?}"
            );
        }
        assert_eq!(
            Who::parse(b"no mail"),
            Who {
                name: "no mail".into(),
                ..Who::default()
            }
        );
        assert_eq!(Who::parse(b"a <b> x").time, 0);
    }
}
