//! A path is written as it reads, and leads to the same element whichever way it is asked for.

#![no_main]

use hl7_parse::{Editor, Element, Message, Path, Target};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    text: &'a str,
    message: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Ok(path) = input.text.parse::<Path>() else { return };
    let shown = path.to_string();
    assert_eq!(shown.parse(), Ok(path), "{:?}", input.text);
    assert_eq!(shown, shown.parse::<Path>().expect("just read").to_string());
    assert_eq!(Path::new(input.text), path);

    let Ok(message) = Message::parse(input.message) else { return };
    let element = message.get(&path);
    assert_eq!(element.as_bytes(), step_by_step(&message, &path).as_bytes(), "{path}");
    let inside = message.span_of(element).map(|span| &input.message[span]);
    assert_eq!(inside, element.is_present().then_some(element.as_bytes()), "{path}");

    // Where something is, that alone can be kept.
    if let Ok(kept) = Editor::new(&message).keep_only([path]).finish() {
        let kept = kept.as_message();
        if path.field().is_some() && message.segments_with_id(path.segment()).count() == 1 {
            assert_eq!(kept.get(&path).as_bytes(), element.as_bytes(), "{path}");
        }
    }
    let _ = Editor::new(&message).clear(Target::each(&path)).finish();
});

fn step_by_step<'a>(message: &Message<'a>, path: &Path) -> Element<'a> {
    let Some(segment) = message.nth_segment(path.segment(), path.occurrence()) else {
        return message.get(&Path::new("QQQ[65535]-1"));
    };
    let Some(field) = path.field() else { return segment.into() };
    let field = segment.field(field);
    let repetition = field.repetition(path.repetition().unwrap_or(1));
    let Some(component) = path.component() else {
        return match path.repetition() {
            Some(_) => repetition.into(),
            None => field.into(),
        };
    };
    let component = repetition.component(component);
    match path.subcomponent() {
        Some(subcomponent) => component.subcomponent(subcomponent).into(),
        None => component.into(),
    }
}
