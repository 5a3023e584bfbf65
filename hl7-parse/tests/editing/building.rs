//! What is built, byte for byte, and what is refused.

use hl7_parse::{
    Charset, EditErrorKind, Message, MessageBuilder, ParseOptions, Path, SegmentBuilder, Separators,
};

fn header() -> MessageBuilder {
    let mut builder = MessageBuilder::new();
    builder.message_type(["ADT", "A01"]).control_id("7").processing_id("P").version("2.5");
    builder
}

const HEADER: &str = "MSH|^~\\&|||||||ADT^A01|7|P|2.5\r";

#[test]
fn a_whole_message_is_built_and_reads_strictly() {
    let mut builder = MessageBuilder::new();
    builder
        .sending_application("LAB")
        .sending_facility("G&H")
        .receiving_application("EHR")
        .receiving_facility("GH")
        .date_time("20240229120000+0100")
        .message_type(["ORU", "R01", "ORU_R01"])
        .control_id("MSG0001")
        .processing_id("P")
        .version("2.5.1")
        .header()
        .set(15, "AL")
        .set("21.1", "profile");
    builder
        .segment("PID")
        .set(1, "1")
        .set_components(3, ["12345", "", "", "GH", "MR", ""])
        .repeat_components(3, ["6", "", "", "GH", "PI"])
        .set(&Path::new("PID-5.1.2"), "von")
        .set_null(8);
    builder.segment("NTE").set_formatted(3, "one\ntwo | three").repeat_raw(3, r"\H\bold\N\");
    let mut last = SegmentBuilder::new("ZZ9");
    last.set_raw("2.3", r"a&b\X41\").repeat("4", "x");
    builder.append(last);
    let message = builder.finish().expect("built");
    assert_eq!(
        message.as_bytes(),
        "MSH|^~\\&|LAB|G\\T\\H|EHR|GH|20240229120000+0100||ORU^R01^ORU_R01|MSG0001|P|2.5.1|||AL||||||profile\r\
         PID|1||12345^^^GH^MR~6^^^GH^PI||&von|||\"\"\r\
         NTE|||one\\.br\\two \\F\\ three~\\H\\bold\\N\\\r\
         ZZ9||^^a&b\\X41\\||x\r",
    );
    assert!(ParseOptions::strict().parse(message.as_bytes()).is_ok());
}

#[test]
fn delimiters_are_chosen() {
    for (field, characters, expected) in [
        (b'$', "%*/@", "MSH$%*/@$$$$$$$ADT%A01$7$P$2.5\rPID$/F//S//R//E//T/|^~\\&\r"),
        (b'|', "^~\\&#", "MSH|^~\\&#|||||||ADT^A01|7|P|2.5\rPID|$%*/@\\F\\\\S\\\\R\\\\E\\\\T\\\r"),
    ] {
        let mut builder = header();
        builder.delimiters(Separators::new(field, characters).expect("usable"));
        builder.segment("PID").set(1, "$%*/@|^~\\&");
        let message = builder.finish().expect("built");
        assert_eq!(message.as_bytes(), expected);
        let pid = message.as_message().segment("PID").expect("there");
        assert_eq!(pid.field(1).decode(), "$%*/@|^~\\&");
    }
    let mut builder = header();
    builder.delimiters(Separators::new(b'|', "^~").expect("usable"));
    builder.segment("PID").set(1, "plain");
    assert_eq!(builder.finish().expect("built").as_message().separators().escape(), None);
    builder.segment("PID").set(1, "a^b");
    let error = builder.finish().expect_err("refused");
    assert_eq!(
        error.to_string(),
        "PID[2]-1: the text can not be escaped with the delimiters in use"
    );
}

#[test]
fn text_that_is_not_ascii_is_declared() {
    let mut builder = header();
    builder.segment("PID").set("5.2", "Ren\u{e9}");
    let message = builder.finish().expect("built");
    assert_eq!(message.charset(), Charset::Utf8);
    assert_eq!(message.as_message().get(&Path::new("MSH-18")).decode(), "UNICODE UTF-8");
    assert_eq!(message.as_message().get(&Path::new("PID-5.2")).decode(), "Ren\u{e9}");

    builder.character_set("8859/1");
    let message = builder.finish().expect("built");
    assert_eq!(message.as_message().get(&Path::new("PID-5.2")).as_bytes(), b"Ren\xE9");
    assert_eq!(message.as_message().get(&Path::new("PID-5.2")).decode(), "Ren\u{e9}");

    builder.character_set("ASCII");
    let error = builder.finish().expect_err("refused");
    assert_eq!(error.kind(), EditErrorKind::NotInCharset);
    assert_eq!(error.path(), Some(Path::new("PID[1]-5.2")));
}

#[test]
fn what_can_not_be_built_is_refused_with_its_place() {
    use EditErrorKind::*;
    for missing in 9..=12 {
        let mut builder = MessageBuilder::new();
        for field in (9..=12).filter(|field| *field != missing) {
            builder.header().set(field, "x");
        }
        let error = builder.finish().expect_err("refused");
        assert_eq!(error.kind(), MissingHeaderField);
        assert_eq!(error.path().and_then(|path| path.field()), Some(missing));
    }
    for id in ["", "PI", "PIDX", "pid", "1AB", "P D", "MSH", "FHS", "BHS", "BTS", "FTS", "\u{e9}A"]
    {
        let mut builder = header();
        builder.segment(id).set(1, "x");
        assert_eq!(builder.finish().expect_err("refused").kind(), BadSegmentId, "{id}");
    }
    type Change = fn(&mut SegmentBuilder);
    let changes: [(Change, EditErrorKind, &str); 7] = [
        (
            |s| {
                s.set(0, "x");
            },
            WrongPlace,
            "OBX[2]",
        ),
        (
            |s| {
                s.set(65_536, "x");
            },
            WrongPlace,
            "OBX[2]",
        ),
        (
            |s| {
                s.set("5.x", "x");
            },
            WrongPlace,
            "OBX[2]",
        ),
        (
            |s| {
                s.set(&Path::new("PID-5"), "x");
            },
            WrongPlace,
            "OBX[2]",
        ),
        (
            |s| {
                s.set_raw(5, "a|b");
            },
            RawTooWide,
            "OBX[2]-5",
        ),
        (
            |s| {
                s.set("5.1", "\"\"");
            },
            NullText,
            "OBX[2]-5.1",
        ),
        (
            |s| {
                s.repeat("5.1", "x");
            },
            WrongLevel,
            "OBX[2]-5.1",
        ),
    ];
    for (change, kind, place) in changes {
        let mut builder = header();
        builder.segment("OBX").set(1, "1");
        builder.segment("NTE");
        change(builder.segment("OBX"));
        let error = builder.finish().expect_err("refused");
        assert_eq!((error.kind(), error.path()), (kind, place.parse().ok()));
    }
    let mut builder = header();
    builder.header().set(2, "x");
    assert_eq!(builder.finish().expect_err("refused").kind(), Delimiters);
}

#[test]
fn the_message_is_bounded() {
    let mut builder = header();
    assert_eq!(builder.finish().expect("built").as_bytes(), HEADER);
    builder.max_len(HEADER.len());
    assert_eq!(builder.finish().expect("fits").as_bytes(), HEADER);
    builder.max_len(HEADER.len() - 1);
    assert_eq!(builder.finish().expect_err("too long").kind(), EditErrorKind::TooLong);
    assert!(!format!("{builder:?}").contains("ADT"), "{builder:?}");
}

#[test]
fn text_beyond_ascii_names_its_set_however_it_is_put() {
    for (raw, expected) in [
        (&b"a"[..], ""),
        ("\u{e9}".as_bytes(), "UNICODE UTF-8"),
        // In whatever set it is, it is not this one.
        (b"\xE9", ""),
    ] {
        let mut builder = MessageBuilder::new();
        builder.message_type(["ADT"]).control_id("1").processing_id("P").version("2.5");
        builder.segment("PID").set_raw(5, raw);
        let built = builder.finish().expect("built");
        let named = built.as_message().get(&Path::new("MSH-18")).decode().into_owned();
        assert_eq!(named, expected, "{}", raw.escape_ascii());
        let mut segment = SegmentBuilder::new("PID");
        segment.repeat_raw(5, raw);
        builder.append(segment);
        let built = builder.finish().expect("built");
        assert_eq!(built.as_message().get(&Path::new("MSH-18")).decode(), expected);
    }
}

#[test]
fn more_than_ascii_is_not_built_in_a_set_that_is_decoded_before_it_is_split() {
    for (msh_18, msh_20) in [
        ("SHIFT_JIS", ""),
        ("BIG-5", ""),
        ("GB 18030-2000", ""),
        ("ISO IR87", ""),
        ("ISO IR159", "ISO 2022-1994"),
        ("UNICODE UTF-16", ""),
        ("UNICODE UTF-32", ""),
    ] {
        let mut builder = header();
        builder.character_set(msh_18);
        if !msh_20.is_empty() {
            builder.header().set(20, msh_20);
        }
        builder.segment("PID").set(5, "YAMADA");
        let built = builder.finish().expect("ASCII");
        let again = Message::parse(built.as_bytes()).expect("ASCII");
        assert_eq!(again.get(&Path::new("PID-5")).decode(), "YAMADA", "{msh_18}");

        type Change = fn(&mut SegmentBuilder);
        let changes: [(Change, &str); 4] = [
            (
                |pid| {
                    pid.set("5.2", "\u{30dd}");
                },
                "PID[2]-5.2",
            ),
            (
                |pid| {
                    pid.set_components(5, ["x", "\u{30dd}"]);
                },
                "PID[2]-5",
            ),
            (
                |pid| {
                    pid.set_raw("5.2", "\u{30dd}");
                },
                "PID[2]-5",
            ),
            (
                |pid| {
                    pid.set_raw("5.2", b"\x83\x41");
                },
                "PID[2]-5",
            ),
        ];
        for (change, place) in changes {
            let mut builder = builder.clone();
            change(builder.segment("PID"));
            let error = builder.finish().expect_err(msh_18);
            let expected = (EditErrorKind::NeedsEncoding, place.parse().ok());
            assert_eq!((error.kind(), error.path()), expected, "{msh_18}");
        }
        // In the header, which is written before the others.
        builder.header().set_raw(4, b"\x83\x41");
        let error = builder.finish().expect_err(msh_18);
        assert_eq!(error.path(), Some(Path::new("MSH[1]-4")), "{msh_18}");
    }
    let error = {
        let mut builder = header();
        builder.character_set("SHIFT_JIS").segment("PID").set(5, "\u{30dd}");
        builder.finish().expect_err("refused")
    };
    assert_eq!(
        error.to_string(),
        "PID[1]-5: text in this character set is not written: make the message in UTF-8 and encode it"
    );
}

#[test]
fn undeclared_kanji_are_not_built() {
    for place in ["3", "5.2"] {
        let mut builder = header();
        builder.segment("PID").set_raw(place, b"\x1b$B%]\x1b(B");
        let error = builder.finish().expect_err("kanji");
        assert_eq!(error.kind(), EditErrorKind::NeedsEncoding);
        assert_eq!(error.path().and_then(|path| path.field()), place[..1].parse().ok());
    }
    // Nothing but a control character.
    let mut builder = header();
    builder.segment("PID").set_raw(5, b"\x1bx");
    assert!(builder.finish().is_ok());
}
