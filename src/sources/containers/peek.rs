//! A stream whose next bytes can be looked at before they are read.

use std::io::{self, BufRead, Read};

/// Bytes that are read at once.
const BUFFER: usize = 32 << 10;

pub(super) struct Peek<'r> {
    inner: &'r mut dyn Read,
    buffer: Vec<u8>,
    at: usize,
}

impl<'r> Peek<'r> {
    pub(super) fn new(inner: &'r mut dyn Read) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            at: 0,
        }
    }

    /// The next bytes: `count` of them, or all that are left.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.at < count {
            self.buffer.drain(..self.at);
            self.at = 0;
            while self.buffer.len() < count {
                let len = self.buffer.len();
                self.buffer.resize(len.max(count) + BUFFER, 0);
                let read = match self.inner.read(&mut self.buffer[len..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                        self.buffer.truncate(len);
                        continue;
                    }
                    done => done,
                };
                self.buffer.truncate(len + *read.as_ref().unwrap_or(&0));
                if read? == 0 {
                    break;
                }
            }
        }
        let left = &self.buffer[self.at..];
        Ok(&left[..left.len().min(count)])
    }
}

impl BufRead for Peek<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.peek(1)?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.buffer.len());
    }
}

impl Read for Peek<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_still_there() {
        let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        let mut source = &content[..];
        let mut peek = Peek::new(&mut source);
        let mut seen = Vec::new();
        let mut piece = [0; 777];
        loop {
            let ahead = peek.peek(16).unwrap().to_vec();
            assert_eq!(
                ahead,
                content[seen.len()..content.len().min(seen.len() + 16)]
            );
            let read = peek.read(&mut piece).unwrap();
            if read == 0 {
                break;
            }
            seen.extend_from_slice(&piece[..read]);
        }
        assert_eq!(seen, content);
    }
}
