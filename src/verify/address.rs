//! Addresses that a credential is not sent to, whatever name led to them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is private, of this machine or link, of a cloud's metadata, or otherwise not
/// one of the public internet. By the IANA registries of special-purpose addresses (2026-11).
pub fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_internal_v4(v4),
        IpAddr::V6(v6) => is_internal_v6(v6),
    }
}

fn is_internal_v4(a: Ipv4Addr) -> bool {
    let [b0, b1, b2, _] = a.octets();
    a.is_private()
        || a.is_loopback()
        || a.is_link_local()
        || a.is_multicast()
        || a.is_broadcast()
        || a.is_documentation()
        || b0 == 0
        || b0 >= 240
        // Shared by carriers; one cloud's metadata is in it.
        || b0 == 100 && b1 & 0xc0 == 64
        // Protocol assignments; one cloud's metadata is in it.
        || (b0, b1, b2) == (192, 0, 0)
        || (b0, b1, b2) == (192, 88, 99)
        // Benchmarks.
        || b0 == 198 && b1 & 0xfe == 18
        // Azure's host, though its address is a public one.
        || a == Ipv4Addr::new(168, 63, 129, 16)
}

fn is_internal_v6(a: Ipv6Addr) -> bool {
    let s = a.segments();
    let inner = |high: u16, low: u16| {
        let (high, low) = (high.to_be_bytes(), low.to_be_bytes());
        is_internal_v4(Ipv4Addr::new(high[0], high[1], low[0], low[1]))
    };
    // What holds an address of IPv4 is as that one is: mapped, translated, 6to4.
    if s[..5] == [0; 5] && s[5] == 0xffff || s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return inner(s[6], s[7]);
    }
    if s[0] == 0x2002 {
        return inner(s[1], s[2]);
    }
    // What is left of public addresses is 2000::/3, without Teredo, documentation, ORCHID, benchmarks.
    s[0] & 0xe000 != 0x2000
        || s[0] == 0x2001 && s[1] < 0x200
        || s[0] == 0x2001 && s[1] == 0xdb8
        || s[0] == 0x3fff && s[1] < 0x1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_refused_however_it_is_written() {
        for text in [
            "127.0.0.1",
            "127.255.255.255",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001:0:1::",
            "2001:db8::1",
            "100::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(is_internal(text.parse().expect(text)), "{text}");
        }
    }

    #[test]
    fn what_is_public_is_not() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "140.82.121.6",
            "172.32.0.1",
            "192.169.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "198.17.255.255",
            "198.20.0.1",
            "192.0.1.1",
            "168.63.129.17",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(!is_internal(text.parse().expect(text)), "{text}");
        }
    }
}
