use std::fmt;

/// The bytes of a credential.
///
/// It has no `Display` and no `Serialize`, its `Debug` tells nothing, and its memory is wiped when
/// it is dropped: what prints a secret has to ask for the bytes by name ([`Secret::expose`]).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes a copy of the bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes. Whoever calls this answers for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(........)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from dropping a write that nobody reads.
        std::hint::black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_tells_nothing_not_even_the_length() {
        let short = format!("{:?}", Secret::new(b"hunter2"));
        let long = format!("{:?}", Some(Secret::new(b"a much longer secret than that")));
        assert_eq!(short, "Secret(........)");
        assert_eq!(long, "Some(Secret(........))");
    }
}
