//! Whatever is edited, the result is a message that reads back as it was handed out; an edit of
//! text reads back as that text and touches nothing else.

#![no_main]

use hl7_parse::{Editor, Message, OwnedMessage, Path, SegmentBuilder, Separators, Target};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    edits: Vec<Edit>,
    keep: Vec<Place>,
    swap: bool,
    line_ends: bool,
    message: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Place {
    segment: u8,
    occurrence: u8,
    numbers: [u8; 4],
}

impl Place {
    fn path(self) -> Path {
        let segment = ["PID", "OBX", "MSH", "ZZZ"][usize::from(self.segment % 4)];
        let mut path = segment.to_owned();
        let occurrence = self.occurrence % 4;
        if occurrence > 0 {
            path += &format!("[{occurrence}]");
        }
        let [field, repetition, component, subcomponent] = self.numbers.map(|n| n % 6);
        if field > 0 {
            path += &format!("-{field}");
            if repetition > 0 {
                path += &format!("[{repetition}]");
            }
            if component > 0 {
                path += &format!(".{component}");
                if subcomponent > 0 {
                    path += &format!(".{subcomponent}");
                }
            }
        }
        path.parse().expect("a path")
    }
}

#[derive(Arbitrary, Debug)]
struct Edit {
    place: Place,
    each: bool,
    what: What,
}

#[derive(Arbitrary, Debug)]
enum What {
    Set(String),
    Formatted(String),
    Components(Vec<String>),
    Raw(Vec<u8>),
    Null,
    Clear,
    Repeat(String),
    Remove,
    Insert,
    Append,
}

fuzz_target!(|input: Input<'_>| {
    let Ok(message) = Message::parse(input.message) else { return };
    for edit in &input.edits {
        if let (What::Set(text), false) = (&edit.what, edit.each) {
            one_edit(input.message, &edit.place.path(), text);
        }
    }

    let mut editor = Editor::new(&message);
    for Edit { place, each, what } in &input.edits {
        let path = place.path();
        let target = if *each { Target::each(&path) } else { Target::at(&path) };
        let mut note = SegmentBuilder::new("NTE");
        note.set(3, "a|b");
        match what {
            What::Set(text) => editor.set(target, text),
            What::Formatted(text) => editor.set_formatted(target, text),
            What::Components(texts) => editor.set_components(target, texts),
            What::Raw(raw) => editor.set_raw(target, raw),
            What::Null => editor.set_null(target),
            What::Clear => editor.clear(target),
            What::Repeat(text) => editor.repeat(target, text),
            What::Remove => editor.remove(target),
            What::Insert => editor.insert_after(target, &note),
            What::Append => editor.append(&note),
        };
    }
    if !input.keep.is_empty() {
        editor.keep_only(input.keep.iter().map(|place| place.path()));
    }
    if input.swap {
        editor.swap_delimiters(Separators::new(b'$', "%*/@").expect("usable"));
    }
    if input.line_ends {
        editor.keep_line_ends();
    }
    if let Ok(edited) = editor.finish() {
        reads_back(&edited);
    }
});

/// Sets one text: it reads back, and everything before and after stays as it was.
fn one_edit(bytes: &[u8], path: &Path, text: &str) {
    let came = OwnedMessage::parse(bytes.to_vec()).expect("read before").with_cr_ends();
    let came = came.as_message();
    let Ok(edited) = Editor::new(&came).set(path, text).finish() else { return };
    reads_back(&edited);
    let edited = edited.as_message();
    if !delimits_by_letter(&came) && path.to_string() != "MSH-18" {
        assert_eq!(edited.get(path).decode(), text, "{path}");
    }
    if let Some(span) = came.span_of(came.get(path)) {
        assert!(edited.as_bytes().starts_with(&came.as_bytes()[..span.start]), "{path}");
        let after = &came.as_bytes()[span.end..];
        // A separator may be added so that the end of the text is not taken for a line end.
        let ends = edited.as_bytes().ends_with(after)
            || after.split_first().is_some_and(|(_, after)| edited.as_bytes().ends_with(after));
        assert!(ends, "{path}");
    }
}

fn delimits_by_letter(message: &Message<'_>) -> bool {
    let separators = message.separators();
    let all = [
        separators.component(),
        separators.repetition(),
        separators.escape(),
        separators.subcomponent(),
    ];
    all.into_iter().flatten().any(|byte| !byte.is_ascii_punctuation())
}

fn reads_back(message: &OwnedMessage) {
    // Raw bytes may change the character set (ISO 2022), as they would in what came.
    if message.as_bytes().contains(&0x1B) {
        return;
    }
    let Ok(again) = OwnedMessage::parse(message.as_bytes().clone()) else {
        panic!("no message any more: {}", message.as_bytes().escape_ascii());
    };
    let spans = |message: &OwnedMessage| -> Vec<_> {
        let message = message.as_message();
        message.segments().map(|segment| message.span_of(segment)).collect()
    };
    assert_eq!(spans(message), spans(&again), "{}", message.as_bytes().escape_ascii());
}
