//! [`Identity`]: who a peer is by the certificate it has shown.

use std::fmt;

/// Who a peer is, by a certificate that was verified in a TLS handshake (IHE ITI-19,
/// Authenticate Node).
///
/// ```
/// use hl7_ack::Identity;
///
/// let names = vec!["lab.example.org".to_owned()];
/// let identity = Identity::new("CN=Lab,O=General Hospital", names, [0xab; 32]);
/// assert_eq!(identity.common_name(), Some("Lab"));
/// assert!(identity.has_name("LAB.example.org"));
/// assert!(identity.fingerprint_hex().starts_with("abab"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    subject: String,
    names: Vec<String>,
    fingerprint: [u8; 32],
}

impl Identity {
    /// An identity of these parts: the subject as RFC 4514 writes it, the subject's alternative
    /// names, and the SHA-256 of the certificate.
    #[must_use]
    pub fn new(subject: impl Into<String>, names: Vec<String>, fingerprint: [u8; 32]) -> Self {
        Self { subject: subject.into(), names, fingerprint }
    }

    /// The subject as RFC 4514 writes it, the most specific part first: `CN=Lab,O=Hospital`.
    /// Empty where the certificate has none.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The first common name (CN) of the subject, escapes of RFC 4514 untouched.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        let mut rest = self.subject.as_str();
        loop {
            let end = end_of_part(rest);
            let (part, behind) = rest.split_at_checked(end)?;
            if let Some(name) = part.strip_prefix("CN=") {
                return Some(name);
            }
            // The separator is one byte, `,` or `+`.
            rest = behind.get(1..)?;
        }
    }

    /// The subject's alternative names: DNS names, IP addresses, mail addresses and URIs, as text.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether one of [`names`](Self::names) is this one, letter case aside. No wildcards.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// The SHA-256 of the whole certificate (DER).
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The fingerprint as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn fingerprint_hex(&self) -> String {
        use fmt::Write as _;
        self.fingerprint.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string does not fail.
            let _infallible = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// Where the first `type=value` of a subject ends: at a `,` or `+` that is not escaped.
fn end_of_part(subject: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in subject.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' | b'+' => return at,
            _ => {}
        }
    }
    subject.len()
}

/// The subject and the fingerprint: who it is, for a log.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SHA-256 {})", self.subject, self.fingerprint_hex())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("subject", &self.subject)
            .field("names", &self.names)
            .field("fingerprint", &self.fingerprint_hex())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_name_is_found_wherever_it_stands() {
        for (subject, expected) in [
            ("CN=Lab", Some("Lab")),
            ("O=GH,CN=Lab", Some("Lab")),
            ("OU=a\\,CN=b,O=GH", None),
            ("OU=a\\\\,CN=b", Some("b")),
            ("UID=7+CN=Lab,O=GH", Some("Lab")),
            ("CN=Lab\\, North", Some("Lab\\, North")),
            ("", None),
            ("O=GH", None),
        ] {
            let identity = Identity::new(subject, Vec::new(), [0; 32]);
            assert_eq!(identity.common_name(), expected, "{subject}");
        }
    }

    #[test]
    fn what_a_certificate_says_is_told_as_it_was_given() {
        let names = vec!["lab.example".to_owned(), "10.0.0.1".to_owned()];
        let mut fingerprint = [0xA5; 32];
        fingerprint[31] = 0x0F;
        let identity = Identity::new("O=GH,CN=Lab", names.clone(), fingerprint);
        assert_eq!(identity.subject(), "O=GH,CN=Lab");
        assert_eq!(identity.names(), names);
        assert_eq!(identity.fingerprint(), &fingerprint);
        let hex = "a5".repeat(31) + "0f";
        assert_eq!(identity.fingerprint_hex(), hex);
        assert_eq!(identity.to_string(), format!("O=GH,CN=Lab (SHA-256 {hex})"));
        let shown = format!("{identity:?}");
        assert!(shown.contains("O=GH,CN=Lab") && shown.contains(&hex), "{shown}");
        for (name, has) in
            [("lab.example", true), ("LAB.Example", true), ("lab", false), ("", false)]
        {
            assert_eq!(identity.has_name(name), has, "{name}");
        }
    }
}
