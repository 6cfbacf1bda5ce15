//! The text of Office and `OpenDocument`: XML without its tags. A word that a person typed may lie in
//! several runs, with tags between its letters.

/// How far a namespace is looked for.
const HEAD: usize = 4 << 10;

/// Whether this is a part of such a document.
pub(in super::super) fn is_part(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = &head[..head.len().min(HEAD)];
    let holds = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    head.first() == Some(&b'<')
        && (holds(b"//schemas.openxmlformats.org/")
            || holds(b"//purl.oclc.org/ooxml/")
            || holds(b"urn:oasis:names:tc:opendocument:"))
}

/// The text: a paragraph, or a row of a table, is a line.
pub(in super::super) fn text(xml: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(xml.len() / 4);
    let mut rest = xml;
    while !rest.is_empty() {
        let Some(open) = memchr::memchr(b'<', rest) else {
            words(rest, &mut out);
            break;
        };
        words(&rest[..open], &mut out);
        let tag = &rest[open + 1..];
        let (inside, end) = if let Some(text) = tag.strip_prefix(b"![CDATA[") {
            let end = memchr::memmem::find(text, b"]]>").unwrap_or(text.len());
            out.extend_from_slice(&text[..end]);
            (&b""[..], 8 + end + 2)
        } else {
            let end = memchr::memchr(b'>', tag).unwrap_or(tag.len());
            (&tag[..end], end)
        };
        broken(inside, &mut out);
        rest = tag.get(end + 1..).unwrap_or_default();
    }
    out
}

/// What a tag puts between words.
fn broken(tag: &[u8], out: &mut Vec<u8>) {
    let closes = tag.first() == Some(&b'/');
    let name = tag.strip_prefix(b"/").unwrap_or(tag);
    let end = name
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b":-_".contains(b)));
    let name = &name[..end.unwrap_or(name.len())];
    let local = name.rsplit(|b| *b == b':').next().unwrap_or_default();
    match local {
        b"p" | b"h" | b"row" | b"si" | b"tr" | b"table-row" | b"comment" if closes => {
            out.push(b'\n');
        }
        b"br" | b"cr" | b"line-break" if !closes => out.push(b'\n'),
        b"tab" if !closes => out.push(b'\t'),
        b"c" | b"tc" | b"table-cell" if closes => out.push(b'\t'),
        b"s" if !closes && name.starts_with(b"text:") => out.push(b' '),
        _ => {}
    }
}

/// Text between tags, its entities read. Line breaks between tags are no text.
fn words(text: &[u8], out: &mut Vec<u8>) {
    if text.iter().all(u8::is_ascii_whitespace) && text.contains(&b'\n') {
        return;
    }
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let end = rest.iter().take(12).position(|b| *b == b';');
        let told = end.and_then(|end| Some((entity(&rest[1..end])?, end)));
        if let Some((c, end)) = told {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[end + 1..];
        } else {
            out.push(b'&');
            rest = &rest[1..];
        }
    }
    out.extend_from_slice(rest);
}

fn entity(name: &[u8]) -> Option<char> {
    Some(match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', hex @ ..] => {
            let hex = std::str::from_utf8(hex).ok()?;
            char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
        }
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(xml: &str) -> String {
        String::from_utf8(text(xml.as_bytes())).unwrap()
    }

    #[test]
    fn a_word_in_runs_is_one_word() {
        let xml = "<w:p><w:r><w:t>pass</w:t></w:r><w:r><w:t>word = &quot;a&amp;b&#33;\
                   &quot;</w:t></w:r></w:p>\n<w:p><w:t>next</w:t><w:br/><w:t>line</w:t></w:p>";
        assert_eq!(of(xml), "password = \"a&b!\"\nnext\nline\n");
    }

    #[test]
    fn what_is_no_xml_ends() {
        for xml in [
            "<",
            "<a",
            "&",
            "a & b &; &#xffffffff; &nope;",
            "<![CDATA[a<b",
            "<![CDATA[",
        ] {
            of(xml);
        }
        assert_eq!(of("<a><![CDATA[x<y]]></a>z"), "x<yz");
        assert_eq!(of("a & b &nope;"), "a & b &nope;");
    }
}
