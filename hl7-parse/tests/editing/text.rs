//! Text reads the same in another character set and with other delimiters.

use hl7_parse::{EditErrorKind, Editor, Message, Path, Separators};

use super::path;

#[test]
fn delimiters_and_version_change_and_the_text_does_not() {
    let bytes = b"MSH|^~\\&#|A^B|||||||1|P|2.7^x\rZZZ|a\\F\\b^c$d\\X41\\\\.br\\~e&\\P\\f\\Q\\\r";
    let message = Message::parse(bytes).expect("a header is there");
    let ours = Separators::new(b'$', "%*/@!").expect("usable");
    let mut editor = Editor::new(&message);
    editor.swap_delimiters(ours).set_version("2.5.1").set(&path("ZZZ-2"), "$|/");
    let swapped = editor.finish().expect("edited");
    assert_eq!(
        swapped.as_bytes().escape_ascii().to_string().replace(r"\\", r"\"),
        r"MSH$%*/@!$A%B$$$$$$$1$P$2.5.1%x\rZZZ$a|b%c/F/d/X41//.br/*e@#f\Q\$/F/|/E/\r",
    );
    assert_eq!(swapped.as_message().separators(), ours);
    let text = swapped.as_message().get(&path("ZZZ-2")).decode().into_owned();
    assert_eq!(text, "$|/");
}

#[test]
fn text_is_written_in_the_character_set_of_the_message() {
    for (header, value, expected) in [
        (&b"8859/1"[..], "Ren\u{e9}", Ok(&b"Ren\xE9"[..])),
        (b"8859/1", "\u{20ac}", Err(EditErrorKind::NotInCharset)),
        (b"windows-1252", "\u{20ac}", Ok(b"\x80")),
        (b"UNICODE UTF-8", "\u{20ac}", Ok("\u{20ac}".as_bytes())),
        (b"", "\u{e9}", Ok("\u{e9}".as_bytes())),
        (b"~\xE9", "\u{e9}", Ok(b"\xE9")),
        (b"~\xE9", "\u{c3}\u{a9}", Err(EditErrorKind::NotInCharset)),
        (b"ASCII", "\u{e9}", Err(EditErrorKind::NotInCharset)),
        (b"ASCII", "e", Ok(b"e")),
        (b"BIG-5", "e", Ok(b"e")),
        // The second byte is that of a backslash.
        (b"BIG-5", "\u{529f}", Err(EditErrorKind::NeedsEncoding)),
        (b"8859/9", "\u{131}", Ok(b"\xFD")),
        #[cfg(feature = "charset")]
        (b"8859/2", "\u{104}", Ok(b"\xA1")),
        #[cfg(feature = "charset")]
        (b"KS X 1001", "\u{ac00}", Ok(b"\xB0\xA1")),
        #[cfg(feature = "charset")]
        (b"8859/2", "\u{e3}\u{416}", Err(EditErrorKind::NotInCharset)),
        #[cfg(not(feature = "charset"))]
        (b"8859/2", "\u{104}", Err(EditErrorKind::NotInCharset)),
    ] {
        let bytes = [b"MSH|^~\\&||||||||||||||||", header, b"\rPID|1\r"].concat();
        let message = Message::parse(&bytes).expect("a header is there");
        let edited = Editor::new(&message).set(&path("PID-5"), value).finish();
        match expected {
            Ok(expected) => {
                let edited = edited.expect("edited");
                let edited = edited.as_message();
                assert_eq!(edited.get(&path("PID-5")).as_bytes(), expected);
                assert_eq!(edited.get(&path("PID-5")).decode(), value);
            }
            Err(kind) => {
                let error = edited.expect_err("refused");
                assert_eq!((error.kind(), error.path()), (kind, Some(path("PID-5"))));
            }
        }
    }
    // The set that MSH-18 names after the edits.
    let message = Message::parse(b"MSH|^~\\&|A\rPID|1\r").expect("a header is there");
    let edited = Editor::new(&message)
        .set(&path("PID-5"), "\u{e9}")
        .set(&path("MSH-18"), "8859/1")
        .finish()
        .expect("edited");
    assert_eq!(edited.as_message().get(&path("PID-5")).as_bytes(), b"\xE9");
    assert_eq!(edited.as_message().get(&path("PID-5")).decode(), "\u{e9}");
}

#[test]
#[cfg(feature = "charset")]
fn a_decoded_message_stays_decoded() {
    let bytes =
        b"MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5||||||SHIFT_JIS\rPID|||||\x83|\x81[\x83\x8b\r";
    let decoded = hl7_parse::charset::decode(&bytes[..], None).expect("decoded");
    let edited = Editor::new(&decoded.message.as_message())
        .set(&path("PID-8"), "\u{7537}")
        .set_version("2.5.1")
        .finish()
        .expect("edited");
    let message = edited.as_message();
    assert_eq!(message.get(&path("PID-5")).decode(), "\u{30dd}\u{30fc}\u{30eb}");
    assert_eq!(message.get(&path("PID-8")).decode(), "\u{7537}");
    assert_eq!(message.get(&path("MSH-18")).decode(), "SHIFT_JIS");
}

#[test]
fn delimiters_that_lose_something_are_refused() {
    use EditErrorKind::*;
    for (segment, delimiters, kind, place) in [
        ("PID|a&b", "^~\\", LevelNotInUse, "PID[1]-1"),
        ("PID|1\rPID||a~b", "^", LevelNotInUse, "PID[2]-2"),
        (r"PID|\H\x", "^~", NotEscapable, "PID[1]-1"),
        (r"PID|\S\x", "^~", NotEscapable, "PID[1]-1"),
        (r"PID|1|\Z%\x", "%~\\", SequenceLost, "PID[1]-2"),
    ] {
        let bytes = format!("MSH|^~\\&|A\r{segment}\r");
        let message = Message::parse(bytes.as_bytes()).expect("a header is there");
        let new = Separators::new(b'|', delimiters).expect("usable");
        let error = Editor::new(&message).swap_delimiters(new).finish().expect_err("refused");
        assert_eq!((error.kind(), error.path()), (kind, Some(path(place))), "{segment}");
    }
    for (field, delimiters) in [
        (b'|', ""),
        (b'|', "^~\\&#!"),
        (b'|', "^^"),
        (b'|', "^|"),
        (b'A', "^~\\&"),
        (b'|', "^~\\x"),
        (b'|', "^~\\\""),
        (b'|', "^ "),
        (b'\r', "^"),
        (b'|', "\u{e9}"),
    ] {
        let error = Separators::new(field, delimiters).expect_err("unusable");
        assert_eq!(error.kind(), BadDelimiters, "{delimiters}");
    }
    // Those of a message that leaves out a level above one in use can not be declared.
    let other = Message::parse(b"MSH|^^\\&|A\r").expect("a header is there").separators();
    let message = Message::parse(b"MSH|^~\\&|A\r").expect("a header is there");
    let error = Editor::new(&message).swap_delimiters(other).finish().expect_err("unusable");
    assert_eq!(error.kind(), BadDelimiters);
}

#[test]
fn real_messages_keep_their_text_through_other_delimiters() {
    let corpus = std::env::var_os("HL7_CORPUS").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        std::path::PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(corpus.join("messages")) else {
        eprintln!("skipped: no corpus of messages (set HL7_CORPUS)");
        return;
    };
    let decoded = |message: &Message<'_>| -> Vec<_> {
        message
            .leaves()
            .filter(|leaf| leaf.segment.id() != "MSH" || leaf.field > 2)
            .map(|leaf| (leaf.field, leaf.component, leaf.value().decode().into_owned()))
            .collect()
    };
    let ours = Separators::new(b'\'', "}`{!").expect("usable");
    for file in files.filter_map(Result::ok) {
        let bytes = std::fs::read(file.path()).expect("a readable file");
        let Ok(came) = Message::parse(&bytes) else { continue };
        let kept = Editor::new(&came).keep_line_ends().finish().expect("no edit");
        assert_eq!(kept.as_bytes(), &bytes, "{}", file.path().display());
        let there = Editor::new(&came).swap_delimiters(ours).finish().expect("swapped");
        let theirs = came.separators();
        let back = match Editor::new(&there.as_message()).swap_delimiters(theirs).finish() {
            Ok(back) => back,
            Err(error) => {
                // Delimiters that leave out a level above one in use can not be declared again.
                assert_eq!(error.kind(), EditErrorKind::BadDelimiters);
                continue;
            }
        };
        assert_eq!(decoded(&came), decoded(&back.as_message()), "{}", file.path().display());
    }
}

#[test]
fn text_that_can_not_be_escaped_among_letters_is_refused() {
    let message = Message::parse(b"MSH|^~$ABC|x\rPID|1\r").expect("readable");
    let mut editor = Editor::new(&message);
    editor.set(&Path::new("PID-2"), "\n");
    let error = editor.finish().expect_err("the code of a line feed holds the delimiter A");
    assert_eq!(error.kind(), EditErrorKind::NotEscapable);
}

#[test]
fn text_with_an_escape_character_of_iso_2022_changes_no_set() {
    // In the header ESC $ B would hide MSH-18 behind two-byte characters.
    for place in ["MSH-4", "PID-5"] {
        let bytes = b"MSH|^~\\&|A\rPID|1\r";
        let message = Message::parse(bytes).expect("a header is there");
        let text = "a\u{1b}$Bb|";
        let edited = Editor::new(&message).set(&path(place), text).finish().expect("edited");
        let again = Message::parse(edited.as_bytes()).expect("still a message");
        assert_eq!(again.get(&path(place)).decode(), text, "{place}");
    }
}

#[test]
fn text_beyond_ascii_is_written_in_no_further_set_and_not_in_utf_8_beside_one() {
    use EditErrorKind::{NeedsEncoding, NotInCharset};
    let name = path("PID-5");
    for (msh_18, msh_20, kind) in [
        ("~ISO IR87", "ISO 2022-1994", NotInCharset),
        ("~ISO IR87", "", NotInCharset),
        ("ISO IR6~ISO IR87", "ISO 2022-1994", NotInCharset),
        ("~8859/5", "2.3", NotInCharset),
        ("~SHIFT_JIS", "", NeedsEncoding),
        ("~SHIFT_JIS", "ISO 2022-1994", NotInCharset),
    ] {
        let shown = format!("{msh_18} {msh_20}");
        let text = format!("MSH|^~\\&|A|||||||1|P|2.5||||||{msh_18}||{msh_20}\rPID|1\r");
        let message = Message::parse(text.as_bytes()).expect("a header is there");
        let refused = |editor: &mut Editor<'_>| editor.finish().err().map(|error| error.kind());
        assert_eq!(refused(Editor::new(&message).set(&name, "山田é")), Some(kind), "{shown}");
        assert_eq!(refused(Editor::new(&message).set(&name, "YAMADA")), None, "{shown}");

        // Named by the edits themselves.
        let message = Message::parse(b"MSH|^~\\&|A\rPID|1\r").expect("a header is there");
        let mut editor = Editor::new(&message);
        editor.set_raw(&path("MSH-18"), msh_18).set(&path("MSH-20"), msh_20);
        assert_eq!(refused(&mut editor), None, "{shown}");
        assert_eq!(refused(editor.set(&name, "山田é")), Some(kind), "{shown}");

        let mut builder = hl7_parse::MessageBuilder::new();
        builder.message_type(["ADT", "A01"]).control_id("1").processing_id("P").version("2.5");
        builder.header().set_raw(18, msh_18).set(20, msh_20);
        assert!(builder.finish().is_ok(), "{shown}");
        builder.segment("PID").set(5, "山田é");
        let error = builder.finish().expect_err("not in the set");
        assert_eq!(error.kind(), kind, "{shown}");
    }
}
