//! What a sender may not send never reaches the handler.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use hl7_ack::{Action, Identity, Outcome, Peer, Received, Responder};
use hl7_transport::{Authorize, Permission};

/// A certificate may send only for the facility that is its common name.
fn own_facility(received: &Received) -> Permission {
    let facility = received.message.as_message().header().field(4).decode();
    match received.peer.identity().and_then(Identity::common_name) {
        Some(name) if name == facility => Permission::Allowed,
        Some(_) => Permission::Rejected,
        None => Permission::HangUp,
    }
}

#[tokio::test]
async fn a_certificate_sends_for_its_own_facility_only() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let handler = Authorize::new(own_facility, move |_: Received| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Outcome::accepted() }
    });
    let responder = Responder::new(handler);
    let known = |name: &str| {
        let identity = Identity::new(format!("CN={name},O=GH"), Vec::new(), [0; 32]);
        Peer::default().with_identity(identity)
    };
    let message = "MSH|^~\\&|LAB|GH|EHR|GH|1||ADT^A01|7|P|2.5\rPID|1||SECRET\r";
    for (peer, expected, reached) in [
        (known("GH"), "MSA|AA|7", 1),
        (known("OTHER"), "MSA|AR|7", 1),
        (Peer::default(), "hang up", 1),
        (known("GH"), "MSA|AA|7", 2),
    ] {
        let response = responder.respond(message.into(), peer.clone()).await;
        let told = match response.action() {
            Action::Answer(answer) => String::from_utf8(answer.to_vec()).unwrap(),
            Action::HangUp => "hang up".to_owned(),
            other => format!("{other:?}"),
        };
        assert!(told.contains(expected) && !told.contains("SECRET"), "{peer:?}: {told}");
        assert_eq!(handled.load(Ordering::Relaxed), reached, "{peer:?}");
    }
}
