//! Reads of an X.509 certificate what tells whose it is (RFC 5280, 4.1), from DER.
//!
//! The certificate was verified by rustls, or is compared byte by byte with a known one, before
//! anything here matters; what can not be read is left out and never guessed.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, Ipv6Addr},
};

use hl7_ack::Identity;
use ring::digest::{SHA256, digest};

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const T61_STRING: u8 = 0x14;
const BMP_STRING: u8 = 0x1e;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// subjectAltName, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// Whose certificate it is.
pub(super) fn identity(der: &[u8]) -> Identity {
    let parts = parts(der).unwrap_or_default();
    let mut fingerprint = [0; 32];
    for (to, from) in fingerprint.iter_mut().zip(digest(&SHA256, der).as_ref()) {
        *to = *from;
    }
    let subject = name(parts.subject).unwrap_or_default();
    let names = parts.extensions.and_then(alternative_names).unwrap_or_default();
    Identity::new(subject, names, fingerprint)
}

/// From when to when it is valid, in seconds since 1970; `None` where that can not be read.
pub(super) fn validity(der: &[u8]) -> Option<(i64, i64)> {
    let mut times = Der(parts(der)?.validity);
    let (from, to) = (times.next()?, times.next()?);
    Some((time(from)?, time(to)?))
}

#[derive(Default)]
struct Parts<'a> {
    validity: &'a [u8],
    subject: &'a [u8],
    extensions: Option<&'a [u8]>,
}

fn parts(der: &[u8]) -> Option<Parts<'_>> {
    let certificate = Der(der).expect(SEQUENCE)?;
    let mut fields = Der(Der(certificate).expect(SEQUENCE)?);
    let (tag, _) = fields.next()?;
    if tag == VERSION {
        fields.expect(INTEGER)?;
    }
    let _algorithm = fields.expect(SEQUENCE)?;
    let _issuer = fields.expect(SEQUENCE)?;
    let validity = fields.expect(SEQUENCE)?;
    let subject = fields.expect(SEQUENCE)?;
    let extensions = fields.find_map(|(tag, value)| (tag == EXTENSIONS).then_some(value));
    Some(Parts { validity, subject, extensions })
}

/// A name as RFC 4514 writes it: the last part first.
fn name(subject: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    for (tag, part) in Der(subject) {
        if tag != SET {
            return None;
        }
        let mut text = String::new();
        for (_, attribute) in Der(part) {
            let mut attribute = Der(attribute);
            let (kind, (tag, value)) = (attribute.expect(OID)?, attribute.next()?);
            if !text.is_empty() {
                text.push('+');
            }
            text.push_str(&attribute_name(kind)?);
            text.push('=');
            push_escaped(&mut text, &string(tag, value)?);
        }
        parts.push(text);
    }
    parts.reverse();
    Some(parts.join(","))
}

/// The short names of RFC 4514, and the dotted number of any other attribute.
fn attribute_name(oid: &[u8]) -> Option<String> {
    let short = match oid {
        [0x55, 0x04, 0x03] => "CN",
        [0x55, 0x04, 0x05] => "serialNumber",
        [0x55, 0x04, 0x06] => "C",
        [0x55, 0x04, 0x07] => "L",
        [0x55, 0x04, 0x08] => "ST",
        [0x55, 0x04, 0x09] => "STREET",
        [0x55, 0x04, 0x0a] => "O",
        [0x55, 0x04, 0x0b] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01] => "emailAddress",
        _ => return dotted(oid),
    };
    Some(short.to_owned())
}

fn dotted(oid: &[u8]) -> Option<String> {
    let (mut text, mut value) = (String::new(), 0_u64);
    for byte in oid {
        value = value.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            if text.is_empty() {
                let first = (value / 40).min(2);
                write!(text, "{first}.{}", value.checked_sub(first * 40)?).ok()?;
            } else {
                write!(text, ".{value}").ok()?;
            }
            value = 0;
        }
    }
    Some(text)
}

fn string(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        // In practice Latin 1.
        T61_STRING => Some(value.iter().map(|byte| char::from(*byte)).collect()),
        BMP_STRING => {
            let units = value.chunks(2).map(|unit| match *unit {
                [high, low] => u16::from_be_bytes([high, low]),
                _ => 0xfffd,
            });
            Some(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect())
        }
        // The others are subsets of UTF-8.
        UTF8_STRING | 0x12 | 0x13 | 0x16 => str::from_utf8(value).ok().map(str::to_owned),
        _ => None,
    }
}

/// Escapes what has a meaning in RFC 4514, and what would break a line of a log.
fn push_escaped(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (at, char) in value.chars().enumerate() {
        match char {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => text.extend(['\\', char]),
            '#' | ' ' if at == 0 => text.extend(['\\', char]),
            ' ' if at == last => text.push_str("\\ "),
            char if char.is_control() => {
                let mut bytes = [0; 4];
                for byte in char.encode_utf8(&mut bytes).bytes() {
                    // Writing to a string does not fail.
                    let _infallible = write!(text, "\\{byte:02X}");
                }
            }
            char => text.push(char),
        }
    }
}

fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    for (_, extension) in Der(Der(extensions).expect(SEQUENCE)?) {
        let mut extension = Der(extension);
        if extension.expect(OID)? != SUBJECT_ALT_NAME {
            continue;
        }
        let (tag, value) = extension.next()?;
        let value = if tag == BOOLEAN { extension.expect(OCTET_STRING)? } else { value };
        let names = Der(Der(value).expect(SEQUENCE)?);
        return Some(names.filter_map(|(tag, value)| alternative_name(tag, value)).collect());
    }
    None
}

/// rfc822Name, dNSName, uniformResourceIdentifier and iPAddress; others have no usual text.
fn alternative_name(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        0x81 | 0x82 | 0x86 if value.iter().all(u8::is_ascii_graphic) => {
            str::from_utf8(value).ok().map(str::to_owned)
        }
        0x87 => match value.len() {
            4 => Some(Ipv4Addr::from(*value.first_chunk::<4>()?).to_string()),
            16 => Some(Ipv6Addr::from(*value.first_chunk::<16>()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5).
fn time((tag, value): (u8, &[u8])) -> Option<i64> {
    let text = str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i64 = year.parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, rest)
        }
        _ => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
    };
    if rest.len() != 10 {
        return None;
    }
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (two(0)?, two(2)?);
    let (hour, minute, second) = (two(4)?, two(6)?, two(8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 in the proleptic Gregorian calendar, with March as the first month.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100
        + day_of_year
        - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// The elements of DER text, tag and value. Ends at what is not well formed.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The value of the next element, if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag, short], mut rest) = self.0.split_first_chunk::<2>()?;
        let mut len = usize::from(short);
        if short & 0x80 != 0 {
            // A certificate is far shorter than three bytes of length can tell.
            let (bytes, behind) = rest.split_at_checked(usize::from(short & 0x7f))?;
            if bytes.is_empty() || bytes.len() > 3 {
                return None;
            }
            len = bytes.iter().fold(0, |len, byte| (len << 8) | usize::from(*byte));
            rest = behind;
        }
        let (value, behind) = rest.split_at_checked(len)?;
        self.0 = behind;
        Some((tag, value))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SanType};

    use super::*;

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.remove(DnType::CommonName);
        change(&mut params);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn subject_and_names_are_read_as_they_stand() {
        let der = certificate(|params| {
            let name = &mut params.distinguished_name;
            name.push(DnType::CountryName, "DE");
            name.push(DnType::OrganizationName, "Klinikum Süd, Haus 1");
            name.push(DnType::CommonName, DnValue::BmpString("Läb\n".try_into().unwrap()));
            params.subject_alt_names = vec![
                SanType::DnsName("lab.example.org".try_into().unwrap()),
                SanType::IpAddress("192.0.2.7".parse().unwrap()),
                SanType::IpAddress("2001:db8::7".parse().unwrap()),
                SanType::Rfc822Name("it@example.org".try_into().unwrap()),
                SanType::URI("urn:oid:1.2.3".try_into().unwrap()),
            ];
        });
        let identity = identity(&der);
        assert_eq!(identity.subject(), "CN=Läb\\0A,O=Klinikum Süd\\, Haus 1,C=DE");
        let names =
            ["lab.example.org", "192.0.2.7", "2001:db8::7", "it@example.org", "urn:oid:1.2.3"];
        assert_eq!(identity.names(), names);
        assert_eq!(identity.fingerprint()[..], *digest(&SHA256, &der).as_ref());
    }

    #[test]
    fn a_certificate_without_subject_or_names_has_only_its_fingerprint() {
        let identity = identity(&certificate(|_| {}));
        assert_eq!((identity.subject(), identity.names().len()), ("", 0));
    }

    #[test]
    fn validity_is_read_in_both_forms_of_time() {
        let der = certificate(|params| {
            params.not_before = rcgen::date_time_ymd(2000, 2, 29);
            params.not_after = rcgen::date_time_ymd(2100, 3, 1);
        });
        assert_eq!(validity(&der), Some((951_782_400, 4_107_542_400)));
        assert_eq!(time((UTC_TIME, b"700101000000Z")), Some(0));
        assert_eq!(time((UTC_TIME, b"491231235959Z")), Some(2_524_607_999));
        for bad in [&b"701301000000Z"[..], b"700101000000", b"", b"7001010000Z", b"x00101000000Z"] {
            assert_eq!(time((UTC_TIME, bad)), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_certificate_cut_anywhere_or_with_any_byte_changed_does_not_panic() {
        let der = certificate(|params| {
            params.distinguished_name.push(DnType::CommonName, "Lab");
            params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
        });
        for at in 0..der.len() {
            identity(&der[..at]);
            validity(&der[..at]);
            for value in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = der.clone();
                changed[at] = value;
                identity(&changed);
                validity(&changed);
            }
        }
    }
}
