//! Properties of edits, of built messages and of tokens, for any message.

use hl7_parse::{
    EditErrorKind, Editor, Level, Message, MessageBuilder, OwnedMessage, Path, SegmentBuilder,
    Separators, Target, TokenKind, unescape,
};
use proptest::{prelude::*, sample::select};

/// Text dense in what matters; few kinds of segments, so that paths find some.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        &b"|"[..],
        b"|",
        b"|",
        b"^",
        b"^",
        b"~",
        b"~",
        b"&",
        b"&",
        b"\\",
        b"\\",
        b"\r",
        b"\n",
        b"\r\n",
        b"\rPID|",
        b"\rPID|",
        b"\rOBX|",
        b"\nOBX|",
        b"\rOBX",
        b"\rMSH|^~\\&|",
        b"\rFHS",
        b"\\X0D\\",
        b"\\T\\",
        b"\\.br\\",
        b"\\H\\",
        b"\\Zab\\",
        b"\\P\\",
        b"\\Q\\",
        b"\"\"",
        b" ",
        b"\x0b",
        b"\x1c",
        b"\0",
        b"\xE9",
        "é".as_bytes(),
        b"abc",
        b"ABC",
        b"$",
        b"%",
        b"*",
        b"/",
        b"@",
        b"#",
        b"x",
        b"12",
    ]);
    proptest::collection::vec(piece, 0..50).prop_map(|pieces| pieces.concat())
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let header = select(vec![
        &b"MSH|^~\\&|"[..],
        b"MSH|^~\\&|",
        b"MSH|^~\\&|",
        b"MSH|^~\\&#|",
        b"MSH|^~|",
        b"MSH|~~\\\\|",
        b"MSH||",
        b"MSH|^~F&|",
        b"MSH|^",
        b"MSH$%*/@$",
        b"\xEF\xBB\xBF\r\nMSH|^~\\&|",
        b"MSH|^~\\&||||||||||||||||8859/1\r",
        b"MSH|^~\\&|A||||||||||2.7\r",
        b"MSH|^~\\&|\nPID|",
    ]);
    // A NUL is no delimiter to edit with: at the end of a line it is taken for padding. Nor is a
    // letter or a digit, which the code of an escape sequence may hold: such text is refused.
    let usable = |bytes: &Vec<u8>| {
        let separators = Message::parse(bytes).expect("a header is there").separators();
        let all = [
            separators.component(),
            separators.repetition(),
            separators.escape(),
            separators.subcomponent(),
        ];
        !all.iter().flatten().any(|byte| *byte == 0 || byte.is_ascii_alphanumeric())
    };
    (header, soup())
        .prop_map(|(header, soup)| [header, &soup].concat())
        .prop_filter("punctuation delimits", usable)
}

fn path() -> impl Strategy<Value = Path> {
    let segment = select(vec!["PID", "OBX", "OBX[2]", "MSH", "MSH[2]", "FHS"]);
    let number = 1..6usize;
    let below = prop_oneof![
        3 => Just(String::new()),
        2 => number.clone().prop_map(|r| format!("[{r}]")),
        3 => number.clone().prop_map(|c| format!(".{c}")),
        3 => (number.clone(), number.clone()).prop_map(|(r, c)| format!("[{r}].{c}")),
        2 => (number.clone(), number.clone()).prop_map(|(c, s)| format!(".{c}.{s}")),
        2 => (number.clone(), number.clone(), number.clone())
            .prop_map(|(r, c, s)| format!("[{r}].{c}.{s}")),
    ];
    (segment, number, below).prop_map(|(segment, field, below)| {
        format!("{segment}-{field}{below}").parse().expect("a path")
    })
}

/// A path that names a component of no repetition.
fn open_path() -> impl Strategy<Value = Path> {
    let segment = select(vec!["PID", "OBX", "OBX[2]", "FHS"]);
    let below = prop_oneof![Just(String::new()), (1..4usize).prop_map(|s| format!(".{s}"))];
    (segment, 1..6usize, 1..6usize, below).prop_map(|(segment, field, component, below)| {
        format!("{segment}-{field}.{component}{below}").parse().expect("a path")
    })
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Formatted(String),
    Components(Vec<String>),
    Raw(Vec<u8>),
    Null,
    Clear,
    Repeat(String),
    RepeatRaw(Vec<u8>),
}

fn text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "|", "^", "~", "&", "\\", "\r", "\n", "\u{b}", "\u{1c}", "\0", "\"", "é", "abc", " ",
        "\\.br\\", "$", "%", "*", "/", "@", "#", "F", "x",
    ]);
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let raw = || {
        let piece =
            select(vec![&b"a"[..], b"^", b"~", b"&", b"\\T\\", b"\\", b"%", b"\xE9", b"\"\""]);
        proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    };
    prop_oneof![
        4 => text().prop_map(Value::Text),
        1 => text().prop_map(Value::Formatted),
        1 => proptest::collection::vec(text(), 0..4).prop_map(Value::Components),
        3 => raw().prop_map(Value::Raw),
        2 => Just(Value::Null),
        3 => Just(Value::Clear),
        2 => text().prop_map(Value::Repeat),
        2 => raw().prop_map(Value::RepeatRaw),
    ]
}

fn apply(editor: &mut Editor<'_>, target: Target, value: &Value) {
    match value {
        Value::Text(text) => editor.set(target, text),
        Value::Formatted(text) => editor.set_formatted(target, text),
        Value::Components(texts) => editor.set_components(target, texts),
        Value::Raw(raw) => editor.set_raw(target, raw),
        Value::Null => editor.set_null(target),
        Value::Clear => editor.clear(target),
        Value::Repeat(text) => editor.repeat(target, text),
        Value::RepeatRaw(raw) => editor.repeat_raw(target, raw),
    };
}

fn ascii(value: &Value) -> Value {
    let text = |text: &String| text.replace('é', "e");
    match value {
        Value::Text(value) => Value::Text(text(value)),
        Value::Formatted(value) => Value::Formatted(text(value)),
        Value::Components(values) => Value::Components(values.iter().map(text).collect()),
        Value::Repeat(value) => Value::Repeat(text(value)),
        other => other.clone(),
    }
}

/// A shown message, for failures.
fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// What the editor hands out is what reading its bytes gives.
fn reads_back(message: &OwnedMessage) -> Result<(), TestCaseError> {
    let again = OwnedMessage::parse(message.as_bytes().clone()).expect("still a message");
    let spans = |message: &OwnedMessage| -> Vec<_> {
        let message = message.as_message();
        message.segments().map(|segment| message.span_of(segment)).collect()
    };
    prop_assert_eq!(spans(message), spans(&again), "{}", shown(message.as_bytes()));
    prop_assert_eq!(message.as_message().separators(), again.as_message().separators());
    Ok(())
}

type Place = (usize, usize, usize, usize, usize);

fn leaves(message: &Message<'_>) -> Vec<(Place, Vec<u8>)> {
    message
        .leaves()
        .map(|leaf| {
            let place = (
                leaf.segment_number,
                leaf.field,
                leaf.repetition,
                leaf.component,
                leaf.subcomponent,
            );
            (place, leaf.as_bytes().to_vec())
        })
        .collect()
}

/// Whether a leaf is at a path or below, in the segment of that number and in any repetition that
/// the path leaves open.
fn is_below_each(place: Place, segment: usize, path: &Path) -> bool {
    let named = |number: Option<usize>, leaf: usize| number.is_none_or(|number| number == leaf);
    place.0 == segment
        && named(path.field(), place.1)
        && named(path.repetition(), place.2)
        && named(path.component(), place.3)
        && named(path.subcomponent(), place.4)
}

/// The same where the path leads to one place.
fn is_below(place: Place, segment: usize, path: &Path) -> bool {
    let first = path.component().is_none() || path.repetition().is_some() || place.2 == 1;
    first && is_below_each(place, segment, path)
}

/// The segments that a path can mean.
fn segment_numbers(message: &Message<'_>, path: &Path) -> Vec<usize> {
    match path.to_string().contains("[2]-") {
        true => segment_number(message, path).into_iter().collect(),
        false => (1..)
            .zip(message.segments())
            .filter(|(_, found)| found.id() == path.segment())
            .map(|(number, _)| number)
            .collect(),
    }
}

fn segment_number(message: &Message<'_>, path: &Path) -> Option<usize> {
    let with_id = (1..).zip(message.segments()).filter(|(_, found)| found.id() == path.segment());
    with_id.map(|(number, _)| number).nth(path.occurrence() - 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_edit_changes_no_byte(bytes in message()) {
        let message = OwnedMessage::parse(bytes.clone()).expect("a header is there");
        let kept = Editor::new(&message.as_message()).keep_line_ends().finish().expect("no edit");
        prop_assert_eq!(shown(kept.as_bytes()), shown(&bytes));
        let ended = Editor::new(&message.as_message()).finish().expect("no edit");
        prop_assert_eq!(shown(ended.as_bytes()), shown(message.with_cr_ends().as_bytes()));
        reads_back(&kept)?;
        reads_back(&ended)?;
    }

    #[test]
    fn an_edit_touches_only_its_element(bytes in message(), path in path(), text in text()) {
        let came = OwnedMessage::parse(bytes).expect("a header is there").with_cr_ends();
        let came = came.as_message();
        let Ok(edited) = Editor::new(&came).set(&path, &text).finish() else { return Ok(()) };
        reads_back(&edited)?;
        let edited = edited.as_message();
        prop_assert_eq!(edited.get(&path).decode(), text.as_str(), "{}", shown(edited.as_bytes()));

        let segment = segment_number(&came, &path).expect("it was edited");
        let others = |message: &Message<'_>| {
            let mut leaves = leaves(message);
            leaves.retain(|(place, _)| !is_below(*place, segment, &path));
            // The first separator after a bare `FHS` is its field 1.
            if path.segment() == "FHS" {
                leaves.retain(|(place, _)| place.0 != segment || place.1 > 2);
            }
            leaves
        };
        prop_assert_eq!(others(&came), others(&edited));

        // To the byte: what stands before and after is the same.
        if let Some(span) = came.span_of(came.get(&path)) {
            let (before, after) =
                (&came.as_bytes()[..span.start], &came.as_bytes()[span.end..]);
            let new = edited.as_bytes();
            prop_assert!(new.starts_with(before), "{}", shown(new));
            prop_assert!(new.ends_with(after), "{}", shown(new));
            let raw = &new[before.len()..new.len() - after.len()];
            prop_assert_eq!(raw, edited.get(&path).as_bytes());
        } else if !text.is_empty() {
            // Only separators were added on the way.
            let added = edited.as_bytes().len() - came.as_bytes().len();
            let raw = edited.get(&path).as_bytes();
            let separators = came.separators();
            let mut rest = edited.as_bytes().to_vec();
            let at = edited.span_of(edited.get(&path)).expect("set");
            rest.drain(at.clone());
            let start = at.start - (added - raw.len());
            for byte in rest.drain(start..at.start) {
                prop_assert!([
                    Some(separators.field()), separators.repetition(),
                    separators.component(), separators.subcomponent(),
                ].contains(&Some(byte)), "{}", shown(edited.as_bytes()));
            }
            prop_assert_eq!(shown(&rest), shown(came.as_bytes()));
        }
    }

    #[test]
    fn an_edit_of_each_is_one_of_all_that_there_are(
        bytes in message(), path in open_path(), before in proptest::collection::vec((path(), value()), 0..4),
        value in value(),
    ) {
        let came = OwnedMessage::parse(bytes).expect("a header is there");
        let came = came.as_message();
        let mut editor = Editor::new(&came);
        for (path, value) in &before {
            apply(&mut editor, path.into(), &ascii(value));
        }
        let Ok(first) = editor.finish() else { return Ok(()) };
        let value = ascii(&value);
        apply(&mut editor, Target::each(&path), &value);
        let Ok(each) = editor.finish() else { return Ok(()) };
        reads_back(&each)?;

        let first = first.as_message();
        let mut singly = Editor::new(&first);
        for (occurrence, segment) in (1..).zip(first.segments_with_id(path.segment())) {
            if path.to_string().contains("[2]-") && occurrence != 2 {
                continue;
            }
            let field = path.field().expect("a field");
            for n in 1..=segment.field(field).repetitions().count().max(1) {
                let below = path.subcomponent().map(|s| format!(".{s}")).unwrap_or_default();
                let component = path.component().expect("a component");
                let id = path.segment();
                let one = format!("{id}[{occurrence}]-{field}[{n}].{component}{below}");
                apply(&mut singly, (&one.parse::<Path>().expect("a path")).into(), &value);
            }
        }
        let singly = singly.finish().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(shown(each.as_bytes()), shown(singly.as_bytes()), "{}", shown(came.as_bytes()));
    }

    #[test]
    fn edits_together_are_edits_one_after_another(
        bytes in message(),
        edits in proptest::collection::vec((path(), value()), 0..12),
    ) {
        let came = OwnedMessage::parse(bytes).expect("a header is there");
        let mut stepwise = came.with_cr_ends();
        let came = came.as_message();
        let mut together = Editor::new(&came);
        for (path, value) in &edits {
            // Which character set text is written in goes by the message as it came.
            let value = &ascii(value);
            let message = stepwise.clone();
            let message = message.as_message();
            let mut editor = Editor::new(&message);
            apply(&mut editor, path.into(), value);
            let Ok(edited) = editor.finish() else { continue };
            stepwise = edited;
            apply(&mut together, path.into(), value);
        }
        let together = together.finish();
        let together = together.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(
            shown(together.as_bytes()), shown(stepwise.as_bytes()),
            "{} {:?}", shown(came.as_bytes()), edits
        );
        reads_back(&together)?;
    }

    #[test]
    fn any_edits_leave_a_message(
        bytes in message(),
        edits in proptest::collection::vec((path(), value(), any::<bool>()), 0..4),
        structure in proptest::collection::vec((0..5u8, select(vec!["PID", "OBX", "OBX[2]"])), 0..4),
        keep in proptest::option::of(proptest::collection::vec(path(), 0..4)),
        swap in any::<bool>(),
        line_ends in any::<bool>(),
    ) {
        let message = OwnedMessage::parse(bytes).expect("a header is there");
        let message = message.as_message();
        let mut editor = Editor::new(&message);
        for (path, value, each) in &edits {
            apply(&mut editor, if *each { Target::each(path) } else { path.into() }, value);
        }
        let mut note = SegmentBuilder::new("NTE");
        note.set(3, "a|b");
        for (change, segment) in structure {
            let target = Target::each(&segment.parse().expect("a path"));
            match change {
                0 => editor.insert_before(target, &note),
                1 => editor.insert_after(target, &note),
                2 => editor.append(&note),
                _ => editor.remove(target),
            };
        }
        if let Some(keep) = &keep {
            editor.keep_only(keep);
        }
        if swap {
            editor.swap_delimiters(Separators::new(b'$', "%*/@").expect("usable"));
        }
        if line_ends {
            editor.keep_line_ends();
        }
        if let Ok(edited) = editor.finish() {
            reads_back(&edited)?;
            prop_assert!(line_ends || edited.as_bytes().ends_with(b"\r"));
        }
    }

    #[test]
    fn only_what_is_listed_is_kept(bytes in message(), keep in proptest::collection::vec(path(), 0..5)) {
        let came = OwnedMessage::parse(bytes).expect("a header is there");
        let came = came.as_message();
        let minimal = match Editor::new(&came).keep_only(&keep).finish() {
            Ok(minimal) => minimal,
            Err(error) => {
                prop_assert_eq!(error.kind(), EditErrorKind::LineFeed);
                return Ok(());
            }
        };
        reads_back(&minimal)?;
        let mut left = leaves(&came);
        left.retain(|(place, _)| {
            let always = place.0 == 1 && matches!(place.1, 1 | 2 | 12 | 18 | 20);
            // The delimiters of a header stay with it.
            let header = came.segments().nth(place.0 - 1).is_some_and(|segment| {
                matches!(segment.id(), "MSH" | "FHS")
            });
            let listed = |path: &Path| {
                segment_numbers(&came, path).into_iter().any(|segment| {
                    is_below_each(*place, segment, path)
                        || (place.0 == segment && header && place.1 <= 2)
                })
            };
            always || keep.iter().any(listed)
        });
        let bare = |leaves: Vec<(Place, Vec<u8>)>| -> Vec<_> {
            leaves.into_iter().map(|(place, leaf)| ((place.1, place.2, place.3, place.4), leaf)).collect()
        };
        prop_assert_eq!(bare(leaves(&minimal.as_message())), bare(left), "{}", shown(minimal.as_bytes()));
    }

    #[test]
    fn delimiters_swapped_there_and_back_read_the_same(bytes in message()) {
        let came = OwnedMessage::parse(bytes).expect("a header is there");
        let came = came.as_message();
        let ours = Separators::new(b'$', "%*/@").expect("usable");
        let Ok(there) = Editor::new(&came).swap_delimiters(ours).finish() else { return Ok(()) };
        reads_back(&there)?;
        let there = there.as_message();
        let Ok(back) = Editor::new(&there).swap_delimiters(came.separators()).finish() else {
            return Ok(());
        };
        reads_back(&back)?;
        let decoded = |message: &Message<'_>| -> Vec<_> {
            message
                .leaves()
                .filter(|leaf| leaf.field > 2 || !matches!(leaf.segment.id(), "MSH" | "FHS"))
                .map(|leaf| (leaf.segment_number, leaf.field, leaf.repetition, leaf.component,
                    leaf.subcomponent, leaf.value().decode().into_owned()))
                .collect()
        };
        prop_assert_eq!(decoded(&came), decoded(&back.as_message()),
            "{}\n{}", shown(there.as_bytes()), shown(back.as_bytes()));
        // Where no sequence is kept the text is the same in between, too.
        let kept = |token: TokenKind| !matches!(token,
            TokenKind::Text | TokenKind::Escaped(_) | TokenKind::Separator(_) | TokenKind::Hex);
        let sequences = came.leaves().any(|leaf| leaf.value().tokens().any(|token| kept(token.kind())));
        if !sequences {
            prop_assert_eq!(decoded(&came), decoded(&there));
        }
    }

    #[test]
    fn what_is_built_reads_back(
        values in proptest::collection::vec((1..30usize, 1..4usize, 1..4usize, 1..4usize, text()), 0..10),
        delimiters in select(vec!["^~\\&", "^~\\&#", "%*/@"]),
        version in select(vec!["2.3", "2.5.1", "2.7"]),
    ) {
        let mut builder = MessageBuilder::new();
        builder
            .delimiters(Separators::new(b'|', delimiters).expect("usable"))
            .message_type(["ADT", "A01"])
            .control_id("1")
            .processing_id("P")
            .version(version);
        let mut expected = std::collections::BTreeMap::new();
        let segment = builder.segment("ZZZ");
        for (field, repetition, component, subcomponent, text) in &values {
            let place = format!("{field}[{repetition}].{component}.{subcomponent}");
            segment.set(place.as_str(), text);
            expected.insert(place, text.clone());
        }
        if values.iter().any(|(.., text)| text == "\"\"") {
            prop_assert_eq!(builder.finish().expect_err("null").kind(), EditErrorKind::NullText);
            return Ok(());
        }
        let message = builder.finish().expect("built");
        reads_back(&message)?;
        for (place, text) in &expected {
            let path: Path = format!("ZZZ-{place}").parse().expect("a path");
            let message = message.as_message();
            prop_assert_eq!(message.get(&path).decode(), text.as_str());
        }
        let valued = message.as_message().segment("ZZZ").expect("added").leaves().count();
        prop_assert_eq!(valued, expected.values().filter(|text| !text.is_empty()).count());
    }

    #[test]
    fn tokens_are_the_whole_element(bytes in message()) {
        let message = Message::parse(&bytes).expect("a header is there");
        for segment in message.segments() {
            let element = hl7_parse::Element::from(segment);
            let joined: Vec<u8> = element.tokens().flat_map(|token| token.as_bytes().to_vec()).collect();
            prop_assert_eq!(&joined, segment.as_bytes());
            prop_assert!(element.tokens().all(|token| !token.as_bytes().is_empty()));
            for field in segment.fields() {
                let joined: Vec<u8> = field.tokens().flat_map(|token| token.as_bytes().to_vec()).collect();
                prop_assert_eq!(&joined, field.as_bytes());
                let _ = field.to_plain_text();
            }
        }
        for leaf in message.leaves() {
            let value = leaf.value();
            prop_assert!(
                value.tokens().all(|token| !matches!(token.kind(), TokenKind::Separator(Level::Component)))
            );
            let separators = match leaf.segment.id() {
                "MSH" | "FHS" if leaf.field <= 2 => continue,
                _ => message.separators(),
            };
            let resolved: Vec<u8> =
                value.tokens().flat_map(|token| token.unescape().into_owned()).collect();
            prop_assert_eq!(resolved, unescape(leaf.as_bytes(), &separators).into_owned());
        }
    }
}
