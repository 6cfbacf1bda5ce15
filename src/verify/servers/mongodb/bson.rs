//! As much of BSON (bsonspec.org, version 1.1) as a login needs.

/// How deep documents may lie in each other.
const DEEP: usize = 16;
/// Members of one answer that are read.
const MEMBERS: usize = 4096;

/// A document in the making.
pub(super) struct Document(Vec<u8>);

impl Document {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    fn member(&mut self, kind: u8, name: &str, value: &[u8]) {
        self.0.push(kind);
        self.0.extend(name.bytes());
        self.0.push(0);
        self.0.extend(value);
    }

    pub(super) fn number(&mut self, name: &str, value: i32) {
        self.member(0x10, name, &value.to_le_bytes());
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        let length = (value.len() as u32 + 1).to_le_bytes();
        self.member(0x02, name, &[&length, value.as_bytes(), b"\0"].concat());
    }

    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        let length = (value.len() as u32).to_le_bytes();
        self.member(0x05, name, &[&length[..], &[0], value].concat());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let length = (self.0.len() as u32 + 5).to_le_bytes();
        [&length[..], &self.0, &[0]].concat()
    }
}

/// A value that was read.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Number(i64),
    Flag(bool),
    Object(Vec<(String, Value)>),
    List(Vec<Value>),
    Other,
}

impl Value {
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Self::List(all) => all
                .iter()
                .filter_map(|v| v.text().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        *self == Self::Flag(true)
    }
}

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader {
        left: MEMBERS,
        bytes,
    };
    Some(Value::Object(reader.document(0)?))
}

struct Reader<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(head)
    }

    fn length(&mut self) -> Option<usize> {
        let four = self.take(4)?;
        usize::try_from(i32::from_le_bytes([four[0], four[1], four[2], four[3]])).ok()
    }

    fn name(&mut self) -> Option<String> {
        let end = memchr::memchr(0, self.bytes)?;
        let text = self.take(end + 1)?;
        Some(String::from_utf8_lossy(&text[..end]).into_owned())
    }

    fn document(&mut self, deep: usize) -> Option<Vec<(String, Value)>> {
        if deep > DEEP {
            return None;
        }
        self.length()?;
        let mut out = Vec::new();
        loop {
            let kind = self.take(1)?[0];
            if kind == 0 {
                return Some(out);
            }
            self.left = self.left.checked_sub(1)?;
            let name = self.name()?;
            let value = self.value(kind, deep)?;
            out.push((name, value));
        }
    }

    fn value(&mut self, kind: u8, deep: usize) -> Option<Value> {
        Some(match kind {
            0x01 => {
                let eight: [u8; 8] = self.take(8)?.try_into().ok()?;
                Value::Number(f64::from_le_bytes(eight) as i64)
            }
            0x02 => {
                let length = self.length()?;
                let text = self.take(length)?.strip_suffix(b"\0")?;
                Value::Text(String::from_utf8_lossy(text).into_owned())
            }
            0x03 => Value::Object(self.document(deep + 1)?),
            0x04 => {
                let all = self.document(deep + 1)?;
                Value::List(all.into_iter().map(|(_, v)| v).collect())
            }
            0x05 => {
                let length = self.length()?;
                self.take(1)?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            0x07 => self.take(12).map(|_| Value::Other)?,
            0x08 => Value::Flag(self.take(1)? == [1]),
            0x09 | 0x11 => self.take(8).map(|_| Value::Other)?,
            0x0a => Value::Other,
            0x10 => {
                let four = self.take(4)?;
                Value::Number(i64::from(i32::from_le_bytes([
                    four[0], four[1], four[2], four[3],
                ])))
            }
            0x12 => {
                let eight: [u8; 8] = self.take(8)?.try_into().ok()?;
                Value::Number(i64::from_le_bytes(eight))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of bsonspec.org.
    #[test]
    fn documents_of_the_specification() {
        let mut hello = Document::new();
        hello.text("hello", "world");
        let bytes = b"\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00";
        assert_eq!(hello.finish(), bytes);
        let read_back = read(bytes).unwrap();
        assert_eq!(read_back.get("hello").and_then(Value::text), Some("world"));
        let list = b"1\x00\x00\x00\x04BSON\x00&\x00\x00\x00\x020\x00\x08\x00\x00\x00awesome\x00\
                     \x011\x00333333\x14@\x102\x00\xc2\x07\x00\x00\x00\x00";
        let read_back = read(list).unwrap();
        let all = read_back.get("BSON").unwrap();
        assert_eq!(all.texts(), ["awesome"]);
        let Value::List(all) = all else {
            panic!("a list")
        };
        assert_eq!(all[1..], [Value::Number(5), Value::Number(1986)]);
    }

    #[test]
    fn nonsense_is_nothing() {
        for bytes in [
            &b""[..],
            b"\x05\x00\x00\x00",
            b"\x16\x00\x00\x00\x02hello\x00\xff\xff\xff\x7fw",
            b"\x00\x00\x00\x00\x99a\x00",
        ] {
            assert_eq!(read(bytes), None);
        }
        let mut deep = vec![0; 4];
        for _ in 0..100 {
            deep.extend(b"\x03a\0\0\0\0\0");
        }
        assert_eq!(read(&deep), None);
    }
}
