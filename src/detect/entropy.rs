/// The Shannon entropy of a text's bytes, in bits a character: 0 for one byte repeated, at most
/// the logarithm of its length.
pub fn entropy(text: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let len = text.len() as f32;
    counts
        .iter()
        .filter(|c| **c > 0)
        .map(|c| {
            let p = *c as f32 / len;
            -p * p.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::entropy;

    #[test]
    fn hand_calculations() {
        assert!(entropy(b"aaaa").abs() < 1e-6);
        assert!((entropy(b"abab") - 1.0).abs() < 1e-6);
        assert!((entropy(b"0123456789abcdef") - 4.0).abs() < 1e-6);
        // Three a and one b: 0.75 log2(4/3) + 0.25 log2 4.
        assert!((entropy(b"aaab") - 0.811_278).abs() < 1e-5);
    }
}
