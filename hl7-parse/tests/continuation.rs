//! What was cut is whole again, whatever came between.

#![allow(clippy::panic, reason = "tests' own helpers fail so")]

use hl7_parse::{
    OwnedMessage,
    continuation::{
        Continuation, ContinuationError, ContinuationErrorKind, Continued, Joined, Waiting,
        join_additions,
    },
};
use proptest::prelude::*;

fn message(text: &str) -> OwnedMessage {
    OwnedMessage::parse(text.to_owned()).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

/// A fragment of sender `from`: MSH-10, MSH-14, and what follows MSH.
fn fragment(from: &str, control_id: &str, continues: &str, rest: &str) -> OwnedMessage {
    message(&format!("MSH|^~\\&|{from}|GH||||||{control_id}|P|2.5||{continues}\r{rest}"))
}

fn waiting(result: Result<Continued, ContinuationError>) -> Waiting {
    match result {
        Ok(Continued::Waiting(waiting)) => waiting,
        other => panic!("not waiting: {other:?}"),
    }
}

fn whole(result: Result<Continued, ContinuationError>) -> Joined {
    match result {
        Ok(Continued::Whole(joined)) => joined,
        other => panic!("not whole: {other:?}"),
    }
}

fn refused(result: Result<Continued, ContinuationError>) -> ContinuationErrorKind {
    match result {
        Err(error) => error.kind(),
        other => panic!("not refused: {other:?}"),
    }
}

fn segments(message: &OwnedMessage) -> Vec<String> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    message.as_message().segments().map(|segment| text(segment.as_bytes())).collect()
}

#[test]
fn additions_are_joined_byte_for_byte() {
    for (cut, expected) in [
        // The example of the standard: the last separator is real data.
        ("C|34\rADD|5|678|\rADD|90\r", "C|345|678|90\r"),
        ("C|34\rADD|5|\r", "C|345|\r"),
        ("C|34\nADD|5|\n", "C|345|\r"),
        ("C|34\rADD\r", "C|34\r"),
        ("C|34\rADD|\rADD|5", "C|345\r"),
        ("C|34\r ADD|5\rD|1\r", "C|345\rD|1\r"),
        ("C|a\\\rADD|T\\b\r", "C|a\\T\\b\r"),
        ("C|1\rADD|2\rD|3\rADD|4\r", "C|12\rD|34\r"),
        // It belongs to a message before this one.
        ("ADD|5\rC|1\rADD|2\r", "ADD|5\rC|12\r"),
    ] {
        let joined = join_additions(&message(&format!("MSH|^~\\&|A\r{cut}")));
        assert_eq!(joined.as_bytes(), &format!("MSH|^~\\&|A\r{expected}"), "{cut:?}");
        // The segments are those that a new reading finds.
        let again = OwnedMessage::parse(joined.as_bytes().clone()).expect("readable");
        assert_eq!(segments(&joined), segments(&again), "{cut:?}");
    }
}

#[test]
fn a_message_without_additions_is_not_copied() {
    for text in ["MSH|^~\\&|A\nC|34\n", "MSH|^~\\&|A\rADD|5\rADD|6\r", "MSH|^~\\&|A\rADDX|5"] {
        let message = message(text);
        let joined = join_additions(&message);
        assert_eq!(joined.as_bytes().as_ptr(), message.as_bytes().as_ptr(), "{text:?}");
        assert_eq!(joined.as_bytes(), message.as_bytes());
    }
}

#[test]
fn fragments_are_joined_in_the_name_of_the_first() {
    let mut continuation = Continuation::new();
    let first = waiting(continuation.push(fragment("A", "1", "", "PID|1\rOBX|1\rDSC|p|F\r")));
    assert_eq!(continuation.first_control_id(first), Some(&b"1"[..]));
    let second = waiting(continuation.push(fragment("A", "2", "p", "OBX|2\rDSC|q|F\r")));
    assert_eq!(first, second);
    // Others may come between, also with the same pointer from elsewhere.
    assert_eq!(whole(continuation.push(fragment("A", "9", "", "PID|9\r"))).fragments, 1);
    let other = waiting(continuation.push(fragment("B", "1", "", "PID|8\rDSC|q\r")));
    assert_eq!(continuation.waiting().collect::<Vec<_>>(), [first, other]);
    let joined = whole(continuation.push(fragment("A", "3", "q", "OBX|3\r")));
    assert_eq!(joined.fragments, 3);
    assert_eq!(
        segments(&joined.message),
        ["MSH|^~\\&|A|GH||||||1|P|2.5||", "PID|1", "OBX|1", "OBX|2", "OBX|3"]
    );
    assert_eq!(joined.message.header().control_id().as_bytes(), b"1");
    let joined = whole(continuation.push(fragment("B", "2", "q", "OBX|8\r")));
    assert_eq!(segments(&joined.message)[1..], ["PID|8", "OBX|8"]);
    assert_eq!(continuation.waiting().count(), 0);
}

#[test]
fn a_segment_cut_with_its_message_is_joined() {
    let mut continuation = Continuation::new();
    waiting(continuation.push(fragment("A", "1", "", "SEG|12\rADD\rDSC|p\r")));
    let joined = whole(continuation.push(fragment("A", "2", "p", "ADD|345\r")));
    assert_eq!(segments(&joined.message)[1..], ["SEG|12345"]);

    // Across three messages, and cut further within them.
    waiting(continuation.push(fragment("A", "1", "", "SEG|1\rADD|2\rADD\rDSC|p|F\r")));
    waiting(continuation.push(fragment("A", "2", "p", "ADD|3|\rADD\rDSC|q|F\r")));
    let joined = whole(continuation.push(fragment("A", "3", "q", "ADD|4\rADD|5\rZZZ|6\r")));
    assert_eq!(segments(&joined.message)[1..], ["SEG|123|45", "ZZZ|6"]);
}

#[test]
fn what_is_no_fragment_is_whole_as_it_came() {
    for rest in
        ["PID|1\r", "PID|1\rDSC\r", "PID|1\rDSC|\r", "PID|1\rDSC|\"\"\r", "QAK|1\rDSC|p|I\r"]
    {
        let message = fragment("A", "1", "", rest);
        let joined = whole(Continuation::new().push(message.clone()));
        assert_eq!(
            (joined.message.as_bytes(), joined.fragments),
            (message.as_bytes(), 1),
            "{rest:?}"
        );
    }
    let null = fragment("A", "1", "\"\"", "PID|1\r");
    assert_eq!(whole(Continuation::new().push(null)).fragments, 1);
}

#[test]
fn the_last_fragment_may_say_that_nothing_more_follows() {
    let mut continuation = Continuation::new();
    waiting(continuation.push(fragment("A", "1", "", "PID|1\rDSC|p\r")));
    let joined = whole(continuation.push(fragment("A", "2", "p", "OBX|1\rDSC|\"\"|F\r")));
    assert_eq!(segments(&joined.message)[1..], ["PID|1", "OBX|1"]);
}

#[test]
fn a_fragment_sent_again_changes_nothing() {
    let mut continuation = Continuation::new();
    let fragments =
        [fragment("A", "1", "", "PID|1\rDSC|p\r"), fragment("A", "2", "p", "OBX|1\rDSC|q\r")];
    for fragment in &fragments {
        let name = waiting(continuation.push(fragment.clone()));
        match continuation.push(fragment.clone()) {
            Ok(Continued::Again(again)) => assert_eq!(again, name),
            other => panic!("{other:?}"),
        }
    }
    let joined = whole(continuation.push(fragment("A", "3", "q", "OBX|2\r")));
    assert_eq!(segments(&joined.message)[1..], ["PID|1", "OBX|1", "OBX|2"]);
}

#[test]
fn one_pointer_may_serve_all_fragments_of_a_message() {
    let mut continuation = Continuation::new();
    waiting(continuation.push(fragment("A", "1", "", "PID|1\rDSC|p\r")));
    waiting(continuation.push(fragment("A", "2", "p", "OBX|1\rDSC|p\r")));
    waiting(continuation.push(fragment("A", "3", "p", "OBX|2\rDSC|p\r")));
    let joined = whole(continuation.push(fragment("A", "4", "p", "OBX|3\r")));
    assert_eq!(segments(&joined.message)[1..], ["PID|1", "OBX|1", "OBX|2", "OBX|3"]);
}

#[test]
fn what_can_not_be_joined_comes_back() {
    use ContinuationErrorKind::{DifferentSeparators, PointerInUse, UnknownPointer};
    let mut continuation = Continuation::new();
    let stray = fragment("A", "2", "p", "OBX|1\r");
    let error = continuation.push(stray.clone()).expect_err("unknown");
    assert_eq!(error.kind(), UnknownPointer);
    assert_eq!(error.message().as_bytes(), stray.as_bytes());
    assert!(error.unfinished().is_none());

    waiting(continuation.push(fragment("A", "1", "", "PID|1\rDSC|p\r")));
    waiting(continuation.push(fragment("A", "5", "", "PID|5\rDSC|q\r")));
    // Another sender, another message with the same pointer, other delimiters.
    assert_eq!(refused(continuation.push(fragment("B", "2", "p", "OBX|1\r"))), UnknownPointer);
    assert_eq!(refused(continuation.push(fragment("A", "3", "", "PID|3\rDSC|p\r"))), PointerInUse);
    assert_eq!(refused(continuation.push(fragment("A", "2", "p", "OBX|1\rDSC|q\r"))), PointerInUse);
    let other = message("MSH|^~\\#|A|GH||||||2|P|2.5||p\rOBX|1\r");
    assert_eq!(refused(continuation.push(other)), DifferentSeparators);
    // None of which disturbs the message.
    let joined = whole(continuation.push(fragment("A", "2", "p", "OBX|1\r")));
    assert_eq!(segments(&joined.message)[1..], ["PID|1", "OBX|1"]);
}

#[test]
fn limits_hold_and_give_back_what_was_joined() {
    use ContinuationErrorKind::{TooLong, TooManyFragments, TooManyOpen};
    let next = |n: usize| {
        fragment("A", &n.to_string(), &n.to_string(), &format!("OBX|{n}\rDSC|{}\r", n + 1))
    };
    let first = || fragment("A", "0", "", "OBX|0\rDSC|1\r");

    let mut continuation = Continuation::new().max_fragments(3);
    waiting(continuation.push(first()));
    waiting(continuation.push(next(1)));
    waiting(continuation.push(next(2)));
    let error = continuation.push(next(3)).expect_err("one too many");
    assert_eq!(error.kind(), TooManyFragments);
    let unfinished = error.unfinished().expect("what was joined");
    assert_eq!(segments(&unfinished.message)[1..], ["OBX|0", "OBX|1", "OBX|2"]);
    assert_eq!(continuation.waiting().count(), 0);
    assert_eq!(refused(Continuation::new().max_fragments(0).push(first())), TooManyFragments);

    let mut continuation = Continuation::new().max_len(first().as_bytes().len() + 20);
    waiting(continuation.push(first()));
    let error = continuation.push(next(1)).expect_err("too long");
    assert_eq!(error.kind(), TooLong);
    assert_eq!(error.unfinished().expect("what was joined").fragments, 1);
    assert_eq!(continuation.waiting().count(), 0);

    let mut continuation = Continuation::new().max_open(1);
    let name = waiting(continuation.push(first()));
    assert_eq!(refused(continuation.push(fragment("B", "0", "", "OBX|0\rDSC|1\r"))), TooManyOpen);
    let given_up = continuation.abandon(name).expect("it was waiting");
    assert_eq!(segments(&given_up.message)[1..], ["OBX|0"]);
    assert!(continuation.abandon(name).is_none());
    waiting(continuation.push(fragment("B", "0", "", "OBX|0\rDSC|1\r")));
}

#[test]
fn no_text_shows_a_value() {
    const MARK: &str = "SECRETNAME";
    let mut continuation = Continuation::new();
    let kept = continuation.push(fragment(MARK, MARK, "", &format!("PID|{MARK}\rDSC|{MARK}\r")));
    let error = continuation
        .push(fragment("A", MARK, MARK, &format!("PID|{MARK}\r")))
        .expect_err("another sender");
    for text in [format!("{kept:?} {continuation:?}"), format!("{error:?}"), error.to_string()] {
        assert!(!text.contains(MARK), "{text}");
    }
}

proptest! {
    /// Cuts the segments after MSH at any character and any boundary, and joins them.
    #[test]
    fn what_was_cut_anywhere_is_whole_again(
        contents in proptest::collection::vec("[a-z|^~&]{0,20}", 1..6),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..8),
    ) {
        let body: String = contents.iter().map(|content| format!("ZAB|{content}\r")).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|(at, ends)| (at.index(body.len() + 1), *ends)).collect();
        cuts.sort_unstable();
        // What is left of each segment may not begin a new line: cut behind `ZAB|` or at an end.
        let (mut fragments, mut rest, mut from) = (vec![String::new()], &*body, 0);
        for (at, ends_message) in cuts {
            let line = body[..at].rfind('\r').map_or(0, |end| end + 1);
            if at < from || (at > line && at < line + 4) {
                continue;
            }
            let (before, after) = rest.split_at(at - from);
            let inside = at > line;
            let current = fragments.last_mut().expect("one");
            *current += before;
            match (inside, ends_message) {
                (true, true) => {
                    *current += "\rADD\r";
                    fragments.push("ADD|".to_owned());
                }
                (true, false) => *current += "\rADD|",
                (false, true) => fragments.push(String::new()),
                (false, false) => {}
            }
            (rest, from) = (after, at);
        }
        *fragments.last_mut().expect("one") += rest;

        let mut continuation = Continuation::new();
        let count = fragments.len();
        for (n, body) in fragments.into_iter().enumerate() {
            let pointer = |n: usize| if n == 0 { String::new() } else { format!("p{n}") };
            let more = if n + 1 < count { format!("DSC|{}|F\r", pointer(n + 1)) } else { String::new() };
            let control_id = n.to_string();
            let result = continuation
                .push(fragment("A", &control_id, &pointer(n), &format!("{body}{more}")))
                .expect("joins");
            match result {
                Continued::Whole(joined) => {
                    prop_assert_eq!((n + 1, joined.fragments), (count, count));
                    let expected = format!("MSH|^~\\&|A|GH||||||0|P|2.5||\r{}", &body_of(&contents));
                    prop_assert_eq!(joined.message.as_bytes(), &expected);
                }
                Continued::Waiting(_) => prop_assert!(n + 1 < count),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}

fn body_of(contents: &[String]) -> String {
    contents.iter().map(|content| format!("ZAB|{content}\r")).collect()
}
