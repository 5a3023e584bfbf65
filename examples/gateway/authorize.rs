//! [`Sender`]: which certificate may send for which facility.

use hl7_ack::{AnyHandler, Identity, Received};
use hl7_transport::{Authorize, Permission};
use serde::Deserialize;

use crate::config::Text;

/// Whoever shows a certificate, and may send: `{ certificate = "lab.example.org", facilities =
/// ["GH"] }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sender {
    /// The common name of its subject, one of its alternative names, or its SHA-256 in hexadecimal.
    certificate: Text,
    /// What MSH-4.1 may be, to the letter; `*` is anything.
    facilities: Vec<Text>,
}

impl Sender {
    fn is(&self, identity: &Identity) -> bool {
        let certificate = self.certificate.as_str();
        identity.common_name() == Some(certificate)
            || identity.has_name(certificate)
            || identity.fingerprint_hex().eq_ignore_ascii_case(certificate)
    }

    fn may_send_for(&self, facility: &str) -> bool {
        self.facilities.iter().map(Text::as_str).any(|listed| listed == "*" || listed == facility)
    }
}

/// A message for a facility that is not its sender's is AR; whoever is not in the list at all hears
/// nothing.
fn permission(senders: &[Sender], received: &Received) -> Permission {
    let Some(identity) = received.peer.identity() else { return Permission::HangUp };
    let mut known = senders.iter().filter(|sender| sender.is(identity)).peekable();
    if known.peek().is_none() {
        return Permission::HangUp;
    }
    let message = received.message.as_message();
    let facility = message.header().sending_facility().component(1).decode();
    match known.any(|sender| sender.may_send_for(&facility)) {
        true => Permission::Allowed,
        false => Permission::Rejected,
    }
}

/// Hands to `handler` what these senders may send.
pub(crate) fn around(senders: Vec<Sender>, handler: AnyHandler) -> AnyHandler {
    let rule = move |received: &Received| permission(&senders, received);
    AnyHandler::new(Authorize::new(rule, handler))
}

#[cfg(test)]
mod tests {
    use hl7_ack::Peer;
    use hl7_parse::OwnedMessage;

    use super::*;

    #[test]
    fn a_certificate_sends_for_its_own_facilities() {
        let senders = |text: &str| -> Sender { toml::from_str(text).expect(text) };
        let senders = [
            senders("certificate = \"Lab\"\nfacilities = [\"GH\", \"A&B\"]"),
            senders("certificate = \"lab.example.org\"\nfacilities = [\"NORTH\"]"),
            senders(&format!("certificate = \"{}\"\nfacilities = [\"*\"]", "AB".repeat(32))),
        ];
        let lab = || Identity::new("CN=Lab,O=GH", vec!["LAB.example.org".to_owned()], [1; 32]);
        let pinned = || Identity::new("", Vec::new(), [0xab; 32]);
        let other = || Identity::new("CN=GH", vec!["gh.example.org".to_owned()], [2; 32]);
        for (identity, facility, expected) in [
            (Some(lab()), "GH", Permission::Allowed),
            (Some(lab()), "GH^1.2.3^ISO", Permission::Allowed),
            (Some(lab()), "A\\T\\B", Permission::Allowed),
            (Some(lab()), "NORTH", Permission::Allowed),
            (Some(lab()), "gh", Permission::Rejected),
            (Some(lab()), "", Permission::Rejected),
            (Some(pinned()), "ANY", Permission::Allowed),
            (Some(other()), "GH", Permission::HangUp),
            (None, "GH", Permission::HangUp),
        ] {
            let peer = match &identity {
                Some(identity) => Peer::default().with_identity(identity.clone()),
                None => Peer::default(),
            };
            let message = format!("MSH|^~\\&|A|{facility}|||1||ADT^A01|7|P|2.5\r");
            let received = Received::new(OwnedMessage::parse(message).expect("HL7"), peer);
            assert_eq!(permission(&senders, &received), expected, "{identity:?} for {facility}");
        }
    }
}
