//! Where an error says that a value is.

use hl7_parse::{
    Message, OwnedMessage, Path,
    value::{Cx, Date, DateTime, Ed, Nm, Raw},
};
use proptest::prelude::*;

use super::with_field;
use crate::properties::message;

const LAB: &[u8] = b"MSH|^~\\&|A\rPID|1||7^^^GH&1.2&ISO~8|x\rOBX|1|NM|||7\rOBX|2|NM|||8~<5^6&7\r";

/// What an error of reading `view` as a date says, before and after its message is known.
fn told<'a>(message: &Message<'a>, view: impl Into<Raw<'a>>) -> (String, String) {
    let error = view.into().read::<Date>().expect_err("no date");
    (error.to_string(), error.in_message(message).to_string())
}

#[test]
fn the_message_tells_the_path_of_an_error_of_a_view_of_each_level() {
    let message = Message::parse(LAB).expect("a message");
    let obx = message.nth_segment("OBX", 2).expect("a second OBX");
    let value = obx.field(5);
    let second = value.repetition(2);
    let form = "DT: not in the form of the type";
    for (view, path) in [
        (Raw::from(value), "OBX[2]-5"),
        (Raw::from(second), "OBX[2]-5[2]"),
        (Raw::from(second.component(2)), "OBX[2]-5[2].2"),
        (Raw::from(second.component(2).subcomponent(2)), "OBX[2]-5[2].2.2"),
        (Raw::from(message.header().field(3)), "MSH[1]-3"),
        (Raw::from(message.header().field(2)), "MSH[1]-2"),
        (Raw::from(message.header().field(1)), "MSH[1]-1"),
    ] {
        let (before, after) = told(&message, view);
        let offset = before.strip_prefix(form).expect(&before);
        assert!(offset.starts_with(" (byte "), "{before}");
        assert_eq!(after, format!("{form} ({path}, {}", &offset[2..]));
    }
}

#[test]
fn what_was_not_sent_is_nowhere_and_says_what_it_lacks() {
    let message = Message::parse(LAB).expect("a message");
    let pid = message.segment("PID").expect("a PID");
    for (view, part) in [
        (Raw::from(pid.field(7)), ""),
        (Raw::from(pid.field(3)).part(9), "component 9, "),
        (Raw::from(pid.field(3)).part(4).part(4), "component 4, subcomponent 4, "),
    ] {
        let place = format!("DT: not valued ({part}byte 0)");
        assert_eq!(told(&message, view), (place.clone(), place));
    }
    let by_path = message.read::<Date>(&Path::new("PID-7")).expect_err("no date");
    assert_eq!(by_path.to_string(), "DT: not valued (PID-7, byte 0)");
}

#[test]
fn the_message_tells_the_path_of_errors_of_parts_and_repetitions() {
    let bytes = b"MSH|^~\\&|A\rPID|||7~8^^^^^^2024-1\rOBX|1|ED|||^AP^PDF^Base63^AA\rOBX|2|ED|||^AP^PDF^Base64^A*\r";
    let message = Message::parse(bytes).expect("a message");
    let pid = message.segment("PID").expect("a PID");
    let dates = pid.field(3).read_each::<Cx<'_>>().map(|id| id?.effective_date());
    let error = dates.last().expect("two").expect_err("no date").in_message(&message);
    assert_eq!(error.to_string(), "DT: not in the form of the type (PID[1]-3[2].7, byte 4)");

    let documents = message.segments_with_id("OBX").map(|obx| {
        let read = |document: Ed<'_>| document.data()?.to_vec(100);
        obx.field(5).read().and_then(read).expect_err("none").in_message(&message).to_string()
    });
    assert_eq!(
        documents.collect::<Vec<_>>(),
        [
            "ED: a code that is not in its table (OBX[1]-5[1].4, byte 0)",
            "ED: not in the form of the type (OBX[2]-5[1].5, byte 1)",
        ]
    );
}

#[test]
fn a_path_that_is_known_stays() {
    let message = Message::parse(LAB).expect("a message");
    let by_path = message.read::<DateTime>(&Path::new("OBX[2]-5")).expect_err("no date");
    assert_eq!(by_path.in_message(&message).path(), Some(Path::new("OBX[2]-5")));
    let obx = message.segment("OBX").expect("an OBX");
    let given = obx.field(5).read::<Date>().expect_err("no date").at(Path::new("ZZZ-1"));
    assert_eq!(given.in_message(&message).path(), Some(Path::new("ZZZ-1")));
}

#[test]
fn errors_of_other_bytes_are_in_no_message() {
    let message = Message::parse(LAB).expect("a message");
    let parsed = Nm::new("<5").expect_err("no number");
    assert_eq!(parsed.in_message(&message), parsed);
    let copy = LAB.to_vec();
    let other = Message::parse(&copy).expect("a message");
    let pid = other.segment("PID").expect("a PID");
    for view in [pid.field(3), pid.field(4)] {
        let error = view.read::<Date>().expect_err("no date");
        assert_eq!(error.in_message(&message).path(), None);
        assert!(error.in_message(&other).path().is_some());
    }
}

#[test]
fn a_line_that_is_no_segment_has_no_path() {
    let message = Message::parse(b"MSH|^~\\&|A\rno segment|x\r").expect("a message");
    let line = message.segments().nth(1).expect("a line");
    let error = line.field(1).read::<Date>().expect_err("no date");
    assert_eq!(error.in_message(&message).path(), None);
}

#[test]
fn a_clone_that_shares_the_bytes_tells_the_path_too() {
    let message = OwnedMessage::parse(LAB).expect("a message");
    let read = |message: &OwnedMessage| {
        let view = message.as_message();
        view.segment("PID").expect("a PID").field(4).read::<Nm<'_>>().map(|_| ())
    };
    let error = read(&message).expect_err("no number");
    let clone = message.clone();
    assert_eq!(error.in_message(&clone.as_message()).path(), Some(Path::new("PID[1]-4")));
}

#[test]
fn errors_that_say_the_same_are_equal_and_show_no_address() {
    let errors =
        [(); 2].map(|()| with_field(b"x", |field| field.read::<Date>().expect_err("none")));
    let [one, other] = errors;
    assert_eq!(one, other);
    assert_eq!(
        format!("{one:?}"),
        "ValueError { kind: Form, type_name: \"DT\", place: Place(), offset: 0, .. }"
    );
}

proptest! {
    #[test]
    fn the_path_of_an_error_leads_to_what_could_not_be_read(bytes in message()) {
        let message = Message::parse(&bytes).expect("a header is there");
        for segment in message.segments().filter(|segment| !segment.id().is_empty()) {
            let mut views: Vec<Raw<'_>> = (1..12).map(|n| segment.field(n).into()).collect();
            for field in segment.fields() {
                views.extend(field.repetitions().map(Raw::from));
                for repetition in field.repetitions() {
                    let parts = repetition.components();
                    views.extend(parts.clone().map(Raw::from));
                    views.extend(parts.flat_map(|part| part.subcomponents()).map(Raw::from));
                    views.push(repetition.component(7).into());
                }
            }
            for view in views.into_iter().filter(|view| view.element().is_present()) {
                let Err(error) = view.read::<Date>() else { continue };
                let shown = format!("{error} of {:?}", bytes.escape_ascii().to_string());
                let path = error.in_message(&message).path().expect(&shown);
                prop_assert_eq!(path.segment(), segment.id(), "{}", shown);
                let found = message.get(&path);
                prop_assert_eq!(found.as_bytes(), view.as_bytes(), "{} at {}", shown, path);
                prop_assert_eq!(found.is_present(), view.is_present(), "{} at {}", shown, path);
                prop_assert_eq!(
                    message.span_of(found), message.span_of(view.element()), "{} at {}", shown, path
                );
            }
        }
    }
}
